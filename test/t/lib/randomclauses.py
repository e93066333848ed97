"""
Random conditions on the columns of a relation, in SQL.

Values come from the relation's own rows most of the time, so that conditions
are true of something. No condition can fail for any row.
"""

from randomtables import identifier, quote

COMPARISONS = ["=", "=", "=", "<>", "<", "<=", ">", ">="]
BOUNDS = [("0", "9"), ("A", "z"), ("s01", "s02"), ("", "~"), ("a", "\uffff")]


def random_value(chance, column):
    """Text of a value, existing mostly."""
    if column.values and chance.random() < 0.85:
        value = chance.choice(column.values)
        return vary(chance, column.kind.family, value)
    return chance.choice(STRANGERS[column.kind.family])


STRANGERS = {
    "text": ["", "nothing like it", "open", "s01", "\U0010ffff", "a"],
    "char": ["", "open", "open    ", "s01"],
    "number": ["0", "0.5", "-1e30", "1e200", "1e-200", "NaN", "Infinity",
               "9007199254740993", "12345678901234567890123456789012345678",
               "1234567890123456789012345678901234567890.5"],
    "integer": ["0", "1", "-9", "100"],
    "float": ["0", "0.1", "NaN", "Infinity", "-Infinity", "1e300", "1e-300"],
    "bool": ["true", "false"],
    "bytea": ["\\x", "\\x00", "\\xff", "\\x0001"],
    "json": ["null", "[]", "{}", "1", '"x"'],
    "uuid": ["00000000-0000-0000-0000-000000000000",
             "FFFFFFFF-ffff-ffff-ffff-ffffffffffff"],
    "time": ["2025-06-30", "1999-01-01", "infinity", "-infinity"],
    "mood": ["calm", "sad"],
    "array": ["{}", "{1}", "{NULL}"],
}


def vary(chance, family, value):
    """Next to an existing value, sometimes."""
    if chance.random() < 0.8:
        return value
    if family == "text":
        return chance.choice([value[:-1], value + "x", value[:1],
                              value.upper(), value + " "])
    if family in ("number", "float") and len(value) < 12:
        return value + chance.choice(["0", "1"])
    return value


def literal(chance, column, value):
    """A value in SQL, by one of the ways to write it."""
    family = column.kind.family
    if family in ("text", "char"):
        return quote(value) + chance.choice(["", "", "::text", "::varchar"])
    if family in ("number", "integer", "float"):
        return number(chance, family, value)
    return "%s::%s" % (quote(value), type_of(column))


def number(chance, family, value):
    special = value in ("NaN", "Infinity", "-Infinity")
    # A list of several may be made a float4's.
    moderate = not special and (
        float(value) == 0 or 1e-30 < abs(float(value)) < 1e30)
    ways = {"number": ["::numeric", "::numeric", "::numeric", "::float8"],
            "integer": ["::int8", "::numeric", "::float8"],
            "float": ["::float8"]}[family]
    if family == "integer" and -2 ** 31 <= int(value) < 2 ** 31:
        ways.append("::int4")
    if family == "float" and moderate:
        ways += ["::float4", "::numeric"]
    if chance.random() < 0.4 and (moderate or family == "number") \
            and not special:
        return "(%s)" % value
    return quote(value) + chance.choice(ways)


def type_of(column):
    """Without its collation."""
    return column.kind.ddl.partition(" COLLATE ")[0]


