"""Random statements of a transaction, the same for both of each twins."""

COMPARISONS = ["=", "<", "<=", ">", ">=", "<>"]


class Step:
    """A statement. ordered: its rows have one order. copied: what COPY gets."""

    def __init__(self, kind, text, ordered=False, copied=None):
        self.kind = kind
        self.text = text
        self.ordered = ordered
        self.copied = copied


class Writer:
    """Of steps, by one random source."""

    def __init__(self, chance, twins, number):
        self.chance = chance
        self.twins = twins
        self.cursors = 0
        # For keys that no other transaction has.
        self.fresh = 100 * number
        # Statements of a transaction are to get in each other's way.
        self.favourite = chance.choice(twins)
        self.parts = {twin.name: twin.keys[0].make(chance) for twin in twins}

    def twin(self):
        if self.chance.random() < 0.6:
            return self.favourite
        return self.chance.choice(self.twins)

    def keys(self, twin):
        """Values of the key, often in one partition."""
        return [self.part(twin)] + [key.make(self.chance)
                                    for key in twin.keys[1:]]

    def part(self, twin):
        if self.chance.random() < (0.6 if len(twin.keys) > 1 else 0.3):
            return self.parts[twin.name]
        return twin.keys[0].make(self.chance)

    def some(self, *weighted):
        """One of (weight, value)."""
        weights, values = zip(*weighted)
        return self.chance.choices(values, weights)[0]

    # conditions

    def key_is(self, twin, prefix=""):
        return " AND ".join("%s%s = %s" % (prefix, *pair) for pair in zip(
            twin.key_names(), self.keys(twin)))

    def by_key(self, twin, p):
        return self.key_is(twin, p)

    def by_partition(self, twin, p):
        return "%sk1 = %s" % (p, self.part(twin))

    def by_range(self, twin, p):
        if len(twin.keys) == 1:
            return self.by_either(twin, p)
        key = twin.keys[1]
        return "%s AND %sk2 %s %s" % (
            self.by_partition(twin, p), p, self.chance.choice(COMPARISONS),
            key.make(self.chance))

    def by_either(self, twin, p):
        key = twin.keys[0]
        return "%sk1 IN (%s)" % (p, ", ".join(
            key.make(self.chance) for _ in range(self.chance.randint(2, 4))))

    def by_index(self, twin, p):
        return "%sgrp = 'g%d' AND %s" % (p, self.chance.randint(1, 3),
                                         self.by_rest(twin, p))

    def by_rest(self, twin, p):
        chance = self.chance
        name, condition = chance.choice([
            ("i", "%%s %s %d" % (chance.choice(COMPARISONS),
                                 chance.randint(-3, 9))),
            ("i", "%s IS NULL"), ("i", "coalesce(%s, 1) %% 2 = 1"),
            ("i", "%s BETWEEN 1 AND 4"), ("n", "%s > 0"),
            ("n", "%s IN (1, 0.5, 10)"), ("v", "%s IS NOT NULL"),
            ("v", "%s LIKE 'a%%'"), ("v", "length(%s) > 3"),
            ("v", "%s IN ('alpha', '', 'beta')"), ("doc", "%s ? 'a'"),
            ("doc", "%s = '{\"a\": 2}'"), ("t", "%s"), ("t", "NOT %s"),
            ("m1", "%s = ''"), ("m2", "%s >= 2"), ("q", "%s < 10"),
            ("fl", "%s > 0"), ("at", "%s > '2026-01-15'"),
            ("arr", "'alpha' = ANY (%s)"), ("raw", "%s < '\\x61'"),
            ("extra", "%s IS NULL"), ("pre", "%s = 'preset'")])
        return condition % (p + name)

    def by_any(self, twin, p):
        return "%s OR %s" % (self.by_rest(twin, p), self.by_partition(twin, p))

    def where(self, twin, p=""):
        make = self.some((3, self.by_key), (2, self.by_partition),
                         (2, self.by_range), (1, self.by_either),
                         (1, self.by_index), (3, self.by_rest),
                         (1, self.by_any))
        condition = make(twin, p)
        if self.chance.random() < 0.2:
            condition = "(%s) AND (%s)" % (condition, self.by_rest(twin, p))
        return condition

    # what is set

    def assignments(self, twin, p=""):
        columns = self.chance.sample(twin.payload, self.chance.choice(
            [1, 1, 2, 3]))
        return ", ".join("%s = %s" % (c.name, self.new_value(c, p))
                         for c in columns)

    def new_value(self, column, p):
        chance = self.chance
        made = {
            "n": ["{c} + 1", "coalesce({c}, 0) + 1", "{p}i"],
            "i": ["{c} + 1", "coalesce({c}, 0) + 1", "-{c}",
                  "(SELECT max(i) FROM a)", "10 / ({p}i - 3)", "total()",
                  "total()"],
            "q": ["{c} / 2", "{p}i"],
            "fl": ["{c} / 2", "{p}i"],
            "t": ["NOT {c}", "{p}i > 2"],
            "v": ["left({c} || 'x', 20)", "upper({p}grp)", '{p}"order"',
                  "{p}i::text", "'skip'", "'kept'"],
            '"order"': ["{p}v", "{p}m1", "left({c} || {p}v, 20)"],
            "doc": ["CASE jsonb_typeof({c}) WHEN 'object' THEN {c} ||"
                    " '{{\"more\": [1]}}' END",
                    "jsonb_build_object('v', {p}v, 'i', {p}i)"],
            "arr": ["({c} || 'z'::text)[1:4]", "ARRAY[{p}v, NULL]"],
            "raw": ["substr({c} || '\\x00', 1, 6)"],
            "at": ["{c} + '1 day 1 microsecond'"],
            "m1": ["{p}v", "left({c} || 'm', 20)"],
            "m2": ["{p}i", "{c} + 1"],
            "pre": ["DEFAULT"],
        }.get(column.name)
        if made and chance.random() < 0.5:
            return chance.choice(made).format(c=p + column.name, p=p)
        return column.value(chance)

    # statements

    def returning(self, twin, p=""):
        return self.some(
            (3, ""), (1, " RETURNING *"),
            (1, " RETURNING %sk1, %si + 1, %sv" % (p, p, p)))

    def names_and_row(self, twin):
        more = self.chance.sample(twin.payload, self.chance.randint(0, 6))
        names = twin.key_names() + [c.name for c in more]

        def row():
            return self.keys(twin) + [c.value(self.chance) for c in more]

        return names, row

    def insert(self):
        twin = self.twin()
        names, row = self.names_and_row(twin)
        rows = [row() for _ in range(self.chance.choice([1, 1, 2, 3]))]
        text = "INSERT INTO %s (%s) VALUES %s" % (
            twin.name, ", ".join(names),
            ", ".join("(%s)" % ", ".join(r) for r in rows))
        if self.chance.random() < 0.3:
            return Step("on conflict", text + " ON CONFLICT DO NOTHING"
                        + self.returning(twin))
        # Mostly keys that are not there, since the others end it all.
        return Step("insert", self.absent(twin, names, rows, text)
                    + self.returning(twin))

    def absent(self, twin, names, rows, text):
        if self.chance.random() < 0.12:
            return text
        kinds = [twin.column(name).kind() for name in names]
        row = ", ".join("%s::%s" % pair for pair in zip(rows[0], kinds))
        return ("INSERT INTO %s (%s) SELECT * FROM (SELECT %s) AS x (%s)"
                " WHERE NOT EXISTS (SELECT FROM %s y WHERE %s)" % (
                    twin.name, ", ".join(names), row, ", ".join(names),
                    twin.name, " AND ".join(
                        "y.%s = x.%s" % (k, k) for k in twin.key_names())))

    def insert_select(self):
        """From itself: rows must not beget rows of the same statement."""
        into, source = self.twins[0], self.twins[0]
        key = "x.k1 || '~%d'" % self.chance.randint(0, 9)
        columns = ["v", "n", "i", "doc", "arr", "grp", "raw", "m1", "tags"]
        if self.chance.random() < 0.5:
            # Into the other, with a sort key that nothing else has.
            into = self.twins[1]
            self.fresh += 1
            key = "x.k1, %d.%d" % (5000 + self.fresh,
                                   self.chance.randint(1, 99))
        return Step("insert select", (
            "INSERT INTO {into} ({keys}, {columns}) SELECT {key}, {values}"
            " FROM {source} x WHERE ({where}) AND length(x.k1) < 5 AND NOT"
            " EXISTS (SELECT FROM {source} y WHERE y.k1 LIKE x.k1 || '~%')"
            " {returning}").format(
                into=into.name, keys=", ".join(into.key_names()),
                columns=", ".join(columns), key=key,
                values=", ".join("x." + c for c in columns),
                source=source.name, where=self.where(source, "x."),
                returning=self.returning(into)))

    def update(self):
        twin = self.twin()
        return Step("update", "UPDATE %s SET %s WHERE %s%s" % (
            twin.name, self.assignments(twin), self.where(twin),
            self.returning(twin)))

    def update_from(self):
        """Joined to another relation, which gives one row, or one value."""
        twin = self.twin()
        name = twin.name
        keys = " AND ".join("t.%s = o.%s" % (k, k) for k in twin.key_names())
        text = self.chance.choice([
            "UPDATE {t} t SET {set}, pre = o.v FROM {t} o WHERE {keys} AND"
            " {where}",
            "UPDATE {t} t SET i = t.i + 1 FROM generate_series(1, 2)"
            " WHERE {where}",
            "UPDATE {t} t SET pre = o.s FROM (SELECT i, count(*)::text AS s"
            " FROM a GROUP BY i) o WHERE o.i = t.i AND {where}",
            "UPDATE {t} t SET i = 1 WHERE i IN (SELECT i FROM b WHERE"
            " {other})",
            "UPDATE a t SET i = p.n, v = t.v || '' FROM picks p WHERE"
            " t.k1 = p.k1",
            "UPDATE b t SET i = p.n + 1 FROM picks p WHERE t.k1 = p.k1 AND"
            " p.n < 3"])
        return Step("update from", text.format(
            t=name, set=self.assignments_but(twin, "t."), keys=keys,
            where="(%s)" % self.where(twin, "t."),
            other=self.where(self.twins[1])))

    def assignments_but(self, twin, p):
        columns = [c for c in twin.payload if c.name != "pre"]
        column = self.chance.choice(columns)
        return "%s = %s" % (column.name, self.new_value(column, p))

    def change_key(self):
        twin = self.twin()
        key = twin.keys[-1]
        value = key.value(self.chance, 0.02)
        if twin.name == "b" and self.chance.random() < 0.5:
            self.fresh += 1
            value = "%d" % (9000 + self.fresh)
        if twin.name == "a":
            self.fresh += 1
            value = "'m%d'" % self.fresh
        return Step("key change", "UPDATE %s SET %s = %s, v = 'moved' WHERE %s"
                    " AND NOT EXISTS (SELECT FROM %s y WHERE %s)%s" % (
                        twin.name, key.name, value, self.key_is(twin),
                        twin.name, " AND ".join(
                            "y.%s = %s" % (k.name, value if k is key else
                                           "%s.%s" % (twin.name, k.name))
                            for k in twin.keys), self.returning(twin)))

    def delete(self):
        twin = self.twin()
        return Step("delete", "DELETE FROM %s WHERE %s%s" % (
            twin.name, self.where(twin), self.returning(twin)))

    def delete_using(self):
        twin = self.twin()
        text = self.chance.choice([
            "DELETE FROM {t} t USING a o WHERE t.i = o.i AND {where}",
            "DELETE FROM {t} t USING {t} o WHERE t.k1 = o.k1 AND o.i > t.i"
            " AND {where}",
            "DELETE FROM {t} t WHERE NOT EXISTS (SELECT FROM a WHERE"
            " a.grp = t.grp) AND {where}",
            "DELETE FROM a t USING picks p WHERE t.k1 = p.k1 AND p.n < 9"])
        return Step("delete using", text.format(
            t=twin.name, where="(%s)" % self.where(twin, "t.")))

    def moved(self):
        """Statements whose parts see the same state."""
        self.fresh += 1
        where = self.where(self.twins[0], "a.")
        text = self.chance.choice([
            "WITH d AS (DELETE FROM a WHERE {where} RETURNING *) INSERT INTO b"
            " (k1, k2, v, doc) SELECT 'moved', {fresh} + row_number() OVER"
            " (ORDER BY k1), v, doc FROM d RETURNING k2",
            "WITH u AS (UPDATE a SET i = 5, v = 'u' WHERE {where} RETURNING"
            " k1, v) SELECT a.k1, a.v, a.i, u.v AS w FROM a JOIN u USING (k1)",
            "WITH i AS (INSERT INTO a (k1, i) VALUES ('w{fresh}', 4)"
            " RETURNING k1), n AS (SELECT count(*) AS n FROM a)"
            " SELECT k1, n FROM i, n"])
        return Step("with", text.format(where=where,
                                        fresh=10000 + 100 * self.fresh))

    def view(self):
        where = self.by_key(self.twins[0], "")
        self.fresh += 1
        return Step("view", self.some(
            (2, "UPDATE va SET i = i - 1, v = 'view' WHERE %s" % where),
            (1, "INSERT INTO va (k1, i) VALUES ('v%d', %d)" % (
                self.fresh, self.chance.randint(-1, 5))),
            (1, "DELETE FROM va WHERE %s" % where),
            (1, "UPDATE va SET n = i WHERE n > 5 RETURNING *")))

    def copy(self):
        self.fresh += 1
        rows = ["c%d\t%s\t%s" % (10 * self.fresh + i, self.chance.choice(
            ["\\N", "x", "two\\nlines", "été"]), self.chance.choice(
                ["\\N", "3"])) for i in range(self.chance.randint(1, 4))]
        return Step("copy", "COPY a (k1, v, i) FROM STDIN",
                    copied="\n".join(rows) + "\n")

    def truncate(self):
        return Step("truncate", "TRUNCATE c")

    def execute(self):
        twin = self.twin()
        keys = ", ".join(self.keys(twin))
        return Step("execute", self.some(
            (3, "EXECUTE get_{t} ({k})"), (3, "EXECUTE set_{t} ({k}, 1)"),
            (1, "EXECUTE cut_{t} ({k})"), (2, "EXECUTE put_{t} ({k}, 'p')"),
            (2, "EXECUTE part_{t} ({k1})")).format(
                t=twin.name, k=keys, k1=self.part(twin)))

    def function(self):
        key = self.part(self.twins[0])
        part = self.part(self.twins[1])
        return Step("function", self.some(
            (2, "SELECT caught(%s, %d, %s)" % (
                key, self.chance.randint(0, 5),
                self.chance.choice(["true", "false"]))),
            (1, "SELECT looped(%s)" % key),
            (1, "SELECT twice_the_same(%s)" % key),
            (2, "SELECT k2, bumped(k1, k2) FROM (SELECT k1, k2 FROM b WHERE"
             " k1 = %s ORDER BY k2 OFFSET 0) x" % part)))

    # reads

    def read(self):
        twin = self.twin()
        make = self.some((3, self.read_rows), (3, self.read_count),
                         (3, self.read_order), (2, self.read_join),
                         (1, self.read_index), (1, self.read_group))
        return make(twin)

    def columns(self, twin):
        if self.chance.random() < 0.4:
            return "*"
        return ", ".join(c.name for c in self.chance.sample(
            twin.columns, self.chance.randint(1, 5)))

    def read_rows(self, twin):
        return Step("select", "SELECT %s FROM %s WHERE %s" % (
            self.columns(twin), twin.name, self.where(twin)))

    def read_count(self, twin):
        return Step("count", "SELECT count(*) FROM %s%s" % (
            twin.name, self.chance.choice([
                "", " WHERE " + self.where(twin),
                " WHERE " + self.by_partition(twin, "")])))

    def look(self):
        """At what the transaction writes to most, in order."""
        return self.read_order(self.favourite)

    def read_order(self, twin):
        """In the order of the sort key, where DynamoDB gives it."""
        way = self.chance.choice(["", " DESC"])
        if len(twin.keys) == 1:
            where, order = self.where(twin), "k1" + way
        else:
            where, order = self.by_partition(twin, ""), "k2" + way
            if self.chance.random() < 0.4:
                where += " AND (%s)" % self.by_rest(twin, "")
            if self.chance.random() < 0.4:
                where += " AND k2 %s %s" % (
                    self.chance.choice(COMPARISONS[:5]),
                    twin.keys[1].make(self.chance))
        limit = self.chance.choice(["", " LIMIT 1", " LIMIT 3",
                                    " LIMIT 2 OFFSET 1"])
        return Step("order" if not limit else "limit",
                    "SELECT %s FROM %s WHERE %s ORDER BY %s%s" % (
                        self.columns(twin), twin.name, where, order, limit),
                    ordered=True)

    def read_join(self, twin):
        other = self.twin()
        on = self.chance.choice(["x.i = y.i", "x.grp = y.grp"])
        if other.types[0] == twin.types[0]:
            on = "x.k1 = y.k1"
        where = self.where(twin, "x.")
        return Step("join", self.chance.choice([
            "SELECT p.n, x.* FROM picks p JOIN a x ON x.k1 = p.k1",
            "SELECT p.k1, x.k2, x.v FROM picks p LEFT JOIN b x ON x.k1 = p.k1"
            " AND x.i > 1",
            "SELECT p.k1, l.* FROM picks p, LATERAL (SELECT k2, v FROM b"
            " WHERE b.k1 = p.k1 ORDER BY k2 DESC LIMIT 2) l",
            "SELECT * FROM {x} x WHERE {where} FOR UPDATE",
            "SELECT x.k1, x.v, y.k1, y.n FROM {x} x JOIN {y} y ON {on}"
            " WHERE {where}",
            "SELECT x.k1, y.k1 FROM {x} x LEFT JOIN {y} y ON {on} AND"
            " y.i > 2 WHERE {where}",
            "SELECT x.* FROM {x} x WHERE {where} AND EXISTS (SELECT FROM {y} y"
            " WHERE {on})",
            "SELECT x.k1, (SELECT count(*) FROM {y} y WHERE {on}) FROM {x} x"
            " WHERE {where}"]).format(x=twin.name, y=other.name, on=on,
                                      where=where))

    def read_index(self, _):
        return self.some(
            (1, Step("index", "SELECT * FROM b_grp WHERE %s" % self.chance
                     .choice(["true", "grp = 'g1'", "k2 > 0", "n > 0"]))),
            (1, Step("index", "SELECT k2 FROM b_grp WHERE grp = 'g2' ORDER BY"
                     " k2 DESC LIMIT 3", ordered=True)),
            (1, Step("index", "SELECT * FROM d_grp WHERE %s" % self.chance
                     .choice(["true", "grp = 'g1'", "i > 0"]))),
            (1, Step("index", "SELECT count(*) FROM d_grp")),
            (1, Step("index", "SELECT k1, i FROM b WHERE k1 = 'p1' AND i > 1"
                     " ORDER BY i")))

    def read_group(self, twin):
        return Step("group", self.chance.choice([
            "SELECT grp, count(*), sum(i), max(n) FROM {t} GROUP BY grp",
            "SELECT i, count(*) FROM {t} WHERE {w} GROUP BY i HAVING"
            " count(*) > 1",
            "SELECT count(*) FROM {t} HAVING count(*) > 5",
            "SELECT max(k1::text), count(DISTINCT i) FROM {t}"]).format(
                t=twin.name, w=self.where(twin)))

    # cursors

    def open_cursor(self):
        twin = self.favourite
        step = self.some(
            (2, Step("select", "SELECT * FROM %s" % twin.name)),
            (1, self.read_rows(twin)), (1, self.read_order(twin)))
        self.cursors += 1
        return Step("cursor", "DECLARE c%d %s FOR %s" % (
            self.cursors, self.some((3, "CURSOR"), (1, "SCROLL CURSOR"),
                                    (1, "CURSOR WITH HOLD")), step.text))

    def fetch(self, number):
        return Step("fetch", "FETCH ALL FROM c%d" % number)

    def write(self):
        make = self.some(
            (4, self.wrong), (8, self.insert), (3, self.insert_select),
            (9, self.update),
            (3, self.update_from), (3, self.change_key), (4, self.delete),
            (1, self.delete_using), (2, self.moved), (2, self.view),
            (1, self.copy), (0.6, self.truncate), (5, self.execute),
            (3, self.function))
        return make()

    def wrong(self):
        """What fails after some of it was done, if it finds rows."""
        twin = self.twin()
        key = ", ".join(self.keys(twin))
        self.fresh += 1
        return Step("wrong", self.chance.choice([
            "INSERT INTO a (k1) VALUES ('t{n}'), ('u{n}'), ('t{n}')",
            "INSERT INTO {t} ({names}) SELECT {key} FROM generate_series(1, 2)"
            " WHERE NOT EXISTS (SELECT FROM {t} WHERE ({names}) = ({key}))",
            "INSERT INTO {t} ({names}) SELECT {names} FROM {t} WHERE {part}"
            " LIMIT 1",
            "INSERT INTO b (k1, k2) VALUES ('p1', {n}), ('p1', NULL)",
            "UPDATE {t} SET i = 7 / (i - i) WHERE {part}",
            "UPDATE va SET i = -1 WHERE i < 4",
            "INSERT INTO va (k1, i) VALUES ('t{n}', 1), ('u{n}', -1)",
            "SELECT raised({n})"]).format(
                n=self.fresh, t=twin.name, key=key,
                part=self.by_partition(twin, ""), names=", ".join(twin.key_names())))

    def alone(self):
        """A write for immediate mode, where a statement meets its own."""
        twin = self.twin()
        return self.some(
            (3, self.insert()), (1, self.copy()), (2, self.delete()),
            (3, Step("update", "UPDATE %s SET %s WHERE %s" % (
                twin.name, self.assignments(twin), self.by_key(twin, "")))),
            (2, self.change_key()))
