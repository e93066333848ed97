--
-- Tables as a whole: made, described, listed, dropped.
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', table_name 'sql-schema');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');

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

-- What a description says that does not depend on when and where.
CREATE FUNCTION pg_temp.essence(description jsonb) RETURNS text
LANGUAGE sql
RETURN (SELECT jsonb_pretty(jsonb_build_object(
	'name', description->'TableName',
	'status', description->'TableStatus',
	'key', description->'KeySchema',
	'attributes', (SELECT jsonb_object_agg(a->>'AttributeName',
			a->>'AttributeType')
		FROM jsonb_array_elements(description->'AttributeDefinitions') AS a),
	'stream', description->'StreamSpecification',
	'billing', description->'BillingModeSummary'->'BillingMode',
	'units', array[description->'ProvisionedThroughput'->'ReadCapacityUnits',
		description->'ProvisionedThroughput'->'WriteCapacityUnits'],
	'indexes', (SELECT jsonb_agg(jsonb_build_object(
			'name', i->'IndexName',
			'status', i->'IndexStatus',
			'key', i->'KeySchema',
			'projection', i->'Projection',
			'units', array[i->'ProvisionedThroughput'->'ReadCapacityUnits',
				i->'ProvisionedThroughput'->'WriteCapacityUnits']))
		FROM jsonb_array_elements(description->'GlobalSecondaryIndexes') AS i)
)));

SELECT count(*) FROM cruddur_list_tables() AS name WHERE name = 'sql-schema';
SELECT pg_temp.essence(cruddur_schema_load());
SELECT name FROM cruddur_list_tables() AS name WHERE name = 'sql-schema';
SELECT count(*) FROM cruddur_scan();

-- once more
SELECT pg_temp.attempt('SELECT cruddur_schema_load()');
SELECT cruddur_schema_load(if_not_exists => true)->>'TableStatus' AS status;
SELECT cruddur_schema_load(true)->>'TableName' AS name;

-- The function's own description is that of DynamoDB.
SELECT cruddur_schema_load(true) =
	cruddur_ddb_request('DescribeTable', '{"TableName": "sql-schema"}')
	-> 'Table' AS same;

-- dropped: gone once the function returns
SELECT d->>'TableName' AS name, d ? 'KeySchema' AS described
FROM cruddur_drop_table('sql-schema') AS d;
SELECT count(*) FROM cruddur_list_tables() AS name WHERE name = 'sql-schema';
SELECT pg_temp.attempt($$SELECT cruddur_drop_table('sql-schema')$$);
SELECT pg_temp.attempt('SELECT cruddur_scan()');

-- billing modes
SELECT d->'BillingModeSummary'->>'BillingMode' AS billing,
	d->'ProvisionedThroughput'->'ReadCapacityUnits' AS table_units,
	d->'GlobalSecondaryIndexes'->0->'ProvisionedThroughput'
		->'ReadCapacityUnits' AS index_units
FROM cruddur_schema_load(billing_mode => 'PAY_PER_REQUEST') AS d;
SELECT cruddur_drop_table('sql-schema')->>'TableName' AS dropped;
SELECT pg_temp.attempt(format('SELECT cruddur_schema_load(false, %L)', mode))
FROM unnest(ARRAY['FREE', 'provisioned', '', 'PROVISIONED","X":"']) AS mode;
SELECT cruddur_schema_load(NULL, NULL)->>'TableStatus' AS status;

-- A name that is not the messaging table's may be dropped too, a blank not.
SELECT cruddur_ddb_request('CreateTable', '{"TableName": "sql-schema-2",
	"BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}')
	->'TableDescription'->>'TableName' AS created;
SELECT name FROM cruddur_list_tables() AS name
WHERE starts_with(name, 'sql-schema') ORDER BY name COLLATE "C";
SELECT cruddur_drop_table('sql-schema-2')->>'TableName' AS dropped;
SELECT pg_temp.attempt($$SELECT cruddur_drop_table('')$$);
SELECT pg_temp.attempt('SELECT cruddur_drop_table(NULL)');
SELECT cruddur_drop_table('sql-schema')->>'TableName' AS dropped;

DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
