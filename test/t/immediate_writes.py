#!/usr/bin/python3
"""
Mode "immediate": what a statement writes is sent before it ends, as much at a
time as there are connections, in batches where nothing is expected of an item.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed

CONNECTIONS = 4
ROWS = 60
SERIES = "SELECT 'k' || i, i FROM generate_series(1, %d) i"
GROWTH_KB = 2048


def load(table, rows=ROWS):
    return "INSERT INTO %s (pk, n) " % table + SERIES % rows


def items(bed, suffix):
    """Key -> n of all items, consistently read."""
    pages = bed.dynamodb.get_paginator("scan").paginate(
        TableName=bed.table + suffix, ConsistentRead=True)
    return {item["pk"]["S"]: int(item.get("n", {"N": "-1"})["N"])
            for page in pages for item in page["Items"]}


def clean(bed, broken):
    """
    Both tables empty, no faults, statistics at 0. What a statement that was
    canceled had sent is not undone, and may be under way.
    """
    bed.query("SELECT cruddur_ddb_disconnect()")
    broken.settle()
    broken.clear()
    bed.query("EXPLAIN SELECT FROM e, r")  # The tables are described again.
    broken.clear()
    for suffix in ("-e", "-r"):
        name = bed.table + suffix
        with bed.service.Table(name).batch_writer() as batch:
            for key in items(bed, suffix):
                batch.delete_item(Key={"pk": key})
    bed.query("SELECT cruddur_ddb_stats_reset()")


def whole(rows=ROWS):
    return {"k%d" % i: i for i in range(1, rows + 1)}


class Crowd:
    """How many requests are being answered at a time."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.lock = threading.Lock()
        self.now = self.most = 0

    def __call__(self, exchange):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.seconds)
        reply = exchange.relay()
        with self.lock:
            self.now -= 1
        return exchange.send(reply)


def is_write(request):
    return request.operation in ("PutItem", "BatchWriteItem")


def sizes(broken):
    """Of the batches seen."""
    return [len(writes) for request in broken.seen("BatchWriteItem")
            for writes in request.json()["RequestItems"].values()]


def side_by_side(bed, broken):
    clean(bed, broken)
    crowd = Crowd(0.02)
    broken.add(crowd, times=1000, when=lambda r: r.operation == "PutItem")
    start = time.monotonic()
    bed.query(load("e"))
    took = time.monotonic() - start
    tap.equal(items(bed, "-e"), whole(), "every row is there")
    tap.equal((len(broken.seen("PutItem")), crowd.most), (ROWS, CONNECTIONS),
              "one request a row, as many at a time as connections")
    tap.ok(took < 0.9 * ROWS * 0.02, "faster than one by one")
    row = bed.query("SELECT requests, items_written, write_units FROM"
                    " cruddur_ddb_stats WHERE operation = 'PutItem'")
    tap.equal(row, [(ROWS, ROWS, ROWS)], "counted")


def batches(bed, broken):
    clean(bed, broken)
    crowd = Crowd(0.05)
    broken.add(crowd, times=1000,
               when=lambda r: r.operation == "BatchWriteItem")
    bed.query(load("r", 110))
    tap.equal(items(bed, "-r"), whole(110), "on_duplicate 'replace': all there")
    tap.equal(sorted(sizes(broken)), [10, 25, 25, 25, 25], "by 25")
    tap.equal(crowd.most, CONNECTIONS, "as many at a time as connections")
    row = bed.query("SELECT requests, items_written, write_units FROM"
                    " cruddur_ddb_stats WHERE operation = 'BatchWriteItem'")
    tap.equal(row, [(5, 110, 110)], "counted")

    broken.clear()
    bed.query("DELETE FROM r WHERE n <= 60")
    tap.equal(sorted(items(bed, "-r").values()), list(range(61, 111)),
              "DELETE: the others stay")
    tap.equal(sorted(sizes(broken)), [10, 25, 25], "by 25, too")

    broken.clear()
    bed.query("INSERT INTO r (pk, n) VALUES ('k100', -5)")
    tap.equal((items(bed, "-r")["k100"], sizes(broken),
               len(broken.seen("PutItem"))), (-5, [], 1),
              "one alone is a plain put")