class Clauses:
    """Conditions on one relation, whose columns are called ALIAS.name."""

    def __init__(self, chance, relation, alias):
        self.chance = chance
        self.relation = relation
        self.alias = alias

    def name(self, column):
        return "%s.%s" % (self.alias, identifier(column.name))

    def value(self, column):
        return literal(self.chance, column,
                       random_value(self.chance, column))

    def where(self):
        """A whole condition: on a key mostly, and on anything else."""
        parts = []
        if self.relation.accesses and self.chance.random() < 0.7:
            parts.append(self.on_key(self.chance.choice(
                self.relation.accesses)))
        for _ in range(self.chance.choice([0, 1, 1, 1, 2])):
            parts.append(self.tree(self.chance.choice([0, 1, 1, 2])))
        self.chance.shuffle(parts)
        return " AND ".join(parts) or "true"

    def on_key(self, access):
        """The partition, and some of the sort key."""
        known = self.row_values(access)
        parts = [self.partition(access[0], known[0])]
        if len(access) > 1:
            roll = self.chance.random()
            if roll < 0.15:
                others = [self.row_values(access) for _ in range(3)]
                parts = [self.among(column, [row[i] for row in others])
                         for i, column in enumerate(access)]
            elif roll < 0.3:
                parts.append(self.equal(access[1], known[1]))
            elif roll < 0.5:
                parts += self.bounds(access, known[0])
            elif roll < 0.75:
                parts += [self.simple(access[1])
                          for _ in range(self.chance.choice([1, 1, 2, 3]))]
            elif roll < 0.8:
                parts = [self.row_comparison(access)]
        if self.chance.random() < 0.08:
            parts.append(self.partition(access[0], known[0]))
        return " AND ".join(parts)

    def bounds(self, access, partition):
        """Of the sort key, by values that the partition has."""
        first, sort = [self.relation.columns.index(c) for c in access]
        there = [row[sort] for row in self.relation.rows
                 if row[first] == partition and row[sort] is not None]
        if not there:
            return [self.simple(access[1])]
        return ["%s %s %s" % (self.name(access[1]), operator, literal(
            self.chance, access[1], self.chance.choice(there)))
            for operator in self.chance.choice(
                [["<"], [">="], [">", "<"], [">", "<"], [">", "<="],
                 [">=", "<"], [">", ">=", "<"]])]

    def row_values(self, access):
        """The key of an existing row, or values that may not go together."""
        rows = self.relation.rows
        if rows and self.chance.random() < 0.8:
            row = self.chance.choice(rows)
            values = [row[self.relation.columns.index(c)] for c in access]
            if None not in values:
                return values
        return [random_value(self.chance, column) for column in access]

    def equal(self, column, value):
        return "%s = %s" % (self.name(column),
                            literal(self.chance, column, value))

    def partition(self, column, value):
        roll = self.chance.random()
        if roll < 0.6:
            return self.equal(column, value)
        if roll < 0.9:
            return self.among(column, [value])
        return "(%s OR %s)" % (self.equal(column, value),
                               self.equal(column, random_value(
                                   self.chance, column)))

    def row_comparison(self, access):
        names = ", ".join(map(self.name, access))
        values = ["(%s)" % ", ".join(
            literal(self.chance, column, value) for column, value
            in zip(access, self.row_values(access))) for _ in range(3)]
        if self.chance.random() < 0.5:
            return "(%s) IN (%s)" % (names, ", ".join(values))
        return "(%s) %s %s" % (names, self.chance.choice(
            ["=", "<", ">=", ">"]), values[0])

    def among(self, column, values):
        """IN, = ANY, <> ALL over these values and others."""
        chance = self.chance
        values = values + [random_value(chance, column) for _ in range(
            chance.choice([0, 1, 3, 6]))]
        if chance.random() < 0.06:
            values += self.many(column)
        written = [literal(chance, column, value) for value in values]
        if chance.random() < 0.1:
            written.append("NULL")
        # An array's ANY is over its elements.
        if written and (column.kind.element or chance.random() < 0.5):
            return "%s IN (%s)" % (self.name(column), ", ".join(written))
        kind = "text" if column.kind.family in ("text", "char") \
            else type_of(column)
        if column.kind.family in ("number", "integer", "float"):
            kind = "numeric" if column.kind.family == "number" else "float8" \
                if column.kind.family == "float" else "int8"
            written = ["NULL" if value == "NULL" else quote(value)
                       for value in values]
        if column.kind.element:
            return "%s IN (NULL)" % self.name(column)
        return "%s = ANY (ARRAY[%s]::%s[])" % (self.name(column),
                                               ", ".join(written), kind)

    def many(self, column):
        """More than an IN of DynamoDB can have."""
        fill = {"text": "filler %d", "char": "f%d", "number": "%d.25",
                "integer": "%d", "float": "%d.5"}.get(column.kind.family)
        return [fill % i for i in range(self.chance.choice([101, 150, 260]))
                ] if fill else []

    def tree(self, depth):
        """AND, OR and NOT over simple conditions."""
        if depth == 0 or not self.relation.columns:
            return self.simple(self.any_column())
        parts = [self.tree(depth - 1)
                 for _ in range(self.chance.choice([1, 2, 2, 3]))]
        joined = "(%s)" % self.chance.choice([" AND ", " OR ", " OR "]).join(
            parts)
        return self.chance.choice([
            joined, joined, joined, "NOT " + joined,
            joined + self.chance.choice([" IS TRUE", " IS NOT TRUE",
                                         " IS FALSE", " IS NOT FALSE",
                                         " IS UNKNOWN", " IS NOT UNKNOWN"])])

    def any_column(self):
        """One with misfits rather than another: there is more to get wrong."""
        columns = self.relation.columns
        column, = self.chance.choices(
            columns, [8 if column.misfits else 1 for column in columns])
        return column

    def simple(self, column):
        """One condition on one column."""
        roll = self.chance.random()
        name = self.name(column)
        if roll < 0.12:
            return "%s IS %sNULL" % (name, self.chance.choice(["", "NOT "]))
        if roll < 0.40:
            return "%s %s %s" % (name, self.chance.choice(COMPARISONS),
                                 self.value(column))
        if roll < 0.46:
            return "%s %s %s" % (self.value(column), self.chance.choice(
                COMPARISONS), name)
        if roll < 0.54:
            return "%s %sBETWEEN %s AND %s" % (
                name, self.chance.choice(["", "", "NOT "]),
                self.value(column), self.value(column))
        if roll < 0.62:
            return self.among(column, [])
        if roll < 0.66:
            return self.none_of(column)
        if roll < 0.70:
            return "%s IS %sDISTINCT FROM %s" % (
                name, self.chance.choice(["", "NOT "]), self.value(column))
        if roll < 0.73:
            return "coalesce(%s, %s) %s %s" % (
                name, self.value(column), self.chance.choice(COMPARISONS),
                self.value(column))
        return self.by_family(column)

    def none_of(self, column):
        values = ", ".join(self.value(column)
                           for _ in range(self.chance.randint(1, 4)))
        if self.chance.random() < 0.1:
            values += ", NULL"
        return "%s NOT IN (%s)" % (self.name(column), values)

    def by_family(self, column):
        """What only some types have."""
        make = getattr(self, "of_" + column.kind.family, None)
        if make is None:
            return "%s %s %s" % (self.name(column), self.chance.choice(
                COMPARISONS), self.value(column))
        return make(column)

    def of_text(self, column):
        chance, name = self.chance, self.name(column)
        value = random_value(chance, column)
        if column.kind.nondeterministic:
            return chance.choice([
                "length(%s) > %d" % (name, chance.randrange(5)),
                '%s %s %s COLLATE "C"' % (name, chance.choice(COMPARISONS),
                                          quote(value))])
        if chance.random() < 0.45:
            return "%s %s %s" % (
                name, chance.choice(["LIKE", "LIKE", "LIKE", "NOT LIKE",
                                     "ILIKE", "~~"]), quote(pattern(
                                         chance, value)))
        if chance.random() < 0.3:
            low, high = chance.choice(BOUNDS)
            return "(%s %s %s AND %s %s %s)" % (
                name, chance.choice([">", ">="]), quote(low),
                name, chance.choice(["<", "<="]), quote(high))
        start = quote(value[:chance.randint(0, 3)])
        return chance.choice([
            "%s ^@ %s" % (name, start),
            "starts_with(%s, %s)" % (name, start),
            "NOT %s ^@ %s" % (name, start),
            "length(%s) = %d" % (name, chance.randrange(6)),
            "upper(%s) = %s" % (name, quote(value.upper())),
            "left(%s, 2) = %s" % (name, quote(value[:2])),
            "%s || 'x' = %s" % (name, quote(value + "x")),
            "%s ~ '^[a-z]'" % name,
            '%s %s %s COLLATE "C"' % (name, chance.choice(COMPARISONS),
                                      quote(value)),
            '%s %s %s COLLATE "en-x-icu"' % (
                name, chance.choice(COMPARISONS), quote(value)),
            "%s %s lower(%s)" % (name, chance.choice(COMPARISONS),
                                 quote(value)),
            "%s = (SELECT %s)" % (name, quote(value)),
            "CASE WHEN %s = %s THEN true ELSE %s IS NULL END"
            % (name, quote(value), name),
        ])

    def of_number(self, column):
        chance, name = self.chance, self.name(column)
        return chance.choice([
            "%s + 1 %s %s" % (name, chance.choice(COMPARISONS),
                              quote(chance.choice("0159")) + "::numeric"),
            "abs(%s) < 5" % name,
            "-%s > 3" % name,
            "%s = (SELECT %s)" % (name, self.value(column)),
            "%s > 0 AND %s < 10" % (name, name),
            "nullif(%s, 1) IS NULL" % name,
            "%s::text LIKE '1%%'" % name,
        ])

    def of_integer(self, column):
        chance, name = self.chance, self.name(column)
        return chance.choice([
            "%s::numeric + 1 > 3" % name,
            "%s %% 2 = 0" % name,
            "%s %s %s" % (name, chance.choice(COMPARISONS), chance.choice(
                ["1.5", "99999999999", "-99999999999", "1e30", "0.5::float4",
                 "'3'::int2", "9223372036854775807"])),
            "%s = (SELECT %s)" % (name, self.value(column)),
        ])

    of_float = of_number

    def of_bool(self, column):
        name = self.name(column)
        return self.chance.choice([
            name, "NOT " + name, name + " IS TRUE", name + " IS NOT TRUE",
            name + " IS FALSE", name + " IS NOT FALSE", name + " IS UNKNOWN",
            name + " = (1 < 2)", name + " <> (SELECT true)"])

    def of_bytea(self, column):
        name = self.name(column)
        return self.chance.choice([
            "length(%s) = %d" % (name, self.chance.randrange(4)),
            "%s = (SELECT %s)" % (name, self.value(column)),
            "%s LIKE '\\\\000%%'::bytea" % name,
            "substring(%s, 1, 1) = '\\x00'" % name])

    def of_json(self, column):
        name = self.name(column)
        return self.chance.choice([
            "jsonb_typeof(%s) = %s" % (name, quote(self.chance.choice(
                ["object", "array", "string", "number", "null"]))),
            "%s ->> 'name' = 'open'" % name,
            "%s -> 'qty' > '3'" % name,
            "%s ? 'name'" % name,
            "%s @> '[1]'" % name])

    def of_array(self, column):
        name = self.name(column)
        return self.chance.choice([
            "cardinality(%s) > 1" % name,
            "%s @> %s" % (name, self.value(column)),
            "%s[1] IS NULL" % name,
            "%s[1] = ANY (%s)" % (name, name)])

    def of_mood(self, column):
        name = self.name(column)
        return self.chance.choice([
            "%s > 'Curious'" % name,
            "%s::text LIKE 'c%%'" % name,
            "%s = ANY (enum_range(NULL::public.mood))" % name])


def pattern(chance, value):
    """For LIKE: a prefix mostly, escaped or not, never ending in a \\."""
    part = value[:chance.randint(0, 3)]
    safe = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return chance.choice([
        safe + "%", safe + "%", safe + "%", safe, safe + "_", "%" + safe,
        "_" + safe + "%", safe + "%" + safe, safe + "__%",
        part.replace("\\", "") + "%", "%", "", "\\" + safe + "%"
        if safe[:1].isalnum() else "s%", "s0_-%", "s01-1%%"])
