--
-- What columns of each type are stored as, that it reads back as what it was,
-- and what is refused because it would not.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SELECT cruddur_ddb_request('CreateTable', '{"TableName": "sql-write-types",
	"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [
		{"AttributeName": "pk", "AttributeType": "S"},
		{"AttributeName": "sk", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
		{"AttributeName": "sk", "KeyType": "RANGE"}]}')
	->'TableDescription'->>'TableName' AS created;

-- The item is sent when the INSERT ends, so the next statement sees it.
SET cruddur_ddb.write_mode = immediate;
SET client_encoding = 'UTF8';
CREATE SEQUENCE pg_temp.sk;

-- One value, written to a column of some type: what DynamoDB has then; what is
-- read, where that is another text; or the error.
CREATE FUNCTION pg_temp.write(type text, value text,
	options text DEFAULT '') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	given text;
	outcome text;
	detail text;
	found text;
	key int := nextval('sk');
BEGIN
	EXECUTE format('SELECT %L::%s', value, type) INTO given;
	EXECUTE format('CREATE FOREIGN TABLE write_types (pk text, sk int,
		v %s %s) SERVER cruddur OPTIONS (table_name ''sql-write-types'')',
		type, options);
	BEGIN
		EXECUTE format('INSERT INTO write_types VALUES (''x'', %s, %L)',
			key, value);
		outcome := cruddur_ddb_request('GetItem', format('{"TableName":
			"sql-write-types", "Key": {"pk": {"S": "x"},
			"sk": {"N": "%s"}}}', key)::jsonb)->'Item'->>'v';
		EXECUTE format('SELECT v FROM write_types WHERE pk = ''x''
			AND sk = %s', key) INTO STRICT found;
		IF found IS DISTINCT FROM given THEN
			outcome := concat_ws(' / ', outcome, coalesce(found, 'NULL'));
		END IF;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		outcome := concat_ws(' ', SQLSTATE, SQLERRM) || '. ' || detail;
	END;
	DROP FOREIGN TABLE write_types;
	RETURN concat_ws(' ', type, given, '->', coalesce(outcome, 'absent'));
END
$$;
\pset format unaligned
\pset tuples_only on

-- S
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
CREATE TYPE pair AS (a timestamptz, b bytea, c regclass);
SELECT pg_temp.write(type, value) FROM (VALUES
	('text', ''),
	('text', E'é漢😀 "\\/\b\f\n\r\t\x01\x7f'),
	('text', NULL),
	('varchar(3)', 'é漢😀'),
	('char(3)', 'a'),
	('name', 'a'),
	('uuid', '{A0EEBC99-9C0B4EF8BB6D6BB9BD380A11}'),
	('mood', 'it''s "ok"'),
	('inet', '10.0.0.1/8'),
	('bit(3)', '101'),
	('point', '(0.1,1e-7)'),
	('int4range', '[1,5)'),
	('json', '{"a":  [1, "x"], "a": 2}'),
	('json', '"x"'),
	('xid', '7')) AS t (type, value);

-- S: times
SELECT pg_temp.write(type, value) FROM (VALUES
	('timestamptz', '2026-11-22 07:59:25+05'),
	('timestamptz', '2026-11-22 07:59:25.651123Z'),
	('timestamptz(0)', '0001-01-01 00:00:00Z'),
	('timestamptz', '9999-12-31 23:59:59.999999Z'),
	('timestamptz', '10000-01-01 00:00:00Z'),
	('timestamptz', '0044-03-15 00:00:00Z BC'),
	('timestamptz', 'infinity'),
	('timestamp', '2026-11-22 07:59:25.5'),
	('timestamp', '-infinity'),
	('date', '2026-11-22'),
	('date', '0044-03-15 BC'),
	('date', '12026-01-02'),
	('date', 'infinity'),
	('time', '07:59:25.000001'),
	('timetz', '07:59:25+05:30'),
	('interval', '-1 year 2 mons -3 days 04:05:06.7')) AS t (type, value);

-- N: exactly, or not at all
SELECT pg_temp.write(type, value) FROM (VALUES
	('smallint', '-32768'),
	('int', '2147483647'),
	('bigint', '-9223372036854775808'),
	('bigint', '9007199254740993'),
	('numeric', '1.50'),
	('numeric(10,2)', '1200'),
	('numeric', '-0.00'),
	('numeric', '12345678901234567890123456789012345678'),
	('numeric', '-0.12345678901234567890123456789012345678'),
	('numeric', '123456789012345678901234567890123456789'),
	('numeric', '123456789012345678901234567890123456780'),
	('numeric', '1.000000000000000000000000000000000000001'),
	('numeric', '1e125'),
	('numeric', '1e126'),
	('numeric', '1e-130'),
	('numeric', '1e-131'),
	('numeric', 'NaN'),
	('numeric', '-Infinity'),
	('float8', '0.1'),
	('float8', '-0'),
	('float8', '1.7976931348623157e+120'),
	('float8', '1.7976931348623157e+308'),
	('float8', '5e-324'),
	('float8', 'NaN'),
	('float8', 'Infinity'),
	('float4', '0.1'),
	('float4', '3.4028235e+38'),
	('float4', '-Infinity')) AS t (type, value);

-- B and BOOL
SELECT pg_temp.write(type, value) FROM (VALUES
	('bytea', '\x'),
	('bytea', '\x00'),
	('bytea', '\x000102feff00'),
	('bytea', '\x' || repeat('00ff', 40)),
	('bool', 'true'),
	('bool', 'false')) AS t (type, value);

-- L: arrays of one dimension
SELECT pg_temp.write(type, value) FROM (VALUES
	('int[]', '{}'),
	('int[]', '{2,NULL,1,2}'),
	('text[]', '{"","NULL",NULL,"a\"b"}'),
	('numeric[]', '{12345678901234567890123456789012345678}'),
	('numeric[]', '{1,NaN}'),
	('bool[]', '{t,f}'),
	('bytea[]', '{"\\x00ff"}'),
	('timestamptz[]', '{2026-11-22 07:59:25+05}'),
	('mood[]', '{sad}'),
	('jsonb[]', '{"{\"a\":1}","\"x\"","null",NULL}'),
	('int[]', '{{1,2},{3,4}}'),
	('int[]', '[0:1]={1,2}')) AS t (type, value);

-- sets, by option
SELECT pg_temp.write(type, value, format('OPTIONS (type %L)', option))
FROM (VALUES
	('text[]', '{a,b,"é"}', 'SS'),
	('text[]', '{""}', 'SS'),
	('uuid[]', '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', 'SS'),
	('int[]', '{-2,1}', 'NS'),
	('numeric[]', '{12345678901234567890123456789012345678}', 'NS'),
	('bytea[]', '{"\\x","\\x00"}', 'BS'),
	('text[]', NULL, 'SS'),
	('text[]', '{}', 'SS'),
	('text[]', '{a,b,a}', 'SS'),
	('numeric[]', '{1,1.0}', 'NS'),
	('float8[]', '{100,2,1e2}', 'NS'),
	('bytea[]', '{"\\x00","\\x00"}', 'BS'),
	('text[]', '{a,NULL}', 'SS'),
	('text[]', '{{a},{b}}', 'SS'),
	('int[]', '{1}', 'SS'),
	('text[]', '{1}', 'NS'),
	('text', 'a', 'SS'),
	('bool[]', '{t}', 'BS')) AS t (type, value, option);

-- jsonb: documents, and what is in them
SELECT pg_temp.write('jsonb', value) FROM (VALUES
	('{"a": [1.50, null, true, "x", {}, []], "é\"": {"b": {"c": ""}}}'),
	('{}'),
	('[]'),
	('[{"S": "x"}]'),
	('1.50'),
	('true'),
	('"x"'),
	('"12"'),
	('""'),
	('null'),
	('12345678901234567890123456789012345678'),
	('123456789012345678901234567890123456789'),
	('{"a": [1e300]}')) AS t (value);
SELECT pg_temp.write(type, value, format('OPTIONS (type %L)', option))
FROM (VALUES
	('jsonb', '{"a": "x"}', 'S'),
	('jsonb', '"x"', 'S'),
	('jsonb', '{"a": "x"}', 'M'),
	('jsonb', '["x", "{}"]', 'L'),
	('jsonb', '5', 'N'),
	('jsonb', 'false', 'BOOL'),
	('json', '{"a": "x"}', 'M'),
	('jsonb[]', '{"\"x\"","{}"}', 'L'),
	('jsonb', '["x"]', 'M'),
	('jsonb', '{}', 'L'),
	('jsonb', '"x"', 'M'),
	('jsonb', 'null', 'L'),
	('jsonb', '"5"', 'N'),
	('jsonb[]', '{"null"}', 'L'),
	('jsonb', '"QQ=="', 'B'),
	('jsonb', '["a"]', 'SS')) AS t (type, value, option);

-- options that a type cannot be written as, and those that change nothing
SELECT pg_temp.write(type, value, format('OPTIONS (type %L)', option))
FROM (VALUES
	('text', 'a', 'S'), ('text', '1', 'N'), ('text', 'a', 'B'),
	('int', '1', 'N'), ('int', '1', 'S'), ('bool', 't', 'BOOL'),
	('bool', 't', 'N'), ('bytea', '\x00', 'B'), ('bytea', '\x00', 'S'),
	('timestamptz', '2026-11-22Z', 'N'), ('int[]', '{1}', 'L'),
	('int[]', '{1}', 'M')) AS t (type, value, option);

-- domains
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE DOMAIN tags AS text[] CHECK (cardinality(VALUE) < 3);
SELECT pg_temp.write('positive', '5');
SELECT pg_temp.write('positive', '1e200');
SELECT pg_temp.write('positive[]', '{5}');
SELECT pg_temp.write('tags', '{a}');
SELECT pg_temp.write('tags', '{a}', 'OPTIONS (type ''SS'')');

-- nesting, to the last level that there is and beyond
SELECT n, right(pg_temp.write('jsonb', repeat('[', n) || repeat(']', n)), 95)
FROM unnest(ARRAY[31, 33]) AS n;

-- DynamoDB has no empty names.
SELECT pg_temp.write('jsonb', '[{"a": {"": 1}}]');

-- Settings of the session change what is shown, not what is stored.
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET TimeZone = 'America/New_York';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SELECT pg_temp.write(type, value) FROM (VALUES
	('date', '2026-11-22'),
	('date', '12026-01-02'),
	('timestamp', '2026-11-22 07:59:25.5'),
	('timestamptz', '2026-11-22 07:59:25Z'),
	('interval', '-1 year 2 mons -3 days 04:05:06.7'),
	('daterange', '[2026-11-22,2026-12-01)'),
	('tstzrange', '[2026-11-22 07:59:25Z,)'),
	('float8', '0.30000000000000004'),
	('point', '(0.30000000000000004,1)'),
	('bytea', '\x00ff'),
	('pair', '("2026-11-22 07:59:25Z","\\x00ff",pg_class)'),
	('date[]', '{2026-11-22}')) AS t (type, value);
SHOW DateStyle;
SHOW search_path;
RESET DateStyle;
RESET IntervalStyle;
RESET TimeZone;
RESET extra_float_digits;
RESET bytea_output;

-- keys
CREATE FUNCTION pg_temp.write_key(columns text, pk text, sk text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
	detail text;
BEGIN
	EXECUTE format('CREATE FOREIGN TABLE write_keys (%s) SERVER cruddur
		OPTIONS (table_name ''sql-write-types'')', columns);
	BEGIN
		EXECUTE format('INSERT INTO write_keys (pk, sk) VALUES (%L, %s)',
			pk, sk);
		outcome := 'written';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		outcome := concat_ws(' ', SQLSTATE, SQLERRM) || '. ' || detail;
	END;
	DROP FOREIGN TABLE write_keys;
	RETURN concat_ws(' ', columns, '->', outcome);
END
$$;
SELECT pg_temp.write_key(columns, pk, sk) FROM (VALUES
	('pk text, sk int', repeat('k', 2048), '1'),
	('pk text, sk int', repeat('k', 2049), '1'),
	('pk text, sk int', repeat('é', 1025), '1'),
	('pk text, sk int', '', '1'),
	('pk text, sk int', NULL, '1'),
	('pk text, sk int', 'k', 'NULL'),
	('pk timestamptz, sk numeric', '2026-11-22 07:59:25Z', '1.5'),
	('pk jsonb, sk float8', '{"a": 1}', '0.1'),
	('pk int, sk int', '1', '1'),
	('pk text OPTIONS (type ''N''), sk int', '1', '1'),
	('pk bytea, sk int', '\x00', '1'),
	('pk text, sk text', 'k', '1')) AS t (columns, pk, sk);
\pset tuples_only off
CREATE FOREIGN TABLE no_sk (pk text, v int) SERVER cruddur
	OPTIONS (table_name 'sql-write-types');
INSERT INTO no_sk VALUES ('k', 1);
DROP FOREIGN TABLE no_sk;

\pset format aligned
-- The error names the column.
CREATE FOREIGN TABLE write_types (pk text, sk int, v numeric,
	a text OPTIONS (attribute 'doc.a'), c int OPTIONS (attribute 'doc.b."c.d"'),
	l int OPTIONS (attribute 'list[0]'), doc jsonb,
	item jsonb OPTIONS (attribute '*'))
	SERVER cruddur OPTIONS (table_name 'sql-write-types');
\set SHOW_CONTEXT errors
INSERT INTO write_types (pk, sk, v) VALUES ('p', 1, 'NaN');

-- Paths make the maps that they need, and no lists; NULL makes nothing.
INSERT INTO write_types (pk, sk, a, c) VALUES
	('p', 2, 'x', 7), ('p', 3, NULL, 7), ('p', 4, NULL, NULL);
INSERT INTO write_types (pk, sk, l) VALUES ('p', 5, 1);
INSERT INTO write_types (pk, sk, a, doc) VALUES ('p', 5, 'x', '{}');
INSERT INTO write_types (pk, sk, a, doc) VALUES ('p', 5, NULL, '{}');
INSERT INTO write_types (pk, sk, item) VALUES ('p', 6, '{}');
SELECT sk, a, c, item FROM write_types WHERE pk = 'p' ORDER BY sk;
DROP FOREIGN TABLE write_types;

SELECT cruddur_ddb_request('DeleteTable', '{"TableName": "sql-write-types"}')
	->'TableDescription'->>'TableName' AS deleted;
DROP DOMAIN positive, tags;
DROP TYPE mood, pair;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
