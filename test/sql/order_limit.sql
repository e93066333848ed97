--
-- ORDER BY a sort key, LIMIT, least and greatest: nothing is sorted, and no
-- more is read than is needed.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

-- The order is DynamoDB's: rows come as they should.
CREATE FUNCTION pg_temp.ordered(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	pushed text[];
	local text[];
BEGIN
	RETURN QUERY SELECT pg_temp.plan(query);
	EXECUTE format('SELECT array(%s)', query) INTO pushed;
	SET LOCAL cruddur_ddb.enable_pushdown = off;
	EXECUTE format('SELECT array(%s)', query) INTO local;
	SET LOCAL cruddur_ddb.enable_pushdown = on;
	RETURN NEXT CASE WHEN pushed = local
		THEN format('Rows: %s, from %s to %s', cardinality(pushed),
			pushed[1], pushed[cardinality(pushed)])
		ELSE format('ROWS DIFFER: %s, %s', pushed, local) END;
END
$$;

SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE customer = 'c1'
	ORDER BY placed$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE customer = 'c1'
	ORDER BY placed DESC$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE customer = 'c1'
	ORDER BY placed DESC NULLS LAST LIMIT 3 OFFSET 2$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE customer = 'c1'
	AND placed > '2026-01-25' AND rush ORDER BY placed DESC$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE customer = 'c1'
	ORDER BY customer, placed, note$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE status = 'open'
	ORDER BY placed DESC LIMIT 2$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE customer = 'c1'
	AND total IS NOT NULL ORDER BY total DESC LIMIT 2$$);
SELECT pg_temp.ordered($$SELECT due FROM orders WHERE agent = 'a0'
	AND due > 'd2' ORDER BY due$$);
-- (18 has no Result above it)
SELECT ltrim(line, ' ->') FROM pg_temp.ordered($$SELECT DISTINCT placed
	FROM orders WHERE customer = 'c1' ORDER BY placed$$) AS line
WHERE line <> 'Result';
SELECT pg_temp.ordered($$SELECT placed FROM (
	SELECT * FROM orders UNION ALL SELECT * FROM orders) AS twice
	WHERE customer = 'c1' ORDER BY placed DESC$$);

-- several partitions, another collation, items without a sort key, an order
-- that goes on after the sort key of an index
SELECT pg_temp.ordered($$SELECT placed FROM orders
	WHERE customer IN ('c1', 'c2') ORDER BY placed$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE customer = 'c1'
	ORDER BY placed COLLATE "en-x-icu"$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE customer = 'c1'
	ORDER BY total$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE agent = 'a0'
	ORDER BY due, placed$$);
SELECT pg_temp.ordered($$SELECT placed FROM orders WHERE status = 'open'
	ORDER BY placed, customer$$);

-- least and greatest
SELECT pg_temp.try($$SELECT max(placed) FROM orders WHERE customer = 'c1'$$);
SELECT pg_temp.try($$SELECT min(placed), max(placed) FROM orders
	WHERE status = 'open'$$);
SELECT pg_temp.try($$SELECT max(total) FROM orders WHERE customer = 'c1'$$);
SELECT pg_temp.try($$SELECT max(due) FROM orders WHERE agent = 'a0'$$);

-- how much is read for it
CREATE FUNCTION pg_temp.scanned(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
	found text[];
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ' || query
	LOOP
		IF line ~ 'Requests|Items Scanned' THEN
			found := found || trim(line);
		END IF;
	END LOOP;
	RETURN concat(query, ' -- ', array_to_string(found, ', '));
END
$$;
SELECT pg_temp.scanned('SELECT placed FROM orders ' || rest)
FROM unnest(ARRAY[
	'LIMIT 3',
	'LIMIT 3 OFFSET 4',
	'LIMIT 0',
	'WHERE customer = ''c1'' ORDER BY placed LIMIT 1',
	'WHERE customer = ''c1'' ORDER BY placed DESC LIMIT 2 OFFSET 1',
	'WHERE customer = ''c1'' LIMIT ALL',
	'WHERE customer = ''c1'' ORDER BY note LIMIT 1']) AS rest;
SELECT pg_temp.scanned('SELECT max(placed) FROM orders WHERE customer = ''c1''');
SELECT pg_temp.scanned('SELECT EXISTS (SELECT FROM orders
	WHERE customer = ''c1'')');

-- A LIMIT that rows must be found for reads on until it has them.
SELECT placed FROM orders WHERE customer = 'c1' AND upper(note) = 'NOTE 38'
LIMIT 1;
SELECT placed FROM orders WHERE customer = 'c1' AND note = 'note 38' LIMIT 2;
SELECT count(*) FROM (SELECT FROM orders LIMIT 60) AS x;

-- An order of another type, though its bytes are the same, is not DynamoDB's:
-- bpchar has no regard for blanks at the end.
SELECT count(cruddur_ddb_request('PutItem', jsonb_build_object(
	'TableName', 'sql-orders', 'Item', jsonb_build_object(
		'customer', jsonb_build_object('S', 'blank'),
		'placed', jsonb_build_object('S', placed)))))
FROM unnest(ARRAY['a ', E'a\tb']) AS placed;
SELECT line FROM pg_temp.ordered($$SELECT placed FROM orders
	WHERE customer = 'blank' ORDER BY placed::bpchar COLLATE "C"$$) AS line
WHERE line ~ 'Order:|Rows|ROWS';

DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
