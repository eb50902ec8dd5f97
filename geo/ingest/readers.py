"""Files of one kind read as they are: CSV, GeoJSON and GeoParquet, each into a frame of raw columns with a geometry."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from geo.errors import BadFile
from geo.store import Rejected

#: Longest cell of a CSV file in characters: a polygon as WKT fits, a file that is no CSV does not.
LONGEST_CELL = 10_000_000

#: Geographic coordinate systems that agree within centimetres and are read as they are.
_GEOGRAPHIC = ("CRS84", "4326", "4490", "WGS 84", "CGCS2000", "China Geodetic Coordinate System 2000")

_LON = ("lon", "lng", "longitude", "经度")
_LAT = ("lat", "latitude", "纬度")
_WKT = ("geometry", "wkt", "几何")


@dataclass(frozen=True)
class RawFile:
    """A file as read: columns named as in the file, ``geometry``, and rows that could not even be split into fields."""

    frame: pd.DataFrame
    rejected: list[Rejected] = field(default_factory=list)


def bad_file(path: Path, zh: str, en: str, remedy_zh: str = "", remedy_en: str = "") -> BadFile:
    """The error for a file, with its name in both sentences."""
    return BadFile(f"文件 {path.name} {zh}", f"the file {path.name} {en}",
                   remedy_zh=remedy_zh, remedy_en=remedy_en, file=str(path))


def read_csv(path: Path) -> RawFile:
    """A CSV file in UTF-8 or GB18030 with a heading; all values stay text. Position as lon/lat (经度/纬度) or WKT (geometry).

    Raises
    ------
    BadFile
        If it is missing, of another encoding, empty, has a doubled heading, or no position columns.
    """
    rows = _csv_rows(path)
    try:
        heading = [cell.strip() for cell in next(rows, [])]
        if not any(heading):
            raise bad_file(path, "是空文件", "is empty")
        if len(set(heading)) < len(heading):
            raise bad_file(path, "的表头有重复的列名或空列名", "has doubled or empty column names in its heading")
        kept: list[list[str | None]] = []
        labels: list[int] = []
        rejected: list[Rejected] = []
        for label, cells in enumerate(row for row in rows if row):
            if len(cells) == len(heading):
                kept.append([cell.strip() or None for cell in cells])
                labels.append(label)
            else:
                rejected.append(Rejected(
                    label + 1, "", None, f"列数为 {len(cells)}，表头为 {len(heading)} 列",
                    f"{len(cells)} fields, the heading has {len(heading)}", json.dumps(cells, ensure_ascii=False)))
    except csv.Error as error:
        raise bad_file(path, f"不是有效的 CSV：{error}", f"is no valid CSV: {error}") from error
    columns = np.array(kept, object).reshape(-1, len(heading))
    frame = pd.DataFrame({name: pd.Series(columns[:, at], dtype=object) for at, name in enumerate(heading)})
    frame = _with_geometry(path, frame)
    return RawFile(frame.set_axis(pd.Index(labels, dtype=np.int64)), rejected)


def _csv_rows(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding=_encoding(path), newline="") as file:
        yield from csv.reader(file)


def _encoding(path: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as file:
                while file.read(1 << 20):
                    pass
            return encoding
        except UnicodeDecodeError:
            continue
        except FileNotFoundError:
            raise bad_file(path, "不存在", "is missing") from None
        except OSError as error:
            raise bad_file(path, f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}") from error
    raise bad_file(path, "既不是 UTF-8 也不是 GB18030 编码", "is neither UTF-8 nor GB18030",
                   "请另存为 UTF-8 编码的 CSV。", "Save it as CSV in UTF-8.")


def _with_geometry(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    lower = {str(name).lower(): name for name in frame.columns}
    lon, lat, wkt = (next((lower[name] for name in names if name in lower), None) for names in (_LON, _LAT, _WKT))
    if lon is not None and lat is not None:
        x, y = (pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64) for name in (lon, lat))
        there = np.isfinite(x) & np.isfinite(y)
        shapes = np.full(len(frame), None, object)
        shapes[there] = shapely.points(x[there], y[there])
        written = frame[lon].notna().to_numpy() | frame[lat].notna().to_numpy()
        text = (frame[lon].fillna("").astype(object) + "," + frame[lat].fillna("").astype(object)).to_numpy(object)
        return frame.drop(columns=[lon, lat]).assign(geometry=_or_text(shapes, written, text))
    if wkt is not None:
        text = frame[wkt].to_numpy(object)
        shapes = shapely.from_wkt(np.where(pd.isna(text), None, text), on_invalid="ignore")
        return frame.drop(columns=[wkt]).assign(geometry=_or_text(np.asarray(shapes, object), ~pd.isna(text), text))
    raise bad_file(path, "没有坐标列", "has no position columns",
                   "请提供 lon/lat（经度/纬度）两列，或 WKT 格式的 geometry 列。", "Give columns lon/lat, or geometry as WKT.")


def _or_text(shapes: NDArray[np.object_], written: NDArray[np.bool_], text: NDArray[np.object_]) -> pd.Series:
    """Geometries; where one was written but cannot be read, its text, so that the quarantine shows it."""
    return pd.Series(np.where(shapely.is_missing(shapes) & written, text, shapes), dtype=object)


def read_geojson(path: Path) -> RawFile:
    """A GeoJSON FeatureCollection in degrees; properties become columns, a feature's id the column ``id`` if there is no such.

    Raises
    ------
    BadFile
        If it is missing, no JSON, no FeatureCollection, or names a projected coordinate system.
    """
    try:
        collection = json.loads(path.read_bytes())
        features = collection["features"]
        named = json.dumps(collection.get("crs") or "CRS84")
    except FileNotFoundError:
        raise bad_file(path, "不存在", "is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise bad_file(path, f"不是 GeoJSON 要素集合（{error}）", f"is no GeoJSON FeatureCollection ({error})") from error
    if not isinstance(features, list):
        raise bad_file(path, "的 features 不是列表", "has features that are no list")
    _check_crs(path, named)
    rejected = [
        Rejected(at + 1, "", None, "不是 GeoJSON 要素", "is no GeoJSON feature", json.dumps(feature, ensure_ascii=False)[:2000])
        for at, feature in enumerate(features) if not _is_feature(feature)]
    labels = [at for at, feature in enumerate(features) if _is_feature(feature)]
    records = [{"id": features[at].get("id"), **(features[at].get("properties") or {})} for at in labels]
    frame = pd.DataFrame(records, dtype=object, index=pd.Index(labels, dtype=np.int64))
    text = np.array([None if (shape := features[at].get("geometry")) is None else json.dumps(shape) for at in labels], object)
    shapes = np.asarray(shapely.from_geojson(text, on_invalid="ignore"), object)
    return RawFile(frame.assign(geometry=_or_text(shapes, ~pd.isna(text), text).set_axis(frame.index)), rejected)


def _is_feature(feature: Any) -> bool:
    if not isinstance(feature, dict) or isinstance(feature.get("id"), dict | list):
        return False
    return isinstance(feature.get("properties") or {}, dict)


def _check_crs(path: Path, named: str) -> None:
    if not any(word in named for word in _GEOGRAPHIC):
        raise bad_file(path, "的坐标系不是 CGCS2000 或 WGS 84 经纬度", "is not in CGCS2000 or WGS 84 degrees",
                       "请先转换到 EPSG:4490。", "Transform it to EPSG:4490 first.")


def read_parquet(path: Path) -> pd.DataFrame:
    """A Parquet or GeoParquet file with the geometry as WKB in its column ``geometry`` (or the primary one it names).

    Raises
    ------
    BadFile
        If it is missing, broken, or names a projected coordinate system.
    """
    try:
        table = pq.ParquetFile(path).read()
        described = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
        primary = str(described.get("primary_column", "geometry"))
        crs = described.get("columns", {}).get(primary, {}).get("crs")
    except FileNotFoundError:
        raise bad_file(path, "不存在", "is missing") from None
    except (OSError, pa.ArrowException, ValueError, AttributeError) as error:
        raise bad_file(path, "不是 Parquet 文件或已损坏", "is no Parquet file or is broken") from error
    if crs is not None:
        _check_crs(path, json.dumps(crs, ensure_ascii=False))
    if primary != "geometry" and primary in table.column_names:
        table = table.rename_columns(["geometry" if name == primary else name for name in table.column_names])
    frame: pd.DataFrame = table.to_pandas(date_as_object=False, ignore_metadata=True)
    return frame
