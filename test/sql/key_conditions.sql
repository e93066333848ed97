--
-- What is said of a sort key: as a key condition, or not at all.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

CREATE FUNCTION pg_temp.placed(condition text) RETURNS SETOF text
LANGUAGE sql
RETURN pg_temp.try('SELECT total FROM orders WHERE customer = ''c1'' AND '
	|| condition);

SELECT pg_temp.placed($$placed < '2026-01-25'$$);
SELECT pg_temp.placed($$placed <= '2026-01-25'$$);
SELECT pg_temp.placed($$placed > '2026-01-25'$$);
SELECT pg_temp.placed($$placed >= '2026-01-25'$$);
SELECT pg_temp.placed($$'2026-01-25' >= placed$$);
SELECT pg_temp.placed($$placed BETWEEN '2026-01-25' AND '2026-01-28'$$);
SELECT pg_temp.placed($$placed > '2026-01-25' AND placed < '2026-01-28'$$);
SELECT pg_temp.placed($$placed >= '2026-01-25' AND placed < '2026-01-28'$$);
SELECT pg_temp.placed($$placed > '2026-01-28' AND placed < '2026-01-25'$$);
SELECT pg_temp.placed($$placed > '2026-01-25' AND placed > '2026-01-28'
	AND placed LIKE '2026%' AND placed <= '2026-02-03'$$);
SELECT pg_temp.placed($$placed LIKE '2026-02%'$$);
SELECT pg_temp.placed($$placed ^@ '2026-02'$$);
SELECT pg_temp.placed($$placed LIKE '2026-0_-2%'$$);
SELECT pg_temp.placed($$placed LIKE '2026-01-2\_'$$);
SELECT pg_temp.placed($$placed LIKE '%-25'$$);
SELECT pg_temp.placed($$placed LIKE ''$$);
SELECT pg_temp.placed($$placed > ''$$);
SELECT pg_temp.placed($$(placed = '2026-01-25' OR placed = '2026-01-28')$$);

-- A filter of a Query may not speak of its keys.
SELECT pg_temp.placed($$placed <> '2026-01-25'$$);
SELECT pg_temp.placed($$placed NOT IN ('2026-01-25', '2026-01-28')$$);
SELECT pg_temp.placed($$placed NOT LIKE '2026-01%'$$);
SELECT pg_temp.placed($$(placed < '2026-01-25' OR placed > '2026-01-28')$$);
SELECT pg_temp.placed($$(placed < '2026-01-25' OR rush)$$);
SELECT pg_temp.placed($$(placed, total) > ('2026-01-25', 0)$$);
SELECT pg_temp.placed($$placed IS NOT NULL$$);

-- Of another index's keys it may.
SELECT pg_temp.placed($$total > 55 AND placed > '2026-01-28'$$);
SELECT pg_temp.placed($$total > 55 AND status = 'open'$$);

-- DynamoDB compares bytes; these collations do not.
SELECT pg_temp.placed($$placed COLLATE "en-x-icu" > '2026-01-25'$$);
SELECT pg_temp.placed($$placed COLLATE "en-x-icu" = '2026-01-25'$$);

-- a sort key that is a number
SELECT pg_temp.placed($$total >= 55.0 AND total < 60$$);
SELECT pg_temp.placed($$total < 'NaN'$$);
SELECT pg_temp.placed($$total > '-Infinity'$$);
SELECT pg_temp.placed($$total IN (55, 57.5, 57.50, 1)$$);

-- values that no key can have
SELECT pg_temp.compare(format(
	'SELECT placed FROM orders WHERE customer = ''c1'' AND %s', condition))
FROM unnest(ARRAY['placed > ''''', 'placed >= ''''', 'placed = ''''',
	'placed < repeat(''3'', 1025)', 'placed > repeat(''1'', 1025)',
	'placed = repeat(''1'', 1025)', 'placed ^@ repeat(''1'', 1025)',
	'total > 1e200', 'total < 1e200', 'total = 1e200',
	'total < 0.12345678901234567890123456789012345678901e3']) AS condition;
SELECT pg_temp.compare(format('SELECT placed FROM orders WHERE customer %s',
	condition))
FROM unnest(ARRAY['= ''''', '= repeat(''c'', 2049)', 'IN ('''', ''c1'')',
	'IN (''c1'', NULL)', '= ANY (''{}'')', '= ANY (NULL)']) AS condition;

DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
