#!/usr/bin/python3
"""
Every row of the fault table, by every function that takes the argument: its
SQLSTATE, its constraint name, and nothing written. And READ ONLY
transactions, where reads work and writes do not.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import Bed, key_at

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
LONG = "ж" * 1025

CREATE = "cruddur_create_message('bayko', '" + GROUP + "', %s)"
OPEN = "cruddur_create_message_group('bayko', 'londo', %s)"

# (SQLSTATE, constraint name, [(call, argument), ...])
ROWS = [
    ("23514", "message_blank",
     [(call, text) for call in (CREATE, OPEN) for text in (None, "")]),
    ("23514", "message_exceed_max_chars", [(CREATE, LONG), (OPEN, LONG)]),
    ("23514", "message_group_uuid_blank",
     [("cruddur_list_messages('bayko', %s)", None),
      ("cruddur_create_message('bayko', %s, 'hi')", None)]),
    ("23514", "handle_blank",
     [(call, handle) for call in (
         "cruddur_list_message_groups(%s)",
         "cruddur_list_messages(%s, '" + GROUP + "')",
         "cruddur_create_message(%s, '" + GROUP + "', 'hi')",
         "cruddur_create_message_group(%s, 'londo', 'hi')",
         "cruddur_user_short(%s)",
         "cruddur_seed(%s, 'londo')") for handle in (None, "")]),
    ("23514", "user_reciever_handle_blank",
     [("cruddur_create_message_group('bayko', %s, 'hi')", handle)
      for handle in (None, "")]),
    ("23514", "cognito_user_id_blank",
     [("cruddur_handle(%s)", None), ("cruddur_handle(%s)", "")]),
    ("23514", "receiver_is_sender",
     [("cruddur_create_message_group('bayko', %s, 'hi')", "bayko")]),
    ("22023", "max_results_out_of_range",
     [(call, n) for call in (
         "cruddur_list_message_groups('bayko', %s)",
         "cruddur_list_messages('bayko', '" + GROUP + "', %s)")
      for n in (0, -1, 1001, 2**31 - 1)]),
    ("22023", "table_name_blank",
     [("cruddur_drop_table(%s)", None), ("cruddur_drop_table(%s)", ""),
      ("cruddur_scan(%s)", "")]),
    ("P0002", "user_not_found",
     [(call, "nobody") for call in (
         "cruddur_list_message_groups(%s)",
         "cruddur_list_messages(%s, '" + GROUP + "')",
         "cruddur_create_message(%s, '" + GROUP + "', 'hi')",
         "cruddur_create_message_group(%s, 'londo', 'hi')",
         "cruddur_create_message_group('bayko', %s, 'hi')",
         "cruddur_user_short(%s)", "cruddur_handle(%s)",
         "cruddur_seed(%s, 'londo')", "cruddur_seed('londo', %s)")]),
    ("42501", "not_a_member",
     [("cruddur_list_messages(%s, '" + GROUP + "')", "londo"),
      ("cruddur_create_message(%s, '" + GROUP + "', 'hi')", "londo"),
      ("cruddur_list_messages('bayko', %s)",
       "ffffffff-0000-4000-8000-000000000001"),
      ("cruddur_create_message('bayko', %s, 'hi')",
       "ffffffff-0000-4000-8000-000000000001")]),
]

READS = [
    "cruddur_list_message_groups('bayko')",
    "cruddur_list_messages('bayko', '" + GROUP + "')",
    "cruddur_handle('cognito-bayko')", "cruddur_user_short('bayko')",
    "cruddur_list_tables()", "cruddur_scan()",
    "cruddur_ddb_request('DescribeTable', '{\"TableName\": \"TABLE\"}')",
]
WRITES = [
    "cruddur_create_message('bayko', '" + GROUP + "', 'hi')",
    "cruddur_create_message_group('bayko', 'londo', 'hi')",
    "cruddur_seed('bayko', 'londo')", "cruddur_schema_load(true)",
    "cruddur_drop_table('TABLE')",
    "cruddur_ddb_request('PutItem', '{\"TableName\": \"TABLE\","
    " \"Item\": {\"pk\": {\"S\": \"a\"}, \"sk\": {\"S\": \"b\"}}}')",
]


def fault_rows(bed):
    for sqlstate, constraint, calls in ROWS:
        for call, argument in calls:
            shown = call.replace(GROUP, "..") % (
                "1025 characters" if argument == LONG else repr(argument))
            tap.fails(lambda: bed.query("SELECT * FROM " + call, argument),
                      sqlstate, "%s: %s" % (constraint, shown), constraint)


def read_only(bed):
    bed.query("SET default_transaction_read_only = on")
    for call in READS:
        call = call.replace("TABLE", bed.table)
        rows = bed.query("SELECT * FROM " + call)
        tap.ok(rows, "READ ONLY reads: " + call.replace(GROUP, ".."))
    for call in WRITES:
        call = call.replace("TABLE", bed.table)
        tap.fails(lambda: bed.query("SELECT * FROM " + call), "25006",
                  "READ ONLY refuses: " + call.replace(GROUP, ".."))
    bed.query("SET default_transaction_read_only = off")


def test():
    with Bed("faults_table") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(1))
        bed.put_message(GROUP, "bayko", key_at(1), "the only one",
                        "11111111-0000-4000-8000-000000000001")
        before = bed.scan()
        tap.equal(len(before), 3, "three items before")
        fault_rows(bed)
        tap.equal(bed.scan(), before, "no fault has written anything")
        read_only(bed)
        tap.equal(bed.scan(), before, "nothing written by READ ONLY either")
        # The same calls without the fault, so that they can succeed at all.
        bed.query("SELECT * FROM " + CREATE, LONG[1:])
        bed.query("SELECT * FROM " + OPEN, LONG[1:])
        tap.equal(len(bed.scan()), 7, "without a fault they write")


tap.run(test)
