--
-- What reaches the network is for those who are granted it, on servers that
-- they may use.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', table_name 'sql-grants');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'local', secret_access_key 'local');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2');
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SELECT cruddur_seed('andrewbrown', 'bayko') AS written;
CREATE ROLE grants_app;
CREATE ROLE grants_guest;

CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

-- who may call what of all that the extension has
SELECT p.proname AS function,
	has_function_privilege('grants_app', p.oid, 'EXECUTE') AS everyone,
	CASE WHEN p.prosecdef THEN 'owner' ELSE 'caller' END AS runs_as
FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
	AND d.refobjid = (SELECT oid FROM pg_extension
		WHERE extname = 'cruddur_ddb')
ORDER BY p.proname COLLATE "C";
SELECT has_table_privilege('grants_app', 'cruddur_ddb_stats', 'SELECT')
	AS stats, has_foreign_data_wrapper_privilege('grants_app', 'cruddur_ddb',
	'USAGE') AS wrapper;

-- refused before anything else is looked at
CREATE TEMP TABLE calls (call text);
GRANT SELECT ON calls TO PUBLIC;
INSERT INTO calls VALUES
	('cruddur_list_message_groups(''bayko'')'),
	('cruddur_list_messages(''bayko'', NULL)'),
	('cruddur_create_message(''bayko'', NULL, NULL)'),
	('cruddur_create_message_group(''bayko'', NULL, NULL)'),
	('cruddur_schema_load(true)'),
	('cruddur_list_tables()'),
	('cruddur_drop_table(NULL)'),
	('cruddur_seed(''andrewbrown'', ''bayko'')'),
	('cruddur_scan()'),
	('cruddur_process_stream()'),
	('cruddur_cognito_list_users()'),
	('cruddur_update_cognito_user_ids()'),
	('cruddur_ddb_request(''ListTables'', ''{}'')'),
	('cruddur_ddb_stats_reset()');
SET ROLE grants_app;
SELECT pg_temp.attempt('SELECT ' || call) FROM calls;
SELECT count(*) >= 0 AS readable FROM cruddur_ddb_stats;
SELECT count(*) AS sessions FROM cruddur_ddb_connections()
WHERE user_name = 'grants_app';

-- One after the other: EXECUTE, the server, the users, the mapping.
RESET ROLE;
GRANT EXECUTE ON FUNCTION
	cruddur_list_message_groups(text, int, timestamptz, int),
	cruddur_list_tables() TO grants_app;
SET ROLE grants_app;
SELECT pg_temp.attempt('SELECT cruddur_list_message_groups(''bayko'')');
SELECT pg_temp.attempt('SELECT cruddur_list_tables()');
SELECT pg_temp.attempt('SELECT cruddur_handle(''2'')');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER cruddur TO grants_app;
SET ROLE grants_app;
SELECT pg_temp.attempt('SELECT cruddur_list_message_groups(''bayko'')');
RESET ROLE;
GRANT SELECT ON users TO grants_app;
SET ROLE grants_app;
SELECT pg_temp.attempt('SELECT cruddur_list_message_groups(''bayko'')');
SELECT handle FROM cruddur_user_short('bayko');
RESET ROLE;
CREATE USER MAPPING FOR grants_app SERVER cruddur
	OPTIONS (access_key_id 'local', secret_access_key 'local');
SET ROLE grants_app;
SELECT handle FROM cruddur_list_message_groups('bayko');
SELECT pg_temp.attempt('SELECT cruddur_create_message_group(''bayko'',
	''andrewbrown'', ''hi'')');

-- USAGE is asked for each time, also where a connection is open.
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER cruddur FROM grants_app;
SET ROLE grants_app;
SELECT pg_temp.attempt('SELECT cruddur_list_message_groups(''bayko'')');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER cruddur TO grants_app;

-- Who has nothing but a function that its owner's rights stand behind.
CREATE FUNCTION public.grants_inbox(handle text)
RETURNS SETOF text SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT g.handle
	FROM public.cruddur_list_message_groups(grants_inbox.handle) AS g;
END;
ALTER FUNCTION public.grants_inbox OWNER TO grants_app;
SET ROLE grants_guest;
SELECT * FROM public.grants_inbox('bayko');
SELECT pg_temp.attempt('SELECT cruddur_list_message_groups(''bayko'')');
SELECT pg_temp.attempt('SELECT cruddur_user_short(''bayko'')');

-- A guest's own server does not lend itself to the owner's rights.
RESET ROLE;
GRANT USAGE ON FOREIGN DATA WRAPPER cruddur_ddb TO grants_guest;
SET ROLE grants_guest;
CREATE SERVER grants_trap FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint 'http://127.0.0.1:1', region 'us-east-1');
SET cruddur_ddb.server = 'grants_trap';
SELECT pg_temp.attempt('SELECT public.grants_inbox(''bayko'')');
RESET cruddur_ddb.server;
SET cruddur_ddb.log_requests = on;
RESET ROLE;

DROP SERVER grants_trap;
DROP FUNCTION public.grants_inbox;
SELECT cruddur_drop_table('sql-grants')->>'TableName' AS dropped;
DROP USER MAPPING FOR grants_app SERVER cruddur;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
DROP TABLE public.users;
DROP OWNED BY grants_app, grants_guest;
DROP ROLE grants_app, grants_guest;
