"""What a query selects: kind, polygon, conditions and day, as SQL for either engine and as the exact test afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.errors import BadGeometry
from geo.kinds import Kind
from geo.store import cursors
from geo.store.conditions import Where, compile_where
from geo.store.frames import coordinates, to_shapes
from geo.store.reading import Condition, both
from geo.store.schema import ewkb

#: Strips that a polygon is cut into, its vertices above which the cutting costs more than it saves, and how much wider than
#: computed the strips are, in degrees, so that no rounding of an intersection loses a row.
_STRIPS, _INTRICATE, _SLACK = 12, 2_000, 1e-9

_BOX = "minx <= :x1 AND maxx >= :x0 AND miny <= :y1 AND maxy >= :y0"


@dataclass(frozen=True)
class Query:
    """What is asked for.

    Attributes
    ----------
    kind : Kind
        Kind of the features.
    polygon : Shapely polygon or None
        The features meet it (its border included).
    where : Where or None
        They fulfil this.
    as_of : date or None
        They are valid on that day.
    columns : tuple of str
        What is wanted of them.
    at_load : int or None
        As they stood after this load; None for now.
    """

    kind: Kind
    columns: tuple[str, ...]
    polygon: shapely.Geometry | None = None
    where: Where | None = None
    as_of: date | None = None
    at_load: int | None = None

    def fingerprint(self) -> str:
        """Hash of which features are asked for (not of what is wanted of them)."""
        shape = None if self.polygon is None else shapely.to_wkb(self.polygon, hex=True)
        return cursors.fingerprint(self.kind.name, shape, self.where, self.as_of, self.at_load)


def area(polygon: Any, bbox: Sequence[float] | None) -> shapely.Geometry | None:
    """The polygon to search in, out of a polygon, a box (west, south, east, north), both or neither.

    Raises
    ------
    BadGeometry
        If it is no valid polygon or box.
    """
    if polygon is not None and (
            not isinstance(polygon, shapely.Polygon | shapely.MultiPolygon) or polygon.is_empty or not polygon.is_valid):
        raise BadGeometry(
            "查询范围不是有效的多边形", "the search area is not a valid polygon",
            remedy_zh="请检查多边形是否闭合、是否自相交。", remedy_en="Check that it is closed and does not cross itself.")
    if bbox is None:
        return polygon
    box = np.asarray(bbox, np.float64)
    if box.shape != (4,) or not np.isfinite(box).all() or box[0] > box[2] or box[1] > box[3]:
        raise BadGeometry("查询范围不是有效的矩形（西、南、东、北）", "the box is not west, south, east, north")
    rectangle = shapely.box(*box)
    return rectangle if polygon is None else shapely.intersection(polygon, rectangle)


def condition(query: Query, dialect: str) -> Condition | None:
    """Attributes and validity as SQL."""
    valid = None if query.as_of is None else Condition(
        "(valid_from IS NULL OR valid_from <= :day) AND (valid_to IS NULL OR valid_to > :day)",
        {"day": query.as_of.isoformat()})
    return both(valid, None if query.where is None else compile_where(query.kind, query.where, dialect))


def inside(polygon: shapely.Geometry) -> Condition:
    """PostGIS: the geometry meets the polygon (by the GiST index, then exactly)."""
    return Condition("ST_Intersects(geometry, :shape ::geometry)", {"shape": ewkb(polygon)})


def in_area(query: Query, plain: Condition | None, dialect: str) -> tuple[Condition | None, Condition | None]:
    """Conditions on the rows there are and on those of the history, which no spatial index covers: their boxes are looked at.

    On SQLite both let rows through that only come near the polygon: :func:`hits` decides.
    """
    if query.polygon is None:
        return plain, plain
    if dialect == "postgresql":
        exactly = inside(query.polygon)
        return both(plain, exactly), both(plain, box(query), exactly)
    return both(plain, in_rtree(query)), both(plain, box(query))


def _bounds(query: Query) -> dict[str, float]:
    assert query.polygon is not None  # noqa: S101
    return dict(zip(("x0", "y0", "x1", "y1"), shapely.bounds(query.polygon).tolist(), strict=True))


def box(query: Query) -> Condition:
    """The row's own box meets that of the polygon."""
    return Condition(_BOX, _bounds(query))


def in_rtree(query: Query) -> Condition:
    """SQLite: the row's box in the R*Tree meets that of a strip of the polygon."""
    boxes = _strips(query.polygon)
    look = f'SELECT rowid FROM "{query.kind.name}_rtree" WHERE {_BOX}'  # noqa: S608  (a declared kind)
    parts = [re.sub(r":(\w+)", rf":\1_{number}", look) for number in range(len(boxes))]
    values = {f"{side}_{number}": value for number, sides in enumerate(boxes.tolist())
              for side, value in zip(("x0", "y0", "x1", "y1"), sides, strict=True)}
    return Condition(f"rowid IN ({' UNION ALL '.join(parts)})", values)


def _strips(polygon: shapely.Geometry | None) -> NDArray[np.float64]:
    """Boxes (west, south, east, north) that cover a polygon more closely than its own box, which holds much else.

    Every row in a box is read and tested, at 4 µs each: of a circle's box a quarter lies outside it, of twelve strips' 8 %.
    """
    west, south, east, north = shapely.bounds(polygon)
    whole = np.array([[west, south, east, north]])
    if shapely.get_num_coordinates(polygon) > _INTRICATE or shapely.area(polygon) > 0.9 * (east - west) * (north - south):
        return whole
    edges = np.linspace(south, north, _STRIPS + 1)
    strips = shapely.bounds(shapely.intersection(polygon, shapely.box(west, edges[:-1], east, edges[1:])))
    strips = strips[~np.isnan(strips).any(axis=1)]
    return strips + np.array([-_SLACK, -_SLACK, _SLACK, _SLACK]) if len(strips) else whole


def hits(polygon: shapely.Geometry | None, geometry: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which of some geometries (WKB) meet a polygon."""
    shapely.prepare(polygon)
    parts = [_hit(polygon, chunk) for chunk in geometry.chunks]
    return np.concatenate(parts) if parts else np.empty(0, bool)


def _hit(polygon: shapely.Geometry | None, chunk: pa.Array) -> NDArray[np.bool_]:
    xy = coordinates(chunk)
    if xy is not None:
        return np.asarray(shapely.intersects_xy(polygon, np.ascontiguousarray(xy)), bool)
    return np.asarray(shapely.intersects(polygon, to_shapes(pa.chunked_array([chunk]))), bool)
