--
-- The users of the application: found in any relation that the server option
-- users_table names, whatever the session's search_path is, as the role that
-- asks.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('A1A1A1A1-0000-4000-8000-00000000000A', 'Andrew Brown', 'andrewbrown',
		'cognito-1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko',
		'cognito-2');

-- No user mapping is needed: nothing is asked of DynamoDB.
SELECT * FROM cruddur_user_short('andrewbrown');
SELECT cruddur_handle('cognito-2');
SELECT pg_temp.attempt($$SELECT cruddur_handle('bayko')$$);
SELECT pg_temp.attempt($$SELECT cruddur_user_short('%')$$);

-- A search_path that leads astray: another relation, an operator that always
-- holds, a type, and functions of the same names.
CREATE SCHEMA hostile;
CREATE TABLE hostile.users AS
SELECT uuid, 'Mallory' AS display_name, handle, cognito_user_id FROM users;
CREATE TEMP TABLE users AS TABLE hostile.users;
CREATE FUNCTION hostile.always(text, text) RETURNS boolean
LANGUAGE sql RETURN true;
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text,
	FUNCTION = hostile.always);
CREATE DOMAIN hostile.uuid AS text CHECK (false);
CREATE DOMAIN hostile.text AS pg_catalog.text CHECK (false);
CREATE FUNCTION hostile.cruddur_handle(pg_catalog.text)
RETURNS pg_catalog.text LANGUAGE sql RETURN 'mallory';
SET search_path = pg_temp, hostile, pg_catalog, public;
SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text AS is_hostile;
SELECT * FROM cruddur_user_short('bayko');
SELECT public.cruddur_handle('cognito-1');
SELECT pg_temp.attempt($$SELECT public.cruddur_user_short('nobody')$$);
RESET search_path;
DROP TABLE pg_temp.users;

-- another relation, its name quoted; then the first again
CREATE SCHEMA "My ""Schema""";
CREATE TABLE "My ""Schema"""."User.s" AS
SELECT uuid, 'Quoted ' || handle AS display_name, handle, cognito_user_id
FROM users;
ALTER SERVER cruddur
	OPTIONS (ADD users_table '"My ""Schema"""."User.s"');
SELECT * FROM cruddur_user_short('bayko');
SELECT cruddur_handle('cognito-1');
-- It is a name, whatever is in it, and never a piece of SQL.
ALTER SERVER cruddur OPTIONS (SET users_table 'public.users,pg_class');
SELECT pg_temp.attempt($$SELECT cruddur_user_short('bayko')$$);
ALTER SERVER cruddur OPTIONS (SET users_table 'hostile.users');
SELECT display_name FROM cruddur_user_short('bayko');
ALTER SERVER cruddur OPTIONS (DROP users_table);
SELECT display_name FROM cruddur_user_short('bayko');

-- The relation is altered, dropped and made anew in mid-session.
ALTER TABLE users ALTER handle TYPE varchar(20),
	ALTER display_name TYPE char(20), ALTER cognito_user_id TYPE varchar,
	ALTER uuid TYPE text;
SELECT * FROM cruddur_user_short('bayko');
SELECT cruddur_handle('cognito-1'), pg_typeof(cruddur_handle('cognito-1'));
UPDATE users SET display_name = 'A. Bayko' WHERE handle = 'bayko';
SELECT display_name FROM cruddur_user_short('bayko');
DROP TABLE users;
SELECT pg_temp.attempt($$SELECT cruddur_user_short('bayko')$$);
CREATE VIEW public.users AS SELECT cognito_user_id, handle || '' AS handle,
	upper(display_name) AS display_name, uuid FROM hostile.users;
SELECT * FROM cruddur_user_short('bayko');
DROP VIEW users;
CREATE TABLE public.users (handle text);
SELECT pg_temp.attempt($$SELECT cruddur_user_short('bayko')$$);
DROP TABLE users;
CREATE TABLE public.users AS
SELECT uuid, handle AS display_name, handle, cognito_user_id
FROM hostile.users;
SELECT * FROM cruddur_user_short('bayko');

-- What the role may not see, it does not find.
CREATE ROLE users_clerk;
GRANT USAGE ON FOREIGN SERVER cruddur TO users_clerk;
SET ROLE users_clerk;
SELECT pg_temp.attempt($$SELECT cruddur_user_short('bayko')$$);
RESET ROLE;
GRANT SELECT ON users TO users_clerk;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_bayko ON users USING (handle <> 'bayko');
SET ROLE users_clerk;
SELECT handle FROM cruddur_user_short('andrewbrown');
SELECT pg_temp.attempt($$SELECT cruddur_user_short('bayko')$$);
SELECT pg_temp.attempt($$SELECT cruddur_handle('cognito-2')$$);
RESET ROLE;
SELECT handle FROM cruddur_user_short('bayko');
SET ROLE users_clerk;
SELECT pg_temp.attempt($$SELECT cruddur_user_short('bayko')$$);
RESET ROLE;
ALTER TABLE users DISABLE ROW LEVEL SECURITY;
SET ROLE users_clerk;
SELECT handle FROM cruddur_user_short('bayko');
RESET ROLE;

-- Columns alone are enough of a privilege, and each is needed.
REVOKE SELECT ON users FROM users_clerk;
GRANT SELECT (uuid, handle, display_name) ON users TO users_clerk;
SET ROLE users_clerk;
SELECT handle FROM cruddur_user_short('bayko');
SELECT pg_temp.attempt($$SELECT cruddur_handle('cognito-2')$$);
RESET ROLE;

DROP SERVER cruddur;
DROP TABLE users;
DROP ROLE users_clerk;
DROP SCHEMA "My ""Schema""" CASCADE;
SET client_min_messages = warning;
DROP SCHEMA hostile CASCADE;
