"""
Random attributes: names that need care, and values by flavour.

A flavour says what an attribute usually holds, and which columns (kinds of
reading.KINDS) fit all that it can hold.
"""

import json
import uuid

from reading import MOODS

# Reserved words, dots, quotes, blanks, case, and what placeholders look like.
NAMES = ["status", "name", "Name", "size", "a.b", "with space", 'quo"te',
         "UPPER", "#x", ":v", "дата", "😀", "a-b", "0", "x[1]", "null", "and",
         "percent%s", "back\\slash", "it's", "e\u0301", "count", "order",
         "user", "date", "value", "_", "item.*", "*", "select", "between"]

# Such that bytes, UTF-16 and languages order them differently.
ODD = ["a", "A", "b", "B", "Z", "z", "ä", "é", "e\u0301", "ÿ", "ß", "ss",
       "\ue000", "\uffff", "\U00010000", "😀", "漢", "0", "9", "10", "-1",
       " ", "  x", "x ", "%", "_", "a%b", "a_b", "\\", "a\\b", "'", '"',
       "a'b", "\t", "\n", "\u00a0", "null", "NULL", "true", "\x7f", "\x01"]

WORDS = ["open", "shipped", "Shipped", "lost", "été", "forbid"]
LETTERS = "abcXYZ01äß漢😀\ue000%_\\ "


def odd_text(chance, empty=True):
    if chance.random() < 0.4:
        return chance.choice(ODD)
    return "".join(chance.choice(LETTERS)
                   for _ in range(chance.randint(0 if empty else 1, 6)))


def code(chance):
    return "s%02d-%s" % (chance.randrange(4), chance.randrange(30))


def any_uuid(chance):
    """One of few, in one of the forms that uuid's input takes."""
    plain = str(uuid.UUID(int=chance.randrange(8) * 0xa1b2c3d4e5f60718 << 40))
    return chance.choice([plain, plain, plain.upper(),
                          "{%s}" % plain, plain.replace("-", "")])


def canonical_uuid(chance):
    return str(uuid.UUID(int=chance.randrange(12) * 0xa1b2c3d4e5f60718 << 40))


def day(chance):
    return "20%02d-%02d-%02d" % (chance.randint(20, 30),
                                 chance.randint(1, 12), chance.randint(1, 28))


def moment(chance):
    return "%s%s%02d:%02d:%02d%s%s" % (
        day(chance), chance.choice("TT "), chance.randrange(24),
        chance.randrange(60), chance.randrange(60),
        chance.choice(["", ".5", ".651123"]),
        chance.choice(["", "Z", "+00:00", "+05:30", "-08:00"]))


def exact_number(chance):
    """Up to 38 digits, any exponent."""
    digits = "".join(chance.choice("0123456789")
                     for _ in range(chance.choice([1, 3, 17, 38])))
    sign = chance.choice(["", "-"])
    if chance.random() < 0.2:
        return chance.choice(["0", "1", "-1", "1E-130", "-1E-130", "0.1",
                              "9.9999999999999999999999999999999999999E+125",
                              "-9.9999999999999999999999999999999999999E+125",
                              "9007199254740992", "9007199254740993"])
    if chance.random() < 0.4:
        return sign + digits
    return "%s%sE%d" % (sign, digits, chance.choice([-90, -40, -5, 3, 60]))


def big_integer(chance):
    base = chance.choice([2 ** 31, 2 ** 53, 2 ** 63 - 3, 10 ** 12])
    return str(chance.choice([1, -1]) * (base + chance.randint(-2, 2)))


def price(chance):
    return "%s%d.%02d" % (chance.choice(["", "-"]), chance.randrange(120),
                          chance.randrange(100))


def octets(chance, empty=True):
    """Zeros and high bits too."""
    return bytes(chance.choice([0, 1, 9, 92, 127, 128, 255])
                 for _ in range(chance.randint(0 if empty else 1, 4)))


def json_text(chance):
    return json.dumps(chance.choice(
        [None, True, 12, 1.5, "x", "ä\"\\", [], [1, None], {},
         {"a": {"b": [1, 2]}, "ä": "ß"}, chance.randrange(9)]),
        ensure_ascii=chance.random() < 0.5)


def some(chance, value, least=0):
    return [value(chance) for _ in range(chance.randint(least, 3))]


def distinct(chance, value):
    return list(dict.fromkeys(some(chance, value, 1)))


def text_list(chance):
    return [{"NULL": True} if chance.random() < 0.2 else
            {"S": odd_text(chance)} for _ in range(chance.randint(0, 4))]


def members(**parts):
    """A map in which any of these may be missing."""
    def make(chance):
        return {"M": {name: part(chance) for name, part in parts.items()
                      if chance.random() < 0.8}}
    return make


