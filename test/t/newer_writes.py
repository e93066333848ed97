#!/usr/bin/python3
"""
What newer versions of PostgreSQL can say when they write: MERGE into partitions
(all versions), a limit for whole transactions (17), OLD and NEW in RETURNING
and generated columns that are not stored (18).
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed

MERGE = """MERGE INTO parts USING (VALUES ('a', 3), ('b', 1)) AS s (pk, n)
    ON s.pk = parts.pk AND %s WHEN NOT MATCHED THEN INSERT VALUES (s.pk, s.n)"""
LIMIT_S = 0.4


def items(bed, suffix):
    """All items in plain values, by key."""
    found = bed.service.Table(bed.table + suffix).scan(ConsistentRead=True)
    return {item.pop("pk"): item for item in found["Items"]}


def rows(bed, text, *values):
    """As plain tuples, of which columns may have the same names."""
    with bed.main.cursor() as cursor:
        cursor.execute(text, values or None)
        return cursor.fetchall()


def merge(bed):
    """A foreign partition takes rows, but MERGE cannot look for any in it."""
    name = bed.more_table("m", ["pk S"])
    bed.query('CREATE TABLE parts (pk text COLLATE "C", n int)'
              " PARTITION BY LIST (n)")
    bed.query("CREATE TABLE here PARTITION OF parts FOR VALUES IN (1, 2)")
    bed.query("CREATE FOREIGN TABLE there PARTITION OF parts FOR VALUES IN"
              " (3, 4) SERVER cruddur OPTIONS (table_name '%s')" % name)
    tap.fails(lambda: bed.query(MERGE % "true"), "0A000",
              "the foreign partition would be searched")
    bed.query(MERGE % "parts.n = 1")
    tap.equal(items(bed, "-m"), {"a": {"n": 3}}, "MERGE inserts into it")
    bed.query("MERGE INTO parts USING (VALUES ('b')) AS s (pk) ON s.pk ="
              " parts.pk AND parts.n = 1 WHEN MATCHED THEN UPDATE SET n = 4")
    tap.equal(items(bed, "-m"), {"a": {"n": 3}, "b": {"n": 4}},
              "MERGE moves a row into it")


def timeout(bed):
    """transaction_timeout ends the session, COMMIT's requests included."""
    with faults.Faults(bed.options["endpoint"]) as mute:
        bed.set_options(endpoint=mute.url)
        for block, operation in ((False, "PutItem"),
                                 (True, "TransactWriteItems")):
            other = bed.connect()
            bed.query("EXPLAIN SELECT FROM f", on=other)
            bed.query("SET transaction_timeout = '%d ms'" % (LIMIT_S * 1000),
                      on=other)
            mute.add(faults.silent(), times=10,
                     when=lambda r: r.operation == operation)
            start = time.monotonic()
            other.autocommit = not block
            try:
                bed.query("INSERT INTO f VALUES ('t', 1), ('u', 2)" if block
                          else "INSERT INTO f VALUES ('t', 1)", on=other)
                other.commit()
                tap.ok(False, "no end of the session")
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                took = time.monotonic() - start
                tap.ok(LIMIT_S - 0.1 < took < LIMIT_S + 0.2,
                       "%s: the session ends in time" % operation)
            tap.equal(len(mute.seen(operation)), 1, "while it was sending")
            mute.clear()
        bed.set_options(endpoint=os.environ["DDB_ENDPOINT"])


