"""Footprints of point and line scenarios on cells.

The same compiled functions make the fields of a run and, later, the explanation of one cell, so that the shares of an
explanation add up to the field bit for bit. Values are added as int64 fixed point: IR in units of 1e-18 per year, S in
units of 1e-15 deaths per year.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_IR_SCALE = 1e18
_S_SCALE = 1e15
_FINE_CELLS = 5.0  # footprints under this many cells are integrated over sub-cells
_MAX_SUB = 64


@njit(cache=True, nogil=True)
def lookup(lut, u):
    """Linear interpolation of a kernel table at u = (r / R)², 0 from u = 1 on."""
    last = lut.shape[0] - 1
    if u >= 1.0:
        return 0.0
    p = u * last
    i = int(p)
    g = p - i
    return lut[i] + g * (lut[i + 1] - lut[i])


@njit(cache=True, nogil=True)
def sector(dx, dy):
    """Sector 0–15 of the direction (dx east, dy north), sector 0 centred on north, clockwise."""
    angle = math.atan2(dx, dy) * (16.0 / (2.0 * math.pi))
    return int(math.floor(angle + 0.5)) % 16


@njit(cache=True, nogil=True)
def point_subdivision(radius, cell):
    """Sub-cells per side that resolve a disc of this radius: one for five cells and more, else at least four."""
    if radius >= _FINE_CELLS * cell:
        return 1
    return min(_MAX_SUB, max(4, int(math.ceil(8.0 * cell / radius))))


@njit(cache=True, nogil=True)
def between(low, high, n):
    """Range of the sub-cells, of n in a row, whose centres can lie between two positions counted in sub-cells."""
    return max(0, int(math.floor(low - 0.5))), min(n, int(math.ceil(high + 0.5)))


@njit(cache=True, nogil=True)
def point_on_cell(cx, cy, cell, x, y, radius, lut_out, lut_in, rose, has_rose):
    """Mean P(death) outdoors and indoors over one cell, for an event at (x, y)."""
    n = point_subdivision(radius, cell)
    step = cell / n
    inv = 1.0 / (radius * radius)
    total_out = 0.0
    total_in = 0.0
    left = cx - 0.5 * cell
    for a in range(n):
        dy = cy + (a + 0.5) * step - 0.5 * cell - y
        h2 = radius * radius - dy * dy
        if h2 <= 0.0:
            continue
        h = math.sqrt(h2)
        b0, b1 = between((x - h - left) / step, (x + h - left) / step, n)
        for b in range(b0, b1):
            dx = cx + (b + 0.5) * step - 0.5 * cell - x
            u = (dx * dx + dy * dy) * inv
            if u >= 1.0:
                continue
            w = 1.0
            if has_rose:
                w = rose[sector(dx, dy)]
            total_out += min(1.0, w * lookup(lut_out, u))
            total_in += min(1.0, w * lookup(lut_in, u))
    return total_out / (n * n), total_in / (n * n)


@njit(cache=True, nogil=True)
def chord_integral(h2, s1, s2, steps, radii2):
    """∫ v(√(h² + s²)) ds from s1 to s2 for a staircase v: Σ steps[k] · overlap of the chord of radius k.

    Exact for the staircase: a disc of radius R at distance h cuts the line between ±√(R² − h²).
    """
    total = 0.0
    n = steps.shape[0]
    for k in range(int(n * h2 / radii2[n - 1]), n):  # smaller discs do not reach the line
        c2 = radii2[k] - h2
        if c2 <= 0.0 or steps[k] == 0.0:
            continue
        c = math.sqrt(c2)
        overlap = min(s2, c) - max(s1, -c)
        if overlap > 0.0:
            total += steps[k] * overlap
    return total


@njit(cache=True, nogil=True)
def line_at(px, py, x1, y1, ex, ey, length, radius, steps_out, steps_in, radii2):
    """Metres of the piece weighted by P(death) at the point (px, py), outdoors and indoors.

    The piece starts at (x1, y1) and runs `length` metres in the unit direction (ex, ey).
    """
    along = (px - x1) * ex + (py - y1) * ey
    h = (px - x1) * ey - (py - y1) * ex
    h2 = h * h
    if h2 >= radius * radius or along < -radius or along > length + radius:
        return 0.0, 0.0
    s1 = -along
    s2 = length - along
    return chord_integral(h2, s1, s2, steps_out, radii2), chord_integral(h2, s1, s2, steps_in, radii2)


@njit(cache=True, nogil=True)
def line_on_cell(cx, cy, cell, x1, y1, x2, y2, radius, steps_out, steps_in, radii2):
    """Mean over one cell of :func:`line_at`; sub-cells where the footprint is narrow."""
    ex = x2 - x1
    ey = y2 - y1
    length = math.sqrt(ex * ex + ey * ey)
    if length == 0.0:
        return 0.0, 0.0
    ex /= length
    ey /= length
    n = 1 if radius >= _FINE_CELLS * cell else min(_MAX_SUB, max(4, int(math.ceil(2.0 * cell / radius))))
    step = cell / n
    total_out = 0.0
    total_in = 0.0
    left = cx - 0.5 * cell
    for a in range(n):
        py = cy + (a + 0.5) * step - 0.5 * cell
        b0, b1 = 0, n
        if abs(ey) > 1e-3:  # |distance to the line| < radius bounds px; nearly level lines take the whole row
            middle = x1 + (py - y1) * ex / ey
            half = radius / abs(ey)
            b0, b1 = between((middle - half - left) / step, (middle + half - left) / step, n)
        for b in range(b0, b1):
            px = left + (b + 0.5) * step
            out, inside = line_at(px, py, x1, y1, ex, ey, length, radius, steps_out, steps_in, radii2)
            total_out += out
            total_in += inside
    return total_out / (n * n), total_in / (n * n)


@njit(cache=True, nogil=True)
def window(west, north, cell, nx, row0, row1, xmin, xmax, ymin, ymax):
    """Rows and columns that a box of metres touches, clipped to the rows row0 … row1."""
    a0 = max(row0, int(math.floor((north - ymax) / cell)))
    a1 = min(row1, int(math.floor((north - ymin) / cell)) + 1)
    b0 = max(0, int(math.floor((xmin - west) / cell)))
    b1 = min(nx, int(math.floor((xmax - west) / cell)) + 1)
    return a0, a1, b0, b1


@njit(cache=True, nogil=True)
def public(people, own, here):
    """People of a cell without the source's own staff where they work in it."""
    return max(0.0, people - own) if here else people


