#!/usr/bin/python3
"""
What other bridges between PostgreSQL and DynamoDB get wrong in reading, each
by its name.
"""

import os
import sys
import time
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed, gsi

BIG = 9007199254740993
DIGITS = "12345678901234567890123456789012345678"
COLUMNS = """pk text COLLATE "C", sk text COLLATE "C", status text COLLATE "C",
    at text COLLATE "C", label text COLLATE "C", n int, exact numeric,
    "order" text COLLATE "C" """
PARTITIONS, EACH = 6, 50


def main_items():
    """300 items; some attributes are missing, or NULL, in some."""
    for i in range(PARTITIONS * EACH):
        item = {"pk": "p%d" % (i // EACH), "sk": "s%03d" % (i % EACH), "n": i,
                "exact": Decimal(i) / 8, "order": "o%d" % (i % 10)}
        if i % 3:
            item["status"] = "open" if i % 2 else "done"
        if i % 5:
            item["at"] = "2026-%02d" % (i % 12 + 1)
        if i % 10 == 0:
            item["label"] = "l%d" % (i % 20)
        if i % 10 == 5:
            item["label"] = None
        yield item


def make_tables(bed):
    items = list(main_items())
    items[7]["exact"] = Decimal(DIGITS)
    items[8]["exact"] = Decimal(BIG)
    items[9]["exact"] = Decimal(BIG - 1)
    # A key cannot be NULL, so these are not in the index by label.
    table = bed.more_table(
        "main", ["pk S", "sk S"], items, others=["status S", "at S"],
        GlobalSecondaryIndexes=[gsi("by_status", "status", "at")])
    bed.make_foreign("t", COLUMNS, table_name=table)
    large = [{"pk": "l", "sk": "s%02d" % i, "n": i, "x": "x" * 100_000}
             for i in range(30)]
    bed.make_foreign(
        "large", 'pk text COLLATE "C", sk text COLLATE "C", n int, x text',
        table_name=bed.more_table("large", ["pk S", "sk S"], large))
    bed.items = items
    bed.query("CREATE TABLE keys AS SELECT 'p' || i % 6 AS pk,"
              " 's0' || i % 40 + 10 AS sk, i FROM generate_series(1, 40) i;"
              " ANALYZE keys")
    # Some are NULL, some there, some not, all more than once.
    bed.query("CREATE TABLE many_keys AS"
              " SELECT CASE WHEN i % 7 > 0 THEN 'p' || i % 7 END AS pk,"
              " CASE WHEN i % 11 > 0 THEN 's0' || i % 80 END AS sk, i"
              " FROM generate_series(1, 1000) i; ANALYZE many_keys")


def count(bed, where, name="t"):
    return bed.query("SELECT count(*) AS n FROM %s WHERE %s"
                     % (name, where))[0].n


def only_scan(bed, text, *values, on=None):
    """What EXPLAIN says of the one foreign scan of a statement."""
    scan, = bed.foreign_scans(text, *values, on=on, options="VERBOSE")
    return scan


def nodes(bed, text):
    """The types of all nodes of a plan."""
    plan = bed.query("EXPLAIN (COSTS OFF) " + text)
    return " ".join(row[0] for row in plan)


def empty_filtered_page(bed):
    """pgspider: a page that the filter leaves empty ended the scan."""
    for where in ("n = %d", "pk = 'l' AND x LIKE 'x%%' AND n = %d"):
        tap.equal([count(bed, where % n, "large") for n in range(30)],
                  [1] * 30, "empty_filtered_page: three of 1 MB, each item"
                  " by " + where)
    with faults.Faults(bed.options["endpoint"]) as broken:
        bed.set_options(endpoint=broken.url)
        for sk in ("a", "b"):
            broken.add(faults.empty_page(
                {"pk": {"S": "p1"}, "sk": {"S": sk}}),
                when=lambda r: r.operation == "Query")
        tap.equal(count(bed, "pk = 'p1' AND n >= 0"), EACH,
                  "empty_filtered_page: goes on after two")
        tap.equal(len(broken.seen("Query")), 3,
                  "empty_filtered_page: two there were")
    bed.set_options(endpoint=os.environ["DDB_ENDPOINT"])


def null_and_absent(bed):
    """pgspider: IS NULL missed absent attributes."""
    items = bed.items
    null = [i for i in items if i.get("label") is None]
    tap.ok(any("label" in i for i in null)
           and any("label" not in i for i in null), "both kinds are there")
    for where, want in (
            ("label IS NULL", len(null)),
            ("label IS NOT NULL", len(items) - len(null)),
            ("label <> 'l0'", sum(i.get("label") == "l10" for i in items)),
            ("NOT label = 'l0'", sum(i.get("label") == "l10" for i in items)),
            ("label IS DISTINCT FROM 'l0'",
             sum(i.get("label") != "l0" for i in items)),
            ("label = 'l0' OR label IS NULL",
             sum(i.get("label") in ("l0", None) for i in items))):
        for pushdown in ("on", "off"):
            bed.query("SET cruddur_ddb.enable_pushdown = " + pushdown)
            tap.equal(count(bed, where), want,
                      "null_and_absent: %s, pushdown %s" % (where, pushdown))
    bed.query("RESET cruddur_ddb.enable_pushdown")


def exact_numbers(bed):
    """pgspider: 9007199254740993 as 1, numeric through float8."""
    for n, value in ((7, DIGITS), (8, str(BIG)), (9, str(BIG - 1))):
        row = bed.query("SELECT exact::text AS e FROM t WHERE n = %s", n)[0]
        tap.equal(row.e, value, "exact_numbers: %s is read" % value)
        tap.equal(bed.query("SELECT n FROM t WHERE exact = " + value),
                  [(n,)], "exact_numbers: %s is found" % value)
        tap.equal(bed.query("SELECT n FROM t WHERE exact = %s::numeric" %
                            value), [(n,)], "exact_numbers: as numeric")
    tap.equal(count(bed, "exact > %d AND exact < %d" % (BIG - 1, BIG + 1)), 1,
              "exact_numbers: between its neighbours")
    bed.make_foreign("t_big", 'n int, exact bigint',
                     table_name=bed.table + "-main",
                     on_type_mismatch="null")
    tap.equal(bed.query("SELECT n FROM t_big WHERE exact = %s", BIG), [(8,)],
              "exact_numbers: %d as bigint" % BIG)


def dead_endpoint(bed):
    """pgspider: statement_timeout of 1 s took 25.6 s."""
    dead = faults.FullBacklog()
    session = bed.connect()
    bed.query("CREATE SERVER dead FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (endpoint %s, region 'us-east-1')", dead.url)
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER dead OPTIONS"
              " (access_key_id 'local', secret_access_key 'local')")
    bed.make_foreign("t_dead", COLUMNS, server="dead", table_name="any")
    bed.query("SET statement_timeout = '1s'", on=session)
    for text in ("SELECT * FROM t_dead", "EXPLAIN SELECT * FROM t_dead",
                 "SELECT * FROM t_dead WHERE pk = 'p1'"):
        start = time.monotonic()
        tap.fails(lambda: bed.query(text, on=session), ("57014", "08001"),
                  "dead_endpoint: " + text)
        tap.ok(time.monotonic() - start < 1.1,
               "dead_endpoint: after at most 1.1 s")
    session.close()
    dead.close()


