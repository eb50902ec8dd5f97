"""Power-law distributions of deaths: P(N ≥ n | fatal) = n^−α up to a cap."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.scenarios import FN_N, ScenarioBuilder

#: Caps at which tails are registered; a cap between two of them takes the lower one's survival.
CAP_CLASSES: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200)


def power_law_survival(alpha: float, cap: float) -> NDArray[np.float64]:
    """P(N ≥ n | fatal) = n^−α at the values of FN_N, zero beyond `cap`.

    Examples
    --------
    >>> power_law_survival(1.0, 10)[:6].round(3).tolist()
    [1.0, 0.5, 0.333, 0.2, 0.1, 0.0]
    """
    n = np.asarray(FN_N, np.float64)
    return np.where(n <= max(cap, 1.0), n**-alpha, 0.0)


def power_law_mean(alpha: float, cap: ArrayLike) -> NDArray[np.float64]:
    """Mean deaths of a fatal event, E[N] = Σ n^−α for n = 1 … cap; a cap below 1 counts as 1.

    Parameters
    ----------
    alpha : float
    cap : array_like
        Most deaths possible; rounded down.

    Examples
    --------
    >>> round(float(power_law_mean(2.8, 1000)), 3)
    1.247
    """
    whole = np.maximum(np.asarray(cap, np.float64), 1.0).astype(np.int64)
    sums = np.cumsum(np.arange(1, int(whole.max(initial=1)) + 1, dtype=np.float64) ** -alpha)
    return np.asarray(sums[whole - 1])


def register_power_tails(builder: ScenarioBuilder, alpha: float, cap: NDArray[np.float64]) -> NDArray[np.int32]:
    """Register the few tails that rows with these caps need; returns one tail index per row.

    Examples
    --------
    >>> builder = ScenarioBuilder(("venue",))
    >>> register_power_tails(builder, 1.0, np.array([2.4, 40.0, 2.9])).tolist(), builder.finish().tails.shape
    ([0, 1, 0], (2, 13))
    """
    classes = np.asarray(CAP_CLASSES, np.float64)
    place = np.clip(np.searchsorted(classes, np.maximum(cap, 1.0), side="right") - 1, 0, None)
    index = np.full(len(CAP_CLASSES), -1, np.int32)
    for used in np.unique(place):
        index[used] = builder.tail(power_law_survival(alpha, classes[used]))
    return np.asarray(index[place])
