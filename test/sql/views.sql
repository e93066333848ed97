--
-- Writing through views: WITH CHECK OPTION, and whose keys are used.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
INSERT INTO parts
SELECT 'acme', n, 'part ' || n, n * 10 FROM generate_series(1, 4) AS n;

CREATE VIEW scarce AS SELECT maker, part, qty, name FROM parts WHERE qty < 25;
INSERT INTO scarce VALUES ('acme', 5, 5), ('acme', 6, 60);
UPDATE scarce SET qty = qty + 10;
DELETE FROM scarce WHERE part = 5;
SELECT part, qty FROM parts ORDER BY part;
INSERT INTO scarce VALUES ('acme', 7, 7) RETURNING *;

CREATE OR REPLACE VIEW scarce AS
SELECT maker, part, qty, name FROM parts WHERE qty < 25 WITH CHECK OPTION;
SELECT pg_temp.attempt($$INSERT INTO scarce VALUES ('acme', 8, 80)$$);
SELECT pg_temp.attempt($$INSERT INTO scarce VALUES ('acme', 8, 8)$$);
SELECT pg_temp.attempt('UPDATE scarce SET qty = qty + 20 WHERE part = 1');
SELECT pg_temp.attempt('UPDATE scarce SET qty = qty + 1 WHERE part = 1');
SET cruddur_ddb.write_mode = immediate;
SELECT pg_temp.attempt($$INSERT INTO scarce VALUES ('acme', 9, 90)$$);
SELECT pg_temp.attempt($$INSERT INTO scarce VALUES ('acme', 10, 10),
	('acme', 11, 11)$$);
SELECT pg_temp.attempt('UPDATE scarce SET qty = qty + 20 WHERE part = 1');
RESET cruddur_ddb.write_mode;
SELECT part, qty FROM parts ORDER BY part;

-- a view on the view, on the whole item
ALTER FOREIGN TABLE parts ADD item jsonb OPTIONS (attribute '*');
CREATE VIEW named AS SELECT maker, part, name FROM parts WHERE item ? 'name'
WITH CHECK OPTION;
SELECT pg_temp.attempt($$INSERT INTO named VALUES ('acme', 20, NULL)$$);
SELECT pg_temp.attempt($$INSERT INTO named VALUES ('acme', 20, 'x')$$);
SELECT pg_temp.attempt($$UPDATE named SET name = NULL WHERE part = 20$$);
SELECT pg_temp.attempt($$UPDATE named SET name = 'y' WHERE part = 20$$);
SELECT name FROM named WHERE part = 20;

-- A view writes with its owner's keys, unless it is the caller's.
CREATE ROLE regress_writer;
GRANT ALL ON scarce, named, parts TO regress_writer;
SET ROLE regress_writer;
INSERT INTO scarce VALUES ('bilt', 1, 1);
UPDATE scarce SET qty = 2 WHERE maker = 'bilt';
SELECT * FROM scarce WHERE maker = 'bilt';
DELETE FROM scarce WHERE maker = 'bilt';
INSERT INTO parts (maker, part) VALUES ('bilt', 1);
RESET ROLE;
ALTER VIEW scarce SET (security_invoker = true);
SET ROLE regress_writer;
INSERT INTO scarce VALUES ('bilt', 1, 1);
RESET ROLE;

-- two users, one transaction
CREATE USER MAPPING FOR regress_writer SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
BEGIN;
INSERT INTO parts (maker, part) VALUES ('cogs', 1);
SET LOCAL ROLE regress_writer;
SELECT pg_temp.attempt('INSERT INTO parts (maker, part) VALUES (''cogs'', 2)');
RESET ROLE;
INSERT INTO parts (maker, part) VALUES ('cogs', 3);
COMMIT;
SELECT part FROM parts WHERE maker = 'cogs' ORDER BY part;

DROP VIEW scarce, named;
DROP OWNED BY regress_writer;
DROP ROLE regress_writer;
\i :scene_end
