"""GeoParquet in pieces: row groups leave as they are written, the footer comes last."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from layers.formats.selection import Selection, record_batches

#: Rows of a row group.
_GROUP = 65_536

_TYPES = {"point": ["Point"], "line": ["LineString"], "polygon": ["MultiPolygon", "Polygon"]}


class _Sink(io.RawIOBase):
    """Collects what the writer writes until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._parts.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """What came since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def geoparquet(selection: Selection) -> Iterator[bytes]:
    """A GeoParquet 1.1 file (WKB, zstd) in pieces."""
    schema, batches = record_batches(selection)
    described = schema.with_metadata({"geo": json.dumps(_geo(selection), ensure_ascii=False)})
    sink, waiting, count = _Sink(), list[pa.RecordBatch](), 0
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), described, compression="zstd", compression_level=3) as writer:
        for batch in batches:
            waiting.append(batch)
            count += len(batch)
            if count >= _GROUP:
                writer.write_table(pa.Table.from_batches(waiting, schema).combine_chunks())
                waiting, count = [], 0
                yield sink.take()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema).combine_chunks())
    yield sink.take()


def _geo(selection: Selection) -> dict[str, Any]:
    kinds = sorted({name for part in selection.parts for name in _TYPES.get(part.collection.geometry_kind, [])})
    mixed = any(part.collection.geometry_kind not in _TYPES for part in selection.parts)
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [] if mixed else kinds, "crs": _projjson(selection.crs.epsg)}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


@lru_cache(maxsize=8)
def _projjson(epsg: int) -> dict[str, Any]:
    from pyproj import CRS

    return dict(CRS.from_epsg(epsg).to_json_dict())
