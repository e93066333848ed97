"""
Random definitions: servers, user mappings, foreign tables and their columns,
views, partitions, triggers; and their changes.
"""

import re

from oddvalues import (ODD_TEXTS, identifier, maybe, mutated, odd_text, quote)

JUNK = ["", "0", "-1", "1", "true", "false", "99999999999999999999", "1e9",
        " 1", "0x10", "1_0", "nan", "'", "\x01", "ä", "😀", "[", "]", ".",
        "*", "a.b", "a[0]", "a[99999999999]", 'a."b', "{}"]

# The attributes of the tables' items, and types that fit them.
ATTRIBUTES = {
    "word": ["text", "varchar(8)", "mood", "word_domain", "text"],
    "n": ["numeric", "int4", "int8", "numeric(6,2)", "float8", "int2",
          "small_domain"],
    "flag": ["bool"],
    "bin": ["bytea"],
    "tags": ["text[]", "jsonb"],
    "nums": ["numeric[]", "int4[]", "jsonb"],
    "list": ["jsonb", "text[]"],
    "doc": ["jsonb", "json", "text"],
    "when": ["timestamptz", "text", "timestamp"],
    "day": ["date", "text"],
    "u": ["uuid", "text"],
    "any": ["text", "jsonb", "numeric"],
}
WILD_TYPES = ["pair", "pair[]", "mood[]", "int4range", "interval", "float4",
              "char(3)", "bytea[]", "uuid[]", "jsonb[]", "text[][]", "name",
              "word_domain[]", "numrange", "point", "regclass", "void",
              "int4multirange", "numeric(3,-2)", "bit(3)", "inet", "xml",
              "deep_domain", "record", '"char"', "oid", "money", "tsvector",
              "public.users"]
INSIDE = ["inside text OPTIONS (attribute 'doc.name') COLLATE \"C\"",
          "qty int OPTIONS (attribute 'doc.qty')",
          "first text OPTIONS (attribute 'list[0]')",
          "z numeric OPTIONS (attribute 'list[1].z')",
          "deep jsonb OPTIONS (attribute 'doc.more.deep[2]')"]
PATHS = ["*", "doc.name", "doc.qty", "list[0]", "list[1].z", "doc.tags[0]",
         '"word"', "nowhere", "doc", "n", "word", 'doc."x y"[1].z']


class TableKind:
    """A table of DynamoDB: its name, its keys by type, its indexes."""

    def __init__(self, name, keys, indexes=()):
        self.name = name
        self.keys = keys
        self.indexes = list(indexes)


