--
-- ANALYZE: what it finds out about foreign tables, and that the planner knows.
--
\pset format unaligned
\getenv endpoint DDB_ENDPOINT
CREATE SERVER analyze_server FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER analyze_server
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SET cruddur_ddb.server = 'analyze_server';
SELECT cruddur_ddb_request('CreateTable', '{
	"TableName": "sql-analyze", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"},
		{"AttributeName": "rare", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_rare",
		"Projection": {"ProjectionType": "ALL"},
		"KeySchema": [{"AttributeName": "rare", "KeyType": "HASH"}]}]}')
	->'TableDescription'->>'TableStatus' AS created;

-- Items from..to: every 50th is rare, every 10th has a status of its own; note
-- is a string, but a number in every 5th, and absent from every 4th.
CREATE FUNCTION pg_temp.fill(first int, last int) RETURNS bigint
BEGIN ATOMIC
	SELECT count(cruddur_ddb_request('BatchWriteItem', jsonb_build_object(
		'RequestItems', jsonb_build_object('sql-analyze', puts))))
	FROM (
		SELECT jsonb_agg(jsonb_build_object('PutRequest', jsonb_build_object(
			'Item', jsonb_strip_nulls(jsonb_build_object(
				'id', jsonb_build_object('N', i::text),
				'status', jsonb_build_object('S', CASE WHEN i % 10 = 0
					THEN 'odd' || i ELSE 'common' END),
				'note', CASE WHEN i % 4 = 0 THEN NULL
					WHEN i % 5 = 0 THEN jsonb_build_object('N', '5')
					ELSE jsonb_build_object('S', 'word') END,
				'rare', CASE WHEN i % 50 = 0
					THEN jsonb_build_object('S', 'r' || i) END,
				'pad', jsonb_build_object('S', repeat('x', 400))))))) AS puts
		FROM generate_series(first, last) AS i GROUP BY i / 25) AS batches;
END;
CREATE FUNCTION pg_temp.estimate(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END
$$;
CREATE VIEW pg_temp.statistics AS
	SELECT tablename, attname, null_frac, n_distinct, most_common_vals::text AS common,
		most_common_freqs AS freqs, avg_width AS width
	FROM pg_stats WHERE tablename LIKE 'analyze_%';

CREATE FOREIGN TABLE analyze_whole (id int, status text COLLATE "C", gone int,
	note text, rare text COLLATE "C", pad text, item jsonb
	OPTIONS (attribute '*'))
	SERVER analyze_server OPTIONS (table_name 'sql-analyze');
ALTER FOREIGN TABLE analyze_whole DROP COLUMN gone;
CREATE FOREIGN TABLE analyze_index (rare text COLLATE "C", id int)
	SERVER analyze_server
	OPTIONS (table_name 'sql-analyze', index_name 'by_rare');

-- an empty table
ANALYZE analyze_whole;
SELECT relpages, reltuples FROM pg_class WHERE relname = 'analyze_whole';
SELECT count(*) FROM pg_temp.statistics;

-- 1,000 items are read whole. A value that does not fit, the notes that are
-- numbers, is NULL, though a query may not read it.
SELECT pg_temp.fill(1, 1000) AS batches;
ANALYZE analyze_whole, analyze_index;
SELECT relname, relpages BETWEEN 1 AND 100 AS pages, reltuples FROM pg_class
WHERE relname LIKE 'analyze_%' ORDER BY relname;
SELECT attname, null_frac, n_distinct, common, freqs, width
FROM pg_temp.statistics
WHERE tablename = 'analyze_whole' AND attname NOT IN ('item', 'pad')
ORDER BY attname;
SELECT null_frac, n_distinct FROM pg_temp.statistics
WHERE tablename = 'analyze_whole' AND attname = 'item';
SELECT attname, null_frac, n_distinct FROM pg_temp.statistics
WHERE tablename = 'analyze_index' ORDER BY attname;
SELECT note FROM analyze_whole WHERE id = 5;
\echo :SQLSTATE

-- the planner knows
SELECT query, pg_temp.estimate('SELECT * FROM ' || query) AS rows
FROM unnest(ARRAY[
	'analyze_whole',
	'analyze_whole WHERE status = ''common''',
	'analyze_whole WHERE status = ''odd10''',
	'analyze_whole WHERE note IS NULL',
	'analyze_whole WHERE rare IS NOT NULL',
	'analyze_whole WHERE id <= 250',
	'analyze_index',
	'analyze_index WHERE rare = ''r50''']) AS query;

-- more than the sample has: some segments of it are read, and the rest is
-- reckoned
SELECT pg_temp.fill(1001, 5000) AS batches;
SELECT cruddur_ddb_stats_reset();
SET default_statistics_target = 1;
ANALYZE analyze_whole (id, status);
RESET default_statistics_target;
SELECT reltuples BETWEEN 3000 AND 7000 AS about_5000
FROM pg_class WHERE relname = 'analyze_whole';
SELECT items_read BETWEEN 300 AND 1500 AS read_some
FROM cruddur_ddb_stats WHERE operation = 'Scan';
-- the other columns keep what is known of them
SELECT n_distinct FROM pg_temp.statistics
WHERE tablename = 'analyze_whole' AND attname = 'rare';
SELECT n_distinct BETWEEN 10 AND 1000 AS sampled FROM pg_temp.statistics
WHERE tablename = 'analyze_whole' AND attname = 'status';

-- with a larger sample, it is read whole again
SET default_statistics_target = 17;
ANALYZE analyze_whole;
RESET default_statistics_target;
SELECT reltuples FROM pg_class WHERE relname = 'analyze_whole';

-- a sample takes no more than maintenance_work_mem
SELECT cruddur_ddb_stats_reset();
SET maintenance_work_mem = '1MB';
ANALYZE analyze_whole;
SELECT items_read BETWEEN 2000 AND 4500 AS read_some
FROM cruddur_ddb_stats WHERE operation = 'Scan';
RESET maintenance_work_mem;

-- the settings that limit what statements read
\set VERBOSITY terse
SET cruddur_ddb.full_scan = 'forbid';
ANALYZE analyze_whole;
SET cruddur_ddb.max_read_units = 10;
ANALYZE analyze_whole;
\echo :SQLSTATE
RESET cruddur_ddb.max_read_units;
RESET cruddur_ddb.full_scan;

-- the owner's user mapping is used, whoever it is that analyzes
CREATE ROLE analyze_other SUPERUSER;
SET ROLE analyze_other;
SELECT count(*) FROM analyze_index;
ANALYZE analyze_index;
RESET ROLE;
DROP ROLE analyze_other;

-- as a partition
CREATE TABLE analyze_all (rare text COLLATE "C", id int) PARTITION BY LIST (id);
ALTER TABLE analyze_all ATTACH PARTITION analyze_index DEFAULT;
ANALYZE analyze_all;
SELECT reltuples FROM pg_class WHERE relname = 'analyze_all';
SELECT attname, n_distinct FROM pg_temp.statistics
WHERE tablename = 'analyze_all' ORDER BY attname;

-- what is not there
CREATE FOREIGN TABLE analyze_none (id int)
	SERVER analyze_server OPTIONS (table_name 'sql-analyze-none');
ANALYZE analyze_none;
\echo :SQLSTATE
CREATE FOREIGN TABLE analyze_no_index (id int) SERVER analyze_server
	OPTIONS (table_name 'sql-analyze', index_name 'no_such_index');
ANALYZE analyze_no_index;
\echo :SQLSTATE
SELECT cruddur_drop_table('sql-analyze')->>'TableName' AS dropped;
