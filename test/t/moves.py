#!/usr/bin/python3
"""
Where a group's rows end up: old forms of times, an index that lags, rows that
others move meanwhile, keys that are taken, two rows of one member, messages that
are changed, and messages that no row can take.
"""

import json
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import USERS, Bed, key_at, message_item, uuid_of

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
OTHER = "7ae290ed-55d1-47a0-bc6d-fe2bc2700377"
ANDREW, BAYKO = "andrewbrown", "bayko"
NOTHING = {"Items": [], "Count": 0, "ScannedCount": 0}


def on_index(request):
    return request.operation == "Query" and request.on_index()


def on_members(request):
    return request.operation == "Query" and not request.on_index()


class Case:
    """One table for all; each case begins with an empty one."""

    def __init__(self, bed, broken):
        self.bed = bed
        self.broken = broken

    def begin(self, second=0, **options):
        """An empty table but for the group's rows at this second."""
        self.broken.clear()
        self.bed.query("LISTEN cruddur_messages")
        self.heard()
        for item in self.bed.scan():
            self.bed.resource.delete_item(Key={name: item[name]["S"]
                                               for name in ("pk", "sk")})
        self.bed.query("DELETE FROM cruddur_stream_failures")
        if second is not None:
            self.bed.put_group(GROUP, ANDREW, BAYKO, key_at(second))
        self.broken.clear()

    def process(self):
        return self.bed.query("SELECT cruddur_process_stream()")[0][0]

    def say(self, sk, text, sender=ANDREW, group=GROUP, **more):
        item = message_item(group, sender, sk, text, uuid.uuid4())
        item.update(more)
        self.bed.resource.put_item(Item=item)
        return item

    def heard(self):
        """What was announced since it was asked for the last time."""
        self.bed.main.poll()
        said = [json.loads(n.payload) for n in self.bed.main.notifies]
        self.bed.main.notifies.clear()
        return said

    def rows(self, group=GROUP):
        """(member, sk, text) of each row, sorted."""
        found = []
        for item in self.bed.scan():
            if item.get("message_group_uuid", {}).get("S") == group:
                handle = [h for h in USERS
                          if uuid_of(h) == item["pk"]["S"][4:]][0]
                found.append((handle, item["sk"]["S"], item["message"]["S"]))
        return sorted(found)

    def both(self, sk, text, name):
        """Each member has one row, there."""
        tap.equal(self.rows(), [(ANDREW, sk, text), (BAYKO, sk, text)], name)

    def failures(self):
        return self.bed.query("SELECT item_key, reason, sqlstate, attempts"
                              " FROM cruddur_stream_failures ORDER BY id")


def forms_of_time(case):
    for old, new, name in (
            ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00.000001+00:00",
             "Z and fraction"),
            ("2026-11-20T12:00:00", "2026-11-20T12:00:01", "no offset"),
            ("2026-11-20T14:00:00+02:00", "2026-11-20T12:00:01Z",
             "other offset"),
            ("no time at all", "2026-11-20T12:00:00", "row without a time")):
        case.begin(None)
        case.bed.put_group(GROUP, ANDREW, BAYKO, old)
        case.say(new, "newer")
        tap.equal(case.process(), 1, "one message is applied")
        case.both(new, "newer", name + ": rows move to the newer time")
        if old != "no time at all":
            case.say(old, "older")
            tap.equal(case.process(), 1, "the older message is applied")
            case.both(new, "newer", name + ": and not back to the older")


def order(case):
    case.begin()
    for second in (3, 9, 5):
        case.say(key_at(second), "at %d" % second)
    tap.equal(case.process(), 3, "three messages")
    case.both(key_at(9), "at 9", "the newest one counts, not the last")
    tap.equal(len(case.broken.seen("TransactWriteItems")), 1,
              "for all of them the rows moved once")
    case.say(key_at(7), "at 7")
    case.process()
    case.both(key_at(9), "at 9", "one that comes late moves nothing")
    tap.equal(len(case.broken.seen("TransactWriteItems")), 1,
              "and costs no write")
    case.say(key_at(10), "at 10", sender=BAYKO, group=OTHER)
    tap.equal(case.process(), 1, "a message of a group without rows")
    case.both(key_at(9), "at 9", "leaves others alone")
    tap.equal(case.failures(), [], "and is no failure")


def all_attributes(case):
    case.begin(None)
    rest = {"message_group_uuid": GROUP, "user_handle": BAYKO,
            "user_uuid": uuid_of(BAYKO), "user_display_name": "B \"q\" \\ \u00e9",
            "pinned": True, "unread": 3, "tags": {"a", "b"},
            "more": {"list": [1, None, "\U0001f9ad"]}}
    old = {"pk": "GRP#" + uuid_of(ANDREW), "sk": key_at(0), "message": "old"}
    case.bed.resource.put_item(Item={**old, **rest})
    case.bed.put_group_row(GROUP, BAYKO, ANDREW, key_at(0), "old")
    text = "tab\tquote\" back\\ nul-free \u0001 \u00e9 \U0001f9ad \u2028"
    case.say(key_at(1), text)
    case.process()
    tap.equal(case.bed.partition(old["pk"]),
              [{**old, **rest, "sk": key_at(1), "message": text}],
              "all but time and text is as it was, of whatever type")


