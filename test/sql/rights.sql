--
-- What someone who is no superuser may not do, although they own a server: each
-- is refused. EXECUTE and USAGE are in grants.sql, SECURITY DEFINER in
-- definer.sql, row-level security in row_security.sql.
--
\getenv endpoint DDB_ENDPOINT
\pset format unaligned
\pset tuples_only on
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', table_name 'sql-rights');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE ROLE rights_mallory;
CREATE ROLE rights_victim;
GRANT USAGE ON FOREIGN DATA WRAPPER cruddur_ddb TO rights_mallory;
GRANT USAGE ON FOREIGN SERVER cruddur TO rights_mallory, rights_victim;
GRANT EXECUTE ON FUNCTION cruddur_list_tables() TO rights_mallory;
GRANT CREATE, USAGE ON SCHEMA public TO rights_mallory, rights_victim;
CREATE USER MAPPING FOR rights_victim SERVER cruddur
	OPTIONS (access_key_id 'victim', secret_access_key 'victims-secret');
CREATE FOREIGN TABLE public.victims (pk text) SERVER cruddur;
ALTER TABLE public.victims OWNER TO rights_victim;

-- What a statement comes to: SQLSTATE, message and hint.
CREATE SCHEMA rights;
GRANT USAGE ON SCHEMA rights TO PUBLIC;
CREATE FUNCTION rights.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM, NULLIF(hint, ''));
END
$$;

SET SESSION AUTHORIZATION rights_mallory;
CREATE SERVER mallorys FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER mallorys
	OPTIONS (access_key_id 'a', secret_access_key 'b');

-- checks that would be off: on a server, and on one that is being made
SELECT option, rights.attempt(format(
	'ALTER SERVER mallorys OPTIONS (ADD %I %L)', option, value)),
	rights.attempt(format('CREATE SERVER more FOREIGN DATA WRAPPER'
		' cruddur_ddb OPTIONS (region ''us-east-1'', %I %L)', option, value))
FROM (VALUES ('ca_file', '/tmp/own.pem'), ('allow_http', 'true'),
	('endpoint', 'http://dynamodb.example.com')) AS v (option, value);
-- There are no such options to turn the rest off.
SELECT option, left(rights.attempt(format(
	'ALTER SERVER mallorys OPTIONS (ADD %I %L)', option, 'false')), 5)
FROM unnest('{verify,sslmode,insecure,proxy}'::text[]) AS option;

-- the host's keys: for oneself, for others, by changing what one has
SELECT rights.attempt(format('ALTER USER MAPPING FOR CURRENT_USER SERVER'
	' mallorys OPTIONS (ADD %s)', option)),
	rights.attempt(format('CREATE USER MAPPING FOR rights_victim SERVER'
		' mallorys OPTIONS (%s)', option))
FROM unnest(ARRAY['credential_source ''host''', 'profile ''default''',
	'role_arn ''arn:aws:iam::123456789012:role/r'', profile ''default''']
) AS option;
SELECT rights.attempt('ALTER USER MAPPING FOR CURRENT_USER SERVER mallorys'
	' OPTIONS (ADD credential_source ''static'','
	' ADD role_arn ''arn:aws:iam::123456789012:role/r'')');
RESET SESSION AUTHORIZATION;
ALTER USER MAPPING FOR rights_mallory SERVER mallorys
	OPTIONS (SET credential_source 'host', DROP access_key_id,
		DROP secret_access_key);
SET SESSION AUTHORIZATION rights_mallory;
SELECT rights.attempt(format('ALTER USER MAPPING FOR CURRENT_USER SERVER'
	' mallorys OPTIONS (%s)', change))
FROM unnest(ARRAY['DROP role_arn', 'ADD external_id ''x''',
	'SET role_arn ''arn:aws:iam::123456789012:role/other''']) AS change;
-- and by sending what they sign to a host of one's own
SET cruddur_ddb.server = 'mallorys';
SELECT option, rights.attempt(format(
	'ALTER SERVER mallorys OPTIONS (ADD %I %L)', option, 'https://localhost:1')),
	rights.attempt('SELECT cruddur_list_tables()'),
	rights.attempt(format('ALTER SERVER mallorys OPTIONS (DROP %I)', option))
FROM unnest('{endpoint,streams_endpoint,cognito_endpoint,
	sts_endpoint}'::text[]) AS option;
RESET cruddur_ddb.server;
-- Keys of one's own may be had instead.
DROP USER MAPPING FOR CURRENT_USER SERVER mallorys;
CREATE USER MAPPING FOR CURRENT_USER SERVER mallorys
	OPTIONS (access_key_id 'a', secret_access_key 'b');

