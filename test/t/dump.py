#!/usr/bin/python3
"""
pg_dump of a database that uses all of the extension, and its restore, by psql
and by pg_restore: dumped again, the copy gives the same text, and it works. The
rows of foreign tables go along if pg_dump is asked for them.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2
import psycopg2.extras

import tap
from bed import Bed, key_at

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
ROLE = "t_dump_reader"
SECRET = "s'cret \\ of the reader"

# In the order of the statements that a user would write.
OBJECTS = [
    "CREATE ROLE %s" % ROLE,
    "CREATE SCHEMA app",
    "GRANT USAGE ON SCHEMA app TO %s" % ROLE,
    "GRANT USAGE ON FOREIGN SERVER cruddur TO %s" % ROLE,
    "GRANT EXECUTE ON FUNCTION cruddur_list_tables() TO %s" % ROLE,
    "REVOKE SELECT ON cruddur_ddb_stats FROM PUBLIC",
    "GRANT SELECT ON cruddur_outbox TO %s" % ROLE,
    "CREATE USER MAPPING FOR %s SERVER cruddur OPTIONS (access_key_id 'local',"
    " secret_access_key 's''cret \\ of the reader')" % ROLE,
    "COMMENT ON SERVER cruddur IS 'messages'",
    "CREATE SERVER other FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
    " (region 'eu-central-1', max_attempts '2', read_units_per_second '5')",
    "CREATE USER MAPPING FOR PUBLIC SERVER other OPTIONS (access_key_id 'a',"
    " secret_access_key 'b', session_token 'c')",
    "CREATE FOREIGN TABLE app.items (pk text OPTIONS (key 'partition')"
    " COLLATE \"C\", sk text OPTIONS (key 'sort') COLLATE \"C\","
    " said text OPTIONS (attribute 'message'), item jsonb OPTIONS"
    " (attribute '*')) SERVER cruddur OPTIONS (table_name 't-dump',"
    " on_type_mismatch 'null')",
    "CREATE FOREIGN TABLE app.plain (pk text NOT NULL, sk text NOT NULL,"
    " message text, size numeric) SERVER cruddur"
    " OPTIONS (table_name 't-dump')",
    "GRANT SELECT ON app.items TO %s" % ROLE,
    "CREATE VIEW app.words AS SELECT sk, said FROM app.items"
    " WHERE pk = 'MSG#%s'" % GROUP,
    "CREATE VIEW app.costs AS SELECT operation, requests"
    " FROM cruddur_ddb_stats",
    "CREATE FUNCTION app.newest() RETURNS text LANGUAGE sql BEGIN ATOMIC"
    " SELECT message FROM cruddur_list_messages('bayko', '%s', 1); END" % GROUP,
]

# What the worker would have left: checkpoints, and a message that failed.
WORK = [
    "INSERT INTO cruddur_stream_shards (server, table_name, stream_arn,"
    " shard_id, position, state, last_error) VALUES ('cruddur', 't-dump',"
    " 'arn:x', 'shard-1', 000012345678901234567890123456789, 'reading', 'so'),"
    " ('cruddur', 't-dump', 'arn:x', 'shard-0', NULL, 'done', NULL)",
    "INSERT INTO cruddur_stream_failures (server, table_name, shard_id,"
    " sequence_number, item_key, reason, sqlstate, attempts) SELECT 'cruddur',"
    " 't-dump', 'shard-1', n, '{\"pk\": \"Ä\"}', 'bad', '22023', 8"
    " FROM generate_series(1, 3) n",
    "UPDATE cruddur_outbox SET state = 'failed', sqlstate = '54000',"
    " last_error = 'too large' WHERE id = 2",
]


def program(name):
    """One of PostgreSQL's own: what is on the path may be a wrapper."""
    bindir = subprocess.check_output(
        [os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], text=True)
    return os.path.join(bindir.strip(), name)


def run(*command, text=None):
    """Its output; what it complains of fails the test, notices do not."""
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError("%s: %s" % (command, done.stderr.decode()))
    return done.stdout


def dump(dbname, *options):
    return run(program("pg_dump"), *options, dbname)


def comparable(text):
    """Without the word that psql is locked with, new for each dump."""
    return [line for line in text.decode().splitlines()
            if not line.startswith(("\\restrict", "\\unrestrict"))]


def by_psql(bed, copy):
    run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", copy,
        text=dump(bed.dbname))


def by_pg_restore(bed, copy):
    run(program("pg_restore"), "--exit-on-error", "-d", copy,
        text=dump(bed.dbname, "-Fc"))


