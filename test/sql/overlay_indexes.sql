--
-- What a transaction has written, read by tables that are an index, by tables
-- that know other attributes, and by Appends.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene
\set VERBOSITY terse
CREATE FOREIGN TABLE by_agent (agent text COLLATE "C", due text COLLATE "C",
	customer text COLLATE "C", placed text COLLATE "C", note text)
	SERVER cruddur OPTIONS (table_name 'sql-orders', index_name 'by_agent');
CREATE FOREIGN TABLE by_region (region text COLLATE "C",
	customer text COLLATE "C", placed text COLLATE "C",
	item jsonb OPTIONS (attribute '*'))
	SERVER cruddur OPTIONS (table_name 'sql-orders', index_name 'by_region');
CREATE FOREIGN TABLE by_carrier (carrier text COLLATE "C",
	customer text COLLATE "C", placed text COLLATE "C", note text,
	item jsonb OPTIONS (attribute '*'))
	SERVER cruddur OPTIONS (table_name 'sql-orders', index_name 'by_carrier');
CREATE FOREIGN TABLE untyped (agent text COLLATE "C", due int,
	customer text COLLATE "C", placed text COLLATE "C")
	SERVER cruddur OPTIONS (table_name 'sql-orders');

-- An index has no items that lack its keys, or have them of another type, and
-- of the others what it projects.
BEGIN;
DELETE FROM orders WHERE customer IN ('c1', 'c2', 'c3', 'c4');
DELETE FROM orders WHERE customer = 'c0' AND placed > '2026-01-10';
INSERT INTO orders (customer, placed, agent, due, region, carrier, note)
	VALUES ('n', '1', 'a1', 'd2x', 'r1', 'v1', 'one'),
		('n', '2', 'a1', NULL, 'r1', NULL, 'two'),
		('n', '3', NULL, 'd', NULL, 'v1', NULL),
		('n', '4', 'a1', 'a', 'r0', 'v0', 'four');
INSERT INTO untyped VALUES ('a1', 7, 'n', '5');
SELECT * FROM by_agent WHERE agent = 'a1' ORDER BY due;
SELECT * FROM by_agent WHERE agent = 'a1' ORDER BY due DESC;
SELECT count(*) FROM by_agent WHERE agent = 'a1';
SELECT count(*) FROM by_agent;
SELECT * FROM by_region WHERE region = 'r1' ORDER BY customer, placed;
SELECT * FROM by_carrier WHERE carrier = 'v1' ORDER BY customer, placed;
UPDATE orders SET agent = 'a2', due = 'd1y' WHERE customer = 'n' AND placed = '1';
SELECT customer, placed, due FROM by_agent WHERE agent = 'a1' ORDER BY due;
SELECT customer, placed, due FROM by_agent WHERE agent = 'a2' ORDER BY due;
-- the same by an index that the planner chooses
SELECT customer, placed, due FROM orders WHERE agent = 'a2' AND due > '' ORDER BY due;

-- An item that the conditions leave out is not looked at any further: its
-- attributes may be those of another kind of item.
SELECT * FROM untyped WHERE customer = 'n' AND placed = '5';
SELECT * FROM untyped WHERE customer = 'n' AND due > 5;
SELECT * FROM untyped WHERE due = 7;
SELECT count(*) FROM untyped WHERE due = 7;
SAVEPOINT s;
SELECT * FROM untyped WHERE customer = 'n';
\echo :SQLSTATE
ROLLBACK TO s;
ALTER FOREIGN TABLE untyped OPTIONS (on_type_mismatch 'null');
SELECT * FROM untyped WHERE customer = 'n' ORDER BY placed;
SELECT count(*) FROM untyped WHERE customer = 'n' AND due IS NULL;
ROLLBACK;

-- Scans of an Append, at the same time
CREATE TABLE all_orders (customer text COLLATE "C", placed text COLLATE "C",
	note text) PARTITION BY RANGE (placed);
CREATE FOREIGN TABLE old_orders PARTITION OF all_orders FOR VALUES FROM ('') TO ('2026-02')
	SERVER cruddur OPTIONS (table_name 'sql-orders');
CREATE FOREIGN TABLE new_orders PARTITION OF all_orders
	FOR VALUES FROM ('2026-02') TO (MAXVALUE)
	SERVER cruddur OPTIONS (table_name 'sql-new');
SELECT cruddur_ddb_request('CreateTable', '{"TableName": "sql-new",
	"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [
		{"AttributeName": "customer", "AttributeType": "S"},
		{"AttributeName": "placed", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"},
		{"AttributeName": "placed", "KeyType": "RANGE"}]}') IS NOT NULL;
BEGIN;
INSERT INTO all_orders VALUES ('c0', '2025', 'old'), ('c0', '2027', 'new'),
	('c0', '2028', 'newer');
EXPLAIN (COSTS OFF) SELECT * FROM all_orders WHERE note LIKE '%e%';
SELECT * FROM all_orders WHERE customer = 'c0' AND note NOT LIKE 'note%' ORDER BY 2;
UPDATE all_orders SET note = note || length(all_orders::text)
	WHERE customer = 'c0' AND placed > '2027';
DELETE FROM all_orders WHERE placed = '2027';
SELECT * FROM all_orders WHERE customer = 'c0' AND note NOT LIKE 'note%' ORDER BY 2;
SELECT count(*) FROM all_orders WHERE customer = 'c0';
COMMIT;
SELECT * FROM all_orders WHERE customer = 'c0' AND note NOT LIKE 'note%' ORDER BY 2;

SELECT cruddur_drop_table(t)->>'TableName' AS dropped
FROM unnest(ARRAY['sql-orders', 'sql-new']) AS t;
DROP SERVER cruddur CASCADE;