def in_order(bed, broken):
    """The same key again: the last one stays."""
    clean(bed, broken)
    broken.add(faults.delayed(0.05), times=3)
    bed.query("INSERT INTO r (pk, n) SELECT 'k' || i %% 7, i FROM"
              " generate_series(1, 100) i" % ())
    tap.equal(items(bed, "-r"), {"k%d" % (i % 7): i for i in range(94, 101)},
              "the last of each key")
    tap.ok(all(len(keys) == len(set(keys)) for keys in (
        [w["PutRequest"]["Item"]["pk"]["S"]
         for w in request.json()["RequestItems"][bed.table + "-r"]]
        for request in broken.seen("BatchWriteItem"))),
           "never two of a key in a batch")


def partly(bed, left):
    """The real server gets all but the last `left` of a batch."""
    def act(exchange):
        (table, writes), = exchange.request.json()["RequestItems"].items()
        done, rest = writes[:-left], writes[-left:]
        if done:
            bed.dynamodb.batch_write_item(RequestItems={table: done})
        return exchange.send(faults.made(200, {
            "UnprocessedItems": {table: rest},
            "ConsumedCapacity": [{"TableName": table,
                                  "CapacityUnits": len(done)}]}))
    return act


def unprocessed(bed, broken):
    clean(bed, broken)
    for left in (20, 7, 3):
        broken.add(partly(bed, left))
    bed.query(load("r"))
    tap.equal(items(bed, "-r"), whole(), "what is left is sent again")
    tap.equal((bed.stats("items_written"), bed.stats("write_units")),
              (ROWS, ROWS), "and counted once")

    clean(bed, broken)
    broken.add(partly(bed, 25), times=3)
    bed.query(load("r", 25))
    tap.equal(items(bed, "-r"), whole(25), "all of it left, three times")
    tap.equal(sizes(broken), [25] * 4, "four requests")

    clean(bed, broken)
    broken.add(partly(bed, 25), times=1000)
    error = tap.fails(lambda: bed.query(load("r", 25)), "53000",
                      "all of it left, for ever")
    tap.equal((sizes(broken), bed.stats("items_written")), ([25] * 4, 0),
              "max_attempts requests")
    tap.ok("UnprocessedItems" in str(error.diag.message_detail),
           "the detail says so")


def duplicates(bed, broken):
    clean(bed, broken)
    bed.query("INSERT INTO e (pk, n) VALUES ('k30', -1)")
    error = tap.fails(lambda: bed.query(load("e")), "23505", "a duplicate")
    tap.ok('Key {"pk":{"S":"k30"}} already exists.'
           in str(error.diag.message_detail), "the detail names the key")
    tap.equal(items(bed, "-e")["k30"], -1, "which stays as it was")

    clean(bed, broken)
    bed.query("INSERT INTO e (pk, n) VALUES ('k3', -1), ('k5', -1)")
    rows = bed.query(load("e", 9) + " ON CONFLICT DO NOTHING")
    tap.equal((rows, items(bed, "-e")), (None, {**whole(9), "k3": -1, "k5": -1}),
              "ON CONFLICT DO NOTHING")
    rows = bed.query("INSERT INTO e (pk, n) VALUES ('x', 1), ('k3', 2), ('x', 3)"
                     " ON CONFLICT DO NOTHING RETURNING n")
    tap.equal((rows, items(bed, "-e")["x"]), ([(1,)], 1),
              "of two with a key the first one is inserted")


def not_undone(bed, broken):
    """As README says."""
    clean(bed, broken)
    bed.query("BEGIN")
    bed.query(load("e", 3))
    tap.equal(bed.query("SELECT count(*) FROM e"), [(3,)], "seen at once")
    bed.query("ROLLBACK")
    tap.equal(items(bed, "-e"), whole(3), "and after ROLLBACK")


