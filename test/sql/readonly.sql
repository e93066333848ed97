--
-- Read-only transactions: reads work, writes do not and send nothing.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1',
		table_name 'sql-readonly');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2');
\set group '5ae290ed-55d1-47a0-bc6d-fe2bc2700399'
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SELECT cruddur_seed('andrewbrown', 'bayko') AS written;

CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(statement, 'TABLE', '"TableName": "sql-readonly"');
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE TEMP TABLE writes (call text);
INSERT INTO writes VALUES
	('cruddur_create_message(''bayko'',
		''5ae290ed-55d1-47a0-bc6d-fe2bc2700399'', ''hi'')'),
	('cruddur_create_message(NULL, NULL, NULL)'),
	('cruddur_create_message_group(''bayko'', ''andrewbrown'', ''hi'')'),
	('cruddur_seed(''bayko'', ''andrewbrown'', gen_random_uuid())'),
	('cruddur_schema_load(if_not_exists => true)'),
	('cruddur_drop_table(''sql-readonly'')');
CREATE TEMP TABLE requests (operation text, payload text);
INSERT INTO requests VALUES
	('PutItem', '{TABLE, "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}'),
	('UpdateItem', '{TABLE, "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}'),
	('DeleteItem', '{TABLE, "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}'),
	('BatchWriteItem', '{"RequestItems": {"sql-readonly": [{"DeleteRequest":
		{"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}]}}'),
	('TransactWriteItems', '{"TransactItems": [{"Delete": {TABLE,
		"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}]}'),
	('ExecuteStatement', '{"Statement":
		"DELETE FROM \"sql-readonly\" WHERE pk = ''a'' AND sk = ''b''"}'),
	('UpdateTimeToLive', '{TABLE, "TimeToLiveSpecification":
		{"Enabled": true, "AttributeName": "ttl"}}'),
	('DeleteTable', '{TABLE}'),
	('GetItem', '{TABLE, "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}'),
	('BatchGetItem', '{"RequestItems": {"sql-readonly": {"Keys":
		[{"pk": {"S": "a"}, "sk": {"S": "b"}}]}}}'),
	('TransactGetItems', '{"TransactItems": [{"Get": {TABLE,
		"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}]}'),
	('Query', '{TABLE, "KeyConditionExpression": "pk = :p",
		"ExpressionAttributeValues": {":p": {"S": "a"}}}'),
	('Scan', '{TABLE, "Limit": 1}'),
	('DescribeTable', '{TABLE}'),
	('ListTables', '{}');

BEGIN READ ONLY;
SELECT handle FROM cruddur_list_message_groups('bayko');
SELECT count(*) FROM cruddur_list_messages('bayko', :'group', 100);
SELECT count(*) FROM cruddur_scan();
SELECT cruddur_handle('2'), handle FROM cruddur_user_short('andrewbrown');
SELECT name FROM cruddur_list_tables() AS name WHERE name = 'sql-readonly';
SELECT pg_temp.attempt('SELECT ' || call) FROM writes;
SELECT operation, pg_temp.attempt(format(
	'SELECT cruddur_ddb_request(%L, %L)', operation, payload)) FROM requests;
COMMIT;

-- the same by the setting, and by a statement in mid-transaction
SET default_transaction_read_only = on;
SELECT pg_temp.attempt('SELECT ' || call) FROM writes LIMIT 1;
RESET default_transaction_read_only;
BEGIN;
SELECT pg_temp.attempt('SELECT ' || call) FROM writes LIMIT 1;
SET TRANSACTION READ ONLY;
SELECT pg_temp.attempt('SELECT ' || call) FROM writes LIMIT 1;
COMMIT;

-- That one message is all that was written.
SELECT count(*) FROM cruddur_scan();
SELECT cruddur_drop_table('sql-readonly')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
DROP TABLE public.users;