def reserved_words(bed):
    """pgspider: attributes that are reserved words fail."""
    words = ["name", "status", "size", "order", "user", "year", "values",
             "item", "count", "date", "timestamp", "zone", "group", "index"]
    table = bed.more_table(
        "words", ["user S", "year N"],
        [dict({word: "v%d" % i for word in words},
              user="u", year=i, size=i) for i in range(5)])
    bed.make_foreign("words", ", ".join(
        '"%s" %s' % (word, "int" if word in ("year", "size")
                     else 'text COLLATE "C"')
        for word in words), table_name=table)
    for word in words:
        value = "3" if word in ("year", "size") else \
            "'u'" if word == "user" else "'v3'"
        rows = bed.query('SELECT "%s", "size" AS s FROM words WHERE "%s" = %s'
                         ' AND "user" = \'u\' ORDER BY "year"'
                         % (word, word, value))
        tap.equal([r.s for r in rows], [0, 1, 2, 3, 4] if word == "user"
                  else [3], "reserved_words: " + word)


def many_values(bed):
    """pgspider: IN with 150 values fails."""
    for how_many in (150, 1500):
        fill = ["filler %d" % i for i in range(how_many - 2)]
        for column, values, want in (
                ("pk", ["p1", "p4"], 2 * EACH),
                ("sk", ["s001", "s049"], 2 * PARTITIONS),
                ("status", ["open", "done"], 200)):
            written = ", ".join("'%s'" % v for v in values + fill)
            for form in ("IN (%s)", "= ANY (ARRAY[%s])"):
                tap.equal(count(bed, column + " " + form % written), want,
                          "many_values: %s %s, %d" % (column, form, how_many))
        tap.equal(bed.query(
            "SELECT count(*) FROM t WHERE pk = ANY (%s) AND sk = 's001'",
            ["p1", "p4"] + fill), [(2,)],
            "many_values: %d whole keys" % how_many)
        tap.equal(count(bed, "status NOT IN (%s)" % ", ".join(
            "'%s'" % v for v in ["open"] + fill)), 100,
            "many_values: NOT IN, %d" % how_many)


