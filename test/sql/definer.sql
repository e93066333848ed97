--
-- Functions that lend their owner's rights: they do what they are for, and
-- nothing of their caller's runs with these rights, whatever the caller's
-- search_path, settings and servers are.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', table_name 'sql-definer');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2'),
	('c3c3c3c3-0000-4000-8000-00000000000c', 'Londo', 'londo', '3');
SELECT cruddur_schema_load()->>'TableStatus' AS status;

-- The owner of the functions has rights, the guest has only the functions.
CREATE ROLE definer_app;
CREATE ROLE definer_guest;
GRANT USAGE ON FOREIGN SERVER cruddur TO definer_app;
GRANT SELECT ON users TO definer_app;
GRANT SELECT, INSERT, UPDATE, DELETE
	ON cruddur_stream_shards, cruddur_stream_failures TO definer_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO definer_app;
CREATE USER MAPPING FOR definer_app SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE FOREIGN TABLE items (pk text COLLATE "C", sk text COLLATE "C",
	message text COLLATE "C", user_uuid uuid, sent_at timestamptz
	OPTIONS (attribute 'sk')) SERVER cruddur
	OPTIONS (table_name 'sql-definer');
GRANT SELECT, INSERT, UPDATE, DELETE ON items TO definer_app;

-- What they run is qualified; what the extension does is its own affair.
CREATE SCHEMA definer AUTHORIZATION definer_app;
GRANT USAGE ON SCHEMA definer TO definer_guest;
SET ROLE definer_app;
CREATE FUNCTION definer.groups(handle text) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN QUERY SELECT g.handle
	FROM public.cruddur_list_message_groups($1) AS g;
END $$;
CREATE FUNCTION definer.messages(handle text, message_group_uuid uuid)
RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN QUERY SELECT m.message
	FROM public.cruddur_list_messages($1, $2) AS m;
END $$;
CREATE FUNCTION definer.send(handle text, message_group_uuid uuid, message text)
RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN QUERY SELECT m.message
	FROM public.cruddur_create_message($1, $2, $3) AS m;
END $$;
CREATE FUNCTION definer.open(handle text, receiver_handle text, message text)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN (SELECT g.message_group_uuid
	FROM public.cruddur_create_message_group($1, $2, $3) AS g);
