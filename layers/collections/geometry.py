"""Where the rows of a collection are: their boxes, shapes, and what meets a polygon; nothing is built before it is needed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.grid import Grid, to_degrees
from layers import arrow
from layers.deadline import in_time
from layers.filters.subject import Bounds

_Rows = NDArray[np.int64]
_Floats = NDArray[np.float64]

#: Decimals of computed corners: 1e-7° is a centimetre.
_DECIMALS = 7

#: Shapes that are looked at before the time is.
_SHAPES = 4096


class Geometry:
    """The geometries of a collection, degrees.

    Parameters
    ----------
    kind : str
        ``point``, ``line``, ``polygon`` or ``point_or_polygon``.
    bounds : tuple of four (n,) float64
        West, south, east, north; equal where the row is a point.
    inner : tuple of two (n,) float64
        Longitude and latitude of a point that belongs to the row's geometry.
    shapes : callable
        Rows → Shapely geometries.
    """

    def __init__(self, kind: str, bounds: tuple[_Floats, ...], inner: tuple[_Floats, _Floats],
                 shapes: Callable[[_Rows], NDArray[np.object_]]) -> None:
        self.kind = kind
        self.bounds = bounds
        self.inner = inner
        self.shapes = shapes

    def __len__(self) -> int:
        return len(self.bounds[0])

    def extent(self) -> Bounds | None:
        """Box around everything; None without any row."""
        if not len(self):
            return None
        west, south = (float(np.nanmin(side)) for side in self.bounds[:2])
        east, north = (float(np.nanmax(side)) for side in self.bounds[2:])
        return west, south, east, north

    def in_box(self, box: Bounds) -> _Rows:
        """Rows whose bounding box meets `box`, ascending."""
        west, south, east, north = self.bounds
        return np.flatnonzero((west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1]))

    def meeting(self, polygon: BaseGeometry, box: Bounds | None = None) -> _Rows:
        """Rows whose geometry meets a polygon or any other shape (its edge counts), ascending.

        Parameters
        ----------
        polygon : Geometry
        box : Bounds or None
            Given when `polygon` is this box itself.
        """
        rows = self.in_box(box or polygon.bounds)
        if not len(rows):
            return rows
        west, south, east, north = (bound[rows] for bound in self.bounds)
        if box is not None:
            hit = (west >= box[0]) & (south >= box[1]) & (east <= box[2]) & (north <= box[3])
        else:
            shapely.prepare(polygon)
            hit = shapely.intersects_xy(polygon, self.inner[0][rows], self.inner[1][rows])
        unsure = ~hit & ((west != east) | (south != north))
        if unsure.any():
            shapely.prepare(polygon)
            hit[unsure] = self.related(lambda shapes: shapely.intersects(polygon, shapes), rows[unsure])
        return rows[hit]

    def related(self, relation: Callable[[NDArray[np.object_]], NDArray[np.bool_]], rows: _Rows) -> NDArray[np.bool_]:
        """For which rows a relation of their shapes holds; block by block, so that it can end in time. Raises Busy."""
        hit = np.zeros(len(rows), bool)
        for start in range(0, len(rows), _SHAPES):
            in_time()
            hit[start:start + _SHAPES] = relation(self.shapes(rows[start:start + _SHAPES]))
        return hit

    def points(self, rows: _Rows) -> NDArray[np.bool_]:
        """Which of `rows` are points."""
        return np.asarray((self.bounds[0][rows] == self.bounds[2][rows]) & (self.bounds[1][rows] == self.bounds[3][rows]))

    def wkb(self, rows: _Rows) -> pa.Array:
        """Geometries of rows as WKB."""
        if self.points(rows).all():
            return _point_wkb(self.bounds[0][rows], self.bounds[1][rows])
        return arrow.binaries(shapely.to_wkb(self.shapes(rows)).tolist())


def stored(kind: str, wkb: pa.Array, bounds: tuple[_Floats, ...] | None, inner: tuple[_Floats, _Floats]) -> Geometry:
    """Geometries held as WKB; without `bounds` every one is read once to find them."""
    packed = arrow.single(wkb)
    width = np.dtype(np.int64 if pa.types.is_large_binary(packed.type) else np.int32)
    _, offsets, data = packed.buffers()
    ends = np.frombuffer(offsets, width, len(packed) + 1, packed.offset * width.itemsize) if len(packed) else np.zeros(1, width)
    raw = memoryview(data) if data is not None else memoryview(b"")

    def shapes(rows: _Rows) -> NDArray[np.object_]:
        pairs = zip(ends[rows].tolist(), ends[rows + 1].tolist(), strict=True)
        return np.asarray(shapely.from_wkb([bytes(raw[start:end]) for start, end in pairs]), object)

    if bounds is None:
        read = shapely.bounds(shapes(np.arange(len(packed)))).reshape(-1, 4)
        bounds = tuple(np.ascontiguousarray(side) for side in read.T)
    return Geometry(kind, bounds, inner, shapes)


def points_on(shapes: NDArray[np.object_]) -> tuple[_Floats, _Floats]:
    """Longitude and latitude of a point that belongs to each shape."""
    points, extended = shapes.copy(), shapely.get_type_id(shapes) > 0
    points[extended] = shapely.point_on_surface(shapes[extended])
    return shapely.get_x(points), shapely.get_y(points)


def places(lon: _Floats, lat: _Floats) -> Geometry:
    """Points by longitude and latitude."""
    def shapes(rows: _Rows) -> NDArray[np.object_]:
        return np.asarray(shapely.points(lon[rows], lat[rows]), object)

    return Geometry("point", (lon, lat, lon, lat), (lon, lat), shapes)


def squares(grid: Grid, cell: NDArray[np.int64], lon: _Floats, lat: _Floats) -> Geometry:
    """Cells of the grid by flat index; `lon`, `lat` are their centres."""
    def rings(rows: _Rows) -> _Floats:
        x, y = grid.centre(cell[rows])
        half = grid.cell / 2
        corners = to_degrees((x[:, None] + half * np.array([-1, 1, 1, -1, -1])).ravel(),
                             (y[:, None] + half * np.array([-1, -1, 1, 1, -1])).ravel())
        return np.asarray(np.round(np.column_stack(corners), _DECIMALS).reshape(-1, 5, 2), np.float64)

    def shapes(rows: _Rows) -> NDArray[np.object_]:
        return np.asarray(shapely.polygons(rings(rows)), object).reshape(-1)

    every = rings(np.arange(len(cell)))
    low, high = every.min(axis=1), every.max(axis=1)
    bounds = tuple(np.ascontiguousarray(side) for side in (low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    return Geometry("polygon", bounds, (lon, lat), shapes)


def _point_wkb(x: _Floats, y: _Floats) -> pa.Array:
    record = np.zeros(len(x), np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")]))
    record["order"], record["type"], record["x"], record["y"] = 1, 1, x, y
    ends = np.arange(0, 21 * (len(x) + 1), 21, dtype=np.int32)
    return pa.Array.from_buffers(pa.binary(), len(x), [None, pa.py_buffer(ends), pa.py_buffer(record.tobytes())])
