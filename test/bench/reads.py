"""How a careful program reads orders with boto3, one function for each case.

By the client, as its resource is no faster; with Select, a projection and
BatchGetItem wherever they help. A function takes the client and gives what the
SQL statement gives, in Python's types.
"""

from boto3.dynamodb.types import TypeDeserializer

import orders

deserialize = TypeDeserializer().deserialize


def python_rows(items):
    return [{name: deserialize(value) for name, value in item.items()}
            for item in items]


def scan(client, table="orders", **arguments):
    return client.get_paginator("scan").paginate(TableName=table, **arguments)


def query(client, condition, values, **arguments):
    reply = client.query(
        TableName="orders", KeyConditionExpression=condition,
        ExpressionAttributeValues={name: {"S": value}
                                   for name, value in values.items()},
        **arguments)
    return python_rows(reply["Items"])


def count(client):
    return sum(page["Count"] for page in scan(client, Select="COUNT"))


def sum_qty(client):
    return sum(int(item["qty"]["N"])
               for page in scan(client, ProjectionExpression="qty")
               for item in page["Items"])


def everything(client, table="orders"):
    return [row for page in scan(client, table)
            for row in python_rows(page["Items"])]


def parcels(client):
    return everything(client, "parcels")


def partition(client):
    return query(client, "cust = :c", {":c": "c0042"})


def point(client):
    item = client.get_item(
        TableName="orders",
        Key={"cust": {"S": "c0042"}, "ord": {"S": "o00042"}})["Item"]
    return python_rows([item])


def sort_range(client):
    return query(client, "cust = :c AND ord BETWEEN :a AND :z",
                 {":c": "c0042", ":a": "o00040", ":z": "o00049"})


def by_status(client):
    return query(client, "#s = :s AND begins_with(sku, :k)",
                 {":s": "paid", ":k": "s01"}, IndexName="by_status",
                 ExpressionAttributeNames={"#s": "status"})


def any_one(client):
    return python_rows(client.scan(TableName="orders", Limit=1)["Items"])


def by_keys(client):
    keys = [{name: {"S": value} for name, value in key.items()}
            for key in orders.join_keys()]
    reply = client.batch_get_item(RequestItems={"orders": {"Keys": keys}})
    return python_rows(reply["Responses"]["orders"])
