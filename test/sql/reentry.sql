--
-- Functions called from within each other: a look-up whose view asks for other
-- users, and a message that is sent by a trigger, at COMMIT too.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1',
		table_name 'sql-reentry', users_table 'public.users_view');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE SERVER reentry_other FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1',
		users_table 'public.nothing');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2');

-- A view whose functions ask for users of another relation, and make plans of
-- their own, while the look-up in the view runs.
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE FUNCTION reentry_one() RETURNS int
LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION reentry_digress(name text) RETURNS text
LANGUAGE plpgsql SET cruddur_ddb.server = 'reentry_other' AS $$
BEGIN
	PERFORM pg_temp.attempt($a$SELECT cruddur_user_short('bayko')$a$);
	FOR i IN 1..40 LOOP
		EXECUTE format('PREPARE %I AS SELECT reentry_one()', name || i);
		EXECUTE format('EXECUTE %I', name || i);
	END LOOP;
	DEALLOCATE ALL;
	RETURN name;
END
$$;
CREATE VIEW public.users_view AS SELECT uuid, display_name,
	reentry_digress(handle) AS handle, cognito_user_id FROM users;
SELECT handle FROM cruddur_user_short('bayko');
SELECT handle FROM cruddur_user_short('andrewbrown');
SELECT handle FROM cruddur_user_short('bayko');

-- a message for each row, by a trigger; a bad one takes its row with it
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SELECT message_group_uuid AS group
FROM cruddur_create_message_group('andrewbrown', 'bayko', 'one') \gset
CREATE TABLE reentry_outgoing (sender text, message_group uuid, message text);
CREATE FUNCTION reentry_send() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM cruddur_create_message(NEW.sender, NEW.message_group, NEW.message);
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER send AFTER INSERT ON reentry_outgoing
	DEFERRABLE INITIALLY IMMEDIATE
	FOR EACH ROW EXECUTE FUNCTION reentry_send();
INSERT INTO reentry_outgoing VALUES ('bayko', :'group', 'two');
\set VERBOSITY sqlstate
INSERT INTO reentry_outgoing VALUES ('bayko', :'group', '');

-- The same at COMMIT.  An exception that is caught there, a deferred trigger's,
-- trips an assertion of PostgreSQL's own (RollbackAndReleaseCurrentSubTransaction).
SELECT current_setting('debug_assertions') AS has_assertions \gset
\if :has_assertions
CREATE OR REPLACE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE sql AS 'SELECT statement';
\endif
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO reentry_outgoing VALUES ('andrewbrown', :'group', 'three');
SELECT handle, message FROM cruddur_list_messages('bayko', :'group');
COMMIT;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO reentry_outgoing VALUES ('nobody', :'group', 'four');
COMMIT;
SELECT handle, message FROM cruddur_list_messages('bayko', :'group');
SELECT sender, message FROM reentry_outgoing ORDER BY message DESC;

SELECT 1 AS dropped FROM cruddur_drop_table('sql-reentry');
DROP TABLE reentry_outgoing;
DROP VIEW users_view;
DROP TABLE users;
DROP FUNCTION reentry_one, reentry_digress, reentry_send;
DROP SERVER cruddur CASCADE;
DROP SERVER reentry_other;
