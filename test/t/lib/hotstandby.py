"""
A hot standby of the stack's server.
"""

import os
import subprocess
import tempfile

import psycopg2

from secretscan import refuse, scan_file


class Standby:
    """A copy of the stack's server that follows it; `with` runs it."""

    def __init__(self):
        self.stack = os.environ["DDB_STACK_DIR"]
        self.user = "postgres" if os.geteuid() == 0 else None

    def run(self, *command):
        """A program, as the server's user and without what is ours."""
        done = subprocess.run(
            command, user=self.user, group=self.user, cwd=self.dir.name,
            env={"PATH": os.environ["PATH"], "HOME": self.dir.name,
                 "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise RuntimeError("%s: %s" % (" ".join(command), done.stdout))
        return done.stdout

    def pg_ctl(self, verb, *arguments):
        self.run(self.stack + "/pg_ctl", verb, "-D", "data", "-w", "-s",
                 *arguments)

    def __enter__(self):
        pg_config = os.environ.get("PG_CONFIG", "pg_config")
        bindir = subprocess.check_output([pg_config, "--bindir"],
                                         text=True).strip()
        self.dir = tempfile.TemporaryDirectory(prefix="cruddur_ddb_standby.")
        if self.user:
            subprocess.run(["chown", self.user + ":", self.dir.name],
                           check=True)
        self.run(bindir + "/pg_basebackup", "-h", os.environ["PGHOST"], "-p",
                 os.environ["PGPORT"], "-U", os.environ["PGUSER"],
                 "--checkpoint=fast", "--no-sync", "-R", "-D", "data")
        self.pg_ctl("start", "-l", "server.log", "-o",
                    "-c unix_socket_directories=" + self.dir.name)
        return self

    def __exit__(self, error, *_):
        try:
            self.pg_ctl("stop", "-m", "immediate")
            if error is None:
                refuse(scan_file(self.dir.name + "/server.log"))
        finally:
            self.dir.cleanup()

    def connect(self, bed):
        """A session there, which the bed closes."""
        session = psycopg2.connect(dbname=bed.dbname, host=self.dir.name)
        session.autocommit = True
        bed.opened.append(session)
        return session
