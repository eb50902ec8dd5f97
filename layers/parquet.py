"""Frames as GeoParquet in CGCS2000 degrees, rows in Morton order so that neighbours lie together on disk."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from geo.grid import STORAGE_SRID
from geo.kinds import Field, kind
from layers.collections.geometry import points_on

if TYPE_CHECKING:
    import pandas as pd

_ARROW = {
    "text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "date": pa.date32(), "json": pa.string(),
}

_GEOMETRY_TYPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
                   "GeometryCollection")

#: Columns that every feature file has after its declared fields.
PLACE_COLUMNS = ("lon", "lat", "minx", "miny", "maxx", "maxy")


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table with zstd; same rows, same bytes."""
    pq.write_table(table, path, compression="zstd", compression_level=3, row_group_size=131_072)


def as_table(frame: pa.Table | pd.DataFrame) -> pa.Table:
    """An Arrow table without pandas metadata; a ``geometry`` column becomes WKB with GeoParquet metadata."""
    if isinstance(frame, pa.Table):
        table = frame.replace_schema_metadata({k: v for k, v in (frame.schema.metadata or {}).items() if k == b"geo"})
    else:
        import pandas as pd

        plain = pd.DataFrame(frame)
        if "geometry" in plain:
            plain = plain.assign(geometry=shapely.to_wkb(_shapes(plain["geometry"].to_numpy())))
        table = pa.Table.from_pandas(plain, preserve_index=False).replace_schema_metadata(None)
    if "geometry" in table.column_names and b"geo" not in (table.schema.metadata or {}):
        table = _with_geo(table, shapely.from_wkb(table["geometry"].to_pylist()))
    return table


def feature_table(kind_name: str, frame: pd.DataFrame) -> pa.Table:
    """Rows of one kind as a GeoParquet table.

    Parameters
    ----------
    kind_name : str
        Declared in :mod:`geo.kinds`.
    frame : DataFrame
        Declared fields (absent ones become null) and ``geometry`` (Shapely or WKB, degrees).

    Returns
    -------
    pyarrow.Table
        Declared fields, ``lon``, ``lat`` of a point on the feature, its bounding box, ``geometry``; in Morton order.
    """
    shapes = _shapes(frame["geometry"].to_numpy())
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    lon, lat = points_on(shapes)
    names = np.asarray(frame["id"].astype(str)) if "id" in frame else np.arange(len(frame)).astype(str)
    order = np.lexsort((names, morton(lon, lat)))
    columns: dict[str, pa.Array] = {
        field.name: _column(frame[field.name].to_numpy()[order], field) if field.name in frame
        else pa.nulls(len(frame), _ARROW[field.type])
        for field in kind(kind_name).all_fields
    }
    places = zip(PLACE_COLUMNS, (lon, lat, *bounds.T), strict=True)
    columns |= {name: pa.array(np.ascontiguousarray(values[order])) for name, values in places}
    columns["geometry"] = pa.array(shapely.to_wkb(shapes[order]), pa.binary())
    return _with_geo(pa.table(columns), shapes)


def morton(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Position on the Morton (Z-order) curve of points in degrees, 32 bits per axis."""
    codes = []
    for value, low, span in ((lon, -180.0, 360.0), (lat, -90.0, 180.0)):
        code = (np.clip((value - low) / span, 0, 1) * (2**32 - 1)).astype(np.uint64)
        for shift, mask in ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
                            (2, 0x3333333333333333), (1, 0x5555555555555555)):
            code = (code | code << np.uint64(shift)) & np.uint64(mask)
        codes.append(code)
    return np.asarray(codes[0] | codes[1] << np.uint64(1))


def _shapes(values: NDArray[Any]) -> NDArray[np.object_]:
    values = np.asarray(values, object)
    if len(values) and isinstance(values[0], bytes | bytearray | memoryview):
        return np.asarray(shapely.from_wkb(values))
    return values


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NaTType", "NAType")


def _column(values: NDArray[Any], field: Field) -> pa.Array:
    target = _ARROW[field.type]
    if values.dtype.kind == "M":
        values = values.astype("datetime64[D]")
    try:
        if values.dtype == object:
            return pa.array(values, target, from_pandas=True)
        return pa.array(values, from_pandas=True).cast(target)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        pass  # mixed values: one by one
    return pa.array([None if _missing(value) else _plain(value, field) for value in values.tolist()], target)


def _plain(value: Any, field: Field) -> Any:
    if field.type == "json":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if field.type == "text":
        return str(value)
    if field.type == "date" and not isinstance(value, str):
        return value.date() if isinstance(value, datetime) else value
    if field.type == "date":
        return date.fromisoformat(value[:10])
    return {"int": int, "float": float, "bool": bool}[field.type](value)


@lru_cache(maxsize=1)
def _crs() -> dict[str, Any]:
    from pyproj import CRS

    return dict(CRS.from_epsg(STORAGE_SRID).to_json_dict())


def _with_geo(table: pa.Table, shapes: NDArray[np.object_]) -> pa.Table:
    kinds = [_GEOMETRY_TYPES[code] for code in np.unique(shapely.get_type_id(shapes)).tolist() if code >= 0]
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": sorted(kinds), "crs": _crs()}
    if len(shapes):
        column["bbox"] = [float(value) for value in shapely.total_bounds(shapes)]
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return table.replace_schema_metadata({"geo": json.dumps(geo, ensure_ascii=False)})
