#!/usr/bin/python3
"""
Random transactions on foreign tables and on ordinary twins of them: every
statement gives the same rows, row count or SQLSTATE, and after every
transaction DynamoDB has what the twins have.

One thing may differ. An INSERT of a key that DynamoDB has is refused at COMMIT,
not at once; then the transaction is ended at once, and COMMIT must refuse it.

    DDB_SEED          the seed of an earlier run
    DDB_TRANSACTIONS  how many (1000); the tables are filled anew after some
    DDB_ONLY          one number: those before it since the tables were
                      filled, and that one, every statement of which is shown
"""

import collections
import io
import os
import random
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2
import psycopg2.extras

import tap
from bed import Bed
from randomwrites import Writer
from twinobjects import OBJECTS, SHARED, prepared
from twintables import alike_row, exact_json, make_twins, put_row, stored

SEED = int(os.environ.get("DDB_SEED")
           or random.SystemRandom().randrange(10**6))
TRANSACTIONS = int(os.environ.get("DDB_TRANSACTIONS") or 1000)
ONLY = os.environ.get("DDB_ONLY")
ROUND = 25
WORKERS = 2
ROWS = 12
ENOUGH_DIFFERENCES = 5
DUPLICATE = "23505"
# Each must be met in so many transactions.
OFTEN = 1000
EXERCISED = [
    "insert", "insert select", "on conflict", "update", "update from",
    "key change", "delete", "delete using", "with", "view", "copy",
    "truncate", "execute", "function", "select", "count", "order", "limit",
    "join", "index", "group", "cursor", "fetch", "savepoint", "rollback to",
    "release", "wrong", "COMMIT", "ROLLBACK", "autocommit", "immediate",
    "cursor opened before writes", "changed rows of twins",
    "22012 at once", "23502 at once", "23505 at once", "44000 at once",
    "P0001 at once", "23505 at COMMIT", "fetched after COMMIT"]
SETTINGS = ["enable_hashjoin = off", "enable_mergejoin = off",
            "enable_nestloop = off", "plan_cache_mode = force_generic_plan",
            "cruddur_ddb.enable_pushdown = off", "cursor_tuple_fraction = 1"]


class Different(Exception):
    """What the two say is not the same."""


class Result:
    """Of a statement: rows and count, or a SQLSTATE."""

    def __init__(self, sqlstate=None, error="", count=0, rows=()):
        self.sqlstate = sqlstate
        self.error = error
        self.count = count
        self.rows = rows

    def value(self, ordered):
        if self.sqlstate:
            return self.sqlstate
        rows = list(self.rows) if ordered else sorted(self.rows)
        return self.count, rows

    def __str__(self):
        if self.sqlstate:
            return "%s %s" % (self.sqlstate, self.error)
        return "%d rows: %.2500s" % (self.count, "\n  ".join(
            ["", *map(repr, self.rows)]))


class Side:
    """A session that sees the foreign tables, or the ordinary ones."""

    def __init__(self, bed, schema, twins):
        self.schema = schema
        self.connection = bed.connect()
        psycopg2.extras.register_default_jsonb(self.connection,
                                               loads=exact_json)
        self.cursor = self.connection.cursor()
        self.cursor.execute("SET search_path = %s, public" % schema)
        self.cursor.execute("SET statement_timeout = '20s'")
        for name, kinds, text in prepared(twins):
            self.cursor.execute("PREPARE %s (%s) AS %s"
                                % (name, ", ".join(kinds), text))

    def run(self, text, copied=None):
        try:
            if copied is None:
                self.cursor.execute(text)
            else:
                self.cursor.copy_expert(text, io.StringIO(copied))
        except psycopg2.Error as error:
            return Result(error.pgcode or "lost", str(error))
        rows = ()
        if self.cursor.description:
            names = [column.name for column in self.cursor.description]
            rows = [alike_row(names, row) for row in self.cursor.fetchall()]
        return Result(count=self.cursor.rowcount, rows=rows)


