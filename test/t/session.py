#!/usr/bin/python3
"""
What another session does to servers, user mappings, privileges and users
reaches a session that has its connections open.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import USERS, Bed, key_at
from keys import SECRETS

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
GROUPS = "SELECT * FROM cruddur_list_message_groups('bayko')"
# Nobody listens on this port.
DEAD = "http://127.0.0.1:1"
ROLE = "t_session_role"


class Pair:
    """A session that asks, and the bed's own, which changes things."""

    def __init__(self, bed):
        self.bed = bed
        self.asker = bed.connect()

    def works(self, name):
        try:
            rows = self.bed.query(GROUPS, on=self.asker)
            tap.equal(len(rows), 1, name)
        except psycopg2.Error as error:
            tap.ok(False, name)
            tap.note(error)

    def fails(self, sqlstate, name, constraint=None):
        tap.fails(lambda: self.bed.query(GROUPS, on=self.asker), sqlstate,
                  name, constraint)

    def change(self, *statements):
        for statement in statements:
            self.bed.query(statement)


def server(pair):
    endpoint = pair.bed.options["endpoint"]
    pair.works("a session asks")
    pair.bed.set_options(endpoint=DEAD)
    pair.fails("08001", "ALTER SERVER in another session")
    pair.bed.set_options(endpoint=endpoint)
    pair.works("and back")
    pair.change("ALTER SERVER cruddur RENAME TO renamed")
    pair.fails("42704", "the server has another name")
    pair.change("ALTER SERVER renamed RENAME TO cruddur")
    pair.works("its own name again")


def within_transaction(pair):
    """Nothing before it is committed, and then the next transaction."""
    endpoint = pair.bed.options["endpoint"]
    pair.bed.query("BEGIN", on=pair.asker)
    pair.works("a session asks in a transaction")
    pair.change("BEGIN")
    pair.bed.set_options(endpoint=DEAD)
    pair.works("an alteration that is not committed has no effect")
    pair.change("COMMIT")
    pair.bed.query("COMMIT", on=pair.asker)
    pair.fails("08001", "committed, it has one on the next transaction")
    pair.bed.set_options(endpoint=endpoint)
    pair.works("and back")


def mapping(pair):
    keys = "(access_key_id 'local', secret_access_key '%s')" % SECRETS["local"]
    drop = "DROP USER MAPPING FOR CURRENT_USER SERVER cruddur"
    pair.change(drop)
    pair.fails("42704", "DROP USER MAPPING in another session")
    pair.change("CREATE USER MAPPING FOR PUBLIC SERVER cruddur OPTIONS "
                + keys)
    pair.works("a mapping for PUBLIC in another session")
    pair.change("CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur")
    pair.fails("28000", "an own mapping without keys goes before it")
    pair.change(drop, "DROP USER MAPPING FOR PUBLIC SERVER cruddur",
                "CREATE USER MAPPING FOR CURRENT_USER SERVER cruddur OPTIONS "
                + keys)
    pair.works("an own mapping with keys")


def privileges(pair):
    pair.change("DROP ROLE IF EXISTS " + ROLE, "CREATE ROLE " + ROLE,
                "GRANT SELECT ON users TO " + ROLE,
                "GRANT EXECUTE ON FUNCTION cruddur_list_message_groups"
                " TO " + ROLE, "GRANT USAGE ON FOREIGN SERVER cruddur TO "
                + ROLE, "CREATE USER MAPPING FOR " + ROLE + " SERVER cruddur"
                " OPTIONS (access_key_id 'local', secret_access_key '%s')"
                % SECRETS["local"])
    pair.bed.query("SET ROLE " + ROLE, on=pair.asker)
    pair.works("a role asks")
    for what in ("USAGE ON FOREIGN SERVER cruddur", "SELECT ON users",
                 "EXECUTE ON FUNCTION cruddur_list_message_groups"):
        pair.change("REVOKE %s FROM %s" % (what, ROLE))
        pair.fails("42501", "REVOKE %s in another session" % what)
        pair.change("GRANT %s TO %s" % (what, ROLE))
        pair.works("granted again")
    pair.change("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    pair.fails("P0002", "row-level security in another session",
               "user_not_found")
    pair.change("ALTER TABLE users DISABLE ROW LEVEL SECURITY")
    pair.works("and off again")
    pair.bed.query("RESET ROLE", on=pair.asker)


def connections(pair):
    """New ones after an alteration, and those are kept then."""
    endpoint = pair.bed.options["endpoint"]
    with faults.Faults(endpoint) as watched:
        pair.bed.set_options(endpoint=watched.url)
        # It holds on to what was there before the alteration.
        pair.bed.query("BEGIN", on=pair.asker)
        pair.bed.query("DECLARE c CURSOR FOR SELECT cruddur_scan()",
                       on=pair.asker)
        pair.bed.query("FETCH 1 FROM c", on=pair.asker)
        tap.equal(watched.connections, 1, "a cursor has made a connection")
        pair.change("ALTER SERVER cruddur OPTIONS (ADD max_attempts '3')")
        for _ in range(3):
            pair.works("a session asks while the cursor is open")
        tap.equal(watched.connections, 2, "all over one new connection")
        pair.bed.query("COMMIT", on=pair.asker)
    pair.bed.set_options(endpoint=endpoint)


def users(pair):
    pair.change("ALTER TABLE users RENAME TO members")
    pair.fails("42P01", "the users relation has another name")
    pair.bed.set_options(users_table="public.members")
    pair.works("and the server names it")
    pair.change("UPDATE members SET handle = 'andrew' WHERE handle = 'bayko'")
    pair.fails("P0002", "the user has another handle", "user_not_found")
    row = pair.bed.query("SELECT * FROM cruddur_user_short('andrew')",
                         on=pair.asker)[0]
    tap.equal((str(row.uuid), row.display_name), USERS["bayko"][:2],
              "and is found by it")


def test():
    with Bed("session") as bed:
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(1))
        pair = Pair(bed)
        try:
            server(pair)
            within_transaction(pair)
            mapping(pair)
            privileges(pair)
            connections(pair)
            users(pair)
        finally:
            bed.query("DROP OWNED BY " + ROLE)
            bed.query("DROP USER MAPPING IF EXISTS FOR " + ROLE
                      + " SERVER cruddur")
            bed.query("DROP ROLE " + ROLE)


tap.run(test)
