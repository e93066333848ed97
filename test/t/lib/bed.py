"""
Where one test lies: its own database with the extension, its own DynamoDB
table, and boto3 as the witness, who goes to DynamoDB without a detour.
"""

import datetime
import os

import boto3
import psycopg2
import psycopg2.extras
from botocore.config import Config
from psycopg2 import sql

from keys import BED, SECRETS

INDEX = "message-group-sk-index"

# handle -> uuid, display name, Cognito's id
USERS = {
    "andrewbrown": ("a1a1a1a1-0000-4000-8000-00000000000a", "Andrew Brown",
                    "cognito-andrew"),
    "bayko": ("b2b2b2b2-0000-4000-8000-00000000000b", "Andrew Bayko",
              "cognito-bayko"),
    "londo": ("C3C3C3C3-0000-4000-8000-00000000000C", "Londo Mollári",
              "cognito-londo"),
    "yaya2devops": ("d4d4d4d4-0000-4000-8000-00000000000d", "Yahya Abulhaj",
                    "cognito-yaya"),
}


def uuid_of(handle):
    return USERS[handle][0].lower()


def key_at(second, fraction=0, offset="+00:00"):
    """A sort key as SQL writes them, in one hour of a past day."""
    start = datetime.datetime(2026, 11, 20, 12)
    when = start + datetime.timedelta(seconds=second, microseconds=fraction)
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f") + offset


