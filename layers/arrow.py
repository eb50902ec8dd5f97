"""Arrow values made from plain ones without pandas: Arrow's own conversions import it, and a server does without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_TYPES = {"i1": pa.int8(), "i2": pa.int16(), "i4": pa.int32(), "i8": pa.int64(), "u4": pa.uint32(), "u8": pa.uint64(),
          "f4": pa.float32(), "f8": pa.float64()}


def numbers(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """A numpy array of numbers as an Arrow array over the same memory.

    Parameters
    ----------
    values : (n,) array of numbers or booleans
    missing : (n,) bool or None
        Rows that are null.

    Examples
    --------
    >>> numbers(np.array([1.5, 2.0]), np.array([False, True])).to_pylist()
    [1.5, None]
    """
    values = np.ascontiguousarray(values)
    valid = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    if values.dtype == np.bool_:
        return pa.Array.from_buffers(pa.bool_(), len(values), [valid, pa.py_buffer(np.packbits(values, bitorder="little"))])
    return pa.Array.from_buffers(_TYPES[values.dtype.str[1:]], len(values), [valid, pa.py_buffer(values)])


def texts(values: Sequence[str | None]) -> pa.Array:
    """Texts as an Arrow array.

    Examples
    --------
    >>> texts(["甲", None, ""]).to_pylist()
    ['甲', None, '']
    """
    parts = [b"" if value is None else value.encode("utf-8", "replace") for value in values]
    ends = np.zeros(len(parts) + 1, np.int32)
    np.cumsum([len(part) for part in parts], out=ends[1:])
    missing = np.array([value is None for value in values], bool)
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    return pa.Array.from_buffers(pa.string(), len(parts), [valid, pa.py_buffer(ends), pa.py_buffer(b"".join(parts))])


def binaries(values: Sequence[bytes]) -> pa.Array:
    """Pieces of bytes as an Arrow array."""
    ends = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(value) for value in values], out=ends[1:])
    return pa.Array.from_buffers(pa.binary(), len(values), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))])


def text(value: str) -> pa.Scalar:
    """One text as an Arrow scalar."""
    return texts([value])[0]


def number(value: float) -> pa.Scalar:
    """One number as an Arrow scalar of 64-bit floating point."""
    return numbers(np.array([value], np.float64))[0]


def truth(value: bool | None, length: int) -> pa.Array:
    """An Arrow array of one truth value (None: unknown) for every row."""
    if value is None:
        return pa.nulls(length, pa.bool_())
    return numbers(np.full(length, value))


def days(values: NDArray[np.int32]) -> pa.Array:
    """Days since 1970 as Arrow dates."""
    values = np.ascontiguousarray(values, np.int32)
    return pa.Array.from_buffers(pa.date32(), len(values), [None, pa.py_buffer(values)])


def single(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array."""
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.nulls(0, column.type)


def rows_of(mask: pa.Array) -> NDArray[np.int64]:
    """Positions where a mask is true; null counts as false."""
    hits = pc.indices_nonzero(mask)
    if not len(hits):
        return np.empty(0, np.int64)
    return np.frombuffer(hits.buffers()[1], np.uint64, len(hits), hits.offset * 8).astype(np.int64)


def positions(values: pa.Array, among: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the `values` that are `among`, and where they are there."""
    where = pc.index_in(values, value_set=among)
    rows = rows_of(where.is_valid())
    if not len(rows):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return rows, np.frombuffer(where.buffers()[1], np.int32, len(where), where.offset * 4)[rows].astype(np.int64)
