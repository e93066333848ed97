#!/usr/bin/python3
"""
The outbox, delivered by the background worker, while DynamoDB is away for a time
and PostgreSQL is stopped without a warning: every message of a transaction that
committed arrives once, none of one that was rolled back does, and of one item the
last that was committed stays. Then: how soon a message arrives, what can never be
delivered, answers that are lost, prepared transactions, a dump. And by
cruddur_outbox_deliver(): who may when.

    DDB_SEED  the seed of an earlier run, of what is random here
"""

import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed, key_at
from ownstack import OwnStack
from workers import CONF, OUTBOX, await_true, does, worker

SEED = int(os.environ.get("DDB_SEED")
           or random.SystemRandom().randrange(10**6))
GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
SENDERS = 4
SENDS = 500
AWAY_S = 20
LIMIT_S = 120
MODE = "SET cruddur_ddb.write_mode = outbox"
LATE_SENDS = 200
# From COMMIT until the item is in DynamoDB.
MEDIAN_LIMIT_MS = 250
P99_LIMIT_MS = 1000
NAPTIME_MS = 200
# The stack's servers do not wait for their log otherwise.
MORE_CONF = """
cruddur_ddb.stream_worker = off
max_prepared_transactions = 5
synchronous_commit = on
"""


class Session(threading.Thread):
    """Does something again and again; connects when the server is up again."""

    def __init__(self, bed):
        super().__init__(daemon=True)
        self.bed = bed
        self.connection = None
        self.error = None
        self.stopping = threading.Event()

    def run(self):
        try:
            while not self.stopping.is_set() and self.turn():
                pass
        except Exception as error:
            self.error = error

    def turn(self):
        try:
            self.connect()
            with self.connection.cursor() as cursor:
                return self.work(cursor)
        except psycopg2.Error as error:
            # A connection that is lost has none, or one of a server's end.
            if error.pgcode not in (None, "57P01", "57P02", "57P03"):
                raise
            self.connection = None
            time.sleep(0.05)
            return True

    def connect(self):
        if self.connection is None or self.connection.closed:
            self.connection = psycopg2.connect(dbname=self.bed.dbname)
            self.connection.autocommit = True


class Writer(Session):
    """Writes one item again and again, each time another number."""

    def __init__(self, bed, numbers):
        super().__init__(bed)
        self.numbers = numbers

    def work(self, cursor):
        cursor.execute(MODE)
        # In one statement, whose lock gives the commits their order.
        cursor.execute("WITH next AS (UPDATE clock SET n = n + 1 RETURNING n)"
                       " INSERT INTO shared SELECT 'hot', n FROM next"
                       " RETURNING n")
        self.numbers.append(cursor.fetchone()[0])
        return True


class Sender(Session):
    """
    A transaction: a message, the note of it, and at times an item that all
    write.
    """

    def __init__(self, bed, number):
        super().__init__(bed)
        self.number = number
        self.chance = random.Random("%d/%d" % (SEED, number))
        self.sent = 0

    def work(self, cursor):
        self.sent += 1
        name = "%d/%d" % (self.number, self.sent)
        end = "ROLLBACK" if self.chance.random() < 0.2 else "COMMIT"
        cursor.execute(MODE)
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO noted VALUES (%s)", (name,))
        cursor.execute("SELECT * FROM cruddur_create_message(%s, %s, %s)",
                       (("andrewbrown", "bayko")[self.number % 2], GROUP,
                        name))
        if self.chance.random() < 0.3:
            # The lock on this row gives the commits their order.
            cursor.execute("UPDATE clock SET n = n + 1 RETURNING n")
            cursor.execute("INSERT INTO shared VALUES ('item', %s)",
                           cursor.fetchone())
        cursor.execute(end)
        time.sleep(self.chance.uniform(0.1, 0.3))
        return self.sent < SENDS // SENDERS


