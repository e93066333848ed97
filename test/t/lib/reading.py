"""
What a foreign table must show: an attribute as boto3 reads it -> the value of
a column, by README's table of types. Written from that table alone; nothing
here asks the extension.

Values are text as PostgreSQL's input functions take it. None is SQL's NULL.
"""

import base64
import datetime
import json
import re
from decimal import Decimal

MOODS = ("calm", "Curious", "été", "sad")

UUID = re.compile(r"\{?([0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}\}?")
TIME = re.compile(r"(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d:\d\d(\.\d+)?"
                  r"(Z|[+-]\d\d:\d\d)?)?")
INTEGERS = {"int2": 15, "int4": 31, "int8": 63}
FLOAT4_MAX = Decimal("3.40282346638528859811704183484516925e38")
FLOAT4_MIN = Decimal("1.4e-45")


class Misfit(Exception):
    """The attribute does not fit the column."""


def fit(condition):
    if not condition:
        raise Misfit


def only(typed, *types):
    """The value of an attribute that is of one of these types."""
    (kind, value), = typed.items()
    fit(kind in types)
    return value


def text(typed, longest=None):
    value = only(typed, "S")
    fit("\0" not in value and (longest is None or len(value) <= longest))
    return value


def number(typed):
    return only(typed, "N")


def price(typed):
    """numeric(10,2)"""
    value = number(typed)
    exact = Decimal(value)
    fit(abs(exact) < 10 ** 8 and exact * 100 == int(exact * 100))
    return value


def integer(name):
    def read(typed):
        exact = Decimal(number(typed))
        fit(abs(exact) < 2 ** 64 and exact == int(exact))
        fit(-2 ** INTEGERS[name] <= exact < 2 ** INTEGERS[name])
        return str(int(exact))
    return read


def float4(typed):
    value = number(typed)
    size = abs(Decimal(value))
    fit(size == 0 or FLOAT4_MIN <= size <= FLOAT4_MAX)
    return value


def boolean(typed):
    return "true" if only(typed, "BOOL") else "false"


def binary(typed):
    return "\\x" + only(typed, "B").hex()


def uuid(typed):
    value = text(typed)
    fit(UUID.fullmatch(value)
        and value.startswith("{") == value.endswith("}"))
    return value


def moment(typed):
    """A day, or a day and a time; as its input functions have it."""
    match = TIME.fullmatch(text(typed))
    fit(match)
    try:
        datetime.date.fromisoformat(match.group(1))
    except ValueError:
        raise Misfit from None
    return match


def timestamp(typed):
    """No offset means UTC."""
    match = moment(typed)
    no_offset = match.group(2) and not match.group(4)
    return match.group(0) + ("Z" if no_offset else "")


def date(typed):
    """A day alone: of a day and a time, the time would be lost."""
    match = moment(typed)
    fit(match.group(2) is None)
    return match.group(1)


def mood(typed):
    value = text(typed)
    fit(value in MOODS)
    return value


def label(typed):
    """A domain over text."""
    value = text(typed)
    fit(value != "forbidden")
    return value


def few(typed):
    """A domain over int4."""
    value = integer("int4")(typed)
    fit(int(value) < 20)
    return value


def plain(typed):
    """JSON text of a value as item JSON has it: types left out."""
    (kind, value), = typed.items()
    if kind == "M":
        return "{%s}" % ",".join(
            "%s:%s" % (string(name), plain(member))
            for name, member in value.items())
    if kind == "L":
        return "[%s]" % ",".join(map(plain, value))
    if kind in ("SS", "NS", "BS"):
        return "[%s]" % ",".join(plain({kind[0]: member}) for member in value)
    if kind == "N":
        return value
    if kind == "B":
        return string(base64.b64encode(value).decode())
    if kind == "S":
        return string(value)
    return "null" if kind == "NULL" else json.dumps(value)


def string(value):
    fit("\0" not in value)
    return json.dumps(value, ensure_ascii=False)


def refuse(_):
    raise ValueError


def document(typed):
    """jsonb: an S is JSON text, the rest is what it is."""
    if "S" not in typed:
        return plain(typed)
    value = typed["S"]
    fit("\0" not in value)
    try:
        parsed = json.loads(value, parse_constant=refuse)
    except ValueError:
        raise Misfit from None
    fit("\\u0000" not in json.dumps(parsed))
    return value