class Objects:
    """
    DDL as text, about a scene (see sqlscene). focus: the name of the foreign
    table that most of it is about, or None.
    """

    def __init__(self, chance, scene, focus=None):
        self.chance = chance
        self.world = scene.world
        self.tables = scene.tables
        self.options = scene.options
        self.endpoint = scene.endpoint
        self.focus = [r for r in self.world.of_kind("f") if r.name == focus]
        self.valid = self.valid_values()

    def valid_values(self):
        """Of each option what it takes; others take what JUNK has."""
        words = {
            "region": ["us-east-1", "eu-central-1"],
            "table_name": [t.name for t in self.tables] + ["nowhere"],
            "users_table": ["public.users", "public.users_view",
                            "public.h0", "other.users", "public.f0"],
            "user_pool_id": ["us-east-1_AbCdEfGhI"],
            "ca_file": ["/nonexistent", "/etc/ssl/certs/ca-certificates.crt",
                        "/etc/passwd", "/"],
            "request_timeout_ms": ["1", "5", "2000"],
            "connect_timeout_ms": ["1", "5", "2000"],
            "max_attempts": ["1", "2"], "max_connections": ["1", "2", "64"],
            "read_units_per_second": ["0", "1000000", "50"],
            "write_units_per_second": ["0", "1000000", "50"],
            "access_key_id": ["AKIDTESTBED"], "segments": ["1", "3", "auto"],
            "secret_access_key": ["secret"],
            "credential_source": ["static", "host"], "profile": ["default"],
            "role_arn": ["arn:aws:iam::123456789012:role/cruddur"],
            "index_name": [i for t in self.tables for i in t.indexes]
                + ["no-such"],
            "on_type_mismatch": ["error", "null", "null"],
            "on_duplicate": ["error", "replace", "replace"],
            "attribute": PATHS + list(ATTRIBUTES),
            "type": ["S", "N", "B", "BOOL", "SS", "NS", "BS", "L", "M"],
            "key": ["partition", "sort"],
        }
        for names in self.options.values():
            for name in names:
                words.setdefault(name, ["true", "false"])
                if name.endswith("endpoint"):
                    words[name] = [self.endpoint] * 3 + [
                        "http://127.0.0.1:1", "https://127.0.0.1:1/",
                        "http://localhost:1/x?y#z", self.endpoint + "/x"]
        return words

    def option_value(self, name):
        chance = self.chance
        value = chance.choice(self.valid.get(name, JUNK))
        roll = chance.random()
        if roll < 0.8:
            return value
        if name.endswith("endpoint"):
            # No mutation may name another host.
            return "%s://127.0.0.1%s%s" % (
                chance.choice(["http", "https", "ftp", "HTTP", ""]),
                chance.choice([":", "/", "?", "#", ":6553", ":1/"]),
                chance.choice(JUNK))
        if roll < 0.9:
            return mutated(chance, value)
        return chance.choice(JUNK + ODD_TEXTS)

    def option_list(self, place, names, verbs=("",)):
        """name 'value', ...; now and then of another place, or no option."""
        made = []
        for name in names:
            if maybe(self.chance, 0.03):
                name = self.chance.choice(
                    [identifier(mutated(self.chance, name)) or name,
                     self.chance.choice(self.options["COLUMN"])])
                if '""' == name:
                    name = '"x"'
            verb = self.chance.choice(verbs)
            made.append("%s %s%s" % (verb, name, "" if verb == "DROP" else " "
                                     + quote(self.option_value(name))))
        return "OPTIONS (%s)" % ", ".join(made) if made else ""

    def some(self, place, most=3):
        names = self.options[place]
        return self.chance.sample(names, self.chance.randint(
            0, min(most, len(names))))

    # Foreign tables

    def foreign_name(self):
        return "%sf%d" % (self.chance.choice(["", "", "", "other."]),
                          self.chance.randrange(10))

    def server(self):
        return self.chance.choice(["cruddur"] * 10 + ["s1", "s2"])

    def create_table(self, name=None):
        chance = self.chance
        table = chance.choice(self.tables)
        columns = []
        for key, kind in table.keys.items():
            if maybe(chance, 0.97):
                columns.append(self.column(key, chance.choice(
                    {"S": ["text"] * 6 + ["uuid", "varchar", "timestamptz"],
                     "N": ["numeric", "numeric", "int4", "int8", "float8"],
                     "B": ["bytea"]}[kind])))
        for attribute in chance.sample(list(ATTRIBUTES), chance.randint(1, 7)):
            if attribute not in table.keys:
                columns.append(self.column(attribute, chance.choice(
                    ATTRIBUTES[attribute] if maybe(chance, 0.85)
                    else WILD_TYPES)))
        columns += [column for column in INSIDE if maybe(chance, 0.15)]
        if maybe(chance, 0.3):
            columns.append("whole jsonb OPTIONS (attribute '*')")
        if maybe(chance, 0.2):
            columns.append("made int GENERATED ALWAYS AS (%s) STORED"
                           % chance.choice(["1", "length(%s::text)"
                                            % columns[-1].split(" ")[0]]))
        options = {"table_name": table.name}
        for option in self.some("TABLE", 3) if maybe(chance, 0.5) else []:
            options[option] = self.option_value(option)
        if "index_name" not in options and table.indexes and maybe(chance,
                                                                   0.15):
            options["index_name"] = chance.choice(table.indexes)
        return "CREATE FOREIGN TABLE %s%s (%s)%s SERVER %s OPTIONS (%s)" % (
            chance.choice(["", "IF NOT EXISTS "]), name or self.foreign_name(),
            ", ".join(columns), " INHERITS (parent)" if maybe(chance, 0.05)
            else "", self.server(), ", ".join(
                "%s %s" % (option, quote(value))
                for option, value in options.items()))

    def column(self, name, kind):
        chance = self.chance
        collate = ""
        if kind in ("text", "varchar", "varchar(8)") and maybe(chance, 0.6):
            collate = ' COLLATE "C"'
        options = self.option_list("COLUMN", self.some("COLUMN", 2)
                                   if maybe(chance, 0.15) else [])
        if kind != "uuid" and maybe(chance, 0.9):
            options = options if "canonical" not in options else ""
        limit = chance.choice([""] * 12 + [
            " NOT NULL", " DEFAULT NULL", " NULL",
            " CHECK (%s IS NOT NULL)" % identifier(name)])
        return "%s %s %s%s%s" % (identifier(name), kind, options, collate,
                                 limit)

    def any_foreign(self):
        found = self.world.of_kind("f")
        if self.focus and maybe(self.chance, 0.6):
            found = self.focus
        if found and maybe(self.chance, 0.9):
            return self.chance.choice(found)
        return None

    def alter_table(self):
        relation = self.any_foreign()
        if not relation:
            return self.create_table()
        chance = self.chance
        column = chance.choice(relation.columns).name
        kind = chance.choice([k for kinds in ATTRIBUTES.values()
                              for k in kinds] + WILD_TYPES)
        action = chance.choice([
            "ADD COLUMN c%d %s" % (chance.randrange(5), kind),
            "ADD COLUMN IF NOT EXISTS " + self.column("word", "text"),
            "DROP COLUMN " + column,
            "DROP COLUMN IF EXISTS c1 CASCADE",
            "ALTER COLUMN %s TYPE %s" % (column, kind),
            "ALTER COLUMN %s SET DEFAULT %s" % (column, quote(
                odd_text(chance))),
            "ALTER COLUMN %s SET NOT NULL" % column,
            "ALTER COLUMN %s %s" % (column, self.option_list(
                "COLUMN", self.some("COLUMN", 1) or ["attribute"],
                ["ADD", "SET", "DROP", ""])),
            self.option_list("TABLE", self.some("TABLE", 2) or ["segments"],
                             ["ADD", "ADD", "SET", "DROP", ""]),
            "ADD CHECK (%s IS NOT NULL)" % column,
            "RENAME COLUMN %s TO c%d" % (column, chance.randrange(5)),
            "RENAME TO f%d" % chance.randrange(10),
            "SET SCHEMA " + chance.choice(["other", "public"]),
            "OWNER TO " + chance.choice(["app", "postgres"]),
            "ALTER COLUMN %s SET STATISTICS 10" % column,
            "DISABLE TRIGGER ALL", "INHERIT parent", "NO INHERIT parent",
            "ENABLE ROW LEVEL SECURITY", "ADD PRIMARY KEY (%s)" % column,
            "ALTER COLUMN %s SET (n_distinct = 3)" % column,
        ])
        return "ALTER FOREIGN TABLE %s %s" % (relation.name, action)

    def drop_table(self):
        relation = self.any_foreign()
        return "DROP FOREIGN TABLE IF EXISTS %s%s" % (
            relation.name if relation else self.foreign_name(),
            self.chance.choice(["", " CASCADE"]))

    def import_schema(self):
        chance = self.chance
        names = ", ".join(identifier(t.name) for t in chance.sample(
            self.tables, chance.randint(1, 2)))
        return "IMPORT FOREIGN SCHEMA %s %s FROM SERVER %s INTO %s%s" % (
            "dynamodb" if maybe(chance, 0.85)
            else identifier(odd_text(chance)[:60] or "x"),
            chance.choice(["", "LIMIT TO (%s)" % names,
                           "EXCEPT (%s)" % names]),
            self.server(), chance.choice(["imported", "imported", "nowhere"]),
            chance.choice(["", " OPTIONS (sample '%s')" % chance.choice(
                ["0", "1", "1000", "-1", "x", "99999999999"]),
                " OPTIONS (simple 'x')"]))

    # Servers and user mappings

    def alter_server(self):
        chance = self.chance
        server = chance.choice(["cruddur", "s1", "s1", "s2", "s2"])
        names = self.some("SERVER", 2) or ["max_attempts"]
        if server == "cruddur":
            # It shall go on working.
            names = [n for n in names if not n.endswith(
                ("endpoint", "timeout_ms", "file"))] or ["max_attempts"]
        roll = chance.random()
        if roll < 0.08:
            return "CREATE SERVER IF NOT EXISTS %s FOREIGN DATA WRAPPER" \
                " cruddur_ddb %s" % (server, self.option_list(
                    "SERVER", sorted({*names, "endpoint"})))
        if roll < 0.12:
            return "DROP SERVER IF EXISTS s%d%s" % (
                chance.randint(1, 2), chance.choice(["", " CASCADE"]))
        if roll < 0.16:
            return "ALTER SERVER %s OWNER TO %s" % (
                server, chance.choice(["app", "postgres"]))
        if roll < 0.18:
            return "ALTER SERVER s1 RENAME TO s2"
        return "ALTER SERVER %s %s" % (server, self.option_list(
            "SERVER", names, ["ADD", "ADD", "SET", "SET", "DROP"]))

    def alter_mapping(self):
        chance = self.chance
        user = chance.choice(["app", "app", "PUBLIC", "CURRENT_USER"])
        server = chance.choice(["cruddur", "s1", "s1", "s2"])
        names = self.some("MAPPING", 3) or ["access_key_id"]
        if server == "cruddur" and user == "CURRENT_USER":
            names = ["role_session_name"]
        roll = chance.random()
        if roll < 0.3:
            return "CREATE USER MAPPING IF NOT EXISTS FOR %s SERVER %s %s" % (
                user, server, self.option_list("MAPPING", names))
        if roll < 0.4 and server != "cruddur":
            return "DROP USER MAPPING IF EXISTS FOR %s SERVER %s" % (user,
                                                                     server)
        return "ALTER USER MAPPING FOR %s SERVER %s %s" % (
            user, server, self.option_list("MAPPING", names,
                                           ["ADD", "SET", "SET", "DROP"]))

    # Around foreign tables

    def around(self):
        """Views, partitions, triggers, statistics, policies, rules."""
        chance = self.chance
        relation = self.any_foreign()
        if not relation:
            return self.create_table()
        name = relation.name
        column = chance.choice(relation.columns).name
        return chance.choice([
            "CREATE OR REPLACE VIEW v%d WITH (%s) AS SELECT * FROM %s" % (
                chance.randrange(4), chance.choice(
                    ["security_barrier", "security_invoker",
                     "check_option = local", "security_barrier = false"]),
                name),
            "DROP VIEW IF EXISTS v%d CASCADE" % chance.randrange(4),
            "CREATE MATERIALIZED VIEW IF NOT EXISTS m%d AS SELECT * FROM %s"
            % (chance.randrange(2), name),
            "REFRESH MATERIALIZED VIEW m%d" % chance.randrange(2),
            "ALTER TABLE parts ATTACH PARTITION %s FOR VALUES IN (%s)" % (
                name, quote(odd_text(chance))),
            "ALTER TABLE parts ATTACH PARTITION %s DEFAULT" % name,
            "ALTER TABLE parts DETACH PARTITION " + name,
            "CREATE OR REPLACE TRIGGER g%d %s ON %s FOR EACH %s" % (
                chance.randrange(3), chance.choice([
                    "BEFORE INSERT OR UPDATE OR DELETE",
                    "AFTER INSERT OR UPDATE OR DELETE",
                    "AFTER UPDATE", "BEFORE UPDATE OF " + column]), name,
                chance.choice(["ROW", "STATEMENT"])
                + " EXECUTE FUNCTION " + chance.choice(
                    ["pass()", "pass()", "drop_row()", "write_more()",
                     "fail()", "change_table()"])),
            "DROP TRIGGER IF EXISTS g%d ON %s" % (chance.randrange(3), name),
            "CREATE STATISTICS IF NOT EXISTS st ON %s, %s FROM %s" % (
                column, chance.choice(relation.columns).name, name),
            "ANALYZE %s" % name, "ANALYZE %s (%s)" % (name, column),
            "VACUUM " + name,
            "CREATE INDEX ON %s (%s)" % (name, column),
            "GRANT ALL ON %s TO app" % name,
            "COMMENT ON FOREIGN TABLE %s IS 'x'" % name,
            "CREATE OR REPLACE RULE r AS ON UPDATE TO %s DO ALSO"
            " NOTIFY cruddur_messages" % name,
            "DROP RULE IF EXISTS r ON " + name,
            "LOCK TABLE %s IN SHARE MODE" % name,
            "SECURITY LABEL ON COLUMN %s.%s IS NULL" % (name, column),
        ])

    def other_ddl(self):
        """Of what columns are made of, and of the extension itself."""
        chance = self.chance
        return chance.choice([
            "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'm%d'"
            % chance.randrange(5),
            "ALTER TYPE pair ADD ATTRIBUTE p%d text CASCADE"
            % chance.randrange(3, 6),
            "ALTER TYPE pair DROP ATTRIBUTE IF EXISTS p%d CASCADE"
            % chance.randrange(3, 6),
            "ALTER DOMAIN small_domain DROP CONSTRAINT IF EXISTS small",
            "ALTER DOMAIN small_domain ADD CONSTRAINT small CHECK"
            " (VALUE < 100) NOT VALID",
            "ALTER DOMAIN word_domain SET NOT NULL",
            "ALTER DOMAIN word_domain DROP NOT NULL",
            "DROP TYPE IF EXISTS pair CASCADE",
            "ALTER TABLE public.users RENAME TO users_gone",
            "ALTER TABLE IF EXISTS public.users_gone RENAME TO users",
            "ALTER TABLE public.users ALTER COLUMN handle TYPE varchar(200)",
            "ALTER TABLE public.users ALTER COLUMN handle TYPE text",
            "DELETE FROM public.users WHERE handle = 'londo'",
            "ALTER EXTENSION cruddur_ddb UPDATE",
            "DROP EXTENSION cruddur_ddb",
            "ALTER FOREIGN DATA WRAPPER cruddur_ddb OPTIONS (ADD x 'y')",
            "ALTER FOREIGN DATA WRAPPER cruddur_ddb NO HANDLER",
            "ALTER FOREIGN DATA WRAPPER cruddur_ddb HANDLER"
            " cruddur_ddb_fdw_handler",
            "ALTER FOREIGN DATA WRAPPER cruddur_ddb NO VALIDATOR",
            "ALTER FOREIGN DATA WRAPPER cruddur_ddb VALIDATOR"
            " cruddur_ddb_fdw_validator",
            "GRANT USAGE ON FOREIGN SERVER cruddur TO app",
            "REVOKE ALL ON FOREIGN SERVER cruddur FROM app",
            "REVOKE SELECT ON public.users FROM app",
            "GRANT SELECT ON public.users TO app",
        ])

    def any(self):
        return self.chance.choice(
            [self.create_table] * 3 + [self.alter_table] * 5
            + [self.drop_table, self.import_schema, self.alter_server,
               self.alter_server, self.alter_mapping, self.alter_mapping]
            + [self.around] * 5 + [self.other_ddl])()


def option_names(hint):
    """Of "Valid options in this context are: a, b"."""
    found = re.search(r": (.*)$", hint or "")
    return found.group(1).split(", ") if found else []