def updates(bed, broken):
    clean(bed, broken)
    bed.query(load("e", 20))
    broken.clear()
    bed.query("UPDATE e SET n = n + 100 WHERE n > 10")
    tap.equal(sorted(items(bed, "-e").values()),
              list(range(1, 11)) + list(range(111, 121)), "UPDATE")
    tap.equal(len(broken.seen("UpdateItem")), 10, "one request a row")

    def changed(exchange):
        bed.resource.meta.client.put_item(
            TableName=bed.table + "-e", Item={"pk": "k5", "n": 500})
        return exchange.send(exchange.relay())

    broken.add(changed, when=lambda r: r.operation == "UpdateItem")
    error = tap.fails(lambda: bed.query("UPDATE e SET n = 7 WHERE n = 5"),
                      "40001", "changed since it was read")
    tap.ok('{"pk":{"S":"k5"}}' in str(error.diag.message_detail),
           "the detail names the key")
    tap.equal(items(bed, "-e")["k5"], 500, "no lost update")

    # As in a heap table, a row that a join finds twice is updated once.
    bed.query("UPDATE e SET n = e.n + v.x FROM (VALUES (1000), (2000)) v (x)"
              " WHERE e.pk IN ('k1', 'k2')")
    tap.ok(all(items(bed, "-e")[key] - n in (1000, 2000)
               for key, n in (("k1", 1), ("k2", 2))), "found twice")


def moves(bed, broken):
    """Another key: all or nothing, each row by itself."""
    clean(bed, broken)
    bed.query(load("e", 5))
    bed.query("UPDATE e SET pk = 'm' || pk WHERE n <= 2")
    tap.equal(items(bed, "-e"), {"mk1": 1, "mk2": 2, "k3": 3, "k4": 4, "k5": 5},
              "moved")
    tap.equal(len(broken.seen("TransactWriteItems")), 2, "a transaction a row")
    error = tap.fails(lambda: bed.query("UPDATE e SET pk = 'k4' WHERE n = 3"),
                      "23505", "the place is taken")
    tap.ok('{"pk":{"S":"k4"}}' in str(error.diag.message_detail),
           "the detail names the new key")

    def changed(exchange):
        bed.resource.meta.client.put_item(
            TableName=bed.table + "-e",
            Item={"pk": "k5", "n": 5, "other": "attribute"})
        return exchange.send(exchange.relay())

    broken.add(changed, when=lambda r: r.operation == "TransactWriteItems")
    bed.query("ALTER FOREIGN TABLE e ADD other text")
    bed.query("UPDATE e SET other = 'mine' WHERE n = 5")
    tap.fails(lambda: bed.query("UPDATE e SET pk = 'k6' WHERE n = 5"), "40001",
              "an attribute that nobody asked for has changed meanwhile")
    bed.query("ALTER FOREIGN TABLE e DROP other")
    tap.equal(items(bed, "-e"), {"mk1": 1, "mk2": 2, "k3": 3, "k4": 4, "k5": 5},
              "nothing is lost")


def faulty_rows(bed, broken):
    """A row that a view does not take is not sent, nor is what follows."""
    bed.query("CREATE VIEW small AS SELECT pk, n FROM e WHERE n < 10"
              " WITH CHECK OPTION")
    bed.query("CREATE VIEW small_r AS SELECT pk, n FROM r WHERE n < 10"
              " WITH CHECK OPTION")
    for view, suffix in (("small", "-e"), ("small_r", "-r")):
        clean(bed, broken)
        tap.fails(lambda: bed.query(load(view, 40)), "44000", view)
        tap.ok(not any(n >= 10 for n in items(bed, suffix).values()),
               "the row at fault is not written")


def refused_late(exchange):
    """When others have been sent, too."""
    time.sleep(0.1)
    return faults.refused("ValidationException")(exchange)


