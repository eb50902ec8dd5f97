"""Sub-cells of footprints that bend within a cell, row of cells by row of cells, in strips of eight sub-cells.

The numbers are those of :func:`riskmodel.kernels.cell.point_on_cell`, bit for bit: the same sub-cells, the same operations, and
sums of integers, which no order changes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from riskmodel.kernels.boxes import part_of_tile
from riskmodel.kernels.cell import FINE_CELLS, MAX_SUB, NEAR_SUB, SUB_SCALE, at_knot, point_subdivision
from riskmodel.kernels.strips import LANES, add_strip, whole_strips

#: Sub-cells that the widest narrow footprint can have in a row: 64 each in the cells of twice five, and two at the rims.
MOST = MAX_SUB * (2 * int(FINE_CELLS) + 3)


@njit(cache=True, nogil=True)
def copy_row(table, q, row):
    """Copy a row of a table that all threads share: a view of it would count references, which the threads then fight over.

    Examples
    --------
    >>> row = np.zeros(3)
    >>> copy_row(np.array([[1.0, 0.5, 0.0], [0.2, 0.1, 0.0]]), 1, row)
    >>> row.tolist()
    [0.2, 0.1, 0.0]
    """
    for j in range(row.shape[0]):
        row[j] = table[q, j]


@njit(cache=True, nogil=True)
def columns_of(west, cell, b0, b1, x, radius, n, across, begin):
    """Squared distances east of the event of the sub-cells within `radius`, for the columns b0 … b1; where each column's begin.

    `begin` has one entry more than there are columns.

    Examples
    --------
    >>> across, begin = np.empty(MOST), np.zeros(3, np.int64)
    >>> columns_of(0.0, 100.0, 0, 2, 100.0, 60.0, 5, across, begin)
    >>> across[:begin[2]].tolist(), begin.tolist()
    ([2500.0, 900.0, 100.0, 100.0, 900.0, 2500.0], [0, 3, 6])
    """
    half = 0.5 * cell / n
    m = 0
    for b in range(b0, b1):
        begin[b - b0] = m
        ox = west + (b + 0.5) * cell - x
        for s in range(n):
            dx = ox + (2 * s + 1 - n) * half
            if abs(dx) < radius:
                across[m] = dx * dx
                m += 1
    begin[b1 - b0] = m


@njit(cache=True, nogil=True)
def sums_of_row(across, begin, columns, oy, cell, radius, n, scale, last, quads, q, both, down, strip, out, inside):
    """Sums of P(death) outdoors and indoors over the sub-cells of one row of cells, times the scale of the sub-cells.

    `across` holds the sub-cells of all columns, `oy` is the row's distance north of the event; `down` and `strip` are room for
    the rows of sub-cells and for their sums.

    Examples
    --------
    >>> quads = np.array([[1.0, 0.0, 0.5, 0.0] * 2 + [0.0] * 4])  # certain outdoors, half indoors, up to the last knot
    >>> across, begin, sums = np.full(8, 100.0), np.array([0, 2]), np.zeros((2, 1), np.int64)
    >>> room = np.empty(2), np.empty(8, np.int64)
    >>> sums_of_row(across, begin, 1, 0.0, 100.0, 60.0, 2, 1 / 3600, 1, quads, 0, True, *room, sums[0], sums[1])
    >>> (sums / SUB_SCALE).tolist()
    [[4.0], [2.0]]
    """
    half = 0.5 * cell / n
    rows = 0
    for s in range(n):
        dy = oy + (2 * s + 1 - n) * half
        if dy * dy < radius * radius:
            down[rows] = dy * dy
            rows += 1
    sum_strips(across, begin, columns, down, rows, scale, last, quads, q * quads.shape[1], strip, out)
    if both:
        sum_strips(across, begin, columns, down, rows, scale, last, quads, q * quads.shape[1] + 2, strip, inside)
    else:
        inside[:columns] = 0


@njit(cache=True, nogil=True)
def sum_strips(across, begin, columns, down, rows, scale, last, quads, table, strip, found):
    """One of the two sums; the rows of a strip lie on one another, and lanes past the last sub-cell belong to no column.

    Examples
    --------
    >>> quads = np.array([[1.0, -1.0, 0.0, 0.0] + [0.0] * 8])  # outdoors falling from 1 to 0, indoors nothing
    >>> across, down, strip, found = np.array([0.0, 25.0] * 4), np.zeros(3), np.empty(8, np.int64), np.empty(2, np.int64)
    >>> sum_strips(across, np.array([0, 2, 4]), 2, down, 3, 1 / 100, 1, quads, 0, strip, found)
    >>> (found / SUB_SCALE).tolist()
    [5.25, 5.25]
    """
    wide = whole_strips(begin[columns])
    strip[:wide] = 0
    for j in range(0, wide, LANES):
        add_strip(strip, j, 0, across, j, down, 0, rows, scale, last, SUB_SCALE, quads, table, 4)
    for c in range(columns):
        total = np.int64(0)
        for j in range(np.uintp(begin[c]), np.uintp(begin[c + 1])):
            total += strip[j]
        found[c] = total


@njit(cache=True, nogil=True)
def parts_of(radius, cell):
    """Sub-cells per side of a narrow footprint's cells, and what the sums of a cell are divided by.

    Examples
    --------
    >>> n, parts = parts_of(100.0, 100.0)
    >>> n, parts / SUB_SCALE
    (10, 100.0)
    """
    n = point_subdivision(radius, cell)
    return n, n * n * SUB_SCALE


@njit(cache=True, nogil=True)
def refine(west, north, cell, row0, row1, col0, col1, x, y, radius, fine, units, table, quads, shape, ir, layer, across, down,
           strip, sums):
    """Replace the values at cell centres that a wide footprint has laid near its middle by means over sub-cells.

    Examples
    --------
    A cone of 600 m: its tip stands in the middle of a cell, whose mean is lower.

    >>> table, ir = np.linspace(1.0, 0.0, 3), np.full((1, 1, 8), 1_000_000)
    >>> quads = np.array([[1.0, -0.5, 0.0, 0.0, 0.5, -0.5, 0.0, 0.0] + [0.0] * 8])
    >>> room = np.empty(MOST), np.empty(64), np.empty(MOST, np.int64), np.empty((3, MOST), np.int64)
    >>> refine(0.0, 100.0, 100.0, 0, 1, 0, 8, 250.0, 50.0, 600.0, 60.0, 1e6, table, quads, 0, ir, 0, *room)
    >>> ir[0, 0].tolist()
    [1000000, 1000000, 995659, 1000000, 1000000, 1000000, 1000000, 1000000]
    """
    begin, outs, ins = sums[0], sums[1], sums[2]
    near = min(FINE_CELLS * cell, fine)
    a0, a1, b0, b1 = part_of_tile(west, north, cell, row0, row1, col0, col1, x - near, x + near, y - near, y + near)
    last = table.shape[0] - 1
    scale = last / (radius * radius)
    parts = NEAR_SUB * NEAR_SUB * SUB_SCALE
    columns_of(west, cell, b0, b1, x, radius, NEAR_SUB, across, begin)
    for a in range(a0, a1):
        oy = north - (a + 0.5) * cell - y
        if abs(oy) >= near:
            continue
        sums_of_row(across, begin, b1 - b0, oy, cell, radius, NEAR_SUB, scale, last, quads, shape, False, down, strip, outs, ins)
        for b in range(b0, b1):
            dx = west + (b + 0.5) * cell - x
            d2 = dx * dx + oy * oy
            if d2 < near * near:
                mean = outs[b - b0] / parts
                ir[layer, a - row0, b - col0] += np.int64(units * mean) - np.int64(units * at_knot(table, d2 * scale))
