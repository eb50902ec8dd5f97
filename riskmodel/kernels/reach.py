"""Whom an event reaches: mean deaths by street, slot of the week and wind sector; and how S is shared among streets.

Streets come as rows per cell: ``start[c] … start[c + 1]`` are the rows of cell c in `street` and `fraction`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from riskmodel.kernels.boxes import part_of_tile
from riskmodel.kernels.cell import fine_reaches, line_on_cell, point_on_cell, sector
from riskmodel.kernels.footprint import S_SCALE, public

_SECTORS = 16


@njit(cache=True, nogil=True)
def only_street(nx, a0, a1, b0, b1, start, street, fraction):
    """The street that holds all of a window of cells, −1 if there is none.

    Examples
    --------
    >>> start, street, fraction = np.arange(5, dtype=np.int32), np.array([0, 0, 0, 1], np.int32), np.ones(4)  # two by two cells
    >>> only_street(2, 0, 2, 0, 1, start, street, fraction), only_street(2, 0, 2, 0, 2, start, street, fraction)
    (0, -1)
    """
    found = -1
    for a in range(a0, a1):
        for b in range(b0, b1):
            c = a * nx + b
            i = start[c]
            if start[c + 1] - i != 1 or fraction[i] != 1.0 or (found >= 0 and street[i] != found):
                return -1
            found = street[i]
    return found


@njit(cache=True, nogil=True)
def sectors_of(dx, dy, cell):
    """First and last sector, not less than 0, that a cell with its centre at (dx, dy) from the source can lie in.

    Examples
    --------
    >>> sectors_of(300.0, 0.0, 100.0), sectors_of(20.0, 0.0, 100.0)
    ((19, 21), (0, 15))
    """
    h = 0.5 * cell
    if abs(dx) <= h and abs(dy) <= h:
        return 0, _SECTORS - 1
    middle = sector(dx, dy)
    low, high = 0, 0
    for a in (-h, h):
        for b in (-h, h):
            away = (sector(dx + a, dy + b) - middle + _SECTORS // 2) % _SECTORS - _SECTORS // 2
            low, high = min(low, away), max(high, away)
    return middle + low + _SECTORS, middle + high + _SECTORS


@njit(cache=True, nogil=True)
def _grown(array, size):
    larger = np.empty(2 * size, array.dtype)
    larger[:size] = array[:size]
    return larger


@njit(cache=True, nogil=True)
def deaths_by_street(west, north, cell, nx, ny, x, y, frequency, mitigation, kernel, own_cell, own_staff, job_out, job_in, radius,
                     lut_out, lut_in, rose, has_rose, people_out, people_in, probability, start, street, fraction, streets,
                     least):
    """Rows of the event table for point events: event, slot, sector (−1 any), street (`streets`: outside), whether the event
    reaches several streets, rate, mean deaths.

    Rows whose rate times deaths is below `least` are dropped; the last number returned is what they held.

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one = KernelBank.of((Kernel.disc(300.0, 0.1),)), np.ones(1)
    >>> cover = np.arange(101, dtype=np.int32), np.repeat([0, 1], 50).astype(np.int32), np.ones(100)  # north and south
    >>> people, week = np.full((4, 100), 10.0, np.float32), np.array([0.3, 0.2, 0.3, 0.2])
    >>> rows = deaths_by_street(0.0, 1000.0, 100.0, 10, 10, 500 * one, 600 * one, 1e-5 * one, one, np.zeros(1, np.int32),
    ...                         np.full(1, -1), one, week, week, bank.radius, bank.out, bank.inside, bank.rose, bank.has_rose,
    ...                         people, people, week, *cover, 2, 1e-12)
    >>> rows[3].tolist(), rows[6].round(1).tolist()
    ([0, 0, 0, 0, 1, 1, 1, 1], [40.5, 40.5, 40.5, 40.5, 16.8, 16.8, 16.8, 16.8])
    """
    slots = people_out.shape[0]
    size, used, lost = 1024, 0, 0.0
    event, place = np.empty(size, np.int32), np.empty(size, np.int32)
    slot, wind, several = np.empty(size, np.int8), np.empty(size, np.int8), np.empty(size, np.bool_)
    rate, deaths = np.empty(size), np.empty(size)
    found = np.zeros((streets + 1, slots, _SECTORS))
    touched = np.empty(streets + 1, np.int32)
    known = np.zeros(streets + 1, np.bool_)
    fine = fine_reaches(radius, lut_out, lut_in, cell)
    towards = _SECTORS * np.eye(_SECTORS)  # the wind blows towards one sector: sixteen times the mean over all directions
    for k in range(x.shape[0]):
        q = kernel[k]
        r = radius[q]
        sectors = _SECTORS if has_rose[q] else 1
        number = 0
        a0, a1, b0, b1 = part_of_tile(west, north, cell, 0, ny, 0, nx, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
        for a in range(a0, a1):
            cy = north - (a + 0.5) * cell
            for b in range(b0, b1):
                cx = west + (b + 0.5) * cell
                first, last = 0, 0
                if has_rose[q]:
                    first, last = sectors_of(cx - x[k], cy - y[k], cell)
                c = a * nx + b
                here = c == own_cell[k]
                for m in range(first, last + 1):
                    j = m % _SECTORS
                    if has_rose[q]:
                        out, indoors = point_on_cell(cx, cy, cell, x[k], y[k], r, lut_out[q], lut_in[q], towards[j], True,
                                                     fine[q])
                    else:
                        out, indoors = point_on_cell(cx, cy, cell, x[k], y[k], r, lut_out[q], lut_in[q], rose[q], False,
                                                     fine[q])
                    if out == 0.0 and indoors == 0.0:
                        continue
                    rest = 1.0
                    for i in range(start[c], start[c + 1] + 1):
                        s, share = streets, rest
                        if i < start[c + 1]:
                            s, share = street[i], fraction[i]
                            rest -= share
                        if share <= 1e-9:
                            continue
                        if not known[s]:
                            known[s] = True
                            touched[number] = s
                            number += 1
                        for t in range(slots):
                            po = public(people_out[t, c], own_staff[k] * job_out[t], here)
                            pi = public(people_in[t, c], own_staff[k] * job_in[t], here)
                            found[s, t, j] += share * mitigation[k] * (out * po + indoors * pi)
        inside = number - 1 if known[streets] else number
        for m in range(number):
            s = touched[m]
            known[s] = False
            for t in range(slots):
                for j in range(sectors):
                    n = found[s, t, j]
                    found[s, t, j] = 0.0
                    f = frequency[k] * probability[t] * (rose[q, j] / _SECTORS if has_rose[q] else 1.0)
                    if f * n < least:
                        lost += f * n
                        continue
                    if used == size:
                        event, place, slot = _grown(event, size), _grown(place, size), _grown(slot, size)
                        wind = _grown(wind, size)
                        rate, deaths, several = _grown(rate, size), _grown(deaths, size), _grown(several, size)
                        size *= 2
                    event[used], place[used], slot[used], rate[used], deaths[used] = k, s, t, f, n
                    wind[used] = j if has_rose[q] else -1
                    several[used] = inside > 1
                    used += 1
    return event[:used], slot[:used], wind[:used], place[:used], several[:used], rate[:used], deaths[:used], lost


@njit(cache=True, nogil=True)
def points_by_street(west, north, cell, nx, ny, x, y, weight, kernel, own_cell, own_staff, job_out, job_in, radius, lut_out,
                     lut_in, rose, has_rose, people_out, people_in, whole, start, street, fraction, streets):
    """S of point scenarios by street (1e-15 deaths per year): scenario, street, S.

    `whole` is each scenario's S by its footprint: where the footprint lies in one street, nothing is looked up.

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, people = KernelBank.of((Kernel.disc(300.0, 0.1),)), np.ones(1), np.full(100, 10.0)
    >>> cover = np.arange(101, dtype=np.int32), np.repeat([0, 1], 50).astype(np.int32), np.ones(100)  # north and south
    >>> row, street, s = points_by_street(0.0, 1000.0, 100.0, 10, 10, 500 * one, 600 * one, 1e-5 * one, np.zeros(1, np.int32),
    ...                                   np.full(1, -1), one, 0.1, 0.9, bank.radius, bank.out, bank.inside, bank.rose,
    ...                                   bank.has_rose, people, people, one, *cover, 2)
    >>> street.tolist(), [f"{deaths / S_SCALE:.1e}" for deaths in s]
    ([0, 1], ['4.0e-04', '1.7e-04'])
    """
    size, used = 1024, 0
    row, place, amount = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size)
    found, touched = np.zeros(streets), np.empty(streets, np.int32)
    fine = fine_reaches(radius, lut_out, lut_in, cell)
    for k in range(x.shape[0]):
        q = kernel[k]
        r = radius[q]
        a0, a1, b0, b1 = part_of_tile(west, north, cell, 0, ny, 0, nx, x[k] - r, x[k] + r, y[k] - r, y[k] + r)
        number = 0
        s = only_street(nx, a0, a1, b0, b1, start, street, fraction)
        if s >= 0:
            found[s] = whole[k]
            touched[0] = s
            number = 1
        else:
            for a in range(a0, a1):
                cy = north - (a + 0.5) * cell
                for b in range(b0, b1):
                    c = a * nx + b
                    if start[c] == start[c + 1]:
                        continue
                    out, inside = point_on_cell(west + (b + 0.5) * cell, cy, cell, x[k], y[k], r, lut_out[q], lut_in[q], rose[q],
                                                has_rose[q], fine[q])
                    here = c == own_cell[k]
                    po = public(people_out[c], own_staff[k] * job_out, here)
                    pi = public(people_in[c], own_staff[k] * job_in, here)
                    number = _share(np.int64(weight[k] * S_SCALE * (out * po + inside * pi)), c, start, street, fraction, found,
                                    touched, number)
        row, place, amount, size, used = _emptied(k, found, touched, number, row, place, amount, size, used)
    return row[:used], place[:used], amount[:used]


@njit(cache=True, nogil=True)
def lines_by_street(west, north, cell, nx, ny, x1, y1, x2, y2, rate, kernel, radius, steps_out, steps_in, radii2, people_out,
                    people_in, whole, start, street, fraction, streets):
    """S of line pieces by street (1e-15 deaths per year): piece, street, S.

    Examples
    --------
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, people = KernelBank.of((Kernel.disc(200.0, 1.0),)), np.ones(1), np.full(100, 10.0)
    >>> cover = np.arange(101, dtype=np.int32), np.repeat([0, 1], 50).astype(np.int32), np.ones(100)  # north and south
    >>> row, street, s = lines_by_street(0.0, 1000.0, 100.0, 10, 10, 200 * one, 600 * one, 800 * one, 600 * one, 1e-9 * one,
    ...                                  np.zeros(1, np.int32), bank.radius, bank.steps_out, bank.steps_in, bank.radii2, people,
    ...                                  people, one, *cover, 2)
    >>> street.tolist(), [f"{deaths / S_SCALE:.1e}" for deaths in s]
    ([0, 1], ['1.2e-04', '3.0e-05'])
    """
    size, used = 1024, 0
    row, place, amount = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size)
    found, touched = np.zeros(streets), np.empty(streets, np.int32)
    for k in range(x1.shape[0]):
        q = kernel[k]
        r = radius[q]
        a0, a1, b0, b1 = part_of_tile(west, north, cell, 0, ny, 0, nx, min(x1[k], x2[k]) - r, max(x1[k], x2[k]) + r,
                                      min(y1[k], y2[k]) - r, max(y1[k], y2[k]) + r)
        number = 0
        s = only_street(nx, a0, a1, b0, b1, start, street, fraction)
        if s >= 0:
            found[s] = whole[k]
            touched[0] = s
            number = 1
        else:
            for a in range(a0, a1):
                cy = north - (a + 0.5) * cell
                for b in range(b0, b1):
                    c = a * nx + b
                    if start[c] == start[c + 1]:
                        continue
                    out, inside = line_on_cell(west + (b + 0.5) * cell, cy, cell, x1[k], y1[k], x2[k], y2[k], r, steps_out[q],
                                               steps_in[q], radii2[q])
                    number = _share(np.int64(rate[k] * S_SCALE * (out * people_out[c] + inside * people_in[c])), c, start, street,
                                    fraction, found, touched, number)
        row, place, amount, size, used = _emptied(k, found, touched, number, row, place, amount, size, used)
    return row[:used], place[:used], amount[:used]


@njit(cache=True, nogil=True)
def _share(amount, c, start, street, fraction, found, touched, number):
    """Add what one cell holds to its streets; returns how many streets are touched."""
    if amount == 0:
        return number
    for i in range(start[c], start[c + 1]):
        s = street[i]
        if found[s] == 0.0:
            touched[number] = s
            number += 1
        found[s] += amount * fraction[i]
    return number


@njit(cache=True, nogil=True)
def _emptied(k, found, touched, number, row, place, amount, size, used):
    """Move the streets of one scenario into the rows."""
    for m in range(number):
        if used == size:
            row, place, amount = _grown(row, size), _grown(place, size), _grown(amount, size)
            size *= 2
        row[used], place[used], amount[used] = k, touched[m], found[touched[m]]
        found[touched[m]] = 0.0
        used += 1
    return row, place, amount, size, used


@njit(cache=True, nogil=True)
def parts_of_lines(x1, y1, x2, y2, count, px, py):
    """Middles of the `count` equal parts that each piece is cut into.

    Examples
    --------
    >>> px, py = np.empty(2), np.empty(2)
    >>> parts_of_lines(np.zeros(1), np.zeros(1), np.array([400.0]), np.zeros(1), np.array([2]), px, py)
    >>> px.tolist(), py.tolist()
    ([100.0, 300.0], [0.0, 0.0])
    """
    at = 0
    for k in range(x1.shape[0]):
        for i in range(count[k]):
            g = (i + 0.5) / count[k]
            px[at] = x1[k] + g * (x2[k] - x1[k])
            py[at] = y1[k] + g * (y2[k] - y1[k])
            at += 1


@njit(cache=True, nogil=True)
def parts_needed(x1, y1, x2, y2, step, count):
    """How many parts each piece is cut into.

    Examples
    --------
    >>> count = np.zeros(2, np.int64)
    >>> parts_needed(np.zeros(2), np.zeros(2), np.array([400.0, 90.0]), np.array([300.0, 0.0]), 200.0, count)
    >>> count.tolist()
    [3, 1]
    """
    for k in range(x1.shape[0]):
        count[k] = max(1, int(math.ceil(math.hypot(x2[k] - x1[k], y2[k] - y1[k]) / step)))
