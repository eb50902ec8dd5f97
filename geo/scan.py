"""The compiled scan behind :mod:`geo.areas`: exact area of a polygon in every cell of a unit grid.

Every ring edge is cut at the grid lines. In a cell that an edge crosses, the signed trapezoid between the edge and the
cell's right side is the edge's part of the covered area; every cell further right in that row gets the full height of the
edge (`cover`). A running sum along the row then gives the covered area of each cell, as a font rasteriser does it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Shares below this are rounding left over by the running sum, not area.
TINY = 1e-12


@njit(cache=True, nogil=True)
def _span(part, cover, touched, row, nx, height, xa, xb):
    """Add one piece of an edge inside one row: from `xa` to `xb`, over the signed `height`."""
    left = min(xa, xb)
    right = max(xa, xb)
    first = min(max(int(np.floor(left)), 0), nx - 1)
    last = min(max(int(np.ceil(right)) - 1, first), nx - 1)
    base = row * (nx + 1)
    if first == last:
        part[base + first] += height * (first + 1 - 0.5 * (left + right))
        touched[base + first] = True
        cover[base + first + 1] += height
        return
    slope = height / (right - left)
    for column in range(first, last + 1):
        begin = left if column == first else float(column)
        end = right if column == last else column + 1.0
        piece = slope * (end - begin)
        part[base + column] += piece * (column + 1 - 0.5 * (begin + end))
        touched[base + column] = True
        cover[base + column + 1] += piece


@njit(cache=True, nogil=True)
def _edge(part, cover, touched, nx, ny, x0, y0, x1, y1):
    """Cut one edge at the row lines; always from the smaller y, so that a shared border gives the same bits to both sides."""
    if y0 == y1:  # covers nothing itself, but the cells along it are only partly inside
        row = min(max(int(np.floor(y0)), 0), ny - 1)
        _span(part, cover, touched, row, nx, 0.0, x0, x1)
        return
    sign = 1.0
    if y0 > y1:
        x0, y0, x1, y1 = x1, y1, x0, y0
        sign = -1.0
    slope = (x1 - x0) / (y1 - y0)
    first = min(max(int(np.floor(y0)), 0), ny - 1)
    last = min(max(int(np.ceil(y1)) - 1, first), ny - 1)
    xa = x0
    ya = y0
    for row in range(first, last + 1):
        yb = y1 if row == last else row + 1.0
        xb = x1 if row == last else x0 + (yb - y0) * slope
        _span(part, cover, touched, row, nx, sign * (yb - ya), xa, xb)
        xa = xb
        ya = yb


@njit(cache=True, nogil=True)
def _collect(part, cover, touched, nx, ny, column, row, fraction):
    """Running sum along the rows; returns the number of covered cells written."""
    count = 0
    for j in range(ny):
        running = 0.0
        base = j * (nx + 1)
        for i in range(nx):
            running += cover[base + i]
            if touched[base + i]:
                share = running + part[base + i]
            else:
                running = np.round(running)  # no edge in this cell: it is wholly in or wholly out
                share = running
            if share > TINY:
                column[count] = i
                row[count] = j
                fraction[count] = min(share, 1.0)
                count += 1
    return count


@njit(cache=True, nogil=True)
def scan(
    x: NDArray[np.float64], y: NDArray[np.float64], offsets: NDArray[np.int64], nx: int, ny: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Cells that a polygon covers, with the share of each.

    Parameters
    ----------
    x, y : (n,) float64
        Ring vertices in units of cells, x to the right (0 … nx), y downwards (0 … ny); first vertex repeated at the end.
        Seen with y upwards, outer rings run counter-clockwise and holes clockwise.
    offsets : (rings + 1,) int64
        Where each ring starts in `x` and `y`.
    nx, ny : int
        Size of the window; all vertices lie inside it.

    Returns
    -------
    column, row : (m,) int64
    fraction : (m,) float64
        Share of the cell's area inside the polygon, 0 < fraction ≤ 1; cells in row order.
    """
    size = ny * (nx + 1)
    part = np.zeros(size, np.float64)
    cover = np.zeros(size, np.float64)
    touched = np.zeros(size, np.bool_)
    for ring in range(len(offsets) - 1):
        for k in range(offsets[ring], offsets[ring + 1] - 1):
            _edge(part, cover, touched, nx, ny, x[k], y[k], x[k + 1], y[k + 1])
    column = np.empty(nx * ny, np.int64)
    row = np.empty(nx * ny, np.int64)
    fraction = np.empty(nx * ny, np.float64)
    count = _collect(part, cover, touched, nx, ny, column, row, fraction)
    return column[:count].copy(), row[:count].copy(), fraction[:count].copy()
