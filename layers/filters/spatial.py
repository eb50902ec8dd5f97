"""Spatial predicates: the geometry of each row against a literal, planar in degrees as Simple Features has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import BadGeometry
from layers import arrow
from layers.filters.guard import fault
from layers.filters.subject import GEOMETRY

if TYPE_CHECKING:
    from layers.filters.evaluate import Evaluation

_Relation = Callable[[Any, Any], Any]

#: Name → relation of a row's geometry (first) to the literal (second).
PREDICATES: Mapping[str, _Relation] = {
    "s_intersects": shapely.intersects, "s_disjoint": shapely.disjoint, "s_equals": shapely.equals, "s_touches": shapely.touches,
    "s_crosses": shapely.crosses, "s_overlaps": shapely.overlaps, "s_within": shapely.within, "s_contains": shapely.contains,
}
_CONVERSE = {"s_within": "s_contains", "s_contains": "s_within"}
_TYPES = frozenset({"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"})

#: Vertices of all geometries of one filter.
MAX_VERTICES = 10_000


def relate(run: Evaluation, op: str, args: list[Any], at: str) -> Any:
    """The property ``geometry`` and a literal, in either order."""
    first, second = run.arity(op, args, 2, at)
    if not _is_geometry(first) and _is_geometry(second):
        first, second, op = second, first, _CONVERSE.get(op, op)
    if not _is_geometry(first) or _is_geometry(second):
        named = first.get("property") if isinstance(first, dict) else None
        raise fault(f"{op.upper()} 需要属性 {GEOMETRY} 和一个几何图形",
                    f"{op.upper()} wants the property {GEOMETRY} and a geometry",
                    run.filter.place(str(named) if named else op), where=at)
    literal = _literal(run, second, f"{at}.args[1]")
    return _mask(run, op, literal)


def _is_geometry(node: Any) -> bool:
    return isinstance(node, dict) and node.get("property") == GEOMETRY


def _literal(run: Evaluation, node: Any, at: str) -> BaseGeometry:
    shape = _bbox(node["bbox"], at) if isinstance(node, dict) and "bbox" in node else _geojson(node, at)
    if shapely.get_num_coordinates(shape) > MAX_VERTICES:
        raise BadGeometry(f"filter 中的几何超过 {MAX_VERTICES} 个顶点",
                          f"a geometry of the filter has more than {MAX_VERTICES} vertices",
                          remedy_zh="请简化，或用 POST /api/search。", remedy_en="Simplify it, or use POST /api/search.",
                          where=at)
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise _wrong("坐标不是有限的数", "a coordinate is no finite number", at)
    if run.to_degrees is not None:
        shape = shapely.transform(shape, run.to_degrees)
    if not shape.is_valid:
        raise _wrong("几何图形自相交或不完整", f"the geometry is not valid: {shapely.is_valid_reason(shape)}", at)
    return shape


def _bbox(corners: Any, at: str) -> BaseGeometry:
    if not isinstance(corners, list) or len(corners) not in (4, 6) or not all(isinstance(part, int | float) for part in corners):
        raise _wrong("BBOX 应为 4 或 6 个数", "BBOX must have 4 or 6 numbers", at)
    low, high = corners[:2], corners[len(corners) // 2:len(corners) // 2 + 2]
    if low[1] > high[1]:
        raise _wrong("BBOX 的南边大于北边", "the south of BBOX is above its north", at)
    if low[0] > high[0]:  # across the antimeridian
        return shapely.union(shapely.box(low[0], low[1], 180, high[1]), shapely.box(-180, low[1], high[0], high[1]))
    return shapely.box(*low, *high)


def _geojson(node: Any, at: str) -> BaseGeometry:
    if not isinstance(node, dict) or node.get("type") not in _TYPES:
        raise _wrong("这里应为几何图形", "a geometry is wanted here", at)
    try:
        shape = _shape(node)
    except (ValueError, TypeError, KeyError, IndexError, shapely.errors.GEOSException) as error:
        raise _wrong("几何图形的坐标不正确", "the coordinates of the geometry are wrong", at) from error
    if shape.is_empty:
        raise _wrong("几何图形是空的", "the geometry is empty", at)
    return shape


def _shape(node: dict[str, Any]) -> BaseGeometry:
    kind = node["type"]
    if kind == "GeometryCollection":
        return shapely.GeometryCollection([_shape(part) for part in node["geometries"]])
    flat = node["coordinates"]
    made: dict[str, Callable[[Any], BaseGeometry]] = {
        "Point": lambda c: shapely.Point(*_pair(c)), "LineString": lambda c: shapely.LineString(_pairs(c)),
        "Polygon": lambda c: shapely.Polygon(_pairs(c[0]), [_pairs(ring) for ring in c[1:]]),
        "MultiPoint": lambda c: shapely.MultiPoint(_pairs(c)),
        "MultiLineString": lambda c: shapely.MultiLineString([_pairs(line) for line in c]),
        "MultiPolygon": lambda c: shapely.MultiPolygon([(_pairs(part[0]), [_pairs(ring) for ring in part[1:]]) for part in c]),
    }
    shape: BaseGeometry = made[kind](flat)
    return shape


def _pairs(points: Any) -> list[tuple[float, float]]:
    return [_pair(point) for point in points]


def _pair(point: Any) -> tuple[float, float]:
    if not isinstance(point, list | tuple) or len(point) not in (2, 3):
        raise ValueError("a position has two or three numbers")
    if any(isinstance(part, bool) or not isinstance(part, int | float) for part in point):
        raise ValueError("a position has numbers")
    return float(point[0]), float(point[1])


def _wrong(zh: str, en: str, at: str) -> BadGeometry:
    return BadGeometry(f"filter 不正确：{zh}", f"the filter is wrong: {en}",
                       remedy_zh="应为 GeoJSON 或 WKT 几何，坐标次序随 filter-crs。",
                       remedy_en="GeoJSON or WKT is wanted, in the axis order of filter-crs.", parameter="filter", where=at)


def _mask(run: Evaluation, op: str, literal: BaseGeometry) -> pa.Array:
    subject = run.subject.geometry
    if op == "s_disjoint":
        return arrow.numbers(~_hits(len(run.subject), subject.meeting(literal)))
    if op == "s_intersects":
        return arrow.numbers(_hits(len(run.subject), subject.meeting(literal)))
    rows = subject.in_box(literal.bounds)
    west, south, east, north = (bound[rows] for bound in subject.bounds)
    point = (west == east) & (south == north)
    hit = np.zeros(len(rows), bool)
    shapely.prepare(literal)
    if op == "s_within":
        hit[point] = shapely.contains_xy(literal, west[point], south[point])
    else:
        hit[point] = PREDICATES[op](shapely.points(west[point], south[point]), literal)
    hit[~point] = subject.related(lambda shapes: PREDICATES[op](shapes, literal), rows[~point])
    return arrow.numbers(_hits(len(run.subject), rows[hit]))


def _hits(count: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    found = np.zeros(count, bool)
    found[rows] = True
    return found
