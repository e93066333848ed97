"""
A PostgreSQL server on a host that has keys, and a DynamoDB that checks who
signs: it knows the keys that the host issues only until these expire.
"""

import contextlib
import os
import tempfile
import threading

import hostkeys
import sigcheck
from bed import Bed
from ownstack import OwnStack

CALL = "SELECT cruddur_ddb_request('ListTables', '{\"Limit\": 1}')"
HOST = {"credential_source": "host"}
ROLE_ARN = "arn:aws:iam::123456789012:role/cruddur"


class Scene:
    """What `with scene(...)` gives."""

    def __init__(self, stack, bed, host, proxy, folder):
        self.stack, self.bed, self.host = stack, bed, host
        self.proxy, self.folder = proxy, folder

    def restart(self, **env):
        """In this environment, beside the files; the bed has new sessions."""
        self.bed.main.close()
        self.stack.restart("fast", {**self.files(), **env})
        self.bed.main = self.bed.connect()
        self.host.clear()

    def files(self):
        return {"AWS_CONFIG_FILE": self.folder + "/config",
                "AWS_SHARED_CREDENTIALS_FILE": self.folder + "/credentials"}

    def write(self, name, text):
        """A file that the server's user can read."""
        path = "%s/%s" % (self.folder, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(path, 0o644)
        return path

    def map_user(self, server="cruddur", user="CURRENT_USER", on=None,
                 **options):
        """CREATE USER MAPPING in place of the one that there is."""
        self.bed.query("DROP USER MAPPING IF EXISTS FOR %s SERVER %s"
                       % (user, server), on=on)
        self.bed.query("CREATE USER MAPPING FOR %s SERVER %s OPTIONS (%s)" % (
            user, server, ", ".join("%s '%s'" % pair
                                    for pair in options.items())), on=on)

    def call(self, on=None):
        return self.bed.query(CALL, on=on)

    def signers(self):
        """Who has signed since the last time: (access key, region)."""
        with self.proxy.lock:
            signers = list(self.proxy.signers)
            self.proxy.signers.clear()
        return signers

    def fresh(self):
        """Sessions, keys and records from before do not count."""
        self.bed.query("SELECT cruddur_ddb_disconnect()")
        self.host.clear()
        self.signers()


@contextlib.contextmanager
def scene(name, conf="", **bed_options):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        os.chmod(folder, 0o755)
        host = stack.enter_context(hostkeys.Host())
        proxy = sigcheck.Server(os.environ["DDB_UPSTREAM"])
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        stack.callback(proxy.shutdown)
        own = stack.enter_context(OwnStack(name, {
            "AWS_CONFIG_FILE": folder + "/config",
            "AWS_SHARED_CREDENTIALS_FILE": folder + "/credentials",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": host.url}, conf))
        url = "http://127.0.0.1:%d" % proxy.server_address[1]
        bed = stack.enter_context(Bed(name, endpoint=url,
                                      sts_endpoint=host.url, **bed_options))
        yield Scene(own, bed, host, proxy, folder)
