"""
What is done while DynamoDB misbehaves: one class for each column of the matrix
of faults.

do(tag) does it once in the session under test and returns what came of it: OK,
a SQLSTATE, or words. left(tag, outcome, sure) looks at DynamoDB by boto3 and
returns what is wrong there, or None. sure: whether the failed writes were
applied, None if some were.
"""

import psycopg2

from bed import key_at, message_item, uuid_of
from pagefaults import narrowed

OK = "ok"
GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
WHOLE_MESSAGE = {"pk", "sk", "message", "message_uuid", "user_uuid",
                 "user_display_name", "user_handle"}
WHOLE_ROW = {"pk", "sk", "message", "message_group_uuid", "user_uuid",
             "user_display_name", "user_handle"}


class Operation:
    """Of one lane, in a Bed of its own; session is the one under test."""

    stream = False
    lanes = 1
    tries_again = False  # by itself, if there is time
    more = False  # cheap enough to fail many times
    target = ()

    def __init__(self, bed):
        self.bed = bed
        self.session = bed.connect()
        bed.query("SET statement_timeout = '30s'", on=self.session)
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))

    def sql(self, text, *values):
        return self.bed.query(text, *values, on=self.session)

    def do(self, tag):
        try:
            return self.attempt(tag)
        except psycopg2.Error as error:
            return error.pgcode or "the backend is gone: %s" % error

    def left(self, tag, outcome, sure):
        return None

    def hit(self, request):
        return request.operation in self.target

    def paged(self, proxy):
        """What the proxy does besides."""

    @staticmethod
    def told(want, is_poison):
        """What do() returns for this SQLSTATE."""
        return want

    def items(self, tag):
        """Those that hold the text."""
        return [{k: v["S"] for k, v in item.items()}
                for item in self.bed.scan()
                if item["message"]["S"] == tag]

    def together(self, tag, outcome, sure, keys):
        """All of a write or nothing: of each item its attributes."""
        found = self.items(tag)
        if any(set(item) not in (WHOLE_MESSAGE, WHOLE_ROW) for item in found):
            return "half an item: %r" % found
        want = len(keys) if outcome == OK or sure else 0
        if sorted(item["pk"][:4] for item in found) != keys[:want]:
            return "%d items of %d: %r" % (len(found), want, found)
        return None


class List(Operation):
    """cruddur_list_messages(): two Queries side by side."""

    more = True
    target = ("Query",)
    COUNT = 10

    def __init__(self, bed):
        super().__init__(bed)
        for i in range(self.COUNT):
            bed.put_message(GROUP, "bayko", key_at(i), "said %d" % i,
                            "11111111-0000-4000-8000-%012d" % i)
        self.rows = self.all()

    def all(self):
        return self.sql("SELECT uuid, message, created_at FROM"
                        " cruddur_list_messages('bayko', %s)", GROUP)

    def attempt(self, tag):
        rows = self.all()
        right = rows == self.rows and [r.message for r in rows] == [
            "said %d" % i for i in range(self.COUNT)]
        return OK if right else "wrong rows: %r" % rows


class Create(Operation):
    """cruddur_create_message(): a conditional PutItem."""

    target = ("PutItem",)

    def attempt(self, tag):
        row, = self.sql("SELECT * FROM cruddur_create_message('bayko', %s,"
                        " %s)", GROUP, tag)
        return OK if row.message == tag else "another message: %r" % row

    def left(self, tag, outcome, sure):
        return self.together(tag, outcome, sure, ["MSG#"])


class CreateGroup(Operation):
    """cruddur_create_message_group(): three items by TransactWriteItems."""

    more = True
    target = ("TransactWriteItems",)

    def attempt(self, tag):
        self.sql("SELECT * FROM cruddur_create_message_group('bayko',"
                 " 'londo', %s)", tag)
        return OK

    def left(self, tag, outcome, sure):
        return self.together(tag, outcome, sure, ["GRP#", "GRP#", "MSG#"])


class Scan(Operation):
    """A foreign table of several pages, of which not the first is spoiled."""

    ITEMS = 30

    def __init__(self, bed):
        super().__init__(bed)
        table = bed.more_table("pages", ["pk S"], [
            {"pk": "p%d" % i, "n": i} for i in range(self.ITEMS)])
        bed.make_foreign("pages", 'pk text COLLATE "C", n int',
                         table_name=table)

    def hit(self, request):
        return request.operation == "Scan" and (
            "ExclusiveStartKey" in request.json())

    def paged(self, proxy):
        proxy.add(narrowed(10), times=10**6,
                  when=lambda request: request.operation == "Scan")

    def attempt(self, tag):
        rows = self.sql("SELECT n FROM pages WHERE n % 1 = 0")
        right = sorted(row.n for row in rows) == list(range(self.ITEMS))
        return OK if right else "wrong rows: %r" % rows


