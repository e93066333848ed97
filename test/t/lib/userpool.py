"""
User pools: cognito-local behind a check of signatures, and pages as Cognito
itself sends them, which cognito-local, who answers with all users at once,
does not.
"""

import contextlib
import glob
import os
import socket
import subprocess
import tempfile
import threading
import time

import boto3
from botocore.config import Config

import faults
from keys import SECRETS
from sigcheck import Server

TOP = os.path.join(os.path.dirname(__file__), "..", "..", "..")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


class CognitoLocal:
    """
    cognito-local, started for this test. url is that of a proxy before it that
    checks signatures; report says what came of that.
    """

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.process = subprocess.Popen(
            ["node", self.program()], cwd=self.folder.name,
            env={"PATH": os.environ["PATH"], "HOST": "127.0.0.1",
                 "PORT": str(self.port)},
            stdin=subprocess.DEVNULL,
            stdout=open(self.folder.name + "/log", "wb"),
            stderr=subprocess.STDOUT)
        self.await_port()
        self.proxy = Server("http://127.0.0.1:%d" % self.port)
        threading.Thread(target=self.proxy.serve_forever,
                         daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.proxy.server_address[1]
        self.report = self.proxy.report
        # The witness signs, too, but goes there without a detour.
        self.client = boto3.client(
            "cognito-idp", region_name="us-east-1",
            endpoint_url="http://127.0.0.1:%d" % self.port,
            aws_access_key_id="local",
            aws_secret_access_key=SECRETS["local"],
            config=Config(retries={"max_attempts": 0}))
        return self

    def program(self):
        deps = os.environ.get("DDB_DEPS", TOP + "/.emulator")
        found = glob.glob(deps + "/cognito-local-*/node_modules"
                          "/cognito-local/lib/bin/start.js")
        if not found:
            raise RuntimeError("no cognito-local in %s; run test/setup" % deps)
        return os.path.abspath(max(found))

    def await_port(self):
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.folder.name + "/log",
                          encoding="utf-8", errors="replace") as log:
                    raise RuntimeError("no cognito-local: " + log.read())
            time.sleep(0.05)

    def __exit__(self, *_):
        self.proxy.shutdown()
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def create_pool(self, name):
        """Its ID. In a pool of its defaults user names are email addresses."""
        return self.client.create_user_pool(
            PoolName=name,
            UsernameAttributes=["phone_number"])["UserPool"]["Id"]

    def create_user(self, pool, name, **attributes):
        """Its sub."""
        user = self.client.admin_create_user(
            UserPoolId=pool, Username=name, MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value}
                            for key, value in attributes.items()])["User"]
        return {pair["Name"]: pair["Value"]
                for pair in user["Attributes"]}["sub"]


def user(handle, sub, **others):
    """A user as ListUsers tells of one; NULL attributes are left out."""
    attributes = dict(others, preferred_username=handle, sub=sub)
    return {"Username": "name-of-%s" % handle, "Enabled": True,
            "UserStatus": "CONFIRMED", "UserCreateDate": 1.795390320123E9,
            "UserLastModifiedDate": 1795390320.123,
            "Attributes": [{"Name": name, "Value": value}
                           for name, value in attributes.items()
                           if value is not None]}


def paged(pages):
    """
    A behaviour for lib/faults: ListUsers over these pages, lists of users. A
    token that was not given out is refused, as Cognito does.
    """
    def act(exchange):
        asked = exchange.request.json()
        token = asked.get("PaginationToken", "page+/=0")
        number = int(token.removeprefix("page+/="))
        if number not in range(len(pages)) or asked.get("Limit", 61) > 60:
            return faults.refused("InvalidParameterException")(exchange)
        answer = {"Users": pages[number]}
        if number + 1 < len(pages):
            answer["PaginationToken"] = "page+/=%d" % (number + 1)
        return exchange.send(faults.made(200, answer))
    return act
