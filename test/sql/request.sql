--
-- cruddur_ddb_request(): any operation as the API has it, and what is said of
-- those that fail.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');

-- What a request fails with. Request ids differ, and the words are another's.
CREATE FUNCTION pg_temp.attempt(operation text, payload jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	RETURN cruddur_ddb_request(operation, payload);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT;
	detail := regexp_replace(detail, ': .* \(request id [-0-9A-Za-z]+\)$',
		': .. (request id ..)');
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM,
		NULLIF(detail, ''), NULLIF(hint, ''));
END
$$;
\pset format unaligned

-- the life of a table
SELECT cruddur_ddb_request('CreateTable', '{"TableName": "sql-request",
	"BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}')
	->'TableDescription'->>'TableName' AS created;
SELECT cruddur_ddb_request('PutItem', '{"TableName": "sql-request",
	"Item": {"k": {"S": "a"}, "n": {"N": "12345678901234567890"},
	"text": {"S": "ключ 🔑 \"\\\/"}}}');
SELECT cruddur_ddb_request('UpdateItem', '{"TableName": "sql-request",
	"Key": {"k": {"S": "a"}}, "UpdateExpression": "ADD n :one",
	"ExpressionAttributeValues": {":one": {"N": "1"}},
	"ReturnValues": "UPDATED_NEW"}');
SELECT cruddur_ddb_request('GetItem', '{"TableName": "sql-request",
	"Key": {"k": {"S": "a"}}}');
SELECT cruddur_ddb_request('GetItem', '{"TableName": "sql-request",
	"Key": {"k": {"S": "b"}}}');
SELECT cruddur_ddb_request('Query', '{"TableName": "sql-request",
	"KeyConditionExpression": "k = :k", "Select": "COUNT",
	"ExpressionAttributeValues": {":k": {"S": "a"}}}');
SELECT cruddur_ddb_request('TransactWriteItems', '{"TransactItems": [
	{"Put": {"TableName": "sql-request", "Item": {"k": {"S": "b"}}}},
	{"Delete": {"TableName": "sql-request", "Key": {"k": {"S": "a"}}}}]}');
SELECT cruddur_ddb_request('Scan', '{"TableName": "sql-request"}')->'Items';
SELECT cruddur_ddb_request('ExecuteStatement',
	'{"Statement": "SELECT k FROM \"sql-request\""}')->'Items';
SELECT cruddur_ddb_request('ListTables', NULL) ? 'TableNames' AS has_names;

-- what DynamoDB refuses
SELECT pg_temp.attempt(operation, payload::jsonb) FROM (VALUES
	('PutItem', '{"TableName": "sql-request", "Item": {"n": {"N": "1"}}}'),
	('PutItem', '{"TableName": "sql-request",
		"Item": {"k": {"S": "b"}},
		"ConditionExpression": "attribute_not_exists(k)"}'),
	('PutItem', '{"TableName": "sql-nowhere", "Item": {"k": {"S": "a"}}}'),
	('Query', '{"TableName": "sql-request", "IndexName": "none-such",
		"KeyConditionExpression": "k = :k",
		"ExpressionAttributeValues": {":k": {"S": "a"}}}'),
	('CreateTable', '{"TableName": "sql-request",
		"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions":
			[{"AttributeName": "k", "AttributeType": "S"}],
		"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}'),
	('DeleteTable', '{"TableName": "sql-nowhere"}')
) AS t (operation, payload);
SELECT split_part(pg_temp.attempt(operation, payload::jsonb), ' ', 1) AS code,
	operation
FROM (VALUES
	('TransactWriteItems', '{"TransactItems": [{"ConditionCheck":
		{"TableName": "sql-request", "Key": {"k": {"S": "a"}},
		"ConditionExpression": "attribute_exists(k)"}}]}'),
	('PutItem', jsonb_build_object('TableName', 'sql-request', 'Item',
		jsonb_build_object('k', '{"S": "big"}'::jsonb,
		'v', jsonb_build_object('S', repeat('x', 410000))))::text),
	('GetItem', '{}'),
	('GetItem', '{"TableName": "sql-request", "Key": "a"}'),
	('NoSuchOperation', '{}'),
	('getitem', '{}')
) AS t (operation, payload);

-- Names are letters: nothing else can reach the header that they are part of.
SELECT pg_temp.attempt(name, '{}')
FROM unnest(ARRAY[E'ListTables\r\nX-Evil: 1', E'ListTables\n', 'List Tables',
	'DynamoDB_20120810.ListTables', 'ListTables:', 'ListÄables', '1', '',
	NULL, repeat('A', 41)]) AS name;

-- Payloads are objects. One that is beyond all measure is not DynamoDB's to
-- take, but memory does not run out over it.
SELECT pg_temp.attempt('ListTables', payload::jsonb)
FROM unnest(ARRAY['[]', '"{}"', '1', 'null', 'true']) AS payload;
SELECT left(pg_temp.attempt('Scan', payload::jsonb), 5)
	IN ('22023', '54000', 'HV000') AS is_refused
FROM unnest(ARRAY[
	'{"TableName": "sql-request", "Limit": 0}',
	'{"TableName": "sql-request", "Limit": 99999999999999999999}',
	'{"TableName": "sql-request", "Limit": 1e400}',
	'{"TableName": ' || repeat('[', 3000) || repeat(']', 3000) || '}'
	]) AS payload;
SELECT cruddur_ddb_request('Scan', '{"TableName": "sql-request",
	"Limit": 1}')->'Count' AS count;

-- A write of its own stays, whatever becomes of the transaction.
BEGIN;
SELECT cruddur_ddb_request('PutItem', '{"TableName": "sql-request",
	"Item": {"k": {"S": "kept"}}}');
ROLLBACK;
SELECT item FROM cruddur_scan('sql-request') AS item
ORDER BY item->>'k' COLLATE "C";

SELECT cruddur_ddb_request('DeleteTable', '{"TableName": "sql-request"}')
	->'TableDescription'->>'TableName' AS deleted;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
