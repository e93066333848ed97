#!/usr/bin/python3
"""
Who may sign as whom: roles over a user mapping's own keys are for everybody,
what is of the host is for those to whom a superuser gives it.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import tap
from hostscene import HOST, ROLE_ARN, scene

OWNER, APP = "t_roles_owner", "t_roles_app"


def assumed(here, app):
    """A role over the keys of a user mapping, which anybody may have."""
    host = here.host
    own = {"access_key_id": "local", "secret_access_key": "local"}
    here.map_user(on=app, role_arn=ROLE_ARN, external_id="cruddur:4/2",
                  role_session_name="app@cruddur", **own)
    here.fresh()
    here.call(on=app)
    tap.equal([{name: form.get(name) for name in (
        "Action", "RoleArn", "ExternalId", "RoleSessionName", "signer",
        "region")} for form in host.forms],
        [{"Action": "AssumeRole", "RoleArn": ROLE_ARN,
          "ExternalId": "cruddur:4/2", "RoleSessionName": "app@cruddur",
          "signer": "local", "region": "us-east-1"}],
        "a role is assumed with the keys of the mapping")
    tap.equal(here.signers(), [(host.issued[-1].key, "us-east-1")],
              "and signs")
    here.map_user(on=app, role_arn=ROLE_ARN + "Forbidden", **own)
    error = tap.fails(lambda: here.call(on=app), "28000",
                      "a role that may not be assumed")
    tap.ok(error and "role_arn" in error.diag.message_hint
           and error.diag.message_detail.count("AccessDenied") == 1
           and "Forbidden" in error.diag.message_detail,
           "the error names the role, the fault and the option")

    here.bed.query("CREATE SERVER nowhere FOREIGN DATA WRAPPER cruddur_ddb"
                   " OPTIONS (endpoint %s)", here.bed.options["endpoint"])
    here.map_user("nowhere", role_arn=ROLE_ARN, **own)
    here.bed.query("SET cruddur_ddb.server = 'nowhere'")
    error = tap.fails(here.call, "HV000", "an STS that is nowhere")
    tap.ok(error and "sts_endpoint" in error.diag.message_hint
           and "region" in error.diag.message_detail,
           "the hint names the option")
    here.bed.query("RESET cruddur_ddb.server")


def assumed_by_host(here):
    here.map_user(role_arn=ROLE_ARN, **HOST)
    here.fresh()
    here.call()
    tap.equal(here.host.seen(), ["token", "role", "keys", "AssumeRole"],
              "a role over the host's keys")
    tap.equal(here.host.forms[0]["signer"], here.host.issued[-2].key,
              "it is those that assume it")


def superusers_only(here, app):
    """What is of the host is not for everybody."""
    bed = here.bed
    for name, value in (("credential_source", "host"), ("profile", "app")):
        error = tap.fails(lambda: here.map_user(on=app, **{name: value}),
                          "42501", "option " + name)
        tap.ok(error and "superuser" in error.diag.message_hint,
               "is for superusers, says the hint")
    here.map_user(user=APP, **HOST)
    tap.ok(here.call(on=app), "who has it by a superuser may use it")
    tap.fails(lambda: bed.query(
        "ALTER USER MAPPING FOR CURRENT_USER SERVER cruddur OPTIONS"
        " (ADD role_arn '%s')" % ROLE_ARN, on=app), "42501",
        "but not change it")


def owners(here, app):
    """An owner's word on where requests go is not good for the host's keys."""
    bed = here.bed
    bed.query("ALTER ROLE %s SUPERUSER" % OWNER)
    bed.query("ALTER SERVER cruddur OWNER TO " + OWNER)
    tap.ok(here.call(on=app), "a superuser's server")
    here.host.clear()
    bed.query("ALTER ROLE %s NOSUPERUSER" % OWNER)
    for state in ("who is none any more", "in a new session"):
        error = tap.fails(lambda: here.call(on=app), "42501",
                          "an owner " + state)
        tap.ok(error and '"endpoint"' in error.diag.message_detail
               and "superuser" in error.diag.message_hint,
               "the detail names the option, the hint the way out")
        bed.query("SELECT cruddur_ddb_disconnect()", on=app)
    tap.equal(here.host.seen(), [], "the host is not asked")
    here.map_user(user=APP, access_key_id="local", secret_access_key="local")
    tap.ok(here.call(on=app), "their own keys may be sent there")
    bed.query("ALTER SERVER cruddur OWNER TO CURRENT_USER")


def overrides(here):
    """Any option that says where requests go, whatever is asked."""
    bed = here.bed
    bed.query("CREATE SERVER bare FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (region 'us-east-1')")
    bed.query("GRANT USAGE ON FOREIGN DATA WRAPPER cruddur_ddb TO " + OWNER)
    bed.query("ALTER SERVER bare OWNER TO " + OWNER)
    here.map_user("bare", **HOST)
    here.host.clear()
    bed.query("SET cruddur_ddb.server = 'bare'")
    for option in ("endpoint", "streams_endpoint", "cognito_endpoint",
                   "sts_endpoint"):
        bed.query("ALTER SERVER bare OPTIONS (ADD %s %%s)" % option,
                  here.host.url)
        error = tap.fails(here.call, "42501", "option " + option
                          + " of a server that is not a superuser's")
        tap.ok(error and '"%s"' % option in error.diag.message_detail
               and "ALTER SERVER bare OWNER" in error.diag.message_hint,
               "the detail names it, the hint the way out")
        bed.query("ALTER SERVER bare OPTIONS (DROP %s)" % option)
    tap.equal(here.host.seen(), [], "and nothing was asked of the host")

    # Where the environment sends requests, an owner has no say.
    here.restart(AWS_EC2_METADATA_SERVICE_ENDPOINT=here.host.url,
                 AWS_ENDPOINT_URL_DYNAMODB=bed.options["endpoint"])
    bed.query("SET cruddur_ddb.server = 'bare'")
    tap.ok(here.call(), "a server of anybody may use the host's keys")


def test():
    with scene("roles") as here:
        bed = here.bed
        bed.query("CREATE ROLE " + OWNER)
        bed.query("CREATE ROLE " + APP)
        bed.query("GRANT USAGE ON FOREIGN SERVER cruddur TO " + APP)
        bed.query("GRANT EXECUTE ON FUNCTION"
                  " cruddur_ddb_request(text, jsonb) TO " + APP)
        app = bed.connect()
        bed.query("SET ROLE " + APP, on=app)
        assumed(here, app)
        assumed_by_host(here)
        superusers_only(here, app)
        owners(here, app)
        overrides(here)


tap.run(test)
