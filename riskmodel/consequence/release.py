"""Outflow of liquids and gases through a hole, and the flash of a superheated liquid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence.checks import positive, within

Array = NDArray[np.float64]

#: Standard atmosphere, Pa.
ATMOSPHERE = 101_325.0

#: Standard gravity as used by the cited texts, m/s².
GRAVITY = 9.81


class GasExit(NamedTuple):
    """State of a gas at the orifice: mass rate (kg/s), pressure (Pa), temperature (K) and velocity (m/s).

    Examples
    --------
    >>> exit = GasExit(np.array(0.2), np.array(101_325.0), np.array(250.0), np.array(410.0))
    >>> float(exit.rate), float(exit.velocity)
    (0.2, 410.0)
    """

    rate: Array
    pressure: Array
    temperature: Array
    velocity: Array


def hole_area(diameter: ArrayLike) -> Array:
    """Area in m² of a round hole of `diameter` in m.

    Examples
    --------
    >>> round(float(hole_area(0.01)) * 1e6, 3)
    78.54
    """
    return np.asarray(np.pi / 4 * np.square(np.asarray(diameter, np.float64)))


def liquid_rate(
    hole: ArrayLike, density: ArrayLike, pressure: ArrayLike = ATMOSPHERE, *, head: ArrayLike = 0.0,
    ambient: float = ATMOSPHERE, discharge: float = 0.63,
) -> Array:
    """Mass rate of a liquid through a hole, kg/s.

    ``Q = C_d · A · √(2ρ(P − P0) + 2ρ²gh)`` (Bernoulli; CCPS, *Guidelines for Consequence Analysis of Chemical Releases*,
    1999, section 2.1).

    Parameters
    ----------
    hole : array_like
        Diameter of the hole, m.
    density : array_like
        Liquid density, kg/m³.
    pressure : array_like
        Absolute pressure above the liquid, Pa.
    head : array_like
        Height of liquid above the hole, m.
    ambient : float
        Absolute pressure outside, Pa.
    discharge : float
        Discharge coefficient.

    Examples
    --------
    >>> round(float(liquid_rate(0.01, 490.0, 120_935.0368)), 4)
    0.2169
    """
    rho = np.asarray(density, np.float64)
    drive = 2 * rho * (np.asarray(pressure, np.float64) - ambient) + 2 * rho**2 * GRAVITY * np.asarray(head, np.float64)
    return np.asarray(discharge * hole_area(hole) * np.sqrt(np.maximum(drive, 0.0)))


def critical_ratio(gamma: ArrayLike) -> Array:
    """Ratio of outside to inside pressure at and below which the flow is choked: ``(2/(k+1))^(k/(k−1))``.

    Examples
    --------
    >>> round(float(critical_ratio(1.4)), 4)
    0.5283
    """
    k = np.asarray(gamma, np.float64)
    return np.asarray((2 / (k + 1)) ** (k / (k - 1)))


def gas_rate(
    hole: ArrayLike, density: ArrayLike, pressure: ArrayLike, gamma: ArrayLike, *, ambient: float = ATMOSPHERE,
    discharge: float = 0.85,
) -> Array:
    """Mass rate of a gas through a hole, choked or not, kg/s.

    ``η = max(P0/P1, (2/(k+1))^(k/(k−1)))``, ``Q = C_d·A·√(ρ1·P1·(2k/(k−1))·(η^(2/k) − η^((k+1)/k)))`` (isentropic
    nozzle; CCPS 1999, section 2.1).

    Parameters
    ----------
    hole : array_like
        Diameter of the hole, m.
    density : array_like
        Gas density inside, kg/m³.
    pressure : array_like
        Absolute pressure inside, Pa.
    gamma : array_like
        Ratio of specific heats.
    ambient, discharge : float
        Absolute pressure outside (Pa) and discharge coefficient.

    Examples
    --------
    >>> round(float(gas_rate(0.01, 8.90, 501e3, 1.15)), 4)
    0.09
    """
    k = np.asarray(gamma, np.float64)
    p = np.asarray(pressure, np.float64)
    eta = np.clip(np.maximum(ambient / p, critical_ratio(k)), 0.0, 1.0)
    inner = np.asarray(density, np.float64) * p * (2 * k / (k - 1)) * (eta ** (2 / k) - eta ** ((k + 1) / k))
    return np.asarray(discharge * hole_area(hole) * np.sqrt(inner))


def gas_exit(
    hole: ArrayLike, density: ArrayLike, pressure: ArrayLike, temperature: ArrayLike, gamma: ArrayLike, *,
    ambient: float = ATMOSPHERE, discharge: float = 0.85,
) -> GasExit:
    """Rate and state at the orifice of an isentropic gas release (arguments as in :func:`gas_rate`; K for temperature).

    Examples
    --------
    >>> state = gas_exit(0.01, 8.90, 501e3, 298.0, 1.15)
    >>> round(float(state.temperature), 2), round(float(state.velocity), 1)
    (277.21, 208.6)
    """
    k = np.asarray(gamma, np.float64)
    p = np.asarray(pressure, np.float64)
    eta = np.clip(np.maximum(ambient / p, critical_ratio(k)), 0.0, 1.0)
    rate = gas_rate(hole, density, p, k, ambient=ambient, discharge=discharge)
    at_exit = np.asarray(density, np.float64) * eta ** (1 / k)
    return GasExit(
        rate, np.asarray(eta * p), np.asarray(np.asarray(temperature, np.float64) * eta ** ((k - 1) / k)),
        np.asarray(rate / (at_exit * hole_area(hole))),
    )


def flash_fraction(temperature: ArrayLike, boiling: float, heat_capacity: float, vaporisation: float) -> Array:
    """Share of a superheated liquid that flashes to vapour: ``1 − exp(−c_p (T − T_b) / h_v)`` (CCPS 1999, section 2.1).

    Parameters
    ----------
    temperature, boiling : float
        Liquid temperature and normal boiling point, °C or K, both the same.
    heat_capacity, vaporisation : float
        Liquid heat capacity, J/(kg K), and heat of vaporisation, J/kg.

    Examples
    --------
    >>> round(float(flash_fraction(20.0, -42.1, 2500.0, 425e3)), 3)
    0.306
    """
    superheat = np.maximum(np.asarray(temperature, np.float64) - boiling, 0.0)
    return np.asarray(-np.expm1(-heat_capacity * superheat / vaporisation))


def two_phase_rate(
    hole: ArrayLike, pressure: ArrayLike, saturation: ArrayLike, temperature: ArrayLike, *, density: float, vaporisation: float,
    heat_capacity: float, expansion: float, discharge: float = 0.61, length: float = 0.1,
) -> Array:
    """Mass rate, kg/s, of a liquid that flashes on its way out (Fauske and Epstein 1988; CCPS 1999, section 2.1).

    ``G² = 2 C² ρ (P − P_sat) + G_e² / N`` with the equilibrium rate ``G_e = h_v / (v_fg √(T c_p))`` and, for outlets shorter
    than 0.1 m, ``N = h_v² / (2 ΔP ρ C² v_fg² T c_p) + L / 0.1``. A hole in a thin wall (length 0) flows as a liquid.

    Parameters
    ----------
    hole, length : array_like, float
        Diameter of the hole and length of the outlet, m.
    pressure, saturation : array_like
        Absolute pressure inside and saturation pressure, Pa.
    temperature : array_like
        K.
    density, vaporisation, heat_capacity : float
        Of the liquid: kg/m³, J/kg, J/(kg K).
    expansion : float
        Volume of the vapour less that of the liquid at saturation, v_fg, m³/kg.
    discharge : float
        Discharge coefficient C of the liquid.

    Examples
    --------
    >>> saturated = two_phase_rate(0.01, 1.15e6, 1.15e6, 298.15, density=500.0, vaporisation=3.34e5, heat_capacity=2180.0,
    ...                            expansion=0.042)
    >>> round(float(saturated), 3)
    0.775
    """
    positive(hole=hole, pressure=pressure, saturation=saturation, density=density, vaporisation=vaporisation,
             heat_capacity=heat_capacity, expansion=expansion)
    within("temperature", temperature, 10.0, 3000.0, "K")
    p, sat, T = (np.asarray(v, np.float64) for v in (pressure, saturation, temperature))
    equilibrium = np.square(vaporisation / expansion) / (T * heat_capacity)
    below = 2 * discharge**2 * density * np.maximum(p - sat, 0.0)
    drop = np.maximum(p - ATMOSPHERE, 1.0)
    N = np.ones_like(equilibrium)
    if length < 0.1:
        N = equilibrium / (2 * drop * density * discharge**2) + length / 0.1
    liquid = 2 * discharge**2 * density * drop
    return np.asarray(hole_area(hole) * np.sqrt(np.minimum(below + equilibrium / N, np.maximum(liquid, equilibrium))))
