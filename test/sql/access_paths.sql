--
-- How items are reached: by key, by an index, or by a Scan.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

-- full keys
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE customer = 'c1' AND placed = '2026-01-22'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE customer IN ('c1', 'c2') AND placed = '2026-01-22'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE customer = 'c1' AND placed IN ('2026-01-22', '2026-01-23', 'x')$$);
SELECT pg_temp.try($$SELECT total FROM orders WHERE customer IN ('c1', 'c2')
	AND placed = ANY ('{2026-01-22,2026-01-23,2026-02-10}')$$);

SELECT pg_temp.try($$SELECT total FROM orders WHERE (customer, placed) IN
	(('c1', '2026-01-22'), ('c2', '2026-02-10'), ('c1', '2026-02-10'))$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE (customer = 'c1' AND placed = '2026-01-22')
	OR (customer = 'c2' AND placed > '2026-02-25')$$);

-- A clause without a column of the table is a gate before the scan.
SELECT pg_temp.compare($$SELECT a.total, (SELECT sum(b.total) FROM orders b
	WHERE a.rush AND b.customer = 'c1')
	FROM orders a WHERE a.customer = 'c2'$$);
SELECT pg_temp.compare($$SELECT a.total, (SELECT sum(b.total) FROM orders b
	WHERE a.rush AND b.agent = 'a0')
	FROM orders a WHERE a.customer = 'c2'$$);

-- A clause beside a full key is not DynamoDB's.
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE customer = 'c1' AND placed = '2026-01-22' AND status = 'open'$$);

-- a partition, or several: one Query each
SELECT pg_temp.try($$SELECT total FROM orders WHERE customer = 'c1'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE customer IN ('c1', 'c2', 'c1', 'c9')$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE customer = 'c1' OR 'c2' = customer$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE customer IN ('c1', 'c2') AND placed > '2026-02'$$);

-- an index: the one of which more is known
SELECT pg_temp.try($$SELECT placed FROM orders
	WHERE customer = 'c1' AND total = 55$$);
SELECT pg_temp.try($$SELECT placed FROM orders
	WHERE customer = 'c1' AND total BETWEEN 55 AND 60$$);
SELECT pg_temp.try($$SELECT total FROM orders WHERE status = 'open'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE status = 'open' AND placed > '2026-03'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE status IN ('open', 'paid') AND placed LIKE '2026-02%'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE customer = 'c1' AND status = 'open'$$);

-- A sparse index lacks the items that have no "due"; it is used where those
-- are not wanted.
SELECT pg_temp.try($$SELECT total FROM orders WHERE agent = 'a0'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE agent = 'a0' AND due IS NULL$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE agent = 'a0' AND due IS NOT NULL$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE agent = 'a0' AND due = 'd4'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE agent = 'a0' AND due > 'd5'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE agent = 'a0' AND upper(due) = 'D4'$$);
SELECT pg_temp.try($$SELECT total FROM orders
	WHERE agent = 'a0' AND (due = 'd4' OR rush)$$);

-- An index that lacks attributes is used where those are not wanted.
SELECT pg_temp.try($$SELECT customer, placed FROM orders
	WHERE region = 'r1'$$);
SELECT pg_temp.try($$SELECT total FROM orders WHERE region = 'r1'$$);
SELECT pg_temp.try($$SELECT customer FROM orders
	WHERE region = 'r1' AND total > 100$$);
SELECT pg_temp.try($$SELECT customer FROM orders
	WHERE carrier = 'v1' AND note LIKE 'note 1%'$$);
SELECT pg_temp.try($$SELECT note, total FROM orders WHERE carrier = 'v1'$$);
SELECT pg_temp.try($$SELECT orders FROM orders WHERE carrier = 'v1'$$);

-- no key
SELECT pg_temp.try($$SELECT total FROM orders WHERE placed = '2026-01-22'$$);
SELECT pg_temp.try($$SELECT total FROM orders WHERE customer > 'c1'$$);
SELECT pg_temp.try($$SELECT total FROM orders WHERE false$$);

-- A GSI has no consistent reads.
ALTER FOREIGN TABLE orders OPTIONS (ADD consistent_read 'true');
SELECT pg_temp.try($$SELECT total FROM orders WHERE status = 'open'$$);
SELECT pg_temp.try($$SELECT placed FROM orders
	WHERE customer = 'c1' AND total = 55$$);
ALTER FOREIGN TABLE orders OPTIONS (DROP consistent_read);

-- segments: as many as the option says, but one where LIMIT ends the Scan
ALTER FOREIGN TABLE orders OPTIONS (ADD segments '8');
SELECT pg_temp.try($$SELECT total FROM orders WHERE rush$$);
SELECT pg_temp.plan($$SELECT total FROM orders LIMIT 3$$);
ALTER FOREIGN TABLE orders OPTIONS (SET segments 'auto');
SELECT pg_temp.try($$SELECT total FROM orders$$);

-- a foreign table that is an index: what the index has, nothing more
CREATE FOREIGN TABLE due_orders (agent text COLLATE "C", due text COLLATE "C",
	total numeric, customer text COLLATE "C")
	SERVER cruddur OPTIONS (table_name 'sql-orders', index_name 'by_agent');
SELECT pg_temp.try($$SELECT * FROM due_orders$$);
SELECT pg_temp.try($$SELECT total FROM due_orders WHERE agent = 'a0'$$);
SELECT pg_temp.try($$SELECT total FROM due_orders
	WHERE agent = 'a0' AND customer = 'c1'$$);
SELECT pg_temp.try($$SELECT total FROM due_orders WHERE customer = 'c1'$$);

DROP FOREIGN TABLE orders, due_orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
