#!/usr/bin/python3
"""
IMPORT FOREIGN SCHEMA: many tables, many attributes, how much is read, names
that the database's encoding lacks, and a user who may not describe a table.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed

# A page of ListTables has 100.
MANY = 105
MAX_COLUMNS = 1500
BIG = "x" * 200_000


def run_import(bed, *tables, options=""):
    """Into a new schema; its tables and their columns, and the notices."""
    bed.query("DROP SCHEMA IF EXISTS imported CASCADE")
    bed.query("CREATE SCHEMA imported")
    del bed.main.notices[:]
    bed.query("IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (%s) FROM SERVER"
              " cruddur INTO imported %s"
              % (", ".join('"%s"' % name for name in tables), options))
    found = {}
    for row in bed.query("""SELECT relname, attname FROM pg_attribute
            JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'imported'::regnamespace AND attnum > 0
            ORDER BY relname, attnum"""):
        found.setdefault(row.relname, []).append(row.attname)
    return found


def items_read(bed, run):
    """By Scan, while run() runs."""
    bed.query("SELECT cruddur_ddb_stats_reset()")
    run()
    return bed.query("SELECT sum(items_read)::int AS n FROM cruddur_ddb_stats"
                     " WHERE operation = 'Scan'")[0].n


def many_tables(bed):
    names = [bed.more_table("many-%03d" % i, ["id S"]) for i in range(MANY)]
    tap.equal(run_import(bed, *names),
              {name: ["id", "item"] for name in names},
              "tables of every page of ListTables")
    requests = bed.query("SELECT requests FROM cruddur_ddb_stats"
                         " WHERE operation = 'ListTables'")[0].requests
    tap.ok(requests > 1, "there was more than one")


def many_attributes(bed):
    """The rarest are left out, but no key of an index."""
    items = [dict({"id": "a"}, **{"x%04d" % i: i for i in range(900)}),
             dict({"id": "b"}, **{"x%04d" % i: i for i in range(600, 1700)})]
    name = bed.more_table("wide", ["id S"], items, ["zz S"],
                          GlobalSecondaryIndexes=[{
                              "IndexName": "by_zz",
                              "KeySchema": [{"AttributeName": "zz",
                                             "KeyType": "HASH"}],
                              "Projection": {"ProjectionType": "ALL"}}])
    columns = run_import(bed, name)[name]
    both = ["x%04d" % i for i in range(600, 900)]
    one = ["x%04d" % i for i in range(1700) if not 600 <= i < 900]
    tap.equal(columns, (["id", "zz"] + both + one)[:MAX_COLUMNS - 1]
              + ["item"], "1,500 columns, frequent attributes first")
    tap.equal([n.strip() for notice in bed.main.notices
               for n in notice.splitlines()[:1]],
              ['NOTICE:  foreign table "%s" has no columns for %d of the'
               ' attributes' % (name, 1702 - MAX_COLUMNS + 1)],
              "a notice tells how many are left out")
    rows = bed.query('SELECT * FROM imported."%s" ORDER BY id' % name)
    tap.equal([dict(row._asdict(), item=None) for row in rows],
              [{c: item.get(c) for c in columns} for item in items],
              "and the rows are the items")
    tap.equal([row.item for row in rows], items,
              "of which the last column has all")


def sample(bed):
    items = [{"id": str(i), "pad": BIG, "odd%d" % i: "x"} for i in range(20)]
    name = bed.more_table("sample", ["id S"], items)
    for size in (0, 1, 15, 20, 1000):
        tap.equal(items_read(bed, lambda: run_import(
            bed, name, options="OPTIONS (sample '%d')" % size)) or 0,
            min(size, 20), "a sample of %d" % size)
        columns = len(run_import(bed, name, options="OPTIONS (sample '%d')"
                                 % size)[name])
        tap.equal(columns, 2 + (min(size, 20) + 1 if size else 0),
                  "as many attributes of their own")
    bed.query("SET cruddur_ddb.max_read_units = 100")
    tap.fails(lambda: run_import(bed, name), "54000",
              "read units are limited")
    bed.query("RESET cruddur_ddb.max_read_units")


def refused(bed, broken):
    name = bed.more_table("refused", ["id S"])
    for operation, sqlstate in (("DescribeTable", "42501"),
                                ("ListTables", "42501"), ("Scan", "42501")):
        broken.add(faults.refused("AccessDeniedException"), times=1,
                   when=lambda r, o=operation: r.operation == o)
        error = tap.fails(lambda: run_import(bed, name), sqlstate,
                          "a user who may not: " + operation)
        tap.ok(error and operation in error.diag.message_primary,
               "the error names it")
    tap.equal(run_import(bed, name), {name: ["id", "item"]},
              "the next import asks again")


def other_encoding():
    with Bed("import_latin1", encoding="LATIN1") as bed:
        name = bed.more_table("names", ["größe S"], [
            {"größe": "é", "漢": "x", "ü" * 70: "long"}])
        columns = run_import(bed, name)[name]
        tap.equal(columns, ["größe", "ü" * 63, "item"],
                  "names that LATIN1 has")
        tap.ok(any("1 of the attributes" in n for n in bed.main.notices),
               "a notice tells of the other")
        tap.equal(list(bed.query('SELECT "größe", "%s" FROM imported."%s"'
                                 % ("ü" * 63, name))[0]),
                  ["é", "long"], "which are read")


def test():
    with faults.Faults(os.environ["DDB_ENDPOINT"]) as broken, \
            Bed("import", endpoint=broken.url, max_attempts="1") as bed:
        many_tables(bed)
        many_attributes(bed)
        sample(bed)
        refused(bed, broken)
    other_encoding()


tap.run(test)
