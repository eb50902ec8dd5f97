"""Polygons that clients send: GeoJSON in degrees, checked before any work is done for them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from api.parameters import MAX_VERTICES
from geo.errors import BadGeometry

#: An edge that spans more degrees of longitude goes the other way round the earth in what was meant, unless it is a whole
#: parallel (a box around the world, the cap of a pole).
_HALF, _WHOLE = 180.0, 360.0

_FORM_ZH = "应为 GeoJSON 的 Polygon 或 MultiPolygon，坐标为经纬度（度），环首尾相接。"
_FORM_EN = "A GeoJSON Polygon or MultiPolygon in degrees with closed rings is wanted."


def polygon_of(value: Any, most: int = MAX_VERTICES) -> BaseGeometry:
    """A valid polygon from a GeoJSON geometry.

    Raises
    ------
    BadGeometry
        If it is no polygon, has more than `most` vertices, a coordinate that is no finite
        number within ±180 and ±90, crosses itself, or is empty.
    """
    polygons = _rings(value)
    count = sum(len(ring) for rings in polygons for ring in rings)
    if count > most:
        raise BadGeometry(
            f"多边形有 {count} 个顶点，超过 {most}", f"the polygon has {count} vertices, more than {most}",
            remedy_zh="请简化后再查询。", remedy_en="Simplify it first.", vertices=count,
        )
    try:
        shape = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
    except (shapely.errors.GEOSException, ValueError) as error:
        raise _wrong("环不闭合或点数不足", "a ring is open or too short") from error
    if any(_HALF < abs(one[0] - other[0]) < _WHOLE for rings in polygons for ring in rings for one, other in pairwise(ring)):
        raise BadGeometry("有一条边跨越超过 180 度", "an edge spans more than 180 degrees",
                          remedy_zh="跨越 180° 经线的多边形请在该线拆成 MultiPolygon（RFC 7946 第 3.1.9 条）。",
                          remedy_en="Cut a polygon across the antimeridian into a MultiPolygon (RFC 7946, 3.1.9).")
    if shape.is_empty or not shape.area:
        raise _wrong("多边形没有面积", "the polygon has no area")
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        raise BadGeometry("多边形自相交或环重叠", f"the polygon is not valid: {reason}", remedy_zh="请重画，不要让边相交。",
                          remedy_en="Draw it again without crossing edges.", reason=reason)
    return shape.geoms[0] if len(shape.geoms) == 1 else shape


def _rings(value: Any) -> list[list[list[tuple[float, float]]]]:
    kind = value.get("type") if isinstance(value, dict) else None
    coordinates = value.get("coordinates") if kind in ("Polygon", "MultiPolygon") else None
    if not isinstance(coordinates, list) or not coordinates:
        raise _wrong("不是多边形", "this is no polygon")
    parts = [coordinates] if kind == "Polygon" else coordinates
    if not all(isinstance(part, list) and part and all(isinstance(ring, list) for ring in part) for part in parts):
        raise _wrong("坐标的层次不正确", "the coordinates are nested wrongly")
    return [[[_position(point) for point in ring] for ring in part] for part in parts]


def _position(point: Any) -> tuple[float, float]:
    numbers = isinstance(point, list) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in point)
    if numbers and len(point) in (2, 3):
        lon, lat = float(point[0]), float(point[1])
        if math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -90 <= lat <= 90:
            return lon, lat
    raise _wrong("有的坐标不是经纬度", "a coordinate is no longitude and latitude")


def _wrong(zh: str, en: str) -> BadGeometry:
    return BadGeometry(zh, en, remedy_zh=_FORM_ZH, remedy_en=_FORM_EN)
