"""Foreign tables, each statement against libcurl alone and boto3.

The statements on orders read a DynamoDB engine, which is most of their time:
what they show is which requests a statement makes, and that little is added
to them. libcurl sends those very requests again, one after another. The
parcels come from nginx, in one page, and show what reading it costs.

Two times are taken of a statement. Against libcurl, which makes nothing of
what it receives and asks nobody for it, it is executed inside one backend,
time and again, with its rows made and dropped. Against boto3 it is executed
by a client, prepared as drivers do, and both end with Python's values.
boto3's program is in reads.py.
"""

import operator
import os
import statistics

import canned
import contenders
import reads
import scene
from rounds import take_turns

MAX_OF_RAW = 1.25
MAX_OF_RAW_PARSED = 5
# As many as it takes to come to the plan that stays.
WARM_UPS = 7
PARCEL_COLUMNS = ("cust", "ord", "status", "sku", "qty", "price", "big",
                  "paid", "note")


class Case:
    """A statement, its counterpart in reads.py, and the bounds on its time."""

    def __init__(self, name, sql, arguments, read, max_of_boto3,
                 max_of_raw=MAX_OF_RAW):
        self.name = name
        self.sql = sql
        self.arguments = arguments
        self.read = read
        self.max_of_boto3 = max_of_boto3
        self.max_of_raw = max_of_raw


def make_cases():
    """
    The bound on ours/boto3: faster than boto3, and better than pgspider's
    dynamodb_fdw 1.4.0 was beside boto3 on such a table.
    """
    all_of = "SELECT * FROM orders WHERE "
    return [
        Case("count(*)", "SELECT count(*) FROM orders", (),
             reads.count, 1),
        Case("sum(qty)", "SELECT sum(qty) FROM orders", (),
             reads.sum_qty, 868 / 1054),
        Case("all attributes of all rows", "SELECT * FROM orders", (),
             reads.everything, 0.4),
        Case("a partition of 100 rows", all_of + "cust = $1", ("c0042",),
             reads.partition, 5.4 / 16.8),
        Case("a point", all_of + "cust = $1 AND ord = $2",
             ("c0042", "o00042"), reads.point, 2.0 / 2.6),
        Case("10 rows by sort key",
             all_of + "cust = $1 AND ord BETWEEN $2 AND $3",
             ("c0042", "o00040", "o00049"), reads.sort_range, 6.3 / 8.8),
        Case("status = and sku LIKE", all_of
             + "status = $1 AND sku LIKE 's01%'", ("paid",),
             reads.by_status, 1),
        Case("LIMIT 1", "SELECT * FROM orders LIMIT 1", (),
             reads.any_one, 1),
        Case("join on 50 full keys",
             "SELECT o.* FROM keys JOIN orders o USING (cust, ord)", (),
             reads.by_keys, 1),
    ]


def make_page_case():
    """Every column of every row is read, none is sent to the client."""
    counts = ", ".join(f"count({column})" for column in PARCEL_COLUMNS)
    return Case("a page of 4,000 parcels", f"SELECT {counts} FROM parcels",
                (), reads.parcels, 1, MAX_OF_RAW_PARSED)


def warm_up(contender, case):
    contender.execute(WARM_UPS if case.arguments else 1)


def check(case, ours, boto3s):
    """Those who are compared have to have read the same."""
    if isinstance(boto3s, int):
        same = list(ours[0].values()) == [boto3s]
    elif case.read is reads.parcels:
        same = set(ours[0].values()) == {len(boto3s)}
    elif case.read is reads.any_one:
        same = len(ours) == len(boto3s)
    else:
        by_key = operator.itemgetter("cust", "ord")
        same = sorted(ours, key=by_key) == sorted(boto3s, key=by_key)
    if not same:
        raise SystemExit(f"{case.name}: the statement and boto3 differ")


def record(case, connection, recorder):
    """Our requests for one execution, and all that both sides ask."""
    scene.point_server_at(connection.cursor(), recorder.url)
    statement = contenders.Statement(connection, case.sql, case.arguments)
    warm_up(statement, case)
    at_first = recorder.take()
    ours = statement.named_rows()
    case.requests = recorder.take()
    client = scene.boto3_client(recorder.url + "/boto3/")
    check(case, ours, case.read(client))
    case.all_requests = at_first + case.requests + recorder.take()


def compete(case, connection, url, boto3_url, folder, pace):
    """libcurl, ours by itself, ours by a client, boto3: all ask url."""
    os.mkdir(folder)
    scene.point_server_at(connection.cursor(), url)
    ours = (case.sql, case.arguments, len(case.requests))
    field = (contenders.RawCurl(url, case.requests, folder, "in-turn"),
             contenders.Loop(connection, *ours),
             contenders.Statement(connection, *ours),
             contenders.Program(scene.boto3_client(boto3_url), case.read))
    for contender in field[1:3]:
        warm_up(contender, case)
    case.rounds = take_turns(field, *pace)


def run_orders(connection, recorder, engine, folder, pace):
    """The statements on orders, in the engine. The cases, timed."""
    cases = make_cases()
    for case in cases:
        record(case, connection, recorder)
    for n, case in enumerate(cases):
        compete(case, connection, engine, engine, f"{folder}/orders{n}", pace)
    return cases


def run_page(connection, recorder, server_cpus, folder, pace):
    """The one on parcels, by a canned server. The case, timed."""
    case = make_page_case()
    record(case, connection, recorder)
    server = canned.CannedServer(f"{folder}/page", case.all_requests,
                                 server_cpus)
    try:
        compete(case, connection, server.url, server.url + "/boto3/",
                f"{folder}/page-field", pace)
    finally:
        server.close()
    return case


def judge(case):
    """One line: times, ratios, bounds. False if a bound is missed."""
    ms = [statistics.median(lap.wall_us for lap in laps) / 1000
          for laps in zip(*case.rounds)]
    of_raw = statistics.median(loop.wall_us / raw.wall_us
                               for raw, loop, _, _ in case.rounds)
    of_boto3 = statistics.median(client.wall_us / boto3.wall_us
                                 for _, _, client, boto3 in case.rounds)
    ok = of_raw <= case.max_of_raw and of_boto3 <= case.max_of_boto3
    print(f"{case.name:26}{len(case.requests):5}"
          + "".join(f"{time:9.2f}" for time in ms)
          + f"{of_raw:8.2f}{case.max_of_raw:6.2f}"
          f"{of_boto3:8.3f}{case.max_of_boto3:6.3f}"
          f"   {'ok' if ok else 'MISSED'}")
    return ok


def report(cases):
    print(f"\n{'':31}{'ms':^36}{'ours/raw':>14}{'client/boto3':>14}")
    print(f"{'median':26}{'sends':>5}{'raw':>9}{'ours':>9}{'client':>9}"
          f"{'boto3':>9}" + f"{'ratio':>8}{'bound':>6}" * 2)
    return all([judge(case) for case in cases])
