#!/usr/bin/python3
"""
Writes whose answer is lost. A write that was applied is reported as done, one
that was not is made once, and no other user's message is ever replaced. Where
nobody can know, 08006 says so.
"""

import itertools
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed, key_at, message_item

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
CREATE = "SELECT * FROM cruddur_create_message('bayko', '%s', %%s)" % GROUP
OPEN = "SELECT * FROM cruddur_create_message_group('bayko', 'londo', %s)"


def applied_then_failed(exchange):
    """The real server does it, and something behind it says 500."""
    exchange.relay()
    return exchange.send(faults.made(500, {
        "__type": "x#InternalServerError", "message": "lost its way"}))


LOSSES = [
    ("applied, then cut", faults.applied_then_cut(), 1),
    ("applied, then 500", applied_then_failed, 1),
    ("applied and cut, twice", faults.applied_then_cut(), 2),
    ("reset before it was applied", faults.reset(), 1),
    ("closed before it was applied", faults.hung_up(), 1),
    ("503 before it was applied", faults.answered(503, b""), 1),
    ("answered, under a wrong checksum", faults.wrong_crc(), 1),
]


def is_put(request):
    return request.operation == "PutItem"


def is_transaction(request):
    return request.operation == "TransactWriteItems"


def messages(bed, broken):
    for name, behaviour, times in LOSSES:
        broken.clear()
        broken.add(behaviour, times=times, when=is_put)
        row = bed.query(CREATE, name)[0]
        items = [i for i in bed.partition("MSG#" + GROUP)
                 if i["message"] == name]
        tap.equal([i["message_uuid"] for i in items], [str(row.uuid)],
                  "exactly one message: " + name)
        tap.ok(len(broken.seen("PutItem")) == times + 1,
               "the put was sent %d times" % (times + 1))


def groups(bed, broken):
    """Opening a group is one transaction, whose token makes it repeatable."""
    for name, behaviour, times in LOSSES:
        broken.clear()
        broken.add(behaviour, times=times, when=is_transaction)
        before = bed.scan()
        row = bed.query(OPEN, name)[0]
        new = [i for i in bed.scan() if i not in before]
        tap.equal(sorted(i["pk"]["S"][:4] for i in new),
                  ["GRP#", "GRP#", "MSG#"], "exactly one group: " + name)
        tap.equal([i["message_uuid"]["S"] for i in new
                   if i["pk"]["S"].startswith("MSG#")], [str(row.uuid)],
                  "and its message: " + name)
        tokens = {r.json().get("ClientRequestToken")
                  for r in broken.seen("TransactWriteItems")}
        tap.ok(len(tokens) == 1 and None not in tokens,
               "every attempt had the same token")


def kept_connections(bed, broken):
    """The server closes a kept connection between two requests."""
    for i in range(5):
        broken.clear()
        broken.add(faults.closed_after(), times=100)
        text = "over a dead connection %d" % i
        bed.query(CREATE, text)
        tap.equal(sum(item["message"] == text for item in
                      bed.partition("MSG#" + GROUP)), 1, text)
    broken.clear()
    for text in ("warm", "kept"):
        bed.query(CREATE, text)
    tap.ok(len({r.connection for r in broken.seen()}) < len(broken.seen()),
           "where it is not closed it is kept")


def lost_for_good(bed, broken):
    """Never applied and never answered: an error, and nothing written."""
    before = bed.scan()
    for text, when in ((CREATE, is_put), (OPEN, is_transaction)):
        broken.clear()
        broken.add(faults.reset(), times=100, when=when)
        tap.fails(lambda: bed.query(text, "lost"), "08006",
                  "reset for ever: " + text[14:45])
    tap.equal(bed.scan(), before, "nothing was written")


def collision(bed, broken):
    """Another's message has the key: ours is refused, theirs stays."""
    def take(exchange):
        item = exchange.request.json()["Item"]
        bed.resource.put_item(Item=message_item(
            GROUP, "andrewbrown", item["sk"]["S"], "theirs",
            "99999999-0000-4000-8000-000000000009"))

    def taken(exchange):
        take(exchange)
        return exchange.send(exchange.relay())

    def taken_and_cut(exchange):
        take(exchange)
        return exchange.reset()

    for behaviour, name in ((taken, "told at once"),
                            (taken_and_cut, "told on the second attempt")):
        broken.clear()
        broken.add(behaviour, when=is_put)
        before = [i for i in bed.scan()]
        tap.fails(lambda: bed.query(CREATE, "ours"), "40001",
                  "the key is another's: " + name)
        new = [i for i in bed.scan() if i not in before]
        tap.equal([i["message"]["S"] for i in new], ["theirs"],
                  "theirs stays, ours is not written: " + name)


