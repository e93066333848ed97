#!/usr/bin/python3
"""
Keys of the host that the server runs on: where they come from, when they are
fetched, and what becomes of requests meanwhile. The host's services are the
test's own.
"""

import contextlib
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import psycopg2

import faults
import hostkeys
import tap
from hostscene import HOST, ROLE_ARN, scene
from keys import EXPIRY, SECRETS, TOKENS, WITNESS
from secretscan import scan_text

# What a look for the host's keys costs: token, role, keys.
IMDS_REQUESTS = 3
BACKENDS = 20
FAILURES = 200
REQUESTS = 1000


def expiring(scene):
    """A backend's thousand requests over keys that live for seconds."""
    bed, host = scene.bed, scene.host
    scene.map_user(**HOST)
    scene.fresh()
    bed.query("SELECT cruddur_ddb_stats_reset()")
    host.life_s = 4
    failed, began = [], time.monotonic()
    for _ in range(REQUESTS):
        try:
            scene.call()
        except psycopg2.Error as error:
            failed.append(str(error))
        time.sleep(0.01)
    lasted = time.monotonic() - began
    tap.equal(failed, [], "no request of %d fails while keys expire"
              % REQUESTS)
    tap.equal(bed.stats("retries"), 0, "or has to be repeated")
    signers = scene.signers()
    tap.figure("%d requests in %.1f s were signed by %d sets of keys, fetched"
               " by %d requests" % (REQUESTS, lasted, len(signers),
                                    len(host.seen())))
    tap.ok(len(signers) >= 3, "they were signed by several sets of keys")
    tap.equal(host.count("keys"), len(signers),
              "each of which was fetched once")
    # Keys serve at least until a third of their life is left.
    tap.ok(len(signers) <= lasted / 1.9 + 2, "not earlier than needed")
    tap.equal((host.count("token"), host.count("role")), (1, len(signers)),
              "by one token of the metadata service")
    host.life_s = 3600


def unused(scene):
    """Nothing is fetched for those who ask nothing."""
    scene.fresh()
    scene.bed.query("SELECT cruddur_handle('cognito-bayko')")
    tap.equal(scene.host.seen(), [], "no keys without a need for them")


