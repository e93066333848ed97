--
-- Options of writing: updatable, on_duplicate, write_units_per_second.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
CREATE FUNCTION pg_temp.try() RETURNS SETOF text
LANGUAGE sql AS $$
	SELECT pg_temp.attempt(statement) FROM unnest(ARRAY[
		'INSERT INTO parts VALUES (''acme'', 1)',
		'UPDATE parts SET qty = 1',
		'DELETE FROM parts',
		'TRUNCATE parts',
		'COPY parts FROM ''/dev/null''',
		'INSERT INTO parts SELECT FROM parts WHERE false']) AS statement
$$;
CREATE FUNCTION pg_temp.can_insert() RETURNS text
LANGUAGE sql AS $$
	SELECT is_insertable_into FROM information_schema.tables
	WHERE table_name = 'parts'
$$;

-- updatable: the table's, else the server's, else yes
SELECT pg_temp.can_insert();
ALTER SERVER cruddur OPTIONS (ADD updatable 'false');
SELECT pg_temp.can_insert();
SELECT pg_temp.try();
ALTER FOREIGN TABLE parts OPTIONS (ADD updatable 'true');
SELECT pg_temp.can_insert();
SELECT pg_temp.try();
ALTER SERVER cruddur OPTIONS (DROP updatable);
ALTER FOREIGN TABLE parts OPTIONS (SET updatable 'false');
SELECT pg_temp.try();
ALTER FOREIGN TABLE parts OPTIONS (DROP updatable);
-- an index is for reading
ALTER FOREIGN TABLE parts OPTIONS (ADD index_name 'by_label');
SELECT pg_temp.can_insert();
SELECT pg_temp.try();
ALTER FOREIGN TABLE parts OPTIONS (DROP index_name);
-- The catalogs' views are for all tables, good or not.
CREATE FOREIGN TABLE "no table" (a int) SERVER cruddur;
SELECT is_insertable_into FROM information_schema.tables
WHERE table_name = 'no table';
DROP FOREIGN TABLE "no table";

-- on_duplicate
INSERT INTO parts VALUES ('acme', 1, 'old', 1, 1);
ALTER FOREIGN TABLE parts OPTIONS (ADD on_duplicate 'replace');
INSERT INTO parts VALUES ('acme', 1, 'new'), ('acme', 2, 'new');
SELECT pg_temp.stored();
-- the last one counts
INSERT INTO parts VALUES ('acme', 1, 'twice'), ('acme', 1, 'thrice');
BEGIN;
INSERT INTO parts VALUES ('acme', 2, 'newer');
INSERT INTO parts VALUES ('acme', 2, 'newest', 5);
UPDATE parts SET qty = qty + 1 WHERE part = 2;
COMMIT;
SELECT pg_temp.stored();
SET cruddur_ddb.write_mode = immediate;
INSERT INTO parts SELECT 'acme', n % 60, 'immediate', n
FROM generate_series(1, 120) AS n;
SELECT count(*), min(qty), max(qty) FROM parts WHERE name = 'immediate';
RESET cruddur_ddb.write_mode;
-- a key that UPDATE changes is another matter
UPDATE parts SET part = 2 WHERE part = 1;
\echo :SQLSTATE
ALTER FOREIGN TABLE parts OPTIONS (SET on_duplicate 'error');
SELECT pg_temp.attempt('INSERT INTO parts VALUES (''acme'', 70)');
INSERT INTO parts VALUES ('acme', 70);
\echo :SQLSTATE

-- The rate holds for writes: of 150 units at 100 a second, the last has to wait.
ALTER FOREIGN TABLE parts OPTIONS (ADD write_units_per_second '100');
SET cruddur_ddb.write_mode = immediate;
SELECT clock_timestamp() AS start \gset
INSERT INTO parts SELECT 'slow', n FROM generate_series(1, 150) AS n;
SELECT clock_timestamp() - :'start' BETWEEN '400 ms' AND '5 s' AS waited;
\i :scene_end
