--
-- cruddur_scan(): every value of DynamoDB as plain JSON, and scans that do not
-- run to their end.
--
\pset format unaligned
\getenv endpoint DDB_ENDPOINT
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb
	OPTIONS (endpoint :'endpoint', region 'us-east-1', table_name 'sql-scan');
CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
	OPTIONS (access_key_id 'AKIDTESTSQL', secret_access_key 'S3cret.never.to.be.seen');
SELECT cruddur_ddb_request('CreateTable', jsonb_build_object(
	'TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
	'AttributeDefinitions', '[{"AttributeName": "pk", "AttributeType": "S"},
		{"AttributeName": "sk", "AttributeType": "N"}]'::jsonb,
	'KeySchema', '[{"AttributeName": "pk", "KeyType": "HASH"},
		{"AttributeName": "sk", "KeyType": "RANGE"}]'::jsonb))
	->'TableDescription'->>'TableName' AS created
FROM unnest(ARRAY['sql-scan', 'sql-scan-pages']) AS name;
CREATE FUNCTION pg_temp.put(item jsonb, name text DEFAULT 'sql-scan')
RETURNS jsonb
BEGIN ATOMIC
	SELECT cruddur_ddb_request('PutItem', jsonb_build_object(
		'TableName', name, 'Item', '{"pk": {"S": "p"}}' || item));
END;

-- an empty table, then each type
SELECT * FROM cruddur_scan();
SELECT pg_temp.put(format('{"sk": {"N": "%s"}, "v": %s}', n, v)::jsonb)
FROM (VALUES
	(1, '{"S": "plain"}'),
	(2, '{"S": ""}'),
	(3, '{"S": "quote \" backslash \\ slash \/ tab \t lines \r\n \u0001"}'),
	(4, '{"S": "\u00e9 \u6f22 \ud83d\ude00 é 漢 😀 e\u0301 \u2028 \ufffd"}'),
	(5, '{"N": "0"}'),
	(6, '{"N": "-1.50"}'),
	(7, '{"N": "12345678901234567890123456789012345678"}'),
	(8, '{"N": "-0.12345678901234567890123456789012345678"}'),
	(9, '{"N": "1E-130"}'),
	(10, '{"N": "-9.9999999999999999999999999999999999999E+125"}'),
	(11, '{"N": "9007199254740993"}'),
	(12, '{"BOOL": true}'),
	(13, '{"BOOL": false}'),
	(14, '{"NULL": true}'),
	(15, '{"B": "AAEC/f7/"}'),
	(16, '{"B": ""}'),
	(17, '{"SS": ["b", "a", "ä"]}'),
	(18, '{"NS": ["3", "-1", "2.5"]}'),
	(19, '{"BS": ["AQ==", "Ag=="]}'),
	(20, '{"L": []}'),
	(21, '{"M": {}}'),
	(22, '{"L": [{"S": "a"}, {"N": "1"}, {"L": [{"BOOL": true}, {"NULL": true},
		{"M": {"deep": {"L": [{"N": "1E-130"}]}}}]}]}'),
	(23, '{"M": {"S": {"S": "not a type"}, "M": {"M": {"L": {"N": "1"}}},
		"a.b[0]": {"SS": ["x"]}}}'),
	(24, ('{"L": [' || repeat('{"L": [', 30) || '{"N": "7"}'
		|| repeat(']}', 30) || ']}'))
	) AS t (n, v)
WHERE pg_temp.put(format('{"sk": {"N": "%s"}, "v": %s}', n, v)::jsonb) <> '{}';
SELECT item->'sk' AS n, jsonb_typeof(item->'v') AS type,
	CASE WHEN (item->'sk')::int BETWEEN 17 AND 19 THEN
		(SELECT jsonb_agg(e ORDER BY e) FROM jsonb_array_elements(item->'v') AS e)
		ELSE item->'v' END AS v
FROM cruddur_scan() AS item ORDER BY item->'sk';

-- Names are anything too; all attributes are there.
SELECT pg_temp.put('{"pk": {"S": "q"}, "sk": {"N": "1.0"}, "a \"b\"": {"S":
	"x"}, "ключ 🔑": {"N": "1"}, "Size": {"BOOL": true}, "v": {"S": "v"}}');
SELECT item FROM cruddur_scan('sql-scan') AS item WHERE item->>'pk' = 'q';

-- a table of several pages
SELECT DISTINCT pg_temp.put(jsonb_build_object('sk', jsonb_build_object('N',
	n::text), 'filler', jsonb_build_object('S', repeat('x', 390000))),
	'sql-scan-pages')
FROM generate_series(1, 7) AS n;
SELECT item->'sk' AS n, length(item->>'filler')
FROM cruddur_scan('sql-scan-pages') AS item;

-- as many rows as are asked for, and no more pages than they need
SELECT cruddur_ddb_stats_reset();
SELECT cruddur_scan('sql-scan-pages')->'sk' AS n LIMIT 2;
SELECT requests, items_read < 7 AS not_all FROM cruddur_ddb_stats;
SELECT active_requests FROM cruddur_ddb_connections();

-- two at a time, in step and nested
SELECT cruddur_scan('sql-scan-pages')->'sk' AS a,
	cruddur_scan('sql-scan-pages')->'sk' AS b LIMIT 5;
SELECT count(*), sum((a->'sk')::int * (b->'sk')::int)
FROM cruddur_scan('sql-scan-pages') AS a, cruddur_scan('sql-scan-pages') AS b;
SELECT count(*) AS rows, count(a) AS a, count(b) AS b FROM ROWS FROM (
	cruddur_scan('sql-scan-pages'), cruddur_scan()) AS t (a, b);
SELECT n, (SELECT count(*) FROM cruddur_scan('sql-scan-pages') AS item
	WHERE (item->'sk')::int <= n) FROM generate_series(3, 4) AS n;
\set VERBOSITY sqlstate
SELECT count(*) FROM cruddur_scan('sql-scan-nowhere');
SELECT cruddur_scan('sql scan');
\set VERBOSITY default
SELECT count(*) FROM cruddur_scan('sql-scan');

DROP FUNCTION pg_temp.put;
SELECT count(cruddur_drop_table(name)) AS dropped
FROM unnest(ARRAY['sql-scan', 'sql-scan-pages']) AS name;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
