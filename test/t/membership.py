#!/usr/bin/python3
"""
Only members read and write a group. A lagging index shuts no member out, and
the check costs no round trip.
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed, key_at

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
OTHER = "7ae290ed-55d1-47a0-bc6d-fe2bc2700377"
LIST = "SELECT * FROM cruddur_list_messages(%s, %s)"
CREATE = "SELECT * FROM cruddur_create_message(%s, %s, 'hi')"
NOTHING = {"Items": [], "Count": 0, "ScannedCount": 0}
DELAY_S = 0.2


def on_index(request):
    return request.operation == "Query" and request.on_index()


def refuses(bed, handle, group, how):
    """Neither call is allowed, and neither leaves a trace."""
    before = bed.scan()
    for text, verb in ((LIST, "list"), (CREATE, "create")):
        error = tap.fails(lambda: bed.query(text, handle, group), "42501",
                          "%s may not %s: %s" % (handle, verb, how),
                          "not_a_member")
        tap.ok("so it began" not in str(error), "and is told no text")
    # A write that overtook the check would be there by now.
    time.sleep(DELAY_S)
    tap.equal(bed.scan(), before, "nothing was written: " + how)


def allows(bed, handle, group, how):
    before = len(bed.scan())
    tap.ok(bed.query(LIST, handle, group), "%s may list: %s" % (handle, how))
    bed.query(CREATE, handle, group)
    tap.equal(len(bed.scan()), before + 1,
              "%s may create: %s" % (handle, how))


def lagging(bed, broken):
    """The index does not know the group yet."""
    broken.add(faults.answered(200, NOTHING), times=10**6, when=on_index)
    allows(bed, "bayko", GROUP, "index lags")
    refuses(bed, "londo", GROUP, "index lags")
    tap.ok(broken.seen("Query"), "the index was asked through the fault")
    consistent = [r for r in broken.seen() if r.operation == "Query"
                  and r.json().get("ConsistentRead")
                  and "GRP#" in r.body.decode()]
    tap.ok(consistent, "a consistent read of the member's rows decided")
    broken.clear()


def index_knows_only_the_other(bed, broken):
    """Of two group rows, the index has the one that was written first."""
    def act(exchange):
        reply = exchange.relay()
        page = json.loads(reply.body)
        page["Items"] = [item for item in page["Items"]
                         if item["pk"]["S"][-1] != "b"]
        page["Count"] = len(page["Items"])
        return exchange.send(faults.made(200, page))

    broken.add(act, times=10**6, when=on_index)
    allows(bed, "bayko", GROUP, "index has half of the group")
    broken.clear()


def slow_check(bed, broken):
    """Were the write not to wait for the check, it would be there first."""
    broken.add(faults.delayed(2 * DELAY_S), times=10**6, when=on_index)
    refuses(bed, "londo", GROUP, "the check is slow")
    broken.clear()


def concurrent(bed, broken):
    """Check and main request are under way at the same time."""
    bed.query(LIST, "bayko", GROUP)
    broken.add(faults.delayed(DELAY_S), times=10**6)
    for _ in range(3):
        start = time.monotonic()
        bed.query(LIST, "bayko", GROUP)
        took = time.monotonic() - start
        tap.figure("list_messages with %d ms a request: %d ms"
                 % (DELAY_S * 1000, took * 1000))
        tap.ok(DELAY_S <= took < 1.75 * DELAY_S,
               "list_messages waits for both requests at once")
    start = time.monotonic()
    bed.query(CREATE, "bayko", GROUP)
    tap.figure("create_message: %d ms" % ((time.monotonic() - start) * 1000))
    broken.clear()


def test():
    with Bed("membership") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        bed.put_group(OTHER, "londo", "yaya2devops", key_at(1))
        for group, sender in ((GROUP, "bayko"), (OTHER, "londo")):
            bed.put_message(group, sender, key_at(2), "so it began",
                            "11111111-0000-4000-8000-000000000001")
        allows(bed, "bayko", GROUP, "a member")
        allows(bed, "andrewbrown", GROUP, "the other member")
        refuses(bed, "londo", GROUP, "a member of another group")
        refuses(bed, "bayko", OTHER, "a member of another group")
        refuses(bed, "bayko", "00000000-0000-0000-0000-000000000000",
                "no such group")
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            lagging(bed, broken)
            index_knows_only_the_other(bed, broken)
            slow_check(bed, broken)
            concurrent(bed, broken)


tap.run(test)
