\set ECHO none
--
-- An empty table of spare parts, keyed by maker and number, a foreign table over
-- it, and a witness of what DynamoDB has. For the tests of writes, which include
-- it.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
DO $$
BEGIN
	PERFORM cruddur_ddb_request('CreateTable', '{"TableName": "sql-parts",
		"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [
			{"AttributeName": "maker", "AttributeType": "S"},
			{"AttributeName": "part", "AttributeType": "N"},
			{"AttributeName": "label", "AttributeType": "S"}],
		"KeySchema": [{"AttributeName": "maker", "KeyType": "HASH"},
			{"AttributeName": "part", "KeyType": "RANGE"}],
		"GlobalSecondaryIndexes": [{"IndexName": "by_label", "KeySchema": [
			{"AttributeName": "label", "KeyType": "HASH"}],
			"Projection": {"ProjectionType": "ALL"}}]}');
END
$$;

CREATE FOREIGN TABLE parts (
	maker text COLLATE "C",
	part int,
	name text COLLATE "C",
	qty int,
	price numeric
) SERVER cruddur OPTIONS (table_name 'sql-parts');

-- What DynamoDB has, item by item; the transaction has no part in it.
CREATE FUNCTION pg_temp.stored() RETURNS SETOF jsonb
LANGUAGE sql AS $$
	SELECT item
	FROM cruddur_ddb_request('Scan', '{"TableName": "sql-parts",
			"ConsistentRead": true}') AS page,
		jsonb_array_elements(page->'Items') AS item
	ORDER BY item->'maker'->>'S', (item->'part'->>'N')::numeric
$$;

-- Put an item past the foreign table, as another client would.
CREATE FUNCTION pg_temp.put(item jsonb) RETURNS void
LANGUAGE sql AS $$
	SELECT cruddur_ddb_request('PutItem',
		jsonb_build_object('TableName', 'sql-parts', 'Item', item))
$$;

-- What a statement comes to, what it says at COMMIT left out.
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n || ' rows';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
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
		RETURN NEXT line;
	END LOOP;
END
$$;
\pset format unaligned
\pset tuples_only on
\set VERBOSITY terse
\set ECHO all
