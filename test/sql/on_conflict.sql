--
-- ON CONFLICT DO NOTHING: rows whose key exists are left out.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
INSERT INTO parts
SELECT 'acme', n, 'old' FROM generate_series(1, 150) AS n WHERE n % 2 = 0
ON CONFLICT DO NOTHING;
SELECT count(*) FROM parts;

-- some exist, in DynamoDB or in the transaction, or are there twice
INSERT INTO parts VALUES ('acme', 1, 'new'), ('acme', 2, 'new'),
	('acme', 3, 'new'), ('acme', 3.0, 'newer') ON CONFLICT DO NOTHING;
SELECT part, name FROM parts WHERE part < 5 ORDER BY part;
BEGIN;
DELETE FROM parts WHERE part IN (2, 4);
INSERT INTO parts VALUES ('acme', 5, 'new');
INSERT INTO parts VALUES ('acme', 2, 'again'), ('acme', 5, 'newer'),
	('acme', 6, 'new') ON CONFLICT DO NOTHING RETURNING part, name;
COMMIT;
SELECT part, name FROM parts WHERE part < 7 ORDER BY part;

-- one that comes to exist until COMMIT
BEGIN;
INSERT INTO parts VALUES ('acme', 7, 'new') ON CONFLICT DO NOTHING;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "7"}}');
COMMIT;
\echo :SQLSTATE

-- immediate, many
SET cruddur_ddb.write_mode = immediate;
INSERT INTO parts SELECT 'acme', n, 'more' FROM generate_series(1, 300) AS n
ON CONFLICT DO NOTHING;
RESET cruddur_ddb.write_mode;
SELECT name, count(*) FROM parts GROUP BY name ORDER BY name;

-- It is not what on_duplicate says.
ALTER FOREIGN TABLE parts OPTIONS (ADD on_duplicate 'replace');
INSERT INTO parts VALUES ('acme', 1, 'not new') ON CONFLICT DO NOTHING;
SELECT name FROM parts WHERE maker = 'acme' AND part = 1;
BEGIN;
INSERT INTO parts VALUES ('acme', 301, 'new') ON CONFLICT DO NOTHING;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "301"}}');
COMMIT;
\echo :SQLSTATE
INSERT INTO parts VALUES ('acme', 1, 'replaced');
SELECT name FROM parts WHERE maker = 'acme' AND part = 1;

-- what takes a unique index does not go
SELECT pg_temp.attempt('INSERT INTO parts VALUES (''acme'', 1)
	ON CONFLICT (maker, part) DO NOTHING');
SELECT pg_temp.attempt('INSERT INTO parts VALUES (''acme'', 1)
	ON CONFLICT (maker, part) DO UPDATE SET name = ''x''');
SELECT left(pg_temp.attempt('MERGE INTO parts USING (VALUES (1)) AS s (part)
	ON parts.part = s.part WHEN MATCHED THEN DELETE'), 5);
\i :scene_end
