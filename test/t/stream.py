#!/usr/bin/python3
"""
The stream as it comes: checkpoints, iterators that expire, records that are gone,
streams that are turned off and on, shards and their children, errors that go
away, and one consumer at a time.
"""

import json
import os
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed, key_at, message_item, uuid_of

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
OTHER = "7ae290ed-55d1-47a0-bc6d-fe2bc2700377"
ANDREW, BAYKO = "andrewbrown", "bayko"
PROCESS = "SELECT cruddur_process_stream()"


def is_a(*operations):
    return lambda request: request.operation in operations


class Case:
    """One table for all; each case goes on in time."""

    def __init__(self, bed, broken):
        self.bed = bed
        self.broken = broken
        self.second = 0

    def process(self, *limit, on=None):
        return self.bed.query("SELECT cruddur_process_stream(%s)"
                              % ", ".join(map(str, limit)), on=on)[0][0]

    def say(self, text="hello", group=GROUP):
        """One message; its time."""
        self.second += 1
        sk = key_at(self.second)
        self.bed.resource.put_item(Item=message_item(group, ANDREW, sk, text,
                                                     uuid.uuid4()))
        return sk

    def at(self, sk, name, group=GROUP):
        """Both rows of the group are there."""
        found = [item["sk"]["S"] for item in self.bed.scan()
                 if item.get("message_group_uuid", {}).get("S") == group]
        tap.equal(found, [sk, sk], name)

    def shards(self):
        return self.bed.query("SELECT * FROM cruddur_stream_shards"
                              " ORDER BY stream_arn, shard_id")

    def asked_after(self):
        """Where the iterators of the requests so far began."""
        return [r.json().get("SequenceNumber", r.json()["ShardIteratorType"])
                for r in self.broken.seen("GetShardIterator")]


def checkpoints(case):
    first = case.say()
    tap.equal(case.process(), 1, "one message")
    case.at(first, "rows move")
    shard, = case.shards()
    tap.equal((shard.server, shard.table_name, shard.state, shard.last_error),
              ("cruddur", case.bed.table, "reading", None),
              "the shard has its row")
    tap.equal(case.asked_after(), ["TRIM_HORIZON"], "a new stream is read whole")
    case.broken.clear()
    tap.equal(case.process(), 0, "nothing is left")
    tap.equal(case.asked_after(), ["%021d" % shard.position],
              "the next time it goes on behind the checkpoint")
    row, = case.bed.query("SELECT * FROM cruddur_stream_status")
    tap.equal((row.shard_id, row.position), (shard.shard_id, shard.position),
              "the view shows it")
    tap.ok(row.lag.total_seconds() >= 0, "and its lag")


def rolled_back(case):
    """The transaction is rolled back: DynamoDB is written, nothing else."""
    case.bed.query("LISTEN cruddur_messages")
    before = case.shards()
    sk = case.say()
    case.bed.query("BEGIN")
    tap.equal(case.process(), 1, "applied")
    case.bed.query("ROLLBACK")
    case.at(sk, "rows have moved")
    tap.equal(case.shards(), before, "the checkpoint has not")
    case.bed.main.poll()
    tap.equal(case.bed.main.notifies, [], "no one was told")
    case.broken.clear()
    tap.equal(case.process(), 1, "it is applied again")
    tap.equal(case.broken.seen("TransactWriteItems"), [], "which moves nothing")
    case.bed.main.poll()
    tap.equal(len(case.bed.main.notifies), 1, "now it is announced")
    case.bed.query("UNLISTEN *")


def limits(case):
    for _ in range(5):
        sk = case.say()
    tap.equal([case.process(2), case.process(2), case.process(2),
               case.process(2)], [2, 2, 1, 0], "up to max_records")
    case.at(sk, "rows are at the last")
    tap.fails(lambda: case.process(0), "22023", "max_records 0")
    tap.fails(lambda: case.process(-1), "22023", "max_records -1")


def one_consumer(case):
    second = case.bed.connect()
    case.bed.query("BEGIN")
    case.process()
    error = tap.fails(lambda: case.process(on=second), "55P03",
                      "another session may not, at the same time")
    tap.ok(error and error.diag.message_hint, "and gets a hint")
    case.bed.query("COMMIT")
    tap.equal(case.process(on=second), 0, "but afterwards")
    case.bed.query("BEGIN READ ONLY")
    tap.fails(case.process, "25006", "not in a READ ONLY transaction")
    case.bed.query("ROLLBACK")


