#!/usr/bin/python3
"""
Eight sessions add 1 to one item, 200 times each, and try again where that is
refused with 40001. No addition is lost and none is made twice.
"""

import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from bed import Bed

SESSIONS = 8
EACH = 200
ADD = "UPDATE counters SET n = n + 1 WHERE pk = %s"


class Adder(threading.Thread):
    """One session's share, as statements of their own or in blocks."""

    def __init__(self, bed, mode, number):
        super().__init__()
        self.session = bed.connect()
        self.mode = mode
        self.in_block = number % 2 == 1
        self.chance = random.Random(number)
        self.refused = 0
        self.counts = set()
        self.error = None

    def add(self, cursor):
        if self.in_block:
            cursor.execute("BEGIN")
        cursor.execute(ADD, (self.mode,))
        self.counts.add(cursor.rowcount)
        if self.in_block:
            cursor.execute("COMMIT")

    def try_to_add(self, cursor):
        try:
            self.add(cursor)
            return True
        except psycopg2.Error as error:
            if error.pgcode != "40001":
                raise
            if self.in_block:
                cursor.execute("ROLLBACK")
            self.refused += 1
            return False

    def run(self):
        try:
            with self.session.cursor() as cursor:
                cursor.execute("SET cruddur_ddb.write_mode = " + self.mode)
                for _ in range(EACH):
                    pause_s = 0.001
                    while not self.try_to_add(cursor):
                        time.sleep(self.chance.uniform(0, pause_s))
                        pause_s = min(2 * pause_s, 0.03)
        except psycopg2.Error as error:
            self.error = error


def added(bed, mode):
    table = bed.service.Table(bed.table + "-counters")
    table.put_item(Item={"pk": mode, "n": 0, "other": "stays"})
    adders = [Adder(bed, mode, i) for i in range(SESSIONS)]
    start = time.monotonic()
    for adder in adders:
        adder.start()
    for adder in adders:
        adder.join()
    refused = sum(adder.refused for adder in adders)
    tap.figure("%s: %d additions in %.1f s, %d refused" % (
        mode, SESSIONS * EACH, time.monotonic() - start, refused))
    tap.equal([a.error for a in adders], [None] * SESSIONS,
              mode + ": no other error")
    tap.equal([a.counts for a in adders], [{1}] * SESSIONS,
              mode + ": each UPDATE told of one row")
    tap.equal(table.get_item(Key={"pk": mode}, ConsistentRead=True)["Item"],
              {"pk": mode, "n": SESSIONS * EACH, "other": "stays"},
              mode + ": the sum is right")
    tap.ok(refused > 0, mode + ": they did get in each other's way")


def test():
    with Bed("increments") as bed:
        bed.make_foreign("counters", 'pk text COLLATE "C", n int',
                         table_name=bed.more_table("counters", ["pk S"]))
        for mode in ("transaction", "immediate"):
            added(bed, mode)


tap.run(test)
