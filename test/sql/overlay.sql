--
-- What a transaction has written and not sent is there for its later
-- statements, whichever way they read: as in a heap that is written likewise.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene
\set VERBOSITY terse

CREATE TABLE mirror AS SELECT * FROM orders;

-- A statement for both, "@" the table.
CREATE FUNCTION pg_temp.both(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	there bigint;
	here bigint;
BEGIN
	EXECUTE replace(statement, '@', 'orders');
	GET DIAGNOSTICS there = ROW_COUNT;
	EXECUTE replace(statement, '@', 'mirror');
	GET DIAGNOSTICS here = ROW_COUNT;
	RETURN there || CASE WHEN there <> here THEN ' BUT ' || here ELSE '' END;
END
$$;

-- The rows of a query, in their order if it has one.
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
	found text[] := '{}';
	r record;
BEGIN
	FOR r IN EXECUTE query LOOP
		found := found || r::text;
	END LOOP;
	IF query ~ 'ORDER BY' THEN
		RETURN found;
	END IF;
	RETURN ARRAY(SELECT unnest(found) AS r ORDER BY r);
END
$$;

-- How a query reads, how many rows it has, and whether those are the mirror's.
CREATE FUNCTION pg_temp.same(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	plan text := array_to_string(ARRAY(
		SELECT pg_temp.plan(replace(query, '@', 'orders'))), E'\n');
	there text[] := pg_temp.rows_of(replace(query, '@', 'orders'));
	here text[] := pg_temp.rows_of(replace(query, '@', 'mirror'));
BEGIN
	RETURN concat_ws(' ', query, '--',
		substring(plan, 'Operation: (\w+)'), substring(plan, 'Index: (\w+)'),
		CASE WHEN plan ~ 'Projection: COUNT' THEN 'COUNT' END,
		substring(plan, 'Order: (\w+)'), substring(plan, '(Prefetch)'),
		CASE WHEN query ~ '^SELECT count' THEN there::text
			ELSE cardinality(there)::text END, CASE WHEN there IS DISTINCT FROM here
			THEN left(format('BUT %s NOT %s', there, here), 500) END);
END
$$;

CREATE TABLE wanted (customer text COLLATE "C", placed text COLLATE "C");
INSERT INTO wanted VALUES ('c0', '2026-01-01'), ('c0', '2026-01-02'),
	('c0', '2026-01-01x'), ('n1', '2026-01-01'), ('n1', 'no'), ('c4', '2025');
ANALYZE wanted;

CREATE FUNCTION pg_temp.look() RETURNS SETOF text
LANGUAGE sql AS $$
SELECT pg_temp.same(query) FROM unnest(ARRAY[
	'SELECT * FROM @',
	'SELECT note, due FROM @ WHERE note IS NULL',
	'SELECT * FROM @ WHERE rush AND total > 20',
	'SELECT placed FROM @ WHERE total > 20 AND (@ IS NOT NULL OR rush)
		OR note = ''new''',
	'SELECT placed FROM @ WHERE total < 5 AND random() < 2 OR rush AND size > 1',
	'SELECT placed FROM @ WHERE upper(status) = ''PAID''',
	'SELECT * FROM @ WHERE customer = ''c0'' AND placed = ''2026-01-01''',
	'SELECT * FROM @ WHERE customer = ''c0'' AND placed = ''2026-01-02''',
	'SELECT * FROM @ WHERE customer = ''n1'' AND placed = ''2026-01-01''',
	'SELECT * FROM @ WHERE customer IN (''c0'', ''n1'')
		AND placed IN (''2026-01-01'', ''2026-01-02'', ''2026-01-03'')',
	'SELECT * FROM @ WHERE (customer, placed)
		IN ((''c0'', ''2026-01-02''), (''n1'', ''2026-01-01''))',
	'SELECT * FROM @ WHERE customer = ''c0''',
	'SELECT * FROM @ WHERE customer IN (''c0'', ''c1'', ''n1'') AND rush',
	'SELECT * FROM @ WHERE customer = ''c0'' ORDER BY placed',
	'SELECT * FROM @ WHERE customer = ''c0'' ORDER BY placed DESC',
	'SELECT * FROM @ WHERE customer = ''c0'' ORDER BY placed LIMIT 3',
	'SELECT * FROM @ WHERE customer = ''c0'' ORDER BY placed DESC LIMIT 3 OFFSET 2',
	'SELECT * FROM @ WHERE customer = ''c0'' AND placed > ''2026-01-03''
		AND note IS NOT NULL ORDER BY placed LIMIT 5',
	'SELECT total, placed FROM @ WHERE customer = ''c0'' AND total > 2 ORDER BY total',
	'SELECT total, placed FROM @ WHERE customer = ''c0'' AND total < 30
		ORDER BY total DESC',
	'SELECT * FROM @ WHERE status = ''open''',
	'SELECT placed FROM @ WHERE status = ''open'' AND placed < ''2026-02'' ORDER BY placed',
	'SELECT placed FROM @ WHERE status = ''open'' AND placed < ''2026-02''
		ORDER BY placed DESC',
	'SELECT * FROM @ WHERE agent = ''a1'' AND due > ''d''',
	'SELECT * FROM @ WHERE agent = ''a1''',
	'SELECT note FROM @ WHERE carrier = ''v1''',
	'SELECT count(*) FROM @',
	'SELECT count(*) FROM @ WHERE customer = ''c0''',
	'SELECT count(*) FROM @ WHERE customer = ''n1'' AND placed > ''2026''',
	'SELECT count(*), count(1) FROM @ WHERE rush HAVING count(*) > 2',
	'SELECT count(*) FROM @ WHERE status = ''open'' AND rush',
	'SELECT count(note), sum(total) FROM @',
	'SELECT status, count(*) FROM @ GROUP BY status',
	'SELECT o.* FROM wanted AS w JOIN @ AS o USING (customer, placed)',
	'SELECT w.*, o.total FROM wanted AS w LEFT JOIN @ AS o USING (customer, placed)',
	'SELECT w.placed, o.placed FROM wanted AS w JOIN @ AS o USING (customer)
		WHERE w.placed IN (''no'', ''2025'')',
	'SELECT w.* FROM wanted AS w
		WHERE NOT EXISTS (SELECT FROM @ AS o WHERE o.customer = w.customer
			AND o.placed = w.placed)',
	'SELECT w.customer, last.placed FROM wanted AS w,
		LATERAL (SELECT placed FROM @ AS o WHERE o.customer = w.customer
			ORDER BY placed DESC LIMIT 2) AS last',
	'SELECT w.customer, (SELECT count(*) FROM @ AS o
		WHERE o.customer = w.customer AND o.placed >= w.placed) FROM wanted AS w',
	'SELECT placed FROM @ WHERE customer = ''c0'' UNION ALL
		SELECT placed FROM @ WHERE customer = ''n1''',
	'SELECT * FROM @ WHERE customer = (SELECT max(customer) FROM wanted)',
	'SELECT customer FROM @ AS a WHERE (a.customer, a.placed) =
		(SELECT customer, max(placed) FROM @ GROUP BY customer
			ORDER BY customer DESC LIMIT 1)']) AS query
$$;

BEGIN;
SELECT pg_temp.both($$INSERT INTO @ (customer, placed, total, status, agent, due,
		carrier, rush, note)
	VALUES ('n1', '2026-01-01', 1, 'open', 'a1', 'd1', 'v1', true, 'new'),
	('n1', '2027', 1e3, 'paid', 'a1', NULL, 'v1', false, NULL),
	('c0', '2025', 1, 'open', 'a2', 'd0', NULL, true, 'before all'),
	('c0', '2026-01-01x', 2.5, 'open', NULL, 'd', 'v0', true, 'in the middle'),
	('c0', '2028', -5, 'open', 'a3', 'e', 'v1', NULL, E'"last" \\ \u00e9')$$);
SELECT pg_temp.both($$UPDATE @ SET status = 'open', total = total + 7, note = 'x'
	WHERE customer = 'c0' AND placed IN ('2026-01-01', '2026-01-05')$$);
SELECT pg_temp.both($$UPDATE @ SET due = NULL, note = NULL, rush = NOT rush
	WHERE agent = 'a1' AND due < 'd2'$$);
SELECT pg_temp.both($$DELETE FROM @ WHERE customer = 'c0'
	AND placed BETWEEN '2026-01-02' AND '2026-01-04'$$);
SELECT pg_temp.look();

-- Writes that are rolled back were never there, and their rows are as before.
SAVEPOINT s;
SELECT pg_temp.both($$UPDATE @ SET note = 'lost' WHERE customer = 'n1'$$);
SELECT pg_temp.both($$DELETE FROM @ WHERE customer = 'c0'$$);
SELECT pg_temp.same($$SELECT * FROM @$$);
SELECT pg_temp.same($$SELECT count(*) FROM @ WHERE customer = 'c0'$$);
ROLLBACK TO s;
SELECT pg_temp.same($$SELECT * FROM @$$);
SELECT pg_temp.same($$SELECT count(*) FROM @ WHERE customer = 'c0'$$);
SET LOCAL cruddur_ddb.enable_pushdown = off;
SELECT pg_temp.same($$SELECT * FROM @ WHERE customer = 'c0' ORDER BY total$$);
ROLLBACK;
SELECT pg_temp.same($$SELECT * FROM @$$);

-- as many as there may be, in segments and by generic plans
ALTER FOREIGN TABLE orders OPTIONS (SET table_name 'sql-orders', ADD segments '3');
PREPARE mine (text, text) AS SELECT count(*), min(placed), max(placed)
	FROM orders WHERE customer = $1 AND placed > $2;
SET plan_cache_mode = force_generic_plan;
BEGIN;
SELECT pg_temp.both($$INSERT INTO @ (customer, placed, status)
	SELECT 'n' || n % 3, 'p' || n, 'open' FROM generate_series(1, 60) AS n$$);
SELECT pg_temp.both($$DELETE FROM @ WHERE customer IN ('c1', 'n1')$$);
SELECT pg_temp.same($$SELECT * FROM @$$);
SELECT pg_temp.same($$SELECT * FROM @ WHERE customer = 'n2' ORDER BY placed DESC LIMIT 4$$);
EXECUTE mine('n2', 'p3');
EXECUTE mine('n1', 'p3');
SELECT pg_temp.both($$DELETE FROM @ WHERE customer = 'n2' AND placed > 'p5'$$);
EXECUTE mine('n2', 'p3');
COMMIT;
SELECT pg_temp.same($$SELECT * FROM @$$);

SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP SERVER cruddur CASCADE;