def indexes_reached(bed):
    """pgspider: GSIs were out of reach."""
    text = "SELECT n FROM t WHERE status = 'open' AND at >= '2026-11'"
    scan = only_scan(bed, text)
    tap.equal((scan["Operation"], scan.get("Index")), ("Query", "by_status"),
              "indexes_reached: " + text)
    want = [i for i in bed.items if i.get("status") == "open"
            and i.get("at", "") >= "2026-11"]
    cost = bed.read_cost(text)
    tap.equal(cost["Items Scanned"], len(want),
              "indexes_reached: reads what it returns")
    tap.equal(sorted(r.n for r in bed.query(text)),
              sorted(i["n"] for i in want), "indexes_reached: right rows")


def pushed_down(bed):
    """pgspider: no ORDER BY, LIMIT, joins, LIKE or text ranges."""
    for direction, order in (("", "ascending"), (" DESC", "descending")):
        text = ("SELECT sk FROM t WHERE pk = 'p2' ORDER BY sk%s LIMIT 5"
                % direction)
        tap.ok("Sort" not in nodes(bed, text), "pushed_down: no Sort: " + text)
        tap.equal(only_scan(bed, text)["Order"], order,
                  "pushed_down: " + order)
        cost = bed.read_cost(text)
        tap.ok(cost["Items Scanned"] <= 6, "pushed_down: %s reads %d items"
               % (text, cost["Items Scanned"]))
        keys = sorted((i["sk"] for i in bed.items if i["pk"] == "p2"),
                      reverse=direction != "")[:5]
        tap.equal([r.sk for r in bed.query(text)], keys,
                  "pushed_down: right rows in order")
    for where, want in (("sk LIKE 's00%'", 10), ("sk ^@ 's01'", 10),
                        ("sk >= 's010' AND sk < 's013'", 3),
                        ("sk BETWEEN 's010' AND 's013'", 4)):
        text = "SELECT n FROM t WHERE pk = 'p2' AND " + where
        scan = only_scan(bed, text)
        tap.ok("sk" in scan["Key Condition"],
               "pushed_down: a key condition of " + where)
        cost = bed.read_cost(text)
        tap.equal(len(bed.query(text)), want, "pushed_down: " + where)
        # BETWEEN has no strict bounds.
        tap.ok(cost["Items Scanned"] <= want + 1,
               "pushed_down: %s reads %d items" % (
                   where, cost["Items Scanned"]))
    for where in ('"order" LIKE \'o1%\'', "\"order\" > 'o1'",
                  "n BETWEEN 10 AND 20", "n IN (1, 2, 3)"):
        text = "SELECT n FROM t WHERE pk = 'p0' AND " + where
        tap.ok("Filter" in only_scan(bed, text), "pushed_down: " + where)
        tap.equal(bed.read_cost(text)["Items Returned"],
                  count(bed, "pk = 'p0' AND " + where),
                  "pushed_down: only the rows come back")


