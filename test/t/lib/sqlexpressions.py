"""
Random expressions of a wanted type: columns, values, operators and functions of
the catalog, and the clauses of which the extension knows something.
"""

from oddvalues import INPUTS, TEXTS, maybe, odd_text, quote, text_of

COMPARISONS = ["=", "=", "=", "=", "=", "=", "<", "<=", ">", ">=", "<>",
               "IS DISTINCT FROM", "IS NOT DISTINCT FROM"]
PATTERNS = ["LIKE", "NOT LIKE", "ILIKE", "~", "^@", "SIMILAR TO"]
NOT_COMPARABLE = {"json"}
# What attributes are called that are keys of a table.
KEYS = (".pk", ".sk", ".bin", ".n", ".word")
NUMERIC = ["int4", "int8", "numeric", "float8", "small_domain"]


class Expressions:
    """
    scope: what can be named, pairs of SQL and type. With parameters, a list,
    some values become $1, $2 ... and are put into it.
    """

    def __init__(self, chance, world, parameters=None):
        self.chance = chance
        self.world = world
        self.parameters = parameters
        self.subquery = None

    def literal(self, oid):
        """A value of this type, mostly a good one."""
        chance = self.chance
        # A parameter's type may be gone.
        kind = self.world.types.get(oid)
        if kind is None:
            return "NULL"
        if maybe(chance, 0.05):
            return "NULL::" + kind.text
        return self.plain_literal(kind)

    def plain_literal(self, kind):
        chance = self.chance
        if kind.name in INPUTS:
            return "%s::%s" % (quote(text_of(chance, kind.name)), kind.text)
        if kind.kind == "e":
            word = chance.choice([*kind.labels, odd_text(chance)]
                                 if maybe(chance, 0.1) else kind.labels)
            return "%s::%s" % (quote(word), kind.text)
        if kind.kind == "d":
            return "%s::%s" % (self.literal(kind.base), kind.text)
        if kind.kind == "a":
            return "ARRAY[%s]::%s" % (", ".join(
                self.literal(kind.element)
                for _ in range(chance.randint(0, 3))), kind.text)
        if kind.kind == "c":
            return "ROW(%s)::%s" % (", ".join(
                self.literal(member) for member in kind.members), kind.text)
        return "NULL::" + kind.text

    def value(self, oid):
        """A literal, or a parameter in its place."""
        if self.parameters is None or maybe(self.chance, 0.3):
            return self.literal(oid)
        self.parameters.append(oid)
        return "$%d" % len(self.parameters)

    def fitting(self, oid, scope):
        return [name for name, kind in scope if kind == oid]

    def of(self, oid, scope, depth=2):
        """An expression of this type."""
        chance = self.chance
        columns = self.fitting(oid, scope)
        if columns and maybe(chance, 0.5):
            return chance.choice(columns)
        if depth <= 0 or maybe(chance, 0.3):
            return self.value(oid)
        if oid == self.world.by_name["bool"].oid and maybe(chance, 0.6):
            return "(%s)" % self.clause(scope, depth - 1)
        return self.made(oid, scope, depth)

    def made(self, oid, scope, depth):
        chance, world = self.chance, self.world
        kind = world.types[oid]
        ways = []
        if world.operators[oid]:
            ways += [self.operator] * 3
        if world.functions[oid]:
            ways += [self.function] * 3
        ways += [self.case, self.coalesce, self.cast]
        if self.subquery:
            ways.append(lambda oid, scope, depth: self.subquery(oid, scope))
        return "(%s)::%s" % (chance.choice(ways)(oid, scope, depth - 1),
                             kind.text)

    def operator(self, oid, scope, depth):
        name, left, right = self.chance.choice(self.world.operators[oid])
        return "%s %s %s" % (self.of(left, scope, depth), name,
                             self.of(right, scope, depth))

    def function(self, oid, scope, depth):
        name, arguments = self.chance.choice(self.world.functions[oid])
        return "pg_catalog.%s(%s)" % (name, ", ".join(
            self.of(argument, scope, depth) for argument in arguments))

    def case(self, oid, scope, depth):
        return "CASE WHEN %s THEN %s ELSE %s END" % (
            self.clause(scope, depth), self.of(oid, scope, depth),
            self.of(oid, scope, depth))

    def coalesce(self, oid, scope, depth):
        name = self.chance.choice(["coalesce", "nullif", "greatest"]
                                  if self.comparable(oid) else ["coalesce"])
        return "%s(%s, %s)" % (name, self.of(oid, scope, depth),
                               self.of(oid, scope, depth))

    def cast(self, oid, scope, depth):
        """To text and back, or from a type that is near."""
        names = [name for name in NUMERIC if name in self.world.by_name]
        if self.world.types[oid].name in NUMERIC:
            near = self.world.by_name[self.chance.choice(names)].oid
            return self.of(near, scope, depth)
        return "(%s)::text" % self.of(oid, scope, depth)

    def comparable(self, oid):
        return self.world.types[oid].name not in NOT_COMPARABLE

    # Clauses

    def clause(self, scope, depth=2):
        """Something boolean, mostly of the kinds that can be sent."""
        chance = self.chance
        if not scope or maybe(chance, 0.05):
            return self.literal(self.world.by_name["bool"].oid)
        if depth > 0 and maybe(chance, 0.35):
            return "(%s) %s (%s)" % (self.clause(scope, depth - 1),
                                     chance.choice(["AND", "AND", "OR"]),
                                     self.clause(scope, depth - 1))
        if depth > 0 and maybe(chance, 0.1):
            return "NOT (%s)" % self.clause(scope, depth - 1)
        if maybe(chance, 0.12):
            return self.of(self.world.by_name["bool"].oid, scope, depth - 1)
        return self.simple_clause(scope, depth)

    def simple_clause(self, scope, depth):
        chance = self.chance
        name, oid = chance.choice(
            [column for column in scope
             if maybe(chance, 0.4) and column[0].endswith(KEYS)] or scope)
        kind = self.world.types[oid]
        if kind.name == "bool" and maybe(chance, 0.4):
            return "%s IS %s%s" % (name, chance.choice(["", "NOT "]),
                                   chance.choice(["TRUE", "FALSE", "UNKNOWN"]))
        if maybe(chance, 0.1) or not self.comparable(oid):
            return "%s IS %sNULL" % (name, chance.choice(["", "NOT "]))
        if maybe(chance, 0.07):
            return self.row_clause(scope)
        roll = chance.random()
        if roll < 0.1:
            return "%s IN (%s)" % (name, ", ".join(
                self.value(oid) for _ in range(chance.choice([1, 2, 3, 120]))))
        if roll < 0.2 and kind.kind not in "ca":
            return "%s %s %s (ARRAY[%s])" % (
                name, chance.choice(["=", "=", "<", "<>"]),
                chance.choice(["ANY", "ANY", "ALL"]), ", ".join(
                    self.value(oid) for _ in range(chance.randint(1, 4))))
        if roll < 0.3:
            return "%s BETWEEN %s AND %s" % (name, self.value(oid),
                                             self.value(oid))
        if roll < 0.4 and kind.name in ("text", "varchar"):
            return "%s %s %s" % (name, chance.choice(PATTERNS), quote(
                chance.choice([odd_text(chance), chance.choice(TEXTS) + "%"])))
        if roll < 0.45 and kind.name == "jsonb":
            return "%s -> %s IS NOT NULL" % (name, quote(odd_text(chance)))
        if roll < 0.5 and kind.name in ("text", "varchar"):
            name += " COLLATE " + chance.choice(['"C"', '"POSIX"',
                                                 '"default"'])
        other = (self.value(oid) if maybe(chance, 0.6)
                 else self.of(oid, scope, depth - 1))
        return "%s %s %s" % (name, chance.choice(COMPARISONS), other)

    def row_clause(self, scope):
        """(a, b) IN ((1, 2), ...), or an order of rows."""
        chance = self.chance
        columns = [column for column in scope if self.comparable(column[1])
                   and (column[0].endswith(KEYS) or maybe(chance, 0.1))]
        columns = (columns or scope[:1])[:2]
        rows = ["(%s)" % ", ".join(self.value(oid) for _, oid in columns)
                for _ in range(chance.choice([1, 2, 5]))]
        left = "(%s)" % ", ".join(name for name, _ in columns)
        if maybe(chance, 0.2):
            return "ROW%s %s ROW%s" % (left, chance.choice(["<", ">=", "="]),
                                       rows[0])
        return "%s IN (%s)" % (left, ", ".join(rows))


def named(columns, alias):
    """A scope of these columns, by an alias."""
    return [("%s.%s" % (alias, column.name), column.type)
            for column in columns]
