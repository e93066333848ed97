#!/usr/bin/python3
"""
After hundreds of statements that timed out on a stalled network, a backend
holds no more file descriptors, threads or memory than after the first few.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from lateness import least
from stalls import GROUP, LOOK_UP_MS, stalled_bed

CALL = "SELECT * FROM cruddur_list_messages('bayko', '%s')" % GROUP
OVERSHOOT_MS = 100
# What must be flat is compared after so many failures.
FIRST, ALL = 50, 500
RSS_GROWTH_KB = 2048


class Footprint:
    """What the backend holds of the system."""

    def __init__(self, pid):
        with open("/proc/%d/status" % pid, encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
        self.rss_kb = int(fields["VmRSS"].split()[0])
        self.threads = len(os.listdir("/proc/%d/task" % pid))
        self.fds = len(os.listdir("/proc/%d/fd" % pid))

    def __str__(self):
        return "%d file descriptors, %d threads, %d kB resident" % (
            self.fds, self.threads, self.rss_kb)


def settle(pid):
    """Footprint once the stalled look-ups have run out."""
    deadline = time.monotonic() + 3 * LOOK_UP_MS / 1000
    while Footprint(pid).threads > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    return Footprint(pid)


def fail_once(bed, session, server, timeout_ms):
    """None and the overshoot in ms, or what was wrong."""
    bed.query("SET cruddur_ddb.server = '%s'" % server, on=session)
    bed.query("SET statement_timeout = %d" % timeout_ms, on=session)
    wrong, start = "no error", time.monotonic()
    try:
        bed.query(CALL, on=session)
    except psycopg2.Error as error:
        wrong = None if error.pgcode == "57014" else str(error)
    return wrong, (time.monotonic() - start) * 1000 - timeout_ms


def fail_often(bed, session, servers):
    """The footprints after the first few and after all failures."""
    wrong, worst_ms, first = [], 0, None
    for i in range(ALL):
        failure, over_ms = least(
            lambda: fail_once(bed, session, servers[i % len(servers)],
                              20 + i // len(servers) % 4 * 10), OVERSHOOT_MS)
        wrong += [failure] if failure else []
        worst_ms = max(worst_ms, over_ms)
        if i + 1 == FIRST:
            first = settle(session.info.backend_pid)
    bed.query("SET statement_timeout = 0", on=session)
    tap.equal(wrong, [], "all %d ended with 57014" % ALL)
    tap.figure("the latest: %.1f ms over" % worst_ms)
    tap.ok(worst_ms < OVERSHOOT_MS, "and in time")
    return first, settle(session.info.backend_pid)


def test():
    with stalled_bed("leaks") as (bed, servers):
        session = bed.connect()
        first, last = fail_often(bed, session, servers[:4])
        tap.figure("after %d failures: %s" % (FIRST, first))
        tap.figure("after %d failures: %s" % (ALL, last))
        tap.equal(last.fds, first.fds, "file descriptors are flat")
        tap.equal(last.threads, first.threads, "threads are flat")
        tap.equal(last.threads, 1, "no thread is left")
        tap.ok(last.rss_kb - first.rss_kb < RSS_GROWTH_KB, "memory is flat")
        bed.query("SET cruddur_ddb.server = 'cruddur'", on=session)
        tap.equal(len(bed.query("SELECT * FROM cruddur_list_message_groups("
                                "'bayko')", on=session)), 1,
                  "the backend is of use afterwards")


tap.run(test)
