"""Many scenarios at one place: the cells around it are gathered once, ring by ring; every scenario takes those it reaches.

What a scenario adds to a cell is the same number, bit for bit, as in :mod:`riskmodel.kernels.tiles`; its deaths are one dot
product of its lethality with the people of the rings.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from riskmodel.kernels.boxes import part_of_tile
from riskmodel.kernels.cell import FINE_CELLS, MAX_SUB, point_on_cell
from riskmodel.kernels.footprint import IR_SCALE, public
from riskmodel.kernels.narrow import MOST, columns_of, copy_row, parts_of, sums_of_row

_HALF_DIAGONAL = 0.7072  # of a cell: how much nearer a cell can be to the place than to the middle of the place's cell


@njit(cache=True, nogil=True)
def gather_rings(west, north, cell, row0, row1, col0, col1, x, y, reach, ring_row, ring_col, ring_distance, people_out, people_in,
                 number, where, d2, around_out, around_in):
    """Cells of the tile around a place, nearest rings first; returns how many.

    Examples
    --------
    >>> from riskmodel.rings import rings_of
    >>> rings, people, room = rings_of(100.0, 100), np.arange(16.0).reshape(4, 4), np.empty((3, 13))
    >>> number, where = np.empty(13, np.int32), np.empty(13, np.int32)
    >>> m = gather_rings(0.0, 400.0, 100.0, 0, 4, 0, 4, 150.0, 250.0, 100.0, *rings, people, people, number, where, *room)
    >>> m, where[:5].tolist(), room[0, :5].tolist(), room[1, :5].tolist()
    (9, [5, 1, 4, 6, 9], [0.0, 10000.0, 10000.0, 10000.0, 10000.0], [5.0, 1.0, 4.0, 6.0, 9.0])
    """
    pa = int(math.floor((north - y) / cell))
    pb = int(math.floor((x - west) / cell))
    limit = reach / cell + _HALF_DIAGONAL
    wide = col1 - col0
    m = 0
    for j in range(ring_row.shape[0]):
        if ring_distance[j] > limit:
            break
        a = pa + ring_row[j]
        b = pb + ring_col[j]
        if a < row0 or a >= row1 or b < col0 or b >= col1:
            continue
        dx = west + (b + 0.5) * cell - x
        dy = north - (a + 0.5) * cell - y
        number[m] = j
        where[m] = (a - row0) * wide + (b - col0)
        d2[m] = dx * dx + dy * dy
        around_out[m] = people_out[a - row0, b - col0]
        around_in[m] = people_in[a - row0, b - col0]
        m += 1
    return m


@njit(cache=True, nogil=True)
def over_rings(d2, scale, last, quads, q, both, units, around_out, around_in, knot, share, amount, risk, wanted):
    """One scenario over gathered cells: its individual risk into `risk`; returns its deaths.

    All arrays are of the cells and counted from zero: an index that could be negative would keep the loops from vector code.

    Examples
    --------
    >>> quads = np.array([[1.0, 0.0, 0.5, 0.0] * 2 + [0.0] * 4])  # certain outdoors, half indoors, up to the last knot
    >>> d2, out, inside, risk = np.array([0.0, 1e4, 4e4]), np.full(3, 2.0), np.full(3, 8.0), np.zeros(3, np.int64)
    >>> room = np.empty(3, np.int32), np.empty(3), np.empty(3)
    >>> deaths = over_rings(d2, 1 / 22_500.0, 1, quads, 0, True, 1e-5 * IR_SCALE, out, inside, *room, risk, True)
    >>> deaths, (risk / IR_SCALE).tolist()
    (12.0, [1e-05, 1e-05, 0.0])
    """
    m = d2.shape[0]
    for j in range(m):
        p = d2[j] * scale
        share[j] = p if p < last else last + 1.0  # the knot after the last is zero
    for j in range(m):
        knot[j] = np.int32(share[j])
    for j in range(m):
        share[j] -= knot[j]
    if wanted:
        for j in range(m):
            i = np.uint32(4 * knot[j])
            out = quads[q, i] + share[j] * quads[q, i + np.uint32(1)]
            risk[j] += np.int64(units * out)
            amount[j] = out * around_out[j]
    else:
        for j in range(m):
            i = np.uint32(4 * knot[j])
            amount[j] = (quads[q, i] + share[j] * quads[q, i + np.uint32(1)]) * around_out[j]
    if both:
        for j in range(m):
            i = np.uint32(4 * knot[j] + 2)
            amount[j] += (quads[q, i] + share[j] * quads[q, i + np.uint32(1)]) * around_in[j]
    return summed(amount, m)


@njit(cache=True, nogil=True)
def summed(values, m):
    """Sum in eight lanes: a fixed order that vector instructions can follow.

    Examples
    --------
    >>> summed(np.arange(10.0), 10), summed(np.arange(10.0), 4)
    (45.0, 6.0)
    """
    l0 = l1 = l2 = l3 = l4 = l5 = l6 = l7 = 0.0
    for b in range(m // 8):
        j = 8 * b
        l0 += values[j]
        l1 += values[j + 1]
        l2 += values[j + 2]
        l3 += values[j + 3]
        l4 += values[j + 4]
        l5 += values[j + 5]
        l6 += values[j + 6]
        l7 += values[j + 7]
    total = ((l0 + l1) + (l2 + l3)) + ((l4 + l5) + (l6 + l7))
    for j in range(m // 8 * 8, m):
        total += values[j]
    return total


@njit(cache=True, nogil=True)
def wide_reach(radius, has_rose, kernel, start, stop, cell):
    """Largest radius among the scenarios that take part in the gathered rings; 0 if none does.

    Examples
    --------
    >>> wide_reach(np.array([80.0, 900.0, 700.0]), np.array([False, True, False]), np.array([0, 1, 2], np.int32), 0, 3, 100.0)
    700.0
    """
    reach = 0.0
    for k in range(start, stop):
        q = kernel[k]
        if radius[q] >= FINE_CELLS * cell and not has_rose[q]:
            reach = max(reach, radius[q])
    return reach


@njit(cache=True, nogil=True)
def rings_within(number, m, ring_distance, reach, cell):
    """How many of the gathered cells can lie within `reach` metres.

    Examples
    --------
    >>> from riskmodel.rings import rings_of
    >>> distance = rings_of(300.0, 100)[2]
    >>> rings_within(np.arange(len(distance), dtype=np.int32), len(distance), distance, 100.0, 100.0), len(distance)
    (9, 49)
    """
    return np.searchsorted(number[:m], np.searchsorted(ring_distance, reach / cell + _HALF_DIAGONAL, side="right"))


@njit(cache=True, nogil=True)
def add_places(west, north, cell, nx, row0, row1, col0, col1, x, y, frequency, layer, kernel, own_cell, own_staff, job_out,
               job_in, radius, fine, indoors, lut_out, lut_in, shape, quads, rose, has_rose, ring_row, ring_col,
               ring_distance, people_out, people_in, ir, deaths):
    """Add point scenarios, sorted by place, to a tile; `deaths` gets each one's mean deaths in the tile.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> from riskmodel.rings import risk_and_deaths  # hands every tile to it
    >>> ir, deaths = risk_and_deaths(scored().scenarios, scored().exposure, GRID)
    >>> f"{ir[0].max() / IR_SCALE:.1e}", deaths.max().round(1).item(), len(add_places.signatures)
    ('1.6e-05', 12.7, 1)
    """
    size = (row1 - row0) * (col1 - col0)
    wide = col1 - col0
    most = min(size, ring_row.shape[0])
    number, where, knot = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32)
    d2, share, amount = np.empty(most), np.empty(most), np.empty(most)
    around_out, around_in = np.empty(most), np.empty(most)
    risk = np.zeros((max(1, ir.shape[0]), most), np.int64)
    flat = ir.reshape(ir.shape[0], size)
    across, down = np.empty(MOST), np.empty(MAX_SUB)
    sums, strip = np.empty((3, MOST), np.int64), np.empty(MOST, np.int64)
    out_table, in_table, winds = np.empty(lut_out.shape[1]), np.empty(lut_out.shape[1]), np.empty(16)
    last = lut_out.shape[1] - 1
    start = 0
    while start < x.shape[0]:
        stop = start
        while stop < x.shape[0] and x[stop] == x[start] and y[stop] == y[start]:
            stop += 1
        reach = wide_reach(radius, has_rose, kernel, start, stop, cell)
        m = 0
        if reach > 0.0:
            m = gather_rings(west, north, cell, row0, row1, col0, col1, x[start], y[start], reach, ring_row, ring_col,
                             ring_distance, people_out, people_in, number, where, d2, around_out, around_in)
        for k in range(start, stop):
            q = kernel[k]
            r = radius[q]
            units = frequency[k] * IR_SCALE
            if has_rose[q] or fine[q] > 0.0 or own_staff[k] > 0.0:
                copy_row(lut_out, q, out_table)
                copy_row(lut_in, q, in_table)
                copy_row(rose, q, winds)
            if r < FINE_CELLS * cell or has_rose[q]:
                a0, a1, b0, b1 = part_of_tile(west, north, cell, row0, row1, col0, col1, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
                if a0 >= a1 or b0 >= b1:
                    continue
                if not has_rose[q]:
                    deaths[k] += on_narrow(west, north, cell, row0, col0, a0, a1, b0, b1, x[k], y[k], r, last, shape[q],
                                           indoors[q], quads, units, layer[k], people_out, people_in, ir, across, down,
                                           strip, sums)
                else:
                    for a in range(a0, a1):
                        for b in range(b0, b1):
                            deaths[k] += on_one_cell(west, north, cell, row0, col0, a, b, x[k], y[k], r, out_table, in_table,
                                                     winds, True, fine[q], units, layer[k], people_out, people_in, ir)
            else:
                known = rings_within(number, m, ring_distance, r, cell)
                near = min(known, rings_within(number, m, ring_distance, fine[q], cell)) if fine[q] > 0.0 else 0
                for j in range(near):
                    deaths[k] += on_one_cell(west, north, cell, row0, col0, row0 + where[j] // wide, col0 + where[j] % wide, x[k],
                                             y[k], r, out_table, in_table, winds, False, fine[q], units, layer[k], people_out,
                                             people_in, ir)
                deaths[k] += over_rings(d2[near:known], last / (r * r), last, quads, shape[q], indoors[q], units,
                                        around_out[near:known], around_in[near:known], knot, share, amount,
                                        risk[max(0, layer[k]), near:known], layer[k] >= 0)
            if own_cell[k] >= 0 and own_staff[k] > 0.0:
                deaths[k] += without_own(west, north, cell, nx, row0, row1, col0, col1, x[k], y[k], r, out_table, in_table,
                                         winds, has_rose[q], fine[q], own_cell[k], own_staff[k], job_out, job_in, people_out,
                                         people_in)
        for i in range(ir.shape[0]):
            for j in range(m):
                flat[i, where[j]] += risk[i, j]
                risk[i, j] = 0
        start = stop


@njit(cache=True, nogil=True)
def on_narrow(west, north, cell, row0, col0, a0, a1, b0, b1, x, y, r, last, shape, both, quads, units, layer, people_out,
              people_in, ir, across, down, strip, sums):
    """One narrow scenario: adds its individual risk, returns its deaths.

    Examples
    --------
    >>> quads = np.array([[1.0, 0.0, 0.5, 0.0] * 2 + [0.0] * 4])  # certain outdoors, half indoors, up to the last knot
    >>> people, ir = np.full((2, 2), 10.0), np.zeros((1, 2, 2), np.int64)
    >>> room = np.empty(MOST), np.empty(64), np.empty(MOST, np.int64), np.empty((3, MOST), np.int64)
    >>> deaths = on_narrow(0.0, 200.0, 100.0, 0, 0, 0, 2, 0, 2, 100.0, 100.0, 50.0, 1, 0, True, quads, 1e-5 * IR_SCALE, 0, people,
    ...                    people, ir, *room)
    >>> round(deaths, 1), (ir / IR_SCALE).round(7).tolist()
    (11.9, [[[2e-06, 2e-06], [2e-06, 2e-06]]])
    """
    total = 0.0
    n, parts = parts_of(r, cell)
    begin, outs, ins = sums[0], sums[1], sums[2]
    columns_of(west, cell, b0, b1, x, r, n, across, begin)
    for a in range(a0, a1):
        sums_of_row(across, begin, b1 - b0, north - (a + 0.5) * cell - y, cell, r, n, last / (r * r), last, quads, shape,
                    both, down, strip, outs, ins)
        for c in range(b1 - b0):
            out = outs[c] / parts
            if layer >= 0:
                ir[layer, a - row0, b0 + c - col0] += np.int64(units * out)
            total += out * people_out[a - row0, b0 + c - col0] + ins[c] / parts * people_in[a - row0, b0 + c - col0]
    return total


@njit(cache=True, nogil=True)
def on_one_cell(west, north, cell, row0, col0, a, b, x, y, r, lut_out, lut_in, rose, has_rose, fine, units, layer, people_out,
                people_in, ir):
    """One scenario in one cell: adds its individual risk, returns its deaths.

    Examples
    --------
    >>> people, ir, certain = np.full((2, 2), 10.0), np.zeros((1, 2, 2), np.int64), np.ones(257)
    >>> on_one_cell(0.0, 200.0, 100.0, 0, 0, 0, 1, 150.0, 150.0, 800.0, certain, certain / 2, np.ones(16), False, 0.0,
    ...             1e-5 * IR_SCALE, 0, people, people, ir), (ir / IR_SCALE).tolist()
    (15.0, [[[0.0, 1e-05], [0.0, 0.0]]])
    """
    out, inside = point_on_cell(west + (b + 0.5) * cell, north - (a + 0.5) * cell, cell, x, y, r, lut_out, lut_in, rose, has_rose,
                                fine)
    if layer >= 0:
        ir[layer, a - row0, b - col0] += np.int64(units * out)
    return out * people_out[a - row0, b - col0] + inside * people_in[a - row0, b - col0]


@njit(cache=True, nogil=True)
def without_own(west, north, cell, nx, row0, row1, col0, col1, x, y, r, lut_out, lut_in, rose, has_rose, fine, own_cell,
                own_staff, job_out, job_in, people_out, people_in):
    """What the deaths change by when the source's own staff are taken out of the people of their cell (never more than 0).

    Examples
    --------
    >>> people, certain = np.full((2, 2), 10.0), np.ones(257)
    >>> without_own(0.0, 200.0, 100.0, 2, 0, 2, 0, 2, 150.0, 150.0, 800.0, certain, certain / 2, np.ones(16), False, 0.0, 1, 6.0,
    ...             0.1, 0.9, people, people)
    -3.3
    """
    a = own_cell // nx
    b = own_cell % nx
    if a < row0 or a >= row1 or b < col0 or b >= col1:
        return 0.0
    out, inside = point_on_cell(west + (b + 0.5) * cell, north - (a + 0.5) * cell, cell, x, y, r, lut_out, lut_in, rose, has_rose,
                                fine)
    po = people_out[a - row0, b - col0]
    pi = people_in[a - row0, b - col0]
    return (out * (public(po, own_staff * job_out, True) - po) + inside * (public(pi, own_staff * job_in, True) - pi))
