"""Releases that weaken with time: a gas vessel that empties, a long pipe that breaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence.checks import not_negative, positive

Array = NDArray[np.float64]


def vessel_rate(time: ArrayLike, initial_rate: ArrayLike, mass: ArrayLike, gamma: float) -> Array:
    """Rate, kg/s, of a gas vessel `time` s after the hole opened, while the flow is choked.

    Adiabatic: ``Q = Q_0 (1 + (k − 1)/2 · Q_0 t / m_0)^(−(k + 1)/(k − 1))`` (CCPS 1999, section 2.1; the integral is
    :func:`vessel_mass`).

    Parameters
    ----------
    time : array_like
        s.
    initial_rate, mass : array_like
        Rate at the start, kg/s, and content, kg.
    gamma : float
        Ratio of specific heats.

    Examples
    --------
    >>> vessel_rate([0.0, 60.0], 1.0, 100.0, 1.31).round(3).tolist()
    [1.0, 0.515]
    """
    fallen = _fall(time, initial_rate, mass, gamma) ** (-(gamma + 1) / (gamma - 1))
    return np.asarray(np.asarray(initial_rate, np.float64) * fallen)


def vessel_mass(time: ArrayLike, initial_rate: ArrayLike, mass: ArrayLike, gamma: float) -> Array:
    """Gas left in the vessel, kg: ``m_0 (1 + (k − 1)/2 · Q_0 t / m_0)^(−2/(k − 1))``, arguments as in :func:`vessel_rate`.

    Examples
    --------
    >>> round(float(vessel_mass(60.0, 1.0, 100.0, 1.31)), 1)
    56.3
    """
    return np.asarray(np.asarray(mass, np.float64) * _fall(time, initial_rate, mass, gamma) ** (-2 / (gamma - 1)))


def _fall(time: ArrayLike, initial_rate: ArrayLike, mass: ArrayLike, gamma: float) -> Array:
    not_negative(time=time)
    positive(initial_rate=initial_rate, mass=mass)
    passed = np.asarray(initial_rate, np.float64) * np.asarray(time, np.float64) / np.asarray(mass, np.float64)
    return np.asarray(1 + (gamma - 1) / 2 * passed)


def pipe_time_constant(length: ArrayLike, diameter: ArrayLike, sound: float, gamma: float, friction: float = 0.01) -> Array:
    """Time constant, s, of a gas pipe that breaks: ``(2 L / 3 c) √(k f L / D)`` (Wilson 1979; TNO Yellow Book 2.5.2.3).

    Parameters
    ----------
    length, diameter : array_like
        Length that empties through the break and inner diameter, m.
    sound : float
        Speed of sound in the gas, m/s.
    gamma, friction : float
        Ratio of specific heats; Darcy friction factor.

    Examples
    --------
    >>> round(float(pipe_time_constant(10_000.0, 0.5, 400.0, 1.31)), 0)
    270.0
    """
    positive(length=length, diameter=diameter, sound=sound, friction=friction)
    L, D = np.asarray(length, np.float64), np.asarray(diameter, np.float64)
    return np.asarray(2 * L / (3 * sound) * np.sqrt(gamma * friction * L / D))


def pipe_rupture_rate(time: ArrayLike, initial_rate: ArrayLike, mass: ArrayLike, time_constant: ArrayLike) -> Array:
    """Rate, kg/s, of a broken gas pipe, double exponential (Bell 1978, Wilson 1979; TNO Yellow Book 2.5.2.3).

    ``Q = Q_0/(1 + a) · (e^(−t/τ a²) + a e^(−t/τ))`` with ``a = m_0 / (Q_0 τ)``: a short rush from the ends, then what friction
    lets through. All of m_0 comes out.

    Parameters
    ----------
    time : array_like
        s.
    initial_rate, mass : array_like
        Choked rate at the start, kg/s, and content of the pipe, kg.
    time_constant : array_like
        τ of :func:`pipe_time_constant`, s.

    Examples
    --------
    >>> pipe_rupture_rate([0.0, 30.0, 300.0], 1000.0, 60_000.0, 270.0).round(0).tolist()
    [1000.0, 249.0, 60.0]
    """
    not_negative(time=time)
    positive(initial_rate=initial_rate, mass=mass, time_constant=time_constant)
    t, Q, tau = (np.asarray(v, np.float64) for v in (time, initial_rate, time_constant))
    a = np.asarray(mass, np.float64) / (Q * tau)
    return np.asarray(Q / (1 + a) * (np.exp(-t / (tau * a**2)) + a * np.exp(-t / tau)))
