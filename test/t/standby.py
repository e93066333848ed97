#!/usr/bin/python3
"""
A hot standby: reads work there, writes fail with 25006 and send nothing, an
ALTER SERVER on the primary arrives, and a promoted standby writes.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap
from bed import Bed, key_at
from hotstandby import Standby

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
MESSAGES = "SELECT * FROM cruddur_list_messages('bayko', '%s')" % GROUP
CREATE = "SELECT * FROM cruddur_create_message('bayko', '%s', 'hi')" % GROUP
# Nobody listens on this port.
DEAD = "http://127.0.0.1:1"
LIMIT_S = 60

READS = [
    ("groups", "SELECT * FROM cruddur_list_message_groups('bayko')", 1),
    ("messages", MESSAGES, 2),
    ("a scan", "SELECT cruddur_scan()", 4),
    ("a look-up", "SELECT cruddur_handle('cognito-bayko')", None),
    ("GetItem", "SELECT cruddur_ddb_request('GetItem', '{\"TableName\":"
     " \"TABLE\", \"Key\": {\"pk\": {\"S\": \"a\"},"
     " \"sk\": {\"S\": \"b\"}}}')", 1),
    ("ListTables", "SELECT 1 FROM cruddur_list_tables() AS name"
     " WHERE name = 'TABLE'", 1),
]
WRITES = [
    CREATE,
    "SELECT * FROM cruddur_create_message_group('bayko', 'londo', 'hi')",
    "SELECT cruddur_seed('bayko', 'londo', gen_random_uuid())",
    "SELECT cruddur_schema_load(true)",
    "SELECT cruddur_drop_table('TABLE')",
    "SELECT cruddur_ddb_request('DeleteTable', '{\"TableName\": \"TABLE\"}')",
]


def reads(bed, session):
    for name, query, count in READS:
        rows = bed.query(query.replace("TABLE", bed.table), on=session)
        tap.ok(len(rows) == (count or 1), "a standby reads: " + name)
    rows = bed.query(MESSAGES, on=session)
    tap.equal([row.message for row in rows], ["first", "second"],
              "and what it reads is right")


def writes(bed, session):
    before = bed.scan()
    for query in WRITES:
        tap.fails(lambda: bed.query(query.replace("TABLE", bed.table),
                                    on=session), "25006",
                  "a standby refuses: " + query.replace(GROUP, ".."))
    tap.equal(bed.scan(), before, "nothing was written")


def comes_to(bed, session, sqlstate):
    """Does the query end in this way (None: well), at last?"""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            bed.query(MESSAGES, on=session)
            found = None
        except psycopg2.Error as error:
            found = error.pgcode
        if found == sqlstate:
            return True
        time.sleep(0.05)
    return False


def alterations(bed, session):
    endpoint = bed.options["endpoint"]
    bed.set_options(endpoint=DEAD)
    tap.ok(comes_to(bed, session, "08001"),
           "ALTER SERVER on the primary reaches an open session")
    bed.set_options(endpoint=endpoint)
    tap.ok(comes_to(bed, session, None), "and back")


def promotion(bed, standby, session):
    standby.pg_ctl("promote")
    rows = bed.query(CREATE, on=session)
    tap.equal([row.message for row in rows], ["hi"],
              "the same session writes once the standby is promoted")
    tap.equal(len(bed.scan()), 5, "and the message is there")


def test():
    with Bed("standby") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(2))
        for i, text in enumerate(("first", "second")):
            bed.put_message(GROUP, "bayko", key_at(i + 1), text,
                            "11111111-0000-4000-8000-00000000000%d" % i)
        with Standby() as standby:
            session = standby.connect(bed)
            tap.ok(bed.query("SELECT pg_is_in_recovery() AS it",
                             on=session)[0].it, "a standby follows")
            reads(bed, session)
            writes(bed, session)
            alterations(bed, session)
            promotion(bed, standby, session)


tap.run(test)