def lagging_index(case):
    for page, name in ((NOTHING, "nothing"), ("one", "one row")):
        case.begin()
        case.say(key_at(1), "hello", sender=BAYKO)

        def act(exchange, page=page):
            if page == "one":
                page = json.loads(exchange.relay().body)
                del page["Items"][1:]
                page["Count"] = 1
            return exchange.send(faults.made(200, page))
        case.broken.add(act, times=100, when=on_index)
        tap.equal(case.process(), 1, "applied")
        case.both(key_at(1), "hello", "the index knows %s: both rows move"
                  % name)
        tap.ok(all(r.json().get("ConsistentRead")
                   for r in case.broken.seen() if on_members(r)),
               "by consistent reads")


def stale_index(case):
    """It shows rows where they were before others moved them."""
    case.begin()
    stale = []

    def remember(exchange):
        reply = exchange.relay()
        stale.append(reply.body)
        return exchange.send(reply)
    case.broken.add(remember, when=on_index)
    case.say(key_at(5), "five")
    case.process()
    case.broken.clear()
    for second, text in ((7, "seven"), (6, "six")):
        case.broken.add(lambda exchange: exchange.send(
            faults.made(200, stale[0])), times=100, when=on_index)
        case.say(key_at(second), text)
        tap.equal(case.process(), 1, "applied")
        case.both(key_at(7), "seven", "a stale index: " + text)


def moved_meanwhile(case):
    """Between our read and our write a row goes elsewhere."""
    for second, name in ((3, "to an older time"), (9, "to a newer time")):
        case.begin()

        def move(exchange, second=second):
            row = case.bed.partition("GRP#" + uuid_of(BAYKO))[0]
            case.bed.resource.delete_item(
                Key={"pk": row["pk"], "sk": row["sk"]})
            case.bed.put_group_row(GROUP, BAYKO, ANDREW, key_at(second),
                                   "by others")
            return exchange.send(exchange.relay())
        case.broken.add(move, when=lambda r:
                        r.operation == "TransactWriteItems")
        case.say(key_at(5), "five")
        tap.equal(case.process(), 1, "applied")
        newest = (5, "five") if second < 5 else (second, "by others")
        tap.equal(case.rows(), [(ANDREW, key_at(5), "five"),
                                (BAYKO, key_at(newest[0]), newest[1])],
                  "a row that was moved meanwhile " + name)


def changed_meanwhile(case):
    case.begin()

    def rename(exchange):
        case.bed.resource.update_item(
            Key={"pk": "GRP#" + uuid_of(BAYKO), "sk": key_at(0)},
            UpdateExpression="SET user_display_name = :n",
            ExpressionAttributeValues={":n": "Renamed"})
        return exchange.send(exchange.relay())
    case.broken.add(rename, when=lambda r: r.operation == "TransactWriteItems")
    case.say(key_at(5), "five")
    case.process()
    case.both(key_at(5), "five", "a row that was changed meanwhile moves")
    tap.equal(case.bed.partition("GRP#" + uuid_of(BAYKO))[0]
              ["user_display_name"], "Renamed", "and keeps the change")


def key_taken(case):
    """Another group's row of one member has the very time."""
    case.begin()
    case.bed.put_group_row(OTHER, BAYKO, "londo", key_at(5), "of the other")
    case.say(key_at(5), "five")
    tap.equal(case.process(), 1, "applied")
    tap.equal(case.rows(), [(ANDREW, key_at(5), "five"),
                            (BAYKO, key_at(5, 1), "five")],
              "a row whose key is taken is a microsecond later")
    tap.equal(case.rows(OTHER), [(BAYKO, key_at(5), "of the other")],
              "the other group's row stays")
    case.say(key_at(5, 2), "next")
    case.process()
    case.both(key_at(5, 2), "next", "and goes on from there")


def two_rows(case):
    case.begin()
    for second in (1, 4):
        case.bed.put_group_row(GROUP, BAYKO, ANDREW, key_at(second), "extra")
    case.say(key_at(3), "three")
    case.process()
    tap.equal(case.rows(), [(ANDREW, key_at(3), "three"),
                            (BAYKO, key_at(4), "extra")],
              "of several rows of one member the newest is left")
    for second in range(10, 130):
        case.bed.put_group_row(GROUP, BAYKO, ANDREW, key_at(second), "extra")
    case.say(key_at(200), "last")
    case.process()
    case.both(key_at(200), "last", "also of more than a transaction takes")


