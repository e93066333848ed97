#!/usr/bin/python3
"""
What boto3 wrote the old way, SQL lists rightly: sort keys without offset or
fraction, with Z, with other offsets, and one that is no time at all. And items
whose attributes are not what they should be hide nothing either.
"""

import datetime
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import Bed, key_at, message_item

GROUP = "0d0d0d0d-0000-4000-8000-0000000000aa"
UTC = datetime.timezone.utc


def at(*parts):
    return datetime.datetime(*parts, tzinfo=UTC)


NAIVE_NOW = datetime.datetime(2026, 3, 7, 8, 9, 10, 123456)

# sort key -> the time that it means
KEYS = {
    NAIVE_NOW.isoformat(): NAIVE_NOW.replace(tzinfo=UTC),
    NAIVE_NOW.replace(microsecond=0).isoformat():
        at(2026, 3, 7, 8, 9, 10),
    NAIVE_NOW.replace(day=8, tzinfo=UTC).isoformat():
        NAIVE_NOW.replace(day=8, tzinfo=UTC),
    "2026-03-09T10:11:12Z": at(2026, 3, 9, 10, 11, 12),
    "2026-03-10T10:11:12.5Z": at(2026, 3, 10, 10, 11, 12, 500000),
    "2026-03-11T01:30:00+02:00": at(2026, 3, 10, 23, 30),
    "2026-03-11T23:30:00.25-05:30": at(2026, 3, 12, 5, 0, 0, 250000),
    "2026-03-13T00:00:00.123456789+00:00":
        at(2026, 3, 13, 0, 0, 0, 123457),
    # Here the order of the bytes is not the order of the times.
    "2026-03-14T23:30:00Z": at(2026, 3, 14, 23, 30),
    "2026-03-15T01:00:00+02:00": at(2026, 3, 14, 23),
    "2025-12-31T23:59:59.999999+00:00":
        at(2025, 12, 31, 23, 59, 59, 999999),
    "2024-02-29T12:00:00": at(2024, 2, 29, 12),
}
GARBAGE = ["2026-13-45T99:99:99", "yesterday", "2026-03-09T10:11:12+nonsense",
           "~", "2025-02-29T12:00:00"]


def write(bed):
    """All of it as messages of one group and as groups of one member."""
    wanted = {}
    bed.put_group(GROUP, "andrewbrown", "bayko", "2026-03-16T00:00:00")
    for sk in list(KEYS) + GARBAGE:
        name = uuid.uuid4()
        bed.put_message(GROUP, "bayko", sk, "at " + sk, name)
        bed.put_group_row(str(name), "londo", "yaya2devops", sk, "at " + sk)
        wanted[name] = KEYS.get(sk)
    return wanted


def check(rows, wanted, what, newest_first):
    tap.equal({row.uuid: row.created_at for row in rows}, wanted,
              what + ": each once, created_at right, garbage as NULL")
    times = [row.created_at for row in rows if row.created_at is not None]
    tap.equal(times, sorted(times, reverse=newest_first),
              what + ": in order of time")
    tap.ok(all(row.message.startswith("at ") for row in rows),
           what + ": the rest of a row is there whatever its time")


def misfits(bed):
    """Attributes that are missing or of another type read as NULL."""
    group = "0d0d0d0d-0000-4000-8000-0000000000bb"
    whole = message_item(group, "bayko", key_at(1), "fine", str(uuid.uuid4()))
    bed.put_group(group, "andrewbrown", "bayko", key_at(0))
    for i, changes in enumerate((
            {}, {"message": 12}, {"message_uuid": "not one"},
            {"user_handle": None, "user_display_name": {"a": [1, "b"]}},
            {"more": b"bytes", "set": {1, 2}}, {"message": ""})):
        bed.resource.put_item(Item=dict(whole, sk=key_at(i), **changes))
    bed.resource.put_item(Item={"pk": "MSG#" + group, "sk": key_at(9)})
    name = uuid.UUID(whole["message_uuid"])
    tap.equal([tuple(row)[:4] for row in bed.query(
        "SELECT * FROM cruddur_list_messages('bayko', %s)", group)],
        [(name, "Andrew Bayko", "bayko", "fine"),
         (name, "Andrew Bayko", "bayko", None),
         (None, "Andrew Bayko", "bayko", "fine"),
         (name, None, None, "fine"),
         (name, "Andrew Bayko", "bayko", "fine"),
         (name, "Andrew Bayko", "bayko", ""),
         (None, None, None, None)], "misfits read as NULL")


def test():
    with Bed("oldtimes") as bed:
        wanted = write(bed)
        for zone in ("UTC", "America/St_Johns"):
            bed.query("SET timezone = '%s'" % zone)
            check(bed.query("SELECT * FROM cruddur_list_messages("
                            "'andrewbrown', %s, 100)", GROUP),
                  wanted, "messages, session in " + zone, False)
            check(bed.query("SELECT * FROM cruddur_list_message_groups("
                            "'londo', 100)"),
                  wanted, "groups, session in " + zone, True)
        misfits(bed)
        bed.query("SET timezone = 'UTC'")
        for year in (2024, 2025, 2026):
            # The year is that of the sort key as it was written.
            prefix = "%d-" % year
            tap.equal({row.message for row in bed.query(
                "SELECT * FROM cruddur_list_messages('bayko', %s, 100,"
                " year => %s)", GROUP, year)},
                {"at " + sk for sk in list(KEYS) + GARBAGE
                 if sk.startswith(prefix)}, "messages of %d" % year)


tap.run(test)
