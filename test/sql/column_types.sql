--
-- What attributes become in columns of each type, and what becomes of those
-- that do not fit.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SELECT cruddur_ddb_request('CreateTable', '{"TableName": "sql-column-types",
	"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [
		{"AttributeName": "pk", "AttributeType": "S"},
		{"AttributeName": "sk", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
		{"AttributeName": "sk", "KeyType": "RANGE"}]}')
	->'TableDescription'->>'TableName' AS created;

-- One attribute, read as a column of some type: what comes of it. The other
-- policy has the same values, and NULL instead of error HV004.
CREATE FUNCTION pg_temp.read(type text, attribute text,
	options text DEFAULT 'OPTIONS (attribute ''a'')') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	value text;
	lenient text;
	outcome text;
	detail text;
BEGIN
	PERFORM cruddur_ddb_request('PutItem', format('{"TableName":
		"sql-column-types", "Item": {"pk": {"S": "x"}, "sk": {"N": "1"},
		"a": %s}}', attribute)::jsonb);
	EXECUTE format('CREATE FOREIGN TABLE column_types (pk text, sk int,
		v %s %s) SERVER cruddur OPTIONS (
		table_name ''sql-column-types'')', type, options);
	BEGIN
		EXECUTE 'SELECT v FROM column_types' INTO STRICT value;
		outcome := coalesce(value, 'NULL');
	EXCEPTION WHEN fdw_invalid_data_type THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		outcome := split_part(detail, '. The item', 1);
	WHEN integrity_constraint_violation THEN
		outcome := SQLERRM;
	END;
	ALTER FOREIGN TABLE column_types OPTIONS (ADD on_type_mismatch 'null');
	EXECUTE 'SELECT v FROM column_types' INTO STRICT lenient;
	DROP FOREIGN TABLE column_types;
	IF lenient IS DISTINCT FROM value THEN
		outcome := outcome || ' / ' || coalesce(lenient, 'NULL');
	END IF;
	RETURN concat_ws(' ', type, attribute, '->', outcome);
END
$$;
SET client_encoding = 'UTF8';
SET TimeZone = 'America/New_York';
SET DateStyle = ISO;
SET IntervalStyle = postgres;
\pset format unaligned
\pset tuples_only on

-- absent (the column's name is no attribute of the item) and NULL
SELECT pg_temp.read('text', '{"S": ""}', '');
SELECT pg_temp.read('text', '{"NULL": true}');
SELECT pg_temp.read('jsonb', '{"NULL": true}');
SELECT pg_temp.read('int[]', '{"NULL": true}');

-- S: text, to the last byte
SELECT pg_temp.read(type, attribute) FROM (VALUES
	('text', '{"S": ""}'),
	('text', '{"S": "é漢😀 \"\\\/"}'),
	('varchar(3)', '{"S": "é漢😀"}'),
	('varchar(3)', '{"S": "abcd"}'),
	('varchar(3)', '{"S": "abc "}'),
	('char(3)', '{"S": "abcd"}'),
	('name', '{"S": "' || repeat('n', 63) || '"}'),
	('name', '{"S": "' || repeat('n', 64) || '"}'),
	('text', '{"N": "1"}'),
	('text', '{"BOOL": true}'),
	('text', '{"B": "QQ=="}'),
	('text', '{"SS": ["a"]}'),
	('text', '{"L": []}'),
	('text', '{"M": {}}')) AS t (type, attribute);

-- S: uuid, enum, and types of which only the input function is known
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b text);
SELECT pg_temp.read(type, format('{"S": %s}', to_json(s))) FROM (VALUES
	('uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'),
	('uuid', '{a0eebc999c0b4ef8bb6d6bb9bd380a11}'),
	('uuid', 'a0eebc99'),
	('mood', 'ok'),
	('mood', 'glad'),
	('inet', '10.0.0.1/8'),
	('inet', '10.0.0.256'),
	('int4range', '[1,5)'),
	('int4range', '[1,b)'),
	('pair', '(1,b)'),
	('pair', '(b,1)'),
	('bit(3)', '1011'),
	('int', '1'),
	('bool', 'true')) AS t (type, s);

-- S: dates and times. Without an offset a timestamptz is UTC.
SELECT pg_temp.read(type, format('{"S": %s}', to_json(s))) FROM (VALUES
	('timestamptz', '2026-11-22T07:59:25.651123+00:00'),
	('timestamptz', '2026-11-22T07:59:25Z'),
	('timestamptz', '2026-11-22 07:59:25'),
	('timestamptz', '2026-11-22'),
	('timestamptz', 'Nov 22 2026 07:59 PST'),
	('timestamptz', '2026-13-22T07:59:25Z'),
	('timestamptz', 'now'),
	('timestamptz(0)', '2026-11-22T07:59:25.000Z'),
	('timestamptz(0)', '2026-11-22T07:59:25.5Z'),
	('timestamp', '2026-11-22T07:59:25Z'),
	('timestamp', '2026-11-22T07:59:25+05:00'),
	('date', '2026-11-22'),
	('date', '2026-02-29'),
	('date', 'Nov 22, 2026'),
	('date', '2026-11-22T07:59:25Z'),
	('date', 'tomorrow'),
	('time', '07:59:25'),
	('time', '2026-11-22 07:59:25'),
	('interval', 'P1DT2H'),
	('interval(0)', '1.5 s')) AS t (type, s);

-- N: exactly, or not at all
SELECT pg_temp.read(type, format('{"N": "%s"}', n)) FROM (VALUES
	('numeric', '12345678901234567890123456789012345678'),
	('numeric', '-0.12345678901234567890123456789012345678'),
	('numeric', '1E-130'),
	('numeric', '9.9999999999999999999999999999999999999E+125'),
	('numeric(5,2)', '123.45'),
	('numeric(5,2)', '123.456'),
	('numeric(5,2)', '1234.5'),
	('bigint', '9007199254740993'),
	('bigint', '9223372036854775807'),
	('bigint', '9223372036854775808'),
	('int', '-2147483648'),
	('int', '2147483648'),
	('int', '1.5'),
	('int', '1.2E3'),
	('smallint', '32768'),
	('float8', '0.1'),
	('float8', '12345678901234567890123456789012345678'),
	('float4', '0.1'),
	('float4', '1E39'),
	('float4', '1E-60'),
	('bool', '1')) AS t (type, n);

-- Numbers of every size and scale are what numeric_in makes of them, byte by
-- byte.
CREATE FOREIGN TABLE column_types (
	made numeric[] OPTIONS (attribute 'a'), texts jsonb OPTIONS (attribute 'a'))
	SERVER cruddur OPTIONS (table_name 'sql-column-types');
SELECT cruddur_ddb_request('PutItem', format('{"TableName":
	"sql-column-types", "Item": {"pk": {"S": "x"}, "sk": {"N": "1"},
	"a": {"L": [%s]}}}', string_agg(format('{"N": "%s%se%s"}', sign, head,
		power), ', '))::jsonb)
