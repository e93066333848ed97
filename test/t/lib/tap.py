"""The Test Anything Protocol: results go out as they come, the plan last."""

import sys
import traceback

import psycopg2

_ran = 0
_failed = 0


def note(text):
    """Say something that is no result."""
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def figure(text):
    """Say what was measured: test/check shows it, good or bad."""
    note("figure: " + text)


def ok(condition, name):
    """Count one result; returns whether it was good."""
    global _ran, _failed
    _ran += 1
    if not condition:
        _failed += 1
    print("%s %d - %s" % ("ok" if condition else "not ok", _ran, name),
          flush=True)
    return bool(condition)


def equal(got, want, name):
    """Good if both are equal; shows them if not."""
    if not ok(got == want, name):
        note("got:  %.2000r" % (got,))
        note("want: %.2000r" % (want,))


def fails(run, sqlstate, name, constraint=None):
    """
    Good if run() raises this SQLSTATE (one, or a tuple of those allowed) and,
    where one is given, with this constraint name. Returns the error or None.
    """
    allowed = sqlstate if isinstance(sqlstate, tuple) else (sqlstate,)
    try:
        got = run()
    except psycopg2.Error as error:
        found = (error.pgcode, error.diag.constraint_name)
        good = (error.pgcode in allowed
                and (constraint is None or found[1] == constraint))
        if not ok(good, name):
            note("got:  %r" % (found,))
            note("want: %r" % ((sqlstate, constraint),))
            note(error)
        return error
    ok(False, name)
    note("no error, but %.500r" % (got,))
    return None


def run(test):
    """Run the test, print the plan, and leave with the right status."""
    failed_to_end = False
    try:
        test()
    except BaseException:
        failed_to_end = True
        ok(False, "the test runs to its end")
        note(traceback.format_exc())
    print("1..%d" % _ran, flush=True)
    sys.exit(1 if _failed or failed_to_end else 0)


def skip(reason):
    """The whole test cannot run here."""
    print("1..0 # SKIP " + reason, flush=True)
    sys.exit(0)
