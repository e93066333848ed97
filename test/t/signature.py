#!/usr/bin/python3
"""
The signature check itself: it passes what is signed rightly, refuses what is
not, and tells the two apart in its report. Without this the other tests could
not say that every request of ours is signed as AWS wants it.
"""

import http.client
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

import tap
from bed import Bed
from checker import Checker
from keys import SECRETS, TOKENS, WITNESS

BODY = b'{"Limit": 1}'
SIGNED = {"content-type": "application/x-amz-json-1.0",
          "x-amz-target": "DynamoDB_20120810.ListTables"}


class SignsAll(SigV4Auth):
    """Signs also what botocore, each version its own, leaves out."""

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        for name, value in request.headers.items():
            if name not in headers:
                headers[name.lower()] = value
        return headers


def signed_headers(url, body=BODY, secret=SECRETS["local"], **extra):
    request = AWSRequest("POST", url + "/", dict(SIGNED, **extra), body)
    SignsAll(Credentials("local", secret), "dynamodb",
             "us-east-1").add_auth(request)
    return dict(request.headers.items())


def post(url, headers, body=BODY):
    """Status and, for a refusal, what it said."""
    there = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
    there.request("POST", "/", body, headers)
    reply = there.getresponse()
    text = reply.read().decode()
    there.close()
    return reply.status, "" if reply.status == 200 else text


def refused(url, headers, body, name, why):
    status, text = post(url, headers, body)
    tap.ok(status == 403 and "InvalidSignatureException" in text
           and why in text, name)
    if status != 403 or why not in text:
        tap.note("%s %s" % (status, text))


def bad_requests(url):
    good = signed_headers(url)
    tap.equal(post(url, good)[0], 200, "the request to be spoilt is good")
    refused(url, good, b'{"Limit": 2}', "another body", "does not match")
    broken = good["Authorization"]
    broken = broken[:-1] + ("0" if broken[-1] != "0" else "1")
    refused(url, dict(good, Authorization=broken), BODY,
            "another signature", "does not match")
    refused(url, signed_headers(url, secret="other"), BODY,
            "another secret", "does not match")
    refused(url, dict(good, **{"x-amz-target":
                               "DynamoDB_20120810.DescribeLimits"}), BODY,
            "another operation", "does not match")
    old = dict(good, **{"X-Amz-Date": "20200101T000000Z"})
    old["Authorization"] = old["Authorization"].replace(
        good["X-Amz-Date"][:8], "20200101")
    refused(url, old, BODY, "an old date", "5 minutes")
    refused(url, signed_headers(url, connection="keep-alive"), BODY,
            "a header signed that proxies change", "must not be signed")
    refused(url, {k: v for k, v in good.items() if k != "Authorization"},
            BODY, "no signature", "no Authorization")
    unsigned = signed_headers(url)
    unsigned["x-amz-security-token"] = "slipped in"
    refused(url, unsigned, BODY, "a token that is not signed",
            "not signed: x-amz-security-token")
    return 8


def ours(url):
    """What the extension sends, in the ways that change the signature."""
    sent = 0
    with Bed("signature", endpoint=url) as bed:
        for name, endpoint, region in (
                ("by address", url, "us-east-1"),
                ("by name", url.replace("127.0.0.1", "LocalHost"),
                 "us-east-1"),
                ("another region", url, "ap-southeast-2")):
            bed.set_options(endpoint=endpoint, region=region)
            tap.equal(bed.query("SELECT count(*) AS n FROM cruddur_list_tables()"
                                " t WHERE t = 'none of this name'")[0].n, 0,
                      "ours passes: " + name)
            sent += 1
        bed.query("""ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
            OPTIONS (SET access_key_id %s, SET secret_access_key %s,
                ADD session_token %s)""",
                  WITNESS, SECRETS[WITNESS], TOKENS[WITNESS])
        bed.query("SELECT * FROM cruddur_list_tables()")
        tap.ok(True, "ours passes: other keys, with a session token")
        bed.query("""ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur
            OPTIONS (SET secret_access_key 'not the one')""")
        tap.fails(lambda: bed.query("SELECT * FROM cruddur_list_tables()"),
                  "28000", "ours with a wrong secret is refused")
    return sent + 1


def test():
    with Checker() as checker:
        client = boto3.client(
            "dynamodb", region_name="us-east-1", endpoint_url=checker.url,
            aws_access_key_id="local", aws_secret_access_key=SECRETS["local"],
            config=Config(retries={"max_attempts": 0}))
        tap.ok("TableNames" in client.list_tables(), "boto3's request passes")
        rejected = bad_requests(checker.url)
        sent = ours(checker.url)
        report = checker.report()
        # boto3's one, the good one before it was spoilt, and ours.
        tap.equal(report["rejected"], rejected + 1, "each refusal is counted")
        tap.ok(report["accepted"] >= 2 + sent, "each pass is counted")
        tap.note(report)


tap.run(test)
