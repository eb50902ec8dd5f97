"""Footprints of toxic clouds: the effective width of a plume or puff at each distance, spread by the wind rose.

A dense gas (chlorine) goes by Britter and McQuaid, everything else by the Gaussian models; the table ``quantified.substance``
says which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.consequence import dispersion, probit, release
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.consequence.dense_puff import Puff
from riskmodel.parameters import Parameters
from riskmodel.quantified.footprints import Effect, reach
from riskmodel.quantified.substances import is_dense
from riskmodel.scenarios import Kernel, kernel_distances

Array = NDArray[np.float64]

#: Sectors of the wind rose, clockwise from north.
SECTORS = 16

Field = Callable[[Array, Array], Array]
Width = Callable[[Array], Array]

# Where the dense-gas curves end: α = 1, that is 10⁵ in g'² q / u⁵; a weaker wind than this allows counts as this wind.
_CURVES_END = 5.0

# Half-width of the crosswind integral in σy, and its points (even).
_WIDTHS, _STEPS = 5.0, 40


@dataclass(frozen=True)
class Weather:
    """One weather class: stability A–F, wind in m/s at 10 m, share of the time.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> [f"{weather.stability}{weather.wind:g}" for weather in Climate.of(parameters()).classes]
    ['B4', 'D1.5', 'D4', 'D8.5', 'E4', 'F1.5']
    """

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

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> climate = Climate.of(parameters())
    >>> round(sum(weather.share for weather in climate.classes), 9), climate.rose.mean().round(9).item()
    (1.0, 1.0)
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

    Examples
    --------
    >>> def bell(r, y): return np.exp(-0.5 * np.square(y / 20.0))  # ∫ over y is 20 √(2π)
    >>> effective_share(bell, np.array([20.0]), np.array([200.0])).round(4).tolist()
    [0.0399]
    """
    r = np.maximum(distance, 1.0)
    step = np.linspace(0.0, _WIDTHS, _STEPS + 1)
    weight = np.full(_STEPS + 1, 1.0)
    weight[0] = weight[-1] = 0.5
    offset = sigma_y[:, None] * step
    across = (lethality(r[:, None], offset) * weight).sum(axis=1) * sigma_y * (_WIDTHS / _STEPS)
    return np.asarray(np.minimum(1.0, across / (np.pi * r)))


def puff_spread(distance: Array, stability: str, terrain: dispersion.Terrain) -> tuple[Array, Array]:
    """σx = σy and σz of a puff, m: CCPS table 2-13 over open land; Briggs urban, for want of urban puff data, in towns.

    Examples
    --------
    >>> sy, sz = puff_spread(np.array([100.0, 1000.0]), "D", "rural")
    >>> sy.round(1).tolist(), sz.round(1).tolist()
    ([4.2, 34.5], [3.8, 18.9])
    """
    return dispersion.ccps_puff(distance, stability) if terrain == "rural" else dispersion.briggs(distance, stability, terrain)


