"""
A session that sends random statements: transactions and savepoints, cursors,
prepared statements, settings, roles, PL/pgSQL, and all of the other modules.
"""

import io
import threading
import time

import psycopg2
from psycopg2.extensions import (TRANSACTION_STATUS_INERROR,
                                 TRANSACTION_STATUS_INTRANS)

from oddvalues import ODD_TEXTS, maybe, odd_text, quote
from sqlcalls import Calls
from sqlobjects import Objects
from sqlqueries import Queries

# Settings of PostgreSQL by which other ways are taken.
SETTINGS = {
    "plan_cache_mode": ["force_generic_plan", "force_custom_plan", "auto"],
    "force_parallel_mode": ["on", "regress", "off"],
    "parallel_setup_cost": ["0", "1000"], "parallel_tuple_cost": ["0", "0.1"],
    "min_parallel_table_scan_size": ["0", "8MB"],
    "enable_nestloop": ["on", "on", "off"],
    "enable_hashjoin": ["on", "off"], "enable_mergejoin": ["on", "off"],
    "enable_material": ["on", "off"], "enable_memoize": ["on", "off"],
    "enable_sort": ["on", "off"], "enable_async_append": ["on", "off"],
    "enable_partitionwise_join": ["on", "off"],
    "enable_partitionwise_aggregate": ["on", "off"],
    "enable_seqscan": ["on", "off"], "work_mem": ["64kB", "4MB"],
    "default_transaction_isolation": ["serializable", "repeatable read",
                                      "read committed"],
    "default_transaction_read_only": ["off", "off", "off", "on"],
    "transaction_read_only": ["off", "on"],
    "search_path": ["public", "other, public", "pg_temp, public", "''",
                    "public"],
    "datestyle": ["ISO, DMY", "German", "SQL, MDY", "Postgres"],
    "intervalstyle": ["iso_8601", "sql_standard", "postgres"],
    "timezone": ["UTC", "Asia/Kolkata", "Europe/Paris", "-12"],
    "extra_float_digits": ["-15", "0", "3"],
    "bytea_output": ["escape", "hex"],
    "client_encoding": ["UTF8", "UTF8", "LATIN1", "SQL_ASCII", "EUC_JP"],
    "session_replication_role": ["replica", "origin", "origin"],
    "row_security": ["on", "off"],
    "lock_timeout": ["100", "300"],
    "statement_timeout": ["1", "5", "20", "100", "1000", "3000"],
    "cursor_tuple_fraction": ["0.01", "1"],
    "from_collapse_limit": ["1", "8"], "join_collapse_limit": ["1", "8"],
    "default_statistics_target": ["1", "100"],
    "constraint_exclusion": ["on", "off", "partition"],
    "geqo_threshold": ["2", "12"],
    "client_min_messages": ["debug5", "notice", "error"],
    "check_function_bodies": ["on", "off"], "array_nulls": ["on", "off"],
    "debug_print_plan": ["off"],
}
OWN_SETTINGS = {
    "server": ["cruddur"] * 5 + ["s1", "s2", "nowhere", ""],
    "write_mode": ["transaction", "immediate", "outbox"],
    "full_scan": ["allow", "allow", "warn", "forbid"],
    "max_read_units": ["0", "0", "1", "1000"],
}
ISOLATIONS = ["", "", "", " ISOLATION LEVEL REPEATABLE READ",
              " ISOLATION LEVEL SERIALIZABLE", " READ ONLY",
              " ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE"]
EXPLAIN = ["", "VERBOSE", "ANALYZE", "ANALYZE, VERBOSE", "COSTS OFF, SETTINGS",
           "ANALYZE, BUFFERS, FORMAT JSON", "VERBOSE, FORMAT XML",
           "ANALYZE, FORMAT YAML, TIMING OFF"]
# 1 where PostgreSQL has assertions; all is then some ten times slower.
DISCARD = "debug_discard_caches"


