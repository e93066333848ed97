#!/usr/bin/python3
"""
Foreign tables against ordinary tables of the same rows: random tables, random
queries, with pushdown and without. The ordinary tables are filled by Python
from what boto3 reads.

    DDB_SEED     the seed of an earlier run
    DDB_QUERIES  how many queries (2000); there are new tables after some
    DDB_ONLY     one number: that query alone, and its plan
"""

import collections
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2
import psycopg2.extensions

import tap
from bed import Bed
from randomqueries import Query, Writer
from randomtables import DynamoTable, Relation
from reading import TYPES

SEED = int(os.environ.get("DDB_SEED")
           or random.SystemRandom().randrange(10**6))
QUERIES = int(os.environ.get("DDB_QUERIES") or 2000)
ONLY = os.environ.get("DDB_ONLY")
# So many queries on the same tables.
ROUND = 500
# Items of each table, and the bytes that each item has besides.
TABLES = [(40, 0), (60, 0), (80, 0), (150, 0), (300, 0), (24, 110_000)]
# How often relations are asked: a table of several pages takes long to read,
# and there is more to get wrong where not all attributes fit.
WEIGHT_OF_LARGE = 0.15
WEIGHT_OF_LOOSE = 2
WORKERS = 2
ENOUGH_DIFFERENCES = 10
EXERCISED = ["GetItem", "BatchGetItem", "Query of table", "Query of lsi",
             "Query of gsi", "Scan", "COUNT"]

# Every value as the server wrote it.
AS_TEXT = psycopg2.extensions.new_type(
    tuple(psycopg2.extensions.string_types), "AS_TEXT",
    lambda value, cursor: value)


class Side:
    """A session that sees the foreign tables, or the ordinary ones."""

    def __init__(self, bed, name, schema, pushdown):
        self.name = name
        self.connection = bed.connect()
        self.connection.autocommit = False
        psycopg2.extensions.register_type(AS_TEXT, self.connection)
        with self.connection.cursor() as cursor:
            cursor.execute("SET search_path = %s, public" % schema)
            cursor.execute("SET statement_timeout = '30s'")
            cursor.execute("SET cruddur_ddb.enable_pushdown = %s" % pushdown)
        self.connection.commit()

    def run(self, query, text=None):
        """A list of results, each a list of rows; or the error's text."""
        try:
            with self.connection.cursor() as cursor:
                for name, value in query.settings.items():
                    cursor.execute("SET LOCAL %s = %s" % (name, value))
                return list(self.results(cursor, query, text or query.text))
        except psycopg2.Error as error:
            return "%s %s" % (error.pgcode, error)
        finally:
            self.end()

    def end(self):
        """Of the transaction, or of all where the server has crashed."""
        if not self.connection.closed:
            self.connection.rollback()

    def results(self, cursor, query, text):
        if query.arguments is not None:
            cursor.execute("PREPARE p (%s) AS %s"
                           % (", ".join(query.types), text))
            for arguments in query.arguments:
                cursor.execute("EXECUTE p (%s)" % ", ".join(arguments))
                yield cursor.fetchall()
            cursor.execute("DEALLOCATE p")
        elif query.fetch is not None:
            cursor.execute("DECLARE c %sCURSOR FOR %s" % (query.scroll, text))
            cursor.execute("FETCH %d FROM c" % query.fetch)
            rows = cursor.fetchall()
            if query.scroll == "SCROLL ":
                cursor.execute("MOVE BACKWARD ALL IN c")
                rows = []
            cursor.execute("FETCH ALL FROM c")
            yield rows + cursor.fetchall()
            cursor.execute("CLOSE c")
        else:
            cursor.execute(text)
            yield cursor.fetchall()

    def explain(self, query, form):
        """The plan; of a prepared statement with its first arguments."""
        try:
            with self.connection.cursor() as cursor:
                for name, value in query.settings.items():
                    cursor.execute("SET LOCAL %s = %s" % (name, value))
                text = query.text
                if query.arguments is not None:
                    cursor.execute("PREPARE p (%s) AS %s"
                                   % (", ".join(query.types), text))
                    text = "EXECUTE p (%s)" % ", ".join(query.arguments[0])
                cursor.execute("EXPLAIN (VERBOSE, COSTS OFF, FORMAT %s) %s"
                               % (form, text))
                lines = "\n".join(row[0] for row in cursor.fetchall())
                if query.arguments is not None:
                    cursor.execute("DEALLOCATE p")
                return lines
        except psycopg2.Error as error:
            return "[]" if form == "JSON" else str(error)
        finally:
            self.end()


