--
-- Comparisons of columns by their types and collations: which of them DynamoDB
-- is asked, and which PostgreSQL asks again.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int CHECK (VALUE >= 0);
CREATE DOMAIN remark AS text COLLATE "C";
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2',
	deterministic = false);
SELECT cruddur_ddb_request('PutItem', '{"TableName": "sql-orders", "Item": {
	"customer": {"S": "types"}, "placed": {"S": "2026-01-22T01:02:03Z"},
	"t": {"S": "ok"}, "n": {"N": "5"}, "b": {"B": "AAE="}, "yes": {"BOOL": true},
	"u": {"S": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	"list": {"L": [{"S": "ok"}, {"N": "5"}]}, "tags": {"SS": ["ok"]},
	"a.b": {"M": {"c": {"S": "ok"}}}, "size": {"S": "ok"}}}');
CREATE FOREIGN TABLE types (
	customer text COLLATE "C",
	placed timestamptz,
	day text OPTIONS (attribute 'placed') COLLATE "C",
	c text OPTIONS (attribute 't') COLLATE "C",
	v varchar OPTIONS (attribute 't') COLLATE "C",
	v9 varchar(9) OPTIONS (attribute 't') COLLATE "C",
	english text OPTIONS (attribute 't') COLLATE "en-x-icu",
	folded text OPTIONS (attribute 't') COLLATE folded,
	padded char(3) OPTIONS (attribute 't') COLLATE "C",
	name name OPTIONS (attribute 't'),
	mood mood OPTIONS (attribute 't'),
	remark remark OPTIONS (attribute 't'),
	n numeric,
	n52 numeric(5, 2) OPTIONS (attribute 'n'),
	i2 smallint OPTIONS (attribute 'n'),
	i4 int OPTIONS (attribute 'n'),
	i8 bigint OPTIONS (attribute 'n'),
	f4 real OPTIONS (attribute 'n'),
	f8 float8 OPTIONS (attribute 'n'),
	positive positive OPTIONS (attribute 'n'),
	b bytea,
	yes boolean,
	id uuid OPTIONS (attribute 'u'),
	lower_id uuid OPTIONS (attribute 'u', canonical 'true'),
	tags text[],
	list jsonb,
	first text OPTIONS (attribute 'list[0]') COLLATE "C",
	second int OPTIONS (attribute 'list[1]'),
	inner_c text OPTIONS (attribute '"a.b".c') COLLATE "C",
	"select" text OPTIONS (attribute 'size') COLLATE "C",
	item jsonb OPTIONS (attribute '*')
) SERVER cruddur OPTIONS (table_name 'sql-orders', on_type_mismatch 'null');

-- The condition; what DynamoDB is asked (D), what PostgreSQL asks (P), rows.
CREATE FUNCTION pg_temp.ask(condition text) RETURNS text
LANGUAGE sql
RETURN (SELECT concat_ws(E'\n', '-- ' || condition,
		string_agg(regexp_replace(line, '^\s*Filter',
			CASE WHEN line ~ 'types\.' THEN 'P' ELSE 'D' END), E'\n'))
	FROM pg_temp.try('SELECT customer FROM types WHERE ' || condition) AS line
	WHERE line ~ 'Filter|Rows|ROWS');

-- text
SELECT pg_temp.ask(condition) FROM unnest(ARRAY[
	'c = ''ok''', 'c > ''oj''', 'c LIKE ''o%''',
	'v = ''ok''', 'v IN (''ok'', ''no'')',
	'v9 = ''ok''', 'v9 > ''oj''',
	'english = ''ok''', 'english > ''oj''', 'english LIKE ''o%''',
	'folded = ''OK''', 'folded > ''OJ''',
	'padded = ''ok''', 'name = ''ok''',
	'mood = ''ok''', 'mood IN (''ok'', ''sad'')', 'mood > ''sad''',
	'remark = ''ok''', 'remark > ''oj''']) AS condition;

-- numbers
SELECT pg_temp.ask(condition) FROM unnest(ARRAY[
	'n = 5', 'n > 4', 'n52 = 5', 'n52 > 4',
	'i4 = 5', 'i4 = 5::bigint', 'i4 = 5.0', 'i4 > 4', 'i4 IN (5, 6)',
	'i2 < 6', 'i8 = 5', 'i8 <= 5::smallint',
	'f8 = 5', 'f8 > 4', 'f8 <> 4', 'f8 IN (5, 6)', 'f4 < 6',
	'positive = 5', 'positive > 4']) AS condition;

-- others
SELECT pg_temp.ask(condition) FROM unnest(ARRAY[
	'b = ''\x0001''', 'b > ''\x00''',
	'yes', 'NOT yes', 'yes <> false',
	'id = ''a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11''',
	'lower_id = ''a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11''',
	'lower_id > ''a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a10''',
	'placed = ''2026-01-22T01:02:03Z''',
	'tags = ''{ok}''', '''ok'' = ANY (tags)', 'tags IS NULL',
	'list ->> 0 = ''ok''', 'item ->> ''t'' = ''ok''', 'item IS NULL']) AS condition;

-- paths, and names that DynamoDB reserves
SELECT pg_temp.ask(condition) FROM unnest(ARRAY[
	'first = ''ok''', 'second > 4', 'inner_c LIKE ''o%''',
	'"select" = ''ok''']) AS condition;

-- What does not fit is NULL here, which DynamoDB cannot be asked; nor is the
-- order of such a key known to be the order of the column.
SELECT pg_temp.ask(condition) FROM unnest(ARRAY[
	'i4 IS NULL', 'i4 IS NOT NULL', 'i4 <> 5', 'i4 IS NOT NULL AND n > 5'])
	AS condition;
SELECT pg_temp.try($$SELECT day FROM types WHERE customer = 'types'
	ORDER BY day$$);
ALTER FOREIGN TABLE types OPTIONS (SET on_type_mismatch 'error');
SELECT pg_temp.try($$SELECT day FROM types WHERE customer = 'types'
	ORDER BY day$$);
SELECT pg_temp.ask(condition) FROM unnest(ARRAY[
	'c > ''oj''', 'v > ''oj''', 'i8 IS NULL']) AS condition;

DROP FOREIGN TABLE orders, types;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP TYPE mood;
DROP DOMAIN positive, remark;
DROP COLLATION folded;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
