"""Footprints of point and line scenarios on cells.

The same compiled functions make the fields of a run and, later, the explanation of one cell, so that the shares of an
explanation add up to the field bit for bit. Values are added as int64 fixed point: IR in units of 1e-18 per year, S in
units of 1e-15 deaths per year.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from riskmodel.kernels.boxes import part_of_tile
from riskmodel.kernels.cell import fine_reach, line_on_cell, lookup, point_on_cell, sector

IR_SCALE = 1e18
S_SCALE = 1e15


@njit(cache=True, nogil=True)
def public(people, own, here):
    """People of a cell without the source's own staff where they work in it.

    Examples
    --------
    >>> public(30.0, 12.0, True), public(8.0, 12.0, True), public(30.0, 12.0, False)
    (18.0, 0.0, 30.0)
    """
    return max(0.0, people - own) if here else people


@njit(cache=True, nogil=True)
def points_at_targets(tx, ty, x, y, frequency, scope, fence, kernel, radius, lut_out, rose, has_rose, ir):
    """IR exactly at target points, sorted by ty; sources whose fence encloses the target do not count.

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, ir, one = KernelBank.of((Kernel.disc(300.0, 0.1),)), np.zeros((1, 2)), np.ones(1)
    >>> x, y, scope, kernel = 100.0 * one, 100.0 * one, np.zeros(1, np.int8), np.zeros(1, np.int32)
    >>> points_at_targets(np.array([130.0, 250.0]), np.array([100.0, 100.0]), x, y, 1e-5 * one, scope, 50.0 * one, kernel,
    ...                   bank.radius, bank.out, bank.rose, bank.has_rose, ir)
    >>> ir.round(9).tolist()
    [[0.0, 1e-06]]
    """
    for k in range(x.shape[0]):
        if scope[k] < 0:
            continue
        q = kernel[k]
        r = radius[q]
        i = np.searchsorted(ty, y[k] - r)
        while i < ty.shape[0] and ty[i] <= y[k] + r:
            dx = tx[i] - x[k]
            dy = ty[i] - y[k]
            d2 = dx * dx + dy * dy
            if d2 < r * r and d2 > fence[k] * fence[k]:
                w = rose[q][sector(dx, dy)] if has_rose[q] else 1.0
                ir[scope[k], i] += frequency[k] * min(1.0, w * lookup(lut_out[q], d2 / (r * r)))
            i += 1


@njit(cache=True, nogil=True)
def points_in_window(west, north, cell, nx, a_lo, a_hi, b_lo, b_hi, weight, x, y, frequency, kernel, own_cell, own_staff,
                     job_out, job_in, radius, lut_out, lut_in, rose, has_rose, people_out, people_in, result):
    """S of each point scenario in a window of cells weighted by the window's area fractions (float64, 1e-15).

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, s = KernelBank.of((Kernel.disc(300.0, 0.1),)), np.ones(1), np.zeros(1)
    >>> square = np.ones((10, 10))
    >>> points_in_window(0.0, 1000.0, 100.0, 10, 0, 10, 0, 10, square, 500 * one, 500 * one, 1e-5 * one, np.zeros(1, np.int32),
    ...                  np.full(1, -1), one, 0.1, 0.9, bank.radius, bank.out, bank.inside, bank.rose, bank.has_rose, 2 * square,
    ...                  8 * square, s)
    >>> f"{s[0] / S_SCALE:.2e}"
    '2.86e-04'
    """
    for k in range(x.shape[0]):
        q = kernel[k]
        r = radius[q]
        fine = fine_reach(lut_out[q], lut_in[q], r, cell)
        a0, a1, b0, b1 = part_of_tile(west, north, cell, a_lo, a_hi, 0, nx, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(max(b0, b_lo), min(b1, b_hi)):
                w = weight[a - a_lo, b - b_lo]
                if w == 0.0:
                    continue
                cx = west + (b + 0.5) * cell
                out, inside = point_on_cell(cx, cy, cell, x[k], y[k], r, lut_out[q], lut_in[q], rose[q], has_rose[q], fine)
                here = a * nx + b == own_cell[k]
                po = public(people_out[a - a_lo, b - b_lo], own_staff[k] * job_out, here)
                pi = public(people_in[a - a_lo, b - b_lo], own_staff[k] * job_in, here)
                result[k] += w * np.int64(frequency[k] * S_SCALE * (out * po + inside * pi))


@njit(cache=True, nogil=True)
def lines_in_window(west, north, cell, nx, a_lo, a_hi, b_lo, b_hi, weight, x1, y1, x2, y2, rate, kernel, radius, steps_out,
                    steps_in, radii2, people_out, people_in, result):
    """S of each line piece in a window of cells weighted by the window's area fractions (float64, 1e-15).

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, s = KernelBank.of((Kernel.disc(100.0, 1.0),)), np.ones(1), np.zeros(1)
    >>> square = np.ones((10, 10))
    >>> lines_in_window(0.0, 1000.0, 100.0, 10, 0, 10, 0, 10, square, 200 * one, 500 * one, 800 * one, 500 * one, 1e-9 * one,
    ...                 np.zeros(1, np.int32), bank.radius, bank.steps_out, bank.steps_in, bank.radii2, square, 9 * square, s)
    >>> f"{s[0] / S_SCALE:.2e}"
    '1.91e-05'
    """
    for k in range(x1.shape[0]):
        q = kernel[k]
        r = radius[q]
        a0, a1, b0, b1 = part_of_tile(west, north, cell, a_lo, a_hi, 0, nx, min(x1[k], x2[k]) - r, max(x1[k], x2[k]) + r,
                                      min(y1[k], y2[k]) - r, max(y1[k], y2[k]) + r)
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(max(b0, b_lo), min(b1, b_hi)):
                w = weight[a - a_lo, b - b_lo]
                if w == 0.0:
                    continue
                cx = west + (b + 0.5) * cell
                out, inside = line_on_cell(cx, cy, cell, x1[k], y1[k], x2[k], y2[k], r, steps_out[q], steps_in[q], radii2[q])
                po = people_out[a - a_lo, b - b_lo]
                pi = people_in[a - a_lo, b - b_lo]
                result[k] += w * np.int64(rate[k] * S_SCALE * (out * po + inside * pi))


@njit(cache=True, nogil=True)
def points_ir_on_cell(cx, cy, cell, x, y, frequency, kernel, radius, lut_out, lut_in, rose, has_rose, result):
    """IR of each point scenario in one cell, in 1e-18 per year.

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, ir = KernelBank.of((Kernel.disc(300.0, 0.1),)), np.ones(1), np.zeros(1, np.int64)
    >>> points_ir_on_cell(550.0, 450.0, 100.0, 500 * one, 500 * one, 1e-5 * one, np.zeros(1, np.int32), bank.radius, bank.out,
    ...                   bank.inside, bank.rose, bank.has_rose, ir)
    >>> f"{ir[0] / IR_SCALE:.2e}"
    '1.00e-06'
    """
    for k in range(x.shape[0]):
        q = kernel[k]
        out, _ = point_on_cell(cx, cy, cell, x[k], y[k], radius[q], lut_out[q], lut_in[q], rose[q], has_rose[q])
        result[k] = np.int64(frequency[k] * IR_SCALE * out)


@njit(cache=True, nogil=True)
def lines_ir_on_cell(cx, cy, cell, x1, y1, x2, y2, rate, kernel, radius, steps_out, steps_in, radii2, result):
    """IR of each line piece in one cell, in 1e-18 per year.

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, ir = KernelBank.of((Kernel.disc(100.0, 1.0),)), np.ones(1), np.zeros(1, np.int64)
    >>> lines_ir_on_cell(500.0, 500.0, 100.0, 0 * one, 500 * one, 1000 * one, 500 * one, 1e-9 * one, np.zeros(1, np.int32),
    ...                  bank.radius, bank.steps_out, bank.steps_in, bank.radii2, ir)
    >>> f"{ir[0] / IR_SCALE:.1e}"
    '1.9e-07'
    """
    for k in range(x1.shape[0]):
        q = kernel[k]
        out, _ = line_on_cell(cx, cy, cell, x1[k], y1[k], x2[k], y2[k], radius[q], steps_out[q], steps_in[q], radii2[q])
        result[k] = np.int64(rate[k] * IR_SCALE * out)
