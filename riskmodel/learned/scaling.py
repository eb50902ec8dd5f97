"""Constants that keep the total: Σ w·m = Σ w on the calibration set, frozen, so that an edit moves only its own unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter

Array = NDArray[np.float64]

#: Bounds of a learned multiplier, alone and in product with F_environment.
BOUNDS = (0.3, 3.0)


def neutral_constant(relative: ArrayLike, weight: ArrayLike, bounds: tuple[float, float] = BOUNDS) -> float:
    """The constant c with ``Σ w·clip(r/c, low, high) = Σ w``.

    The multiplier is bounded *and* keeps the total: dividing by the plain mean would lose what the bounds cut off. The left
    side falls in c, so bisection finds it.

    Parameters
    ----------
    relative : array_like
        Relative rates r > 0 of the calibration set.
    weight : array_like
        What is to be kept, e.g. exposure times base rate.
    bounds : tuple of float
        Least and greatest multiplier, around 1.

    Raises
    ------
    BadParameter
        If a relative rate is not positive and finite, a weight negative, all weights zero, or the bounds do not enclose 1.

    Examples
    --------
    >>> c = neutral_constant([1.0, 1.0, 20.0], [1.0, 1.0, 1.0])
    >>> float(np.clip(np.array([1.0, 1.0, 20.0]) / c, 0.3, 3.0).sum().round(9))
    3.0
    """
    r, w = np.asarray(relative, np.float64), np.asarray(weight, np.float64)
    low, high = bounds
    sound = r.size and np.isfinite(r).all() and (r > 0).all() and np.isfinite(w).all() and (w >= 0).all() and w.sum() > 0
    if not sound or not 0 < low < 1 < high:
        raise BadParameter("定标需要正的相对率、非负的权重和包含 1 的上下限",
                           "scaling needs positive relative rates, weights that are not negative and bounds around 1")
    least, most = r.min() / high, r.max() / low
    for _ in range(200):
        middle = float(np.sqrt(least * most))
        if (w * np.clip(r / middle, low, high)).sum() > w.sum():
            least = middle
        else:
            most = middle
    return float(np.sqrt(least * most))


def with_environment(multiplier: ArrayLike, environment: ArrayLike, bounds: tuple[float, float] = BOUNDS) -> Array:
    """``F_learned · F_environment`` within the bounds: weather must not carry a learned factor past what was validated.

    Examples
    --------
    >>> with_environment([0.8, 2.5], 1.5).round(2).tolist()
    [1.2, 3.0]
    """
    return np.clip(np.asarray(multiplier, np.float64) * np.asarray(environment, np.float64), *bounds)
