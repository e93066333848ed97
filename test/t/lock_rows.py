#!/usr/bin/python3
"""
Rows of a local table that are joined with a foreign one, locked or updated
while another session changes them: PostgreSQL then joins the new version of
the row again, and no row is lost.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import Bed

ITEMS = 20
# Rows that the other session has changed, and not committed yet.
CHANGED = (3, 4, 19)
WAIT_LIMIT_S = 10
# So few items are as well scanned.
SETTINGS = """SET enable_hashjoin = off; SET enable_mergejoin = off;
    SET cruddur_ddb.full_scan = forbid;"""

LOCKING = """SELECT l.id, l.version, f.name FROM local l JOIN t f
    ON f.pk = l.pk AND f.sk = l.id FOR UPDATE OF l"""
PARTITION = """SELECT l.id, l.version, f.name FROM local l JOIN t f
    ON f.pk = l.pk AND f.sk BETWEEN l.id AND l.id FOR UPDATE OF l"""
OUTER = LOCKING.replace("JOIN", "LEFT JOIN")
UPDATING = """UPDATE local l SET version = l.version + 10 FROM t f
    WHERE f.pk = l.pk AND f.sk = l.id RETURNING l.id, l.version, f.name"""
SUBQUERY = """SELECT l.id, l.version, 'name ' || l.id AS name FROM local l
    WHERE EXISTS (SELECT FROM t f WHERE f.pk = l.pk AND f.sk = l.id)
    FOR UPDATE OF l"""


def make(bed):
    table = bed.more_table("x", ["pk S", "sk N"], [
        {"pk": "p", "sk": i, "name": "name %d" % i} for i in range(ITEMS)])
    bed.make_foreign("t", 'pk text COLLATE "C", sk int, name text',
                     table_name=table)
    bed.query("""CREATE TABLE local AS SELECT i AS id,
        'p'::text COLLATE "C" AS pk, 0 AS version
        FROM generate_series(0, %s) AS i""", ITEMS - 1)
    bed.query("ANALYZE local")


def is_waiting(bed, session):
    return bed.query("SELECT wait_event_type = 'Lock' AS waits"
                     " FROM pg_stat_activity WHERE pid = %s",
                     session.info.backend_pid)[0].waits is True


def run_against_change(bed, text):
    """The statement's rows; it waits for a transaction that changes some."""
    other = bed.connect()
    other.autocommit = False
    bed.query("UPDATE local SET version = version + 1 WHERE id IN %s",
              CHANGED, on=other)
    session = bed.connect()
    bed.query(SETTINGS, on=session)
    rows = []
    thread = threading.Thread(
        target=lambda: rows.extend(bed.query(text, on=session)))
    thread.start()
    give_up = time.monotonic() + WAIT_LIMIT_S
    while not is_waiting(bed, session) and time.monotonic() < give_up:
        time.sleep(0.01)
    waited = is_waiting(bed, session)
    other.commit()
    thread.join()
    return waited, sorted(rows)


def check(bed, name, text, by):
    bed.query("UPDATE local SET version = 0")
    waited, rows = run_against_change(bed, text)
    tap.ok(waited, "%s: it meets rows that are being changed" % name)
    tap.equal(rows, [(i, by + (i in CHANGED), "name %d" % i)
                     for i in range(ITEMS)], "%s: every row, as new" % name)


def test():
    with Bed("lock_rows") as bed:
        make(bed)
        plan = "\n".join(row[0] for row in bed.query(
            SETTINGS + "EXPLAIN " + LOCKING))
        tap.ok("DynamoDB Prefetch" in plan, "keys are read ahead")
        check(bed, "whole keys", LOCKING, 0)
        check(bed, "ranges", PARTITION, 0)
        check(bed, "an outer join", OUTER, 0)
        check(bed, "UPDATE", UPDATING, 10)
        check(bed, "a semi-join", SUBQUERY, 0)


tap.run(test)
