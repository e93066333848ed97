"""
Tables of DynamoDB that are written to, foreign tables over them in schema f,
and ordinary twins of those in schema h.
"""

import datetime
import json
from decimal import Decimal

from boto3.dynamodb.types import Binary, TypeSerializer

from bed import gsi, key_schema

CODES = ["alpha", "beta", "gamma", "delta", "", "a'b", "été", "ÿ\x01", "p%_q",
         '{"a":1}', "日本"]
NUMBERS = ["0", "1", "-1", "2", "10", "9", "0.5", "-0.25", "1e20",
           "12345678901234567890123.5", "9999999999999999999999999999999999999",
           "-7", "100", "1e-20"]
DOCS = ['{"a": 1, "b": [true, null, "x"]}', '{"a": 2}', "[]", "{}",
        '[1, {"c": {"d": -0.5}}]', '{"deep": {"er": {"still": ["y", 12345678'
        '901234567890]}}}', '{"order": "z"}', '"text"', "12.5", "true",
        '{"a": "été \\" \\\\"}']


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def array(members):
    return "ARRAY[%s]" % ", ".join(members)


# A type, and what follows its options.
TEXT = 'text | COLLATE "C"'


class Column:
    """A column of both, and what is put into it."""

    def __init__(self, name, ddl, family, make, attribute=None, **options):
        self.name = name
        self.ddl = ddl
        self.family = family
        # chance -> an SQL literal
        self.make = make
        self.path = (attribute or name.strip('"')).split(".")
        self.options = options
        if attribute:
            options["attribute"] = attribute

    def kind(self):
        return self.ddl.partition(" | ")[0]

    def foreign_ddl(self):
        kind, _, constraint = self.ddl.partition(" | ")
        options = ", ".join("%s '%s'" % pair for pair in self.options.items())
        return " ".join((self.name, kind, options and "OPTIONS (%s)" % options,
                         constraint))

    def ordinary_ddl(self):
        return "%s %s" % (self.name, self.ddl.replace(" | ", " "))

    def value(self, chance, nulls=0.15):
        return "NULL" if chance.random() < nulls else self.make(chance)


def one_of(values):
    return lambda chance: chance.choice(values)


def texts(chance):
    return array(quote(chance.choice(CODES))
                 for _ in range(chance.randint(1, 3))) + "::text[]"


def tags(chance):
    words = chance.sample(["red", "green", "blue", "é"], chance.randint(1, 3))
    return array(map(quote, words)) + "::text[]"


def numbers(chance):
    return array(chance.sample(NUMBERS, chance.randint(1, 3))) + "::numeric[]"


def a_document(chance):
    return quote(chance.choice(DOCS)) + "::jsonb"


def binary(chance, least=0):
    size = chance.randint(least, 3)
    return "'\\x%s'::bytea" % "".join(
        chance.choice(["00", "01", "7f", "ff", "61"]) for _ in range(size))


def a_moment(chance):
    return "'2026-01-%02d 12:%02d:00.%06d+00'::timestamptz" % (
        chance.randint(1, 28), chance.randint(0, 59),
        chance.choice([0, 1, 500000, 999999]))