def document(chance):
    """Its shape is always this, but for what is missing: see DOCUMENT."""
    made = members(
        name=lambda chance: {"S": chance.choice(WORDS)},
        qty=lambda chance: {"N": str(chance.randint(-3, 9))},
        tags=lambda chance: {"L": [{"S": w} for w in some(chance, code)]},
        off=lambda chance: {"NULL": True})(chance)
    if chance.random() < 0.7:
        made["M"]["x y"] = {"L": [
            {"N": str(chance.randint(1, 4))}, members(z=lambda chance: {
                "S": odd_text(chance)})(chance)]}
    return made


def mixed(chance):
    return FLAVOURS[chance.choice(["text", "word", "small", "exact", "flag",
                                   "bin", "words", "list", "doc", "uuid",
                                   "json", "null", "mood"])].make(chance)


# Kinds that fit some of the values of a type.
NEAR = {
    "S": ["text_c", "text_c", "varchar", "varchar_8", "char_8", "label",
          "uuid", "timestamptz", "date", "mood", "jsonb"],
    "N": ["numeric", "price", "price", "int2", "int4", "int8", "few", "few",
          "float4", "float8"],
}

class Flavour:
    """
    How values are made; the kinds of columns that fit all of them, and those
    that fit some.
    """

    def __init__(self, make, fits, near):
        self.make = make
        self.fits = fits
        self.near = near


def of(kind, value, *fits):
    return Flavour(lambda chance: {kind: value(chance)}, fits,
                   NEAR.get(kind, []))


TEXTS = ("text_c", "text_c", "text_c", "text", "text_icu", "text_nocase",
         "varchar")
FLAVOURS = {
    "word": of("S", lambda chance: chance.choice(WORDS), *TEXTS, "varchar_8",
               "char_8", "label"),
    "text": of("S", odd_text, *TEXTS, "label"),
    "code": of("S", code, *TEXTS, "varchar_8"),
    "nul": of("S", lambda chance: odd_text(chance) + chance.choice(
        ["", "\0", "\0x"])),
    "uuid": of("S", any_uuid, "uuid", "text_c"),
    "canonical": of("S", canonical_uuid, "uuid", "uuid_canonical", "text_c"),
    "moment": of("S", moment, "timestamptz", "text_c"),
    "day": of("S", day, "date", "text_c"),
    "mood": of("S", lambda chance: chance.choice(MOODS), "mood", "text_c"),
    "json": of("S", json_text, "jsonb", "jsonb_m", "text_c"),
    "small": of("N", lambda chance: str(chance.randint(-9, 9)), "numeric",
                "price", "int2", "int4", "int8", "float4", "float8", "few"),
    "big": of("N", big_integer, "numeric", "int8", "float8"),
    "exact": of("N", exact_number, "numeric", "numeric", "float8"),
    "price": of("N", price, "numeric", "price", "float8", "float4"),
    "flag": of("BOOL", lambda chance: chance.random() < 0.5, "bool"),
    "bin": of("B", octets, "bytea"),
    "words": of("SS", lambda chance: distinct(chance, odd_text), "texts",
                "jsonb"),
    "numbers": of("NS", lambda chance: distinct(
        chance, lambda chance: str(chance.randint(-5, 5))), "numbers",
        "ints", "jsonb"),
    "blobs": of("BS", lambda chance: distinct(chance, octets), "binaries"),
    "list": of("L", text_list, "texts", "jsonb", "jsonb_m"),
    "doc": Flavour(document, ["jsonb", "jsonb_m"], []),
    "null": of("NULL", lambda chance: True, "text_c", "int4", "jsonb"),
    "mixed": Flavour(mixed, [], NEAR["S"] + NEAR["N"]),
}

# Paths into a "doc", and the flavour of what is there.
DOCUMENT = [(["name"], "word"), (["qty"], "small"), (["tags"], "list"),
            (["tags", 0], "code"), (["tags", 1], "code"), (["off"], "text"),
            (["x y", 0], "small"), (["x y", 1, "z"], "text"),
            (["x y", 1, "nowhere"], "text"), (["name", 0], "text")]

# What keys may hold: never empty, never NULL, of one type.
KEY_FLAVOURS = {
    "S": ["word", "text", "code", "nul", "canonical", "uuid", "moment",
          "mood"],
    "N": ["small", "big", "exact", "price"],
    "B": ["bin"],
}


def key_value(chance, flavour):
    """A value of this flavour that a key may have."""
    if flavour == "bin":
        return {"B": octets(chance, empty=False)}
    if flavour in ("text", "nul"):
        made = FLAVOURS[flavour].make(chance)
        return made if made["S"] else {"S": odd_text(chance, empty=False)}
    return FLAVOURS[flavour].make(chance)
