"""
How much a backend has malloc'd: PostgreSQL's memory contexts, and what libcurl,
jansson and the client hold.
"""

import os
import subprocess


def heap_function(folder):
    """The SQL of a function heap_in_use(), compiled into this folder."""
    library = folder + "/heapinuse.so"
    source = os.path.join(os.path.dirname(__file__), "heapinuse.c")
    headers = subprocess.check_output(
        [os.environ.get("PG_CONFIG", "pg_config"), "--includedir-server"],
        text=True).strip()
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-I", headers, "-o",
                    library, source], check=True)
    return ("CREATE FUNCTION heap_in_use() RETURNS bigint AS '%s'"
            " LANGUAGE C" % library)
