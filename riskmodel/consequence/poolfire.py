"""Pool fires: burning rate, flame length, heat at a distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence.release import GRAVITY

Array = NDArray[np.float64]


def burning_rate(
    combustion: float, vaporisation: float, *, heat_capacity: float = 0.0, boiling: float = 0.0, ambient: float = 0.0,
) -> float:
    """Mass burning rate, kg/(m² s), of a pool (Burgess and Hertzberg; Chinese 安全评价 practice).

    ``0.001 H_c / (c_p (T_b − T_0) + H_v)`` if the liquid boils above ambient, else ``0.001 H_c / H_v``.

    Parameters
    ----------
    combustion, vaporisation : float
        J/kg.
    heat_capacity : float
        J/(kg K).
    boiling, ambient : float
        K or °C, both the same.

    Examples
    --------
    >>> round(burning_rate(43.07e6, 280e3, heat_capacity=2000.0, boiling=473.0, ambient=298.0), 5)
    0.06837
    """
    return 0.001 * combustion / (heat_capacity * max(boiling - ambient, 0.0) + vaporisation)


def flame_length(diameter: ArrayLike, burning: float, *, air_density: float = 1.2) -> Array:
    """Flame length, m, without wind: ``42 D (m'' / (ρ_a √(g D)))^0.61`` (Thomas 1963).

    Examples
    --------
    >>> round(float(flame_length(20.0, 0.055)), 2)
    25.61
    """
    D = np.asarray(diameter, np.float64)
    return np.asarray(42 * D * (burning / (air_density * np.sqrt(GRAVITY * D))) ** 0.61)


def scaled_wind(diameter: ArrayLike, burning: float, wind: float, *, air_density: float = 1.2) -> Array:
    """Dimensionless wind ``u* = u / (g m'' D / ρ_a)^(1/3)``, at least 1.

    Examples
    --------
    >>> round(float(scaled_wind(20.0, 0.055, 5.0)), 3)
    2.404
    """
    D = np.asarray(diameter, np.float64)
    return np.maximum(1.0, wind / np.cbrt(GRAVITY * burning * D / air_density))


def flame_length_in_wind(diameter: ArrayLike, burning: float, wind: float, *, air_density: float = 1.2) -> Array:
    """Flame length, m, in wind: ``55 D (m'' / (ρ_a √(g D)))^0.67 u*^(−0.21)`` (Thomas 1963; TNO Yellow Book).

    Examples
    --------
    >>> round(float(flame_length_in_wind(20.0, 0.055, 5.0)), 2)
    19.78
    """
    D = np.asarray(diameter, np.float64)
    star = scaled_wind(D, burning, wind, air_density=air_density)
    return np.asarray(55 * D * (burning / (air_density * np.sqrt(GRAVITY * D))) ** 0.67 * star**-0.21)


def mudan_emissive_power(diameter: ArrayLike) -> Array:
    """Mean surface emissive power of a smoky flame, W/m²: ``140 e^(−0.12 D) + 20 (1 − e^(−0.12 D))`` kW/m² (Mudan 1984).

    Examples
    --------
    >>> round(float(mudan_emissive_power(20.0)) / 1e3, 2)
    30.89
    """
    soot = np.exp(-0.12 * np.asarray(diameter, np.float64))
    return np.asarray(1e3 * (140 * soot + 20 * (1 - soot)))


def total_radiation(
    radius: ArrayLike, burning: float, combustion: float, efficiency: float, *, air_density: float = 1.293,
) -> Array:
    """Radiated power, W, of Chinese practice: ``(π r² + 2π r h) m'' η H_c / (72 m''^0.61 + 1)``, h by Thomas.

    Examples
    --------
    >>> round(float(total_radiation(29.2, 0.068, 43.07e6, 0.24)) / 1e8, 1)
    6.3
    """
    r = np.asarray(radius, np.float64)
    h = flame_length(2 * r, burning, air_density=air_density)
    return np.asarray((np.pi * r**2 + 2 * np.pi * r * h) * burning * efficiency * combustion / (72 * burning**0.61 + 1))


def point_source_flux(distance: ArrayLike, power: ArrayLike, transmission: float = 1.0) -> Array:
    """Heat flux, W/m², at `distance` m from the pool's centre: ``I = Q t_c / (4π X²)``.

    Examples
    --------
    >>> round(float(point_source_flux(63.4, 6.3119e8)) / 1e3, 1)
    12.5
    """
    return np.asarray(np.asarray(power, np.float64) * transmission / (4 * np.pi * np.square(np.asarray(distance, np.float64))))


def radiated_power(radius: ArrayLike, burning: float, combustion: float, radiated: float) -> Array:
    """Radiated power, W, as a fixed share of the heat released: ``f m'' π r² H_c`` (API RP 521 fraction-radiated method).

    Examples
    --------
    >>> power = radiated_power(30.0, 0.055, 44e6, 0.2)
    >>> round(float(np.sqrt(power / (4 * np.pi * 12.5e3))), 1)
    93.3
    """
    return np.asarray(radiated * burning * np.pi * np.square(np.asarray(radius, np.float64)) * combustion)


def pool_radius(
    rate: ArrayLike, mass: ArrayLike, burning: float, density: float, depth: float, limit: ArrayLike = np.inf,
) -> Array:
    """Radius, m, of the pool of a spill: no larger than what burns as fast as it is fed, what the mass fills, and `limit`.

    ``A = min(rate / m'', mass / (ρ depth), π limit²)`` (steady state of the pool balance, TNO Yellow Book 6.5).

    Parameters
    ----------
    rate : array_like
        Release rate, kg/s; infinite for an instantaneous release.
    mass : array_like
        Mass released, kg.
    burning, density, depth : float
        Burning rate kg/(m² s), density kg/m³, least depth of the pool m.
    limit : array_like
        Radius that drains, kerbs or a bund allow, m.

    Examples
    --------
    >>> round(float(pool_radius(0.2, 360.0, 0.055, 740.0, 0.01)), 2)
    1.08
    """
    area = np.minimum(np.asarray(rate, np.float64) / burning, np.asarray(mass, np.float64) / (density * depth))
    return np.minimum(np.sqrt(area / np.pi), np.asarray(limit, np.float64))
