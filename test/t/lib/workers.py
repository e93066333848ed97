"""
A PostgreSQL server with the background worker in the database of a Bed, and
what can be seen of the worker.
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
BACKEND_TYPE = "cruddur_ddb worker"
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
        dbname=dbname, host=host, cursor_factory=psycopg2.extras.NamedTupleCursor)
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


def worker(host=None):
    """The worker's row of pg_stat_activity, or None."""
    with session("postgres", host) as cursor:
        cursor.execute("SELECT * FROM pg_stat_activity"
                       " WHERE backend_type = %s", [BACKEND_TYPE])
        return cursor.fetchone()


def does(what, host=None):
    """Does the worker say that it does this?"""
    try:
        row = worker(host)
    except psycopg2.OperationalError:
        # The server is starting.
        return False
    return row is not None and what in row.query


def turn_on_stream(bed):
    """The messages' table gets a stream, as SPEC's section 2 has it."""
    bed.dynamodb.update_table(
        TableName=bed.table, StreamSpecification={
            "StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})


@contextlib.contextmanager
def consumed_bed(name, naptime_ms=1000, **server_options):
    """A server of its own and, in it, a Bed that the worker is at home in."""
    with OwnStack(name, conf=CONF % (name, naptime_ms)) as stack:
        with Bed(name, **server_options) as bed:
            turn_on_stream(bed)
            yield stack, bed
