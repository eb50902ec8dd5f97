"""SQLite's C interface, of the very library that Python's own driver has loaded, on the driver's own connections.

A second copy of SQLite in the process would be dangerous: when one copy closes a file, the locks of the other are gone (POSIX;
"How To Corrupt An SQLite Database File", 2.2.1). So nothing is used before it is proved that a connection which Python opens is
seen by this library, at the address where it is looked for. Where that does not hold (another build of Python), there is no
library, and rows come through the driver.
"""

from __future__ import annotations

import ctypes
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from typing import Any

import numpy as np

_TRANSIENT = ctypes.c_void_p(-1)  # SQLite makes its own copy of a bound text

#: Functions that the compiled loop calls, in its order.
_CALLED = ("step", "column_value", "value_type", "value_int64", "value_double", "value_text", "value_blob", "value_bytes")

_PREPARING = ("prepare_v2", "finalize", "errmsg", "bind_parameter_index", "bind_text", "bind_int64", "bind_double",
              "auto_extension", "cancel_auto_extension")

#: Errors that mean a broken file, not a broken statement.
_CORRUPT, _NOT_A_DATABASE = 11, 26

_proving = threading.Lock()

#: Addresses of connections that were opened while it was proved which library Python uses.
_seen: list[int] = []


def _note(connection: int, _message: int, _routines: int) -> int:
    _seen.append(connection)
    return 0


#: Called by SQLite for a new connection; lives as long as the program, since another thread may just be opening one.
_opened = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(_note)


@cache
def library() -> ctypes.CDLL | None:
    """The library behind :mod:`sqlite3`, proved to be it; None if it cannot be reached."""
    import _sqlite3

    try:
        found = ctypes.CDLL(getattr(_sqlite3, "__file__", None))  # finds what the module was linked with, too
        for name in (*_CALLED, *_PREPARING):
            getattr(found, f"sqlite3_{name}")
    except (OSError, AttributeError):
        return None
    found.sqlite3_errmsg.restype = ctypes.c_char_p
    return found if is_pythons(found) else None


def is_pythons(sqlite: ctypes.CDLL) -> bool:
    """Whether a library with SQLite in it is the one that Python's driver opens its connections with."""
    with _proving:
        sqlite.sqlite3_auto_extension(_opened)
        try:
            with closing(sqlite3.connect(":memory:")) as probe:
                return _address(probe) in _seen
        finally:
            sqlite.sqlite3_cancel_auto_extension(_opened)
            _seen.clear()


def _address(connection: sqlite3.Connection) -> int | None:
    """Where the driver keeps ``sqlite3 *``: the first thing behind what every object of Python's begins with."""
    return ctypes.c_void_p.from_address(id(connection) + object.__basicsize__).value


@cache
def functions() -> Any:
    """Addresses of the functions of :func:`geo.store.sqlitescan.scan`."""
    sqlite = _needed()
    return np.array([ctypes.cast(getattr(sqlite, f"sqlite3_{name}"), ctypes.c_void_p).value for name in _CALLED], np.int64)


@contextmanager
def prepared(connection: sqlite3.Connection, text: str, values: Mapping[str, Any]) -> Iterator[int]:
    """Address of a prepared statement with its parameters, on a connection of the driver's.

    Raises
    ------
    sqlite3.Error
        If SQLite refuses it.
    """
    sqlite, statement = _needed(), ctypes.c_void_p()
    database, query = ctypes.c_void_p(_address(connection)), text.encode()
    if not database:
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
    try:
        check(connection, sqlite.sqlite3_prepare_v2(database, query, len(query), ctypes.byref(statement), None))
        for name, value in values.items():
            if place := sqlite.sqlite3_bind_parameter_index(statement, f":{name}".encode()):
                check(connection, _bind(sqlite, statement, place, value))
        yield int(statement.value or 0)
    finally:
        sqlite.sqlite3_finalize(statement)


def _bind(sqlite: ctypes.CDLL, statement: ctypes.c_void_p, place: int, value: str | float | None) -> int:
    if value is None:
        return 0  # what is not bound is missing
    if isinstance(value, str):
        text = value.encode()
        return int(sqlite.sqlite3_bind_text(statement, place, text, len(text), _TRANSIENT))
    if isinstance(value, float):
        return int(sqlite.sqlite3_bind_double(statement, place, ctypes.c_double(value)))
    return int(sqlite.sqlite3_bind_int64(statement, place, ctypes.c_int64(value)))


def check(connection: sqlite3.Connection, code: int) -> None:
    """Raise what the driver would raise for this answer of SQLite's.

    Raises
    ------
    sqlite3.Error
        If it is not 0.
    """
    if code == 0:
        return
    message = _needed().sqlite3_errmsg(ctypes.c_void_p(_address(connection))).decode(errors="replace")
    broken = code & 0xFF in (_CORRUPT, _NOT_A_DATABASE)
    raise (sqlite3.DatabaseError if broken else sqlite3.OperationalError)(message)


def _needed() -> ctypes.CDLL:
    found = library()
    if found is None:
        raise sqlite3.NotSupportedError("the library of sqlite3 cannot be reached")
    return found