def iterators(case):
    case.broken.clear()
    position = case.shards()[0].position
    case.broken.add(faults.refused("ExpiredIteratorException"),
                    when=is_a("GetRecords"))
    sk = case.say()
    tap.equal(case.process(), 1, "an iterator expires: applied")
    case.at(sk, "rows move")
    tap.equal(case.asked_after(), ["%021d" % position] * 2,
              "another one was asked for, behind the checkpoint")

    for operation in ("GetShardIterator", "GetRecords"):
        case.broken.clear()
        case.broken.add(faults.refused("TrimmedDataAccessException"),
                        when=is_a(operation))
        sk = case.say()
        tap.ok(case.process() > 1, "%s says trimmed: all that there is is read"
               % operation)
        case.at(sk, "rows move")
        tap.equal(case.asked_after()[-1], "TRIM_HORIZON", "from the oldest on")


def not_found(case):
    """The service does not find what its lists have: an error that passes."""
    for operation in ("GetShardIterator", "GetRecords"):
        case.broken.clear()
        case.broken.add(faults.refused("ResourceNotFoundException"),
                        when=is_a(operation))
        before = case.shards()
        sk = case.say()
        tap.fails(case.process, "HV00R", "%s finds nothing" % operation)
        tap.equal([row.position for row in case.shards()],
                  [row.position for row in before], "the checkpoint is kept")
        tap.equal(case.process(), 1, "when it does, nothing was lost")
        case.at(sk, "rows move")

    case.broken.clear()
    case.broken.add(faults.refused("ResourceNotFoundException"),
                    when=is_a("DescribeStream"))
    sk = case.say()
    tap.equal(case.process(), 1, "shards that are known are read all the same")
    case.at(sk, "rows move")
    tap.equal(case.asked_after().count("TRIM_HORIZON"), 0,
              "from their checkpoints on")
    case.broken.add(faults.refused("ResourceNotFoundException"),
                    when=is_a("DescribeStream"))
    tap.fails(case.process, "HV00R", "with nothing else to do it is an error")
    tap.equal(case.process(), 0, "which passes")


def throttled(case):
    """Longer than the retries of a request last."""
    for exception, sqlstate, times in (("LimitExceededException", "53000", 2),
                                       ("InternalServerError", "HV000", 2),
                                       ("AccessDeniedException", "42501", 1)):
        case.broken.clear()
        case.broken.add(faults.refused(
            exception, status=500 if exception[0] == "I" else 400),
            times=times, when=is_a("GetRecords"))
        sk = case.say()
        tap.fails(case.process, sqlstate, exception + " is an error")
        tap.equal(case.process(), 1, "when it is over, nothing was lost")
        case.at(sk, "rows move")


def move_fails(case):
    """One group cannot be moved for now; the others are, and are kept."""
    case.bed.put_group(OTHER, ANDREW, "londo", key_at(0, 7))

    def of_group(request):
        return request.operation == "TransactWriteItems" and \
            GROUP in request.body.decode()
    case.broken.clear()
    case.broken.add(faults.refused("AccessDeniedException"), when=of_group)
    before = case.shards()
    other = case.say("to others", OTHER)
    sk = case.say()
    tap.fails(case.process, "42501", "a move that is refused is an error")
    case.at(other, "the other group's rows have moved", OTHER)
    tap.equal(case.shards(), before, "the checkpoint waits for both")
    tap.equal(case.bed.query("SELECT * FROM cruddur_stream_failures"), [],
              "what may pass is no failure")
    case.broken.clear()
    tap.equal(case.process(), 2, "when it is over, both are applied")
    case.at(sk, "rows move")

    case.broken.add(faults.refused("TransactionConflictException"), times=3,
                    when=of_group)
    sk = case.say()
    tap.equal(case.process(), 1, "conflicts are got over at once")
    case.at(sk, "rows move")


def lost_answers(case):
    """The write is applied, and nobody hears of it."""
    for behaviour, name in ((faults.applied_then_cut(), "cut"),
                            (faults.hung_up(), "hung up"),
                            (faults.truncated(), "truncated")):
        case.broken.clear()
        case.broken.add(behaviour, when=is_a("TransactWriteItems"))
        sk = case.say()
        tap.equal(case.process(), 1, "applied, answer " + name)
        case.at(sk, "rows move once")


def cancelled(case):
    """A request that stalls: the statement ends in time."""
    session = case.bed.connect()
    case.bed.query("SET statement_timeout = 300", on=session)
    for operation in ("DescribeTable", "DescribeStream", "GetShardIterator",
                      "GetRecords", "Query", "TransactWriteItems"):
        case.broken.clear()
        case.broken.add(faults.delayed(2), when=is_a(operation))
        sk = case.say()
        start = time.monotonic()
        tap.fails(lambda: case.process(on=session), "57014",
                  "statement_timeout in " + operation)
        tap.ok(time.monotonic() - start < 1, "at once")
        time.sleep(2)
        case.process()
        case.at(sk, "and the next one does it")


