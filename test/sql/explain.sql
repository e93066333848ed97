--
-- What EXPLAIN shows of a foreign table, and what it costs.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene
ALTER FOREIGN TABLE orders ADD COLUMN item jsonb OPTIONS (attribute '*');

-- VERBOSE alone shows how a table is read.
EXPLAIN (COSTS OFF) SELECT total FROM orders
WHERE customer = 'c1' AND placed > '2026-01-25' AND note <> 'x'
ORDER BY placed DESC;
EXPLAIN (VERBOSE, COSTS OFF) SELECT total FROM orders
WHERE customer = 'c1' AND placed > '2026-01-25' AND note <> 'x'
ORDER BY placed DESC;
EXPLAIN (VERBOSE, COSTS OFF) SELECT total FROM orders
WHERE status = 'open' AND placed ^@ '2026-01' AND NOT rush;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM orders WHERE rush;

-- Attributes are those that are asked for: of the query, and of its keys.
SELECT pg_temp.plan('SELECT ' || list || ' FROM orders WHERE rush')
FROM unnest('{1,note,city,orders.*,item,"due, note"}'::text[]) AS list;

-- what is not read is not asked
SELECT pg_temp.plan('SELECT total FROM orders WHERE customer = ''c1'' AND false');

-- ANALYZE has what it cost; so do all formats.
CREATE FUNCTION pg_temp.analyzed(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF,
		BUFFERS OFF, SUMMARY OFF) ' || query
	LOOP
		CONTINUE WHEN line ~ 'Output:|Memory';
		RETURN NEXT regexp_replace(line, 'rows=(\d+)(\.00)? ', 'rows=\1 ');
	END LOOP;
END
$$;
SELECT pg_temp.analyzed($$SELECT total FROM orders
	WHERE customer = 'c1' AND placed = '2026-01-25'$$);
SELECT pg_temp.analyzed($$SELECT total FROM orders
	WHERE customer = 'c1' AND placed IN ('2026-01-25', '2026-01-26', 'x')$$);
SELECT pg_temp.analyzed($$SELECT total FROM orders
	WHERE customer IN ('c1', 'c2') AND note > 'note 3' AND note <> 'x'$$);
SELECT pg_temp.analyzed($$SELECT count(*) FROM orders WHERE rush$$);
SELECT pg_temp.analyzed($$SELECT total FROM orders LIMIT 5$$);
SELECT pg_temp.analyzed($$SELECT total FROM orders WHERE customer = ''$$);
SELECT pg_temp.analyzed($$SELECT o.total FROM (VALUES ('c1', '2026-01-25'),
	('c1', '2026-01-26')) AS v (c, p) JOIN orders o
	ON o.customer = v.c AND o.placed = v.p$$);
ALTER FOREIGN TABLE orders OPTIONS (ADD consistent_read 'true');
SELECT pg_temp.analyzed($$SELECT total FROM orders WHERE customer = 'c1'$$);
ALTER FOREIGN TABLE orders OPTIONS (DROP consistent_read);

CREATE FUNCTION pg_temp.scan_node(query text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, FORMAT json) ' || query INTO plan;
	RETURN plan->0->'Plan';
END
$$;
SELECT key, value FROM jsonb_each(pg_temp.scan_node($$SELECT note FROM orders
	WHERE status = 'open' AND placed > '2026-02' AND rush
	ORDER BY placed$$))
WHERE key NOT IN (SELECT jsonb_object_keys(pg_temp.scan_node('SELECT 1')))
	OR key = 'Operation'
ORDER BY key COLLATE "C";
SELECT pg_temp.scan_node('SELECT note FROM orders')->>'Segments' AS segments;

-- Settings that are not the default are shown.
SET cruddur_ddb.enable_pushdown = off;
EXPLAIN (VERBOSE, COSTS OFF, SETTINGS) SELECT total FROM orders
WHERE customer = 'c1';
RESET cruddur_ddb.enable_pushdown;

DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
