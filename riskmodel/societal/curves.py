"""F-N curves from the distribution of deaths, event first, never from mean values; and the zones of GB 36894."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, pdtrc

from riskmodel.parameters import Parameters
from riskmodel.scenarios import FN_N

ZONES: tuple[str, ...] = ("可接受区", "尽可能降低区", "不可接受区")

# Rows that add less than this to F(n), per year, are not evaluated.
_NOTHING = 1e-18


def fn_curve(rate: ArrayLike, mean_deaths: ArrayLike) -> NDArray[np.float64]:
    """F(N ≥ n) per year at the values of FN_N for events whose deaths are Poisson around their own mean.

    A staircase: never interpolated. ``F(n) = Σ rate · P(Poisson(mean) ≥ n)``.

    Parameters
    ----------
    rate : (k,) events per year
    mean_deaths : (k,) mean deaths per event

    Examples
    --------
    >>> fn_curve([1e-4, 1e-6], [0.5, 20.0])[[0, 2, 4]].round(8).tolist()
    [4.035e-05, 2.44e-06, 1e-06]
    """
    rates = np.asarray(rate, np.float64)
    return np.asarray(fn_curves(rates, mean_deaths, np.zeros(len(rates), np.int64), 1)[0])


def fn_curves(rate: ArrayLike, mean_deaths: ArrayLike, group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """The same for groups of events, shape (groups, len(FN_N)).

    Examples
    --------
    >>> fn_curves([1e-4, 1e-6], [0.5, 20.0], np.array([0, 1]), 2)[:, [0, 4]].round(8).tolist()
    [[3.935e-05, 0.0], [1e-06, 1e-06]]
    """
    rates, mean = np.asarray(rate, np.float64), np.asarray(mean_deaths, np.float64)
    curves = np.zeros((groups, len(FN_N)))
    rows = np.flatnonzero((rates > 0) & (mean > 0))
    with np.errstate(divide="ignore"):
        log_rate, log_mean = np.log(rates[rows]), np.log(mean[rows])
    for k, n in enumerate(FN_N):
        # P(N ≥ n) is at most meanⁿ / n!; what is too small for n is too small for all larger n where the mean is below n
        kept = (log_rate + n * log_mean - gammaln(n + 1) > np.log(_NOTHING)) | (log_mean > np.log(n))
        rows, log_rate, log_mean = rows[kept], log_rate[kept], log_mean[kept]
        survive = -np.expm1(-mean[rows]) if n == 1 else pdtrc(n - 1, mean[rows])
        curves[:, k] = np.bincount(group[rows], rates[rows] * survive, groups)
    return curves


def zone(curve: NDArray[np.float64], parameters: Parameters, *, factor: float = 1.0) -> int:
    """Zone of one installation's own curve by GB 36894: 2 above the upper line, 1 between the lines, 0 below.

    The lines are F = upper / N and F = lower / N (slope −1); `factor` multiplies the curve first.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> [ZONES[zone(fn_curve([rate], [20.0]), parameters())] for rate in (1e-8, 1e-6, 1e-4)]
    ['可接受区', '尽可能降低区', '不可接受区']
    """
    n = np.asarray(FN_N, np.float64)
    if np.any(curve * factor > parameters.number("levels.criteria.fn_upper") / n):
        return 2
    return int(np.any(curve * factor > parameters.number("levels.criteria.fn_lower") / n))


def upper_ratio(curve: NDArray[np.float64], parameters: Parameters) -> float:
    """How many times the upper line of GB 36894 a curve reaches at its highest point.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> round(upper_ratio(fn_curve([1e-6], [20.0]), parameters()), 3)
    0.011
    """
    upper = parameters.number("levels.criteria.fn_upper") / np.asarray(FN_N, np.float64)
    return float((curve / upper).max())
