--
-- Conversations of members: seeded, listed, paged, continued, opened.
--
\pset format unaligned
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1',
		table_name 'sql-messages');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('B2B2B2B2-0000-4000-8000-00000000000B', 'Andrew Bayko', 'bayko', '2'),
	('c3c3c3c3-0000-4000-8000-00000000000c', 'Londo 🦑', 'londo', '3');
\set group '5ae290ed-55d1-47a0-bc6d-fe2bc2700399'
SELECT cruddur_schema_load()->>'TableStatus' AS status;

-- nothing yet
SELECT * FROM cruddur_list_message_groups('bayko');

-- a conversation; a group that exists is left as it is
SELECT cruddur_seed('andrewbrown', 'bayko') AS written;
SELECT cruddur_seed('andrewbrown', 'bayko') AS written;
SELECT cruddur_seed('bayko', 'andrewbrown') AS written;
SELECT count(*) FROM cruddur_scan();

-- Each member sees the other one.
SELECT uuid, display_name, handle, message
FROM cruddur_list_message_groups('andrewbrown');
SELECT uuid, display_name, handle, message
FROM cruddur_list_message_groups('bayko');
SELECT * FROM cruddur_list_message_groups('londo');

-- all of it, oldest first, whoever of the two asks
SELECT row_number() OVER () AS n, display_name, handle, message
FROM cruddur_list_messages('bayko', :'group', 100);
SELECT count(*), count(DISTINCT uuid) AS uuids,
	max(created_at) - min(created_at) AS lasted,
	array_agg(created_at ORDER BY n) = array_agg(created_at ORDER BY created_at)
		AS in_order
FROM cruddur_list_messages('andrewbrown', :'group', 100)
	WITH ORDINALITY AS m(uuid, display_name, handle, message, created_at, n);
SELECT count(*) AS differing FROM (
	SELECT * FROM cruddur_list_messages('andrewbrown', :'group', 100)
	EXCEPT SELECT * FROM cruddur_list_messages('bayko', :'group', 100)) AS d;

-- the newest of them
SELECT count(*) FROM cruddur_list_messages('bayko', :'group');
SELECT count(*) FROM cruddur_list_messages('bayko', :'group', NULL);
SELECT message FROM cruddur_list_messages('bayko', :'group', 2);
SELECT message FROM cruddur_list_messages('bayko', :'group', max_results => 1);

-- pages back: what follows is older, and the bound itself is not among it
SELECT created_at AS before
FROM cruddur_list_messages('bayko', :'group', 2) LIMIT 1 \gset
SELECT message
FROM cruddur_list_messages('bayko', :'group', 2, before => :'before');
SELECT message FROM cruddur_list_messages('bayko', :'group', 2,
	before => :'before'::timestamptz + '1 microsecond');
SELECT count(*) FROM cruddur_list_messages('bayko', :'group', 100,
	before => '2000-01-01');
SELECT count(*) FROM cruddur_list_messages('bayko', :'group', 100,
	before => 'infinity');
SELECT count(*) FROM cruddur_list_messages('bayko', :'group', 100,
	before => '-infinity');

-- by year: of the rows that are there, and of one without
SELECT count(*) AS total, count(*) FILTER (WHERE in_year) AS found_by_year
FROM (SELECT created_at IN (
		SELECT y.created_at FROM cruddur_list_messages('bayko', :'group', 100,
			year => extract(year FROM m.created_at AT TIME ZONE 'UTC')::int)
		AS y) AS in_year
	FROM cruddur_list_messages('bayko', :'group', 100) AS m) AS t;
SELECT count(*)
FROM cruddur_list_messages('bayko', :'group', 100, year => 1999);
SELECT count(*)
FROM cruddur_list_message_groups('bayko', year => 1999);
SELECT count(*) FROM cruddur_list_messages('bayko', :'group', 100,
	before => '1999-06-01', year => 2000);

-- a message more
SELECT message_group_uuid, display_name, handle, message,
	uuid IS NOT NULL AS has_uuid,
	created_at BETWEEN now() AND clock_timestamp() AS is_recent
FROM cruddur_create_message('bayko', :'group', 'Yes 👍🏿, it''s "late"…
');
SELECT display_name, handle, message
FROM cruddur_list_messages('andrewbrown', :'group', 2);
SELECT uuid AS sent, created_at AS at
FROM cruddur_create_message('andrewbrown', :'group', 'Last one.') \gset
SELECT uuid = :'sent' AS sent, created_at = :'at' AS at_its_time, message
FROM cruddur_list_messages('bayko', :'group', 1);

-- a group more: at the top of both members' lists, with the other member
SELECT message_group_uuid AS opened, uuid AS first, created_at AS at
FROM cruddur_create_message_group('bayko', 'londo', 'Hello, Londo!') \gset
SELECT (uuid = :'opened') AS opened, display_name, handle, message
FROM cruddur_list_message_groups('bayko');
SELECT (uuid = :'opened' AND created_at = :'at') AS opened, display_name,
	handle, message
FROM cruddur_list_message_groups('londo');
SELECT uuid = :'first' AND created_at = :'at' AS first, display_name, handle,
	message
FROM cruddur_list_messages('londo', :'opened');
SELECT handle FROM cruddur_list_message_groups('bayko', 1);
SELECT handle FROM cruddur_list_message_groups('bayko', before => :'at');

-- Times of one session never repeat, so the order is that of sending.
SELECT count(*) FROM generate_series(1, 30) AS i,
	cruddur_create_message('londo', :'opened', 'number ' || i);
SELECT string_agg(substr(message, 8), ' ' ORDER BY n) AS numbers,
	count(DISTINCT created_at) AS times
FROM cruddur_list_messages('bayko', :'opened', 30)
	WITH ORDINALITY AS m(uuid, display_name, handle, message, created_at, n);

SELECT cruddur_drop_table('sql-messages')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
DROP TABLE public.users;
