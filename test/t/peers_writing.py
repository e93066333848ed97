#!/usr/bin/python3
"""
What other bridges between PostgreSQL and DynamoDB get wrong in writing, each
by its name.
"""

import io
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed

BIG = "9007199254740993"
DIGITS = "12345678901234567890123456789012345678"
COLUMNS = """pk text COLLATE "C", sk text COLLATE "C", n bigint, exact numeric,
    v text COLLATE "C", raw bytea, list text[], doc jsonb,
    "order" text COLLATE "C" """
MODES = ("transaction", "immediate")


def stored(bed, table="t"):
    """Every item in DynamoDB's typed JSON, by its key."""
    pages = bed.dynamodb.get_paginator("scan").paginate(
        TableName="%s-%s" % (bed.table, table), ConsistentRead=True)
    return {(i["pk"]["S"], i["sk"]["S"]): {
        name: value for name, value in i.items() if name not in ("pk", "sk")}
            for page in pages for i in page["Items"]}


def empty(bed, table="t"):
    for pk, sk in stored(bed, table):
        bed.service.Table("%s-%s" % (bed.table, table)).delete_item(
            Key={"pk": pk, "sk": sk})


def in_modes(bed):
    """Each of the modes, on an empty table."""
    for mode in MODES:
        empty(bed)
        bed.query("SET cruddur_ddb.write_mode = " + mode)
        yield mode
    bed.query("RESET cruddur_ddb.write_mode")


def exact_numbers(bed):
    """pgspider: 9007199254740993 is written as 1, numeric through float8."""
    for mode in in_modes(bed):
        bed.query("INSERT INTO t (pk, sk, n, exact) VALUES ('p', 'a', %s, %s),"
                  " ('p', 'b', %s, %s), ('p', 'c', 9223372036854775807,"
                  " -0.00000000000000000000000000000000001)",
                  int(BIG), int(DIGITS), -int(BIG), -int(DIGITS))
        tap.equal(stored(bed), {
            ("p", "a"): {"n": {"N": BIG}, "exact": {"N": DIGITS}},
            ("p", "b"): {"n": {"N": "-" + BIG}, "exact": {"N": "-" + DIGITS}},
            ("p", "c"): {"n": {"N": "9223372036854775807"},
                         "exact": {"N": "-0." + "0" * 34 + "1"}}},
            "exact_numbers: inserted, " + mode)
        bed.query("UPDATE t SET n = n + 2, exact = exact - 1"
                  " WHERE pk = 'p' AND sk = 'a'")
        tap.equal(stored(bed)["p", "a"], {
            "n": {"N": "9007199254740995"}, "exact": {"N": DIGITS[:-1] + "7"}},
            "exact_numbers: changed, " + mode)
        for value in ("0.5", "'NaN'", "1e126", "'Infinity'"):
            tap.fails(lambda: bed.query(
                "UPDATE t SET exact = exact + %s WHERE sk = 'a'" % value),
                "22003", "exact_numbers: what N cannot hold, + " + value)
        tap.equal(stored(bed)["p", "a"]["exact"], {"N": DIGITS[:-1] + "7"},
                  "exact_numbers: nothing else is written, " + mode)


def rollback_undoes(bed):
    """pgspider: ROLLBACK undoes nothing."""
    empty(bed)
    bed.query("INSERT INTO t (pk, sk, n) VALUES ('p', 'a', 1), ('p', 'b', 1)")
    before = stored(bed)
    for end in ("ROLLBACK", "SELECT 1 / 0; COMMIT"):
        bed.query("BEGIN")
        bed.query("INSERT INTO t (pk, sk) VALUES ('p', 'new')")
        bed.query("UPDATE t SET n = 2")
        bed.query("DELETE FROM t WHERE sk = 'b'")
        try:
            bed.query(end)
        except psycopg2.Error:
            bed.query("COMMIT")
        tap.equal(stored(bed), before, "rollback_undoes: " + end)
    tap.fails(lambda: bed.query(
        "INSERT INTO t (pk, sk, n) SELECT 'p', i::text, 1 / (3 - i)"
        " FROM generate_series(1, 5) i"), "22012",
        "rollback_undoes: a statement that fails half-way")
    tap.equal(stored(bed), before, "rollback_undoes: wrote nothing")
    bed.query("BEGIN; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s;"
              " UPDATE t SET n = n + 1 WHERE sk = 'a'; COMMIT")
    tap.equal(stored(bed), {("p", "a"): {"n": {"N": "2"}},
                            ("p", "b"): {"n": {"N": "1"}}},
              "rollback_undoes: to a savepoint")


