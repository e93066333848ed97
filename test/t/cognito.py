#!/usr/bin/python3
"""
Users of a Cognito user pool: listed, and their ids written to the users
relation. Against cognito-local, every request checked for its signature, and
against pages as Cognito itself makes them.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import faults
import tap
from bed import USERS, Bed
from userpool import CognitoLocal, paged, user

LIST = "SELECT * FROM cruddur_cognito_list_users()"
UPDATE = "SELECT * FROM cruddur_update_cognito_user_ids()"
STORED = "SELECT handle, cognito_user_id FROM users ORDER BY handle"
ORIGINAL = {handle: user[2] for handle, user in USERS.items()}
POOL = "us-east-1_ours"


def listed(bed, on=None):
    return [tuple(row) for row in bed.query(LIST, on=on)]


def updated(bed, on=None):
    return {row.handle: row.cognito_user_id
            for row in bed.query(UPDATE, on=on)}


def stored(bed):
    return {row.handle: row.cognito_user_id for row in bed.query(STORED)}


def restore(bed):
    for handle, sub in ORIGINAL.items():
        bed.query("UPDATE users SET cognito_user_id = %s WHERE handle = %s",
                  sub, handle)


def notices(bed):
    said = [line for text in bed.main.notices for line in text.splitlines()
            if line.strip()]
    bed.main.notices.clear()
    return said


def fill_pool(cognito, pool):
    """130 users, four of them ours, some with less than others; handle: sub."""
    subs = {}
    for handle in USERS:
        subs[handle] = cognito.create_user(
            pool, "user-" + handle, preferred_username=handle,
            email=handle + "@example.com")
    for i in range(100):
        handle = "häns \"%d\"" % i
        subs[handle] = cognito.create_user(
            pool, "extra-%d" % i, preferred_username=handle)
    for i in range(26):
        cognito.create_user(pool, "nameless-%d" % i, email="n@example.com")
    return subs


def real_pool(bed):
    """Everything against cognito-local."""
    with CognitoLocal() as cognito:
        pool = cognito.create_pool("cruddur")
        subs = fill_pool(cognito, pool)
        bed.set_options(cognito_endpoint=cognito.url, user_pool_id=pool)
        notices(bed)
        rows = listed(bed)
        tap.equal(sorted(rows), sorted(subs.items()),
                  "every user with a handle is listed with sub")
        tap.equal(notices(bed), ["NOTICE:  skipped 26 users of the pool"
                                 " without preferred_username"],
                  "and those without one are counted")
        tap.equal(updated(bed), {h: subs[h] for h in USERS},
                  "the update tells what it changed")
        tap.equal(stored(bed), {h: subs[h] for h in USERS},
                  "and that is what is stored")
        tap.equal(updated(bed), {}, "a second update has nothing to do")
        tap.equal(bed.query("SELECT cruddur_handle(%s) AS handle",
                            subs["bayko"])[0].handle, "bayko",
                  "a sub leads to the handle")
        tap.equal(bed.query("SELECT count(*) AS n FROM"
                            " cruddur_cognito_list_users() c JOIN users u"
                            " USING (handle, cognito_user_id)")[0].n,
                  len(USERS), "the list joins with the users")
        bed.set_options(user_pool_id="us-east-1_gone")
        error = tap.fails(lambda: listed(bed), "HV00R", "no such pool")
        tap.ok(error and "user_pool_id" in error.diag.message_hint,
               "the hint names the option")
        tap.ok(cognito.report["accepted"] >= 5, "all requests are signed")
        tap.equal(cognito.report["reasons"], [], "and rightly")
    restore(bed)


def refused_keys(bed, server):
    """What AWS says of keys that it does not know or does not let in."""
    for exception, sqlstate, hint in (
            ("UnrecognizedClientException", "28000", "access_key_id"),
            ("AccessDeniedException", "42501", "IAM policy"),
            ("NotAuthorizedException", "42501", "IAM policy"),
            ("InvalidParameterException", "22023", "user_pool_id"),
            ("TooManyRequestsException", "53000", "max_attempts")):
        server.clear()
        server.add(faults.refused(exception), times=9)
        error = tap.fails(lambda: listed(bed), sqlstate, exception)
        tap.ok(error and hint in error.diag.message_hint
               and exception in error.diag.message_detail,
               "says what it is and what to do")


def damaged(bed, server):
    """Answers that are none."""
    for body in (b"{}", b"<html>", {"Users": [{"Attributes": []}]}):
        server.clear()
        server.add(faults.answered(200, body), times=9)
        error = tap.fails(lambda: listed(bed), "08P01", "an answer that is"
                          " none: %r" % (body,))
        tap.ok(error and "cognito_endpoint" in error.diag.message_hint,
               "the hint names the option")
    server.clear()
    server.add(faults.answered(200, {"Users": [], "PaginationToken": "x"}),
               times=9)
    tap.fails(lambda: listed(bed), "08P01",
              "a page that leads to itself does not go on for ever")
    tap.equal(len(server.seen()), 2, "it is asked for twice")
    server.clear()
    server.add(faults.answered(500, {"__type": "InternalErrorException"}))
    server.add(paged([[user("bayko", "1")]]))
    tap.equal(listed(bed), [("bayko", "1")], "a failure is tried again")


def pages_of_users():
    """Empty pages, users without attributes, and full ones behind them."""
    nameless = dict(user(None, "n"), Attributes=[])
    first = [user("page0-%d" % i, "sub0-%d" % i) for i in range(60)]
    last = [user("bayko", "sub-bayko", email=None), nameless,
            user("", "sub-empty"), user(None, "sub-none"),
            user("londo", None)]
    return [[], first, [], [], last, []]


def paging(bed, server):
    pages = pages_of_users()
    server.clear()
    server.add(paged(pages), times=10**6)
    expected = [("page0-%d" % i, "sub0-%d" % i) for i in range(60)]
    expected += [("bayko", "sub-bayko"), ("londo", "name-of-londo")]
    notices(bed)
    tap.equal(listed(bed), expected, "every page is read, empty ones too")
    tap.equal(notices(bed), ["NOTICE:  skipped 3 users of the pool"
                             " without preferred_username"],
              "users without a handle are counted over all pages")
    tap.equal(len(server.seen("ListUsers")), len(pages), "each page once")
    tap.equal([request.json()["UserPoolId"] for request in server.seen()],
              [POOL] * len(pages), "each of the pool")
    tap.equal([request for request in server.seen()
               if "AttributesToGet" in request.json()], [],
              "attributes that users may lack are not named")

    server.clear()
    server.add(paged(pages), times=10**6)
    tap.equal(bed.query("SELECT (cruddur_cognito_list_users()).handle"
                        " LIMIT 3")[2].handle, "page0-2", "LIMIT")
    tap.equal(len(server.seen()), 2, "with LIMIT no page is read in vain")
    tap.equal(updated(bed), {"bayko": "sub-bayko", "londo": "name-of-londo"},
              "the update follows pages, too")
    restore(bed)


def ambiguous(bed, server):
    """Handles that several users of the pool have."""
    server.clear()
    server.add(paged([
        [user("bayko", "sub-1"), user("londo", "sub-3"),
         user("andrewbrown", "sub-4"), user("ANDREWBROWN", "sub-6")],
        [user("bayko", "sub-2"), user("londo", "sub-3"),
         user("strange", "sub-5"), user("strange", "sub-7")]]),
        times=10**6)
    notices(bed)
    tap.equal(updated(bed), {"londo": "sub-3", "andrewbrown": "sub-4"},
              "a handle that two users have is left alone, a user who comes"
              " twice is one")
    tap.equal(notices(bed)[:2],
              ["WARNING:  left 2 handles alone that several users of the pool"
               " have", 'DETAIL:  "bayko", "strange"'], "a warning names it")
    tap.equal(stored(bed)["bayko"], ORIGINAL["bayko"], "as it was")
    tap.equal(len(listed(bed)), 8, "the list has them all")
    # A collation for which bayko and BAYKO are one does not change that.
    bed.query("CREATE COLLATION loose (provider = icu, deterministic = false,"
              " locale = 'und-u-ks-level2')")
    bed.query("ALTER TABLE users ALTER handle TYPE text COLLATE loose,"
              " ALTER cognito_user_id TYPE varchar COLLATE loose")
    restore(bed)
    tap.equal(updated(bed), {"londo": "sub-3", "andrewbrown": "sub-4"},
              "handles are compared byte by byte")
    bed.query("ALTER TABLE users ALTER handle TYPE text COLLATE \"default\","
              " ALTER cognito_user_id TYPE text COLLATE \"default\"")
    restore(bed)


def large_pool(bed, server):
    """More users than work_mem holds; memory and requests stay few."""
    count = 30000
    pages = [[user("bulk-%d" % (page * 60 + i), "sub-%d" % (page * 60 + i))
              for i in range(60)] for page in range(count // 60)]
    bed.query("INSERT INTO users SELECT gen_random_uuid(), 'x',"
              " 'bulk-' || i, 'x', 'none' FROM generate_series(0, 29999) i")
    bed.query("SET work_mem = '64kB'")
    server.clear()
    server.add(paged(pages), times=10**6)
    tap.equal(bed.query("SELECT count(*) AS n, min(cognito_user_id)"
                        " AS least FROM cruddur_update_cognito_user_ids()"),
              [(count, "sub-0")], "a pool that does not fit in memory")
    tap.equal(bed.query("SELECT count(*) AS n FROM users WHERE"
                        " replace(handle, 'bulk', 'sub') = cognito_user_id"
                        )[0].n, count, "each user has the right id")
    bed.query("RESET work_mem")
    bed.query("DELETE FROM users WHERE handle LIKE 'bulk-%%'")


def rights(bed, server):
    """As whom, and where nothing is written."""
    server.clear()
    server.add(paged([[user("bayko", "sub-1"), user("londo", "sub-2")]]),
               times=10**6)
    bed.query("DROP ROLE IF EXISTS t_cognito_app")
    bed.query("CREATE ROLE t_cognito_app")
    bed.query("GRANT EXECUTE ON FUNCTION cruddur_update_cognito_user_ids()"
              " TO t_cognito_app")
    bed.query("GRANT USAGE ON FOREIGN SERVER cruddur TO t_cognito_app")
    bed.query("CREATE USER MAPPING FOR t_cognito_app SERVER cruddur OPTIONS"
              " (access_key_id 'local', secret_access_key 'local')")
    app = bed.connect()
    bed.query("SET ROLE t_cognito_app", on=app)
    tap.fails(lambda: updated(bed, on=app), "42501",
              "needs rights on the users relation")
    bed.query("GRANT SELECT, UPDATE (cognito_user_id) ON users"
              " TO t_cognito_app")
    bed.query("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    bed.query("CREATE POLICY mine ON users USING (handle = 'londo')")
    tap.equal(updated(bed, on=app), {"londo": "sub-2"},
              "row-level security holds")
    tap.fails(lambda: listed(bed, on=app), "42501",
              "the other function is another right")
    bed.query("ALTER TABLE users DISABLE ROW LEVEL SECURITY")
    bed.query("DROP POLICY mine ON users")
    server.clear()
    bed.query("BEGIN READ ONLY")
    tap.fails(lambda: updated(bed), "25006", "nothing in READ ONLY")
    bed.query("ROLLBACK")
    tap.equal(server.seen(), [], "and nothing is asked")
    bed.query("BEGIN READ ONLY")
    server.add(paged([[user("bayko", "sub-1")]]))
    tap.equal(listed(bed), [("bayko", "sub-1")], "the list is for reading")
    bed.query("COMMIT")
    bed.query("DROP OWNED BY t_cognito_app")
    bed.query("DROP ROLE t_cognito_app")
    restore(bed)


def hostile(bed, server):
    """Names in a schema that comes first do not lead the update astray."""
    server.clear()
    server.add(paged([[user("bayko", "sub-1")]]), times=10**6)
    bed.query("CREATE SCHEMA hostile")
    bed.query("CREATE FUNCTION hostile.always(text, text) RETURNS boolean"
              " LANGUAGE sql RETURN true")
    bed.query("CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text,"
              " FUNCTION = hostile.always)")
    bed.query("CREATE TABLE hostile.cruddur_ddb_pool_users AS SELECT"
              " 'londo' AS handle, 'mallory' AS id")
    bed.query("CREATE FUNCTION hostile.min(text) RETURNS text LANGUAGE sql"
              " RETURN 'mallory'")
    bed.query("SET search_path = hostile, pg_catalog, public")
    tap.equal(updated(bed), {"bayko": "sub-1"}, "search_path has no say")
    bed.query("RESET search_path")
    bed.query("DROP SCHEMA hostile CASCADE")
    restore(bed)


def nowhere(bed):
    """Settings that lead nowhere."""
    bed.query("ALTER SERVER cruddur OPTIONS (DROP user_pool_id)")
    for call in (LIST, UPDATE):
        error = tap.fails(lambda: bed.query(call), "HV000", "no pool is named")
        tap.ok(error and "user_pool_id" in error.diag.message_hint
               and "AWS_USER_POOLS_ID" in error.diag.message_hint,
               "the hint says how to name one")
    bed.query("ALTER SERVER cruddur OPTIONS (ADD user_pool_id %s)", POOL)
    bed.set_options(cognito_endpoint=faults.closed_port())
    error = tap.fails(lambda: listed(bed), "08001", "nobody is there")
    tap.ok(error and "Cognito" in error.diag.message_primary
           and "cognito_endpoint" in error.diag.message_hint,
           "the error speaks of Cognito")


def test():
    with Bed("cognito") as bed, faults.Faults(faults.closed_port()) as server:
        real_pool(bed)
        bed.set_options(cognito_endpoint=server.url, user_pool_id=POOL)
        paging(bed, server)
        ambiguous(bed, server)
        large_pool(bed, server)
        rights(bed, server)
        hostile(bed, server)
        refused_keys(bed, server)
        damaged(bed, server)
        nowhere(bed)


tap.run(test)
