--
-- Which writes of its transaction a statement sees: those of statements before
-- it, and none of its own.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/orders.sql'
\i :scene
\set VERBOSITY terse
CREATE FUNCTION pg_temp.counts(OUT counted bigint, OUT scanned bigint,
	OUT queried bigint)
LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM orders WHERE customer = 'c0'),
		(SELECT count(note || '') FROM orders WHERE customer || '' = 'c0'),
		(SELECT count(note || '') FROM orders WHERE customer = 'c0')
$$;
SELECT pg_temp.counts();

-- INSERT from itself, with a join, and by an index whose key changes
BEGIN;
INSERT INTO orders (customer, placed, note)
	SELECT customer, placed || 'x', note FROM orders WHERE customer = 'c0';
SELECT pg_temp.counts();
INSERT INTO orders (customer, placed, note)
	SELECT o.customer, o.placed || 'y', w.note
	FROM orders AS o JOIN orders AS w USING (customer, placed)
	WHERE o.customer = 'c0' AND o.placed LIKE '%x';
SELECT pg_temp.counts();
UPDATE orders SET total = total + 10 WHERE customer = 'c0' AND total > 0;
SELECT count(*), sum(total) FROM orders WHERE customer = 'c0' AND total > 0;
UPDATE orders SET placed = placed || 'z' WHERE customer = 'c0' AND placed > '';
SELECT pg_temp.counts();
SELECT count(*) FROM orders WHERE customer = 'c0' AND placed LIKE '%z';
ROLLBACK;

-- the parts of one statement
BEGIN;
WITH gone AS (DELETE FROM orders WHERE customer = 'c0' AND rush RETURNING *),
	come AS (INSERT INTO orders (customer, placed, note)
		VALUES ('c0', 'new', 'new') RETURNING *)
SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM come) AS come,
	(SELECT count(*) FROM orders WHERE customer = 'c0') AS here;
SELECT pg_temp.counts();
ROLLBACK;

-- A cursor stays as it was opened, also where it has not been read yet.
BEGIN;
INSERT INTO orders (customer, placed) VALUES ('c0', '2026-01-02x');
DECLARE early CURSOR FOR SELECT placed FROM orders WHERE customer = 'c0'
	AND placed < '2026-01-05' ORDER BY placed;
DECLARE begun CURSOR FOR SELECT placed FROM orders WHERE customer = 'c0'
	AND placed < '2026-01-05' ORDER BY placed;
FETCH 2 FROM begun;
SAVEPOINT s;
DELETE FROM orders WHERE customer = 'c0' AND placed = '2026-01-02';
UPDATE orders SET note = 'changed' WHERE customer = 'c0' AND placed = '2026-01-03';
INSERT INTO orders (customer, placed) VALUES ('c0', '2026-01-03x');
DECLARE late CURSOR FOR SELECT placed, note FROM orders WHERE customer = 'c0'
	AND placed < '2026-01-05' ORDER BY placed;
FETCH ALL FROM early;
FETCH ALL FROM begun;
FETCH ALL FROM late;
ROLLBACK TO s;
DECLARE last SCROLL CURSOR WITH HOLD FOR SELECT placed, note FROM orders
	WHERE customer = 'c0' AND placed < '2026-01-05' ORDER BY placed DESC;
FETCH 2 FROM last;
FETCH BACKWARD ALL FROM last;
COMMIT;
FETCH 3 FROM last;
CLOSE last;
DELETE FROM orders WHERE customer = 'c0' AND placed = '2026-01-02x';

-- A function sees what its caller has written before it; a volatile one also
-- what it has written itself, which the calling statement does not.
CREATE FUNCTION pg_temp.add(n int) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO orders (customer, placed) VALUES ('f', n);
	RETURN (SELECT count(*) FROM orders WHERE customer = 'f');
END
$$;
CREATE FUNCTION pg_temp.have(n int) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT count(*) FROM orders WHERE customer = 'f');
END
$$;
BEGIN;
SELECT pg_temp.add(n), pg_temp.have(n),
	(SELECT count(*) FROM orders WHERE customer = 'f' AND placed > '' || n % 1)
FROM generate_series(1, 3) AS n;
SELECT pg_temp.have(0);
DO $$
BEGIN
	BEGIN
		INSERT INTO orders (customer, placed) VALUES ('f', 'lost');
		RAISE NOTICE '% within', pg_temp.have(0);
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		RAISE NOTICE '% after', pg_temp.have(0);
	END;
END
$$;
SELECT placed FROM orders WHERE customer = 'f';
ROLLBACK;

-- Savepoints: released, and rolled back with all that is in them
BEGIN;
INSERT INTO orders (customer, placed, note) VALUES ('s', '1', 'a');
SAVEPOINT a;
UPDATE orders SET note = 'b' WHERE customer = 's';
SAVEPOINT b;
DELETE FROM orders WHERE customer = 's';
SELECT note FROM orders WHERE customer = 's';
INSERT INTO orders (customer, placed, note) VALUES ('s', '1', 'c');
SELECT note FROM orders WHERE customer = 's';
ROLLBACK TO b;
SELECT note FROM orders WHERE customer = 's' AND placed = '1';
RELEASE a;
SELECT note FROM orders WHERE customer = 's' AND note = 'b';
SAVEPOINT c;
DELETE FROM orders WHERE customer = 's';
RELEASE c;
SELECT count(*) FROM orders WHERE customer = 's';
COMMIT;
SELECT count(*) FROM orders WHERE customer = 's';

SELECT cruddur_drop_table('sql-orders')->>'TableName' AS dropped;
DROP SERVER cruddur CASCADE;
