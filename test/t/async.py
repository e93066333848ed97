#!/usr/bin/python3
"""
Foreign tables of one Append are read at the same time, whatever their servers;
rows come from the first that has some. Waiting for them ends with the
statement's time, and is no longer than the pauses and timeouts of each.
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
from keys import SECRETS

NTABLES = 6
DELAY_S = 0.2
OVERSHOOT_MS = 100
AFTER_MS = 400
READS = ("Scan", "Query", "GetItem", "BatchGetItem")


def reads(table=None):
    """Requests that read items, of one foreign table or of all."""
    def matches(request):
        return request.operation in READS and (
            table is None or request.json()["TableName"].endswith(table))
    return matches


def paged(npages):
    """A page of two items, late; the last one says that it is that."""
    def act(exchange):
        time.sleep(DELAY_S)
        start = exchange.request.json().get("ExclusiveStartKey")
        page = 0 if start is None else int(start["pk"]["S"]) + 1
        body = {"Items": [{"pk": {"S": str(page)}, "n": {"N": str(i)}}
                          for i in range(2)], "Count": 2, "ScannedCount": 2}
        if page < npages - 1:
            body["LastEvaluatedKey"] = {"pk": {"S": str(page)}}
        return exchange.send(faults.made(200, body))
    return act


def union(names, columns="pk, n"):
    return " UNION ALL ".join("SELECT %s FROM %s" % (columns, name)
                              for name in names)


def timed(bed, text):
    """Rows, and how many seconds they took."""
    start = time.monotonic()
    rows = bed.query(text)
    return rows, time.monotonic() - start


def make_tables(bed, other_url):
    """Tables t0, t1.. of two items each, in turns of two servers."""
    bed.query("CREATE SERVER other FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (endpoint %s, region 'us-east-1')", other_url)
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS"
              " (access_key_id 'local', secret_access_key %s)",
              SECRETS["local"])
    names = ["t%d" % i for i in range(NTABLES)]
    for i, name in enumerate(names):
        table = bed.more_table(name, ["pk S"], [
            {"pk": "%s-%d" % (name, n), "n": n} for n in range(2)])
        bed.make_foreign(name, 'pk text COLLATE "C", n numeric',
                         server=("cruddur", "other")[i % 2],
                         table_name=table)
    # That plans are made without a request from here on.
    bed.query(union(names))
    return names


def concurrent(bed, names, both):
    """As long as one takes, not as long as all of them do."""
    for broken in both:
        broken.add(faults.delayed(DELAY_S), times=10**6, when=reads())
    rows, took = timed(bed, union(names))
    tap.figure("%d tables with %d ms a request: %d ms"
               % (NTABLES, DELAY_S * 1000, took * 1000))
    tap.equal(sorted(row.pk for row in rows),
              ["%s-%d" % (name, n) for name in names for n in range(2)],
              "every row of every table")
    tap.ok(DELAY_S <= took < 2.5 * DELAY_S, "they are read at the same time")
    rows, took = timed(bed, "SELECT sum(count) AS n FROM (%s) AS u"
                       % union(names, "count(*)"))
    tap.ok(rows[0].n == 2 * NTABLES and took < 2.5 * DELAY_S,
           "and counted at the same time")
    bed.query("SET enable_async_append = off")
    _, took = timed(bed, union(names))
    bed.query("RESET enable_async_append")
    tap.ok(took >= NTABLES * DELAY_S, "one after the other if told so")


def pages(bed, names, both):
    """Each goes on by itself from page to page."""
    npages = 4
    for broken in both:
        broken.add(paged(npages), times=10**6, when=reads())
    rows, took = timed(bed, union(names))
    tap.figure("%d pages of each: %d ms" % (npages, took * 1000))
    tap.equal(len(rows), 2 * npages * NTABLES, "all rows of all pages")
    tap.ok(npages * DELAY_S <= took < (npages + 2) * DELAY_S,
           "pages of all at the same time")


def first_come(bed, names, both):
    """The row of the quick one does not wait for the slow ones."""
    for broken in both:
        broken.add(faults.delayed(5 * DELAY_S), times=10**6,
                   when=lambda request: reads()(request)
                   and not reads("t3")(request))
    bed.query("BEGIN")
    bed.query("DECLARE c CURSOR FOR " + union(names))
    rows, took = timed(bed, "FETCH 2 FROM c")
    tap.equal(sorted(row.pk for row in rows), ["t3-0", "t3-1"],
              "rows of the quick one come first")
    tap.ok(took < 4 * DELAY_S, "and at once")
    _, took = timed(bed, "CLOSE c")
    tap.ok(took < OVERSHOOT_MS / 1000, "the others are not waited for")
    tap.equal(bed.query("SELECT sum(active_requests)::int AS n"
                        " FROM cruddur_ddb_connections()")[0].n, 0,
              "nothing is left under way")
    bed.query("COMMIT")


def pauses(bed, names, both):
    """One of them has to ask again: after its pause, and for it alone."""
    first, second = both
    first.add(faults.refused("ThrottlingException", x_amz_retry_after="600"),
              when=reads("t0"))
    second.add(faults.delayed(DELAY_S), times=10**6, when=reads())
    before = bed.stats("retries")
    rows, took = timed(bed, union(names))
    tap.figure("a pause of 600 ms: %d ms" % (took * 1000))
    tap.equal(len(rows), 2 * NTABLES, "all rows in spite of throttling")
    tap.equal(bed.stats("retries") - before, 1, "by one repetition")
    tap.ok(0.55 <= took < 1.2, "the pause is as long as it has to be")


def timeouts(bed, names, both):
    """One never answers: what the server's options say holds here too."""
    first, _ = both
    bed.set_options(request_timeout_ms="500")
    first.add(faults.silent(), when=reads("t2"))
    rows, took = timed(bed, union(names))
    tap.equal(len(rows), 2 * NTABLES, "all rows in spite of a silent server")
    tap.ok(0.45 <= took < 1.5, "asked again once the time is over")

    full = faults.FullBacklog()
    bed.set_options(endpoint=full.url, connect_timeout_ms="300",
                    max_attempts="1")
    start = time.monotonic()
    tap.fails(lambda: bed.query(union(names)), "08001", "no connection")
    tap.ok(0.25 <= time.monotonic() - start < 1, "which is told in time")
    full.close()
    bed.set_options(endpoint=first.url, request_timeout_ms="30000",
                    connect_timeout_ms="5000", max_attempts="3")


