--
-- Foreign tables as tables: what they are over, what may be done with them,
-- and what is said where something is wrong.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

-- What a statement comes to; what DynamoDB says is another's.
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT;
	detail := regexp_replace(detail, ': .* \(request id [-0-9A-Za-z]+\)$',
		': .. (request id ..)');
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM,
		NULLIF(detail, ''), NULLIF(hint, ''));
END
$$;
-- The same for a SELECT from a foreign table of this definition.
CREATE FUNCTION pg_temp.over(name text, columns text, options text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
BEGIN
	EXECUTE format('CREATE FOREIGN TABLE %I (%s) SERVER cruddur %s',
		name, columns, options);
	outcome := pg_temp.attempt(format('SELECT * FROM %I LIMIT 1', name));
	EXECUTE format('DROP FOREIGN TABLE %I', name);
	RETURN outcome;
END
$$;

-- what it is over
SELECT pg_temp.over('sql-orders', 'customer text', '');
SELECT pg_temp.over('ab', 'customer text', '');
SELECT pg_temp.over('My orders', 'customer text', '');
SELECT pg_temp.over('o', 'customer text', 'OPTIONS (table_name ''sql-none'')');
SELECT pg_temp.over('o', 'customer text',
	'OPTIONS (table_name ''sql-orders'', index_name ''by_none'')');
SELECT pg_temp.over('o', 'customer text',
	'OPTIONS (table_name ''sql-orders'', index_name ''by_status'')');

-- columns
SELECT pg_temp.over('o', columns, 'OPTIONS (table_name ''sql-orders'')')
FROM unnest(ARRAY[
	'',
	'customer text, lost text',
	'item json OPTIONS (attribute ''*'')',
	'item text OPTIONS (attribute ''*'')',
	'total numeric OPTIONS (canonical ''true'')',
	'id uuid OPTIONS (canonical ''true'')',
	'customer int']) AS columns;

-- A column is only read where it is asked for, a key's too.
CREATE FOREIGN TABLE wrong (placed timestamptz, customer int, total numeric,
	status text COLLATE "C")
	SERVER cruddur OPTIONS (table_name 'sql-orders');
SELECT total FROM wrong WHERE status = 'open' ORDER BY total LIMIT 1;
SELECT count(*) FROM wrong;
SELECT count(*) FROM wrong WHERE placed IS NOT NULL;
SELECT pg_temp.attempt('SELECT customer FROM wrong WHERE total = 5');
DROP FOREIGN TABLE wrong;

-- columns come and go
ALTER FOREIGN TABLE orders DROP COLUMN status, ADD COLUMN state text
	OPTIONS (attribute 'status') COLLATE "C";
SELECT * FROM orders WHERE customer = 'c1' AND placed = '2026-01-23';
ALTER FOREIGN TABLE orders RENAME COLUMN city TO town;
ALTER FOREIGN TABLE orders RENAME COLUMN note TO remark;
SELECT remark IS NULL AS is_lost, town FROM orders
WHERE customer = 'c1' AND placed = '2026-01-23';
ALTER FOREIGN TABLE orders RENAME COLUMN remark TO note;
ALTER FOREIGN TABLE orders ALTER total TYPE int;
SELECT total FROM orders WHERE customer = 'c1' AND placed = '2026-01-23';
ALTER FOREIGN TABLE orders ALTER total TYPE numeric;

-- whole rows, no columns, system columns, in any order
SELECT orders FROM orders WHERE customer = 'c1' AND placed = '2026-01-23';
SELECT FROM orders WHERE customer = 'c1' AND placed = '2026-01-23';
SELECT tableoid::regclass, total, customer FROM orders
WHERE customer = 'c1' AND placed = '2026-01-23';
SELECT o.*, o.customer FROM orders o
WHERE customer = 'c1' AND placed = '2026-01-23';
SELECT row_to_json(x) FROM (SELECT total, due, rush FROM orders
WHERE customer = 'c1' AND total IN (50, 57.5) ORDER BY placed) AS x;

-- absent is NULL, as SQL has it
SELECT count(*), count(due), count(*) FILTER (WHERE due IS NULL) FROM orders;
SELECT count(*) FROM orders WHERE due = due;
SELECT count(*) FROM orders WHERE due <> 'd1' OR due = 'd1';
SELECT count(*) FROM orders WHERE (due = 'd1') IS NULL;
SELECT count(*) FROM orders WHERE due IS NOT DISTINCT FROM NULL;
SELECT count(*) FROM orders WHERE NOT (due IN ('d1', NULL));

-- Nothing is locked in DynamoDB.
SELECT pg_temp.attempt('SELECT total FROM orders WHERE customer = ''c1''
	FOR UPDATE');
BEGIN READ ONLY;
SELECT count(*) FROM orders;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM orders;
COMMIT;

-- in other statements
CREATE TEMP TABLE copied AS SELECT * FROM orders WHERE rush;
SELECT count(*) FROM copied;
COPY (SELECT customer, placed, due FROM orders WHERE customer = 'c1'
	AND placed < '2026-01-24' ORDER BY placed) TO STDOUT;
CREATE VIEW pg_temp.open_orders AS SELECT * FROM orders WHERE state = 'open';
SELECT pg_temp.try('SELECT total FROM pg_temp.open_orders
	WHERE placed > ''2026-04''');
CREATE MATERIALIZED VIEW kept_orders AS SELECT * FROM orders WHERE rush;
SELECT count(*) FROM kept_orders;
REFRESH MATERIALIZED VIEW kept_orders;
UPDATE copied SET note = o.placed FROM orders o
WHERE o.customer = copied.customer AND o.placed = copied.placed;
SELECT count(*) FROM copied WHERE note = placed;

-- inheritance and partitions
CREATE TABLE all_orders (customer text COLLATE "C", placed text COLLATE "C",
	total numeric) PARTITION BY LIST (customer);
CREATE FOREIGN TABLE orders_c1 PARTITION OF all_orders FOR VALUES IN ('c1')
	SERVER cruddur OPTIONS (table_name 'sql-orders');
CREATE TABLE orders_rest PARTITION OF all_orders DEFAULT;
INSERT INTO all_orders VALUES ('c9', '2026-01-01', 1);
SELECT count(*), sum(total) FROM all_orders WHERE customer IN ('c1', 'c9');
SELECT placed FROM all_orders WHERE customer = 'c1' ORDER BY placed LIMIT 1;

DROP TABLE all_orders;
DROP MATERIALIZED VIEW kept_orders;
DROP VIEW pg_temp.open_orders;
DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
