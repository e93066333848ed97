"""
Random calls of the extension's functions: whatever pg_proc has, with arguments
by their names and types.
"""

import json

from bed import USERS
from oddvalues import (GROUPS, attribute, document, maybe, odd_text, quote)

OPERATIONS = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query",
              "Scan", "BatchGetItem", "BatchWriteItem", "TransactWriteItems",
              "TransactGetItems", "DescribeTable", "ListTables",
              "DescribeLimits", "ExecuteStatement", "DescribeTimeToLive",
              "UpdateTable", "Nothing", "", "a b", "GetItem\n", "x" * 300]
SPECIAL = {"fdw_handler", "internal", "trigger"}


class Calls:
    """tables: of DynamoDB, as in Objects."""

    def __init__(self, chance, world, queries, tables):
        self.chance = chance
        self.world = world
        self.queries = queries
        self.tables = tables

    def argument(self, name, oid, scope, drops=False):
        """An expression for an argument of this name and type."""
        chance = self.chance
        known = {"handle": list(USERS), "other_handle": list(USERS),
                 "receiver_handle": list(USERS),
                 "cognito_user_id": ["cognito-bayko"],
                 "message_group_uuid": GROUPS,
                 "table_name": [t.name for t in self.tables],
                 "operation": OPERATIONS,
                 "billing_mode": ["PROVISIONED", "PAY_PER_REQUEST"],
                 "max_results": ["1", "20", "1000"],
                 "year": ["2026", "2025"]}
        if drops:
            # What the other statements work with stays.
            known["table_name"] = [self.tables[-1].name, "nowhere"]
        if name == "payload" and maybe(chance, 0.9):
            return quote(self.payload()) + "::jsonb"
        if name in known and maybe(chance, 0.8):
            return quote(chance.choice(known[name]))
        if oid in self.world.types:
            return self.queries.make.of(oid, scope, 1)
        return self.catalog_argument()

    def catalog_argument(self):
        """For what the pool has no type of: text[], oid."""
        return self.chance.choice(
            ["NULL", "'pg_foreign_server'::regclass", "0",
             "'pg_attribute'::regclass", "'pg_foreign_table'::regclass",
             "'pg_user_mapping'::regclass", "4294967295",
             "'pg_foreign_data_wrapper'::regclass"])

    def call(self, scope=()):
        """The function and its arguments, positional or named."""
        chance = self.chance
        made = chance.choice(self.world.extension)
        names = list(made.names) + [None] * len(made.arguments)
        count = len(made.arguments)
        if maybe(chance, 0.4):
            count -= chance.randint(0, made.defaults)
        drops = "drop" in made.name
        arguments = [self.argument(name, oid, scope, drops) for name, oid
                     in zip(names, made.arguments[:count])]
        if all(names[:count]) and maybe(chance, 0.2):
            arguments = ["%s => %s" % pair
                         for pair in zip(names, arguments)]
        return made, "%s(%s)" % (made.name, ", ".join(arguments))

    def statement(self):
        chance = self.chance
        made, text = self.call()
        roll = chance.random()
        if roll < 0.55:
            return "SELECT * FROM %s%s" % (text, chance.choice(
                ["", "", " WITH ORDINALITY", " LIMIT 1", " x WHERE x IS NULL"]))
        if roll < 0.75:
            return "SELECT %s%s" % (text, chance.choice(["", " LIMIT 1"]))
        if roll < 0.85:
            return "SELECT count(*) FROM generate_series(1, 3), LATERAL " + text
        relation = self.queries.relation()
        scope = [("t." + c.name, c.type) for c in relation.columns]
        return "SELECT f.* FROM (SELECT * FROM %s LIMIT 3) AS t," \
            " LATERAL %s f" % (relation.name, self.call(scope)[1])

    # Requests

    def payload(self):
        """Of an operation of the API, mostly; else any JSON."""
        chance = self.chance
        if maybe(chance, 0.15):
            return document(chance)
        table = chance.choice(self.tables)
        key = {name: {kind: {"S": "k1", "N": "1", "B": "AQI="}[kind]}
               for name, kind in table.keys.items()}
        item = {**key, odd_text(chance)[:40] or "x": attribute(chance)}
        parts = {
            "TableName": table.name, "Key": key, "Item": item,
            "KeyConditionExpression": "%s = :v" % next(iter(key)),
            "FilterExpression": chance.choice(["attribute_exists(word)", "x"]),
            "ExpressionAttributeValues": {":v": next(iter(key.values()))},
            "UpdateExpression": "SET word = :v", "Limit": 1,
            "RequestItems": {table.name: {"Keys": [key]}},
            "TransactItems": [{"Put": {"TableName": table.name,
                                       "Item": item}}],
            "Statement": 'SELECT * FROM "%s"' % table.name,
            "ReturnConsumedCapacity": "TOTAL",
            odd_text(chance)[:40]: json.loads("[1, null]"),
        }
        usual = chance.choice([
            ["Key"], ["Item"], ["KeyConditionExpression",
                                "ExpressionAttributeValues"], ["Limit"],
            ["RequestItems"], ["TransactItems"], ["Statement"],
            ["Key", "UpdateExpression", "ExpressionAttributeValues"]])
        made = {name: parts[name] for name in usual}
        if not {"RequestItems", "TransactItems", "Statement"} & set(usual):
            made["TableName"] = table.name
        if maybe(chance, 0.2):
            extra = chance.choice(list(parts))
            made[extra] = parts[extra]
        return json.dumps(made).replace("\\u0000", "")
