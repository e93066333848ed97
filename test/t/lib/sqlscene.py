"""
What random statements work with: servers that are well and servers that are
not, tables of DynamoDB, tables, types and functions of PostgreSQL; and mending
what of them the statements have broken.
"""

import contextlib
import os
import random
import threading

import psycopg2
import psycopg2.extras
from botocore.exceptions import BotoCoreError, ClientError

from bed import gsi
from oddvalues import attribute, maybe
from randomfaults import RandomFaults
from sqlobjects import Objects, TableKind, option_names
from sqlworld import World

FOREIGN = 6

WORLD = """
CREATE SCHEMA other;
CREATE SCHEMA imported;
CREATE TYPE mood AS ENUM ('open', 'lost', 'a');
CREATE TYPE pair AS (p1 int, p2 text);
CREATE DOMAIN word_domain AS text CHECK (VALUE <> 'lost');
CREATE DOMAIN small_domain AS int CONSTRAINT small CHECK (VALUE < 100);
CREATE DOMAIN deep_domain AS word_domain NOT NULL;
CREATE TABLE h0 (pk text, sk text, n numeric, word text, flag bool, tags text[],
    doc jsonb, "when" timestamptz, u uuid, bin bytea, day date, mood mood,
    pair pair, whole jsonb);
INSERT INTO h0 (pk, sk, n, word, tags, doc, u) SELECT 'k' || i, 'a', i, 'open',
    '{a,b}', '{"a": 1}', '5ae290ed-55d1-47a0-bc6d-fe2bc2700399'
    FROM generate_series(1, 5) i;
CREATE TABLE parent (pk text, n numeric);
INSERT INTO parent VALUES ('k1', 1);
CREATE TABLE parts (pk text, sk text, n numeric, word text)
    PARTITION BY LIST (pk);
CREATE TABLE part0 PARTITION OF parts FOR VALUES IN ('0', '1', 'open');
CREATE VIEW users_view AS SELECT * FROM public.users;
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RETURN coalesce(NEW, OLD); END';
CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RETURN NULL; END';
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE ''failed''; END';
CREATE FUNCTION write_more() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN IF pg_trigger_depth() < 3 THEN
        INSERT INTO parts (pk, sk, n) VALUES (''k1'', ''w'', 1); END IF;
     BEGIN UPDATE f0 SET word = word; EXCEPTION WHEN others THEN NULL; END;
     RETURN coalesce(NEW, OLD); END';
CREATE FUNCTION change_table() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN EXECUTE format(''ALTER FOREIGN TABLE %I.%I OPTIONS (ADD segments
        ''''2'''')'', TG_TABLE_SCHEMA, TG_TABLE_NAME);
     RETURN coalesce(NEW, OLD); END';
GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
GRANT USAGE ON SCHEMA other, imported TO app;
GRANT CREATE ON SCHEMA public, other TO app;
"""
# What the extension needs of a database, wherever it has gone.
MENDED = """
CREATE EXTENSION IF NOT EXISTS cruddur_ddb;
ALTER FOREIGN DATA WRAPPER cruddur_ddb HANDLER cruddur_ddb_fdw_handler
    VALIDATOR cruddur_ddb_fdw_validator;
DROP SERVER IF EXISTS cruddur CASCADE;
CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb OPTIONS
    (endpoint '{endpoint}', region 'us-east-1', table_name '{table}',
     cognito_endpoint '{faulty}', user_pool_id 'us-east-1_AbCdEfGhI');
DROP SERVER IF EXISTS s1 CASCADE;
CREATE SERVER s1 FOREIGN DATA WRAPPER cruddur_ddb OPTIONS
    (endpoint '{faulty}', region 'us-east-1', max_attempts '2',
     cognito_endpoint '{faulty}', sts_endpoint '{faulty}',
     user_pool_id 'us-east-1_AbCdEfGhI', table_name '{table}');
CREATE USER MAPPING FOR postgres SERVER cruddur OPTIONS
    (access_key_id 'AKIDTESTBED', secret_access_key 'secret');
CREATE USER MAPPING FOR app SERVER cruddur OPTIONS
    (access_key_id 'AKIDTESTBED', secret_access_key 'secret');
CREATE USER MAPPING FOR app SERVER s1 OPTIONS
    (access_key_id 'AKIDTESTBED', secret_access_key 'secret',
     role_arn 'arn:aws:iam::123456789012:role/cruddur');
CREATE USER MAPPING FOR PUBLIC SERVER s1 OPTIONS
    (access_key_id 'AKIDTESTBED', secret_access_key 'secret');
DROP SERVER IF EXISTS s2 CASCADE;
CREATE SERVER s2 FOREIGN DATA WRAPPER cruddur_ddb OPTIONS
    (endpoint '{faulty}', max_connections '1', request_timeout_ms '500');
CREATE USER MAPPING FOR PUBLIC SERVER s2 OPTIONS (credential_source 'host');
GRANT USAGE ON FOREIGN SERVER cruddur, s1, s2 TO app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO app;
"""
# Nothing locks a server while another session makes a table of it.
WITHOUT_ORPHANS = """
DO $$ DECLARE orphan regclass; BEGIN
FOR orphan IN SELECT ftrelid FROM pg_foreign_table
    WHERE ftserver NOT IN (SELECT oid FROM pg_foreign_server) LOOP
    EXECUTE 'DROP FOREIGN TABLE ' || orphan || ' CASCADE';
END LOOP; END $$"""

