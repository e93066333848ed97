#!/usr/bin/python3
"""
kill -9 of a backend while several commit transactions of several items each,
over a network that is slow. PostgreSQL ends all backends then. Each transaction
is wholly in DynamoDB or not at all, and is there if COMMIT said so.

    DDB_SEED  the seed of an earlier run, of what is random here
"""

import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed
from ownstack import OwnStack

SEED = int(os.environ.get("DDB_SEED")
           or random.SystemRandom().randrange(10**6))
TRANSACTIONS = 300
KILLED = 40
WORKERS = 8
# How many transactions end between two kills, about.
BETWEEN = 20
COMMITTED, REFUSED, KILLED_BEFORE, KILLED_AT_COMMIT = (
    "committed", "refused", "killed before COMMIT", "killed at COMMIT")
CHANGED = "40001"


class Slow:
    """
    A proxy that takes its time before and after a write is made. Of the
    requests whose client goes meanwhile half are made, later; idle() waits for
    those.
    """

    def __init__(self, upstream):
        self.chance = random.Random(SEED)
        self.lock = threading.Lock()
        self.under_way = 0
        self.left_behind = 0
        self.faults = faults.Faults(upstream)
        self.faults.add(self.act, times=10**9,
                        when=lambda r: r.operation == "TransactWriteItems")

    def act(self, exchange):
        with self.lock:
            self.under_way += 1
            pauses_s = [self.chance.uniform(0, 0.03) for _ in range(2)]
            is_lost = self.chance.random() < 0.5
        try:
            if exchange.gone(pauses_s[0]):
                with self.lock:
                    self.left_behind += 1
                if is_lost:
                    return False
                time.sleep(20 * pauses_s[1])
            reply = exchange.relay()
            if exchange.gone(pauses_s[1]):
                with self.lock:
                    self.left_behind += 1
                return False
            return exchange.send(reply)
        finally:
            with self.lock:
                self.under_way -= 1

    def idle(self):
        while self.under_way:
            time.sleep(0.01)


class Worker(threading.Thread):
    """Makes transactions, one after the other, until there are enough."""

    def __init__(self, run, number):
        super().__init__()
        self.run_of_all = run
        self.number = number
        self.chance = random.Random("%d/%d" % (SEED, number))
        self.connection = None
        self.error = None

    def run(self):
        try:
            while (made := self.run_of_all.begin()) is not None:
                self.run_of_all.end(made, *self.transaction(made))
        except Exception as error:
            self.error = error

    def connect(self):
        """When the server is up again."""
        deadline = time.monotonic() + 60
        while self.connection is None or self.connection.closed:
            try:
                self.connection = psycopg2.connect(
                    dbname=self.run_of_all.bed.dbname)
                self.connection.autocommit = True
            except psycopg2.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def transaction(self, made):
        """Outcome, and how many items it has."""
        many = self.chance.randint(2, 6)
        state = KILLED_BEFORE
        try:
            self.connect()
            self.run_of_all.at_work(self.connection.info.backend_pid)
            with self.connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(
                    "INSERT INTO t SELECT %s, i, %s FROM"
                    " generate_series(1, %s) i", (made, self.number, many))
                cursor.execute("UPDATE last SET n = n + 1, made = %s WHERE"
                               " worker = %s", (made, self.number))
                cursor.execute("DELETE FROM t WHERE made = 0 AND i = %s",
                               (made,))
                state = KILLED_AT_COMMIT
                cursor.execute("COMMIT")
            return COMMITTED, many
        except psycopg2.Error as error:
            # A lost connection has no SQLSTATE, or one of those that
            # PostgreSQL tells when it ends its backends.
            if error.pgcode == CHANGED:
                self.connection.cursor().execute("ROLLBACK")
                return REFUSED, many
            if error.pgcode not in (None, "57P02", "57P01"):
                raise
            self.connection = None
            return state, many