@njit(cache=True, nogil=True)
def add_points(west, north, cell, nx, row0, row1, x, y, frequency, scope, theme, kernel, own_cell, own_staff, job_out, job_in,
               radius, lut_out, lut_in, rose, has_rose, people_out, people_in, ir, s, totals):
    """Add point scenarios to the rows row0 … row1 of the fields; `totals` gets each scenario's S.

    `job_out` and `job_in` are the mean people outdoors and indoors that one job stands for: a source's own staff are taken out
    of the people in their cell.
    """
    for k in range(x.shape[0]):
        q = kernel[k]
        r = radius[q]
        a0, a1, b0, b1 = window(west, north, cell, nx, row0, row1, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(b0, b1):
                cx = west + (b + 0.5) * cell
                out, inside = point_on_cell(cx, cy, cell, x[k], y[k], r, lut_out[q], lut_in[q], rose[q], has_rose[q])
                if out == 0.0 and inside == 0.0:
                    continue
                c = a * nx + b
                if scope[k] >= 0:
                    ir[scope[k], c] += np.int64(frequency[k] * out * _IR_SCALE)
                po = public(people_out[c], own_staff[k] * job_out, c == own_cell[k])
                pi = public(people_in[c], own_staff[k] * job_in, c == own_cell[k])
                add = np.int64(frequency[k] * (out * po + inside * pi) * _S_SCALE)
                s[theme[k], c] += add
                totals[k] += add


@njit(cache=True, nogil=True)
def add_lines(west, north, cell, nx, row0, row1, x1, y1, x2, y2, rate, scope, theme, kernel, radius, steps_out, steps_in,
              radii2, people_out, people_in, ir, s, totals):
    """Add line pieces to the rows row0 … row1 of the fields; `totals` gets each piece's S."""
    for k in range(x1.shape[0]):
        q = kernel[k]
        r = radius[q]
        a0, a1, b0, b1 = window(west, north, cell, nx, row0, row1, min(x1[k], x2[k]) - r, max(x1[k], x2[k]) + r,
                                min(y1[k], y2[k]) - r, max(y1[k], y2[k]) + r)
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(b0, b1):
                cx = west + (b + 0.5) * cell
                out, inside = line_on_cell(cx, cy, cell, x1[k], y1[k], x2[k], y2[k], r, steps_out[q], steps_in[q], radii2[q])
                if out == 0.0 and inside == 0.0:
                    continue
                c = a * nx + b
                if scope[k] >= 0:
                    ir[scope[k], c] += np.int64(rate[k] * out * _IR_SCALE)
                add = np.int64(rate[k] * (out * people_out[c] + inside * people_in[c]) * _S_SCALE)
                s[theme[k], c] += add
                totals[k] += add


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
        a0, a1, b0, b1 = window(west, north, cell, nx, 0, ny, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(b0, b1):
                cx = west + (b + 0.5) * cell
                out, inside = point_on_cell(cx, cy, cell, x[k], y[k], r, lut_out[q], lut_in[q], rose[q], False)
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
        a0, a1, b0, b1 = window(west, north, cell, nx, a_lo, a_hi, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(max(b0, b_lo), min(b1, b_hi)):
                w = weight[a - a_lo, b - b_lo]
                if w == 0.0:
                    continue
                cx = west + (b + 0.5) * cell
                out, inside = point_on_cell(cx, cy, cell, x[k], y[k], r, lut_out[q], lut_in[q], rose[q], has_rose[q])
                here = a * nx + b == own_cell[k]
                po = public(people_out[a - a_lo, b - b_lo], own_staff[k] * job_out, here)
                pi = public(people_in[a - a_lo, b - b_lo], own_staff[k] * job_in, here)
                result[k] += w * np.int64(frequency[k] * (out * po + inside * pi) * _S_SCALE)


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
                result[k] += w * np.int64(rate[k] * (out * po + inside * pi) * _S_SCALE)


@njit(cache=True, nogil=True)
def points_ir_on_cell(cx, cy, cell, x, y, frequency, kernel, radius, lut_out, lut_in, rose, has_rose, result):
    """IR of each point scenario in one cell, in 1e-18 per year."""
    for k in range(x.shape[0]):
        q = kernel[k]
        out, _ = point_on_cell(cx, cy, cell, x[k], y[k], radius[q], lut_out[q], lut_in[q], rose[q], has_rose[q])
        result[k] = np.int64(frequency[k] * out * _IR_SCALE)


@njit(cache=True, nogil=True)
def lines_ir_on_cell(cx, cy, cell, x1, y1, x2, y2, rate, kernel, radius, steps_out, steps_in, radii2, result):
    """IR of each line piece in one cell, in 1e-18 per year."""
    for k in range(x1.shape[0]):
        q = kernel[k]
        out, _ = line_on_cell(cx, cy, cell, x1[k], y1[k], x2[k], y2[k], radius[q], steps_out[q], steps_in[q], radii2[q])
        result[k] = np.int64(rate[k] * out * _IR_SCALE)
