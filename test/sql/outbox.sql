--
-- Mode "outbox": what is written waits in PostgreSQL, and is delivered later, in
-- the order of commits, or fails and stays.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene

CREATE FUNCTION pg_temp.outbox() RETURNS SETOF text
LANGUAGE sql AS $$
	SELECT concat_ws(' ', state, sqlstate, attempts, split_part(last_error, E'\n', 1),
		jsonb_path_query_array(convert_from(writes, 'UTF8')::jsonb, '$[*].kind'))
	FROM cruddur_outbox ORDER BY id
$$;
CREATE FUNCTION pg_temp.retry_all() RETURNS SETOF boolean
LANGUAGE sql AS $$
	SELECT cruddur_outbox_retry(id) FROM cruddur_outbox ORDER BY id
$$;
SET cruddur_ddb.write_mode = outbox;

-- One transaction is one entry. It sees what it has written; others do once it is
-- delivered.
BEGIN;
INSERT INTO parts VALUES ('acme', 1, 'bolt', 10, 1.5), ('acme', 2, 'nut', 20, NULL);
UPDATE parts SET qty = qty + 1 WHERE maker = 'acme' AND part = 1;
SELECT name, qty FROM parts ORDER BY part;
SELECT count(*) FROM pg_temp.outbox();
COMMIT;
SELECT * FROM pg_temp.outbox();
SELECT name, qty FROM parts ORDER BY part;
SELECT cruddur_outbox_deliver();
SELECT name, qty FROM parts ORDER BY part;
SELECT * FROM pg_temp.outbox();

-- none is left of what is rolled back
BEGIN;
INSERT INTO parts VALUES ('acme', 3, 'washer');
SAVEPOINT s;
INSERT INTO parts VALUES ('acme', 4, 'screw');
ROLLBACK TO s;
COMMIT;
BEGIN;
INSERT INTO parts VALUES ('acme', 5, 'hook');
ROLLBACK;
SELECT cruddur_outbox_deliver();
SELECT part, name FROM parts ORDER BY part;

-- an update, a delete, a new key, NULL, each an entry; some of the same item
UPDATE parts SET qty = 5, price = NULL WHERE part = 1;
DELETE FROM parts WHERE part = 2;
UPDATE parts SET part = 6 WHERE part = 3;
INSERT INTO parts VALUES ('acme', 2, 'rivet', 7);
SELECT * FROM pg_temp.outbox();
SELECT cruddur_outbox_deliver();
SELECT * FROM pg_temp.stored();

-- at most so many at a time
INSERT INTO parts VALUES ('limit', 1);
INSERT INTO parts VALUES ('limit', 2);
INSERT INTO parts VALUES ('limit', 3);
SELECT cruddur_outbox_deliver(2);
SELECT cruddur_outbox_deliver(2);
SELECT cruddur_outbox_deliver(0);

-- More than DynamoDB takes at a time: an entry for each item.
INSERT INTO parts SELECT 'many', n, 'part ' || n FROM generate_series(1, 250) AS n;
SELECT count(*) FROM pg_temp.outbox();
SELECT cruddur_outbox_deliver();
SELECT count(*), sum(part) FROM parts WHERE maker = 'many';
SELECT * FROM pg_temp.outbox();

-- Refused: an item that was there, one that changed since. What comes after is
-- delivered.
INSERT INTO parts VALUES ('acme', 7, 'cog', 1), ('acme', 8, 'pin', 1);
SELECT cruddur_outbox_deliver();
INSERT INTO parts VALUES ('acme', 7, 'another');
UPDATE parts SET qty = qty + 1 WHERE part = 8;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "8"}, "qty": {"N": "50"}}');
INSERT INTO parts VALUES ('acme', 10, 'last');
SET client_min_messages = error;
SELECT cruddur_outbox_deliver();
RESET client_min_messages;
SELECT * FROM pg_temp.outbox();
SELECT part, name, qty FROM parts WHERE maker = 'acme' AND part >= 7 ORDER BY part;

-- tried again once the cause is gone
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "8"}, "qty": {"N": "1"}}');
SELECT cruddur_ddb_request('DeleteItem', '{"TableName": "sql-parts",
	"Key": {"maker": {"S": "acme"}, "part": {"N": "7"}}}');
SELECT * FROM pg_temp.retry_all();
SELECT cruddur_outbox_deliver();
SELECT cruddur_outbox_retry(1);
SELECT part, name, qty FROM parts WHERE maker = 'acme' AND part IN (7, 8) ORDER BY part;