# Foreign tables in company.
AROUND = """
CREATE FOREIGN TABLE part1 PARTITION OF parts FOR VALUES IN ('k1', 'k2', 'a')
    SERVER cruddur OPTIONS (table_name '{table}-one');
CREATE FOREIGN TABLE part2 PARTITION OF parts DEFAULT
    SERVER s1 OPTIONS (table_name '{table}-num', on_type_mismatch 'null');
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER cruddur
    OPTIONS (table_name '{table}-num');
CREATE FOREIGN TABLE other_child () INHERITS (parent) SERVER s1
    OPTIONS (table_name '{table}-one', segments '3');
CREATE VIEW v0 WITH (security_barrier) AS SELECT * FROM child;
CREATE VIEW v1 AS SELECT * FROM part1 WHERE pk <> 'x' WITH CHECK OPTION;
CREATE TRIGGER g0 BEFORE INSERT OR UPDATE OR DELETE ON part1 FOR EACH ROW
    EXECUTE FUNCTION pass();
GRANT ALL ON ALL TABLES IN SCHEMA public, other TO app"""


class Scene:
    """What all sessions share. lies: see RandomFaults."""

    def __init__(self, bed, account, seed, lies):
        self.bed = bed
        self.account = account
        self.seed = seed
        self.endpoint = os.environ["DDB_ENDPOINT"]
        self.faulty = RandomFaults(self.endpoint, random.Random(seed), lies)
        self.tables = make_tables(bed, seed)
        self.mending = threading.Lock()
        self.prepare()

    def rows(self, text, *values):
        with self.bed.main.cursor() as cursor:
            cursor.execute(text, values or None)
            return cursor.fetchall()

    def prepare(self):
        query = self.bed.query
        query("DO $$ BEGIN CREATE ROLE app; CREATE ROLE nobody;"
              " EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        query("SET statement_timeout = 60000; SET lock_timeout = 500")
        query(WORLD)
        query(self.mended())
        self.settings = {name for name, in self.rows(
            "SELECT name FROM pg_settings WHERE context IN ('user',"
            " 'superuser') AND (name <> 'debug_discard_caches'"
            " OR max_val::int > 0)")}
        self.options = {
            "SERVER": self.names("ALTER SERVER cruddur"),
            "MAPPING": self.names("ALTER USER MAPPING FOR app SERVER cruddur"),
        }
        query("CREATE FOREIGN TABLE f0 (pk text, sk text, word text) SERVER"
              " cruddur OPTIONS (table_name '%s')" % self.tables[0].name)
        self.options["TABLE"] = self.names("ALTER FOREIGN TABLE f0")
        self.options["COLUMN"] = self.names("ALTER FOREIGN TABLE f0 ALTER pk")
        self.world = World(self.rows)
        self.make_foreign(random.Random(self.seed))
        self.world = self.world.again()

    def mended(self):
        return MENDED.format(endpoint=self.endpoint, table=self.bed.table,
                             faulty=self.faulty.url)

    def names(self, statement):
        """The hint at an option that there is not names those there are."""
        try:
            self.bed.query(statement + " OPTIONS (ADD %s '1')" % ("q" * 40))
        except psycopg2.Error as error:
            return option_names(error.diag.message_hint)
        raise AssertionError("no error of " + statement)

    def connect(self):
        connection = psycopg2.connect(dbname=self.bed.dbname)
        connection.autocommit = True
        # Python does not read all JSON that there is.
        psycopg2.extras.register_default_json(connection, loads=str)
        psycopg2.extras.register_default_jsonb(connection, loads=str)
        return connection

    def interrupt(self, pid, ends):
        connection = self.connect()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_%s_backend(%%s)" % (
                "terminate" if ends else "cancel"), (pid,))
        connection.close()

    def told(self, session, kind, text, error, took, rows):
        """What became of a statement."""
        ended = session.connection.closed
        self.account.add(session.name, kind, text, error, took, rows)
        if ended and not session.wanted_end:
            self.account.find("a session has ended", text, error)
        if ended:
            session.connection = None

    def mend(self, chance):
        """Between batches: what there was in the beginning, and tables."""
        with self.mending:
            self.faulty.clear()
            self.end_prepared(chance)
            worker = chance.choice(["stream", "outbox"])
            self.attempt(
                WITHOUT_ORPHANS, self.mended(),
                "CREATE TYPE pair AS (p1 int, p2 text)",
                "ALTER TABLE IF EXISTS public.users_gone RENAME TO users",
                "ALTER SYSTEM SET cruddur_ddb.%s_worker = %s" % (
                    worker, chance.choice(["on", "off"])),
                "SELECT pg_reload_conf()")
            make_tables(self.bed, self.seed)
            self.world = self.world.again(types=True)
            self.make_foreign(chance)
            self.world = self.world.again()

    def end_prepared(self, chance):
        for name, in self.rows("SELECT gid FROM pg_prepared_xacts"):
            self.attempt("%s PREPARED '%s'" % (
                chance.choice(["COMMIT", "ROLLBACK"]), name))

    def attempt(self, *texts):
        """Each that can be done now: other sessions are at work."""
        for text in texts:
            with contextlib.suppress(psycopg2.Error):
                self.bed.query(text)

    def read(self):
        """What there is by now."""
        with self.mending:
            with contextlib.suppress(psycopg2.Error):
                self.world = self.world.again()

    def make_foreign(self, chance):
        """Some tables that there are: f0, f1 ..."""
        objects = Objects(chance, self)
        self.attempt(*[objects.create_table("f%d" % number)
                       for number in range(FOREIGN)])
        self.attempt(*AROUND.format(table=self.bed.table).split(";"))


