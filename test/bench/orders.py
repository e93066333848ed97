"""The data set of the foreign tables: orders, and one page of parcels.

20,000 orders, 100 for each of 200 customers, are about 8 MB for a client and
7 pages for DynamoDB. 4,000 parcels, of scalars alone, are one page.
"""

import decimal
import random

import boto3

import scene

CUSTOMERS = 200
ORDERS_EACH = 100
PARCELS = 4000
KEYS = 50
STATUSES = ("new", "paid", "sent", "returned")
# s0000 to s3199: 's01%' of one status is some 150 orders.
SKUS = 3200
NOTE_LEN = 200
TABLES = ("orders", "parcels")

FOREIGN_TABLES = """
    CREATE FOREIGN TABLE orders (
        cust text COLLATE "C",
        ord text COLLATE "C",
        status text COLLATE "C",
        sku text COLLATE "C",
        qty int,
        price numeric,
        big bigint,
        note text,
        doc jsonb)
    SERVER cruddur;
    CREATE FOREIGN TABLE parcels (
        cust text COLLATE "C",
        ord text COLLATE "C",
        status text COLLATE "C",
        sku text COLLATE "C",
        qty int,
        price numeric,
        big bigint,
        paid boolean,
        note text)
    SERVER cruddur OPTIONS (segments '1');
    CREATE TABLE keys (cust text COLLATE "C", ord text COLLATE "C");
"""


def key(customer, order):
    return {"cust": f"c{customer:04}", "ord": f"o{order:05}"}


def join_keys():
    """Of as many customers as there are keys, in no order."""
    chance = random.Random(3)
    return [key(customer, chance.randrange(ORDERS_EACH))
            for customer in chance.sample(range(CUSTOMERS), KEYS)]


def make_note(chance, length):
    words = []
    while sum(map(len, words)) < length:
        words.append(chance.choice(scene.WORDS))
    return " ".join(words)[:length]


def make_order(chance, customer, order, note_len):
    """What orders and parcels have in common."""
    return {
        **key(customer, order),
        "status": chance.choice(STATUSES),
        "sku": f"s{chance.randrange(SKUS):04}",
        "qty": chance.randint(1, 12),
        "price": decimal.Decimal(chance.randint(100, 99999)) / 100,
        # Above what a float8 can hold.
        "big": 2 ** 53 + chance.randrange(2 ** 61),
        "note": make_note(chance, note_len),
    }


def make_orders():
    chance = random.Random(2)
    for customer in range(CUSTOMERS):
        for order in range(ORDERS_EACH):
            yield {
                **make_order(chance, customer, order, NOTE_LEN),
                "doc": {
                    "tags": chance.sample(scene.WORDS, 3),
                    "gift": chance.random() < 0.5,
                    "box": {"length": chance.randint(1, 90),
                            "width": chance.randint(1, 90)},
                },
            }


def make_parcels():
    """As long as they can be, all of them on one page of 1 MB."""
    chance = random.Random(4)
    for n in range(PARCELS):
        yield {**make_order(chance, n // 100, n % 100, 170),
               "paid": chance.random() < 0.5}


def create_table(client, name):
    """Both tables have the keys of orders; only orders has the index."""
    keys = ("cust", "ord")
    index_keys = ("status", "sku") if name == "orders" else ()

    def schema(attributes):
        return [{"AttributeName": attribute, "KeyType": key_type}
                for attribute, key_type in zip(attributes, ("HASH", "RANGE"))]

    indexes = [{"IndexName": "by_status", "KeySchema": schema(index_keys),
                "Projection": {"ProjectionType": "ALL"}}]
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=schema(keys),
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in keys + index_keys],
        **({"GlobalSecondaryIndexes": indexes} if index_keys else {}))


def load(endpoint):
    """The tables with their items, in the engine at endpoint."""
    client = scene.boto3_client(endpoint)
    for name in set(TABLES) & set(client.list_tables()["TableNames"]):
        client.delete_table(TableName=name)
    resource = boto3.resource(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local")
    for name, items in zip(TABLES, (make_orders(), make_parcels())):
        create_table(client, name)
        with resource.Table(name).batch_writer() as writer:
            for item in items:
                writer.put_item(Item=item)


def make_foreign_tables(connection):
    """What a user has: foreign tables with statistics, keys to join."""
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_TABLES)
        cursor.executemany("INSERT INTO keys VALUES (%(cust)s, %(ord)s)",
                           join_keys())
        cursor.execute("ANALYZE orders, parcels, keys")