-- Delivered before, and not saved: each is known by its token.
INSERT INTO parts VALUES ('twice', 1, 'as was', 1);
INSERT INTO parts VALUES ('twice', 2, 'goes', 1);
DELETE FROM parts WHERE maker = 'acme' AND part = 7;
UPDATE parts SET qty = qty + 1 WHERE maker = 'acme' AND part = 8;
DELETE FROM parts WHERE maker = 'acme' AND part = 10;
BEGIN;
SELECT cruddur_outbox_deliver();
ROLLBACK;
SELECT cruddur_outbox_deliver();
SELECT * FROM pg_temp.outbox();
SELECT maker, part, name, qty FROM parts
WHERE maker = 'twice' OR part IN (8, 10) AND maker = 'acme' ORDER BY part;

-- The same after DynamoDB has forgotten the tokens: an item that is the same was
-- inserted by its entry, and one that is gone was deleted; of an update it is not
-- known.
INSERT INTO parts VALUES ('later', 1, 'as was', 1), ('later', 2, 'beside', 1);
DELETE FROM parts WHERE maker = 'twice' AND part = 2;
UPDATE parts SET qty = qty + 1 WHERE maker = 'acme' AND part = 8;
BEGIN;
SELECT cruddur_outbox_deliver();
ROLLBACK;
UPDATE cruddur_outbox SET token = gen_random_uuid();
SET client_min_messages = error;
SELECT cruddur_outbox_deliver();
RESET client_min_messages;
SELECT * FROM pg_temp.outbox();
SELECT maker, part, name, qty FROM parts
WHERE maker IN ('later', 'twice') OR part = 8 AND maker = 'acme' ORDER BY maker, part;
DELETE FROM cruddur_outbox;

-- a transaction has one mode
BEGIN;
INSERT INTO parts VALUES ('modes', 1);
SET LOCAL cruddur_ddb.write_mode = transaction;
INSERT INTO parts VALUES ('modes', 2);
ROLLBACK;

-- what cannot be reached waits
ALTER SERVER cruddur OPTIONS (ADD max_attempts '1');
INSERT INTO parts VALUES ('waits', 1);
ALTER SERVER cruddur OPTIONS (SET endpoint 'http://127.0.0.1:1');
SELECT cruddur_outbox_deliver();
SELECT * FROM pg_temp.outbox();
SELECT next_attempt_at > now() AS later FROM cruddur_outbox;
SELECT cruddur_outbox_deliver();
ALTER SERVER cruddur OPTIONS (SET endpoint :'endpoint', DROP max_attempts);
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
UPDATE cruddur_outbox SET next_attempt_at = now();
SELECT cruddur_outbox_deliver();
SELECT last_error LIKE 'user mapping not found for "%"%' AS no_mapping
FROM cruddur_outbox;
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
UPDATE cruddur_outbox SET next_attempt_at = now();
SELECT cruddur_outbox_deliver();
SELECT * FROM pg_temp.outbox();

-- it writes
BEGIN READ ONLY;
SELECT cruddur_outbox_deliver();
ROLLBACK;

-- Whoever may write needs no right to the table.
CREATE ROLE regress_outbox_writer;
CREATE USER MAPPING FOR regress_outbox_writer SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
GRANT SELECT, INSERT ON parts TO regress_outbox_writer;
SET ROLE regress_outbox_writer;
INSERT INTO parts VALUES ('writer', 1);
SELECT count(*) FROM cruddur_outbox;
SELECT cruddur_outbox_deliver();
SELECT cruddur_outbox_retry(1);
RESET ROLE;
SELECT user_name FROM cruddur_outbox;
SELECT cruddur_outbox_deliver();
SELECT maker FROM parts WHERE maker = 'writer';
REVOKE ALL ON parts FROM regress_outbox_writer;
DROP USER MAPPING FOR regress_outbox_writer SERVER cruddur;
DROP ROLE regress_outbox_writer;

-- A trigger of the table comes when all was written.
CREATE FUNCTION pg_temp.echo() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN INSERT INTO public.parts VALUES ('echo', 1); RETURN NEW; END$$;
CREATE TRIGGER echo BEFORE INSERT ON cruddur_outbox
	FOR EACH ROW EXECUTE FUNCTION pg_temp.echo();
INSERT INTO parts VALUES ('voice', 1);
\echo :SQLSTATE
SELECT count(*) FROM cruddur_outbox;
DROP TRIGGER echo ON cruddur_outbox;
RESET cruddur_ddb.write_mode;
\i :scene_end
