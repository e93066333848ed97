"""
Random queries over relations: what is asked, and in which respect its rows
are determined.
"""

from randomclauses import COMPARISONS, Clauses, random_value, type_of
from randomtables import identifier, quote

# Makes other plans of the same query.
SETTINGS = ["enable_hashjoin", "enable_mergejoin", "enable_nestloop",
            "enable_sort", "enable_material", "enable_memoize",
            "enable_hashagg", "enable_incremental_sort",
            "enable_async_append"]
SUMMABLE = ("number", "integer")
WITH_MAXIMUM = ("text", "number", "integer", "float", "time", "mood")
EXECUTIONS = 7
JOINING = ("join", "outer join", "self join", "foreign join", "subquery",
           "cursor")


class Query:
    """
    text: the statement, the same for the foreign and the ordinary tables.
    order: the columns of the result by which it is ordered, [] if it is not.
    unlimited: the text without its LIMIT, where it has one: any rows of that
    will do, as long as order and number are right.
    settings: SET before it.
    """

    def __init__(self, shape, text, order=(), unlimited=None):
        self.shape = shape
        self.text = text
        self.order = list(order)
        self.unlimited = unlimited
        self.settings = {}
        # EXECUTE's arguments, a list for each execution; None: not prepared.
        self.types = None
        self.arguments = None
        # How many rows FETCH takes first; None: no cursor.
        self.fetch = None
        self.scroll = ""


