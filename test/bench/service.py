"""What the extension replaces: a service of threads over boto3 and psycopg2.

As many processes as there are processors share the threads evenly, as under
gunicorn: one process alone would be bound by its interpreter's lock, which
tells little of boto3. No HTTP server is in front; the threads call themselves.
"""

import datetime
import multiprocessing
import os
import random
import threading
import time
import uuid

import boto3
import botocore.config
import psycopg2
import psycopg2.errors

import scene

INDEX = "message-group-sk-index"
LIMIT = 20


class Service:
    """One thread's: a connection of its own, the process's boto3 client."""

    def __init__(self, client, database):
        self.client = client
        self.connection = psycopg2.connect(dbname=database)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()

    def user(self, handle):
        self.cursor.execute("SELECT uuid::text, display_name"
                            " FROM public.users WHERE handle = %s", (handle,))
        return self.cursor.fetchone()

    def check_member(self, user, group):
        reply = self.client.query(
            TableName=scene.TABLE, IndexName=INDEX,
            KeyConditionExpression="message_group_uuid = :group",
            FilterExpression="pk = :pk",
            ExpressionAttributeValues={":group": {"S": group},
                                       ":pk": {"S": "GRP#" + user}})
        if not reply["Items"]:
            raise PermissionError(group)

    def list_messages(self, handle, group):
        user, _ = self.user(handle)
        self.check_member(user, group)
        reply = self.client.query(
            TableName=scene.TABLE, ScanIndexForward=False, Limit=LIMIT,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :year)",
            ExpressionAttributeValues={":pk": {"S": "MSG#" + group},
                                       ":year": {"S": "20"}})
        return [{"uuid": item["message_uuid"]["S"],
                 "display_name": item["user_display_name"]["S"],
                 "handle": item["user_handle"]["S"],
                 "message": item["message"]["S"],
                 "created_at": item["sk"]["S"]}
                for item in reversed(reply["Items"])]

    def create_message(self, handle, group, message):
        user, name = self.user(handle)
        self.check_member(user, group)
        now = datetime.datetime.now(datetime.timezone.utc)
        item = {"pk": "MSG#" + group,
                "sk": now.isoformat(timespec="microseconds"),
                "message": message, "message_uuid": str(uuid.uuid4()),
                "user_uuid": user, "user_display_name": name,
                "user_handle": handle}
        self.client.put_item(
            TableName=scene.TABLE,
            ConditionExpression="attribute_not_exists(pk)",
            Item={key: {"S": value} for key, value in item.items()})
        return item


def make_client(url, threads):
    return boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local",
        config=botocore.config.Config(retries={"max_attempts": 0},
                                      max_pool_connections=threads))


def serve(client, database, ready, seconds, message, times):
    """One thread: 80 lists to 20 creates. Appends what each took, in us."""
    service = Service(client, database)
    chance = random.Random()
    ready.wait()
    end = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        if start >= end:
            return
        if chance.random() < 0.8:
            rows = service.list_messages(scene.HANDLE, scene.GROUP)
            if len(rows) != LIMIT:
                raise SystemExit(f"{len(rows)} messages")
        else:
            try:
                service.create_message(scene.HANDLE, scene.GROUP, message)
            except client.exceptions.ConditionalCheckFailedException:
                # Two at one time: as the extension's 40001.
                continue
        times.append((time.perf_counter() - start) * 1e6)


def serve_safely(failures, ready, *arguments):
    try:
        serve(*arguments)
    except BaseException as error:
        failures.append(repr(error))
        ready.abort()


def run_process(url, database, threads, ready, seconds, message, results):
    client = make_client(url, threads)
    times = [[] for _ in range(threads)]
    failures = []
    workers = [threading.Thread(target=serve_safely, args=(
        failures, ready, client, database, ready, seconds, message, mine))
        for mine in times]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    results.put((failures, [each for mine in times for each in mine]))


def run(url, database, threads, seconds, message):
    """What each call took, in us. Ends the program where one failed."""
    processes = min(threads, os.cpu_count())
    shares = [threads // processes + (n < threads % processes)
              for n in range(processes)]
    # Not by fork: boto3 is no friend of it.
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(threads)
    results = context.Queue()
    children = [context.Process(target=run_process, args=(
        url, database, share, ready, seconds, message, results))
        for share in shares]
    for child in children:
        child.start()
    times = []
    for failures, more in [results.get() for _ in children]:
        if failures:
            raise SystemExit("the service failed: " + failures[0])
        times += more
    for child in children:
        child.join()
    return times
