--
-- Prepared statements: parameters are pushed down, in generic plans too, and
-- each execution has its own values.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

PREPARE by_key(text, text) AS
	SELECT total FROM orders WHERE customer = $1 AND placed = $2;
PREPARE by_keys(text[], text) AS
	SELECT total FROM orders WHERE customer = ANY ($1) AND placed = $2;
PREPARE by_both(text[], text[]) AS
	SELECT total FROM orders WHERE customer = ANY ($1) AND placed = ANY ($2)
	ORDER BY total;
PREPARE by_range(text, text, text) AS SELECT placed FROM orders
	WHERE customer = $1 AND placed BETWEEN $2 AND $3 ORDER BY placed DESC;
PREPARE by_limit(text, int, int) AS SELECT placed FROM orders
	WHERE customer = $1 ORDER BY placed LIMIT $2 OFFSET $3;
PREPARE by_status(text, text) AS
	SELECT placed FROM orders WHERE status = $1 AND placed LIKE $2;
PREPARE by_filter(numeric, text) AS
	SELECT placed FROM orders WHERE total > $1 AND note <> $2;
PREPARE by_count(text) AS SELECT count(*) FROM orders WHERE customer = $1;

SET plan_cache_mode = force_generic_plan;
SELECT pg_temp.plan('EXECUTE by_key(NULL, NULL)');
SELECT pg_temp.plan('EXECUTE by_keys(NULL, NULL)');
SELECT pg_temp.plan('EXECUTE by_both(NULL, NULL)');
SELECT pg_temp.plan('EXECUTE by_range(NULL, NULL, NULL)');
SELECT pg_temp.plan('EXECUTE by_limit(NULL, NULL, NULL)');
SELECT pg_temp.plan('EXECUTE by_status(NULL, NULL)');
SELECT pg_temp.plan('EXECUTE by_filter(NULL, NULL)');
SELECT pg_temp.plan('EXECUTE by_count(NULL)');

EXECUTE by_key('c1', '2026-01-22');
EXECUTE by_key('c1', '2026-01-01');
EXECUTE by_key('', '2026-01-22');
EXECUTE by_key(NULL, '2026-01-22');
EXECUTE by_key('c2', '2026-02-10');
EXECUTE by_keys('{c0,c1,c2}', '2026-01-22');
EXECUTE by_keys('{}', '2026-01-22');
EXECUTE by_keys(NULL, '2026-01-22');
EXECUTE by_keys('{NULL,c1,c1,""}', '2026-01-22');

EXECUTE by_both('{c1,c2}', '{2026-01-22,2026-02-10,x}');
EXECUTE by_range('c1', '2026-01-25', '2026-01-27');
EXECUTE by_range('c1', '2026-01-27', '2026-01-25');
EXECUTE by_range('c1', '2026-01-25', NULL);
EXECUTE by_range('c1', '', '2026-01-22');
EXECUTE by_limit('c1', 2, 1);
EXECUTE by_limit('c1', 0, 0);
EXECUTE by_limit('c1', NULL, 18);
EXECUTE by_limit('c1', 3, NULL);
EXECUTE by_limit('c1', -1, 0);
EXECUTE by_status('open', '2026-03-0_');
EXECUTE by_status('open', '%31');
EXECUTE by_status('open', '2026-03-02');
EXECUTE by_status('open', '2026-01\');
EXECUTE by_filter(240, 'note 97');
EXECUTE by_filter('NaN', 'x');
EXECUTE by_filter(12345678901234567890123456789012345678901, 'x');
EXECUTE by_filter('-Infinity', NULL);
EXECUTE by_count('c1');
EXECUTE by_count(NULL);

-- A custom plan knows more.
SET plan_cache_mode = force_custom_plan;
SELECT pg_temp.plan($$EXECUTE by_status('open', '2026-03%')$$);
SELECT pg_temp.plan($$EXECUTE by_limit('c1', 2, 1)$$);

-- A plan that is kept follows what is altered.
SET plan_cache_mode = force_generic_plan;
ALTER FOREIGN TABLE orders OPTIONS (ADD consistent_read 'true');
SELECT pg_temp.plan('EXECUTE by_status(NULL, NULL)');
ALTER FOREIGN TABLE orders OPTIONS (DROP consistent_read);
SELECT pg_temp.plan('EXECUTE by_status(NULL, NULL)');
ALTER FOREIGN TABLE orders ALTER note OPTIONS (ADD attribute 'region');
EXECUTE by_filter(240, 'r1');
ALTER FOREIGN TABLE orders ALTER note OPTIONS (DROP attribute);

-- in functions, whose plans are kept
CREATE FUNCTION pg_temp.total_of(c text, p text) RETURNS numeric
LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT total FROM orders WHERE customer = c AND placed = p);
END
$$;
SELECT pg_temp.total_of('c1', to_char(date '2026-01-20' + n, 'YYYY-MM-DD'))
FROM generate_series(0, 8) AS n;

-- a cursor that goes back, and two at once
BEGIN;
DECLARE up SCROLL CURSOR FOR SELECT placed FROM orders WHERE customer = 'c1'
	ORDER BY placed;
DECLARE down CURSOR FOR SELECT placed FROM orders WHERE customer = 'c1'
	ORDER BY placed DESC;
FETCH 2 FROM up;
FETCH 2 FROM down;
FETCH BACKWARD 1 FROM up;
FETCH LAST FROM up;
FETCH ABSOLUTE 3 FROM up;
FETCH 1 FROM down;
COMMIT;

DEALLOCATE ALL;
DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
