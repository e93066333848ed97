#!/usr/bin/python3
"""
Ten groups, 1,000 messages from four sessions while two consumers work: each group
ends with two rows at its newest message, every message was announced. And the
end state is that of the Lambda which did this before, where that is right.
"""

import json
import os
import select
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2
from boto3.dynamodb.conditions import Key

import tap
from bed import INDEX, USERS, Bed, key_at, message_item, uuid_of

EACH = 250
PAIRS = [("andrewbrown", "bayko"), ("andrewbrown", "londo"),
         ("andrewbrown", "yaya2devops"), ("bayko", "londo"),
         ("bayko", "yaya2devops"), ("londo", "yaya2devops"),
         ("bayko", "andrewbrown"), ("londo", "andrewbrown"),
         ("yaya2devops", "bayko"), ("londo", "bayko")]
OUTSIDE = 20


class Sender(threading.Thread):
    """One session; each message goes to the next group."""

    def __init__(self, bed, groups, number):
        super().__init__()
        self.session = bed.connect()
        self.bed = bed
        self.groups = groups
        self.number = number
        self.uuids = []

    def send(self, group, pair, text):
        while True:
            try:
                return self.bed.query(
                    "SELECT uuid FROM cruddur_create_message(%s, %s, %s)",
                    pair[self.number % 2], group, text, on=self.session)[0][0]
            except psycopg2.Error as error:
                if error.pgcode != "40001":
                    raise

    def run(self):
        for i in range(EACH):
            group, pair = self.groups[(i + self.number) % len(self.groups)]
            text = "%d/%d \"é\\\U0001f9ad" % (self.number, i)
            self.uuids.append(str(self.send(group, pair, text)))


class Consumer(threading.Thread):
    """Calls cruddur_process_stream() until told that all was sent, and it says 0."""

    def __init__(self, bed):
        super().__init__()
        self.bed = bed
        self.session = bed.connect()
        self.listener = bed.connect()
        # psycopg2's own list ends at 50.
        self.listener.notifies = []
        self.applied = []
        self.sent = threading.Event()
        bed.query("LISTEN cruddur_messages", on=self.listener)

    def run(self):
        while True:
            last = self.sent.is_set()
            self.applied.append(self.bed.query(
                "SELECT cruddur_process_stream()", on=self.session)[0][0])
            # A backend that nobody listens to stops when its pipe is full. And
            # a pause lets the senders have the emulator.
            while select.select([self.listener], [], [], 1)[0]:
                self.listener.poll()
            if last and self.applied[-1] == 0:
                return

    def heard(self):
        return [json.loads(said.payload) for said in self.listener.notifies]


def make_groups(bed):
    """By SQL; (uuid, pair) of each, and the uuids of the first messages."""
    groups, firsts = [], []
    for pair in PAIRS:
        row = bed.query("SELECT * FROM cruddur_create_message_group(%s, %s,"
                        " 'first')", *pair)[0]
        groups.append((str(row.message_group_uuid), pair))
        firsts.append(str(row.uuid))
    return groups, firsts


def put_from_outside(bed, groups):
    """By boto3, as the old back end does; the uuids."""
    uuids = []
    for i in range(OUTSIDE):
        group, pair = groups[i % len(groups)]
        uuids.append(str(uuid.uuid4()))
        bed.put_message(group, pair[0], key_at(i, offset=""), "outside %d" % i,
                        uuids[-1])
    return uuids


def group_rows(bed):
    """All of them: {group: {member: item}}, and how many there are."""
    rows, n = {}, 0
    for item in bed.scan():
        plain = {name: value["S"] for name, value in item.items()}
        if plain["pk"].startswith("GRP#"):
            n += 1
            rows.setdefault(plain["message_group_uuid"], {})[
                plain["pk"][4:]] = plain
    return rows, n


def check_rows(bed, groups):
    rows, n = group_rows(bed)
    tap.equal(n, 2 * len(groups), "each group has two rows")
    good = 0
    for group, pair in groups:
        newest = bed.partition("MSG#" + group)[-1]
        wanted = {
            uuid_of(member): {
                "pk": "GRP#" + uuid_of(member), "sk": newest["sk"],
                "message": newest["message"], "message_group_uuid": group,
                "user_uuid": uuid_of(other), "user_handle": other,
                "user_display_name": USERS[other][1]}
            for member, other in (pair, pair[::-1])}
        good += rows[group] == wanted
    tap.equal(good, len(groups),
              "both are at the newest message's time and text, otherwise as"
              " they were")


