#!/usr/bin/python3
"""
Every fault by everything that is done while it lasts. In each cell it lasts
for ever, then it passes after the first request that meets with it, then there
is none: the right rows or an error of the right SQLSTATE, nothing half-written as
boto3 sees it, and one backend for all of them, which holds nothing afterwards:
sockets, threads, memory contexts, heap.
"""

import contextlib
import gzip
import os
import sys
import tempfile
import threading
import time
from collections import namedtuple

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed
from heapinuse import heap_function
from spoiled import OK, OPERATIONS

EVER, ONCE, NONE = "for ever", "once", "none"
FOR_EVER = 10**6
# After which somebody comes to a port where there was nobody.
OPENING_S = 0.02
# What an attempt may last, and where the fault is that nothing comes: enough
# for others on a busy machine.
LONG_MS = 10_000
SHORT_MS = {EVER: 800, ONCE: 1500, NONE: LONG_MS}
# Longer than what is kept of a body's buffer.
DEPTH = 500_000
# Of the heap, for a cell. OpenSSL's caches need some hundred connections until
# they are full.
HEAP_GROWTH, HEAP_GROWTH_TLS = 8 * 1024, 48 * 1024
# For one of many more failures, of which some are to fill caches.
HEAP_GROWTH_EACH = 256
MORE, WARM_UP = 20, 10
# How often a cell is tried again that holds more than before.
AGAIN = 6

Fault = namedtuple("Fault", "name ever once act options")


def fault(name, ever, once, act, **options):
    """
    What is expected of it for ever and once: OK or a SQLSTATE, or some of
    these.  act: what a request meets with, or a word of Lane.armed().
    Options:
    applied  the request does what it should, whatever is heard of it
    poison   it is the write's own fault: it is not tried again
    tls      by way of TLS
    short    nothing comes, so do not wait for long
    heavy    this is not to be done many times
    cells    other expectations: operation -> (for ever, once)
    cannot   operations that cannot meet with it, and why
    """
    return Fault(name, ever, once, act, options)


def page(code):
    """An answer with this status that is no service's."""
    return faults.answered(code, b"<html>%d</html>" % code,
                           content_type="text/html")


def both(code, exception, sqlstate, once, **options):
    """A status, with an error in JSON and with something else."""
    return [fault("%d %s" % (code, exception), sqlstate, once,
                  faults.refused(exception, status=code), **options),
            fault("%d, no JSON" % code, sqlstate, once, page(code), **options)]


def unprocessed(exchange):
    """A BatchWriteItem of which nothing is done."""
    return exchange.send(faults.made(200, {
        "UnprocessedItems": exchange.request.json()["RequestItems"]}))


