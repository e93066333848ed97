"""Views, triggers, functions and prepared statements over twin tables."""

# What all twins' tables have besides: made before the transactions run.
OBJECTS = """
CREATE VIEW {s}.va AS SELECT k1, v, i, n FROM {s}.a WHERE i >= 0
    WITH CHECK OPTION;
CREATE TABLE {s}.log (op text, k1 bytea, k2 text, was text, v text,
    left_over bigint);
CREATE FUNCTION {s}.before_d() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.v = 'skip' THEN RETURN NULL; END IF;
    new."order" := coalesce(new.v, '') || '!';
    IF new.i = 7 THEN new.n := 77; END IF;
    RETURN new;
END $$;
CREATE FUNCTION {s}.before_delete_d() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.v = 'kept' THEN RETURN NULL; END IF;
    RETURN old;
END $$;
CREATE FUNCTION {s}.after_d() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_op = 'DELETE' THEN
        INSERT INTO {s}.log VALUES (tg_op, old.k1, old.k2, old.v, NULL,
            (SELECT count(*) FROM {s}.d));
    ELSIF tg_op = 'INSERT' THEN
        INSERT INTO {s}.log VALUES (tg_op, new.k1, new.k2, NULL, new.v,
            (SELECT count(*) FROM {s}.d WHERE v = new.v));
    ELSE
        INSERT INTO {s}.log VALUES (tg_op, new.k1, new.k2, old.v, new.v,
            (SELECT sum(i) FROM {s}.d WHERE k1 = new.k1));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER t1 BEFORE INSERT OR UPDATE ON {s}.d FOR EACH ROW
    EXECUTE FUNCTION {s}.before_d();
CREATE TRIGGER t2 BEFORE DELETE ON {s}.d FOR EACH ROW
    EXECUTE FUNCTION {s}.before_delete_d();
CREATE TRIGGER t3 AFTER INSERT OR UPDATE OR DELETE ON {s}.d FOR EACH ROW
    EXECUTE FUNCTION {s}.after_d();
"""

# Their tables are found by the session's search_path.
SHARED = """
CREATE TABLE picks AS SELECT 'k' || i AS k1, i AS n
    FROM generate_series(0, 40, 3) i UNION ALL VALUES ('p1', 1), ('p2', 2);
ANALYZE picks;
CREATE FUNCTION caught(key text, much int, fail boolean) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE a SET i = much WHERE k1 = key;
    BEGIN
        UPDATE a SET v = 'inner', n = much WHERE k1 >= key;
        DELETE FROM b WHERE i = much;
        IF fail THEN
            RAISE EXCEPTION 'as the test wants it';
        END IF;
    EXCEPTION WHEN raise_exception THEN
        UPDATE a SET "order" = 'caught', v = left(v || '/', 20)
            WHERE k1 = key;
    END;
    RETURN (SELECT string_agg(concat_ws(',', k1, i, v, "order"), ';'
        ORDER BY k1) FROM a WHERE k1 >= key);
END $$;
CREATE FUNCTION looped(first text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT k1, i FROM a WHERE k1 >= first ORDER BY k1 LOOP
        UPDATE a SET i = coalesce(a.i, 0) + 1 WHERE k1 = r.k1;
        UPDATE a SET n = 1000 WHERE k1 > r.k1 AND i = r.i;
        IF r.k1 LIKE '%5' THEN
            DELETE FROM a WHERE k1 = r.k1;
        END IF;
    END LOOP;
    RETURN (SELECT sum(coalesce(i, 100)) FROM a);
END $$;
CREATE FUNCTION raised(number int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO a (k1) VALUES ('r' || number);
    UPDATE b SET i = number;
    RAISE EXCEPTION 'as the test wants it';
END $$;
CREATE FUNCTION total() RETURNS int STABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT coalesce(sum(i), 0) % 10 FROM a);
END $$;
CREATE FUNCTION bumped(part text, rank numeric) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE b SET i = coalesce(i, 0) + 1 WHERE k1 = part AND k2 = rank;
    RETURN (SELECT count(*) FROM b WHERE i > 0);
END $$;
CREATE FUNCTION twice_the_same(key text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO a (k1, v) VALUES (key, 'first') ON CONFLICT DO NOTHING;
    UPDATE a SET v = 'mine' WHERE k1 = key;
    BEGIN
        UPDATE a SET v = 'lost' WHERE k1 = key;
        INSERT INTO a (k1, v) VALUES (key, 'second');
    EXCEPTION WHEN unique_violation THEN
        NULL;
    END;
    RETURN (SELECT v FROM a WHERE k1 = key);
END $$;
"""


def prepared(twins):
    """PREPARE, for each session: (name, types of its arguments, text)."""
    for twin in twins:
        kinds = [key.kind() for key in twin.keys]
        keys = " AND ".join("%s = $%d" % (key.name, i + 1)
                            for i, key in enumerate(twin.keys))
        more = "$%d" % (len(kinds) + 1)
        yield ("get_" + twin.name, kinds, "SELECT * FROM %s WHERE %s"
               % (twin.name, keys))
        yield ("set_" + twin.name, kinds + ["int"],
               "UPDATE %s SET i = coalesce(i, 0) + %s WHERE %s RETURNING *"
               % (twin.name, more, keys))
        yield ("cut_" + twin.name, kinds, "DELETE FROM %s WHERE %s"
               % (twin.name, keys))
        yield ("put_" + twin.name, kinds + ["text"],
               "INSERT INTO %s (%s, v) VALUES (%s, %s)"
               " ON CONFLICT DO NOTHING RETURNING *" % (
                   twin.name, ", ".join(twin.key_names()), ", ".join(
                       "$%d" % (i + 1) for i in range(len(kinds))), more))
        yield ("part_" + twin.name, kinds[:1],
               "SELECT count(*), sum(i) FROM %s WHERE k1 = $1" % twin.name)
