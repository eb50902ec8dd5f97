"""The position of every row: from columns of coordinates, from WKT, or as the file carries it, always into CGCS2000 degrees."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.coordinates import Reference
from geo.ingest.mapping import Mapping
from geo.store.coerce import to_geometry

Array = NDArray[np.float64]
Shapes = NDArray[np.object_]

_DEGREES = re.compile(
    r"""^\s*\D{0,4}?(\d{1,3})\s*[°度:：]\s*(\d{1,2})\s*['′’分:：]\s*(\d{1,2}(?:\.\d+)?)?\s*(?:["″”秒]|'')?\s*[EN]?\s*$""")


@dataclass(frozen=True)
class Positions:
    """Where the rows of a chunk lie.

    Attributes
    ----------
    shapes : (n,) object
        Geometries in CGCS2000 degrees; None where there is none; the text of the file where it cannot be read.
    x, y : (n,) float64
        Coordinates as declared (east, north), of lines and polygons the middle of their box; NaN where there are none.
    lon, lat : (n,) float64
        The same in CGCS2000 degrees.
    """

    shapes: Shapes
    x: Array
    y: Array
    lon: Array
    lat: Array


def locate(frame: pd.DataFrame, mapping: Mapping, reference: Reference, *, swap_axes: bool = False) -> Positions:
    """Positions of a chunk.

    Parameters
    ----------
    frame : DataFrame
        Columns as in the file, and ``geometry`` where the format carries it.
    reference : Reference
        What the coordinates are in.
    swap_axes : bool
        The first axis is north (or latitude).
    """
    lon, lat, both, wkt = (mapping.of(role) for role in ("@lon", "@lat", "@lonlat", "@wkt"))
    if lon is not None and lat is not None:
        return _from_numbers(frame[lon], frame[lat], reference, swap_axes)
    if both is not None:
        parts = frame[both].astype("str").str.extract(r"^[\s(\[（【]*([^,，;；\s]+)[,，;；\s]+([^,，;；\s)\]）】]+)[\s)\]）】]*$")
        return _from_numbers(parts[0].where(parts[0].notna(), frame[both]), parts[1], reference, swap_axes)
    if wkt is not None:
        text = frame[wkt].to_numpy(object)
        raw = np.asarray(shapely.from_wkt(np.where(pd.isna(text), None, text), on_invalid="ignore"), dtype=object)
        return _from_shapes(raw, text, ~pd.isna(text) & shapely.is_missing(raw), reference, swap_axes)
    if "geometry" not in frame:
        nowhere = np.full(len(frame), np.nan)
        return Positions(np.full(len(frame), None, object), nowhere, nowhere, nowhere, nowhere)
    shapes, unread = to_geometry(frame["geometry"])
    return _from_shapes(shapes, frame["geometry"].to_numpy(object), unread, reference, swap_axes)


def _from_numbers(first: pd.Series, second: pd.Series, reference: Reference, swap_axes: bool) -> Positions:
    x, y = _numbers(first), _numbers(second)
    x, y = (y, x) if swap_axes else (x, y)
    there = np.isfinite(x) & np.isfinite(y)
    shapes = np.full(len(x), None, object)
    lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
    lon[there], lat[there] = reference.to_cgcs2000(x[there], y[there])
    shapes[there] = _points(lon[there], lat[there])
    written = ~there & (first.notna() | second.notna()).to_numpy()
    if written.any():
        texts = first[written].astype("str").fillna("") + "," + second[written].astype("str").fillna("")
        shapes[written] = texts.to_numpy(object)
    return Positions(shapes, x, y, lon, lat)


def _points(lon: Array, lat: Array) -> Shapes:
    """Points; what a projection could not place lies at infinity and is refused by name, so it becomes a far-off point."""
    far = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.asarray(shapely.points(np.where(far, 999.0, lon), np.where(far, 999.0, lat)), dtype=object)


def _numbers(column: pd.Series) -> Array:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan, copy=True)
    unread = np.flatnonzero(np.isnan(numbers) & column.notna().to_numpy())
    for at in unread:
        numbers[at] = _degrees(str(column.iloc[at]))
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _degrees(text: str) -> float:
    """116°23′27.6″ in degrees; NaN if it is none.

    Examples
    --------
    >>> _degrees("116°23′27.6″"), _degrees("东经116度23分27.6秒")
    (116.391, 116.391)
    """
    match = _DEGREES.match(text)
    if match is None or int(match[2]) >= 60 or float(match[3] or 0) >= 60:
        return float("nan")
    return round(int(match[1]) + int(match[2]) / 60 + float(match[3] or 0) / 3600, 12)


def _from_shapes(shapes: Shapes, raw: Shapes, unread: NDArray[np.bool_], reference: Reference, swap_axes: bool) -> Positions:
    if swap_axes:
        shapes = np.asarray(shapely.transform(shapes, lambda pairs: pairs[:, ::-1]), dtype=object)
    x, y = _middles(shapes)
    moved = shapes if reference.same else reference.shapes_to_cgcs2000(shapes)
    lon, lat = (x, y) if reference.same else _middles(moved)
    return Positions(np.where(unread, raw, moved) if unread.any() else moved, x, y, lon, lat)


def _middles(shapes: Shapes) -> tuple[Array, Array]:
    bounds = shapely.bounds(shapes)
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