def no_stream(case):
    """Turned off, and on again: a new stream."""
    sk = case.say()
    case.bed.dynamodb.update_table(
        TableName=case.bed.table, StreamSpecification={"StreamEnabled": False})
    tap.equal(case.process(), 1,
              "a stream that was turned off is read to its end")
    case.at(sk, "rows move")
    tap.fails(case.process, "55000", "then there is nothing to be read")
    case.bed.dynamodb.update_table(
        TableName=case.bed.table, StreamSpecification={
            "StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    error = tap.fails(case.process, "55000", "a stream of keys is of no use")
    tap.ok("NEW_IMAGE" in (error.diag.message_hint or ""), "a hint says so")
    case.bed.dynamodb.update_table(
        TableName=case.bed.table, StreamSpecification={"StreamEnabled": False})
    time.sleep(1.1)
    case.bed.dynamodb.update_table(
        TableName=case.bed.table, StreamSpecification={
            "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    sk = case.say()
    tap.equal(case.process(), 1, "turned on again, it is a new stream")
    case.at(sk, "rows move")
    arn = case.bed.dynamodb.describe_table(
        TableName=case.bed.table)["Table"]["LatestStreamArn"]
    tap.equal({row.stream_arn for row in case.shards()}, {arn},
              "rows of the one before are gone")


class Lineage:
    """A stream of our own: parent, two children, a grandchild."""

    made = 0

    def __init__(self, case):
        Lineage.made += 1
        self.case = case
        self.arn = "arn:aws:dynamodb:ddblocal:000000000000:table/%s/stream/" \
            "fake%d" % (case.bed.table, Lineage.made)
        self.order = []
        self.records = {"p": [], "c1": [], "c2": [], "g": []}
        self.parents = {"c1": "p", "c2": "p", "g": "c1"}
        self.open = {"c2", "g"}
        self.listed = ["g", "c1", "c2", "p"]
        self.page = 3
        self.number = 0

    def put(self, shard, text="hello"):
        """A message in one shard; it is in the table too."""
        sk = self.case.say(text)
        item = self.case.bed.dynamodb.get_item(
            TableName=self.case.bed.table,
            Key={"pk": {"S": "MSG#" + GROUP}, "sk": {"S": sk}})["Item"]
        self.number += 1
        self.records[shard].append({
            "eventName": "INSERT", "eventID": str(self.number),
            "dynamodb": {"SequenceNumber": "%021d" % self.number,
                         "ApproximateCreationDateTime": 1.7e9,
                         "Keys": {"pk": item["pk"], "sk": item["sk"]},
                         "NewImage": item}})
        return sk

    def describe_table(self, exchange):
        reply = json.loads(exchange.relay().body)
        reply["Table"]["LatestStreamArn"] = self.arn
        return exchange.send(faults.made(200, reply))

    def describe(self, exchange):
        if exchange.request.json()["StreamArn"] != self.arn:
            return faults.refused("ResourceNotFoundException")(exchange)
        after = exchange.request.json().get("ExclusiveStartShardId")
        start = self.listed.index(name(after)) + 1 if after else 0
        shards = []
        for shard in self.listed[start:start + self.page]:
            entry = {"ShardId": shard_id(shard), "SequenceNumberRange": {
                "StartingSequenceNumber": "1" * 21}}
            if shard in self.parents:
                entry["ParentShardId"] = shard_id(self.parents[shard])
            if shard not in self.open:
                entry["SequenceNumberRange"]["EndingSequenceNumber"] = "9" * 21
            shards.append(entry)
        description = {"StreamStatus": "ENABLED", "Shards": shards,
                       "StreamViewType": "NEW_IMAGE"}
        if start + self.page < len(self.listed):
            description["LastEvaluatedShardId"] = shards[-1]["ShardId"]
        return exchange.send(faults.made(200,
                                         {"StreamDescription": description}))

    def iterator(self, exchange):
        asked = exchange.request.json()
        if asked["StreamArn"] != self.arn:
            return faults.refused("ResourceNotFoundException")(exchange)
        shard = name(asked["ShardId"])
        self.order.append(shard)
        after = int(asked.get("SequenceNumber", 0))
        left = [i for i, r in enumerate(self.records[shard])
                if int(r["dynamodb"]["SequenceNumber"]) > after]
        start = left[0] if left else len(self.records[shard])
        return exchange.send(faults.made(200, {
            "ShardIterator": "%s/%d" % (shard, start)}))

    def get(self, exchange):
        """One record at a time, so that there are more answers than one."""
        shard, start = exchange.request.json()["ShardIterator"].split("/")
        found = self.records[shard][int(start):int(start) + 1]
        reply = {"Records": found}
        end = int(start) + len(found)
        if shard in self.open or end < len(self.records[shard]):
            reply["NextShardIterator"] = "%s/%d" % (shard, end)
        return exchange.send(faults.made(200, reply))

    def install(self):
        self.case.broken.clear()
        for operation, act in (("DescribeTable", self.describe_table),
                               ("DescribeStream", self.describe),
                               ("GetShardIterator", self.iterator),
                               ("GetRecords", self.get)):
            self.case.broken.add(act, times=10**6, when=is_a(operation))

    def states(self):
        return {name(row.shard_id): row.state for row in self.case.shards()
                if row.stream_arn == self.arn}


def shard_id(shard):
    return "shardId-00000001795391187749-%s" % shard


def name(shard):
    return shard.rsplit("-", 1)[1]


def lineage(case):
    fake = Lineage(case)
    fake.install()
    for shard in ("p", "p", "c1", "g", "c2"):
        sk = fake.put(shard)
    tap.equal(case.process(2), 2, "two records of the parent")
    tap.equal(fake.order, ["p"], "no child is read before its parent is done")
    tap.equal(case.process(), 3, "then the children's")
    tap.equal(fake.order[:1] + sorted(fake.order[1:3]) + fake.order[3:],
              ["p", "c1", "c2", "g"], "and after them theirs")
    case.at(sk, "rows are at the newest")
    tap.equal(fake.states(), {"p": "done", "c1": "done", "c2": "reading",
                              "g": "reading"}, "who is done is kept as such")
    fake.order.clear()
    tap.equal(case.process(), 0, "nothing is left")
    tap.equal(sorted(fake.order), ["c2", "g"], "what is done is not read again")

    # The open shards split; their parents are forgotten by the service.
    fake.listed = ["c2", "g", "n"]
    fake.parents["n"] = "g"
    fake.records["n"] = []
    fake.open = {"c2", "n"}
    sk = fake.put("n")
    fake.order.clear()
    tap.equal(case.process(), 1, "a child that came later")
    case.at(sk, "rows move")
    tap.equal(fake.states(), {"c2": "reading", "g": "done", "n": "reading"},
              "those that are not listed any more are forgotten")

    # A shard goes before it was read to its end.
    fake.listed = ["n"]
    sk = fake.put("n")
    tap.equal(case.process(), 1, "a shard is lost, another goes on")
    case.at(sk, "rows move")
    tap.equal(fake.states(), {"n": "reading"}, "the lost one is forgotten")


def one_shard_fails(case):
    """An error blocks one shard; the other's checkpoint is saved."""
    fake = Lineage(case)
    fake.listed = ["c1", "c2"]
    fake.open = {"c1", "c2"}
    fake.install()
    case.broken.rules.insert(0, [
        faults.refused("ExpiredTokenException"), 10**6,
        lambda r: r.operation == "GetRecords" and "c1/" in r.body.decode()])
    fake.put("c1")
    sk = fake.put("c2")
    tap.equal(case.process(), 1, "one shard fails, the other's is applied")
    case.at(sk, "rows move")
    errors = {name(row.shard_id): row.last_error for row in case.bed.query(
        "SELECT * FROM cruddur_stream_status WHERE shard_id LIKE %s",
        "%-c_")}
    tap.ok(errors["c2"] is None and "ExpiredToken" in errors["c1"],
           "the status has the error of one")
    tap.fails(case.process, "28000", "with nothing else to do it is an error")
    case.broken.rules[0][1] = 0
    tap.equal(case.process(), 1, "when it is over, nothing was lost")
    tap.equal({row.last_error for row in case.shards()}, {None},
              "and the error is gone from the status")


def dump_keeps(case):
    rows = case.bed.query("SELECT c.relname FROM pg_extension AS e,"
                          " unnest(e.extconfig) AS oid JOIN pg_class AS c"
                          " USING (oid) WHERE extname = 'cruddur_ddb'"
                          " AND relname LIKE 'cruddur_stream%' ORDER BY 1")
    tap.equal([row.relname for row in rows],
              ["cruddur_stream_failures", "cruddur_stream_failures_id_seq",
               "cruddur_stream_shards"], "a dump has the checkpoints")


CASES = (checkpoints, rolled_back, limits, one_consumer, iterators, not_found,
         throttled, move_fails, lost_answers, cancelled, no_stream, lineage,
         one_shard_fails, dump_keeps)


def test():
    with faults.Faults(os.environ["DDB_ENDPOINT"]) as broken, \
            Bed("stream", stream=True, endpoint=broken.url,
                max_attempts="2") as bed:
        bed.put_group(GROUP, ANDREW, BAYKO, key_at(0))
        case = Case(bed, broken)
        for run in CASES:
            if len(sys.argv) < 2 or run.__name__ in sys.argv[1:]:
                tap.note(run.__name__)
                run(case)


tap.run(test)
