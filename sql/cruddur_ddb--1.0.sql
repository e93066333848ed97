/* cruddur_ddb 1.0 */

\echo Use "CREATE EXTENSION cruddur_ddb" to load this file. \quit

/* The foreign-data wrapper: servers, user mappings, foreign tables */

CREATE FUNCTION cruddur_ddb_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;
COMMENT ON FUNCTION cruddur_ddb_fdw_handler() IS
'foreign-data wrapper of cruddur_ddb: foreign tables over tables and indexes of DynamoDB';

CREATE FUNCTION cruddur_ddb_fdw_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;
COMMENT ON FUNCTION cruddur_ddb_fdw_validator(text[], oid) IS
'checks the options of servers, user mappings, foreign tables and columns of cruddur_ddb';

CREATE FOREIGN DATA WRAPPER cruddur_ddb
	HANDLER cruddur_ddb_fdw_handler
	VALIDATOR cruddur_ddb_fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER cruddur_ddb IS
'Amazon DynamoDB';

/* Conversations */

CREATE FUNCTION cruddur_list_message_groups(
	handle text,
	max_results int DEFAULT 20,
	before timestamptz DEFAULT NULL,
	year int DEFAULT NULL)
RETURNS TABLE (
	uuid uuid,
	display_name text,
	handle text,
	message text,
	created_at timestamptz)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED
COST 10000 ROWS 20;
COMMENT ON FUNCTION cruddur_list_message_groups(text, int, timestamptz, int) IS
'message groups of a user, newest first: group uuid, the other member, last message and its time; "before" pages back (exclusive), "year" is the first four characters of the stored time';

CREATE FUNCTION cruddur_list_messages(
	handle text,
	message_group_uuid uuid,
	max_results int DEFAULT 20,
	before timestamptz DEFAULT NULL,
	year int DEFAULT NULL)
RETURNS TABLE (
	uuid uuid,
	display_name text,
	handle text,
	message text,
	created_at timestamptz)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED
COST 10000 ROWS 20;
COMMENT ON FUNCTION cruddur_list_messages(text, uuid, int, timestamptz, int) IS
'newest messages of a group, oldest first, for a user who is a member of it (else 42501 not_a_member); "before" pages back (exclusive); a time that cannot be read is NULL and counts as newest';

CREATE FUNCTION cruddur_create_message(
	handle text,
	message_group_uuid uuid,
	message text)
RETURNS TABLE (
	message_group_uuid uuid,
	uuid uuid,
	display_name text,
	handle text,
	message text,
	created_at timestamptz)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE
COST 10000 ROWS 1;
COMMENT ON FUNCTION cruddur_create_message(text, uuid, text) IS
'sends a message of 1 to 1024 characters to a group that the user is a member of, and returns it; 40001 if another message took its time: try again';

CREATE FUNCTION cruddur_create_message_group(
	handle text,
	receiver_handle text,
	message text)
RETURNS TABLE (
	message_group_uuid uuid,
	uuid uuid,
	created_at timestamptz)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE
COST 10000 ROWS 1;
COMMENT ON FUNCTION cruddur_create_message_group(text, text, text) IS
'opens a message group of two users with its first message, all or nothing; uuid is the first message''s';

/* Users */

CREATE FUNCTION cruddur_handle(cognito_user_id text)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED
COST 100;
COMMENT ON FUNCTION cruddur_handle(text) IS
'handle of the user with this Cognito user id';

CREATE FUNCTION cruddur_user_short(handle text)
RETURNS TABLE (
	uuid uuid,
	handle text,
	display_name text)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED
COST 100 ROWS 1;
COMMENT ON FUNCTION cruddur_user_short(text) IS
'uuid, handle and display name of a user';

CREATE FUNCTION cruddur_cognito_list_users()
RETURNS TABLE (
	handle text,
	cognito_user_id text)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED
COST 10000 ROWS 1000;
COMMENT ON FUNCTION cruddur_cognito_list_users() IS
'users of the Cognito user pool: preferred_username and sub; those without a preferred_username are left out, and a NOTICE tells how many';

CREATE FUNCTION cruddur_update_cognito_user_ids()
RETURNS TABLE (
	handle text,
	cognito_user_id text)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE
COST 10000 ROWS 100;
COMMENT ON FUNCTION cruddur_update_cognito_user_ids() IS
'writes the sub of each user of the Cognito user pool to cognito_user_id of the user with that handle, and returns the rows that changed; a handle that several users of the pool have is left alone, with a WARNING';

/* Tables */

CREATE FUNCTION cruddur_schema_load(
	if_not_exists boolean DEFAULT false,
	billing_mode text DEFAULT 'PROVISIONED')
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE
COST 10000;
COMMENT ON FUNCTION cruddur_schema_load(boolean, text) IS
'creates the messaging table with its index and stream, waits until it is active, and returns its description; billing_mode is PROVISIONED (5 read and 5 write units each) or PAY_PER_REQUEST';

