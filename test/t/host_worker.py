#!/usr/bin/python3
"""
The background worker with keys of the host that expire: all of its requests are
made outside of a transaction.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import key_at
from hostscene import HOST, scene
from workers import CONF, await_true

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"


def test():
    with scene("host_worker", CONF % ("host_worker", 100),
               stream=True) as here:
        bed, host = here.bed, here.host
        host.life_s = 3
        here.map_user(**HOST)
        bed.put_group(GROUP, "bayko", "londo", key_at(0))
        began, moved = time.monotonic(), 0
        while time.monotonic() < began + 10:
            sent = bed.query("SELECT uuid FROM cruddur_create_message("
                             "'bayko', %s, 'message ' || clock_timestamp())",
                             GROUP)
            tops = ("SELECT 1 FROM cruddur_list_message_groups('londo') g,"
                    " cruddur_list_messages('londo', '%s', 1) m WHERE"
                    " g.message = m.message AND m.uuid = '%s'"
                    % (GROUP, sent[0].uuid))
            moved += await_true(lambda: bed.query(tops), 5) is not None
            time.sleep(0.5)
        tap.ok(moved > 10, "the worker moves the rows of each message")
        # This session and the worker have each their own.
        tap.ok(host.count("keys") >= 6, "while its keys expire")
        tap.ok("no valid credentials" not in here.stack.log(),
               "and has never been without")


tap.run(test)
