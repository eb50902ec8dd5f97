"""Many rows out of SQLite as Arrow, by its C interface: no Python object per value, in the transaction of all other reads."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from geo.store import sqlitelibrary, sqliterows

#: From so many rows on a read goes this way.
LARGE = 2_000

#: Rows that are read at once, and the bytes that a column of texts or blobs has for them at first and at most doubles up to.
_ROWS, _FIRST, _MOST = 16_384, 1 << 20, 1 << 26


class UnlikeDeclared(Exception):
    """A value is not of the type that its column is declared as."""


def worth(rows: int) -> bool:
    """Whether a read of at most so many rows should go this way, and can.

    Only where compiled code is in the process anyway, as in a run: to fetch it takes as long as reading a city saves, and 100 MB.
    """
    if rows < LARGE or "numba" not in sys.modules:
        return False
    import numba  # waits for a thread that is just doing so

    return not vars(numba.config)["DISABLE_JIT"] and sqlitelibrary.library() is not None


def fetch(connection: sqlite3.Connection, rest: str, values: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    """What a query gives; parameters as for :func:`geo.store.sqliterows.fetch`, which does it where this way cannot.

    Raises
    ------
    sqlite3.Error
        If SQLite cannot read it.
    """
    try:
        return scanned(connection, rest, values, types)
    except UnlikeDeclared:
        return sqliterows.fetch(connection, rest, values, types)


def scanned(connection: sqlite3.Connection, rest: str, values: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    """What a query gives, by this way alone.

    Raises
    ------
    UnlikeDeclared
        If some value is not of its column's type, a text is not UTF-8, or a parameter is none of SQLite's types.
    sqlite3.Error
        If SQLite cannot read it.
    """
    if not all(map(_bindable, values.values())):
        raise UnlikeDeclared("parameters")
    schema = pa.schema(types.items())
    listed = ", ".join(f'"{name}"' for name in types)
    with sqlitelibrary.prepared(connection, f"SELECT {listed}{rest}", values) as statement:
        try:
            return pa.Table.from_batches(_batches(connection, statement, schema), schema)
        except pa.ArrowInvalid as error:
            raise UnlikeDeclared(str(error)) from error


def _bindable(value: object) -> bool:
    return value is None or isinstance(value, str | float) or (isinstance(value, int) and abs(value) < 2**63)


def _batches(connection: sqlite3.Connection, statement: int, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    from geo.store import sqlitescan

    columns, answer = _Columns(schema.types), sqlitescan.ROW
    while answer in (sqlitescan.ROW, sqlitescan.FULL):
        rows, answer, column, size = sqlitescan.scan(
            sqlitelibrary.functions(), statement, answer == sqlitescan.FULL, columns.kinds, columns.words, columns.reals,
            columns.ends, columns.there, columns.heaps, columns.rooms)
        if answer == sqlitescan.ODD:
            raise UnlikeDeclared(schema.names[column])
        if rows:
            yield pa.record_batch([columns.array(number, rows) for number in range(len(schema))], schema=schema)
        if answer == sqlitescan.FULL:
            columns.widen(column, size)
    if answer != sqlitescan.DONE:
        sqlitelibrary.check(connection, answer)


class _Columns:
    """Memory for the rows that are read at once, used again and again."""

    def __init__(self, types: Sequence[pa.DataType]) -> None:
        from geo.store import sqlitescan

        self._types = types
        self.kinds = np.array([_stored_as(type_) for type_ in types], np.int64)
        self.words = np.zeros((len(types), _ROWS), np.int64)
        self.reals = self.words.view(np.float64)
        self.ends = np.zeros((len(types), _ROWS + 1), np.int32)
        self.there = np.zeros((len(types), _ROWS), np.bool_)
        self._bytes = [np.empty(_FIRST if kind in (sqlitescan.TEXT, sqlitescan.BLOB) else 0, np.uint8) for kind in self.kinds]
        self._point()

    def _point(self) -> None:
        self.heaps = np.array([heap.ctypes.data for heap in self._bytes], np.int64)
        self.rooms = np.array([len(heap) for heap in self._bytes], np.int64)

    def widen(self, column: int, size: int) -> None:
        """Give a column's texts more room, enough at least for one of so many bytes."""
        old = len(self._bytes[column])
        self._bytes[column] = np.empty(max(size, min(2 * old, _MOST)), np.uint8)
        self._point()

    def array(self, column: int, rows: int) -> pa.Array:
        """The first rows of a column, as a copy."""
        type_, missing = self._types[column], ~self.there[column, :rows]
        if pa.types.is_floating(type_):
            return pa.array(self.reals[column, :rows].copy(), type_, mask=missing)
        if pa.types.is_integer(type_):
            return pa.array(self.words[column, :rows].copy(), type_, mask=missing)
        if pa.types.is_boolean(type_):
            flags = self.words[column, :rows]
            if ((flags != 0) & (flags != 1)).any():
                raise UnlikeDeclared(str(type_))
            return pa.array(flags == 1, type_, mask=missing)
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
        ends = self.ends[column, : rows + 1]
        parts = [valid, pa.py_buffer(ends.copy()), pa.py_buffer(self._bytes[column][: ends[-1]].copy())]
        if pa.types.is_binary(type_):
            return pa.Array.from_buffers(type_, rows, parts)
        texts = pa.Array.from_buffers(pa.string(), rows, parts)
        texts.validate(full=True)
        return texts if pa.types.is_string(type_) else texts.cast(type_)


def _stored_as(type_: pa.DataType) -> int:
    from geo.store import sqlitescan

    if pa.types.is_integer(type_) or pa.types.is_boolean(type_):
        return sqlitescan.INTEGER
    if pa.types.is_floating(type_):
        return sqlitescan.REAL
    return sqlitescan.BLOB if pa.types.is_binary(type_) else sqlitescan.TEXT
