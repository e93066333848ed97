-- What test/demo shows, in one session, so that the statistics are all of it.

\pset footer off
\pset null '-'
\pset pager off
\pset format wrapped
\getenv endpoint DDB_ENDPOINT
\getenv region DDB_REGION
\getenv access_key DDB_ACCESS_KEY
\getenv secret_key DDB_SECRET_KEY

-- Plumbing: what each step cost, and statements that must fail.

CREATE TEMP TABLE spending (
  number int GENERATED ALWAYS AS IDENTITY, step text, operations text,
  read_units numeric, write_units numeric,
  bytes_sent bigint, bytes_received bigint, elapsed_ms numeric);

CREATE FUNCTION pg_temp.start() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM cruddur_ddb_stats_reset();
  PERFORM set_config('demo.started', clock_timestamp()::text, false);
END $$;

CREATE FUNCTION pg_temp.spent(step text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  elapsed interval := clock_timestamp()
    - current_setting('demo.started')::timestamptz;
BEGIN
  INSERT INTO spending (step, operations, read_units, write_units,
      bytes_sent, bytes_received, elapsed_ms)
    SELECT spent.step,
      coalesce(string_agg(operation || CASE WHEN attempts > 1
        THEN ' x' || attempts ELSE '' END, ', ' ORDER BY operation), 'none'),
      coalesce(sum(read_units), 0), coalesce(sum(write_units), 0),
      coalesce(sum(bytes_sent), 0), coalesce(sum(bytes_received), 0),
      round(extract(epoch FROM elapsed) * 1000, 1)
    FROM cruddur_ddb_stats;
END $$;

CREATE TEMP TABLE faults (
  number int GENERATED ALWAYS AS IDENTITY, fault text, sqlstate text,
  constraint_name text, message text);

CREATE FUNCTION pg_temp.attempt(fault text, statement text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  state text := 'none';
  name text;
  words text;
BEGIN
  BEGIN
    EXECUTE statement;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
      name = CONSTRAINT_NAME, words = MESSAGE_TEXT;
  END;
  INSERT INTO faults (fault, sqlstate, constraint_name, message)
    VALUES (fault, state, name, words);
END $$;

\echo
\echo :bold'1. The users are rows of PostgreSQL':plain
\echo

CREATE TABLE public.users (
  uuid uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  display_name text NOT NULL,
  handle text NOT NULL UNIQUE,
  email text NOT NULL,
  cognito_user_id text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL);

-- Fixed, so that a table that outlives this database still knows them.
INSERT INTO public.users (uuid, display_name, handle, email, cognito_user_id)
  VALUES
  ('0e0b3fa4-7a4d-4b5c-9d1e-64a1b1a5c001', 'Yahya Abulhaj', 'yaya2devops',
    'yaya2devops@example.com', 'cognito-yaya2devops'),
  ('0e0b3fa4-7a4d-4b5c-9d1e-64a1b1a5c002', 'Andrew Brown', 'andrewbrown',
    'andrewbrown@example.com', 'cognito-andrewbrown'),
  ('0e0b3fa4-7a4d-4b5c-9d1e-64a1b1a5c003', 'Andrew Bayko', 'bayko',
    'bayko@example.com', 'cognito-bayko'),
  ('0e0b3fa4-7a4d-4b5c-9d1e-64a1b1a5c004', 'Londo Mollari', 'londo',
    'londo@example.com', 'cognito-londo');

\set ECHO queries
SELECT handle, display_name, uuid FROM public.users ORDER BY handle;
\set ECHO none

\echo :bold'2. DynamoDB is a foreign server':plain
\echo

\set ECHO queries
CREATE EXTENSION cruddur_ddb;
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
  OPTIONS (endpoint :'endpoint', region :'region':allow_http);
\set ECHO none
\echo 'CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur'
\echo '  OPTIONS (access_key_id \'...\', secret_access_key \'...\');'
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
  OPTIONS (access_key_id :'access_key', secret_access_key :'secret_key');

\echo
\echo :bold'3. The messaging table':plain
\echo

SELECT pg_temp.start() \gset _
\set ECHO queries
WITH loaded AS (SELECT cruddur_schema_load(if_not_exists => true) AS t)
SELECT t->>'TableName' AS "table", t->>'TableStatus' AS status,
  t->'GlobalSecondaryIndexes'->0->>'IndexName' AS index,
  t->'StreamSpecification'->>'StreamViewType' AS stream
FROM loaded;
\set ECHO none
SELECT pg_temp.spent('make table') \gset _

SELECT count(*) = 0 AS is_empty
  FROM cruddur_list_message_groups('andrewbrown') \gset
\if :is_empty
SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT cruddur_seed('andrewbrown', 'bayko') AS items_written;
\set ECHO none
SELECT pg_temp.spent('seed') \gset _
\endif

\echo :bold'4. The message groups of both members':plain
\echo

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT to_char(created_at, 'DD Mon HH24:MI') AS last, handle AS "with", message
FROM cruddur_list_message_groups('andrewbrown');
\set ECHO none
SELECT pg_temp.spent('list groups') \gset _

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT to_char(created_at, 'DD Mon HH24:MI') AS last, handle AS "with", message
FROM cruddur_list_message_groups('bayko');
\set ECHO none
SELECT pg_temp.spent('list groups') \gset _

SELECT uuid AS "group"
  FROM cruddur_list_message_groups('andrewbrown') WHERE handle = 'bayko' \gset

\echo :bold'5. Their conversation':plain
\echo

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT to_char(created_at, 'HH24:MI') AS sent, handle, message
FROM cruddur_list_messages('andrewbrown',
  :'group', max_results => 50);
\set ECHO none
SELECT pg_temp.spent('conversation') \gset _

\echo :bold'6. New groups':plain
\echo

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT message_group_uuid, created_at FROM
  cruddur_create_message_group('londo', 'andrewbrown', 'Hello, Andrew!');
SELECT message_group_uuid, created_at FROM
  cruddur_create_message_group('londo', 'bayko', 'Hello, Andrew!');
\set ECHO none
SELECT pg_temp.spent('open two groups') \gset _

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT to_char(created_at, 'DD Mon HH24:MI') AS last, handle AS "with", message
FROM cruddur_list_message_groups('andrewbrown');
\set ECHO none
SELECT pg_temp.spent('list groups') \gset _

-- What came before is not to be counted below.
SELECT cruddur_process_stream(max_records => 1000000) \gset _

\echo :bold'7. A message':plain
\echo

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT uuid, created_at
FROM cruddur_create_message('bayko',
  :'group', 'Sent from psql, with love 🚀');
\set ECHO none
SELECT pg_temp.spent('send') \gset _

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT to_char(created_at, 'HH24:MI') AS sent, handle, message
FROM cruddur_list_messages('andrewbrown',
  :'group', max_results => 3);
\set ECHO none
SELECT pg_temp.spent('newest three') \gset _

\echo :bold'8. It lifts the conversation to the top of both lists':plain
\echo

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT cruddur_process_stream() AS stream_records_applied;
\set ECHO none
SELECT pg_temp.spent('process stream') \gset _

SELECT pg_temp.start() \gset _
\set ECHO queries
SELECT to_char(created_at, 'DD Mon HH24:MI') AS last, handle AS "with", message
FROM cruddur_list_message_groups('andrewbrown');
SELECT to_char(created_at, 'DD Mon HH24:MI') AS last, handle AS "with", message
FROM cruddur_list_message_groups('bayko');
\set ECHO none
SELECT pg_temp.spent('list groups, both') \gset _

SELECT count(*) = 2 AS lifted
  FROM unnest(ARRAY['andrewbrown', 'bayko']) AS member (name),
    cruddur_list_message_groups(name, max_results => 1)
  WHERE uuid = :'group' AND message LIKE 'Sent from psql%' \gset

\echo 'With the background worker this happens by itself, well under a second'
\echo 'after COMMIT, and whoever listens is told; README.md, "The workers".'
\echo

\echo :bold'9. What is refused':plain
\echo

SELECT count(*) AS items_before FROM cruddur_scan() \gset
SELECT pg_temp.start() \gset _
SELECT pg_temp.attempt(fault, format(statement, :'group')) FROM (VALUES
  ('message empty',
    $$SELECT cruddur_create_message('bayko', %L, '')$$),
  ('message NULL',
    $$SELECT cruddur_create_message('bayko', %L, NULL)$$),
  ('message too long',
    $$SELECT cruddur_create_message('bayko', %L, repeat('x', 1025))$$),
  ('group NULL',
    $$SELECT cruddur_create_message('bayko', NULL, 'Hello')$$),
  ('handle empty',
    $$SELECT cruddur_list_message_groups('')$$),
  ('receiver empty',
    $$SELECT cruddur_create_message_group('bayko', '', 'Hello')$$),
  ('user id empty',
    $$SELECT cruddur_handle('')$$),
  ('to oneself',
    $$SELECT cruddur_create_message_group('bayko', 'bayko', 'Hello')$$),
  ('max_results 0',
    $$SELECT cruddur_list_messages('bayko', %L, max_results => 0)$$),
  ('max_results 1001',
    $$SELECT cruddur_list_message_groups('bayko', max_results => 1001)$$),
  ('table empty',
    $$SELECT cruddur_drop_table('')$$),
  ('no such user',
    $$SELECT cruddur_create_message_group('bayko', 'nobody', 'Hello')$$),
  ('a stranger reads',
    $$SELECT cruddur_list_messages('londo', %L)$$),
  ('a stranger writes',
    $$SELECT cruddur_create_message('londo', %L, 'Hello')$$)
) AS attempts (fault, statement) \g /dev/null
SELECT pg_temp.spent('14 refusals') \gset _
SELECT count(*) AS items_after FROM cruddur_scan() \gset

SELECT fault, sqlstate, constraint_name AS constraint, message FROM faults ORDER BY number;
SELECT :items_before AS items_before, :items_after AS items_after,
  CASE WHEN :items_before = :items_after THEN 'nothing was written'
    ELSE 'SOMETHING WAS WRITTEN' END AS so;

\echo :bold'10. What each step cost':plain
\echo

SELECT step, operations, read_units AS "RCU", write_units AS "WCU",
  bytes_sent AS "B out", bytes_received AS "B in", elapsed_ms AS ms
FROM spending ORDER BY number;

\echo 'RCU, WCU: read and write capacity units, as DynamoDB charged them.'

-- The demo fails where it did not show what it says.
DO $$
BEGIN
  ASSERT (SELECT count(*) FROM faults WHERE sqlstate <> 'none') = 14,
    'a fault was not refused';
END $$;
\if :lifted
\else
  \warn 'The message has not lifted its conversation.'
  \quit 3
\endif
SELECT :items_before = :items_after AS unchanged \gset
\if :unchanged
\else
  \warn 'A refused call wrote something.'
  \quit 3
\endif
