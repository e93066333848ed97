#!/usr/bin/python3
"""
The secret key, the session token and the signatures made with them appear in
no error text, no notice, no row and no line of the server's log.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed, key_at
from keys import SECRETS, TOKENS, WITNESS

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
HIDDEN = [SECRETS[WITNESS], TOKENS[WITNESS], "AWS4-HMAC-SHA256", "Signature=",
          "uthorization:", "x-amz-security-token"]
CALLS = [
    "cruddur_list_message_groups('bayko')",
    "cruddur_list_messages('bayko', '" + GROUP + "')",
    "cruddur_create_message('bayko', '" + GROUP + "', 'hi')",
    "cruddur_create_message_group('bayko', 'londo', 'hi')",
    "cruddur_list_tables()", "cruddur_scan()",
    "cruddur_ddb_request('DescribeTable', '{\"TableName\": \"TABLE\"}')",
    "cruddur_ddb_connections()", "cruddur_ddb_stats",
]
FAULTS = [
    faults.refused("UnrecognizedClientException"),
    faults.refused("InvalidSignatureException", status=403),
    faults.refused("ValidationException"), faults.reset(),
    faults.answered(200, b"<html>"), faults.wrong_crc(), faults.hung_up(),
]


def log_size():
    return os.path.getsize(os.environ["DDB_STACK_DIR"] + "/server.log")


def log_since(start):
    with open(os.environ["DDB_STACK_DIR"] + "/server.log", "rb") as log:
        log.seek(start)
        return log.read().decode("utf-8", "replace")


def everything_of(error):
    return "\n".join(str(getattr(error.diag, field)) for field in dir(
        error.diag) if not field.startswith("_"))


def calls(bed, seen):
    """Each call, loudly; what it gives or says goes to seen."""
    failures = 0
    for call in CALLS:
        try:
            seen.append(repr(bed.query(
                "SELECT * FROM " + call.replace("TABLE", bed.table))))
        except psycopg2.Error as error:
            failures += 1
            seen.append(everything_of(error))
        seen += bed.main.notices
        del bed.main.notices[:]
    return failures


def bad_options(bed, seen):
    """An option list that is refused must not be quoted."""
    for options in ("ADD secret_access_kee '%s'", "SET secret_access_key ''",
                    "ADD secret_access_key '%s'", "SET session_token '%s\n'",
                    "SET access_key_id 'a\nb'"):
        if "%s" in options:
            options = options % SECRETS[WITNESS]
        error = tap.fails(lambda: bed.query(
            "ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur OPTIONS"
            " (" + options + ")"), ("HV00D", "HV024", "42710", "22023"),
            "refused: " + options.split()[0] + " " + options.split()[1])
        seen.append(everything_of(error) if error else "")


def test():
    with Bed("secrets", max_attempts="1") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        bed.query("""ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
            OPTIONS (SET access_key_id %s, SET secret_access_key %s,
                ADD session_token %s)""",
                  WITNESS, SECRETS[WITNESS], TOKENS[WITNESS])
        for setting in ("log_min_messages = debug5",
                        "client_min_messages = debug5",
                        "log_error_verbosity = verbose",
                        "cruddur_ddb.log_requests = on"):
            bed.query("SET " + setting)
        start, seen = log_size(), []
        tap.equal(calls(bed, seen), 0, "the calls succeed")
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            for behaviour in FAULTS:
                broken.clear()
                broken.add(behaviour, times=1000)
                tap.ok(calls(bed, seen) >= 7, "the calls fail")
        log = log_since(start)
        tap.ok(bed.dbname in log or "Query" in log, "there is a log to read")
        for text in HIDDEN:
            tap.ok(text not in log, "not in the log: " + text)
            tap.ok(not any(text in said for said in seen),
                   "not in what the client saw: " + text)
        # The statements themselves are the user's and core may log them.
        bed.query("SET log_min_messages = fatal")
        seen.clear()
        bad_options(bed, seen)
        tap.ok(not any(SECRETS[WITNESS] in said for said in seen),
               "refused options are not quoted")


tap.run(test)
