#!/usr/bin/python3
"""How fast the extension is, against libcurl alone and against boto3.

The three take turns, round by round. A bound is judged by the median of the
rounds' ratios; exits 1 if one is missed. What is measured, and how, is in
tables.py, messages.py and writes.py.
"""

import argparse
import os
import tempfile

import canned
import messages
import orders
import scene
import tables
import writes


def split_cpus(connection):
    """Contenders here, a canned server there, as on two machines.

    Left alone, the kernel at times puts both on one CPU, which makes a round
    trip several times as fast and a round unlike the next. DynamoDB Local
    keeps all CPUs, as it takes several to scan in segments. Returns the canned
    server's CPUs.
    """
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) > 1:
        os.sched_setaffinity(0, cpus[1:])
        os.sched_setaffinity(connection.info.backend_pid, cpus[1:])
    return cpus[:1]


def make_scene(engine):
    """Tables in the engine and the database that reads them, connected."""
    users = scene.make_users()
    connection = scene.make_database(engine, users)
    scene.make_table(connection, engine, users)
    orders.load(engine)
    orders.make_foreign_tables(connection)
    return connection


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true",
                        help="few short rounds, for a first look")
    quick = parser.parse_args().quick
    pace = (5, 0.1) if quick else (21, 0.2)
    # A round of tables takes as long as DynamoDB Local does.
    pace_of_tables = (3, 0.1) if quick else (7, 0.2)
    print("{} rounds of {} s; load of the machine before: {:.1f} on {} CPUs"
          .format(*pace, os.getloadavg()[0], os.cpu_count()), flush=True)
    engine = os.environ["DDB_ENDPOINT"]
    connection = make_scene(engine)
    recorder = canned.Recorder(engine)
    server_cpus = split_cpus(connection)
    with tempfile.TemporaryDirectory(prefix="cruddur_ddb_bench.") as folder:
        # nginx gives its worker to another user if it runs as root.
        os.chmod(folder, 0o755)
        on_tables = tables.run_orders(connection, recorder, engine, folder,
                                      pace_of_tables)
        on_tables.append(tables.run_page(connection, recorder, server_cpus,
                                         folder, pace))
        on_messages = messages.run(connection, recorder, server_cpus, folder,
                                   pace)
    recorder.close()
    on_writes = writes.run(connection, engine, 1 if quick else 3)
    held = [tables.report(on_tables), messages.report(on_messages),
            writes.report(on_writes)]
    raise SystemExit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
