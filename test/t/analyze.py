#!/usr/bin/python3
"""
ANALYZE of large tables, from a server that makes up their items: which
segments are read, and what is made of them.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import Bed

COLUMNS = 'id int, kind text COLLATE "C"'
# Of one page; a segment has two, but for the last item.
PAGE = 250


class Made:
    """A table that says to have so many items, and has others."""

    def __init__(self, said, per_segment):
        self.said = said
        self.per_segment = per_segment
        self.segments = []
        self.totals = set()

    def answer(self, exchange):
        request = exchange.request
        if request.operation == "DescribeTable":
            return exchange.send(faults.made(200, {"Table": {
                "TableName": "made", "TableStatus": "ACTIVE",
                "ItemCount": self.said, "TableSizeBytes": self.said * 50,
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id",
                                          "AttributeType": "N"}]}}))
        return exchange.send(faults.made(200, self.page(request.json())))

    def page(self, asked):
        segment = asked.get("Segment", 0)
        self.totals.add(asked.get("TotalSegments"))
        start = asked.get("ExclusiveStartKey")
        first = int(start["id"]["N"]) % 1000 + 1 if start else 0
        if first == 0:
            self.segments.append(segment)
        last = min(first + PAGE, self.per_segment)
        page = {"Items": [{"id": {"N": str(segment * 1000 + i)},
                           "kind": {"S": "even" if i % 2 == 0 else "odd"}}
                          for i in range(first, last)],
                "Count": last - first, "ScannedCount": last - first,
                "ConsumedCapacity": {"CapacityUnits": 10}}
        if last < self.per_segment:
            page["LastEvaluatedKey"] = {
                "id": {"N": str(segment * 1000 + last - 1)}}
        return page


def analyze(bed, server, table):
    """What was said by VERBOSE, and what pg_class has then."""
    server.clear()
    server.add(table.answer, times=1_000_000)
    del bed.main.notices[:]
    bed.query("ANALYZE VERBOSE made")
    said = [line for line in bed.main.notices if "segments" in line]
    return "".join(said).strip(), bed.query(
        "SELECT reltuples::bigint AS rows, relpages AS pages FROM pg_class"
        " WHERE relname = 'made'")[0]


def large(bed, server):
    """A table of 10 million items as it says; 3,000 make the sample."""
    table = Made(10_000_000, 500)
    said, found = analyze(bed, server, table)
    tap.equal(table.totals, {20_000}, "segments of 500 items")
    tap.equal(len(table.segments), 6, "no more of them than the sample takes")
    tap.equal(len(set(table.segments)), 6, "no segment twice")
    tap.equal(found.rows, 10_000_000, "all rows are reckoned from those")
    tap.equal(found.pages, 10_000_000 * 50 // 8192, "pages are those of bytes")
    tap.equal(said, 'INFO:  "made": read 6 of 20000 segments, containing 3000'
              ' items; 3000 rows in sample, 10000000 estimated total rows',
              "VERBOSE tells")
    kinds = bed.query("SELECT most_common_vals::text AS vals,"
                      " most_common_freqs AS freqs, n_distinct FROM pg_stats"
                      " WHERE tablename = 'made' AND attname = 'kind'")[0]
    tap.equal((sorted(kinds.vals.strip("{}").split(",")), kinds.freqs,
               kinds.n_distinct), (["even", "odd"], [0.5, 0.5], 2),
              "statistics of the values")
    other = Made(10_000_000, 500)
    analyze(bed, server, other)
    tap.ok(table.segments != other.segments, "the next time it is others")
    tap.ok(len({segment // 2000 for segment in
                table.segments + other.segments}) > 2, "all over the table")


def more_than_said(bed, server):
    """Segments are read to their end, and a reservoir keeps the sample."""
    table = Made(10_000_000, 900)
    said, found = analyze(bed, server, table)
    tap.equal((len(table.segments), found.rows), (6, 18_000_000),
              "segments with more items than expected")
    tap.ok("5400 items; 3000 rows in sample" in said, "are not kept whole")
    ids = bed.query("SELECT unnest(histogram_bounds::text::int[]) % 1000 AS i"
                    " FROM pg_stats WHERE tablename = 'made'"
                    " AND attname = 'id'")
    tap.ok(max(row.i for row in ids) >= 850, "their last items are there too")


def fewer_than_said(bed, server):
    table = Made(10_000_000, 5)
    _, found = analyze(bed, server, table)
    tap.equal((len(table.segments), len(set(table.segments)), found.rows),
              (600, 600, 100_000), "as many segments more as it takes")
    table = Made(50_000, 0)
    _, found = analyze(bed, server, table)
    tap.equal((sorted(table.segments), found.rows), (list(range(100)), 0),
              "all of them, where there is nothing")


def small(bed, server):
    for said in (0, 3000):
        table = Made(said, 600)
        _, found = analyze(bed, server, table)
        tap.equal((table.segments, table.totals, found.rows),
                  ([0], {1}, 600), "%d items said: it is read whole" % said)


def interrupted(bed, server):
    server.clear()
    server.add(Made(10_000_000, 500).answer, times=3)
    server.add(faults.silent(), times=1000)
    bed.query("SET statement_timeout = '500ms'")
    tap.fails(lambda: bed.query("ANALYZE made"), "57014",
              "it can be interrupted")
    bed.query("RESET statement_timeout")


def limited(bed, server):
    server.clear()
    server.add(Made(10_000_000, 500).answer, times=1000)
    bed.query("SET cruddur_ddb.max_read_units = 30")
    tap.fails(lambda: bed.query("ANALYZE made"), "54000",
              "read units are limited")
    bed.query("RESET cruddur_ddb.max_read_units")


def test():
    with faults.Faults(os.environ["DDB_ENDPOINT"]) as server, \
            Bed("analyze", endpoint=server.url) as bed:
        bed.make_foreign("made", COLUMNS, table_name="made")
        bed.query("SET default_statistics_target = 10")
        large(bed, server)
        more_than_said(bed, server)
        fewer_than_said(bed, server)
        small(bed, server)
        interrupted(bed, server)
        limited(bed, server)


tap.run(test)
