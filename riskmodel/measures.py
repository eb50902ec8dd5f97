"""Other measures of the same risk: FAR, average individual risk, risk of one job, F-N of one event, outcomes in sequence."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence.checks import not_negative, positive, within

Array = NDArray[np.float64]

#: Hours in a year.
YEAR_H = 8760.0


def fatal_accident_rate(pll: ArrayLike, people: ArrayLike) -> Array:
    """FAR: deaths in 10⁸ hours of exposure, ``PLL · 1e8 / (N · 8760)`` for N people who are always there.

    Examples
    --------
    >>> round(float(fatal_accident_rate(2.5e-5, 9)), 7)
    0.0317098
    """
    not_negative(pll=pll)
    positive(people=people)
    return np.asarray(np.asarray(pll, np.float64) * 1e8 / (np.asarray(people, np.float64) * YEAR_H))


def average_individual_risk(far: ArrayLike, hours: ArrayLike) -> Array:
    """Average individual risk per year of somebody exposed `hours` a year: ``FAR · h · 1e−8``.

    Examples
    --------
    >>> float(average_individual_risk(0.03, 2000.0))
    6e-07
    """
    not_negative(far=far, hours=hours)
    return np.asarray(np.asarray(far, np.float64) * np.asarray(hours, np.float64) * 1e-8)


def risk_of_a_job(frequency: float, killed: float, hours: float) -> float:
    """Individual risk per year of one person of a shift: frequency × P(death) × share of the year at the place.

    Examples
    --------
    >>> f"{risk_of_a_job(3e-5, 0.5, 8760 * 6 / 8 * 8 / 24):.3g}"
    '3.75e-06'
    """
    within("killed", killed, 0.0, 1.0)
    within("hours", hours, 0.0, YEAR_H, "h/yr")
    return frequency * killed * hours / YEAR_H


def at_least(frequency: float, people: int, killed: float) -> Array:
    """F(N ≥ n), n = 1 … people, per year, where each dies on his own account with the same probability (binomial).

    The curve comes from the distribution of N, not from its mean.

    Examples
    --------
    >>> at_least(3e-5, 2, 0.5).tolist()
    [2.25e-05, 7.5e-06]
    """
    from scipy.stats import binom

    within("killed", killed, 0.0, 1.0)
    return np.asarray(frequency * binom.sf(np.arange(people), people, killed))


def in_sequence(probabilities: ArrayLike) -> Array:
    """Outcomes of an event tree asked one after the other: ``p_i · Π_{j<i} (1 − p_j)``, and what is left at the end.

    Examples
    --------
    >>> in_sequence([0.1, 0.2, 0.3]).round(3).tolist()
    [0.1, 0.18, 0.216, 0.504]
    """
    p = np.asarray(probabilities, np.float64)
    within("probabilities", p, 0.0, 1.0)
    left = np.concatenate([[1.0], np.cumprod(1 - p)])
    return np.append(p * left[:-1], left[-1])
