--
-- Several foreign tables of one Append, read at the same time.
--
\pset format unaligned
\getenv endpoint DDB_ENDPOINT
CREATE SERVER async_one FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE SERVER async_two FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', max_connections '2');
CREATE USER MAPPING FOR CURRENT_USER SERVER async_one
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE USER MAPPING FOR CURRENT_USER SERVER async_two
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SET cruddur_ddb.server = 'async_one';
SELECT cruddur_ddb_request('CreateTable', jsonb_build_object(
	'TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
	'AttributeDefinitions', '[{"AttributeName": "region", "AttributeType": "S"},
		{"AttributeName": "id", "AttributeType": "N"},
		{"AttributeName": "half", "AttributeType": "S"}]'::jsonb,
	'KeySchema', '[{"AttributeName": "region", "KeyType": "HASH"},
		{"AttributeName": "id", "KeyType": "RANGE"}]'::jsonb,
	'GlobalSecondaryIndexes', '[{"IndexName": "by_half",
		"Projection": {"ProjectionType": "ALL"},
		"KeySchema": [{"AttributeName": "half", "KeyType": "HASH"}]}]'::jsonb))
	->'TableDescription'->>'TableName' AS created
FROM unnest(ARRAY['sql-async-eu', 'sql-async-us', 'sql-async-empty']) AS name;

-- Items first to last of a region, padded to this many bytes.
CREATE FUNCTION pg_temp.fill(region text, first int, last int, pad int)
RETURNS bigint
BEGIN ATOMIC
	SELECT count(cruddur_ddb_request('BatchWriteItem', jsonb_build_object(
		'RequestItems', jsonb_build_object('sql-async-' || region, puts))))
	FROM (
		SELECT jsonb_agg(jsonb_build_object('PutRequest', jsonb_build_object(
			'Item', jsonb_build_object(
				'region', jsonb_build_object('S', region),
				'id', jsonb_build_object('N', i::text),
				'half', jsonb_build_object('S',
					CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END),
				'word', jsonb_build_object('S', region || i),
				'pad', jsonb_build_object('S', repeat('x', pad)))))) AS puts
		FROM generate_series(first, last) AS i GROUP BY i / 25) AS batches;
END;
SELECT pg_temp.fill('eu', 1, 30, 10) AS eu, pg_temp.fill('us', 1, 30, 10) AS us;

CREATE TABLE async_all (region text COLLATE "C", half text COLLATE "C",
	id numeric, word text) PARTITION BY LIST (region);
CREATE FOREIGN TABLE async_eu PARTITION OF async_all FOR VALUES IN ('eu')
	SERVER async_one OPTIONS (table_name 'sql-async-eu');
CREATE FOREIGN TABLE async_us PARTITION OF async_all FOR VALUES IN ('us')
	SERVER async_two OPTIONS (table_name 'sql-async-us');
CREATE FOREIGN TABLE async_empty PARTITION OF async_all FOR VALUES IN ('none')
	SERVER async_one OPTIONS (table_name 'sql-async-empty');
CREATE FOREIGN TABLE async_half (half text COLLATE "C", id numeric, word text)
	SERVER async_two OPTIONS (table_name 'sql-async-us', index_name 'by_half');
CREATE FOREIGN TABLE async_plain (region text COLLATE "C", half text COLLATE "C",
	id numeric, word text) SERVER async_one OPTIONS (table_name 'sql-async-eu');
CREATE TABLE async_local AS
	SELECT 'here' AS region, i AS id, 'here' || i AS word
	FROM generate_series(1, 3) AS i;

