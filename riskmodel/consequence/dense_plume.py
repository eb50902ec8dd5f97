"""A steady plume of a dense gas: Britter and McQuaid near the source, Gaussian beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from riskmodel.consequence import checks, dense_gas, dispersion
from riskmodel.consequence.dense_gas import Array, Dilution, Gas
from riskmodel.consequence.dense_handover import Handover, plume_spread, reach

_TOP_HAT = np.sqrt(2 / np.pi)  # σ of the Gaussian whose area is that of a top hat of half-width 1


@dataclass(frozen=True)
class Plume:
    """Steady plumes of one or many sources; every method broadcasts x and y (m) against the sources.

    Attributes
    ----------
    rate, wind : array
        kg/s, and m/s at 10 m.
    scale, buoyancy : array
        ``D = √(q/u)`` and ``l_b = g' q / u³``, m.
    handover : Handover
        The curves, where they end, and the Gaussian plume beyond.

    Examples
    --------
    >>> cloud = Plume.of(1.0, 2.0, "D", "rural", Gas.vapour(0.0709, 239.15))
    >>> cloud.handover.dense.tolist(), np.round(cloud.buoyancy, 2).tolist(), np.round(cloud.edge(200.0), 1).tolist()
    (True, 0.68, 302.7)
    >>> np.round(1e6 * cloud.concentration(np.array([50.0, 200.0]), 0.0), -1).tolist()  # mg/m³
    [66070.0, 1210.0]
    """

    rate: Array
    wind: Array
    scale: Array
    buoyancy: Array
    handover: Handover

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

        def size(end: Array, last: Array) -> tuple[Array, Array]:
            width = _TOP_HAT * _half_width(scale, buoyancy, end)
            return width, Q / (np.pi * u * width * last)

        handover = Handover.of(
            gas, dense_gas.is_dense_plume(Q, u, gas), Dilution.plume(scale, alpha), plume_spread(stability, terrain),
            np.inf if richardson is None else _passive_from(scale, buoyancy, richardson), size)
        return cls(Q, u, scale, buoyancy, handover)

    @property
    def upwind(self) -> Array:
        """How far the dense cloud reaches against the wind, m: ``D/2 + 2 l_b``; 0 for a passive one."""
        return np.where(self.handover.dense, self.scale / 2 + 2 * self.buoyancy, 0.0)

    def concentration(self, x: ArrayLike, y: ArrayLike = 0.0) -> Array:
        """Concentration at the ground, kg/m³, `x` m downwind (negative: upwind) and `y` m across."""
        at, across = np.asarray(x, np.float64), np.abs(np.asarray(y, np.float64))
        inside = (across <= self.half_width(at)) & (at >= -self.upwind)
        sy, sz = self.handover.sigma(at)
        far = self.rate / (np.pi * self.wind * sy * sz) * np.exp(-np.square(across) / (2 * sy**2))
        return self.handover.concentration(at, inside, far)

    def half_width(self, x: ArrayLike) -> Array:
        """Half-width of the dense part, ``D + 8 l_b + 2.5 l_b^(1/3) x^(2/3)``, m.

        Examples
        --------
        >>> plume = Plume.of(0.5, 1.5, "F", "urban", Gas.vapour(0.0709, 239.15))
        >>> plume.half_width([0.0, 50.0]).round(1).tolist()
        [6.7, 38.3]
        """
        return _half_width(self.scale, self.buoyancy, np.maximum(np.asarray(x, np.float64), 0.0))

    def edge(self, x: ArrayLike) -> Array:
        """Distance from the axis beyond which nothing is left, m: the half-width of the dense part, 5 σy beyond."""
        at = np.asarray(x, np.float64)
        return np.asarray(np.where(at <= self.handover.end, self.half_width(at), 5 * self.handover.sigma(at)[0]))

    def distance_to(self, concentration: ArrayLike) -> Array:
        """Farthest distance on the axis, m, with at least this concentration (kg/m³); 0 if nowhere.

        Examples
        --------
        >>> propane = Gas.vapour(0.0441, 231.05)
        >>> round(float(Plume.of(10.0, 3.0, "D", "rural", propane, richardson=None).distance_to(0.038)))
        189
        """
        return reach(self.concentration, np.asarray(concentration, np.float64), self.rate.shape)

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


def _half_width(scale: Array, buoyancy: Array, x: Array) -> Array:
    return np.asarray(scale + 8 * buoyancy + 2.5 * np.cbrt(buoyancy) * x ** (2 / 3), np.float64)


def _passive_from(scale: Array, buoyancy: Array, richardson: float) -> Array:
    """Distance, m, where the Richardson number of the plume falls to `richardson`."""
    half = buoyancy / (2 * dense_gas.FRICTION**2 * richardson)  # g' q / (2 u u*² Ri) with l_b = g' q / u³
    grown = np.maximum(half - scale - 8 * buoyancy, 0.0)
    return np.asarray((grown / (2.5 * np.cbrt(buoyancy))) ** 1.5, np.float64)
