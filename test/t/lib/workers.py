"""
A PostgreSQL server with the background workers in the database of a Bed, and
what can be seen of them.
"""

import contextlib
import time

import psycopg2
import psycopg2.extras

from bed import Bed
from ownstack import OwnStack

CONF = """
shared_preload_libraries = 'cruddur_ddb'
cruddur_ddb.worker_database = 't_%s'
cruddur_ddb.worker_naptime_ms = %d
"""
STREAM = "cruddur_ddb stream worker"
OUTBOX = "cruddur_ddb outbox worker"
LIMIT_S = 30


def await_true(condition, limit_s=LIMIT_S):
    """Seconds until condition() holds, or None if it does not in time."""
    start = time.monotonic()
    while time.monotonic() < start + limit_s:
        if condition():
            return time.monotonic() - start
        time.sleep(0.01)
    return None


@contextlib.contextmanager
def session(dbname, host=None):
    """One that lasts for the block only, in autocommit."""
    connection = psycopg2.connect(
        dbname=dbname, host=host,
        cursor_factory=psycopg2.extras.NamedTupleCursor)
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


def worker(which=STREAM, host=None):
    """The worker's row of pg_stat_activity, or None."""
    with session("postgres", host) as cursor:
        cursor.execute("SELECT * FROM pg_stat_activity"
                       " WHERE backend_type = %s", [which])
        return cursor.fetchone()


def does(what, which=STREAM, host=None):
    """Does the worker say that it does this?"""
    try:
        row = worker(which, host)
    except psycopg2.OperationalError:
        # The server is starting.
        return False
    return row is not None and what in row.query


@contextlib.contextmanager
def consumed_bed(name, naptime_ms=1000):
    """
    A server and a DynamoDB of its own and, in it, a Bed whose stream the worker
    reads.
    """
    with OwnStack(name, conf=CONF % (name, naptime_ms),
                  new_dynamodb=True) as stack, \
            Bed(name, stream=True) as bed:
        if await_true(lambda: bed.query(
                "SELECT 1 FROM cruddur_stream_status WHERE state = 'reading'"
                " AND last_error IS NULL")) is None:
            raise RuntimeError("the worker does not read the stream")
        yield stack, bed