MODES = ("transaction", "immediate")
ITEM = {"n": {"N": "1.50"}, "tags": {"SS": ["b", "a"]},
        "doc": {"M": {"deep": {"L": [{"N": "1"}, {"NULL": True}]}}},
        "raw": {"B": b"\0\1"}}
ROW = "(%s, 1.50, '{b,a}', '{\"deep\": [1, null]}', '\\x0001')"


def of(operation):
    return lambda request: request.operation == operation


def each_loss(bed, broken, operation):
    """
    Every way to lose an answer in both modes: its name, a new key, and a
    session of its own, so that none lives on the retry tokens of another.
    """
    losses = itertools.product(MODES, LOSSES)
    for number, (mode, (name, behaviour, times)) in enumerate(losses):
        session = bed.connect()
        bed.query("SET cruddur_ddb.write_mode = " + mode, on=session)
        broken.clear()
        broken.add(behaviour, times=times, when=of(operation))
        yield mode + ", " + name, "%s %d" % (operation, number), session
        tap.equal(len(broken.seen(operation)), times + 1,
                  "it was sent %d times" % (times + 1))
        session.close()


def stored(bed, key):
    """The item without its key; None if there is none."""
    item = bed.dynamodb.get_item(TableName=bed.table + "-f",
                                 Key={"pk": {"S": key}},
                                 ConsistentRead=True).get("Item")
    if item:
        del item["pk"]
    return item


def put(bed, key, **attributes):
    bed.dynamodb.put_item(TableName=bed.table + "-f",
                          Item={"pk": {"S": key}, **attributes})


def inserts(bed, broken):
    """One's own item is no duplicate, whatever types it has."""
    for name, key, session in each_loss(bed, broken, "PutItem"):
        rows = bed.query("INSERT INTO f VALUES " + ROW + " RETURNING pk", key,
                         on=session)
        tap.equal(rows, [(key,)], "inserted: " + name)
        item = stored(bed, key)
        item["tags"]["SS"].sort(reverse=True)
        item["n"]["N"] += "0" * (4 - len(item["n"]["N"]))
        tap.equal(item, ITEM, "as it shall be: " + name)


def tries(bed, broken):
    """ON CONFLICT DO NOTHING counts what it has inserted itself."""
    for name, behaviour, times in LOSSES:
        broken.clear()
        broken.add(behaviour, times=times, when=of("PutItem"))
        bed.query("SET cruddur_ddb.write_mode = immediate")
        key = "do nothing " + name
        rows = bed.query("INSERT INTO f (pk, n) VALUES (%s, 1), ('old', 2)"
                         " ON CONFLICT DO NOTHING RETURNING pk", key)
        tap.equal(rows, [(key,)], "counted: " + name)
    bed.query("RESET cruddur_ddb.write_mode")
    tap.equal(stored(bed, "old"), {"n": {"N": "1"}}, "the old one stays")


def deletes(bed, broken):
    """What is gone is deleted. In mode immediate a DELETE has no conditions."""
    for name, key, session in each_loss(bed, broken, "DeleteItem"):
        put(bed, key, n={"N": "7"})
        rows = bed.query("DELETE FROM f WHERE pk = %s AND n = 7 RETURNING n",
                         key, on=session)
        tap.equal(rows, [(7,)], "deleted: " + name)
        tap.equal(stored(bed, key), None, "gone: " + name)


def updates(bed, broken):
    """
    Made once. If the repeat is refused nobody can know why: our own first
    attempt has made it n + 1, or that of another session.
    """
    for name, key, session in each_loss(bed, broken, "UpdateItem"):
        put(bed, key, n={"N": "7"})
        update = "UPDATE f SET n = n + 1 WHERE pk = %s RETURNING n"
        if "before" in name:
            tap.equal(bed.query(update, key, on=session), [(8,)],
                      "updated: " + name)
        else:
            error = tap.fails(
                lambda: bed.query(update, key, on=session), "08006",
                "told that it is not known: " + name)
            tap.ok("may have been applied" in str(error.diag.message_hint)
                   and key in str(error.diag.message_detail),
                   "with a hint and the key")
        tap.equal(stored(bed, key), {"n": {"N": "8"}}, "once: " + name)