def slow_neighbour(bed, names, both):
    """
    Time that rows of this database take is not held against the service. The
    answer comes later than the timeout after it was asked for, but soon after.
    """
    first, _ = both
    bed.set_options(request_timeout_ms="400")
    first.add(faults.delayed(0.8), when=reads("t0"))
    before = bed.stats("retries")
    # The network is looked at when the first of them is through.
    rows = bed.query("SELECT now()::text AS pk"
                     " UNION ALL SELECT pg_sleep(0.6)::text UNION ALL "
                     + union(names, "pk"))
    tap.equal(len(rows), 2 + 2 * NTABLES, "all rows, and those from here")
    tap.equal(bed.stats("retries") - before, 0, "nothing was given up")
    bed.set_options(request_timeout_ms="30000")


def measure(bed, text, by_cancel):
    """The SQLSTATE, and how many ms after its time the statement ended."""
    session = bed.main
    due = []

    def cancel():
        time.sleep(AFTER_MS / 1000)
        due.append(time.monotonic())
        bed.query("SELECT pg_cancel_backend(%s)", session.info.backend_pid,
                  on=bed.other)

    bed.query("SET statement_timeout = %d" % (0 if by_cancel else AFTER_MS))
    thread = threading.Thread(target=cancel)
    start = time.monotonic()
    if by_cancel:
        thread.start()
    sqlstate = None
    try:
        bed.query(text)
    except psycopg2.Error as error:
        sqlstate = error.pgcode
    end = time.monotonic()
    if by_cancel:
        thread.join()
    else:
        due.append(start + AFTER_MS / 1000)
    bed.query("SET statement_timeout = 0")
    return sqlstate, (end - due[0]) * 1000


def interrupts(bed, names, both):
    """Whatever they wait for: silence, a pause."""
    first, second = both
    first.add(faults.silent(), times=10**6, when=reads())
    second.add(faults.refused("ThrottlingException",
                              x_amz_retry_after="20000"),
               times=10**6, when=reads())
    bed.other = bed.connect()
    worst_ms = 0
    for by_cancel in (True, False):
        sqlstate, over_ms = measure(bed, union(names), by_cancel)
        worst_ms = max(worst_ms, over_ms)
        tap.ok(sqlstate == "57014" and -5 < over_ms < OVERSHOOT_MS,
               "ended by " + ("cancel" if by_cancel else "statement_timeout"))
    tap.figure("at most %.1f ms over" % worst_ms)


def explained(bed, names, _):
    """Each shows its own rows and requests."""
    scans = bed.foreign_scans(union(names), options="ANALYZE, VERBOSE")
    tap.equal([(scan["Async Capable"], scan["Actual Rows"], scan["Requests"],
                scan["Retries"]) for scan in scans],
              [(True, 2, 1, 0)] * NTABLES, "EXPLAIN ANALYZE of each")


def beside_postgres(bed, names, both):
    """Tables of another wrapper that reads at the same time."""
    if not bed.query("SELECT name FROM pg_available_extensions"
                     " WHERE name = 'postgres_fdw'"):
        tap.note("there is no postgres_fdw here")
        return
    bed.query("CREATE EXTENSION postgres_fdw")
    bed.query("CREATE SERVER neighbour FOREIGN DATA WRAPPER postgres_fdw"
              " OPTIONS (host %s, port %s, dbname %s, async_capable 'true')",
              os.environ["PGHOST"], os.environ["PGPORT"], bed.dbname)
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER neighbour")
    bed.query("CREATE VIEW slow AS SELECT pk, 0::numeric AS n"
              " FROM (VALUES ('slow')) AS v (pk), pg_sleep(%s)", 3 * DELAY_S)
    bed.query("CREATE FOREIGN TABLE pg (pk text, n numeric) SERVER neighbour"
              " OPTIONS (table_name 'slow')")
    for broken in both:
        broken.add(faults.delayed(DELAY_S), times=10**6, when=reads())
    all_names = [names[0], "pg", *names[1:]]
    bed.query(union(all_names))
    rows, took = timed(bed, union(all_names))
    tap.equal([row.pk for row in rows][-1], "slow", "the slow one comes last")
    tap.equal(len(rows), 2 * NTABLES + 1, "all rows of both wrappers")
    tap.ok(3 * DELAY_S <= took < 5 * DELAY_S, "read at the same time")


def test():
    with Bed("async") as bed, \
            faults.Faults(bed.options["endpoint"]) as first, \
            faults.Faults(bed.options["endpoint"]) as second:
        bed.set_options(endpoint=first.url)
        names = make_tables(bed, second.url)
        for part in (concurrent, pages, first_come, pauses, timeouts,
                     slow_neighbour, interrupts, explained, beside_postgres):
            tap.note(part.__name__)
            part(bed, names, (first, second))
            first.clear()
            second.clear()


tap.run(test)
