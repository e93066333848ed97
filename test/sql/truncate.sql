--
-- TRUNCATE: every item is deleted, one by one.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
INSERT INTO parts SELECT 'acme', n, 'part ' || n FROM generate_series(1, 90) AS n;
BEGIN;
TRUNCATE parts;
SELECT count(*) FROM parts;
INSERT INTO parts VALUES ('acme', 1, 'again');
SELECT * FROM parts;
SELECT count(*) FROM pg_temp.stored();
ROLLBACK;
SELECT count(*) FROM parts;

-- with what only the transaction has, and what it has deleted
BEGIN;
INSERT INTO parts VALUES ('bilt', 1, 'nut');
DELETE FROM parts WHERE part < 11 AND maker = 'acme';
UPDATE parts SET name = 'changed' WHERE part = 12;
SAVEPOINT s;
TRUNCATE parts RESTART IDENTITY CASCADE;
SELECT count(*) FROM parts;
ROLLBACK TO s;
SELECT count(*) FROM parts;
TRUNCATE parts;
INSERT INTO parts VALUES ('bilt', 1, 'nut'), ('acme', 13, 'new');
COMMIT;
SELECT pg_temp.stored();

-- An item that was inserted on top of one in DynamoDB is not left there.
BEGIN;
INSERT INTO parts VALUES ('bilt', 1, 'on top'), ('bilt', 2, 'new');
TRUNCATE parts;
SELECT count(*) FROM parts;
COMMIT;
SELECT count(*) FROM pg_temp.stored();

-- more than a transaction takes
SET cruddur_ddb.write_mode = immediate;
INSERT INTO parts SELECT 'many', n FROM generate_series(1, 150) AS n;
RESET cruddur_ddb.write_mode;
SELECT pg_temp.attempt('TRUNCATE parts');
SELECT count(*) FROM pg_temp.stored();
SET cruddur_ddb.write_mode = immediate;
BEGIN;
TRUNCATE parts;
SELECT count(*) FROM pg_temp.stored();
ROLLBACK;
RESET cruddur_ddb.write_mode;

-- when not
SET cruddur_ddb.full_scan = forbid;
SELECT pg_temp.attempt('TRUNCATE parts');
RESET cruddur_ddb.full_scan;
BEGIN READ ONLY;
SELECT pg_temp.attempt('TRUNCATE parts');
ROLLBACK;
CREATE FOREIGN TABLE by_label (label text) SERVER cruddur
	OPTIONS (table_name 'sql-parts', index_name 'by_label');
SELECT pg_temp.attempt('TRUNCATE by_label');
DROP FOREIGN TABLE by_label;
ALTER FOREIGN TABLE parts OPTIONS (ADD updatable 'false');
SELECT pg_temp.attempt('TRUNCATE parts');
\i :scene_end
