--
-- cruddur_process_stream() and its tables: what a user sees, who may use it.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1',
		table_name 'sql-stream');
CREATE USER MAPPING FOR PUBLIC SERVER cruddur
	OPTIONS (access_key_id 'local', secret_access_key 'local');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2'),
	('c3c3c3c3-0000-4000-8000-00000000000c', 'Londo Mollari', 'londo', '3');
\set VERBOSITY terse

-- no table, no stream
SELECT cruddur_process_stream();
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SELECT cruddur_process_stream();

-- The conversation with the newest message comes first.
SELECT message_group_uuid AS first
FROM cruddur_create_message_group('andrewbrown', 'bayko', 'one') \gset
SELECT message_group_uuid AS second
FROM cruddur_create_message_group('andrewbrown', 'londo', 'two') \gset
SELECT message FROM cruddur_create_message('bayko', :'first', 'three');
SELECT handle, message FROM cruddur_list_message_groups('andrewbrown');
SELECT cruddur_process_stream();
SELECT handle, message FROM cruddur_list_message_groups('andrewbrown');
SELECT handle, message FROM cruddur_list_message_groups('bayko');
SELECT cruddur_process_stream();

-- a message that no row can take
SELECT cruddur_ddb_request('PutItem', jsonb_build_object(
	'TableName', 'sql-stream', 'Item', jsonb_build_object(
		'pk', jsonb_build_object('S', 'MSG#' || :'second'),
		'sk', jsonb_build_object('S', 'soon'),
		'message', jsonb_build_object('S', 'secret')))) IS NULL AS refused;
SELECT message FROM cruddur_create_message('londo', :'second', 'four');
SELECT cruddur_process_stream();
SELECT server, table_name, replace(item_key, :'second', '...')::jsonb AS key, reason,
	sqlstate, attempts FROM cruddur_stream_failures;
SELECT handle, message FROM cruddur_list_message_groups('andrewbrown');
SELECT server, table_name, state, lag IS NOT NULL AS lags, last_error
FROM cruddur_stream_status WHERE state <> 'done';

-- What is counted are records that write a message: a new one, one that is changed.
-- Those of deleted messages, of other items and of the rows that move are passed over.
CREATE FUNCTION pg_temp.put(pk text, sk text, message text) RETURNS void
LANGUAGE sql AS $$
	SELECT cruddur_ddb_request('PutItem', jsonb_build_object(
		'TableName', 'sql-stream', 'Item', jsonb_build_object(
			'pk', jsonb_build_object('S', pk), 'sk', jsonb_build_object('S', sk),
			'message', jsonb_build_object('S', message))))
$$;
SELECT pg_temp.put('MSG#' || :'second', '2100-01-01T00:00:00.000000+00:00', 'new');
SELECT pg_temp.put('MSG#' || :'second', '2100-01-01T00:00:00.000000+00:00', 'changed');
SELECT pg_temp.put('OTHER#1', '2100-01-01T00:00:00.000000+00:00', 'no message');
SELECT cruddur_process_stream();
SELECT message FROM cruddur_list_message_groups('londo');
SELECT cruddur_ddb_request('DeleteItem', jsonb_build_object('TableName', 'sql-stream',
	'Key', jsonb_build_object('pk', jsonb_build_object('S', 'MSG#' || :'second'),
		'sk', '{"S": "2100-01-01T00:00:00.000000+00:00"}'::jsonb))) IS NULL AS refused;
SELECT cruddur_process_stream();
-- at most so many at a time
SELECT count(*) FROM generate_series(1, 3) AS n,
	cruddur_create_message('bayko', :'first', 'message ' || n);
SELECT cruddur_process_stream(2);
SELECT message FROM cruddur_list_message_groups('bayko');
SELECT cruddur_process_stream(2);
SELECT message FROM cruddur_list_message_groups('bayko');

-- arguments
SELECT cruddur_process_stream(NULL);
SELECT cruddur_process_stream(0);
SELECT cruddur_process_stream(-1);
BEGIN READ ONLY;
SELECT cruddur_process_stream();
ROLLBACK;

-- Nothing is for everyone; the rights are the caller's.
CREATE ROLE regress_stream_user;
GRANT USAGE ON FOREIGN SERVER cruddur TO regress_stream_user;
SET ROLE regress_stream_user;
SELECT cruddur_process_stream();
SELECT * FROM cruddur_stream_status;
SELECT * FROM cruddur_stream_shards;
SELECT * FROM cruddur_stream_failures;
RESET ROLE;
GRANT EXECUTE ON FUNCTION cruddur_process_stream(int) TO regress_stream_user;
SET ROLE regress_stream_user;
SELECT cruddur_process_stream();
RESET ROLE;
GRANT SELECT, INSERT, UPDATE, DELETE
	ON cruddur_stream_shards, cruddur_stream_failures TO regress_stream_user;
SET ROLE regress_stream_user;
SELECT cruddur_process_stream();
RESET ROLE;
DROP OWNED BY regress_stream_user;
DROP ROLE regress_stream_user;

-- search_path and a temporary table of the same name have no say
SET search_path = pg_temp;
CREATE TEMP TABLE cruddur_stream_shards (server text);
SELECT message FROM public.cruddur_create_message('londo', :'second', 'five');
SELECT public.cruddur_process_stream();
RESET search_path;

-- all of it is explained
SELECT count(*) AS without_comment
FROM pg_depend AS d JOIN pg_class AS c ON d.objid = c.oid
WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e'
	AND c.relname LIKE 'cruddur_stream%' AND c.relkind IN ('r', 'v')
	AND obj_description(c.oid, 'pg_class') IS NULL;

SELECT cruddur_drop_table('sql-stream')->>'TableName' AS dropped;
DROP TABLE public.users;
DROP USER MAPPING FOR PUBLIC SERVER cruddur;
DROP SERVER cruddur;
