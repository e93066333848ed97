#!/usr/bin/python3
"""
Rows that are written while connections are lost. Nothing is written twice, a
row of one's own is no duplicate, and where it is not known whether an UPDATE
was applied it says so.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed

MODES = ("transaction", "immediate")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems",
          "BatchWriteItem")


def is_write(request):
    return request.operation in WRITES


def applied_then_failed(exchange):
    """The real server does it, and something behind it says 500."""
    exchange.relay()
    return exchange.send(faults.made(500, {
        "__type": "x#InternalServerError", "message": "lost its way"}))


# A name, what happens, how often, and whether it was applied.
LOSSES = [
    ("applied, then cut", faults.applied_then_cut(), 1, True),
    ("applied, then 500", applied_then_failed, 1, True),
    ("applied and cut, twice", faults.applied_then_cut(), 2, True),
    ("answered, under a wrong checksum", faults.wrong_crc(), 1, True),
    ("reset before it was applied", faults.reset(), 1, False),
    ("closed before it was applied", faults.hung_up(), 1, False),
    ("503 before it was applied", faults.answered(503, b""), 1, False),
]


def rows(bed):
    """What DynamoDB has: key -> (n, v)."""
    pages = bed.service.meta.client.get_paginator("scan").paginate(
        TableName=bed.table + "-t", ConsistentRead=True)
    return {i["pk"]: (int(i["n"]) if "n" in i else None, i.get("v"))
            for page in pages for i in page["Items"]}


def empty(bed, *items):
    """These items and no others."""
    table = bed.service.Table(bed.table + "-t")
    for pk in rows(bed):
        table.delete_item(Key={"pk": pk})
    for pk, n in items:
        table.put_item(Item={"pk": pk, "n": n, "v": "old"})


def prepare(bed, broken, *items):
    """These items, no faults, and a client that has not met any."""
    empty(bed, *items)
    broken.clear()
    bed.query("SELECT cruddur_ddb_disconnect()")


def run(bed, text):
    """SQLSTATE and row count."""
    try:
        with bed.main.cursor() as cursor:
            cursor.execute(text)
            return None, cursor.rowcount
    except psycopg2.Error as error:
        bed.query("ROLLBACK")
        return error.pgcode, None


def each_loss(bed, broken, text, before, check):
    """check(): given the result and whether the write was applied at first."""
    for mode in MODES:
        bed.query("SET cruddur_ddb.write_mode = " + mode)
        for name, behaviour, times, applied in LOSSES:
            prepare(bed, broken, *before)
            broken.add(behaviour, times=times, when=is_write)
            result = run(bed, text)
            sent = [r for r in broken.seen() if is_write(r)]
            check("%s: %s, %s" % (text[:45], mode, name), result, applied,
                  sent)
    bed.query("RESET cruddur_ddb.write_mode")


def inserts(bed, broken):
    def check(name, result, _, sent):
        tap.equal((result, rows(bed)),
                  ((None, 1), {"x": (1, None), "there": (0, "old")}), name)
        tap.ok(len(sent) >= 2, "it was sent again: " + name)

    for more in ("", " ON CONFLICT DO NOTHING"):
        each_loss(bed, broken, "INSERT INTO t VALUES ('x', 1)" + more,
                  [("there", 0)], check)


def deletes(bed, broken):
    each_loss(bed, broken, "DELETE FROM t WHERE pk = 'x'",
              [("x", 5), ("there", 0)], lambda name, result, _, sent:
              tap.equal((result, rows(bed)),
                        ((None, 1), {"there": (0, "old")}), name))


def updates(bed, broken):
    """Added once: said to be done, or that nobody knows. Never 40001."""
    def check(name, result, applied, _):
        tap.equal(rows(bed), {"x": (6, "old")}, "once, " + name)
        tap.ok(result == (None, 1) or (applied and result[0] == "08006"),
               "%r, %s" % (result, name))

    each_loss(bed, broken, "UPDATE t SET n = n + 1 WHERE pk = 'x'",
              [("x", 5)], check)


def several(bed, broken):
    """All of a transaction by one request, which has a token."""
    text = ("WITH i AS (INSERT INTO t SELECT 'i' || n, n FROM"
            " generate_series(1, 3) n), d AS (DELETE FROM t WHERE n < 2)"
            " UPDATE t SET n = n + 10, v = 'new' WHERE n >= 2")
    before = [("a", 1), ("b", 2), ("c", 3)]
    want = {"i1": (1, None), "i2": (2, None), "i3": (3, None),
            "b": (12, "new"), "c": (13, "new")}
    for name, behaviour, times, _ in LOSSES:
        prepare(bed, broken, *before)
        broken.add(behaviour, times=times, when=is_write)
        tap.equal((run(bed, text), rows(bed)), ((None, 2), want),
                  "several: " + name)
        sent = [r for r in broken.seen() if is_write(r)]
        tokens = {r.json().get("ClientRequestToken") for r in sent}
        tap.ok(len(sent) == times + 1 and len(tokens) == 1
               and None not in tokens, "%d times by one token" % (times + 1))


def key_changes(bed, broken):
    each_loss(bed, broken, "UPDATE t SET pk = 'y', n = n + 1 WHERE pk = 'x'",
              [("x", 5)], lambda name, result, _, sent: tap.equal(
                  (result, rows(bed)), ((None, 1), {"y": (6, "old")}), name))


def many(bed, broken):
    """Bulk loads in immediate mode, some requests of which are cut."""
    writes = []

    def each(nth):
        def is_it(request):
            writes.append(is_write(request))
            return is_write(request) and sum(writes) % nth == 0
        return is_it

    bed.query("SET cruddur_ddb.write_mode = immediate")
    for name, table, nth in (("one by one", "t", 20),
                             ("BatchWriteItem", "r", 4)):
        prepare(bed, broken, ("there", 0))
        broken.add(faults.applied_then_cut(), times=10**6, when=each(nth))
        result = run(bed, "INSERT INTO %s SELECT 'x' || i, i FROM"
                     " generate_series(1, 400) i" % table)
        tap.equal(result, (None, 400), "400 rows, %s" % name)
        want = {"x%d" % i: (i, None) for i in range(1, 401)}
        tap.equal(rows(bed), dict(want, there=(0, "old")),
                  "each of them is there: " + name)
    broken.clear()
    broken.add(faults.applied_then_cut(), times=10**6, when=each(4))
    tap.equal((run(bed, "DELETE FROM t WHERE pk <> 'there'"), rows(bed)),
              ((None, 400), {"there": (0, "old")}), "400 rows are deleted")
    bed.query("RESET cruddur_ddb.write_mode")


def not_ours(bed, broken):
    """Another session was quicker: refused, and what it wrote stays."""
    table = bed.service.Table(bed.table + "-t")

    def taken(exchange, cut):
        table.put_item(Item={"pk": "x", "n": 99, "v": "theirs"})
        if cut:
            return exchange.reset()
        return exchange.send(exchange.relay())

    def gone(exchange, cut):
        table.delete_item(Key={"pk": "x"})
        if cut:
            return exchange.reset()
        return exchange.send(exchange.relay())

    theirs = {"x": (99, "theirs")}
    for mode in MODES:
        bed.query("SET cruddur_ddb.write_mode = " + mode)
        for text, before, act, sqlstate, after in (
                ("INSERT INTO t VALUES ('x', 1)", [], taken, "23505", theirs),
                ("UPDATE t SET n = n + 1", [("x", 5)], taken, "40001",
                 theirs),
                ("UPDATE t SET n = n + 1", [("x", 5)], gone, "40001", {})):
            for cut in (False, True):
                prepare(bed, broken, *before)
                broken.add(lambda exchange: act(exchange, cut),
                           when=is_write)
                # An UPDATE that was cut may have been what they changed.
                want = "08006" if cut and before else sqlstate
                tap.equal((run(bed, text), rows(bed)),
                          ((want, None), after), "%s, %s, %s%s" % (
                              text, act.__name__, mode,
                              " and cut" if cut else ""))
    bed.query("RESET cruddur_ddb.write_mode")
    for text in ("UPDATE t SET n = n + 1; UPDATE t SET v = 'w'",
                 "DELETE FROM t WHERE n = 5"):
        prepare(bed, broken, ("x", 5))
        broken.add(lambda exchange: taken(exchange, False), when=is_write)
        tap.equal((run(bed, text), rows(bed)), (("40001", None), theirs),
                  text)
    prepare(bed, broken, ("x", 5), ("y", 5))
    broken.add(lambda exchange: taken(exchange, False), when=is_write)
    tap.equal((run(bed, "UPDATE t SET n = n + 1"), rows(bed)),
              (("40001", None), dict(theirs, y=(5, "old"))),
              "of several none is changed")


def lost_for_good(bed, broken):
    """Never applied and never answered: an error, and nothing is written."""
    before = [("a", 1), ("b", 2)]
    want = {"a": (1, "old"), "b": (2, "old")}
    for mode in MODES:
        bed.query("SET cruddur_ddb.write_mode = " + mode)
        for text in ("INSERT INTO t VALUES ('x', 1)",
                     "INSERT INTO t VALUES ('x', 1), ('y', 1)",
                     "INSERT INTO r VALUES ('a', 7), ('z', 1)",
                     "UPDATE t SET n = n + 1", "DELETE FROM t",
                     "UPDATE t SET pk = 'z' WHERE pk = 'a'"):
            prepare(bed, broken, *before)
            broken.add(faults.reset(), times=10**6, when=is_write)
            tap.equal((run(bed, text), rows(bed)), (("08006", None), want),
                      "reset for ever: %s, %s" % (text, mode))
            broken.clear()
            tap.equal(run(bed, "SELECT count(*) FROM t"), (None, 1),
                      "the session goes on")
    bed.query("RESET cruddur_ddb.write_mode")


def test():
    with Bed("cut_writes") as bed:
        table = bed.more_table("t", ["pk S"])
        columns = 'pk text COLLATE "C", n int, v text COLLATE "C"'
        bed.make_foreign("t", columns, table_name=table)
        bed.make_foreign("r", columns, table_name=table,
                         on_duplicate="replace")
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            for part in (inserts, deletes, updates, several, key_changes,
                         many, not_ours, lost_for_good):
                part(bed, broken)


tap.run(test)