class Place:
    """One worker's database: its twins, and two sessions."""

    def __init__(self, bed, run):
        self.bed = bed
        self.run = run
        self.twins = make_twins()
        self.rows_of_twins = {}
        bed.query("CREATE SCHEMA f; CREATE SCHEMA h")
        psycopg2.extras.register_default_jsonb(bed.main, loads=exact_json)
        for twin in self.twins:
            twin.create(bed, "%s-%s" % (bed.table, twin.name))
        self.make_indexed()
        for schema in "fh":
            bed.query(OBJECTS.format(s=schema))
        bed.query(SHARED)
        self.sides = [Side(bed, "h", self.twins), Side(bed, "f", self.twins)]

    def make_indexed(self):
        """Foreign tables over indexes, and views as their twins."""
        self.make_indexed_one("b_grp", self.twins[1], "by_grp",
                              ["k1", "k2", "grp", "n", "v"])
        self.bed.query("CREATE VIEW h.b_grp AS SELECT k1, k2, grp, n, v FROM"
                       " h.b WHERE grp IS NOT NULL")
        self.make_indexed_one("d_grp", self.twins[3], "by_grp_i",
                              ["k1", "k2", "grp", "i", "v"])
        self.bed.query("CREATE VIEW h.d_grp AS SELECT k1, k2, grp, i, v FROM"
                       " h.d WHERE grp IS NOT NULL AND i IS NOT NULL")

    def make_indexed_one(self, name, twin, index, columns):
        self.bed.make_foreign("f." + name, ", ".join(
            twin.column(column).foreign_ddl() for column in columns),
            table_name=twin.dynamo_name, index_name=index)

    # Filling

    def fill(self, chance):
        """Both with the same rows, DynamoDB by boto3."""
        for schema in "fh":
            self.bed.query("TRUNCATE %s.log" % schema)
        self.bed.query("ALTER TABLE h.d DISABLE TRIGGER ALL")
        for twin in self.twins:
            self.bed.query("TRUNCATE h.%s" % twin.name)
            self.empty(twin)
            for _ in range(ROWS):
                self.insert(twin, chance)
            for row in self.bed.query("SELECT %s FROM h.%s" % (
                    ", ".join(c.name for c in twin.columns), twin.name)):
                put_row(self.bed, twin, row, chance)
        self.bed.query("ALTER TABLE h.d ENABLE TRIGGER ALL")
        self.compare_stored(everything=True)

    def empty(self, twin):
        for page in self.bed.dynamodb.get_paginator("scan").paginate(
                TableName=twin.dynamo_name):
            for item in page["Items"]:
                self.bed.dynamodb.delete_item(
                    TableName=twin.dynamo_name,
                    Key={name: item[name] for name in twin.key_names()})

    def insert(self, twin, chance):
        columns = twin.writable()
        values = [key.make(chance) for key in twin.keys]
        values += [c.value(chance) for c in twin.payload]
        self.bed.query("INSERT INTO h.%s (%s, extra) VALUES (%s, %s) ON"
                       " CONFLICT DO NOTHING" % (
                           twin.name, ", ".join(c.name for c in columns),
                           ", ".join(values), chance.choice(
                               ["NULL", "'not a column of ours'"])))

    # Comparing

    def twin_rows(self, twin):
        names = [column.name for column in twin.columns]
        return sorted(alike_row(names, row) for row in self.bed.query(
            "SELECT %s FROM h.%s" % (", ".join(names), twin.name)))

    def compare_stored(self, everything=False):
        """DynamoDB has what the twins have."""
        for twin in self.twins:
            rows = self.twin_rows(twin)
            if rows == self.rows_of_twins.get(twin.name) and not everything:
                continue
            self.rows_of_twins[twin.name] = rows
            self.run.counts["changed rows of twins"] += 1
            have, strange = stored(self.bed, twin)
            if have != rows:
                raise Different("DynamoDB's %s: lacks %.2500r, has %.2500r" % (
                    twin.name, [r for r in rows if r not in have],
                    [r for r in have if r not in rows]))
            if strange:
                raise Different("%s has attributes %r" % (twin.name, strange))

    def compare_seen(self, transaction, chance, share):
        """Whole tables, as the two sessions see them now."""
        for twin in self.twins:
            if chance.random() < share:
                transaction.both("SELECT * FROM " + twin.name)
        if chance.random() < share:
            transaction.both("SELECT * FROM log")


class Doomed(Exception):
    """The twin has refused a key that the foreign table refuses at COMMIT."""


