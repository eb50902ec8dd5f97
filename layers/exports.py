"""Feature rows as files that people open: GeoJSON, and CSV that a spreadsheet shows in Chinese and never executes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from layers.features import FeatureTable
from layers.style import SYNTHETIC_ZH

#: Rows turned into text at a time, so that memory does not grow with the answer.
BLOCK = 2000

#: Leading characters by which a spreadsheet takes text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Rows = NDArray[np.int64] | Sequence[int]


def neutral(value: Any) -> Any:
    """A cell value that no spreadsheet executes: text that looks like a formula gets a leading apostrophe.

    Examples
    --------
    >>> neutral("=1+1"), neutral("东风标准件厂"), neutral(-3.5)
    ("'=1+1", '东风标准件厂', -3.5)
    """
    if isinstance(value, list | dict):
        value = orjson.dumps(value).decode()
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return "'" + value
    return value


def geojson(table: FeatureTable, rows: Rows, *, synthetic: bool, fields: Iterable[str] | None = None) -> Iterator[bytes]:
    """A GeoJSON FeatureCollection as pieces of bytes; `synthetic` of the snapshot stands at its top."""
    head = {"type": "FeatureCollection", "name": table.kind.name, "title": table.kind.zh, "synthetic": synthetic}
    if synthetic:
        head["note"] = SYNTHETIC_ZH
    names = _with_synthetic(fields)
    yield orjson.dumps(head)[:-1] + b',"features":['
    first = True
    for block in _blocks(rows):
        body = orjson.dumps(table.geojson(block, names), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
        if body:
            yield body if first else b"," + body
            first = False
    yield b"]}"


def csv_rows(table: FeatureTable, rows: Rows, *, fields: Iterable[str] | None = None) -> Iterator[bytes]:
    """CSV as pieces of bytes: UTF-8 with byte-order mark, header of code names, `lon`, `lat`, always `synthetic`.

    An empty answer still has its header.
    """
    names = _with_synthetic(fields) or tuple(field.name for field in table.kind.all_fields)
    yield b"\xef\xbb\xbf" + _csv_lines([[*names, "lon", "lat"]])
    lon, lat = table.lon, table.lat
    for block in _blocks(rows):
        entries = table.properties(block, names)
        yield _csv_lines([
            [*(neutral(entry[name]) for name in names), round(float(lon[row]), 7), round(float(lat[row]), 7)]
            for entry, row in zip(entries, block.tolist(), strict=True)
        ])


def records_csv(records: Sequence[dict[str, Any]], columns: Sequence[str], *, synthetic: bool) -> bytes:
    """A table of plain records (a ranking, areas) as CSV with byte-order mark and a last column `synthetic`."""
    lines = [[*(neutral(record.get(name)) for name in columns), synthetic] for record in records]
    return b"\xef\xbb\xbf" + _csv_lines([[*columns, "synthetic"], *lines])


def _with_synthetic(fields: Iterable[str] | None) -> tuple[str, ...] | None:
    if fields is None:
        return None
    names = tuple(fields)
    return names if "synthetic" in names else (*names, "synthetic")


def _blocks(rows: Rows) -> Iterator[NDArray[np.int64]]:
    values = np.asarray(rows, np.int64)
    return (values[start:start + BLOCK] for start in range(0, len(values), BLOCK))


def _csv_lines(lines: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode()
