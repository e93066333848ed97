--
-- RETURNING: the rows as they are stored, or were.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
ALTER FOREIGN TABLE parts ADD item jsonb OPTIONS (attribute '*');

INSERT INTO parts VALUES ('acme', 1, 'bolt', 10, 0.25),
	('acme', 2, NULL, 20, NULL)
RETURNING *, tableoid::regclass, qty * 2 AS twice;
INSERT INTO parts (maker, part) VALUES ('acme', 3) RETURNING parts;
UPDATE parts SET qty = qty + 1, name = NULL WHERE part < 3 RETURNING *;
UPDATE parts SET price = 5 WHERE part = 3 RETURNING price, item;
UPDATE parts p SET qty = s.n FROM (VALUES (1, 100), (2, 200)) AS s (part, n)
	WHERE p.part = s.part AND p.maker = 'acme' RETURNING s.n, p.qty, p.part;
UPDATE parts SET part = 33 WHERE part = 3 RETURNING *;
DELETE FROM parts WHERE part = 33 RETURNING part, item;
DELETE FROM parts WHERE part = 44 RETURNING *;
DELETE FROM parts p USING (VALUES (1)) AS s (part) WHERE p.part = s.part
	RETURNING s.part, p.*, p;

-- what it returns is what later reads find
WITH added AS (
	INSERT INTO parts SELECT 'acme', n, 'new' FROM generate_series(5, 7) AS n
	RETURNING part, item)
SELECT (SELECT count(*) FROM parts WHERE name = 'new') AS seen, added.*
FROM added;
SELECT part, name FROM parts ORDER BY part;
WITH moved AS (DELETE FROM parts WHERE part > 5 RETURNING *)
INSERT INTO parts SELECT 'bilt', part, name FROM moved RETURNING maker, part;
SELECT maker, part FROM parts ORDER BY maker, part;
DO $$
DECLARE
	r parts;
BEGIN
	INSERT INTO parts VALUES ('cogs', 1, 'cog') RETURNING * INTO r;
	RAISE NOTICE '%', r;
	UPDATE parts SET name = r.name || 's' WHERE maker = 'cogs' RETURNING * INTO r;
	RAISE NOTICE '%', r;
	DELETE FROM parts WHERE maker = 'cogs' RETURNING * INTO r;
	RAISE NOTICE '%', r;
END
$$;

-- the whole item is not for writing
SELECT pg_temp.attempt('UPDATE parts SET item = ''{}''');
SELECT pg_temp.attempt('INSERT INTO parts (maker, part, item)
	VALUES (''x'', 1, ''{}'')');

-- immediate
SET cruddur_ddb.write_mode = immediate;
INSERT INTO parts VALUES ('acme', 9, 'nine') RETURNING *;
UPDATE parts SET name = 'neun', part = 99 WHERE part = 9 RETURNING *;
DELETE FROM parts WHERE part = 99 RETURNING *;
RESET cruddur_ddb.write_mode;
\i :scene_end
