"""Footprints of toxic clouds: the effective width of a plume or puff at each distance, spread by the wind rose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.consequence import dispersion, probit
from riskmodel.parameters import Parameters
from riskmodel.quantified.footprints import reach
from riskmodel.scenarios import Kernel

Array = NDArray[np.float64]

#: Sectors of the wind rose, clockwise from north.
SECTORS = 16

# Half-width of the crosswind integral in σy, and its points (even).
_WIDTHS, _STEPS = 5.0, 40


@dataclass(frozen=True)
class Weather:
    """One weather class: stability A–F, wind in m/s at 10 m, share of the time."""

    stability: str
    wind: float
    share: float


@dataclass(frozen=True)
class Climate:
    """Weather classes, terrain and wind rose of a place.

    Attributes
    ----------
    classes : tuple of Weather
        Shares sum to 1.
    terrain : str
        rural or urban.
    rose : (16,) float64
        Relative probability of the wind blowing *towards* each sector, clockwise from north, mean 1.
    """

    classes: tuple[Weather, ...]
    terrain: dispersion.Terrain
    rose: Array

    @classmethod
    def of(cls, parameters: Parameters) -> Climate:
        """Read the table ``weather``; shares are scaled to their sum."""
        share = parameters.array("weather.stability.share")
        wind = parameters.array("weather.stability.wind")
        names = parameters.entry("weather.stability.class").value
        rows = tuple(Weather(str(n), float(u), float(p)) for n, u, p in zip(names, wind, share / share.sum(), strict=True))
        return cls(rows, parameters.entry("weather.stability.terrain").value, towards(parameters.array("weather.rose.from")))


def towards(rose: Array) -> Array:
    """Turn the shares of the sectors where the wind comes *from* into relative densities where it blows *to*, mean 1.

    Examples
    --------
    >>> north = np.zeros(16); north[0] = 1.0
    >>> int(towards(north).argmax())
    8
    """
    if rose.shape != (SECTORS,) or np.any(rose < 0) or rose.sum() <= 0:
        raise ValueError("a wind rose has 16 shares, none negative")
    return np.asarray(np.roll(rose, SECTORS // 2) / rose.mean())


def effective_share(lethality: Callable[[Array, Array], Array], sigma_y: Array, distance: Array) -> Array:
    """Mean lethality over all directions at each distance: ``A(r) = ∫ P(r, y) dy / (2πr)``, at most 1.

    Parameters
    ----------
    lethality : callable
        P(death) of (distance, crosswind offset), both in metres and of shape (n, m).
    sigma_y : (n,) float64
        Width of the cloud, m; the integral runs over ±5 σy.
    distance : (n,) float64
        m.
    """
    r = np.maximum(distance, 1.0)
    step = np.linspace(0.0, _WIDTHS, _STEPS + 1)
    weight = np.full(_STEPS + 1, 1.0)
    weight[0] = weight[-1] = 0.5
    offset = sigma_y[:, None] * step
    across = (lethality(r[:, None], offset) * weight).sum(axis=1) * sigma_y * (_WIDTHS / _STEPS)
    return np.asarray(np.minimum(1.0, across / (np.pi * r)))


def puff_spread(distance: Array, stability: str, terrain: dispersion.Terrain) -> tuple[Array, Array]:
    """σx = σy and σz of a puff, m: CCPS table 2-13 over open land; Briggs urban, for want of urban puff data, in towns."""
    return dispersion.ccps_puff(distance, stability) if terrain == "rural" else dispersion.briggs(distance, stability, terrain)


@dataclass(frozen=True)
class ToxicCloud:
    """How a poison kills: probit constants, longest exposure in minutes, share of the outdoor lethality indoors, cut-off."""

    constants: probit.Toxic
    longest: float
    indoors: float
    least: float

    @classmethod
    def of(cls, parameters: Parameters, substance: str) -> ToxicCloud:
        """Read the choices for a substance; raises UnknownIdentifier if it has no probit constants."""
        number = parameters.number
        return cls(probit.toxic_constants(substance), number("consequence.toxic.exposure"), number("consequence.toxic.indoors"),
                   number("consequence.footprint.least"))

    def plume_lethality(
        self, rate: float, minutes: float, weather: Weather, terrain: dispersion.Terrain, r: Array, y: Array,
    ) -> Array:
        """P(death) outdoors at `r` m downwind and `y` m across of a ground plume of `rate` kg/s."""
        sy, sz = dispersion.briggs(r, weather.stability, terrain)
        concentration = dispersion.plume(rate * 1e6, weather.wind, sy, sz, y=y)
        return self._lethality(probit.toxic_load(concentration, minutes, self.constants.n, longest=self.longest))

    def puff_lethality(self, mass: float, weather: Weather, terrain: dispersion.Terrain, r: Array, y: Array) -> Array:
        """P(death) outdoors at `r` m downwind and `y` m across of a puff of `mass` kg that drifts past."""
        sy, sz = puff_spread(r, weather.stability, terrain)
        load = dispersion.puff_load(mass * 1e6, weather.wind, sy, sz, self.constants.n, y=y)
        return self._lethality(load / 60)

    def plume(self, rate: float, minutes: float, weather: Weather, climate: Climate) -> Kernel:
        """Kernel of a ground plume of `rate` kg/s for `minutes`."""
        def lethality(r: Array, y: Array) -> Array:
            return self.plume_lethality(rate, minutes, weather, climate.terrain, r, y)

        return self._kernel(lethality, lambda r: dispersion.briggs(r, weather.stability, climate.terrain)[0], climate)

    def puff(self, mass: float, weather: Weather, climate: Climate) -> Kernel:
        """Kernel of a puff of `mass` kg."""
        def lethality(r: Array, y: Array) -> Array:
            return self.puff_lethality(mass, weather, climate.terrain, r, y)

        return self._kernel(lethality, lambda r: puff_spread(r, weather.stability, climate.terrain)[0], climate)

    def _lethality(self, load: Array) -> Array:
        return probit.probability(probit.toxic(load, self.constants))

    def _kernel(self, lethality: Callable[[Array, Array], Array], width: Callable[[Array], Array], climate: Climate) -> Kernel:
        radius = reach(lambda r: lethality(r, np.zeros_like(r)), 20_000.0, self.least)

        def mean(r: Array) -> Array:
            return effective_share(lethality, width(np.maximum(r, 1.0)), r)

        return Kernel.of(radius, mean, lambda r: self.indoors * mean(r), climate.rose)
