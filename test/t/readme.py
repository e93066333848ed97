#!/usr/bin/python3
"""
README.md's SQL, block after block as psql runs it, in an empty database: what
a reader copies works. Only the endpoint is another.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import tap

DATABASE = "t_readme"
README = os.path.join(os.path.dirname(__file__), "../../README.md")
REMOVE = ["DROP DATABASE IF EXISTS %s WITH (FORCE)" % DATABASE,
          "DROP ROLE IF EXISTS backend"]


def in_cluster(statements):
    connection = psycopg2.connect("")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def psql(text):
    return subprocess.run(
        ["psql", "-X", "-A", "-t", "-q", "-d", DATABASE,
         "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input=text, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)


def blocks():
    with open(README, encoding="utf-8") as file:
        text = file.read()
    endpoint = "http://localhost:8000"
    tap.equal(text.count(endpoint), 1, "README names one endpoint")
    text = text.replace(endpoint, os.environ["DDB_ENDPOINT"])
    return re.findall(r"^```sql\n(.*?)^```$", text, re.M | re.S)


def test():
    in_cluster(REMOVE + ["CREATE DATABASE " + DATABASE])
    found = blocks()
    tap.ok(len(found) > 5, "README has blocks of SQL")
    try:
        for number, block in enumerate(found, 1):
            ran = psql(block)
            first = block.splitlines()[0]
            if not tap.ok(ran.returncode == 0,
                          "block %d: %s" % (number, first)):
                tap.note(ran.stdout)
        groups = psql("SELECT handle, message FROM"
                      " cruddur_list_message_groups('andrewbrown')")
        tap.ok("londo|Do you have a moment?" in groups.stdout,
               "andrewbrown has got the message of the first steps")
    finally:
        psql("SELECT cruddur_drop_table('cruddur-messages')")
        in_cluster(REMOVE)


tap.run(test)
