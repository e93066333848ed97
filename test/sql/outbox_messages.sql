--
-- Messages in mode "outbox": they are sent while DynamoDB is away, and whether
-- the sender is a member of the group is asked when they are delivered.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', max_attempts '1',
		table_name 'sql-outbox');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2'),
	('c3c3c3c3-0000-4000-8000-00000000000c', 'Londo Mollari', 'londo', '3');
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SET cruddur_ddb.write_mode = outbox;
CREATE FUNCTION pg_temp.outbox() RETURNS SETOF text
LANGUAGE sql AS $$
	SELECT concat_ws(' ', state, sqlstate, attempts, last_error,
		jsonb_path_query_array(convert_from(writes, 'UTF8')::jsonb,
			'$[*].item.message.S'))
	FROM cruddur_outbox ORDER BY id
$$;

-- A group, and messages in it, before DynamoDB knows any of it; one in the same
-- transaction.
ALTER SERVER cruddur OPTIONS (SET endpoint 'http://127.0.0.1:1');
BEGIN;
SELECT message_group_uuid AS group
FROM cruddur_create_message_group('andrewbrown', 'bayko', 'one') \gset
SELECT handle, message FROM cruddur_create_message('bayko', :'group', 'two');
COMMIT;
SELECT handle, message FROM cruddur_create_message('andrewbrown', :'group', 'three');
SELECT count(*) FROM cruddur_create_message('londo', :'group', 'who is there?');
SELECT count(*) FROM cruddur_create_message('nobody', :'group', 'me');
BEGIN;
SELECT count(*) FROM cruddur_create_message('bayko', :'group', 'never');
ROLLBACK;
SELECT * FROM pg_temp.outbox();
SELECT cruddur_outbox_deliver();
SELECT state, sqlstate, attempts FROM cruddur_outbox ORDER BY id;

-- Back again. Nothing is taken before its time.
ALTER SERVER cruddur OPTIONS (SET endpoint :'endpoint');
UPDATE cruddur_outbox SET next_attempt_at = now();
SET client_min_messages = error;
SELECT cruddur_outbox_deliver();
RESET client_min_messages;
SELECT * FROM pg_temp.outbox();
SELECT handle, message FROM cruddur_list_messages('bayko', :'group');
SELECT handle, message FROM cruddur_list_message_groups('bayko');

-- It is tried again when the sender has become a member.
SELECT cruddur_ddb_request('PutItem', jsonb_build_object('TableName', 'sql-outbox',
	'Item', jsonb_build_object(
		'pk', '{"S": "GRP#c3c3c3c3-0000-4000-8000-00000000000c"}'::jsonb,
		'sk', '{"S": "2026-11-20T12:00:00.000000+00:00"}'::jsonb,
		'message_group_uuid', jsonb_build_object('S', :'group'))));
SELECT cruddur_outbox_retry(id) FROM cruddur_outbox;
SELECT cruddur_outbox_deliver();
SELECT handle, message FROM cruddur_list_messages('londo', :'group');
SELECT * FROM pg_temp.outbox();
-- Two messages of one time: the second gets the next microsecond, also when it is
-- delivered again.
SELECT count(*) FROM cruddur_create_message('bayko', :'group', 'first');
SELECT cruddur_outbox_deliver();
SELECT count(*) FROM cruddur_create_message('andrewbrown', :'group', 'second');
SELECT created_at AS first, to_char(created_at AT TIME ZONE 'UTC',
	'YYYY-MM-DD"T"HH24:MI:SS.US+00:00') AS taken
FROM cruddur_list_messages('bayko', :'group') WHERE message = 'first' \gset
UPDATE cruddur_outbox SET writes = convert_to(regexp_replace(
	convert_from(writes, 'UTF8'), '"sk":{"S":"[^"]*"}',
	'"sk":{"S":"' || :'taken' || '"}', 'g'), 'UTF8');
BEGIN;
SELECT cruddur_outbox_deliver();
ROLLBACK;
SELECT cruddur_outbox_deliver();
SELECT message, created_at - :'first' AS later
FROM cruddur_list_messages('bayko', :'group') WHERE message IN ('first', 'second');
SELECT * FROM pg_temp.outbox();
SELECT cruddur_drop_table('sql-outbox')->>'TableName' AS dropped;
DROP TABLE users;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
