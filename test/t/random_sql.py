#!/usr/bin/python3
"""
Random SQL against all that the extension has: functions, options, settings,
foreign tables and their definitions, in sessions that disturb each other, with
the workers at work. The server does not end, nothing hangs, nothing is left
behind, and no error is one that only a fault of the code explains.

DDB_SEED and DDB_STATEMENTS choose; DDB_STATEMENT_LOG names a file that gets
them all. A PostgreSQL with assertions finds more: PG_CONFIG="$(test/postgres)".
"""

import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from bed import Bed
from ownstack import OwnStack
from sqlaccount import Account, check_log
from sqlscene import Scene
from sqlsession import Session

SEED = int(os.environ.get("DDB_SEED", random.SystemRandom().randrange(10**6)))
STATEMENTS = int(os.environ.get("DDB_STATEMENTS", 1000))
LOG = os.environ.get("DDB_STATEMENT_LOG")
# Seeds differ in what service and what server they have to do with.
LIES = SEED % 2 == 1
THREADS = 2
SESSIONS = 2
# Of a thread, until what was broken is mended.
BATCH = 100
# The share of statements that are good, or are refused by the extension itself.
LEAST = 0.5
TIMEOUT_MS = 3000
# The longest a statement may take: another session's may have to end first.
PATIENCE_S = 20

WORKERS = """
shared_preload_libraries = 'cruddur_ddb'
cruddur_ddb.worker_database = 't_random_sql'
cruddur_ddb.worker_naptime_ms = 200
"""
CONF = """
max_prepared_transactions = 20
lock_timeout = 300
deadlock_timeout = 100
statement_timeout = %d
restart_after_crash = off
log_min_messages = warning
log_min_error_statement = panic
max_parallel_workers = 4
max_stack_depth = 1MB
%s""" % (TIMEOUT_MS, "" if SEED % 4 == 0 else WORKERS)
ENVIRONMENT = {"AWS_EC2_METADATA_DISABLED": "true",
               "AWS_ACCESS_KEY_ID": "AKIDTESTBED",
               "AWS_SECRET_ACCESS_KEY": "S3cret.never.to.be.seen"}


class Thread(threading.Thread):
    """Some sessions that take turns, as the dice fall."""

    def __init__(self, number, scene):
        super().__init__(daemon=True)
        self.chance = random.Random("%d/%d" % (SEED, number))
        self.scene = scene
        self.account = scene.account
        self.sessions = [Session("%d.%d" % (number, i), self.chance, scene)
                         for i in range(SESSIONS)]
        self.failure = None
        self.done = False

    def run(self):
        try:
            while self.account.ran < STATEMENTS:
                self.batch()
        except BaseException as failure:
            self.failure = failure
        self.done = True

    def batch(self):
        for i in range(BATCH):
            self.chance.choice(self.sessions).step()
            if i % 10 == 9:
                self.scene.read()
        for session in self.sessions:
            self.answers(session)
        self.scene.mend(self.chance)

    def answers(self, session):
        """Whatever it has been through."""
        if session.connection is None or session.connection.closed:
            return
        if session.in_transaction:
            session.send("transaction", "ROLLBACK")
        if session.connection is None:
            return
        try:
            with session.connection.cursor() as cursor:
                cursor.execute("RESET SESSION AUTHORIZATION; RESET ROLE;"
                               " RESET statement_timeout")
                cursor.execute("SELECT 1 + 1")
                if cursor.fetchone() == (2,):
                    return
            self.account.find("wrong answer", session.name)
        except psycopg2.Error as error:
            if not session.wanted_end:
                self.account.find("no answer", session.name, error)


class Hung(Exception):
    """A statement that does not end."""


def run(scene):
    """All threads, watched."""
    threads = [Thread(number, scene) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    while not all(thread.done for thread in threads):
        time.sleep(0.1)
        for thread in threads:
            watch(thread)
    for thread in threads:
        if thread.failure:
            raise thread.failure


def watch(thread):
    for session in thread.sessions:
        busy = session.busy
        if busy and time.monotonic() - busy[0] > PATIENCE_S:
            thread.account.find("a statement does not end", busy[1])
            raise Hung(busy[1])


def test():
    tap.note("DDB_SEED=%d DDB_STATEMENTS=%d" % (SEED, STATEMENTS))
    account = Account(LOG, LIES)
    with OwnStack("random_sql", server_env=dict(
            ENVIRONMENT, AWS_ENDPOINT_URL=os.environ["DDB_UPSTREAM"]),
                  conf=CONF, new_dynamodb=True) as stack:
        begun = time.monotonic()
        started = postmaster()
        try:
            with Bed("random_sql", stream=True) as bed:
                run(Scene(bed, account, SEED, LIES))
                tap.equal(postmaster(), started, "the server is the same")
        finally:
            account.report("DDB_SEED=%d, %d s" % (
                SEED, time.monotonic() - begun))
            check_log(stack.log())
    tap.equal(sum(account.findings.values()), 0, "no finding")
    tap.ok(account.all_good + account.own > LEAST * account.ran,
           "statements get as far as the extension")


def postmaster():
    """Its process and when it started."""
    with open(os.environ["DDB_STACK_DIR"] + "/data/postmaster.pid",
              encoding="ascii") as lines:
        pid = lines.readline()
    connection = psycopg2.connect(dbname="postgres")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        started = cursor.fetchone()
    connection.close()
    return pid, started


if not os.environ.get("DDB_STACK_OWN_ENDPOINT"):
    tap.skip("it drops tables at random, which no other DynamoDB shall lose")
tap.run(test)
