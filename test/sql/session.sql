--
-- Servers and user mappings that are altered, dropped and changed in
-- mid-session.
--
\pset format unaligned
\getenv endpoint DDB_ENDPOINT
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM,
		replace(NULLIF(hint, ''), CURRENT_USER, 'CURRENT_USER'));
END
$$;
CREATE FUNCTION pg_temp.ask() RETURNS text
LANGUAGE sql RETURN pg_temp.attempt('SELECT cruddur_list_tables()');
CREATE FUNCTION pg_temp.connections(OUT server text, OUT is_mine boolean,
	OUT is_there boolean, OUT active_requests int, OUT valid boolean)
RETURNS SETOF record
BEGIN ATOMIC
	SELECT server, user_name = CURRENT_USER,
		starts_with(endpoint, current_setting('session.endpoint')),
		active_requests, valid
	FROM cruddur_ddb_connections();
END;
SELECT set_config('session.endpoint', :'endpoint', false) = '' AS unset;

-- no server, no user mapping, half a mapping, a whole one
SELECT cruddur_ddb_disconnect();
SELECT pg_temp.ask();
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', max_attempts '1');
SELECT regexp_replace(pg_temp.ask(), '"[^"]*"', '"..."');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur;
SELECT pg_temp.ask();
ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (ADD access_key_id 'local');
SELECT pg_temp.ask();
ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (ADD secret_access_key 'local');
SELECT pg_temp.ask();
SELECT * FROM pg_temp.connections();

-- The mapping is altered while a connection is kept open.
ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (DROP access_key_id);
SELECT pg_temp.ask();
ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (ADD access_key_id 'local');
SELECT pg_temp.ask();

-- the server: no one listens there, and back
ALTER SERVER cruddur OPTIONS (SET endpoint 'http://127.0.0.1:1');
SELECT pg_temp.ask();
SELECT pg_temp.ask();
SELECT is_there, valid FROM pg_temp.connections();
ALTER SERVER cruddur OPTIONS (SET endpoint :'endpoint');
SELECT pg_temp.ask();
SELECT is_there, valid FROM pg_temp.connections();

-- An alteration that is rolled back leaves things as they were.
BEGIN;
ALTER SERVER cruddur OPTIONS (SET endpoint 'http://127.0.0.1:1');
SELECT left(pg_temp.ask(), 5);
ROLLBACK;
SELECT pg_temp.ask();
BEGIN;
SAVEPOINT s;
ALTER SERVER cruddur OPTIONS (SET endpoint 'http://127.0.0.1:1');
SELECT left(pg_temp.ask(), 5);
ROLLBACK TO s;
SELECT pg_temp.ask();
COMMIT;

-- The mapping of PUBLIC serves where there is no own one.
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
SELECT left(pg_temp.ask(), 5);
CREATE USER MAPPING FOR PUBLIC SERVER cruddur
	OPTIONS (access_key_id 'local', secret_access_key 'local');
SELECT pg_temp.ask();
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur;
SELECT left(pg_temp.ask(), 5);
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
SELECT pg_temp.ask();

-- dropped, and made anew under the same name
DROP SERVER cruddur CASCADE;
SELECT left(pg_temp.ask(), 5);
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint 'http://127.0.0.1:1', region 'us-east-1',
		max_attempts '1');
CREATE USER MAPPING FOR PUBLIC SERVER cruddur
	OPTIONS (access_key_id 'local', secret_access_key 'local');
SELECT left(pg_temp.ask(), 5);
ALTER SERVER cruddur RENAME TO "Other ""Server";
SELECT left(pg_temp.ask(), 5);

-- another server, by the setting
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR PUBLIC SERVER cruddur
	OPTIONS (access_key_id 'local', secret_access_key 'local');
SELECT pg_temp.ask();
SET cruddur_ddb.server = 'Other "Server';
SELECT pg_temp.ask();
BEGIN;
SET LOCAL cruddur_ddb.server = 'cruddur';
SELECT pg_temp.ask();
COMMIT;
SELECT left(pg_temp.ask(), 5);
SET cruddur_ddb.server = 'nowhere';
SELECT pg_temp.ask();
CREATE FOREIGN DATA WRAPPER session_other;
CREATE SERVER session_foreign FOREIGN DATA WRAPPER session_other;
SET cruddur_ddb.server = 'session_foreign';
SELECT pg_temp.ask();
SET cruddur_ddb.server = '';
SELECT left(pg_temp.ask(), 5);
RESET cruddur_ddb.server;

-- closing: twice is harmless, and the next call opens again
SELECT pg_temp.ask();
SET cruddur_ddb.server = 'Other "Server';
SELECT left(pg_temp.ask(), 5);
RESET cruddur_ddb.server;
SELECT server FROM pg_temp.connections() ORDER BY server COLLATE "C";
SELECT cruddur_ddb_disconnect(), cruddur_ddb_disconnect() AS again;
SELECT * FROM pg_temp.connections();
SELECT pg_temp.ask();
SELECT * FROM pg_temp.connections();

DROP SERVER cruddur CASCADE;
DROP SERVER "Other ""Server" CASCADE;
DROP FOREIGN DATA WRAPPER session_other CASCADE;
