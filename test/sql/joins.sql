--
-- Joins by key: keyed reads for the rows of the other side, many at a time.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene

CREATE TEMP TABLE visits AS
SELECT n AS id, 'c' || n % 7 AS customer,
	to_char(date '2026-01-01' + n, 'YYYY-MM-DD') AS day
FROM generate_series(1, 60) AS n;
INSERT INTO visits VALUES (61, NULL, NULL), (62, 'c1', NULL);
CREATE INDEX ON visits (id);
ANALYZE visits;

-- What is said of the foreign side, and of what reads ahead for it.
CREATE FUNCTION pg_temp.joined(query text) RETURNS SETOF text
LANGUAGE sql AS $$
	SELECT line FROM (
		SELECT regexp_replace(trim(line), '\$\d+', '$n', 'g') AS line
		FROM pg_temp.plan(query) AS line
		WHERE line ~ 'Join|Nested Loop|Memoize|Ahead|Operation|Index|Condition'
			AND line !~ 'Join Filter'
		UNION ALL SELECT pg_temp.compare(query)) AS lines
$$;

-- whole keys: BatchGetItem for up to 100 rows
SELECT pg_temp.joined($$SELECT v.id, o.total FROM visits v JOIN orders o
	ON o.customer = v.customer AND o.placed = v.day$$);
SELECT pg_temp.joined($$SELECT v.id, o.total FROM visits v LEFT JOIN orders o
	ON o.customer = v.customer AND o.placed = v.day$$);
SELECT pg_temp.joined($$SELECT id FROM visits v WHERE EXISTS (SELECT
	FROM orders o WHERE o.customer = v.customer AND o.placed = v.day)$$);
SELECT pg_temp.joined($$SELECT id FROM visits v WHERE NOT EXISTS (SELECT
	FROM orders o WHERE o.customer = v.customer AND o.placed = v.day)$$);
SELECT pg_temp.joined($$SELECT o.total FROM orders o JOIN (VALUES
	('c1', '2026-01-22'), ('c2', '2026-02-15'), ('c3', 'never'))
	AS wanted (customer, day)
	ON o.customer = wanted.customer AND o.placed = wanted.day$$);
SELECT pg_temp.joined($$SELECT a.total FROM orders a JOIN orders b
	ON a.customer = b.customer AND a.placed = b.placed
	WHERE b.status = 'open' AND b.placed < '2026-02'$$);

-- partitions, of the table and of an index
SELECT pg_temp.joined($$SELECT v.id, o.total FROM visits v JOIN orders o
	ON o.customer = v.customer WHERE v.id < 4$$);
SELECT pg_temp.joined($$SELECT v.id, o.total FROM visits v JOIN orders o
	ON o.customer = v.customer AND o.placed = '2026-01-22' WHERE v.id < 4$$);
SELECT pg_temp.joined($$SELECT o.total FROM unnest('{open,lost}'::text[]) AS s
	JOIN orders o ON o.status = s$$);
SELECT pg_temp.joined($$SELECT v.id, o.total FROM visits v JOIN orders o
	ON o.agent = 'a' || v.id AND o.due = 'd' || v.id WHERE v.id < 4$$);
SELECT pg_temp.joined($$SELECT o.total FROM orders o WHERE customer IN
	(SELECT customer FROM visits WHERE id = 8)$$);

-- values that an outer join below may have made NULL
SELECT line FROM pg_temp.joined($$SELECT v.id, o.total FROM visits v
	LEFT JOIN visits w ON w.id = v.id + 58
	LEFT JOIN orders o ON o.customer = w.customer WHERE v.id < 7$$) AS line
WHERE line ~ 'Ahead|Key Condition|Rows';
SELECT line FROM pg_temp.joined($$SELECT v.id, o.total FROM visits v
	LEFT JOIN (SELECT id, coalesce(customer, 'c3') AS customer FROM visits) w
	ON w.id = v.id + 58
	LEFT JOIN orders o ON o.customer = w.customer WHERE v.id < 7$$) AS line
WHERE line ~ 'Ahead|Key Condition|Rows';

-- LATERAL and subqueries: keyed, one after another
SELECT pg_temp.joined($$SELECT v.id, last.placed FROM visits v,
	LATERAL (SELECT placed FROM orders o WHERE o.customer = v.customer
	ORDER BY placed DESC LIMIT 1) AS last WHERE v.id < 4$$);
SELECT pg_temp.joined($$SELECT v.id, n.count FROM visits v,
	LATERAL (SELECT count(*) FROM orders o WHERE o.customer = v.customer) AS n
	WHERE v.id < 4$$);
SELECT pg_temp.joined($$SELECT id, (SELECT max(placed) FROM orders o
	WHERE o.customer = v.customer) FROM visits v WHERE v.id < 4$$);
SELECT pg_temp.joined($$SELECT total FROM orders WHERE customer =
	(SELECT customer FROM visits WHERE id = 8)$$);
SELECT pg_temp.joined($$SELECT total FROM orders WHERE customer = ANY
	(ARRAY(SELECT customer FROM visits WHERE id < 4))$$);

-- How many requests it takes: a key that comes twice among 100 rows is asked
-- for once.
CREATE FUNCTION pg_temp.requests(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ' || query
	LOOP
		IF line ~ 'Requests|Items Returned' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END
$$;
SELECT pg_temp.requests($$SELECT o.total FROM visits v JOIN orders o
	ON o.customer = v.customer AND o.placed = v.day$$);
SELECT pg_temp.requests($$SELECT o.total FROM visits v JOIN orders o
	ON o.customer = 'c' || v.id % 5 AND o.placed = '2026-02-10'$$);

SET cruddur_ddb.full_scan = 'forbid';
SELECT pg_temp.requests($$SELECT o.total FROM (SELECT * FROM visits,
	generate_series(1, 4) AS k OFFSET 0) AS v JOIN orders o
	ON o.customer = v.customer AND o.placed = v.day$$);
RESET cruddur_ddb.full_scan;

-- a rescan of the node that reads ahead, and an end before all of it is used
SELECT pg_temp.joined($$SELECT k, x.* FROM generate_series(1, 3) AS k,
	LATERAL (SELECT v.id, o.total FROM visits v JOIN orders o
	ON o.customer = v.customer AND o.placed = v.day
	WHERE v.id > k * 10 ORDER BY v.id LIMIT 4) AS x$$);
SELECT id FROM visits v JOIN orders o
ON o.customer = v.customer AND o.placed = v.day ORDER BY id LIMIT 3;
SET enable_seqscan = off;
SET enable_indexscan = off;
SELECT pg_temp.joined($$SELECT v.id, o.total FROM visits v JOIN orders o
	ON o.customer = v.customer AND o.placed = v.day WHERE v.id IN (7, 24)$$);
RESET enable_seqscan;
RESET enable_indexscan;

-- types and collations that differ on the two sides
SELECT pg_temp.joined($$SELECT v.id, o.total FROM visits v JOIN orders o
	ON o.customer = v.customer::varchar(10) AND o.total = v.id * 2.5
	WHERE v.id IN (7, 8)$$);
SELECT pg_temp.joined($$SELECT v.id, o.total FROM visits v JOIN orders o
	ON o.customer = v.customer COLLATE "en-x-icu" AND o.placed = v.day$$);

DROP FOREIGN TABLE orders;
SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP USER MAPPING FOR CURRENT_USER SERVER cruddur;
DROP SERVER cruddur;
