#!/usr/bin/python3
"""
Messages that are sent at the same time. The server's clock goes in steps of a
second here, so that what is rare elsewhere happens all the time.
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from bed import Bed, key_at
from ownstack import OwnStack, compile_shim

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
CREATE = "SELECT * FROM cruddur_create_message(%s, %s, %s)"
EACH = 100


def one_backend(bed):
    """Its messages never share a time, so none is refused."""
    rows = [bed.query(CREATE, "bayko", GROUP, "alone %d" % i)[0]
            for i in range(EACH)]
    times = [row.created_at for row in rows]
    tap.equal(times, sorted(set(times)), "each time is later than the last")
    # Were the clock fine, the steps would be too large for this.
    tap.ok(sum((b - a).microseconds == 1 for a, b in zip(times, times[1:]))
           > EACH / 2, "though the clock stood still")
    tap.equal([i["message"] for i in bed.partition("MSG#" + GROUP)],
              ["alone %d" % i for i in range(EACH)], "all are there, in order")


def two_backends(bed):
    """Their times collide; 40001 tells, and trying again helps."""
    sessions = {"andrewbrown": bed.connect(), "bayko": bed.connect()}
    collisions, sent = 0, []
    for i in range(EACH):
        for handle, session in sessions.items():
            sent.append("%s %d" % (handle, i))
            while True:
                try:
                    bed.query(CREATE, handle, GROUP, sent[-1], on=session)
                    break
                except psycopg2.Error as error:
                    if error.pgcode != "40001":
                        raise
                    collisions += 1
    tap.figure("%d collisions in %d messages" % (collisions, 2 * EACH))
    tap.ok(collisions > 0, "times collided, and 40001 said so")
    stored = [i["message"] for i in bed.partition("MSG#" + GROUP)
              if not i["message"].startswith("alone")]
    tap.equal(sorted(stored), sorted(sent), "every message is there, once")


def test():
    with tempfile.TemporaryDirectory() as folder, \
            OwnStack("same_time", {
                "LD_PRELOAD": compile_shim(folder, "coarseclock")}), \
            Bed("same_time") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        one_backend(bed)
        two_backends(bed)


tap.run(test)