def keyed_joins(bed):
    """pgspider: joins read everything; others, one request for each row."""
    by_key = {(i["pk"], i["sk"]): i["n"] for i in bed.items}
    text = "SELECT k.i, t.n FROM keys k JOIN t USING (pk, sk)"
    cost = bed.read_cost(text)
    tap.ok(cost["Requests"] <= 4, "keyed_joins: %d requests for 40 rows"
           % cost["Requests"])
    session = bed.connect()
    bed.query("SET enable_hashjoin = off; SET enable_mergejoin = off",
              on=session)
    for name in ("keys", "many_keys"):
        rows = bed.query("SELECT * FROM " + name)
        want = sorted((k.i, by_key[k.pk, k.sk]) for k in rows
                      if (k.pk, k.sk) in by_key)
        text = "SELECT k.i, t.n FROM %s k JOIN t USING (pk, sk)" % name
        for _ in range(3):
            tap.equal(sorted(bed.query(text, on=session)), want,
                      "keyed_joins: right rows for " + name)
        tap.equal(len(bed.query(text.replace("JOIN", "LEFT JOIN"),
                                on=session)), len(rows),
                  "keyed_joins: LEFT JOIN of " + name)
    cost = bed.read_cost(text, on=session)
    tap.ok(cost["Requests"] <= 20, "keyed_joins: %d requests for 1000 rows"
           % cost["Requests"])
    text = "SELECT k.i FROM many_keys k JOIN t ON t.pk = k.pk AND k.i < 30"
    tap.equal(len(bed.query(text, on=session)), sum(
        EACH for k in rows if k.i < 30 and k.pk in {
            "p%d" % n for n in range(PARTITIONS)}),
        "keyed_joins: by the partition alone, some NULL")
    session.close()


def sparse_index(bed):
    """mfenniak: a GSI used by its hash alone loses rows without its range."""
    text = "SELECT n FROM t WHERE status = 'open'"
    want = sorted(i["n"] for i in bed.items if i.get("status") == "open")
    tap.ok(any("at" not in i for i in bed.items
               if i.get("status") == "open"), "some are not in the index")
    tap.equal(sorted(r.n for r in bed.query(text)), want,
              "sparse_index: no row is lost")
    tap.ok("Index" not in only_scan(bed, text), "sparse_index: not used")
    for more in ("at IS NOT NULL", "at > ''", "at LIKE '2026%'"):
        scan = only_scan(bed, "%s AND %s" % (text, more))
        tap.equal(scan.get("Index"), "by_status",
                  "sparse_index: used where it has them all: " + more)
    tap.equal(count(bed, "status = 'open' AND at IS NOT NULL"),
              sum("at" in i for i in bed.items if i.get("status") == "open"),
              "sparse_index: right rows then")


def limit_reads_little(bed):
    """mfenniak: LIMIT 1 scanned everything."""
    for text, most in (("SELECT * FROM t LIMIT 1", 10),
                       ("SELECT * FROM large LIMIT 1", 10),
                       ("SELECT * FROM t WHERE pk = 'p1' LIMIT 1", 2),
                       ("SELECT n FROM t WHERE pk = 'p1' LIMIT 3 OFFSET 2", 6),
                       ("SELECT EXISTS (SELECT FROM t WHERE pk = 'p1')", 10)):
        cost = bed.read_cost(text)
        tap.ok(cost["Items Scanned"] <= most,
               "limit_reads_little: %s: %d items"
               % (text, cost["Items Scanned"]))


def limit_after_the_rest(bed):
    """supabase: LIMIT was pushed in spite of ORDER BY and local clauses."""
    tap.equal(bed.query("SELECT n FROM t ORDER BY n DESC LIMIT 3"),
              [(299,), (298,), (297,)],
              "limit_after_the_rest: ORDER BY what is no key")
    tap.equal(bed.query("SELECT n FROM t WHERE n % 50 = 49 ORDER BY sk, n"
                        " LIMIT 2"), [(49,), (99,)],
              "limit_after_the_rest: a local clause")
    tap.equal(bed.query("SELECT sk FROM t WHERE pk = 'p1' AND n % 50 > 47"
                        " ORDER BY sk LIMIT 1"), [("s048",)],
              "limit_after_the_rest: both, in the order of the sort key")
    tap.equal(bed.query("SELECT n FROM t WHERE pk = 'p1' AND n = 99 LIMIT 1"),
              [(99,)], "limit_after_the_rest: a filter of DynamoDB's")