class Session:
    """step() sends one random statement. busy: since when, for what."""

    def __init__(self, name, chance, scene):
        self.name = name
        self.chance = chance
        self.world = None
        self.scene = scene
        self.connection = None
        self.parameters = {}
        self.cursors = []
        self.savepoints = []
        self.busy = None
        self.wanted_end = False
        self.names = 0
        # What it is about, for some statements
        self.focus = None

    def rebuild(self):
        """Another generator for each statement: parameters are its own."""
        self.world = self.scene.world
        foreign = self.world.of_kind("f")
        if foreign and maybe(self.chance, 0.06):
            self.focus = self.chance.choice(foreign).name
        self.queries = Queries(self.chance, self.world, focus=self.focus)
        self.objects = Objects(self.chance, self.scene, self.focus)
        self.calls = Calls(self.chance, self.world, self.queries,
                           self.scene.tables)

    def connect(self):
        self.connection = self.scene.connect()
        self.parameters = {}
        self.cursors = []
        self.wanted_end = False
        self.send("set", "SET cruddur_ddb.write_mode = " + self.chance.choice(
            OWN_SETTINGS["write_mode"]))

    @property
    def in_transaction(self):
        return self.connection and self.connection.info.transaction_status in (
            TRANSACTION_STATUS_INTRANS, TRANSACTION_STATUS_INERROR)

    def step(self):
        if self.connection is None or self.connection.closed:
            self.connect()
        self.rebuild()
        failed = (self.connection.info.transaction_status
                  == TRANSACTION_STATUS_INERROR)
        if failed and maybe(self.chance, 0.95):
            return self.send("transaction", self.chance.choice(
                ["ROLLBACK", "COMMIT"]
                + 2 * ["ROLLBACK TO " + name for name in self.savepoints]))
        if not self.in_transaction:
            self.savepoints = []
        kind, share = zip(*KINDS.items())
        kind = self.chance.choices(kind, share)[0]
        return getattr(self, "do_" + kind)(kind)

    def send(self, kind, text, data=None):
        """One statement, and what became of it, to the setting's account."""
        self.busy = (time.monotonic(), text)
        error, rows = None, None
        try:
            with self.connection.cursor() as cursor:
                if data is not None:
                    cursor.copy_expert(text, io.StringIO(data))
                elif text.startswith("COPY "):
                    cursor.copy_expert(text, io.BytesIO())
                else:
                    cursor.execute(text)
                    rows = cursor.description and cursor.fetchmany(10)
        except (psycopg2.Error, UnicodeError) as caught:
            error = caught
        except (ValueError, ArithmeticError):
            # Python has no such time.
            rows = []
        took = time.monotonic() - self.busy[0]
        self.busy = None
        self.scene.told(self, kind, text, error, took, rows)
        return error

    # Kinds of statements

    def do_query(self, kind):
        self.send(kind, self.queries.select())

    def do_write(self, kind):
        self.send(kind, self.queries.any_write())

    def do_truncate(self, kind):
        self.send(kind, self.queries.truncate())

    def do_call(self, kind):
        self.send(kind, self.calls.statement())

    def do_ddl(self, kind):
        self.send(kind, self.objects.any())

    def do_explain(self, kind):
        text = self.queries.any()
        self.send(kind, "EXPLAIN (%s) %s" % (
            self.chance.choice(EXPLAIN) or "COSTS", text))

    def do_copy(self, kind):
        if maybe(self.chance, 0.5):
            self.send(kind, self.queries.copy_to())
        else:
            self.send(kind, *self.queries.copy_from())

    def do_transaction(self, kind):
        chance = self.chance
        if not self.in_transaction:
            self.send(kind, "BEGIN" + chance.choice(ISOLATIONS))
            return
        text = chance.choice(
            ["COMMIT"] * 3 + ["ROLLBACK", "SAVEPOINT", "SAVEPOINT",
                              "COMMIT AND CHAIN",
                              "SET CONSTRAINTS ALL IMMEDIATE"])
        if maybe(chance, 0.08):
            self.names += 1
            text = "PREPARE TRANSACTION '%s-%d'" % (self.name, self.names)
        if text == "SAVEPOINT":
            self.names += 1
            self.savepoints.append("s%d" % self.names)
            text += " " + self.savepoints[-1]
        elif self.savepoints and maybe(chance, 0.5):
            at = chance.randrange(len(self.savepoints))
            text = "%s %s" % (chance.choice(["RELEASE", "ROLLBACK TO",
                                             "ROLLBACK TO"]),
                              self.savepoints[at])
            del self.savepoints[at + text.startswith("ROLLBACK"):]
        self.send(kind, text)

    def do_prepare(self, kind):
        """PREPARE, and many times EXECUTE."""
        chance = self.chance
        if not self.parameters or maybe(chance, 0.4):
            self.names += 1
            name, parameters = "p%d" % self.names, []
            text = Queries(chance, self.world, parameters,
                           self.focus).any()
            types = ", ".join(self.world.types[p].text for p in parameters)
            if not self.send(kind, "PREPARE %s%s AS %s" % (
                    name, " (%s)" % types if types else "", text)):
                self.parameters[name] = parameters
            return
        name = chance.choice(list(self.parameters))
        for _ in range(chance.choice([1, 2, 7])):
            values = ", ".join(self.queries.make.literal(p)
                               for p in self.parameters[name])
            text = "EXECUTE %s%s" % (name, values and " (%s)" % values)
            if maybe(chance, 0.1):
                text = "EXPLAIN (ANALYZE, VERBOSE) " + text
            if self.send(kind, text):
                break
        if len(self.parameters) > 10 or maybe(chance, 0.1):
            del self.parameters[name]
            self.send(kind, "DEALLOCATE " + name)

    def do_cursor(self, kind):
        chance = self.chance
        if not self.cursors or maybe(chance, 0.3):
            self.names += 1
            name = "c%d" % self.names
            if not self.send(kind, "DECLARE %s %s CURSOR %s FOR %s" % (
                    name, chance.choice(["", "SCROLL", "NO SCROLL", "BINARY"]),
                    chance.choice(["", "", "WITH HOLD"]),
                    self.queries.select())):
                self.cursors.append(name)
            return
        name = chance.choice(self.cursors)
        text = chance.choice([
            "FETCH %s", "FETCH %s", "FETCH 3 FROM %s", "FETCH ALL FROM %s",
            "FETCH BACKWARD 2 FROM %s", "MOVE LAST IN %s", "FETCH FIRST %s",
            "MOVE ABSOLUTE -1 FROM %s", "CLOSE %s", "FETCH 0 FROM %s"]) % name
        if maybe(chance, 0.08) and self.world.of_kind("f"):
            text = "DELETE FROM %s WHERE CURRENT OF %s" % (
                self.queries.relation("f").name, name)
        if self.send(kind, text) or text.startswith("CLOSE"):
            self.cursors.remove(name)

    def do_set(self, kind):
        chance = self.chance
        if maybe(chance, 0.4):
            name, value = self.own_setting()
        else:
            name = chance.choice(list(SETTINGS))
            value = chance.choice(SETTINGS[name])
        if name not in self.scene.settings:
            return
        if maybe(chance, 0.05):
            value = chance.choice(ODD_TEXTS[:-1])
        text = "SET %s%s = %s" % (chance.choice(["", "", "LOCAL "]), name,
                                  value if name == "search_path" and value
                                  and "\0" not in value and value.isascii()
                                  and value[0].isalpha() else quote(value))
        if maybe(chance, 0.2):
            text = "SELECT set_config(%s, %s, %s)" % (
                quote(name), quote(value), chance.choice(["true", "false"]))
        if maybe(chance, 0.15):
            text = chance.choice(["RESET ALL", "RESET " + name,
                                  "DISCARD ALL", "DISCARD PLANS"])
        self.send(kind, text)
        if text in ("RESET ALL", "DISCARD ALL"):
            self.parameters, self.cursors = {}, []

    def own_setting(self):
        """One of the extension's, whatever there is."""
        chance = self.chance
        name = chance.choice([name for name in self.scene.settings
                              if name.startswith("cruddur_ddb.")])
        words = OWN_SETTINGS.get(name.partition(".")[2], ["on", "off", "1"])
        return name, chance.choice(words)

    def do_role(self, kind):
        self.send(kind, self.chance.choice(
            ["SET ROLE app", "SET SESSION AUTHORIZATION app", "RESET ROLE",
             "RESET SESSION AUTHORIZATION", "RESET SESSION AUTHORIZATION",
             "SET LOCAL ROLE app", "SET ROLE nobody"]))

    def do_block(self, kind):
        """PL/pgSQL: caught errors, loops over cursors, dynamic SQL."""
        chance = self.chance
        body = []
        for _ in range(chance.randint(1, 3)):
            text = chance.choice([self.queries.any, self.calls.statement,
                                  self.objects.any])()
            run = "EXECUTE %s;" % quote(text)
            if maybe(chance, 0.3) and text.startswith("SELECT"):
                run = ("FOR r IN EXECUTE %s LOOP n := n + 1; %s END LOOP;" % (
                    quote(text), chance.choice(
                        ["EXIT WHEN n > 1;", "", "COMMIT;", "ROLLBACK;",
                         "PERFORM 1 / (2 - n);"])))
            if maybe(chance, 0.7):
                run = ("BEGIN %s %s EXCEPTION WHEN others THEN %s END;" % (
                    run, chance.choice(["", "RAISE 'x';"]), chance.choice(
                        ["NULL;", "NULL;", "RAISE;", run])))
            body.append(run)
        self.send(kind, "DO $do$ DECLARE r record; n int := 0; BEGIN %s END"
                  " $do$" % " ".join(body).replace("$do$", ""))

    def do_many(self, kind):
        """Several statements in one message: an implicit transaction."""
        self.send(kind, "; ".join(
            self.chance.choice([self.queries.any, self.objects.any,
                                self.calls.statement])()
            for _ in range(self.chance.randint(2, 3))))

    def do_notify(self, kind):
        self.send(kind, self.chance.choice(
            ["LISTEN cruddur_messages", "UNLISTEN *",
             "BEGIN; DROP EXTENSION cruddur_ddb CASCADE;"
             " SELECT count(*) FROM pg_proc; ROLLBACK",
             "NOTIFY cruddur_messages, 'x'", "CHECKPOINT",
             "SELECT * FROM cruddur_stream_status",
             "DELETE FROM cruddur_outbox", "SELECT * FROM cruddur_outbox",
             "UPDATE cruddur_outbox SET writes = '%s'" % odd_text(
                 self.chance)[:40].replace("'", "").replace("\\", ""),
             "UPDATE cruddur_outbox SET next_attempt_at = now(),"
             " state = 'waiting'",
             "UPDATE cruddur_stream_shards SET position = %s" % quote(
                 self.chance.choice(["0", "1e30", "-1", "NaN", "1.5"])),
             "DELETE FROM cruddur_stream_shards"]))

    def do_prepared_transaction(self, kind):
        """The end of one that any session has prepared."""
        with self.connection.cursor() as cursor:
            try:
                cursor.execute("SELECT gid FROM pg_prepared_xacts")
                names = [row[0] for row in cursor.fetchall()]
            except psycopg2.Error:
                return
        if names:
            self.send(kind, "%s PREPARED %s" % (
                self.chance.choice(["COMMIT", "ROLLBACK"]),
                quote(self.chance.choice(names))))

    def do_cancel(self, kind):
        """A statement that is cancelled from outside, or whose session is."""
        chance = self.chance
        text = chance.choice([self.queries.any, self.calls.statement])()
        connection = self.connection
        ends = maybe(chance, 0.15)
        timer = threading.Timer(chance.choice([0, 0.002, 0.01, 0.05]),
                                self.scene.interrupt,
                                (connection.info.backend_pid, ends))
        self.wanted_end |= ends
        timer.start()
        self.send(kind, text)
        timer.join()

    def do_leave(self, _):
        """End the session as it is, whatever is open."""
        self.connection.close()

    def do_discard(self, kind):
        """Some statements with caches that forget all at once."""
        if self.send(kind, "SET %s = 1" % DISCARD):
            return
        for _ in range(self.chance.randint(1, 3)):
            text = self.chance.choice(
                [self.queries.any, self.calls.statement, self.objects.any])()
            if self.send(kind, text) and self.connection is None:
                return
        self.send("transaction", "SET %s = 0" % DISCARD)


# How often.
KINDS = {"query": 16, "write": 22, "call": 14, "ddl": 12, "explain": 6,
         "copy": 4, "transaction": 14, "prepare": 6, "cursor": 6, "set": 5,
         "role": 1, "block": 6, "many": 2, "truncate": 0.5, "notify": 1.5,
         "prepared_transaction": 1, "cancel": 3, "leave": 0.5,
         "discard": 0.5}
