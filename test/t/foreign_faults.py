#!/usr/bin/python3
"""
What may go wrong while a foreign table is read: pages that fail, statements
that end early, limits that are reached. Rows are right or there is an error,
and the next statement works.
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
from lateness import least
from pagefaults import narrowed, partly

ITEMS = 100
PAGE = 10
COUNT = "SELECT count(*) AS c, sum(n) AS s FROM t WHERE n % 1 = 0"
WHOLE = (ITEMS, sum(range(ITEMS)))
OVERSHOOT_MS = 100
LARGE = "l" * 100_000

PASSING = [
    ("a throttle", faults.refused("ProvisionedThroughputExceededException")),
    ("a 500", faults.refused("InternalServerError", status=500)),
    ("a reset", faults.reset()),
    ("a page cut in the middle", faults.truncated()),
    ("a wrong checksum", faults.wrong_crc()),
    ("a close without a byte", faults.hung_up()),
]

ENDING = [
    ("resets", "08006", faults.reset()),
    ("pages cut in the middle", "08006", faults.truncated()),
    ("no answer", "08006", faults.silent()),
    ("no JSON", "08P01", faults.answered(200, b"<html>")),
    ("JSON of another shape", "08P01", faults.answered(200, {"Items": 1})),
    ("an item of another shape", "08P01",
     faults.answered(200, {"Items": [{"pk": {"S": 1}}], "Count": 1})),
    ("throttles", "53000", faults.refused("ThrottlingException")),
    ("AccessDenied", "42501", faults.refused("AccessDeniedException")),
    ("an expired token", "28000", faults.refused("ExpiredTokenException")),
    ("a table that is gone", "HV00R",
     faults.refused("ResourceNotFoundException")),
    ("ValidationException", "22023", faults.refused("ValidationException")),
]


def second_page(request):
    """Of a Scan or Query."""
    return "ExclusiveStartKey" in request.json()


def paged(broken):
    """Forget the faults there were; pages of PAGE items from now on."""
    broken.clear()
    broken.add(narrowed(PAGE), times=10**6,
               when=lambda r: r.operation in ("Query", "Scan"))
    return broken


def spoil(broken, behaviour, times=1, when=second_page):
    """The fault comes before what paged() has set."""
    paged(broken)
    with broken.lock:
        broken.rules.insert(0, [behaviour, times, when])


def good(bed, name, on=None):
    """The whole table can be read."""
    row = bed.query(COUNT, on=on)[0]
    tap.equal((row.c, row.s), WHOLE, name)


def retried(bed, broken):
    for name, behaviour in PASSING:
        spoil(broken, behaviour, times=2)
        session = bed.connect()
        cost = bed.read_cost(COUNT, on=session)
        tap.equal(cost["Retries"], 2, "EXPLAIN ANALYZE counts " + name)
        spoil(broken, behaviour)
        good(bed, "every row, though there was " + name, on=session)
        session.close()


def ended(bed, broken):
    """The second page fails for ever."""
    for name, sqlstate, behaviour in ENDING:
        spoil(broken, behaviour, times=10**6)
        session = bed.connect()
        error = tap.fails(lambda: bed.query(COUNT, on=session), sqlstate,
                          "an error at the second page: " + name)
        if name == "throttles":
            tap.ok(error and error.diag.message_hint, "it says what to do")
        paged(broken)
        good(bed, "the session goes on after " + name, on=session)
        session.close()


def not_utf8(bed, broken):
    """A byte that no UTF-8 has, at each place of texts of some lengths."""
    session = bed.connect()
    sqlstates = set()
    places = 0
    for length in (3, 6, 13, 40):
        for at in range(length):
            text = b"a" * at + b"\xff" + b"b" * (length - at - 1)
            broken.clear()
            broken.add(faults.answered(
                200, b'{"Items":[{"pk":{"S":"' + text + b'"}}],"Count":1}'),
                times=10**6, when=lambda r: r.operation == "Scan")
            places += 1
            try:
                bed.query("SELECT pk FROM t", on=session)
                sqlstates.add(None)
            except psycopg2.Error as error:
                sqlstates.add(error.pgcode)
    tap.equal(sqlstates, {"22021"}, "a text that is not UTF-8 is an error,"
              " %d times" % places)
    paged(broken)
    good(bed, "the session goes on after them", on=session)
    session.close()


def late_error(bed, broken):
    """Rows of the first page do not hide that the second failed."""
    spoil(broken, faults.answered(200, b"<html>"), times=10**6)
    with bed.connect().cursor() as cursor:
        cursor.execute("BEGIN; DECLARE c CURSOR FOR SELECT n FROM t")
        cursor.execute("FETCH %d FROM c" % PAGE)
        tap.equal(len(cursor.fetchall()), PAGE, "the first page is there")
        tap.fails(lambda: cursor.execute("FETCH ALL FROM c"), "08P01",
                  "the second is an error")
        cursor.execute("ROLLBACK")


def end_early(bed, statement, end):
    """End a statement after 300 ms; its SQLSTATE and how late it ended."""
    session = bed.connect()
    due = []

    def cancel():
        time.sleep(0.3)
        due.append(time.monotonic())
        bed.query("SELECT pg_cancel_backend(%s)", session.info.backend_pid)

    if end == "statement_timeout":
        bed.query("SET statement_timeout = 300", on=session)
        due.append(time.monotonic() + 0.3)
    else:
        threading.Thread(target=cancel).start()
    sqlstate = None
    try:
        bed.query(statement, on=session)
    except psycopg2.Error as error:
        sqlstate = error.pgcode
    late_ms = (time.monotonic() - due[0]) * 1000
    session.close()
    return sqlstate, late_ms


def overshoot(bed, statement, end):
    return least(lambda: end_early(bed, statement, end), OVERSHOOT_MS)


def canceled(bed, broken):
    """While the second page does not come, or a pause before it lasts."""
    bed.set_options(request_timeout_ms="60000")
    statements = {
        "a scan": COUNT,
        "a join": "SELECT * FROM generate_series(1, 50) i JOIN t ON t.pk ="
                  " 'p' || i % 5 AND t.sk > 'a'",
        "planning": "SELECT * FROM t WHERE pk = 'p1'",
    }
    for how, behaviour in (
            ("no answer", faults.silent()),
            ("a long retry-after", faults.refused(
                "ThrottlingException", x_amz_retry_after="20000")),
            ("a body in drops", faults.dripping(0.05))):
        for what, statement in statements.items():
            for end in ("statement_timeout", "cancel"):
                spoil(broken, behaviour, times=10**6,
                      when=(lambda r: r.operation == "DescribeTable")
                      if what == "planning" else second_page)
                sqlstate, late_ms = overshoot(bed, statement, end)
                tap.ok(sqlstate == "57014" and -5 < late_ms < OVERSHOOT_MS,
                       "%s ends %s with %s" % (end, what, how))
                tap.note("%s, %.1f ms late" % (sqlstate, late_ms))
    bed.set_options(request_timeout_ms="1500")


def in_subtransactions(bed, broken):
    """A scan outlives the subtransactions in which it was fetched from."""
    paged(broken)
    session = bed.connect()

    def run(text):
        return bed.query(text, on=session)

    run("BEGIN; DECLARE c CURSOR FOR SELECT n FROM t")
    rows = run("FETCH 5 FROM c")
    run("SAVEPOINT s")
    rows += run("FETCH 25 FROM c")
    run("ROLLBACK TO s")
    rows += run("FETCH ALL FROM c")
    tap.equal(sorted(r.n for r in rows), list(range(ITEMS)),
              "a cursor goes on after ROLLBACK TO a savepoint within")
    run("SAVEPOINT s")
    run("DECLARE d CURSOR FOR SELECT n FROM t")
    run("FETCH 5 FROM d")
    run("ROLLBACK TO s")
    good(bed, "another scan after the cursor's subtransaction", on=session)
    run("COMMIT")
    run("""CREATE FUNCTION each_fails() RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE r record; total bigint := 0;
        BEGIN
            FOR r IN SELECT n FROM t LOOP
                BEGIN
                    total := total + r.n;
                    PERFORM 1 / (SELECT n - r.n FROM t WHERE pk = 'p1'
                                 AND sk = 's1');
                    RAISE EXCEPTION 'undo';
                EXCEPTION WHEN OTHERS THEN
                    total := total + 1;
                END;
            END LOOP;
            RETURN total;
        END $$""")
    tap.equal(run("SELECT each_fails() AS n")[0].n, WHOLE[1] + ITEMS,
              "a loop over a scan whose every round rolls back")
    session.close()


def active_calls(bed, session):
    return bed.query("SELECT coalesce(sum(active_requests), 0)::int AS n FROM"
                     " cruddur_ddb_connections()", on=session)[0].n


def closed_early(bed, broken):
    """Pages in flight end with the cursor and answer nothing that follows."""
    paged(broken)
    session = bed.connect()
    for _ in range(20):
        bed.query("BEGIN; DECLARE c CURSOR FOR SELECT n FROM t;"
                  " FETCH 3 FROM c; CLOSE c", on=session)
        row = bed.query(COUNT, on=session)[0]
        bed.query("COMMIT", on=session)
        if (row.c, row.s) != WHOLE:
            break
    tap.equal((row.c, row.s), WHOLE, "right rows after 20 closed cursors")
    tap.equal(active_calls(bed, session), 0, "no request is left in flight")
    session.close()


def limited(bed, broken):
    """A LIMIT leaves nothing in flight and its connection to the next."""
    paged(broken)
    session = bed.connect()
    before = broken.connections
    for i in range(30):
        rows = bed.query("SELECT sk FROM t WHERE pk = %s ORDER BY sk LIMIT 3",
                         "p%d" % (i % 5), on=session)
        if len(rows) != 3:
            break
    tap.equal(len(rows), 3, "30 times LIMIT 3")
    tap.equal(broken.connections - before, 1, "all by one connection")
    session.close()


def unprocessed(bed, broken):
    """BatchGetItem gives what it likes, several times nothing."""
    keys = ", ".join("'l%d'" % i for i in range(0, 60, 2))
    statement = "SELECT count(*) AS c, sum(n) AS s FROM large WHERE pk IN (%s)"
    for name, rules in (("four at a time", [(4, 10**6)]),
                        ("nothing twice, then one, then all",
                         [(0, 2), (1, 1), (100, 10**6)])):
        broken.clear()
        for count, times in rules:
            broken.add(partly(count), times=times,
                       when=lambda r: r.operation == "BatchGetItem")
        row = bed.query(statement % keys)[0]
        tap.equal((row.c, row.s), (15, sum(range(0, 30, 2))),
                  "UnprocessedKeys: " + name)
        asked = len(broken.seen("BatchGetItem"))
        tap.ok(asked > 3, "they were asked for again: %d requests" % asked)


def both_fail(bed, broken):
    """Two scans at a time, of which one fails."""
    spoil(broken, faults.answered(400, {"__type": "x#ValidationException"}),
          times=10**6)
    for statement in (
            "SELECT n FROM t UNION ALL SELECT n FROM t WHERE pk = 'p1'",
            "SELECT n FROM t WHERE pk = 'p1' UNION ALL SELECT n FROM t",
            "SELECT * FROM t a FULL JOIN t b USING (n)"):
        tap.fails(lambda: bed.query(statement), "22023", statement[:60])
    paged(broken)
    row = bed.query("SELECT count(*) AS c, sum(n) AS s FROM (SELECT n FROM t"
                    " UNION ALL SELECT n FROM t) x")[0]
    tap.equal((row.c, row.s), (2 * ITEMS, 2 * WHOLE[1]), "both at a time")


def not_described(bed, broken):
    """Without the right to DescribeTable the options tell the keys."""
    paged(broken)
    broken.add(faults.refused("AccessDeniedException"), times=10**6,
               when=lambda r: r.operation == "DescribeTable")
    session = bed.connect()
    error = tap.fails(lambda: bed.query(COUNT, on=session), "42501",
                      "a table that may not be described")
    tap.ok(error and "option key" in error.diag.message_hint,
           "the hint says how to do without")
    bed.query("ALTER FOREIGN TABLE t"
              " ALTER pk OPTIONS (key 'partition'),"
              " ALTER sk OPTIONS (key 'sort')", on=session)
    good(bed, "with the option key", on=session)
    rows = bed.query("SELECT n FROM t WHERE pk = 'p1' AND sk = 's1'",
                     on=session)
    tap.equal([r.n for r in rows], [1], "by key too")
    tap.equal(len(broken.seen("GetItem")), 1, "which GetItem gave")
    bed.query("ALTER FOREIGN TABLE t ALTER pk OPTIONS (DROP key),"
              " ALTER sk OPTIONS (DROP key)", on=session)
    session.close()


def max_read_units(bed, broken):
    """Before the next request, and anew for each statement."""
    broken.clear()
    session = bed.connect()
    whole = bed.read_cost("SELECT n FROM large", on=session)
    tap.ok(whole["Read Units"] > 100 and whole["Requests"] >= 3,
           "a table of several pages: %r" % whole)
    bed.query("SET cruddur_ddb.max_read_units = 50", on=session)
    broken.clear()
    tap.fails(lambda: bed.query("SELECT n FROM large", on=session), "54000",
              "no more than 50 read units")
    tap.ok(len(broken.seen("Scan")) < whole["Requests"],
           "it ended before the table did")
    tap.equal(len(bed.query("SELECT n FROM large WHERE pk = 'l3'",
                            on=session)), 1, "the next statement may read")
    tap.fails(lambda: bed.query(
        "SELECT * FROM generate_series(1, 9) i, LATERAL (SELECT count(*) FROM"
        " large WHERE n > i) x", on=session), "54000", "rescans count too")
    bed.query("SET cruddur_ddb.max_read_units = 0", on=session)
    tap.equal(len(bed.query("SELECT n FROM large", on=session)), 30,
              "0 is no limit")
    session.close()


def max_read_units_ahead(bed, broken):
    """A join that reads ahead does not send what may be too much."""
    broken.clear()
    session = bed.connect()
    join = ("SELECT count(t.n) FROM (VALUES ('p0'), ('p1'), ('p2'), ('p3'))"
            " AS v (pk) JOIN t ON t.pk = v.pk")
    bed.query("SET cruddur_ddb.full_scan = forbid;"
              " SET cruddur_ddb.max_read_units = 1", on=session)
    plan = "".join(row[0] for row in bed.query("EXPLAIN " + join, on=session))
    tap.ok("DynamoDB Prefetch" in plan, "the plan reads ahead")
    tap.fails(lambda: bed.query(join, on=session), "54000",
              "one read unit is not enough")
    tap.equal(len(broken.seen("Query")), 2, "two Queries used it up")
    session.close()


def full_scan(bed, broken):
    paged(broken)
    session = bed.connect()
    bed.query("SET cruddur_ddb.full_scan = forbid", on=session)
    error = tap.fails(lambda: bed.query(COUNT, on=session), "54000",
                      "full_scan = forbid")
    tap.ok(error and error.diag.message_hint, "with a hint")
    tap.equal(broken.seen("Scan"), [], "nothing was scanned")
    tap.equal(len(bed.query("SELECT n FROM t WHERE pk = 'p1'", on=session)),
              ITEMS // 5, "a Query is no scan")
    bed.query("SET cruddur_ddb.full_scan = warn", on=session)
    del session.notices[:]
    good(bed, "full_scan = warn", on=session)
    tap.equal(len([n for n in session.notices if "WARNING" in n]), 1,
              "one warning")
    bed.query("CREATE ROLE t_plain; SET ROLE t_plain", on=session)
    for name in ("full_scan = allow", "max_read_units = 0"):
        tap.fails(lambda: bed.query("SET cruddur_ddb." + name, on=session),
                  "42501", "not for everybody: " + name)
    bed.query("RESET ROLE; DROP ROLE t_plain", on=session)
    session.close()


def paced(bed, broken):
    """So many read units a second, and not many more."""
    broken.clear()
    units = bed.read_cost("SELECT n FROM large")["Read Units"]
    rate = 100
    bed.query("ALTER FOREIGN TABLE large OPTIONS (ADD read_units_per_second"
              " '%d')" % rate)
    session = bed.connect()
    start = time.monotonic()
    rows = bed.query("SELECT n FROM large", on=session)
    took = time.monotonic() - start
    session.close()
    tap.note("%.0f read units at %d a second: %.2f s" % (units, rate, took))
    tap.equal(len(rows), 30, "all rows at %d units a second" % rate)
    # What one second gives may go at once, and so may what is in flight when
    # that is used up: up to a page of 1 MB, which is 128 units.
    tap.ok((units - rate - 128) / rate * 0.8 < took < units / rate + 1,
           "at that pace")
    bed.query("ALTER FOREIGN TABLE large OPTIONS (SET read_units_per_second"
              " '10')")
    for end in ("statement_timeout", "cancel"):
        sqlstate, late_ms = overshoot(bed, "SELECT n FROM large", end)
        tap.ok(sqlstate == "57014" and -5 < late_ms < OVERSHOOT_MS,
               "%s ends the wait for units: %.1f ms late" % (end, late_ms))
    bed.query("ALTER FOREIGN TABLE large OPTIONS (DROP read_units_per_second)")


def make_tables(bed):
    items = [{"pk": "p%d" % (i % 5), "sk": "s%d" % i, "n": i}
             for i in range(ITEMS)]
    large = [{"pk": "l%d" % i, "n": i, "x": LARGE} for i in range(30)]
    bed.make_foreign("t", 'pk text COLLATE "C", sk text COLLATE "C", n int',
                     table_name=bed.more_table("t", ["pk S", "sk S"], items))
    bed.make_foreign("large", 'pk text COLLATE "C", n int, x text',
                     table_name=bed.more_table("l", ["pk S"], large))


def test():
    with Bed("foreign_faults", request_timeout_ms="1500",
             max_attempts="3") as bed, \
            faults.Faults(os.environ["DDB_UPSTREAM"]) as broken:
        make_tables(bed)
        bed.set_options(endpoint=broken.url)
        for part in (retried, ended, not_utf8, late_error, canceled,
                     in_subtransactions, closed_early, limited, unprocessed,
                     both_fail, not_described, max_read_units,
                     max_read_units_ahead, full_scan, paced):
            start = time.monotonic()
            part(bed, broken)
            tap.note("%s: %.1f s" % (part.__name__, time.monotonic() - start))
        paged(broken)
        good(bed, "all is well in the end")


tap.run(test)
