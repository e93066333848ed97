#!/usr/bin/python3
"""
What someone who is no superuser cannot reach: link-local addresses, however
they are written or named, and settings that a superuser has made for them or
that they have made for themselves. More of this is in test/sql/rights.sql.
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import tap
from bed import Bed
from ownstack import OwnStack, compile_shim
from userpool import paged, user

GUEST = "rights_guest"
ROLES = (GUEST, "rights_app")
# By number, and by the names that lib/names.c knows.
FORBIDDEN = ["169.254.169.254", "169.254.170.2", "[fe80::1]",
             "[fd00:ec2::254]", "[::ffff:169.254.169.254]",
             "[::ffff:a9fe:a9fe]",
             "v4.named.test", "container.named.test", "mapped.named.test",
             "link.named.test", "v6.named.test"]
# Other ways to write numbers; nobody writes them for want of a better one.
NO_HOSTS = ["0251.0376.0251.0376", "2852039166", "0xa9fea9fe", "169.16689662"]


def session_of(bed, role):
    connection = psycopg2.connect(dbname=bed.dbname, user=role)
    connection.autocommit = True
    bed.opened.append(connection)
    return connection


def make_roles(bed):
    bed.query("CREATE ROLE %s LOGIN; CREATE ROLE %s" % ROLES)
    bed.query("GRANT USAGE ON FOREIGN DATA WRAPPER cruddur_ddb TO " + GUEST)
    bed.query("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO " + GUEST)
    bed.query("GRANT CREATE ON SCHEMA public TO " + GUEST)
    guest = session_of(bed, GUEST)
    bed.query("CREATE SERVER guests FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (endpoint %s, region 'us-east-1')", bed.options["endpoint"],
              on=guest)
    bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER guests OPTIONS"
              " (access_key_id 'local', secret_access_key 'local')", on=guest)
    bed.query("SET cruddur_ddb.server = 'guests'", on=guest)
    return guest


def refused(bed, guest, url, message, hint):
    bed.query("ALTER SERVER guests OPTIONS (SET endpoint %s)", url, on=guest)
    bed.query("SELECT cruddur_ddb_stats_reset()", on=guest)
    error = tap.fails(
        lambda: bed.query("SELECT cruddur_list_tables()", on=guest),
        "08001", "refused: " + url)
    if error:
        tap.ok(message in error.diag.message_primary
               and hint in error.diag.message_hint,
               "%s: message and hint" % url)
        if not message in error.diag.message_primary:
            tap.note(error)
    requests = bed.query("SELECT attempts FROM cruddur_ddb_stats", on=guest)
    tap.equal([row.attempts for row in requests], [1],
              "%s: tried once" % url)


def addresses(bed, guest):
    tap.ok(bed.query("SELECT count(*) AS n FROM cruddur_list_tables()",
                     on=guest)[0].n > 0, "the guest's server works")
    for host in FORBIDDEN:
        refused(bed, guest, "https://" + host, "its address is not allowed",
                "metadata")
    for host in NO_HOSTS:
        tap.fails(lambda: bed.query("ALTER SERVER guests OPTIONS (SET endpoint"
                                    " %s)", "https://" + host, on=guest),
                  "HV024", "refused: " + host)
    # A name of one's own that only claims to be a loopback name.
    port = bed.options["endpoint"].rsplit(":", 1)[1]
    bed.query("ALTER SERVER guests OPTIONS (SET endpoint"
              " 'http://localhost:%s')" % port, on=guest)
    tap.ok(bed.query("SELECT count(*) AS n FROM cruddur_list_tables()",
                     on=guest)[0].n > 0, "plain http to localhost works")
    # What a superuser allowed is plain http, not a metadata service.
    bed.query("ALTER SERVER guests OPTIONS (ADD allow_http 'true',"
              " SET endpoint 'http://127.0.0.1:%s')" % port)
    for host in ("169.254.169.254", "v4.named.test", "mapped.named.test"):
        bed.query("ALTER SERVER guests OPTIONS (SET endpoint %s)",
                  "http://" + host)
        error = tap.fails(
            lambda: bed.query("SELECT cruddur_list_tables()", on=guest),
            "08001", "refused with allow_http: " + host)
        tap.ok(error and "not allowed" in error.diag.message_primary,
               host + ": message")
    bed.query("ALTER SERVER guests OPTIONS (DROP allow_http,"
              " SET endpoint 'http://127.0.0.1:%s')" % port)


def limits(bed):
    """A superuser's, set before the library is in the session."""
    for setting in ("full_scan = 'forbid'", "max_read_units = 10",
                    "log_requests = on"):
        bed.query("ALTER ROLE %s SET cruddur_ddb.%s" % (GUEST, setting))
    guest = session_of(bed, GUEST)
    for setting in ("full_scan = 'allow'", "max_read_units = 0",
                    "log_requests = off"):
        bed.query("SET cruddur_ddb." + setting, on=guest)
    bed.query("SELECT * FROM cruddur_ddb_connections()", on=guest)
    tap.equal([bed.query("SHOW cruddur_ddb." + name, on=guest)[0][0]
               for name in ("full_scan", "max_read_units", "log_requests")],
              ["forbid", "10", "on"], "limits hold that a superuser has set")
    tap.equal(sum("permission denied to set parameter" in notice
                  for notice in guest.notices), 3, "and it is told")
    for change in ("ALTER ROLE %s RESET cruddur_ddb.full_scan" % GUEST,
                   "ALTER ROLE %s SET cruddur_ddb.full_scan = allow" % GUEST,
                   "ALTER SYSTEM SET cruddur_ddb.max_read_units = 0",
                   "RESET cruddur_ddb.max_read_units"):
        tap.fails(lambda: bed.query(change, on=guest), "42501",
                  "refused: " + change)
    bed.query("RESET ALL", on=guest)
    tap.equal(bed.query("SHOW cruddur_ddb.full_scan", on=guest)[0][0],
              "forbid", "RESET ALL leads back to the limit")


