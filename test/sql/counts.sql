--
-- count(*): DynamoDB counts where its conditions are exactly those of SQL, and
-- sends no items.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

-- The query; "COUNT" where DynamoDB counts; how it is read; the result.
CREATE FUNCTION pg_temp.counted(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	plan text := array_to_string(ARRAY(SELECT pg_temp.plan(query)), E'\n');
	pushed text;
	local text;
BEGIN
	EXECUTE query INTO pushed;
	SET LOCAL cruddur_ddb.enable_pushdown = off;
	EXECUTE query INTO local;
	SET LOCAL cruddur_ddb.enable_pushdown = on;
	RETURN concat_ws(' ', query, '--',
		CASE WHEN plan ~ 'Projection: COUNT' THEN 'COUNT' ELSE 'items' END,
		substring(plan, 'Operation: (\w+)'), substring(plan, 'Index: (\w+)'),
		pushed, CASE WHEN pushed <> local THEN 'IS NOT ' || local END);
END
$$;

SELECT pg_temp.counted('SELECT count(*) FROM orders ' || rest)
FROM unnest(ARRAY[
	'',
	'WHERE customer = ''c1''',
	'WHERE customer IN (''c1'', ''c2'')',
	'WHERE customer = ''c1'' AND placed > ''2026-01-25''',
	'WHERE customer = ''c1'' AND placed ^@ ''2026-02''',
	'WHERE customer = ''c1'' AND placed LIKE ''2026-02%''',
	'WHERE customer = ''c1'' AND placed BETWEEN ''2026-01-25'' AND ''2026-02''',
	'WHERE customer = ''c1'' AND placed = ''2026-01-25''',
	'WHERE status = ''open''',
	'WHERE agent = ''a0''',
	'WHERE region = ''r1''',
	'WHERE note = ''note 1''',
	'WHERE total = 5',
	'WHERE total = 5 OR rush',
	'WHERE NOT rush AND city = ''city 1''']) AS rest;

-- in other words
SELECT pg_temp.counted(query) FROM unnest(ARRAY[
	'SELECT count(1) FROM orders',
	'SELECT count(*)::int FROM orders',
	'SELECT count(*) > 0 FROM orders',
	'SELECT count(*) FROM orders HAVING count(*) > 10',
	'SELECT count(*) FROM (SELECT FROM orders WHERE rush) AS x',
	'SELECT count(*) FROM orders LIMIT 1',
	'SELECT (SELECT count(*) FROM orders WHERE rush)']) AS query;

-- not exact, or not a count of items
SELECT pg_temp.counted('SELECT count(*) FROM orders ' || rest)
FROM unnest(ARRAY[
	'WHERE note <> ''note 1''',
	'WHERE note IS NULL',
	'WHERE note IS NOT NULL',
	'WHERE total NOT IN (5)',
	'WHERE size > 1',
	'WHERE upper(note) = ''NOTE 1''',
	'WHERE customer = ''c1'' AND placed <> ''2026-01-25''',
	'WHERE random() < 2']) AS rest;
SELECT pg_temp.counted(query) FROM unnest(ARRAY[
	'SELECT count(note) FROM orders',
	'SELECT count(DISTINCT status) FROM orders',
	'SELECT count(*) FILTER (WHERE rush) FROM orders',
	'SELECT count(*) FROM (SELECT FROM orders LIMIT 10) AS x',
	'SELECT count(*) FROM orders GROUP BY rush ORDER BY 1 LIMIT 1',
	'SELECT count(*) FROM orders a JOIN orders b
		ON a.customer = b.customer AND a.placed = b.placed
		WHERE a.customer = ''c1''']) AS query;

-- Values that cannot be sent, as they turn out to be.
SELECT pg_temp.counted('SELECT count(*) FROM orders ' || rest)
FROM unnest(ARRAY[
	'WHERE total = 1e200',
	'WHERE total > 1e200',
	'WHERE customer = ''''',
	'WHERE customer = ''c1'' AND placed > ''''',
	'WHERE customer = NULL']) AS rest;

DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
