"""A steady plume of a dense gas: Britter and McQuaid near the source, Gaussian beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.consequence import checks, dense_gas, dispersion
from riskmodel.consequence.dense_gas import Array, Dilution, Gas, Spread

_TOP_HAT = np.sqrt(2 / np.pi)  # σ of the Gaussian whose area is that of a top hat of half-width 1


@dataclass(frozen=True)
class Plume:
    """Steady plumes of one or many sources; every method broadcasts x and y (m) against the sources.

    Attributes
    ----------
    rate, wind : array
        kg/s, and m/s at 10 m.
    gas : Gas
    dense : array of bool
        Sources where density governs; the others are Gaussian from the start.
    scale, buoyancy : array
        ``D = √(q/u)`` and ``l_b = g' q / u³``, m.
    dilution : Dilution
        The curves.
    end : array
        Where the curves end and the Gaussian plume goes on, m.
    shift_y, shift_z : array
        Virtual distances of the Gaussian plume for width and height, less `end`, m.

    Examples
    --------
    >>> cloud = Plume.of(1.0, 2.0, "D", "rural", Gas.vapour(0.0709, 239.15))
    >>> cloud.dense.tolist(), np.round(cloud.buoyancy, 2).tolist()
    (True, 0.68)
    """

    rate: Array
    wind: Array
    gas: Gas
    spread: Spread
    dense: NDArray[np.bool_]
    scale: Array
    buoyancy: Array
    dilution: Dilution
    end: Array
    shift_y: Array
    shift_z: Array

    @classmethod
    def of(
        cls, rate: ArrayLike, wind: ArrayLike, stability: str, terrain: dispersion.Terrain, gas: Gas, *,
        richardson: float | None = dense_gas.RICHARDSON,
    ) -> Plume:
        """Plumes of `rate` kg/s of hazardous gas in a wind of `wind` m/s at 10 m.

        Handed over to the Gaussian plume where ``g' h / u*² = g'_0 q / (2 L_H u u*²)`` falls to `richardson`; None: where the
        curves end (flammable clouds).

        Raises
        ------
        BadParameter
            If the rate is not positive.
        NotModelled
            If the gas is not heavier than air, the wind weaker than 0.5 m/s, or the release beyond the curves (α > 1.3).
        UnknownIdentifier
            If there is no such stability class or terrain.

        Examples
        --------
        >>> plume = Plume.of(0.5, 4.0, "D", "rural", Gas.vapour(0.0709, 239.15))
        >>> near, far = plume.concentration([50.0, 200.0]) * 1e6
        >>> bool(near > far > 0)
        True
        """
        checks.positive(rate=rate)
        dense_gas.refuse_light(gas, wind)
        Q, u = np.broadcast_arrays(np.asarray(rate, np.float64), np.asarray(wind, np.float64))
        flow = Q / gas.concentration
        scale, buoyancy = np.sqrt(flow / u), gas.reduced_gravity * flow / u**3
        alpha = 0.2 * np.log10(gas.reduced_gravity**2 * flow / u**5)
        dilution = Dilution.plume(scale, alpha)
        dense = dense_gas.is_dense_plume(Q, u, gas)
        end = np.where(dense, np.minimum(dilution.knots[-1], _passive_from(scale, buoyancy, richardson)), 0.0)
        spread = dense_gas.plume_spread(stability, terrain)
        width = _TOP_HAT * (scale + 8 * buoyancy + 2.5 * np.cbrt(buoyancy) * end ** (2 / 3))
        last = gas.concentration * dilution.at(np.maximum(end, 1e-3))
        height = Q / (np.pi * u * width * last)
        shift_y = np.where(dense, dense_gas.virtual_distance(lambda x: spread(x)[0], width) - end, 0.0)
        shift_z = np.where(dense, dense_gas.virtual_distance(lambda x: spread(x)[1], height) - end, 0.0)
        return cls(Q, u, gas, spread, dense, scale, buoyancy, dilution, end, shift_y, shift_z)

    @property
    def upwind(self) -> Array:
        """How far the dense cloud reaches against the wind, m: ``D/2 + 2 l_b``; 0 for a passive one."""
        return np.where(self.dense, self.scale / 2 + 2 * self.buoyancy, 0.0)

    def concentration(self, x: ArrayLike, y: ArrayLike = 0.0) -> Array:
        """Concentration at the ground, kg/m³, `x` m downwind (negative: upwind) and `y` m across."""
        at, across = np.asarray(x, np.float64), np.abs(np.asarray(y, np.float64))
        ahead = np.maximum(at, 1e-3)
        near = self.gas.concentration * self.dilution.at(ahead)
        near = np.where(at <= 0, self.gas.concentration, near) * (across <= self.half_width(at)) * (at >= -self.upwind)
        sy, sz = self._sigma(ahead)
        far = self.rate / (np.pi * self.wind * sy * sz) * np.exp(-np.square(across) / (2 * sy**2))
        far = np.minimum(far, self.gas.concentration) * (at > 0)
        return np.asarray(np.where(at <= self.end, near, far))

    def half_width(self, x: ArrayLike) -> Array:
        """Half-width of the dense part, ``D + 8 l_b + 2.5 l_b^(1/3) x^(2/3)``; beyond, that of a top hat of the same area, m.

        Examples
        --------
        >>> plume = Plume.of(0.5, 1.5, "F", "urban", Gas.vapour(0.0709, 239.15))
        >>> plume.half_width([0.0, 50.0]).round(1).tolist()
        [6.7, 38.3]
        """
        at = np.maximum(np.asarray(x, np.float64), 0.0)
        dense = self.scale + 8 * self.buoyancy + 2.5 * np.cbrt(self.buoyancy) * at ** (2 / 3)
        return np.asarray(np.where(at <= self.end, dense, self._sigma(np.maximum(at, 1e-3))[0] / _TOP_HAT))

    def edge(self, x: ArrayLike) -> Array:
        """Distance from the axis beyond which nothing is left, m: the half-width of the dense part, 5 σy beyond."""
        at = np.maximum(np.asarray(x, np.float64), 1e-3)
        return np.asarray(np.where(at <= self.end, self.half_width(at), 5 * self._sigma(at)[0]))

    def distance_to(self, concentration: ArrayLike, far: float = 1e5) -> Array:
        """Farthest distance on the axis, m, with at least this concentration (kg/m³); 0 if nowhere.

        Examples
        --------
        >>> propane = Gas.vapour(0.0441, 231.05)
        >>> round(float(Plume.of(10.0, 3.0, "D", "rural", propane, richardson=None).distance_to(0.038)))
        189
        """
        wanted = np.asarray(concentration, np.float64)
        low = np.full(np.broadcast_shapes(wanted.shape, self.rate.shape), 1e-3)
        high = np.full(low.shape, far)
        for _ in range(60):
            middle = np.sqrt(low * high)
            above = self.concentration(middle) >= wanted
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return np.where(low > 2e-3, low, 0.0)

    def area_above(self, concentration: float, steps: int = 200) -> Array:
        """Ground area, m², with at least `concentration` kg/m³ (flash fire: the lower flammable limit)."""
        reach = np.maximum(self.distance_to(concentration), 1e-3)
        share = (np.arange(steps) + 0.5) / steps
        x = share.reshape(-1, *[1] * reach.ndim) * reach
        axis = self.concentration(x)
        sy = self._sigma(x)[0]
        gaussian = sy * np.sqrt(2 * np.log(np.maximum(axis / concentration, 1.0)))
        half = np.where(x <= self.end, self.half_width(x), gaussian)
        return np.where(self.distance_to(concentration) > 0, 2 * half.mean(axis=0) * reach, 0.0)

    def toxic_load(self, x: ArrayLike, y: ArrayLike, n: float, seconds: ArrayLike, longest: float = 1800.0) -> Array:
        """Load ``Cⁿ t`` in (kg/m³)ⁿ·s of a release of `seconds`, exposure capped at `longest` (Purple Book 5.2.2).

        Examples
        --------
        >>> plume = Plume.of(0.5, 4.0, "D", "rural", Gas.vapour(0.0709, 239.15))
        >>> hour, half_an_hour = (float(plume.toxic_load(100.0, 0.0, 2.75, s)) for s in (3600.0, 1800.0))
        >>> hour == half_an_hour
        True
        """
        return np.asarray(self.concentration(x, y) ** n * np.minimum(np.asarray(seconds, np.float64), longest))

    def _sigma(self, x: Array) -> tuple[Array, Array]:
        sy = self.spread(np.maximum(x + self.shift_y, 1e-3))[0]
        sz = self.spread(np.maximum(x + self.shift_z, 1e-3))[1]
        return sy, sz


def _passive_from(scale: Array, buoyancy: Array, richardson: float | None) -> Array:
    """Distance, m, where the Richardson number of the plume falls to `richardson`, at least one scale from the source."""
    if richardson is None:
        return np.full(scale.shape, np.inf)
    half = buoyancy / (2 * dense_gas.FRICTION**2 * richardson)  # g' q / (2 u u*² Ri) with l_b = g' q / u³
    grown = np.maximum(half - scale - 8 * buoyancy, 0.0)
    return np.asarray(np.maximum((grown / (2.5 * np.cbrt(buoyancy))) ** 1.5, scale), np.float64)
