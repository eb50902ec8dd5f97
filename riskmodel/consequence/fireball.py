"""Fireball of a BLEVE: size, duration, heat at a distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def diameter(mass: ArrayLike) -> Array:
    """Largest diameter, m, of the fireball of `mass` kg: ``5.8 · M^(1/3)`` (CCPS 1999, section 2.2.6).

    Examples
    --------
    >>> round(float(diameter(11_957.7)), 1)
    132.6
    """
    return np.asarray(5.8 * np.cbrt(np.asarray(mass, np.float64)))


def duration(mass: ArrayLike) -> Array:
    """Duration, s: ``0.45 · M^(1/3)`` below 30 t, ``2.6 · M^(1/6)`` from 30 t (CCPS 1999; the branches differ by 4 % there).

    Examples
    --------
    >>> round(float(duration(11_957.7)), 2), round(float(duration(30_000)), 2)
    (10.29, 14.49)
    """
    M = np.asarray(mass, np.float64)
    return np.where(M < 30_000, 0.45 * np.cbrt(M), 2.6 * M ** (1 / 6))


def chinese_radius(mass: ArrayLike) -> Array:
    """Radius, m, of Chinese assessment practice (安全评价): ``2.9 · W^(1/3)``.

    Examples
    --------
    >>> round(float(chinese_radius(29_400)), 1)
    89.5
    """
    return np.asarray(2.9 * np.cbrt(np.asarray(mass, np.float64)))


def chinese_duration(mass: ArrayLike) -> Array:
    """Duration, s, of Chinese assessment practice, one law for every mass: ``0.45 · W^(1/3)``.

    Examples
    --------
    >>> round(float(chinese_duration(29_400)), 1)
    13.9
    """
    return np.asarray(0.45 * np.cbrt(np.asarray(mass, np.float64)))


def chinese_mass(stock: ArrayLike, tanks: ArrayLike) -> Array:
    """Burning mass of Chinese practice: 50 % of one tank, 70 % of the stock of two tanks, 90 % of more.

    Examples
    --------
    >>> chinese_mass([42_000, 42_000, 340_000], [1, 2, 4]).round(1).tolist()
    [21000.0, 29400.0, 306000.0]
    """
    n = np.asarray(tanks)
    return np.asarray(np.asarray(stock, np.float64) * np.where(n <= 1, 0.5, np.where(n == 2, 0.7, 0.9)))


def view_factor(distance: ArrayLike, diameter: ArrayLike) -> Array:
    """View factor of a vertical receiver at ground distance X from below a ball that touches the ground.

    ``F = X · (D/2)² / (X² + (D/2)²)^(3/2)`` (CCPS 1999, section 2.2.6).

    Examples
    --------
    >>> round(float(view_factor(100.0, 132.63)), 4)
    0.2546
    """
    X, r = np.asarray(distance, np.float64), np.asarray(diameter, np.float64) / 2
    return np.asarray(X * r**2 / (X**2 + r**2) ** 1.5)


def transmissivity(path: ArrayLike, vapour_pressure: float) -> Array:
    """Transmissivity of moist air over `path` m: ``2.02 · (p_w x)^(−0.09)``, at most 1 (Bagster and Pitblado 1989).

    Examples
    --------
    >>> round(float(transmissivity(100.0, 1169.0)), 3)
    0.707
    """
    x = np.maximum(np.asarray(path, np.float64), 1e-3)
    return np.minimum(1.0, 2.02 * (vapour_pressure * x) ** -0.09)


def emissive_power(mass: ArrayLike, combustion: float, radiated: float) -> Array:
    """Surface emissive power, W/m²: ``E = R M H_c / (π D² t)`` (CCPS 1999, section 2.2.6).

    Parameters
    ----------
    mass : array_like
        kg.
    combustion : float
        Heat of combustion, J/kg.
    radiated : float
        Radiated share R: 0.3 for bursts below, 0.4 for bursts at or above the relief pressure.

    Examples
    --------
    >>> round(float(emissive_power(11_700.0, 46.3e6, 0.3)) / 1e3)
    292
    """
    M = np.asarray(mass, np.float64)
    return np.asarray(radiated * M * combustion / (np.pi * diameter(M) ** 2 * duration(M)))


def solid_flame_flux(distance: ArrayLike, mass: ArrayLike, emissive: ArrayLike, *, vapour_pressure: float | None = None) -> Array:
    """Heat flux, W/m², on a vertical receiver on the ground: ``q = τ E F`` (CCPS 1999, section 2.2.6).

    `distance` counts from the point below the ball; inside half a diameter the flux of the edge holds. τ runs from the flame
    surface; without `vapour_pressure` (Pa) it is 1.

    Examples
    --------
    >>> round(float(solid_flame_flux(100.0, 11_957.7, 350e3)) / 1e3, 1)
    89.1
    """
    D = diameter(mass)
    X = np.maximum(np.asarray(distance, np.float64), D / 2)
    flux = np.asarray(emissive, np.float64) * view_factor(X, D)
    if vapour_pressure is None:
        return np.asarray(flux)
    return np.asarray(flux * transmissivity(np.hypot(X, D / 2) - D / 2, vapour_pressure))


def point_source_flux(distance: ArrayLike, mass: ArrayLike, combustion: float, radiated: float, tau: ArrayLike = 1.0) -> Array:
    """Heat flux, W/m², at `distance` m from the centre: ``2.2 τ R H_c M^0.67 / (4π L²)`` (Hymes 1983; CCPS 1999).

    Examples
    --------
    >>> round(float(point_source_flux(327.5, 10_000.0, 46.333e6, 0.4)))
    14479
    """
    L = np.asarray(distance, np.float64)
    M = np.asarray(mass, np.float64)
    return np.asarray(2.2 * np.asarray(tau) * radiated * combustion * M**0.67 / (4 * np.pi * L**2))


def dose_distance(mass: ArrayLike, combustion: float, *, radiated: float = 0.4, dose: float = 3.42e6, tau: float = 1.0) -> Array:
    """Distance, m, to a thermal dose in (W/m²)^(4/3)·s by the point source; the default dose is 5 kW/m² for 40 s.

    ``X = √(2.2 τ R H_c M^0.67 / (4π (dose/t)^0.75))``, ``t = 0.45 M^(1/3)`` (US EPA, *Risk Management Program Guidance for
    Offsite Consequence Analysis*, appendix D).

    Examples
    --------
    >>> round(float(dose_distance(10_000.0, 46.333e6)), 1)
    327.5
    """
    flux = (dose / chinese_duration(mass)) ** 0.75
    return np.sqrt(point_source_flux(1.0, mass, combustion, radiated, tau) / flux)


def chinese_flux(distance: ArrayLike, radius: ArrayLike, surface: float) -> Array:
    """Heat flux of Chinese practice: ``q = q0 R² r (1 − 0.058 ln r) / (R² + r²)^(3/2)``, in the unit of `surface`.

    `surface` (q0) is 270 kW/m² for cylindrical and 200 kW/m² for spherical tanks.

    Examples
    --------
    >>> round(float(chinese_flux(150.0, 89.5, 270.0)), 1)
    43.2
    """
    r, R = np.asarray(distance, np.float64), np.asarray(radius, np.float64)
    return np.asarray(surface * R**2 * r * (1 - 0.058 * np.log(r)) / (R**2 + r**2) ** 1.5)
