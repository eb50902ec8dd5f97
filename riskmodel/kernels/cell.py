"""One footprint on one cell: the mean probability of death over it, for points and for pieces of lines.

These few functions are the model's only definition of what a scenario does to a cell. The stencils that lay whole fields repeat
their operations exactly, so that an explanation of one cell adds up to the field bit for bit.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FINE_CELLS = 5.0  # footprints under this many cells are integrated over sub-cells
MAX_SUB = 64
NEAR_SUB = 4  # where a wider footprint bends
SUB_SCALE = float(2**50)  # 64² sub-cells of at most 1 stay within int64
_SPAN_FROM = 8  # with more sub-cells in a row it pays to find those within the radius first


@njit(cache=True, nogil=True)
def lookup(lut, u):
    """Linear interpolation of a kernel table at u = (r / R)², 0 from u = 1 on.

    Examples
    --------
    >>> bell = np.array([1.0, 0.5, 0.0])  # a table of three knots
    >>> lookup(bell, 0.25), lookup(bell, 1.0)
    (0.75, 0.0)
    """
    last = lut.shape[0] - 1
    if u >= 1.0:
        return 0.0
    p = u * last
    i = int(p)
    g = p - i
    return lut[i] + g * (lut[i + 1] - lut[i])


@njit(cache=True, nogil=True)
def at_knot(lut, q):
    """The same at q = (r / R)² counted in knots; the stencils of :mod:`riskmodel.kernels.tiles` do exactly this.

    Examples
    --------
    >>> at_knot(np.array([1.0, 0.5, 0.0]), 0.5), at_knot(np.array([1.0, 0.5, 0.0]), 2.0)
    (0.75, 0.0)
    """
    if q >= lut.shape[0] - 1:
        return 0.0
    i = int(q)
    g = q - i
    return lut[i] + g * (lut[i + 1] - lut[i])


@njit(cache=True, nogil=True)
def sector(dx, dy):
    """Sector 0–15 of the direction (dx east, dy north), sector 0 centred on north, clockwise.

    Examples
    --------
    >>> [sector(dx, dy) for dx, dy in ((0.0, 100.0), (100.0, 0.0), (0.0, -100.0), (-100.0, 0.0))]
    [0, 4, 8, 12]
    """
    angle = math.atan2(dx, dy) * (16.0 / (2.0 * math.pi))
    return int(math.floor(angle + 0.5)) % 16


@njit(cache=True, nogil=True)
def point_subdivision(radius, cell):
    """Sub-cells per side that resolve a disc of this radius: one for five cells and more, else at least five.

    Examples
    --------
    >>> [point_subdivision(radius, 100.0) for radius in (20.0, 100.0, 400.0, 500.0)]
    [50, 10, 5, 1]
    """
    if radius >= FINE_CELLS * cell:
        return 1
    return min(MAX_SUB, max(5, int(math.ceil(10.0 * cell / radius))))


@njit(cache=True, nogil=True)
def fine_reach(lut_out, lut_in, radius, cell):
    """Metres around a wide footprint's centre within which it bends too much for one value per cell (0: nowhere).

    The value at a cell's centre stands for its mean where half a cell to both sides the kernel deviates from a straight line by
    at most 2 % of its largest value; looked for within five cells.

    Examples
    --------
    >>> disc = np.ones(257)
    >>> fine_reach(disc, disc, 800.0, 100.0)
    0.0
    >>> steep = np.exp(-np.linspace(0.0, 40.0, 257))
    >>> fine_reach(steep, steep, 800.0, 100.0)
    275.0
    """
    h = 0.5 * cell
    scale = (lut_out.shape[0] - 1) / (radius * radius)
    top_out = lut_out.max()
    top_in = lut_in.max()
    reach = 0.0
    for j in range(int(4 * FINE_CELLS) + 1):
        r = 0.25 * j * cell
        near = (r - h) * (r - h) * scale
        here = r * r * scale
        far = (r + h) * (r + h) * scale
        bend_out = abs(at_knot(lut_out, near) + at_knot(lut_out, far) - 2.0 * at_knot(lut_out, here))
        bend_in = abs(at_knot(lut_in, near) + at_knot(lut_in, far) - 2.0 * at_knot(lut_in, here))
        if bend_out > 0.04 * top_out or bend_in > 0.04 * top_in:
            reach = r + 0.25 * cell
    return reach


@njit(cache=True, nogil=True)
def fine_reaches(radius, lut_out, lut_in, cell):
    """The same of every kernel; 0 for narrow ones, which are integrated over sub-cells everywhere.

    Examples
    --------
    >>> steep = np.exp(-np.linspace(0.0, 40.0, 257)) * np.ones((2, 1))
    >>> fine_reaches(np.array([300.0, 800.0]), steep, steep, 100.0).tolist()
    [0.0, 275.0]
    """
    reach = np.zeros(radius.shape[0])
    for q in range(radius.shape[0]):
        if radius[q] >= FINE_CELLS * cell:
            reach[q] = fine_reach(lut_out[q], lut_in[q], radius[q], cell)
    return reach


@njit(cache=True, nogil=True)
def between(low, high, n):
    """Range of the sub-cells, of n in a row, whose centres can lie between two positions counted in sub-cells.

    Examples
    --------
    >>> between(1.2, 3.4, 5), between(-2.0, 9.0, 5)
    ((0, 4), (0, 5))
    """
    return max(0, int(math.floor(low - 0.5))), min(n, int(math.ceil(high + 0.5)))


@njit(cache=True, nogil=True)
def point_on_cell(cx, cy, cell, x, y, radius, lut_out, lut_in, rose, has_rose, fine=-1.0, both=True):
    """Mean P(death) outdoors and indoors over one cell, for an event at (x, y).

    `fine` is :func:`fine_reach` of the kernel where the caller has it already; without `both` the value indoors may be anything.

    Examples
    --------
    >>> certain, calm = np.ones(257), np.ones(16)
    >>> [round(point_on_cell(x, 50.0, 100.0, 0.0, 50.0, 50.0, certain, certain, calm, False)[0], 2) for x in (0.0, 50.0, 100.0)]
    [0.79, 0.4, 0.0]
    """
    n = point_subdivision(radius, cell)
    scale = (lut_out.shape[0] - 1) / (radius * radius)
    if n == 1:
        dx = cx - x
        dy = cy - y
        d2 = dx * dx + dy * dy
        close = FINE_CELLS * cell
        if d2 < close * close:
            if fine < 0.0:
                fine = fine_reach(lut_out, lut_in, radius, cell)
            if d2 < fine * fine:
                n = NEAR_SUB
        if n == 1:
            out = at_knot(lut_out, d2 * scale)
            inside = at_knot(lut_in, d2 * scale)
            if has_rose:
                w = rose[sector(dx, dy)]
                return min(1.0, w * out), min(1.0, w * inside)
            return out, inside
    if has_rose:
        return _rose_over_sub_cells(cx - x, cy - y, 0.5 * cell / n, n, radius, scale, lut_out, lut_in, rose)
    return _over_sub_cells(cx - x, cy - y, 0.5 * cell / n, n, radius, scale, lut_out, lut_in, both)


@njit(cache=True, nogil=True)
def sub_span(ox, dy, half, n, radius):
    """Sub-cells of a row at dy that can lie within the radius.

    Examples
    --------
    >>> sub_span(0.0, 0.0, 5.0, 10, 20.0), sub_span(0.0, 25.0, 5.0, 10, 20.0)
    ((2, 8), (0, 0))
    """
    h2 = radius * radius - dy * dy
    if h2 <= 0.0:
        return 0, 0
    h = math.sqrt(h2)
    middle = n * half - ox
    return between((middle - h) / (2.0 * half), (middle + h) / (2.0 * half), n)


@njit(cache=True, nogil=True)
def _over_sub_cells(ox, oy, half, n, radius, scale, lut_out, lut_in, both):
    """Mean over n × n sub-cells of a cell that lies at (ox, oy) from the event.

    Summed as integers, so that no order of the sub-cells matters: turning and mirroring change no bit.
    """
    edge = n * half
    beyond_x = max(0.0, abs(ox) - edge)
    beyond_y = max(0.0, abs(oy) - edge)
    if beyond_x * beyond_x + beyond_y * beyond_y >= radius * radius:
        return 0.0, 0.0
    total_out = np.int64(0)
    total_in = np.int64(0)
    last = lut_out.shape[0] - 1
    spans = n > _SPAN_FROM
    for a in range(n):
        dy = oy + (2 * a + 1 - n) * half
        b0, b1 = sub_span(ox, dy, half, n, radius) if spans else (0, n)
        dy2 = dy * dy
        for b in range(b0, b1):
            dx = ox + (2 * b + 1 - n) * half
            q = (dx * dx + dy2) * scale
            if q >= last:
                continue
            knot = np.int32(q)
            i = np.uint32(knot)
            g = q - knot
            total_out += np.int64((lut_out[i] + g * (lut_out[i + np.uint32(1)] - lut_out[i])) * SUB_SCALE)
            if both:
                total_in += np.int64((lut_in[i] + g * (lut_in[i + np.uint32(1)] - lut_in[i])) * SUB_SCALE)
    parts = n * n * SUB_SCALE
    return total_out / parts, total_in / parts


@njit(cache=True, nogil=True)
def _rose_over_sub_cells(ox, oy, half, n, radius, scale, lut_out, lut_in, rose):
    """The same where the wind decides: every sub-cell takes the weight of its sector."""
    total_out = np.int64(0)
    total_in = np.int64(0)
    for a in range(n):
        dy = oy + (2 * a + 1 - n) * half
        b0, b1 = sub_span(ox, dy, half, n, radius)
        for b in range(b0, b1):
            dx = ox + (2 * b + 1 - n) * half
            q = (dx * dx + dy * dy) * scale
            w = rose[sector(dx, dy)]
            total_out += np.int64(min(1.0, w * at_knot(lut_out, q)) * SUB_SCALE)
            total_in += np.int64(min(1.0, w * at_knot(lut_in, q)) * SUB_SCALE)
    parts = n * n * SUB_SCALE
    return total_out / parts, total_in / parts


@njit(cache=True, nogil=True)
def first_step(steps_out, steps_in):
    """The first step of two staircases that is not zero: a disc of one probability has only the last.

    Examples
    --------
    >>> first_step(np.array([0.0, 0.0, 0.4]), np.array([0.0, 0.1, 0.0]))
    1
    """
    k = 0
    while k < steps_out.shape[0] - 1 and steps_out[k] == 0.0 and steps_in[k] == 0.0:
        k += 1
    return k


@njit(cache=True, nogil=True)
def chord_integrals(h2, s1, s2, steps_out, steps_in, radii2, first):
    """∫ v(√(h² + s²)) ds from s1 to s2 for two staircases v on the same radii: Σ steps[k] · overlap of the chord of radius k.

    Exact for the staircase: a disc of radius R at distance h cuts the line between ±√(R² − h²). Steps before `first` are zero.

    Examples
    --------
    >>> disc = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.5]), np.array([2500.0, 5000.0, 7500.0, 10_000.0])
    >>> chord_integrals(3600.0, -500.0, 500.0, *disc, 0), chord_integrals(3600.0, 0.0, 500.0, *disc, 0)
    ((160.0, 80.0), (80.0, 40.0))
    """
    n = radii2.shape[0]
    widest = radii2[n - 1] - h2
    if widest <= 0.0:
        return 0.0, 0.0
    start = max(first, int(n * h2 / radii2[n - 1]))  # smaller discs do not reach the line
    if s1 < 0.0 < s2 and s1 * s1 >= widest and s2 * s2 >= widest:
        return whole_chords(h2, steps_out, steps_in, radii2, start)
    out = 0.0
    inside = 0.0
    for k in range(start, n):
        c2 = radii2[k] - h2
        if c2 <= 0.0:
            continue
        c = math.sqrt(c2)
        overlap = min(s2, c) - max(s1, -c)
        if overlap > 0.0:
            out += steps_out[k] * overlap
            inside += steps_in[k] * overlap
    return out, inside


@njit(cache=True, nogil=True)
def whole_chords(h2, steps_out, steps_in, radii2, start):
    """The same where the piece runs through the whole disc; in four sums, a fixed order that vector instructions can follow.

    Examples
    --------
    >>> disc = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.5]), np.array([2500.0, 5000.0, 7500.0, 10_000.0])
    >>> whole_chords(3600.0, *disc, 0)
    (160.0, 80.0)
    """
    o0 = o1 = o2 = o3 = 0.0
    i0 = i1 = i2 = i3 = 0.0
    for m in range(start // 4, radii2.shape[0] // 4):
        k = np.uintp(4 * m)
        k1, k2, k3 = k + np.uintp(1), k + np.uintp(2), k + np.uintp(3)
        c0 = math.sqrt(max(0.0, radii2[k] - h2))
        c1 = math.sqrt(max(0.0, radii2[k1] - h2))
        c2 = math.sqrt(max(0.0, radii2[k2] - h2))
        c3 = math.sqrt(max(0.0, radii2[k3] - h2))
        o0 += steps_out[k] * c0
        o1 += steps_out[k1] * c1
        o2 += steps_out[k2] * c2
        o3 += steps_out[k3] * c3
        i0 += steps_in[k] * c0
        i1 += steps_in[k1] * c1
        i2 += steps_in[k2] * c2
        i3 += steps_in[k3] * c3
    return 2.0 * ((o0 + o1) + (o2 + o3)), 2.0 * ((i0 + i1) + (i2 + i3))


@njit(cache=True, nogil=True)
def line_at(px, py, x1, y1, ex, ey, length, radius, steps_out, steps_in, radii2, first=0):
    """Metres of the piece weighted by P(death) at the point (px, py), outdoors and indoors.

    The piece starts at (x1, y1) and runs `length` metres in the unit direction (ex, ey); `first` is that of :func:`first_step`.

    Examples
    --------
    >>> disc = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.5]), np.array([2500.0, 5000.0, 7500.0, 10_000.0])
    >>> line_at(500.0, 60.0, 0.0, 0.0, 1.0, 0.0, 1000.0, 100.0, *disc)
    (160.0, 80.0)
    """
    along = (px - x1) * ex + (py - y1) * ey
    h = (px - x1) * ey - (py - y1) * ex
    h2 = h * h
    if h2 >= radius * radius or along < -radius or along > length + radius:
        return 0.0, 0.0
    s1 = -along
    s2 = length - along
    return chord_integrals(h2, s1, s2, steps_out, steps_in, radii2, first)


@njit(cache=True, nogil=True)
def line_on_cell(cx, cy, cell, x1, y1, x2, y2, radius, steps_out, steps_in, radii2):
    """Mean over one cell of :func:`line_at`; sub-cells where the footprint is narrow.

    Examples
    --------
    >>> disc, radii2 = np.array([0.0, 0.0, 0.0, 1.0]), 800.0**2 * np.array([0.25, 0.5, 0.75, 1.0])
    >>> out, _ = line_on_cell(50.0, 50.0, 100.0, 50.0, -5000.0, 50.0, 5000.0, 800.0, disc, disc, radii2)
    >>> round(out)
    1600
    """
    ex = x2 - x1
    ey = y2 - y1
    length = math.sqrt(ex * ex + ey * ey)
    if length == 0.0:
        return 0.0, 0.0
    ex /= length
    ey /= length
    reach = radius + 0.7072 * cell
    along = (cx - x1) * ex + (cy - y1) * ey
    if abs((cx - x1) * ey - (cy - y1) * ex) > reach or along < -reach or along > length + reach:
        return 0.0, 0.0
    first = first_step(steps_out, steps_in)
    n = 1 if radius >= FINE_CELLS * cell else min(MAX_SUB, max(4, int(math.ceil(2.0 * cell / radius))))
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
            out, inside = line_at(px, py, x1, y1, ex, ey, length, radius, steps_out, steps_in, radii2, first)
            total_out += out
            total_in += inside
    return total_out / (n * n), total_in / (n * n)
