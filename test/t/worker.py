#!/usr/bin/python3
"""
The background worker as a process: it waits for its database, the extension
and promotion, ends at once when it is told to, comes back, leaves a database
that others want alone, has no transaction open while it waits for DynamoDB,
and heeds its settings.
"""

import os
import signal
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed, key_at
from hotstandby import Standby
from keys import SECRETS
from ownstack import OwnStack
from workers import BACKEND_TYPE, CONF, await_true, does, session, worker

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
SEND = "SELECT * FROM cruddur_create_message('bayko', '%s', %%s)" % GROUP
CONSUMES = "waiting for records"
FOREVER = 10**6
ROLE = "t_worker_role"


class Place:
    """The server, the bed in it, and the proxy before DynamoDB."""

    def __init__(self, stack, bed, proxy):
        self.stack = stack
        self.bed = bed
        self.proxy = proxy

    def sent(self, text, limit_s=10):
        """Send a message; seconds until both rows have it, or None."""
        self.bed.query(SEND, text)
        return await_true(lambda: self.bed_rows() == {text}, limit_s)

    def bed_rows(self):
        return {item["message"]["S"] for item in self.bed.scan()
                if item["pk"]["S"].startswith("GRP#")}

    def stalled(self):
        """From now on nothing is answered; once the worker waits for it."""
        self.proxy.clear()
        self.proxy.add(faults.silent(), FOREVER)
        return await_true(self.proxy.seen) is not None

    def alter_system(self, text):
        self.bed.query("ALTER SYSTEM " + text)
        self.bed.query("SELECT pg_reload_conf()")


def ends(act, name):
    """The worker that is there now ends within a second of act()."""
    pid = worker().pid
    start = time.monotonic()
    act(pid)
    tap.ok(await_true(lambda: not is_alive(pid)) is not None
           and time.monotonic() - start < 1, name)


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def comes(name, what=CONSUMES):
    if tap.ok(await_true(lambda: does(what)) is not None, name):
        return
    tap.note(worker())


def no_database(stack):
    comes("it waits for its database", "waiting for the database")
    time.sleep(2)
    tap.equal(stack.log().count('database "t_worker" does not exist'), 1,
              "which the log says once")


def starts(place):
    comes("it comes when there are a database, the extension and a server")
    row = worker()
    tap.equal((row.datname, row.usename, row.application_name, row.xact_start),
              ("t_worker", "postgres", "cruddur_ddb worker", None),
              "pg_stat_activity shows who it is")
    tap.ok(place.sent("first") is not None, "it moves the rows of a message")


def no_transaction(place):
    """
    Not while a request is under way. It has short ones, to look around; one
    that lasted as long as the request would be as old.
    """
    ages = [0]
    tap.ok(place.stalled(), "a request stalls")
    with session("postgres") as cursor:
        for _ in range(150):
            cursor.execute(
                "SELECT extract(epoch FROM clock_timestamp() - xact_start)"
                " AS xact, state FROM pg_stat_activity"
                " WHERE backend_type = %s", [BACKEND_TYPE])
            row = cursor.fetchone()
            ages.append(row.xact or 0)
            time.sleep(0.01)
    tap.equal(row.state, "active", "and is still under way")
    tap.ok(max(ages) < 0.5, "no transaction is open meanwhile")


def terminated(place):
    ends(lambda pid: place.bed.query("SELECT pg_terminate_backend(%s)", pid),
         "SIGTERM in a stalled request ends it within a second")
    tap.ok(await_true(worker, 5) is not None, "another one comes")
    tap.ok(place.stalled(), "and has a request that stalls")
    ends(lambda _: place.stack.restart("fast"),
         "so does a fast shutdown")
    place.proxy.clear()
    place.bed.main = place.bed.connect()
    comes("it is there again")


def cancelled(place):
    pid = worker().pid
    place.stalled()
    place.bed.query("SELECT pg_cancel_backend(%s)", pid)
    comes("a cancel is an error like others", "waiting after an error")
    place.proxy.clear()
    comes("after which it goes on")
    tap.equal(worker().pid, pid, "as the same process")


def settings(place):
    place.alter_system("SET cruddur_ddb.stream_worker = off")
    comes("turned off", "turned off")
    place.proxy.clear()
    tap.ok(place.sent("unseen", 2) is None and not
           place.proxy.seen("GetRecords"), "it does nothing")
    tap.ok(place.bed.query("SELECT cruddur_process_stream() AS n")[0].n > 0,
           "so cruddur_process_stream() may")
    tap.equal(place.bed_rows(), {"unseen"}, "and does what it would have done")
    place.alter_system("RESET cruddur_ddb.stream_worker")
    comes("turned on")
    tap.fails(lambda: place.bed.query("SELECT cruddur_process_stream()"),
              "55P03", "and there is one consumer only")
    tap.ok(place.sent("seen") is not None, "it goes on")


def one_consumer(place):
    """A consumer whose transaction is open keeps the worker out."""
    place.alter_system("SET cruddur_ddb.stream_worker = off")
    comes("turned off once more", "turned off")
    with session("t_worker") as other:
        other.execute("BEGIN")
        other.execute("SELECT cruddur_process_stream()")
        place.alter_system("RESET cruddur_ddb.stream_worker")
        comes("it waits for another consumer", "waiting for another session")
        other.execute("COMMIT")
        comes("until that has done")


