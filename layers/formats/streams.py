"""Features as text in pieces: GeoJSON, GeoJSON text sequences, CSV that a spreadsheet shows in Chinese and never executes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from layers import arrow
from layers.filters.subject import Property
from layers.formats.jsontext import feature_texts, text_bytes
from layers.formats.selection import Selection
from layers.style import SYNTHETIC_ZH

#: Leading characters by which a spreadsheet takes text for a formula.
_FORMULA = r"^ *[=+\-@\t\r\n]"
_BOM = b"\xef\xbb\xbf"


def geojson(selection: Selection, head: dict[str, Any] | None = None) -> Iterator[bytes]:
    """One GeoJSON FeatureCollection; members of `head` stand before the features."""
    origin = selection.snapshot
    of = {"run_id": origin.run_id} if origin.run_id else {"as_of": origin.manifest["created"]}
    first: dict[str, Any] = {"type": "FeatureCollection", **of, "synthetic": origin.synthetic}
    if origin.synthetic:
        first["note"] = SYNTHETIC_ZH
    yield orjson.dumps(first | (head or {}), option=orjson.OPT_SERIALIZE_NUMPY)[:-1] + b',"features":['
    comma = b""
    for part, rows in selection.blocks():
        yield comma + text_bytes(feature_texts(part.collection, rows, part.names, selection.crs), b",")
        comma = b","
    yield b"]}"


def geojsonseq(selection: Selection) -> Iterator[bytes]:
    """One feature a line, each behind the record separator of RFC 8142."""
    for part, rows in selection.blocks():
        yield b"\x1e" + text_bytes(feature_texts(part.collection, rows, part.names, selection.crs), b"\n\x1e") + b"\n"


def csv(selection: Selection, *, mark: bool = False) -> Iterator[bytes]:
    """CSV (RFC 4180, UTF-8): code names, then ``lon`` and ``lat`` of a point on each feature; without rows still the header.

    Parameters
    ----------
    mark : bool
        Begin with the byte-order mark by which spreadsheets know UTF-8.
    """
    columns = selection.columns()
    names = [entry.name for entry in columns] + [axis for axis in ("lon", "lat") if axis not in {entry.name for entry in columns}]
    yield (_BOM if mark else b"") + ",".join(names).encode() + b"\r\n"
    for part, rows in selection.blocks():
        values = selection.values(part, rows)
        cells = [_cells(values[entry.name], entry) for entry in columns]
        place = dict(zip(("lon", "lat"), selection.places(part, rows), strict=True))
        cells += [arrow.numbers(place[name]).cast(pa.string()) for name in names[len(columns):]]
        yield text_bytes(pc.binary_join_element_wise(*cells, arrow.text(",")), b"\r\n") + b"\r\n"


def _cells(column: pa.Array, declared: Property) -> pa.Array:
    """A column as CSV cells: quoted where needed, formulas neutralised, nothing where missing."""
    text = column.cast(pa.string())
    if declared.type in ("text", "texts", "json"):
        dangerous = pc.match_substring_regex(text, _FORMULA)
        if pc.any(dangerous).as_py():
            text = pc.if_else(dangerous, pc.binary_join_element_wise(arrow.text("'"), text, arrow.text("")), text)
        special = pc.match_substring_regex(text, '[",\r\n]')
        if pc.any(special).as_py():
            doubled = pc.replace_substring(text, pattern='"', replacement='""')
            text = pc.if_else(special, pc.binary_join_element_wise(arrow.text('"'), doubled, arrow.text('"'), arrow.text("")),
                              text)
    return pc.fill_null(text, arrow.text("")) if text.null_count else text
