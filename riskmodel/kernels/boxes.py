"""Boxes of metres on tiles: which tiles a footprint can touch, what it costs there, and which cells of a tile it covers."""

from __future__ import annotations

import math

from numba import njit


@njit(cache=True, nogil=True)
def tiles_touched(west, north, cell, side, down, across, xmin, xmax, ymin, ymax):
    """Rows and columns of tiles that a box of metres touches.

    Examples
    --------
    >>> tiles_touched(0.0, 10_000.0, 100.0, 20, 5, 5, 1900.0, 2100.0, 9500.0, 9700.0)
    (0, 1, 0, 2)
    """
    metres = side * cell
    i0 = max(0, int(math.floor((north - ymax) / metres)))
    i1 = min(down, int(math.floor((north - ymin) / metres)) + 1)
    j0 = max(0, int(math.floor((xmin - west) / metres)))
    j1 = min(across, int(math.floor((xmax - west) / metres)) + 1)
    return i0, i1, j0, j1


@njit(cache=True, nogil=True)
def count_boxes(west, north, cell, side, down, across, xmin, xmax, ymin, ymax, frequency, work, count, total, cost):
    """How many boxes touch each tile, the sum of their frequencies, and the cells times `work` that they cover in it.

    Examples
    --------
    >>> import numpy as np
    >>> edges, sums = np.array([[1900.0], [2100.0], [9500.0], [9700.0]]), np.zeros((2, 25))
    >>> count = np.zeros(25, np.int64)
    >>> count_boxes(0.0, 10_000.0, 100.0, 20, 5, 5, *edges, np.array([1e-5]), np.ones(1), count, *sums)
    >>> np.flatnonzero(count).tolist(), sums[1, :2].tolist()
    ([0, 1], [6.0, 6.0])
    """
    metres = side * cell
    for k in range(xmin.shape[0]):
        i0, i1, j0, j1 = tiles_touched(west, north, cell, side, down, across, xmin[k], xmax[k], ymin[k], ymax[k])
        for i in range(i0, i1):
            top = north - i * metres
            high = min(ymax[k], top) - max(ymin[k], top - metres)
            for j in range(j0, j1):
                left = west + j * metres
                wide = min(xmax[k], left + metres) - max(xmin[k], left)
                t = i * across + j
                count[t] += 1
                total[t] += frequency[k]
                cost[t] += work[k] * (high / cell + 1.0) * (wide / cell + 1.0)


@njit(cache=True, nogil=True)
def place_boxes(west, north, cell, side, down, across, xmin, xmax, ymin, ymax, start, index):
    """Numbers of the boxes of each tile, in their order; `start` is where each tile's list begins and is moved to its end.

    Examples
    --------
    >>> import numpy as np
    >>> edges, index = np.array([[1900.0], [2100.0], [9500.0], [9700.0]]), np.zeros(2, np.int32)
    >>> start = np.minimum(np.arange(25), 2)
    >>> place_boxes(0.0, 10_000.0, 100.0, 20, 5, 5, *edges, start, index)
    >>> index.tolist(), start[:2].tolist()
    ([0, 0], [1, 2])
    """
    for k in range(xmin.shape[0]):
        i0, i1, j0, j1 = tiles_touched(west, north, cell, side, down, across, xmin[k], xmax[k], ymin[k], ymax[k])
        for i in range(i0, i1):
            for j in range(j0, j1):
                t = i * across + j
                index[start[t]] = k
                start[t] += 1


@njit(cache=True, nogil=True)
def part_of_tile(origin_x, origin_y, cell, row0, row1, col0, col1, xmin, xmax, ymin, ymax):
    """Rows and columns, counted from the origin, that a box of metres touches within a tile.

    Examples
    --------
    >>> part_of_tile(0.0, 1000.0, 100.0, 0, 5, 5, 10, 450.0, 650.0, 420.0, 780.0)
    (2, 5, 5, 7)
    """
    a0 = max(row0, int(math.floor((origin_y - ymax) / cell)))
    a1 = min(row1, int(math.floor((origin_y - ymin) / cell)) + 1)
    b0 = max(col0, int(math.floor((xmin - origin_x) / cell)))
    b1 = min(col1, int(math.floor((xmax - origin_x) / cell)) + 1)
    return a0, a1, b0, b1
