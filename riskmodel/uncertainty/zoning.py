"""Would the colour stand on another grid, in other zones? The modifiable areal unit problem, asked of every colour.

A cell: the grid moved by half a cell. Deaths at a place go to the quarter of the cell where the place is, everything else is
even in its cell. A street: made again of squares of five cells a side (500 m of the usual grid), at two alignments, each square
even in itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskmodel.fields import S_UNIT, Fields, local_s
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.scenarios import ScenarioSet

Array = NDArray[np.float64]


def density_level(density: NDArray[np.floating], thresholds: Array) -> NDArray[np.int8]:
    """Level by density alone: 1 at the highest threshold and above … 4 below all.

    Examples
    --------
    >>> density_level(np.array([3.5, 0.3, 0.1, 0.0]), np.array([3.0, 0.3, 0.03])).tolist()
    [1, 2, 3, 4]
    """
    return np.asarray(1 + (density[:, None] < thresholds[None, :]).sum(axis=1), np.int8)


def shifted_density(inputs: ModelInputs, scenarios: ScenarioSet, fields: Fields) -> NDArray[np.float32]:
    """Highest PLL density of the four cells of the half-shifted grid that cover each cell, deaths/km²·yr.

    Returns
    -------
    (cells,) float32

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> [f"{d:.1e}" for d in shifted_density(town(), scored().scenarios, scored().fields)[[7, 23]]]
    ['7.3e-03', '1.2e-03']
    """
    grid = inputs.grid
    cell, column, row = _quarters(inputs, scenarios)
    amount = local_s(scenarios.points)
    known = cell >= 0
    rest = fields.total.copy()
    np.subtract.at(rest, cell[known], amount[known])
    spread = (rest * (0.25 * S_UNIT)).astype(np.float32).reshape(grid.ny, grid.nx)
    del rest
    corner = np.zeros((grid.ny + 1, grid.nx + 1), np.float32)  # corner (a, b) is the upper left one of cell (a, b)
    for a, b in ((1, 1), (1, 0), (0, 1), (0, 0)):
        mine = known & (row == a) & (column == b)
        quarter = spread.copy()
        np.add.at(quarter.reshape(-1), cell[mine], (amount[mine] * S_UNIT).astype(np.float32))
        corner[a:a + grid.ny, b:b + grid.nx] += quarter
    highest = np.maximum(corner[1:, 1:], corner[1:, :-1])
    np.maximum(highest, corner[:-1, 1:], out=highest)
    np.maximum(highest, corner[:-1, :-1], out=highest)
    return np.asarray(highest.ravel() / np.float32(grid.cell_km2), np.float32)


def _quarters(inputs: ModelInputs, scenarios: ScenarioSet) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cell of each point scenario, and in which half of it the place is: 0 west or north, 1 east or south."""
    grid, points = inputs.grid, scenarios.points
    column = np.floor((points.x - grid.west) / (grid.cell / 2)).astype(np.int64) % 2
    row = np.floor((grid.north - points.y) / (grid.cell / 2)).astype(np.int64) % 2
    return grid.index(points.x, points.y), column, row


def rezoned_density(inputs: ModelInputs, fields: Fields, parameters: Parameters) -> Array:
    """PLL density of every street made of squares instead of cells, deaths/km²·yr, shape (alternatives, streets).

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> rezoned_density(town(), scored().fields, parameters()).round(4).tolist()
    [[0.0017, 0.0012], [0.0005, 0.0008]]
    """
    grid, coverage, streets = inputs.grid, inputs.coverage, len(inputs.streets)
    total = fields.total
    row, col = np.divmod(coverage.cell, grid.nx)
    area = inputs.streets["area_km2"].to_numpy(np.float64)
    busy = np.flatnonzero(total)
    result = []
    for side in parameters.array("uncertainty.zoning.blocks").astype(int):
        for offset in (0, side // 2):
            wide = (grid.nx + offset) // side + 1
            key = (row + offset) // side * wide + (col + offset) // side
            of_cell = (busy // grid.nx + offset) // side * wide + (busy % grid.nx + offset) // side
            block = np.bincount(of_cell, total[busy] * S_UNIT, int(key.max(initial=0)) + 1)
            result.append(np.bincount(coverage.street, block[key] * coverage.fraction / side**2, streets) / area)
    return np.stack(result)
