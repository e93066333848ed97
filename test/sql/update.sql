--
-- UPDATE: only what has changed is sent, on the condition of what was read.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
INSERT INTO parts
SELECT 'acme', n, 'part ' || n, n * 10, n FROM generate_series(1, 5) AS n;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "6"},
	"name": {"S": "other"}, "qty": {"N": "60.0"}, "colour": {"S": "red"},
	"price": {"NULL": true}}');

-- other attributes stay as they are
UPDATE parts SET name = 'six' WHERE part = 6;
SELECT pg_temp.stored() OFFSET 5;
UPDATE parts SET qty = NULL, price = 6.5 WHERE part = 6;
SELECT pg_temp.stored() OFFSET 5;

-- none, one, many, by expressions, with joins and subqueries
UPDATE parts SET qty = 0 WHERE part = 7;
UPDATE parts SET qty = qty + 1 WHERE maker = 'acme' AND part = 1;
UPDATE parts SET qty = qty * 2, name = upper(name) WHERE part < 4;
UPDATE parts p SET price = s.price FROM (VALUES (1, 1.11), (2, 2.22), (9, 9.99))
	AS s (part, price) WHERE p.maker = 'acme' AND p.part = s.part;
UPDATE parts SET qty = (SELECT sum(qty) FROM parts) WHERE part = 5;
UPDATE parts p SET name = p.name || ' of ' || q.part FROM parts q
	WHERE q.maker = p.maker AND q.part = p.part - 1 AND p.part IN (4, 5);
SELECT * FROM parts ORDER BY part;

-- The same row once more is no change; it counts as updated all the same.
UPDATE parts SET name = name, qty = qty;

-- twice in one statement: the first counts, as in any table
UPDATE parts SET qty = s.qty FROM (VALUES (1, 7), (1, 7)) AS s (part, qty)
	WHERE parts.part = s.part;

-- another item by another key
UPDATE parts SET part = 10, name = 'ten' WHERE part = 1;
UPDATE parts SET part = part + 100 WHERE part < 6;
UPDATE parts SET maker = 'bilt', part = 1 WHERE part = 10;
SELECT maker, part, name, qty FROM parts ORDER BY maker, part;
SELECT pg_temp.stored() LIMIT 1 OFFSET 5;
UPDATE parts SET maker = 'acme', part = 102 WHERE maker = 'bilt';
\echo :SQLSTATE
SELECT pg_temp.attempt('UPDATE parts SET part = NULL WHERE maker = ''bilt''');
SELECT count(*) FROM parts;

-- several statements of a transaction are one write
BEGIN;
UPDATE parts SET qty = 1 WHERE maker = 'bilt';
UPDATE parts SET qty = qty + 1 WHERE maker = 'bilt';
SAVEPOINT s;
UPDATE parts SET qty = qty + 1, name = 'lost' WHERE maker = 'bilt';
ROLLBACK TO s;
UPDATE parts SET qty = qty + 1 WHERE maker = 'bilt';
SELECT qty, name FROM parts WHERE maker = 'bilt';
SELECT stored->'qty' FROM pg_temp.stored() AS stored
WHERE stored->'maker'->>'S' = 'bilt';
COMMIT;
SELECT stored->'qty' FROM pg_temp.stored() AS stored
WHERE stored->'maker'->>'S' = 'bilt';

-- Someone else comes between: nothing is lost.
BEGIN;
UPDATE parts SET qty = qty + 1 WHERE maker = 'bilt';
SELECT pg_temp.put('{"maker": {"S": "bilt"}, "part": {"N": "1"},
	"qty": {"N": "100"}}');
COMMIT;
\echo :SQLSTATE
-- what was not read does not matter
BEGIN;
UPDATE parts SET name = 'new' WHERE maker = 'bilt';
SELECT pg_temp.put('{"maker": {"S": "bilt"}, "part": {"N": "1"},
	"qty": {"N": "101"}}');
COMMIT;
-- what decided does
BEGIN;
UPDATE parts SET name = 'newer' WHERE maker = 'bilt' AND qty > 100;
SELECT pg_temp.put('{"maker": {"S": "bilt"}, "part": {"N": "1"},
	"name": {"S": "new"}, "qty": {"N": "99"}}');
COMMIT;
\echo :SQLSTATE
SELECT * FROM parts WHERE maker = 'bilt';

-- immediate
SET cruddur_ddb.write_mode = immediate;
BEGIN;
UPDATE parts SET qty = qty + 1 WHERE part > 100;
UPDATE parts SET part = 999 WHERE maker = 'bilt';
ROLLBACK;
SELECT * FROM parts ORDER BY maker, part;
RESET cruddur_ddb.write_mode;

SELECT pg_temp.plan('UPDATE parts SET name = upper(name), qty = 1
	WHERE maker = ''acme'' AND part = 1 AND price > 1');
SELECT pg_temp.plan('UPDATE parts SET name = s.name FROM (VALUES (1, ''x''))
	AS s (part, name) WHERE parts.maker = ''acme'' AND parts.part = s.part
	RETURNING price');
\i :scene_end
