--
-- Stored generated columns, defaults and sequences.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
CREATE FOREIGN TABLE offers (
	maker text DEFAULT 'acme',
	part int,
	qty int DEFAULT 1,
	price numeric,
	total numeric GENERATED ALWAYS AS (qty * price) STORED,
	label text GENERATED ALWAYS AS ('#' || part) STORED
) SERVER cruddur OPTIONS (table_name 'sql-parts');
INSERT INTO offers (part, qty, price) VALUES (1, 3, 1.5), (2, 2, NULL)
RETURNING *;
INSERT INTO offers (part, price) VALUES (3, 9);
COPY offers (part, price) FROM STDIN;
4	10
\.
SELECT pg_temp.stored();
SELECT pg_temp.attempt('INSERT INTO offers (part, total) VALUES (5, 1)');
UPDATE offers SET qty = 4 WHERE part = 1 RETURNING *;
UPDATE offers SET price = 2 WHERE part < 3;
UPDATE offers SET part = part + 10 WHERE part > 2;
SELECT * FROM offers ORDER BY part;

-- What a column is generated from decides what is written.
BEGIN;
UPDATE offers SET qty = 5 WHERE part = 1;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "1"},
	"qty": {"N": "4"}, "price": {"N": "3"}, "total": {"N": "8"}}');
COMMIT;
\echo :SQLSTATE
-- not where it is not generated anew
BEGIN;
UPDATE offers SET label = DEFAULT WHERE part = 1;
SELECT pg_temp.put('{"maker": {"S": "acme"}, "part": {"N": "1"},
	"qty": {"N": "4"}, "price": {"N": "4"}, "total": {"N": "16"}}');
COMMIT;
SELECT * FROM offers WHERE part = 1;
DROP FOREIGN TABLE offers;
\i :scene_end