@dataclass(frozen=True)
class ToxicCloud:
    """How a poison spreads and kills.

    Attributes
    ----------
    constants : Toxic
        Probit constants.
    longest : float
        Longest exposure, min.
    indoors : float
        Share of the outdoor lethality indoors.
    least : float
        A footprint ends where P(death) falls below this.
    gas : Gas or None
        The cloud as it leaves the source, of a dense gas; None: passive from the start (Gaussian).

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> cloud, calm = ToxicCloud.of(parameters(), "ammonia"), Weather("F", 1.5, 1.0)
    >>> cloud.puff_lethality(2000.0, calm, "urban", np.array([100.0, 250.0, 350.0]), np.zeros(3)).round(2).tolist()
    [1.0, 0.1, 0.0]
    >>> round(cloud.puff(2000.0, calm, Climate.of(parameters())).kernel.radius, -1)
    370.0
    """

    constants: probit.Toxic
    longest: float
    indoors: float
    least: float
    gas: Gas | None = None

    @classmethod
    def of(cls, parameters: Parameters, substance: str) -> ToxicCloud:
        """Read the choices for a substance; raises UnknownIdentifier if it has no probit constants."""
        number = parameters.number
        return cls(probit.toxic_constants(substance), number("consequence.toxic.exposure"), number("consequence.toxic.indoors"),
                   number("consequence.footprint.least"), dense_cloud(parameters, substance))

    def plume_lethality(
        self, rate: float, minutes: float, weather: Weather, terrain: dispersion.Terrain, r: Array, y: Array,
    ) -> Array:
        """P(death) outdoors at `r` m downwind and `y` m across of a ground plume of `rate` kg/s.

        Examples
        --------
        >>> from riskmodel.example import parameters
        >>> cloud, calm = ToxicCloud.of(parameters(), "ammonia"), Weather("F", 1.5, 1.0)
        >>> cloud.plume_lethality(2.0, 30.0, calm, "rural", np.array([200.0, 500.0, 900.0]), np.zeros(3)).round(2).tolist()
        [0.99, 0.13, 0.0]
        """
        if self.gas is not None:
            return self._dense_plume(rate, weather, terrain)[0](minutes)(r, y)
        sy, sz = dispersion.briggs(r, weather.stability, terrain)
        concentration = dispersion.plume(rate * 1e6, weather.wind, sy, sz, y=y)
        return self._lethality(probit.toxic_load(concentration, minutes, self.constants.n, longest=self.longest))

    def puff_lethality(self, mass: float, weather: Weather, terrain: dispersion.Terrain, r: Array, y: Array) -> Array:
        """P(death) outdoors at `r` m downwind and `y` m across of a puff of `mass` kg that drifts past."""
        if self.gas is not None:
            return self._dense_puff(mass, weather, terrain)[0](r, y)
        sy, sz = puff_spread(r, weather.stability, terrain)
        load = dispersion.puff_load(mass * 1e6, weather.wind, sy, sz, self.constants.n, y=y)
        return self._lethality(load / 60)

    def plume(self, rate: float, minutes: float, weather: Weather, climate: Climate) -> Effect:
        """Footprint of a ground plume of `rate` kg/s for `minutes`.

        Examples
        --------
        >>> from riskmodel.example import parameters
        >>> cloud, calm = ToxicCloud.of(parameters(), "chlorine"), Weather("F", 1.5, 1.0)
        >>> effect = cloud.plume(0.5, 30.0, calm, Climate.of(parameters()))
        >>> round(effect.kernel.radius, -1), effect.minutes, round(effect.arrival, 1)
        (470.0, 30.0, 2.6)
        """
        if self.gas is not None:
            make, edge = self._dense_plume(rate, weather, climate.terrain)
            return self._effect(make(minutes), edge, weather, climate, minutes)

        def lethality(r: Array, y: Array) -> Array:
            return self.plume_lethality(rate, minutes, weather, climate.terrain, r, y)

        def width(r: Array) -> Array:
            return dispersion.briggs(r, weather.stability, climate.terrain)[0]

        return self._effect(lethality, width, weather, climate, minutes)

    def puff(self, mass: float, weather: Weather, climate: Climate) -> Effect:
        """Footprint of a puff of `mass` kg."""
        if self.gas is not None:
            return self._effect(*self._dense_puff(mass, weather, climate.terrain), weather, climate)

        def lethality(r: Array, y: Array) -> Array:
            return self.puff_lethality(mass, weather, climate.terrain, r, y)

        return self._effect(lethality, lambda r: puff_spread(r, weather.stability, climate.terrain)[0], weather, climate)

    def _dense_plume(self, rate: float, weather: Weather, terrain: dispersion.Terrain) -> tuple[Callable[[float], Field], Width]:
        assert self.gas is not None  # noqa: S101
        weakest = (self.gas.reduced_gravity**2 * rate / self.gas.concentration / 10**_CURVES_END) ** 0.2
        cloud = Plume.of(rate, max(weather.wind, weakest), weather.stability, terrain, self.gas)

        def of(minutes: float) -> Field:
            seconds = min(minutes, self.longest) * 60
            return lambda r, y: self._lethality(self._load(cloud.toxic_load(r, y, self.constants.n, seconds)))

        return of, lambda r: cloud.edge(r) / _WIDTHS

    def _dense_puff(self, mass: float, weather: Weather, terrain: dispersion.Terrain) -> tuple[Field, Width]:
        assert self.gas is not None  # noqa: S101
        size = np.cbrt(mass / self.gas.concentration)
        weakest = float(np.sqrt(self.gas.reduced_gravity * size)) / 10**(_CURVES_END / 5)
        cloud = Puff.of(mass, max(weather.wind, weakest), weather.stability, terrain, self.gas)
        field: Field = lambda r, y: self._lethality(self._load(cloud.toxic_load(r, y, self.constants.n)))  # noqa: E731
        return field, lambda r: cloud.edge(r) / _WIDTHS

    def _load(self, load: Array) -> Array:
        """From (kg/m³)ⁿ s to (mg/m³)ⁿ min."""
        return np.asarray(load * 1e6**self.constants.n / 60)

    def _lethality(self, load: Array) -> Array:
        return probit.probability(probit.toxic(load, self.constants))

    def _effect(self, lethality: Field, width: Width, weather: Weather, climate: Climate, minutes: float = 0.0) -> Effect:
        radius = reach(lambda r: lethality(r, np.zeros_like(r)), 20_000.0, self.least)

        r = kernel_distances(radius)
        mean = effective_share(lethality, width(np.maximum(r, 1.0)), r)
        kernel = Kernel(radius, mean, self.indoors * mean, climate.rose)
        return Effect(kernel, arrival=radius / 2 / weather.wind / 60, minutes=minutes)


def dense_cloud(parameters: Parameters, substance: str) -> Gas | None:
    """The cloud of a dense gas as it leaves the source: a flashed spray at the boiling point; None for a passive gas.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> dense_cloud(load_parameters(), "chlorine").density > 1.7
    True
    >>> dense_cloud(load_parameters(), "ammonia") is None
    True
    """
    if not is_dense(substance, parameters):
        return None

    def number(name: str) -> float:
        return parameters.number(f"substances.{substance}.{name}")

    flash = float(release.flash_fraction(number("temperature"), number("boiling"), number("heat_capacity"),
                                         number("vaporisation")))
    spray = min(1.0, parameters.number("consequence.cloud.spray") * flash)
    return Gas.flashed(number("molar_mass"), number("boiling") + 273.15, number("vaporisation"), flash / spray)
