"""Individual risk of lines exactly at target points, looked up by squares of the plane instead of by strips."""

from __future__ import annotations

import math

from numba import njit

from riskmodel.kernels.cell import line_at


@njit(cache=True, nogil=True)
def lines_at_points(west, south, side, across, down, start, tx, ty, x1, y1, x2, y2, rate, scope, kernel, radius, steps_out,
                    radii2, ir):
    """IR of line pieces at points that are ordered by square; ``start[i]`` is where square i begins."""
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
