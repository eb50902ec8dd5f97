"""Footprints of point and line scenarios on cells.

The same compiled functions make the fields of a run and, later, the explanation of one cell, so that the shares of an
explanation add up to the field bit for bit. Values are added as int64 fixed point: IR in units of 1e-18 per year, S in
units of 1e-15 deaths per year.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from riskmodel.kernels.cell import fine_reach, line_at, line_on_cell, lookup, point_on_cell, sector

IR_SCALE = 1e18
S_SCALE = 1e15


@njit(cache=True, nogil=True)
def window(west, north, cell, nx, row0, row1, xmin, xmax, ymin, ymax):
    """Rows and columns that a box of metres touches, clipped to the rows row0 … row1."""
    a0 = max(row0, int(math.floor((north - ymax) / cell)))
    a1 = min(row1, int(math.floor((north - ymin) / cell)) + 1)
    b0 = max(0, int(math.floor((xmin - west) / cell)))
    b1 = min(nx, int(math.floor((xmax - west) / cell)) + 1)
    return a0, a1, b0, b1


@njit(cache=True, nogil=True)
def part_of_tile(origin_x, origin_y, cell, row0, row1, col0, col1, xmin, xmax, ymin, ymax):
    """Rows and columns, counted from the origin, that a box of metres touches within a tile."""
    a0 = max(row0, int(math.floor((origin_y - ymax) / cell)))
    a1 = min(row1, int(math.floor((origin_y - ymin) / cell)) + 1)
    b0 = max(col0, int(math.floor((xmin - origin_x) / cell)))
    b1 = min(col1, int(math.floor((xmax - origin_x) / cell)) + 1)
    return a0, a1, b0, b1


@njit(cache=True, nogil=True)
def public(people, own, here):
    """People of a cell without the source's own staff where they work in it."""
    return max(0.0, people - own) if here else people


@njit(cache=True, nogil=True)
def points_at_targets(tx, ty, x, y, frequency, scope, fence, kernel, radius, lut_out, rose, has_rose, ir):
    """IR exactly at target points, sorted by ty; sources whose fence encloses the target do not count."""
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
def lines_at_targets(tx, ty, x1, y1, x2, y2, rate, scope, kernel, radius, steps_out, radii2, ir):
    """IR of line pieces exactly at target points, sorted by ty."""
    for k in range(x1.shape[0]):
        if scope[k] < 0:
            continue
        q = kernel[k]
        r = radius[q]
        ex = x2[k] - x1[k]
        ey = y2[k] - y1[k]
        length = math.sqrt(ex * ex + ey * ey)
        if length == 0.0:
            continue
        ex /= length
        ey /= length
        i = np.searchsorted(ty, min(y1[k], y2[k]) - r)
        top = max(y1[k], y2[k]) + r
        left = min(x1[k], x2[k]) - r
        right = max(x1[k], x2[k]) + r
        while i < ty.shape[0] and ty[i] <= top:
            if left < tx[i] < right:
                out, _ = line_at(tx[i], ty[i], x1[k], y1[k], ex, ey, length, r, steps_out[q], steps_out[q], radii2[q])
                ir[scope[k], i] += rate[k] * out
            i += 1


@njit(cache=True, nogil=True)
def deaths_by_slot(west, north, cell, nx, ny, x, y, kernel, own_cell, own_staff, job_out, job_in, radius, lut_out, lut_in, rose,
                   has_rose, people_out, people_in, deaths):
    """Mean public deaths of each scenario by slot and wind sector: deaths[k, slot, sector].

    An isotropic scenario fills sector 0 only. With a rose, the deaths given that the wind blows towards a sector are sixteen
    times the direction-averaged probability, summed over the people of that sector.
    """
    for k in range(x.shape[0]):
        q = kernel[k]
        r = radius[q]
        fine = fine_reach(lut_out[q], lut_in[q], r, cell)
        a0, a1, b0, b1 = window(west, north, cell, nx, 0, ny, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(b0, b1):
                cx = west + (b + 0.5) * cell
                out, inside = point_on_cell(cx, cy, cell, x[k], y[k], r, lut_out[q], lut_in[q], rose[q], False, fine)
                if out == 0.0 and inside == 0.0:
                    continue
                j = 0
                w = 1.0
                if has_rose[q]:
                    j = sector(cx - x[k], cy - y[k])
                    w = 16.0
                c = a * nx + b
                for t in range(people_out.shape[0]):
                    po = public(people_out[t, c], own_staff[k] * job_out[t], c == own_cell[k])
                    pi = public(people_in[t, c], own_staff[k] * job_in[t], c == own_cell[k])
                    deaths[k, t, j] += min(1.0, w * out) * po + min(1.0, w * inside) * pi


@njit(cache=True, nogil=True)
def points_in_window(west, north, cell, nx, a_lo, a_hi, b_lo, b_hi, weight, x, y, frequency, kernel, own_cell, own_staff,
                     job_out, job_in, radius, lut_out, lut_in, rose, has_rose, people_out, people_in, result):
    """S of each point scenario in a window of cells weighted by the window's area fractions (float64, 1e-15)."""
    for k in range(x.shape[0]):
        q = kernel[k]
        r = radius[q]
        fine = fine_reach(lut_out[q], lut_in[q], r, cell)
        a0, a1, b0, b1 = window(west, north, cell, nx, a_lo, a_hi, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
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
    """S of each line piece in a window of cells weighted by the window's area fractions (float64, 1e-15)."""
    for k in range(x1.shape[0]):
        q = kernel[k]
        r = radius[q]
        a0, a1, b0, b1 = window(west, north, cell, nx, a_lo, a_hi, min(x1[k], x2[k]) - r, max(x1[k], x2[k]) + r,
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
    """IR of each point scenario in one cell, in 1e-18 per year."""
    for k in range(x.shape[0]):
        q = kernel[k]
        out, _ = point_on_cell(cx, cy, cell, x[k], y[k], radius[q], lut_out[q], lut_in[q], rose[q], has_rose[q])
        result[k] = np.int64(frequency[k] * IR_SCALE * out)


@njit(cache=True, nogil=True)
def lines_ir_on_cell(cx, cy, cell, x1, y1, x2, y2, rate, kernel, radius, steps_out, steps_in, radii2, result):
    """IR of each line piece in one cell, in 1e-18 per year."""
    for k in range(x1.shape[0]):
        q = kernel[k]
        out, _ = line_on_cell(cx, cy, cell, x1[k], y1[k], x2[k], y2[k], radius[q], steps_out[q], steps_in[q], radii2[q])
        result[k] = np.int64(rate[k] * IR_SCALE * out)
