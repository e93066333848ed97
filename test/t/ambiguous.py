#!/usr/bin/python3
"""
Writes whose answer is lost. A write that was applied is reported as done, one
that was not is made once, and no other user's message is ever replaced.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed, key_at, message_item

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
CREATE = "SELECT * FROM cruddur_create_message('bayko', '%s', %%s)" % GROUP
OPEN = "SELECT * FROM cruddur_create_message_group('bayko', 'londo', %s)"


def applied_then_failed(exchange):
    """The real server does it, and something behind it says 500."""
    exchange.relay()
    return exchange.send(faults.made(500, {
        "__type": "x#InternalServerError", "message": "lost its way"}))


LOSSES = [
    ("applied, then cut", faults.applied_then_cut(), 1),
    ("applied, then 500", applied_then_failed, 1),
    ("applied and cut, twice", faults.applied_then_cut(), 2),
    ("reset before it was applied", faults.reset(), 1),
    ("closed before it was applied", faults.hung_up(), 1),
    ("503 before it was applied", faults.answered(503, b""), 1),
    ("answered, under a wrong checksum", faults.wrong_crc(), 1),
]


def is_put(request):
    return request.operation == "PutItem"


def is_transaction(request):
    return request.operation == "TransactWriteItems"


def messages(bed, broken):
    for name, behaviour, times in LOSSES:
        broken.clear()
        broken.add(behaviour, times=times, when=is_put)
        row = bed.query(CREATE, name)[0]
        items = [i for i in bed.partition("MSG#" + GROUP)
                 if i["message"] == name]
        tap.equal([i["message_uuid"] for i in items], [str(row.uuid)],
                  "exactly one message: " + name)
        tap.ok(len(broken.seen("PutItem")) == times + 1,
               "the put was sent %d times" % (times + 1))


def groups(bed, broken):
    """Opening a group is one transaction, whose token makes it repeatable."""
    for name, behaviour, times in LOSSES:
        broken.clear()
        broken.add(behaviour, times=times, when=is_transaction)
        before = bed.scan()
        row = bed.query(OPEN, name)[0]
        new = [i for i in bed.scan() if i not in before]
        tap.equal(sorted(i["pk"]["S"][:4] for i in new),
                  ["GRP#", "GRP#", "MSG#"], "exactly one group: " + name)
        tap.equal([i["message_uuid"]["S"] for i in new
                   if i["pk"]["S"].startswith("MSG#")], [str(row.uuid)],
                  "and its message: " + name)
        tokens = {r.json().get("ClientRequestToken")
                  for r in broken.seen("TransactWriteItems")}
        tap.ok(len(tokens) == 1 and None not in tokens,
               "every attempt had the same token")


def kept_connections(bed, broken):
    """The server closes a kept connection between two requests."""
    for i in range(5):
        broken.clear()
        broken.add(faults.closed_after(), times=100)
        text = "over a dead connection %d" % i
        bed.query(CREATE, text)
        tap.equal(sum(item["message"] == text for item in
                      bed.partition("MSG#" + GROUP)), 1, text)
    broken.clear()
    for text in ("warm", "kept"):
        bed.query(CREATE, text)
    tap.ok(len({r.connection for r in broken.seen()}) < len(broken.seen()),
           "where it is not closed it is kept")


def lost_for_good(bed, broken):
    """Never applied and never answered: an error, and nothing written."""
    before = bed.scan()
    for text, when in ((CREATE, is_put), (OPEN, is_transaction)):
        broken.clear()
        broken.add(faults.reset(), times=100, when=when)
        tap.fails(lambda: bed.query(text, "lost"), "08006",
                  "reset for ever: " + text[14:45])
    tap.equal(bed.scan(), before, "nothing was written")


def collision(bed, broken):
    """Another's message has the key: ours is refused, theirs stays."""
    def take(exchange):
        item = exchange.request.json()["Item"]
        bed.resource.put_item(Item=message_item(
            GROUP, "andrewbrown", item["sk"]["S"], "theirs",
            "99999999-0000-4000-8000-000000000009"))

    def taken(exchange):
        take(exchange)
        return exchange.send(exchange.relay())

    def taken_and_cut(exchange):
        take(exchange)
        return exchange.reset()

    for behaviour, name in ((taken, "told at once"),
                            (taken_and_cut, "told on the second attempt")):
        broken.clear()
        broken.add(behaviour, when=is_put)
        before = [i for i in bed.scan()]
        tap.fails(lambda: bed.query(CREATE, "ours"), "40001",
                  "the key is another's: " + name)
        new = [i for i in bed.scan() if i not in before]
        tap.equal([i["message"]["S"] for i in new], ["theirs"],
                  "theirs stays, ours is not written: " + name)


def test():
    with Bed("ambiguous") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            messages(bed, broken)
            groups(bed, broken)
            kept_connections(bed, broken)
            lost_for_good(bed, broken)
            collision(bed, broken)


tap.run(test)