-- The plan of a statement, and the requests that were made.
CREATE FUNCTION pg_temp.shape(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		RETURN NEXT line;
	END LOOP;
END
$$;
CREATE VIEW pg_temp.asked AS
	SELECT operation, requests, retries FROM cruddur_ddb_stats
	WHERE operation IN ('Scan', 'Query', 'GetItem', 'BatchGetItem')
	ORDER BY operation COLLATE "C";

-- partitions on two servers
SELECT pg_temp.shape('SELECT * FROM async_all');
SELECT region, count(*), min(id), max(id), count(DISTINCT word), max(word)
FROM async_all GROUP BY region ORDER BY region;
SELECT pg_temp.shape('SELECT word FROM async_all WHERE half = ''even''');
SELECT count(*), count(DISTINCT word) FROM async_all WHERE half = 'even';
-- one partition is no Append, nor are none
SELECT pg_temp.shape('SELECT * FROM async_all WHERE region = ''eu''');
SELECT count(*) FROM async_all WHERE region = 'eu';
SELECT count(*) FROM async_all WHERE region = 'nowhere';

-- conditions that are tested here, and expressions
SELECT pg_temp.shape('SELECT id + 1 FROM async_all WHERE length(word) = 3');
SELECT region, array_agg(id + 1 ORDER BY id) AS next FROM async_all
WHERE length(word) = 3 GROUP BY region ORDER BY region;
SELECT count(*) FROM async_all WHERE length(word) > 100;
SELECT tableoid::regclass AS scan, count(*) FROM async_all
WHERE id < 3 GROUP BY 1 ORDER BY 1;

-- UNION ALL: a table, a key, a set of keys, an index; the same table twice
SELECT pg_temp.shape('SELECT id, word FROM async_eu
	UNION ALL SELECT id, word FROM async_us WHERE region = ''us'' AND id = 7
	UNION ALL SELECT id, word FROM async_us WHERE region = ''us'' AND id IN (8, 9)
	UNION ALL SELECT id, word FROM async_half WHERE half = ''odd''
	UNION ALL SELECT id, word FROM async_eu WHERE region = ''eu'' AND id > 25');
SELECT kind, count(*), min(id), max(id), max(word) FROM (
	SELECT 1 AS kind, id, word FROM async_eu
	UNION ALL SELECT 2, id, word FROM async_us WHERE region = 'us' AND id = 7
	UNION ALL SELECT 3, id, word FROM async_us WHERE region = 'us' AND id IN (8, 9)
	UNION ALL SELECT 4, id, word FROM async_half WHERE half = 'odd'
	UNION ALL SELECT 5, id, word FROM async_eu WHERE region = 'eu' AND id > 25)
	AS u GROUP BY kind ORDER BY kind;

-- with a table that is here
SELECT pg_temp.shape('SELECT word FROM async_local
	UNION ALL SELECT word FROM async_eu UNION ALL SELECT word FROM async_us');
SELECT left(word, 2) AS where, count(*) FROM (SELECT word FROM async_local
	UNION ALL SELECT word FROM async_eu UNION ALL SELECT word FROM async_us) AS u
GROUP BY 1 ORDER BY 1;

-- counts that DynamoDB makes
SELECT pg_temp.shape('SELECT count(*) FROM async_eu
	UNION ALL SELECT count(*) FROM async_us WHERE region = ''us'' AND half = ''odd''
	UNION ALL SELECT count(*) FROM async_empty');
SELECT count(*) FROM async_eu
UNION ALL SELECT count(*) FROM async_us WHERE region = 'us' AND half = 'odd'
UNION ALL SELECT count(*) FROM async_empty ORDER BY 1;
SET enable_partitionwise_aggregate = on;
SELECT region, count(*) FROM async_all GROUP BY region ORDER BY region;
RESET enable_partitionwise_aggregate;

-- reads that turn out to be none
PREPARE by_id(int) AS SELECT count(*) FROM (
	SELECT word FROM async_eu WHERE region = 'eu' AND id = $1
	UNION ALL SELECT word FROM async_us WHERE region = 'us' AND id = $1) AS u;
SET plan_cache_mode = force_generic_plan;
SELECT cruddur_ddb_stats_reset();
EXECUTE by_id(4);
EXECUTE by_id(NULL);
EXECUTE by_id(99);
SELECT * FROM pg_temp.asked;
RESET plan_cache_mode;

-- rescans, some of them before the last row
SELECT pg_temp.shape('SELECT l.id, a.n FROM async_local AS l, LATERAL (
	SELECT count(*) AS n FROM async_all WHERE half = ''odd'' AND id > l.id) AS a');
SELECT l.id, a.n FROM async_local AS l, LATERAL (
	SELECT count(*) AS n FROM async_all WHERE half = 'odd' AND id > l.id) AS a
ORDER BY 1;
SELECT l.id, count(*), min(a.id) > l.id AS right FROM async_local AS l, LATERAL (
	SELECT id FROM async_all WHERE id > l.id LIMIT 3) AS a
GROUP BY l.id ORDER BY 1;

-- what ends early
SELECT count(*) FROM (SELECT * FROM async_all LIMIT 5) AS few;
SELECT EXISTS (SELECT FROM async_all WHERE half = 'odd') AS there;
BEGIN;
DECLARE piecemeal CURSOR FOR SELECT left(word, 2) AS word FROM async_all;
MOVE 7 FROM piecemeal;
SELECT count(*) FROM async_plain;
SAVEPOINT fails;
SELECT 1 / 0;
ROLLBACK TO fails;
MOVE 40 FROM piecemeal;
MOVE ALL FROM piecemeal;
FETCH piecemeal;
DECLARE held CURSOR WITH HOLD FOR SELECT word FROM async_all ORDER BY word;
DECLARE dropped CURSOR FOR SELECT word FROM async_all;
MOVE 1 FROM dropped;
COMMIT;
FETCH 2 FROM held;
CLOSE held;
DECLARE back SCROLL CURSOR WITH HOLD FOR SELECT word FROM async_all;
MOVE ALL FROM back;
MOVE BACKWARD ALL FROM back;
CLOSE back;

-- one that fails, among others under way
CREATE FOREIGN TABLE async_wrong (id numeric, word int) SERVER async_one
	OPTIONS (table_name 'sql-async-eu');
\set VERBOSITY sqlstate
SELECT id, word FROM async_us UNION ALL SELECT id, word::text FROM async_wrong;
SELECT count(*) FROM (SELECT id FROM async_us UNION ALL SELECT id / 0 FROM async_eu
	OFFSET 0) AS u;
\set VERBOSITY default
SELECT count(*) FROM async_all;
SELECT sum(active_requests) AS active FROM cruddur_ddb_connections();

-- one after the other, where it is turned off
SET enable_async_append = off;
SELECT pg_temp.shape('SELECT * FROM async_all');
SELECT count(*) FROM async_all;
RESET enable_async_append;

-- an Append on either side of a join: one waits while the other is under way
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;
SELECT pg_temp.shape('SELECT count(*) FROM async_all AS a, async_all AS b
	WHERE b.half = a.half AND a.id <= 3');
SELECT count(*) FROM async_all AS a, async_all AS b
WHERE b.half = a.half AND a.id <= 3;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
RESET enable_memoize;

-- some pages each
SELECT pg_temp.fill('eu', 1, 90, 35000) AS eu, pg_temp.fill('us', 1, 48, 85000) AS us;
SELECT cruddur_ddb_stats_reset();
SELECT region, count(*), count(DISTINCT id), min(length(word)) FROM async_all
GROUP BY region ORDER BY region;
SELECT count(*) FROM async_eu UNION ALL SELECT count(*) FROM async_us ORDER BY 1;
SELECT operation, requests > 5 AS pages, retries FROM pg_temp.asked;
SELECT count(*) FROM (SELECT a.id FROM async_all AS a LIMIT 100) AS most;

SELECT cruddur_drop_table(name)->>'TableName' AS dropped
FROM unnest(ARRAY['sql-async-eu', 'sql-async-us', 'sql-async-empty']) AS name;
DROP TABLE async_all, async_local;
SET client_min_messages = warning;
DROP SERVER async_one, async_two CASCADE;
