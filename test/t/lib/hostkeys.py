"""
A host that has keys: the instance metadata service, STS, and a container's
endpoint, in one server. Keys that it issues are known to lib/sigcheck in this
process until they expire, and to no one else.
"""

import collections
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import sigcheck
from keys import EXPIRY, SECRETS, TOKENS

ROLE = "cruddur-role"
CONTAINER_TOKEN = "Bearer of+the/container="
WEB_TOKEN = "header.of-the-web.identity"


class Issued:
    """New keys, good for so many seconds."""

    def __init__(self, life_s):
        self.key = "ASIA" + secrets.token_hex(8).upper()
        self.secret = secrets.token_urlsafe(30)
        self.token = "IQoJ+/" + secrets.token_urlsafe(60) + "=="
        self.expiry = int(time.time() + life_s)
        SECRETS[self.key] = self.secret
        TOKENS[self.key] = self.token
        EXPIRY[self.key] = self.expiry

    def as_metadata(self):
        return {"Code": "Success", "Type": "AWS-HMAC",
                "LastUpdated": "2026-11-23T00:00:00Z",
                "AccessKeyId": self.key, "SecretAccessKey": self.secret,
                "Token": self.token,
                "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                            time.gmtime(self.expiry))}

    def as_sts(self, action):
        credentials = {"AccessKeyId": self.key,
                       "SecretAccessKey": self.secret,
                       "SessionToken": self.token,
                       "Expiration": float(self.expiry)}
        return {action + "Response": {
            action + "Result": {"Credentials": credentials},
            "ResponseMetadata": {"RequestId": "sts"}}}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_PUT(self):
        if self.path != "/latest/api/token" or \
                not self.headers.get("x-aws-ec2-metadata-token-ttl-seconds"):
            self.answer("refused", 400, "")
        else:
            self.answer("token", 200, self.server.host.metadata_token)

    def do_GET(self):
        host = self.server.host
        if self.path == "/container":
            good = self.headers.get("authorization") == CONTAINER_TOKEN
            self.give_keys("container", good, {"code": "AccessDenied"})
            return
        good = host.metadata_token == self.headers.get(
            "x-aws-ec2-metadata-token")
        place = "/latest/meta-data/iam/security-credentials/"
        if good and self.path == place:
            self.answer("role", 200, ROLE)
        else:
            self.give_keys("keys", good and self.path == place + ROLE, "")

    def give_keys(self, name, good, refusal):
        """From here, not from STS."""
        if good:
            self.answer(name, 200, lambda host: host.issue().as_metadata())
        else:
            self.answer("refused", 401, refusal)

    def do_POST(self):
        host = self.server.host
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        form = dict(urllib.parse.parse_qsl(body.decode()))
        action = form.get("Action", "?")
        with host.lock:
            host.forms.append(form)
        fault = self.fault_of(form, body)
        if fault:
            self.answer(action + " refused", 403, {
                "Error": {"Code": fault, "Message": "says the test",
                          "Type": "Sender"}, "RequestId": "sts"})
        else:
            self.answer(action, 200, lambda host: host.issue().as_sts(action))

    def fault_of(self, form, body):
        """What is wrong with this request to STS; None: nothing."""
        headers = {k.lower(): v for k, v in self.headers.items()}
        if headers.get("accept") != "application/json":
            return "NoXmlHere"
        if "Forbidden" in form["RoleArn"]:
            return "AccessDenied"
        if form["Action"] == "AssumeRoleWithWebIdentity":
            good = form.get("WebIdentityToken", "").startswith(WEB_TOKEN)
            return None if good and "authorization" not in headers \
                else "InvalidIdentityToken"
        try:
            form["signer"], form["region"] = sigcheck.check(
                "POST", self.path, headers, body, time.time(), sts=True)
        except sigcheck.Expired:
            return "ExpiredTokenException"
        except sigcheck.Refused as refusal:
            form["refusal"] = str(refusal)
            return "InvalidClientTokenId"
        return None

    def answer(self, name, status, body):
        """Unless it is the turn of a fault."""
        host = self.server.host
        with host.lock:
            host.log.append((time.monotonic(), name))
            if host.faults:
                status, body = host.faults.popleft()
        if host.delay_s:
            time.sleep(host.delay_s)
        if callable(body):
            body = body(host)
        if not isinstance(body, str):
            body = json.dumps(body)
        self.send_response_only(status)
        if name == "token":
            self.send_header("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
        self.wfile.flush()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """The listener."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


class Host:
    """While it lasts, there is such a host at url."""

    def __init__(self, life_s=3600):
        self.life_s = life_s
        self.delay_s = 0
        self.metadata_token = "metadata+token/=="
        self.lock = threading.Lock()
        self.log = []    # (when, what) of each request
        self.forms = []  # those of requests to STS
        self.issued = []
        self.faults = collections.deque()

    def __enter__(self):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.host = self
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def issue(self):
        issued = Issued(self.life_s)
        with self.lock:
            self.issued.append(issued)
        return issued

    def clear(self):
        """Forget what was asked; keys that were issued stay good."""
        with self.lock:
            self.log.clear()
            self.forms.clear()
            self.faults.clear()

    def seen(self):
        """The names of the requests since then."""
        with self.lock:
            return [name for _, name in self.log]

    def count(self, name):
        return self.seen().count(name)

    def fail(self, times, status=500, body=""):
        """The next requests are answered with this."""
        with self.lock:
            self.faults.extend([(status, body)] * times)

    def hidden(self):
        """What nobody else is to see."""
        return [CONTAINER_TOKEN, WEB_TOKEN, self.metadata_token] + [
            text for keys in self.issued for text in (keys.secret, keys.token)]