def changed_message(case):
    case.begin()
    case.say(key_at(4), "four")
    item = case.say(key_at(5), "five")
    case.process()
    tap.equal(len(case.heard()), 2, "two messages are announced")
    case.bed.resource.put_item(Item={**item, "message": "edited"})
    tap.equal(case.process(), 1, "the change is applied")
    case.both(key_at(5), "edited", "rows take the text of a changed message")
    case.bed.resource.put_item(Item={**item, "sk": key_at(4),
                                     "message": "edited four"})
    case.bed.resource.delete_item(Key={"pk": item["pk"], "sk": key_at(5)})
    tap.equal(case.process(), 1, "a change of an older one, and a removal")
    case.both(key_at(5), "edited", "move nothing")
    tap.equal(case.heard(), [], "neither is announced")


def poison(case):
    case.begin()
    case.bed.resource.update_item(
        Key={"pk": "GRP#" + uuid_of(BAYKO), "sk": key_at(0)},
        UpdateExpression="SET note = :n",
        ExpressionAttributeValues={":n": "n" * 1000})
    case.say("yesterday", "no time")
    case.say(key_at(1), 17, sender=BAYKO)
    case.say(key_at(2), "good")
    big = case.say(key_at(3), "x" * 409000)
    case.say(key_at(1), "of another", group=OTHER)
    tap.equal(case.process(), 2, "two of them are applied")
    case.both(key_at(2), "good",
              "the newest message that a row can take moves them")
    failures = case.failures()
    tap.equal(len(failures), 3, "the others are told as failures")
    tap.equal([f.reason for f in failures[:2]],
              ["its sort key is no time", "it has no text"], "with reasons")
    tap.equal([f.sqlstate for f in failures], ["22000", "22000", "54000"],
              "and SQLSTATEs")
    tap.equal(json.loads(failures[2].item_key),
              {name: {"S": big[name]} for name in ("pk", "sk")},
              "and with the message's key")
    tap.ok("xxx" not in str(failures), "never with its text")
    tap.equal([said["created_at"] for said in case.heard()],
              [key_at(2), key_at(3), key_at(1)],
              "those that could be read are announced")
    tap.equal(case.process(), 0, "none of them is tried again")


def refused_for_ever(case):
    """A write that is refused, nobody knows why; those of others are not."""
    case.begin()
    case.bed.put_group(OTHER, ANDREW, "londo", key_at(0, 7))
    case.broken.add(faults.refused("StrangeException"), times=10**6,
                    when=lambda r: r.operation == "TransactWriteItems"
                    and GROUP in r.body.decode())
    case.say(key_at(1), "never")
    case.say(key_at(2), "to others", group=OTHER)
    tap.equal(case.process(), 1, "the other group's message is applied")
    tap.equal({sk for _, sk, _ in case.rows(OTHER)}, {key_at(2)}, "rows move")
    tap.equal([(f.sqlstate, f.attempts) for f in case.failures()],
              [("HV000", 5)], "after some tries the one is a failure")
    case.broken.clear()
    case.say(key_at(3), "good")
    case.process()
    case.both(key_at(3), "good", "the next message moves the rows")


def strange_messages(case):
    """Whatever others write under MSG#: nothing gets stuck."""
    case.begin()
    table = case.bed.resource
    table.put_item(Item={"pk": "MSG#", "sk": key_at(1), "message": "no group"})
    table.put_item(Item={"pk": "MSG#" + GROUP, "sk": key_at(2),
                         "message": "no sender"})
    table.put_item(Item={"pk": "MSG#" + GROUP, "sk": key_at(3),
                         "message": "odd sender", "user_uuid": "u" * 3000,
                         "user_handle": "h\x00\u0007\"" * 5000,
                         "message_uuid": 5})
    table.put_item(Item={"pk": "MSG#" + "g" * 2000, "sk": key_at(4),
                         "message": "odd group", "user_uuid": "u" * 3000})
    tap.equal(case.process(), 3, "all but the one without a group are applied")
    case.both(key_at(3), "odd sender", "rows move")
    tap.equal([f.reason for f in case.failures()],
              ["its partition key names no group"], "the one is a failure")
    tap.equal([(said["created_at"], said["uuid"], said["handle"])
               for said in case.heard()],
              [(key_at(second), None, None) for second in (2, 3, 4)],
              "what is missing or too long is announced as null")


CASES = (forms_of_time, order, all_attributes, lagging_index, stale_index,
         moved_meanwhile, changed_meanwhile, key_taken, two_rows,
         changed_message, poison, refused_for_ever, strange_messages)


def test():
    with faults.Faults(os.environ["DDB_ENDPOINT"]) as broken, \
            Bed("moves", stream=True, endpoint=broken.url) as bed:
        case = Case(bed, broken)
        for run in CASES:
            if len(sys.argv) < 2 or run.__name__ in sys.argv[1:]:
                tap.note(run.__name__)
                run(case)


tap.run(test)