def described_once(bed):
    """supabase: DescribeTable at every scan."""
    session = bed.connect()
    bed.query("SELECT cruddur_ddb_stats_reset()", on=session)
    for i in range(20):
        bed.query("SELECT n FROM t WHERE pk = %s", "p%d" % (i % 6),
                  on=session)
    rows = bed.query("SELECT operation, requests FROM cruddur_ddb_stats",
                     on=session)
    tap.equal(dict(tuple(r) for r in rows),
              {"DescribeTable": 1, "Query": 20}, "described_once")
    session.close()


def many_columns(bed):
    """Users ask for many columns: 250."""
    names = ["column number %d" % i for i in range(250)]
    table = bed.more_table("many", ["pk S"], [
        dict({name: i * 1000 + k for k, name in enumerate(names)},
             pk="p%d" % i) for i in range(3)])
    bed.make_foreign("many", 'pk text COLLATE "C", ' + ", ".join(
        '"%s" int' % name for name in names), table_name=table)
    want = [tuple(["p%d" % i] + [i * 1000 + k for k in range(250)])
            for i in range(3)]
    tap.equal(sorted(tuple(r) for r in self_named(
        bed, "SELECT * FROM many")), want, "many_columns: all of them")
    tap.equal([tuple(r) for r in self_named(
        bed, "SELECT * FROM many WHERE pk = 'p1'")], want[1:2],
        "many_columns: by key")
    where = " AND ".join('"%s" = %d' % (name, 2000 + k)
                         for k, name in enumerate(names))
    tap.equal([tuple(r) for r in self_named(
        bed, "SELECT * FROM many WHERE " + where)], want[2:],
        "many_columns: a condition on each")


def self_named(bed, text):
    """Plain tuples: no named ones of 250 names with blanks."""
    with bed.main.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def two_bounds(bed):
    """Users ask for sort keys with two bounds."""
    for where, first, last in (
            ("sk > 's010' AND sk < 's020'", 11, 19),
            ("sk >= 's010' AND sk <= 's020'", 10, 20),
            ("sk > 's010' AND sk <= 's020' AND sk > 's005'", 11, 20),
            ("'s010' < sk AND 's020' > sk", 11, 19)):
        text = "SELECT sk FROM t WHERE pk = 'p3' AND " + where
        want = ["s%03d" % i for i in range(first, last + 1)]
        tap.equal(sorted(r.sk for r in bed.query(text)), want,
                  "two_bounds: " + where)
        scanned = bed.read_cost(text)["Items Scanned"]
        tap.ok(scanned <= len(want) + 2, "two_bounds: reads %d for %d"
               % (scanned, len(want)))
    tap.equal(count(bed, "pk = 'p3' AND sk > 's020' AND sk < 's010'"), 0,
              "two_bounds: none between them")


def mapped_names(bed):
    """Users ask for columns named otherwise than attributes."""
    table = bed.more_table("names", ["The Key S"], [
        {"The Key": "k%d" % i, "a.b": i, "Umlaut ä": {"x y": [i, i + 1]}}
        for i in range(4)])
    bed.make_foreign("names", """
        id text OPTIONS (attribute '"The Key"') COLLATE "C",
        dotted int OPTIONS (attribute '"a.b"'),
        deep int OPTIONS (attribute '"Umlaut ä"."x y"[1]')""",
                     table_name=table)
    tap.equal(sorted(bed.query("SELECT * FROM names")),
              [("k%d" % i, i, i + 1) for i in range(4)], "mapped_names")
    for where in ("id = 'k2'", "dotted = 2", "deep = 3"):
        tap.equal(bed.query("SELECT id FROM names WHERE " + where),
                  [("k2",)], "mapped_names: " + where)
    tap.equal(only_scan(bed, "SELECT * FROM names WHERE id = 'k2'")
              ["Operation"], "GetItem", "mapped_names: the key by its column")


