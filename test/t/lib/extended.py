"""
A session by libpq itself: psycopg2 knows only the simple protocol.
"""

import ctypes

SQLSTATE = ord("C")

_libpq = ctypes.CDLL("libpq.so.5")
_libpq.PQconnectdb.restype = ctypes.c_void_p
_libpq.PQexecParams.restype = ctypes.c_void_p
_libpq.PQresultErrorField.restype = ctypes.c_char_p


class Extended:
    """Each statement is sent as Parse, Bind, Execute and Sync."""

    def __init__(self, dbname):
        self.connection = ctypes.c_void_p(
            _libpq.PQconnectdb(("dbname=" + dbname).encode()))
        # libpq would write them to our standard error.
        self.run("SET client_min_messages = error")
        self.pid = _libpq.PQbackendPID(self.connection)

    def run(self, text):
        """The SQLSTATE of its error, or None."""
        result = ctypes.c_void_p(_libpq.PQexecParams(
            self.connection, text.encode(), 0, None, None, None, None, 0))
        found = _libpq.PQresultErrorField(result, SQLSTATE)
        _libpq.PQclear(result)
        return found and found.decode()

    def close(self):
        _libpq.PQfinish(self.connection)