def messages(bed):
    """Their texts in DynamoDB, in their order."""
    return [item["message"] for item in bed.partition("MSG#" + GROUP)]


def waiting(bed):
    return bed.query("SELECT state, sqlstate FROM cruddur_outbox ORDER BY id")


def drain(bed):
    """Until nothing waits."""
    deadline = time.monotonic() + LIMIT_S
    while ("waiting",) in [row[:1] for row in waiting(bed)]:
        if time.monotonic() > deadline:
            raise TimeoutError("the outbox does not become empty")
        time.sleep(0.1)


def kill_worker():
    """Without a warning, which ends all of the server's sessions."""
    row = worker(OUTBOX)
    if row is None:
        raise RuntimeError("there is no worker to be killed")
    os.kill(row.pid, signal.SIGKILL)


def reconnect(bed):
    bed.main = bed.connect()
    bed.query(MODE)


def disturb(stack, proxy):
    """DynamoDB goes and comes back; the server is stopped twice."""
    chance = random.Random(SEED)
    time.sleep(2)
    # Some of what is lost was done. A foreign table wants to know its keys.
    proxy.add(lambda exchange: (
        faults.applied_then_cut() if chance.random() < 0.1
        else faults.reset())(exchange), times=10**9,
              when=lambda request: request.operation != "DescribeTable")
    time.sleep(AWAY_S / 2)
    stack.restart("immediate")
    time.sleep(AWAY_S / 2)
    proxy.clear()
    time.sleep(0.3)
    stack.restart("immediate")


def storm(stack, bed, proxy):
    """All at once; then the end state."""
    bed.query("CREATE TABLE noted (name text)")
    bed.query("CREATE TABLE clock AS SELECT 0 AS n")
    shared = bed.more_table("shared", ["name S"], [])
    bed.make_foreign("shared", "name text, n int", table_name=shared,
                     on_duplicate="replace")
    senders = [Sender(bed, i) for i in range(SENDERS)]
    for session in senders:
        session.start()
    disturb(stack, proxy)
    for sender in senders:
        sender.join()
    reconnect(bed)
    start = time.monotonic()
    drain(bed)
    tap.figure("the outbox was empty %.1f s after the last send"
               % (time.monotonic() - start))
    tap.equal([s.error for s in senders if s.error], [], "no other error")
    noted = [row[0] for row in bed.query("SELECT name FROM noted")]
    tap.ok(0 < len(noted) < SENDS, "%d of %d sends were committed"
           % (len(noted), sum(s.sent for s in senders)))
    tap.equal(sorted(messages(bed)[1 + LATE_SENDS:]), sorted(noted),
              "every message that was committed arrived once, and no other")
    tap.equal(int(bed.service.Table(shared).get_item(
        Key={"name": "item"}, ConsistentRead=True)["Item"]["n"]),
              bed.query("SELECT n FROM clock")[0][0],
              "the item is as the last commit wrote it")
    tap.equal(waiting(bed), [], "nothing is left")
    for row in bed.query("SELECT last_error, attempts, convert_from(writes,"
                         " 'UTF8') AS writes FROM cruddur_outbox"):
        tap.note(row)


def create(bed, handle, text):
    """Send a message; its sort key."""
    return bed.query(
        "SELECT to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US+00:00')"
        " FROM cruddur_create_message(%s, %s, %s)", handle, GROUP, text)[0][0]


def arrive(bed, before, texts, name):
    """These are delivered after those, in any order, and nothing else is."""
    await_true(lambda: len(messages(bed)) >= len(before) + len(texts))
    drain(bed)
    there = messages(bed)
    for text in before:
        there.remove(text)
    tap.equal(sorted(there), sorted(texts), name)


