#!/usr/bin/python3
"""
DynamoDB's own pages do not show: partitions over 1 MB, and empty pages that
say there is more.
"""

import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import USERS, Bed, key_at, message_item, uuid_of
from pager import GROUPS, MESSAGES, read_groups, read_messages

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
BIG = "0b160b16-0000-4000-8000-000000000001"
TEXT = "😀" * 1024


def big(bed):
    """A thousand messages of 4 kB: DynamoDB gives them in five pages."""
    bed.put_group(BIG, "andrewbrown", "bayko", key_at(0))
    with bed.resource.batch_writer() as batch:
        for i in range(1000):
            batch.put_item(Item=message_item(
                BIG, "bayko", key_at(i), TEXT[:-1] + chr(0x4e00 + i),
                uuid.uuid4()))
    ends = [chr(0x4e00 + i) for i in range(1000)]
    rows = bed.query(MESSAGES, BIG, 1000, None)
    tap.equal([r.message[-1] for r in rows], ends,
              "a thousand of 4 kB: all of them")
    tap.ok(all(len(r.message) == 1024 for r in rows), "each is whole")
    tap.equal([r.message[-1] for r in bed.query(MESSAGES, BIG, 300, None)],
              ends[700:], "the newest 300 of them")
    tap.equal([r.message[-1] for r in read_messages(bed, BIG, 333)], ends,
              "every one once, in pages of 333")


def big_groups(bed):
    """A member of a thousand groups with long last messages."""
    with bed.resource.batch_writer() as batch:
        for i in range(1000):
            batch.put_item(Item={
                "pk": "GRP#" + uuid_of("londo"), "sk": key_at(i),
                "message_group_uuid": str(uuid.uuid4()), "message": TEXT,
                "user_uuid": uuid_of("bayko"), "user_handle": "bayko",
                "user_display_name": USERS["bayko"][1]})
    want = [key_at(i) for i in range(999, -1, -1)]
    for size in (1000, 450):
        rows = read_groups(bed, "londo", size)
        tap.equal([r.created_at.isoformat(timespec="microseconds")
                   for r in rows], want,
                  "a thousand groups, newest first, in pages of %d" % size)


def few(bed):
    """What the empty pages shall not hide."""
    bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
    for i in range(40):
        bed.put_message(GROUP, "bayko", key_at(i), "no %d" % i, uuid.uuid4())
    for i in range(2):
        bed.put_group_row(str(uuid.uuid4()), "yaya2devops", "londo",
                          key_at(i), "no %d" % i)


def empty_pages(bed):
    """Pages without items, but with LastEvaluatedKey, are followed."""
    with faults.Faults(bed.options["endpoint"]) as broken:
        bed.set_options(endpoint=broken.url)

        def of_messages(request):
            return (request.operation == "Query"
                    and "MSG#" in request.body.decode())

        def of_groups(request):
            return (request.operation == "Query"
                    and not request.on_index()
                    and "GRP#" in request.body.decode())

        # A string of DynamoDB may have a null character, in a key too.
        top = "2026-11-20T23:59:%02d\0"
        for i in range(3):
            broken.add(faults.empty_page(
                {"pk": {"S": "MSG#" + GROUP}, "sk": {"S": top % (59 - i)}}),
                when=of_messages)
            broken.add(faults.empty_page(
                {"pk": {"S": "GRP#" + uuid_of("yaya2devops")},
                 "sk": {"S": top % (59 - i)}}), when=of_groups)
        tap.equal(len(bed.query(MESSAGES, GROUP, 40, None)), 40,
                  "three empty pages before the messages")
        tap.equal(len(bed.query(GROUPS, "yaya2devops", 10, None)), 2,
                  "three empty pages before the groups")
        starts = [r.json().get("ExclusiveStartKey", {}).get("sk", {}).get("S")
                  for r in broken.seen("Query") if of_messages(r)]
        tap.equal(starts[:4], [None, top % 59, top % 58, top % 57],
                  "each page starts where the one before ended")


def test():
    with Bed("hidden_pages") as bed:
        big(bed)
        big_groups(bed)
        few(bed)
        empty_pages(bed)


tap.run(test)
