--
-- The mode changes within a transaction: an item that waits for COMMIT is not
-- overtaken by what is sent at once.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
INSERT INTO parts
SELECT 'acme', n, 'part ' || n, n * 10 FROM generate_series(1, 4) AS n;

BEGIN;
INSERT INTO parts VALUES ('bilt', 1, 'one'), ('bilt', 2, 'two');
UPDATE parts SET qty = qty + 1 WHERE maker = 'acme' AND part < 3;
DELETE FROM parts WHERE part = 3;
SET LOCAL cruddur_ddb.write_mode = immediate;
DELETE FROM parts WHERE maker = 'bilt' AND part = 1;
UPDATE parts SET qty = 0 WHERE name = 'two';
UPDATE parts SET qty = qty * 2 WHERE maker = 'acme';
INSERT INTO parts VALUES ('acme', 3, 'three again');
INSERT INTO parts VALUES ('acme', 3, 'not this'), ('acme', 5, 'five')
ON CONFLICT DO NOTHING;
INSERT INTO parts VALUES ('acme', 6, 'six');
UPDATE parts SET part = 7 WHERE part = 2;
SELECT maker, part, name, qty FROM parts ORDER BY maker, part;
-- what goes on waiting is not there, the rest is
SELECT stored FROM pg_temp.stored() AS stored;
COMMIT;
SELECT stored FROM pg_temp.stored() AS stored;

BEGIN;
INSERT INTO parts VALUES ('bilt', 8, 'eight');
SET LOCAL cruddur_ddb.write_mode = immediate;
SELECT pg_temp.attempt('INSERT INTO parts VALUES (''bilt'', 8, ''more'')');
ALTER FOREIGN TABLE parts OPTIONS (ADD on_duplicate 'replace');
INSERT INTO parts VALUES ('bilt', 8, 'replaced');
COMMIT;
SELECT name FROM parts WHERE part = 8;
BEGIN;
UPDATE parts SET qty = 8 WHERE part = 8;
SET LOCAL cruddur_ddb.write_mode = immediate;
TRUNCATE parts;
SELECT count(*) FROM pg_temp.stored();
COMMIT;
SELECT count(*) FROM pg_temp.stored();

-- the other way round: what was sent is there for the rest
BEGIN;
SET LOCAL cruddur_ddb.write_mode = immediate;
INSERT INTO parts VALUES ('acme', 1, 'one', 1);
SET LOCAL cruddur_ddb.write_mode = transaction;
UPDATE parts SET qty = qty + 1 RETURNING qty;
ROLLBACK;
SELECT maker, part, name, qty FROM parts;
\i :scene_end