def many_backends(scene):
    """All begin in the same moment."""
    bed, host = scene.bed, scene.host
    sessions = [bed.connect() for _ in range(BACKENDS)]
    scene.fresh()
    errors = []

    def run(session):
        try:
            scene.call(on=session)
        except psycopg2.Error as error:
            errors.append(str(error))

    threads = [threading.Thread(target=run, args=(session,))
               for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.equal(errors, [], "%d backends that start at once" % BACKENDS)
    seen = host.seen()
    tap.figure("%d backends that started at once made %d requests to the"
               " metadata service" % (BACKENDS, len(seen)))
    tap.ok(len(seen) <= BACKENDS * IMDS_REQUESTS, "ask no more than they must")
    for session in sessions:
        scene.call(on=session)
        session.close()
    tap.equal(len(host.seen()), len(seen), "and only once")


def sharing(scene):
    """Sessions of a backend that ask for the same keys have the same."""
    bed, host = scene.bed, scene.host
    url = bed.options["endpoint"]
    bed.query("CREATE SERVER other FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
              " (endpoint %s, sts_endpoint %s, region 'us-east-1')",
              url, host.url)
    scene.map_user("other", **HOST)
    scene.fresh()
    scene.call()
    bed.query("SET cruddur_ddb.server = 'other'")
    scene.call()
    bed.query("RESET cruddur_ddb.server")
    tap.equal(host.count("keys"), 1, "two servers share the host's keys")
    bed.set_options(max_attempts="3")
    scene.call()
    tap.equal(host.count("keys"), 1, "which outlive ALTER SERVER")
    bed.query("SELECT cruddur_ddb_disconnect()")
    scene.call()
    tap.equal(host.count("keys"), 2, "but not a disconnect")
    bed.query("DROP SERVER other CASCADE")


def concurrent(scene):
    """Requests that run side by side wait for the same keys."""
    bed, host = scene.bed, scene.host
    scene.fresh()
    host.delay_s = 0.1
    tap.fails(lambda: bed.query("SELECT * FROM cruddur_list_messages('bayko',"
                                " gen_random_uuid())"), "42501",
              "two requests at once", "not_a_member")
    host.delay_s = 0
    tap.equal(host.count("keys"), 1, "have the keys fetched once")


def every_way(scene):
    """Whatever comes first has the keys fetched, and waits for them."""
    bed = scene.bed
    bed.make_foreign("items", "pk text COLLATE \"C\", sk text COLLATE \"C\"",
                     table_name=bed.table)
    ways = [
        ("a foreign scan", "SELECT count(pk) FROM items"),
        ("scans side by side", "SELECT count(pk) FROM (SELECT pk FROM items"
         " UNION ALL SELECT pk FROM items) AS both_of_them"),
        ("a look at the table", "ANALYZE items"),
        ("a write at COMMIT", "SELECT 1 FROM cruddur_create_message_group("
         "'bayko', 'londo', 'hi')"),
        ("an INSERT", "INSERT INTO items VALUES ('a', 'b')"),
        ("an import", "IMPORT FOREIGN SCHEMA dynamodb LIMIT TO"
         " (\"%s\") FROM SERVER cruddur INTO public" % bed.table),
    ]
    for name, statement in ways:
        scene.fresh()
        bed.query(statement)
        tap.equal((scene.host.count("keys"), len(scene.signers())), (1, 1),
                  "first is " + name)
    tap.equal(len(bed.scan()), 4, "what was written is there")
    bed.query("SET cruddur_ddb.write_mode = 'immediate'")
    scene.fresh()
    bed.query("INSERT INTO items SELECT 'i', i::text FROM"
              " generate_series(1, 100) i")
    tap.equal((scene.host.count("keys"), len(bed.scan())), (1, 104),
              "first are many writes")
    bed.query("RESET cruddur_ddb.write_mode")


def thrown_away(scene):
    """Keys that the service does not know any more, before they expire."""
    scene.fresh()
    scene.call()
    before = scene.proxy.report["rejected"]
    EXPIRY[scene.host.issued[-1].key] = 0
    scene.call()
    tap.equal(scene.proxy.report["rejected"] - before, 1,
              "keys that are refused as expired are replaced, once")
    tap.equal(scene.host.count("keys"), 2, "by others")


def troubles(scene):
    """A metadata service that stumbles, and one that has nothing."""
    host = scene.host
    scene.fresh()
    host.fail(1, 503)
    scene.call()
    tap.equal(host.count("keys"), 1, "a metadata service that stumbles")
    scene.fresh()
    host.fail(1, 200, "token")
    host.fail(99, 404)
    error = tap.fails(scene.call, "28000", "an instance without a role")
    tap.ok(error and "metadata" in error.diag.message_hint,
           "the hint says where to look")
    began = time.monotonic()
    asked = len(host.seen())
    for _ in range(50):
        with contextlib.suppress(psycopg2.Error):
            scene.call()
    lasted = time.monotonic() - began
    tap.ok(len(host.seen()) - asked <= (lasted + 1) * 6,
           "it is not asked more than once a second")
    host.clear()
    time.sleep(1.1)
    tap.ok(scene.call(), "when it has a role again, so have we")


def profiles(scene):
    """Profiles of the host's files, with all that they say."""
    bed = scene.bed
    url = bed.options["endpoint"]
    scene.write("credentials", "[app]\naws_access_key_id = %s\n"
                "aws_secret_access_key = %s\naws_session_token = %s\n"
                % (WITNESS, SECRETS[WITNESS], TOKENS[WITNESS]))
    scene.write("config", "[profile app]\nregion = eu-central-1\n"
                "services = here\n[services here]\ndynamodb =\n"
                "  endpoint_url = %s\n[profile web]\nrole_arn = %s\n"
                "web_identity_token_file = %s/web\n[profile chained]\n"
                "role_arn = %s-2\nsource_profile = app\nregion = eu-west-1\n"
                "[profile sso]\nsso_session = x\n"
                % (url, ROLE_ARN, scene.folder, ROLE_ARN))
    bed.query("CREATE SERVER bare FOREIGN DATA WRAPPER cruddur_ddb")
    bed.query("SET cruddur_ddb.server = 'bare'")
    scene.map_user("bare", profile="app")
    scene.fresh()
    scene.call()
    tap.equal(scene.signers(), [(WITNESS, "eu-central-1")],
              "a profile has keys, a region and an endpoint")
    bed.query("RESET cruddur_ddb.server")
    scene.map_user(profile="app")
    scene.call()
    tap.equal(scene.signers(), [(WITNESS, "us-east-1")],
              "the server's options go before it")
    tap.equal(scene.host.seen(), [], "and nothing is asked of the host")

    scene.map_user(profile="chained")
    scene.call()
    issued = scene.host.issued[-1].key
    tap.equal(scene.signers(), [(issued, "us-east-1")],
              "a profile that assumes a role with the keys of another")
    tap.equal([(form["Action"], form["RoleArn"], form["signer"])
               for form in scene.host.forms],
              [("AssumeRole", ROLE_ARN + "-2", WITNESS)], "by STS")

    for name, words in (("sso", "sso"), ("nobody", "nobody")):
        scene.map_user(profile=name)
        error = tap.fails(scene.call, "28000", "no keys in profile " + name)
        tap.ok(error and words in error.diag.message_detail,
               "the detail names it")
    nothing_kept(scene)

    scene.map_user(profile="app")
    scene.write("credentials", "[app]\naws_access_key_id = gone\n"
                "aws_secret_access_key = gone\n")
    scene.fresh()
    tap.fails(scene.call, "28000", "a profile with keys that are no good")
    scene.write("credentials", "[app]\naws_access_key_id = local\n"
                "aws_secret_access_key = local\n")
    tap.ok(scene.call(), "once it has others, these are used")


def lasting_bytes(bed):
    """What the backend keeps until it ends."""
    return bed.query("SELECT used_bytes AS n FROM pg_backend_memory_contexts"
                     " WHERE name = 'TopMemoryContext'")[0].n


def nothing_kept(scene):
    """A profile that is still not there."""
    wrong, before = [], lasting_bytes(scene.bed)
    for _ in range(FAILURES):
        try:
            scene.call()
            wrong.append("no error")
        except psycopg2.Error as error:
            wrong += [] if error.pgcode == "28000" else [str(error)]
    tap.equal(wrong, [], "it fails as often as one tries")
    kept = lasting_bytes(scene.bed) - before
    tap.ok(kept < FAILURES * 16, "and %d failures leave nothing: %d bytes"
           % (FAILURES, kept))


def web_identity(scene):
    """A token that is a file, read anew each time."""
    host = scene.host
    scene.write("web", hostkeys.WEB_TOKEN + "1\n")
    host.life_s = 2
    for how, options in (("a profile", {"profile": "web"}),
                         ("the environment", HOST)):
        if options is HOST:
            scene.restart(AWS_WEB_IDENTITY_TOKEN_FILE=scene.folder + "/web",
                          AWS_ROLE_ARN=ROLE_ARN,
                          AWS_ROLE_SESSION_NAME="host-session")
        scene.map_user(**options)
        scene.fresh()
        scene.write("web", hostkeys.WEB_TOKEN + "1\n")
        scene.call()
        scene.write("web", hostkeys.WEB_TOKEN + "2\n")
        time.sleep(2)
        scene.call()
        tap.equal([(form["Action"], form["RoleArn"], form["WebIdentityToken"])
                   for form in host.forms],
                  [("AssumeRoleWithWebIdentity", ROLE_ARN,
                    hostkeys.WEB_TOKEN + n) for n in "12"],
                  "web identity by " + how)
    tap.equal({form["RoleSessionName"] for form in host.forms},
              {"host-session"}, "with the name that is given")
    host.life_s = 3600
    scene.write("web", "forged")
    scene.fresh()
    error = tap.fails(scene.call, "28000", "a token that STS does not take")
    tap.ok(error and "InvalidIdentityToken" in error.diag.message_detail,
           "the detail has STS's words")


def container(scene):
    """The endpoint of a container, the token out of a file."""
    scene.write("token", hostkeys.CONTAINER_TOKEN)
    scene.restart(AWS_CONTAINER_CREDENTIALS_FULL_URI=scene.host.url
                  + "/container",
                  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=scene.folder
                  + "/token")
    scene.map_user(**HOST)
    scene.fresh()
    scene.call()
    tap.equal((scene.host.seen(), scene.signers()),
              (["container"], [(scene.host.issued[-1].key, "us-east-1")]),
              "a container's keys")
    scene.write("token", "Bearer wrong")
    scene.fresh()
    tap.fails(scene.call, "28000", "a token that it does not take")


def environment(scene):
    """Keys, region, endpoint and user pool out of the environment."""
    bed = scene.bed
    with faults.Faults(faults.closed_port()) as cognito:
        cognito.add(faults.answered(200, {"Users": []}), times=9)
        scene.restart(
            AWS_ACCESS_KEY_ID=WITNESS, AWS_SECRET_ACCESS_KEY=SECRETS[WITNESS],
            AWS_SESSION_TOKEN=TOKENS[WITNESS], AWS_REGION="eu-north-1",
            AWS_ENDPOINT_URL_DYNAMODB=bed.options["endpoint"],
            AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=cognito.url,
            AWS_USER_POOLS_ID="eu-north-1_pool")
        bed.query("SET cruddur_ddb.server = 'bare'")
        scene.map_user("bare", **HOST)
        scene.fresh()
        scene.call()
        tap.equal(scene.signers(), [(WITNESS, "eu-north-1")],
                  "the environment has keys, a region and an endpoint")
        tap.equal(bed.query("SELECT * FROM cruddur_cognito_list_users()"), [],
                  "and that of Cognito")
        tap.equal([request.json()["UserPoolId"]
                   for request in cognito.seen()], ["eu-north-1_pool"],
                  "and a user pool")
        bed.query("RESET cruddur_ddb.server")


def dead(scene):
    """A host whose metadata service does not answer."""
    bed = scene.bed
    full = faults.FullBacklog()
    scene.restart(AWS_EC2_METADATA_SERVICE_ENDPOINT=full.url)
    scene.map_user(**HOST)
    began = time.monotonic()
    error = tap.fails(scene.call, "28000", "nobody is there")
    lasted = time.monotonic() - began
    tap.figure("a metadata service that does not answer: 28000 after %.1f s"
               % lasted)
    tap.ok(lasted < 6, "within its time-outs")
    tap.ok(error and "metadata" in error.diag.message_hint,
           "the hint says where to look")
    time.sleep(1.1)
    bed.query("SET statement_timeout = 400")
    began = time.monotonic()
    tap.fails(scene.call, "57014", "statement_timeout ends the wait")
    lasted = (time.monotonic() - began) * 1000
    tap.ok(400 <= lasted < 500, "in time: %.0f ms" % lasted)
    bed.query("RESET statement_timeout")
    time.sleep(1.1)
    canceller = threading.Timer(0.3, bed.main.cancel)
    canceller.start()
    began = time.monotonic()
    tap.fails(scene.call, "57014", "so does a cancel")
    lasted = (time.monotonic() - began) * 1000
    tap.ok(lasted < 400, "in time: %.0f ms" % lasted)
    full.close()
    scene.map_user(access_key_id="local", secret_access_key="local")
    tap.ok(scene.call(), "static keys do without")
    scene.restart(AWS_EC2_METADATA_DISABLED="true")
    scene.map_user(**HOST)
    error = tap.fails(scene.call, "28000", "no source of keys at all")
    tap.ok(error and error.diag.message_hint, "has a hint")


def secrets_kept(scene):
    """The log of it all."""
    log = "\n".join(scan_text(scene.stack.log()).judged)
    tap.ok("no valid credentials" in log, "the log has the errors")
    found = [text for text in scene.host.hidden() + [
        SECRETS[WITNESS], TOKENS[WITNESS]] if text in log]
    tap.equal(found, [], "and nothing that is secret")


def test():
    with scene("credentials") as here:
        for part in (expiring, unused, many_backends, sharing, concurrent,
                     every_way, thrown_away, troubles, profiles, web_identity, container,
                     environment, dead, secrets_kept):
            part(here)


tap.run(test)