class Transaction:
    """One of them, and what it has said."""

    def __init__(self, place, number):
        self.place = place
        self.number = number
        self.chance = random.Random("%d/%d" % (SEED, number))
        self.writer = Writer(self.chance, place.twins, number)
        self.counts = collections.Counter()
        self.said = []
        self.savepoints = []
        self.failed = False
        self.cursors = []
        self.writes = 0

    def both(self, text, ordered=False, copied=None):
        """Run it on both; the twin's result."""
        want, got = results = [side.run(text, copied)
                               for side in self.place.sides]
        self.said.append(text if copied is None else text + "\n" + copied)
        if ONLY and int(ONLY) == self.number:
            tap.note("%s;\n    -- %.300s\n    -- %.300s" % (text, *results))
        if want.sqlstate == DUPLICATE and got.sqlstate is None:
            raise Doomed
        if want.value(ordered) != got.value(ordered):
            raise Different("wanted: %s\ngot: %s" % (want, got))
        return want

    def run(self):
        roll = self.chance.random()
        try:
            if roll < 0.15:
                self.run_alone("autocommit", self.writer.write())
            elif roll < 0.25:
                self.run_immediate()
            else:
                self.run_block()
        except Doomed:
            self.end_doomed()
        self.place.compare_stored(everything=self.number % ROUND == ROUND - 1)
        self.place.compare_seen(self, self.chance, 0.2)

    def step(self, step):
        self.counts[step.kind] += 1
        result = self.both(step.text, step.ordered, step.copied)
        if result.sqlstate:
            self.counts["%s at once" % result.sqlstate] += 1
        return result

    def run_alone(self, kind, step):
        """A statement without BEGIN."""
        self.counts[kind] += 1
        try:
            self.step(step)
        except Doomed:
            # Its COMMIT was none.
            raise Different("a key that is there was not refused")

    def run_immediate(self):
        """
        A write of its own; nothing that fails half-way. AFTER triggers do not
        see all of it.
        """
        step = Writer(self.chance, [twin for twin in self.place.twins
                                    if not twin.triggers], self.number).alone()
        side = self.place.sides[0]
        side.run("BEGIN")
        would = side.run(step.text, step.copied)
        side.run("ROLLBACK")
        if would.sqlstate is None:
            self.both("SET cruddur_ddb.write_mode = immediate")
            try:
                self.run_alone("immediate", step)
            finally:
                self.both("RESET cruddur_ddb.write_mode")

    def run_block(self):
        self.both(self.chance.choice(
            ["BEGIN", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ",
             "BEGIN ISOLATION LEVEL SERIALIZABLE"]))
        for setting in self.chance.sample(SETTINGS, self.chance.choice(
                [0, 0, 1, 2])):
            self.both("SET LOCAL " + setting)
        for _ in range(self.chance.choice([1, 2, 4, 6, 8, 12])):
            self.one()
            if self.failed and not self.recover():
                return
        self.place.compare_seen(self, self.chance, 0.5)
        self.end(self.chance.choice(["COMMIT", "COMMIT", "COMMIT",
                                     "ROLLBACK"]))

    def one(self):
        roll = self.chance.random()
        if roll < 0.12:
            self.set_savepoint()
        elif roll < 0.2 and self.savepoints:
            self.release()
        elif roll < 0.28 and self.savepoints:
            self.roll_back_to()
        elif roll < 0.36:
            self.open_cursor()
        elif roll < 0.46 and self.cursors:
            self.fetch()
        elif roll < 0.58:
            self.try_step(self.writer.read())
        else:
            self.writes += 1
            if self.try_step(self.writer.write()) and \
                    self.chance.random() < 0.4:
                self.try_step(self.writer.look())

    def try_step(self, step):
        self.failed = self.step(step).sqlstate is not None
        return not self.failed

    def set_savepoint(self):
        name = "s%d" % len(self.savepoints)
        self.counts["savepoint"] += 1
        self.both("SAVEPOINT " + name)
        self.savepoints.append(name)

    def release(self):
        name = self.chance.choice(self.savepoints)
        self.counts["release"] += 1
        self.both("RELEASE " + name)
        del self.savepoints[self.savepoints.index(name):]

    def roll_back_to(self):
        name = self.chance.choice(self.savepoints)
        self.counts["rollback to"] += 1
        self.both("ROLLBACK TO " + name)
        del self.savepoints[self.savepoints.index(name) + 1:]
        self.place.compare_seen(self, self.chance, 0.3)

    def open_cursor(self):
        step = self.writer.open_cursor()
        if self.try_step(step):
            self.cursors.append((self.writer.cursors, self.writes,
                                 "WITH HOLD" in step.text))

    def fetch(self):
        number, writes, _ = self.cursors.pop(
            self.chance.randrange(len(self.cursors)))
        if self.try_step(self.writer.fetch(number)) and writes < self.writes:
            self.counts["cursor opened before writes"] += 1

    def recover(self):
        """From a statement that failed; False: the transaction has ended."""
        self.failed = False
        if self.savepoints and self.chance.random() < 0.8:
            self.roll_back_to()
            return True
        self.both(self.chance.choice(["ROLLBACK", "COMMIT"]))
        return False

    def end(self, how):
        self.counts[how] += 1
        self.both(how)
        for number, _, held in self.cursors:
            if held and how == "COMMIT":
                self.both("FETCH ALL FROM c%d" % number)
                self.counts["fetched after COMMIT"] += 1
        self.both("CLOSE ALL")

    def end_doomed(self):
        """DynamoDB has an item that was inserted."""
        heap, foreign = self.place.sides
        got = foreign.run("COMMIT")
        heap.run("ROLLBACK")
        self.said.append("COMMIT")
        # PostgreSQL has kept those WITH HOLD when it fails so late.
        foreign.run("CLOSE ALL")
        self.counts["%s at COMMIT" % got.sqlstate] += 1
        if got.sqlstate != DUPLICATE:
            raise Different("COMMIT after a duplicate key: %s" % got)


