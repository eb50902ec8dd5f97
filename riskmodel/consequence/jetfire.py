"""Jet fires: flame length and heat at a distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def chinese_length(rate: ArrayLike, combustion: float) -> Array:
    """Flame length, m, of Chinese assessment practice: ``(H_c m)^0.444 / 161.66`` (J/kg, kg/s).

    Examples
    --------
    >>> round(float(chinese_length(10.0, 50e6)), 2)
    45.05
    """
    return np.asarray((combustion * np.asarray(rate, np.float64)) ** 0.444 / 161.66)


def api_length(rate: ArrayLike, combustion: float) -> Array:
    """Flame length, m: ``0.00326 (m H_c)^0.478`` (API RP 521; Considine and Grint).

    Examples
    --------
    >>> round(float(api_length(10.0, 50e6)), 2)
    46.92
    """
    return np.asarray(0.00326 * (combustion * np.asarray(rate, np.float64)) ** 0.478)


def point_source_flux(distance: ArrayLike, rate: ArrayLike, combustion: float, radiated: float, tau: float = 1.0) -> Array:
    """Heat flux, W/m², of a single point: ``I = f m H_c τ / (4π x²)`` (API RP 521).

    Examples
    --------
    >>> round(float(point_source_flux(25.23, 10.0, 50e6, 0.2)) / 1e3, 1)
    12.5
    """
    power = radiated * np.asarray(rate, np.float64) * combustion * tau
    return np.asarray(power / (4 * np.pi * np.square(np.asarray(distance, np.float64))))


def mean_over_directions(
    distance: ArrayLike, length: float, rate: float, combustion: float, radiated: float, *, points: int = 5, directions: int = 36,
) -> Array:
    """Heat flux, W/m², around a horizontal jet for each of equally likely directions.

    The flame is `points` equal point sources along its length (multi-point source model); the receiver stands at `distance` m
    from the hole, the jet points into `directions` equally spaced directions.

    Returns
    -------
    (directions, …) float64
        Flux per direction; a mean over the first axis of a lethality is the isotropic footprint.

    Examples
    --------
    >>> mean_over_directions([20.0, 200.0], 45.0, 10.0, 50e6, 0.2).shape
    (36, 2)
    """
    r = np.asarray(distance, np.float64)
    theta = (np.arange(directions) + 0.5) * 2 * np.pi / directions
    at = (np.arange(points) + 0.5) / points * length
    square = r[None, None, ...] ** 2 + at.reshape(-1, 1, *[1] * r.ndim) ** 2
    square = square - 2 * r * at.reshape(-1, 1, *[1] * r.ndim) * np.cos(theta).reshape(1, -1, *[1] * r.ndim)
    share = radiated * rate * combustion / points
    return np.asarray((share / (4 * np.pi * np.maximum(square, 1.0))).sum(axis=0))


def hydrogen_length(rate: ArrayLike, hole: ArrayLike, *, conservative: bool = False) -> Array:
    """Visible flame length, m, of a hydrogen jet: ``76 (m d)^0.347``, at most ``116 (m d)^0.347`` (Molkov and Saffers 2013).

    Parameters
    ----------
    rate, hole : array_like
        kg/s, and diameter of the hole, m.
    conservative : bool
        The bound above the experiments instead of their best fit.

    Examples
    --------
    >>> round(float(hydrogen_length(0.2073, 0.00356)), 1)
    6.2
    """
    factor = 116.0 if conservative else 76.0
    return np.asarray(factor * (np.asarray(rate, np.float64) * np.asarray(hole, np.float64)) ** 0.347)


def distance_to_fraction(hole: ArrayLike, exit_density: ArrayLike, mass_fraction: ArrayLike, *, air: float = 1.204) -> Array:
    """Distance, m, along a free gas jet to a mass fraction: ``5.4 √(ρ_N/ρ_air) d / C`` (Chen and Rodi 1980; Molkov 2012).

    For flash fires of gas under pressure (CNG, hydrogen): the jet's own momentum dilutes it, not the wind.

    Parameters
    ----------
    hole : array_like
        Diameter of the hole, m.
    exit_density : array_like
        Density of the gas in the hole (choked: that of the orifice), kg/m³.
    mass_fraction : array_like
        Of the lower flammable limit: hydrogen 4 % by volume is 0.00290, methane 5 % is 0.0283.

    Examples
    --------
    >>> round(float(distance_to_fraction(0.001, 7.0, 0.0029)), 1)
    4.5
    """
    shape = np.sqrt(np.asarray(exit_density, np.float64) / air) * np.asarray(hole, np.float64)
    return np.asarray(5.4 * shape / np.asarray(mass_fraction, np.float64))
