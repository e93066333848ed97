#!/usr/bin/python3
"""
Paging back by before, with max_results and year: every row once, in order,
also where one second is written in several formats.
"""

import datetime
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import Bed, key_at
from pager import MESSAGES, read_groups, read_messages

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
MIXED = "0a1b2c3d-0000-4000-8000-000000000002"


def small(bed):
    """Forty messages, paged in all sorts of steps."""
    bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
    for i in range(40):
        bed.put_message(GROUP, "andrewbrown", key_at(i, 7 * i), "no %d" % i,
                        uuid.uuid4())
    told = ["no %d" % i for i in range(40)]
    tap.equal([r.message for r in bed.query(MESSAGES, GROUP, 1, None)],
              ["no 39"], "max_results 1 is the newest")
    tap.equal([r.message for r in bed.query(
        "SELECT * FROM cruddur_list_messages('bayko', %s)", GROUP)],
        told[20:], "the newest 20 by default, oldest first")
    for size in (1, 7, 39, 40, 1000):
        tap.equal([r.message for r in read_messages(bed, GROUP, size)], told,
                  "every message once, in pages of %d" % size)
    newest = bed.query(MESSAGES, GROUP, 1, None)[0].created_at
    tap.equal(len(bed.query(MESSAGES, GROUP, 1000, newest)), 39,
              "before leaves out its own instant")
    tap.equal(len(bed.query(MESSAGES, GROUP, 1000, "infinity")), 40,
              "before infinity is no bound")
    tap.equal(bed.query(MESSAGES, GROUP, 1000, "-infinity"), [],
              "nothing is before -infinity")


def years(bed):
    """The year is the sort key's prefix; none by default."""
    for year in (2024, 2025):
        bed.put_message(GROUP, "bayko", "%d-06-01T00:00:00" % year,
                        "in %d" % year, uuid.uuid4())
        bed.put_group_row(str(uuid.uuid4()), "yaya2devops", "londo",
                          "%d-06-01T00:00:00" % year, "in %d" % year)
    for year, want in ((2023, 0), (2024, 1), (2025, 1), (2026, 40),
                       (None, 42)):
        tap.equal(len(bed.query("SELECT * FROM cruddur_list_messages("
                                "'bayko', %s, 1000, year => %s)",
                                GROUP, year)), want,
                  "messages with year %s" % year)
    tap.equal([r.message for r in bed.query(
        "SELECT * FROM cruddur_list_message_groups('yaya2devops',"
        " year => 2024)")], ["in 2024"], "groups with a year")
    tap.equal([r.message for r in bed.query(
        "SELECT * FROM cruddur_list_messages('bayko', %s, year => 2025,"
        " before => '2025-01-01+00')", GROUP)], [], "year and before meet")
    tap.equal([r.message for r in bed.query(
        "SELECT * FROM cruddur_list_messages('bayko', %s, year => 2024,"
        " before => '2025-01-01+00')", GROUP)], ["in 2024"],
        "year below before")


def one_second(bed):
    """
    Sort keys of one second in several formats: "Z" sorts after the fractions
    of its own second, a bare second before them. Each instant is one row, so
    paging by before must find every one, and once.
    """
    keys = ["2026-11-22T07:59:24.900000+00:00",
            "2026-11-22T07:59:25Z",
            "2026-11-22T07:59:25.1",
            "2026-11-22T07:59:25.500Z",
            "2026-11-22T07:59:25.900000+00:00",
            "2026-11-22T07:59:26",
            "2026-11-22T07:59:26.000001Z",
            "2026-11-22T07:59:27Z",
            "2026-11-22T07:59:27.25+00:00"]
    bed.put_group(MIXED, "andrewbrown", "bayko", keys[0])
    for sk in keys:
        bed.put_message(MIXED, "andrewbrown", sk, sk, uuid.uuid4())
        bed.put_group_row(str(uuid.uuid4()), "andrewbrown", "bayko", sk, sk)
    for size in (1, 2, 3, 4, 8, 100):
        tap.equal([r.message for r in read_messages(bed, MIXED, size)], keys,
                  "one second, mixed formats, in pages of %d" % size)
    for size in (1, 2, 5, 100):
        got = [r.message for r in read_groups(bed, "andrewbrown", size)
               if r.message.startswith("2026-")]
        tap.equal(got, keys[::-1], "the same as groups, in pages of %d" % size)
    when = datetime.datetime(2026, 11, 22, 7, 59, 25,
                             tzinfo=datetime.timezone.utc)
    tap.equal([r.message for r in bed.query(MESSAGES, MIXED, 100, when)],
              keys[:1], "before the Z row's own instant")


def test():
    with Bed("paging") as bed:
        small(bed)
        years(bed)
        one_second(bed)


tap.run(test)
