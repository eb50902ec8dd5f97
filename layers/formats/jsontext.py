"""Arrow columns as JSON text, whole columns at a time: thousands of features in milliseconds, and never a Python object each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from layers import arrow
from layers.collections.collection import Collection
from layers.collections.crs import CRS84, Crs
from layers.filters.subject import Property

#: What JSON does not allow inside quotes.
_ESCAPED = r'["\\\x00-\x1f\x7f]'

_NULL, _QUOTE, _NOTHING, _DECIMAL = arrow.text("null"), arrow.text('"'), arrow.text(""), arrow.text(".0")


def feature_texts(collection: Collection, rows: NDArray[Any], names: Sequence[str] | None = None, crs: Crs = CRS84) -> pa.Array:
    """Each row as the text of one GeoJSON feature.

    Parameters
    ----------
    collection : Collection
    rows : (n,) int
    names : sequence of str or None
        Properties to give; all when None.
    crs : Crs
        System and axis order of the coordinates.

    Returns
    -------
    pyarrow.Array
        n texts.
    """
    wanted = np.asarray(rows, np.int64)
    values = collection.take(wanted, names)
    texts = {name: column_text(column, collection.properties[name]) for name, column in values.items()}
    parts = _Parts(len(wanted))
    parts.add('{"type":"Feature","id":', _quoted(collection.ids(wanted)))
    parts.add(',"geometry":', geometry_texts(collection, wanted, crs))
    parts.literal(',"properties":{')
    for place, (name, text) in enumerate(texts.items()):
        parts.literal("," if place else "")
        parts.literal(orjson.dumps(name).decode() + ":")
        if text is None:
            parts.literal("null")
        else:
            parts.add("", text)
    parts.literal("}}")
    return parts.joined()


class _Parts:
    """Texts and columns to be joined row by row; neighbouring texts become one."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._parts: list[Any] = []
        self._pending = ""

    def literal(self, text: str) -> None:
        self._pending += text

    def add(self, before: str, column: pa.Array) -> None:
        self._pending += before
        if self._pending:
            self._parts.append(arrow.text(self._pending))
            self._pending = ""
        self._parts.append(column)

    def joined(self) -> pa.Array:
        if self._pending:
            self._parts.append(arrow.text(self._pending))
        return pc.binary_join_element_wise(*self._parts, _NOTHING)


def column_text(column: pa.Array, declared: Property) -> pa.Array | None:
    """A column as JSON texts; None when every value is missing."""
    if column.null_count == len(column):
        return None
    if declared.type in ("json", "texts"):
        text = _structures(column)
    elif pa.types.is_string(column.type):
        text = _quoted(column)
    elif pa.types.is_date32(column.type):
        text = pc.binary_join_element_wise(_QUOTE, column.cast(pa.string()), _QUOTE, _NOTHING)
    elif pa.types.is_floating(column.type):
        text = _numbers(column)
    else:
        text = column.cast(pa.string())
    return pc.fill_null(text, _NULL) if text.null_count else text


def _quoted(column: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(column, _ESCAPED)).as_py():
        return arrow.texts([None if value is None else orjson.dumps(value).decode() for value in column.to_pylist()])
    return pc.binary_join_element_wise(_QUOTE, column, _QUOTE, _NOTHING)


def _numbers(column: pa.Array) -> pa.Array:
    """Shortest digits that read back as the same number; JSON has no NaN and no infinity.

    Whole numbers keep their ``.0``: clients such as GDAL tell the type of a property from the first values that they see.
    """
    text = column.cast(pa.string())
    if pc.any(pc.equal(pc.trunc(column), column)).as_py():
        plain = pc.match_substring_regex(text, r"^-?\d+$")  # large ones are written 1e+20
        text = pc.if_else(plain, pc.binary_join_element_wise(text, _DECIMAL, _NOTHING), text)
    finite = pc.is_finite(column)
    return text if pc.all(finite).as_py() else pc.if_else(finite, text, _NULL)


def _structures(column: pa.Array) -> pa.Array:
    """JSON text as it is stored, if it is JSON; each different one is looked at once."""
    packed = column.dictionary_encode()
    read = [_structure(value) for value in packed.dictionary.to_pylist()]
    return arrow.texts(read).take(packed.indices)


def _structure(written: str) -> str:
    try:
        return orjson.dumps(orjson.loads(written)).decode()
    except ValueError:
        return orjson.dumps(written).decode()


def geometry_texts(collection: Collection, rows: NDArray[np.int64], crs: Crs = CRS84) -> pa.Array:
    """Geometries as GeoJSON texts."""
    geometry = collection.geometry
    point = geometry.points(rows)
    if point.all():
        return _points(np.column_stack([geometry.bounds[0][rows], geometry.bounds[1][rows]]), crs)
    texts = np.empty(len(rows), object)
    if point.any():
        at = rows[point]
        texts[point] = _points(np.column_stack([geometry.bounds[0][at], geometry.bounds[1][at]]), crs).to_pylist()
    shapes = geometry.shapes(rows[~point])
    if crs is not CRS84:
        shapes = shapely.transform(shapes, crs.from_degrees)
    texts[~point] = shapely.to_geojson(shapes)
    return pc.fill_null(arrow.texts(texts.tolist()), _NULL)


def _points(places: NDArray[np.float64], crs: Crs) -> pa.Array:
    if crs is not CRS84:
        places = crs.from_degrees(places)
    x, y = (arrow.numbers(np.ascontiguousarray(places[:, axis])).cast(pa.string()) for axis in (0, 1))
    return pc.binary_join_element_wise(arrow.text('{"type":"Point","coordinates":['), x, arrow.text(","), y, arrow.text("]}"),
                                       _NOTHING)


def text_bytes(texts: pa.Array, separator: bytes) -> bytes:
    """All texts as one piece of bytes with a separator between them."""
    if not len(texts):
        return b""
    whole = pa.ListArray.from_arrays(arrow.numbers(np.array([0, len(texts)], np.int32)), texts)
    return bytes(pc.binary_join(whole, arrow.text(separator.decode()))[0].as_buffer())
