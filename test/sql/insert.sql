--
-- INSERT: what is stored of a row, when, and what is refused.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene

-- one row, several, NULL and DEFAULT
INSERT INTO parts VALUES ('acme', 1, 'bolt', 10, 0.25);
INSERT INTO parts (part, maker, qty) VALUES (2, 'acme', NULL), (3, 'acme', 0);
ALTER FOREIGN TABLE parts ALTER qty SET DEFAULT 7;
INSERT INTO parts (maker, part, name) VALUES ('acme', 4, '');
INSERT INTO parts VALUES ('acme', 5, DEFAULT, DEFAULT, 1e2);
SELECT pg_temp.stored();
SELECT * FROM parts ORDER BY part;

-- Nothing is sent before COMMIT, and nothing after ROLLBACK.
BEGIN;
INSERT INTO parts VALUES ('bilt', 1, 'nut', 1, 1), ('bilt', 2, 'nut', 2, 2);
SELECT count(*) FROM parts WHERE maker = 'bilt';
SELECT count(*) FROM pg_temp.stored();
ROLLBACK;
SELECT count(*) FROM parts WHERE maker = 'bilt';
BEGIN;
INSERT INTO parts VALUES ('bilt', 1, 'nut', 1, 1);
SAVEPOINT s;
INSERT INTO parts VALUES ('bilt', 2, 'nut', 2, 2);
ROLLBACK TO s;
INSERT INTO parts VALUES ('bilt', 3, 'nut', 3, 3);
COMMIT;
SELECT part FROM parts WHERE maker = 'bilt' ORDER BY part;

-- a key that exists: found out at COMMIT, or at once if we have written it
INSERT INTO parts VALUES ('acme', 1, 'another bolt');
\echo :SQLSTATE
BEGIN;
INSERT INTO parts VALUES ('acme', 9, 'gear');
INSERT INTO parts VALUES ('bilt', 1, 'another nut');
COMMIT;
\echo :SQLSTATE
SELECT name FROM parts WHERE part IN (1, 9) ORDER BY maker;
BEGIN;
INSERT INTO parts VALUES ('acme', 9, 'gear');
SELECT pg_temp.attempt($$INSERT INTO parts VALUES ('acme', 9, 'gear')$$);
ROLLBACK;
SELECT pg_temp.attempt($$INSERT INTO parts
	VALUES ('acme', 9, 'gear'), ('acme', 9.0, 'gear')$$);

-- A statement does not see its own rows.
INSERT INTO parts SELECT 'copy of ' || maker, part, name, qty, price FROM parts;
SELECT maker, count(*) FROM parts GROUP BY maker ORDER BY maker;
BEGIN;
INSERT INTO parts VALUES ('cogs', 1, 'cog');
INSERT INTO parts SELECT maker, part + 1, name FROM parts WHERE maker = 'cogs';
INSERT INTO parts SELECT maker, part + 2, name FROM parts WHERE maker = 'cogs';
COMMIT;
SELECT part FROM parts WHERE maker = 'cogs' ORDER BY part;

-- prepared, and in a function
PREPARE add (int) AS INSERT INTO parts VALUES ('prep', $1, 'p' || $1);
EXECUTE add(1);
EXECUTE add(2);
SET plan_cache_mode = force_generic_plan;
EXECUTE add(3);
RESET plan_cache_mode;
DEALLOCATE add;
DO $$
BEGIN
	FOR i IN 4 .. 6 LOOP
		INSERT INTO parts VALUES ('prep', i, 'p' || i);
	END LOOP;
END
$$;
SELECT name FROM parts WHERE maker = 'prep' ORDER BY part;

-- In mode "immediate" rows are there at once, and stay.
SET cruddur_ddb.write_mode = immediate;
BEGIN;
INSERT INTO parts SELECT 'immediate', n, 'x' FROM generate_series(1, 120) AS n;
SELECT count(*) FROM pg_temp.stored() AS item
WHERE item->'maker'->>'S' = 'immediate';
ROLLBACK;
SELECT count(*) FROM parts WHERE maker = 'immediate';
SELECT pg_temp.attempt($$INSERT INTO parts VALUES ('immediate', 1, 'y')$$);
SELECT name FROM parts WHERE maker = 'immediate' AND part = 1;
-- A statement does not see its own rows then, either, however long it reads.
INSERT INTO parts SELECT 'large', n, repeat('x', 100000)
FROM generate_series(1, 40) AS n;
INSERT INTO parts SELECT maker, part + 1000, name FROM parts WHERE maker = 'large';
SELECT count(*), max(part) FROM parts WHERE maker = 'large';
UPDATE parts SET part = part + 5000 WHERE maker = 'large';
SELECT count(*), min(part), max(part) FROM parts WHERE maker = 'large';
SELECT pg_temp.attempt($$INSERT INTO parts SELECT maker, part + 1, name FROM parts
	ON CONFLICT DO NOTHING$$);
DELETE FROM parts WHERE maker = 'large';
RESET cruddur_ddb.write_mode;

-- more than a transaction takes
SELECT pg_temp.attempt($$INSERT INTO parts
	SELECT 'many', n FROM generate_series(1, 101) AS n$$);
SELECT pg_temp.attempt($$INSERT INTO parts
	SELECT 'many', n FROM generate_series(1, 100) AS n$$);
SELECT count(*) FROM parts WHERE maker = 'many';

-- rows that are no items
SELECT pg_temp.attempt($$INSERT INTO parts VALUES (NULL, 1)$$);
SELECT pg_temp.attempt($$INSERT INTO parts (maker) VALUES ('acme')$$);
SELECT pg_temp.attempt($$INSERT INTO parts VALUES ('', 1)$$);
CREATE FOREIGN TABLE names (maker text, name text, item jsonb
	OPTIONS (attribute '*')) SERVER cruddur OPTIONS (table_name 'sql-parts');
SELECT pg_temp.attempt($$INSERT INTO names VALUES ('acme', 'bolt')$$);
ALTER FOREIGN TABLE names ADD part int;
SELECT pg_temp.attempt($$INSERT INTO names VALUES ('a', 'b', '{}', 1)$$);

DROP FOREIGN TABLE names;

-- Constraints are what one declares of the items, not what is enforced.
ALTER FOREIGN TABLE parts ADD CHECK (qty > 0);
INSERT INTO parts (maker, part, qty) VALUES ('acme', 6, -1);
SELECT qty FROM parts WHERE maker = 'acme' AND part = 6;
\i :scene_end