def standby(_):
    with Standby() as there:
        host = there.dir.name
        with session("postgres", host) as cursor:
            cursor.execute("SELECT pg_is_in_recovery() AS it")
            tap.ok(cursor.fetchone().it, "a standby follows")
        time.sleep(1)
        tap.equal(worker(host), None, "which has no worker")
        there.pg_ctl("promote")
        tap.ok(await_true(lambda: does(CONSUMES, host)) is not None,
               "until it is promoted")


def killed(place):
    pid = worker().pid
    os.kill(pid, signal.SIGKILL)
    tap.ok(await_true(lambda: does(CONSUMES) and worker().pid != pid)
           is not None, "killed with -9, it comes back")
    place.bed.main = place.bed.connect()
    tap.ok(place.sent("after the crash") is not None, "and works")


def altered(place):
    """ALTER SERVER reaches it, and what it could not do meanwhile is done."""
    bed = place.bed
    before = len(place.stack.log())
    bed.set_options(endpoint=faults.closed_port())
    bed.put_message(GROUP, "bayko", time.strftime(
        "%Y-%m-%dT%H:%M:%S.999999+00:00", time.gmtime()), "lost and found",
                    uuid.uuid4())
    tap.ok(await_true(lambda: "could not connect to DynamoDB"
                      in place.stack.log()[before:]) is not None,
           "ALTER SERVER reaches it")
    bed.set_options(endpoint=place.proxy.url)
    tap.ok(await_true(lambda: place.bed_rows() == {"lost and found"})
           is not None, "and back")


def make_server(bed):
    bed.query("CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (" + ", ".join("%s %%s" % name for name in bed.options) + ")",
              *bed.options.values())
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur OPTIONS"
              " (access_key_id 'local', secret_access_key %s)",
              SECRETS["local"])


def extension(place):
    pid = worker().pid
    place.stalled()
    place.bed.query("DROP EXTENSION cruddur_ddb CASCADE")
    place.proxy.clear()
    comes("DROP EXTENSION does not wait for it", "waiting for CREATE EXTENSION")
    place.bed.query("CREATE EXTENSION cruddur_ddb")
    comes("it needs a server", 'server "cruddur" does not exist')
    time.sleep(2)
    tap.equal(place.stack.log().count('WARNING:  server "cruddur" does not'),
              1, "the log says so once")
    make_server(place.bed)
    comes("it is consuming again")
    tap.equal(worker().pid, pid, "it is still the same process")
    tap.ok(place.sent("a new extension") is not None, "and works")


def role(place):
    """As somebody else, with no more than README grants."""
    bed = place.bed
    bed.query("CREATE ROLE %s LOGIN" % ROLE)
    bed.query("GRANT USAGE ON FOREIGN SERVER cruddur TO %s" % ROLE)
    bed.query("GRANT SELECT, INSERT, UPDATE, DELETE ON cruddur_stream_shards,"
              " cruddur_stream_failures TO %s" % ROLE)
    bed.query("CREATE USER MAPPING FOR %s SERVER cruddur OPTIONS"
              " (access_key_id 'local', secret_access_key %%s)" % ROLE,
              SECRETS["local"])
    bed.query("ALTER SYSTEM SET cruddur_ddb.worker_role = '%s'" % ROLE)
    place.stack.restart("fast")
    bed.main = bed.connect()
    comes("it runs as cruddur_ddb.worker_role")
    tap.equal(worker().usename, ROLE, "as pg_stat_activity shows")
    tap.ok(place.sent("by a role") is not None, "with what it was granted")


def others_want_it(place):
    """CREATE DATABASE ... TEMPLATE, ALTER DATABASE and DROP DATABASE."""
    bed = place.bed
    bed.main.close()
    bed.in_cluster("CREATE DATABASE t_worker_copy TEMPLATE {}")
    bed.in_cluster("DROP DATABASE t_worker_copy")
    tap.ok(True, "its database can be copied")
    comes("it comes back")
    bed.in_cluster("ALTER DATABASE {} RENAME TO t_worker_away")
    tap.ok(True, "renamed")
    comes("where it waits", "waiting for the database")
    bed.in_cluster("ALTER DATABASE t_worker_away RENAME TO {}")
    comes("until it has the old name")
    place.stalled()
    bed.in_cluster("DROP DATABASE {}")
    tap.ok(True, "and dropped, without FORCE and in a stalled request")
    comes("it waits for the next", "waiting for the database")


STEPS = [starts, no_transaction, terminated, cancelled, settings, one_consumer,
         standby, killed, altered, extension, role, others_want_it]


def test():
    with OwnStack("worker", conf=CONF % ("worker", 200)) as stack:
        no_database(stack)
        with faults.Faults(os.environ["DDB_ENDPOINT"]) as proxy, \
                Bed("worker", stream=True, endpoint=proxy.url,
                    request_timeout_ms="2000") as bed:
            bed.put_group(GROUP, "andrewbrown", "bayko", key_at(2))
            place = Place(stack, bed, proxy)
            for step in STEPS:
                step(place)


tap.run(test)
