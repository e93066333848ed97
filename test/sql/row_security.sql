--
-- Row-level security of the users relation holds for every function that looks
-- users up: what a role may not see, it cannot read as, write as, or write to.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1',
		table_name 'sql-row-security');
CREATE USER MAPPING FOR PUBLIC SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL,
	tenant text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown',
		'1', 'red'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2',
		'red'),
	('c3c3c3c3-0000-4000-8000-00000000000c', 'Londo', 'londo', '3', 'blue');
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SELECT cruddur_seed('andrewbrown', 'bayko');
SELECT message_group_uuid AS blue
FROM cruddur_create_message_group('londo', 'bayko', 'From blue to red') \gset

CREATE ROLE security_red;
CREATE ROLE security_free BYPASSRLS;
GRANT USAGE ON FOREIGN SERVER cruddur TO security_red, security_free;
GRANT SELECT ON users TO security_red, security_free;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO security_red, security_free;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY red ON users TO security_red USING (tenant = 'red');

CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n || ' rows';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE TEMP TABLE calls (n serial, call text);
GRANT SELECT ON calls TO PUBLIC;
INSERT INTO calls (call) VALUES
	('cruddur_user_short(''londo'')'),
	('cruddur_handle(''3'')'),
	('cruddur_list_message_groups(''londo'')'),
	(format('cruddur_list_messages(''londo'', %L)', :'blue')),
	(format('cruddur_create_message(''londo'', %L, ''hi'')', :'blue')),
	('cruddur_create_message_group(''londo'', ''bayko'', ''hi'')'),
	('cruddur_create_message_group(''bayko'', ''londo'', ''hi'')'),
	('cruddur_seed(''londo'', ''bayko'', gen_random_uuid())'),
	('cruddur_seed(''bayko'', ''londo'', gen_random_uuid())');

-- who is seen, and who is not
SET ROLE security_red;
SELECT handle FROM users ORDER BY handle;
SELECT split_part(call, '(', 1) AS call,
	pg_temp.attempt('SELECT * FROM ' || call) FROM calls ORDER BY n;
SELECT handle FROM cruddur_user_short('bayko');
SELECT count(*) FROM cruddur_list_messages('bayko',
	'5ae290ed-55d1-47a0-bc6d-fe2bc2700399', 1000);
SELECT handle FROM cruddur_create_message('bayko',
	'5ae290ed-55d1-47a0-bc6d-fe2bc2700399', 'hi');
-- What one is a member of is one's own, whoever the other member is.
SELECT handle, message FROM cruddur_list_message_groups('bayko')
ORDER BY handle;

-- asked to fail rather than to filter
SET row_security = off;
SELECT pg_temp.attempt('SELECT cruddur_user_short(''bayko'')');
RESET row_security;
SELECT pg_temp.attempt('SELECT cruddur_user_short(''bayko'')');

-- A kept plan is each role's own.
SET ROLE security_free;
SELECT handle FROM cruddur_user_short('londo');
SET ROLE security_red;
SELECT pg_temp.attempt('SELECT cruddur_user_short(''londo'')');

-- The policy is asked when the function runs.
RESET ROLE;
ALTER POLICY red ON users
	USING (tenant = current_setting('security.tenant', true));
SET ROLE security_red;
SELECT pg_temp.attempt('SELECT cruddur_user_short(''bayko'')');
SET security.tenant = 'blue';
SELECT handle FROM cruddur_user_short('londo');
SELECT pg_temp.attempt('SELECT cruddur_user_short(''bayko'')');

-- The owner is exempt unless it is forced.
RESET ROLE;
ALTER TABLE users OWNER TO security_red;
SET ROLE security_red;
SELECT handle FROM cruddur_user_short('bayko');
ALTER TABLE users FORCE ROW LEVEL SECURITY;
SELECT pg_temp.attempt('SELECT cruddur_user_short(''bayko'')');

RESET ROLE;
RESET security.tenant;
SELECT cruddur_drop_table('sql-row-security')->>'TableName' AS dropped;
DROP SERVER cruddur CASCADE;
DROP TABLE users;
DROP OWNED BY security_red, security_free;
DROP ROLE security_red, security_free;
