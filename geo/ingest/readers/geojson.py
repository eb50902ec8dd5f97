"""GeoJSON, as one collection or a feature per line, parsed feature by feature so that its size does not matter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
import shapely

from geo.coordinates import CGCS2000, WGS84, find_reference
from geo.ingest.readers.reading import CHUNK, MOST_COLUMNS, Reading, bad_file, known_reference
from geo.ingest.readers.text import find_encoding
from geo.store import Rejected

_BLOCK = 1 << 20

#: Longest feature in characters; a coastline fits.
_LONGEST = 256 << 20

#: Features whose properties make the heading.
_LOOK_AHEAD = 2_000

_DECODER = json.JSONDecoder()


def read_geojson(path: Path, *, lines: bool, encoding: str = "", declared: bool = False) -> Reading:
    """A FeatureCollection, or with `lines` one feature per line (GeoJSONSeq, RFC 8142).

    `declared`: the user names the coordinate system, so that what the file says of it does not
    matter. Properties become columns, a feature's id the column ``id`` where there is no such property. What is no feature is
    refused.

    Raises
    ------
    BadFile
        If it is missing, no JSON or no FeatureCollection.
    """
    found = find_encoding(path, encoding)
    file = path.open(encoding="utf-8-sig" if found.codec == "utf-8" else found.codec, errors="replace", newline="\n")
    reading = Reading(path, "GeoJSONSeq" if lines else "GeoJSON", (), iter(()), has_geometry=True, reference=WGS84,
                      encoding=found.shown)
    features = _by_line(file) if lines else _Collection(path, file, reading, declared).features()
    records = _records(reading, features)
    first = list(islice(records, _LOOK_AHEAD))
    columns = dict.fromkeys(name for _, properties, _ in first for name in properties)
    if len(columns) > MOST_COLUMNS:
        raise bad_file(path, f"的要素有 {len(columns)} 个属性", f"has {len(columns)} properties", "请只保留需要的属性。",
                       "Keep only the properties needed.")
    reading.columns = tuple(columns)
    reading.chunks = _chunks(reading, first, records)
    return reading


class _Collection:
    """A parser that holds one feature at a time."""

    def __init__(self, path: Path, file: TextIO, reading: Reading, declared: bool) -> None:
        self.path, self.file, self.reading, self.declared = path, file, reading, declared
        self.text, self.at = "", 0

    def features(self) -> Iterator[Any]:
        """What stands in ``features``, one by one; the other members are looked at as they come."""
        with self.file:
            self._expect("{")
            seen = False
            while self._next() != "}":
                name = self._value()
                self._expect(":")
                if name == "features":
                    seen = True
                    self._expect("[")
                    yield from self._items()
                else:
                    self._member(name, self._value(), late=seen)
                if self._next() == ",":
                    self.at += 1
            if not seen:
                raise self._bad("没有 features", "no features")

    def _items(self) -> Iterator[Any]:
        while self._next() != "]":
            yield self._value()
            if self._next() == ",":
                self.at += 1
            elif self._next() != "]":
                raise self._bad("要素之间缺少逗号", "a comma is missing")
        self.at += 1

    def _member(self, name: Any, value: Any, *, late: bool) -> None:
        if name != "crs" or value is None:
            return
        properties = value.get("properties") if isinstance(value, dict) else None
        name = str(properties.get("name") if isinstance(properties, dict) else value)
        if not late:
            self.reading.reference = known_reference(self.reading, name)
        elif not self.declared and find_reference(name) not in (WGS84, CGCS2000):
            raise bad_file(self.path, f"的坐标系（{name[:60]}）写在 features 之后", "names its crs behind its features",
                           "请用 --crs 指定坐标系。", "Name the system by --crs.")

    def _next(self) -> str:
        """The next character that is no blank."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in " \t\r\n\ufeff":
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more():
                raise self._bad("文件不完整", "cut short")

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise self._bad(f"应为 {mark}", f"{mark} expected")
        self.at += 1

    def _more(self) -> bool:
        block = self.file.read(max(_BLOCK, len(self.text) - self.at))
        self.text, self.at = self.text[self.at:] + block, 0
        return bool(block)

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
                if end < len(self.text) or not self._more():  # a number at the end of the block may go on
                    self.at = min(end, len(self.text)) if end < len(self.text) else len(self.text)
                    return value
            except json.JSONDecodeError as error:
                if len(self.text) - self.at > _LONGEST or not self._more():
                    raise self._bad(str(error), str(error)) from error
            except RecursionError as error:
                raise self._bad("嵌套过深", "nested too deep") from error

    def _bad(self, zh: str, en: str) -> Exception:
        return bad_file(self.path, f"不是 GeoJSON 要素集合（{zh}）", f"is no GeoJSON FeatureCollection ({en})",
                        "请检查文件是否完整。", "Check that the file is whole.")


def _by_line(file: TextIO) -> Iterator[Any]:
    with file:
        for line in file:
            text = line.strip("\x1e \t\r\n\ufeff")
            if not text:
                continue
            try:
                yield json.loads(text)
            except (ValueError, RecursionError):
                yield text[:2000]


def _records(reading: Reading, features: Iterator[Any]) -> Iterator[tuple[int, dict[str, Any], str | None]]:
    for label, feature in enumerate(features):
        if not _is_feature(feature):
            reading.rejected.append(Rejected(label + 1, "", None, "不是 GeoJSON 要素", "is no GeoJSON feature", _shown(feature)))
            continue
        properties = {str(name) if name != "geometry" else "geometry_": value
                      for name, value in (feature.get("properties") or {}).items()}
        if feature.get("id") is not None and "id" not in properties:
            properties["id"] = feature["id"]
        shape = feature.get("geometry")
        yield label, properties, None if shape is None else json.dumps(shape)


def _is_feature(feature: Any) -> bool:
    if not isinstance(feature, dict) or isinstance(feature.get("id"), dict | list) or feature.get("type", "Feature") != "Feature":
        return False
    return isinstance(feature.get("properties") or {}, dict)


def _shown(feature: Any) -> str:
    try:
        return json.dumps(feature, ensure_ascii=False)[:2000]
    except RecursionError:
        return "…"


def _chunks(reading: Reading, first: list[tuple[int, dict[str, Any], str | None]],
            rest: Iterator[tuple[int, dict[str, Any], str | None]]) -> Iterator[pd.DataFrame]:
    kept = first
    for record in rest:
        kept.append(record)
        if len(kept) >= CHUNK:
            yield _frame(reading, kept)
            kept = []
    if kept:
        yield _frame(reading, kept)


def _frame(reading: Reading, kept: list[tuple[int, dict[str, Any], str | None]]) -> pd.DataFrame:
    index = pd.Index(np.array([label for label, _, _ in kept], np.int64))
    columns = {name: pd.Series([properties.get(name) for _, properties, _ in kept], dtype=object, index=index)
               for name in reading.columns}
    late = dict.fromkeys(name for _, properties, _ in kept for name in properties if name not in columns)
    for name in late:  # a property that the first features did not have
        columns[name] = pd.Series([properties.get(name) for _, properties, _ in kept], dtype=object, index=index)
    text = np.array([shape for _, _, shape in kept], object)
    shapes = np.asarray(shapely.from_geojson(text, on_invalid="ignore"), object)
    unread = shapely.is_missing(shapes) & ~pd.isna(text)
    columns["geometry"] = pd.Series(np.where(unread, text, shapes), dtype=object, index=index)
    return pd.DataFrame(columns, index=index)