def read_your_writes(bed):
    """mfenniak: a transaction does not see what it has written."""
    empty(bed)
    bed.query("INSERT INTO t (pk, sk, n) SELECT 'p', 's' || i, i"
              " FROM generate_series(1, 3) i")
    other = bed.connect()
    bed.query("BEGIN")
    bed.query("INSERT INTO t (pk, sk, n) VALUES ('p', 's0', 0)")
    bed.query("UPDATE t SET n = 20 WHERE sk = 's2'")
    bed.query("DELETE FROM t WHERE pk = 'p' AND sk = 's3'")
    want = [("s0", 0), ("s1", 1), ("s2", 20)]
    for where in ("true", "pk = 'p'", "sk >= 's0'", "n < 100",
                  "pk = 'p' AND sk IN ('s0', 's1', 's2', 's3')"):
        text = "FROM t WHERE " + where
        tap.equal(bed.query("SELECT sk, n %s ORDER BY sk" % text), want,
                  "read_your_writes: " + where)
        tap.equal(bed.query("SELECT count(*) " + text), [(3,)],
                  "read_your_writes: count, " + where)
    tap.equal(bed.query("SELECT sk, n FROM t WHERE pk = 'p' ORDER BY sk DESC"
                        " LIMIT 1"), want[-1:], "read_your_writes: the last")
    tap.equal(bed.query("SELECT sk, n FROM t ORDER BY sk", on=other),
              [("s1", 1), ("s2", 2), ("s3", 3)],
              "read_your_writes: others do not")
    bed.query("COMMIT")
    tap.equal(bed.query("SELECT sk, n FROM t ORDER BY sk", on=other), want,
              "read_your_writes: until COMMIT")


def insert_overwrites_nothing(bed):
    """mfenniak: INSERT replaces the item that has the key."""
    for mode in in_modes(bed):
        bed.query("INSERT INTO t (pk, sk, v) VALUES ('p', 'a', 'first')")
        for rows in ("('p', 'a', 'second')",
                     "('p', 'a', 'second'), ('p', 'b', 'second')"):
            error = tap.fails(lambda: bed.query(
                "INSERT INTO t (pk, sk, v) VALUES " + rows), "23505",
                "insert_overwrites_nothing: %s, %s" % (rows, mode))
            tap.ok(error and '"p"' in str(error.diag.message_detail),
                   "insert_overwrites_nothing: the key is told")
        tap.equal(stored(bed)["p", "a"], {"v": {"S": "first"}},
                  "insert_overwrites_nothing: the first stays, " + mode)
        bed.query("INSERT INTO t_replace (pk, sk, n) VALUES ('p', 'a', 1)")
        tap.equal(stored(bed)["p", "a"], {"n": {"N": "1"}},
                  "insert_overwrites_nothing: but by on_duplicate, " + mode)


def copy(bed):
    """pgspider: no COPY."""
    for mode in in_modes(bed):
        with bed.main.cursor() as cursor:
            cursor.copy_expert("COPY t (pk, sk, n, v, raw) FROM STDIN",
                               io.StringIO("p\ta\t1\t\\N\t\\\\x0001\n"
                                           "p\tb\t\\N\ta\\tb\t\\N\n"))
            tap.equal(cursor.rowcount, 2, "copy: two rows, " + mode)
        tap.equal(stored(bed), {
            ("p", "a"): {"n": {"N": "1"}, "raw": {"B": b"\x00\x01"}},
            ("p", "b"): {"v": {"S": "a\tb"}}}, "copy: from, " + mode)
        back = io.StringIO()
        with bed.main.cursor() as cursor:
            cursor.copy_expert("COPY (SELECT pk, sk, n, v, raw FROM t ORDER"
                               " BY sk) TO STDOUT", back)
        tap.equal(back.getvalue(), "p\ta\t1\t\\N\t\\\\x0001\n"
                  "p\tb\t\\N\ta\\tb\t\\N\n", "copy: and back, " + mode)