def old_and_new(bed):
    for mode in ("transaction", "immediate"):
        bed.query("SET cruddur_ddb.write_mode = " + mode)
        tap.equal(
            rows(bed, "INSERT INTO f VALUES ('o', 1) RETURNING old, new, old.n,"
                 " new.n"), [(None, "(o,1)", None, 1)], mode + ", INSERT")
        tap.equal(
            rows(bed, "UPDATE f SET n = n + 1 WHERE pk = 'o' RETURNING old,"
                 " new, old.n, new.n, new.tableoid = old.tableoid"),
            [("(o,1)", "(o,2)", 1, 2, True)], "UPDATE")
        tap.equal(
            rows(bed, "UPDATE whole SET pk = 'p' WHERE pk = 'o' RETURNING"
                 " old.item, new.item, item"),
            [({"pk": "o", "n": 2}, {"pk": "p", "n": 2}, {"pk": "p", "n": 2})],
            "UPDATE of a key, and whole items")
        tap.equal(
            rows(bed, "DELETE FROM f WHERE pk = 'p' RETURNING WITH (OLD AS o)"
                 " o, new, o.n, new.n"), [("(p,2)", None, 2, None)], "DELETE")
    bed.query("RESET cruddur_ddb.write_mode")


def virtual(bed):
    """
    A column that is no part of an item, not even where an attribute has its
    name. That of item "x" would not fit.
    """
    name = bed.more_table("v", ["pk S"], [
        {"pk": "x", "n": 1, "twice": "text"}])
    bed.make_foreign("v", 'pk text COLLATE "C", n int, twice int GENERATED'
                     " ALWAYS AS (n * 2) VIRTUAL, more int GENERATED ALWAYS AS"
                     " (n + 1) STORED", table_name=name)
    tap.equal(rows(bed, "SELECT twice, v FROM v WHERE twice = 2"),
              [(2, "(x,1,2,)")], "SELECT")
    tap.equal(rows(bed, "INSERT INTO v (pk, n) VALUES ('y', 5) RETURNING v"),
              [("(y,5,10,6)",)], "INSERT")
    tap.equal(sorted(rows(bed, "UPDATE v SET n = n + 1 WHERE twice IN (2, 10)"
                          " RETURNING old, new, new.twice")),
              [("(x,1,2,)", "(x,2,4,3)", 4), ("(y,5,10,6)", "(y,6,12,7)", 12)],
              "UPDATE")
    tap.equal(items(bed, "-v"), {"x": {"n": 2, "more": 3, "twice": "text"},
                                 "y": {"n": 6, "more": 7}},
              "the attribute of that name is left alone")
    bed.query("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql"
              " AS 'BEGIN RETURN new; END'")
    bed.query("CREATE TRIGGER keep BEFORE UPDATE ON v FOR EACH ROW"
              " EXECUTE FUNCTION keep()")
    plan = rows(bed, "EXPLAIN (VERBOSE) UPDATE v SET n = 3 WHERE pk = 'x'")
    tap.ok(("  Conditions on: n, more",) in plan, "no condition on it, with a"
           " trigger that is given the whole row")
    bed.query("UPDATE v SET n = 3 WHERE pk = 'x'")
    tap.equal(items(bed, "-v")["x"], {"n": 3, "more": 4, "twice": "text"},
              "UPDATE with a trigger")
    bed.query("BEGIN")
    bed.query("INSERT INTO v (pk, n) VALUES ('z', 3)")
    tap.equal(rows(bed, "SELECT count(*) FROM v WHERE twice = 6"), [(2,)],
              "rows of the transaction")
    bed.query("ROLLBACK")
    tap.equal(rows(bed, "DELETE FROM v WHERE twice = 6 RETURNING v, old.twice"),
              [("(x,3,6,4)", 6)], "DELETE")
    bed.query("ANALYZE v")
    tap.equal(rows(bed, "SELECT attname::text FROM pg_stats WHERE tablename ="
                   " 'v' ORDER BY 1"), [("more",), ("n",), ("pk",)], "ANALYZE")


def test():
    with Bed("newer") as bed:
        name = bed.more_table("f", ["pk S"])
        bed.make_foreign("f", 'pk text COLLATE "C", n int', table_name=name)
        bed.make_foreign("whole", "pk text COLLATE \"C\", n int,"
                         " item jsonb OPTIONS (attribute '*')",
                         table_name=name)
        for part, version in ((merge, 15), (timeout, 17), (old_and_new, 18),
                              (virtual, 18)):
            if bed.main.server_version >= version * 10000:
                part(bed)


tap.run(test)