class BulkInsert(Operation):
    """BatchWriteItem in mode immediate, three requests."""

    target = ("BatchWriteItem",)
    ROWS = 60

    def __init__(self, bed):
        super().__init__(bed)
        self.table = bed.more_table("bulk", ["pk S"])
        bed.make_foreign("bulk", 'pk text COLLATE "C", n int, v text COLLATE'
                         ' "C"', table_name=self.table,
                         on_duplicate="replace")
        self.sql("SET cruddur_ddb.write_mode = immediate")
        self.tags = set()

    def attempt(self, tag):
        self.tags.add(tag)
        self.sql("INSERT INTO bulk SELECT 'k' || i, i, %s FROM"
                 " generate_series(1, %s) i", tag, self.ROWS)
        return OK

    def left(self, tag, outcome, sure):
        items = self.bed.dynamodb.scan(TableName=self.table,
                                       ConsistentRead=True)["Items"]
        for item in items:
            if (set(item) != {"pk", "n", "v"}
                    or item["pk"]["S"] != "k" + item["n"]["N"]
                    or item["v"]["S"] not in self.tags):
                return "half a row: %r" % item
        new = sum(item["v"]["S"] == tag for item in items)
        if outcome == OK and (new, len(items)) != (self.ROWS, self.ROWS):
            return "%d rows of %d" % (new, self.ROWS)
        if outcome != OK and (sure is True and not new
                              or sure is False and new):
            return "%d rows were written" % new
        return None


class ReadStream(Operation):
    """cruddur_process_stream(), whose records do not come."""

    stream = True
    tries_again = True
    lanes = 3
    writes = False
    target = ("GetRecords",)

    def __init__(self, bed):
        super().__init__(bed)
        self.second = 0
        self.pending = 0

    def failures(self):
        return [row.sqlstate for row in self.bed.query(
            "SELECT sqlstate FROM cruddur_stream_failures ORDER BY id")]

    def say(self, tag):
        self.second += 1
        self.bed.resource.put_item(Item=message_item(
            GROUP, "bayko", key_at(self.second), tag,
            "22222222-0000-4000-8000-%012d" % self.second))
        self.pending += 1

    def attempt(self, tag):
        self.say(tag)
        before = len(self.failures())
        applied = self.sql("SELECT cruddur_process_stream() AS n")[0].n
        pending, self.pending = self.pending, 0
        failures = set(self.failures()[before:])
        if failures:
            return "failure " + " ".join(failures)
        return OK if applied == pending else "%d records of %d applied" % (
            applied, pending)

    def left(self, tag, outcome, sure):
        """Both rows are whole, and where the message is or where they were."""
        rows = [item for item in self.bed.scan()
                if item["pk"]["S"].startswith("GRP#")]
        if ([set(row) for row in rows] != [WHOLE_ROW] * 2
                or [row["pk"]["S"] for row in rows] != [
                    "GRP#" + uuid_of(h) for h in ("andrewbrown", "bayko")]
                or rows[0]["sk"] != rows[1]["sk"]
                or rows[0]["message"] != rows[1]["message"]):
            return "half a move: %r" % rows
        moved = rows[0]["sk"]["S"] == key_at(self.second)
        if moved != (outcome == OK or sure and self.writes):
            return "moved to %s" % rows[0]["sk"]["S"]
        return None


class MoveRows(ReadStream):
    """cruddur_process_stream(), which cannot write."""

    lanes = 4
    writes = True
    target = ("TransactWriteItems",)

    @staticmethod
    def told(want, is_poison):
        return "failure " + want if is_poison and want != OK else want


class Outbox(Operation):
    """cruddur_outbox_deliver() of a group's three items."""

    target = ("TransactWriteItems",)

    def __init__(self, bed):
        super().__init__(bed)
        self.tag = None
        self.sql("SET cruddur_ddb.write_mode = outbox")

    @staticmethod
    def told(want, is_poison):
        if want == OK:
            return OK
        return ("failed " if is_poison else "waiting ") + want

    def waiting(self):
        return self.bed.query("SELECT state, sqlstate FROM cruddur_outbox")

    def attempt(self, tag):
        if not self.waiting():
            self.sql("SELECT * FROM cruddur_create_message_group('bayko',"
                     " 'londo', %s)", tag)
            self.tag = tag
        self.bed.query("SELECT cruddur_outbox_retry(id) FROM cruddur_outbox;"
                       "UPDATE cruddur_outbox SET next_attempt_at = now()")
        delivered = self.sql("SELECT cruddur_outbox_deliver() AS n")[0].n
        waiting = self.waiting()
        if (delivered, waiting) == (1, []):
            return OK
        return "%s %s" % waiting[0] if len(waiting) == 1 and delivered == 0 \
            else "%d delivered, %r" % (delivered, waiting)

    def left(self, tag, outcome, sure):
        return CreateGroup.left(self, self.tag, outcome, sure)


OPERATIONS = {"list": List, "create": Create, "create group": CreateGroup,
              "scan": Scan, "bulk insert": BulkInsert, "stream": ReadStream,
              "stream move": MoveRows, "outbox": Outbox}
