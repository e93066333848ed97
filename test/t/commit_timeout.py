#!/usr/bin/python3
"""
COMMIT at an endpoint that stalls: statement_timeout and cancel end it as they
end any statement, with 57014, within 100 ms of their time. PostgreSQL itself
turns its timer off before the write set is sent.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed
from extended import Extended

TIMEOUT_MS = 500
OVERSHOOT_MS = 100
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems",
          "BatchWriteItem")
PROCEDURE = """CREATE PROCEDURE {name}(many int) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(0.2);
    INSERT INTO t SELECT 'p' || i, i FROM generate_series(1, many) i;
    COMMIT;
END $$"""
ONE = "INSERT INTO t VALUES ('x', 1)"
SEVERAL = "INSERT INTO t SELECT 'x' || i, i FROM generate_series(1, 3) i"
CHANGE = "UPDATE t SET n = n + 1 WHERE pk = 'there'"
REMOVAL = "DELETE FROM t WHERE pk = 'there'"
# What is run before, and the statement that stalls.
WAYS = [("autocommit, one item", [], ONE),
        ("autocommit, several", [], SEVERAL),
        ("autocommit, UPDATE", [], CHANGE),
        ("autocommit, DELETE", [], REMOVAL),
        ("COMMIT, one item", ["BEGIN", ONE], "COMMIT"),
        ("COMMIT, several", ["BEGIN", SEVERAL, CHANGE], "COMMIT"),
        ("COMMIT after a while", ["BEGIN", CHANGE,
                                  "SELECT pg_sleep(0.4)"], "COMMIT"),
        ("END AND CHAIN", ["BEGIN", ONE], "COMMIT AND CHAIN"),
        ("a procedure", [], "CALL stalling(3)"),
        ("immediate", ["SET cruddur_ddb.write_mode = immediate"], SEVERAL)]


class Simple:
    """A session by psycopg2, that has the ways of Extended."""

    def __init__(self, bed):
        self.session = bed.connect()
        self.pid = self.session.info.backend_pid

    def run(self, text):
        try:
            with self.session.cursor() as cursor:
                cursor.execute(text)
            return None
        except psycopg2.Error as error:
            return error.pgcode

    def close(self):
        self.session.close()


def is_write(request):
    return request.operation in WRITES


# The second shows that it does not matter where it waits.
STALLS = [("never answers", faults.silent(), len(WAYS)),
          ("waits to retry", faults.refused(
              "ThrottlingException", x_amz_retry_after="20000"), 2)]


def took_ms(run):
    start = time.monotonic()
    sqlstate = run()
    return sqlstate, (time.monotonic() - start) * 1000


def prepare(session, before):
    session.run("SET statement_timeout = %d" % TIMEOUT_MS)
    for text in before:
        sqlstate = session.run(text)
        if sqlstate:
            tap.ok(False, "%s: %s" % (text, sqlstate))


def recover(session):
    session.run("ROLLBACK")
    session.run("RESET statement_timeout")
    session.run("RESET cruddur_ddb.write_mode")


def by_timeout(session, ways, how):
    worst_ms = 0
    for name, before, text in ways:
        prepare(session, before)
        sqlstate, ms = took_ms(lambda: session.run(text))
        worst_ms = max(worst_ms, ms)
        tap.note("%s, %s: %s after %.1f ms" % (how, name, sqlstate, ms))
        tap.ok(sqlstate == "57014"
               and TIMEOUT_MS - 5 < ms < TIMEOUT_MS + OVERSHOOT_MS,
               "statement_timeout, %s: %s" % (how, name))
        recover(session)
    return worst_ms


def by_cancel(bed, session, how):
    """pg_cancel_backend, with no timeout, and with one that is far off."""
    for name, before, text in WAYS:
        canceled = []

        def cancel():
            time.sleep(0.3)
            canceled.append(time.monotonic())
            bed.query("SELECT pg_cancel_backend(%s)", session.pid,
                      on=bed.other)

        prepare(session, before)
        session.run("SET statement_timeout = %d" % (
            0 if "COMMIT" in text else 10000))
        thread = threading.Thread(target=cancel)
        thread.start()
        sqlstate = session.run(text)
        over_ms = (time.monotonic() - canceled[0]) * 1000 if canceled else -1
        thread.join()
        tap.ok(sqlstate == "57014" and 0 <= over_ms < OVERSHOOT_MS,
               "pg_cancel_backend, %s: %s, %.1f ms" % (how, name, over_ms))
        recover(session)


def works_again(bed, session, name):
    """No timer is left, and nothing of what was not committed."""
    tap.equal(session.run("SELECT pg_sleep(0.6)"), None,
              "nothing is canceled afterwards: " + name)
    tap.equal(rows(bed), [("there", 0)], "nothing was written: " + name)


def rows(bed):
    items = bed.service.Table(bed.table + "-t").scan(ConsistentRead=True)
    return sorted((i["pk"], int(i["n"])) for i in items["Items"])


def no_stale_timer(session, broken, how):
    """A COMMIT that ends in time leaves the next statement its own time."""
    for name, before, text in WAYS[:6:2]:
        broken.clear()
        broken.add(faults.delayed(0.3), when=is_write)
        prepare(session, before)
        results = [took_ms(lambda: session.run(text)),
                   took_ms(lambda: session.run("SELECT pg_sleep(0.35)"))]
        tap.ok([r[0] for r in results] == [None, None]
               and results[0][1] > 290,
               "in time, %s: %s %r" % (how, name, results))
        recover(session)
        session.run("DELETE FROM t WHERE pk <> 'there'")
        session.run("INSERT INTO t VALUES ('there', 0)"
                    " ON CONFLICT DO NOTHING")
        session.run("UPDATE t SET n = 0 WHERE pk = 'there'")


def is_terminated(bed, broken):
    """A backend whose COMMIT stalls ends when it is told to."""
    broken.clear()
    broken.add(faults.silent(), times=10**6, when=is_write)
    session = Simple(bed)
    ended = []

    def commit():
        session.run(SEVERAL)
        ended.append(time.monotonic())

    thread = threading.Thread(target=commit)
    thread.start()
    time.sleep(0.3)
    start = time.monotonic()
    bed.query("SELECT pg_terminate_backend(%s)", session.pid)
    thread.join()
    ms = (ended[0] - start) * 1000
    tap.ok(0 <= ms < OVERSHOOT_MS, "pg_terminate_backend: %.1f ms" % ms)
    tap.equal(rows(bed), [("there", 0)], "nothing was written")


def test():
    with Bed("commit_timeout", request_timeout_ms="60000") as bed:
        table = bed.more_table("t", ["pk S"], [{"pk": "there", "n": 0}])
        bed.make_foreign("t", 'pk text COLLATE "C", n int', table_name=table)
        bed.query(PROCEDURE.format(name="stalling"))
        bed.other = bed.connect()
        sessions = {"simple": Simple(bed), "extended": Extended(bed.dbname)}
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            for stall, behaviour, nways in STALLS:
                for how, session in sessions.items():
                    name = "%s, %s" % (stall, how)
                    broken.clear()
                    broken.add(behaviour, times=10**6, when=is_write)
                    worst_ms = by_timeout(session, WAYS[:nways], name)
                    tap.figure("%s: at most %.1f ms" % (name, worst_ms))
                    works_again(bed, session, name)
            for how, session in sessions.items():
                broken.clear()
                broken.add(faults.silent(), times=10**6, when=is_write)
                by_cancel(bed, session, how)
                works_again(bed, session, "canceled, " + how)
                no_stale_timer(session, broken, how)
            is_terminated(bed, broken)
        for session in sessions.values():
            session.close()


tap.run(test)
