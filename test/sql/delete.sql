--
-- DELETE, by whatever way the rows are found.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
INSERT INTO parts
SELECT m, n, 'part ' || n, n * 10, n
FROM generate_series(1, 10) AS n, unnest('{acme,bilt}'::text[]) AS m;

DELETE FROM parts WHERE maker = 'acme' AND part = 1;
DELETE FROM parts WHERE maker = 'acme' AND part = 1;
DELETE FROM parts WHERE maker = 'acme' AND part IN (2, 3);
DELETE FROM parts WHERE name = 'part 4';
DELETE FROM parts p USING (VALUES (5), (5)) AS s (part) WHERE p.part = s.part;
DELETE FROM parts p WHERE EXISTS (SELECT FROM parts q
	WHERE q.maker = p.maker AND q.part = p.part + 1) AND p.maker = 'bilt';
SELECT maker, part FROM parts ORDER BY maker, part;

-- not before COMMIT
BEGIN;
DELETE FROM parts WHERE maker = 'acme' AND part > 8;
SELECT count(*) FROM parts;
SELECT count(*) FROM pg_temp.stored();
SAVEPOINT s;
DELETE FROM parts;
SELECT count(*) FROM parts;
ROLLBACK TO s;
INSERT INTO parts VALUES ('acme', 10, 'ten again');
INSERT INTO parts VALUES ('acme', 11, 'eleven');
DELETE FROM parts WHERE part = 11;
SELECT * FROM parts WHERE part > 7 ORDER BY maker, part;
COMMIT;
SELECT stored FROM pg_temp.stored() AS stored
WHERE stored->'part'->>'N' > '7' OR stored->'part'->>'N' = '10';

-- What is put in its place may be changed in turn, and read for that.
INSERT INTO parts VALUES ('acme', 9, 'nine', 90);
BEGIN;
DELETE FROM parts WHERE maker = 'acme' AND part = 9;
INSERT INTO parts VALUES ('acme', 9, 'nine again', 1);
UPDATE parts SET qty = qty + 1 WHERE name = 'nine again';
COMMIT;
SELECT stored FROM pg_temp.stored() AS stored
WHERE stored->'name'->>'S' = 'nine again';
BEGIN;
DELETE FROM parts WHERE maker = 'acme' AND part = 9 AND qty = 2;
INSERT INTO parts VALUES ('acme', 9, 'nine', 3);
UPDATE parts SET qty = qty + 1 WHERE maker = 'acme' AND part = 9;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "9"},
	"qty": {"N": "4"}}');
COMMIT;
\echo :SQLSTATE
SELECT stored FROM pg_temp.stored() AS stored
WHERE stored->'qty'->>'N' = '4';
DELETE FROM parts WHERE maker = 'acme' AND part = 9;

-- Someone else comes between.
BEGIN;
DELETE FROM parts WHERE maker = 'acme' AND qty = 60;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "6"},
	"qty": {"N": "61"}}');
COMMIT;
\echo :SQLSTATE
BEGIN;
DELETE FROM parts WHERE maker = 'acme' AND part = 6;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "6"},
	"qty": {"N": "62"}}');
COMMIT;
SELECT maker, part FROM parts ORDER BY maker, part;

-- immediate, in batches
SET cruddur_ddb.write_mode = immediate;
INSERT INTO parts SELECT 'many', n FROM generate_series(1, 120) AS n;
BEGIN;
DELETE FROM parts WHERE maker = 'many' AND part > 10;
ROLLBACK;
SELECT count(*) FROM parts WHERE maker = 'many';
RESET cruddur_ddb.write_mode;

-- a cursor's place is not known to DynamoDB
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM parts WHERE maker = 'many' ORDER BY part;
FETCH c;
SELECT pg_temp.attempt('DELETE FROM parts WHERE CURRENT OF c');
DELETE FROM parts WHERE maker = 'many';
FETCH c;
ROLLBACK;

SELECT pg_temp.plan('DELETE FROM parts WHERE maker = ''acme'' AND qty > 1');
SET cruddur_ddb.write_mode = immediate;
SELECT pg_temp.plan('DELETE FROM parts WHERE maker = ''acme'' AND qty > 1');
RESET cruddur_ddb.write_mode;
\i :scene_end
