#!/usr/bin/python3
"""
TLS, with nginx before DynamoDB: whose certificates are accepted, what an error
says of those that are not, and how often a session shakes hands.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import Bed
from ownstack import OwnStack
from tlsfront import Authority, Front, readable_folder

# face: what the error's message ends with, what its hint has
REFUSED = {
    "elsewhere": ("its certificate is for another host", "option endpoint"),
    "expired": ("its certificate has expired", "clock"),
    "early": ("its certificate is not valid yet", "clock"),
    "alone": ("its certificate is self-signed", "option ca_file"),
    "old": ("the TLS handshake failed", "TLS 1.2 or later"),
}
# TLS 1.1 is below what OpenSSL allows unless it is told otherwise.
OLD = "ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0;"
# In TLS 1.2, libcurl takes no tickets: the server has to remember sessions.
OLDER = "ssl_protocols TLSv1.2; ssl_session_cache shared:older:1m;"
FACES = {"good": "ssl_protocols TLSv1.3;", "older": OLDER, "old": OLD,
         "alone": "", "elsewhere": "", "expired": "", "early": ""}


def make_certificates(folder):
    authority = Authority(folder)
    for name in ("good", "older", "old"):
        authority.issue(name)
    authority.issue("elsewhere", host="DNS:elsewhere.test")
    authority.issue("expired", end="20200102000000Z")
    authority.issue("early", start="20490101000000Z")
    authority.self_signed("alone")
    return authority


def ask(bed, on=None):
    return bed.query("SELECT cruddur_ddb_request('DescribeTable',"
                     " jsonb_build_object('TableName', %s::text))"
                     " -> 'Table' ->> 'TableName' AS name", bed.table,
                     on=on)[0].name


def refused(bed, sqlstate, message, hint, name):
    error = tap.fails(lambda: ask(bed), sqlstate, "refused: " + name)
    if error:
        tap.ok(message in error.diag.message_primary, name + ": message")
        tap.ok(hint in (error.diag.message_hint or ""), name + ": hint")
        tap.ok(error.diag.message_detail, name + ": the library's own words")


def certificates(bed, front, authority):
    bed.set_options(endpoint=front.url("good"))
    bed.query("SELECT cruddur_ddb_stats_reset()")
    refused(bed, "08001", "its certificate is of an unknown authority",
            "option ca_file", "an authority that is not known")
    tap.equal((bed.stats("requests"), bed.stats("retries")), (1, 0),
              "a bad certificate is not asked for again")
    bed.set_options(ca_file=authority.certificate)
    tap.equal(ask(bed), bed.table, "accepted with ca_file")
    for name, (message, hint) in REFUSED.items():
        bed.set_options(endpoint=front.url(name))
        refused(bed, "08001", message, hint, name)
    bed.set_options(endpoint=front.url("good", host="localhost"))
    refused(bed, "08001", REFUSED["elsewhere"][0], REFUSED["elsewhere"][1],
            "a name where the certificate has the address")
    bed.set_options(endpoint=front.url("alone"),
                    ca_file=front.folder + "/alone.crt")
    tap.equal(ask(bed), bed.table, "self-signed, but named in ca_file")
    bed.set_options(endpoint=front.url("good"))
    refused(bed, "08001", "of an unknown authority", "option ca_file",
            "another server's certificate in ca_file")


def no_certificates(bed, front, authority):
    bed.set_options(endpoint=bed.plain.replace("http:", "https:"),
                    ca_file=authority.certificate)
    refused(bed, "08001", "the TLS handshake failed", "TLS 1.2 or later",
            "no TLS there at all")
    bed.set_options(endpoint=front.url("good"),
                    ca_file=front.folder + "/nothing.crt")
    refused(bed, "HV000", "connection settings do not allow", "ca_file",
            "a ca_file that is not there")
    bed.set_options(ca_file=front.folder + "/nginx.conf")
    refused(bed, "HV000", "connection settings do not allow", "ca_file",
            "a ca_file with no certificate in it")
    bed.set_options(ca_file=authority.certificate)


def handshakes(bed, front, name, protocol, at_once):
    bed.set_options(endpoint=front.url(name))
    session = bed.connect()
    front.log(name)
    for _ in range(20):
        ask(bed, on=session)
    log = front.log(name)
    tap.equal((len(log), len({line.connection for line in log}),
               {line.resumed for line in log}), (20, 1, {"."}),
              protocol + ": twenty requests, one connection, one handshake")
    tap.equal({line.protocol for line in log}, {protocol}, "it is " + protocol)
    for _ in range(5):
        bed.query("SELECT cruddur_ddb_disconnect()", on=session)
        ask(bed, on=session)
    log = front.log(name)
    tap.equal((len({line.connection for line in log}),
               {line.resumed for line in log}), (5, {"r"}),
              protocol + ": five more connections resume the session")
    # Four segments: of four handles three are new, and have none of their own.
    bed.query("SELECT cruddur_ddb_disconnect()", on=session)
    bed.query("SELECT count(*) FROM segments", on=session)
    first = {line.connection: line.resumed
             for line in reversed(front.log(name))}
    resumed = list(first.values()).count("r")
    tap.ok(len(first) > 2 and resumed >= at_once,
           "%s: of %d at once %d resume it" % (protocol, len(first), resumed))


def by_environment(bed_name, front, authority):
    """AWS_CA_BUNDLE of the server process; ca_file goes before it."""
    env = {"AWS_CA_BUNDLE": authority.certificate}
    with OwnStack("tls", server_env=env), Bed(bed_name) as bed:
        bed.set_options(endpoint=front.url("good"))
        tap.equal(ask(bed), bed.table, "accepted with AWS_CA_BUNDLE")
        bed.set_options(endpoint=front.url("alone"))
        refused(bed, "08001", "its certificate is self-signed",
                "option ca_file", "AWS_CA_BUNDLE does not have it")
        bed.set_options(ca_file=front.folder + "/alone.crt")
        tap.equal(ask(bed), bed.table, "ca_file goes before AWS_CA_BUNDLE")
        bed.set_options(endpoint=front.url("good"))
        refused(bed, "08001", "of an unknown authority", "option ca_file",
                "ca_file instead of AWS_CA_BUNDLE")


def test():
    plain = os.environ["DDB_ENDPOINT"]
    with readable_folder() as folder:
        authority = make_certificates(folder)
        with Front(folder, plain, FACES) as front:
            with Bed("tls") as bed:
                bed.plain = plain
                certificates(bed, front, authority)
                no_certificates(bed, front, authority)
                bed.make_foreign("segments", 'pk text', table_name=bed.table,
                                 segments=4)
                # OpenSSL uses a ticket of TLS 1.3 once; the next one comes soon.
                handshakes(bed, front, "good", "TLSv1.3", at_once=2)
                handshakes(bed, front, "older", "TLSv1.2", at_once=3)
            by_environment("tls", front, authority)


tap.run(test)