def returning(bed):
    """pgspider: no RETURNING."""
    for mode in in_modes(bed):
        for text, want in (
                ("INSERT INTO t (pk, sk, n) VALUES ('p', 'a', 1), ('p', 'b',"
                 " 2) RETURNING sk, n + 1", [("a", 2), ("b", 3)]),
                ("UPDATE t SET n = n * 10 WHERE pk = 'p' RETURNING n, v, sk",
                 [(10, None, "a"), (20, None, "b")]),
                ("DELETE FROM t WHERE n > 10 RETURNING n, sk || '!'",
                 [(20, "b!")]),
                ("INSERT INTO t (pk, sk) VALUES ('p', 'a') ON CONFLICT DO"
                 " NOTHING RETURNING sk", [])):
            tap.equal(bed.query(text), want,
                      "returning: %s, %s" % (text[:25], mode))


def on_conflict(bed):
    """pgspider: no ON CONFLICT."""
    for mode in in_modes(bed):
        bed.query("INSERT INTO t (pk, sk, v) VALUES ('p', 'a', 'first')")
        with bed.main.cursor() as cursor:
            cursor.execute(
                "INSERT INTO t (pk, sk, v) VALUES ('p', 'b', 'second'), ('p',"
                " 'a', 'second'), ('p', 'b', 'third') ON CONFLICT DO NOTHING")
            tap.equal(cursor.rowcount, 1, "on_conflict: one is new, " + mode)
        tap.equal(stored(bed), {("p", "a"): {"v": {"S": "first"}},
                                ("p", "b"): {"v": {"S": "second"}}},
                  "on_conflict: the rest stays, " + mode)


def key_change(bed):
    """pgspider: the key cannot be changed."""
    for mode in in_modes(bed):
        bed.query("INSERT INTO t (pk, sk, v, raw) VALUES ('p', 'a', 'x',"
                  " '\\x00'), ('p', 'b', 'y', NULL)")
        bed.resource_of("t").update_item(
            Key={"pk": "p", "sk": "a"}, UpdateExpression="SET foreseen = :u",
            ExpressionAttributeValues={":u": "kept"})
        bed.query("UPDATE t SET pk = 'q', sk = sk || '2' WHERE sk = 'a'")
        tap.equal(stored(bed), {
            ("q", "a2"): {"v": {"S": "x"}, "raw": {"B": b"\x00"},
                          "foreseen": {"S": "kept"}},
            ("p", "b"): {"v": {"S": "y"}}}, "key_change: moved, " + mode)
        tap.fails(lambda: bed.query("UPDATE t SET pk = 'p', sk = 'b'"
                                    " WHERE pk = 'q'"), "23505",
                  "key_change: to a key that is there, " + mode)
        tap.equal(sorted(stored(bed)), [("p", "b"), ("q", "a2")],
                  "key_change: nothing is lost, " + mode)


def whole_keys(bed):
    """supabase: UPDATE names the partition key alone."""
    for mode in in_modes(bed):
        bed.query("INSERT INTO t (pk, sk, n) SELECT 'p' || i % 2,"
                  " 's' || i, i FROM generate_series(1, 8) i")
        bed.query("UPDATE t SET n = -n WHERE pk = 'p1' AND sk = 's3'")
        bed.query("UPDATE t SET n = 100 WHERE n = 6")
        bed.query("DELETE FROM t WHERE pk = 'p0' AND sk = 's8'")
        tap.equal({sk: int(item["n"]["N"])
                   for (_, sk), item in stored(bed).items()},
                  {"s1": 1, "s2": 2, "s3": -3, "s4": 4, "s5": 5, "s6": 100,
                   "s7": 7}, "whole_keys: only these items, " + mode)


