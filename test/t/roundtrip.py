#!/usr/bin/python3
"""
What SQL writes, boto3 reads: exactly the attributes and types of the table's
contract, and every text byte for byte.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from bed import USERS, Bed, uuid_of

GROUP = "5AE290ED-55D1-47A0-BC6D-FE2BC2700399"
SK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MESSAGE = {"pk", "sk", "message", "message_uuid", "user_uuid",
           "user_display_name", "user_handle"}
GROUP_ROW = {"pk", "sk", "message", "message_group_uuid", "user_uuid",
             "user_display_name", "user_handle"}

TEXTS = {
    "one character": "x",
    "1024 of one byte": "m" * 1024,
    "1024 of two bytes": "ж" * 1024,
    "1024 of three bytes": "漢" * 1024,
    "1024 emoji of four bytes": "😀" * 1024,
    "emoji of several code points": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏿 é e\u0301",
    "quotes": "it's \"quoted\" ''twice'' \"\" `back` $$dollar$$",
    "backslashes": r"\ \\ \n \u0041 \" C:\new\table \x00 \'",
    "lines": "one\ntwo\r\nthree\rfour\u2028five\u2029six\u0085",
    "blanks": "  \t leading and trailing \t ",
    "a blank alone": " ",
    "every control character": "".join(map(chr, range(1, 32))) + "\x7f",
    "looks binary": "".join(chr(i) for i in range(1, 256)),
    "looks like JSON": '{"S": "x", "N": 1} ], null, \\u0000 </script>',
    "looks like an expression": "#a = :v AND attribute_exists(pk) %s %d ''--",
    "not characters": "\ufffe\uffff\ufdd0 \U0010ffff \ufeff",
}


def typed(item):
    """Attribute names, if each value is one string (S)."""
    return {name if list(value) == ["S"] else "%s is %s" % (name, value)
            for name, value in item.items()}


def check_message(bed, item, row, group, sender):
    tap.equal(typed(item), MESSAGE, "a message's attributes, all S")
    value = {name: v["S"] for name, v in item.items()}
    tap.equal(value["pk"], "MSG#" + group, "its pk, the uuid lower-case")
    tap.ok(SK.fullmatch(value["sk"]), "its sk has six digits and +00:00")
    tap.equal(value["sk"], in_utc(row.created_at), "sk is created_at")
    tap.equal((value["message_uuid"], value["message"]),
              (str(row.uuid), row.message), "its uuid and text")
    tap.ok(UUID.fullmatch(value["message_uuid"]), "message_uuid's form")
    tap.equal((value["user_uuid"], value["user_handle"],
               value["user_display_name"]),
              (uuid_of(sender), sender, USERS[sender][1]),
              "its user_* are the sender's")
    tap.equal((row.handle, row.display_name),
              (sender, USERS[sender][1]), "the row names the sender")


def in_utc(when):
    """A timestamptz, read in a session whose time zone is UTC."""
    assert when.utcoffset().total_seconds() == 0
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def sent_message(bed):
    """In a group that the old back end made, its uuid in upper case here."""
    group = GROUP.lower()
    bed.put_group(group, "andrewbrown", "londo",
                  "2026-01-01T00:00:00.000001+00:00")
    row = bed.query("SELECT * FROM cruddur_create_message('londo', %s, 'hi')",
                    GROUP)[0]
    tap.equal(str(row.message_group_uuid), group, "the group is given back")
    items = [i for i in bed.scan() if i["pk"]["S"].startswith("MSG#")]
    tap.equal(len(items), 1, "one message item")
    check_message(bed, items[0], row, group, "londo")


def opened_group(bed):
    """A group that SQL opens: two group rows, one first message."""
    before = bed.scan()
    row = bed.query("SELECT * FROM cruddur_create_message_group("
                    "'andrewbrown', 'londo', 'hello 🦑')")[0]
    group = str(row.message_group_uuid)
    new = [item for item in bed.scan() if item not in before]
    tap.equal(len(new), 3, "opening a group writes three items")
    rows = {i["pk"]["S"]: i for i in new if i["pk"]["S"].startswith("GRP#")}
    tap.equal(set(rows), {"GRP#" + uuid_of("andrewbrown"),
                          "GRP#" + uuid_of("londo")}, "one row per member")
    for member, other in (("andrewbrown", "londo"),
                          ("londo", "andrewbrown")):
        item = rows["GRP#" + uuid_of(member)]
        tap.equal(typed(item), GROUP_ROW, "a group row's attributes, all S")
        value = {name: v["S"] for name, v in item.items()}
        tap.ok(SK.fullmatch(value["sk"]), "its sk has six digits and +00:00")
        tap.equal((value["sk"], value["message_group_uuid"],
                   value["message"]),
                  (in_utc(row.created_at), group, "hello 🦑"),
                  "its time, group and last message")
        tap.equal((value["user_uuid"], value["user_handle"],
                   value["user_display_name"]),
                  (uuid_of(other), other, USERS[other][1]),
                  "its user_* are the OTHER member's")
    first = [i for i in new if i["pk"]["S"] == "MSG#" + group][0]
    listed = bed.query("SELECT * FROM cruddur_list_messages('londo', %s)",
                       group)[0]
    tap.equal((listed.uuid, listed.created_at), (row.uuid, row.created_at),
              "uuid and created_at are the first message's")
    check_message(bed, first, listed, group, "andrewbrown")
    groups = bed.query("SELECT * FROM cruddur_list_message_groups('londo')")
    tap.equal([str(g.uuid) for g in groups][0], group,
              "the member's newest group")
    tap.equal((groups[0].handle, groups[0].message),
              ("andrewbrown", "hello 🦑"), "listed with the other member")


def texts(bed):
    group = GROUP.lower()
    sent = {}
    for name, text in TEXTS.items():
        row = bed.query("SELECT * FROM cruddur_create_message('andrewbrown',"
                        " %s, %s)", group, text)[0]
        tap.equal(row.message, text, "given back as it was: " + name)
        sent[str(row.uuid)] = (name, text)
    stored = {i["message_uuid"]: i["message"]
              for i in bed.partition("MSG#" + group)}
    listed = {str(r.uuid): r.message for r in bed.query(
        "SELECT * FROM cruddur_list_messages('londo', %s, 1000)", group)}
    for uuid, (name, text) in sent.items():
        tap.equal(stored.get(uuid), text, "boto3 reads: " + name)
        tap.equal(listed.get(uuid), text, "SQL lists: " + name)


def test():
    with Bed("roundtrip") as bed:
        sent_message(bed)
        opened_group(bed)
        texts(bed)


tap.run(test)