def make_tables(bed, seed):
    """DynamoDB's tables, those of them that are missing."""
    chance = random.Random(seed)
    kinds = [
        TableKind(bed.table, {"pk": "S", "sk": "S"},
                  ["message-group-sk-index"]),
        TableKind(bed.table + "-one", {"pk": "S"}, ["by-word"]),
        TableKind(bed.table + "-num", {"pk": "S", "n": "N"}, ["by-word"]),
        TableKind(bed.table + "-bin", {"bin": "B", "sk": "S"}),
        TableKind(bed.table + "-big", {"pk": "S", "sk": "S"}),
        TableKind(bed.table + "-n", {"n": "N"}),
    ]
    there = bed.dynamodb.list_tables()["TableNames"]
    if bed.table not in there:
        bed.make_table()
    for kind in kinds[1:]:
        if kind.name in there:
            continue
        by_word = gsi("by-word", "word", "n")
        if "n" in kind.keys:
            by_word["Projection"]["ProjectionType"] = "KEYS_ONLY"
        indexes = {"GlobalSecondaryIndexes": [by_word],
                   "others": ["word S"] + ([] if "n" in kind.keys
                                           else ["n N"])}
        bed.more_table(kind.name.removeprefix(bed.table + "-"),
                       ["%s %s" % pair for pair in kind.keys.items()],
                       **(indexes if kind.indexes else {}))
        fill(bed, chance, kind)
    return kinds


def fill(bed, chance, kind):
    """Items of which many have what their attributes' names promise."""
    for number in range(chance.choice([12, 30, 40])):
        item = {
            "word": {"S": chance.choice(["open", "lost", "a", "ä"])},
            "flag": {"BOOL": maybe(chance, 0.5)},
            "tags": {"SS": ["a", "b"]}, "nums": {"NS": ["1", "2.5"]},
            "list": {"L": [{"S": "a"}, {"M": {"z": {"N": "1"}}}]},
            "doc": {"M": {"name": {"S": "open"}, "qty": {"N": "3"}}},
            "when": {"S": "2026-11-20T12:00:01.5Z"},
            "day": {"S": "2026-11-20"}, "any": attribute(chance),
            "u": {"S": "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"},
        }
        item = {name: value for name, value in item.items()
                if maybe(chance, 0.8)}
        item["n"] = {"N": str(number)}
        if kind.name.endswith("-big"):
            # Some pages, of 1 MB each
            item["filler"] = {"S": "x" * 100000}
        item.update({name: {key: {"S": "k%d" % (number % 7),
                                  "N": str(number),
                                  "B": bytes([number])}[key]}
                     for name, key in kind.keys.items()})
        # A random attribute may be none that DynamoDB takes.
        with contextlib.suppress(BotoCoreError, ClientError):
            bed.dynamodb.put_item(TableName=kind.name, Item=item)
