"""Ignition and outcome probabilities of an event tree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.parameters import Parameters

Array = NDArray[np.float64]


def by_size(table: Array, size: ArrayLike, bounds: Array) -> Array:
    """Probability of the size class; the upper bound of a class belongs to it.

    Examples
    --------
    >>> by_size(np.array([0.2, 0.5, 0.7]), [10.0, 10.1, 500.0], np.array([10.0, 100.0])).tolist()
    [0.2, 0.5, 0.7]
    """
    return np.asarray(table[np.searchsorted(bounds, np.asarray(size, np.float64), side="left")])


def immediate(
    parameters: Parameters, ignition_class: int, *, rate: ArrayLike | None = None, mass: ArrayLike | None = None,
    low_reactivity: bool = False,
) -> Array:
    """Probability of immediate ignition of a continuous (`rate`, kg/s) or instantaneous (`mass`, kg) release (Purple Book 4.5).

    Gases of class 0 and low reactivity (methane) have a row of their own.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> immediate(load_parameters(), 0, rate=[1.0, 50.0, 500.0]).tolist()
    [0.2, 0.5, 0.7]
    """
    row = "class_0_low" if low_reactivity and ignition_class == 0 else f"class_{ignition_class}"
    return _probability(parameters, parameters.array(f"quantified.ignition.{row}"), rate, mass)


def delayed(
    parameters: Parameters, ignition_class: int, *, rate: ArrayLike | None = None, mass: ArrayLike | None = None,
) -> Array:
    """Probability that what did not ignite at once ignites later, by the same size classes.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> float(delayed(load_parameters(), 1, rate=20.0))
    0.05
    """
    if ignition_class == 0:
        table = parameters.array("quantified.ignition.delayed_vapour")
    else:
        table = np.asarray(parameters.table("quantified.ignition.delayed_pool")[str(ignition_class)], np.float64)
    return _probability(parameters, table, rate, mass)


def _probability(parameters: Parameters, table: Array, rate: ArrayLike | None, mass: ArrayLike | None) -> Array:
    if (rate is None) == (mass is None):
        raise ValueError("give either the rate or the mass")
    if rate is not None:
        return by_size(table, rate, parameters.array("quantified.ignition.bounds_rate"))
    assert mass is not None  # noqa: S101
    return by_size(table, mass, parameters.array("quantified.ignition.bounds_mass"))
