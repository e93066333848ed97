--
-- Conditions on other attributes: what goes into FilterExpression, what of it
-- PostgreSQL asks again, and what is for PostgreSQL alone.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

CREATE FUNCTION pg_temp.filter(condition text) RETURNS SETOF text
LANGUAGE sql
RETURN (SELECT concat_ws(E'\n', '-- ' || condition, string_agg(line, E'\n'))
	FROM pg_temp.try('SELECT customer FROM orders WHERE ' || condition) AS line
	WHERE line ~ 'Filter|Rows|ROWS|Result');

-- exactly what SQL means
SELECT pg_temp.filter(condition) FROM unnest(ARRAY[
	'total = 5',
	'5 = total',
	'total > 5 AND total < 10',
	'total IN (5, 7.50)',
	'total = 5 OR note = ''note 1''',
	'(total = 5 AND rush) OR (note > ''note 9'' AND NOT rush)',
	'rush',
	'NOT rush',
	'rush IS TRUE',
	'rush = false',
	'note LIKE ''note 1%''',
	'note ^@ ''note 1''',
	'note = ''note 1''::varchar',
	'note < now()::text',
	'city = ''city 1''',
	'size = 1',
	'size IN (1, 2, 100)']) AS condition;

-- More than SQL means: an attribute that is absent, or does not fit.
SELECT pg_temp.filter(condition) FROM unnest(ARRAY[
	'total <> 5',
	'note <> ''note 1''',
	'note NOT IN (''note 1'', ''note 2'')',
	'NOT (total = 5 OR note = ''note 1'')',
	'note IS NULL',
	'note IS NOT NULL',
	'(total = 5 OR note = ''note 1'') AND (rush OR due IS NULL)',
	'(total = 5 AND upper(note) = ''X'') OR note = ''note 1''',
	'note LIKE ''note 1_''',
	'size > 1',
	'size = 1.5']) AS condition;

-- for PostgreSQL alone
SELECT pg_temp.filter(condition) FROM unnest(ARRAY[
	'total = 5 OR upper(note) = ''NOTE 1''',
	'upper(note) = ''NOTE 1''',
	'note ILIKE ''NOTE 1%''',
	'note NOT LIKE ''note 1%''',
	'note ~ ''^note 1''',
	'note LIKE ''%1''',
	'note COLLATE "en-x-icu" > ''note 5''',
	'note = status',
	'note = ''note 1''::name',
	'note IS DISTINCT FROM ''note 1''',
	'total + 1 = 6',
	'total::int = 5',
	'total = 5::float8',
	'rush IS NOT TRUE',
	'rush IS UNKNOWN',
	'coalesce(note, ''none'') = ''none''',
	'note > random()::text',
	'CASE WHEN rush THEN total > 5 ELSE false END']) AS condition;

-- never true: nothing is asked
SELECT pg_temp.filter(condition) FROM unnest(ARRAY[
	'total = NULL',
	'NULL',
	'rush AND false']) AS condition;

-- A condition on no column is asked once, before anything is read.
SELECT pg_temp.filter(condition) FROM unnest(ARRAY[
	'current_setting(''none.such'', true) IS NULL',
	'current_setting(''none.such'', true) = ''on'' AND total = 5',
	'current_setting(''none.such'', true) IS NULL AND status = ''open''
		AND placed > ''2026-01-05''']) AS condition;
-- Filters beside a key are for what is not the key.
SELECT pg_temp.try($$SELECT placed FROM orders WHERE customer = 'c1'
	AND status = 'open' AND NOT rush AND upper(note) > 'NOTE 2'$$);

-- more values than an expression takes, and one that is too long
SELECT pg_temp.compare(format('SELECT placed FROM orders WHERE total %s (%s)',
	operator, (SELECT string_agg((n * 5)::text, ',')
		FROM generate_series(0, 400) AS n)))
FROM unnest('{IN,NOT IN}'::text[]) AS operator;
SELECT pg_temp.compare('SELECT placed FROM orders WHERE '
	|| string_agg(format('(total = %s AND note <> ''x'')', n), ' OR '))
FROM generate_series(0, 400) AS n;

DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
