#!/usr/bin/python3
"""
Two backends send to one group in a tight loop. Every message is there, each
under a time of its own; only 40001 is tried again.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from bed import Bed, key_at

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
EACH = 1000


class Sender(threading.Thread):
    """One backend's share."""

    def __init__(self, bed, handle):
        super().__init__()
        self.session = bed.connect()
        self.handle = handle
        self.collisions = 0
        self.uuids = []
        self.error = None

    def send(self, cursor, text):
        while True:
            try:
                cursor.execute("SELECT uuid::text FROM cruddur_create_message"
                               "(%s, %s, %s)", (self.handle, GROUP, text))
                return cursor.fetchone()[0]
            except psycopg2.Error as error:
                if error.pgcode != "40001":
                    raise
                self.collisions += 1

    def run(self):
        try:
            with self.session.cursor() as cursor:
                for i in range(EACH):
                    self.uuids.append(
                        self.send(cursor, "%s %d" % (self.handle, i)))
        except psycopg2.Error as error:
            self.error = error


def test():
    with Bed("concurrency") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        senders = [Sender(bed, "andrewbrown"), Sender(bed, "bayko")]
        start = time.monotonic()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        tap.figure("%d messages in %.1f s, %d and %d collisions" % (
            2 * EACH, time.monotonic() - start, senders[0].collisions,
            senders[1].collisions))
        tap.equal([s.error for s in senders], [None, None], "no other error")
        items = bed.partition("MSG#" + GROUP)
        tap.equal(len(items), 2 * EACH, "all messages are there")
        tap.equal({i["message"] for i in items},
                  {"%s %d" % (s.handle, i) for s in senders
                   for i in range(EACH)}, "each text is there")
        tap.equal({i["message_uuid"] for i in items},
                  {uuid for s in senders for uuid in s.uuids},
                  "the uuids are those that were given back")
        tap.equal(len({i["message_uuid"] for i in items}), 2 * EACH,
                  "the uuids are distinct")
        tap.equal(len({i["sk"] for i in items}), 2 * EACH,
                  "the times are distinct")
        for sender in senders:
            mine = [int(i["message"].split()[1]) for i in items
                    if i["user_handle"] == sender.handle]
            tap.equal(mine, list(range(EACH)),
                      "in the order in which %s sent them" % sender.handle)
        listed = bed.query("SELECT * FROM cruddur_list_messages('bayko', %s,"
                           " 1000)", GROUP)
        tap.equal([r.message for r in listed],
                  [i["message"] for i in items[EACH:]],
                  "SQL lists the newest thousand")


tap.run(test)
