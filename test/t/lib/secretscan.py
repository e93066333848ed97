"""
Secrets in what a server has logged.

Every secret of the tests has MARK in it, so that a new one needs no entry
here. Two things that core logs are not ours: a statement that fails, where the
options of user mappings may stand, and at level debug3 the environment that the
server was started in.
"""

import re

from keys import MARK

FORBIDDEN = [(re.compile(pattern), what) for pattern, what in (
    (re.escape(MARK), "a secret key or token"),
    (r"AWS4-HMAC-SHA256", "an Authorization value"),
    (r"Signature=[0-9a-f]{16}", "a signature"),
    (r"(?i)\bauthorization\s*[:=]", "an Authorization header"),
    (r"(?i)x-amz-security-token\s*[:=]", "a token's header"),
    (r"(?i)x-aws-ec2-metadata-token\s*[:=]", "a metadata token's header"),
)]
# log_line_prefix of test/stack begins with a time; other lines go on with the
# record before them.
RECORD = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ .*?([A-Z]+):  ")
QUOTED = ("STATEMENT", "QUERY", "CONTEXT")
# A record for each variable; from PostgreSQL 18 on, one record with a line for each.
ENVIRONMENT = re.compile(r"^[\d:. -]+ UTC \[\d+\]   DEBUG:  "
                         r"(\t[A-Z_]+=|.*initial environment dump:$)")
MAPPING = re.compile(r"(?i)\buser\s+mapping\b")


class Scan:
    """Of lines; hits are (number of the line, what it shows)."""

    def __init__(self, lines):
        self.lines = 0
        self.debug = 0
        self.excused = 0
        self.judged = []    # lines that are not excused
        self.hits = []
        kind, text, first = None, [], 1
        for line in lines:
            self.lines += 1
            record = RECORD.match(line)
            if record:
                self.judge(kind, text, first)
                kind, text, first = record.group(1), [], self.lines
            text.append(line)
        self.judge(kind, text, first)

    def judge(self, kind, text, first):
        self.debug += kind == "DEBUG"
        if (kind in QUOTED and any(MAPPING.search(line) for line in text)
                or text and ENVIRONMENT.match(text[0])):
            self.excused += len(text)
            return
        self.judged += text
        for number, line in enumerate(text, first):
            self.hits += [(number, what) for pattern, what in FORBIDDEN
                          if pattern.search(line)]


def scan_file(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        return Scan(log)


def scan_text(text):
    return Scan(text.splitlines())


def refuse(scan):
    """Fail the test whose server has logged a secret."""
    if scan.hits:
        raise AssertionError("line %d of the log shows %s" % scan.hits[0])
