--
-- What UPDATE leaves of an item: all that no changed column has stays as it is,
-- down to the parts of documents that columns of paths are.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SELECT cruddur_ddb_request('CreateTable', '{"TableName": "sql-write-documents",
	"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [
		{"AttributeName": "pk", "AttributeType": "S"},
		{"AttributeName": "sk", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
		{"AttributeName": "sk", "KeyType": "RANGE"}]}')
	->'TableDescription'->>'TableName' AS created;
CREATE FOREIGN TABLE documents (
	pk text, sk numeric, v numeric, words text[], at timestamptz, flag boolean,
	a text OPTIONS (attribute 'doc.a'),
	deep int OPTIONS (attribute 'doc.b."c.d"'),
	first int OPTIONS (attribute 'list[0]'),
	second text OPTIONS (attribute 'list[1].x'),
	doc jsonb, list jsonb,
	item jsonb OPTIONS (attribute '*'))
	SERVER cruddur OPTIONS (table_name 'sql-write-documents');

-- An item with these attributes, updated: what DynamoDB has then, without its
-- key; or the error. In mode "immediate" the UPDATE ends when it is there.
SET cruddur_ddb.write_mode = immediate;
CREATE FUNCTION pg_temp.update(attributes jsonb, assignments text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	key jsonb := '{"pk": {"S": "x"}, "sk": {"N": "1"}}';
	detail text;
BEGIN
	PERFORM cruddur_ddb_request('PutItem', jsonb_build_object(
		'TableName', 'sql-write-documents', 'Item', key || attributes));
	EXECUTE format('UPDATE documents SET %s WHERE pk = ''x'' AND sk = 1',
		assignments);
	RETURN (cruddur_ddb_request('GetItem', jsonb_build_object(
		'TableName', 'sql-write-documents', 'Key', key))->'Item')
		- '{pk,sk}'::text[];
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM) || '. ' || detail;
END
$$;
\pset format unaligned
\pset tuples_only on

-- What is not assigned stays, whatever it is; so does what is assigned to
-- itself, though the column would be stored otherwise.
SELECT assignments || ' -> ' || pg_temp.update('{"v": {"N": "1"}, "other":
	{"BS": ["AA=="]}, "words": {"SS": ["a"]}, "none": {"NULL": true},
	"at": {"S": "2026-11-22T07:59:25Z"}}', assignments)
FROM unnest(ARRAY[
	'v = v + 1',
	'v = NULL',
	'v = 1.00',
	'words = words, at = at',
	'words = words || ''b''::text',
	'at = at + ''1 s''',
	'flag = v > 0']) AS assignments;

-- What does not fit the column is there until the column is set.
ALTER FOREIGN TABLE documents OPTIONS (ADD on_type_mismatch 'null');
SELECT assignments || ' -> ' || pg_temp.update('{"v": {"S": "one"},
	"flag": {"BOOL": false}}', assignments)
FROM unnest(ARRAY['flag = true', 'v = NULL', 'v = 1']) AS assignments;
ALTER FOREIGN TABLE documents OPTIONS (DROP on_type_mismatch);

-- parts of a map
SELECT concat_ws(' ', before, assignments, '->',
	pg_temp.update(before, assignments))
FROM (VALUES
	('{}'::jsonb, 'a = ''x'''),
	('{}', 'a = ''x'', deep = 1'),
	('{}', 'a = NULL'),
	('{"doc": {"NULL": true}}', 'deep = 1'),
	('{"doc": {"NULL": true}}', 'deep = NULL'),
	('{"doc": {"M": {}}}', 'deep = 1'),
	('{"doc": {"M": {"a": {"S": "x"}, "é\"": {"NS": ["1"]}}}}', 'a = ''y'''),
	('{"doc": {"M": {"a": {"S": "x"}, "é\"": {"NS": ["1"]}}}}', 'a = NULL'),
	('{"doc": {"M": {"b": {"M": {"c.d": {"N": "1"}, "e": {"L": []}}}}}}',
		'deep = deep + 1, v = deep'),
	('{"doc": {"M": {"b": {"M": {"c.d": {"N": "1"}}}}}}', 'deep = NULL'),
	('{"doc": {"M": {"b": {"S": "text"}}}}', 'deep = 1'),
	('{"doc": {"M": {"b": {"S": "text"}}}}', 'deep = NULL'),
	('{"doc": {"L": []}}', 'a = ''x'''),
	('{"doc": {"M": {"a": {"S": "x"}}}}', 'doc = doc || ''{"z": 1}'''),
	('{"doc": {"M": {"a": {"S": "x"}}}}', 'doc = NULL'),
	('{"doc": {"M": {"a": {"S": "x"}}}}', 'doc = NULL, a = ''y'''))
	AS t (before, assignments);

-- elements of a list
SELECT concat_ws(' ', before, assignments, '->',
	pg_temp.update(before, assignments))
FROM (VALUES
	('{"list": {"L": [{"N": "1"}, {"M": {"x": {"S": "a"}}}, {"N": "3"}]}}'::jsonb,
		'first = 2, second = ''b'''),
	('{"list": {"L": [{"N": "1"}, {"M": {"x": {"S": "a"}}}, {"N": "3"}]}}',
		'second = NULL'),
	('{"list": {"L": [{"N": "1"}]}}', 'second = ''b'''),
	('{"list": {"L": []}}', 'first = 1, second = ''b'''),
	('{"list": {"L": []}}', 'second = ''b'''),
	('{"list": {"L": [{"N": "1"}]}}', 'first = NULL'),
	('{"list": {"L": [{"NULL": true}]}}', 'first = NULL'),
	('{"list": {"L": [{"NULL": true}]}}', 'first = 1'),
	('{}', 'first = 1'),
	('{}', 'first = NULL'),
	('{"list": {"M": {}}}', 'first = 1'),
	('{"list": {"L": [{"N": "1"}]}}', 'first = 2, list = ''[]'''))
	AS t (before, assignments);

-- keys, and the item itself
SELECT assignments || ' -> ' || pg_temp.update('{}', assignments)
FROM unnest(ARRAY['pk = NULL', 'sk = NULL', 'pk = ''''', 'sk = ''NaN''',
	'sk = 1.0', 'item = ''{}''', 'item = NULL', 'item = item'])
	AS assignments;

-- A changed key takes along what no column shows.
RESET cruddur_ddb.write_mode;
SELECT cruddur_ddb_request('PutItem', '{"TableName": "sql-write-documents",
	"Item": {"pk": {"S": "x"}, "sk": {"N": "1"}, "other": {"BS": ["AA=="]},
	"doc": {"M": {"b": {"SS": ["é"]}}}}}');
UPDATE documents SET sk = 2.50, a = 'moved' WHERE pk = 'x';
SELECT cruddur_ddb_request('Scan', '{"TableName": "sql-write-documents"}')
	->'Items';

DROP FOREIGN TABLE documents;
SELECT cruddur_ddb_request('DeleteTable',
	'{"TableName": "sql-write-documents"}')
	->'TableDescription'->>'TableName' AS deleted;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
