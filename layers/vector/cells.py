"""Grid cells as vector tiles, straight from the arrays of a snapshot; below zoom 12 sums of cells, worst level kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid, to_degrees, to_metres
from layers.mercator import inverse_mercator
from layers.reader import Snapshot
from layers.tables import S_UNIT
from layers.vector.attributes import measured, whole, yes
from layers.vector.encoder import EXTENT, Attribute, encode_layer
from layers.vector.shapes import Address, quadrilaterals, tile_units

#: From this zoom on a tile shows single cells; every zoom below doubles the side of what it shows.
CELL_ZOOM = 12

_LATTICE = 8  # pieces per side of the part of the grid in a tile, between corners that are projected exactly


@dataclass(frozen=True)
class Blocks:
    """Squares of 1, 2², 4² … cells that hold something, in the order of their place.

    Attributes
    ----------
    grid : Grid
        Of the blocks: cells `factor` times as wide, aligned to the origin of all grids.
    place : (n,) int64
        Flat index of each block, ascending.
    level : (n,) int8
        Worst level of its cells.
    hatched : (n,) bool
        Whether all cells of that level are hatched.
    count : (n,) int64
        Occupied cells in it.
    pll, density, residents : (n,) float64
        Deaths per year, deaths per km² and year over the whole block, people.
    """

    grid: Grid
    place: NDArray[np.int64]
    level: NDArray[np.int8]
    hatched: NDArray[np.bool_]
    count: NDArray[np.int64]
    pll: NDArray[np.float64]
    density: NDArray[np.float64]
    residents: NDArray[np.float64]


class CellTiles:
    """Vector tiles of the cells of a snapshot.

    Parameters
    ----------
    snapshot : Snapshot
    """

    name = "cells"

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.blocks = cache(self._blocks)

    def tile(self, z: int, x: int, y: int) -> bytes:
        """One layer ``cells``; empty where nothing is."""
        blocks = self.blocks(1 << max(0, CELL_ZOOM - z))
        grid = blocks.grid
        rows, cols = _window(grid, (z, x, y))
        found = _within(blocks.place, grid.nx, rows, cols)
        if not len(found):
            return b""
        row, col = np.divmod(blocks.place[found], grid.nx)
        corners = _corners(grid, (z, x, y), rows, cols)[row - rows[0], col - cols[0]]
        visible = ((corners.min(axis=1) <= EXTENT) & (corners.max(axis=1) >= 0)).all(axis=1)
        found, corners = found[visible], corners[visible]
        return encode_layer(self.name, quadrilaterals(corners), self._properties(blocks, found),
                            blocks.place[found].astype(np.uint64))

    def _properties(self, blocks: Blocks, rows: NDArray[np.int64]) -> list[Attribute]:
        row, col = np.divmod(blocks.place[rows], blocks.grid.nx)
        grid = blocks.grid
        return [
            whole("level", blocks.level[rows]), yes("hatched", blocks.hatched[rows]),
            measured("density", blocks.density[rows]), measured("pll", blocks.pll[rows]),
            measured("residents", blocks.residents[rows]), whole("cells", blocks.count[rows]),
            whole("side_m", np.full(len(rows), grid.cell)),
            whole("north", round(grid.north / grid.cell) - 1 - row), whole("east", round(grid.west / grid.cell) + col),
        ]

    def _blocks(self, factor: int) -> Blocks:
        cells, grid = self._snapshot.cells, self._snapshot.grid
        row, col = np.divmod(cells.numbers("cell"), grid.nx)
        # counted from the origin that all grids share, so that a block is the same block in every snapshot
        north = (round(grid.north / grid.cell) - 1 - row) // factor
        east = (round(grid.west / grid.cell) + col) // factor
        side = grid.cell * factor
        if not len(row):
            nothing = np.empty(0)
            return Blocks(grid, row, row.astype(np.int8), row > 0, row, nothing, nothing, nothing)
        top, left = int(north.max()), int(east.min())
        coarse = Grid(float(left * side), float((top + 1) * side), int(east.max()) - left + 1, top - int(north.min()) + 1, side)
        flat = (top - north) * coarse.nx + east - left
        order = np.argsort(flat, kind="stable")
        place, first = np.unique(flat[order], return_index=True)
        add = np.add.reduceat
        level, hatched = cells.numbers("level")[order], cells.numbers("hatched")[order]
        rank = np.minimum.reduceat(2 * level.astype(np.int64) + hatched, first)  # of one level the solid one goes first
        pll = add(cells.numbers("s")[order], first) * S_UNIT
        return Blocks(coarse, place, (rank // 2).astype(np.int8), rank % 2 == 1, np.diff(np.append(first, len(flat))), pll,
                      pll / coarse.cell_km2, add(cells.numbers("residents")[order].astype(np.float64), first))


def _window(grid: Grid, address: Address) -> tuple[tuple[int, int], tuple[int, int]]:
    """First row and row after the last, likewise columns, that a tile may touch."""
    z, x, y = address
    step = np.arange(9) / 8
    edge_x, edge_y = np.meshgrid(x + step, y + step)
    east, north = to_metres(*inverse_mercator(edge_x.ravel(), edge_y.ravel(), z))
    rows = (int(np.floor((grid.north - north.max()) / grid.cell)) - 1, int(np.ceil((grid.north - north.min()) / grid.cell)) + 1)
    cols = (int(np.floor((east.min() - grid.west) / grid.cell)) - 1, int(np.ceil((east.max() - grid.west) / grid.cell)) + 1)
    return ((min(max(rows[0], 0), grid.ny), min(max(rows[1], 0), grid.ny)),
            (min(max(cols[0], 0), grid.nx), min(max(cols[1], 0), grid.nx)))


def _within(place: NDArray[np.int64], nx: int, rows: tuple[int, int], cols: tuple[int, int]) -> NDArray[np.int64]:
    """Positions in ascending `place` of what lies in a window."""
    if rows[1] <= rows[0] or cols[1] <= cols[0]:
        return np.empty(0, np.int64)
    line = np.arange(rows[0], rows[1], dtype=np.int64) * nx
    start = np.searchsorted(place, line + cols[0])
    count = np.searchsorted(place, line + cols[1]) - start
    return np.asarray(np.repeat(start - (np.cumsum(count) - count), count) + np.arange(int(count.sum())))


def _corners(grid: Grid, address: Address, rows: tuple[int, int], cols: tuple[int, int]) -> NDArray[np.float64]:
    """Corners of every square of a window in tile units, (rows, cols, 4, 2): NW, NE, SE, SW.

    A lattice of 9 × 9 points is projected exactly and the rest lies between them: over 10 km the error is below 2 cm, a
    hundredth of a unit.
    """
    height, width = rows[1] - rows[0], cols[1] - cols[0]
    v, h = np.linspace(rows[0], rows[1], _LATTICE + 1), np.linspace(cols[0], cols[1], _LATTICE + 1)
    x, y = np.meshgrid(grid.west + h * grid.cell, grid.north - v * grid.cell)
    px, py = tile_units(address, *to_degrees(x.ravel(), y.ravel()))
    lattice = np.stack([px, py], axis=-1).reshape(_LATTICE + 1, _LATTICE + 1, 2)
    at = _between(_between(lattice, height).transpose(1, 0, 2), width).transpose(1, 0, 2)
    return np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]], axis=2)


def _between(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """`count` + 1 equidistant values along the first axis of a lattice."""
    at = np.arange(count + 1) * (_LATTICE / max(count, 1))
    low = np.minimum(at.astype(np.int64), _LATTICE - 1)
    part = (at - low)[:, None, None]
    return np.asarray(values[low] * (1 - part) + values[low + 1] * part)
