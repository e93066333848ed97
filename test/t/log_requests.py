#!/usr/bin/python3
"""
The setting cruddur_ddb.log_requests: one line for each attempt, with what it
was and how it went, and nothing of what it carried.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed, key_at
from keys import SECRETS, TOKENS, WITNESS

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
TEXT = "for the eyes of two"
LINE = re.compile(r"LOG:  cruddur_ddb request: operation=(\w*) table=(\S*)"
                  r" attempt=(\d+) status=(\d+) time=(\d+\.\d+) ms"
                  r" units=(\S+) request_id=(\S*)\n")

# Every line of the whole test
SEEN = []


def lines(bed, query, *values):
    """The lines about one statement, parsed: all that it logged."""
    del bed.main.notices[:]
    try:
        bed.query(query, *values)
    except psycopg2.Error:
        pass
    SEEN.extend(bed.main.notices)
    parsed = [LINE.fullmatch(line) for line in bed.main.notices]
    if not tap.ok(all(parsed), "each line has its form: " + query[:40]):
        tap.note(bed.main.notices)
    return [match.groups() for match in parsed if match]


def outline(logged):
    return [(operation, table, int(attempt), int(status))
            for operation, table, attempt, status, _, _, _ in logged]


def each_request(bed):
    logged = lines(bed, "SELECT * FROM cruddur_list_messages('bayko', %s)",
                   GROUP)
    tap.equal(outline(logged), [("Query", bed.table, 1, 200)] * 2,
              "messages: the check and the page")
    tap.ok(all(float(line[4]) > 0 for line in logged), "they took time")
    tap.ok(sum(float(line[5]) for line in logged) > 0, "and cost units")
    tap.equal(len({line[6] for line in logged} - {""}), 2,
              "each has a request id of its own")
    logged = lines(bed, "SELECT * FROM cruddur_create_message('bayko', %s,"
                   " %s)", GROUP, TEXT)
    tap.equal(outline(logged), [("Query", bed.table, 1, 200),
                                ("PutItem", bed.table, 1, 200)], "a message")
    tap.equal(outline(lines(bed, "SELECT cruddur_list_tables()")),
              [("ListTables", "", 1, 200)], "a request of no table")


def failures(bed):
    logged = lines(bed, "SELECT cruddur_scan('t-nowhere')")
    tap.equal(outline(logged), [("Scan", "t-nowhere", 1, 400)],
              "a request that is refused")
    tap.ok(logged and logged[0][6], "and has its id")
    endpoint = bed.options["endpoint"]
    with faults.Faults(endpoint) as broken:
        bed.set_options(endpoint=broken.url)
        broken.add(faults.answered(500, {"__type": "x#InternalServerError"}),
                   times=2)
        tap.equal(outline(lines(bed, "SELECT cruddur_scan()")),
                  [("Scan", bed.table, 1, 500), ("Scan", bed.table, 2, 500),
                   ("Scan", bed.table, 3, 200)], "each attempt has its line")
        broken.add(faults.answered(400, {}, x_amzn_requestid="A\xffB"))
        tap.equal([line[6] for line in lines(bed, "SELECT cruddur_scan()")],
                  ["A?B"], "a request id that is no text is made one")
    bed.set_options(endpoint=endpoint)


def who_and_when(bed):
    tap.equal(lines(bed, "SELECT * FROM cruddur_user_short('bayko')"), [],
              "nothing is logged where nothing is sent")
    bed.query("SET cruddur_ddb.log_requests = off")
    tap.equal(lines(bed, "SELECT cruddur_scan()"), [], "off: no line")
    bed.query("SET SESSION AUTHORIZATION pg_monitor")
    tap.fails(lambda: bed.query("SET cruddur_ddb.log_requests = on"), "42501",
              "not for everyone to turn on")
    bed.query("RESET SESSION AUTHORIZATION")


def test():
    with Bed("log_requests") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(1))
        bed.put_message(GROUP, "andrewbrown", key_at(1), TEXT,
                        "11111111-0000-4000-8000-000000000001")
        bed.query("ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur OPTIONS"
                  " (SET access_key_id %s, SET secret_access_key %s,"
                  " ADD session_token %s)",
                  WITNESS, SECRETS[WITNESS], TOKENS[WITNESS])
        bed.query("SET client_min_messages = log")
        bed.query("SET cruddur_ddb.log_requests = on")
        each_request(bed)
        failures(bed)
        who_and_when(bed)
        hidden = (TEXT, WITNESS, SECRETS[WITNESS], TOKENS[WITNESS])
        tap.equal([line for line in SEEN for word in hidden if word in line],
                  [], "no line tells a text or a key")


tap.run(test)
