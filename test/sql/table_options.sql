--
-- Options of foreign tables and their columns: what is taken, what is refused,
-- and what is said about it.
--
\pset format unaligned
\pset tuples_only on

-- What a statement comes to: SQLSTATE, message and hint.
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM, NULLIF(hint, ''));
END
$$;

-- The same for one option, added and taken away again.
CREATE FUNCTION pg_temp.attempt(place text, name text, value text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	change text := 'ALTER FOREIGN TABLE options_table ' || place;
	outcome text;
BEGIN
	outcome := pg_temp.attempt(format('%s OPTIONS (ADD %I %L)',
									  change, name, value));
	IF outcome = 'ok' THEN
		EXECUTE format('%s OPTIONS (DROP %I)', change, name);
	END IF;
	RETURN format('%s=%s: %s', name, value, outcome);
END
$$;

CREATE FUNCTION pg_temp.table_option(name text, value text) RETURNS text
LANGUAGE sql
RETURN pg_temp.attempt('', name, value);

CREATE FUNCTION pg_temp.column_option(name text, value text) RETURNS text
LANGUAGE sql
RETURN pg_temp.attempt('ALTER a', name, value);

CREATE SERVER options_server FOREIGN DATA WRAPPER cruddur_ddb;
CREATE FOREIGN TABLE options_table (a text) SERVER options_server;

-- names that nobody knows
SELECT pg_temp.table_option('tabel_name', 'orders');
SELECT pg_temp.table_option('colour', 'blue');
SELECT pg_temp.column_option('atribute', 'a');
SELECT pg_temp.column_option('Type', 'S');
SELECT pg_temp.column_option('colour', 'blue');

-- names that belong elsewhere
SELECT pg_temp.table_option(name, 'x')
FROM unnest('{region,access_key_id,attribute,type}'::text[]) AS name;
SELECT pg_temp.column_option(name, 'x')
FROM unnest('{table_name,segments,users_table,role_arn,updatable}'::text[])
	AS name;

-- options of tables
SELECT pg_temp.table_option(name, value)
FROM unnest('{table_name,index_name}'::text[]) AS name,
	unnest('{cruddur-messages,by_status,a_.-9,ab,"",a b,a/b}'::text[]) AS value;
SELECT pg_temp.table_option(name, value)
FROM (VALUES ('consistent_read', 'true'), ('consistent_read', 'sometimes'),
	('read_units_per_second', '0'), ('read_units_per_second', '25'),
	('read_units_per_second', '1000001'), ('read_units_per_second', '2.5'),
	('segments', 'auto'), ('segments', '1'), ('segments', '64'),
	('segments', '0'), ('segments', '65'), ('segments', 'Auto'),
	('segments', ''), ('on_type_mismatch', 'error'),
	('on_type_mismatch', 'null'), ('on_type_mismatch', 'ignore'),
	('on_type_mismatch', ''), ('write_units_per_second', '0'),
	('write_units_per_second', '1000001'), ('updatable', 'false'),
	('updatable', 'perhaps'), ('on_duplicate', 'error'),
	('on_duplicate', 'replace'), ('on_duplicate', 'ignore')) AS v (name, value);

-- options of columns
SELECT pg_temp.column_option('type', value)
FROM unnest('{S,N,B,BOOL,SS,NS,BS,L,M,"NULL",s,SSS,""}'::text[]) AS value;
SELECT pg_temp.column_option(name, value)
FROM (VALUES ('key', 'partition'), ('key', 'sort'), ('key', 'hash'),
	('canonical', 'true'), ('canonical', 'no'), ('canonical', 'x'))
	AS v (name, value);

-- document paths
SELECT pg_temp.column_option('attribute', value)
FROM unnest(ARRAY['a', 'doc.a', 'doc.a[0]', 'doc[0][12].b', 'with space',
	'user-name', 'größe.日本', ':a', 'a*', '*', '"*"', '"a.b"', '"a.b"."c[0]"',
	'"say ""yes"""', '""""', '"a"[0]', 'doc."b"', 'a[999999999]',
	'a[00]']) AS value;
SELECT pg_temp.column_option('attribute', value)
FROM unnest(ARRAY['', '.', '.a', 'a.', 'a..b', '""', 'a.""', '[0]', 'a.[0]',
	'a[', 'a[]', 'a[0', 'a[x]', 'a[-1]', 'a[ 0]', 'a[9999999999]', 'a[0]b',
	'a]', 'a"b', '"a"b', '"a', '"a""', '"', 'doc.*', '*.a', '*[0]']) AS value;
SELECT n, right(pg_temp.column_option('attribute', repeat('é', n)), 60)
FROM unnest(ARRAY[32767, 32768]) AS n;
SELECT depth, split_part(pg_temp.column_option('attribute',
	'a' || repeat('.a', depth)), ': ', 2)
FROM unnest('{32,33}'::int[]) AS depth;
SELECT depth, split_part(pg_temp.column_option('attribute',
	format('"%s"', repeat('.', depth)) || repeat('[0]', depth)), ': ', 2)
FROM unnest('{32,33}'::int[]) AS depth;

-- Both at once, from the beginning.
SELECT pg_temp.attempt($$CREATE FOREIGN TABLE options_orders (
		cust text OPTIONS (key 'partition'),
		ord numeric OPTIONS (key 'sort', type 'N'),
		id uuid OPTIONS (canonical 'true'),
		first text OPTIONS (attribute 'doc.lines[0]."unit.price"'),
		item jsonb OPTIONS (attribute '*'))
	SERVER options_server
	OPTIONS (table_name 'orders', index_name 'by_status',
		consistent_read 'off', read_units_per_second '100', segments '4',
		on_type_mismatch 'null')$$);
SELECT pg_temp.attempt($$CREATE FOREIGN TABLE options_bad (
		a text OPTIONS (attribute 'doc..a')) SERVER options_server$$);
SELECT pg_temp.attempt($$ALTER FOREIGN TABLE options_orders
	ALTER first OPTIONS (SET attribute 'doc.lines[one]')$$);

-- No message shows a value.
DO $$
DECLARE
	change text;
	words text;
	details text;
	hint text;
	refused int := 0;
BEGIN
	FOREACH change IN ARRAY ARRAY['OPTIONS (ADD table_name ''hunter2 x'')',
		'OPTIONS (ADD segments ''hunter2'')',
		'OPTIONS (ADD on_type_mismatch ''hunter2'')',
		'OPTIONS (ADD secret_access_key ''hunter2'')',
		'ALTER a OPTIONS (ADD attribute ''a[hunter2]'')',
		'ALTER a OPTIONS (ADD type ''hunter2'')']
	LOOP
		BEGIN
			EXECUTE 'ALTER FOREIGN TABLE options_table ' || change;
		EXCEPTION WHEN fdw_invalid_attribute_value
			OR fdw_invalid_option_name THEN
			GET STACKED DIAGNOSTICS words = MESSAGE_TEXT,
				details = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			ASSERT concat(words, details, hint) NOT LIKE '%hunter2%';
			refused := refused + 1;
		END;
	END LOOP;
	ASSERT refused = 6, refused;
END
$$;

DROP FOREIGN TABLE options_orders, options_table;
DROP SERVER options_server;