def check_copy(bed, session):
    """The copy works, and goes on where the original was."""
    def query(text, *values):
        return [tuple(row) for row in bed.query(text, *values, on=session)]

    tap.equal(query("SELECT said FROM app.words"), [("sent",)],
              "a view of a foreign table has the rows of DynamoDB")
    tap.equal(query("SELECT app.newest()"), [("sent",)],
              "a function that calls one of ours works")
    tap.equal(query("SELECT umoptions FROM pg_user_mappings WHERE usename = %s",
                    ROLE),
              [(["access_key_id=local", "secret_access_key=" + SECRET],)],
              "a user mapping has its secret")
    tap.equal(query("SELECT ARRAY[has_function_privilege(%s,"
                    " 'cruddur_list_tables()', 'execute'),"
                    " has_function_privilege(%s, 'cruddur_drop_table(text)',"
                    " 'execute'),"
                    " has_table_privilege(%s, 'cruddur_outbox', 'select'),"
                    " has_table_privilege(%s, 'cruddur_ddb_stats', 'select')]",
                    *[ROLE] * 4), [([True, False, True, False],)],
              "privileges are as they were changed")
    tap.equal(query("INSERT INTO cruddur_stream_failures (server, table_name,"
                    " shard_id, sequence_number, item_key, reason, sqlstate,"
                    " attempts) VALUES ('s', 't', 'i', 9, '{}', 'r', '22023',"
                    " 1) RETURNING id"), [(4,)],
              "failures go on with the numbers")
    tap.equal(query("SELECT id, state FROM cruddur_outbox ORDER BY id"),
              [(1, "waiting"), (2, "failed")], "the outbox has its entries")
    bed.query("SET cruddur_ddb.write_mode = outbox", on=session)
    query("SELECT * FROM cruddur_create_message('bayko', %s, 'third')", GROUP)
    tap.equal(query("SELECT max(id) FROM cruddur_outbox"), [(3,)],
              "and goes on with the numbers")
    tap.equal(query("SELECT extversion FROM pg_extension WHERE extname ="
                    " 'cruddur_ddb'"), [tuple(row) for row in bed.query(
                  "SELECT extversion FROM pg_extension WHERE extname ="
                  " 'cruddur_ddb'")], "of the same version")


def copied(bed, name, restore):
    """One dump and restore."""
    copy = bed.dbname + "_copy"
    bed.query("CREATE DATABASE %s TEMPLATE template0 LOCALE 'C'"
              " ENCODING 'UTF8'" % copy)
    try:
        restore(bed, copy)
        original = comparable(dump(bed.dbname))
        again = comparable(dump(copy))
        tap.ok(len(original) > 100, "%s: there is a dump" % name)
        tap.equal([line for line in again if line not in original], [],
                  "%s: the copy has nothing else" % name)
        tap.equal(again, original, "%s: it is dumped as the same" % name)
        session = psycopg2.connect(dbname=copy)
        session.autocommit = True
        check_copy(bed, session)
        session.close()
    finally:
        bed.query("DROP DATABASE %s WITH (FORCE)" % copy)


def foreign_rows(bed):
    """They are dumped when asked for, and restored into DynamoDB."""
    bed.query("INSERT INTO app.plain VALUES ('a', 'b', E'tab\\t\\\\ü', 1e-7),"
              " ('a', 'c', NULL, 12345678901234567890.5)")
    rows = bed.query("SELECT * FROM app.plain ORDER BY pk, sk")
    text = dump(bed.dbname, "--data-only", "-t", "app.plain",
                "--include-foreign-data=cruddur")
    bed.query("DELETE FROM app.plain")
    tap.equal(bed.query("SELECT count(*) FROM app.plain")[0].count, 0,
              "all rows are deleted")
    run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", bed.dbname,
        text=text)
    tap.equal(bed.query("SELECT * FROM app.plain ORDER BY pk, sk"), rows,
              "restored, the foreign table has them again")


def test():
    with Bed("dump") as bed:
        bed.query("DROP ROLE IF EXISTS %s" % ROLE)
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        bed.put_message(GROUP, "bayko", key_at(1), "sent",
                        "11111111-1111-4111-8111-111111111111")
        for statement in OBJECTS:
            bed.query(statement)
        bed.query("SET cruddur_ddb.write_mode = outbox")
        for text in ("first", "second"):
            bed.query("SELECT * FROM cruddur_create_message('bayko', %s, %s)",
                      GROUP, text)
        bed.query("RESET cruddur_ddb.write_mode")
        for statement in WORK:
            bed.query(statement)
        copied(bed, "psql", by_psql)
        copied(bed, "pg_restore", by_pg_restore)
        foreign_rows(bed)
    connection = psycopg2.connect("")
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP ROLE %s" % ROLE)
    connection.close()


tap.run(test)
