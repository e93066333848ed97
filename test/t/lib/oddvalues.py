"""
Values that are usual, extreme, odd or wrong: of SQL's types, of options, of
requests to DynamoDB. All of them are text, as SQL would have it.
"""

import json
import uuid

# Few, so that different tables and statements meet in them.
TEXTS = ["a", "b", "k1", "k2", "k3", "x y", "ä", "0", "1", "10", "open",
         "it's", "%", "2026-11-20T12:00:01.000000+00:00"]
ODD_TEXTS = ["", " ", "\t\n", "\\", "'", '"', "$1", "%s", "null", "\u00a0",
             "é\u0301", "\ue000", "\U0010ffff", "😀", "\x01\x7f", "a" * 1000,
             "ä" * 1024, "x" * 1025, "\\x00", "{}", "[", "--", "/*",
             "x" * 70000]
NUMBERS = ["0", "1", "2", "-1", "3", "1.5", "10", "42"]
ODD_NUMBERS = ["-0", "32767", "32768", "-2147483648", "2147483648",
               "9223372036854775807", "-9223372036854775808", "1e125",
               "-1e-130", "1e126", "9.99e-131", "NaN", "Infinity",
               "-Infinity", "1e1000", "0." + "0" * 200 + "1", "9" * 38,
               "9" * 39, "1" + "0" * 100, "123456789.123456789"]
MOMENTS = ["2026-11-20 12:00:00+00", "2026-11-20T12:00:01.5Z", "2020-02-29",
           "now", "epoch"]
ODD_MOMENTS = ["infinity", "-infinity", "4713-01-01 BC", "294276-12-31",
               "9999-12-31 23:59:60", "0001-01-01 00:00:00+15:59", "10000-1-1",
               "yesterday", "2026-11-20 12:00 Europe/Paris"]
GROUPS = ["5ae290ed-55d1-47a0-bc6d-fe2bc2700399",
          "5ae290ed-55d1-47a0-bc6d-fe2bc2700400"]
UUIDS = [*GROUPS, "a1a1a1a1-0000-4000-8000-00000000000a"]
BYTES = ["\\x", "\\x00", "\\x0109", "\\x5c", "\\xff", "abc",
         "\\x" + "00" * 500]
JSONS = ["null", "true", "1", '"a"', "[]", "{}", '[1, null, "b"]',
         '{"a": {"b": [1, 2]}}', '{"name": "open", "qty": 3}']
INTERVALS = ["1 day", "-3 months", "00:00:01", "178000000 years"]
RANGES = ["empty", "[1,5)", "(,)", "[,3)"]
BOOLS = ["true", "false", "t", "off"]
# Of most types no value at all.
WRONG = ["", "x", "maybe", "[5,1]", "\\xf", "1e126", "{", "24:00", "9" * 20]


def maybe(chance, share):
    return chance.random() < share


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def identifier(text):
    return '"' + text.replace('"', '""') + '"'


def mutated(chance, text):
    """Something near it: cut, doubled, with a character of another kind."""
    at = chance.randint(0, len(text))
    odd = chance.choice(["", " ", "'", '"', "\\", "\x01", "é", "😀", "-", ".",
                         "[", "]", "0", "9" * 20, "x" * 300, "{", ":", "@",
                         "%00", "\n"])
    return chance.choice([
        text[:at], text[at:], text * 2, text.upper(), text + " ",
        text[:at] + odd + text[at:], text[:at] + odd + text[at + 1:]])


def odd_text(chance):
    roll = chance.random()
    if roll < 0.75:
        return chance.choice(TEXTS)
    if roll < 0.95:
        return chance.choice(ODD_TEXTS)
    return mutated(chance, chance.choice(TEXTS + ODD_TEXTS[:-1]))


def number(chance):
    roll = chance.random()
    if roll < 0.7:
        return chance.choice(NUMBERS)
    if roll < 0.85:
        return chance.choice(ODD_NUMBERS)
    return "%de%d" % (chance.randint(-999, 999), chance.randint(-60, 60))


