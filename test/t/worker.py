#!/usr/bin/python3
"""
The background workers as processes: they wait for their database, the extension
and promotion, end at once when they are told to, come back, leave a database
that others want alone, have no transaction open while they wait for DynamoDB,
do not hold up each other, and heed their settings.
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
from workers import (CONF, OUTBOX, STREAM, await_true, does, session,
                     worker)

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
SEND = "SELECT * FROM cruddur_create_message('bayko', '%s', %%s)" % GROUP
CONSUMES = "waiting for records"
DELIVERS = "waiting for entries"
IDLE = {STREAM: CONSUMES, OUTBOX: DELIVERS}
FOREVER = 10**6
ROLE = "t_worker_role"


class Place:
    """The server, the bed in it, and the proxy before DynamoDB."""

    def __init__(self, stack, bed, proxy):
        self.stack = stack
        self.bed = bed
        self.proxy = proxy

    def send(self, text, mode="transaction"):
        self.bed.query("SET cruddur_ddb.write_mode = " + mode)
        self.bed.query(SEND, text)

    def sent(self, text, limit_s=10, mode="transaction"):
        """Send a message; seconds until both rows have it, or None."""
        self.send(text, mode)
        return await_true(lambda: self.bed_rows() == {text}, limit_s)

    def arrived(self, text, limit_s=10):
        """Seconds until this message is in DynamoDB, or None."""
        return await_true(lambda: text in self.messages(), limit_s)

    def messages(self):
        return [item["message"] for item in
                self.bed.partition("MSG#" + GROUP)]

    def bed_rows(self):
        return {item["message"]["S"] for item in self.bed.scan()
                if item["pk"]["S"].startswith("GRP#")}

    def stalled(self):
        """
        From now on nothing is answered; once both workers wait for an answer, one
        of them with a message.
        """
        self.proxy.clear()
        self.proxy.add(faults.silent(), FOREVER)
        self.send("stalled", "outbox")
        return await_true(self.both_wait) is not None

    def both_wait(self):
        """One of them to know who is a member, which the other never asks."""
        asked = [request.on_index() and "FilterExpression" in request.json()
                 for request in self.proxy.seen()]
        return True in asked and False in asked

    def alter_system(self, text):
        self.bed.query("ALTER SYSTEM " + text)
        self.bed.query("SELECT pg_reload_conf()")


def end(act, name):
    """The workers that are there now end within a second of act()."""
    pids = [worker(which).pid for which in IDLE]
    start = time.monotonic()
    act(pids)
    tap.ok(await_true(lambda: not any(map(is_alive, pids))) is not None
           and time.monotonic() - start < 1, name)


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def comes(name, what=CONSUMES, which=STREAM):
    if tap.ok(await_true(lambda: does(what, which)) is not None, name):
        return
    tap.note(worker(which))


def come(name, what=None):
    """Both."""
    if tap.ok(await_true(lambda: all(does(what or idle, which)
                                     for which, idle in IDLE.items()))
              is not None, name):
        return
    for which in IDLE:
        tap.note(worker(which))


def no_database(stack):
    come("they wait for their database", "waiting for the database")
    time.sleep(2)
    tap.equal(stack.log().count('database "t_worker" does not exist'), 2,
              "which each says once in the log")


def start_of(place):
    come("they come when there are a database, the extension and a server")
    for which in IDLE:
        row = worker(which)
        tap.equal((row.datname, row.usename, row.application_name,
                   row.xact_start), ("t_worker", "postgres", which, None),
                  "pg_stat_activity shows who it is: " + which)
    tap.ok(place.sent("first") is not None, "the rows of a message are moved")
    tap.ok(place.sent("caf\u00e9", mode="outbox") is not None,
           "so are those of one that was delivered")


def no_transaction(place):
    """
    Not while a request is under way. They have short ones, to look around; one
    that lasted as long as the request would be as old.
    """
    ages = [0]
    tap.ok(place.stalled(), "a request of each stalls")
    with session("postgres") as cursor:
        for _ in range(150):
            cursor.execute(
                "SELECT max(extract(epoch FROM clock_timestamp() - xact_start))"
                " AS xact, array_agg(state) AS states FROM pg_stat_activity"
                " WHERE backend_type = ANY (%s)", [list(IDLE)])
            row = cursor.fetchone()
            ages.append(row.xact or 0)
            time.sleep(0.01)
    tap.equal(row.states, ["active", "active"], "and is still under way")
    tap.ok(max(ages) < 0.5, "no transaction is open meanwhile")


def apart(place):
    """What stalls one does not concern the other."""
    place.proxy.clear()
    place.proxy.add(faults.silent(), FOREVER,
                    when=lambda request: request.operation == "GetRecords")
    tap.ok(await_true(lambda: place.proxy.seen("GetRecords")) is not None,
           "the stream stalls")
    place.send("apart", "outbox")
    tap.ok(place.arrived("apart", 4) is not None, "messages are delivered")
    place.proxy.clear()
    place.proxy.add(faults.silent(), FOREVER,
                    when=lambda request: request.operation == "PutItem")
    come("both are at work")
    place.send("held up", "outbox")
    tap.ok(await_true(lambda: place.proxy.seen("PutItem")) is not None,
           "a message stalls")
    put_late(place.bed, "from outside")
    tap.ok(await_true(lambda: place.bed_rows() == {"from outside"})
           is not None and does("delivering", OUTBOX),
           "rows of others are moved")
    place.proxy.clear()
    tap.ok(place.arrived("held up") is not None, "it is sent again")


def put_late(bed, text):
    """By another than PostgreSQL, at the end of this second."""
    bed.put_message(GROUP, "bayko", time.strftime(
        "%Y-%m-%dT%H:%M:%S.999999+00:00", time.gmtime()), text, uuid.uuid4())


def terminated(place):
    tap.ok(place.stalled(), "requests of both stall")
    end(lambda pids: [place.bed.query("SELECT pg_terminate_backend(%s)", pid)
                      for pid in pids],
        "SIGTERM in a stalled request ends each within a second")
    tap.ok(await_true(lambda: worker(STREAM) and worker(OUTBOX), 5)
           is not None, "others come")
    tap.ok(place.stalled(), "and have requests that stall")
    end(lambda _: place.stack.restart("fast"), "so does a fast shutdown")
    place.proxy.clear()
    place.bed.main = place.bed.connect()
    come("they are there again")


def cancelled(place):
    pid = worker().pid
    place.stalled()
    place.bed.query("SELECT pg_cancel_backend(%s)", pid)
    comes("a cancel is an error like others", "waiting after an error")
    place.proxy.clear()
    comes("after which it goes on")
    tap.equal(worker().pid, pid, "as the same process")


def not_found(place):
    """A shard that is not found once, though it is listed."""
    place.proxy.clear()
    place.proxy.add(faults.refused("ResourceNotFoundException"),
                    when=lambda request: request.operation == "GetRecords")
    tap.ok(await_true(lambda: not place.proxy.rules[0][1]) is not None,
           "a shard is not found")
    put_late(place.bed, "found")
    tap.ok(await_true(lambda: place.bed_rows() == {"found"}) is not None,
           "though the service lists it: it is read again")


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


def outbox_settings(place):
    place.alter_system("SET cruddur_ddb.outbox_worker = off")
    comes("the other is turned off", "turned off", OUTBOX)
    place.send("by hand", "outbox")
    tap.equal(place.arrived("by hand", 1), None, "it does nothing")
    tap.equal(place.bed.query("SELECT cruddur_outbox_deliver() AS n")[0].n, 1,
              "so cruddur_outbox_deliver() may")
    place.alter_system("RESET cruddur_ddb.outbox_worker")
    comes("turned on again", DELIVERS, OUTBOX)
    tap.fails(lambda: place.bed.query("SELECT cruddur_outbox_deliver()"),
              "55P03", "and there is one who delivers")
    tap.ok(place.sent("delivered", mode="outbox") is not None, "it does")


def one_of_each(place):
    """Another session whose transaction is open keeps a worker out."""
    for name in ("stream", "outbox"):
        place.alter_system("SET cruddur_ddb.%s_worker = off" % name)
    come("turned off once more", "turned off")
    with session("t_worker") as other:
        other.execute("BEGIN")
        other.execute("SELECT cruddur_process_stream(),"
                      " cruddur_outbox_deliver()")
        for name in ("stream", "outbox"):
            place.alter_system("RESET cruddur_ddb.%s_worker" % name)
        come("they wait for another session", "waiting for another session")
        other.execute("COMMIT")
        come("until that has done")


def standby(_):
    with Standby() as there:
        host = there.dir.name
        with session("postgres", host) as cursor:
            cursor.execute("SELECT pg_is_in_recovery() AS it")
            tap.ok(cursor.fetchone().it, "a standby follows")
        time.sleep(1)
        tap.equal([worker(which, host) for which in IDLE], [None, None],
                  "which has no workers")
        there.pg_ctl("promote")
        tap.ok(await_true(lambda: all(does(what, which, host) for which, what
                                      in IDLE.items())) is not None,
               "until it is promoted")


def killed(place):
    pids = [worker(which).pid for which in IDLE]
    os.kill(pids[1], signal.SIGKILL)
    # The other goes when the server has noticed.
    tap.ok(await_true(lambda: not any(map(is_alive, pids))) is not None,
           "killed with -9, it takes the other along")
    come("both come back")
    place.bed.main = place.bed.connect()
    tap.ok(place.sent("after the crash", mode="outbox") is not None,
           "and work")


def altered(place):
    """ALTER SERVER reaches them; what they could not do meanwhile is done."""
    bed = place.bed
    before = len(place.stack.log())
    bed.set_options(endpoint=faults.closed_port())
    place.send("late", "outbox")
    put_late(bed, "lost and found")
    for words in ("could not read shard", "the outbox of user"):
        tap.ok(await_true(lambda: words in place.stack.log()[before:])
               is not None, "ALTER SERVER reaches it: " + words)
    bed.set_options(endpoint=place.proxy.url)
    tap.ok(await_true(lambda: place.bed_rows() == {"lost and found"})
           is not None, "and back")
    tap.ok(place.arrived("late") is not None, "both")


def make_server(bed):
    bed.query("CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (" + ", ".join("%s %%s" % name for name in bed.options) + ")",
              *bed.options.values())
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur OPTIONS"
              " (access_key_id 'local', secret_access_key %s)",
              SECRETS["local"])


def extension(place):
    pids = [worker(which).pid for which in IDLE]
    tap.ok(place.stalled(), "requests of both stall again")
    place.bed.query("DROP EXTENSION cruddur_ddb CASCADE")
    place.proxy.clear()
    come("DROP EXTENSION does not wait for them",
         "waiting for CREATE EXTENSION")
    place.bed.query("CREATE EXTENSION cruddur_ddb")
    comes("it needs a server", 'server "cruddur" does not exist')
    time.sleep(2)
    tap.equal(place.stack.log().count('WARNING:  server "cruddur" does not'),
              1, "the log says so once")
    make_server(place.bed)
    come("they are at work again")
    tap.equal([worker(which).pid for which in IDLE], pids,
              "they are still the same processes")
    tap.ok(place.sent("a new extension", mode="outbox") is not None,
           "and work")


def replaced(place):
    """
    Another extension at once, while an entry of the old one is under way. The
    new one has an entry of the same number, which is not the same.
    """
    bed = place.bed
    place.stalled()
    number = bed.query("SELECT id FROM cruddur_outbox")[0].id
    bed.query("BEGIN")
    bed.query("DROP EXTENSION cruddur_ddb CASCADE")
    bed.query("CREATE EXTENSION cruddur_ddb")
    bed.query("SELECT setval('cruddur_outbox_id_seq', %s, false)", number)
    make_server(bed)
    place.send("same number", "outbox")
    bed.query("COMMIT")
    place.proxy.clear()
    tap.ok(place.arrived("same number") is not None,
           "an entry of a new extension is not taken for an old one")


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
    come("they run as cruddur_ddb.worker_role")
    tap.equal([worker(which).usename for which in IDLE], [ROLE, ROLE],
              "as pg_stat_activity shows")
    tap.ok(place.sent("by a role", mode="outbox") is not None,
           "with what it was granted")


def others_want_it(place):
    """CREATE DATABASE ... TEMPLATE, ALTER DATABASE and DROP DATABASE."""
    bed = place.bed
    bed.main.close()
    bed.in_cluster("CREATE DATABASE t_worker_copy TEMPLATE {}")
    bed.in_cluster("DROP DATABASE t_worker_copy")
    tap.ok(True, "their database can be copied")
    come("they come back")
    bed.in_cluster("ALTER DATABASE {} RENAME TO t_worker_away")
    tap.ok(True, "renamed")
    come("where they wait", "waiting for the database")
    bed.in_cluster("ALTER DATABASE t_worker_away RENAME TO {}")
    come("until it has the old name")
    bed.main = bed.connect()
    place.stalled()
    bed.main.close()
    bed.in_cluster("DROP DATABASE {}")
    tap.ok(True, "and dropped, without FORCE and in stalled requests")
    come("they wait for the next", "waiting for the database")


STEPS = [start_of, no_transaction, apart, terminated, cancelled, not_found,
         settings, outbox_settings, one_of_each, standby, killed, altered,
         extension, replaced, role, others_want_it]


def test():
    # What is logged of requests is said without a transaction.
    with OwnStack("worker", conf=CONF % ("worker", 200)
                  + "cruddur_ddb.log_requests = on\n") as stack:
        no_database(stack)
        with faults.Faults(os.environ["DDB_ENDPOINT"]) as proxy, \
                Bed("worker", encoding="LATIN1", stream=True,
                    endpoint=proxy.url, request_timeout_ms="2000") as bed:
            bed.put_group(GROUP, "andrewbrown", "bayko", key_at(2))
            place = Place(stack, bed, proxy)
            for step in STEPS:
                step(place)


tap.run(test)