PAYLOAD = [
    Column("v", TEXT, "text",
           lambda chance: quote(chance.choice(CODES)), "value"),
    Column("n", "numeric", "number", one_of(NUMBERS)),
    Column("i", "int", "integer", lambda c: str(c.randint(-3, 9))),
    Column("q", "bigint", "integer",
           one_of(["9007199254740993", "-9223372036854775808", "5", "0"])),
    Column("fl", "float8", "float", one_of(
        ["0.1", "1e22", "-2.5", "3", "1.7976931348623157e125"])),
    Column("t", "boolean", "boolean", one_of(["true", "false"])),
    Column("raw", "bytea", "bytea", binary),
    Column("doc", "jsonb", "jsonb", a_document),
    Column("arr", "text[]", "texts", texts),
    Column("tags", "text[]", "set", tags, type="SS"),
    Column("nums", "numeric[]", "set", numbers, type="NS"),
    Column("at", "timestamptz", "time", a_moment),
    Column("u", "uuid", "uuid", one_of(
        ["'A1A1A1A1-0000-4000-8000-00000000000A'::uuid",
         "'b2b2b2b2-0000-4000-8000-00000000000b'::uuid"])),
    Column("grp", TEXT, "text",
           one_of(["'g1'", "'g2'", "'g3'"])),
    Column('"order"', TEXT, "text",
           lambda chance: quote(chance.choice(CODES))),
    Column("m1", TEXT, "text",
           lambda chance: quote(chance.choice(CODES)), "meta.a"),
    Column("m2", "int", "integer", lambda c: str(c.randint(0, 5)),
           "meta.b.c"),
    Column("pre", 'text | COLLATE "C" DEFAULT \'preset\'', "text",
           one_of(["'x'", "'y'"])),
    Column("twice", "numeric | GENERATED ALWAYS AS (i * 2) STORED", "none",
           None),
    # Nobody assigns it: only what the tables had at first has it.
    Column("extra", TEXT, "none", None),
]
SETS = ("tags", "nums")




def text_key(values):
    return lambda chance: quote(chance.choice(values))


SORT_NUMBERS = ["-5", "-0.5", "0", "2", "3", "10", "100", "1e20", "0.25",
                "12345678901234567890123", "7", "8", "-12.5", "1e-30"]
SORT_TEXTS = ["a", "B", "b", "é", "日", "z~", "a'", "10", "9", "\x01", "Z"]


class Twin:
    """A table with its keys; in f foreign, in h ordinary."""

    def __init__(self, name, keys, types, indexes=(), triggers=False):
        self.name = name
        self.keys = keys
        self.types = types
        self.indexes = dict(indexes)
        self.triggers = triggers
        self.columns = keys + PAYLOAD
        self.payload = [c for c in PAYLOAD if c.make]

    def key_names(self):
        return [key.name for key in self.keys]

    def writable(self):
        return self.keys + self.payload

    def column(self, name):
        return next(c for c in self.columns if c.name == name)

    def create(self, bed, dynamo_name):
        self.dynamo_name = dynamo_name
        names = self.key_names()
        lacking = {"grp": "S", "i": "N"}
        used = {key["AttributeName"] for made in self.indexes.values()
                for index in made for key in index["KeySchema"]}
        bed.dynamodb.create_table(
            TableName=dynamo_name, BillingMode="PAY_PER_REQUEST",
            KeySchema=key_schema(*names),
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in [*zip(names, self.types),
                                   *lacking.items()]
                if name in names or name in used], **self.indexes)
        bed.query("CREATE TABLE h.%s (%s, PRIMARY KEY (%s))" % (
            self.name, ", ".join(c.ordinary_ddl() for c in self.columns),
            ", ".join(names)))
        bed.query("CREATE FOREIGN TABLE f.%s (%s) SERVER cruddur OPTIONS"
                  " (table_name '%s')" % (
                      self.name, ", ".join(
                          c.foreign_ddl() for c in self.columns),
                      dynamo_name))


def make_twins():
    """The keys that DynamoDB can have, and indexes of either kind."""
    return [
        Twin("a", [Column("k1", TEXT, "text",
                          lambda c: "'k%d'" % c.randint(0, 40))], ["S"]),
        Twin("b", [Column("k1", TEXT, "text",
                          text_key(["p1", "p2", "é"])),
                   Column("k2", "numeric", "number", one_of(SORT_NUMBERS))],
             ["S", "N"],
             {"GlobalSecondaryIndexes": [gsi("by_grp", "grp", "k2")],
              "LocalSecondaryIndexes": [gsi("by_i", "k1", "i")]}),
        Twin("c", [Column("k1", "numeric", "number",
                          one_of(["1", "-2", "0.5"])),
                   Column("k2", "bytea", "bytea", lambda c: binary(c, 1))],
             ["N", "B"]),
        Twin("d", [Column("k1", "bytea", "bytea",
                          one_of(["'\\x00'::bytea", "'\\x01ff'::bytea"])),
                   Column("k2", TEXT, "text", text_key(SORT_TEXTS))],
             ["B", "S"],
             {"GlobalSecondaryIndexes": [
                 {"IndexName": "by_grp_i", "KeySchema": key_schema("grp", "i"),
                  "Projection": {"ProjectionType": "INCLUDE",
                                 "NonKeyAttributes": ["value"]}}]},
             triggers=True),
    ]


