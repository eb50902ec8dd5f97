"""One file of one kind: its columns matched to the declaration by code name or Chinese term, then loaded."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from geo.ingest.assignment import assign_area_codes
from geo.ingest.readers import RawFile, bad_file, read_csv, read_geojson, read_parquet
from geo.kinds import Kind
from geo.kinds import kind as find_kind
from geo.store import LoadReport, Progress, Store

#: A unit behind a heading: 建筑面积（m²）, floor_area_m2 (m²).
_UNIT = re.compile(r"\s*[（(][^（()）]*[)）]\s*$")


def load_file(store: Store, kind: str, path: Path, *, source: str | None = None, complete: bool = False,
              progress: Progress | None = None) -> LoadReport:
    """Load one CSV (UTF-8 or GB18030), GeoJSON or GeoParquet file of one kind.

    Columns are found by code name or Chinese term, with or without a unit in brackets; other columns are kept in ``extra``.
    Points of a CSV stand in lon/lat (经度/纬度), other geometries as WKT. Where the file does not say them, ``source`` becomes
    the file's name and row, ``synthetic`` no, and ``area_code`` the street that the row lies in.

    Parameters
    ----------
    source : str, optional
        Name of the data set; the file's name by default. Rows of one source can later be completed or mended by it.
    complete : bool
        The file holds everything this source says of the kind (see :meth:`geo.store.Store.load`).

    Raises
    ------
    UnknownIdentifier
        If there is no such kind.
    BadFile
        If the file is missing, broken, of an unknown format, or lacks a required column.
    StoreError
        If the store cannot be written.
    """
    declared = find_kind(kind)
    raw = _read(path)
    frame = _declared_columns(path, declared, raw.frame)
    if "source" not in frame:
        frame = frame.assign(source=[f"{path.name}#{label + 1}" for label in frame.index])
    if "synthetic" not in frame:
        frame = frame.assign(synthetic=False)
    if kind != "area":
        areas = store.read("area", columns=["code", "level", "geometry"])
        frame = assign_area_codes(frame, areas[areas["level"] == "street"])
    return store.load(kind, frame, source=source or path.name, complete=complete, progress=progress, rejected=raw.rejected)


def _read(path: Path) -> RawFile:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".txt"):
        return read_csv(path)
    if suffix in (".geojson", ".json"):
        return read_geojson(path)
    if suffix in (".parquet", ".geoparquet"):
        return RawFile(read_parquet(path))
    raise bad_file(path, f"的格式（{suffix or '无扩展名'}）不支持",
                   f"has a format ({suffix or 'no extension'}) that is not supported",
                   "支持 CSV、GeoJSON、GeoParquet。", "CSV, GeoJSON and GeoParquet are.")


def _declared_columns(path: Path, kind: Kind, frame: pd.DataFrame) -> pd.DataFrame:
    names = {field.name: field.name for field in kind.all_fields} | {field.zh: field.name for field in kind.all_fields}
    found: dict[str, str] = {}
    others: list[str] = []
    for column in frame.columns:
        name = names.get(str(column)) or names.get(_UNIT.sub("", str(column)))
        if name is not None and name in found.values():
            raise bad_file(path, f"有两列都是“{kind.field(name).zh}”（{name}）", f"has two columns for {name}")
        if name is not None:
            found[column] = name
        elif column != "geometry":
            others.append(column)
    result = frame.drop(columns=others).rename(columns=found)
    return result.assign(extra=_extra(result, frame[others])) if others else result


def _extra(frame: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    """What the declaration does not know, as one JSON object per row, joined with what the file itself gives as extra."""
    given = frame["extra"].to_numpy(object) if "extra" in frame else np.full(len(frame), None, object)
    texts = []
    for before, record in zip(given, others.to_dict("records"), strict=True):
        kept = {str(name): value for name, value in record.items() if isinstance(value, list | dict) or not pd.isna(value)}
        try:
            known = json.loads(before) if isinstance(before, str) else before
        except ValueError:
            known = before
        if isinstance(known, dict):
            kept = {**kept, **known}
        elif known is not None and not (isinstance(known, float) and np.isnan(known)):
            kept["extra"] = known
        texts.append(json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str) if kept else None)
    return pd.Series(texts, index=frame.index, dtype=object)
