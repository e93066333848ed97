--
-- IMPORT FOREIGN SCHEMA: what becomes of every type and of every odd name, and
-- which tables are taken.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER import_server FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER import_server
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SET cruddur_ddb.server = 'import_server';
CREATE SCHEMA imported;

-- keys: "pk S", "sk N"; indexes: of CreateTable; others: attributes of theirs
CREATE FUNCTION pg_temp.make(name text, keys text[],
	others text[] DEFAULT '{}', more jsonb DEFAULT '{}')
RETURNS text
BEGIN ATOMIC
	SELECT cruddur_ddb_request('CreateTable', jsonb_build_object(
		'TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'AttributeDefinitions', (
			SELECT jsonb_agg(jsonb_build_object(
				'AttributeName', split_part(k, ' ', 1),
				'AttributeType', split_part(k, ' ', 2)))
			FROM unnest(keys || others) AS k),
		'KeySchema', (
			SELECT jsonb_agg(jsonb_build_object(
				'AttributeName', split_part(k, ' ', 1),
				'KeyType', CASE i WHEN 1 THEN 'HASH' ELSE 'RANGE' END))
			FROM unnest(keys) WITH ORDINALITY AS t (k, i))) || more)
		->'TableDescription'->>'TableStatus';
END;
CREATE FUNCTION pg_temp.put(name text, item jsonb) RETURNS jsonb
BEGIN ATOMIC
	SELECT cruddur_ddb_request('PutItem',
		jsonb_build_object('TableName', name, 'Item', item));
END;

-- every type, alone, with NULL and mixed
SELECT pg_temp.make('sql-import-types', '{id S,at N}');
SELECT pg_temp.put('sql-import-types', item) FROM (VALUES
	('{"id": {"S": "a"}, "at": {"N": "1"}, "s": {"S": "é"},
		"n": {"N": "-12345678901234567890123456789012345678"},
		"b": {"B": "AAEC/f7/"}, "bool": {"BOOL": true},
		"ss": {"SS": ["y", "x"]}, "ns": {"NS": ["1.50", "2"]},
		"bs": {"BS": ["AA==", "/w=="]}, "l": {"L": [{"N": "1"}, {"S": "a"}]},
		"m": {"M": {"k": {"M": {"deep": {"N": "0.1"}}}}},
		"s_null": {"S": "x"}, "n_null": {"NULL": true},
		"null": {"NULL": true}, "mixed": {"S": "1"}}'::jsonb),
	('{"id": {"S": "a"}, "at": {"N": "2.5"}, "s_null": {"NULL": true},
		"n_null": {"N": "7"}, "null": {"NULL": true}, "mixed": {"N": "1"}}'),
	('{"id": {"S": "b"}, "at": {"N": "1"}, "mixed": {"L": [{"S": "1"}]}}'))
	AS t (item);
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("sql-import-types")
	FROM SERVER import_server INTO imported;
\d imported."sql-import-types"
\x on
SELECT * FROM imported."sql-import-types" ORDER BY id, at;
\x off
SELECT id, at, bool FROM imported."sql-import-types"
	WHERE id = 'a' AND at > 1 AND mixed = '1';

-- keys of indexes are columns even if no item has them; types of keys
SELECT pg_temp.make('sql-import-empty', '{p B}', '{g N,h S}', '{
	"GlobalSecondaryIndexes": [
		{"IndexName": "by-g", "Projection": {"ProjectionType": "ALL"},
			"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"},
				{"AttributeName": "h", "KeyType": "RANGE"}]}]}');
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("sql-import-empty")
	FROM SERVER import_server INTO imported;
\d imported."sql-import-empty"
SELECT * FROM imported."sql-import-empty";

-- names that are words of SQL, of system columns, of paths, of other columns
SELECT pg_temp.make('sql-import.names_SELECT', '{Order S}');
SELECT pg_temp.put('sql-import.names_SELECT', jsonb_build_object('Order',
	jsonb_build_object('S', 'o')) || jsonb_object_agg(name,
	jsonb_build_object('S', 'value of ' || name)))
FROM unnest(ARRAY['order', 'select', 'ctid', 'ctid_', 'tableoid', 'item',
	'item_', '*', 'a.b', 'a[0]', 'say "hi"', 'it''s', 'back\slash', ' ',
	'a,b', '#0', ':0', E'new\nline', 'größe', '😀', repeat('x', 63),
	repeat('x', 64), repeat('x', 65), repeat('x', 60) || '.é' || 'y',
	repeat('ü', 32) || '."[']) AS name;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("sql-import.names_SELECT")
	FROM SERVER import_server INTO imported;
\pset format unaligned
SELECT attname, array_to_string(attfdwoptions, ' ') AS options, value
FROM imported."sql-import.names_SELECT" AS t,
	jsonb_each_text(to_jsonb(t)) AS c
	JOIN pg_attribute ON attname = c.key
WHERE attrelid = t.tableoid AND attname <> 'item_2'
ORDER BY attnum;
SELECT item, item_, item_2->'item' AS item_of_item_2
FROM imported."sql-import.names_SELECT";

