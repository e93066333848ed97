"""
The ways in which a network stalls, each behind a server object of its own in
a PostgreSQL server of its own, whose name look-ups can stall too.
"""

import contextlib
import os
import tempfile

import faults
import tap
from bed import Bed, key_at
from keys import SECRETS
from ownstack import OwnStack, compile_shim

GROUP = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
# How long a stalled look-up lasts.
LOOK_UP_MS = 2000


def make_servers(bed, endpoints):
    """One server for each way to stall; SET chooses among them."""
    for name, endpoint in endpoints.items():
        bed.query("CREATE SERVER %s FOREIGN DATA WRAPPER cruddur_ddb OPTIONS"
                  " (endpoint %%s, region 'us-east-1', table_name %%s,"
                  " allow_http 'true', connect_timeout_ms '60000',"
                  " request_timeout_ms '60000')" % name,
                  endpoint, bed.table)
        bed.query("CREATE USER MAPPING FOR CURRENT_USER SERVER %s OPTIONS"
                  " (access_key_id 'local', secret_access_key %%s)" % name,
                  SECRETS["local"])


@contextlib.contextmanager
def stalling(real):
    """Endpoints by the way they stall."""
    full = faults.FullBacklog()
    with faults.Faults(real) as mute, faults.Faults(real) as slow, \
            faults.Faults(real) as busy:
        mute.add(faults.silent(), times=10**6)
        slow.add(faults.dripping(), times=10**6)
        busy.add(faults.refused("ThrottlingException",
                                x_amz_retry_after="20000"), times=10**6)
        yield {"dns_stalls": "http://stall.invalid:8000",
               "connect_hangs": full.url,
               "headers_never_come": mute.url,
               "body_drips": slow.url,
               "waits_to_retry": busy.url}
    full.close()


@contextlib.contextmanager
def stalled_bed(name):
    """A Bed in such a server, and the names of its stalling servers."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(OwnStack(name, {
            "LD_PRELOAD": compile_shim(folder, "slowdns"),
            "SLOWDNS_MS": LOOK_UP_MS}))
        bed = stack.enter_context(Bed(name))
        with open("/proc/%d/maps" % bed.main.info.backend_pid,
                  encoding="utf-8") as maps:
            tap.ok("slowdns.so" in maps.read(),
                   "the server has the stalling look-up")
        bed.put_group(GROUP, "andrewbrown", "bayko", key_at(0))
        endpoints = stack.enter_context(stalling(os.environ["DDB_ENDPOINT"]))
        make_servers(bed, endpoints)
        yield bed, list(endpoints)
