#!/usr/bin/python3
"""
README.md's SQL, block after block as psql runs it, in an empty database: what
a reader copies works, and its first example shows what it says. Only the
endpoints and the table are others: a table of that name may be somebody's.
Then its tables of functions and settings are those of the catalogs.
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
# Not for users to call: what the wrapper and the view are made of.
FUNCTIONS = """
    SELECT format('%s(%s)', proname, (
        SELECT string_agg(name || coalesce(' = ' || split_part(
                pg_get_function_arg_default(p.oid, n::int), '::', 1), ''),
            ', ' ORDER BY n)
        FROM unnest(proargnames[1:pronargs]) WITH ORDINALITY AS a (name, n)))
    FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass
        AND d.objid = p.oid AND d.deptype = 'e'
    WHERE proname ~ '^cruddur_(?!ddb_(fdw_|stats_rows))'"""
RELATIONS = """
    SELECT relname FROM pg_class c JOIN pg_depend d
        ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.deptype = 'e' WHERE relkind IN ('r', 'v')"""
# What the table says of settings that are empty.
NO_VALUE = ("empty", "the first superuser")
SETTINGS = """
    LOAD 'cruddur_ddb';
    SELECT format('%s %s', name, boot_val) FROM pg_settings
    WHERE name LIKE 'cruddur%'"""
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


def rows(text, pattern):
    """What the pattern finds in each row of a table."""
    return sorted(found for row in re.findall(r"^\| (`.*) \|$", text, re.M)
                  for found in re.findall(pattern, row))


def catalog(query):
    return sorted(lines(psql("\\pset tuples_only on\n\\pset format unaligned\n"
                             + query).stdout))


def compare(text):
    functions = text.partition("\n## Functions\n")[2].partition("\n## ")[0]
    told = rows(functions, r"`(cruddur_\w+\(.*?\))`(?=.* \|)")
    tap.equal(told, [re.sub(r"(-\w+){4}'", "-...'", function)
                     for function in catalog(FUNCTIONS)],
              "the functions are in their table, as they are declared")
    tap.equal([name for name in catalog(RELATIONS) if name not in text], [],
              "the tables and views are named")
    settings = text.partition("\nSettings:\n")[2].partition("\n## ")[0]
    told = [name if default in NO_VALUE else "%s %s" % (name, default)
            for name, default in rows(
                settings, r"^`(cruddur_ddb\.\w+)` \|.*\| `?([^`|]*)`?$")]
    tap.equal(told, catalog(SETTINGS),
              "the settings are in their table, with their defaults")


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
        compare(text)
    finally:
        for table in [TABLE] + re.findall(
                r"CreateTable', '{\"TableName\": \"([\w.-]+)\"", text):
            psql("SELECT cruddur_drop_table('%s')" % table)
        in_cluster(remove)


tap.run(test)
