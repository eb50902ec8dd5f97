"""An instantaneous cloud of a dense gas: Britter and McQuaid while it slumps, a Gaussian puff beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from riskmodel.consequence import checks, dense_gas, dispersion
from riskmodel.consequence.dense_gas import Array, Dilution, Gas
from riskmodel.consequence.dense_handover import Handover, puff_spread, reach

#: Speed of the slumping cloud over the wind at 10 m (Britter and McQuaid 1988, section 4.3).
ADVECTION = 0.4


@dataclass(frozen=True)
class Puff:
    """Clouds of one or many sources; every method broadcasts x and y (m) against the sources.

    Attributes
    ----------
    mass, wind : array
        kg, and m/s at 10 m.
    volume, pull : array
        Of the cloud at the source: V, m³, and ``g' V``, m⁴/s².
    handover : Handover
        The curves, where they end, and the Gaussian puff beyond.

    Examples
    --------
    >>> cloud = Puff.of(1000.0, 2.0, "D", "rural", Gas.vapour(0.0709, 239.15))
    >>> cloud.handover.dense.tolist(), np.round(cloud.volume).tolist(), np.round(cloud.edge(200.0)).tolist()
    (True, 277.0, 149.0)
    >>> np.round(1e6 * cloud.concentration(200.0, 0.0), -2).tolist(), f"{cloud.toxic_load(200.0, 0.0, 2.75):.1e}"
    (21500.0, '9.6e-03')
    """

    mass: Array
    wind: Array
    volume: Array
    pull: Array
    handover: Handover

    @classmethod
    def of(
        cls, mass: ArrayLike, wind: ArrayLike, stability: str, terrain: dispersion.Terrain, gas: Gas, *,
        richardson: float | None = dense_gas.RICHARDSON,
    ) -> Puff:
        """Clouds of `mass` kg of hazardous gas in a wind of `wind` m/s at 10 m.

        Handed over to the Gaussian puff where ``g' h / u*² = g'_0 V / (π R² u*²)`` falls to `richardson`; None: where the curves
        end (flammable clouds).

        Raises
        ------
        BadParameter
            If the mass is not positive.
        NotModelled
            If the gas is not heavier than air, the wind weaker than 0.5 m/s, or the release beyond the curves (α > 1.3).
        UnknownIdentifier
            If there is no such stability class or terrain.

        Examples
        --------
        >>> puff = Puff.of(1000.0, 4.0, "D", "rural", Gas.vapour(0.0709, 239.15))
        >>> bool(puff.concentration(100.0) > puff.concentration(400.0))
        True
        """
        checks.positive(mass=mass)
        dense_gas.refuse_light(gas, wind)
        M, u = np.broadcast_arrays(np.asarray(mass, np.float64), np.asarray(wind, np.float64))
        volume = M / gas.concentration
        pull, scale = gas.reduced_gravity * volume, np.cbrt(volume)
        alpha = 0.5 * np.log10(gas.reduced_gravity * scale / u**2)

        def size(end: Array, last: Array) -> tuple[Array, Array]:
            width = _radius(volume, pull, u, end) / np.sqrt(2)
            return width, 2 * M / ((2 * np.pi) ** 1.5 * width**2 * last)

        handover = Handover.of(
            gas, dense_gas.is_dense_puff(M, u, gas), Dilution.puff(scale, alpha), puff_spread(stability, terrain),
            np.inf if richardson is None else _passive_from(volume, pull, u, richardson), size)
        return cls(M, u, volume, pull, handover)

    def radius(self, x: ArrayLike) -> Array:
        """Radius, m, of the slumping cloud whose centre is `x` m downwind: ``R² = R_0² + 1.2 t √(g' V)``, ``t = x / 0.4 u``.

        Examples
        --------
        >>> Puff.of(1000.0, 4.0, "D", "rural", Gas.vapour(0.0709, 239.15)).radius([0.0, 100.0]).round(1).tolist()
        [4.0, 74.5]
        """
        return _radius(self.volume, self.pull, self.wind, np.maximum(np.asarray(x, np.float64), 0.0))

    def concentration(self, x: ArrayLike, y: ArrayLike = 0.0) -> Array:
        """Highest concentration at the ground while the cloud passes, kg/m³, `x` m downwind and `y` m across."""
        at, across = np.asarray(x, np.float64), np.abs(np.asarray(y, np.float64))
        inside = (across <= self.radius(at)) & (at >= -self.radius(0.0))
        sy, sz = self.handover.sigma(at)
        return self.handover.concentration(at, inside, dispersion.puff(1.0, sy, sz, y=across) * self.mass)

    def toxic_load(self, x: ArrayLike, y: ArrayLike, n: float) -> Array:
        """Load ``∫ Cⁿ dt`` in (kg/m³)ⁿ·s while the cloud passes.

        Dense: a disc of even concentration moves past at 0.4 u; beyond: a Gaussian puff at u
        (:func:`riskmodel.consequence.dispersion.puff_load`).
        """
        at, across = np.asarray(x, np.float64), np.abs(np.asarray(y, np.float64))
        chord = 2 * np.sqrt(np.maximum(self.radius(at) ** 2 - across**2, 0.0))
        near = self.concentration(at, across) ** n * chord / (ADVECTION * self.wind)
        sy, sz = self.handover.sigma(at)
        passing = dispersion.puff_load(1.0, 1.0, sy, sz, n, y=across) * self.mass**n / self.wind
        return np.asarray(np.where(at <= self.handover.end, near, passing))

    def edge(self, x: ArrayLike) -> Array:
        """Distance from the axis beyond which nothing is left, m: the cloud's radius, 5 σy beyond."""
        at = np.asarray(x, np.float64)
        return np.asarray(np.where(at <= self.handover.end, self.radius(at), 5 * self.handover.sigma(at)[0]))

    def distance_to(self, concentration: ArrayLike) -> Array:
        """Farthest distance on the axis, m, that sees at least this concentration (kg/m³); 0 if nowhere.

        Examples
        --------
        >>> propane = Gas.vapour(0.0441, 231.05)
        >>> round(float(Puff.of(10_000.0, 3.0, "D", "rural", propane, richardson=None).distance_to(0.038)))
        311
        """
        return reach(self.concentration, np.asarray(concentration, np.float64), self.mass.shape)


def _first_square(volume: Array) -> Array:
    """Square of the radius, m², of a ball of `volume` m³."""
    return np.asarray(np.cbrt(3 * volume / (4 * np.pi)) ** 2, np.float64)


def _radius(volume: Array, pull: Array, wind: Array, x: Array) -> Array:
    time = x / (ADVECTION * wind)
    return np.asarray(np.sqrt(_first_square(volume) + 1.2 * time * np.sqrt(pull)), np.float64)


def _passive_from(volume: Array, pull: Array, wind: Array, richardson: float) -> Array:
    """Distance, m, where the Richardson number of the cloud falls to `richardson`; negative if it never was above."""
    grown = pull / (np.pi * np.square(dense_gas.FRICTION * wind) * richardson) - _first_square(volume)
    return np.asarray(ADVECTION * wind * grown / (1.2 * np.sqrt(pull)), np.float64)
