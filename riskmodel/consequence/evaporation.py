"""Evaporation from pools: liquids that boil on the ground, and liquids below their boiling point in the wind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.consequence.checks import not_negative, positive, within

Array = NDArray[np.float64]

_GAS_CONSTANT = 8.314


class Ground(NamedTuple):
    """Thermal conductivity, W/(m K), and diffusivity, m²/s.

    Examples
    --------
    >>> GROUND["concrete"].conductivity, GROUND["concrete"].diffusivity
    (1.1, 1.29e-07)
    """

    conductivity: float
    diffusivity: float


#: HJ 169-2018 annex F, table F.2.
GROUND: Mapping[str, Ground] = MappingProxyType({
    "concrete": Ground(1.1, 1.29e-7), "soil": Ground(0.9, 4.3e-7), "dry_soil": Ground(0.3, 2.3e-7),
    "wet_ground": Ground(0.6, 3.3e-7), "gravel": Ground(2.5, 11.0e-7),
})

# n and α by stability: A and B, C and D, E and F (HJ 169-2018 annex F, table F.3).
_WIND: Mapping[str, tuple[float, float]] = MappingProxyType({
    **dict.fromkeys("AB", (0.20, 3.846e-3)), **dict.fromkeys("CD", (0.25, 4.685e-3)), **dict.fromkeys("EF", (0.30, 5.285e-3)),
})


def boiling_rate(time: ArrayLike, area: ArrayLike, superheat: ArrayLike, vaporisation: float, ground: str = "concrete") -> Array:
    """Vapour, kg/s, of a liquid that boils on the ground: ``λ A ΔT / (h_v √(π a t))`` (HJ 169-2018 annex F; TNO Yellow Book).

    Parameters
    ----------
    time : array_like
        Since the spill, s.
    area : array_like
        m².
    superheat : array_like
        Ground less boiling point, K.
    vaporisation : float
        J/kg.
    ground : str
        A name of :data:`GROUND`.

    Raises
    ------
    UnknownIdentifier
        If there is no such ground.

    Examples
    --------
    >>> round(float(boiling_rate(60.0, 100.0, 54.0, 2.88e5)), 1)
    4.2
    """
    t = np.asarray(time, np.float64)
    return np.asarray(_heat(area, superheat, vaporisation, ground) / np.sqrt(t))


def boiled_mass(time: ArrayLike, area: ArrayLike, superheat: ArrayLike, vaporisation: float, ground: str = "concrete") -> Array:
    """Vapour, kg, up to `time` s: twice the time times the rate at its end; arguments as in :func:`boiling_rate`.

    Examples
    --------
    >>> round(float(boiled_mass(60.0, 100.0, 54.0, 2.88e5) / boiling_rate(60.0, 100.0, 54.0, 2.88e5)))
    120
    """
    t = np.asarray(time, np.float64)
    return np.asarray(2 * _heat(area, superheat, vaporisation, ground) * np.sqrt(t))


def _heat(area: ArrayLike, superheat: ArrayLike, vaporisation: float, ground: str) -> Array:
    if ground not in GROUND:
        raise UnknownIdentifier(f"没有地面类型“{ground}”", f"there is no ground {ground!r}",
                                remedy_zh=f"可用：{'、'.join(GROUND)}", remedy_en=f"Known: {', '.join(GROUND)}")
    not_negative(area=area)
    positive(vaporisation=vaporisation)
    k = GROUND[ground]
    warm = np.maximum(np.asarray(superheat, np.float64), 0.0)
    return np.asarray(k.conductivity * np.asarray(area, np.float64) * warm / (vaporisation * np.sqrt(np.pi * k.diffusivity)))


def evaporation_rate(
    radius: ArrayLike, wind: ArrayLike, vapour_pressure: float, molar_mass: float, temperature: float, stability: str = "D",
) -> Array:
    """Vapour, kg/s, of a pool below its boiling point in the wind (Sutton; HJ 169-2018 annex F, mass evaporation).

    ``α p M / (R T) · u^((2 − n)/(2 + n)) · r^((4 + n)/(2 + n))``.

    Parameters
    ----------
    radius, wind : array_like
        m, and m/s at 10 m.
    vapour_pressure, molar_mass, temperature : float
        Pa, kg/mol, K.
    stability : str
        A–F.

    Raises
    ------
    UnknownIdentifier
        If there is no such stability class.

    Examples
    --------
    >>> round(float(evaporation_rate(10.0, 3.0, 10_000.0, 0.0781, 293.15)), 3)
    0.273
    """
    if stability not in _WIND:
        raise UnknownIdentifier(f"没有大气稳定度“{stability}”（应为 A–F）", f"there is no stability class {stability!r} (A–F)")
    positive(radius=radius, wind=wind, vapour_pressure=vapour_pressure)
    within("temperature", temperature, 10.0, 3000.0, "K")
    within("molar_mass", molar_mass, 0.001, 0.5, "kg/mol")
    n, alpha = _WIND[stability]
    r, u = np.asarray(radius, np.float64), np.asarray(wind, np.float64)
    density = vapour_pressure * molar_mass / (_GAS_CONSTANT * temperature)
    return np.asarray(alpha * density * u ** ((2 - n) / (2 + n)) * r ** ((4 + n) / (2 + n)))
