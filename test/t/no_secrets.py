#!/usr/bin/python3
"""
The secret key, the session token and the signatures made with them appear in
no error text, no notice, no row, no plan, no view of PostgreSQL's that tells of
statements, and no line of the server's log.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed, key_at
from keys import SECRETS, TOKENS, WITNESS
from ownstack import OwnStack

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
# What AWS says of a bad signature, as it says it.
CANONICAL = ("The request signature we calculated does not match the signature"
             " you provided. The Canonical String for this request should have"
             " been 'POST\n/\n\nx-amz-security-token:" + TOKENS[WITNESS] + "'")
INCOMPLETE = ("Authorization header requires 'Signature' parameter."
              " Authorization=AWS4-HMAC-SHA256 Credential=" + WITNESS)
# The same of one that is not AWS
QUOTED = "who is " + TOKENS[WITNESS] + "? not one of ours"
# PostgreSQL's own: what other sessions and programs can see of this one
VIEWS = ["pg_stat_activity", "pg_settings", "pg_prepared_statements",
         "pg_cursors", "pg_locks", "pg_backend_memory_contexts",
         "pg_foreign_table", "cruddur_ddb_stats",
         "cruddur_ddb_connections()", "pg_stat_statements"]
HIDDEN = [SECRETS[WITNESS], TOKENS[WITNESS], "AWS4-HMAC-SHA256", "Signature=",
          "uthorization:", "x-amz-security-token"]
CALLS = [
    "cruddur_list_message_groups('bayko')",
    "cruddur_list_messages('bayko', '" + GROUP + "')",
    "cruddur_create_message('bayko', '" + GROUP + "', 'hi')",
    "cruddur_create_message_group('bayko', 'londo', 'hi')",
    "cruddur_list_tables()", "cruddur_scan()",
    "cruddur_ddb_request('DescribeTable', '{\"TableName\": \"TABLE\"}')",
    "cruddur_ddb_connections()", "cruddur_ddb_stats", "items",
]
FAULTS = [
    faults.refused("UnrecognizedClientException"),
    faults.refused("InvalidSignatureException", CANONICAL, status=403),
    faults.refused("IncompleteSignatureException", INCOMPLETE),
    faults.refused("InvalidSignatureException", QUOTED, status=403),
    faults.answered(403, QUOTED.encode()),
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


def plans_and_views(bed):
    """What is told of statements, by PostgreSQL and by us."""
    told = []
    other = bed.connect()
    for form in ("TEXT", "JSON"):
        for query in ("SELECT * FROM items WHERE pk = 'a'",
                      "INSERT INTO items VALUES ('P#1', '%s')" % form,
                      "SELECT cruddur_scan()"):
            told.append(repr(bed.query(
                "EXPLAIN (ANALYZE, VERBOSE, SETTINGS, FORMAT %s) %s"
                % (form, query))))
    bed.query("BEGIN")
    bed.query("DECLARE c CURSOR FOR SELECT * FROM items")
    bed.query("PREPARE p AS SELECT * FROM items WHERE pk = $1")
    bed.query("EXECUTE p('a')")
    for view in VIEWS:
        for session in (bed.main, other):
            rows = bed.query("SELECT * FROM " + view, on=session)
            told += [repr(row) for row in rows
                     if "USER MAPPING" not in repr(row)]
    bed.query("COMMIT")
    return told


def statements(bed):
    """A server of its own, for the statements that are counted there."""
    bed.query("CREATE EXTENSION pg_stat_statements")
    told = plans_and_views(bed)
    tap.ok(any("users u" in row for row in told), "our own statements are there")
    for text in HIDDEN:
        tap.ok(not any(text in row for row in told),
               "not in plans and views: " + text)


def make_witness(bed):
    bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
    bed.query("""ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
        OPTIONS (SET access_key_id %s, SET secret_access_key %s,
            ADD session_token %s)""",
              WITNESS, SECRETS[WITNESS], TOKENS[WITNESS])
    bed.make_foreign("items", 'pk text COLLATE "C", sk text COLLATE "C"',
                     table_name=bed.table)


def test():
    conf = ("shared_preload_libraries = 'pg_stat_statements'\n"
            "pg_stat_statements.track = 'all'")
    with OwnStack("secrets", conf=conf), Bed("secrets") as bed:
        make_witness(bed)
        bed.query("SELECT * FROM cruddur_list_message_groups('bayko')")
        statements(bed)
    with Bed("secrets", max_attempts="1") as bed:
        make_witness(bed)
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
        # The statements themselves are the user's, and core logs them.
        seen.clear()
        bad_options(bed, seen)
        tap.ok(not any(SECRETS[WITNESS] in said for said in seen),
               "refused options are not quoted")


tap.run(test)
