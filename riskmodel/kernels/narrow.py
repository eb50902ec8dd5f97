"""Narrow footprints, row by row: the sub-cells of all cells that one reaches, in loops that can become vector instructions.

The numbers are those of :func:`riskmodel.kernels.cell.point_on_cell`, bit for bit: the same sub-cells, the same operations, and
sums of integers, which no order changes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from riskmodel.kernels.cell import FINE_CELLS, SUB_SCALE, point_subdivision

#: Sub-cells that the widest narrow footprint can have in a row: 64 each in the cells of twice five, and two at the rims.
MOST = 64 * (2 * int(FINE_CELLS) + 3)


@njit(cache=True, nogil=True)
def copy_row(table, q, row):
    """Copy a row of a table that all threads share: a view of it would count references, which the threads then fight over."""
    for j in range(row.shape[0]):
        row[j] = table[q, j]


@njit(cache=True, nogil=True)
def columns_of(west, cell, b0, b1, x, radius, n, offset, begin):
    """Distances east of the event of the sub-cells within `radius`, for the columns b0 … b1, and where each column's begin.

    `begin` has one entry more than there are columns; returns how many sub-cells there are.
    """
    half = 0.5 * cell / n
    m = 0
    for b in range(b0, b1):
        begin[b - b0] = m
        ox = west + (b + 0.5) * cell - x
        for s in range(n):
            dx = ox + (2 * s + 1 - n) * half
            if abs(dx) < radius:
                offset[m] = dx
                m += 1
    begin[b1 - b0] = m
    return m


@njit(cache=True, nogil=True)
def sums_of_row(offset, begin, columns, oy, cell, radius, n, scale, last, quads, q, both, knot, share, out, inside):
    """Sums of P(death) outdoors and indoors over the sub-cells of one row of cells, times the scale of the sub-cells.

    `offset` holds the sub-cells of all columns, `oy` is the row's distance north of the event.
    """
    half = 0.5 * cell / n
    m = offset.shape[0]
    for c in range(columns):
        out[c] = 0
        inside[c] = 0
    for s in range(n):
        dy = oy + (2 * s + 1 - n) * half
        dy2 = dy * dy
        if dy2 >= radius * radius:
            continue
        for j in range(m):
            p = (offset[j] * offset[j] + dy2) * scale
            share[j] = p if p < last else last + 1.0  # the knot after the last is zero
        for j in range(m):
            knot[j] = np.int32(share[j])
        for j in range(m):
            share[j] -= knot[j]
        for c in range(columns):
            total = np.int64(0)
            for j in range(np.uintp(begin[c]), np.uintp(begin[c + 1])):
                i = np.uint32(4 * knot[j])
                total += np.int64((quads[q, i] + share[j] * quads[q, i + np.uint32(1)]) * SUB_SCALE)
            out[c] += total
        if both:
            for c in range(columns):
                total = np.int64(0)
                for j in range(np.uintp(begin[c]), np.uintp(begin[c + 1])):
                    i = np.uint32(4 * knot[j])
                    total += np.int64((quads[q, i + np.uint32(2)] + share[j] * quads[q, i + np.uint32(3)]) * SUB_SCALE)
                inside[c] += total


@njit(cache=True, nogil=True)
def parts_of(radius, cell):
    """Sub-cells per side of a narrow footprint's cells, and what the sums of a cell are divided by."""
    n = point_subdivision(radius, cell)
    return n, n * n * SUB_SCALE
