--
-- All that a transaction writes goes out by one server and one user mapping:
-- those of what is left of it, not of what was rolled back.
--
\getenv folder PG_ABS_SRCDIR
\getenv endpoint DDB_ENDPOINT
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
CREATE SERVER elsewhere FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE FOREIGN TABLE far_parts (maker text, part int)
	SERVER elsewhere OPTIONS (table_name 'sql-parts');

BEGIN;
INSERT INTO parts VALUES ('acme', 1);
INSERT INTO far_parts VALUES ('bilt', 1);
ROLLBACK;

-- another server after a rollback of all, and then no third
BEGIN;
SAVEPOINT s;
INSERT INTO far_parts VALUES ('bilt', 2);
ROLLBACK TO s;
INSERT INTO parts VALUES ('acme', 2);
INSERT INTO parts VALUES ('acme', 3);
COMMIT;
BEGIN;
SAVEPOINT s;
INSERT INTO far_parts VALUES ('bilt', 4);
ROLLBACK TO s;
INSERT INTO parts VALUES ('acme', 4);
INSERT INTO far_parts VALUES ('bilt', 4);
\echo :SQLSTATE
ROLLBACK;

-- after a rollback of a part it is the same as before
BEGIN;
INSERT INTO far_parts VALUES ('bilt', 5);
SAVEPOINT s;
INSERT INTO far_parts VALUES ('bilt', 6);
ROLLBACK TO s;
INSERT INTO parts VALUES ('acme', 5);
\echo :SQLSTATE
ROLLBACK;
SELECT stored FROM pg_temp.stored() AS stored;

-- another user of the same table: with a mapping of his own
CREATE ROLE ddb_first_writer;
CREATE ROLE ddb_second_writer;
GRANT ALL ON parts TO ddb_first_writer, ddb_second_writer;
CREATE USER MAPPING FOR ddb_first_writer SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
CREATE USER MAPPING FOR ddb_second_writer SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
BEGIN;
SAVEPOINT s;
SET LOCAL ROLE ddb_first_writer;
INSERT INTO parts VALUES ('acme', 7);
ROLLBACK TO s;
DROP USER MAPPING FOR ddb_first_writer SERVER cruddur;
SET LOCAL ROLE ddb_second_writer;
INSERT INTO parts VALUES ('acme', 8);
COMMIT;
SELECT maker, part FROM parts ORDER BY maker, part;

-- What is needed to send it is gone.
SET client_min_messages = warning;
BEGIN;
INSERT INTO far_parts VALUES ('bilt', 9);
DROP USER MAPPING FOR CURRENT_USER SERVER elsewhere;
\set VERBOSITY sqlstate
COMMIT;
\set VERBOSITY default
BEGIN;
INSERT INTO far_parts VALUES ('bilt', 9);
DROP FOREIGN TABLE far_parts;
DROP SERVER elsewhere CASCADE;
COMMIT;
\echo :SQLSTATE
BEGIN;
SET LOCAL cruddur_ddb.write_mode = outbox;
INSERT INTO far_parts VALUES ('bilt', 9);
DROP FOREIGN TABLE far_parts;
DROP SERVER elsewhere CASCADE;
COMMIT;
\echo :SQLSTATE

-- The foreign table alone is not.
BEGIN;
INSERT INTO far_parts VALUES ('bilt', 9);
DROP FOREIGN TABLE far_parts;
COMMIT;
SELECT maker, part FROM parts ORDER BY maker, part;

DROP SERVER elsewhere CASCADE;
DROP USER MAPPING FOR ddb_second_writer SERVER cruddur;
REVOKE ALL ON parts FROM ddb_first_writer, ddb_second_writer;
DROP ROLE ddb_first_writer, ddb_second_writer;
\i :scene_end
