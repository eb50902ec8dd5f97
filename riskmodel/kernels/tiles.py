"""Stencils of footprints on one tile of cells: run by threads (:mod:`riskmodel.sweep`) or by workers (:mod:`riskmodel.cluster`).

A tile owns its part of the fields, so nothing here needs atomics. The value that a scenario has in a cell is that of
:mod:`riskmodel.kernels.footprint`, bit for bit; isotropic footprints only get it in strips of cells, by vector instructions.
Frequencies may be negative: the same bits are taken away again.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from riskmodel.kernels.boxes import part_of_tile
from riskmodel.kernels.cell import FINE_CELLS, line_on_cell, point_on_cell
from riskmodel.kernels.footprint import IR_SCALE, S_SCALE, public
from riskmodel.kernels.narrow import MOST, columns_of, copy_row, parts_of, refine, sums_of_row
from riskmodel.kernels.strips import LANES, add_disc


@njit(cache=True, nogil=True)
def knots_of_row(west, cell, b0, n, x, dy2, scale, knot, share):
    """(r / R)² in knots of n cells of one row from column b0: whole part into `knot`, the rest into `share`.

    Examples
    --------
    >>> knot, share = np.empty(3, np.int32), np.empty(3)
    >>> knots_of_row(0.0, 100.0, 0, 3, 50.0, 0.0, 256 / 4e4, knot, share)
    >>> knot.tolist(), share.tolist()
    ([0, 64, 256], [0.0, 0.0, 0.0])
    """
    left = west + (b0 + 0.5) * cell
    for j in range(n):
        dx = (left + j * cell) - x
        share[j] = (dx * dx + dy2) * scale
    for j in range(n):
        knot[j] = np.int32(share[j])
    for j in range(n):
        share[j] -= knot[j]


@njit(cache=True, nogil=True)
def add_s_row(s, theme, a, b, n, quads, q, knot, share, units, people_out, people_in):
    """Add n cells to a row of societal risk and return the sum; `quads` holds value and rise outdoors, then indoors.

    Examples
    --------
    >>> s, quads, people = np.zeros((1, 1, 4), np.int64), np.array([[0.5, -0.5, 0.25, -0.25]]), np.full((1, 4), 8.0)
    >>> add_s_row(s, 0, 0, 1, 1, quads, 0, np.zeros(1, np.int32), np.array([0.5]), 1000.0, people, people), s.tolist()
    (3000, [[[0, 3000, 0, 0]]])
    """
    total = np.int64(0)
    for j in range(n):
        i = np.uint32(4 * knot[j])
        out = quads[q, i] + share[j] * quads[q, i + np.uint32(1)]
        inside = quads[q, i + np.uint32(2)] + share[j] * quads[q, i + np.uint32(3)]
        c = np.uintp(b + j)  # never negative: saves a test per cell
        add = np.int64(units * (out * people_out[a, c] + inside * people_in[a, c]))
        s[theme, a, c] += add
        total += add
    return total


@njit(cache=True, nogil=True)
def row_span(west, cell, x, dy2, radius, scale, last, b0, b1):
    """Columns of a row whose centres lie inside the footprint, by the same comparison that each cell would make.

    Examples
    --------
    >>> row_span(0.0, 100.0, 1050.0, 0.0, 600.0, 256 / 3.6e5, 256, 0, 40)
    (5, 16)
    """
    h2 = radius * radius - dy2
    if h2 <= 0.0:
        return 0, 0
    h = math.sqrt(h2)
    b0 = max(b0, int(math.floor((x - h - west) / cell - 0.5)))
    b1 = min(b1, int(math.floor((x + h - west) / cell - 0.5)) + 2)
    while b0 < b1:
        dx = west + (b0 + 0.5) * cell - x
        if (dx * dx + dy2) * scale < last:
            break
        b0 += 1
    while b0 < b1:
        dx = west + (b1 - 0.5) * cell - x
        if (dx * dx + dy2) * scale < last:
            break
        b1 -= 1
    return b0, b1


@njit(cache=True, nogil=True)
def near_span(west, cell, x, dy2, fine, b0, b1):
    """Columns of a row that may have to be integrated over sub-cells: those within `fine` metres.

    Examples
    --------
    >>> near_span(0.0, 100.0, 1050.0, 0.0, 150.0, 5, 16), near_span(0.0, 100.0, 1050.0, 4e4, 150.0, 5, 16)
    ((8, 13), (5, 5))
    """
    h2 = fine * fine - dy2
    if h2 < 0.0:
        return b0, b0
    h = math.sqrt(h2)
    c0 = max(b0, int(math.floor((x - h - west) / cell - 0.5)))
    c1 = min(b1, int(math.floor((x + h - west) / cell - 0.5)) + 2)
    if c0 >= c1:
        return b0, b0
    return c0, c1


@njit(cache=True, nogil=True)
def add_points(west, north, cell, nx, row0, row1, col0, col1, x, y, frequency, weight, layer, theme, kernel, own_cell, own_staff,
               job_out, job_in, radius, fine, lut_out, lut_in, shape, pairs, quads, rose, has_rose, societal, people_out,
               people_in, ir, s, totals):
    """Add point scenarios to a tile: rows row0 … row1 and columns col0 … col1 of the grid.

    Parameters
    ----------
    weight : events per year times the mitigation of their deaths
    layer, theme : row of `ir` (−1: none) and of `s`
    societal : whether people count at all; else `s`, `totals` and the people are not touched
    people_out, people_in, ir[i], s[i] : arrays of the tile

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, first = KernelBank.of((Kernel.disc(150.0, 0.1),)), np.ones(1), np.zeros(1, np.int64)
    >>> people, ir, s, totals = np.full((4, 4), 10.0), np.zeros((1, 4, 4), np.int64), np.zeros((1, 4, 4), np.int64), first.copy()
    >>> add_points(0.0, 400.0, 100.0, 4, 0, 4, 0, 4, 200 * one, 200 * one, 1e-5 * one, 1e-5 * one, first, first,
    ...            np.zeros(1, np.int32), first - 1, one, 0.1, 0.9, bank.radius, bank.fine(100), bank.out, bank.inside,
    ...            bank.shapes[0], bank.pairs, bank.quads, bank.rose, bank.has_rose, True, people, people, ir, s, totals)
    >>> f"{ir.max() / IR_SCALE:.1e}", f"{totals[0] / S_SCALE:.1e}"
    ('1.0e-06', '1.4e-04')
    """
    size = max(col1 - col0, row1 - row0, MOST) + LANES
    knot, share, across, down = np.empty(size, np.int32), np.empty(size), np.empty(size), np.empty(size)
    sums, strip = np.empty((3, size), np.int64), np.empty(size, np.int64)
    last = lut_out.shape[1] - 1
    out_table, in_table, winds = np.empty(last + 1), np.empty(last + 1), np.empty(16)
    for k in range(x.shape[0]):
        q = kernel[k]
        r = radius[q]
        a0, a1, b0, b1 = part_of_tile(west, north, cell, row0, row1, col0, col1, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
        if a0 >= a1 or b0 >= b1:
            continue
        units = frequency[k] * IR_SCALE
        deaths = weight[k] * S_SCALE
        own = societal and own_cell[k] >= 0 and own_staff[k] > 0.0
        if has_rose[q] or fine[q] > 0.0 or own:
            copy_row(lut_out, q, out_table)
            copy_row(lut_in, q, in_table)
            copy_row(rose, q, winds)
        if has_rose[q]:
            totals[k] += add_cells(west, north, cell, row0, col0, a0, a1, b0, b1, x[k], y[k], r, out_table, in_table, winds, True,
                                   fine[q], units, deaths, layer[k], theme[k], societal, people_out, people_in, ir, s)
        elif r < FINE_CELLS * cell:
            totals[k] += add_narrow(west, north, cell, row0, col0, a0, a1, b0, b1, x[k], y[k], r, last, shape[q], quads, units,
                                    deaths, layer[k], theme[k], societal, people_out, people_in, ir, s, across, down, strip, sums)
        else:
            if layer[k] >= 0:
                add_disc(west, north, cell, row0, col0, a0, a1, b0, b1, x[k], y[k], r, last, units, pairs, shape[q], ir, layer[k],
                         across, down)
                if fine[q] > 0.0:
                    refine(west, north, cell, row0, row1, col0, col1, x[k], y[k], r, fine[q], units, out_table, quads, shape[q],
                           ir, layer[k], across, down, strip, sums)
            if societal:
                totals[k] += add_s_rows(west, north, cell, row0, col0, a0, a1, b0, b1, x[k], y[k], r, out_table, in_table, winds,
                                        shape[q], quads, fine[q], deaths, theme[k], people_out, people_in, ir, s, knot, share)
        if own:
            a = own_cell[k] // nx
            b = own_cell[k] % nx
            if a0 <= a < a1 and b0 <= b < b1:
                out, inside = point_on_cell(west + (b + 0.5) * cell, north - (a + 0.5) * cell, cell, x[k], y[k], r, out_table,
                                            in_table, winds, has_rose[q], fine[q])
                po = people_out[a - row0, b - col0]
                pi = people_in[a - row0, b - col0]
                others = out * public(po, own_staff[k] * job_out, True) + inside * public(pi, own_staff[k] * job_in, True)
                more = np.int64(deaths * others) - np.int64(deaths * (out * po + inside * pi))
                s[theme[k], a - row0, b - col0] += more
                totals[k] += more


@njit(cache=True, nogil=True)
def add_narrow(west, north, cell, row0, col0, a0, a1, b0, b1, x, y, r, last, shape, quads, units, deaths, layer, theme, societal,
               people_out, people_in, ir, s, across, down, strip, sums):
    """Add one narrow isotropic scenario; returns its S. `sums` is room for three rows of integers.

    Examples
    --------
    >>> quads = np.array([[1.0, 0.0, 0.5, 0.0] * 2 + [0.0] * 4])  # certain outdoors, half indoors, up to the last knot
    >>> people, ir, s = np.full((2, 2), 10.0), np.zeros((1, 2, 2), np.int64), np.zeros((1, 2, 2), np.int64)
    >>> room = np.empty(MOST), np.empty(64), np.empty(MOST, np.int64), np.empty((3, MOST), np.int64)
    >>> total = add_narrow(0.0, 200.0, 100.0, 0, 0, 0, 2, 0, 2, 100.0, 100.0, 50.0, 1, 0, quads, 1e-5 * IR_SCALE,
    ...                    1e-5 * S_SCALE, 0, 0, True, people, people, ir, s, *room)
    >>> f"{total / S_SCALE:.2e}", f"{ir[0, 0, 0] / IR_SCALE:.2e}"
    ('1.18e-04', '1.98e-06')
    """
    total = np.int64(0)
    n, parts = parts_of(r, cell)
    begin, outs, ins = sums[0], sums[1], sums[2]
    columns_of(west, cell, b0, b1, x, r, n, across, begin)
    for a in range(a0, a1):
        sums_of_row(across, begin, b1 - b0, north - (a + 0.5) * cell - y, cell, r, n, last / (r * r), last, quads, shape,
                    societal, down, strip, outs, ins)
        for c in range(b1 - b0):
            out = outs[c] / parts
            if layer >= 0:
                ir[layer, a - row0, b0 + c - col0] += np.int64(units * out)
            if societal:
                inside = ins[c] / parts
                add = np.int64(deaths * (out * people_out[a - row0, b0 + c - col0] + inside * people_in[a - row0, b0 + c - col0]))
                s[theme, a - row0, b0 + c - col0] += add
                total += add
    return total


@njit(cache=True, nogil=True)
def add_s_rows(west, north, cell, row0, col0, a0, a1, b0, b1, x, y, r, lut_out, lut_in, rose, shape, quads, fine, deaths, theme,
               people_out, people_in, ir, s, knot, share):
    """Add the societal risk of one wide isotropic scenario row by row; returns it.

    Examples
    --------
    >>> quads = np.array([[1.0, 0.0, 0.5, 0.0] * 2 + [0.0] * 4])  # certain outdoors, half indoors, up to the last knot
    >>> people, ir, s, table = np.full((2, 2), 10.0), np.zeros((1, 2, 2), np.int64), np.zeros((1, 2, 2), np.int64), np.ones(2)
    >>> total = add_s_rows(0.0, 200.0, 100.0, 0, 0, 0, 2, 0, 2, 100.0, 100.0, 600.0, table, table / 2, np.ones(16), 0, quads, 0.0,
    ...                    1e-5 * S_SCALE, 0, people, people, ir, s, np.empty(2, np.int32), np.empty(2))
    >>> f"{total / S_SCALE:.1e}", (s[0] / S_SCALE).round(6).tolist()
    ('6.0e-04', [[0.00015, 0.00015], [0.00015, 0.00015]])
    """
    total = np.int64(0)
    last = lut_out.shape[0] - 1
    scale = last / (r * r)
    for a in range(a0, a1):
        dy = north - (a + 0.5) * cell - y
        dy2 = dy * dy
        c0, c3 = row_span(west, cell, x, dy2, r, scale, last, b0, b1)
        c1, c2 = near_span(west, cell, x, dy2, fine, c0, c3)
        for lo, hi in ((c0, c1), (c2, c3)):
            if lo < hi:
                knots_of_row(west, cell, lo, hi - lo, x, dy2, scale, knot, share)
                total += add_s_row(s, theme, a - row0, lo - col0, hi - lo, quads, shape, knot, share, deaths, people_out,
                                   people_in)
        if c1 < c2:
            total += add_cells(west, north, cell, row0, col0, a, a + 1, c1, c2, x, y, r, lut_out, lut_in, rose, False, fine, 0.0,
                               deaths, -1, theme, True, people_out, people_in, ir, s)
    return total


@njit(cache=True, nogil=True)
def add_cells(west, north, cell, row0, col0, a0, a1, b0, b1, x, y, r, lut_out, lut_in, rose, has_rose, fine, units, deaths, layer,
              theme, societal, people_out, people_in, ir, s):
    """Add one scenario cell by cell: narrow footprints, roses, and the middle of footprints that bend; returns its S.

    Examples
    --------
    >>> people, ir, s = np.full((2, 2), 10.0), np.zeros((1, 2, 2), np.int64), np.zeros((1, 2, 2), np.int64)
    >>> table, westerly = np.ones(2), np.where(np.arange(16) == 4, 2.0, 0.0)  # it blows towards the east
    >>> total = add_cells(0.0, 200.0, 100.0, 0, 0, 0, 2, 0, 2, 50.0, 150.0, 600.0, table / 10, table / 20, westerly, True, 0.0,
    ...                   1e-5 * IR_SCALE, 1e-5 * S_SCALE, 0, 0, True, people, people, ir, s)
    >>> (ir[0] / IR_SCALE).tolist(), f"{total / S_SCALE:.1e}"
    ([[0.0, 2e-06], [0.0, 0.0]], '3.0e-05')
    """
    total = np.int64(0)
    for a in range(a0, a1):
        cy = north - (a + 0.5) * cell
        for b in range(b0, b1):
            out, inside = point_on_cell(west + (b + 0.5) * cell, cy, cell, x, y, r, lut_out, lut_in, rose, has_rose, fine,
                                        societal)
            if out == 0.0 and (inside == 0.0 or not societal):
                continue
            if layer >= 0:
                ir[layer, a - row0, b - col0] += np.int64(units * out)
            if societal:
                add = np.int64(deaths * (out * people_out[a - row0, b - col0] + inside * people_in[a - row0, b - col0]))
                s[theme, a - row0, b - col0] += add
                total += add
    return total


@njit(cache=True, nogil=True)
def add_lines(west, north, cell, row0, row1, col0, col1, x1, y1, x2, y2, rate, layer, theme, kernel, radius, steps_out, steps_in,
              radii2, societal, people_out, people_in, ir, s, totals):
    """Add pieces of lines to a tile.

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, first = KernelBank.of((Kernel.disc(100.0, 1.0),)), np.ones(1), np.zeros(1, np.int64)
    >>> people, ir, s, totals = np.full((4, 4), 10.0), np.zeros((1, 4, 4), np.int64), np.zeros((1, 4, 4), np.int64), first.copy()
    >>> add_lines(0.0, 400.0, 100.0, 0, 4, 0, 4, -900 * one, 200 * one, 900 * one, 200 * one, 1e-9 * one, first, first,
    ...           np.zeros(1, np.int32), bank.radius, bank.steps_out, bank.steps_in, bank.radii2, True, people, people, ir, s,
    ...           totals)
    >>> [f"{risk / IR_SCALE:.1e}" for risk in ir[0, :, 0]], f"{totals[0] / S_SCALE:.1e}"
    (['0.0e+00', '1.6e-07', '1.6e-07', '0.0e+00'], '2.5e-05')
    """
    out_steps, in_steps, discs = np.empty(steps_out.shape[1]), np.empty(steps_out.shape[1]), np.empty(steps_out.shape[1])
    for k in range(x1.shape[0]):
        q = kernel[k]
        r = radius[q]
        a0, a1, b0, b1 = part_of_tile(west, north, cell, row0, row1, col0, col1, min(x1[k], x2[k]) - r, max(x1[k], x2[k]) + r,
                                      min(y1[k], y2[k]) - r, max(y1[k], y2[k]) + r)
        if a0 >= a1 or b0 >= b1:
            continue
        copy_row(steps_out, q, out_steps)
        copy_row(steps_in, q, in_steps)
        copy_row(radii2, q, discs)
        units = rate[k] * IR_SCALE
        deaths = rate[k] * S_SCALE
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(b0, b1):
                cx = west + (b + 0.5) * cell
                out, inside = line_on_cell(cx, cy, cell, x1[k], y1[k], x2[k], y2[k], r, out_steps, in_steps, discs)
                if out == 0.0 and inside == 0.0:
                    continue
                if layer[k] >= 0:
                    ir[layer[k], a - row0, b - col0] += np.int64(units * out)
                if societal:
                    add = np.int64(deaths * (out * people_out[a - row0, b - col0] + inside * people_in[a - row0, b - col0]))
                    s[theme[k], a - row0, b - col0] += add
                    totals[k] += add
