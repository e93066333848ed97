#!/usr/bin/python3
"""
What newer versions of PostgreSQL show of an extension: the wait event's name
from 17 on, the library's name and version from 18 on.
"""

import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed

META = os.path.join(os.path.dirname(__file__), "..", "..", "META.json")
ACTIVITY = ("SELECT wait_event_type, wait_event FROM pg_stat_activity"
            " WHERE pid = %s")


def wait_event(bed):
    """What pg_stat_activity says of a session that waits for an answer."""
    other = bed.connect()
    pid = bed.main.info.backend_pid
    deadline = time.monotonic() + 10
    with faults.Faults(bed.options["endpoint"]) as mute:
        mute.add(faults.silent())
        bed.set_options(endpoint=mute.url)
        waiter = threading.Thread(target=lambda: tap.fails(
            lambda: bed.query("SELECT cruddur_scan()"), "57014",
            "the waiting session is canceled"))
        waiter.start()
        while True:
            seen = tuple(bed.query(ACTIVITY, pid, on=other)[0])
            if seen[0] == "Extension" or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        bed.query("SELECT pg_cancel_backend(%s)", pid, on=other)
        waiter.join()
    return seen


def test():
    with Bed("versions") as bed:
        version = bed.main.info.server_version
        tap.equal(wait_event(bed),
                  ("Extension",
                   "CruddurDdbRequest" if version >= 170000 else "Extension"),
                  "the wait event of a request")
        if version >= 180000:
            with open(META, encoding="utf-8") as file:
                meta = json.load(file)
            rows = bed.query("SELECT module_name, version FROM"
                             " pg_get_loaded_modules()"
                             " WHERE file_name LIKE 'cruddur_ddb%'")
            tap.equal([tuple(row) for row in rows],
                      [(meta["name"], meta["version"])],
                      "the library says what it is")


tap.run(test)