class Run:
    """All transactions, and what they have shown."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.ran = 0
        self.differences = 0
        self.unended = None

    def over(self):
        return self.differences >= ENOUGH_DIFFERENCES

    def work(self, bed, rounds):
        try:
            with bed:
                place = Place(bed, self)
                for number in rounds:
                    if not self.over():
                        place = self.round(place, number) or Place(
                            self.anew(bed), self)
        except BaseException:
            self.unended = traceback.format_exc()

    def anew(self, bed):
        """After a difference nothing is to be relied on."""
        bed.__exit__()
        return bed.__enter__()

    def round(self, place, number):
        """Its transactions; None if one has made a difference."""
        first = number * ROUND
        place.fill(random.Random("%d fill %d" % (SEED, number)))
        last = int(ONLY) + 1 if ONLY else min(first + ROUND, TRANSACTIONS)
        for i in range(first, last):
            transaction = Transaction(place, i)
            try:
                transaction.run()
            except Different as difference:
                self.show(transaction, difference)
                return None
            finally:
                with self.lock:
                    self.ran += 1
                    self.counts.update(transaction.counts)
        return place

    def show(self, transaction, difference):
        with self.lock:
            self.differences += 1
            tap.note("DDB_SEED=%d DDB_ONLY=%d:" % (SEED, transaction.number))
            for text in transaction.said:
                tap.note("    %.1500s;" % text)
            tap.note(difference)


def test():
    run = Run()
    tap.note("DDB_SEED=%d DDB_TRANSACTIONS=%d" % (SEED, TRANSACTIONS))
    start = time.monotonic()
    rounds = [int(ONLY) // ROUND] if ONLY else \
        range((TRANSACTIONS + ROUND - 1) // ROUND)
    workers = [threading.Thread(target=run.work, args=(
        Bed("model_%d" % i), rounds[i::WORKERS])) for i in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tap.figure("DDB_SEED=%d: %d transactions in %d s, %d differences" % (
        SEED, run.ran, time.monotonic() - start, run.differences))
    tap.note("met: %r" % dict(run.counts))
    tap.equal(run.differences, 0, "no difference")
    tap.equal(run.unended, None, "no worker ended early")
    if ONLY:
        return
    tap.ok(run.ran == TRANSACTIONS or run.over(), "all transactions ran")
    if TRANSACTIONS >= OFTEN:
        for name in EXERCISED:
            tap.ok(run.counts[name] > 0, "exercised: " + name)


tap.run(test)
