"""Explosions: TNT equivalence, overpressure against scaled distance, and the distances that follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Law = Callable[[Array], Array]

#: Ambient pressure of the Chinese three-radius method, Pa.
CHINESE_AMBIENT = 101_300.0


def tnt_mass(
    fuel: ArrayLike, combustion: float, *, efficiency: float = 0.04, reflection: float = 1.8, tnt: float = 4.52e6,
) -> Array:
    """TNT equivalent, kg: ``1.8 α W_f Q_f / Q_TNT`` (Chinese 安全评价 practice; reflection 1 and other α, Q_TNT for others).

    Parameters
    ----------
    fuel : array_like
        Mass of fuel in the cloud, kg.
    combustion, tnt : float
        Heat of combustion of the fuel and of explosion of TNT, J/kg.
    efficiency, reflection : float
        Share of the energy that explodes; factor of a ground burst for free-air curves.

    Examples
    --------
    >>> round(float(tnt_mass(42_000.0, 50.2902e6)), 1)
    33645.5
    """
    return np.asarray(reflection * efficiency * np.asarray(fuel, np.float64) * combustion / tnt)


def half_lethal_radius(tnt: ArrayLike) -> Array:
    """Radius, m, of 50 % deaths: ``R_0.5 = 13.6 (W_TNT / 1000)^0.37`` (Chinese 安全评价 practice).

    Examples
    --------
    >>> round(float(half_lethal_radius(33_645.48)), 2)
    49.95
    """
    return np.asarray(13.6 * (np.asarray(tnt, np.float64) / 1000) ** 0.37)


def chinese_overpressure(scaled: ArrayLike) -> Array:
    """Overpressure over ambient, ``0.137 Z⁻³ + 0.119 Z⁻² + 0.269 Z⁻¹ − 0.019`` with ``Z = R (P0/E)^(1/3)``.

    Examples
    --------
    >>> round(float(chinese_overpressure(1.0891)), 4), round(44_000 / CHINESE_AMBIENT, 4)
    (0.4344, 0.4344)
    """
    Z = np.asarray(scaled, np.float64)
    return np.asarray(0.137 * Z**-3 + 0.119 * Z**-2 + 0.269 / Z - 0.019)


def injury_radius(tnt: ArrayLike, overpressure: float, *, tnt_energy: float = 4.52e6) -> Array:
    """Radius, m, to an overpressure (Pa) by the Chinese Z-law: 44 000 Pa 重伤, 17 000 Pa 轻伤.

    Examples
    --------
    >>> injury_radius(33_645.48, 44e3).round(1).item(), injury_radius(33_645.48, 17e3).round(1).item()
    (124.7, 224.1)
    """
    root = scaled_distance(chinese_overpressure, overpressure / CHINESE_AMBIENT, 0.05, 13.0)
    return np.asarray(root * np.cbrt(np.asarray(tnt, np.float64) * tnt_energy / CHINESE_AMBIENT))


def property_radius(tnt: ArrayLike, damage: float) -> Array:
    """Radius, m, of property damage: ``K W^(1/3) / (1 + (3175/W)²)^(1/6)``; K = 3.8, 4.6 (or 5.6), 9.6, 28, 56.

    Examples
    --------
    >>> round(float(property_radius(33_645.48, 5.6)), 1)
    180.5
    """
    W = np.asarray(tnt, np.float64)
    return np.asarray(damage * np.cbrt(W) / (1 + (3175 / W) ** 2) ** (1 / 6))


def kinney_graham(scaled: ArrayLike) -> Array:
    """Free-air overpressure, kPa, at ``Z = R / W^(1/3)`` in m/kg^(1/3) (Kinney and Graham 1985).

    Examples
    --------
    >>> round(float(kinney_graham(5.0)), 2)
    29.24
    """
    Z = np.asarray(scaled, np.float64)
    low = np.sqrt(1 + (Z / 0.048) ** 2) * np.sqrt(1 + (Z / 0.32) ** 2) * np.sqrt(1 + (Z / 1.35) ** 2)
    return np.asarray(101.325 * 808 * (1 + (Z / 4.5) ** 2) / low)


def gb6722(scaled: ArrayLike) -> Array:
    """Overpressure, kPa, of GB 6722-2014 clause 13.3.2: ``100 (14 Z⁻³ + 4.3 Z⁻² + 1.1 Z⁻¹)``, Z in m/kg^(1/3).

    Examples
    --------
    >>> round(float(gb6722(10.0)), 1)
    16.7
    """
    Z = np.asarray(scaled, np.float64)
    return np.asarray(100 * (14 * Z**-3 + 4.3 * Z**-2 + 1.1 / Z))


def swisdak(scaled: ArrayLike) -> Array:
    """Overpressure, kPa, of a hemispherical surface burst (Swisdak 1994, fit of Kingery and Bulmash), 0.2 ≤ Z ≤ 198.5.

    Examples
    --------
    >>> round(float(swisdak(10.0)), 2)
    14.89
    """
    Z = np.asarray(scaled, np.float64)
    n = np.log(Z)
    near = 7.2106 + n * (-2.1069 + n * (-0.3229 + n * (0.1117 + n * 0.0685)))
    middle = 7.5938 + n * (-3.0523 + n * (0.40977 + n * (0.0261 - n * 0.01267)))
    return np.exp(np.where(Z <= 2.9, near, np.where(Z <= 23.8, middle, 6.0536 - 1.4066 * n)))


def gas_literature(scaled: ArrayLike) -> Array:
    """Overpressure, Pa, of a law used in Chinese gas literature: ``7.1e5 Z^(−2.09)``, Z in m/kg^(1/3).

    Examples
    --------
    >>> round(float(gas_literature(5 / 11 ** (1 / 3))) / 1e5, 2)
    1.31
    """
    return np.asarray(7.1e5 * np.asarray(scaled, np.float64) ** -2.09)


def scaled_distance(law: Law, overpressure: float, low: float = 0.05, high: float = 500.0) -> float:
    """Scaled distance at which a falling `law` reaches `overpressure` (in the law's unit), by bisection.

    Examples
    --------
    >>> round(scaled_distance(chinese_overpressure, 17_000 / CHINESE_AMBIENT, 0.05, 13.0), 4)
    1.9569
    >>> round(scaled_distance(gb6722, 2.0), 3)
    58.855
    """
    for _ in range(80):
        middle = np.sqrt(low * high)
        if float(law(np.float64(middle))) > overpressure:  # type: ignore[arg-type]
            low = middle
        else:
            high = middle
    return float(np.sqrt(low * high))


def epa_distance(fuel: ArrayLike, combustion: float, *, efficiency: float = 0.1, tnt: float = 4.68e6) -> Array:
    """Distance, m, to 1 psi: ``17 (0.1 W_f H_c / H_TNT)^(1/3)`` (US EPA RMP guidance, appendix C).

    Examples
    --------
    >>> round(float(epa_distance(10_000.0, 46.333e6)), 1)
    365.0
    """
    return np.asarray(17 * np.cbrt(efficiency * np.asarray(fuel, np.float64) * combustion / tnt))


def bauwens(scaled: ArrayLike) -> Array:
    """Dimensionless overpressure of a detonated cloud: ``.34/R^(4/3) + .062/R² + .0033/R³`` (Bauwens and Dorofeev 2019).

    Examples
    --------
    >>> round(float(bauwens(3.0)), 4)
    0.0856
    """
    R = np.asarray(scaled, np.float64)
    return np.asarray(0.34 * R ** (-4 / 3) + 0.062 * R**-2 + 0.0033 * R**-3)
