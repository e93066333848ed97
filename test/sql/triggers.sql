--
-- Row and statement triggers of a foreign table.
--
\getenv folder PG_ABS_SRCDIR
\set scene :folder '/sql/include/parts.sql'
\set scene_end :folder '/sql/include/parts_end.sql'
\i :scene
ALTER FOREIGN TABLE parts ADD item jsonb OPTIONS (attribute '*');
CREATE FUNCTION pg_temp.show() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% % % old % new %', TG_WHEN, TG_LEVEL, TG_OP, OLD, NEW;
	RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER a_after AFTER INSERT OR UPDATE OR DELETE ON parts
	FOR EACH ROW EXECUTE FUNCTION pg_temp.show();
CREATE TRIGGER a_statement AFTER INSERT OR UPDATE OR DELETE ON parts
	FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.show();
INSERT INTO parts VALUES ('acme', 1, 'bolt', 10), ('acme', 2, 'nut', 20);
UPDATE parts SET qty = qty + 1 WHERE part = 1;
UPDATE parts SET part = 3 WHERE part = 2;
DELETE FROM parts WHERE part = 3;
COPY parts (maker, part) FROM STDIN;
acme	4
\.
DROP TRIGGER a_after ON parts;
DROP TRIGGER a_statement ON parts;

-- A trigger before may change the row, or keep it from being written.
CREATE FUNCTION pg_temp.tidy() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RETURN CASE WHEN OLD.qty = 0 THEN OLD END;
	END IF;
	IF NEW.qty < 0 THEN
		RETURN NULL;
	END IF;
	NEW.name = lower(NEW.name);
	RETURN NEW;
END
$$;
CREATE TRIGGER tidy BEFORE INSERT OR UPDATE OR DELETE ON parts
	FOR EACH ROW EXECUTE FUNCTION pg_temp.tidy();
INSERT INTO parts VALUES ('bilt', 1, 'NUT', 1), ('bilt', 2, 'NUT', -1)
RETURNING part, name, item;
SELECT pg_temp.put('{"maker": {"S": "bilt"}, "part": {"N": "3"},
	"name": {"S": "LOUD"}, "more": {"S": "more"}, "qty": {"N": "0.0"}}');
UPDATE parts SET price = 1 WHERE maker = 'bilt' RETURNING part, name, price;
UPDATE parts SET qty = -1 WHERE maker = 'bilt' AND part = 1;
DELETE FROM parts WHERE maker = 'bilt' RETURNING part;
SELECT part, name, qty, price FROM parts WHERE maker = 'bilt';

-- What a trigger has seen is what the write depends on.
BEGIN;
UPDATE parts SET price = 2 WHERE maker = 'bilt' AND part = 1;
SELECT pg_temp.put('{"maker": {"S": "bilt"}, "part": {"N": "1"},
	"name": {"S": "nut"}, "price": {"N": "1"}, "qty": {"N": "5"}}');
COMMIT;
\echo :SQLSTATE
DROP TRIGGER tidy ON parts;
BEGIN;
UPDATE parts SET price = 2 WHERE maker = 'bilt' AND part = 1;
SELECT pg_temp.put('{"maker": {"S": "bilt"}, "part": {"N": "1"},
	"name": {"S": "nut"}, "price": {"N": "1"}, "qty": {"N": "6"}}');
COMMIT;
SELECT qty, price FROM parts WHERE maker = 'bilt' AND part = 1;

-- A trigger that writes to the table itself
CREATE FUNCTION pg_temp.twin() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.maker NOT LIKE 'twin of %' THEN
		INSERT INTO parts VALUES ('twin of ' || NEW.maker, NEW.part);
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER twin AFTER INSERT ON parts
	FOR EACH ROW EXECUTE FUNCTION pg_temp.twin();
INSERT INTO parts VALUES ('cogs', 1), ('cogs', 2);
SELECT maker, part FROM parts WHERE maker LIKE '%cogs' ORDER BY maker, part;
DROP TRIGGER twin ON parts;
CREATE FUNCTION pg_temp.meddle() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE parts SET qty = 0 WHERE maker = NEW.maker AND part = NEW.part;
	RETURN NEW;
END
$$;
CREATE TRIGGER meddle BEFORE UPDATE ON parts FOR EACH ROW
	WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION pg_temp.meddle();
SELECT pg_temp.attempt('UPDATE parts SET qty = 1 WHERE maker = ''cogs''');
DROP TRIGGER meddle ON parts;

-- In immediate mode, too, an AFTER trigger finds the row.
CREATE FUNCTION pg_temp.look() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% %: %', TG_OP, NEW.part, (SELECT count(*) FROM parts
		WHERE maker = NEW.maker AND part = NEW.part AND qty = NEW.qty);
	RETURN NEW;
END
$$;
CREATE TRIGGER look AFTER INSERT OR UPDATE ON parts
	FOR EACH ROW EXECUTE FUNCTION pg_temp.look();
SET cruddur_ddb.write_mode = 'immediate';
INSERT INTO parts (maker, part, qty) VALUES ('late', 1, 5), ('late', 2, 6);
UPDATE parts SET qty = qty + 1 WHERE maker = 'late';
UPDATE parts SET part = 3 WHERE maker = 'late' AND part = 1;
RESET cruddur_ddb.write_mode;
\i :scene_end
