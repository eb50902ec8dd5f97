"""An instantaneous cloud of a dense gas: Britter and McQuaid while it slumps, a Gaussian puff beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence import checks, dense_gas, dispersion
from riskmodel.consequence.dense_gas import Array, Dilution, Gas, Spread

#: Speed of the slumping cloud over the wind at 10 m (Britter and McQuaid 1988, section 4.3).
ADVECTION = 0.4


@dataclass(frozen=True)
class Puff:
    """Clouds of one or many sources; every method broadcasts x and y (m) against the sources.

    Attributes
    ----------
    mass, wind : array
        kg, and m/s at 10 m.
    gas : Gas
    dense : array of bool
        Sources where density governs; the others are Gaussian from the start.
    volume : array
        Of the cloud at the source, m³.
    dilution : Dilution
        The curves.
    end, shift_y, shift_z : array
        As in :class:`riskmodel.consequence.dense_plume.Plume`.

    Examples
    --------
    >>> cloud = Puff.of(1000.0, 2.0, "D", "rural", Gas.vapour(0.0709, 239.15))
    >>> cloud.dense.tolist(), np.round(cloud.volume).tolist()
    (True, 277.0)
    """

    mass: Array
    wind: Array
    gas: Gas
    spread: Spread
    dense: NDArray[np.bool_]
    volume: Array
    dilution: Dilution
    end: Array
    shift_y: Array
    shift_z: Array

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
        size = np.cbrt(volume)
        alpha = 0.5 * np.log10(gas.reduced_gravity * size / u**2)
        dilution = Dilution.puff(size, alpha)
        dense = dense_gas.is_dense_puff(M, u, gas)
        end = np.where(dense, np.minimum(dilution.knots[-1], _passive_from(volume, gas, u, richardson)), 0.0)
        spread = dense_gas.puff_spread(stability, terrain)
        width = _radius(volume, gas, u, end) / np.sqrt(2)
        last = gas.concentration * dilution.at(np.maximum(end, 1e-3))
        height = 2 * M / ((2 * np.pi) ** 1.5 * width**2 * last)
        shift_y = np.where(dense, dense_gas.virtual_distance(lambda x: spread(x)[0], width) - end, 0.0)
        shift_z = np.where(dense, dense_gas.virtual_distance(lambda x: spread(x)[1], height) - end, 0.0)
        return cls(M, u, gas, spread, dense, volume, dilution, end, shift_y, shift_z)

    def radius(self, x: ArrayLike) -> Array:
        """Radius, m, of the slumping cloud whose centre is `x` m downwind: ``R² = R_0² + 1.2 t √(g' V)``, ``t = x / 0.4 u``.

        Examples
        --------
        >>> Puff.of(1000.0, 4.0, "D", "rural", Gas.vapour(0.0709, 239.15)).radius([0.0, 100.0]).round(1).tolist()
        [4.0, 74.5]
        """
        return _radius(self.volume, self.gas, self.wind, np.maximum(np.asarray(x, np.float64), 0.0))

    def concentration(self, x: ArrayLike, y: ArrayLike = 0.0) -> Array:
        """Highest concentration at the ground while the cloud passes, kg/m³, `x` m downwind and `y` m across."""
        at, across = np.asarray(x, np.float64), np.abs(np.asarray(y, np.float64))
        ahead = np.maximum(at, 1e-3)
        near = self.gas.concentration * self.dilution.at(ahead)
        near = np.where(at <= 0, self.gas.concentration, near) * (across <= self.radius(at)) * (at >= -self.radius(0.0))
        sy, sz = self._sigma(ahead)
        far = dispersion.puff(1.0, sy, sz, y=across) * self.mass
        return np.asarray(np.where(at <= self.end, near, np.minimum(far, self.gas.concentration) * (at > 0)))

    def toxic_load(self, x: ArrayLike, y: ArrayLike, n: float) -> Array:
        """Load ``∫ Cⁿ dt`` in (kg/m³)ⁿ·s while the cloud passes.

        Dense: a disc of even concentration moves past at 0.4 u; beyond: a Gaussian puff at u
        (:func:`riskmodel.consequence.dispersion.puff_load`).
        """
        at, across = np.asarray(x, np.float64), np.abs(np.asarray(y, np.float64))
        chord = 2 * np.sqrt(np.maximum(self.radius(at) ** 2 - across**2, 0.0))
        near = self.concentration(at, across) ** n * chord / (ADVECTION * self.wind)
        sy, sz = self._sigma(np.maximum(at, 1e-3))
        passing = dispersion.puff_load(1.0, 1.0, sy, sz, n, y=across) * self.mass**n / self.wind
        return np.asarray(np.where(at <= self.end, near, passing * (at > 0)))

    def edge(self, x: ArrayLike) -> Array:
        """Distance from the axis beyond which nothing is left, m: the cloud's radius, 5 σy beyond."""
        at = np.maximum(np.asarray(x, np.float64), 1e-3)
        return np.asarray(np.where(at <= self.end, self.radius(at), 5 * self._sigma(at)[0]))

    def distance_to(self, concentration: ArrayLike, far: float = 1e5) -> Array:
        """Farthest distance on the axis, m, that sees at least this concentration (kg/m³); 0 if nowhere.

        Examples
        --------
        >>> propane = Gas.vapour(0.0441, 231.05)
        >>> round(float(Puff.of(10_000.0, 3.0, "D", "rural", propane, richardson=None).distance_to(0.038)))
        311
        """
        wanted = np.asarray(concentration, np.float64)
        low = np.full(np.broadcast_shapes(wanted.shape, self.mass.shape), 1e-3)
        high = np.full(low.shape, far)
        for _ in range(60):
            middle = np.sqrt(low * high)
            above = self.concentration(middle) >= wanted
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return np.where(low > 2e-3, low, 0.0)

    def _sigma(self, x: Array) -> tuple[Array, Array]:
        sy = self.spread(np.maximum(x + self.shift_y, 1e-3))[0]
        sz = self.spread(np.maximum(x + self.shift_z, 1e-3))[1]
        return sy, sz


def _radius(volume: Array, gas: Gas, wind: Array, x: Array) -> Array:
    time = x / (ADVECTION * wind)
    start = np.cbrt(3 * volume / (4 * np.pi)) ** 2
    return np.asarray(np.sqrt(start + 1.2 * time * np.sqrt(np.maximum(gas.reduced_gravity * volume, 0.0))))


def _passive_from(volume: Array, gas: Gas, wind: Array, richardson: float | None) -> Array:
    """Distance, m, where the Richardson number of the cloud falls to `richardson`, at least its first diameter."""
    if richardson is None:
        return np.full(volume.shape, np.inf)
    pull = np.maximum(gas.reduced_gravity * volume, 0.0)
    grown = pull / (np.pi * np.square(dense_gas.FRICTION * wind) * richardson) - np.cbrt(3 * volume / (4 * np.pi)) ** 2
    far = ADVECTION * wind * np.maximum(grown, 0.0) / (1.2 * np.sqrt(pull))
    return np.asarray(np.maximum(far, np.cbrt(volume)), np.float64)
