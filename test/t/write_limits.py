#!/usr/bin/python3
"""
What a transaction may write: 100 items and 4 MB, by one server, and committed
at once. What is refused writes nothing.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed, key_at
from keys import SECRETS

COLUMNS = 'pk text COLLATE "C", n int, filler text'
MANY = "INSERT INTO t SELECT '%s' || i, i FROM generate_series(%d, %d) i"
LARGE = ("INSERT INTO t SELECT 'l' || i, i, repeat('x', %d)"
         " FROM generate_series(1, %d) i")
GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"


def items(bed, suffix="t"):
    """How many there are."""
    pages = bed.dynamodb.get_paginator("scan").paginate(
        TableName="%s-%s" % (bed.table, suffix), ConsistentRead=True)
    return sum(page["Count"] for page in pages)


def empty(bed):
    bed.query("SET cruddur_ddb.write_mode = immediate")
    bed.query("DELETE FROM t")
    bed.query("RESET cruddur_ddb.write_mode")


def refused(bed, name, *statements, sqlstate="54000"):
    """Statements of a block, the last of which is refused."""
    before = items(bed)
    bed.query("BEGIN")
    for statement in statements[:-1]:
        bed.query(statement)
    error = tap.fails(lambda: bed.query(statements[-1]), sqlstate, name)
    bed.query("ROLLBACK")
    tap.equal(items(bed), before, "and nothing is written: " + name)
    return error


def count_of_items(bed, broken):
    error = refused(bed, "101 items, one statement", MANY % ("a", 1, 101))
    tap.ok("write_mode" in (error.diag.message_hint or "")
           and "immediate" in error.diag.message_hint,
           "the hint names the other mode")
    tap.fails(lambda: bed.query(MANY % ("a", 1, 101)), "54000",
              "101 items, no block")
    tap.equal(items(bed), 0, "and nothing is written")
    refused(bed, "101 items, two statements", MANY % ("a", 1, 60),
            MANY % ("b", 1, 41))
    broken.clear()
    bed.query("BEGIN")
    bed.query(MANY % ("a", 1, 60))
    bed.query(MANY % ("b", 1, 40))
    tap.equal(items(bed), 0, "before COMMIT there are none")
    bed.query("COMMIT")
    tap.equal(items(bed), 100, "100 items can be written")
    tap.equal([len(r.json()["TransactItems"])
               for r in broken.seen("TransactWriteItems")], [100],
              "by one request")
    bed.query("INSERT INTO t VALUES ('one more', 1)")
    for text in ("UPDATE t SET n = -n - 1", "DELETE FROM t", "TRUNCATE t",
                 "UPDATE t SET pk = pk || '!'"):
        refused(bed, "101 items: " + text, text)


def what_does_not_count(bed):
    """A statement that is undone, and an item that is again as it was."""
    empty(bed)
    bed.query("""DO $$ BEGIN
        FOR i IN 1 .. 150 LOOP
            INSERT INTO t VALUES ('p' || i, i);
            DELETE FROM t WHERE pk = 'p' || i;
        END LOOP;
        INSERT INTO t VALUES ('one', 0);
        FOR i IN 1 .. 150 LOOP
            UPDATE t SET n = i WHERE pk = 'one';
        END LOOP;
    END $$""")
    tap.equal(bed.query("SELECT pk, n FROM t"), [("one", 150)],
              "150 insertions undone, 150 changes of one item")
    bed.query("BEGIN")
    bed.query(MANY % ("a", 1, 90))
    bed.query("SAVEPOINT s")
    tap.fails(lambda: bed.query(MANY % ("b", 1, 11)), "54000",
              "101 items, 11 of them after a savepoint")
    bed.query("ROLLBACK TO s")
    bed.query(MANY % ("c", 1, 10))
    bed.query("COMMIT")
    tap.equal(items(bed), 101, "ROLLBACK TO makes room for 10 others")
    tap.equal(bed.query("SELECT count(*) FROM t WHERE pk LIKE 'b%%'"),
              [(0,)], "what was rolled back is not there")


def size_of_items(bed):
    empty(bed)
    refused(bed, "over 4 MB, one statement", LARGE % (380_000, 12))
    refused(bed, "over 4 MB, two statements", LARGE % (380_000, 10),
            "INSERT INTO t VALUES ('m', 1, repeat('x', 396000))")
    bed.query(LARGE % (380_000, 11))
    tap.equal(items(bed), 11, "just under 4 MB can be written")
    refused(bed, "a value over 400 KB",
            "INSERT INTO t VALUES ('x', 1, repeat('x', 410000))")
    for more in ("", "; INSERT INTO t VALUES ('other', 1)"):
        bed.query("BEGIN; INSERT INTO t VALUES ('x', 1, repeat('x', 409590))"
                  + more)
        tap.fails(lambda: bed.query("COMMIT"), "54000",
                  "an item over 400 KB" + more)
    tap.equal(items(bed), 11, "and nothing is written")


def functions_count(bed):
    """Messages are written by the same transaction, and bound by the same."""
    empty(bed)
    bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
    message = "SELECT cruddur_create_message('bayko', '%s', 'x')" % GROUP
    refused(bed, "100 rows and a message", MANY % ("a", 1, 100), message)
    tap.equal(bed.partition("MSG#" + GROUP), [], "nor is the message")
    bed.query("BEGIN")
    bed.query(MANY % ("a", 1, 99))
    bed.query(message)
    bed.query("COMMIT")
    tap.equal((items(bed), len(bed.partition("MSG#" + GROUP))), (99, 1),
              "99 rows and a message can be written")


def two_servers(bed):
    bed.query("CREATE SERVER other FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (endpoint %s, region 'us-east-1')", bed.options["endpoint"])
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS"
              " (access_key_id 'local', secret_access_key %s)",
              SECRETS["local"])
    bed.make_foreign("o", COLUMNS, server="other",
                     table_name=bed.more_table("o", ["pk S"]))
    first, second = ("INSERT INTO %s VALUES ('two', 1)" % name
                     for name in "to")
    refused(bed, "two servers", first, second, sqlstate="0A000")
    refused(bed, "two servers, the other way", second, first,
            sqlstate="0A000")
    tap.equal(items(bed, "o"), 0, "nor there")
    bed.query("BEGIN")
    bed.query("SAVEPOINT s")
    bed.query(first)
    bed.query("ROLLBACK TO s")
    bed.query(second)
    bed.query("SELECT count(*) FROM t")
    bed.query("COMMIT")
    tap.equal(items(bed, "o"), 1, "one that wrote nothing is no hindrance")


def prepared_transactions(bed):
    """Refused before PostgreSQL looks whether it allows them."""
    refused(bed, "PREPARE TRANSACTION", "INSERT INTO t VALUES ('pt', 1)",
            "PREPARE TRANSACTION 'a'", sqlstate="0A000")
    refused(bed, "PREPARE TRANSACTION after reads", "SELECT count(*) FROM t",
            "PREPARE TRANSACTION 'b'", sqlstate="55000")
    refused(bed, "PREPARE TRANSACTION, all rolled back", "SAVEPOINT s",
            "INSERT INTO t VALUES ('pt', 1)", "ROLLBACK TO s",
            "PREPARE TRANSACTION 'c'", sqlstate="55000")


def test():
    with Bed("write_limits") as bed:
        bed.make_foreign("t", COLUMNS,
                         table_name=bed.more_table("t", ["pk S"]))
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            count_of_items(bed, broken)
            what_does_not_count(bed)
            size_of_items(bed)
            functions_count(bed)
            two_servers(bed)
            prepared_transactions(bed)


tap.run(test)
