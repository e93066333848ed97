--
-- What a transaction has written takes its place in the order of the sort key,
-- whichever type that has.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE FUNCTION pg_temp.create_table(type text) RETURNS text
LANGUAGE sql AS $$
	SELECT cruddur_ddb_request('CreateTable', format('{"TableName": "sql-%s",
		"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [
			{"AttributeName": "pk", "AttributeType": "S"},
			{"AttributeName": "sk", "AttributeType": "%1$s"}],
		"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
			{"AttributeName": "sk", "KeyType": "RANGE"}]}', type)::jsonb)
		->'TableDescription'->>'TableName'
$$;
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.create_table(type) FROM unnest(ARRAY['B', 'N', 'S']) AS type;
CREATE FOREIGN TABLE bytes (pk text COLLATE "C", sk bytea, here boolean)
	SERVER cruddur OPTIONS (table_name 'sql-B');
CREATE FOREIGN TABLE numbers (pk text COLLATE "C", sk numeric, here boolean)
	SERVER cruddur OPTIONS (table_name 'sql-N');
CREATE FOREIGN TABLE texts (pk text COLLATE "C", sk text COLLATE "C", here boolean)
	SERVER cruddur OPTIONS (table_name 'sql-S');

-- Every other value is stored before, the rest is the transaction's; "wrong" in
-- what follows is a row that is not after the one before it.
CREATE FUNCTION pg_temp.check_order(relation regclass, OUT stored bigint, OUT forth bigint, OUT back bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*), count(*) FILTER (WHERE NOT coalesce(sk > before, true))
		FROM (SELECT sk, lag(sk) OVER () AS before
			FROM (SELECT sk FROM %s WHERE pk = ''p'' ORDER BY sk) AS x) AS y', relation)
		INTO forth, wrong;
	EXECUTE format('SELECT count(*), count(*) FILTER (WHERE NOT coalesce(sk < before, true)) + $1
		FROM (SELECT sk, lag(sk) OVER () AS before
			FROM (SELECT sk FROM %s WHERE pk = ''p'' ORDER BY sk DESC) AS x) AS y', relation)
		INTO back, wrong USING wrong;
	EXECUTE format('SELECT count(*) FROM %s WHERE NOT here', relation) INTO stored;
END
$$;
CREATE FUNCTION pg_temp.add(relation regclass, sks text[], which int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO %s SELECT ''p'', x.sk, $2 = 1
		FROM unnest($1::%s[]) WITH ORDINALITY AS x (sk, n) WHERE n %% 2 = $2', relation,
		(SELECT atttypid::regtype FROM pg_attribute
			WHERE attrelid = relation AND attname = 'sk')) USING sks, which;
END
$$;
CREATE TEMPORARY TABLE samples (relation regclass, sks text[]);
INSERT INTO samples VALUES
	('bytes', ARRAY['\x00', '\x0000', '\x0001', '\x01', '\x3e', '\x3f', '\x40',
		'\x7f', '\x7f00', '\x7fff', '\x80', '\xbf', '\xc0', '\xf8', '\xfb',
		'\xfbef', '\xfbefbe', '\xfbf0', '\xfc', '\xfeff', '\xff', '\xff00',
		'\xffff', '\xfffffe', '\xffffff', '\xffffff00']),
	('numbers', ARRAY['-1e125', '-10', '-9.9', '-9', '-1', '-0.5', '-1e-130', '0',
		'1e-130', '0.1', '0.10000000000000000000000000000000000001', '0.2', '1',
		'1.5', '2', '9', '10', '11', '99', '100', '1e20', '100000000000000000001',
		'1e125']),
	('texts', ARRAY[E'\x01', ' ', '"', '""', '/', '0', '00', 'A', 'AB', '\', '\\',
		'a', 'ab', 'b', 'z', E'\u007f', E'\u0080', E'\u00e9', E'\u20ac',
		E'\ud7ff', E'\uffff', E'\U00010000', E'\U0001F600']);

SELECT pg_temp.add(relation, sks, 0) FROM samples;
BEGIN;
SELECT pg_temp.add(relation, sks, 1) FROM samples;
SELECT relation, cardinality(sks), pg_temp.check_order(relation) FROM samples;
EXPLAIN (COSTS OFF) SELECT sk FROM bytes WHERE pk = 'p' ORDER BY sk;
EXPLAIN (COSTS OFF) SELECT sk FROM texts WHERE pk = 'p' ORDER BY sk DESC;
ROLLBACK;

-- An Order that is read, not sorted; only LIMIT ends it early.
BEGIN;
INSERT INTO numbers VALUES ('p', 1.5, true), ('p', 3, true), ('q', 1, true);
EXPLAIN (VERBOSE, COSTS OFF) SELECT sk FROM numbers WHERE pk = 'p' ORDER BY sk LIMIT 4;
SELECT sk FROM numbers WHERE pk = 'p' AND sk > 0 ORDER BY sk LIMIT 4;
SELECT sk FROM numbers WHERE pk = 'p' AND sk BETWEEN 1 AND 9 ORDER BY sk DESC;
SELECT sk FROM numbers WHERE pk = 'p' ORDER BY sk DESC OFFSET 3 LIMIT 3;
SELECT min(sk), max(sk) FROM numbers WHERE pk = 'p';
SELECT sk FROM numbers WHERE pk = 'q' ORDER BY sk;
ROLLBACK;

SELECT cruddur_drop_table('sql-' || type)->>'TableName' AS dropped
FROM unnest(ARRAY['B', 'N', 'S']) AS type;
\set VERBOSITY terse
DROP SERVER cruddur CASCADE;
