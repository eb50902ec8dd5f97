"""Which share of which grid cell lies in a polygon: exact, by halving blocks until they are inside, outside or one cell."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.grid import Grid, to_metres

#: A side in degrees after which an edge gets another vertex before projection: 0.01° sags less than 1 dm in the Albers plane.
_EDGE_DEGREES = 0.01
_FIRST_BLOCK = 64


def to_albers(polygon: BaseGeometry) -> BaseGeometry:
    """Project a geometry from degrees (straight edges in longitude and latitude) to Albers metres."""
    dense = shapely.segmentize(polygon, _EDGE_DEGREES)
    return shapely.transform(dense, lambda points: np.column_stack(to_metres(points[:, 0], points[:, 1])))


def cell_fractions(polygon: BaseGeometry, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Area fractions of grid cells in a polygon.

    Parameters
    ----------
    polygon : Polygon or MultiPolygon
        Valid, in Albers metres.
    grid : Grid

    Returns
    -------
    cell : (n,) int64
        Flat indices, ascending.
    fraction : (n,) float64
        0 < fraction ≤ 1.
    """
    window = _window(polygon, grid)
    cells: list[NDArray[np.int64]] = []
    fractions: list[NDArray[np.float64]] = []
    # Each entry: a block size, block origins (column, row) and the part of the polygon that matters for them.
    pending = [(_FIRST_BLOCK, _block_origins(window, _FIRST_BLOCK), polygon)]
    while pending:
        size, origins, part = pending.pop()
        boxes = _boxes(grid, origins, size)
        shapely.prepare(part)
        inside = shapely.contains_properly(part, boxes)
        _add_whole(grid, origins[inside], size, cells, fractions)
        border = ~inside & shapely.intersects(part, boxes)
        if size == 1:
            share = shapely.area(shapely.intersection(boxes[border], part)) / (grid.cell * grid.cell)
            cells.append(_flat(grid, origins[border]))
            fractions.append(np.minimum(share, 1.0))
            continue
        for origin, box in zip(origins[border], boxes[border], strict=True):
            smaller = size // 8
            end = np.minimum(origin + size, (grid.nx, grid.ny))
            pending.append((smaller, _block_origins((*origin, *end), smaller), _polygonal(shapely.intersection(part, box))))
    return _sorted(cells, fractions)


def _polygonal(part: BaseGeometry) -> BaseGeometry:
    """Without the points and lines that a cut may leave behind."""
    if part.geom_type != "GeometryCollection":
        return part
    pieces = shapely.get_parts(part)
    flat = shapely.get_parts(pieces[np.isin(shapely.get_type_id(pieces), (3, 6))])
    return MultiPolygon(flat.tolist())


def _window(polygon: BaseGeometry, grid: Grid) -> tuple[int, int, int, int]:
    if polygon.is_empty:
        return 0, 0, 0, 0
    west, south, east, north = polygon.bounds
    columns = np.floor((west - grid.west) / grid.cell), np.ceil((east - grid.west) / grid.cell)
    rows = np.floor((grid.north - north) / grid.cell), np.ceil((grid.north - south) / grid.cell)
    return max(0, int(columns[0])), max(0, int(rows[0])), min(grid.nx, int(columns[1])), min(grid.ny, int(rows[1]))


def _block_origins(window: tuple[int, ...], size: int) -> NDArray[np.int64]:
    column, row = np.meshgrid(np.arange(window[0], window[2], size), np.arange(window[1], window[3], size))
    return np.column_stack([column.ravel(), row.ravel()]).astype(np.int64)


def _boxes(grid: Grid, origins: NDArray[np.int64], size: int) -> NDArray[np.object_]:
    west = grid.west + origins[:, 0] * grid.cell
    north = grid.north - origins[:, 1] * grid.cell
    return np.asarray(shapely.box(west, north - size * grid.cell, west + size * grid.cell, north), object).reshape(-1)


def _flat(grid: Grid, origins: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(origins[:, 1] * grid.nx + origins[:, 0])


def _add_whole(grid: Grid, origins: NDArray[np.int64], size: int, cells: list[NDArray[np.int64]],
               fractions: list[NDArray[np.float64]]) -> None:
    """Take every cell of blocks that lie wholly inside the polygon."""
    step = np.arange(size)
    column = (origins[:, 0, None, None] + step[None, None, :]) + 0 * step[None, :, None]
    row = (origins[:, 1, None, None] + step[None, :, None]) + 0 * step[None, None, :]
    keep = (column < grid.nx) & (row < grid.ny)
    found = (row * grid.nx + column)[keep]
    cells.append(found)
    fractions.append(np.ones(len(found)))


def _sorted(cells: list[NDArray[np.int64]], fractions: list[NDArray[np.float64]],
            ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if not cells:
        return np.empty(0, np.int64), np.empty(0)
    cell, fraction = np.concatenate(cells), np.concatenate(fractions)
    keep = fraction > 0
    order = np.argsort(cell[keep], kind="stable")
    return cell[keep][order], fraction[keep][order]