def integer(chance, bits):
    if maybe(chance, 0.85):
        return str(chance.choice([0, 1, 2, 3, -1, 5, 10, 100]))
    return str(chance.choice([-1, 1]) * (2 ** (bits - 1) - 1)
               - chance.choice([0, 0, 1]))


def usually(chance, usual, odd):
    return chance.choice(usual if maybe(chance, 0.85) else odd)


def any_uuid(chance):
    if maybe(chance, 0.85):
        return chance.choice(UUIDS)
    return chance.choice([str(uuid.UUID(int=chance.getrandbits(128))),
                          "{%s}" % UUIDS[0].upper()])


def document(chance, depth=3):
    """A JSON value, now and then of great depth or with huge numbers."""
    if maybe(chance, 0.01):
        levels = chance.choice([40, 200, 5000])
        return chance.choice(["[" * levels + "]" * levels,
                              '{"a":' * levels + "1" + "}" * levels])
    if depth == 0 or maybe(chance, 0.4):
        return chance.choice([
            *JSONS * 2, json.dumps(odd_text(chance)), "1e400", "-0",
            "9" * 50, "1" + "0" * 40])
    parts = [document(chance, depth - 1) for _ in range(chance.randint(0, 3))]
    if maybe(chance, 0.5):
        return "[%s]" % ", ".join(parts)
    return "{%s}" % ", ".join(
        "%s: %s" % (json.dumps(odd_text(chance)[:50]), part)
        for part in parts)


def inputs():
    """By type name: what makes the text of a value."""
    found = {
        "bool": lambda chance: usually(chance, BOOLS[:2], BOOLS),
        "uuid": any_uuid,
        "jsonb": document,
        "json": document,
        "numeric": number,
        "float4": lambda chance: usually(chance, NUMBERS, ODD_NUMBERS[:4]),
        "float8": number,
        "interval": lambda chance: usually(chance, INTERVALS[:3], INTERVALS),
        "int4range": lambda chance: usually(chance, RANGES[:3], RANGES),
        "numrange": lambda chance: usually(chance, RANGES[:3], RANGES),
        "bytea": lambda chance: usually(chance, BYTES[:5], BYTES),
    }
    for name in ("text", "varchar", "bpchar", "name"):
        found[name] = odd_text
    for name in ("timestamptz", "timestamp", "date"):
        found[name] = lambda chance: usually(chance, MOMENTS, ODD_MOMENTS)
    for name, bits in (("int2", 16), ("int4", 32), ("int8", 64)):
        found[name] = lambda chance, bits=bits: integer(chance, bits)
    return found


INPUTS = inputs()


def text_of(chance, type_name):
    """The text of a value of this type, rarely of none."""
    if maybe(chance, 0.005):
        return chance.choice(WRONG)
    return INPUTS[type_name](chance)


def attribute(chance, depth=3):
    """An attribute of an item as the API has it."""
    kind = chance.choice(["S", "S", "N", "N", "BOOL", "NULL", "B", "SS", "NS",
                          "BS", "L", "M", "X"])
    some = range(chance.randint(0, 3))
    if kind in "SX":
        value = odd_text(chance)
    elif kind == "N":
        value = number(chance)
    elif kind in ("BOOL", "NULL"):
        value = maybe(chance, 0.9)
    elif kind == "B":
        value = chance.choice(["", "AA==", "/w==", "AQI=", "x"])
    elif kind == "SS":
        value = [odd_text(chance) for _ in some]
    elif kind == "NS":
        value = [number(chance) for _ in some]
    elif kind == "BS":
        value = ["AA==", "AQI="]
    elif depth == 0:
        value = [] if kind == "L" else {}
    elif kind == "L":
        value = [attribute(chance, depth - 1) for _ in some]
    else:
        value = {odd_text(chance)[:50]: attribute(chance, depth - 1)
                 for _ in some}
    return {kind: value}
