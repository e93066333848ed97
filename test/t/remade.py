#!/usr/bin/python3
"""
A table that others make anew, with other keys, while a session has plans for
the old one. A read by an old plan fails; plans after it are made for the table
as it is.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import Bed, gsi

# Until a prepared statement has a generic plan, and then some.
EXECUTIONS = 7
ITEM = {"a": "1", "b": "2"}
WANTED = [("1", "2")]

STATEMENTS = {
    "by_a": "SELECT a, b FROM t WHERE a = $1",
    "by_b": "SELECT a, b FROM t WHERE b = $1",
    "by_both": "SELECT a, b FROM t WHERE a = $1 AND b = '2'",
}
VALUES = {"by_a": "1", "by_b": "2", "by_both": "1"}


def make(bed, *keys, **more):
    return bed.more_table("x", ["%s S" % key for key in keys], [ITEM], **more)


def execute(bed, session, name):
    return bed.query("EXECUTE %s(%%s)" % name, VALUES[name], on=session)


def planned(bed):
    """A session with a generic plan of each statement."""
    session = bed.connect()
    for name, text in STATEMENTS.items():
        bed.query("PREPARE %s(text) AS %s" % (name, text), on=session)
        for _ in range(EXECUTIONS):
            rows = execute(bed, session, name)
        tap.equal(rows, WANTED, "%s, of the table as it was" % name)
    return session


def remade(bed):
    """Each statement is the first to find that the table is another."""
    for first in STATEMENTS:
        table = make(bed, "a", "b",
                     GlobalSecondaryIndexes=[gsi("by_b", "b")])
        if first == "by_a":
            bed.make_foreign("t", 'a text COLLATE "C", b text COLLATE "C"',
                             table_name=table)
        session = planned(bed)
        bed.dynamodb.delete_table(TableName=table)
        make(bed, "b")
        tap.fails(lambda: execute(bed, session, first), "22023",
                  "%s by a plan for the old table" % first)
        for name in STATEMENTS:
            tap.equal(execute(bed, session, name), WANTED,
                      "%s, after that" % name)
        scans = bed.foreign_scans(STATEMENTS["by_a"].replace("$1", "'1'"),
                                  on=session)
        tap.equal(scans[0]["Operation"], "Scan", "what was a key is none now")
        session.close()
        bed.dynamodb.delete_table(TableName=table)


def gone(bed):
    """And come again: planning asks anew."""
    make(bed, "a", "b")
    session = bed.connect()
    text = STATEMENTS["by_b"].replace("$1", "'2'")
    tap.equal(bed.query(text, on=session), WANTED, "there is a table")
    bed.dynamodb.delete_table(TableName="%s-x" % bed.table)
    for _ in range(2):
        tap.fails(lambda: bed.query(text, on=session), "HV00R", "it is gone")
    make(bed, "b")
    tap.equal(bed.query(text, on=session), WANTED, "there is another")
    tap.equal(bed.foreign_scans(text, on=session)[0]["Operation"], "GetItem",
              "it is read by its own key")


def test():
    with Bed("remade") as bed:
        remade(bed)
        gone(bed)


tap.run(test)
