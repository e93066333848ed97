#!/usr/bin/python3
"""
Cancel and statement_timeout end a statement within 100 ms of their time, with
57014, whatever the network does.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from lateness import least
from stalls import GROUP, stalled_bed

CALLS = {
    "list_message_groups": "cruddur_list_message_groups('bayko')",
    "list_messages": "cruddur_list_messages('bayko', '%s')" % GROUP,
    "create_message": "cruddur_create_message('bayko', '%s', 'x')" % GROUP,
    "create_message_group":
        "cruddur_create_message_group('bayko', 'londo', 'x')",
}
OVERSHOOT_MS = 100
AFTER_MS = 400


def measure(bed, call, by_cancel):
    """The SQLSTATE, and how many ms after its time the statement ended."""
    session = bed.main
    canceled = []

    def cancel():
        time.sleep(AFTER_MS / 1000)
        canceled.append(time.monotonic())
        bed.query("SELECT pg_cancel_backend(%s)", session.info.backend_pid,
                  on=bed.other)

    bed.query("SET statement_timeout = %d" % (0 if by_cancel else AFTER_MS))
    thread = threading.Thread(target=cancel)
    start = time.monotonic()
    if by_cancel:
        thread.start()
    try:
        bed.query("SELECT * FROM " + call)
        sqlstate = None
    except psycopg2.Error as error:
        sqlstate = error.pgcode
    end = time.monotonic()
    if by_cancel:
        thread.join()
        due = canceled[0]
    else:
        due = start + AFTER_MS / 1000
    bed.query("SET statement_timeout = 0")
    return sqlstate, (end - due) * 1000


def each_stall(bed, servers):
    for server in servers:
        worst_ms = 0
        bed.query("SET cruddur_ddb.server = '%s'" % server)
        for name, call in CALLS.items():
            for by_cancel in (False, True):
                how = "cancel" if by_cancel else "statement_timeout"
                sqlstate, over_ms = least(
                    lambda: measure(bed, call, by_cancel), OVERSHOOT_MS)
                tap.note("%s, %s, %s: %.1f ms over"
                         % (server, name, how, over_ms))
                worst_ms = max(worst_ms, over_ms)
                tap.ok(sqlstate == "57014" and -5 < over_ms < OVERSHOOT_MS,
                       "%s ends %s: %s" % (how, name, server))
        tap.figure("%s: at most %.1f ms over" % (server, worst_ms))


def disconnect(bed):
    """Nor does closing what is open wait for a look-up that was canceled."""
    bed.query("SET cruddur_ddb.server = 'dns_stalls'")
    sqlstate, _ = measure(bed, CALLS["list_messages"], False)
    start = time.monotonic()
    bed.query("SELECT cruddur_ddb_disconnect()")
    took_ms = (time.monotonic() - start) * 1000
    tap.note("cruddur_ddb_disconnect: %.1f ms" % took_ms)
    tap.ok(sqlstate == "57014" and took_ms < OVERSHOOT_MS,
           "disconnecting leaves a canceled look-up alone")


def terminate(bed, servers):
    """pg_terminate_backend does not wait for the network either."""
    for server in servers:
        session = bed.connect()
        pid = session.info.backend_pid
        bed.query("SET cruddur_ddb.server = '%s'" % server, on=session)
        victim = threading.Thread(target=lambda: tap.fails(
            lambda: bed.query("SELECT * FROM " + CALLS["list_messages"],
                              on=session),
            (None, "57P01"), "the session of %s is gone" % server))
        victim.start()
        time.sleep(AFTER_MS / 1000)
        start = time.monotonic()
        bed.query("SELECT pg_terminate_backend(%s)", pid, on=bed.other)
        while os.path.exists("/proc/%d" % pid) and \
                time.monotonic() < start + 5:
            time.sleep(0.001)
        took_ms = (time.monotonic() - start) * 1000
        victim.join()
        tap.note("%s, pg_terminate_backend: %.1f ms" % (server, took_ms))
        tap.ok(took_ms < OVERSHOOT_MS, "it ended in time: " + server)


def test():
    with stalled_bed("cancel") as (bed, servers):
        bed.other = bed.connect()
        before = bed.scan()
        each_stall(bed, servers)
        # Where the body drips the write itself was let through, once each.
        new = [i for i in bed.scan() if i not in before]
        tap.equal([i for i in new if i["message"]["S"] != "x"], [],
                  "nothing strange was written")
        tap.ok(len(new) <= 6, "no canceled write was made twice")
        disconnect(bed)
        terminate(bed, servers)


tap.run(test)
