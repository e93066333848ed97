#!/usr/bin/python3
"""
What passes is tried again and nobody notices, except in the statistics; what
does not pass ends after max_attempts.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed, key_at

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
GROUPS = "SELECT * FROM cruddur_list_message_groups('bayko')"

# What one attempt may meet without harm.
PASSING = [
    ("503", faults.answered(503, b"<html>no JSON at all</html>")),
    ("500 InternalServerError",
     faults.refused("InternalServerError", status=500)),
    ("throttling", faults.refused("ProvisionedThroughputExceededException")),
    ("another throttling", faults.refused("ThrottlingException")),
    ("a wrong checksum", faults.wrong_crc()),
    ("gzip under a wrong checksum", faults.gzipped(crc_of=b"other")),
    ("gzip, the checksum that of the inflated text",
     faults.gzipped(crc_of=b'{"Items": []}')),
    ("a reset", faults.reset()),
    ("a close without a byte", faults.hung_up()),
    ("half a body", faults.truncated()),
]


def recovers(bed, broken):
    """One failed attempt, then the right answer."""
    want = bed.query(GROUPS)
    tap.equal(len(want), 1, "one group to find")
    for name, behaviour in PASSING:
        broken.clear()
        broken.add(behaviour)
        # Each in a session of its own, so that none lives on the retry
        # tokens of another.
        session = bed.connect()
        tap.equal(bed.query(GROUPS, on=session), want, "passes: " + name)
        tap.equal(len(broken.seen()), 2, "two requests: " + name)
        session.close()


def counted(bed, broken):
    """Twice 503, then the answer: statistics tell."""
    broken.clear()
    broken.add(faults.answered(503, {"message": "busy"}), times=2)
    bed.query("SELECT cruddur_ddb_stats_reset()")
    bed.query(GROUPS)
    row = bed.query("SELECT * FROM cruddur_ddb_stats")
    tap.equal([(r.server, r.operation, r.requests, r.attempts, r.retries,
                r.throttles, r.errors, r.items_read) for r in row],
              [("cruddur", "Query", 1, 3, 2, 0, 0, 1)],
              "one request, three attempts, two retries")
    broken.clear()
    broken.add(faults.refused("ThrottlingException"))
    bed.query(GROUPS)
    tap.equal((bed.stats("retries"), bed.stats("throttles")), (3, 1),
              "a throttle is counted")


def ends(bed, broken):
    """For ever failing: max_attempts, no more and no less."""
    for attempts, behaviour, sqlstate, name in (
            (2, faults.refused("ThrottlingException"), "53000", "throttled"),
            (1, faults.refused("RequestLimitExceeded"), "53000", "throttled"),
            (4, faults.reset(), "08006", "reset"),
            (3, faults.answered(503, b""), "HV000", "503 without a word")):
        bed.set_options(max_attempts=str(attempts))
        broken.clear()
        broken.add(behaviour, times=100)
        session = bed.connect()
        error = tap.fails(lambda: bed.query(GROUPS, on=session), sqlstate,
                          "%s for ever, max_attempts %d" % (name, attempts))
        tap.equal(len(broken.seen()), attempts, "exactly so many attempts")
        if name == "throttled":
            tap.ok(error and error.diag.message_hint, "with a hint")
        session.close()


def never_again(bed, broken):
    """What would fail again is not tried again."""
    for exception, sqlstate in (
            ("ValidationException", "22023"),
            ("ConditionalCheckFailedException", "40001"),
            ("ResourceNotFoundException", "HV00R"),
            ("AccessDeniedException", "42501")):
        broken.clear()
        broken.add(faults.refused(exception), times=100)
        tap.fails(lambda: bed.query(GROUPS), sqlstate, exception)
        tap.equal(len(broken.seen()), 1, "one attempt at " + exception)


def waits(bed, broken):
    """The service's own word on when to come back is kept."""
    broken.clear()
    broken.add(faults.refused("ThrottlingException",
                              x_amz_retry_after="700"))
    row = bed.query("SELECT clock_timestamp() AS t, (SELECT count(*) FROM"
                    " cruddur_list_message_groups('bayko')) AS n,"
                    " clock_timestamp() AS u")[0]
    took_ms = (row.u - row.t).total_seconds() * 1000
    tap.note("x-amz-retry-after 700: %d ms" % took_ms)
    tap.ok(700 <= took_ms < 1000, "x-amz-retry-after is kept")


def takes_turns(bed, broken):
    """With one connection, a retry waits for another request's answer."""
    bed.set_options(max_connections="1")
    for _ in range(3):
        broken.clear()
        broken.add(faults.answered(503, b""), when=lambda r: r.on_index())
        broken.add(faults.delayed(0.2), when=lambda r: not r.on_index())
        session = bed.connect()
        bed.query("SET statement_timeout = '5s'", on=session)
        rows = bed.query("SELECT * FROM cruddur_list_messages('bayko', %s)",
                         GROUP, on=session)
        tap.equal((len(rows), len(broken.seen())), (0, 3),
                  "a retry gets the only connection in its turn")
        session.close()
    bed.set_options(max_connections="4")


def test():
    with Bed("retries") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            recovers(bed, broken)
            counted(bed, broken)
            waits(bed, broken)
            ends(bed, broken)
            never_again(bed, broken)
            takes_turns(bed, broken)
            broken.clear()
            tap.equal(len(bed.query(GROUPS)), 1, "all is well in the end")


tap.run(test)
