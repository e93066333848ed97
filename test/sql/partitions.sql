--
-- Foreign tables as partitions and as children.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
SELECT cruddur_ddb_request('CreateTable', '{"TableName": "sql-parts-bilt",
	"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [
		{"AttributeName": "part", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "part", "KeyType": "HASH"}]}') IS NULL;
CREATE TABLE stock (qty int, part int, maker text COLLATE "C", name text)
PARTITION BY LIST (maker);
CREATE TABLE stock_here PARTITION OF stock FOR VALUES IN ('here', 'there');
CREATE FOREIGN TABLE stock_acme PARTITION OF stock FOR VALUES IN ('acme')
	SERVER cruddur OPTIONS (table_name 'sql-parts');
-- with its columns in another order
CREATE FOREIGN TABLE stock_bilt (maker text COLLATE "C", name text, gone int,
	part int, qty int) SERVER cruddur OPTIONS (table_name 'sql-parts-bilt');
ALTER FOREIGN TABLE stock_bilt DROP gone;
ALTER TABLE stock ATTACH PARTITION stock_bilt FOR VALUES IN ('bilt');

INSERT INTO stock (maker, part, qty, name) VALUES ('here', 1, 1, 'h'),
	('acme', 1, 2, 'a'), ('bilt', 1, 3, 'b'), ('acme', 2, 4, 'a'),
	('bilt', 2, 5, 'b')
RETURNING tableoid::regclass, *;
COPY stock (maker, part, qty) FROM STDIN;
here	2	6
bilt	3	7
acme	3	8
\.
SELECT tableoid::regclass, * FROM stock ORDER BY maker, part;
SELECT count(*) FROM pg_temp.stored();
INSERT INTO stock (maker, part) VALUES ('acme', 3), ('acme', 4)
ON CONFLICT DO NOTHING RETURNING part;

-- UPDATE and DELETE over children of both kinds
WITH changed AS (
	UPDATE stock SET qty = qty * 10 WHERE part < 3
	RETURNING tableoid::regclass, maker, part, qty)
SELECT * FROM changed ORDER BY maker, part;
UPDATE stock SET name = s.name FROM (VALUES ('acme', 'A'), ('bilt', 'B'),
	('here', 'H')) AS s (maker, name) WHERE s.maker = stock.maker AND part = 1;
WITH deleted AS (
	DELETE FROM stock WHERE part = 2 RETURNING tableoid::regclass, maker, part)
SELECT * FROM deleted ORDER BY maker, part;
SELECT * FROM stock ORDER BY maker, part;
SELECT pg_temp.plan('UPDATE stock SET qty = 1 WHERE part = 1');

-- A row moves from a table into DynamoDB; none is changed twice.
UPDATE stock SET maker = 'acme', part = 10 WHERE maker = 'here' AND part = 1;
SELECT tableoid::regclass, * FROM stock WHERE part = 10;
INSERT INTO stock (maker, part, qty) VALUES ('here', 5, 0), ('here', 6, 0);
UPDATE stock SET maker = 'acme', part = part + 100 WHERE maker IN ('here', 'acme');
SELECT tableoid::regclass, * FROM stock ORDER BY maker, part;
INSERT INTO stock (maker, part, qty) VALUES ('here', 7, 7);
SET cruddur_ddb.write_mode = immediate;
UPDATE stock SET maker = 'acme', part = part + 10 WHERE maker IN ('here', 'acme');
RESET cruddur_ddb.write_mode;
SELECT tableoid::regclass, * FROM stock WHERE maker = 'acme' ORDER BY part;
INSERT INTO stock VALUES (1, 8, 'there');
SELECT pg_temp.attempt('UPDATE stock SET maker = ''nowhere''
	WHERE maker = ''there''');
SELECT pg_temp.attempt('INSERT INTO stock (maker) VALUES (''nowhere'')');
-- not out of it, nor into one that is not its own
SELECT pg_temp.attempt('UPDATE stock SET maker = ''here'' WHERE maker = ''acme''
	AND part = 113');
SELECT pg_temp.attempt('INSERT INTO stock_acme (maker, part) VALUES (''bilt'', 9)');
SELECT pg_temp.attempt('INSERT INTO stock_acme (maker, part) VALUES (''bilt'', 9)
	ON CONFLICT DO NOTHING');

-- PostgreSQL's part of the transaction and DynamoDB's
BEGIN;
INSERT INTO stock (maker, part) VALUES ('there', 1), ('bilt', 4);
ROLLBACK;
INSERT INTO stock (maker, part) VALUES ('there', 1), ('bilt', 1);
\echo :SQLSTATE
SELECT count(*) FROM stock WHERE part IN (1, 4);

-- The rows of one partition go through a trigger, the others' do not.
CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE NOTICE '% %', TG_OP, OLD; RETURN OLD; END$$;
CREATE TRIGGER tell BEFORE DELETE ON stock_acme FOR EACH ROW
	EXECUTE FUNCTION pg_temp.tell();
INSERT INTO stock VALUES (1, 21, 'acme'), (2, 21, 'bilt'), (3, 21, 'here');
BEGIN;
DELETE FROM stock WHERE part = 21;
SELECT count(*) FROM stock WHERE part = 21;
ROLLBACK;
WITH deleted AS (DELETE FROM stock WHERE part = 21 RETURNING *)
SELECT * FROM deleted ORDER BY maker;
DROP TRIGGER tell ON stock_acme;

-- inheritance
CREATE TABLE things (maker text COLLATE "C", part int);
CREATE FOREIGN TABLE thing_parts () INHERITS (things)
	SERVER cruddur OPTIONS (table_name 'sql-parts');
ALTER FOREIGN TABLE thing_parts ADD qty int;
INSERT INTO things VALUES ('heap', 1), ('heap', 2);
DELETE FROM things WHERE part = 1 RETURNING tableoid::regclass, *;
WITH changed AS (
	UPDATE things SET part = part + 100 RETURNING tableoid::regclass, *)
SELECT * FROM changed ORDER BY maker, part;
TRUNCATE things;
SELECT count(*) FROM things;
SELECT count(*) FROM pg_temp.stored();

DROP TABLE things CASCADE;
DROP TABLE stock;
SELECT cruddur_drop_table('sql-parts-bilt')->>'TableName' AS dropped;
\i :scene_end