def null_and_empty(bed):
    """Asked for of several: null and empty values in writes."""
    for mode in in_modes(bed):
        bed.query("INSERT INTO t VALUES ('p', 'a', NULL, NULL, '', '', '{}',"
                  " '{}', NULL), ('p', 'b', 1, 2, 'x', '\\x00ff', '{y,NULL}',"
                  " '[null, {\"a\": null}]', 'z')")
        tap.equal(stored(bed), {
            ("p", "a"): {"v": {"S": ""}, "raw": {"B": b""}, "list": {"L": []},
                         "doc": {"M": {}}},
            ("p", "b"): {"n": {"N": "1"}, "exact": {"N": "2"},
                         "v": {"S": "x"}, "raw": {"B": b"\x00\xff"},
                         "list": {"L": [{"S": "y"}, {"NULL": True}]},
                         "doc": {"L": [{"NULL": True},
                                       {"M": {"a": {"NULL": True}}}]},
                         "order": {"S": "z"}}},
            "null_and_empty: inserted, " + mode)
        bed.query("UPDATE t SET n = NULL, exact = NULL, v = '', raw = NULL,"
                  " list = NULL, doc = NULL, \"order\" = NULL WHERE sk = 'b'")
        bed.query("UPDATE t SET v = NULL, n = 0 WHERE sk = 'a'")
        tap.equal(stored(bed), {
            ("p", "a"): {"raw": {"B": b""}, "list": {"L": []},
                         "doc": {"M": {}}, "n": {"N": "0"}},
            ("p", "b"): {"v": {"S": ""}}}, "null_and_empty: changed, " + mode)
        tap.equal(bed.query("SELECT sk, n, v, raw IS NULL, list, doc FROM t"
                            " ORDER BY sk"),
                  [("a", 0, None, False, [], {}),
                   ("b", None, "", True, None, None)],
                  "null_and_empty: and read, " + mode)
        for text in ("INSERT INTO t VALUES ('', 'a')",
                     "INSERT INTO t VALUES ('p', '')"):
            tap.fails(lambda: bed.query(text), "22023",
                      "null_and_empty: an empty key, " + mode)
        tap.fails(lambda: bed.query("INSERT INTO t VALUES ('p', NULL)"),
                  "23502", "null_and_empty: no key, " + mode)


def reserved_words(bed):
    """pgspider: attributes that are reserved words fail."""
    words = ["name", "status", "size", "order", "user", "year", "values",
             "item", "count", "date", "timestamp", "zone", "group", "index"]
    strange = ["with space", "a-b", "1st", "#a", ":b", "é", "under_score",
               'quo"te', "a.b"]
    empty(bed, "words")
    attributes = words + strange
    columns = ", ".join(
        "c%d text OPTIONS (attribute '\"%s\"') COLLATE \"C\""
        % (i, name.replace('"', '""')) for i, name in enumerate(attributes))
    bed.make_foreign("words", 'pk text COLLATE "C", sk text COLLATE "C", '
                     + columns, table_name=bed.table + "-words")
    names = ["c%d" % i for i in range(len(attributes))]
    for mode in MODES:
        bed.query("SET cruddur_ddb.write_mode = " + mode)
        bed.query("DELETE FROM words")
        bed.query("INSERT INTO words VALUES ('p', 's', %s)" % ", ".join(
            "'v%d'" % i for i in range(len(names))))
        tap.equal(stored(bed, "words")["p", "s"],
                  {name: {"S": "v%d" % i}
                   for i, name in enumerate(attributes)},
                  "reserved_words: inserted, " + mode)
        for i, name in enumerate(names):
            bed.query("UPDATE words SET %s = 'w%d' WHERE %s = 'v%d'"
                      % (name, i, name, i))
        tap.equal(stored(bed, "words")["p", "s"],
                  {name: {"S": "w%d" % i}
                   for i, name in enumerate(attributes)},
                  "reserved_words: changed, " + mode)
        bed.query("UPDATE words SET " + ", ".join(
            "%s = NULL" % name for name in names))
        tap.equal(stored(bed, "words"), {("p", "s"): {}},
                  "reserved_words: removed, " + mode)
    bed.query("RESET cruddur_ddb.write_mode")


