--
-- Every fault that the caller can make: SQLSTATE and the constraint name that
-- a program reads; and that nothing is written.
--
\pset format unaligned
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', table_name 'sql-faults');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text,
	handle text, cognito_user_id text);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2'),
	('c3c3c3c3-0000-4000-8000-00000000000c', 'Londo Mollari', 'londo', '3');
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SELECT cruddur_seed('andrewbrown', 'bayko') AS written;

CREATE FUNCTION pg_temp.attempt(call text, OUT code text, OUT name text,
	OUT message text, OUT detail text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT * FROM cruddur_' || replace(call, 'GROUP',
		quote_literal('5ae290ed-55d1-47a0-bc6d-fe2bc2700399'));
	code := 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, name = CONSTRAINT_NAME,
		message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	detail := nullif(detail, '');
END
$$;

-- name and code of each
CREATE TEMP TABLE calls (call text);
INSERT INTO calls VALUES
	($$create_message('bayko', GROUP, NULL)$$),
	($$create_message('bayko', GROUP, '')$$),
	($$create_message('bayko', GROUP, repeat('ж', 1025))$$),
	($$create_message('bayko', NULL, 'hi')$$),
	($$create_message(NULL, GROUP, 'hi')$$),
	($$create_message('', GROUP, 'hi')$$),
	($$create_message('nobody', GROUP, 'hi')$$),
	($$create_message('BAYKO', GROUP, 'hi')$$),
	($$create_message('londo', GROUP, 'hi')$$),
	($$create_message('bayko', gen_random_uuid(), 'hi')$$),
	($$create_message_group('bayko', 'londo', NULL)$$),
	($$create_message_group('bayko', 'londo', '')$$),
	($$create_message_group('bayko', 'londo', repeat('🦑', 1025))$$),
	($$create_message_group(NULL, 'londo', 'hi')$$),
	($$create_message_group('', 'londo', 'hi')$$),
	($$create_message_group('bayko', NULL, 'hi')$$),
	($$create_message_group('bayko', '', 'hi')$$),
	($$create_message_group('bayko', 'bayko', 'hi')$$),
	($$create_message_group('nobody', 'nobody', 'hi')$$),
	($$create_message_group('nobody', 'bayko', 'hi')$$),
	($$create_message_group('bayko', 'nobody', 'hi')$$),
	($$list_messages(NULL, GROUP)$$),
	($$list_messages('', GROUP)$$),
	($$list_messages('bayko', NULL)$$),
	($$list_messages('nobody', GROUP)$$),
	($$list_messages('londo', GROUP)$$),
	($$list_messages('bayko', gen_random_uuid())$$),
	($$list_messages('bayko', GROUP, 0)$$),
	($$list_messages('bayko', GROUP, 1001)$$),
	($$list_messages('bayko', GROUP, -2147483648)$$),
	($$list_messages('bayko', GROUP, year => 0)$$),
	($$list_messages('bayko', GROUP, year => 10000)$$),
	($$list_message_groups(NULL)$$),
	($$list_message_groups('')$$),
	($$list_message_groups('nobody')$$),
	($$list_message_groups('bayko', 0)$$),
	($$list_message_groups('bayko', 1001)$$),
	($$list_message_groups('bayko', year => -1)$$),
	($$handle(NULL)$$),
	($$handle('')$$),
	($$handle('nobody')$$),
	($$user_short(NULL)$$),
	($$user_short('')$$),
	($$user_short('nobody')$$),
	($$seed(NULL, 'bayko')$$),
	($$seed('', 'bayko')$$),
	($$seed('bayko', NULL)$$),
	($$seed('bayko', '')$$),
	($$seed('bayko', 'bayko')$$),
	($$seed('bayko', 'nobody')$$),
	($$seed('bayko', 'londo', NULL)$$),
	($$seed('bayko', 'londo')$$),
	($$seed('londo', 'bayko')$$),
	($$drop_table(NULL)$$),
	($$drop_table('')$$),
	($$scan('')$$);
SELECT call, code, name FROM calls, pg_temp.attempt(call);

-- what is said about each kind
SELECT DISTINCT ON (name COLLATE "C") name, message, detail
FROM calls, pg_temp.attempt(call) WHERE call NOT LIKE '%gen_random_uuid%'
ORDER BY name COLLATE "C", call COLLATE "C";

-- two users of one handle, or one user of two handles, or half a user
INSERT INTO public.users VALUES
	('d4d4d4d4-0000-4000-8000-00000000000d', 'Another Bayko', 'bayko', '2'),
	('e5e5e5e5-0000-4000-8000-00000000000e', NULL, 'nameless', '5');
SELECT call, code, message, detail
FROM unnest(ARRAY[$$list_messages('bayko', GROUP)$$, $$handle('2')$$,
	$$create_message_group('londo', 'bayko', 'hi')$$,
	$$user_short('nameless')$$]) AS call, pg_temp.attempt(call);

-- the longest that is allowed, and that nothing else was written
SELECT count(*) FROM cruddur_scan();
SELECT code FROM pg_temp.attempt(
	$$create_message('andrewbrown', GROUP, repeat('🦑', 1024))$$);
SELECT code FROM pg_temp.attempt(
	$$list_messages('andrewbrown', GROUP, 1000, year => 9999)$$);
SELECT count(*) FROM cruddur_scan();

SELECT cruddur_drop_table('sql-faults')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
DROP TABLE public.users;