def over_when_failed(bed, broken):
    """Nothing is under way any more when a statement has failed."""
    for table in ("e", "r"):
        clean(bed, broken)
        broken.add(refused_late, when=is_write)
        broken.add(faults.delayed(0.3), times=10**6, when=is_write)
        tap.fails(lambda: bed.query(load(table, 400)), "22023",
                  "one of the writes into %s is refused" % table)
        there = items(bed, "-" + table)
        sent = len(broken.seen())
        bed.query("SELECT cruddur_ddb_disconnect()")
        broken.settle()
        tap.equal(items(bed, "-" + table), there,
                  "what was sent with it has been applied, %d rows"
                  % len(there))
        tap.ok(there and len(broken.seen()) == sent < 10,
               "and nothing was sent after it: %d requests" % sent)


def rate(bed, broken):
    """15 units at 5 a second: 5 at once, and the last after 2 seconds."""
    clean(bed, broken)
    bed.query("ALTER FOREIGN TABLE e OPTIONS (ADD write_units_per_second '5')")
    start = time.monotonic()
    for n in range(15):
        bed.query("INSERT INTO e (pk, n) VALUES (%s, 1)", "k%d" % n)
    took = time.monotonic() - start
    bed.query("ALTER FOREIGN TABLE e OPTIONS (DROP write_units_per_second)")
    tap.ok(1.5 < took < 3, "write_units_per_second is kept: %.1f s" % took)


def interrupted(bed, broken):
    for table in "er":
        clean(bed, broken)
        broken.add(faults.silent(), times=1000)
        start = time.monotonic()
        bed.query("SET statement_timeout = '300ms'")
        tap.fails(lambda: bed.query(load(table)), "57014", "a stalled load")
        bed.query("RESET statement_timeout")
        tap.ok(time.monotonic() - start < 0.5, "ends in time")
    clean(bed, broken)
    broken.add(faults.refused("ValidationException"), times=1000)
    for table in "er":
        tap.fails(lambda: bed.query(load(table)), "22023", "a refused load")
    clean(bed, broken)
    bed.query(load("e"))
    tap.equal(items(bed, "-e"), whole(), "the next one is as if nothing was")


def memory_kb(bed):
    pid = bed.query("SELECT pg_backend_pid()")[0][0]
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as smaps:
        return sum(int(line.split()[1]) for line in smaps
                   if line.startswith("Anonymous:"))


def flat(bed, broken):
    """However much is loaded. Somebody says yes to all of it."""
    clean(bed, broken)
    unit = {"ConsumedCapacity": {"CapacityUnits": 1}}
    broken.add(faults.answered(200, {"UnprocessedItems": {}}), times=10**6,
               when=lambda r: r.operation == "BatchWriteItem")
    broken.add(faults.answered(200, unit), times=10**6,
               when=lambda r: r.operation == "PutItem")
    for table, few, many in (("r", 2000, 40000), ("e", 200, 3000)):
        bed.query(load(table, few))
        before = memory_kb(bed)
        bed.query(load(table, many))
        grown = memory_kb(bed) - before
        tap.figure("%d rows into %s: %d kB more" % (many, table, grown))
        tap.ok(grown < GROWTH_KB, "memory is flat")


def test():
    with Bed("immediate", max_connections=str(CONNECTIONS)) as bed:
        for suffix, options in (("e", {}), ("r", {"on_duplicate": "replace"})):
            name = bed.more_table(suffix, ["pk S"])
            bed.make_foreign(suffix, 'pk text COLLATE "C", n int',
                             table_name=name, **options)
        bed.query("SET cruddur_ddb.write_mode = immediate")
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            for part in (side_by_side, batches, in_order, unprocessed,
                         duplicates, not_undone, updates, moves, faulty_rows,
                         over_when_failed, rate, interrupted, flat):
                part(bed, broken)


tap.run(test)