def dead_endpoint(bed):
    """pgspider: statement_timeout of 1 s took 25.6 s. pgsql-http: XX000."""
    dead = faults.FullBacklog()
    bed.query("CREATE SERVER dead FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (endpoint %s, region 'us-east-1',"
              " connect_timeout_ms '60000')", dead.url)
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER dead OPTIONS"
              " (access_key_id 'local', secret_access_key 'local')")
    bed.make_foreign(
        "t_dead", "pk text OPTIONS (key 'partition') COLLATE \"C\", n int",
        server="dead", table_name="any")
    session = bed.connect()
    bed.query("SET statement_timeout = '1s'", on=session)
    for mode in MODES:
        bed.query("SET cruddur_ddb.write_mode = " + mode, on=session)
        for text in ("INSERT INTO t_dead VALUES ('a', 1)",
                     "UPDATE t_dead SET n = 1 WHERE pk = 'a'",
                     "DELETE FROM t_dead"):
            start = time.monotonic()
            tap.fails(lambda: bed.query(text, on=session), "57014",
                      "dead_endpoint: %s, %s" % (text, mode))
            tap.ok(0.99 < time.monotonic() - start < 1.1,
                   "dead_endpoint: after 1 s")
    session.close()
    dead.close()


def described_once(bed):
    """supabase: DescribeTable at every statement."""
    with faults.Faults(bed.options["endpoint"]) as broken:
        bed.set_options(endpoint=broken.url)
        empty(bed)
        for i in range(20):
            bed.query("INSERT INTO t (pk, sk, n) VALUES ('p', %s, 1)", str(i))
            bed.query("UPDATE t SET n = n + 1 WHERE pk = 'p' AND sk = %s",
                      str(i))
        tap.equal(len(broken.seen("DescribeTable")), 1,
                  "described_once: 40 statements")
        tap.equal((len(broken.seen("PutItem")),
                   len(broken.seen("UpdateItem")), len(broken.seen())),
                  (20, 20, 61),
                  "described_once: INSERT one request, UPDATE two")
        changed_alone(bed, broken)
    bed.set_options(endpoint=os.environ["DDB_ENDPOINT"])


def changed_alone(bed, broken):
    """Asked for: UPDATE sends what it changes, not what it read."""
    bed.query("UPDATE t SET v = %s, raw = %s WHERE pk = 'p' AND sk = '1'",
              "x" * 5000, b"\0" * 1000)
    broken.clear()
    bed.query("UPDATE t SET n = n + 1 WHERE pk = 'p' AND sk = '1'")
    sent, = broken.seen("UpdateItem")
    names = set(sent.json()["ExpressionAttributeNames"].values())
    tap.ok(len(sent.body) < 600 and "v" not in names and "n" in names,
           "changed_alone: %d bytes, %s" % (len(sent.body), sorted(names)))
    broken.clear()
    bed.query("UPDATE t SET n = n WHERE pk = 'p' AND sk = '1'")
    tap.equal([r.operation for r in broken.seen()], ["GetItem"],
              "changed_alone: what changes nothing sends nothing")


def test():
    with Bed("peers_writing") as bed:
        bed.resource_of = lambda name: bed.service.Table(
            "%s-%s" % (bed.table, name))
        table = bed.more_table("t", ["pk S", "sk S"])
        bed.make_foreign("t", COLUMNS, table_name=table)
        bed.make_foreign("t_replace", COLUMNS, table_name=table,
                         on_duplicate="replace")
        bed.more_table("words", ["pk S", "sk S"])
        for part in (exact_numbers, rollback_undoes, read_your_writes,
                     insert_overwrites_nothing, copy, returning, on_conflict,
                     key_change, whole_keys, null_and_empty, reserved_words,
                     dead_endpoint, described_once):
            part(bed)


tap.run(test)
