"""Individual risk of lines exactly at target points, looked up by squares of the plane instead of by strips."""

from __future__ import annotations

import math

from numba import njit

from riskmodel.kernels.cell import line_at


@njit(cache=True, nogil=True)
def lines_at_points(west, south, side, across, down, start, tx, ty, x1, y1, x2, y2, rate, scope, kernel, radius, steps_out,
                    radii2, ir):
    """IR of line pieces at points that are ordered by square; ``start[i]`` is where square i begins.

    Examples
    --------
    >>> import numpy as np
    >>> from riskmodel.bank import KernelBank
    >>> from riskmodel.scenarios import Kernel
    >>> bank, one, ir = KernelBank.of((Kernel.disc(100.0, 1.0),)), np.ones(1), np.zeros((1, 2))
    >>> x, y, start = np.array([500.0, 500.0]), np.array([60.0, 150.0]), np.array([0, 2])
    >>> lines_at_points(0.0, 0.0, 1000.0, 1, 1, start, x, y, 0 * one, 0 * one, 1000 * one, 0 * one, 1e-9 * one,
    ...                 np.zeros(1, np.int8), np.zeros(1, np.int32), bank.radius, bank.steps_out, bank.radii2, ir)
    >>> [f"{risk:.1e}" for risk in ir[0]]
    ['1.6e-07', '0.0e+00']
    """
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
        left, right = min(x1[k], x2[k]) - r, max(x1[k], x2[k]) + r
        low, top = min(y1[k], y2[k]) - r, max(y1[k], y2[k]) + r
        i0, i1 = max(0, int(math.floor((low - south) / side))), min(down, int(math.floor((top - south) / side)) + 1)
        j0, j1 = max(0, int(math.floor((left - west) / side))), min(across, int(math.floor((right - west) / side)) + 1)
        for i in range(i0, i1):
            for t in range(start[i * across + j0], start[i * across + max(j0, j1)]):
                if low < ty[t] < top and left < tx[t] < right:
                    out, _ = line_at(tx[t], ty[t], x1[k], y1[k], ex, ey, length, r, steps_out[q], steps_out[q], radii2[q])
                    ir[scope[k], t] += rate[k] * out