def own_default(bed):
    """A server that the role's own settings name, in a definer's function."""
    bed.query("CREATE FUNCTION public.whose() RETURNS text"
              " LANGUAGE sql SECURITY DEFINER"
              " AS $$SELECT public.cruddur_handle('cognito-bayko')$$;"
              " ALTER FUNCTION public.whose() OWNER TO rights_app;"
              " GRANT SELECT ON public.users TO rights_app;"
              " GRANT USAGE ON FOREIGN SERVER cruddur, guests TO rights_app")
    guest = session_of(bed, GUEST)
    tap.equal(bed.query("SELECT public.whose()", on=guest)[0][0], "bayko",
              "the function works")
    bed.query("ALTER ROLE %s SET cruddur_ddb.server = 'guests'" % GUEST,
              on=guest)
    for how in ("ALTER ROLE", "RESET", "startup option"):
        if how == "startup option":
            guest = psycopg2.connect(
                dbname=bed.dbname, user=GUEST,
                options="-c cruddur_ddb.server=guests")
            guest.autocommit = True
            bed.opened.append(guest)
        elif how == "ALTER ROLE":
            guest = session_of(bed, GUEST)
        else:
            bed.query("RESET cruddur_ddb.server", on=guest)
        error = tap.fails(lambda: bed.query("SELECT public.whose()", on=guest),
                          "42501", "refused: the guest's server, by " + how)
        tap.ok(error and "ALTER FUNCTION" in error.diag.message_hint,
               how + ": hint")
    bed.query("ALTER FUNCTION public.whose() SET cruddur_ddb.server ="
              " 'cruddur'")
    tap.equal(bed.query("SELECT public.whose()", on=session_of(bed, GUEST))[0][0],
              "bayko", "its own choice of a server goes first")


def columns_of_users(bed):
    """
    A column that the users lack is not taken for a function of that name, nor
    an operator of anyone's for PostgreSQL's, where rows are written.
    """
    pool = faults.Faults(faults.closed_port())
    pool.add(paged([[user("bayko", "sub-of-bayko")]]), times=9)
    bed.query("ALTER SERVER cruddur OPTIONS (ADD user_pool_id 'us-east-1_Pool',"
              " ADD cognito_endpoint %s)", pool.url)
    bed.query("CREATE SCHEMA hostile;"
              " CREATE FUNCTION hostile.handle(public.users) RETURNS text"
              " LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile'; END$$;"
              " CREATE FUNCTION hostile.equal(text, text) RETURNS boolean"
              " LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'hostile'; END$$;"
              " CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text,"
              " FUNCTION = hostile.equal);"
              " CREATE TEMP TABLE cruddur_ddb_pool_users (handle text, id text)")
    bed.query("SET search_path = hostile, pg_temp, pg_catalog, public")
    tap.fails(lambda: bed.query("SELECT 'a'::text = 'b'"), "P0001",
              "the search_path is hostile")
    changed = bed.query("SELECT * FROM public.cruddur_update_cognito_user_ids()")
    tap.equal(changed, [("bayko", "sub-of-bayko")],
              "ids are updated in spite of it")
    bed.query("ALTER TABLE public.users RENAME handle TO nick")
    tap.fails(lambda: bed.query(
        "SELECT * FROM public.cruddur_update_cognito_user_ids()"), "42703",
        "a column that is not there is missed")
    bed.query("RESET search_path")


def test():
    with tempfile.TemporaryDirectory(prefix="cruddur_ddb_rights.") as folder:
        env = {"LD_PRELOAD": compile_shim(folder, "names")}
        with OwnStack("rights", server_env=env), Bed("rights") as bed:
            guest = make_roles(bed)
            addresses(bed, guest)
            limits(bed)
            own_default(bed)
            columns_of_users(bed)


tap.run(test)
