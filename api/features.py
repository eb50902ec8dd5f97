"""Features with what the model knows of them: level, PLL and enterprise of every source beside its declared fields."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api.answers import dumps
from geo.kinds import kind
from layers.columns import arrow_indices
from layers.exports import neutral
from layers.reader import Snapshot
from layers.style import SYNTHETIC_ZH

#: Features that are turned into JSON or CSV at a time while an answer streams.
CHUNK = 2000

#: Columns of a CSV over several kinds.
_COMMON_CSV = ("kind", "id", "name", "area_code", "lon", "lat", "risk_level", "risk_pll", "synthetic", "source")


class SourceRisk:
    """PLL and level of the features of one kind, by feature row.

    Attributes
    ----------
    pll : (n,) float64
        Deaths per year; NaN for a feature that is no source.
    level : (n,) int8
        Own level of the source, 0 for none.
    source : (n,) int64
        One row of the source table, −1 for none.
    """

    def __init__(self, snapshot: Snapshot, kind_name: str) -> None:
        table = snapshot.sources.table
        features = snapshot.features(kind_name)
        rows, _ = _found(_one(table["kind"]), _single(kind_name))
        ids = _one(table["id"]).take(arrow_indices(rows))
        here, place = _found(ids, _one(features.columns.table["id"]))
        rows = rows[here]
        self.pll = np.full(len(features), np.nan)
        self.pll[place] = 0.0
        np.add.at(self.pll, place, snapshot.sources.numbers("pll")[rows])
        level = np.full(len(features), 127, np.int8)
        np.minimum.at(level, place, snapshot.sources.numbers("level")[rows].astype(np.int8))
        self.level = np.where((level == 127) | (level < 1), 0, level).astype(np.int8)
        self.source = np.full(len(features), -1, np.int64)
        self.source[place] = rows


_known: WeakKeyDictionary[Snapshot, dict[str, SourceRisk]] = WeakKeyDictionary()


def source_risk(snapshot: Snapshot, kind_name: str) -> SourceRisk:
    """PLL and level of a kind's features, made on first use and kept as long as the snapshot."""
    kinds = _known.setdefault(snapshot, {})
    if kind_name not in kinds:
        kinds[kind_name] = SourceRisk(snapshot, kind_name)
    return kinds[kind_name]


def geojson(snapshot: Snapshot, kind_name: str, rows: Sequence[int] | NDArray[np.int64]) -> list[dict[str, Any]]:
    """GeoJSON features of one kind: declared fields, ``kind``, ``risk_level``, ``risk_pll``, ``pll``, ``enterprise_name``."""
    rows = np.asarray(rows, np.int64)
    risk = source_risk(snapshot, kind_name)
    features = snapshot.features(kind_name).geojson(rows)
    own = risk.source[rows]
    names = snapshot.sources.rows(own[own >= 0], ["enterprise_name"])
    of_source = iter(names)
    for feature, row in zip(features, rows.tolist(), strict=True):
        properties = feature["properties"]
        properties["kind"] = kind_name
        if risk.source[row] >= 0:
            properties["risk_level"] = int(risk.level[row]) or None
            properties["risk_pll"] = properties["pll"] = float(risk.pll[row])
            properties["enterprise_name"] = next(of_source)["enterprise_name"]
    return features


def stream_geojson(snapshot: Snapshot, found: dict[str, NDArray[np.int64]]) -> Iterator[bytes]:
    """A feature collection of any size in pieces."""
    head: dict[str, Any] = {"type": "FeatureCollection", "run_id": snapshot.run_id, "synthetic": snapshot.synthetic}
    if snapshot.synthetic:
        head["note"] = SYNTHETIC_ZH
    yield dumps(head)[:-1] + b',"features":['
    comma = b""
    for name, rows in found.items():
        for start in range(0, len(rows), CHUNK):
            inner = dumps(geojson(snapshot, name, rows[start:start + CHUNK]))[1:-1]
            if inner:
                yield comma + inner
                comma = b","
    yield b"]}"


def stream_csv(snapshot: Snapshot, found: dict[str, NDArray[np.int64]]) -> Iterator[bytes]:
    """CSV for spreadsheets (UTF-8 with mark): all declared fields of one kind, or the common columns of several."""
    columns = _csv_columns(list(found))
    yield b"\xef\xbb\xbf" + _csv_lines([list(columns)])
    for name, rows in found.items():
        table = snapshot.features(name)
        for start in range(0, len(rows), CHUNK):
            part = rows[start:start + CHUNK]
            lon, lat = table.lon[part].tolist(), table.lat[part].tolist()
            lines = []
            for feature, x, y in zip(geojson(snapshot, name, part), lon, lat, strict=True):
                values = feature["properties"] | {"lon": round(x, 7), "lat": round(y, 7)}
                lines.append([neutral(values.get(column)) for column in columns])
            yield _csv_lines(lines)


def _csv_columns(kinds: list[str]) -> tuple[str, ...]:
    if len(kinds) != 1:
        return _COMMON_CSV
    fields = tuple(field.name for field in kind(kinds[0]).all_fields)
    return ("kind", *fields, "lon", "lat", "risk_level", "risk_pll", "enterprise_name")


def _csv_lines(lines: list[list[Any]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(lines)
    return buffer.getvalue().encode()


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _single(text: str) -> pa.Array:
    """An array of one text, from buffers: Arrow's own conversion of Python values imports pandas, which a server does without."""
    data = text.encode()
    ends = np.array([0, len(data)], np.int32)
    return pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(ends), pa.py_buffer(data)])


def _found(values: pa.Array, among: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the `values` that are `among`, and where they are there."""
    where = pc.index_in(values, value_set=among)
    hits = pc.indices_nonzero(where.is_valid())
    if not len(hits):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = np.frombuffer(hits.buffers()[1], np.uint64, len(hits), hits.offset * 8).astype(np.int64)
    return rows, np.frombuffer(where.buffers()[1], np.int32, len(where), where.offset * 4)[rows].astype(np.int64)