def by_order(row, query):
    return tuple(row[i] for i in query.order)


def difference(query, want, got, allowed):
    """What is wrong with got, or None."""
    if isinstance(want, str) or isinstance(got, str):
        return None if want == got else "an error"
    for i, (right, rows) in enumerate(zip(want, got)):
        if [by_order(row, query) for row in rows] != \
                [by_order(row, query) for row in right]:
            return "result %d: number or order of rows" % i
        had = collections.Counter(right if allowed is None else allowed[0])
        have = collections.Counter(rows)
        extra, missing = have - had, had - have
        if extra:
            return "result %d: wrong rows %.1500r" % (i, list(extra)[:3])
        if missing and allowed is None:
            return "result %d: lacks rows %.1500r" % (i, list(missing)[:3])
    return None


class Run:
    """All queries, and what they have shown."""

    def __init__(self):
        self.lock = threading.Lock()
        self.differences = 0
        self.ran = 0
        self.errors = 0
        self.with_rows = 0
        self.shapes = collections.Counter()
        self.operations = collections.Counter()

    def over(self):
        return self.differences >= ENOUGH_DIFFERENCES

    def round(self, bed, relations, numbers):
        """These queries on these relations."""
        self.bed = bed
        self.relations = relations
        self.kinds = {(r.name, s.name): s.kind for r in relations
                      for s in r.table.schemas}
        threads = [threading.Thread(target=self.work,
                                    args=(numbers[i::WORKERS],))
                   for i in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def make(self, number):
        chance = random.Random("%d/%d" % (SEED, number))
        return Writer(chance, self.relations).query()

    def work(self, numbers):
        sides = [Side(self.bed, "ordinary", "h", "on"),
                 Side(self.bed, "foreign, with pushdown", "f", "on"),
                 Side(self.bed, "foreign, without pushdown", "f", "off")]
        for number in numbers:
            if self.over():
                return
            self.one(number, self.make(number), sides)

    def one(self, number, query, sides):
        ordinary = sides[0]
        want = ordinary.run(query)
        allowed = ordinary.run(query, query.unlimited) \
            if query.unlimited else None
        for side in sides[1:]:
            wrong = difference(query, want, side.run(query), allowed)
            if wrong:
                self.show(number, query, side, wrong, want)
        self.count(query, sides[1].explain(query, "JSON"), want)
        if any(side.connection.closed for side in sides):
            self.show(number, query, sides[1], "a crash about here", want)
            self.differences += ENOUGH_DIFFERENCES
        if ONLY:
            tap.note(query.text)
            tap.note(sides[1].explain(query, "TEXT"))

    def show(self, number, query, side, wrong, want):
        with self.lock:
            self.differences += 1
            tap.note("DDB_SEED=%d DDB_ONLY=%d: %s, %s" % (
                SEED, number, side.name, wrong))
            tap.note("query: %.6000s" % query.text)
            tap.note("settings: %r" % query.settings)
            if query.arguments is not None:
                tap.note("PREPARE (%s), EXECUTE %r"
                         % (", ".join(query.types), query.arguments))
            got = side.run(query)
            for name, rows in (("wanted", want), ("got", got)):
                tap.note("%s: %.3000r" % (name, rows))
            tap.note(side.explain(query, "TEXT"))

    def count(self, query, plan, want):
        def visit(node):
            if node.get("Node Type") == "Foreign Scan":
                self.operations[self.operation(node)] += 1
                if node.get("Projection") == "COUNT":
                    self.operations["COUNT"] += 1
            for child in node.get("Plans", ()):
                visit(child)

        with self.lock:
            self.ran += 1
            if isinstance(want, str):
                self.errors += 1
                tap.note("%s: %.2000s" % (want, query.text))
            else:
                self.with_rows += any(want)
            self.shapes[query.shape] += 1
            for statement in json.loads(plan):
                visit(statement["Plan"])

    def operation(self, node):
        """GetItem, Query of gsi, ..."""
        operation = node["Operation"]
        relation = node.get("Relation Name")
        if operation == "Query" and relation:
            return "Query of " + self.kinds[relation, node.get("Index")]
        return operation


def make_relations(bed, number):
    """The tables of a round with their items, and foreign tables over them."""
    bed.query("CREATE SCHEMA f; CREATE SCHEMA h; " + TYPES)
    relations = []
    for i, (nitems, filler) in enumerate(TABLES):
        chance = random.Random("%d/%d/%d" % (SEED, number, i))
        table = DynamoTable(chance, "%s-%d" % (bed.table, i), nitems, filler,
                            complete=i == 0)
        table.create(bed.dynamodb)
        for schema, strict in wanted_relations(chance, table):
            relation = Relation(chance, "r%d" % len(relations), table, schema,
                                strict)
            relation.weight = (WEIGHT_OF_LARGE if filler else 1) * (
                1 if strict else WEIGHT_OF_LOOSE)
            relation.build(bed.dynamodb)
            relation.create(bed.main)
            relations.append(relation)
    return relations


def wanted_relations(chance, table):
    """The table by either policy, and one of its indexes."""
    own = table.schemas[0]
    yield own, True
    yield own, False
    yield chance.choice(table.schemas[1:]), chance.random() < 0.5


def analyze(bed, relations):
    """Half of them, so that plans are made with and without statistics."""
    for relation in relations[::2]:
        bed.query("ANALYZE f." + relation.name)


def same_rows(bed, relations):
    """Before anything else, the tables as they are."""
    sides = [Side(bed, "", "h", "on"), Side(bed, "", "f", "on")]
    for relation in relations:
        query = Query("all", "SELECT * FROM " + relation.name)
        want, got = (side.run(query) for side in sides)
        wrong = difference(query, want, got, None)
        if not tap.ok(not wrong, "%s: %d rows of %d columns" % (
                relation.name, len(relation.rows), len(relation.columns))):
            tap.note(wrong)
            tap.note("\n".join(relation.ddl()))


def all_rounds(run):
    numbers = [int(ONLY)] if ONLY else range(QUERIES)
    for number in sorted({n // ROUND for n in numbers}):
        with Bed("differential") as bed:
            relations = make_relations(bed, number)
            same_rows(bed, relations)
            analyze(bed, relations)
            run.round(bed, relations,
                      [n for n in numbers if n // ROUND == number])
        if run.over():
            break


def test():
    run = Run()
    tap.note("DDB_SEED=%d DDB_QUERIES=%d" % (SEED, QUERIES))
    start = time.monotonic()
    all_rounds(run)
    tap.figure("DDB_SEED=%d: %d queries in %d s, %d differences" % (
        SEED, run.ran, time.monotonic() - start, run.differences))
    tap.note("%d gave rows" % run.with_rows)
    tap.note("shapes: %r" % dict(run.shapes))
    tap.note("foreign scans: %r" % dict(run.operations))
    tap.equal(run.differences, 0, "no difference")
    tap.equal(run.errors, 0, "no query was wrong itself")
    if not ONLY:
        tap.ok(run.ran == QUERIES or run.over(), "all queries ran")
        for name in EXERCISED:
            tap.ok(run.operations[name] > 0, "exercised: " + name)


tap.run(test)