FROM unnest(ARRAY['', '-']) AS sign,
	unnest(ARRAY[0, 1, 9999, 10001, 123456789, 9007199254740993,
		9223372036854775807]) AS head,
	generate_series(-25, 5) AS power;
SELECT count(*), count(DISTINCT n) AS numbers, min(n), max(n),
	max(scale(n)),
	count(*) FILTER (WHERE numeric_send(n) <> numeric_send(text::numeric)) AS wrong
FROM column_types, unnest(made) WITH ORDINALITY AS m (n, i)
	JOIN LATERAL jsonb_array_elements_text(texts) WITH ORDINALITY AS t (text, j)
	ON i = j;
DROP FOREIGN TABLE column_types;

-- B and BOOL
SELECT pg_temp.read(type, attribute) FROM (VALUES
	('bytea', '{"B": "AAEC/w=="}'),
	('bytea', '{"B": ""}'),
	('bytea', '{"S": "AAEC"}'),
	('bool', '{"BOOL": true}'),
	('bool', '{"BOOL": false}')) AS t (type, attribute);

-- sets and flat lists
SELECT pg_temp.read(type, attribute) FROM (VALUES
	('text[]', '{"SS": ["a,\"{}"]}'),
	('varchar(3)[]', '{"SS": ["abcd"]}'),
	('mood[]', '{"SS": ["ok"]}'),
	('mood[]', '{"SS": ["glad"]}'),
	('numeric[]', '{"NS": ["12345678901234567890123456789012345678"]}'),
	('int[]', '{"NS": ["1.5"]}'),
	('bytea[]', '{"BS": ["AAE="]}'),
	('int[]', '{"L": [{"N": "2"}, {"NULL": true}, {"N": "1"}]}'),
	('int[]', '{"L": []}'),
	('int[]', '{"L": [{"N": "1"}, {"S": "1"}]}'),
	('int[]', '{"L": [{"L": [{"N": "1"}]}]}'),
	('text[]', '{"L": [{"S": ""}, {"S": "NULL"}, {"NULL": true}]}'),
	('uuid[]', '{"L": [{"S": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}]}'),
	('text[]', '{"NS": ["1"]}'),
	('int[]', '{"S": "{1}"}')) AS t (type, attribute);

