"""Geometries on their way into a tile: projected, clipped, rounded to tile units, written as MVT commands."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.mercator import mercator
from layers.vector.encoder import EXTENT, LINE, POINT, POLYGON, Shapes, zigzag

#: Tile units that geometry reaches beyond the tile's edge, so that outlines and symbols meet across tiles.
BUFFER = 64

_MOVE_ONE, _LINE_THREE, _CLOSE = 9, 26, 15

Address = tuple[int, int, int]


def tile_units(address: Address, lon: NDArray[np.float64], lat: NDArray[np.float64],
               ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees as units of a tile (z, x, y), y down; 0 to 4096 inside."""
    z, x, y = address
    fx, fy = mercator(lon, lat, z)
    return (fx - x) * EXTENT, (fy - y) * EXTENT


def points(px: NDArray[np.float64], py: NDArray[np.float64]) -> Shapes:
    """Points in tile units as MVT points."""
    n = len(px)
    commands = np.empty((n, 3), np.uint64)
    commands[:, 0] = _MOVE_ONE
    commands[:, 1], commands[:, 2] = zigzag(_rounded(px)), zigzag(_rounded(py))
    return Shapes(np.full(n, POINT, np.uint8), np.full(n, 3, np.int64), commands.ravel())


def quadrilaterals(corners: NDArray[np.float64]) -> Shapes:
    """Quadrilaterals in tile units as MVT polygons.

    Parameters
    ----------
    corners : (n, 4, 2) float64
        North-west, north-east, south-east, south-west: clockwise on the screen, as exterior rings are.
    """
    n = len(corners)
    steps = np.diff(_rounded(corners), axis=1, prepend=0)
    commands = np.empty((n, 11), np.uint64)
    commands[:, 0], commands[:, 3], commands[:, 10] = _MOVE_ONE, _LINE_THREE, _CLOSE
    commands[:, 1:3] = zigzag(steps[:, 0])
    commands[:, 4:10] = zigzag(steps[:, 1:].reshape(n, 6))
    return Shapes(np.full(n, POLYGON, np.uint8), np.full(n, 11, np.int64), commands.ravel())


def clipped(address: Address, geometries: NDArray[np.object_], *, tolerance: float = 0.5,
            ) -> tuple[NDArray[np.int64], Shapes]:
    """Lines and polygons in degrees as MVT, clipped to the tile and its buffer.

    What is too small to be seen as an area or a line becomes a point, so that nothing is lost by zooming out.

    Parameters
    ----------
    address : (z, x, y)
    geometries : (n,) object
        Shapely points, lines, polygons and their multi-kinds, degrees.
    tolerance : float
        Simplification in tile units.

    Returns
    -------
    rows : (m,) int64
        The geometries that meet the tile, ascending.
    shapes : Shapes
        Of those m.
    """
    flat = shapely.transform(geometries, lambda xy: np.column_stack(tile_units(address, xy[:, 0], xy[:, 1])))
    inside = shapely.clip_by_rect(flat, -BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    rows = np.flatnonzero(~shapely.is_empty(inside))
    kept = shapely.simplify(inside[rows], tolerance)
    kept = shapely.set_precision(kept, 1.0, mode="valid_output")
    small = shapely.is_empty(kept)
    kept[small] = shapely.point_on_surface(inside[rows][small])
    return rows, _commands(kept)


def _commands(geometries: NDArray[np.object_]) -> Shapes:
    """Geometries with whole-number coordinates as MVT commands."""
    dimension = shapely.get_dimensions(geometries)
    geometries = shapely.orient_polygons(geometries, exterior_cw=False)  # in raw tile numbers: positive area, as 4.3.3.3 asks
    parts, feature = shapely.get_parts(geometries, return_index=True)
    same = shapely.get_dimensions(parts) == dimension[feature]  # a collection keeps what is of its highest dimension
    parts, feature = parts[same], feature[same]
    rings, part = _rings(parts)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    owner = feature[part]
    closed = dimension[owner] == 2
    last = np.diff(ring, append=len(rings)) > 0
    keep = ~(last & closed[ring])
    ring, whole = ring[keep], _rounded(xy[keep])
    length = np.bincount(ring, minlength=len(rings))
    first = np.diff(ring, prepend=-1) > 0
    begins = np.diff(owner[ring], prepend=-1) > 0
    step = np.diff(whole, axis=0, prepend=whole[:1])
    step[begins] = whole[begins]
    return _assembled(dimension, owner, closed, length, first, ring, step)


def _rings(parts: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Rings of polygons, and other parts as they are, with the part that each belongs to, in order."""
    polygon = np.flatnonzero(shapely.get_dimensions(parts) == 2)
    other = np.flatnonzero(shapely.get_dimensions(parts) != 2)
    rings, index = shapely.get_rings(parts[polygon], return_index=True)
    part = np.concatenate([polygon[index], other])
    order = np.argsort(part, kind="stable")
    return np.concatenate([rings, parts[other]])[order], part[order]


def _assembled(dimension: NDArray[np.int32], owner: NDArray[np.int64], closed: NDArray[np.bool_], length: NDArray[np.int64],
               first: NDArray[np.bool_], ring: NDArray[np.int64], step: NDArray[np.int64]) -> Shapes:
    """Per ring: MoveTo, its point, LineTo and its points if there are more, ClosePath if it is one of a polygon."""
    line = length > 1
    width = 3 + line * (1 + 2 * (length - 1)) + closed
    start = np.concatenate([[0], np.cumsum(width)])
    commands = np.empty(int(start[-1]), np.uint64)
    start = start[:-1]
    commands[start] = _MOVE_ONE
    commands[start[line] + 3] = ((length[line] - 1) << 3) | 2
    commands[(start + width - 1)[closed]] = _CLOSE
    before = np.cumsum(length) - length
    rank = np.arange(len(ring)) - before[ring]
    at = start[ring] + np.where(first, 1, 2 + 2 * rank)
    commands[at], commands[at + 1] = zigzag(step[:, 0]), zigzag(step[:, 1])
    count = np.bincount(owner, weights=width, minlength=len(dimension)).astype(np.int64)
    kind = np.array([POINT, LINE, POLYGON], np.uint8)[dimension]
    return Shapes(kind, count, commands)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
