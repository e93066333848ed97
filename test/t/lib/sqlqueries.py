"""
Random SELECT, INSERT, UPDATE, DELETE, MERGE, TRUNCATE and COPY over the
relations that there are, foreign tables above all.
"""

from oddvalues import maybe
from sqlexpressions import Expressions, named

JOINS = ["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]
LOCKS = ["FOR UPDATE", "FOR SHARE", "FOR NO KEY UPDATE SKIP LOCKED",
         "FOR KEY SHARE NOWAIT"]
SYSTEM_COLUMNS = ["tableoid", "tableoid::regclass", "ctid", "xmin", "cmax"]
MOST_OF_JOIN = 3


class Queries:
    """
    Statements as text. parameters: see Expressions; focus: the name of the
    foreign table that most of them are about, or None.
    """

    def __init__(self, chance, world, parameters=None, focus=None):
        self.chance = chance
        self.world = world
        self.focus = [r for r in world.of_kind("f") if r.name == focus]
        self.parameters = parameters
        self.make = Expressions(chance, world, parameters)
        self.make.subquery = self.scalar_subquery
        self.aliases = 0

    def relation(self, kinds="frvmp"):
        """A relation, foreign tables twice as often as all others."""
        foreign = self.world.of_kind("f")
        if self.focus and maybe(self.chance, 0.5):
            foreign = self.focus
        if foreign and "f" in kinds and maybe(self.chance, 0.7):
            return self.chance.choice(foreign)
        others = self.world.of_kind(kinds)
        return self.chance.choice(others) if others else None

    def alias(self):
        self.aliases += 1
        return "t%d" % self.aliases

    # SELECT

    def source(self, scope):
        """One item of FROM, and what it adds to the scope."""
        chance = self.chance
        alias = self.alias()
        roll = chance.random()
        relation = self.relation()
        if roll < 0.8 and relation:
            sample = ""
            if maybe(chance, 0.03):
                sample = " TABLESAMPLE %s (50)" % chance.choice(
                    ["SYSTEM", "BERNOULLI"])
            return ("%s%s AS %s%s" % (
                "ONLY " if maybe(chance, 0.05) else "", relation.name, alias,
                sample), named(relation.columns, alias))
        if roll < 0.9:
            kinds = [chance.choice(list(self.world.types)) for _ in range(2)]
            text = "(VALUES %s) AS %s (v1, v2)" % (", ".join(
                "(%s)" % ", ".join(self.make.literal(kind) for kind in kinds)
                for _ in range(chance.randint(1, 4))), alias)
            return text, [("%s.v%d" % (alias, i + 1), kind)
                          for i, kind in enumerate(kinds)]
        return self.lateral(alias, scope)

    def lateral(self, alias, scope):
        """A subquery that may see what stands before it."""
        kinds = [self.chance.choice(list(self.world.types))
                 for _ in range(2)]
        inner = self.select(kinds, scope, simple=True)
        return ("LATERAL (%s) AS %s (v1, v2)" % (inner, alias),
                [("%s.v%d" % (alias, i + 1), kind)
                 for i, kind in enumerate(kinds)])

    def joined(self, outer):
        """FROM, and its scope."""
        chance = self.chance
        text, scope = self.source(outer)
        for _ in range(chance.choice([0, 0, 0, 1, 1, 2][:MOST_OF_JOIN * 2])):
            right, more = self.source(outer + scope)
            both = scope + more
            if maybe(chance, 0.1):
                text = "%s CROSS JOIN %s" % (text, right)
            else:
                text = "%s %s %s ON %s" % (text, chance.choice(JOINS), right,
                                           self.join_clause(scope, more))
            scope = both
        return text, scope

    def join_clause(self, left, right):
        """An equation of two columns of one type, where there is one."""
        pairs = [(a, b) for a, kind in left for b, other in right
                 if kind == other and self.make.comparable(kind)]
        if not pairs or maybe(self.chance, 0.15):
            return self.make.clause(left + right, 1)
        return " AND ".join("%s = %s" % self.chance.choice(pairs)
                            for _ in range(self.chance.choice([1, 1, 2])))

    def where(self, scope, share=0.75):
        if not maybe(self.chance, share):
            return ""
        return " WHERE " + self.make.clause(scope)

    def select(self, kinds=None, outer=(), simple=False):
        """kinds: of which types its columns have to be."""
        chance = self.chance
        outer = list(outer)
        if not kinds and maybe(chance, 0.08):
            return self.combined(outer)
        text, scope = self.joined(outer) if not simple else self.source(outer)
        seen = outer + scope
        if not kinds and maybe(chance, 0.2):
            return self.grouped(text, scope, seen)
        what = self.targets(kinds, scope, seen)
        query = "SELECT %s%s FROM %s%s" % (
            "DISTINCT " if maybe(chance, 0.05) else "", what, text,
            self.where(seen))
        query += self.order(scope) + self.limit()
        if maybe(chance, 0.04):
            query += " " + chance.choice(LOCKS)
        return query

    def targets(self, kinds, scope, seen):
        chance = self.chance
        if kinds:
            return ", ".join(self.make.of(kind, seen, 1) for kind in kinds)
        roll = chance.random()
        if roll < 0.3:
            return "*"
        found = [self.target(scope, seen)
                 for _ in range(chance.randint(1, 4))]
        return ", ".join(found)

    def target(self, scope, seen):
        chance = self.chance
        alias = chance.choice(scope)[0].partition(".")[0]
        roll = chance.random()
        if roll < 0.07:
            return "%s.%s" % (alias, chance.choice(SYSTEM_COLUMNS))
        if roll < 0.14:
            return alias
        if roll < 0.2:
            return "row_number() OVER (PARTITION BY %s ORDER BY %s)" % (
                chance.choice(scope)[0], chance.choice(scope)[0])
        if roll < 0.65:
            return chance.choice(scope)[0]
        return self.make.of(chance.choice(list(self.world.types)), seen)

    def order(self, scope):
        if not maybe(self.chance, 0.35):
            return ""
        return " ORDER BY " + ", ".join(
            "%s %s" % (self.chance.choice(scope)[0], self.chance.choice(
                ["", "DESC", "NULLS FIRST", "DESC NULLS LAST"]))
            for _ in range(self.chance.choice([1, 1, 2])))

    def limit(self):
        if not maybe(self.chance, 0.35):
            return ""
        limit = self.chance.choice(["0", "1", "2", "10", "NULL", "1000"])
        return " LIMIT %s%s" % (limit, self.chance.choice(
            ["", "", " OFFSET 1", " OFFSET 100000"]))

    def grouped(self, text, scope, seen):
        chance = self.chance
        aggregate = self.aggregate(seen)
        condition = self.where(seen)
        if maybe(chance, 0.4):
            return "SELECT count(*)%s FROM %s%s" % (
                chance.choice(["", ", " + aggregate]), text, condition)
        by = chance.choice(scope)[0]
        return "SELECT %s, %s FROM %s%s GROUP BY %s%s" % (
            by, aggregate, text, condition, chance.choice(
                [by, by, "ROLLUP (%s)" % by, "GROUPING SETS ((%s), ())" % by]),
            chance.choice(["", " HAVING count(*) > 1"]))

    def aggregate(self, seen):
        chance = self.chance
        result = chance.choice([kind for kind, found
                                in self.world.aggregates.items() if found])
        name, arguments = chance.choice(self.world.aggregates[result])
        return "pg_catalog.%s(%s%s)%s" % (
            name, "DISTINCT " if maybe(chance, 0.1) and arguments else "",
            ", ".join(self.make.of(kind, seen, 1)
                      for kind in arguments) or "*",
            " FILTER (WHERE %s)" % self.make.clause(seen, 0)
            if maybe(chance, 0.1) else "")

    def combined(self, outer):
        kinds = [self.chance.choice(list(self.world.types))
                 for _ in range(2)]
        left, right = ("(%s)" % self.select(kinds, outer, simple=True)
                       for _ in range(2))
        if maybe(self.chance, 0.4):
            return ("WITH w (v1, v2) AS %s (%s) SELECT a.*, b FROM w a, w b%s"
                    % (self.chance.choice(["", "MATERIALIZED"]), left,
                       self.limit()))
        return "%s %s %s" % (left, self.chance.choice(
            ["UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT ALL"]),
            right)

    def scalar_subquery(self, oid, scope):
        return "(%s LIMIT 1)" % self.plain_select([oid], scope)

    def plain_select(self, kinds, outer):
        joins = self.joined if maybe(self.chance, 0.3) else self.source
        text, scope = joins(list(outer))
        seen = list(outer) + scope
        return "SELECT %s FROM %s%s" % (
            ", ".join(self.make.of(kind, seen, 0) for kind in kinds), text,
            self.where(seen))

    # Writing

    def writable(self):
        return self.relation("frpv")

    def insert(self):
        chance = self.chance
        relation = self.writable()
        columns = [c for c in relation.columns if not c.generated]
        if maybe(chance, 0.3):
            columns = chance.sample(columns, chance.randint(
                0, len(columns))) or columns
        head = "INSERT INTO %s AS t (%s) " % (
            relation.name, ", ".join(c.name for c in columns))
        if maybe(chance, 0.1):
            head += "OVERRIDING SYSTEM VALUE "
        kinds = [c.type for c in columns]
        if maybe(chance, 0.7):
            head += "VALUES " + ", ".join("(%s)" % ", ".join(
                "DEFAULT" if maybe(chance, 0.03) else self.make.value(kind)
                for kind in kinds)
                for _ in range(chance.choice([1, 1, 1, 2, 5, 30])))
        elif maybe(chance, 0.4):
            head += "SELECT %s FROM %s AS s%s" % (", ".join(
                self.make.value(c.type) if c.name in ("pk", "sk", "bin")
                and maybe(chance, 0.8) else "s." + c.name for c in columns),
                relation.name, self.limit())
        else:
            head += self.select(kinds, simple=True)
        return head + self.conflict() + self.returning(relation)

    def conflict(self):
        if not maybe(self.chance, 0.25):
            return ""
        return " ON CONFLICT " + self.chance.choice(
            ["DO NOTHING", "DO NOTHING", "DO NOTHING", "(pk) DO NOTHING",
             "(pk) DO UPDATE SET pk = EXCLUDED.pk"])

    def returning(self, relation, alias="t"):
        if not maybe(self.chance, 0.3):
            return ""
        scope = named(relation.columns, alias)
        return " RETURNING " + self.chance.choice(
            ["*", "t", "count(*)" if maybe(self.chance, 0.1) else "t.*",
             self.target(scope, scope)])

    def assignments(self, relation, scope):
        chance = self.chance
        columns = [c for c in relation.columns if not c.generated
                   or maybe(chance, 0.02)]
        picked = chance.sample(columns, min(len(columns),
                                            chance.choice([1, 1, 2, 3])))
        return ", ".join("%s = %s" % (c.name, self.make.of(c.type, scope))
                         for c in picked)

    def update(self):
        chance = self.chance
        relation = self.writable()
        scope = named(relation.columns, "t")
        text = ""
        if maybe(chance, 0.2):
            source, more = self.source(scope)
            text, scope = " FROM " + source, scope + more
        return "UPDATE %s AS t SET %s%s%s%s" % (
            relation.name, self.assignments(relation, scope), text,
            self.where(scope, 0.9), self.returning(relation))

    def delete(self):
        chance = self.chance
        relation = self.writable()
        scope = named(relation.columns, "t")
        text = ""
        if maybe(chance, 0.2):
            source, more = self.source(scope)
            text, scope = " USING " + source, scope + more
        return "DELETE FROM %s AS t%s%s%s" % (
            relation.name, text, self.where(scope, 0.95),
            self.returning(relation))

    def merge(self):
        relation = self.writable()
        scope = named(relation.columns, "t")
        source, more = self.source([])
        return ("MERGE INTO %s AS t USING %s ON %s WHEN MATCHED THEN %s"
                " WHEN NOT MATCHED THEN DO NOTHING" % (
                    relation.name, source, self.join_clause(scope, more),
                    self.chance.choice(["DELETE", "UPDATE SET "
                                        + self.assignments(relation,
                                                           scope + more)])))

    def with_writes(self):
        """A CTE that writes, and a query that reads what came of it."""
        inner = self.chance.choice([self.insert, self.update, self.delete])()
        if " RETURNING " not in inner:
            inner += " RETURNING *"
        return "WITH w AS (%s) SELECT count(*), min(w::text) FROM w" % inner

    def truncate(self):
        relation = self.relation("frp")
        return "TRUNCATE %s%s" % (relation.name, self.chance.choice(
            ["", "", " CASCADE", " RESTART IDENTITY"]))

    def any_write(self):
        return self.chance.choice(
            [self.insert, self.insert, self.insert, self.update, self.update,
             self.delete, self.merge, self.with_writes])()

    def any(self):
        return self.select() if maybe(self.chance, 0.6) else self.any_write()

    # COPY

    def copy_to(self):
        chance = self.chance
        relation = self.relation()
        what = relation.name if maybe(chance, 0.3) else (
            "(%s)" % (self.select() if maybe(chance, 0.8) else self.any()))
        return "COPY %s TO STDOUT%s" % (what, chance.choice(
            ["", " (FORMAT csv, HEADER)", " (FORMAT binary)"]))

    def copy_from(self):
        """The statement and its data; values are pieces of literals."""
        chance = self.chance
        relation = self.writable()
        columns = [c for c in relation.columns if not c.generated]
        rows = ["\t".join(self.copied(c.type) for c in columns)
                for _ in range(chance.choice([0, 1, 2, 5, 40]))]
        return ("COPY %s (%s) FROM STDIN%s" % (
            relation.name, ", ".join(c.name for c in columns),
            chance.choice(["", "", " WHERE random() < 0.5", " (FREEZE)"])),
            "".join(row + "\n" for row in rows))

    def copied(self, oid):
        literal = self.make.literal(oid)
        if not literal.startswith("'"):
            return "\\N"
        text = literal[1:literal.rindex("'::")].replace("''", "'")
        if maybe(self.chance, 0.05):
            return text
        for raw, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"),
                             ("\r", "\\r")):
            text = text.replace(raw, escaped)
        return text
