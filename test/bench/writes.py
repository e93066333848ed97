"""10,000 rows written by INSERT ... SELECT in immediate mode, and by boto3.

The rows lie in a heap table here and in Python's memory there. Each load puts
items under keys of its own, so that no condition fails and the table is the
same for both; the loads take turns. The engine does most of the work: what
they show is how well it is kept busy. boto3 has one connection, ours the
default or, as the README advises for loads, more.

For each item of a batch DynamoDB Local's one thread that has SQLite is asked
twice, and once more if the consumed capacity is to be told, as ours wants it
for the statistics and boto3 does not. Each time threads wait for each other,
less of it the more requests there are.
"""

import decimal
import random
import statistics
import time

import boto3

import orders
import scene

ROWS = 10000
TABLES = ("bulk_plain", "bulk_replace")
CONNECTIONS = 16
MAX_OF_BATCH = 0.6
MAX_OF_CONDITIONAL = 0.5

FOREIGN_TABLE = """
    CREATE FOREIGN TABLE {} (
        load text COLLATE "C", n int, qty int, price numeric, big bigint,
        paid boolean, note text)
    SERVER {} {}
"""
REPLACE = "table_name 'bulk_replace', on_duplicate 'replace'"


def make_rows():
    chance = random.Random(5)
    return [{"n": n, "qty": chance.randint(1, 12),
             "price": decimal.Decimal(chance.randint(100, 99999)) / 100,
             "big": 2 ** 53 + chance.randrange(2 ** 61),
             "paid": chance.random() < 0.5,
             "note": orders.make_note(chance, orders.NOTE_LEN)}
            for n in range(ROWS)]


def make_foreign_tables(cursor, endpoint):
    """Two of one table: with the default connections, and with more."""
    scene.point_server_at(cursor, endpoint)
    cursor.execute(
        "CREATE SERVER bulk FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
        " (endpoint %s, region 'us-east-1', max_connections '%s')",
        (endpoint, CONNECTIONS))
    cursor.execute(
        "CREATE USER MAPPING FOR CURRENT_USER SERVER bulk OPTIONS"
        " (access_key_id 'local', secret_access_key 'local')")
    for name, server, options in (
            ("bulk_plain", "cruddur", ""),
            ("bulk_replace", "cruddur", REPLACE),
            ("wide_replace", "bulk", REPLACE)):
        cursor.execute(FOREIGN_TABLE.format(
            name, server, f"OPTIONS ({options})" if options else ""))


def make_tables(connection, endpoint, rows):
    client = scene.boto3_client(endpoint)
    for name in set(TABLES) & set(client.list_tables()["TableNames"]):
        client.delete_table(TableName=name)
    for name in TABLES:
        client.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "load", "KeyType": "HASH"},
                       {"AttributeName": "n", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "load", "AttributeType": "S"},
                {"AttributeName": "n", "AttributeType": "N"}])
    with connection.cursor() as cursor:
        make_foreign_tables(cursor, endpoint)
        cursor.execute(
            "CREATE TABLE bulk_rows (n int, qty int, price numeric,"
            " big bigint, paid boolean, note text)")
        cursor.executemany(
            "INSERT INTO bulk_rows VALUES (%(n)s, %(qty)s, %(price)s,"
            " %(big)s, %(paid)s, %(note)s)", rows)
        cursor.execute("ANALYZE bulk_rows")


class Insert:
    """Ours: one statement."""

    def __init__(self, connection, table):
        self.cursor = connection.cursor()
        self.table = table

    def load(self, name, _rows):
        self.cursor.execute(
            f"INSERT INTO {self.table} SELECT %s, * FROM bulk_rows", (name,))


class BatchWriter:
    """boto3's own way to load many items."""

    def __init__(self, resource, table):
        self.table = resource.Table(table)

    def load(self, name, rows):
        with self.table.batch_writer() as writer:
            for row in rows:
                writer.put_item(Item={"load": name, **row})


class ConditionalPuts(BatchWriter):
    """One by one, none over another."""

    def load(self, name, rows):
        for row in rows:
            self.table.put_item(
                Item={"load": name, **row},
                ConditionExpression="attribute_not_exists(#k)",
                ExpressionAttributeNames={"#k": "load"})


def count_items(table, name):
    answer = table.query(
        Select="COUNT",
        KeyConditionExpression="#k = :k",
        ExpressionAttributeNames={"#k": "load"},
        ExpressionAttributeValues={":k": name})
    total = answer["Count"]
    while "LastEvaluatedKey" in answer:
        answer = table.query(
            Select="COUNT",
            KeyConditionExpression="#k = :k",
            ExpressionAttributeNames={"#k": "load"},
            ExpressionAttributeValues={":k": name},
            ExclusiveStartKey=answer["LastEvaluatedKey"])
        total += answer["Count"]
    return total


def time_load(contender, table, name, rows):
    """Seconds; all of the rows have to be there afterwards."""
    begin = time.perf_counter()
    contender.load(name, rows)
    seconds = time.perf_counter() - begin
    if count_items(table, name) != len(rows):
        raise SystemExit(f"{table.name}: not all rows of {name} were written")
    return seconds


def take_turns(label, field, table, rows, rounds):
    """The contenders' seconds, round by round, and one that is not counted."""
    laps = [[time_load(contender, table, f"{label}-{n}-{i}", rows)
             for i, contender in enumerate(field)]
            for n in range(rounds + 1)]
    return laps[1:]


def run(connection, endpoint, rounds):
    """A line for each pair: seconds, ratio, bound."""
    rows = make_rows()
    make_tables(connection, endpoint, rows)
    connection.cursor().execute("SET cruddur_ddb.write_mode = 'immediate'")
    resource = boto3.resource(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local")
    plain, replace = TABLES
    pairs = (("replace, batch_writer", "bulk_replace",
              BatchWriter(resource, replace), None),
             (f"with {CONNECTIONS} connections", "wide_replace",
              BatchWriter(resource, replace), MAX_OF_BATCH),
             ("default, put_item", "bulk_plain",
              ConditionalPuts(resource, plain), MAX_OF_CONDITIONAL))
    return [(name, bound,
             take_turns(foreign, (Insert(connection, foreign), boto3s),
                        boto3s.table, rows, rounds))
            for name, foreign, boto3s, bound in pairs]


def judge(name, bound, laps):
    ours, boto3s = (statistics.median(column) for column in zip(*laps))
    ratio = statistics.median(one / other for one, other in laps)
    ok = bound is None or ratio <= bound
    verdict = "" if bound is None else \
        f"{bound:7.2f}   {'ok' if ok else 'MISSED'}"
    print(f"{name:26}{ours:9.2f}{boto3s:9.2f}{ratio:9.2f}{verdict}")
    return ok


def report(results):
    print(f"\n{'10,000 rows, seconds':26}{'ours':>9}{'boto3':>9}{'ratio':>9}"
          f"{'bound':>7}")
    return all([judge(*result) for result in results])
