#!/usr/bin/python3
"""How fast the extension reads, against libcurl alone and against boto3.

Every contender sends the same requests to the same nginx, which answers with
what a DynamoDB engine answered once. The three take turns, round by round. A
bound is judged by the median of the rounds' ratios; exits 1 if one is missed.
"""

import argparse
import os
import statistics
import tempfile

import canned
import contenders
import scene


class Case:
    """A SQL call, and the bounds on its time."""

    def __init__(self, name, call, rows, max_of_raw, min_of_boto3):
        self.name = name
        self.call = call
        self.rows = rows
        self.max_of_raw = max_of_raw
        self.min_of_boto3 = min_of_boto3
        self.rounds = []


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


def line_up(case, connection, url, folder):
    """The contenders of a case, all of them sent to url."""
    scene.point_server_at(connection.cursor(), url)
    case.raw = contenders.RawCurl(url, case.requests, folder)
    case.ours = contenders.Extension(connection, case.call, case.rows,
                                     len(case.requests))
    case.boto3 = contenders.Boto3(url + "/boto3/", case.requests[0],
                                  case.rows)


def calls_for(contender, seconds):
    """How many calls take about that long; warms the contender up, too."""
    contender.run(3)
    return max(5, int(seconds * 1e6 / contender.run(10).wall_us))


def take_turns(case, rounds, seconds):
    field = [(contender, calls_for(contender, seconds))
             for contender in (case.raw, case.ours, case.boto3)]
    for _ in range(rounds):
        case.rounds.append(
            [contender.run(calls) for contender, calls in field])


def split_cpus(connection):
    """Contenders here, the server there, as on two machines.

    Left alone, the kernel at times puts both on one CPU, which makes a round
    trip several times as fast and a round unlike the next. Returns the
    server's CPUs.
    """
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) > 1:
        os.sched_setaffinity(0, cpus[1:])
        os.sched_setaffinity(connection.info.backend_pid, cpus[1:])
    return cpus[:1]


def compete(case, connection, server_cpus, folder, pace):
    """One case with a canned server of its own."""
    server = canned.CannedServer(
        folder, case.requests + case.boto3_requests, server_cpus)
    try:
        line_up(case, connection, server.url, folder)
        take_turns(case, *pace)
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


def record_all(cases):
    """The cases get their requests. The backend to measure, connected."""
    engine = os.environ["DDB_ENDPOINT"]
    users = scene.make_users()
    connection = scene.make_database(engine, users)
    scene.make_table(connection, engine, users)
    recorder = canned.Recorder(engine)
    scene.point_server_at(connection.cursor(), recorder.url)
    for case in cases:
        record(case, connection, recorder)
    recorder.close()
    return connection


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true",
                        help="few short rounds, for a first look")
    pace = (5, 0.1) if parser.parse_args().quick else (21, 0.2)
    cases = make_cases()
    print("{} rounds of {} s; load of the machine before: {:.1f} on {} CPUs"
          .format(*pace, os.getloadavg()[0], os.cpu_count()), flush=True)
    connection = record_all(cases)
    server_cpus = split_cpus(connection)
    with tempfile.TemporaryDirectory(prefix="cruddur_ddb_bench.") as folder:
        # nginx gives its worker to another user if it runs as root.
        os.chmod(folder, 0o755)
        for n, case in enumerate(cases):
            compete(case, connection, server_cpus, f"{folder}/case{n}", pace)
    raise SystemExit(0 if report(cases) else 1)


if __name__ == "__main__":
    main()
