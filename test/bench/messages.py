"""The messaging functions' calls, each against libcurl alone and boto3.

Every contender sends the same requests to the same nginx, which answers with
what a DynamoDB engine answered once.
"""

import statistics

import canned
import contenders
import scene
from rounds import take_turns


class Case:
    """A SQL call, and the bounds on its time."""

    def __init__(self, name, call, rows, max_of_raw, min_of_boto3):
        self.name = name
        self.call = call
        self.rows = rows
        self.max_of_raw = max_of_raw
        self.min_of_boto3 = min_of_boto3


def make_cases():
    groups = f"cruddur_list_message_groups('{scene.HANDLE}', {{}} + 0 * g)"
    messages = (f"cruddur_list_messages('{scene.HANDLE}', '{scene.GROUP}',"
                " {} + 0 * g)")
    return [
        Case("list_message_groups(20)", groups.format(20), 20, 1.4, 6),
        Case("list_messages(20)", messages.format(20), 20, 1.5, 3),
        Case("list_messages(1000)", messages.format(1000), 1000, 6, 10),
    ]


def record(case, connection, recorder):
    """Our requests, the one for the rows first, and boto3's like it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT 1 AS g) one,"
                       f" LATERAL {case.call}")
        if cursor.fetchone()[0] != case.rows:
            raise SystemExit(f"{case.name} does not give {case.rows} rows")
    case.requests = sorted(recorder.take(),
                           key=lambda request: b"IndexName" in request.body)
    contenders.Boto3(recorder.url + "/boto3/", case.requests[0],
                     case.rows).run(1)
    case.boto3_requests = recorder.take()


def compete(case, connection, server_cpus, folder, pace):
    """One case with a canned server of its own."""
    server = canned.CannedServer(
        folder, case.requests + case.boto3_requests, server_cpus)
    scene.point_server_at(connection.cursor(), server.url)
    field = (contenders.RawCurl(server.url, case.requests, folder, "together"),
             contenders.Extension(connection, case.call, case.rows,
                                  len(case.requests)),
             contenders.Boto3(server.url + "/boto3/", case.requests[0],
                              case.rows))
    try:
        case.rounds = take_turns(field, *pace)
    finally:
        server.close()


def times(case):
    """One line: the median times of a call, and CPU for each row."""
    wall = [statistics.median(lap.wall_us for lap in laps)
            for laps in zip(*case.rounds)]
    cpu = [statistics.median(lap.cpu_us for lap in laps)
           for laps in zip(*case.rounds)]
    return (f"{case.name:24}"
            + "".join(f"{us:9.0f}" for us in wall + cpu)
            + "".join(f"{us * 1000 / case.rows:9.0f}" for us in cpu))


def verdict(name, ratios, bound, good):
    """One line: the median ratio, its range over the rounds, the bound."""
    ratio = statistics.median(ratios)
    ok = good(ratio)
    print(f"{name:38}{ratio:7.2f}   {min(ratios):6.2f} to {max(ratios):6.2f}"
          f"   {bound:16}{'ok' if ok else 'MISSED'}")
    return ok


def judge(case):
    of_raw = [ours.wall_us / raw.wall_us for raw, ours, _ in case.rounds]
    of_boto3 = [boto3.wall_us / ours.wall_us for _, ours, boto3 in case.rounds]
    return all([
        verdict(f"{case.name}: ours / raw", of_raw,
                f"at most {case.max_of_raw}",
                lambda ratio: ratio <= case.max_of_raw),
        verdict(f"{case.name}: boto3 / ours", of_boto3,
                f"at least {case.min_of_boto3}",
                lambda ratio: ratio >= case.min_of_boto3)])


def report(cases):
    print(f"\n{'':24}{'us a call':>27}{'CPU us a call':>27}"
          f"{'CPU ns an item':>27}")
    print(f"{'median':24}" + f"{'raw':>9}{'ours':>9}{'boto3':>9}" * 3)
    for case in cases:
        print(times(case))
    print(f"\n{'ratio':38}{'median':>7}   {'of the rounds':>16}   bound")
    return all([judge(case) for case in cases])


def run(connection, recorder, server_cpus, folder, pace):
    """All of them. The cases, timed."""
    cases = make_cases()
    scene.point_server_at(connection.cursor(), recorder.url)
    for case in cases:
        record(case, connection, recorder)
    for n, case in enumerate(cases):
        compete(case, connection, server_cpus, f"{folder}/messages{n}", pace)
    return cases
