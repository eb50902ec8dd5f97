"""Passive dispersion of a neutral or buoyant gas: Gaussian plume and puff.

Not valid for dense gases (chlorine, LPG near field): those need a dense-gas model.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier

Array = NDArray[np.float64]
Terrain = Literal["rural", "urban"]

# Briggs 1973 (CCPS 1999, section 2.1.3): σ = a x (1 + b x)^p, per class A–F as (a, b, p) for σy and σz.
_BRIGGS: Mapping[tuple[str, str], tuple[tuple[float, float, float], tuple[float, float, float]]] = MappingProxyType({
    ("rural", "A"): ((0.22, 1e-4, -0.5), (0.20, 0.0, 0.0)),
    ("rural", "B"): ((0.16, 1e-4, -0.5), (0.12, 0.0, 0.0)),
    ("rural", "C"): ((0.11, 1e-4, -0.5), (0.08, 2e-4, -0.5)),
    ("rural", "D"): ((0.08, 1e-4, -0.5), (0.06, 1.5e-3, -0.5)),
    ("rural", "E"): ((0.06, 1e-4, -0.5), (0.03, 3e-4, -1.0)),
    ("rural", "F"): ((0.04, 1e-4, -0.5), (0.016, 3e-4, -1.0)),
    ("urban", "A"): ((0.32, 4e-4, -0.5), (0.24, 1e-3, 0.5)),
    ("urban", "B"): ((0.32, 4e-4, -0.5), (0.24, 1e-3, 0.5)),
    ("urban", "C"): ((0.22, 4e-4, -0.5), (0.20, 0.0, 0.0)),
    ("urban", "D"): ((0.16, 4e-4, -0.5), (0.14, 3e-4, -0.5)),
    ("urban", "E"): ((0.11, 4e-4, -0.5), (0.08, 1.5e-3, -0.5)),
    ("urban", "F"): ((0.11, 4e-4, -0.5), (0.08, 1.5e-3, -0.5)),
})

# CCPS 1999 (Seinfeld): σy = a x^0.9; σz = δ x^β exp(γ ln² x).
_CCPS: Mapping[str, tuple[float, float, float, float]] = MappingProxyType({
    "A": (0.423, 107.7, -1.7172, 0.2770), "B": (0.313, 0.1355, 0.8752, 0.0136), "C": (0.210, 0.09623, 0.9477, -0.0020),
    "D": (0.136, 0.04134, 1.1737, -0.0316), "E": (0.102, 0.02275, 1.3010, -0.0450), "F": (0.0674, 0.01122, 1.4024, -0.0540),
})

# CCPS 1999 table 2-13, puff: σx = σy = a x^b, σz = c x^d.
_PUFF: Mapping[str, tuple[float, float, float, float]] = MappingProxyType({
    "A": (0.18, 0.92, 0.60, 0.75), "B": (0.14, 0.92, 0.53, 0.73), "C": (0.10, 0.92, 0.34, 0.71),
    "D": (0.06, 0.92, 0.15, 0.70), "E": (0.04, 0.92, 0.10, 0.65), "F": (0.02, 0.89, 0.05, 0.61),
})

_WIND: Mapping[str, Mapping[str, float]] = MappingProxyType({
    "rural": {"A": 0.07, "B": 0.07, "C": 0.10, "D": 0.15, "E": 0.35, "F": 0.55},
    "urban": {"A": 0.15, "B": 0.15, "C": 0.20, "D": 0.25, "E": 0.40, "F": 0.60},
})


def _look_up(table: Mapping[str, tuple[float, ...]], stability: str) -> tuple[float, ...]:
    if stability not in table:
        raise UnknownIdentifier(f"没有大气稳定度“{stability}”（应为 A–F）", f"there is no stability class {stability!r} (A–F)")
    return table[stability]


def briggs(distance: ArrayLike, stability: str, terrain: Terrain = "rural") -> tuple[Array, Array]:
    """Plume σy and σz, m, at `distance` m downwind (Briggs 1973).

    Raises
    ------
    UnknownIdentifier
        If there is no such stability class (A–F) or terrain (rural, urban).

    Examples
    --------
    >>> sy, sz = briggs(500.0, "F")
    >>> round(float(sy), 3), round(float(sz), 3)
    (19.518, 6.957)
    """
    key = (terrain, stability)
    if key not in _BRIGGS:
        raise UnknownIdentifier(f"没有扩散参数“{terrain}/{stability}”", f"no dispersion coefficients for {terrain}/{stability}")
    x = np.asarray(distance, np.float64)
    (ay, by, py), (az, bz, pz) = _BRIGGS[key]
    return np.asarray(ay * x * (1 + by * x) ** py), np.asarray(az * x * (1 + bz * x) ** pz)


def ccps_plume(distance: ArrayLike, stability: str) -> tuple[Array, Array]:
    """Plume σy and σz, m (CCPS 1999; Seinfeld's fit of Pasquill and Gifford).

    Examples
    --------
    >>> sy, sz = ccps_plume(500.0, "F")
    >>> round(float(sy), 3), round(float(sz), 3)
    (18.102, 8.497)
    """
    a, delta, beta, gamma = _look_up(_CCPS, stability)
    x = np.asarray(distance, np.float64)
    return np.asarray(a * x**0.9), np.asarray(delta * x**beta * np.exp(gamma * np.log(x) ** 2))


def ccps_puff(distance: ArrayLike, stability: str) -> tuple[Array, Array]:
    """Puff σx = σy and σz, m (CCPS 1999 table 2-13).

    Examples
    --------
    >>> sy, sz = ccps_puff(500.0, "F")
    >>> round(float(sy), 3), round(float(sz), 3)
    (5.048, 2.215)
    """
    a, b, c, d = _look_up(_PUFF, stability)
    x = np.asarray(distance, np.float64)
    return np.asarray(a * x**b), np.asarray(c * x**d)


def wind_at(height: ArrayLike, at_10_m: float, stability: str, terrain: Terrain = "rural") -> Array:
    """Wind speed at `height` m by the power law ``u10 (z/10)^p`` (CCPS 1999, table 2-9).

    Examples
    --------
    >>> round(float(wind_at(2.0, 2.0, "F", "urban")), 2)
    0.76
    """
    if terrain not in _WIND or stability not in _WIND[terrain]:
        raise UnknownIdentifier(f"没有风廓线“{terrain}/{stability}”", f"there is no wind profile for {terrain}/{stability}")
    return np.asarray(at_10_m * (np.asarray(height, np.float64) / 10) ** _WIND[terrain][stability])


def plume(
    rate: float, wind: float, sigma_y: ArrayLike, sigma_z: ArrayLike, *, y: ArrayLike = 0.0, z: ArrayLike = 0.0,
    source_height: float = 0.0,
) -> Array:
    """Concentration of a steady plume, in the unit of `rate` per m³ (`rate` per second, wind in m/s).

    ``C = Q / (2π u σy σz) · exp(−y²/2σy²) · (exp(−(z−H)²/2σz²) + exp(−(z+H)²/2σz²))`` (CCPS 1999, section 2.1.3).

    Examples
    --------
    >>> sy, sz = ccps_plume(500.0, "F")
    >>> f"{float(plume(0.1, 2.0, sy, sz)):.4e}"
    '1.0347e-04'
    """
    sy, sz = np.asarray(sigma_y, np.float64), np.asarray(sigma_z, np.float64)
    up = np.asarray(z, np.float64)
    vertical = np.exp(-((up - source_height) ** 2) / (2 * sz**2)) + np.exp(-((up + source_height) ** 2) / (2 * sz**2))
    across = np.exp(-np.square(np.asarray(y, np.float64)) / (2 * sy**2))
    return np.asarray(rate / (2 * np.pi * wind * sy * sz) * across * vertical)


def puff(mass: float, sigma_y: ArrayLike, sigma_z: ArrayLike, *, along: ArrayLike = 0.0, y: ArrayLike = 0.0) -> Array:
    """Ground concentration of a puff released at the ground, at `along` m from its centre (σx = σy), unit of `mass` per m³.

    ``C = 2 M / ((2π)^(3/2) σx σy σz) · exp(−(along² + y²)/2σy²)`` (CCPS 1999, section 2.1.3).

    Examples
    --------
    >>> sy, sz = ccps_puff(500.0, "F")
    >>> f"{float(puff(1.0, sy, sz)):.5e}"
    '2.25005e-03'
    """
    sy, sz = np.asarray(sigma_y, np.float64), np.asarray(sigma_z, np.float64)
    square = np.square(np.asarray(along, np.float64)) + np.square(np.asarray(y, np.float64))
    return np.asarray(2 * mass / ((2 * np.pi) ** 1.5 * sy**2 * sz) * np.exp(-square / (2 * sy**2)))


def puff_load(mass: float, wind: float, sigma_y: ArrayLike, sigma_z: ArrayLike, n: float, *, y: ArrayLike = 0.0) -> Array:
    """Load ``∫ Cⁿ dt`` of a puff that drifts past, with t in seconds and σ frozen at the passage.

    The Gaussian along the wind integrates to ``C_maxⁿ · √(2π/n) · σx / u``.

    Examples
    --------
    >>> round(float(puff_load(1e6, 2.0, 10.0, 5.0, 1.0)), 1)
    3183.1
    """
    sy = np.asarray(sigma_y, np.float64)
    return np.asarray(puff(mass, sy, sigma_z, y=y) ** n * np.sqrt(2 * np.pi / n) * sy / wind)
