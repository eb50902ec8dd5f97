"""Vapour-cloud explosions by Baker, Strehlow and Tang: blast against flame speed and energy-scaled distance.

M. J. Tang and Q. A. Baker, *A new set of blast curves from vapor cloud explosion*, Process Safety Progress 18 (1999) 235–240.
The knots are what HyRAM+ 6.1 (run as a program) reads from those curves, for flame speeds of Mach 0.2, 0.35, 0.7, 1.0 and 5.2;
nearer than the first knot the pressure rises to the plateau ``2.4 M²/(1 + M)`` of the same authors, or, for a detonation, to
the curve of CCPS, *Guidelines for Chemical Process Quantitative Risk Analysis*, 2000. Between knots straight in the logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.consequence.checks import not_negative, positive
from riskmodel.consequence.release import ATMOSPHERE

Array = NDArray[np.float64]

#: Speed of sound, m/s.
SOUND = 340.0

#: Flame speed of a detonation, Mach.
DETONATION = 5.2

# Distance 5, 10, 20, 50 m from 1 kg of hydrogen (2.4e8 J with reflection), over (E/p0)^(1/3).
_SCALED = np.array([5.0, 10.0, 20.0, 50.0]) / np.cbrt(2.4e8 / ATMOSPHERE)
_SPEEDS = np.array([0.2, 0.35, 0.7, 1.0, 5.2])
_PRESSURE = np.array([  # Pa
    [6695.5, 3778.1, 1881.5, 765.0], [20274.6, 12254.4, 6137.4, 2512.0], [59870.1, 36795.4, 20268.2, 7032.4],
    [105937.5, 52542.1, 20906.2, 7481.5], [188549.9, 55167.6, 24738.7, 8435.4],
]) / ATMOSPHERE
_NEAR_DETONATION = (np.array([0.14, 0.184, 0.232, 0.2845]), np.array([20.3, 7.9, 4.05, 2.74]))
_IMPULSE = np.array([255.15, 136.55, 69.91, 27.39]) * SOUND / (np.cbrt(2.4e8) * ATMOSPHERE ** (2 / 3))  # Mach 0.35

#: Flame speed, Mach, by (expansion, congestion, reactivity); Pierorazio et al. 2005, Process Safety Progress 24, 59–65.
#: A transition to detonation counts as :data:`DETONATION`.
FLAME_SPEED: Mapping[tuple[str, str, str], float] = MappingProxyType({
    ("3D", "low", "low"): 0.026, ("3D", "medium", "low"): 0.23, ("3D", "high", "low"): 0.34,
    ("3D", "low", "medium"): 0.11, ("3D", "medium", "medium"): 0.44, ("3D", "high", "medium"): 0.50,
    ("3D", "low", "high"): 0.36, ("3D", "medium", "high"): DETONATION, ("3D", "high", "high"): DETONATION,
    ("2.5D", "low", "low"): 0.053, ("2.5D", "medium", "low"): 0.35, ("2.5D", "high", "low"): 0.50,
    ("2.5D", "low", "medium"): 0.29, ("2.5D", "medium", "medium"): 0.55, ("2.5D", "high", "medium"): 1.0,
    ("2.5D", "low", "high"): 0.47, ("2.5D", "medium", "high"): DETONATION, ("2.5D", "high", "high"): DETONATION,
    ("2D", "low", "low"): 0.079, ("2D", "medium", "low"): 0.47, ("2D", "high", "low"): 0.66,
    ("2D", "low", "medium"): 0.47, ("2D", "medium", "medium"): 0.66, ("2D", "high", "medium"): 1.6,
    ("2D", "low", "high"): 0.59, ("2D", "medium", "high"): DETONATION, ("2D", "high", "high"): DETONATION,
})


def flame_speed(reactivity: str, congestion: str, expansion: str = "3D") -> float:
    """Flame speed, Mach, of a cloud (Pierorazio et al. 2005).

    Parameters
    ----------
    reactivity : str
        low (methane, carbon monoxide), medium (most hydrocarbons), high (hydrogen, acetylene, ethylene oxide).
    congestion : str
        low, medium or high: share of the cross-section that obstacles block, under 10 %, to 40 %, more.
    expansion : str
        3D (open), 2.5D (light roofs, pipe racks) or 2D (under decks).

    Raises
    ------
    UnknownIdentifier
        If the table has no such row.

    Examples
    --------
    >>> flame_speed("medium", "medium")
    0.44
    """
    try:
        return FLAME_SPEED[expansion, congestion, reactivity]
    except KeyError:
        raise UnknownIdentifier(
            f"没有火焰速度“{expansion}/{congestion}/{reactivity}”", f"no flame speed for {expansion}/{congestion}/{reactivity}",
            remedy_zh="可用：3D、2.5D、2D × low、medium、high × low、medium、high",
            remedy_en="Known: 3D, 2.5D, 2D × low, medium, high × low, medium, high",
        ) from None


def energy(mass: ArrayLike, combustion: float, *, reflection: float = 2.0) -> Array:
    """Energy of the blast, J: the heat of combustion of the cloud, doubled where the ground reflects it.

    Examples
    --------
    >>> float(energy(1.0, 1.2e8))
    240000000.0
    """
    return np.asarray(reflection * np.asarray(mass, np.float64) * combustion)


def overpressure(distance: ArrayLike, energy: ArrayLike, speed: float) -> Array:
    """Overpressure, Pa, at `distance` m from the middle of the cloud.

    Parameters
    ----------
    distance : array_like
        m.
    energy : array_like
        J, reflection included (:func:`energy`).
    speed : float
        Flame speed, Mach; above :data:`DETONATION` it counts as that.

    Raises
    ------
    BadParameter
        If the energy or the flame speed is not positive, or a distance negative.

    Examples
    --------
    >>> overpressure([5.0, 20.0], 2.4e8, 0.35).round(1).tolist()
    [20274.6, 6137.4]
    """
    not_negative(distance=distance)
    positive(energy=energy, speed=speed)
    R = np.asarray(distance, np.float64) * np.cbrt(ATMOSPHERE / np.asarray(energy, np.float64))
    mach = min(speed, DETONATION)
    if mach <= _SPEEDS[0]:
        return np.asarray(ATMOSPHERE * _curve(R, 0) * plateau(mach) / plateau(_SPEEDS[0]))
    upper = int(np.searchsorted(_SPEEDS, mach))
    share = np.log(mach / _SPEEDS[upper - 1]) / np.log(_SPEEDS[upper] / _SPEEDS[upper - 1])
    low, high = np.log(_curve(R, upper - 1)), np.log(_curve(R, upper))
    return np.asarray(ATMOSPHERE * np.exp(low + share * (high - low)))


def plateau(speed: float) -> float:
    """Highest overpressure over ambient inside a slow cloud: ``2.4 M² / (1 + M)`` (Tang and Baker 1999), M up to 1.

    Examples
    --------
    >>> round(plateau(0.35), 3)
    0.218
    """
    return 2.4 * speed**2 / (1 + speed)


def _curve(R: Array, row: int) -> Array:
    x, p = _SCALED, _PRESSURE[row]
    if row == len(_SPEEDS) - 1:
        x, p = np.concatenate([_NEAR_DETONATION[0], x]), np.concatenate([_NEAR_DETONATION[1], p])
    else:
        most = max(plateau(float(_SPEEDS[row])), p[0])
        x, p = np.concatenate([[x[0] * p[0] / most], x]), np.concatenate([[most], p])  # the plateau falls off as 1/R
    beyond = p[-1] * x[-1] / np.maximum(R, x[-1])  # sound: 1/R
    inside = np.exp(np.interp(np.log(np.maximum(R, 1e-9)), np.log(x), np.log(p)))
    return np.asarray(np.where(x[-1] < R, beyond, inside), np.float64)


def impulse(distance: ArrayLike, energy: ArrayLike, speed: float) -> Array:
    """Impulse of the positive phase, Pa·s.

    The curve of Mach 0.35; other speeds scale it by ``M/(1 + M)`` (pressure ``∝ M²/(1 + M)``, duration ``∝ 1/M``) up to Mach 1,
    above which the curves of Tang and Baker all but coincide. Right to a factor of two away from Mach 0.35.

    Examples
    --------
    >>> impulse([5.0, 50.0], 2.4e8, 0.35).round(2).tolist()
    [255.15, 27.39]
    """
    E = np.asarray(energy, np.float64)
    R = np.asarray(distance, np.float64) * np.cbrt(ATMOSPHERE / E)
    mach = min(speed, 1.0)
    inside = np.exp(np.interp(np.log(np.maximum(R, 1e-9)), np.log(_SCALED), np.log(_IMPULSE)))
    scaled = np.where(_SCALED[-1] < R, _IMPULSE[-1] * _SCALED[-1] / np.maximum(R, _SCALED[-1]), inside)
    factor = mach / (1 + mach) / (0.35 / 1.35)
    return np.asarray(factor * scaled * np.cbrt(E) * ATMOSPHERE ** (2 / 3) / SOUND)


def distance_to(pressure: float, energy: ArrayLike, speed: float) -> Array:
    """Farthest distance, m, with at least `pressure` Pa; 0 where the cloud never reaches it.

    Examples
    --------
    >>> round(float(distance_to(10_000.0, 2.4e8, 1.0)), 1)
    38.6
    """
    scale = np.cbrt(np.asarray(energy, np.float64) / ATMOSPHERE)
    low, high = 1e-3, 1e4
    if float(overpressure(low, ATMOSPHERE, speed)) < pressure:
        return np.zeros_like(scale)
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if float(overpressure(middle, ATMOSPHERE, speed)) >= pressure else (low, middle)
    return np.asarray(low * scale)