def no_scan_with_key(bed):
    """Users ask for no scan when a key is given, however it is given."""
    session = bed.connect()
    bed.query("SET cruddur_ddb.full_scan = forbid", on=session)
    for text, want in (
            ("SELECT n FROM t WHERE pk = 'p1' AND sk = 's001'", 1),
            ("SELECT n FROM t WHERE pk = 'p1'", EACH),
            ("SELECT n FROM t WHERE (pk, sk) = ('p1', 's001')", 1),
            ("SELECT n FROM t WHERE pk IN ('p1', 'p2') AND sk = 's001'", 2),
            ("SELECT n FROM t WHERE pk = 'p1' OR pk = 'p2'", 2 * EACH),
            ("SELECT n FROM t WHERE pk = lower('P1') AND n >= 0", EACH),
            ("SELECT n FROM t WHERE pk = (SELECT min(pk) FROM keys)", EACH),
            ("SELECT n FROM t WHERE pk = ANY (ARRAY(SELECT pk FROM keys"
             " WHERE i < 3))", 2 * EACH),
            ("SELECT n FROM keys, LATERAL (SELECT n FROM t WHERE t.pk ="
             " keys.pk AND t.sk = keys.sk) x WHERE i < 4", 3)):
        tap.equal(len(bed.query(text, on=session)), want,
                  "no_scan_with_key: " + text)
    bed.query("PREPARE one(text, text) AS SELECT n FROM t WHERE pk = $1 AND"
              " sk = $2", on=session)
    for mode in ("auto", "force_generic_plan"):
        bed.query("SET plan_cache_mode = " + mode, on=session)
        for i in range(7):
            if bed.query("EXECUTE one('p1', 's00%d')" % i,
                         on=session) != [(EACH + i,)]:
                break
        tap.equal(i, 6, "no_scan_with_key: prepared, 7 times, " + mode)
    tap.equal(bed.query("EXECUTE one(NULL, 's001')", on=session), [],
              "no_scan_with_key: NULL for a key")
    session.close()


def explains_itself(bed):
    """Users ask for region and credentials that explain themselves."""
    bed.query("CREATE SERVER nowhere FOREIGN DATA WRAPPER cruddur_ddb")
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER nowhere OPTIONS"
              " (access_key_id 'local', secret_access_key 'local')")
    bed.query("CREATE SERVER nobody FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (endpoint %s, region 'us-east-1')", bed.options["endpoint"])
    for server, sqlstate, words in (
            ("nowhere", None, "region"), ("nobody", "42704", "USER MAPPING")):
        bed.make_foreign("t_" + server, COLUMNS, server=server,
                         table_name=bed.table + "-main")
        try:
            bed.query("SELECT * FROM t_" + server)
            tap.ok(False, "explains_itself: %s is an error" % server)
        except bed.main.Error as error:
            hint = error.diag.message_hint or ""
            tap.ok(words in hint and sqlstate in (None, error.pgcode),
                   "explains_itself: %s: %s" % (server, hint))
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER nobody OPTIONS"
              " (access_key_id 'unknown', secret_access_key 'wrong')")
    with faults.Faults(bed.options["endpoint"]) as broken:
        broken.add(faults.refused("UnrecognizedClientException"), times=100)
        bed.query("ALTER SERVER nobody OPTIONS (SET endpoint %s)", broken.url)
        error = tap.fails(lambda: bed.query("SELECT * FROM t_nobody"), "28000",
                          "explains_itself: keys that are not known")
        tap.ok(error and "wrong" not in str(error),
               "explains_itself: the secret is not shown")


def test():
    with Bed("peers") as bed:
        make_tables(bed)
        for part in (empty_filtered_page, null_and_absent, exact_numbers,
                     dead_endpoint, reserved_words, many_values,
                     indexes_reached, pushed_down, keyed_joins, sparse_index,
                     limit_reads_little, limit_after_the_rest,
                     described_once, many_columns, two_bounds, mapped_names,
                     no_scan_with_key, explains_itself):
            part(bed)


tap.run(test)
