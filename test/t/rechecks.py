#!/usr/bin/python3
"""
UPDATE and FOR UPDATE of a local table joined to a foreign one, while another
session changes the local rows: PostgreSQL looks at the new versions again, and
each goes on if it still has the foreign row's key.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from bed import Bed

ROWS = 10
UPDATE = "UPDATE visits SET seen = n FROM f WHERE {join} RETURNING id, seen"
LOCK = "SELECT id, f.n FROM visits JOIN f ON {join} FOR UPDATE OF visits"
JOINS = [("whole keys", "f.pk = visits.pk AND f.sk = visits.sk"),
         ("partitions", "f.pk = visits.pk"),
         ("a condition on the rest", "f.pk = visits.pk AND f.n < visits.most")]

# Row 2 leaves for another item's key, row 3 for none.
CHANGE = """UPDATE visits SET touched = true, pk = CASE id WHEN 2 THEN 'p5'
    WHEN 3 THEN 'lost' ELSE pk END"""
WHOLE = {(i, i) for i in range(ROWS)}
AFTER = WHOLE - {(2, 2), (3, 3)}


def make(bed):
    items = [{"pk": "p%d" % i, "sk": "s", "n": i} for i in range(ROWS)]
    bed.make_foreign("f", 'pk text COLLATE "C", sk text COLLATE "C", n int',
                     table_name=bed.more_table("f", ["pk S", "sk S"], items))
    bed.query("CREATE TABLE visits (id int, pk text, sk text, most int,"
              " seen int, touched boolean)")


def fill(bed):
    bed.query("TRUNCATE visits")
    bed.query("INSERT INTO visits SELECT n, 'p' || n, 's', 100"
              " FROM generate_series(0, %s) AS n", ROWS - 1)
    bed.query("ANALYZE visits")


def await_lock(bed, pid):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if bed.query("SELECT 1 FROM pg_stat_activity WHERE pid = %s"
                     " AND wait_event_type = 'Lock'", pid):
            return True
        time.sleep(0.01)
    return False


def reads_ahead(bed, statement, on):
    plan = bed.query("EXPLAIN (COSTS OFF) " + statement, on=on)
    return any("DynamoDB Prefetch" in line[0] for line in plan)


def change_meanwhile(bed, statement, on):
    """The rows of a statement that had to wait for CHANGE."""
    rows = []

    def run():
        try:
            rows.extend(tuple(row) for row in bed.query(statement, on=on))
        except psycopg2.Error as error:
            rows.append(error)

    fill(bed)
    waiter = threading.Thread(target=run)
    bed.main.autocommit = False
    try:
        bed.query(CHANGE)
        waiter.start()
        waited = await_lock(bed, on.info.backend_pid)
        bed.main.commit()
    finally:
        bed.main.autocommit = True
    waiter.join()
    return waited, set(rows)


def test():
    with Bed("rechecks") as bed:
        make(bed)
        other = bed.connect()
        for setting in ("hashjoin", "mergejoin", "memoize"):
            bed.query("SET enable_%s = off" % setting, on=other)
        for verb, text in (("UPDATE", UPDATE), ("FOR UPDATE", LOCK)):
            for name, join in JOINS:
                statement = text.format(join=join)
                fill(bed)
                tap.ok(reads_ahead(bed, statement, other),
                       "%s by %s reads ahead" % (verb, name))
                rows = bed.query(statement, on=other)
                tap.equal({tuple(row) for row in rows}, WHOLE,
                          "%s by %s, alone" % (verb, name))
                tap.equal(change_meanwhile(bed, statement, other),
                          (True, AFTER),
                          "%s by %s, of rows that change" % (verb, name))


tap.run(test)
