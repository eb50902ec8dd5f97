"""Administrative areas on the ground: one clean partition, and the exact share of every grid cell in every street."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import BadGeometry
from geo.grid import Grid

#: Gaps between streets narrower than this (metres) are drawing errors and are closed; wider ones stay holes.
GAP_WIDTH_M = 1.0

Polygonal = shapely.Polygon | shapely.MultiPolygon
Geometries = np.ndarray[tuple[int], np.dtype[np.object_]]


def clean(polygons: Sequence[Polygonal], *, gap_width: float = GAP_WIDTH_M) -> tuple[Geometries, NDArray[np.float64]]:
    """Turn nearly matching polygons into a true partition, without simplifying anything.

    Overlaps go to the neighbour with the longer common border, gaps narrower than `gap_width` are closed, and shared
    borders become identical vertex by vertex (GEOS coverage clean), so that nothing is counted twice or lost.

    Parameters
    ----------
    polygons : sequence of Polygon or MultiPolygon
        In Albers metres.
    gap_width : float
        Width in metres below which a gap is closed.

    Returns
    -------
    cleaned : (n,) object array
        The same areas as valid geometries in the same order.
    moved_m2 : (n,) float64
        Area that the cleaning added to or took from each, in m² (area of the symmetric difference): what must be reported.

    Raises
    ------
    BadGeometry
        If one of them is empty or no polygon, or vanishes under its neighbours.
    """
    given = _checked(polygons)
    cleaned = _objects(shapely.coverage_clean(given, gap_width=gap_width))  # type: ignore[attr-defined]  # newer than the stubs
    gone = np.flatnonzero(shapely.is_empty(cleaned))
    if gone.size:
        raise BadGeometry(
            f"第 {int(gone[0]) + 1} 个行政区与相邻行政区完全重叠",
            f"area number {int(gone[0]) + 1} lies wholly under its neighbours",
            remedy_zh="请检查行政区划数据是否有重复的面。", remedy_en="Check the areas for duplicated polygons.",
            position=int(gone[0]),
        )
    moved = np.zeros(len(given), np.float64)
    differ = ~shapely.equals_identical(shapely.normalize(given), shapely.normalize(cleaned))
    moved[differ] = shapely.area(shapely.symmetric_difference(given[differ], cleaned[differ]))
    return cleaned, moved


def coverage(
    polygons: Sequence[Polygonal], grid: Grid,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Exact share of every grid cell in every polygon.

    Parameters
    ----------
    polygons : sequence of Polygon or MultiPolygon
        In Albers metres; parts outside the grid are left out.
    grid : Grid

    Returns
    -------
    cell : (m,) int64
        Flat cell index, ascending; within a cell by street.
    street : (m,) int32
        Position of the polygon in the sequence.
    fraction : (m,) float64
        Share of the cell's area inside the polygon, 0 < fraction ≤ 1.

    Raises
    ------
    BadGeometry
        If one of them is empty or no polygon.

    Examples
    --------
    >>> grid = Grid(west=0.0, north=200.0, nx=2, ny=2, cell=100)
    >>> coverage([shapely.box(50.0, 100.0, 200.0, 200.0)], grid)[2].tolist()
    [0.5, 1.0]
    """
    given = shapely.orient_polygons(_checked(polygons))
    frame = shapely.box(grid.west, grid.north - grid.ny * grid.cell, grid.west + grid.nx * grid.cell, grid.north)
    outside = ~shapely.within(given, frame)
    given[outside] = shapely.orient_polygons(shapely.intersection(given[outside], frame))
    parts = [_one(polygon, grid) for polygon in given]
    cell = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, np.int64)
    street = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part[0]) for part in parts])
    fraction = np.concatenate([part[1] for part in parts]) if parts else np.empty(0)
    order = np.argsort(cell, kind="stable")
    return cell[order], street[order], fraction[order]


def _objects(polygons: Iterable[Polygonal]) -> Geometries:
    items = list(polygons)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _checked(polygons: Sequence[Polygonal]) -> Geometries:
    """The polygons as an object array, refused where one is no area."""
    given = _objects(polygons)
    kinds = shapely.get_type_id(given)
    wrong = np.flatnonzero(~np.isin(kinds, (3, 6)) | shapely.is_empty(given))
    if wrong.size:
        raise BadGeometry(
            f"第 {int(wrong[0]) + 1} 个行政区不是面", f"area number {int(wrong[0]) + 1} is no polygon",
            remedy_zh="请提供面（Polygon 或 MultiPolygon）。", remedy_en="Give a Polygon or a MultiPolygon.",
            position=int(wrong[0]),
        )
    return given


def _one(polygon: Polygonal, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cells and shares of one polygon that lies inside the grid."""
    from geo.scan import scan  # numba is loaded only by who scores

    rings = shapely.get_rings(shapely.get_parts(polygon))
    if len(rings) == 0:
        return np.empty(0, np.int64), np.empty(0)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    x = (points[:, 0] - grid.west) / grid.cell
    y = (grid.north - points[:, 1]) / grid.cell
    left, top = int(np.floor(x.min())), int(np.floor(y.min()))
    nx, ny = max(int(np.ceil(x.max())) - left, 1), max(int(np.ceil(y.max())) - top, 1)
    offsets = np.searchsorted(ring, np.arange(len(rings) + 1)).astype(np.int64)
    column, row, fraction = scan(x - left, y - top, offsets, nx, ny)
    return (row + top) * grid.nx + column + left, fraction
