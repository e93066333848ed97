#!/usr/bin/python3
"""
A service whose clock is far from ours: the first request is refused for its
time, sent again at the right one by itself, and later ones are right at once.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import Bed
from checker import Checker

HOUR = 3600
TABLES = "SELECT count(*) AS n FROM cruddur_list_tables() t WHERE t = 'none'"
GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
# Asks for membership and messages at the same time.
MESSAGES = ("SELECT * FROM cruddur_list_messages('bayko', '%s')" % GROUP)


def corrected(offset, name):
    with Checker("--clock-offset", str(offset)) as checker, \
            Bed("clock", endpoint=checker.url) as bed:
        bed.query(TABLES)
        tap.equal((bed.stats("attempts"), bed.stats("retries"),
                   bed.stats("errors")), (2, 1, 0),
                  name + ": the first request is sent twice")
        for _ in range(10):
            bed.query(TABLES)
        tap.equal(bed.stats("retries"), 1, name + ": the others once")

        session = bed.connect()
        bed.put_group(GROUP, "bayko", "londo",
                      "2026-11-20T12:00:00.000000+00:00")
        bed.query(MESSAGES, on=session)
        bed.query(MESSAGES, on=session)
        report = checker.report()
        tap.ok(2 <= report["rejected"] <= 3,
               name + ": requests side by side are each sent twice at most")
        tap.ok(all("5 minutes" in reason for reason in report["reasons"]),
               name + ": it was the time that was refused")


def one_attempt():
    """Where nothing is tried again, the second request profits."""
    with Checker("--clock-offset", str(HOUR)) as checker, \
            Bed("clock", endpoint=checker.url, max_attempts="1") as bed:
        tap.fails(lambda: bed.query(TABLES), "28000", "one attempt")
        bed.query(TABLES)
        tap.ok(True, "is enough for what was learnt from it")


def wrong_secret():
    """Refused for the time, then for the signature; not for ever."""
    with Checker("--clock-offset", str(-HOUR)) as checker, \
            Bed("clock", endpoint=checker.url, max_attempts="10") as bed:
        bed.query("""ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
            OPTIONS (SET secret_access_key 'not the one')""")
        tap.fails(lambda: bed.query(TABLES), "28000", "a wrong secret, too")
        report = checker.report()
        tap.equal(report["rejected"], 2, "is sent again but once")


def test():
    corrected(HOUR, "an hour ahead")
    corrected(-HOUR, "an hour behind")
    corrected(-30 * 24 * HOUR, "a month behind")
    one_attempt()
    wrong_secret()


tap.run(test)