class Writer:
    """Makes queries on these relations."""

    def __init__(self, chance, relations):
        self.chance = chance
        self.relations = relations

    def query(self):
        shapes = [(self.plain, 30), (self.limited, 14), (self.ordered, 10),
                  (self.aggregate, 10), (self.grouped, 5),
                  (self.local_join, 10), (self.outer_join, 5),
                  (self.self_join, 4), (self.foreign_join, 3),
                  (self.lateral, 4), (self.subquery, 6), (self.scalar, 4),
                  (self.union, 4), (self.prepared, 8), (self.cursor, 5)]
        make, = self.chance.choices([shape for shape, _ in shapes],
                                    [weight for _, weight in shapes])
        made = make()
        self.bend(made)
        return made

    def bend(self, query):
        """Make plans that the planner would not have made by itself."""
        chance = self.chance
        if chance.random() < 0.35:
            for name in chance.sample(SETTINGS, chance.choice([1, 2, 3])):
                query.settings[name] = "off"
        # Small tables are joined by reading all of them, otherwise.
        if query.shape in JOINING and chance.random() < 0.6:
            query.settings["enable_hashjoin"] = "off"
            query.settings["enable_mergejoin"] = "off"

    # Parts

    def relation(self):
        weights = [relation.weight for relation in self.relations]
        return self.chance.choices(self.relations, weights)[0]

    def keyed(self):
        """A relation that can be read by key, and one way to do it."""
        usable = [r for r in self.relations if r.accesses]
        relation, = self.chance.choices(usable, [r.weight for r in usable])
        return relation, self.chance.choice(relation.accesses)

    def index_of(self, relation, access):
        return relation.accesses.index(access)

    def columns(self, relation, alias):
        """Some columns for the SELECT list, or the row as a whole."""
        if self.chance.random() < 0.05:
            return [alias]
        many = self.chance.sample(
            relation.columns, min(len(relation.columns),
                                  self.chance.choice([1, 2, 3, 3, 99])))
        return ["%s.%s" % (alias, identifier(c.name)) for c in many]

    def sortable(self, relation):
        """Columns whose order is one; a nondeterministic one has ties of
        different texts."""
        return [c for c in relation.columns
                if not c.kind.nondeterministic]

    def order_by(self, relation):
        """Columns and directions, with the sort key first where it can be."""
        chance = self.chance
        able = self.sortable(relation)
        chosen = []
        for access in chance.sample(relation.accesses,
                                    len(relation.accesses)):
            if chance.random() < 0.6 and access[-1] in able:
                chosen = [access[-1]]
                if chance.random() < 0.3:
                    chosen = access[:1] + chosen[len(access) == 1:]
                break
        if not chosen or chance.random() < 0.3:
            chosen += chance.sample(able, min(len(able), 1))
        chosen = [c for c in dict.fromkeys(chosen) if c in able]
        return [(column, chance.choice(["", "", " DESC", " ASC NULLS FIRST",
                                        " DESC NULLS LAST"]))
                for column in chosen]

    def limit(self):
        roll = self.chance.random()
        text = " LIMIT %d" % self.chance.choice([0, 1, 1, 2, 3, 5, 10, 50])
        if roll < 0.3:
            text += " OFFSET %d" % self.chance.choice([0, 1, 2, 7])
        elif roll < 0.35:
            text = " OFFSET %d" % self.chance.choice([1, 4])
        elif roll < 0.4:
            text = " LIMIT (SELECT %d)" % self.chance.choice([1, 3])
        return text

    # Shapes

    def plain(self):
        relation = self.relation()
        clauses = Clauses(self.chance, relation, "r")
        return Query("plain", "SELECT %s FROM %s r WHERE %s" % (
            ", ".join(self.columns(relation, "r")), relation.name,
            clauses.where()))

    def ordered(self):
        relation = self.relation()
        order = self.order_by(relation)
        names = ["r." + identifier(column.name) for column, _ in order]
        text = "SELECT %s FROM %s r WHERE %s ORDER BY %s" % (
            ", ".join(names + self.columns(relation, "r")), relation.name,
            Clauses(self.chance, relation, "r").where(),
            ", ".join("r.%s%s" % (identifier(column.name), direction)
                      for column, direction in order) or "1")
        return Query("ordered", text, range(len(order)))

    def limited(self):
        made = self.ordered() if self.chance.random() < 0.7 else self.plain()
        limit = self.limit()
        limited = Query("limited", made.text + limit, made.order, made.text)
        return limited

    def aggregate(self):
        relation = self.relation()
        if self.chance.random() < 0.35:
            wanted = ["count(*)"]
        else:
            wanted = [self.one_aggregate(relation) for _ in range(
                self.chance.choice([1, 1, 2, 3]))]
        return Query("aggregate", "SELECT %s FROM %s r WHERE %s" % (
            ", ".join(wanted), relation.name,
            Clauses(self.chance, relation, "r").where()))

    def one_aggregate(self, relation):
        column = self.chance.choice(relation.columns)
        if relation.accesses and self.chance.random() < 0.5:
            column = self.chance.choice(relation.accesses)[-1]
        name = "r." + identifier(column.name)
        ways = ["count(%s)", "count(*)", "count(*) FILTER (WHERE %s IS NULL)"]
        if not column.kind.nondeterministic:
            ways.append("count(DISTINCT %s)")
            if column.kind.family in WITH_MAXIMUM:
                ways += ["min(%s)", "max(%s)"]
        if column.kind.family in SUMMABLE:
            ways += ["sum(%s)", "avg(%s::numeric)::numeric(30,4)"] \
                if column.kind.family == "integer" else ["sum(%s)"]
        way = self.chance.choice(ways)
        return way % name if "%s" in way else way

    def grouped(self):
        relation = self.relation()
        able = self.sortable(relation)
        columns = self.chance.sample(able, min(len(able),
                                               self.chance.choice([1, 1, 2])))
        names = ", ".join("r." + identifier(c.name) for c in columns)
        clauses = Clauses(self.chance, relation, "r")
        if self.chance.random() < 0.3:
            return Query("distinct", "SELECT DISTINCT %s FROM %s r WHERE %s"
                         % (names, relation.name, clauses.where()))
        text = "SELECT %s, count(*), %s FROM %s r WHERE %s GROUP BY %s" % (
            names, self.one_aggregate(relation), relation.name,
            clauses.where(), names)
        if self.chance.random() < 0.4:
            text += " HAVING count(*) > 1"
        return Query("grouped", text)

    def on_picks(self, access, alias="r", picks="p"):
        """Join condition between an access and its table of picks."""
        parts = ["%s.%s = %s.k0" % (alias, identifier(access[0].name), picks)]
        if len(access) > 1:
            compare = self.chance.choice([*"=====", "<", ">=", None])
            if compare:
                parts.append("%s.%s %s %s.k1" % (
                    alias, identifier(access[1].name), compare, picks))
        self.chance.shuffle(parts)
        return " AND ".join(parts)

    def local_join(self):
        relation, access = self.keyed()
        on = self.on_picks(access)
        where = ""
        if self.chance.random() < 0.4:
            where = " WHERE " + Clauses(self.chance, relation, "r").tree(1)
        kind = self.chance.choice(["JOIN", "JOIN", "LEFT JOIN"])
        return Query("join", "SELECT p.id, %s FROM %s_%d p %s %s r ON %s%s" % (
            ", ".join(self.columns(relation, "r")), relation.name,
            self.index_of(relation, access), kind, relation.name, on, where))

    def outer_join(self):
        relation, access = self.keyed()
        kind = self.chance.choice(["LEFT", "RIGHT", "FULL"])
        on = "r.%s = p.k0" % identifier(access[0].name)
        if kind != "FULL":
            on += " AND " + Clauses(self.chance, relation, "r").tree(0)
        return Query("outer join", "SELECT p.id, %s FROM %s r %s JOIN %s_%d p"
                     " ON %s" % (", ".join(self.columns(relation, "r")),
                                 relation.name, kind, relation.name,
                                 self.index_of(relation, access), on))

    def self_join(self):
        relation, access = self.keyed()
        on = " AND ".join("a.{0} = b.{0}".format(identifier(column.name))
                          for column in access)
        a, b = (Clauses(self.chance, relation, alias) for alias in "ab")
        where = a.where() if self.chance.random() < 0.8 else b.where()
        return Query("self join", "SELECT %s FROM %s a JOIN %s b ON %s WHERE"
                     " %s AND %s" % (
                         ", ".join(self.columns(relation, "a")
                                   + self.columns(relation, "b")),
                         relation.name, relation.name, on, where,
                         self.chance.choice(["true", b.tree(0)])))

    def foreign_join(self):
        """Through the picks of the second."""
        one = self.relation()
        two, access = self.keyed()
        number = self.index_of(two, access)
        return Query("foreign join", "SELECT p.id, %s FROM %s_%d p JOIN %s b"
                     " ON %s LEFT JOIN %s a ON p.id = 1 AND %s" % (
                         ", ".join(self.columns(one, "a")
                                   + self.columns(two, "b")),
                         two.name, number, two.name,
                         self.on_picks(access, "b"), one.name,
                         Clauses(self.chance, one, "a").where()))

    def lateral(self):
        relation, access = self.keyed()
        able = [c for c in access if not c.kind.nondeterministic]
        if not able:
            return self.plain()
        # Only what the order decides is selected, so ties do not matter.
        name = identifier(able[-1].name)
        kind, on = self.chance.choice([("CROSS", ""), ("LEFT", " ON true")])
        return Query("lateral", "SELECT p.id, x.s FROM %s_%d p %s JOIN LATERAL"
                     " (SELECT r.%s AS s FROM %s r WHERE %s ORDER BY r.%s%s"
                     " LIMIT %d) x%s" % (
                         relation.name, self.index_of(relation, access), kind,
                         name, relation.name, self.on_picks(access), name,
                         self.chance.choice(["", " DESC", " DESC NULLS LAST"]),
                         self.chance.choice([1, 2, 5]), on))

    def subquery(self):
        """EXISTS and IN, both ways round."""
        relation, access = self.keyed()
        picks = "%s_%d" % (relation.name, self.index_of(relation, access))
        name = identifier(access[0].name)
        more = Clauses(self.chance, relation, "r").tree(0)
        on = self.on_picks(access)
        return Query("subquery", self.chance.choice([
            "SELECT p.* FROM {picks} p WHERE {no} EXISTS (SELECT FROM {rel} r"
            " WHERE {on} AND {more})",
            "SELECT {columns} FROM {rel} r WHERE {no} EXISTS (SELECT FROM"
            " {picks} p WHERE {on}) AND {more}",
            "SELECT {columns} FROM {rel} r WHERE r.{name} IN (SELECT k0 FROM"
            " {picks} WHERE id < 4)",
            "SELECT {columns} FROM {rel} r WHERE r.{name} {no} IN (SELECT k0"
            " FROM {picks} WHERE k0 IS NOT NULL) AND {more}",
            "SELECT p.id FROM {picks} p WHERE p.k0 IN (SELECT r.{name} FROM"
            " {rel} r WHERE {more})",
            "SELECT {columns} FROM {rel} r WHERE r.{name} = (SELECT k0 FROM"
            " {picks} WHERE id = 2) AND {more}",
            "SELECT {columns} FROM {rel} r WHERE r.{name} = ANY (ARRAY(SELECT"
            " k0 FROM {picks}))",
        ]).format(columns=", ".join(self.columns(relation, "r")),
                  picks=picks, rel=relation.name, on=on, more=more, name=name,
                  no=self.chance.choice(["", "NOT"])))

    def scalar(self):
        """A subplan for each row."""
        relation, access = self.keyed()
        picks = "%s_%d" % (relation.name, self.index_of(relation, access))
        column = access[-1]
        wanted = "count(*)"
        if column.kind.family in WITH_MAXIMUM and \
                not column.kind.nondeterministic:
            wanted = self.chance.choice(["min(r.%s)", "max(r.%s)",
                                         "count(r.%s)"]) % identifier(
                                             column.name)
        return Query("scalar", "SELECT p.id, (SELECT %s FROM %s r WHERE %s AND"
                     " %s) FROM %s p" % (
                         wanted, relation.name, self.on_picks(access),
                         self.chance.choice(["true", Clauses(
                             self.chance, relation, "r").tree(0)]), picks))

    def union(self):
        """Append, of foreign tables and others."""
        parts = []
        for _ in range(self.chance.choice([2, 2, 3])):
            relation = self.relation()
            column = self.chance.choice(relation.columns)
            parts.append("SELECT r.%s::text AS x FROM %s r WHERE %s" % (
                identifier(column.name), relation.name,
                Clauses(self.chance, relation, "r").where()))
        text = " UNION ALL ".join(parts)
        if self.chance.random() < 0.3:
            text = "SELECT count(*), max(x COLLATE \"C\") FROM (%s) u" % text
        return Query("union", text)

    def prepared(self):
        """With parameters, NULL among them, executed until the plan is
        generic."""
        relation, access = self.keyed()
        columns = list(access[:self.chance.choice([1, 2])])
        columns += self.chance.sample(relation.columns,
                                      self.chance.choice([0, 0, 1]))
        conditions, types, values = [], [], []
        for column in columns:
            self.add_parameter(column, conditions, types, values)
        if self.chance.random() < 0.3:
            conditions.append(Clauses(self.chance, relation, "r").tree(0))
        text = "SELECT %s FROM %s r WHERE %s" % (
            ", ".join(self.columns(relation, "r")), relation.name,
            " AND ".join(conditions))
        if self.chance.random() < 0.2:
            text = "SELECT count(*) FROM %s r WHERE %s" % (
                relation.name, " AND ".join(conditions))
        made = Query("prepared", text)
        made.types = types
        made.arguments = [[make() for make in values]
                          for _ in range(EXECUTIONS)]
        made.settings["plan_cache_mode"] = self.chance.choice(
            ["auto", "force_generic_plan"])
        return made

    def add_parameter(self, column, conditions, types, values):
        """A condition on the column with $n in it."""
        chance = self.chance
        name = "r." + identifier(column.name)
        number = len(types) + 1
        # A parameter's type has no modifier: varchar(8) would cut it.
        kind = {"text": "text", "char": "text", "number": "numeric",
                "integer": "int8", "float": "float8"}.get(
                    column.kind.family, type_of(column))

        def one():
            if chance.random() < 0.1:
                return "NULL"
            return quote(random_value(chance, column))

        def several():
            if chance.random() < 0.1:
                return "NULL"
            return "ARRAY[%s]::%s[]" % (", ".join(
                one() for _ in range(chance.choice([0, 1, 3]))), kind)

        roll = chance.random()
        if roll < 0.25 and not column.kind.family == "array":
            conditions.append("%s = ANY ($%d)" % (name, number))
            types.append(kind + "[]")
            values.append(several)
        elif roll < 0.35 and column.kind.family == "text" and \
                not column.kind.nondeterministic:
            conditions.append("%s LIKE $%d" % (name, number))
            types.append("text")
            values.append(lambda: quote(random_value(chance, column).replace(
                "\\", "")[:2] + "%"))
        else:
            conditions.append("%s %s $%d" % (
                name, chance.choice(COMPARISONS[:6]), number))
            types.append(kind)
            values.append(one)

    def cursor(self):
        made = self.chance.choice([self.plain, self.ordered,
                                   self.local_join])()
        made.shape = "cursor"
        made.fetch = self.chance.choice([0, 1, 3, 10])
        made.scroll = self.chance.choice(["", "NO SCROLL ", "SCROLL "])
        return made
