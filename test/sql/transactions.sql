--
-- Functions among other statements: a write waits for COMMIT and is seen before
-- by its transaction; errors leave the session of use; plans are kept and
-- reused.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1',
		table_name 'sql-transactions');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2'),
	('c3c3c3c3-0000-4000-8000-00000000000c', 'Londo Mollari', 'londo', '3'),
	('d4d4d4d4-0000-4000-8000-00000000000d', 'Yahya Abulhaj', 'yaya2devops',
		'4');
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SELECT message_group_uuid AS group
FROM cruddur_create_message_group('andrewbrown', 'bayko', 'one') \gset

-- rolled back: the whole, and a part
BEGIN;
SELECT handle, message
FROM cruddur_create_message('bayko', :'group', 'two');
ROLLBACK;
BEGIN;
SELECT count(*) FROM cruddur_create_message('bayko', :'group', 'three');
SAVEPOINT s;
SELECT count(*) FROM cruddur_create_message('bayko', :'group', 'four');
ROLLBACK TO s;
SELECT message FROM cruddur_list_messages('bayko', :'group');
COMMIT;
SELECT message FROM cruddur_list_messages('bayko', :'group');

-- sent before the statement ends: ROLLBACK comes too late
SET cruddur_ddb.write_mode = 'immediate';
BEGIN;
SELECT count(*) FROM cruddur_create_message('bayko', :'group', 'five');
ROLLBACK;
RESET cruddur_ddb.write_mode;
SELECT count(*) FROM cruddur_create_message('andrewbrown', :'group', 'six');
SELECT message FROM cruddur_list_messages('bayko', :'group');

-- A user whom only this transaction knows is found by it, and so is a group,
-- to which the two may write at once, and nobody else.
BEGIN;
INSERT INTO users VALUES ('e5e5e5e5-0000-4000-8000-00000000000e',
	'Delenn', 'delenn', '5');
SELECT message_group_uuid AS new
FROM cruddur_create_message_group('delenn', 'londo', 'hello') \gset
SELECT count(*) FROM cruddur_create_message('londo', :'new', 'who is there?');
SELECT handle, message FROM cruddur_list_messages('delenn', :'new');
SELECT handle, message FROM cruddur_list_message_groups('londo');
SELECT item->>'message' AS message FROM cruddur_scan() AS item
WHERE item->>'pk' LIKE '%' || :'new' ORDER BY item->>'sk';
\set VERBOSITY sqlstate
SAVEPOINT s;
SELECT cruddur_create_message('bayko', :'new', 'me too');
ROLLBACK TO s;
\set VERBOSITY default
ROLLBACK;
SELECT handle, message FROM cruddur_list_message_groups('londo');
\set VERBOSITY sqlstate
SELECT * FROM cruddur_list_message_groups('delenn');

-- errors of each kind within subtransactions; the session goes on
BEGIN;
SAVEPOINT s;
SELECT cruddur_create_message('londo', :'group', 'let me in');
ROLLBACK TO s;
SELECT cruddur_scan('sql-nowhere');
ROLLBACK TO s;
SELECT cruddur_create_message('bayko', :'group', '');
ROLLBACK TO s;
SELECT cruddur_list_messages('nobody', :'group');
ROLLBACK TO s;
SELECT count(*) FROM cruddur_list_messages('bayko', :'group');
SELECT cruddur_scan('sql-nowhere');
SELECT count(*) FROM cruddur_list_messages('bayko', :'group');
ROLLBACK;
\set VERBOSITY default
DO $$
DECLARE
	refused int := 0;
BEGIN
	FOR i IN 1..100 LOOP
		BEGIN
			PERFORM cruddur_list_messages('londo', gen_random_uuid());
		EXCEPTION WHEN insufficient_privilege THEN
			refused := refused + 1;
		END;
	END LOOP;
	RAISE NOTICE 'refused: %', refused;
END
$$;
SELECT sum(active_requests) FROM cruddur_ddb_connections();

-- several functions in one statement, with joins
SELECT u.handle, g.handle AS other, g.message
FROM users AS u, cruddur_list_message_groups(u.handle) AS g
ORDER BY u.handle COLLATE "C", g.handle COLLATE "C";
SELECT u.handle, count(g.uuid) AS groups, coalesce(sum(m.n), 0) AS messages
FROM users AS u
LEFT JOIN LATERAL cruddur_list_message_groups(u.handle) AS g ON true
LEFT JOIN LATERAL (SELECT count(*) AS n
	FROM cruddur_list_messages(u.handle, g.uuid)
	WHERE g.uuid IS NOT NULL) AS m ON true
GROUP BY u.handle ORDER BY u.handle COLLATE "C";
SELECT (SELECT handle FROM cruddur_user_short('bayko')),
	cruddur_handle('3'), (SELECT count(*) FROM cruddur_scan()) AS items,
	EXISTS (SELECT FROM cruddur_list_message_groups('yaya2devops')) AS any;
SELECT (cruddur_list_messages('bayko', :'group', n)).message, n
FROM generate_series(1, 2) AS n;
SELECT message FROM cruddur_list_messages('bayko', :'group') LIMIT 1;
SELECT other, message, handle
FROM ROWS FROM (cruddur_list_message_groups('bayko'), cruddur_handle('1'))
	AS t (uuid, display_name, other, message, created_at, handle);

-- prepared: planned anew each time, then once for all
PREPARE list (text, uuid, int) AS
SELECT string_agg(message, ' ') FROM cruddur_list_messages($1, $2, $3);
EXECUTE list('bayko', :'group', 1);
EXECUTE list('andrewbrown', :'group', 2);
EXECUTE list('bayko', :'group', 3);
EXECUTE list('bayko', :'group', 4);
EXECUTE list('bayko', :'group', NULL);
EXECUTE list('andrewbrown', :'group', 1);
EXECUTE list('bayko', :'group', 2);
SELECT generic_plans > 0 AS is_generic FROM pg_prepared_statements
WHERE name = 'list';
SET plan_cache_mode = force_generic_plan;
EXECUTE list('bayko', :'group', 3);
RESET plan_cache_mode;
DEALLOCATE list;

-- what the planner expects, and a target of another form
CREATE TEMP TABLE kept AS
SELECT * FROM cruddur_list_messages('bayko', :'group');
INSERT INTO kept SELECT * FROM cruddur_list_message_groups('bayko');
SELECT count(*), count(DISTINCT uuid) AS uuids FROM kept;
EXPLAIN SELECT * FROM cruddur_list_messages('bayko', :'group');

SELECT cruddur_drop_table('sql-transactions')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
DROP TABLE public.users;