-- 250 attributes
SELECT pg_temp.make('sql-import-wide', '{id S}');
SELECT pg_temp.put('sql-import-wide', jsonb_object_agg(
	CASE i WHEN 0 THEN 'id' ELSE 'c' || i END,
	jsonb_build_object('S', i::text)))
FROM generate_series(0, 250) AS i;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("sql-import-wide")
	FROM SERVER import_server INTO imported;
SELECT count(*) AS columns, bool_and(
	attname IN ('id', 'item') OR c.value = to_jsonb(substr(attname, 2))) AS right
FROM imported."sql-import-wide" AS t, jsonb_each(to_jsonb(t)) AS c
	JOIN pg_attribute ON attname = c.key
WHERE attrelid = t.tableoid;
SELECT c1, c100, c250 FROM imported."sql-import-wide";

-- the sample: none, one item, all of them; it is no full scan
CREATE SCHEMA again;
CREATE FUNCTION pg_temp.columns(relation text) RETURNS text
BEGIN ATOMIC
	SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = relation::regclass AND attnum > 0;
END;
CREATE FUNCTION pg_temp.reimport(options text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE 'DROP SCHEMA again CASCADE';
	EXECUTE 'CREATE SCHEMA again';
	EXECUTE 'IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("sql-import-types")
		FROM SERVER import_server INTO again ' || options;
	RETURN pg_temp.columns('again."sql-import-types"');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM,
		NULLIF(detail, ''), NULLIF(hint, ''));
END
$$;
SET client_min_messages = warning;
SET cruddur_ddb.full_scan = 'forbid';
SELECT pg_temp.reimport('OPTIONS (sample ''0'')');
SELECT array_length(string_to_array(pg_temp.reimport(
	'OPTIONS (sample ''1'')'), ' '), 1) IN (4, 7, 16) AS one_item;
SELECT pg_temp.reimport('OPTIONS (sample ''100000'')');
SELECT pg_temp.reimport(format('OPTIONS (sample %L)', sample))
FROM unnest('{-1,100001,ten,1.5,"",9999999999}'::text[]) AS sample;
SELECT pg_temp.reimport('OPTIONS (samples ''1'')');
SELECT pg_temp.reimport('OPTIONS (sample ''0'', table_name ''x'')');
RESET cruddur_ddb.full_scan;
DROP SCHEMA again CASCADE;
CREATE SCHEMA again;
RESET client_min_messages;

-- which tables: all but some, some; what is not there is not imported
IMPORT FOREIGN SCHEMA dynamodb
	EXCEPT ("sql-import-types", "sql-import-wide", "SQL-IMPORT-EMPTY")
	FROM SERVER import_server INTO again OPTIONS (sample '0');
SELECT relname FROM pg_class
WHERE relnamespace = 'again'::regnamespace AND relname LIKE 'sql-import%'
ORDER BY relname COLLATE "C";
IMPORT FOREIGN SCHEMA dynamodb
	LIMIT TO ("sql-import-wide", "sql-import-types", no_such_table)
	FROM SERVER import_server INTO again OPTIONS (sample '0');
SELECT relname FROM pg_class
WHERE relnamespace = 'again'::regnamespace AND relname LIKE 'sql-import%'
ORDER BY relname COLLATE "C";
IMPORT FOREIGN SCHEMA public FROM SERVER import_server INTO again;
\echo :SQLSTATE
IMPORT FOREIGN SCHEMA "DynamoDB" FROM SERVER import_server INTO again;
\echo :SQLSTATE

-- long names: the relation's is cut, and two may then be one
SELECT name AS long_name FROM unnest(ARRAY['sql-import-' || repeat('long', 13)])
	AS name \gset
SELECT pg_temp.make(:'long_name' || '-first', '{id S}');
SELECT pg_temp.put(:'long_name' || '-first', '{"id": {"S": "the first"}}');
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (:"long_name")
	FROM SERVER import_server INTO again;
SELECT relname = :'long_name' AS is_cut, ftoptions
FROM pg_foreign_table JOIN pg_class ON pg_class.oid = ftrelid
WHERE relname LIKE 'sql-import-long%';
SELECT id FROM again.:"long_name";
SELECT pg_temp.make(:'long_name' || '-second', '{id S}');
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (:"long_name")
	FROM SERVER import_server INTO imported;
\echo :SQLSTATE

-- no search_path and no temporary object changes what is made
CREATE TEMPORARY TABLE jsonb (a int);
CREATE TEMPORARY TABLE numeric (a int);
SET search_path = pg_temp, imported, pg_catalog;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("sql-import-types")
	FROM SERVER import_server INTO public;
RESET search_path;
SELECT array_agg(DISTINCT typnamespace::regnamespace) AS schemas_of_types
FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = 'public."sql-import-types"'::regclass AND attnum > 0;

SELECT cruddur_drop_table(name)->>'TableName' AS dropped
FROM cruddur_list_tables() AS name WHERE name LIKE 'sql-import%';
