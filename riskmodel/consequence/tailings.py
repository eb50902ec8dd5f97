"""Tailings dams: how much flows out, how far, over how much ground. Estimates from past failures, not a flood model.

A footprint that somebody calculated with the valley's terrain always goes first; these regressions scatter over a decade (take
an error factor of at least 3 on the distance) and know nothing of slope or direction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence.checks import positive

Array = NDArray[np.float64]


def outflow_volume(stored: ArrayLike) -> Array:
    """Volume, m³, that leaves a pond of `stored` m³: ``0.332 V^0.95`` in 10⁶ m³ (Concha Larrauri and Lall 2018), at most all.

    P. Concha Larrauri and U. Lall, *Tailings dams failures: updated statistical model for discharge volume and runout*,
    Environments 5 (2018) 28.

    Examples
    --------
    >>> round(float(outflow_volume(1e6)) / 1e6, 3)
    0.332
    """
    positive(stored=stored)
    V = np.asarray(stored, np.float64) / 1e6
    return np.asarray(1e6 * np.minimum(0.332 * V**0.95, V))


def outflow_volume_rico(stored: ArrayLike) -> Array:
    """The same by Rico, Benito and Díez-Herrero 2008 (J. Hazardous Materials 154, 79–87): ``0.354 V^1.01`` in 10⁶ m³.

    Examples
    --------
    >>> round(float(outflow_volume_rico(1e6)) / 1e6, 3)
    0.354
    """
    V = np.asarray(stored, np.float64) / 1e6
    return np.asarray(1e6 * np.minimum(0.354 * V**1.01, V))


def runout(stored: ArrayLike, height: ArrayLike) -> Array:
    """Distance, m, that the flow travels: ``3.04 H_f^0.545`` km, ``H_f = H (V_F/V_T) V_F`` (Concha Larrauri and Lall 2018).

    Parameters
    ----------
    stored : array_like
        Volume of the pond, m³.
    height : array_like
        Of the dam, m.

    Examples
    --------
    >>> round(float(runout(1e6, 20.0)) / 1e3, 1)
    4.7
    """
    positive(height=height)
    V, out = np.asarray(stored, np.float64) / 1e6, outflow_volume(stored) / 1e6
    return np.asarray(3040 * (np.asarray(height, np.float64) * out / V * out) ** 0.545)


def runout_rico(stored: ArrayLike, height: ArrayLike) -> Array:
    """The same by Rico et al. 2008, an upper envelope: ``1.61 (H V_F)^0.66`` km.

    Examples
    --------
    >>> round(float(runout_rico(1e6, 20.0)) / 1e3, 1)
    5.9
    """
    out = outflow_volume_rico(stored) / 1e6
    return np.asarray(1610 * (np.asarray(height, np.float64) * out) ** 0.66)


def inundated_area(volume: ArrayLike) -> Array:
    """Ground, m², that `volume` m³ of outflow covers: ``80 V^(2/3)`` (Ghahramani et al. 2020, NHESS 20, 3425–3438).

    Examples
    --------
    >>> round(float(inundated_area(332_000.0)) / 1e4, 1)
    38.4
    """
    return np.asarray(80 * np.cbrt(np.asarray(volume, np.float64)) ** 2)


def width(stored: ArrayLike, height: ArrayLike) -> Array:
    """Mean width, m, of the tongue: area over length.

    Examples
    --------
    >>> round(float(width(1e6, 20.0)))
    82
    """
    return np.asarray(inundated_area(outflow_volume(stored)) / runout(stored, height))


def share_of_circle(distance: ArrayLike, length: ArrayLike, width: ArrayLike) -> Array:
    """Share of the circle at `distance` that a tongue of unknown direction covers: ``w / 2πr``, at most 1; 0 beyond its length.

    The mean over all directions: for ground whose valley nobody gave.

    Examples
    --------
    >>> share_of_circle([1.0, 100.0, 5000.0], 4000.0, 60.0).round(3).tolist()
    [1.0, 0.095, 0.0]
    """
    r = np.asarray(distance, np.float64)
    share = np.minimum(1.0, np.asarray(width, np.float64) / (2 * np.pi * np.maximum(r, 1e-3)))
    return np.where(r <= np.asarray(length, np.float64), share, 0.0)
