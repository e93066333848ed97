--
-- Scans of several pages by cursors and in blocks: stopped, rolled back over,
-- held, and failed in the middle; no request stays behind. (The next page is
-- asked for while one is read, but it may be there already.)
--
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1',
		table_name 'sql-cursors');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SELECT cruddur_ddb_request('CreateTable', '{"TableName": "sql-cursors",
	"BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
		{"AttributeName": "sk", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
		{"AttributeName": "sk", "KeyType": "RANGE"}]}')
	->'TableDescription'->>'TableName' AS created;
SELECT count(cruddur_ddb_request('PutItem', jsonb_build_object(
	'TableName', 'sql-cursors', 'Item', jsonb_build_object(
		'pk', '{"S": "p"}'::jsonb,
		'sk', jsonb_build_object('N', n::text),
		'filler', jsonb_build_object('S', repeat('x', 390000))))))
FROM generate_series(1, 9) AS n;
CREATE FUNCTION pg_temp.active() RETURNS bigint
LANGUAGE sql RETURN (SELECT sum(active_requests)
	FROM cruddur_ddb_connections());

-- A savepoint that is rolled back does not move a cursor back, as ever.
BEGIN;
DECLARE c CURSOR FOR SELECT cruddur_scan()->'sk' AS n;
FETCH 1 FROM c;
SELECT pg_temp.active() <= 1 AS the_next_at_most;
SAVEPOINT s;
FETCH 4 FROM c;
ROLLBACK TO s;
FETCH 1 FROM c;
SAVEPOINT t;
\set VERBOSITY sqlstate
SELECT cruddur_ddb_request('GetItem', '{}');
\set VERBOSITY default
ROLLBACK TO t;
FETCH ALL FROM c;
CLOSE c;
COMMIT;
SELECT pg_temp.active();

-- A cursor that goes with its savepoint, or with the transaction
BEGIN;
SAVEPOINT s;
DECLARE c CURSOR FOR SELECT cruddur_scan()->'sk' AS n;
FETCH 1 FROM c;
DECLARE d CURSOR FOR SELECT cruddur_scan()->'sk' AS n;
FETCH 2 FROM d;
ROLLBACK TO s;
SELECT pg_temp.active();
DECLARE c CURSOR FOR SELECT cruddur_scan()->'sk' AS n;
FETCH 1 FROM c;
ROLLBACK;
SELECT pg_temp.active();

-- closed early, while the transaction goes on
BEGIN;
DECLARE c CURSOR FOR SELECT cruddur_scan()->'sk' AS n;
FETCH 1 FROM c;
CLOSE c;
SELECT pg_temp.active();
SELECT count(*) FROM cruddur_scan();
COMMIT;

-- held: the rest is read at commit; scrolled: back and forth
BEGIN;
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT cruddur_scan()->'sk' AS n;
FETCH 1 FROM c;
COMMIT;
SELECT pg_temp.active();
FETCH LAST FROM c;
FETCH ABSOLUTE 2 FROM c;
CLOSE c;

-- a block around a scan that an error ends, and one after the other
DO $$
DECLARE
	n jsonb;
	seen int := 0;
BEGIN
	FOR i IN 1..20 LOOP
		BEGIN
			FOR n IN SELECT cruddur_scan()->'sk' LOOP
				seen := seen + 1;
				IF n = to_jsonb(i % 9 + 1) THEN
					RAISE division_by_zero;
				END IF;
			END LOOP;
		EXCEPTION WHEN division_by_zero THEN
			NULL;
		END;
	END LOOP;
	RAISE NOTICE 'seen: %, active: %', seen, pg_temp.active();
END
$$;

-- an error in the query itself
SELECT 1 / ((cruddur_scan()->'sk')::int - 2) AS quotient;
SELECT pg_temp.active();
SELECT count(*) FROM cruddur_scan();

-- A server that is altered in mid-use serves its user to the end.
\set VERBOSITY sqlstate
BEGIN;
DECLARE c CURSOR FOR SELECT cruddur_scan()->'sk' AS n;
FETCH 1 FROM c;
SAVEPOINT s;
ALTER SERVER cruddur OPTIONS (SET endpoint 'http://127.0.0.1:1');
SELECT starts_with(endpoint, :'endpoint') AS is_there, valid
FROM cruddur_ddb_connections();
SELECT count(*) FROM cruddur_scan();
ROLLBACK TO s;
ALTER SERVER cruddur OPTIONS (SET endpoint 'http://127.0.0.1:1');
SELECT cruddur_ddb_disconnect();
FETCH ALL FROM c;
CLOSE c;
ALTER SERVER cruddur OPTIONS (SET endpoint :'endpoint');
SELECT count(*) FROM cruddur_scan();
SELECT valid, active_requests FROM cruddur_ddb_connections();
COMMIT;

-- The table goes away under a cursor.
BEGIN;
DECLARE c CURSOR FOR SELECT cruddur_scan()->'sk' AS n;
FETCH 1 FROM c;
SELECT cruddur_drop_table('sql-cursors')->>'TableName' AS dropped;
SAVEPOINT s;
MOVE ALL IN c;
ROLLBACK TO s;
FETCH 1 FROM c;
ROLLBACK;
SELECT pg_temp.active();

DROP FUNCTION pg_temp.active;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