class Bed:
    """`with Bed("name") as bed:` makes it all and takes it away again."""

    def __init__(self, name, encoding="UTF8", stream=False, **server_options):
        self.stream = stream
        self.dbname = "t_" + name
        self.table = "t-" + name
        self.encoding = encoding
        self.options = {"endpoint": os.environ["DDB_ENDPOINT"],
                        "region": "us-east-1", "table_name": self.table}
        self.options.update(server_options)
        self.opened = []
        self.dynamodb = boto3.client(
            "dynamodb", region_name="us-east-1",
            endpoint_url=os.environ["DDB_UPSTREAM"],
            aws_access_key_id="local",
            aws_secret_access_key=SECRETS["local"],
            config=Config(retries={"max_attempts": 0}))
        self.service = boto3.resource(
            "dynamodb", region_name="us-east-1",
            endpoint_url=os.environ["DDB_UPSTREAM"],
            aws_access_key_id="local",
            aws_secret_access_key=SECRETS["local"])
        self.resource = self.service.Table(self.table)

    def __enter__(self):
        self.remove()
        self.in_cluster("CREATE DATABASE {} TEMPLATE template0 LOCALE 'C'"
                        " ENCODING '%s'" % self.encoding)
        self.make_database()
        self.make_table()
        return self

    def __exit__(self, *_):
        for connection in self.opened:
            connection.close()
        self.remove()

    def in_cluster(self, text):
        connection = psycopg2.connect("")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(text).format(sql.Identifier(self.dbname)))
        connection.close()

    def remove(self):
        """The database, its table, and tables whose names begin with that."""
        self.in_cluster("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        for page in self.dynamodb.get_paginator("list_tables").paginate():
            for name in page["TableNames"]:
                if name == self.table or name.startswith(self.table + "-"):
                    self.dynamodb.delete_table(TableName=name)

    def make_database(self):
        self.main = self.connect()
        self.query("CREATE EXTENSION cruddur_ddb")
        self.query("""CREATE TABLE public.users (
            uuid uuid PRIMARY KEY, display_name text NOT NULL,
            handle text NOT NULL UNIQUE, email text NOT NULL,
            cognito_user_id text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now())""")
        for handle, (uuid, name, cognito) in USERS.items():
            self.query("INSERT INTO public.users VALUES (%s, %s, %s, %s, %s)",
                       uuid, name, handle, handle + "@example.com", cognito)
        self.query("CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb"
                   " OPTIONS (" + ", ".join(
                       "%s %%s" % name for name in self.options) + ")",
                   *self.options.values())
        self.query("""CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur
            OPTIONS (access_key_id %s, secret_access_key %s)""",
                   BED, SECRETS[BED])

    def make_table(self):
        """
        By boto3, as SPEC's section 2 has it; the stream only where it is asked
        for, as writes with one cost DynamoDB Local much more.
        """
        units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
        self.dynamodb.create_table(
            TableName=self.table, ProvisionedThroughput=units,
            StreamSpecification={"StreamEnabled": True,
                                 "StreamViewType": "NEW_IMAGE"}
            if self.stream else {"StreamEnabled": False},
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"},
                       {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("pk", "sk", "message_group_uuid")],
            GlobalSecondaryIndexes=[{
                "IndexName": INDEX, "ProvisionedThroughput": units,
                "KeySchema": [
                    {"AttributeName": "message_group_uuid",
                     "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"}}])

    # PostgreSQL

    def connect(self):
        """Another session of this database, in autocommit."""
        connection = psycopg2.connect(dbname=self.dbname)
        connection.autocommit = True
        connection.set_client_encoding("UTF8")
        psycopg2.extras.register_uuid(conn_or_curs=connection)
        with connection.cursor() as cursor:
            cursor.execute("SET timezone = 'UTC'")
        self.opened.append(connection)
        return connection

    def query(self, text, *values, on=None):
        """Rows as named tuples, or None where there are none to have."""
        with (on or self.main).cursor(
                cursor_factory=psycopg2.extras.NamedTupleCursor) as cursor:
            cursor.execute(text, values or None)
            return cursor.fetchall() if cursor.description else None

    def set_options(self, **options):
        """ALTER SERVER, whether the option was there or not."""
        for name, value in options.items():
            verb = "SET" if name in self.options else "ADD"
            self.query("ALTER SERVER cruddur OPTIONS (%s %s %%s)"
                       % (verb, name), value)
            self.options[name] = value

    def stats(self, column):
        """One sum over all operations of this backend."""
        return self.query("SELECT coalesce(sum(%s), 0)::float8 AS n FROM"
                          " cruddur_ddb_stats" % column)[0].n

    def make_foreign(self, name, columns, server="cruddur", **options):
        """A foreign table over the DynamoDB table of option table_name."""
        self.query("CREATE FOREIGN TABLE %s (%s) SERVER %s OPTIONS (%s)" % (
            name, columns, server, ", ".join(
                "%s '%s'" % option for option in options.items())))

    def foreign_scans(self, text, *values, on=None, options="VERBOSE"):
        """What EXPLAIN says of each foreign scan of a statement."""
        found = []

        def visit(node):
            if node["Node Type"] == "Foreign Scan":
                found.append(node)
            for child in node.get("Plans", ()):
                visit(child)

        explained = self.query("EXPLAIN (%s, FORMAT JSON) %s"
                               % (options, text), *values, on=on)
        visit(explained[0][0][0]["Plan"])
        return found

    def read_cost(self, text, *values, on=None):
        """Run a statement; its foreign scans' requests, items, units."""
        scans = self.foreign_scans(text, *values, on=on,
                                   options="ANALYZE, VERBOSE")
        return {name: sum(scan[name] for scan in scans)
                for name in ("Requests", "Items Scanned", "Items Returned",
                             "Read Units", "Retries")}

    # DynamoDB

    def more_table(self, suffix, keys, items=(), others=(), **more):
        """
        Another table, with these items in plain values; its name. keys: names
        and types of its keys, ["pk S", "sk S"]; others: of its indexes' keys;
        more arguments are those of CreateTable.
        """
        name = "%s-%s" % (self.table, suffix)
        self.dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            KeySchema=key_schema(*[key.rsplit(" ", 1)[0] for key in keys]),
            AttributeDefinitions=[
                dict(zip(("AttributeName", "AttributeType"),
                         key.rsplit(" ", 1)))
                for key in [*keys, *others]], **more)
        with self.service.Table(name).batch_writer() as batch:
            for item in items:
                batch.put_item(Item=item)
        return name

    def scan(self):
        """Every item, consistently read, in DynamoDB's typed JSON."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        return sorted(items, key=lambda i: (i["pk"]["S"], i["sk"]["S"]))

    def partition(self, pk):
        """The items of one partition, consistently read, plain values."""
        pages = self.resource.meta.client.get_paginator("query").paginate(
            TableName=self.table, ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": pk})
        return [item for page in pages for item in page["Items"]]

    def put_group(self, group, first, second, sk, message="so it began"):
        """The two group rows, as the old back end wrote them."""
        for member, other in ((first, second), (second, first)):
            self.put_group_row(group, member, other, sk, message)

    def put_group_row(self, group, member, other, sk, message):
        self.resource.put_item(Item={
            "pk": "GRP#" + uuid_of(member), "sk": sk,
            "message_group_uuid": group, "message": message,
            "user_uuid": uuid_of(other), "user_handle": other,
            "user_display_name": USERS[other][1]})

    def put_message(self, group, sender, sk, message, uuid):
        """One message, as the old back end wrote them."""
        self.resource.put_item(Item=message_item(group, sender, sk, message,
                                                 uuid))


def key_schema(partition, sort=None):
    """KeySchema as CreateTable has it."""
    return [{"AttributeName": name, "KeyType": role}
            for name, role in ((partition, "HASH"), (sort, "RANGE")) if name]


def gsi(name, *keys):
    """A GSI with all attributes, for CreateTable."""
    return {"IndexName": name, "KeySchema": key_schema(*keys),
            "Projection": {"ProjectionType": "ALL"}}


def message_item(group, sender, sk, message, uuid):
    return {"pk": "MSG#" + group, "sk": sk, "message": message,
            "message_uuid": str(uuid), "user_uuid": uuid_of(sender),
            "user_display_name": USERS[sender][1], "user_handle": sender}