def check_announced(consumer, groups, uuids, name):
    members = {group: {uuid_of(one) for one in pair} for group, pair in groups}
    heard = consumer.heard()
    tap.equal(sorted(said["uuid"] for said in heard), sorted(uuids),
              name + ": each message was announced once")
    tap.ok(all(set(said["members"]) == members[said["message_group_uuid"]]
               for said in heard), "with its group's members")
    tap.ok(all(set(said) == {"message_group_uuid", "uuid", "handle",
                             "created_at", "members"}
               for said in heard), "and nothing else")
    tap.equal(sum(consumer.applied), len(uuids), "so many were applied")


def thousand(bed, second):
    groups, uuids = make_groups(bed)
    consumers = [Consumer(bed), Consumer(second)]
    senders = [Sender(bed, groups, number) for number in range(4)]
    start = time.monotonic()
    for thread in consumers + senders:
        thread.start()
    uuids += put_from_outside(bed, groups)
    for sender in senders:
        sender.join()
        uuids += sender.uuids
    sent = time.monotonic()
    for consumer in consumers:
        consumer.sent.set()
        consumer.join()
    tap.figure("%d messages sent in %.1f s, all applied by two consumers %.1f s"
               " later" % (len(uuids), sent - start, time.monotonic() - sent))
    check_rows(bed, groups)
    check_announced(consumers[0], groups, uuids, "first consumer")
    check_announced(consumers[1], groups, uuids, "second consumer")
    tap.equal(bed.query("SELECT count(*) AS n FROM cruddur_stream_failures")[0].n,
              0, "there are no failures")


def run_lambda(table, event):
    """What the back end's Lambda did for one record of the stream."""
    keys = event["dynamodb"]["Keys"]
    if event["eventName"] != "INSERT" or not keys["pk"]["S"].startswith("MSG#"):
        return
    found = table.query(
        IndexName=INDEX,
        KeyConditionExpression=Key("message_group_uuid").eq(keys["pk"]["S"][4:]))
    for item in found["Items"]:
        table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        table.put_item(Item={
            "pk": item["pk"], "sk": keys["sk"]["S"],
            "message_group_uuid": item["message_group_uuid"],
            "message": event["dynamodb"]["NewImage"]["message"]["S"],
            "user_display_name": item["user_display_name"],
            "user_handle": item["user_handle"],
            "user_uuid": item["user_uuid"]})


def play(bed, groups):
    """Messages in the order of their times, in old forms and in new ones."""
    offsets = ("", "Z", "+00:00")
    for second in range(60):
        group, pair = groups[second % 3]
        sk = key_at(second, second * 7919, offsets[second % 3])
        item = message_item(group, pair[second % 2], sk, "text %d" % second,
                            uuid.uuid4())
        yield {"eventName": "INSERT", "dynamodb": {
            "Keys": {"pk": {"S": item["pk"]}, "sk": {"S": sk}},
            "NewImage": {"message": {"S": item["message"]}}}}, item


def as_the_lambda(bed, other):
    """The same events, by us and, on another table, by the Lambda."""
    groups = [(str(uuid.uuid4()), pair) for pair in PAIRS[:3]]
    for group, pair in groups:
        for each in (bed, other):
            each.put_group(group, *pair, key_at(0, offset=""))
    for event, item in play(bed, groups):
        bed.resource.put_item(Item=item)
        run_lambda(other.resource, event)
    while bed.query("SELECT cruddur_process_stream()")[0][0] > 0:
        pass
    ours, theirs = group_rows(bed)[0], group_rows(other)[0]
    tap.equal({group: ours[group] for group, _ in groups}, theirs,
              "the rows are those that the Lambda leaves")


def test():
    with Bed("pattern_e", stream=True) as bed, \
            Bed("pattern_e2") as other:
        # Another consumer of the same stream: the database of the other bed.
        other.set_options(table_name=bed.table)
        thousand(bed, other)
        as_the_lambda(bed, other)


tap.run(test)
