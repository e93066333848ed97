#!/usr/bin/python3
"""
A table of 1 GB goes through a backend without staying in it: pages of 1 MB,
one after another and in segments, from a server that makes them up.
"""

import json
import os
import socket
import sys
import threading
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import Bed
from faults import made, head_of, read_request

PAGES = 1024
ITEMS = 1000
NOTE = "n" * 900
GROWTH_KB = 64 * 1024
# Reads by key, each a rescan of its own, and what they may leave.
LOOKUPS = 20000
LOOKUPS_GROWTH_KB = 4 * 1024

DESCRIPTION = {"Table": {
    "TableName": "t-big", "TableStatus": "ACTIVE", "ItemCount": PAGES * ITEMS,
    "TableSizeBytes": PAGES << 20,
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}}


def item(number):
    return {"pk": {"S": "key %d" % number}, "n": {"N": str(number)},
            "note": {"S": NOTE}}


def page_start():
    """All of a page but how it ends."""
    items = ",".join(json.dumps(item(i)) for i in range(ITEMS))
    return ('{"Count":%d,"ScannedCount":%d,"Items":[%s]'
            % (ITEMS, ITEMS, items)).encode()


class Looping:
    """Serves the same page over and over, PAGES times in all segments."""

    def __init__(self):
        self.start = page_start()
        self.crc = zlib.crc32(self.start)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.segments = 0
        self.unknown = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        stream = sock.makefile("rb")
        try:
            while True:
                request = read_request(stream, 0)
                if request is None:
                    return
                self.answer(sock, request)
        except OSError:
            pass

    def answer(self, sock, request):
        if request.operation == "Scan":
            self.scan(sock, request.json())
            return
        if request.operation == "DescribeTable":
            reply = made(200, DESCRIPTION)
        elif request.operation in ("GetItem", "Query"):
            reply = made(200, {"Item": item(7)} if request.operation
                         == "GetItem" else {"Items": [item(7)], "Count": 1,
                                            "ScannedCount": 1})
        else:
            self.unknown.append(request.operation)
            reply = made(400, {"__type": "x#ValidationException"})
        sock.sendall(head_of(reply) + reply.body)

    def scan(self, sock, asked):
        """The page after the one that ExclusiveStartKey counts."""
        self.segments = asked.get("TotalSegments", 1)
        before = int(asked.get("ExclusiveStartKey", {"pk": {"S": "0"}}
                               )["pk"]["S"])
        pages = PAGES // self.segments
        if asked.get("Segment", 0) < PAGES % self.segments:
            pages += 1
        end = b"}"
        if before + 1 < pages:
            end = b',"LastEvaluatedKey":{"pk":{"S":"%d"}}}' % (before + 1)
        head = ("HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0"
                "\r\nx-amzn-requestid: LOOP\r\nx-amz-crc32: %d\r\n"
                "content-length: %d\r\n\r\n" % (
                    zlib.crc32(end, self.crc), len(self.start) + len(end)))
        sock.sendall(head.encode())
        sock.sendall(self.start)
        sock.sendall(end)


def memory(session):
    """VmRSS and VmHWM of the backend, in kB."""
    path = "/proc/%d/status" % session.info.backend_pid
    with open(path, encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status)
    return [int(fields[name].split()[0]) for name in ("VmRSS", "VmHWM")]


def fresh_session(bed):
    session = bed.connect()
    # LLVM alone takes 50 MB.
    bed.query("SET jit = off", on=session)
    return session


def scan_all(bed, server, name):
    """Every item, in a fresh backend."""
    session = fresh_session(bed)
    bed.query("SELECT n FROM %s LIMIT 1" % name, on=session)
    before, _ = memory(session)
    start = time.monotonic()
    row = bed.query("SELECT count(*) AS c, sum(n) AS s, sum(length(note)) AS l"
                    " FROM " + name, on=session)[0]
    took = time.monotonic() - start
    after, most = memory(session)
    tap.equal((row.c, row.s, row.l),
              (PAGES * ITEMS, PAGES * sum(range(ITEMS)),
               PAGES * ITEMS * len(NOTE)), "every item of %s" % name)
    tap.figure("%s: %.2f GB in %.1f s, %d segments; grew by %.1f MB, at most"
               " %.1f MB" % (name, PAGES * len(server.start) / 1e9, took,
                             server.segments, (after - before) / 1024,
                             (most - before) / 1024))
    tap.ok(most - before < GROWTH_KB, "%s: less than 64 MB more" % name)
    session.close()


def drop_all(bed):
    """Rows that only PostgreSQL can refuse: 127 digits are too many to ask."""
    bed.make_foreign("refused", 'pk text COLLATE "C", n numeric, note text',
                     table_name="t-big")
    session = fresh_session(bed)
    bed.query("SELECT n FROM refused LIMIT 1", on=session)
    before, _ = memory(session)
    row = bed.query("SELECT max(note) AS m FROM refused WHERE n >= 1e126",
                    on=session)[0]
    _, most = memory(session)
    tap.equal(row.m, None, "no row passes")
    tap.figure("refused: at most %.1f MB" % ((most - before) / 1024))
    tap.ok(most - before < GROWTH_KB, "rows that do not pass do not stay")
    session.close()


def look_up_often(bed):
    """One read by key after another: what each made goes with it."""
    session = fresh_session(bed)
    text = ("SELECT count(r.n) AS c FROM generate_series(1, %d) i, LATERAL"
            " (SELECT n FROM one WHERE pk = 'key ' || i OFFSET 0) r")
    bed.query(text % 100, on=session)
    before, _ = memory(session)
    start = time.monotonic()
    tap.equal(bed.query(text % LOOKUPS, on=session)[0].c, LOOKUPS,
              "as many rows as reads by key")
    took = time.monotonic() - start
    after, _ = memory(session)
    tap.figure("%d reads by key in %.1f s: grew by %d kB" % (
        LOOKUPS, took, after - before))
    tap.ok(after - before < LOOKUPS_GROWTH_KB, "nothing stays of a rescan")


def test():
    server = Looping()
    with Bed("big_scan", endpoint=server.url) as bed:
        columns = 'pk text COLLATE "C", n bigint, note text'
        for name, segments in (("one", "1"), ("auto", "auto")):
            bed.make_foreign(name, columns, table_name="t-big",
                             segments=segments)
            scan_all(bed, server, name)
        tap.ok(server.segments > 1, "a table of 1 GB is read in segments")
        drop_all(bed)
        look_up_often(bed)
        tap.equal(server.unknown, [], "no request that it does not know")


tap.run(test)
