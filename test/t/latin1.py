#!/usr/bin/python3
"""
In a database that is not UTF-8, the items still are, and a limit in characters
is one in characters.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import USERS, Bed, key_at

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
CREATE = "SELECT * FROM cruddur_create_message('londo', %s, %s)"
LIST = "SELECT * FROM cruddur_list_messages('bayko', %s)"


def foreign_table(bed):
    """One character outside ASCII at each place of texts of many lengths."""
    texts = ["a" * at + "\u00e9" + "b" * (length - at - 1)
             for length in range(1, 41) for at in range(length)]
    bed.resource.put_item(Item={"pk": "texts", "sk": "1", "texts": texts})
    bed.make_foreign("t", "pk text, sk text, texts text[]",
                     table_name=bed.table)
    row = bed.query("SELECT texts FROM t WHERE pk = 'texts' AND sk = '1'")[0]
    tap.equal(row.texts, texts, "a foreign table's texts are the database's")
    bed.resource.delete_item(Key={"pk": "texts", "sk": "1"})


def test():
    with Bed("latin1", encoding="LATIN1") as bed:
        foreign_table(bed)
        bed.put_group(GROUP, "londo", "bayko", key_at(0))
        text = "\u00e9" * 1023 + "\u00ff"
        row = bed.query(CREATE, GROUP, text)[0]
        tap.equal(row.message, text, "1024 characters outside ASCII")
        item = bed.partition("MSG#" + GROUP)[0]
        tap.equal((item["message"], item["user_display_name"]),
                  (text, USERS["londo"][1]), "boto3 reads them")
        row = bed.query(LIST, GROUP)[0]
        tap.equal((row.message, row.display_name), (text, USERS["londo"][1]),
                  "SQL lists them")
        tap.fails(lambda: bed.query(CREATE, GROUP, text + "\u00e9"), "23514",
                  "one more is too many", "message_exceed_max_chars")
        tap.equal([dict(r.cruddur_scan) for r in bed.query(
            "SELECT * FROM cruddur_scan()")
            if r.cruddur_scan["pk"].startswith("MSG#")], [item],
            "cruddur_scan gives them as JSON")
        for call in ("cruddur_scan(%s)", "cruddur_drop_table(%s)"):
            error = tap.fails(lambda: bed.query("SELECT " + call, "\u00e9" * 9),
                              "22023", "a name that no table has: " + call)
            tap.ok(error and '"%s"' % ("\u00e9" * 9)
                   in error.diag.message_primary, "the error shows it")
        bed.put_message(GROUP, "londo", key_at(0), "\u6f22", row.uuid)
        tap.fails(lambda: bed.query(LIST, GROUP), "22P05",
                  "what the database has no character for is an error")


tap.run(test)
