#!/usr/bin/python3
"""
A proxy before DynamoDB or Cognito that lets only rightly signed requests
through.

Each request's signature is computed anew by botocore, from the bytes that
came, and compared. DynamoDB Local and cognito-local do not look at signatures,
so this is what stands for AWS's own check. On SIGTERM the counts are written as
JSON. Its clock, by which requests are judged and responses dated, may be set
wrong.
"""

import argparse
import calendar
import collections
import email.utils
import hashlib
import hmac
import http.client
import json
import math
import os
import re
import signal
import socket
import socketserver
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from keys import EXPIRY, SECRETS, TOKENS

# What the target begins with -> the service to sign for, the type of content
SERVICES = {
    "DynamoDB_20120810": ("dynamodb", "application/x-amz-json-1.0"),
    "DynamoDBStreams_20120810": ("dynamodb", "application/x-amz-json-1.0"),
    "AWSCognitoIdentityProviderService":
        ("cognito-idp", "application/x-amz-json-1.1"),
}
# STS has no target.
STS = ("sts", "application/x-www-form-urlencoded")
REQUIRED = {"content-type", "host", "x-amz-date", "x-amz-target"}
FORBIDDEN = re.compile(
    r"connection|expect|keep-alive|proxy-.*|te|trailer|transfer-encoding"
    r"|upgrade|user-agent|x-amzn-trace-id")
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/, ]+)/(\d{8})/([a-z0-9-]+)/([a-z-]+)"
    r"/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")
MAX_SKEW_S = 300
# Headers that belong to one hop only.
HOP = {"connection", "keep-alive", "transfer-encoding", "proxy-connection"}


class Refused(Exception):
    """Why a request is not let through."""

    exception, status = "InvalidSignatureException", 403


class Expired(Refused):
    """Its keys were good once."""

    exception, status = "ExpiredTokenException", 400


class Recomputed(SigV4Auth):
    """botocore's signer, over exactly the headers that the client signed."""

    def __init__(self, credentials, service, region, signed):
        super().__init__(credentials, service, region)
        self.signed = signed

    def headers_to_sign(self, request):
        kept = http.client.HTTPMessage()
        for name, value in request.headers.items():
            if name.lower() in self.signed:
                kept[name.lower()] = value
        return kept


def check_headers(headers, signed, required, date, now):
    """The rules that hold whatever the signature is."""
    missing = required - set(signed)
    if missing:
        raise Refused("not signed: " + " ".join(sorted(missing)))
    if signed != sorted(set(signed)):
        raise Refused("SignedHeaders not sorted: " + ";".join(signed))
    for name in signed:
        if FORBIDDEN.fullmatch(name):
            raise Refused("must not be signed: " + name)
        if name not in headers:
            raise Refused("signed but not sent: " + name)
    if "x-amz-security-token" in headers and \
            "x-amz-security-token" not in signed:
        raise Refused("not signed: x-amz-security-token")
    stamp = headers.get("x-amz-date", "")
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp) or stamp[:8] != date:
        raise Refused("x-amz-date is %r, the scope's date %s" % (stamp, date))
    sent = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    if abs(now - sent) > MAX_SKEW_S:
        raise Refused("x-amz-date is off by more than 5 minutes: " + stamp)


def service_of(headers):
    """What is asked: the service to sign for, the type of content."""
    target = headers.get("x-amz-target", "").split(".")[0]
    if target not in SERVICES:
        raise Refused("x-amz-target names no service that is known")
    return SERVICES[target]