def transactions(bed, broken):
    """Several items have a token, so a repeat can be told."""
    for name, behaviour, times in LOSSES:
        broken.clear()
        broken.add(behaviour, times=times, when=is_transaction)
        for key in "ab":
            put(bed, key, n={"N": "7"})
        bed.query("UPDATE f SET n = n + 1 WHERE pk IN ('a', 'b')")
        tap.equal([stored(bed, key) for key in "ab"], [{"n": {"N": "8"}}] * 2,
                  "both, and once: " + name)


def others(bed, broken):
    """Another changes the item while our answer is lost."""
    def changed(exchange):
        put(bed, "theirs", n={"N": "99"})
        return exchange.reset()

    for mode in MODES:
        bed.query("SET cruddur_ddb.write_mode = " + mode)
        for statement, sqlstate in (
                ("INSERT INTO f (pk, n) VALUES ('theirs', 1)", "23505"),
                ("UPDATE f SET n = 8 WHERE pk = 'theirs'", "08006"),
                ("DELETE FROM f WHERE pk = 'theirs' AND n = 7", "40001")):
            if mode == "immediate" and sqlstate == "40001":
                continue
            broken.clear()
            bed.query("DELETE FROM f WHERE pk = 'theirs'")
            if sqlstate != "23505":
                put(bed, "theirs", n={"N": "7"})
            broken.add(changed, when=lambda r: r.operation in (
                "PutItem", "UpdateItem", "DeleteItem"))
            tap.fails(lambda: bed.query(statement), sqlstate,
                      "%s: %s" % (mode, statement))
            tap.equal(stored(bed, "theirs"), {"n": {"N": "99"}},
                      "theirs stays")
    bed.query("RESET cruddur_ddb.write_mode")


def counter(bed, broken):
    """
    Sessions add 1 to the same item, and every fourth answer is lost. Whoever
    repeats on 40001 alone never adds twice.
    """
    sessions, each = 4, 15
    outcomes = []
    seen = itertools.count()

    def every_fourth(request):
        return request.operation == "UpdateItem" and next(seen) % 4 == 3

    def add(session):
        for _ in range(each):
            while True:
                try:
                    bed.query("UPDATE f SET n = n + 1 WHERE pk = 'sum'",
                              on=session)
                    outcomes.append("done")
                    break
                except psycopg2.Error as error:
                    if error.pgcode == "08006":
                        outcomes.append("unknown")
                        break
                    if error.pgcode != "40001":
                        outcomes.append(error.pgcode)
                        raise

    broken.clear()
    broken.add(faults.applied_then_cut(), times=10**6, when=every_fourth)
    put(bed, "sum", n={"N": "0"})
    threads = [threading.Thread(target=add, args=(bed.connect(),))
               for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done, unknown = (outcomes.count(what) for what in ("done", "unknown"))
    total = int(stored(bed, "sum")["n"]["N"])
    tap.figure("%d added, %d of them not known to be, the sum is %d"
               % (done + unknown, unknown, total))
    tap.equal(done + unknown, sessions * each, "nothing else went wrong")
    tap.ok(unknown > 0 and done <= total <= done + unknown,
           "what was reported as done is in the sum once")


def foreign(bed, broken):
    name = bed.more_table("f", ["pk S"], [{"pk": "old", "n": 1}])
    bed.make_foreign("f", "pk text, n numeric, tags text[] OPTIONS (type"
                     " 'SS'), doc jsonb, raw bytea", table_name=name)
    for test_of in (inserts, tries, deletes, updates, transactions, others,
                    counter):
        test_of(bed, broken)


def test():
    with Bed("ambiguous") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        with faults.Faults(bed.options["endpoint"]) as broken:
            bed.set_options(endpoint=broken.url)
            messages(bed, broken)
            groups(bed, broken)
            kept_connections(bed, broken)
            lost_for_good(bed, broken)
            collision(bed, broken)
            foreign(bed, broken)


tap.run(test)
