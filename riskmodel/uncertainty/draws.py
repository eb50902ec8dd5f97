"""Draws for streets, districts, the city and cells: weighted sums of the class sub-fields."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.parameters import Parameters
from riskmodel.uncertainty.factors import GROUPS, Factors, anchored, draw_factors, generator, lognormal, normal, sigma
from riskmodel.uncertainty.subfields import ClassFields

Array = NDArray[np.float64]

#: Cells that are drawn at a time: bounds the memory.
_CHUNK = 4096


@dataclass(frozen=True)
class StreetDraws:
    """Draws of the streets.

    Attributes
    ----------
    seed : int
    factors : Factors
    weights : (draws, classes) float64
        Multiplier of every class, theme sums tied to their anchors.
    people : (draws, streets) float64
        Multiplier of every street's people.
    pll : (draws, streets) float64
        Deaths per year.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.uncertainty import class_fields
    >>> run = scored()
    >>> found = draw_streets(class_fields(town(), run.scenarios, run.fields, run.exposure, parameters()), parameters(), draws=200)
    >>> found.pll.shape, [f"{pll:.1e}" for pll in found.pll.mean(axis=0)]
    ((200, 2), ['4.1e-03', '7.9e-03'])
    """

    seed: int
    factors: Factors
    weights: Array
    people: Array
    pll: Array


def draw_streets(classes: ClassFields, parameters: Parameters, *, draws: int | None = None,
                 seed: int | None = None) -> StreetDraws:
    """Draw PLL of every street.

    ``PLL = Σ_c w_c · S_c · o_c · p`` with shared weights w, own factors o of what stands in the street, and p of its people.
    The sums over the city of work accidents and of fires follow gamma distributions around their mean, with the spread of the
    band that the city's own counts leave (``uncertainty.anchor``).

    Parameters
    ----------
    draws, seed : int, optional
        By default those of the table.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.uncertainty import class_fields
    >>> run = scored()
    >>> found = draw_streets(class_fields(town(), run.scenarios, run.fields, run.exposure, parameters()), parameters(), draws=200)
    >>> [f"{edge[1]:.1e}" for edge in bands(found.pll)]
    ['5.1e-03', '7.9e-03', '1.1e-02']
    """
    n = int(parameters.number("uncertainty.draws.number")) if draws is None else draws
    start = int(parameters.number("uncertainty.draws.seed")) if seed is None else seed
    factors = draw_factors(parameters, n, start, classes.heat, classes.tail)
    spread = float(sigma(parameters.number("uncertainty.own.people")))
    people = np.stack([lognormal(normal(start, f"people.{code}", n), spread) for code in classes.codes], axis=1)
    made = _made(classes, factors, people, start)
    weights = factors.total
    for group, names in GROUPS.items():
        mine = [classes.names.index(name) for name in names]
        mean, total = classes.street[:, mine].sum(), made[:, :, mine].sum(axis=(1, 2))
        if mean > 0:
            scale = anchored(parameters, group, n, start) * mean / total
            made[:, :, mine] *= scale[:, None, None]
            weights[:, mine] *= scale[:, None]
    return StreetDraws(start, factors, weights, people, made.sum(axis=2))


def _made(classes: ClassFields, factors: Factors, people: Array, seed: int) -> Array:
    """Deaths per year by draw, street and class before the anchors."""
    own = classes.own
    rest = own.rest(classes.street)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.log1p(np.where(rest > 0, own.variance / rest**2, 0.0)))
    n = factors.draws
    noise = np.stack([generator(seed, f"own.{code}").standard_normal((n, rest.shape[1])) for code in classes.codes], axis=1)
    made = rest * lognormal(noise, spread)
    if len(own.named_s):
        each = np.stack([normal(seed, f"source.{name}", n) for name in own.named_id], axis=1)
        amount = own.named_s * lognormal(each, own.named_spread)
        for i, (street, kind) in enumerate(zip(own.named_street, own.named_class, strict=True)):
            made[:, street, kind] += amount[:, i]
    return np.asarray(made * factors.total[:, None, :] * people[:, :, None])


def bands(values: Array) -> tuple[Array, Array, Array]:
    """5 %, median and 95 % over the draws (first axis).

    Examples
    --------
    >>> low, middle, high = bands(np.array([[1.0], [2.0], [3.0]]))
    >>> low.round(2).tolist(), middle.tolist(), high.round(2).tolist()
    ([1.1], [2.0], [2.9])
    """
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
    return low, middle, high


def ranks(values: Array) -> NDArray[np.int64]:
    """Rank of every column in each draw, 1 = largest.

    Examples
    --------
    >>> ranks(np.array([[0.3, 0.1, 0.2], [0.1, 0.1, 0.2]])).tolist()
    [[1, 3, 2], [2, 3, 1]]
    """
    order = np.argsort(-values, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(1, values.shape[1] + 1), values.shape), axis=1)
    return place


def level_shares(levels: NDArray[np.int8]) -> Array:
    """Share of the draws at each level 1–4, shape (4, n), from levels of shape (draws, n).

    Examples
    --------
    >>> level_shares(np.array([[1, 4], [2, 4], [2, 3], [2, 4]], np.int8)).tolist()
    [[0.25, 0.0], [0.75, 0.0], [0.0, 0.25], [0.0, 0.75]]
    """
    return np.stack([(levels == level).mean(axis=0) for level in range(1, 5)])


def cell_density(classes: ClassFields, found: StreetDraws, rows: NDArray[np.intp], cell_km2: float) -> NDArray[np.float32]:
    """Draws of the PLL density of some cells, deaths/km²·yr, shape (rows, draws).

    Examples
    --------
    >>> from riskmodel.example import GRID, parameters, scored, town
    >>> from riskmodel.uncertainty import class_fields
    >>> run = scored()
    >>> classes = class_fields(town(), run.scenarios, run.fields, run.exposure, parameters())
    >>> drawn = cell_density(classes, draw_streets(classes, parameters(), draws=200), np.array([7]), GRID.cell_km2)
    >>> drawn.shape, [f"{d:.0e}" for d in np.quantile(drawn, [0.05, 0.95])]
    ((1, 200), ['4e-04', '3e-02'])
    """
    weights = found.weights.astype(np.float32).T / np.float32(cell_km2)
    mean = classes.cells[rows].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread2 = np.log1p(np.where(mean > 0, classes.cell_variance[rows] / mean**2, 0.0)).astype(np.float32)
    z = normal(found.seed, "own.cell", found.factors.draws).astype(np.float32)
    own = np.exp(np.sqrt(spread2)[:, None] * z[None, :] - 0.5 * spread2[:, None])
    people = found.people.astype(np.float32).T[classes.cell_street[rows]]
    return np.asarray((classes.cells[rows] @ weights) * own * people, np.float32)


def cell_shares(classes: ClassFields, found: StreetDraws, thresholds: Array, cell_km2: float,
                threads: int = 2) -> NDArray[np.float32]:
    """Share of the draws in which each cell's density is at least each threshold, shape (cells, thresholds).

    Examples
    --------
    >>> from riskmodel.example import GRID, parameters, scored, town
    >>> from riskmodel.uncertainty import class_fields
    >>> run = scored()
    >>> classes = class_fields(town(), run.scenarios, run.fields, run.exposure, parameters())
    >>> draws = draw_streets(classes, parameters(), draws=200)
    >>> [round(float(share), 1) for share in cell_shares(classes, draws, np.array([1e-2, 1e-3]), GRID.cell_km2)[7]]
    [0.2, 0.8]
    """
    shares = np.zeros((len(classes.cell), len(thresholds)), np.float32)
    possible = np.flatnonzero(_highest(classes, found) >= float(thresholds.min()) * cell_km2)

    def some(start: int) -> None:
        rows = possible[start:start + _CHUNK]
        density = cell_density(classes, found, rows, cell_km2)
        for k, threshold in enumerate(thresholds):
            shares[rows, k] = (density >= np.float32(threshold)).mean(axis=1)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, range(0, len(possible), _CHUNK)))
    return shares


def _highest(classes: ClassFields, found: StreetDraws) -> Array:
    """No draw of a cell can be above this, deaths/yr: the highest multiplier of every class, of its people, of its own factor."""
    mean = classes.cells.sum(axis=1)
    top = classes.cells @ found.weights.max(axis=0).astype(np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread2 = np.log1p(np.where(mean > 0, classes.cell_variance / mean**2, 0.0))
    z = float(normal(found.seed, "own.cell", found.factors.draws).max())
    own = np.where(spread2 > z * z, 0.5 * z * z, np.sqrt(spread2) * z - 0.5 * spread2)
    return np.asarray(top * found.people.max(axis=0)[classes.cell_street] * np.exp(own), np.float64)
