"""
A PostgreSQL server for one test, whose environment and settings are the test's
to choose. DynamoDB stays the one that is there already, unless the test wants a
new one: DynamoDB Local slows down as streams grow.
"""

import os
import subprocess

from secretscan import refuse, scan_text

LIB = os.path.dirname(__file__)
STACK = os.path.join(LIB, "..", "..", "stack")


def compile_shim(folder, name):
    """lib/NAME.c to be preloaded; the server's user must be able to read it."""
    os.chmod(folder, 0o755)
    shim = "%s/%s.so" % (folder, name)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror",
                    "-o", shim, os.path.join(LIB, name + ".c"), "-ldl"],
                   check=True)
    return shim


class OwnStack:
    """While it lasts, os.environ leads to it."""

    def __init__(self, name, server_env=None, conf="", new_dynamodb=False):
        server_env = server_env or {}
        self.env = dict(os.environ, STACK_NAME=name,
                        AWS_ENDPOINT_URL=os.environ["DDB_UPSTREAM"],
                        DDB_STACK_SERVER_ENV=" ".join(
                            "%s=%s" % pair for pair in server_env.items()),
                        DDB_STACK_CONF="log_min_messages = debug5\n" + conf)
        # The endpoint is to be used as it is, not replaced by a new one.
        own_endpoint = self.env.pop("DDB_STACK_OWN_ENDPOINT", None)
        self.new_dynamodb = new_dynamodb and own_endpoint
        if self.new_dynamodb:
            del self.env["AWS_ENDPOINT_URL"]
        self.outside = {}

    def call(self, verb):
        return subprocess.run([STACK, verb], env=self.env, check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def pg_ctl(self, *arguments, server_env=None):
        """As the server's user, with nothing of ours in its environment."""
        folder = os.environ["DDB_STACK_DIR"]
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(
            ["./pg_ctl", "-D", "data", "-s", "-w", "-t", "60", *arguments],
            cwd=folder, user=user, group=user, check=True,
            env={"PATH": os.environ["PATH"], "HOME": folder,
                 "LC_ALL": "C.UTF-8", **(server_env or {})},
            stdin=subprocess.DEVNULL)

    def restart(self, mode, server_env=None):
        """Stop in this mode and start again, in another environment."""
        self.pg_ctl("restart", "-m", mode, "-l", "server.log",
                    server_env=server_env)

    def log(self):
        """All that the server has logged."""
        with open(os.environ["DDB_STACK_DIR"] + "/server.log",
                  encoding="utf-8", errors="replace") as log:
            return log.read()

    def __enter__(self):
        self.call("down")
        self.call("up")
        for line in self.call("env").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            value = value.strip("'")
            if name.startswith("PG") or name == "DDB_STACK_DIR":
                self.set(name, value)
            elif name == "DDB_ENDPOINT" and self.new_dynamodb:
                self.set(name, value)
                self.set("DDB_UPSTREAM", value)
        return self

    def set(self, name, value):
        self.outside[name] = os.environ.get(name)
        os.environ[name] = value

    def __exit__(self, error, *_):
        scan = scan_text(self.log())
        for name, value in self.outside.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        self.call("down")
        if error is None:
            refuse(scan)
