--
-- Statistics: what known calls come to, and the reset.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', table_name 'sql-stats');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL,
	handle text NOT NULL UNIQUE, cognito_user_id text NOT NULL);
INSERT INTO public.users VALUES
	('a1a1a1a1-0000-4000-8000-00000000000a', 'Andrew Brown', 'andrewbrown', '1'),
	('b2b2b2b2-0000-4000-8000-00000000000b', 'Andrew Bayko', 'bayko', '2'),
	('c3c3c3c3-0000-4000-8000-00000000000c', 'Londo Mollari', 'londo', '3');
\set group '5ae290ed-55d1-47a0-bc6d-fe2bc2700399'

-- What can be foreseen of the statistics. No request was retried, and what
-- was sent and waited for is more than nothing.
CREATE VIEW pg_temp.known AS
SELECT server, operation, requests, errors, items_read, items_written,
	read_units > 0 AS has_read_units, write_units > 0 AS has_write_units,
	attempts = requests AND retries = 0 AND throttles = 0 AS at_once,
	bytes_sent >= 2 * requests AND bytes_received > requests
		AND max_time_ms > 0 AND total_time_ms >= max_time_ms
		AND total_time_ms <= max_time_ms * requests * 1.000001 AS plausible
FROM cruddur_ddb_stats ORDER BY server COLLATE "C", operation COLLATE "C";

-- Where the library is preloaded, earlier tests have been counted, too.
SELECT cruddur_ddb_stats_reset() IS NOT NULL AS done;
SELECT cruddur_schema_load()->>'TableStatus' AS status;
SELECT operation, requests > 0 AS asked FROM pg_temp.known;

-- The reset leaves no row; looking costs nothing, nor does a look-up in SQL.
SELECT cruddur_ddb_stats_reset() IS NOT NULL AS done;
SELECT handle FROM cruddur_user_short('bayko');
SELECT * FROM pg_temp.known;

-- seed: is either of them in the group, by the index and by their own rows?
-- Is anyone? Then all at once.
SELECT cruddur_seed('andrewbrown', 'bayko') AS written;
SELECT * FROM pg_temp.known;

-- messages: the member's row in the index, and what was asked for
SELECT cruddur_ddb_stats_reset();
SELECT count(*) FROM cruddur_list_messages('bayko', :'group', 7);
SELECT * FROM pg_temp.known;

-- groups: one request
SELECT cruddur_ddb_stats_reset();
SELECT count(*) FROM cruddur_list_message_groups('bayko');
SELECT * FROM pg_temp.known;

-- a message: membership, then one put
SELECT cruddur_ddb_stats_reset();
SELECT count(*) FROM cruddur_create_message('bayko', :'group', 'hi');
SELECT * FROM pg_temp.known;

-- a group: three items in one request
SELECT cruddur_ddb_stats_reset();
SELECT count(*) FROM cruddur_create_message_group('bayko', 'londo', 'hi');
SELECT * FROM pg_temp.known;

-- faults: those that are found before anything is sent, and others
SELECT cruddur_ddb_stats_reset();
\set VERBOSITY sqlstate
SELECT cruddur_create_message('bayko', :'group', '');
SELECT cruddur_list_message_groups('nobody');
SELECT * FROM pg_temp.known;
SELECT cruddur_drop_table('sql-stats-nowhere');
SELECT cruddur_scan('sql-stats-nowhere');
SELECT cruddur_ddb_request('NoSuchOperation', '{}');
SELECT operation, requests, errors, items_read, items_written
FROM pg_temp.known;

-- They are no part of the transaction.
SELECT cruddur_ddb_stats_reset();
BEGIN;
SELECT count(*) FROM cruddur_scan();
SELECT 1 / 0;
ROLLBACK;
SELECT * FROM pg_temp.known;

-- each server for itself
CREATE SERVER stats_other FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint 'http://127.0.0.1:1', region 'us-east-1',
		table_name 'sql-stats', max_attempts '3');
CREATE USER MAPPING FOR CURRENT_USER SERVER stats_other
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SET cruddur_ddb.server = 'stats_other';
SELECT count(*) FROM cruddur_scan();
RESET cruddur_ddb.server;
SELECT server, operation, requests, attempts, retries, errors, items_read
FROM cruddur_ddb_stats ORDER BY server COLLATE "C";

SELECT cruddur_drop_table('sql-stats')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER stats_other;
DROP SERVER stats_other;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
DROP TABLE public.users;