# The ground for a SQLSTATE: the contract's rows of errors.
GROUNDS = {
    "08001": "cannot connect",
    "08006": "connection lost, request timeout",
    "08P01": "response malformed or over its cap",
    "22023": "ValidationException",
    "28000": "no, bad or expired credentials or signature",
    "53000": "throttled after all attempts",
    "54000": "item or expression too large, limits",
    "HV000": "any other",
    OK: "the right rows, or all is written once",
}
# The ground for OK once: what is transient (no connection, a lost one, a
# timeout, 500, 503, a wrong checksum) or throttling is tried again.  What is
# whole and is nonsense is neither, nor is what the service says of the
# request.  For poison: the outbox keeps such an entry as failed, and the stream
# such a record as a failure.
# The time of the service is taken over, and the request signed anew.
SKEWED = (OK, OK)
NO_PARTS = "its answer is not of parts: all of it or an exception"
FAULTS = [
    fault("refused", "08001", OK, "refuse"),
    # A connection that is reset may never have been one.
    fault("reset before it is sent", ("08006", "08001"), OK,
          "reset on accept"),
    fault("reset after it was sent", "08006", OK, faults.reset()),
    fault("reset after it was applied", "08006", OK,
          faults.applied_then_cut(), applied=True),
    fault("closed without a byte", "08006", OK, faults.hung_up()),
    fault("truncated body", "08006", OK, faults.truncated(), applied=True),
    fault("truncated, length unknown", "08P01", "08P01", faults.unannounced(),
          applied=True),
    fault("wrong crc32", "08P01", OK, faults.wrong_crc(), applied=True),
    # DynamoDB Local's errors have no checksum, so half of one is taken for
    # words: the item is there since the first attempt.
    fault("content-length too small", "08P01", OK,
          faults.misannounced(lambda n: n // 2), applied=True,
          cells={"create": (("08P01", "HV000"), OK)}),
    fault("content-length too large", "08006", OK,
          faults.misannounced(lambda n: n + 100), applied=True, short=True),
    fault("content-length no number", "08P01", OK,
          faults.misannounced(lambda n: "some"), applied=True),
    fault("invalid JSON", "08P01", "08P01",
          faults.answered(200, b'{"Items": [}')),
    fault("invalid JSON by gzip", "08P01", "08P01", faults.answered(
        200, gzip.compress(b'{"Items": [' + b" " * 4096 + b'}'),
        content_encoding="gzip")),
    fault("JSON of another shape", "08P01", "08P01",
          faults.answered(200, b'["Items", "Records", {}]')),
    fault("deep nesting", "08P01", "08P01",
          faults.answered(200, b'{"Items":%s%s}' % (
              b"[" * DEPTH, b"]" * DEPTH))),
    fault("100 MB", "08P01", "08P01", faults.huge(100 << 20), heavy=True),
    fault("100 MB, length unknown", "08P01", "08P01",
          faults.huge(100 << 20, announced=False), heavy=True),
    fault("gzip bomb", "08P01", "08P01", faults.gzip_bomb(), heavy=True),
    fault("400 ValidationException", "22023", "22023",
          faults.refused("ValidationException"), poison=True),
    # Whose fault it is is not known: a move is tried some times.
    fault("400, no JSON", "HV000", "HV000", page(400), poison=True,
          cells={"stream move": ("HV000", OK)}),
    *both(413, "RequestEntityTooLargeException", "54000", "54000",
          poison=True),
    *both(429, "ThrottlingException", "53000", OK),
    *both(500, "InternalServerError", "HV000", OK),
    *both(503, "ServiceUnavailable", "HV000", OK),
    fault("throttling burst", "53000", OK,
          faults.refused("ProvisionedThroughputExceededException"), times=2),
    fault("UnprocessedItems", "53000", OK, unprocessed,
          cannot=dict.fromkeys(set(OPERATIONS) - {"bulk insert"}, NO_PARTS)),
    fault("expired signature", "28000", "28000", faults.refused(
        "InvalidSignatureException", "Signature expired: 20200101T000000Z is"
        " now earlier than 20200101T010000Z")),
    fault("expired token", "28000", "28000",
          faults.refused("ExpiredTokenException")),
    fault("clock an hour behind", *SKEWED, faults.clock_off(3600)),
    fault("clock an hour ahead", *SKEWED, faults.clock_off(-3600)),
    fault("never answered", "08006", OK, faults.silent(), short=True),
    fault("slow drip", "08006", OK, faults.dripping(), applied=True,
          short=True),
    fault("slow drip that ends", OK, OK, faults.dripping(0.02, drops=5)),
    fault("TLS cut in the handshake", "08001", OK, "cut handshakes", tls=True),
    fault("TLS cut after it was sent", "08006", OK, faults.hung_up(),
          tls=True),
    fault("TLS cut in the body", "08006", OK, faults.truncated(),
          applied=True, tls=True),
    # Some versions of libcurl take this end for a good one; the JSON tells.
    fault("TLS cut, length unknown", ("08P01", "08006"), ("08P01", OK),
          faults.unannounced(), applied=True, tls=True),
]


def is_ours(fd):
    """No file: PostgreSQL keeps some of its own open."""
    try:
        return not os.readlink(fd).startswith("/")
    except FileNotFoundError:
        return False


class Footprint(namedtuple("Footprint", "fds threads contexts heap")):
    """What a backend holds between two statements."""

    @classmethod
    def of(cls, operation):
        folder = "/proc/%d/" % operation.session.info.backend_pid
        row, = operation.sql(
            "SELECT cruddur_ddb_disconnect(), heap_in_use() AS heap, (SELECT"
            " count(*) FROM pg_backend_memory_contexts WHERE name LIKE"
            " 'cruddur_ddb%%') AS contexts")
        return cls(sum(is_ours(folder + "fd/" + fd)
                       for fd in os.listdir(folder + "fd")),
                   len(os.listdir(folder + "task")), row.contexts, row.heap)


class Lane(threading.Thread):
    """An operation and the faults that it is to meet with; it has a Bed."""

    def __init__(self, kind, number, shared):
        super().__init__(daemon=True)
        self.kind = kind
        self.shared = shared
        self.faults = [f for f in FAULTS
                       if kind not in f.options.get("cannot", {})]
        self.faults = self.faults[number::OPERATIONS[kind].lanes]
        self.bed = Bed("matrix_%s_%d" % (kind.replace(" ", ""), number),
                       stream=OPERATIONS[kind].stream,
                       endpoint=os.environ["DDB_UPSTREAM"], ca_file=shared.ca,
                       connect_timeout_ms="5000")
        self.results = {}
        self.error = None
        self.footprint = None
        self.seconds = 0

    def run(self):
        start = time.monotonic()
        try:
            with self.bed, \
                    faults.Faults(os.environ["DDB_UPSTREAM"]) as self.plain, \
                    faults.Faults(os.environ["DDB_UPSTREAM"],
                                  tls=self.shared.tls) as self.secure:
                self.bed.query(self.shared.heap)
                self.bed.set_options(max_attempts="2",
                                     request_timeout_ms=str(LONG_MS))
                self.operation = OPERATIONS[self.kind](self.bed)
                self.meet_all()
        except Exception as error:
            self.error = error
        self.seconds = time.monotonic() - start

    def meet_all(self):
        """What is held more may be a cache's; a leak is there each time."""
        for i, each in enumerate(self.faults):
            outcomes, wrong = self.cell(i, each)
            leaks = self.held(each)
            for again in range(AGAIN):
                if not leaks:
                    break
                outcomes, wrong = self.cell("%d.%d" % (i, again), each)
                leaks = self.held(each)
            if self.operation.more:
                leaks += self.meet_often(each)
            self.results[each.name] = outcomes, wrong + leaks

    def meet_often(self, each):
        """One attempt each time; by how much the heap grows, as a list."""
        if each.ever == OK or any(each.options.get(option) for option in
                                  ("short", "heavy", "tls")):
            return []
        with self.armed(each, EVER) as (endpoint, _):
            self.bed.set_options(endpoint=endpoint, max_attempts="1")
            for i in range(WARM_UP + MORE):
                if i == WARM_UP:
                    before = Footprint.of(self.operation).heap
                self.operation.do("many")
        self.footprint = Footprint.of(self.operation)
        grown = (self.footprint.heap - before) / MORE
        return ["%.0f bytes for one of many" % grown] if (
            grown > HEAP_GROWTH_EACH) else []

    def cell(self, number, each):
        """What came of it for ever and once, and what is wrong."""
        outcomes, wrong = [], []
        for phase in (EVER, ONCE, NONE):
            if phase == NONE and outcomes[-1] == OK:
                continue
            tag = "%s %s" % (number, phase)
            outcome = self.meet(each, phase, tag)
            if phase != NONE:
                outcomes.append(outcome)
            self.settle()
            wrong += self.judge(each, phase, outcome)
            wrong += self.left(each, phase, outcome, tag)
        return outcomes, wrong

    def left(self, each, phase, outcome, tag):
        """What is wrong in DynamoDB, as a list."""
        sure = phase != NONE and each.options.get("applied", False)
        if phase == ONCE and self.kind == "bulk insert":
            sure = None
        found = self.operation.left(tag, outcome, sure)
        return [] if found is None else ["%s: %s" % (phase, found)]

    def settle(self):
        """What was given up may still be under way, and reach DynamoDB."""
        self.operation.sql("SELECT cruddur_ddb_disconnect()")
        for proxy in (self.plain, self.secure):
            proxy.resets_on_accept = proxy.cut_handshakes = 0
            proxy.settle()

    def meet(self, each, phase, tag):
        limit_ms = SHORT_MS[phase] if each.options.get("short") else LONG_MS
        with self.armed(each, phase) as (endpoint, proxy):
            self.operation.paged(proxy)
            self.bed.set_options(
                endpoint=endpoint, max_attempts="2" if phase == EVER else "4",
                request_timeout_ms=str(limit_ms))
            return self.operation.do(tag)

    @contextlib.contextmanager
    def armed(self, each, phase):
        """An endpoint where the fault is, and who is behind it."""
        proxy = self.secure if each.options.get("tls") else self.plain
        proxy.clear()
        times = FOR_EVER if phase == EVER else each.options.get("times", 1)
        if phase == NONE:
            pass
        elif each.act == "refuse":
            with self.refusing(phase) as port:
                yield port.url, proxy
            return
        elif each.act == "reset on accept":
            proxy.resets_on_accept = times
        elif each.act == "cut handshakes":
            proxy.cut_handshakes = times
        else:
            proxy.add(each.act, times, self.operation.hit)
        yield proxy.url, proxy

    @contextlib.contextmanager
    def refusing(self, phase):
        """A port where there is nobody; once: somebody comes."""
        port = faults.BoundPort()
        opening = threading.Timer(OPENING_S, port.open,
                                  [os.environ["DDB_UPSTREAM"]])
        if phase == ONCE:
            opening.start()
        yield port
        if phase == ONCE:
            opening.join()
        port.close()

    def judge(self, each, phase, outcome):
        """What is wrong with an outcome, as a list."""
        want = OK
        if phase != NONE:
            want = each.options.get("cells", {}).get(
                self.kind, (each.ever, each.once))[phase == ONCE]
        allowed = [self.operation.told(w, each.options.get("poison"))
                   for w in (want if isinstance(want, tuple) else (want,))]
        if phase == ONCE and self.operation.tries_again:
            allowed.append(OK)
        if outcome in allowed:
            return []
        return ["%s: %s, not %s" % (phase, outcome, " or ".join(allowed))]

    def held(self, each):
        """What the backend holds that it did not hold before, as a list."""
        before, self.footprint = self.footprint, Footprint.of(self.operation)
        if before is None:
            return ["there is nothing to compare it with"]
        grown = self.footprint.heap - before.heap
        wrong = ["%d %s, not %d" % (now, name, then) for name, now, then
                 in zip(Footprint._fields[:3], self.footprint, before)
                 if now != then]
        if grown > (HEAP_GROWTH_TLS if each.options.get("tls")
                    else HEAP_GROWTH):
            wrong.append("%d bytes more on the heap" % grown)
        return wrong


class Shared:
    """What all lanes need."""

    def __init__(self, folder):
        os.chmod(folder, 0o755)
        self.tls, self.ca = faults.make_tls(folder)
        self.heap = heap_function(folder)


def short(outcomes):
    """A cell of the table."""
    ever, once = outcomes
    return ever if ever == once else "%s/%s" % (ever, once)


def table(results):
    """One line for each fault, and why some cells are empty."""
    heads = list(OPERATIONS)
    lines = [["for ever/once", *heads]]
    notes = []
    for each in FAULTS:
        line = [each.name]
        for kind in heads:
            why = each.options.get("cannot", {}).get(kind)
            if why is not None and why not in notes:
                notes.append(why)
            line.append("(%d)" % (notes.index(why) + 1) if why
                        else short(results[kind][each.name][0]))
        lines.append(line)
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        tap.figure("  ".join(map(str.ljust, line, widths)).rstrip())
    for i, why in enumerate(notes):
        tap.figure("(%d) %s" % (i + 1, why))
    for code, why in GROUNDS.items():
        tap.figure("%s: %s" % (code, why))


def test():
    with tempfile.TemporaryDirectory() as folder:
        shared = Shared(folder)
        lanes = [Lane(kind, i, shared) for kind, operation in
                 OPERATIONS.items() for i in range(operation.lanes)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    results = {kind: {} for kind in OPERATIONS}
    for lane in lanes:
        tap.note("%s: %.1f s" % (lane.kind, lane.seconds))
        tap.equal(lane.error, None, "%s goes to its end" % lane.kind)
        results[lane.kind].update(lane.results)
    for each in FAULTS:
        for kind in OPERATIONS:
            if each.name in results[kind]:
                outcomes, wrong = results[kind][each.name]
                tap.equal(wrong, [], "%s, %s: %s" % (each.name, kind,
                                                     short(outcomes)))
    table(results)


tap.run(test)