# Values alike, whoever gave them: PostgreSQL or DynamoDB.

def alike(value):
    """A form in which equal values are equal, and can be sorted."""
    if isinstance(value, (memoryview, Binary)):
        value = bytes(value)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return repr(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, (int, Decimal)):
        return "n%s" % Decimal(value).normalize() if value else "n0"
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat()
    if isinstance(value, dict):
        return "{%s}" % ", ".join(sorted(
            "%r: %s" % (name, alike(member))
            for name, member in value.items()))
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(map(alike, value))
    return repr(value if isinstance(value, bytes) else str(value))


def alike_row(names, row):
    return tuple(
        alike(sorted(value, key=alike) if name in SETS and value is not None
              else value) for name, value in zip(names, row))


def exact_json(text):
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def plain(typed):
    """DynamoDB's typed value as Python has it."""
    (kind, value), = typed.items()
    if kind == "N":
        return Decimal(value)
    if kind == "NULL":
        return None
    if kind == "M":
        return {name: plain(member) for name, member in value.items()}
    if kind == "L":
        return [plain(member) for member in value]
    if kind == "NS":
        return sorted(map(Decimal, value), key=alike)
    if kind in ("SS", "BS"):
        return sorted(value, key=alike)
    return value


def cell(column, item):
    """What a column has of an item, as plain() has that."""
    value = item
    for step in column.path:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, str) and column.family == "jsonb":
        return exact_json(value)
    if isinstance(value, str) and column.family == "time":
        return datetime.datetime.fromisoformat(value)
    return value


# An empty map may stay of an attribute that has columns by its parts.
PARTED = ("meta",)


def strange_attributes(twin, item):
    """Attributes that no column explains."""
    wanted = {c.path[0] for c in twin.columns if cell(c, item) is not None}
    return [name for name, value in item.items()
            if name not in wanted and name not in PARTED
            and value is not None]


def stored(bed, twin):
    """What DynamoDB has, as rows of the twin; and what is wrong with it."""
    pages = bed.dynamodb.get_paginator("scan").paginate(
        TableName=twin.dynamo_name, ConsistentRead=True)
    items = [{name: plain(value) for name, value in item.items()}
             for page in pages for item in page["Items"]]
    names = [column.name for column in twin.columns]
    rows = sorted(alike_row(names, [cell(c, item) for c in twin.columns])
                  for item in items)
    return rows, [name for item in items
                  for name in strange_attributes(twin, item)]


def put_row(bed, twin, row, chance):
    """The item of a row, put by boto3; NULLs absent or of type NULL."""
    item = {}
    for column, value in zip(twin.columns, row):
        if value is None:
            if len(column.path) == 1 and column.name not in ("grp", "i") and \
                    chance.random() < 0.3:
                item[column.path[0]] = {"NULL": True}
            continue
        place = item
        for step in column.path[:-1]:
            place = place.setdefault(step, {"M": {}})["M"]
        place[column.path[-1]] = typed(column, value)
    bed.dynamodb.put_item(TableName=twin.dynamo_name, Item=item)


def typed(column, value):
    if column.family == "set":
        value = set(value)
    elif column.family == "jsonb" and isinstance(value, str):
        value = json.dumps(value)
    elif column.family == "time":
        value = value.astimezone(datetime.timezone.utc).isoformat(
            timespec="microseconds")
    elif column.family == "uuid":
        value = str(value)
    elif isinstance(value, memoryview):
        value = bytes(value)
    elif isinstance(value, float):
        value = Decimal(repr(value))
    return TypeSerializer().serialize(value)
