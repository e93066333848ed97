--
-- What a query on a foreign table may read: full_scan, max_read_units,
-- read_units_per_second, and what it reads without pushdown.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

-- full_scan: whatever has a key is not hindered; where there is a keyed way,
-- it is taken
SET cruddur_ddb.full_scan = 'forbid';
SELECT count(*) FROM orders;
SELECT total FROM orders WHERE rush LIMIT 1;
SELECT total FROM orders WHERE agent = 'a0';
SELECT count(*) FROM orders WHERE customer = 'c1';
SELECT count(*) FROM orders WHERE customer = 'c1' OR customer = 'c2';
SELECT count(*) FROM orders WHERE region = 'r1';
SELECT count(*) FROM orders a JOIN orders b
	ON a.customer = b.customer AND a.placed = b.placed
	WHERE b.status = 'open';
SELECT pg_temp.plan('SELECT total FROM orders');
SET cruddur_ddb.enable_pushdown = off;
SELECT total FROM orders WHERE customer = 'c1' AND placed = '2026-01-22';
RESET cruddur_ddb.enable_pushdown;

-- once for each Scan
SET cruddur_ddb.full_scan = 'warn';
SELECT count(*) FROM orders;
SELECT count(*) FROM orders WHERE customer = 'c1';
SELECT count(*) FROM (SELECT FROM orders UNION ALL SELECT FROM orders) AS x;
RESET cruddur_ddb.full_scan;

-- max_read_units: 1.5 units are read before the limit is looked at
\set VERBOSITY terse
SET cruddur_ddb.max_read_units = 1;
SELECT count(*) FROM orders;
SELECT count(*) FROM orders WHERE customer = 'c1';
SELECT count(*) FROM orders WHERE customer IN ('c0', 'c1');
SELECT count(*) FROM orders WHERE customer IN ('c0', 'c1', 'c2', 'c3', 'c4');
SELECT sum(n) FROM (VALUES ('c0'), ('c1'), ('c2'), ('c3')) AS v (c),
	LATERAL (SELECT count(*) AS n FROM orders WHERE customer = v.c) AS x;
SELECT count(*) FROM orders WHERE customer = 'c1';
RESET cruddur_ddb.max_read_units;
\set VERBOSITY default

-- read_units_per_second: of the table, before the server's
ALTER SERVER cruddur OPTIONS (ADD read_units_per_second '1000');
ALTER FOREIGN TABLE orders OPTIONS (ADD read_units_per_second '3');
CREATE FUNCTION pg_temp.seconds(query text) RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE query;
	RETURN extract(epoch FROM clock_timestamp() - start);
END
$$;
-- 7.5 units: 3 at once, the next ones three a second, the last ones owed
SELECT pg_temp.seconds($$SELECT sum(x.count) FROM generate_series(1, 5) AS n,
	LATERAL (SELECT count(*) FROM orders WHERE note > n::text) AS x$$) > 0.4
	AS is_paced;
ALTER FOREIGN TABLE orders OPTIONS (SET read_units_per_second '0');
SELECT pg_temp.seconds($$SELECT sum(x.count) FROM generate_series(1, 5) AS n,
	LATERAL (SELECT count(*) FROM orders WHERE note > n::text) AS x$$) < 0.4 AS is_free;

-- without pushdown everything is read
CREATE FUNCTION pg_temp.read(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE
		'EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF) ' || query
	LOOP
		IF line ~ 'Operation|Requests|Items|Units|Removed' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END
$$;
SELECT pg_temp.read($$SELECT FROM orders WHERE customer = 'c1'$$);
SET cruddur_ddb.enable_pushdown = off;
SELECT pg_temp.read($$SELECT FROM orders WHERE customer = 'c1'$$);
RESET cruddur_ddb.enable_pushdown;

DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
