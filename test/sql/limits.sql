--
-- What a statement may read: full_scan, max_read_units, read_units_per_second.
--
\pset format unaligned
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', table_name 'sql-limits');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SELECT cruddur_ddb_request('CreateTable',
	'{"TableName": "sql-limits", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
		{"AttributeName": "sk", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
		{"AttributeName": "sk", "KeyType": "RANGE"}]}')
	->'TableDescription'->>'TableName' AS created;

-- three pages: 3 + 3 + 1 items, of 143 read units and less
SELECT cruddur_ddb_request('BatchWriteItem', jsonb_build_object(
	'RequestItems', jsonb_build_object('sql-limits', jsonb_agg(
	jsonb_build_object('PutRequest', jsonb_build_object('Item',
	jsonb_build_object('pk', '{"S": "p"}'::jsonb, 'sk',
	jsonb_build_object('N', n::text), 'filler',
	jsonb_build_object('S', repeat('x', 390000)))))))))->'UnprocessedItems' AS left
FROM generate_series(1, 7) AS n;
CREATE VIEW pg_temp.asked AS
SELECT requests, errors, read_units < 150 * requests AS plausible
FROM cruddur_ddb_stats WHERE operation = 'Scan';
CREATE FUNCTION pg_temp.count_items() RETURNS bigint
LANGUAGE sql AS 'SELECT count(*) FROM cruddur_scan()';

-- the settings, and who may change them
SELECT name, context, vartype, boot_val, enumvals, min_val
FROM pg_settings WHERE name IN ('cruddur_ddb.enable_pushdown',
	'cruddur_ddb.full_scan', 'cruddur_ddb.max_read_units')
ORDER BY name COLLATE "C";
SET cruddur_ddb.full_scan = 'sometimes';
SET cruddur_ddb.max_read_units = -1;
CREATE ROLE regress_limits;
SET ROLE regress_limits;
SET cruddur_ddb.full_scan = 'allow';
SET cruddur_ddb.max_read_units = 0;
SET cruddur_ddb.enable_pushdown = off;
RESET cruddur_ddb.enable_pushdown;
RESET ROLE;
DROP ROLE regress_limits;

-- full_scan; a warning comes once for a scan
SELECT cruddur_ddb_stats_reset();
SET cruddur_ddb.full_scan = 'forbid';
SELECT count(*) FROM cruddur_scan();
SELECT count(*) FROM cruddur_scan('sql-limits-other');
SELECT * FROM pg_temp.asked;
SET cruddur_ddb.full_scan = 'warn';
SELECT count(*) FROM cruddur_scan();
RESET cruddur_ddb.full_scan;
SELECT count(*) FROM cruddur_scan();

-- max_read_units: no request once they are used, and none ahead of need
\set VERBOSITY sqlstate
SET cruddur_ddb.max_read_units = 100;
SELECT cruddur_ddb_stats_reset();
SELECT count(*) FROM cruddur_scan();
SELECT * FROM pg_temp.asked;
SET cruddur_ddb.max_read_units = 200;
SELECT cruddur_ddb_stats_reset();
SELECT count(*) FROM cruddur_scan();
SELECT * FROM pg_temp.asked;

-- A statement that is content with what it has may have used them up.
SET cruddur_ddb.max_read_units = 1;
SELECT cruddur_ddb_stats_reset();
SELECT cruddur_scan()->'sk' AS n LIMIT 3;
SELECT * FROM pg_temp.asked;
SELECT cruddur_scan()->'sk' AS n LIMIT 4;

-- All that a statement calls counts together, and the next begins anew.
SET cruddur_ddb.max_read_units = 500;
SELECT pg_temp.count_items();
SELECT pg_temp.count_items();
SELECT pg_temp.count_items() FROM generate_series(1, 2);
BEGIN;
SELECT pg_temp.count_items();
SELECT pg_temp.count_items();
COMMIT;
\set VERBOSITY default
DO $$
BEGIN
	RAISE NOTICE '%', pg_temp.count_items();
	BEGIN
		RAISE NOTICE '%', pg_temp.count_items();
	EXCEPTION WHEN program_limit_exceeded THEN
		RAISE NOTICE '%', SQLERRM;
	END;
	RAISE NOTICE '%', pg_temp.count_items();
END
$$;
RESET cruddur_ddb.max_read_units;
SELECT pg_temp.count_items() FROM generate_series(1, 2);

-- read_units_per_second: a second's units at once, the others at their rate;
-- what the last page costs is still owed then
ALTER SERVER cruddur OPTIONS (ADD read_units_per_second '400');
SELECT cruddur_ddb_stats_reset();
SELECT clock_timestamp() AS start \gset
SELECT pg_temp.count_items() FROM generate_series(1, 3);
SELECT extract(epoch FROM clock_timestamp() - :'start')
	> (read_units - 150) / 400 - 1 AS paced FROM cruddur_ddb_stats
WHERE operation = 'Scan';
-- The debt is the backend's: it outlives a statement, and a waiting one can be
-- canceled.
ALTER SERVER cruddur OPTIONS (SET read_units_per_second '100');
SELECT cruddur_scan()->'sk' AS n LIMIT 1;
SET statement_timeout = 200;
SELECT cruddur_scan()->'sk' AS n LIMIT 1;
RESET statement_timeout;
SELECT active_requests FROM cruddur_ddb_connections();
ALTER SERVER cruddur OPTIONS (SET read_units_per_second '0');
SELECT count(*) FROM cruddur_scan();

SELECT cruddur_drop_table('sql-limits')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