def array(member, set_type):
    """Of a set, or of a list without lists in it."""
    def read(typed):
        (kind, value), = typed.items()
        fit(kind in ("L", set_type))
        if kind == set_type:
            value = [{set_type[0]: one} for one in value]
        return "{%s}" % ",".join(
            "NULL" if "NULL" in one else
            '"%s"' % re.sub(r'(["\\])', r"\\\1", member(one))
            for one in value)
    return read


def follow(typed, steps):
    """Along a document path; None where it leads nowhere."""
    for step in steps:
        if isinstance(step, int):
            there = typed.get("L", [])
            typed = there[step] if step < len(there) else None
        else:
            typed = typed.get("M", {}).get(step)
        if typed is None:
            return None
    return typed


class Column:
    """A column of a relation: its SQL and how it is read."""

    def __init__(self, name, kind, path, options):
        self.name = name
        self.kind = kind
        self.path = path
        self.options = options
        self.values = []
        # Does it have attributes that do not fit?
        self.misfits = False

    def read(self, item):
        """May raise Misfit."""
        if self.kind.whole_item:
            return plain({"M": item})
        typed = follow({"M": item}, self.path)
        if typed is None or "NULL" in typed:
            return None
        return self.kind.read(typed)


class Kind:
    """A type that columns have."""

    def __init__(self, ddl, family, read, **more):
        self.ddl = ddl
        self.family = family
        self.read = read
        self.options = more.get("options", {})
        # Not every operator works under such a collation.
        self.nondeterministic = more.get("nondeterministic", False)
        self.whole_item = more.get("whole_item", False)
        self.element = more.get("element")


KINDS = {
    "text": Kind("text", "text", text),
    "text_c": Kind('text COLLATE "C"', "text", text),
    "text_icu": Kind('text COLLATE "en-x-icu"', "text", text),
    "text_nocase": Kind("text COLLATE public.nocase", "text", text,
                        nondeterministic=True),
    "varchar": Kind('varchar COLLATE "C"', "text", text),
    "varchar_8": Kind('varchar(8) COLLATE "C"', "text",
                      lambda typed: text(typed, 8)),
    "char_8": Kind("char(8)", "char", lambda typed: text(typed, 8)),
    "label": Kind("public.label", "text", label),
    "numeric": Kind("numeric", "number", number),
    "price": Kind("numeric(10,2)", "number", price),
    "int2": Kind("int2", "integer", integer("int2")),
    "int4": Kind("int4", "integer", integer("int4")),
    "int8": Kind("int8", "integer", integer("int8")),
    "few": Kind("public.few", "integer", few),
    "float4": Kind("float4", "float", float4),
    "float8": Kind("float8", "float", number),
    "bool": Kind("bool", "bool", boolean),
    "bytea": Kind("bytea", "bytea", binary),
    "jsonb": Kind("jsonb", "json", document),
    "jsonb_m": Kind("jsonb", "json", plain, options={"type": "M"}),
    "item": Kind("jsonb", "json", None, whole_item=True),
    "uuid": Kind("uuid", "uuid", uuid),
    "uuid_canonical": Kind("uuid", "uuid", uuid,
                           options={"canonical": "true"}),
    "timestamptz": Kind("timestamptz", "time", timestamp),
    "date": Kind("date", "time", date),
    "mood": Kind("public.mood", "mood", mood),
    "texts": Kind("text[]", "array", array(text, "SS"), element="text"),
    "numbers": Kind("numeric[]", "array", array(number, "NS"),
                    element="numeric"),
    "ints": Kind("int4[]", "array", array(integer("int4"), "NS"),
                 element="int4"),
    "binaries": Kind("bytea[]", "array", array(binary, "BS"),
                     element="bytea"),
}

# What KINDS refers to, for each database.
TYPES = """
CREATE COLLATION public.nocase (provider = icu, locale = 'und-u-ks-level2',
    deterministic = false);
CREATE TYPE public.mood AS ENUM (%s);
CREATE DOMAIN public.few AS int4 CHECK (value < 20);
CREATE DOMAIN public.label AS text COLLATE "C" CHECK (value <> 'forbidden');
""" % ", ".join("'%s'" % mood for mood in MOODS)
