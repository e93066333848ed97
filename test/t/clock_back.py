#!/usr/bin/python3
"""
The server's clock is put back by an hour while the workers wait for another
attempt: they do not wait an hour longer, neither for what they remember nor for
what the outbox's table says.
"""

import os
import struct
import sys
import tempfile
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed, key_at
from keys import SECRETS
from ownstack import OwnStack, compile_shim
from workers import CONF, OUTBOX, STREAM, await_true, does, worker

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
HOUR_S = 3600
NAPTIME_MS = 200
# Pauses are of 1, 2 and 4 seconds, until then.
LIMIT_S = 20


class Clock:
    """The server's, put back by seconds from the real one."""

    def __init__(self, folder):
        self.path = folder + "/moved"
        self.put_back(0)
        os.chmod(self.path, 0o644)

    def put_back(self, seconds):
        # In place: the server has it mapped.
        with open(self.path, "r+b" if os.path.exists(self.path)
                  else "wb") as moved:
            moved.write(struct.pack("q", -seconds))


def send(bed, text):
    bed.query("SELECT * FROM cruddur_create_message('bayko', %s, %s)", GROUP,
              text)


def arrives(bed, text, name):
    tap.ok(await_true(lambda: text in [
        item["message"] for item in bed.partition("MSG#" + GROUP)], LIMIT_S)
           is not None, name)


def waits_for_another_attempt(bed, proxy, text):
    """DynamoDB is away when this message is to be delivered."""
    proxy.clear()
    proxy.add(faults.hung_up(), times=10**6)
    send(bed, text)
    tap.ok(await_true(lambda: bed.query(
        "SELECT 1 FROM cruddur_outbox WHERE attempts > 0")) is not None,
           "an attempt has failed: " + text)


def outbox(bed, proxy, clock):
    waits_for_another_attempt(bed, proxy, "late")
    clock.put_back(HOUR_S)
    tap.ok(bed.query("SELECT now() < %s::timestamptz AS it",
                     bed.query("SELECT created_at FROM cruddur_outbox")[0][0])
           [0].it, "the clock has been put back")
    proxy.clear()
    arrives(bed, "late", "the worker goes on by its own time")

    clock.put_back(0)
    waits_for_another_attempt(bed, proxy, "for another worker")
    clock.put_back(HOUR_S)
    bed.query("SELECT pg_terminate_backend(%s)", worker(OUTBOX).pid)
    proxy.clear()
    arrives(bed, "for another worker", "what is due in an hour is due now")

    bed.query("ALTER SYSTEM SET cruddur_ddb.outbox_worker = off")
    bed.query("SELECT pg_reload_conf()")
    await_true(lambda: does("turned off", OUTBOX))
    send(bed, "held")
    bed.query("UPDATE cruddur_outbox SET next_attempt_at = 'infinity'")
    tap.equal(bed.query("SELECT cruddur_outbox_deliver()")[0][0], 0,
              "what was put off for ever stays")
    bed.query("UPDATE cruddur_outbox SET next_attempt_at = now()")
    tap.equal(bed.query("SELECT cruddur_outbox_deliver()")[0][0], 1,
              "until it is due")
    bed.query("ALTER SYSTEM RESET cruddur_ddb.outbox_worker")
    bed.query("SELECT pg_reload_conf()")


def stream(bed, clock):
    """After an error of the worker itself."""
    clock.put_back(0)
    bed.query("DROP USER MAPPING FOR CURRENT_USER SERVER cruddur")
    tap.ok(await_true(lambda: does("waiting after an error", STREAM))
           is not None, "the stream's worker waits after an error")
    clock.put_back(HOUR_S)
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur OPTIONS"
              " (access_key_id 'local', secret_access_key %s)",
              SECRETS["local"])
    bed.put_message(GROUP, "bayko", "2100-01-01T00:00:00.000000+00:00", "new",
                    uuid.uuid4())
    tap.ok(await_true(lambda: all(
        item["message"]["S"] == "new" for item in bed.scan()
        if item["pk"]["S"].startswith("GRP#")), LIMIT_S) is not None,
           "it goes on by its own time, too")


def test():
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(folder)
        environment = {"LD_PRELOAD": compile_shim(folder, "movedclock"),
                       "MOVED_CLOCK": clock.path}
        with OwnStack("clock_back", environment,
                      CONF % ("clock_back", NAPTIME_MS),
                      new_dynamodb=True), \
                Bed("clock_back", stream=True) as bed, \
                faults.Faults(bed.options["endpoint"]) as proxy:
            bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
            bed.set_options(endpoint=proxy.url, max_attempts="1")
            bed.query("SET cruddur_ddb.write_mode = outbox")
            outbox(bed, proxy, clock)
            stream(bed, clock)


tap.run(test)
