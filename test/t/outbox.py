#!/usr/bin/python3
"""
The outbox while DynamoDB is away for a time and PostgreSQL is stopped without a
warning: every message of a transaction that committed arrives once, none of one
that was rolled back does, and of one item the last that was committed stays.
Then: what can never be delivered, prepared transactions, a dump.

    DDB_SEED  the seed of an earlier run, of what is random here
"""

import os
import random
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

SEED = int(os.environ.get("DDB_SEED")
           or random.SystemRandom().randrange(10**6))
GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
SENDERS = 4
SENDS = 500
AWAY_S = 20
LIMIT_S = 120
OUTBOX = "SET cruddur_ddb.write_mode = outbox"


def pg_ctl(verb, *arguments):
    """As the server's user, without what is ours in the environment."""
    stack = os.environ["DDB_STACK_DIR"]
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(
        [stack + "/pg_ctl", verb, "-D", "data", "-w", "-s", *arguments],
        cwd=stack, user=user, group=user, check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": stack, "LC_ALL": "C.UTF-8"})


def restart():
    pg_ctl("restart", "-m", "immediate", "-l", "server.log")


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
        cursor.execute(OUTBOX)
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


class Deliverer(Session):
    """What a cron job would do."""

    delivered = 0

    def work(self, cursor):
        cursor.execute("SELECT cruddur_outbox_deliver()")
        self.delivered += cursor.fetchone()[0]
        time.sleep(0.02)
        return True


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


def disturb(proxy):
    """DynamoDB goes and comes back; the server is stopped twice."""
    chance = random.Random(SEED)
    time.sleep(2)
    # Some of what is lost was done. A foreign table wants to know its keys.
    proxy.add(lambda exchange: (
        faults.applied_then_cut() if chance.random() < 0.1
        else faults.reset())(exchange), times=10**9,
              when=lambda request: request.operation != "DescribeTable")
    time.sleep(AWAY_S / 2)
    restart()
    time.sleep(AWAY_S / 2)
    proxy.clear()
    time.sleep(0.3)
    restart()


def storm(bed, proxy):
    """All at once; then the end state."""
    bed.query("CREATE TABLE noted (name text)")
    bed.query("CREATE TABLE clock AS SELECT 0 AS n")
    shared = bed.more_table("shared", ["name S"], [])
    bed.make_foreign("shared", "name text, n int", table_name=shared,
                     on_duplicate="replace")
    deliverer = Deliverer(bed)
    senders = [Sender(bed, i) for i in range(SENDERS)]
    for session in [deliverer, *senders]:
        session.start()
    disturb(proxy)
    for sender in senders:
        sender.join()
    bed.main = bed.connect()
    start = time.monotonic()
    drain(bed)
    deliverer.stopping.set()
    deliverer.join()
    tap.figure("the outbox was empty %.1f s after the last send"
               % (time.monotonic() - start))
    tap.equal([s.error for s in [deliverer, *senders] if s.error], [],
              "no other error")
    noted = [row[0] for row in bed.query("SELECT name FROM noted")]
    tap.ok(0 < len(noted) < SENDS, "%d of %d sends were committed"
           % (len(noted), sum(s.sent for s in senders)))
    tap.equal(sorted(messages(bed)), sorted(noted),
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
    bed.query("SELECT * FROM cruddur_create_message(%s, %s, %s)", handle,
              GROUP, text)


def deliver(bed):
    return bed.query("SELECT cruddur_outbox_deliver()")[0][0]


def poison(bed):
    """One who is no member, and the others."""
    before = messages(bed)
    create(bed, "bayko", "before")
    create(bed, "londo", "poison")
    create(bed, "andrewbrown", "after")
    tap.equal(deliver(bed), 2, "what can be delivered is")
    tap.equal(messages(bed)[len(before):], ["before", "after"],
              "and nothing else")
    tap.equal(waiting(bed), [("failed", "42501")], "the other has failed")
    bed.put_group_row(GROUP, "londo", "bayko", key_at(1), "joined")
    bed.query("SELECT cruddur_outbox_retry(id) FROM cruddur_outbox")
    tap.equal(deliver(bed), 1, "it is delivered once the cause is gone")
    tap.ok("poison" in messages(bed), "and has arrived")


def exclusive(bed):
    """Who delivers does so alone; who commits the same item waits."""
    first = bed.connect()
    first.autocommit = False
    bed.query("SELECT cruddur_outbox_deliver()", on=first)
    tap.fails(lambda: deliver(bed), "55P03", "only one delivers at a time")
    first.rollback()
    bed.query(OUTBOX, on=first)
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


def prepared(bed):
    """Two, over a restart."""
    before = messages(bed)
    for name in ("kept", "dropped"):
        session = bed.connect()
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(OUTBOX)
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM cruddur_create_message("
                           "'bayko', %s, %s)", (GROUP, name))
            cursor.execute("PREPARE TRANSACTION '%s'" % name)
    restart()
    bed.main = bed.connect()
    bed.query(OUTBOX)
    tap.equal(deliver(bed), 0, "nothing of what is prepared is delivered")
    bed.query("COMMIT PREPARED 'kept'")
    bed.query("ROLLBACK PREPARED 'dropped'")
    tap.equal(deliver(bed), 1, "what is committed then is")
    tap.equal(messages(bed)[len(before):], ["kept"], "and arrives")


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
            cursor.execute(OUTBOX)
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
    tap.equal(messages(bed)[len(before):], ["dumped", "dumped, too"],
              "both have arrived")
    tap.equal(deliver(bed), 2, "delivered from here, too,")
    tap.equal(messages(bed)[len(before):], ["dumped", "dumped, too"],
              "they are there once")


def test():
    tap.note("DDB_SEED=%d" % SEED)
    with OwnStack("outbox", {}), Bed("outbox") as bed, \
            faults.Faults(bed.options["endpoint"]) as proxy:
        bed.query("ALTER SYSTEM SET max_prepared_transactions = 5")
        # The stack's servers do not wait for their log.
        bed.query("ALTER SYSTEM SET synchronous_commit = on")
        bed.query("CHECKPOINT")
        restart()
        bed.main = bed.connect()
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        bed.set_options(endpoint=proxy.url, max_attempts="2")
        storm(bed, proxy)
        bed.query(OUTBOX)
        poison(bed)
        exclusive(bed)
        prepared(bed)
        dumped(bed)


tap.run(test)
