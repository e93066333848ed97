#!/usr/bin/python3
"""
A reader who takes time over the pages of cruddur_scan(): the next page is
fetched meanwhile, and the pause is not held against the service.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed

KEYS = [{"pk": {"S": "P"}, "sk": {"S": str(i)}} for i in range(5)]
TIMEOUT_MS = 400
PAUSE_S = 0.6
# Later than the timeout after it was asked for, but soon after the pause.
ANSWER_S = 0.8


def open_cursor(bed, broken):
    """A cursor that is one row into the first page of two."""
    broken.clear()
    broken.add(faults.answered(200, {
        "Items": KEYS[:2], "Count": 2, "ScannedCount": 2,
        "LastEvaluatedKey": KEYS[1]}))
    broken.add(faults.delayed(ANSWER_S))
    cursor = bed.connect().cursor()
    cursor.execute("BEGIN; DECLARE c CURSOR FOR SELECT cruddur_scan()")
    cursor.execute("FETCH 1 FROM c")
    return cursor


def test():
    with Bed("slow_reader", max_attempts="1",
             request_timeout_ms=str(TIMEOUT_MS)) as bed:
        for key in KEYS[2:]:
            bed.dynamodb.put_item(TableName=bed.table, Item=key)
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            cursor = open_cursor(bed, broken)
            time.sleep(PAUSE_S)
            tap.equal(len(broken.seen("Scan")), 2,
                      "the next page is asked for while one is read")
            cursor.execute("FETCH ALL FROM c")
            tap.equal(len(cursor.fetchall()), 1 + len(KEYS[2:]),
                      "the reader's pause is not the service's delay")
            tap.equal(len(broken.seen("Scan")), 2, "no page is read twice")


tap.run(test)
