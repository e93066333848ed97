#!/usr/bin/python3
"""
ALTER EXTENSION UPDATE leads to what CREATE EXTENSION makes, catalog by catalog:
from every version that was ever released to the newest one, and by each
update script. That needs the install scripts of all of them, so they are
kept.

As long as there is one version only, there is nothing to compare. So the
comparison is tried on a version made up here: a good update script passes,
and one that lacks any of its statements does not.
"""

import glob
import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2
import psycopg2.extras

import catalogs
import tap
from ownstack import OwnStack

NAME = "cruddur_ddb"
TOP = pathlib.Path(__file__).resolve().parent.parent.parent

# What a made-up version has besides, the next one, and what leads there.
OLD = """
CREATE FUNCTION up_f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION up_gone() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE up_t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    word text, gone int);
CREATE VIEW up_v AS SELECT word FROM up_t;
"""
NEW = """
CREATE FUNCTION up_f() RETURNS int LANGUAGE sql COST 7 AS 'SELECT 2';
COMMENT ON FUNCTION up_f() IS 'two';
REVOKE ALL ON FUNCTION up_f() FROM PUBLIC;
CREATE TABLE up_t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    word text, more text NOT NULL DEFAULT 'x');
ALTER TABLE up_t ADD CONSTRAINT up_short CHECK (length(word) < 9);
COMMENT ON COLUMN up_t.id IS 'number';
CREATE INDEX up_i ON up_t (word) WHERE id > 5;
CREATE VIEW up_v AS SELECT word, id + 1 AS next FROM up_t;
GRANT SELECT ON up_v TO PUBLIC;
CREATE TYPE up_e AS ENUM ('a', 'b');
CREATE DOMAIN up_d AS int CHECK (VALUE > 0);
SELECT pg_catalog.pg_extension_config_dump('up_t', 'WHERE id > 5');
SELECT pg_catalog.pg_extension_config_dump('up_t_id_seq', '');
"""
UPDATE = [
    "CREATE OR REPLACE FUNCTION up_f() RETURNS int LANGUAGE sql COST 7"
    " AS 'SELECT 2'",
    "COMMENT ON FUNCTION up_f() IS 'two'",
    "REVOKE ALL ON FUNCTION up_f() FROM PUBLIC",
    "DROP FUNCTION up_gone()",
    "ALTER TABLE up_t DROP COLUMN gone",
    "ALTER TABLE up_t ADD COLUMN more text NOT NULL DEFAULT 'x'",
    "ALTER TABLE up_t ADD CONSTRAINT up_short CHECK (length(word) < 9)",
    "COMMENT ON COLUMN up_t.id IS 'number'",
    "CREATE INDEX up_i ON up_t (word) WHERE id > 5",
    "CREATE OR REPLACE VIEW up_v AS SELECT word, id + 1 AS next FROM up_t",
    "GRANT SELECT ON up_v TO PUBLIC",
    "CREATE TYPE up_e AS ENUM ('a', 'b')",
    "CREATE DOMAIN up_d AS int CHECK (VALUE > 0)",
    "SELECT pg_catalog.pg_extension_config_dump('up_t', 'WHERE id > 5')",
    "SELECT pg_catalog.pg_extension_config_dump('up_t_id_seq', '')",
]
# Statements that are there but not quite right.
SLIPS = [
    ("SELECT 2", "SELECT 3"), ("COST 7", "COST 8"), ("'two'", "'too'"),
    ("FROM PUBLIC", "FROM postgres"), ("DEFAULT 'x'", "DEFAULT 'y'"),
    ("NOT NULL ", ""), ("< 9", "< 10"), ("(word) WHERE", "(id) WHERE"),
    ("INDEX up_i ON up_t (word) WHERE id > 5",
     "INDEX up_i ON up_t (word) WHERE id > 6"),
    ("id + 1", "id + 2"), ("GRANT SELECT", "GRANT ALL"), ("'a', 'b'", "'b', 'a'"),
    ("VALUE > 0", "VALUE > 1"), ("'up_t', 'WHERE id > 5'", "'up_t', ''"),
    ("DROP FUNCTION", "ALTER EXTENSION cruddur_ddb DROP FUNCTION"),
]


