"""
What became of many statements: how many of each kind were good, what the others
were refused for, and which of that is a fault.
"""

import collections
import glob
import os
import re
import threading
import time

import tap

# What a server's log must not have.
FATAL = re.compile(r"TRAP:|was terminated by signal|PANIC: |server process .*"
                   r"exited with exit code [^01]|stuck spinlock")
LEAK = re.compile(r"leak|was not closed|problem in alloc|past chunk end|"
                  r"still referenced|AbortTransaction while|"
                  r"detected write|bogus|corrupt", re.I)
# An error that comes out of one of these is the extension's own.
SOURCES = {os.path.basename(path) for path in glob.glob(
    os.path.join(os.path.dirname(__file__), "../../../src/pg/*.c"))}

# XX000 that PostgreSQL itself raises for what a user can do.
KNOWN_INTERNAL = re.compile("|".join((
    # Catalog rows that two sessions change at once.
    "tuple concurrently (updated|deleted)",
    # A type is not locked while a cursor has rows of it, nor a relation while
    # its name is looked for.
    "cache lookup failed for (type|relation)",
    "could not open relation with OID",
    # Nor is a server while a table of it is being made, which then has none.
    "cache lookup failed for foreign server",
    # interval(interval, int4), called by hand
    "(invalid INTERVAL|unrecognized interval) typmod",
)))

# What DynamoDB may call invalid of a request that is not written by hand: what
# is said of a table is not true, or it has keys of indexes that we know not of.
KNOWN_INVALID = re.compile("|".join((
    "does not have the specified index", "does not project",
    "Size limit exceeded", "Invalid attribute value type",
    "AttributeValue for a key attribute cannot contain an empty",
    "Type mismatch for Index Key",
    # by lib/randomfaults
    "as the test wants it", "request id FAULT",
)))
# The functions take any request, any name, or the table that the server names.
BY_HAND = re.compile(r"\bcruddur_\w+\(")


def shape(text):
    """A message without what is different every time."""
    line = text.splitlines()[0] if text else ""
    return re.sub(r"\d+", "0", re.sub(r'"[^"]*"|\'[^\']*\'', '"..."', line))


class Account:
    """
    log: the name of a file that gets all statements, or None; lies: see
    RandomFaults. Out of wrong answers come wrong requests.
    """

    def __init__(self, log, lies):
        self.lies = lies
        self.lock = threading.Lock()
        self.by_kind = collections.Counter()
        self.good = collections.Counter()
        self.by_state = collections.Counter()
        self.own = 0
        self.ran = 0
        self.with_rows = 0
        self.slowest = (0, "")
        self.findings = collections.Counter()
        self.samples = {}
        self.log_name = log
        self.log = open(log, "w", encoding="utf-8") if log else None

    def add(self, session, kind, text, error, took, rows):
        with self.lock:
            self.ran += 1
            self.by_kind[kind] += 1
            self.slowest = max(self.slowest, (took, text))
            self.with_rows += bool(rows)
            self.write_log(session, text, error)
            if error is None:
                self.good[kind] += 1
            else:
                self.add_error(text, error)

    def add_error(self, text, error):
        state = getattr(error, "pgcode", None) or type(error).__name__
        source = getattr(getattr(error, "diag", None), "source_file", None)
        own = source in SOURCES
        self.own += own
        self.by_state["%s%s" % (state, " (own)" if own else "")] += 1
        self.samples.setdefault((state, source, shape(str(error))),
                                (text, str(error)))
        if state == "XX000" and (text.startswith("COMMIT") or
                                 not KNOWN_INTERNAL.search(str(error))):
            self.find("%s of %s: %s" % (state, source, shape(str(error))),
                      text, error)
        if (own and not self.lies and "ValidationException" in str(error)
                and not KNOWN_INVALID.search(str(error))
                and not BY_HAND.search(text)):
            self.find("an invalid request", text, error)

    def find(self, what, text, more=""):
        """A fault; the first of its kind is shown."""
        if not self.findings[what]:
            tap.note("finding: %s\n%.3000s\n%.1000s" % (what, text, more))
            self.write_log("finding", text, "%s: %s" % (what, more))
        self.findings[what] += 1

    def write_log(self, session, text, error):
        if self.log:
            self.log.write("%.3f [%s] %s;\n    -- %s\n" % (
                time.time(), session, text.replace("\n", " "),
                str(error).replace("\n", " ") if error else "ok"))
            self.log.flush()

    @property
    def all_good(self):
        return sum(self.good.values())

    def report(self, title):
        """What it was worth."""
        refused = self.ran - self.all_good - self.own
        tap.figure("%s: %d statements, %d good (%d with rows), %d refused by"
                   " the extension, %d by PostgreSQL" % (
                       title, self.ran, self.all_good, self.with_rows,
                       self.own, refused))
        tap.note("slowest: %.1f s: %.200s" % self.slowest)
        tap.note("good of each kind: " + ", ".join(
            "%s %d/%d" % (kind, self.good[kind], count)
            for kind, count in self.by_kind.most_common()))
        tap.note("SQLSTATEs: " + ", ".join(
            "%s %d" % pair for pair in self.by_state.most_common()))
        if self.log:
            self.write_samples()

    def write_samples(self):
        """One statement for each message that there was."""
        with open(self.log_name + ".errors", "w", encoding="utf-8") as log:
            for key, sample in sorted(self.samples.items(), key=repr):
                log.write("%r\n    %.1500s\n    %.800s\n" % (
                    key, *[part.replace("\n", " ") for part in sample]))


def check_log(log):
    """What the server itself has to say."""
    fatal = [line for line in log.splitlines() if FATAL.search(line)]
    warnings = collections.Counter(
        shape(line.partition("WARNING:")[2].strip())
        for line in log.splitlines() if "WARNING:" in line)
    for warning, count in warnings.most_common():
        tap.note("%d times: WARNING: %s" % (count, warning))
    tap.equal(fatal, [], "the server has ended nowhere")
    tap.equal([text for text in warnings if LEAK.search(text)], [],
              "nothing was left behind")