def check(method, path, headers, body, now, sts=False):
    """
    Raise Refused unless this request is signed as AWS wants it. Returns the
    access key and the region.
    """
    match = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not match:
        raise Refused("no Authorization header of the right form")
    key, date, region, service, signed, signature = match.groups()
    signed = signed.split(";")
    if key not in SECRETS:
        raise Refused("unknown access key")
    if key in TOKENS and headers.get("x-amz-security-token") != TOKENS[key]:
        raise Refused("not the session token of this access key")
    wanted, content_type = STS if sts else service_of(headers)
    if service != wanted:
        raise Refused("scope names the service " + service)
    if headers.get("content-type") != content_type:
        raise Refused("content-type is not that of the service")
    check_headers(headers, signed,
                  REQUIRED - {"x-amz-target"} if sts else REQUIRED, date, now)
    said = headers.get("x-amz-content-sha256")
    if said and said != hashlib.sha256(body).hexdigest():
        raise Refused("x-amz-content-sha256 is not the body's")
    request = AWSRequest(method, "http://%s%s" % (headers["host"], path),
                         headers, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = Recomputed(Credentials(key, SECRETS[key]), service, region,
                        signed)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if not hmac.compare_digest(signer.signature(text, request), signature):
        raise Refused("signature does not match")
    if now >= EXPIRY.get(key, math.inf):
        raise Expired("the keys have expired")
    return key, region


class Proxy(BaseHTTPRequestHandler):
    """One kept connection of a client and the one upstream that it uses."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    upstream = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {k.lower(): v for k, v in self.headers.items()}
        try:
            if len(headers) != len(self.headers):
                raise Refused("a header came twice")
            signer = check(self.command, self.path, headers, body,
                           self.server.now())
        except Refused as refusal:
            self.server.count_rejected("%s: %s" % (
                headers.get("x-amz-target", "?"), refusal))
            self.refuse(refusal)
            return
        self.server.count_accepted(signer)
        self.forward(headers, body)

    def refuse(self, refusal):
        body = json.dumps({
            "__type": "com.amazon.coral.service#" + refusal.exception,
            "message": str(refusal)}).encode()
        self.send_response_only(refusal.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "sigcheck")
        self.send_header("Date", self.server.date())
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def forward(self, headers, body):
        try:
            status, answer, data = self.ask(headers, body)
        except (OSError, http.client.HTTPException) as error:
            self.log_error("upstream: %r", error)
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in answer:
            if name.lower() == "date":
                value = self.server.date()
            if name.lower() not in HOP:
                self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in answer):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def ask(self, headers, body):
        if self.upstream is None:
            self.upstream = self.server.connect_upstream()
        self.upstream.putrequest(self.command, self.path, skip_host=True,
                                 skip_accept_encoding=True)
        for name, value in headers.items():
            if name not in HOP:
                self.upstream.putheader(name, value)
        self.upstream.endheaders(body)
        reply = self.upstream.getresponse()
        return reply.status, reply.getheaders(), reply.read()

    def finish(self):
        super().finish()
        if self.upstream is not None:
            self.upstream.close()

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, HTTPServer):
    """The listener and the counts."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream, clock_offset=0):
        super().__init__(("127.0.0.1", 0), Proxy)
        self.upstream = urllib.parse.urlsplit(upstream)
        self.clock_offset = clock_offset
        self.lock = threading.Lock()
        self.report = {"accepted": 0, "rejected": 0, "reasons": []}
        # How many requests were signed by whom: (access key, region)
        self.signers = collections.Counter()

    def connect_upstream(self):
        kind = (http.client.HTTPSConnection if self.upstream.scheme == "https"
                else http.client.HTTPConnection)
        connection = kind(self.upstream.hostname, self.upstream.port)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def now(self):
        return time.time() + self.clock_offset

    def date(self):
        return email.utils.formatdate(self.now(), usegmt=True)

    def count_accepted(self, signer):
        with self.lock:
            self.signers[signer] += 1
            self.report["accepted"] += 1

    def count_rejected(self, reason):
        with self.lock:
            self.report["rejected"] += 1
            if len(self.report["reasons"]) < 20:
                self.report["reasons"].append(reason)

    def handle_error(self, request, client_address):
        # A client that went away in the middle is its own affair.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def write_whole(path, text):
    """Readers of path see all of it or nothing."""
    with open(path + ".new", "w", encoding="ascii") as out:
        out.write(text)
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, metavar="URL")
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--report", required=True)
    parser.add_argument("--clock-offset", type=int, default=0,
                        metavar="SECONDS")
    args = parser.parse_args()
    server = Server(args.upstream, args.clock_offset)
    # shutdown() waits for serve_forever, which runs in the handler's thread.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(
        target=server.shutdown).start())
    write_whole(args.port_file, "%d\n" % server.server_address[1])
    server.serve_forever(poll_interval=0.1)
    with server.lock:
        write_whole(args.report, json.dumps(server.report) + "\n")


if __name__ == "__main__":
    main()
