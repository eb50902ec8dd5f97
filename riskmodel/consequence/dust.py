"""Dust explosions, simply: the flame and the pressure that leave a vented room or vessel, and the energy inside.

EN 14491:2012, *Dust explosion venting protective systems*, and VDI 3673-1:2002, external effects. Good for vented volumes up to
10,000 m³; dust in whole buildings is far more uncertain (take an error factor of at least 3 on distances).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence.checks import not_negative, positive

Array = NDArray[np.float64]


def flame_length(volume: ArrayLike, *, longest: float = 30.0) -> Array:
    """Length, m, of the flame from a horizontal vent: ``10 V^(1/3)``, at most `longest` (EN 14491:2012, 6.5.1).

    Examples
    --------
    >>> flame_length([8.0, 1000.0]).round(6).tolist()
    [20.0, 30.0]
    """
    return np.asarray(np.minimum(10 * np.cbrt(np.asarray(volume, np.float64)), longest), np.float64)


def flame_width(volume: ArrayLike) -> Array:
    """Width, m, of that flame: ``1.3 (10 V)^(1/3)`` (EN 14491:2012, 6.5.1).

    Examples
    --------
    >>> round(float(flame_width(100.0)), 1)
    13.0
    """
    return np.asarray(1.3 * np.cbrt(10 * np.asarray(volume, np.float64)))


def external_pressure(distance: ArrayLike, volume: ArrayLike, reduced: ArrayLike, vent: ArrayLike) -> Array:
    """Overpressure, Pa, outside, in the axis of the vent (EN 14491:2012, 6.5.2).

    ``P_max = 0.2 P_red A^0.1 V^0.18`` at a quarter of the flame's length; beyond it falls with ``(R_s / r)^1.5``.

    Parameters
    ----------
    distance : array_like
        From the vent, m.
    volume, vent : array_like
        Room or vessel, m³, and vent area, m².
    reduced : array_like
        Reduced explosion pressure inside, Pa.

    Examples
    --------
    >>> external_pressure([5.0, 20.0], 100.0, 50e3, 5.0).round(0).tolist()
    [26909.0, 11892.0]
    """
    not_negative(distance=distance)
    positive(volume=volume, reduced=reduced, vent=vent)
    V = np.asarray(volume, np.float64)
    most = 0.2 * np.asarray(reduced, np.float64) * np.asarray(vent, np.float64) ** 0.1 * V**0.18
    place = 0.25 * 10 * np.cbrt(V)
    return np.asarray(most * np.minimum(1.0, (place / np.maximum(np.asarray(distance, np.float64), 1e-3)) ** 1.5))


def energy(volume: ArrayLike, *, filled: float = 0.25, concentration: float = 0.5, combustion: float = 16e6) -> Array:
    """Heat, J, that a dust cloud sets free: the filled share of the volume × concentration × heat of combustion.

    Parameters
    ----------
    volume : array_like
        m³.
    filled : float
        Share of the volume that holds an explosible cloud.
    concentration : float
        kg/m³; oxygen limits what burns to about 0.25–0.5 kg/m³.
    combustion : float
        J/kg (grain and wood 16 MJ/kg, aluminium 31 MJ/kg).

    Examples
    --------
    >>> float(energy(1000.0)) / 1e6
    2000.0
    """
    return np.asarray(np.asarray(volume, np.float64) * filled * concentration * combustion)
