"""
A sigcheck of a test's own, so that its refusals count for nobody else.
"""

import json
import os
import signal
import subprocess
import tempfile
import time

SIGCHECK = os.path.join(os.path.dirname(__file__), "sigcheck.py")


class Checker:
    """
    `with Checker() as checker:` starts one; arguments are those of its
    command line.
    """

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        port_file = self.folder.name + "/port"
        self.report_file = self.folder.name + "/report"
        self.process = subprocess.Popen(
            [SIGCHECK, "--upstream", os.environ["DDB_UPSTREAM"],
             "--port-file", port_file, "--report", self.report_file,
             *self.arguments])
        deadline = time.monotonic() + 20
        while not os.path.exists(port_file):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("sigcheck does not start")
            time.sleep(0.02)
        with open(port_file, encoding="ascii") as port:
            self.url = "http://127.0.0.1:%d" % int(port.read())
        return self

    def report(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        with open(self.report_file, encoding="ascii") as report:
            return json.load(report)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