-- others' servers
SELECT rights.attempt(statement)
FROM unnest(ARRAY['ALTER SERVER cruddur OPTIONS (SET endpoint ''https://x'')',
	'ALTER SERVER cruddur OWNER TO rights_mallory', 'DROP SERVER cruddur',
	'ALTER FOREIGN DATA WRAPPER cruddur_ddb NO VALIDATOR',
	'CREATE FOREIGN DATA WRAPPER w HANDLER cruddur_ddb_fdw_handler']
) AS statement;

-- others' keys, looked at
SELECT srvname, usename, umoptions FROM pg_user_mappings
WHERE usename LIKE 'rights\_%' ORDER BY 1, 2;
SELECT foreign_server_name, authorization_identifier, option_name, option_value
FROM information_schema.user_mapping_options
WHERE authorization_identifier LIKE 'rights\_%' ORDER BY 1, 2, 3;
SELECT rights.attempt('TABLE pg_user_mapping');

-- others' keys, used
SELECT rights.attempt(statement)
FROM unnest(ARRAY['SELECT cruddur_list_tables()', 'TABLE public.victims',
	'CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur',
	'CREATE USER MAPPING FOR PUBLIC SERVER cruddur',
	'ALTER USER MAPPING FOR rights_victim SERVER cruddur OPTIONS (DROP session_token)',
	'DROP USER MAPPING FOR rights_victim SERVER cruddur']) AS statement;
DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER cruddur;
-- A table, a view or a function of one's own has one's own rights, as long as
-- one cannot give it away.
CREATE FOREIGN TABLE public.mine (pk text) SERVER cruddur;
SELECT rights.attempt('TABLE public.mine');
CREATE VIEW public.mallorys_view AS TABLE public.victims;
SELECT rights.attempt('TABLE public.mallorys_view');
CREATE FUNCTION public.mallorys_function() RETURNS SETOF text
SECURITY DEFINER LANGUAGE sql AS 'SELECT cruddur_list_tables()';
SELECT rights.attempt('SELECT public.mallorys_function()');
SELECT left(rights.attempt(statement), 5)
FROM unnest(ARRAY['SET ROLE rights_victim',
	'GRANT rights_victim TO rights_mallory',
	'ALTER VIEW public.mallorys_view OWNER TO rights_victim',
	'ALTER TABLE public.mine OWNER TO rights_victim',
	'ALTER FUNCTION public.mallorys_function OWNER TO rights_victim']) AS statement;

-- settings
SELECT name, rights.attempt(format('SET %s = %L', name, setting)),
	rights.attempt(format('ALTER ROLE rights_mallory SET %s = %L',
		name, setting)),
	rights.attempt(format('SELECT set_config(%L, %L, true)', name, setting))
FROM pg_settings WHERE name LIKE 'cruddur\_ddb.%' AND context = 'superuser'
ORDER BY name COLLATE "C";
SELECT count(*) > 3, bool_and(rights.attempt(
	format('SET %s = %L', name, setting)) LIKE '55P02 %')
FROM pg_settings
WHERE name LIKE 'cruddur\_ddb.%' AND context NOT IN ('user', 'superuser');
SELECT rights.attempt('RESET cruddur_ddb.full_scan');
ALTER SYSTEM SET cruddur_ddb.full_scan = allow;
SELECT rights.attempt('SET cruddur_ddb.tls_verify = off');
CREATE FUNCTION public.mallorys_function(allow boolean) RETURNS text
LANGUAGE sql RETURN current_setting('cruddur_ddb.full_scan');
SELECT rights.attempt('ALTER FUNCTION public.mallorys_function(boolean)'
	' SET cruddur_ddb.full_scan = allow');
SELECT rights.attempt('SELECT public.mallorys_function(true)');

-- What a superuser allowed for one endpoint is not allowed for the owner's next.
RESET SESSION AUTHORIZATION;
ALTER SERVER mallorys OPTIONS (ADD ca_file '/etc/ssl/own.pem',
	ADD endpoint 'http://dynamodb.example.com', ADD allow_http 'true');
SET SESSION AUTHORIZATION rights_mallory;
SELECT rights.attempt(statement)
FROM unnest(ARRAY[
	'ALTER SERVER mallorys OPTIONS (SET endpoint ''http://evil.example.com'')',
	'ALTER SERVER mallorys OPTIONS (SET region ''eu-west-1'')']) AS statement;

RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP OWNED BY rights_mallory, rights_victim;
DROP SERVER cruddur CASCADE;
DROP SCHEMA rights CASCADE;
DROP ROLE rights_mallory, rights_victim;