END $$;
CREATE FUNCTION definer.seed(handle text, other_handle text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN public.cruddur_seed($1, $2);
END $$;
CREATE FUNCTION definer.handle(cognito_user_id text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN public.cruddur_handle($1);
END $$;
CREATE FUNCTION definer.process_stream() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN public.cruddur_process_stream();
END $$;
CREATE FUNCTION definer.deliver() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN public.cruddur_outbox_deliver();
END $$;
CREATE FUNCTION definer.retry(id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN public.cruddur_outbox_retry($1);
END $$;
CREATE FUNCTION definer.items(pk text) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN QUERY SELECT i.message FROM public.items AS i
	WHERE i.pk OPERATOR(pg_catalog.=) $1 ORDER BY i.sk;
END $$;
CREATE FUNCTION definer.put(pk text, sk text, message text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO public.items VALUES ($1, $2, $3);
	UPDATE public.items AS i SET message = 'changed'
	WHERE i.pk OPERATOR(pg_catalog.=) $1;
	DELETE FROM public.items AS i WHERE i.pk OPERATOR(pg_catalog.=) $1;
END $$;
RESET ROLE;

-- Everything of the guest's that might be taken for something else says so.
CREATE SCHEMA hostile AUTHORIZATION definer_guest;
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
SET ROLE definer_guest;
CREATE TABLE hostile.users (uuid uuid, display_name text, handle text,
	cognito_user_id text);
CREATE TABLE hostile.items (pk text, sk text, message text);
CREATE TABLE hostile.cruddur_outbox (id bigint);
CREATE TABLE hostile.cruddur_stream_shards (server text);
CREATE TABLE hostile.cruddur_stream_failures (server text);
CREATE TABLE hostile.pg_extension (extname name, extnamespace oid, oid oid);
CREATE TABLE hostile.pg_namespace (nspname name, oid oid);
CREATE FUNCTION hostile.caught(what text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	RAISE WARNING 'hostile % as %', $1, current_user;
END $$;
GRANT EXECUTE ON FUNCTION hostile.caught TO PUBLIC;
-- each operator of each pair of types that our statements have, or may have
DO $$
DECLARE
	o record;
BEGIN
	FOR o IN SELECT oprname AS name, oprleft::regtype AS l,
			oprright::regtype AS r, oprresult::regtype AS result, oid
		FROM pg_operator
		WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprleft <> 0
			AND oprname IN ('=', '<>', '<', '<=', '>', '>=', '+', '-', '*',
				'||', '&&', '@>', '<@', '~~', '^@', '->', '->>')
			AND oprleft = ANY ('{text,name,oid,uuid,int2,int4,int8,float8,
				numeric,bool,bytea,timestamptz,interval,jsonb,text[],bigint[],
				anyarray,anycompatiblearray,anynonarray,"\"char\""}'::regtype[])
	LOOP
		EXECUTE format('CREATE FUNCTION hostile.o%s(%s, %s) RETURNS %s '
			'LANGUAGE plpgsql AS $f$ BEGIN '
			'PERFORM hostile.caught(%L); RETURN NULL; END $f$',
			o.oid, o.l, o.r, o.result, o.name);
		EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, '
			'RIGHTARG = %s, FUNCTION = hostile.o%s)', o.name, o.l, o.r, o.oid);
	END LOOP;
END $$;
SELECT count(*) > 100 AS operators FROM pg_operator
WHERE oprnamespace = 'hostile'::regnamespace;
-- functions, with the arguments that ours are called with; columns by that
-- name of a relation that lacks them
DO $$
DECLARE
	f record;
	name text;
BEGIN
	FOR f IN SELECT p.oid, proname AS name,
			pg_get_function_identity_arguments(p.oid) AS args,
			prorettype::regtype AS result
		FROM pg_proc p
		WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'
			AND proname IN ('now', 'clock_timestamp', 'to_timestamp', 'ceil',
				'date_part', 'extract', 'greatest', 'convert_from', 'text',
				'uuid', 'int4', 'int8', 'float8', 'numeric', 'bool', 'nextval',
				'gen_random_uuid', 'array_position')
	LOOP
		EXECUTE format('CREATE FUNCTION hostile.%I(%s) RETURNS %s '
			'LANGUAGE plpgsql AS $f$ BEGIN '
			'PERFORM hostile.caught(%L); RETURN NULL; END $f$',
			f.name, f.args, f.result, f.name);
	END LOOP;
	FOREACH name IN ARRAY '{uuid,handle,display_name,cognito_user_id}'::text[]
	LOOP
		EXECUTE format('CREATE FUNCTION hostile.%I(public.users) RETURNS text '
			'LANGUAGE plpgsql AS $f$ BEGIN '
			'PERFORM hostile.caught(%L); RETURN NULL; END $f$', name, name);
	END LOOP;
END $$;
SELECT count(*) > 40 AS functions FROM pg_proc
WHERE pronamespace = 'hostile'::regnamespace AND proname NOT LIKE 'o%';
CREATE DOMAIN hostile.uuid AS pg_catalog.text CHECK (false);
CREATE DOMAIN hostile.text AS pg_catalog.text CHECK (false);
CREATE DOMAIN hostile.numeric AS pg_catalog.text CHECK (false);
CREATE DOMAIN hostile.timestamptz AS pg_catalog.text CHECK (false);
CREATE DOMAIN hostile.int8 AS pg_catalog.text CHECK (false);
CREATE TEMP TABLE users (handle pg_catalog.text);
CREATE TEMP TABLE cruddur_outbox (id pg_catalog.int8);

-- It would be caught.
SET search_path = hostile, pg_temp, pg_catalog, public;
SELECT 'a'::pg_catalog.text = 'b' AS operator, ceil(1.5) AS function;

-- in each write mode, with no plan made yet
\set time '2026-11-22T07:59:25.651123+00:00'
SELECT definer.open('andrewbrown', 'bayko', 'Hello') AS "group" \gset
SELECT definer.groups('bayko');
SELECT definer.messages('bayko', :'group');
SELECT definer.send('bayko', :'group', 'Hello yourself');
SELECT definer.messages('bayko', :'group');
SELECT definer.seed('bayko', 'londo');
SELECT definer.handle('3');
SELECT definer.process_stream() AS applied \gset
SELECT definer.put('P#1', :'time', 'a');
SELECT definer.items('P#1');
SET cruddur_ddb.write_mode = 'immediate';
SELECT definer.send('bayko', :'group', 'at once');
SELECT definer.put('P#1', :'time', 'a');
SET cruddur_ddb.write_mode = 'outbox';
SELECT definer.send('bayko', :'group', 'later');
SELECT definer.put('P#2', :'time', 'a');
SELECT definer.retry(0);
SELECT definer.deliver() AS delivered \gset
RESET cruddur_ddb.write_mode;
SELECT definer.messages('bayko', :'group');
SELECT definer.process_stream() AS applied \gset
RESET search_path;
SELECT :'applied'::int >= 0 AS applied, :'delivered'::int AS delivered;

-- a relation of users that lacks a column
RESET ROLE;
ALTER TABLE public.users DROP cognito_user_id;
SET ROLE definer_guest;
SET search_path = hostile, pg_temp, pg_catalog, public;
\set VERBOSITY terse
SELECT definer.handle('3');
SELECT definer.groups('bayko');
\set VERBOSITY default

-- A server of the guest's own, open to the owner of the functions, with a view
-- of users that has a function in it.
RESET ROLE;
RESET search_path;
GRANT USAGE ON FOREIGN DATA WRAPPER cruddur_ddb TO definer_guest;
SET ROLE definer_guest;
CREATE FUNCTION hostile.spy(handle text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM hostile.caught('view');
	RETURN handle;
END $$;
CREATE VIEW hostile.trap AS SELECT pg_catalog.gen_random_uuid() AS uuid,
	hostile.spy('bayko') AS handle, 'x'::pg_catalog.text AS display_name,
	'3'::pg_catalog.text AS cognito_user_id;
GRANT SELECT ON hostile.trap TO PUBLIC;
CREATE SERVER definer_trap FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint 'http://127.0.0.1:1', region 'us-east-1',
		users_table 'hostile.trap', max_attempts '1');
GRANT USAGE ON FOREIGN SERVER definer_trap TO definer_app;
CREATE USER MAPPING FOR definer_app SERVER definer_trap
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SET cruddur_ddb.server = 'definer_trap';
SELECT cruddur_handle('3');
SELECT definer.handle('3');
SELECT definer.groups('bayko');
SELECT set_config('cruddur_ddb.server', 'definer_trap', false);
SELECT definer.groups('bayko');
-- It was made before the library was loaded.
\c -
SET SESSION AUTHORIZATION definer_guest;
SET cruddur_ddb.server = 'definer_trap';
SELECT definer.groups('bayko');
RESET cruddur_ddb.server;
SELECT definer.groups('bayko');

-- Whoever may be the owner of the functions anyway can choose for it, and a
-- function can choose for itself.
RESET SESSION AUTHORIZATION;
GRANT definer_app TO definer_guest;
SET ROLE definer_guest;
SET cruddur_ddb.server = 'definer_trap';
SELECT definer.handle('3');
RESET ROLE;
REVOKE definer_app FROM definer_guest;
ALTER FUNCTION definer.handle SET cruddur_ddb.server = 'definer_trap';
ALTER FUNCTION definer.groups SET cruddur_ddb.server = 'cruddur';
SET ROLE definer_guest;
SELECT definer.handle('3');
SELECT definer.groups('bayko');
-- It chose so while its own server was another's.
SET cruddur_ddb.server = 'definer_trap';
SELECT definer.groups('bayko');
RESET cruddur_ddb.server;

-- A server of a role that the owner of the functions belongs to is its own.
RESET ROLE;
ALTER FUNCTION definer.groups RESET cruddur_ddb.server;
CREATE ROLE definer_team;
GRANT USAGE ON FOREIGN DATA WRAPPER cruddur_ddb TO definer_team;
ALTER SERVER cruddur OWNER TO definer_team;
SET ROLE definer_guest;
SELECT definer.groups('bayko');
RESET ROLE;
GRANT definer_team TO definer_app;
SET ROLE definer_guest;
SELECT definer.groups('bayko');
RESET ROLE;
ALTER SERVER cruddur OWNER TO CURRENT_USER;

SELECT cruddur_drop_table('sql-definer')->>'TableName' AS dropped;
DELETE FROM cruddur_stream_shards WHERE table_name = 'sql-definer';
SET client_min_messages = warning;
DROP OWNED BY definer_app, definer_guest, definer_team CASCADE;
DROP SERVER cruddur CASCADE;
DROP TABLE users;
DROP ROLE definer_app, definer_guest, definer_team;