class Run:
    """All transactions, and who kills."""

    def __init__(self, bed):
        self.bed = bed
        self.lock = threading.Lock()
        self.begun = 0
        self.outcomes = {}
        self.pids = []
        self.chance = random.Random(SEED)

    def begin(self):
        """A number for one more; None where there are enough."""
        with self.lock:
            killed = sum(o in (KILLED_BEFORE, KILLED_AT_COMMIT)
                         for o, _ in self.outcomes.values())
            if len(self.outcomes) >= TRANSACTIONS and killed >= KILLED:
                return None
            self.begun += 1
            return self.begun

    def at_work(self, pid):
        with self.lock:
            self.pids = (self.pids + [pid])[-WORKERS:]

    def end(self, made, outcome, many):
        with self.lock:
            self.outcomes[made] = (outcome, many)

    def kill(self):
        """One of those that are at work; again and again."""
        due = BETWEEN
        while any(worker.is_alive() for worker in self.workers):
            time.sleep(self.chance.uniform(0, 0.03))
            with self.lock:
                if len(self.outcomes) < due or not self.pids:
                    continue
                due = len(self.outcomes) + BETWEEN
                pid, self.pids = self.chance.choice(self.pids), []
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def go(self):
        self.workers = [Worker(self, i) for i in range(WORKERS)]
        for worker in self.workers:
            worker.start()
        self.kill()
        return [w.error for w in self.workers if w.error]

    def count(self, *outcomes):
        return sum(o in outcomes for o, _ in self.outcomes.values())


def everything(bed, name):
    pages = bed.service.meta.client.get_paginator("scan").paginate(
        TableName="%s-%s" % (bed.table, name), ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def judge(bed, run):
    """Whole or not at all."""
    there, removed = {}, set(range(1, run.begun + 1))
    makers = {}
    for item in everything(bed, "t"):
        if item["made"]:
            there.setdefault(int(item["made"]), set()).add(int(item["i"]))
            makers[int(item["made"])] = int(item["worker"])
        else:
            removed.discard(int(item["i"]))
    wrong, outcomes = [], {}
    for made, (outcome, many) in run.outcomes.items():
        found = there.get(made, set())
        whole = found == set(range(1, many + 1)) and made in removed
        absent = not found and made not in removed
        outcomes.setdefault(outcome, []).append(whole)
        if not (whole or absent):
            wrong.append((made, outcome, many, found, made in removed))
    tap.equal(wrong, [], "each is wholly there or not at all")
    tap.equal(set(outcomes[COMMITTED]), {True}, "what was committed is there")
    for outcome in (KILLED_BEFORE, REFUSED):
        tap.ok(not any(outcomes.get(outcome, ())),
               "nothing is there of what was " + outcome)
    at_commit = outcomes.get(KILLED_AT_COMMIT, ())
    tap.figure("killed at COMMIT: %d, of which %d are there" % (
        len(at_commit), sum(at_commit)))
    tap.ok(0 < sum(at_commit) < len(at_commit),
           "some were killed before the write and some after")
    tap.equal({int(i["worker"]): int(i["n"]) for i in everything(bed, "last")},
              {i: list(makers.values()).count(i) for i in range(WORKERS)},
              "each worker's count is that of those that are there")


def make(bed):
    """Items with made = 0 are there for each to delete one of."""
    table = bed.more_table("t", ["made N", "i N"], [
        {"made": 0, "i": i} for i in range(1, 2 * TRANSACTIONS)])
    bed.make_foreign("t", "made int, i int, worker int", table_name=table)
    table = bed.more_table("last", ["worker N"], [
        {"worker": i, "n": 0} for i in range(WORKERS)])
    bed.make_foreign("last", "worker int, n int, made int", table_name=table)
    # The stack's servers do not wait for their log.
    bed.query("CHECKPOINT")


def test():
    tap.note("DDB_SEED=%d" % SEED)
    start = time.monotonic()
    with OwnStack("crash", {}), Bed("crash") as bed:
        make(bed)
        slow = Slow(bed.options["endpoint"])
        bed.set_options(endpoint=slow.faults.url)
        run = Run(bed)
        errors = run.go()
        slow.idle()
        # The last kill may have been the last thing of all.
        Worker(run, 0).connect()
        tap.equal(errors, [], "no other error")
        tap.ok(len(run.outcomes) >= TRANSACTIONS, "%d transactions"
               % len(run.outcomes))
        killed = run.count(KILLED_BEFORE, KILLED_AT_COMMIT)
        tap.ok(killed >= KILLED, "%d were killed" % killed)
        tap.ok(slow.left_behind > 0, "%d of them in mid-send"
               % slow.left_behind)
        judge(bed, run)
        tap.figure("%d transactions, %d killed, %d refused, in %d s" % (
            len(run.outcomes), killed, run.count(REFUSED),
            time.monotonic() - start))


tap.run(test)
