--
-- How the rows that UPDATE and DELETE change are read.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene
\set VERBOSITY terse
CREATE FUNCTION pg_temp.verbose(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query;
END
$$;

CREATE FUNCTION pg_temp.cost(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF) ' || query LOOP
		IF line ~ 'Read Units' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END
$$;

-- UPDATE reads whole items, DELETE what its conditions need; consistently.
SELECT pg_temp.verbose($$UPDATE orders SET size = size + 1
	WHERE customer = 'c0' AND placed = '2026-01-01'$$);
SELECT pg_temp.verbose($$DELETE FROM orders WHERE customer = 'c0' AND rush$$);
SELECT pg_temp.plan($$DELETE FROM orders WHERE customer = 'c0' AND rush
	RETURNING note$$);
SELECT pg_temp.plan($$DELETE FROM orders$$);

-- half a unit, were they not consistent
BEGIN;
SELECT line FROM pg_temp.cost($$DELETE FROM orders
	WHERE customer = 'c0' AND placed = '2026-01-01'$$) AS line;
SELECT line FROM pg_temp.cost($$SELECT FROM orders
	WHERE customer = 'c0' AND placed = '2026-01-01'$$) AS line;
ROLLBACK;

-- An index will do if it has all that is needed; for UPDATE, all.
SELECT pg_temp.plan($$UPDATE orders SET note = '' WHERE status = 'open'$$);
SELECT pg_temp.plan($$UPDATE orders SET note = '' WHERE carrier = 'v1'$$);
SELECT pg_temp.plan($$DELETE FROM orders WHERE carrier = 'v1' AND note > ''$$);

-- with other tables, on either side of a join
CREATE TABLE news (customer text COLLATE "C", placed text COLLATE "C", note text);
INSERT INTO news VALUES ('c0', '2026-01-01', 'a'), ('c0', '2026-01-02', 'b'),
	('c9', '2026-01-01', 'c'), ('c1', '2026-01-21', 'd');
ANALYZE news;
SELECT pg_temp.plan($$UPDATE orders AS o SET note = n.note FROM news AS n
	WHERE (o.customer, o.placed) = (n.customer, n.placed)$$);
BEGIN;
UPDATE orders AS o SET note = n.note || o.note FROM news AS n
	WHERE (o.customer, o.placed) = (n.customer, n.placed);
SELECT customer, placed, total, note FROM orders
	WHERE note ~ '^[a-d]' ORDER BY placed;
DELETE FROM orders AS o USING orders AS p, news AS n
	WHERE o.customer = p.customer AND p.note = n.note || 'note 1'
	AND o.placed < '2026-01-04' AND n.placed = p.placed;
UPDATE orders SET note = 'last' FROM (SELECT customer, max(placed) AS placed
		FROM orders GROUP BY customer) AS l
	WHERE (orders.customer, orders.placed) = (l.customer, l.placed)
	AND l.customer < 'c2';
SELECT placed, note FROM orders WHERE customer < 'c2' AND (placed < '2026-01-05'
	OR note = 'last') ORDER BY placed;
ROLLBACK;

-- whole rows, tableoid, subqueries
CREATE FUNCTION pg_temp.sum_up(o orders) RETURNS text
LANGUAGE sql RETURN (o).customer || ' ' || (o).placed || ' ' || (o).total;
SELECT pg_temp.verbose($$UPDATE orders SET note = pg_temp.sum_up(orders)
	WHERE customer = 'c0' AND orders IS NOT NULL AND tableoid <> 0$$);
BEGIN;
UPDATE orders SET note = pg_temp.sum_up(orders) WHERE customer = 'c0'
	AND orders IS DISTINCT FROM NULL AND tableoid = 'orders'::regclass;
SELECT note FROM orders WHERE customer = 'c0' AND placed < '2026-01-04' ORDER BY placed;
DELETE FROM orders WHERE pg_temp.sum_up(orders) LIKE '%-03%';
UPDATE orders AS o SET (note, size) = (SELECT max(note), count(*) FROM orders AS p
		WHERE p.customer = o.customer AND p.placed < o.placed)
	WHERE o.customer = 'c0' AND o.placed < '2026-01-05';
SELECT placed, note, size FROM orders WHERE customer = 'c0' AND placed < '2026-01-06'
	ORDER BY placed;
ROLLBACK;
DELETE FROM orders WHERE ctid = '(0,0)';
\echo :SQLSTATE
UPDATE orders SET size = 1 WHERE cmax = '0';
\echo :SQLSTATE

-- dropped and added columns
ALTER FOREIGN TABLE orders DROP due, ADD extra text, ADD item jsonb OPTIONS (attribute '*');
BEGIN;
UPDATE orders SET extra = 'more', size = length(substring(orders::text, '^.c4,2026'))
	WHERE customer = 'c4' AND total > 240;
SELECT placed, extra, size, item->>'extra', item->>'note' FROM orders
	WHERE customer = 'c4' AND extra IS NOT NULL ORDER BY placed;
DELETE FROM orders WHERE item->>'extra' = 'more';
SELECT count(*) FROM orders WHERE customer = 'c4';
ROLLBACK;

-- inherited, beside a heap
CREATE TABLE parent (customer text COLLATE "C", placed text COLLATE "C", note text);
CREATE TABLE heap () INHERITS (parent);
CREATE FOREIGN TABLE child (total numeric) INHERITS (parent)
	SERVER cruddur OPTIONS (table_name 'sql-orders');
INSERT INTO heap VALUES ('c0', 'in heap', 'h');
SELECT line FROM pg_temp.plan($$UPDATE parent SET note = upper(note)
	WHERE customer = 'c0'$$) AS line WHERE line ~ 'Foreign|Operation|Projection';
BEGIN;
UPDATE parent SET note = upper(note) WHERE customer = 'c0' AND placed > '2026-01-18';
SELECT tableoid::regclass, placed, note FROM parent
	WHERE customer = 'c0' AND note = upper(note) ORDER BY placed;
UPDATE parent SET note = news.note FROM news
	WHERE parent.customer = news.customer AND parent.placed = news.placed;
SELECT tableoid::regclass, placed, note FROM parent
	WHERE note IN (SELECT note FROM news) ORDER BY placed;
UPDATE parent SET note = parent || '' WHERE customer = 'c0'
	AND parent <> ROW('c0', '2026-01-20', 'NOTE 19')::parent AND placed > '2026-01-16';
SELECT tableoid::regclass, placed, note FROM parent
	WHERE customer = 'c0' AND placed > '2026-01-16' ORDER BY placed;
DELETE FROM parent WHERE tableoid = 'child'::regclass AND customer = 'c0';
SELECT count(*) FROM parent WHERE customer = 'c0';
ROLLBACK;

SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP SERVER cruddur CASCADE;