-- jsonb: the value, or what an S says; with option type, an S is a string
SELECT pg_temp.read(type, attribute) FROM (VALUES
	('jsonb', '{"M": {"a": {"L": [{"N": "1.5"}, {"NULL": true}, {"BOOL": true},
		{"M": {}}]}, "b": {"B": "QQ=="}, "c": {"SS": ["x"]}}}'),
	('jsonb', '{"N": "12345678901234567890123456789012345678"}'),
	('json', '{"L": [{"S": "x"}]}'),
	('jsonb', '{"S": "{\"a\":  [1, \"x\"]}"}'),
	('json', '{"S": "{\"a\":  [1, \"x\"]}"}'),
	('jsonb', '{"S": "x"}')) AS t (type, attribute);
SELECT pg_temp.read('jsonb', attribute,
	'OPTIONS (attribute ''a'', type ''M'')')
FROM (VALUES ('{"S": "x"}'), ('{"M": {"b": {"S": "{}"}}}')) AS t (attribute);

-- domains
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN small AS positive CHECK (VALUE < 100);
CREATE DOMAIN code AS varchar(3) NOT NULL;
SELECT pg_temp.read(type, attribute) FROM (VALUES
	('positive', '{"N": "5"}'),
	('positive', '{"N": "-5"}'),
	('positive', '{"N": "1.5"}'),
	('positive', '{"NULL": true}'),
	('small', '{"N": "500"}'),
	('small', '{"N": "-5"}'),
	('positive[]', '{"NS": ["-5"]}'),
	('code', '{"S": "abc"}'),
	('code', '{"S": "abcd"}'),
	('code', '{"NULL": true}')) AS t (type, attribute);

-- paths
SELECT path || substring(pg_temp.read('text', '{"M": {"b.c": {"S": "dot"},
	"d": {"L": [{"NULL": true}, {"M": {"e": {"S": "deep"}}}]},
	"é\"": {"S": "quote"}}}', format('OPTIONS (attribute %L)', path)),
	' -> .*')
FROM unnest(ARRAY['a."b.c"', 'a.d[1].e', 'a.d[0]', 'a.d[2]', 'a.d.e', 'a[0]',
	'a."é"""', 'a.b.c', 'b.c', '"a.d"', 'a.d']) AS path;

-- the whole item
SELECT pg_temp.read('jsonb', '{"N": "1.5"}', 'OPTIONS (attribute ''*'')');
SELECT pg_temp.read('json', '{"S": "é"}', 'OPTIONS (attribute ''*'')');

-- The error names the item, by as much of its key as can be shown.
\pset tuples_only off
CREATE FOREIGN TABLE column_types (pk text, sk int,
	quantity int OPTIONS (attribute 'doc.qty'), note text)
	SERVER cruddur OPTIONS (table_name 'sql-column-types');
SELECT cruddur_ddb_request('PutItem', format('{"TableName": "sql-column-types",
	"Item": {"pk": {"S": "%s"}, "sk": {"N": "2"}, "note": {"S": "fine"},
	"doc": {"M": {"qty": {"S": "secret"}}}}}', repeat('é', 200))::jsonb);
DO $$
DECLARE
	detail text;
	hint text;
BEGIN
	PERFORM quantity FROM column_types;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT;
	RAISE NOTICE E'% %\n%\n%', SQLSTATE, SQLERRM, detail, hint;
END
$$;

-- Columns that are not asked for are not read, and NULL lets the others be.
SELECT left(pk, 1) AS pk, sk, note FROM column_types ORDER BY sk;
ALTER FOREIGN TABLE column_types OPTIONS (ADD on_type_mismatch 'null');
SELECT left(pk, 1) AS pk, sk, quantity, note FROM column_types ORDER BY sk;

-- A refused value of a type of the user's own does not end what came before.
ALTER FOREIGN TABLE column_types ADD COLUMN odd positive
	OPTIONS (attribute 'sk');
CREATE FUNCTION is_odd(int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN 1 / ($1 % 2) = 1;
END
$$;
ALTER DOMAIN positive ADD CHECK (is_odd(VALUE));
BEGIN;
CREATE TEMP TABLE kept AS SELECT 1 AS a;
SELECT sk, odd FROM column_types ORDER BY sk;
SELECT count(*) FROM kept;
COMMIT;

DROP FOREIGN TABLE column_types;
SELECT cruddur_ddb_request('DeleteTable', '{"TableName": "sql-column-types"}')
	->'TableDescription'->>'TableName' AS deleted;
DROP DOMAIN small, positive, code;
DROP FUNCTION is_odd;
DROP TYPE mood, pair;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
