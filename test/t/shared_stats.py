#!/usr/bin/python3
"""
The counters of cruddur_ddb_stats: each session's own, and, where the library is
preloaded, those of all sessions and of the worker, by database, with bounds.
"""

import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed
from workers import await_true, consumed_bed

ASK = "SELECT count(*) FROM cruddur_list_tables()"
RESET = "SELECT cruddur_ddb_stats_reset()"
SESSIONS = 8
EACH = 50
LEN = 40
MAX_ENTRIES = 1000
OTHERS = ("(other)", "(other)")

# Failing requests of as many names, from a to j for the digits.
MANY = """DO $$
BEGIN
    FOR n IN %d..%d LOOP
        BEGIN
            PERFORM cruddur_ddb_request(
                translate(n::text, '0123456789', 'abcdefghij'), '{}');
        EXCEPTION WHEN OTHERS THEN
        END;
    END LOOP;
END $$"""


def counted(bed, operation="ListTables", on=None):
    """Requests of one operation, as a session sees them."""
    rows = bed.query("SELECT requests FROM cruddur_ddb_stats"
                     " WHERE operation = %s", operation, on=on)
    return sum(row.requests for row in rows)


def names(bed, on=None):
    return {(row.server, row.operation) for row in bed.query(
        "SELECT server, operation FROM cruddur_ddb_stats", on=on)}


def each_its_own():
    with Bed("own_stats") as bed:
        other = bed.connect()
        bed.query(ASK)
        bed.query(ASK, on=other)
        bed.query(ASK, on=other)
        tap.equal((counted(bed), counted(bed, on=other)), (1, 2),
                  "not preloaded, each session has its own counters")
        bed.query(RESET, on=other)
        tap.equal((counted(bed), names(bed, on=other)), (1, set()),
                  "and resets its own")


def of_all(bed):
    other = bed.connect()
    bed.query(RESET)
    bed.query(ASK)
    bed.query(ASK, on=other)
    tap.equal((counted(bed), counted(bed, on=other)), (2, 2),
              "preloaded, two sessions see what both have asked")
    other.close()
    tap.equal(counted(bed), 2, "also when one has ended")
    with Bed("stats_elsewhere") as elsewhere:
        tap.equal(names(elsewhere), set(), "another database sees none of it")
        elsewhere.query(ASK)
        elsewhere.query(RESET)
        tap.equal((names(elsewhere), counted(bed)), (set(), 2),
                  "and resets its own")
    bed.query(RESET)
    tap.equal(counted(bed), 0, "a reset is for all sessions")


def of_the_worker(bed):
    tap.ok(await_true(lambda: counted(bed, "GetRecords") > 0) is not None,
           "the worker's requests are counted")


def at_once(bed):
    """Among others, who is the first to count this operation."""
    sessions = [bed.connect() for _ in range(SESSIONS)]
    threads = [threading.Thread(target=lambda on=on: [
        bed.query(ASK, on=on) for _ in range(EACH)]) for on in sessions]
    bed.query(RESET)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = bed.query("SELECT requests, total_time_ms, max_time_ms"
                    " FROM cruddur_ddb_stats WHERE operation = 'ListTables'")
    tap.equal([row.requests for row in row], [SESSIONS * EACH],
              "%d sessions at once, and nothing is lost" % SESSIONS)
    tap.ok(0 < row[0].max_time_ms < row[0].total_time_ms,
           "the longest is one of them")


def long_names(bed):
    """As long as a server's can be, and nearly the same."""
    found = set()
    for end in "xy":
        server = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 31 + end
        bed.query('CREATE SERVER "%s" FOREIGN DATA WRAPPER cruddur_ddb OPTIONS'
                  " (endpoint %%s, region 'us-east-1', max_attempts '1')"
                  % server, faults.closed_port())
        bed.query('CREATE USER MAPPING FOR CURRENT_USER SERVER "%s" OPTIONS'
                  " (access_key_id 'local', secret_access_key 'local')"
                  % server)
        bed.query("SELECT set_config('cruddur_ddb.server', %s, false)", server)
        for operation in ("A" * LEN, "A" * (LEN - 1) + "B"):
            tap.fails(lambda name=operation: bed.query(
                "SELECT cruddur_ddb_request(%s, '{}')", name), "08001",
                      "a request of %s... fails" % end)
            found.add((server, operation))
    tap.ok(found <= names(bed), "and is counted under the whole of its names")


def no_room(bed):
    """The last server that long_names() has made answers nothing, at once."""
    other = bed.connect()
    bed.query(RESET)
    bed.query(MANY % (1, MAX_ENTRIES + 100))
    rows = names(bed)
    tap.ok(MAX_ENTRIES - 50 < len(rows) <= MAX_ENTRIES + 1 and OTHERS in rows,
           "there are bounds")
    tap.equal(bed.query(
        "SELECT sum(errors)::int AS n FROM cruddur_ddb_stats")[0].n,
              MAX_ENTRIES + 100, "what has no row of its own is counted as one")
    bed.query(ASK, on=other)
    tap.equal(counted(bed), 0, "new names find no room")
    with Bed("stats_full") as full:
        full.query(ASK)
        tap.equal(names(full), {OTHERS}, "of whatever database")
    bed.query(RESET)
    bed.query(ASK, on=other)
    tap.equal((counted(bed), OTHERS in names(bed)), (1, False),
              "until a reset")


def of_dropped(bed):
    with Bed("stats_dropped") as dropped:
        dropped.set_options(endpoint=faults.closed_port(), max_attempts='1')
        dropped.query(RESET)
        dropped.query(MANY % (1, MAX_ENTRIES))
        tap.ok(OTHERS in names(bed), "a database takes all the room")
        bed.query(RESET)
        tap.ok(len(names(dropped)) > MAX_ENTRIES - 100,
               "which is not given back by another's reset")
    bed.query(MANY % (1, 100))
    tap.ok(OTHERS in names(bed), "nor when it is dropped")
    bed.query(RESET)
    bed.query(MANY % (1, 100))
    tap.ok(OTHERS not in names(bed), "but by the next reset")


def after_a_crash(stack, bed):
    victim = bed.connect()
    bed.query(ASK, on=victim)
    os.kill(victim.info.backend_pid, signal.SIGKILL)

    def is_back():
        # Until the server has noticed, it takes connections.
        if "reinitializing" not in stack.log():
            return False
        try:
            bed.main = bed.connect()
            return True
        except psycopg2.OperationalError:
            return False

    tap.ok(await_true(is_back) is not None, "after a crash it is there again")
    tap.equal(counted(bed), 0, "with no counters")
    bed.query(ASK)
    tap.equal(counted(bed), 1, "and counts")


def test():
    each_its_own()
    with consumed_bed("shared_stats") as (stack, bed):
        of_all(bed)
        of_the_worker(bed)
        at_once(bed)
        long_names(bed)
        no_room(bed)
        of_dropped(bed)
        after_a_crash(stack, bed)


tap.run(test)
