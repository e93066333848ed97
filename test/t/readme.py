#!/usr/bin/python3
"""
README.md's SQL, block after block as psql runs it, in an empty database: what
a reader copies works, and its first example shows what it says. Only the
endpoints and the table are others: a table of that name may be somebody's.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from userpool import paged, user

DATABASE = "t_readme"
TABLE = "t-readme"
README = os.path.join(os.path.dirname(__file__), "../../README.md")


def in_cluster(statements):
    connection = psycopg2.connect("")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def psql(text):
    return subprocess.run(
        ["psql", "-X", "-q", "-P", "footer=off", "-d", DATABASE,
         "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input=text, encoding="utf-8", stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, PGCLIENTENCODING="UTF8"))


def read(cognito):
    with open(README, encoding="utf-8") as file:
        text = file.read()
    endpoint = "endpoint 'http://localhost:8000'"
    tap.equal(text.count(endpoint), 1, "README names one endpoint")
    text = text.replace(endpoint, "endpoint '%s', table_name '%s'"
                        % (os.environ["DDB_ENDPOINT"], TABLE))
    pool = "user_pool_id 'us-east-1_AbCdEfGhI'"
    tap.equal(text.count(pool), 1, "and one user pool")
    text = text.replace(pool, "%s, ADD cognito_endpoint '%s'"
                        % (pool, cognito.url))
    return text.replace("cruddur-messages", TABLE)


def blocks(text):
    return re.findall(r"^```sql\n(.*?)^```$", text, re.M | re.S)


def removal(text):
    """What takes away what the blocks make outside of the database."""
    return (["DROP DATABASE IF EXISTS %s WITH (FORCE)" % DATABASE]
            + ["DROP ROLE IF EXISTS " + role
               for role in re.findall(r"CREATE ROLE (\w+)", text)])


def example(text):
    """A statement and the lines that it shows."""
    statement, shown = re.search(r"^```\n\w+=> (.*?;)\n(.*?)^```$", text,
                                 re.M | re.S).groups()
    return statement, lines(shown)


def lines(text):
    return [line.rstrip() for line in text.strip("\n").split("\n")]


def test():
    cognito = faults.Faults(faults.closed_port())
    cognito.add(paged([[user("bayko", "sub-of-bayko")]]), times=9)
    text = read(cognito)
    remove = removal(text)
    in_cluster(remove + ["CREATE DATABASE " + DATABASE])
    found = blocks(text)
    tap.ok(len(found) > 5, "README has blocks of SQL")
    try:
        for number, block in enumerate(found, 1):
            ran = psql(block)
            first = block.splitlines()[0]
            if not tap.ok(ran.returncode == 0,
                          "block %d: %s" % (number, first)):
                tap.note(ran.stdout)
        statement, shown = example(text)
        tap.equal(lines(psql(statement).stdout), shown,
                  "the first example shows what it says")
    finally:
        for table in [TABLE] + re.findall(
                r"CreateTable', '{\"TableName\": \"([\w.-]+)\"", text):
            psql("SELECT cruddur_drop_table('%s')" % table)
        in_cluster(remove)


tap.run(test)
