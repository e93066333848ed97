#!/usr/bin/python3
"""
One backend, many calls and scans, some of which fail: what it holds of the
system after a tenth of them is what it holds in the end.

DDB_CALLS and DDB_SCANS say how many; test/soak runs many more.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from bed import Bed, key_at, uuid_of

CALLS = int(os.environ.get("DDB_CALLS", 2000))
SCANS = int(os.environ.get("DDB_SCANS", 20))
GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
# Whose messages are deleted again: what is read shall not grow.
WRITTEN = "5ae290ed-55d1-47a0-bc6d-fe2bc2700400"
MESSAGES = 200
# So much may RSS grow after the first tenth.
GROWTH_PERCENT = 2


class Footprint:
    """What the backend holds of the system."""

    def __init__(self, pid):
        with open("/proc/%d/status" % pid, encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
        self.rss_kb = int(fields["VmRSS"].split()[0])
        self.own_kb = int(fields["RssAnon"].split()[0])
        self.fds = len(os.listdir("/proc/%d/fd" % pid))
        self.threads = len(os.listdir("/proc/%d/task" % pid))

    def __str__(self):
        return ("%d kB resident, %d kB of it private, %d file descriptors,"
                " %d threads" % (self.rss_kb, self.own_kb, self.fds,
                                 self.threads))


def fill(bed):
    """A conversation, both members' rows of it, and a foreign table."""
    with bed.resource.batch_writer() as writer:
        for second in range(MESSAGES):
            writer.put_item(Item={
                "pk": "MSG#" + GROUP, "sk": key_at(second),
                "message": "No. %d " % second + "x" * 80,
                "message_uuid": uuid_of("bayko"),
                "user_uuid": uuid_of("bayko"), "user_handle": "bayko",
                "user_display_name": "Andrew Bayko"})
        for owner, other, group in (("bayko", "londo", GROUP),
                                    ("londo", "bayko", GROUP),
                                    ("andrewbrown", "bayko", WRITTEN)):
            writer.put_item(Item={
                "pk": "GRP#" + uuid_of(owner), "sk": key_at(0),
                "message_group_uuid": group, "message": "latest",
                "user_uuid": uuid_of(other), "user_handle": other,
                "user_display_name": other})
    bed.query("""CREATE FOREIGN TABLE items (pk text, sk text, message text,
        everything jsonb OPTIONS (attribute '*')) SERVER cruddur
        OPTIONS (table_name '%s')""" % bed.table)


def fail(bed, text):
    try:
        bed.query(text)
    except psycopg2.Error:
        return
    raise AssertionError("no error of " + text)


def call(bed, i):
    """Nine of ten read, one in fifty is refused, one in fifty writes."""
    if i % 50 == 0:
        fail(bed, "SELECT * FROM cruddur_list_messages('nobody', '%s')" % GROUP)
    elif i % 50 == 1:
        bed.query("SELECT * FROM cruddur_create_message('andrewbrown', '%s',"
                  " 'No. %d')" % (WRITTEN, i))
    elif i % 50 == 2:
        fail(bed, "SELECT cruddur_ddb_request('GetItem', '{\"Key\": 1}')")
    elif i % 10 == 3:
        bed.query("SELECT * FROM cruddur_list_message_groups('bayko')")
    else:
        bed.query("SELECT * FROM cruddur_list_messages('bayko', '%s', %d)"
                  % (GROUP, 10 + i % 20))


def scan(bed, i):
    """By one key schema, by Scan, into the transaction's own writes."""
    if i % 3 == 0:
        bed.query("SELECT * FROM items WHERE pk = 'MSG#%s'" % GROUP)
    elif i % 3 == 1:
        bed.query("SELECT count(everything) FROM items"
                  " WHERE message LIKE 'No. 1%'")
    else:
        bed.query("BEGIN")
        bed.query("INSERT INTO items VALUES ('soak', '%d', 'x')" % i)
        bed.query("SELECT pk, sk FROM items WHERE pk = 'soak'")
        bed.query("DELETE FROM items WHERE pk IN ('soak', 'MSG#%s')" % WRITTEN)
        bed.query("ROLLBACK" if i % 4 == 0 else "COMMIT")


def work(bed, calls, scans):
    """Each from the first to the last of a range, evenly mixed."""
    done = scans.start
    for i in calls:
        call(bed, i)
        due = scans.start + len(scans) * (i + 1 - calls.start) // len(calls)
        while done < due:
            scan(bed, done)
            done += 1


def test():
    with Bed("soak") as bed:
        fill(bed)
        pid = bed.main.info.backend_pid
        start = time.monotonic()
        work(bed, range(CALLS // 10), range(SCANS // 10))
        first = Footprint(pid)
        tap.figure("after a tenth: %s" % first)
        work(bed, range(CALLS // 10, CALLS), range(SCANS // 10, SCANS))
        last = Footprint(pid)
        tap.figure("after %d calls and %d scans: %s"
                   % (CALLS, SCANS, last))
        growth = 100 * (last.rss_kb - first.rss_kb) / first.rss_kb
        tap.figure("RSS grew by %.2f %%, in %.0f s"
                   % (growth, time.monotonic() - start))
        tap.ok(growth <= GROWTH_PERCENT, "resident memory is flat")
        # Fewer where another session's change made it close some files.
        tap.ok(last.fds <= first.fds, "file descriptors are flat")
        tap.equal(last.threads, first.threads, "threads are flat")


tap.run(test)