CREATE FUNCTION cruddur_list_tables()
RETURNS SETOF text
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED
COST 10000 ROWS 100;
COMMENT ON FUNCTION cruddur_list_tables() IS
'names of all DynamoDB tables of the account in the region';

CREATE FUNCTION cruddur_drop_table(table_name text)
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE
COST 10000;
COMMENT ON FUNCTION cruddur_drop_table(text) IS
'drops a DynamoDB table, waits until it is gone, and returns its last description';

CREATE FUNCTION cruddur_seed(
	handle text,
	other_handle text,
	message_group_uuid uuid DEFAULT '5ae290ed-55d1-47a0-bc6d-fe2bc2700399')
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE
COST 10000;
COMMENT ON FUNCTION cruddur_seed(text, text, uuid) IS
'writes a message group of two users and a conversation to try things with, all or nothing; returns the number of items written, 0 where the two have the group; 23505 where others have it';

CREATE FUNCTION cruddur_scan(table_name text DEFAULT NULL)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED
COST 10000 ROWS 1000;
COMMENT ON FUNCTION cruddur_scan(text) IS
'every item of a DynamoDB table (the messaging table by default) as plain JSON: numbers exact, sets as arrays, binary values in base64';

/* Anything else */

CREATE FUNCTION cruddur_ddb_request(operation text, payload jsonb)
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE
COST 10000;
COMMENT ON FUNCTION cruddur_ddb_request(text, jsonb) IS
'runs any DynamoDB operation: request and response are those of the API';

CREATE FUNCTION cruddur_ddb_connections()
RETURNS TABLE (
	server text,
	user_name text,
	endpoint text,
	active_requests int,
	valid boolean)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION cruddur_ddb_connections() IS
'servers that this session has used, and for whom; valid is false once a server or user mapping was altered while in use';

CREATE FUNCTION cruddur_ddb_disconnect()
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION cruddur_ddb_disconnect() IS
'closes the connections that this session keeps open; false if it had none';

/* Statistics. They name servers and operations, so everyone may read them. */

