#!/usr/bin/python3
"""
What the wire and the service can do to a statement, and the SQLSTATE each
comes out as. The session is of use afterwards.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed, key_at
from keys import SECRETS

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
GROUPS = "SELECT * FROM cruddur_list_message_groups('bayko')"

MALFORMED = [b"", b"{", b"[]", b'"text"', b"null", b'{"Items": {}}',
             b'{"Items": [1]}', b'{"Items": [{"pk": "no type"}]}',
             b'{"Items": [{"pk": {"X": "y"}}]}',
             b'{"Items": [{"sk": {"S": "a", "N": "1"}}]}',
             b'{"Items": [{"message": {"S": "raw \n line"}}]}',
             b'{"Items": []} and more', b'{"Items": []',
             b"[" * 100000, b'{"a":' * 100000, b"\x00" * 10]

WIRE = [
    ("reset", faults.reset(), "08006"),
    ("closed without a byte", faults.hung_up(), "08006"),
    ("half a body", faults.truncated(), ("08006", "08P01")),
    ("never answered", faults.silent(), "08006"),
    ("dripping beyond the timeout", faults.dripping(0.1), "08006"),
    ("a wrong checksum", faults.wrong_crc(), "08P01"),
    ("100 MB", faults.huge(100 << 20), "08P01"),
    ("100 MB, unannounced", faults.huge(100 << 20, announced=False),
     "08P01"),
    ("a gzip bomb", faults.gzip_bomb(), "08P01"),
    ("gzip that is none", faults.answered(200, b"no gzip at all",
                                          content_encoding="gzip"), "08P01"),
    ("not HTTP", lambda exchange: exchange.sock.sendall(
        b"220 mail.example.com ESMTP\r\n"), ("08006", "08P01")),
]

SERVICE = [
    ("ResourceNotFoundException", 400, "HV00R"),
    ("AccessDeniedException", 400, "42501"),
    ("ExpiredTokenException", 400, "28000"),
    ("UnrecognizedClientException", 400, "28000"),
    ("InvalidSignatureException", 400, "28000"),
    ("MissingAuthenticationTokenException", 400, "28000"),
    ("IncompleteSignatureException", 400, "28000"),
    ("ValidationException", 400, "22023"),
    ("ItemCollectionSizeLimitExceededException", 400, "54000"),
    ("TransactionConflictException", 400, "40001"),
    ("InternalServerError", 500, "HV000"),
    ("SomethingNewException", 400, "HV000"),
]


def each(bed, broken, behaviour, sqlstate, name):
    """One kind of fault, for ever, in a session of its own."""
    broken.clear()
    broken.add(behaviour, times=1000)
    session = bed.connect()
    error = tap.fails(lambda: bed.query(GROUPS, on=session), sqlstate, name)
    broken.clear()
    tap.equal(len(bed.query(GROUPS, on=session)), 1, "and works again")
    session.close()
    return error


# JSON, but not what the API says, to functions that look into it
OTHER_TYPES = [
    ("cruddur_list_tables()", [
        {"TableNames": names} for names in (
            5, "abc", {"abc": 1}, None, [1], [True, "abc"], [{"a": 1}],
            [["abc"]], ["abc", None])]),
    ("cruddur_drop_table('abc')", [
        {}, {"TableDescription": 5}, {"TableDescription": ["TableStatus"]}]),
    ("cruddur_schema_load(true)", [
        {}] + [{"Table": table} for table in (
            5, "abc", [], ["TableStatus", "ACTIVE"])] + [
        {"Table": {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": indexes}}
        for indexes in (5, {"IndexStatus": "ACTIVE"}, [1], ["IndexStatus"],
                        [["IndexStatus", "ACTIVE"]], [None])]),
]


def other_types(bed, broken):
    for call, bodies in OTHER_TYPES:
        for body in bodies:
            broken.clear()
            broken.add(faults.answered(200, body), times=1000)
            session = bed.connect()
            bed.query("SET statement_timeout = '5s'", on=session)
            tap.fails(lambda: bed.query("SELECT * FROM " + call, on=session),
                      "08P01", "%s answered by %r" % (call, body))
            session.close()
    broken.clear()


def no_service(bed, broken):
    """What says 200 to everything has not written anything."""
    for call in ("cruddur_create_message('bayko', '%s', 'hi')" % GROUP,
                 "cruddur_create_message_group('bayko', 'londo', 'hi')"):
        broken.clear()
        broken.add(faults.answered(200, b"<html>Welcome to our WLAN</html>"),
                   times=1000, when=lambda r: r.operation != "Query")
        tap.fails(lambda: bed.query("SELECT * FROM " + call), "08P01",
                  "a write answered by no DynamoDB: " + call[:28])
    broken.clear()


def service(bed, broken):
    for exception, status, sqlstate in SERVICE:
        error = each(bed, broken, faults.refused(
            exception, "words of its own", status,
            x_amzn_requestid="REQUEST-77"), sqlstate, exception)
        if error is not None:
            detail = error.diag.message_detail or ""
            tap.ok(all(word in detail for word in (
                exception, "words of its own", "REQUEST-77")),
                "the detail has name, words and request id")
            tap.ok("words of its own" not in error.diag.message_primary,
                   "the primary message is ours")
    each(bed, broken, faults.answered(
        413, b"Request \xff\xfe\x00 Entity <Too> Large"), "54000",
        "413 with bytes that are no text")
    each(bed, broken, faults.answered(
        302, b"", location="http://127.0.0.1:1/"), ("HV000", "08P01"),
        "a redirect is not followed")


def connecting(bed):
    for name, endpoint, sqlstate in (
            ("refused", faults.closed_port(), "08001"),
            ("no such host", "http://no-such-host.localhost:1", "08001"),
            ("TLS to a server without", bed.options["endpoint"].replace(
                "http:", "https:"), "08001")):
        bed.set_options(endpoint=endpoint)
        error = tap.fails(lambda: bed.query(GROUPS), sqlstate,
                          "cannot connect: " + name)
        tap.ok(error and error.diag.message_hint, "with a hint")
    full = faults.FullBacklog()
    bed.set_options(endpoint=full.url, connect_timeout_ms="200")
    tap.fails(lambda: bed.query(GROUPS), "08001", "connecting hangs")
    full.close()


def mappings(bed):
    """Who has none, or half of one."""
    bed.query("DROP USER MAPPING FOR CURRENT_USER SERVER cruddur")
    error = tap.fails(lambda: bed.query(GROUPS), "42704", "no user mapping")
    tap.ok(error and "CREATE USER MAPPING" in (
        error.diag.message_hint or ""), "with a hint that tells how")
    bed.query("CREATE USER MAPPING FOR PUBLIC SERVER cruddur OPTIONS"
              " (access_key_id 'local', secret_access_key %s)",
              SECRETS["local"])
    tap.equal(len(bed.query(GROUPS)), 1, "one for PUBLIC will do")


def test():
    with Bed("wire_errors", max_attempts="2",
             request_timeout_ms="400") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        real = bed.options["endpoint"]
        with faults.Faults(real) as broken:
            bed.set_options(endpoint=broken.url)
            for name, behaviour, sqlstate in WIRE:
                if "MB" in name or "bomb" in name:
                    bed.set_options(request_timeout_ms="30000")
                each(bed, broken, behaviour, sqlstate, name)
                bed.set_options(request_timeout_ms="400")
            for body in MALFORMED:
                each(bed, broken, faults.answered(200, body), "08P01",
                     "malformed: %.40r" % body)
            other_types(bed, broken)
            no_service(bed, broken)
            service(bed, broken)
            bed.set_options(table_name="t-not-there", endpoint=real)
            tap.fails(lambda: bed.query(GROUPS), "HV00R",
                      "a table that is not there, from the real one")
            error = tap.fails(lambda: bed.query(
                "SELECT cruddur_scan(%s)", "\u00e9" * 200), "22023",
                "a name that is too long")
            tap.ok(error and "\u00e9?" in error.diag.message_primary
                   and "\ufffd" not in error.diag.message_primary,
                   "is not cut within a character")
            bed.set_options(table_name=bed.table)
        connecting(bed)
        bed.set_options(endpoint=real)
        mappings(bed)


tap.run(test)
