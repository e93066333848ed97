\set ECHO none
--
-- A table of orders with an index of each kind, a foreign table over it, and
-- how to look at plans. For the tests of queries, which include it.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');

-- by_agent is sparse: "due" is missing in every third item.
DO $$
BEGIN
	PERFORM cruddur_ddb_request('CreateTable', '{"TableName": "sql-orders",
		"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [
			{"AttributeName": "customer", "AttributeType": "S"},
			{"AttributeName": "placed", "AttributeType": "S"},
			{"AttributeName": "total", "AttributeType": "N"},
			{"AttributeName": "status", "AttributeType": "S"},
			{"AttributeName": "agent", "AttributeType": "S"},
			{"AttributeName": "due", "AttributeType": "S"},
			{"AttributeName": "region", "AttributeType": "S"},
			{"AttributeName": "carrier", "AttributeType": "S"}],
		"KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"},
			{"AttributeName": "placed", "KeyType": "RANGE"}],
		"LocalSecondaryIndexes": [{"IndexName": "by_total", "KeySchema": [
			{"AttributeName": "customer", "KeyType": "HASH"},
			{"AttributeName": "total", "KeyType": "RANGE"}],
			"Projection": {"ProjectionType": "ALL"}}],
		"GlobalSecondaryIndexes": [
			{"IndexName": "by_status", "KeySchema": [
			{"AttributeName": "status", "KeyType": "HASH"},
			{"AttributeName": "placed", "KeyType": "RANGE"}],
			"Projection": {"ProjectionType": "ALL"}},
			{"IndexName": "by_agent", "KeySchema": [
			{"AttributeName": "agent", "KeyType": "HASH"},
			{"AttributeName": "due", "KeyType": "RANGE"}],
			"Projection": {"ProjectionType": "ALL"}},
			{"IndexName": "by_region", "KeySchema": [
			{"AttributeName": "region", "KeyType": "HASH"}],
			"Projection": {"ProjectionType": "KEYS_ONLY"}},
			{"IndexName": "by_carrier", "KeySchema": [
			{"AttributeName": "carrier", "KeyType": "HASH"}],
			"Projection": {"ProjectionType": "INCLUDE",
				"NonKeyAttributes": ["note"]}}]}');
	PERFORM cruddur_ddb_request('BatchWriteItem', jsonb_build_object(
		'RequestItems', jsonb_build_object('sql-orders',
		jsonb_agg(jsonb_build_object('PutRequest',
		jsonb_build_object('Item', item))))))
	FROM (SELECT n, jsonb_strip_nulls(jsonb_build_object(
			'customer', jsonb_build_object('S', 'c' || n / 20),
			'placed', jsonb_build_object('S', to_char(date '2026-01-01' + n, 'YYYY-MM-DD')),
			'total', jsonb_build_object('N', (n * 2.5)::text),
			'status', jsonb_build_object('S',
				(ARRAY['open', 'paid', 'sent'])[n % 3 + 1]),
			'agent', jsonb_build_object('S', 'a' || n % 4),
			'due', CASE WHEN n % 3 > 0 THEN
				jsonb_build_object('S', 'd' || n) END,
			'region', jsonb_build_object('S', 'r' || n % 2),
			'carrier', jsonb_build_object('S', 'v' || n % 2),
			'rush', jsonb_build_object('BOOL', n % 5 = 0),
			'note', CASE WHEN n % 7 > 0 THEN
				jsonb_build_object('S', 'note ' || n) END,
			'size', jsonb_build_object('N', (n % 3)::text),
			'address', jsonb_build_object('M', jsonb_build_object(
				'city', jsonb_build_object('S', 'city ' || n % 6))))) AS item
		FROM generate_series(0, 99) AS n) AS items
	GROUP BY n / 25;
END
$$;

CREATE FOREIGN TABLE orders (
	customer text COLLATE "C",
	placed text COLLATE "C",
	total numeric,
	status text COLLATE "C",
	agent text COLLATE "C",
	due text COLLATE "C",
	region text COLLATE "C",
	carrier text COLLATE "C",
	rush boolean,
	note text COLLATE "C",
	size int,
	city text OPTIONS (attribute 'address.city') COLLATE "C"
) SERVER cruddur OPTIONS (table_name 'sql-orders');

-- How many rows a query has, and a sum that depends on all of them.
CREATE FUNCTION pg_temp.digest(query text, OUT rows bigint, OUT sum numeric)
LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	rows := 0;
	sum := 0;
	FOR r IN EXECUTE query LOOP
		rows := rows + 1;
		sum := sum + hashtextextended(r::text, 0);
	END LOOP;
END
$$;

-- The plan, without what differs between versions of PostgreSQL.
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		CONTINUE WHEN line ~ '^\s*(Output|Disabled):';
		line := regexp_replace(line, '\(InitPlan \d\)\.col1', '$0');
		RETURN NEXT regexp_replace(line, 'InitPlan (\d).*', 'InitPlan \1');
	END LOOP;
END
$$;

-- How many rows there are, as long as they are those found without pushdown.
CREATE FUNCTION pg_temp.compare(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	pushed record;
	local record;
BEGIN
	pushed := pg_temp.digest(query);
	SET LOCAL cruddur_ddb.enable_pushdown = off;
	local := pg_temp.digest(query);
	SET LOCAL cruddur_ddb.enable_pushdown = on;
	RETURN CASE WHEN pushed = local THEN 'Rows: ' || pushed.rows
		ELSE format('ROWS DIFFER: %s %s', pushed, local) END;
END
$$;

-- both
CREATE FUNCTION pg_temp.try(query text) RETURNS SETOF text
LANGUAGE sql AS $$
	SELECT pg_temp.plan(query) UNION ALL SELECT pg_temp.compare(query)
$$;
\pset format unaligned
\pset tuples_only on
\set ECHO all