CREATE FUNCTION cruddur_ddb_stats_rows(
	OUT server text,
	OUT operation text,
	OUT requests bigint,
	OUT attempts bigint,
	OUT retries bigint,
	OUT throttles bigint,
	OUT errors bigint,
	OUT items_read bigint,
	OUT items_written bigint,
	OUT bytes_sent bigint,
	OUT bytes_received bigint,
	OUT read_units double precision,
	OUT write_units double precision,
	OUT total_time_ms double precision,
	OUT max_time_ms double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION cruddur_ddb_stats_rows() IS
'what requests to DynamoDB have cost; read the view cruddur_ddb_stats';

CREATE VIEW cruddur_ddb_stats AS
SELECT * FROM cruddur_ddb_stats_rows();
GRANT SELECT ON cruddur_ddb_stats TO PUBLIC;
COMMENT ON VIEW cruddur_ddb_stats IS
'what requests to DynamoDB have cost, by server and operation: of all sessions of this database, if the library is preloaded, else of this one';

CREATE FUNCTION cruddur_ddb_stats_reset()
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION cruddur_ddb_stats_reset() FROM PUBLIC;
COMMENT ON FUNCTION cruddur_ddb_stats_reset() IS
'removes the rows of cruddur_ddb_stats, which begin anew';

/*
 * The stream of the messaging table. A restored database goes on where the dumped
 * one was.
 */

CREATE TABLE cruddur_stream_shards (
	server text NOT NULL,
	table_name text NOT NULL,
	stream_arn text NOT NULL,
	shard_id text NOT NULL,
	parent_shard_id text,
	position numeric,
	state text NOT NULL CHECK (state IN ('new', 'reading', 'done')),
	last_record_at timestamptz,
	last_applied_at timestamptz,
	last_error text,
	updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (server, table_name, stream_arn, shard_id));
COMMENT ON TABLE cruddur_stream_shards IS
'how far the shards of the messaging table''s stream have been applied; read the view cruddur_stream_status';
COMMENT ON COLUMN cruddur_stream_shards.position IS
'sequence number of the last record that was applied; null: none was';
COMMENT ON COLUMN cruddur_stream_shards.state IS
'new: its parent is not done; reading; done: read to its end';
COMMENT ON COLUMN cruddur_stream_shards.last_record_at IS
'when the record at position was written, as DynamoDB says it: rounded down to the second, by DynamoDB Local to the minute';
COMMENT ON COLUMN cruddur_stream_shards.last_error IS
'why it does not go on at the moment; null: it does';
SELECT pg_catalog.pg_extension_config_dump('cruddur_stream_shards', '');

CREATE TABLE cruddur_stream_failures (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	server text NOT NULL,
	table_name text NOT NULL,
	shard_id text NOT NULL,
	sequence_number numeric NOT NULL,
	item_key text NOT NULL,
	reason text NOT NULL,
	sqlstate text NOT NULL,
	attempts int NOT NULL,
	failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	UNIQUE (server, table_name, shard_id, sequence_number));
COMMENT ON TABLE cruddur_stream_failures IS
'messages that could not move their group''s rows, and why; the stream goes on without them';
COMMENT ON COLUMN cruddur_stream_failures.item_key IS
'key of the message, as DynamoDB has it';
COMMENT ON COLUMN cruddur_stream_failures.attempts IS
'how often the record was tried';
SELECT pg_catalog.pg_extension_config_dump('cruddur_stream_failures', '');
SELECT pg_catalog.pg_extension_config_dump(
	'cruddur_stream_failures_id_seq', '');

CREATE VIEW cruddur_stream_status AS
SELECT server, table_name, shard_id, state, position,
	CASE WHEN state <> 'done' THEN greatest(interval '0',
		CASE WHEN last_error IS NULL THEN last_applied_at ELSE now() END
		- last_record_at) END AS lag,
	last_record_at, last_applied_at, last_error, updated_at
FROM cruddur_stream_shards;
COMMENT ON VIEW cruddur_stream_status IS
'how far the shards of the messaging table''s stream have been applied';
COMMENT ON COLUMN cruddur_stream_status.lag IS
'how old the last record was when it was applied; where there is an error, how old it is now';

CREATE FUNCTION cruddur_process_stream(max_records int DEFAULT 1000)
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE
COST 10000;
COMMENT ON FUNCTION cruddur_process_stream(int) IS
'moves the rows of message groups to the messages that the stream of the messaging table tells of, and announces new ones on channel cruddur_messages; returns how many records of the stream were applied, at most max_records, 0 where nothing is left; those that write no message are passed over and not counted; 55P03 while another session or the worker does it';

/* The outbox: what write_mode 'outbox' has committed and is not delivered yet */

CREATE TABLE cruddur_outbox (
	id bigserial PRIMARY KEY,
	server_name text NOT NULL,
	user_name text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	state text NOT NULL DEFAULT 'waiting'
		CHECK (state IN ('waiting', 'failed')),
	attempts int NOT NULL DEFAULT 0,
	next_attempt_at timestamptz NOT NULL DEFAULT now(),
	sqlstate text,
	last_error text,
	token uuid NOT NULL,
	keys bigint[] NOT NULL,
	needs bigint[] NOT NULL,
	writes bytea NOT NULL);
SELECT pg_catalog.pg_extension_config_dump('cruddur_outbox', '');
SELECT pg_catalog.pg_extension_config_dump('cruddur_outbox_id_seq', '');
COMMENT ON TABLE cruddur_outbox IS
'writes that were committed in cruddur_ddb.write_mode ''outbox'' and are not delivered to DynamoDB yet, in the order of delivery; the writes hold the texts of messages';
COMMENT ON COLUMN cruddur_outbox.user_name IS
'who wrote it, and whose user mapping delivers it';
COMMENT ON COLUMN cruddur_outbox.state IS
'waiting, or failed: it will not be tried again unless by cruddur_outbox_retry()';
COMMENT ON COLUMN cruddur_outbox.attempts IS
'attempts that have failed';
COMMENT ON COLUMN cruddur_outbox.sqlstate IS
'of the last error, if any';
COMMENT ON COLUMN cruddur_outbox.token IS
'by which DynamoDB knows a repeated request (ClientRequestToken)';
COMMENT ON COLUMN cruddur_outbox.keys IS
'hashes of what it writes; later entries with one of these wait for it';
COMMENT ON COLUMN cruddur_outbox.needs IS
'hashes of what it needs; it waits for earlier entries that write these';
COMMENT ON COLUMN cruddur_outbox.writes IS
'the writes as JSON in UTF-8: convert_from(writes, ''UTF8'')';

CREATE FUNCTION cruddur_outbox_deliver(max_entries int DEFAULT 1000)
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
COST 10000;
COMMENT ON FUNCTION cruddur_outbox_deliver(int) IS
'delivers what waits in cruddur_outbox, for all users, and returns how many entries were delivered; for those who run no background worker';

CREATE FUNCTION cruddur_outbox_retry(id bigint)
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cruddur_outbox_retry(bigint) IS
'has an entry of cruddur_outbox that has failed tried again; false if there is none with this id';

/* What reaches the network is for those who are granted it. */

REVOKE ALL ON FUNCTION
	cruddur_list_message_groups(text, int, timestamptz, int),
	cruddur_list_messages(text, uuid, int, timestamptz, int),
	cruddur_create_message(text, uuid, text),
	cruddur_create_message_group(text, text, text),
	cruddur_schema_load(boolean, text),
	cruddur_list_tables(),
	cruddur_drop_table(text),
	cruddur_seed(text, text, uuid),
	cruddur_scan(text),
	cruddur_cognito_list_users(),
	cruddur_update_cognito_user_ids(),
	cruddur_process_stream(int),
	cruddur_ddb_request(text, jsonb),
	cruddur_outbox_deliver(int),
	cruddur_outbox_retry(bigint)
FROM PUBLIC;
