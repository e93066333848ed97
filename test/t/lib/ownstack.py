"""
A PostgreSQL server for one test, whose environment is the test's to choose.
DynamoDB stays the one that is there already.
"""

import os
import subprocess

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

    def __init__(self, name, server_env):
        self.env = dict(os.environ, STACK_NAME=name,
                        AWS_ENDPOINT_URL=os.environ["DDB_UPSTREAM"],
                        DDB_STACK_SERVER_ENV=" ".join(
                            "%s=%s" % pair for pair in server_env.items()))
        # The endpoint is to be used as it is, not replaced by a new one.
        self.env.pop("DDB_STACK_OWN_ENDPOINT", None)
        self.outside = {}

    def call(self, verb):
        return subprocess.run([STACK, verb], env=self.env, check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def __enter__(self):
        self.call("down")
        self.call("up")
        for line in self.call("env").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            if name.startswith("PG") or name == "DDB_STACK_DIR":
                self.outside[name] = os.environ.get(name)
                os.environ[name] = value.strip("'")
        return self

    def __exit__(self, *_):
        for name, value in self.outside.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        self.call("down")
