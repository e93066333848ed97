"""What the calls are about: the database, its users, the table, its items."""

import random
import uuid

import boto3
import botocore.config
import psycopg2

DATABASE = "bench"
TABLE = "cruddur-messages"
HANDLE = "andrewbrown"
GROUP = str(uuid.UUID(int=0x5ae290ed55d147a0bc6dfe2bc2700399))
MESSAGES = 1000
GROUPS = 40
# So many that the planner looks a handle up by the index.
PASSERS_BY = 2000
WORDS = ("the tide takes what nobody ties down so we moved every boat up to"
         " the wall before lunch and still lost a bucket two oars and most of"
         " one afternoon looking for both").split()


class User:
    def __init__(self, handle, display_name):
        self.uuid = str(uuid.uuid4())
        self.handle = handle
        self.display_name = display_name


def make_users():
    """The reader first, then everybody who shares a group with the reader."""
    return ([User(HANDLE, "Andrew Brown"), User("bayko", "Andrew Bayko")]
            + [User(f"rower{n:02}", f"Rower Number {n}")
               for n in range(GROUPS - 1)])


def make_text(chance, n):
    """60 to 120 characters; one in ten has what JSON must escape."""
    text = ""
    goal = chance.randint(60, 120)
    while len(text) < goal:
        text += chance.choice(WORDS) + " "
    return f'"{text.strip()}" \N{ROWBOAT}\n' if n % 10 == 0 else text[:goal]


def make_items(users):
    """A conversation of MESSAGES and GROUPS groups, as SQL writes them."""
    chance = random.Random(1)
    reader, friend = users[:2]
    for n in range(MESSAGES):
        sender = chance.choice((reader, friend))
        yield {
            "pk": f"MSG#{GROUP}",
            "sk": f"2026-11-{1 + n // 100:02}"
                  f"T{8 + n // 10 % 10:02}:{n % 10:02}:59"
                  f".{chance.randrange(10 ** 6):06}+00:00",
            "message": make_text(chance, n),
            "message_uuid": str(uuid.UUID(int=chance.getrandbits(128))),
            "user_uuid": sender.uuid,
            "user_display_name": sender.display_name,
            "user_handle": sender.handle,
        }
    for n, other in enumerate(users[1:]):
        group = GROUP if n == 0 else str(uuid.uuid4())
        for owner, shown in ((reader, other), (other, reader)):
            yield {
                "pk": f"GRP#{owner.uuid}",
                "sk": f"2026-11-{20 - n // 10:02}T{20 - n % 10:02}:00:00"
                      f".{chance.randrange(10 ** 6):06}+00:00",
                "message_group_uuid": group,
                "message": make_text(chance, n),
                "user_uuid": shown.uuid,
                "user_display_name": shown.display_name,
                "user_handle": shown.handle,
            }


def boto3_client(endpoint):
    """One try a request, as ours make one here."""
    return boto3.client(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local",
        config=botocore.config.Config(retries={"max_attempts": 0}))


def connect(database):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


def point_server_at(cursor, endpoint):
    cursor.execute("ALTER SERVER cruddur OPTIONS (SET endpoint %s)",
                   (endpoint,))


def make_database(endpoint, users):
    """A fresh database with the extension and the users. Its connection."""
    with connect("postgres").cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection = connect(DATABASE)
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE TABLE public.users (
                uuid uuid PRIMARY KEY,
                display_name text NOT NULL,
                handle text NOT NULL UNIQUE,
                email text NOT NULL,
                cognito_user_id text NOT NULL,
                created_at timestamptz NOT NULL DEFAULT now())""")
        cursor.executemany(
            "INSERT INTO public.users VALUES (%s, %s, %s, %s, '')",
            [(user.uuid, user.display_name, user.handle,
              f"{user.handle}@example.com") for user in users])
        cursor.execute("""
            INSERT INTO public.users
            SELECT gen_random_uuid(), 'Passer-by', 'passer' || n, '', ''
            FROM generate_series(1, %s) n""", (PASSERS_BY,))
        cursor.execute("ANALYZE public.users")
        cursor.execute("CREATE EXTENSION cruddur_ddb")
        cursor.execute(
            "CREATE SERVER cruddur FOREIGN DATA WRAPPER cruddur_ddb"
            " OPTIONS (endpoint %s, region 'us-east-1')", (endpoint,))
        cursor.execute(
            "CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur OPTIONS"
            " (access_key_id 'local', secret_access_key 'local')")
    return connection


def make_table(connection, endpoint, users):
    """The messaging table with its items, in the engine at endpoint."""
    client = boto3_client(endpoint)
    if TABLE in client.list_tables()["TableNames"]:
        client.delete_table(TableName=TABLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cruddur_schema_load()")
    table = boto3.resource(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local").Table(TABLE)
    with table.batch_writer() as writer:
        for item in make_items(users):
            writer.put_item(Item=item)