def latency(bed):
    """Of one message after another, once the first has found the way."""
    create(bed, "bayko", "first")
    drain(bed)
    delays = []
    for i in range(LATE_SENDS):
        key = {"pk": "MSG#" + GROUP, "sk": create(bed, "bayko", "%d" % i)}
        start = time.monotonic()
        while "Item" not in bed.resource.get_item(Key=key,
                                                  ConsistentRead=True):
            if time.monotonic() > start + LIMIT_S:
                raise TimeoutError("a message does not arrive")
        delays.append((time.monotonic() - start) * 1000)
    delays.sort()
    median = statistics.median(delays)
    p99 = delays[len(delays) * 99 // 100]
    tap.figure("from COMMIT to the item in DynamoDB, by the worker: median"
               " %.1f ms, 99%% %.1f ms, at most %.1f ms"
               % (median, p99, delays[-1]))
    tap.ok(median < MEDIAN_LIMIT_MS and p99 < P99_LIMIT_MS,
           "half within %d ms, 99%% within %d ms"
           % (MEDIAN_LIMIT_MS, P99_LIMIT_MS))


def poison(stack, bed):
    """One who is no member, and the others."""
    before = messages(bed)
    logged = len(stack.log())
    create(bed, "bayko", "before")
    create(bed, "londo", "poison")
    create(bed, "andrewbrown", "after")
    arrive(bed, before, ["before", "after"],
           "what can be delivered is, and nothing else")
    row = bed.query("SELECT state, sqlstate, last_error FROM cruddur_outbox")
    tap.equal([tuple(r) for r in row],
              [("failed", "42501", "user is not a member of the message group")],
              "the other has failed, with the reason")
    tap.ok("of the outbox has failed" in stack.log()[logged:],
           "which the log says, too")
    bed.put_group_row(GROUP, "londo", "bayko", key_at(1), "joined")
    tap.equal(bed.query("SELECT cruddur_outbox_retry(id) FROM cruddur_outbox"),
              [(True,)], "it is tried again")
    arrive(bed, before, ["before", "after", "poison"],
           "and delivered once the cause is gone")


def operations(proxy):
    return [request.operation for request in proxy.seen()]


def plain(bed, proxy):
    """A message is a plain put. One whose answer is lost is read back."""
    before = messages(bed)
    proxy.clear()
    create(bed, "bayko", "plain")
    arrive(bed, before, ["plain"], "a message is delivered")
    tap.equal(operations(proxy), ["Query", "PutItem"],
              "by two requests, without a token")
    for lost in (1, 2):
        before = messages(bed)
        proxy.clear()
        proxy.add(faults.applied_then_cut(), times=lost,
                  when=lambda request: request.operation == "PutItem")
        create(bed, "bayko", "lost %d" % lost)
        arrive(bed, before, ["lost %d" % lost],
               "it is there once if its answer is lost")
        tap.equal(operations(proxy),
                  ["Query", "PutItem", "PutItem"]
                  + ["Query", "PutItem"] * (lost - 1) + ["GetItem"],
                  "as it is read back; answers that were lost: %d" % lost)


def by_token(bed, proxy):
    """An UPDATE cannot be read back: it is known by its token."""
    bed.query("INSERT INTO shared VALUES ('token', 1)")
    drain(bed)
    proxy.clear()
    proxy.add(faults.applied_then_cut(), times=2, when=lambda request:
              request.operation == "TransactWriteItems")
    bed.query("UPDATE shared SET n = n + 1 WHERE name = 'token'")
    drain(bed)
    tap.equal(bed.query("SELECT n FROM shared WHERE name = 'token'")[0][0], 2,
              "an update is done once if its answer is lost")
    tokens = [request.json()["ClientRequestToken"]
              for request in proxy.seen("TransactWriteItems")]
    tap.equal((len(tokens), len(set(tokens))), (3, 1),
              "as it was sent again with the same token")


def one_hangs(bed, proxy):
    """A server that does not answer, with more entries than are tried at a time."""
    before = messages(bed)
    proxy.clear()
    proxy.add(faults.silent(), times=10**6, when=lambda request:
              request.operation == "PutItem" and "hung" in request.body.decode())
    bed.query("CREATE SERVER hung FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (endpoint '%s', region 'us-east-1', request_timeout_ms '500',"
              " max_attempts '1')" % proxy.url)
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER hung OPTIONS"
              " (access_key_id 'local', secret_access_key 'local')")
    bed.make_foreign("hung", "name text, n int", server="hung",
                     table_name=bed.table + "-shared", on_duplicate="replace")
    bed.query("INSERT INTO hung SELECT 'hung ' || n, n"
              " FROM generate_series(1, 150) AS n")
    start = time.monotonic()
    create(bed, "bayko", "beside")
    await_true(lambda: "beside" in messages(bed))
    tap.ok(time.monotonic() - start < 5,
           "a server that does not answer does not hold up the others")
    proxy.clear()
    drain(bed)
    tap.equal(bed.query("SELECT sum(n) FROM hung WHERE name ^@ 'hung'")[0][0],
              150 * 151 // 2, "when it does, all is delivered")
    tap.equal(sorted(messages(bed)), sorted(before + ["beside"]),
              "and nothing twice")


def hot_item(bed, proxy):
    """One item that is written all the time, by more than can be sent."""
    proxy.clear()
    # Not that the test takes long.
    proxy.add(faults.delayed(0.003), times=10**6, when=lambda request:
              request.operation == "PutItem" and "hot" in request.body.decode())
    numbers = []
    writers = [Writer(bed, numbers) for _ in range(2)]
    for session in writers:
        session.start()
    await_true(lambda: len(numbers) > 500)
    start = time.monotonic()
    create(bed, "bayko", "beside the hot one")
    await_true(lambda: "beside the hot one" in messages(bed))
    tap.ok(time.monotonic() - start < 5, "it does not hold up the others")
    time.sleep(1)
    sent = len(numbers_sent(proxy))
    for session in writers:
        session.stopping.set()
    for session in writers:
        session.join()
    tap.equal([w.error for w in writers if w.error], [], "no error")
    tap.ok(sent > 50, "it is delivered while it is written: %d of %d"
           % (sent, len(numbers)))
    # In the middle of it one is to be tried again.
    proxy.rules.insert(0, [faults.refused("InternalServerError", status=500),
                           2, lambda request: "hot" in request.body.decode()])
    start = time.monotonic()
    drain(bed)
    tap.figure("%d writes of one item, delivered in %.1f s"
               % (len(numbers) - sent, time.monotonic() - start))
    delivered = numbers_sent(proxy)
    tap.equal(delivered, sorted(delivered), "in the order of the commits")
    tap.equal(sorted(set(delivered)), sorted(numbers), "every one")
    tap.equal(bed.query("SELECT n FROM shared WHERE name = 'hot'")[0][0],
              max(numbers), "so that the last one stays")


def numbers_sent(proxy):
    return [int(request.json()["Item"]["n"]["N"])
            for request in proxy.seen("PutItem")
            if request.json()["Item"].get("name") == {"S": "hot"}]


def killed(bed, proxy):
    """Between DynamoDB's answer and the save of what came of it."""
    before = messages(bed)

    def kill(exchange):
        exchange.relay()
        kill_worker()
        return exchange.reset()

    proxy.clear()
    proxy.add(kill, when=lambda request: request.operation == "PutItem")
    create(bed, "bayko", "killed")
    await_true(lambda: operations(proxy).count("PutItem") == 2)
    reconnect(bed)
    arrive(bed, before, ["killed"], "a message is there once if the worker is"
           " killed before it has heard of it")
    tap.equal(operations(proxy), ["Query", "PutItem", "Query", "PutItem",
                                  "GetItem"], "as it was sent twice")


def turn(bed, on):
    """The worker, on or off."""
    bed.query("ALTER SYSTEM %s cruddur_ddb.outbox_worker %s"
              % (("RESET", "") if on else ("SET", "= off")))
    bed.query("SELECT pg_reload_conf()")
    if await_true(lambda: does("turned off", OUTBOX) != on) is None:
        raise TimeoutError("the worker does not heed its setting")


def same_time(bed, proxy):
    """A message whose time is taken gets the next one, and keeps it."""
    taken = create(bed, "bayko", "taken")
    drain(bed)
    turn(bed, False)
    create(bed, "andrewbrown", "postponed")
    bed.query("UPDATE cruddur_outbox SET writes = convert_to(regexp_replace("
              "convert_from(writes, 'UTF8'), '\"sk\":{\"S\":\"[^\"]*\"}',"
              " %s, 'g'), 'UTF8')", '"sk":{"S":"%s"}' % taken)
    proxy.clear()
    # Those of the next microsecond.
    proxy.add(faults.applied_then_cut(), times=2, when=lambda request:
              request.operation == "PutItem"
              and request.json()["Item"]["sk"]["S"] != taken)
    turn(bed, True)
    drain(bed)
    items = [item for item in bed.partition("MSG#" + GROUP)
             if item["message"] in ("taken", "postponed")]
    tap.equal([item["message"] for item in items], ["taken", "postponed"],
              "two messages of one time are there, each once")
    tap.equal([int(item["sk"][20:26]) - int(taken[20:26]) for item in items],
              [0, 1], "the later one a microsecond later")


def exclusive(bed):
    """Who delivers does so alone; who commits the same item waits."""
    first = bed.connect()
    first.autocommit = False
    bed.query("SELECT cruddur_outbox_deliver()", on=first)
    tap.fails(lambda: deliver(bed), "55P03", "only one delivers at a time")
    first.rollback()
    bed.query(MODE, on=first)
    bed.query("INSERT INTO shared VALUES ('locked', 1), ('other', 1)",
              on=first)
    bed.query("PREPARE TRANSACTION 'locking'", on=first)
    first.rollback()
    bed.query("SET lock_timeout = '100ms'")
    tap.fails(lambda: bed.query("INSERT INTO shared VALUES ('locked', 2)"),
              "55P03", "a commit waits for one that writes its item")
    bed.query("INSERT INTO shared VALUES ('free', 1)")
    tap.equal(deliver(bed), 1, "others do not")
    tap.fails(lambda: bed.query("INSERT INTO shared SELECT n::text, n FROM"
                                " generate_series(1, 300) n"),
              "55P03", "one of many items waits for any")
    bed.query("COMMIT PREPARED 'locking'")
    bed.query("INSERT INTO shared VALUES ('locked', 2)")
    bed.query("RESET lock_timeout")
    tap.equal(deliver(bed), 2, "when it is over, both go")
    tap.equal(bed.query("SELECT n FROM shared WHERE name = 'locked'")[0][0],
              2, "in the order of their commits")


def old_snapshot(bed):
    """What others have taken out since is not sent again."""
    second = bed.connect()
    bed.query("INSERT INTO shared VALUES ('seen', 1)")
    bed.query("BEGIN ISOLATION LEVEL REPEATABLE READ", on=second)
    tap.equal(bed.query("SELECT count(*) AS n FROM cruddur_outbox",
                        on=second)[0].n, 1, "a snapshot has an entry")
    bed.query("DELETE FROM cruddur_outbox")
    tap.fails(lambda: bed.query("SELECT cruddur_outbox_deliver()", on=second),
              "40001", "which has gone since")
    bed.query("ROLLBACK", on=second)
    tap.equal(bed.query("SELECT n FROM shared WHERE name = 'seen'"), [],
              "it is not sent")
    bed.query("INSERT INTO shared VALUES ('seen', 2)")
    bed.query("BEGIN ISOLATION LEVEL SERIALIZABLE", on=second)
    tap.equal(bed.query("SELECT cruddur_outbox_deliver()", on=second)[0][0], 1,
              "what is there is delivered at any isolation level")
    bed.query("COMMIT", on=second)


def prepared(stack, bed):
    """Two, over a restart."""
    before = messages(bed)
    for name in ("kept", "dropped"):
        session = bed.connect()
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(MODE)
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM cruddur_create_message("
                           "'bayko', %s, %s)", (GROUP, name))
            cursor.execute("PREPARE TRANSACTION '%s'" % name)
    stack.restart("immediate")
    reconnect(bed)
    bed.query("SELECT pg_sleep(%s)", 3 * NAPTIME_MS / 1000)
    tap.equal(messages(bed), before, "nothing of what is prepared is delivered")
    bed.query("COMMIT PREPARED 'kept'")
    bed.query("ROLLBACK PREPARED 'dropped'")
    arrive(bed, before, ["kept"], "what is committed then is")


def dumped(bed):
    """What waits, in a copy of the database."""
    copy = bed.dbname + "_copy"
    bindir = subprocess.check_output(
        [os.environ.get("PG_CONFIG", "pg_config"), "--bindir"],
        text=True).strip()
    before = messages(bed)
    create(bed, "bayko", "dumped")
    create(bed, "bayko", "dumped, too")
    rows = "SELECT id, token, keys, writes FROM cruddur_outbox ORDER BY id"
    there = bed.query(rows)
    bed.query("CREATE DATABASE %s TEMPLATE template0" % copy)
    try:
        dump = subprocess.run([bindir + "/pg_dump", bed.dbname], check=True,
                              stdout=subprocess.PIPE).stdout
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d",
                        copy], input=dump, check=True,
                       stdout=subprocess.DEVNULL)
        session = psycopg2.connect(dbname=copy)
        with session, session.cursor() as cursor:
            cursor.execute(rows)
            tap.equal([tuple(map(str, row)) for row in cursor.fetchall()
                       ] != [], True, "the copy has what waits")
            cursor.execute(rows)
            tap.equal([bytes(row[3]) for row in cursor.fetchall()],
                      [bytes(row[3]) for row in there], "as it was")
            cursor.execute("SELECT cruddur_outbox_deliver()")
            tap.equal(cursor.fetchone()[0], 2, "the copy delivers it")
            cursor.execute(MODE)
            cursor.execute("SELECT * FROM cruddur_create_message("
                           "'bayko', %s, 'new')", (GROUP,))
        with session, session.cursor() as cursor:
            cursor.execute("SELECT id > %s FROM cruddur_outbox",
                           (there[-1][0],))
            tap.equal(cursor.fetchone(), (True,),
                      "and goes on with the numbers")
        session.close()
    finally:
        bed.query("DROP DATABASE %s WITH (FORCE)" % copy)
    arrived = messages(bed)[len(before):]
    tap.equal(arrived, ["dumped", "dumped, too"], "both have arrived")
    turn(bed, True)
    drain(bed)
    tap.equal(messages(bed)[len(before):], arrived,
              "delivered from here, too, they are there once")


def deliver(bed):
    return bed.query("SELECT cruddur_outbox_deliver()")[0][0]


def test():
    tap.note("DDB_SEED=%d" % SEED)
    with OwnStack("outbox", conf=CONF % ("outbox", NAPTIME_MS)
                  + MORE_CONF) as stack, \
            Bed("outbox") as bed, \
            faults.Faults(bed.options["endpoint"]) as proxy:
        bed.query("CHECKPOINT")
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        bed.query(MODE)
        bed.set_options(max_attempts="2")
        latency(bed)
        bed.set_options(endpoint=proxy.url)
        storm(stack, bed, proxy)
        poison(stack, bed)
        plain(bed, proxy)
        by_token(bed, proxy)
        one_hangs(bed, proxy)
        hot_item(bed, proxy)
        killed(bed, proxy)
        same_time(bed, proxy)
        prepared(stack, bed)
        turn(bed, False)
        exclusive(bed)
        old_snapshot(bed)
        dumped(bed)


tap.run(test)