class Cluster:
    """Databases with a version of the extension, in a server of this test."""

    def __init__(self):
        self.count = 0
        found = glob.glob(os.environ["DDB_STACK_DIR"] + "/stage/**/extension/"
                          + NAME + ".control", recursive=True)
        self.folder = pathlib.Path(found[0]).parent

    def write(self, version, text):
        (self.folder / ("%s--%s.sql" % (NAME, version))).write_text(
            text, encoding="utf-8")

    def query(self, dbname, *statements):
        """The rows of the last one."""
        connection = psycopg2.connect(dbname=dbname)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else None
        connection.close()
        return rows

    def installed(self, *statements):
        """The catalogs after these, in a database that is made for them."""
        self.count += 1
        dbname = "t_upgrade_%d" % self.count
        self.query("postgres", "CREATE DATABASE %s TEMPLATE template0" % dbname)
        self.query(dbname, *statements)
        connection = psycopg2.connect(dbname=dbname)
        with connection, connection.cursor(
                cursor_factory=psycopg2.extras.NamedTupleCursor) as cursor:

            def query(text):
                cursor.execute(text)
                return cursor.fetchall()

            found = catalogs.of_database(query)
        connection.close()
        self.query("postgres", "DROP DATABASE %s" % dbname)
        return found

    def fresh(self, version):
        return self.installed("CREATE EXTENSION %s VERSION '%s'"
                              % (NAME, version))

    def updated(self, old, new):
        return self.installed(
            "CREATE EXTENSION %s VERSION '%s'" % (NAME, old),
            "ALTER EXTENSION %s UPDATE TO '%s'" % (NAME, new))


def equals(one, other, name):
    found = catalogs.differences(one, other)
    if not tap.ok(not found, name):
        tap.note("\n".join(found))


def versions_of_scripts():
    """Versions that can be installed, and pairs that have an update script."""
    names = [path.name[len(NAME) + 2:-len(".sql")].split("--")
             for path in sorted((TOP / "sql").glob(NAME + "--*.sql"))]
    return ([name[0] for name in names if len(name) == 1],
            [tuple(name) for name in names if len(name) == 2])


def released():
    """The newest first, as CHANGELOG.md has them."""
    return re.findall(r"^## (\S+)$", (TOP / "CHANGELOG.md").read_text(
        encoding="utf-8"), re.MULTILINE)


def real_versions(cluster):
    """Of this repository."""
    installs, updates = versions_of_scripts()
    newest = re.search("default_version = '(.*)'", (
        TOP / (NAME + ".control")).read_text(encoding="utf-8")).group(1)
    paths = {(row[0], row[1]): row[2] for row in cluster.query(
        "postgres", "SELECT * FROM pg_extension_update_paths('%s')" % NAME)}
    tap.equal(released()[0], newest,
              "the newest version of CHANGELOG.md is the default one")
    tap.equal(sorted(released()), sorted(installs),
              "each version of CHANGELOG.md has its install script")
    tap.equal([pair for pair in updates if not set(pair) <= set(installs)], [],
              "update scripts lead from and to such versions")
    pairs = set(updates) | {(old, newest) for old in installs
                            if old != newest}
    for old, new in sorted(pairs):
        if tap.ok(paths.get((old, new)), "there is a way from %s to %s"
                  % (old, new)):
            equals(cluster.fresh(new), cluster.updated(old, new),
                   "%s updated to %s is %s" % (old, new, new))
    return newest


def made_up_version(cluster, newest):
    """What a good update script gives, and one with any one mistake."""
    base = (TOP / "sql" / ("%s--%s.sql" % (NAME, newest))).read_text(
        encoding="utf-8")
    cluster.write("old", base + OLD)
    cluster.write("new", base + NEW)
    fresh = cluster.fresh("new")

    def updated_by(statements):
        cluster.write("old--new", "".join(s + ";\n" for s in statements))
        return cluster.updated("old", "new")

    tap.note("rows compared: %d of %d catalogs"
             % (sum(map(len, fresh.values())), len(fresh)))
    equals(fresh, updated_by(UPDATE), "a good update script passes")
    for number, statement in enumerate(UPDATE):
        tap.ok(catalogs.differences(fresh, updated_by(
            UPDATE[:number] + UPDATE[number + 1:])),
               "not so without: " + statement)
    for right, wrong in SLIPS:
        slipped = [s.replace(right, wrong) for s in UPDATE]
        tap.ok(slipped != UPDATE
               and catalogs.differences(fresh, updated_by(slipped)),
               "nor with %s for %s" % (wrong or "nothing", right))


def test():
    with OwnStack("upgrade"):
        cluster = Cluster()
        made_up_version(cluster, real_versions(cluster))


tap.run(test)
