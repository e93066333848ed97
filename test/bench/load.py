#!/usr/bin/python3
"""32 sessions that list and create messages, beside a service of 32 threads.

Both do the same work, 80 lists to 20 creates, in turns: once on replies that
nginx has, which shows what each costs itself, once on DynamoDB Local, which is
the bottleneck there. Exits 1 if a bound is missed. Seconds each: --seconds.
"""

import argparse
import glob
import os
import subprocess
import tempfile

import canned
import scene
import service

CLIENTS = 32
MESSAGE = "we moved every boat up to the wall before lunch"
SCRIPT = f"""\\set roll random(1, 100)
\\if :roll <= 80
SELECT * FROM cruddur_list_messages('{scene.HANDLE}', '{scene.GROUP}', 20);
\\else
SELECT * FROM cruddur_create_message('{scene.HANDLE}', '{scene.GROUP}',
	'{MESSAGE}');
\\endif
"""
# Least throughput, in services; greatest p99, in services
BOUNDS = {"canned replies": (3, 1 / 3), "DynamoDB Local": (1.3, None)}


class Load:
    """What all calls of a run took."""

    def __init__(self, times_us, seconds):
        self.per_second = len(times_us) / seconds
        times_us = sorted(times_us)
        self.p50, self.p95, self.p99 = (
            times_us[int(len(times_us) * part)] / 1000
            for part in (0.5, 0.95, 0.99))


def run_pgbench(folder, seconds):
    """By pgbench, which stops at any error but 40001; that it tries again."""
    script = f"{folder}/load.sql"
    with open(script, "w") as file:
        file.write(SCRIPT)
    for log in glob.glob(f"{folder}/pgbench_log*"):
        os.remove(log)
    done = subprocess.run(
        ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2",
         "-T", str(seconds), "-f", script, "--max-tries=10",
         "--failures-detailed", "-l", scene.DATABASE],
        cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit("pgbench: " + done.stderr[-2000:])
    for line in done.stdout.splitlines():
        if "failure" in line or "retried" in line:
            print("    " + line)
    times = []
    for log in glob.glob(f"{folder}/pgbench_log*"):
        with open(log) as file:
            for line in file:
                took = line.split()[2]
                if not took.isdigit():
                    raise SystemExit("pgbench: a transaction failed: " + line)
                times.append(int(took))
    return times


def call_once(connection, url):
    """Each call of each contender, for the recorder."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM cruddur_list_messages(%s, %s::uuid, 20)",
            (scene.HANDLE, scene.GROUP))
        if cursor.rowcount != service.LIMIT:
            raise SystemExit(f"{cursor.rowcount} messages")
        cursor.execute("SELECT * FROM cruddur_create_message(%s, %s::uuid, %s)",
                       (scene.HANDLE, scene.GROUP, MESSAGE))
    boto3s = service.Service(service.make_client(url + "/boto3/", 1),
                             scene.DATABASE)
    boto3s.list_messages(scene.HANDLE, scene.GROUP)
    boto3s.create_message(scene.HANDLE, scene.GROUP, MESSAGE)
    boto3s.connection.close()


def serve_canned(connection, engine, folder):
    recorder = canned.Recorder(engine)
    scene.point_server_at(connection.cursor(), recorder.url)
    call_once(connection, recorder.url)
    requests = recorder.take()
    recorder.close()
    return canned.CannedServer(f"{folder}/canned", requests,
                               os.sched_getaffinity(0))


def compete(name, connection, url, boto3_url, folder, seconds):
    """Both, one after the other. Are the bounds kept?"""
    scene.point_server_at(connection.cursor(), url)
    loads = {
        "cruddur_ddb": Load(run_pgbench(folder, seconds), seconds),
        "boto3 + psycopg2": Load(service.run(
            boto3_url, scene.DATABASE, CLIENTS, seconds, MESSAGE), seconds)}
    for who, load in loads.items():
        print(f"  {who:17} {load.per_second:8.0f}/s  p50 {load.p50:7.2f} ms"
              f"  p95 {load.p95:7.2f} ms  p99 {load.p99:7.2f} ms")
    ours, theirs = loads.values()
    least, most = BOUNDS[name]
    throughput = ours.per_second / theirs.per_second
    latency = ours.p99 / theirs.p99
    good = throughput >= least and (most is None or latency <= most)
    print(f"  throughput {throughput:.2f} x (at least {least}), p99"
          f" {latency:.2f} x" + (f" (at most {most:.2f})" if most else "")
          + ("" if good else "  MISSED"), flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    engine = os.environ["DDB_ENDPOINT"]
    users = scene.make_users()
    connection = scene.make_database(engine, users)
    scene.make_table(connection, engine, users)
    print(f"{CLIENTS} sessions, {CLIENTS} threads in {os.cpu_count()}"
          f" processes, {seconds} s each; load of the machine before:"
          f" {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="cruddur_ddb_load.") as folder:
        # nginx gives its worker to another user if it runs as root.
        os.chmod(folder, 0o755)
        server = serve_canned(connection, engine, folder)
        print("canned replies", flush=True)
        held = [compete("canned replies", connection, server.url,
                        server.url + "/boto3/", folder, seconds)]
        server.close()
        print("DynamoDB Local", flush=True)
        held.append(compete("DynamoDB Local", connection, engine, engine,
                            folder, seconds))
    raise SystemExit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
