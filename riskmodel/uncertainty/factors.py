"""Draws of the shared factors: common random numbers by name, mean-preserving multipliers, theme sums tied to their anchors.

A factor's draws depend on the seed and on its own name only. So the same night gives the same bands, two nights differ by what
changed in the city, and a new factor does not move the others.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import gamma

from riskmodel.parameters import Parameters
from riskmodel.uncertainty.classes import FIRE, HEAT, factors_of

Array = NDArray[np.float64]

#: Factors on the frequency of an event; the others act on its deaths.
FREQUENCY: frozenset[str] = frozenset({
    "leak_vessel", "leak_tank", "leak_transfer", "leak_other", "pipeline_gas", "pipeline_other", "ignition_immediate",
    "ignition_delayed", "foreign", "escalation", "method", "builders", "equipment", "unreported", "confined", "gas_use", "crowd",
})

#: Groups whose sum over the city follows a gamma distribution, and their classes.
GROUPS: dict[str, tuple[str, ...]] = {
    "work": ("building", "equipment", "unreported", "confined", "reported"),
    "fire": ("fire_dwelling", "fire_site", "fire_work", "fire_public", "fire_care"),
}


def sigma(error_factor: ArrayLike) -> Array:
    """σ of a lognormal by its error factor, EF = 95th / 50th percentile: ``ln EF / 1.645``.

    Examples
    --------
    >>> round(float(sigma(10.0)), 4)
    1.3997
    """
    return np.asarray(np.log(np.asarray(error_factor, np.float64)) / 1.645)


def lognormal(normal: ArrayLike, spread: ArrayLike) -> Array:
    """The mean-preserving multiplier ``exp(σZ − σ²/2)``: published rates are means, not medians.

    Examples
    --------
    >>> float(lognormal(0.0, 1.4)) < 1.0
    True
    """
    s = np.asarray(spread, np.float64)
    return np.asarray(np.exp(s * np.asarray(normal, np.float64) - 0.5 * s * s))


def generator(seed: int, name: str) -> np.random.Generator:
    """The stream of random numbers of a name.

    Examples
    --------
    >>> again, other = generator(1, "heat").random(), generator(1, "dose").random()
    >>> generator(1, "heat").random() == again, generator(1, "heat").random() == other
    (True, False)
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def uniform(seed: int, name: str, draws: int) -> Array:
    """One number from each of `draws` equal strata of (0, 1), in the random order of the name's stream (Latin hypercube).

    Examples
    --------
    >>> strata = uniform(1, "heat", 4)
    >>> np.sort(np.floor(4 * strata)).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    random = generator(seed, name)
    return np.asarray((random.permutation(draws) + random.uniform(1e-9, 1.0 - 1e-9, draws)) / draws)


def normal(seed: int, name: str, draws: int) -> Array:
    """Stratified standard normal numbers of a name.

    Examples
    --------
    >>> z = normal(1, "heat", 1000)
    >>> abs(z.mean().round(3).item()), z.std().round(2).item()
    (0.0, 1.0)
    """
    return np.asarray(ndtri(uniform(seed, name, draws)))


@dataclass(frozen=True)
class Factors:
    """Draws of everything shared.

    Attributes
    ----------
    seed, draws : int
    names : tuple of str
        Classes.
    frequency, deaths : (draws, classes) float64
        Multipliers on the frequency of events and on the deaths that an event makes, by first-order response.
    heat : (draws,) int64
        Which heat probit holds.
    z : dict of factor name → (draws,) float64
        The standard normal numbers behind each factor.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> wide = len(factors_of(parameters()))
    >>> found = draw_factors(parameters(), 2000, 1, np.ones((wide, 3)), np.zeros(wide))
    >>> found.total.shape == (2000, wide), found.frequency.mean(axis=0)[found.names.index("pipeline_gas")].round(2).item()
    (True, 1.01)
    """

    seed: int
    draws: int
    names: tuple[str, ...]
    frequency: Array
    deaths: Array
    heat: NDArray[np.int64]
    z: dict[str, Array]

    @property
    def total(self) -> Array:
        """Multipliers on PLL, (draws, classes)."""
        return self.frequency * self.deaths


def draw_factors(parameters: Parameters, draws: int, seed: int, heat: Array, tail: Array) -> Factors:
    """Draw all shared factors.

    Parameters
    ----------
    heat : (classes, probits) float64
        Deaths of each class under each heat probit over those under the first (see :mod:`riskmodel.uncertainty.response`).
    tail : (classes,) float64
        −d ln E[N] / dα of each class.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> wide = len(factors_of(parameters()))
    >>> found = draw_factors(parameters(), 2000, 1, np.ones((wide, 3)), np.zeros(wide))
    >>> np.quantile(found.frequency[:, found.names.index("pipeline_gas")], [0.05, 0.95]).round(1).tolist()
    [0.1, 3.2]
    """
    error = parameters.table("uncertainty.factor.error_factor")
    z = {name: normal(seed, name, draws) for name in error}
    spread = {name: float(sigma(value)) for name, value in error.items()}
    shares = np.cumsum(parameters.array("uncertainty.heat.share"))
    choice = np.searchsorted(shares / shares[-1], uniform(seed, "heat_probit", draws), side="right")
    table = factors_of(parameters)
    frequency, deaths = np.ones((draws, len(table))), np.ones((draws, len(table)))
    for c, (name, factors) in enumerate(table.items()):
        for factor in factors:
            if factor == FIRE:
                f, d = _fire(parameters, draws, seed, name, float(tail[c]))
                frequency[:, c] *= f
                deaths[:, c] *= d
            elif factor == HEAT:
                deaths[:, c] *= heat[c][choice]
            elif factor in FREQUENCY:
                frequency[:, c] *= lognormal(z[factor], spread[factor])
            else:
                deaths[:, c] *= lognormal(z[factor], spread[factor] * response(factor, parameters))
    return Factors(seed, draws, tuple(table), frequency, deaths, choice.astype(np.int64), z)


def response(factor: str, parameters: Parameters) -> float:
    """Exponent with which deaths follow a factor: the area of a footprint follows distance and dose.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> response("distance_heat", parameters()), response("leak_vessel", parameters())
    (2.0, 1.0)
    """
    if factor.startswith("distance_"):
        return parameters.number("uncertainty.response.distance")
    return parameters.number("uncertainty.response.dose") if factor == "toxic_dose" else 1.0


def _fire(parameters: Parameters, draws: int, seed: int, name: str, tail: float) -> tuple[Array, Array]:
    """Frequency and deaths of fires of one type; f and q move apart, α bends the tail."""
    number = parameters.number
    rho = number("uncertainty.fire.correlation")
    first, second = (normal(seed, f"fire.{part}.{name}", draws) for part in ("frequency", "lethality"))
    second = rho * first + np.sqrt(1.0 - rho * rho) * second
    bend = tail * number("uncertainty.fire.tail") / 1.645
    frequency = lognormal(first, sigma(number("uncertainty.fire.frequency")))
    q = lognormal(second, sigma(number("uncertainty.fire.lethality")))
    return frequency * q, lognormal(-normal(seed, f"fire.tail.{name}", draws), bend)


@lru_cache(maxsize=32)
def gamma_shape(mean: float, low: float, high: float) -> float:
    """Shape of the gamma distribution whose 5 and 95 % lie as far apart as `low` and `high`; the scale is left to the mean.

    Examples
    --------
    >>> k = gamma_shape(70.0, 50.0, 95.0)
    >>> bool(abs(gamma.ppf(0.95, k) / gamma.ppf(0.05, k) - 95 / 50) < 1e-6)
    True
    """
    if not 0 < low < mean < high:
        raise ValueError("a band lies around its anchor")
    return float(brentq(lambda k: gamma.ppf(0.95, k) / gamma.ppf(0.05, k) - high / low, 0.05, 1e5))


def anchored(parameters: Parameters, group: str, draws: int, seed: int) -> Array:
    """Draws of a group's sum over its mean: gamma with mean 1 and the spread of the anchor's band.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> sums = anchored(parameters(), "fire", 1000, 1)
    >>> sums.mean().round(2).item(), np.quantile(sums, [0.05, 0.95]).round(2).tolist()
    (1.0, [0.53, 1.59])
    """
    shape = gamma_shape(*(float(v) for v in parameters.array(f"uncertainty.anchor.{group}")))
    return np.asarray(gamma.ppf(uniform(seed, f"anchor.{group}", draws), shape) / shape)
