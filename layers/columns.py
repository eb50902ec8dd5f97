"""Parquet columns as numpy arrays and plain values without pandas: the serving process must start fast and stay small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geo.errors import SnapshotError

Rows = NDArray[np.int64] | Sequence[int]

_DTYPES = {
    "int8": "i1", "int16": "<i2", "int32": "<i4", "int64": "<i8", "uint8": "u1", "uint16": "<u2", "uint32": "<u4",
    "uint64": "<u8", "float": "<f4", "double": "<f8", "date32[day]": "<i4",
}
_OFFSETS = {"string": "<i4", "binary": "<i4", "large_string": "<i8", "large_binary": "<i8"}


class Columns:
    """One Parquet file, read at once and kept; numbers as read-only views on Arrow's own memory.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SnapshotError
        If the file is missing or not Parquet.
    """

    def __init__(self, path: Path) -> None:
        try:
            with pq.ParquetFile(path, memory_map=True) as file:
                self.table: pa.Table = file.read().combine_chunks()
        except (OSError, pa.ArrowInvalid) as error:
            raise SnapshotError(
                f"快照文件 {path.name} 无法读取", f"the snapshot file {path.name} cannot be read: {error}",
                remedy_zh="请运行 riskmap check，必要时回退到上一份快照。",
                remedy_en="Run riskmap check and roll back to an earlier snapshot if needed.", file=str(path),
            ) from error
        self._numbers: dict[str, NDArray[Any]] = {}
        self._texts: dict[str, list[str | None]] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def names(self) -> list[str]:
        """Column names in file order."""
        return list(self.table.column_names)

    def numbers(self, name: str) -> NDArray[Any]:
        """A numeric or boolean column; missing floats are NaN, missing integers 0, missing booleans False."""
        if name not in self._numbers:
            values = _numbers(self._array(name))
            values.flags.writeable = False
            self._numbers[name] = values
        return self._numbers[name]

    def texts(self, name: str) -> list[str | None]:
        """A text column as a list."""
        if name not in self._texts:
            self._texts[name] = self.table.column(name).to_pylist()
        return self._texts[name]

    def values(self, name: str, rows: Rows) -> list[Any]:
        """One column of chosen rows as plain values, None where missing; a date column gives dates."""
        wanted = np.asarray(rows, np.int64)
        array = self._array(name)
        if array.null_count == len(array):
            return [None] * len(wanted)
        kind = str(array.type)
        if kind in _OFFSETS:
            found = _slices(array, wanted)
        elif kind == "date32[day]":
            found = self.numbers(name)[wanted].astype("M8[D]").tolist()
        elif kind == "bool" or kind in _DTYPES:
            found = self.numbers(name)[wanted].tolist()
        else:
            return list(self.table.column(name).take(arrow_indices(wanted)).to_pylist())
        if array.null_count:
            valid = _bits(array.buffers()[0], array.offset, len(array))[wanted].tolist()
            found = [value if there else None for value, there in zip(found, valid, strict=True)]
        return found

    def rows(self, rows: Rows, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Chosen rows as dictionaries, in the order asked for."""
        keys = self.names if names is None else list(names)
        columns = [self.values(name, rows) for name in keys]
        return [dict(zip(keys, record, strict=True)) for record in zip(*columns, strict=True)]

    def _array(self, name: str) -> pa.Array:
        column = self.table.column(name)
        if column.num_chunks == 1:
            return column.chunk(0)
        return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def arrow_indices(rows: Rows) -> pa.Array:
    """Row numbers as an Arrow array, made without pandas."""
    values = np.ascontiguousarray(rows, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def _bits(buffer: pa.Buffer, offset: int, length: int) -> NDArray[np.bool_]:
    first = offset // 8
    raw = np.frombuffer(buffer, np.uint8, count=(offset + length + 7) // 8 - first, offset=first)
    return np.unpackbits(raw, bitorder="little")[offset - 8 * first:][:length].view(np.bool_)


def _numbers(array: pa.Array) -> NDArray[Any]:
    validity, data = array.buffers()
    if array.type == pa.bool_():
        values: NDArray[Any] = _bits(data, array.offset, len(array)) if len(array) else np.empty(0, np.bool_)
    else:
        dtype = np.dtype(_DTYPES[str(array.type)])
        values = np.frombuffer(data, dtype, len(array), array.offset * dtype.itemsize) if len(array) else np.empty(0, dtype)
    if array.null_count and validity is not None:
        values = values.copy()
        values[~_bits(validity, array.offset, len(array))] = np.nan if values.dtype.kind == "f" else 0
    return values.view()


def _slices(array: pa.Array, rows: NDArray[np.int64]) -> list[Any]:
    """Texts or bytes of rows, cut straight out of Arrow's buffer."""
    _, offsets, data = array.buffers()
    dtype = np.dtype(_OFFSETS[str(array.type)])
    bounds = np.frombuffer(offsets, dtype, len(array) + 1, array.offset * dtype.itemsize)
    raw = memoryview(data) if data is not None else memoryview(b"")
    pairs = zip(bounds[rows].tolist(), bounds[rows + 1].tolist(), strict=True)
    if str(array.type).endswith("string"):
        return [str(raw[start:end], "utf-8") for start, end in pairs]
    return [bytes(raw[start:end]) for start, end in pairs]
