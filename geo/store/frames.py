"""From Arrow to the frame that the rest of the program reads: one fixed dtype per declared type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.kinds import Kind
from geo.store.collection import uncollected

#: Values that are looked at to see whether a column repeats itself.
_LOOK = 1_000

#: A point as little-endian WKB.
_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("xy", "<f8", 2)])


def to_frame(kind: Kind, table: pa.Table, columns: Sequence[str]) -> pd.DataFrame:
    """Frame with the columns in the asked order, out of what :func:`geo.store.reading.fetch` gives.

    Notes
    -----
    text and json
        object, None where missing (JSON as its text).
    int, bool
        int64 and bool if the field is required; otherwise float64 with NaN and pandas' ``boolean`` with NA.
    float
        float64 with NaN.
    date
        datetime64[s] with NaT.
    geometry
        object, Shapely geometries in CGCS2000 degrees.
    """
    with uncollected():
        series = {
            name: pd.Series(to_shapes(table["geometry"]), dtype=object) if name == "geometry"
            else _series(table[name].combine_chunks(), kind.field(name).type, kind.field(name).required)
            for name in columns
        }
        return pd.DataFrame(series, columns=list(columns))


def to_shapes(column: pa.ChunkedArray) -> NDArray[np.object_]:
    """Shapely geometries of a column of WKB."""
    return np.concatenate([np.empty(0, object), *map(_shapes, column.chunks)])


def _shapes(chunk: pa.Array) -> NDArray[np.object_]:
    points = coordinates(chunk)
    if points is not None and np.isfinite(points).all():  # a point without coordinates is empty
        return np.asarray(shapely.points(points), object)
    return np.asarray(shapely.from_wkb(chunk.to_numpy(zero_copy_only=False)), object)


def coordinates(chunk: pa.Array) -> NDArray[np.float64] | None:
    """Coordinates (n, 2) of a chunk of WKB that holds nothing but points; None if it holds anything else."""
    _, offsets, data = chunk.buffers()
    edges = np.frombuffer(offsets, np.int32, len(chunk) + 1, offset=4 * chunk.offset)
    if not len(chunk) or edges[-1] - edges[0] != len(chunk) * _POINT.itemsize or (np.diff(edges) != _POINT.itemsize).any():
        return None
    points = np.frombuffer(data, _POINT, len(chunk), offset=int(edges[0]))
    if not ((points["order"] == 1) & (points["type"] == 1)).all():
        return None
    return np.asarray(points["xy"], np.float64)


def _series(column: pa.Array, type_: str, required: bool) -> pd.Series:
    if type_ in ("text", "json"):
        return pd.Series(_objects(column), dtype=object)
    if type_ == "date":
        return pd.Series(column.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False))
    if type_ == "bool":
        missing = column.is_null().to_numpy(zero_copy_only=False)
        values = column.fill_null(False).to_numpy(zero_copy_only=False)
        return pd.Series(values) if required else pd.Series(pd.arrays.BooleanArray(values.copy(), missing.copy()))
    if type_ == "int" and not required:
        column = column.cast(pa.float64())
    values = column.fill_null(np.nan) if pa.types.is_floating(column.type) else column
    return pd.Series(values.to_numpy(zero_copy_only=False).copy())


def _objects(column: pa.Array) -> NDArray[np.object_]:
    """Python strings of a column; equal values of a repetitive column share one object."""
    if 2 * len(column.slice(0, _LOOK).unique()) > min(len(column), _LOOK):
        return np.asarray(column.to_numpy(zero_copy_only=False), object)
    codes = column.dictionary_encode()
    words = np.array([*codes.dictionary.to_pylist(), None], object)
    return np.asarray(words[codes.indices.fill_null(len(words) - 1).to_numpy()], object)
