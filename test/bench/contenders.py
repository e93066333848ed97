"""Who runs: libcurl alone, the extension, boto3.

Each has run(calls) -> Lap. Nobody's connecting is measured.
"""

import json
import subprocess
import time

import canned
import scene


class Lap:
    """What a number of calls took, per call."""

    def __init__(self, calls, wall_ns, cpu_ns=0):
        self.wall_us = wall_ns / calls / 1000
        self.cpu_us = cpu_ns / calls / 1000


class RawCurl:
    """The recorded requests by rawcurl, together or in turn."""

    def __init__(self, url, requests, folder, order):
        program = f"{folder}/rawcurl"
        subprocess.run(["cc", "-std=gnu11", "-O2", "-o", program,
                        f"{canned.HERE}/rawcurl.c", "-lcurl"], check=True)
        self.reply_len = sum(len(request.reply) for request in requests)
        self.command = [program, url + requests[0].path]
        self.order = order
        self.files = []
        for n, request in enumerate(requests):
            self.files.append(f"{folder}/request{n}")
            with open(self.files[-1], "wb") as file:
                file.write(request.text())

    def run(self, calls):
        output = subprocess.run(
            self.command + [str(calls), self.order] + self.files, check=True,
            capture_output=True, text=True).stdout
        wall_ns, cpu_ns, received = map(int, output.split())
        if received != calls * self.reply_len:
            raise SystemExit(f"rawcurl received {received} bytes, not"
                             f" {calls * self.reply_len}")
        return Lap(calls, wall_ns, cpu_ns)


REQUESTS = "SELECT coalesce(sum(requests), 0) FROM cruddur_ddb_stats"


class Extension:
    """The SQL function, looped inside one backend."""

    # max_results depends on g, or the function would be called once.
    LOOP = """
        SELECT count(*),
            extract(epoch FROM clock_timestamp() - statement_timestamp())
        FROM generate_series(1, %(calls)s) g, LATERAL {call}"""

    def __init__(self, connection, call, rows, requests):
        self.cursor = connection.cursor()
        self.loop = self.LOOP.format(call=call)
        self.rows = rows
        self.requests = requests
        self.pid = connection.info.backend_pid

    def fetch(self, query, arguments=None):
        self.cursor.execute(query, arguments)
        return self.cursor.fetchone()

    def cpu_ns(self):
        with open(f"/proc/{self.pid}/schedstat") as file:
            return int(file.read().split()[0])

    def run(self, calls):
        requests = self.fetch(REQUESTS)[0]
        cpu_ns = self.cpu_ns()
        rows, wall_s = self.fetch(self.loop, {"calls": calls})
        cpu_ns = self.cpu_ns() - cpu_ns
        requests = self.fetch(REQUESTS)[0] - requests
        if rows != calls * self.rows or requests != calls * self.requests:
            raise SystemExit(f"{calls} calls gave {rows} rows by {requests}"
                             " requests")
        return Lap(calls, float(wall_s) * 1e9, cpu_ns)


class Boto3:
    """client.query with the arguments of the recorded main request."""

    def __init__(self, url, request, rows):
        self.client = scene.boto3_client(url)
        self.arguments = json.loads(request.body)
        self.rows = rows

    def run(self, calls):
        wall_ns = time.perf_counter_ns()
        cpu_ns = time.process_time_ns()
        for _ in range(calls):
            reply = self.client.query(**self.arguments)
        wall_ns = time.perf_counter_ns() - wall_ns
        cpu_ns = time.process_time_ns() - cpu_ns
        if len(reply["Items"]) != self.rows:
            raise SystemExit(f"boto3 got {len(reply['Items'])} items")
        return Lap(calls, wall_ns, cpu_ns)


class Executions:
    """A statement with arguments $1, ..., executed by execute(calls).

    Fails if it sends another number of requests than this; None: it may.
    """

    def __init__(self, connection, arguments, requests):
        self.cursor = connection.cursor()
        self.arguments = arguments
        self.requests = requests

    def requests_sent(self):
        self.cursor.execute(REQUESTS)
        return self.cursor.fetchone()[0]

    def run(self, calls):
        sent = self.requests_sent()
        start = time.perf_counter_ns()
        self.execute(calls)
        lap = Lap(calls, time.perf_counter_ns() - start)
        sent = self.requests_sent() - sent
        if self.requests is not None and sent != calls * self.requests:
            raise SystemExit(f"{calls} executions sent {sent} requests")
        return lap


class Loop(Executions):
    """In one backend, by PL/pgSQL, which makes tuples of the rows."""

    def __init__(self, connection, sql, arguments, requests=None):
        super().__init__(connection, arguments, requests)
        types = ", ".join(["text"] * len(arguments) + ["int"])
        calls = f"${len(arguments) + 1}"
        perform = sql.replace("SELECT", "PERFORM", 1)
        self.cursor.execute(f"""
            CREATE OR REPLACE FUNCTION pg_temp.executed({types})
            RETURNS void LANGUAGE plpgsql AS
            $$BEGIN
                FOR i IN 1..{calls} LOOP {perform}; END LOOP;
            END$$""")
        places = ", ".join(["%s"] * (len(arguments) + 1))
        self.sql = f"SELECT pg_temp.executed({places})"

    def execute(self, calls):
        self.cursor.execute(self.sql, (*self.arguments, calls))


class Statement(Executions):
    """From the client and back, prepared, all rows made Python's values."""

    def __init__(self, connection, sql, arguments, requests=None):
        super().__init__(connection, arguments, requests)
        types = ", ".join(["text"] * len(arguments))
        places = ", ".join(["%s"] * len(arguments))
        self.cursor.execute("DEALLOCATE ALL")
        self.cursor.execute(
            f"PREPARE measured {types and f'({types})'} AS {sql}")
        self.sql = f"EXECUTE measured {places and f'({places})'}"

    def execute(self, calls):
        for _ in range(calls):
            self.rows()

    def rows(self):
        self.cursor.execute(self.sql, self.arguments)
        return self.cursor.fetchall()

    def named_rows(self):
        rows = self.rows()
        names = [column.name for column in self.cursor.description]
        return [dict(zip(names, row)) for row in rows]


class Program:
    """A function that reads with boto3."""

    def __init__(self, client, read):
        self.client = client
        self.read = read

    def run(self, calls):
        start = time.perf_counter_ns()
        for _ in range(calls):
            self.read(self.client)
        return Lap(calls, time.perf_counter_ns() - start)
