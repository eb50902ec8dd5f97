"""F-N curves of streets, districts and the city: deaths **in** the area, from events, without criterion lines.

An event that kills in two streets counts once in their district, with the sum of its deaths: curves are never added.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.inputs import ModelInputs
from riskmodel.scenarios import FN_N, ScenarioSet
from riskmodel.societal.curves import fn_curves
from riskmodel.societal.events import EventTable, coverage_start

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AreaCurves:
    """Curves at the values of FN_N, per year.

    Attributes
    ----------
    streets : (streets, n) float64
    districts : (districts, n) float64
    city : (n,) float64

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> from riskmodel.societal import event_table
    >>> run = scored()
    >>> found = area_curves(town(), run.scenarios, event_table(town(), run.scenarios, run.exposure))
    >>> found.streets.shape, f"{found.city[0]:.1e}"
    ((2, 13), '9.7e-03')
    """

    streets: Array
    districts: Array
    city: Array


def area_curves(inputs: ModelInputs, scenarios: ScenarioSet, table: EventTable, threads: int = 2) -> AreaCurves:
    """Curves of every street and district and of the city.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> from riskmodel.societal import event_table
    >>> run = scored()
    >>> found = area_curves(town(), run.scenarios, event_table(town(), run.scenarios, run.exposure))
    >>> [f"{curve[FN_N.index(3)]:.1e}" for curve in (*found.streets, found.city)]
    ['1.6e-04', '2.0e-04', '3.6e-04']
    """
    parents = {code: row for row, code in enumerate(inputs.districts["code"])}
    district = np.array([parents.get(code, -1) for code in inputs.streets["parent"]], np.int64)
    known = district >= 0
    inside = table.street >= 0
    single = table.take(np.flatnonzero(inside & ~table.several))
    wide = table.take(np.flatnonzero(inside & table.several))
    # what happens within one street kills nobody in another: here, and only here, the parts' curves add
    streets = _at_places(inputs, scenarios)
    streets += fn_curves(single.rate, single.deaths, single.street.astype(np.int64), len(streets))
    districts = np.zeros((len(inputs.districts), len(FN_N)))
    np.add.at(districts, district[known], streets[known])
    city = streets.sum(axis=0)

    def across(whole: tuple[NDArray[np.int64], int]) -> Array:
        where, rate, deaths = wide.summed(whole[0])
        return fn_curves(rate, deaths, where, whole[1])

    at = wide.street.astype(np.int64)
    with ThreadPoolExecutor(threads) as pool:
        more = list(pool.map(across, [(at, len(streets)), (district[at], len(districts)), (np.zeros(len(at), np.int64), 1)]))
    return AreaCurves(streets + more[0], districts + more[1], city + more[2][0])


def place_curve(scenarios: ScenarioSet) -> Array:
    """F-N of all point events whose deaths lie at one place, wherever it is; the background is left out.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> [f"{f:.1e}" for f in place_curve(scored().scenarios)[:3]]
    ['4.5e-03', '3.2e-04', '6.5e-05']
    """
    points = scenarios.points
    rows = np.flatnonzero(points.deaths_local > 0)
    return np.asarray(_place_curves(scenarios, rows, np.zeros(len(rows), np.int64), np.ones(len(rows)), 1)[0])


def _at_places(inputs: ModelInputs, scenarios: ScenarioSet) -> Array:
    """Curves by street of events whose deaths lie at one place; a place on a border counts by the cell's area fractions."""
    coverage, streets, points = inputs.coverage, len(inputs.streets), scenarios.points
    start = coverage_start(coverage, inputs.grid.size)
    cell = inputs.grid.index(points.x, points.y)
    rows = np.flatnonzero((points.deaths_local > 0) & (cell >= 0))
    first, number = start[cell[rows]], start[cell[rows] + 1] - start[cell[rows]]
    rows = np.repeat(rows, number)
    pairs = np.repeat(first - np.concatenate([[0], np.cumsum(number)[:-1]]), number) + np.arange(number.sum())
    curves = _place_curves(scenarios, rows, coverage.street[pairs].astype(np.int64), coverage.fraction[pairs], streets)
    for item in scenarios.background:
        rate = np.bincount(coverage.street, item.everywhere(item.mitigated)[coverage.cell] * coverage.fraction, streets)
        curves += rate[:, None] * (scenarios.tails[item.tail] if item.tail >= 0 else fn_curves([1.0], [item.deaths],
                                                                                             np.zeros(1, np.int64), 1)[0])
    return curves


def _place_curves(scenarios: ScenarioSet, rows: NDArray[np.intp], group: NDArray[np.int64], share: Array, groups: int) -> Array:
    """Σ f · P(N ≥ n) by group: the tail where a scenario has one (times the emergency factor, at most 1), else Poisson."""
    points, tails = scenarios.points, len(scenarios.tails)
    tail, rate = points.tail[rows], points.frequency[rows] * share
    factor = points.mitigation[rows]
    curves = np.zeros((groups, len(FN_N)))
    plain = (tail >= 0) & (factor <= 1.0)
    if plain.any():
        weight = np.bincount(group[plain] * tails + tail[plain], (rate * factor)[plain], groups * tails)
        curves += weight.reshape(groups, tails) @ scenarios.tails
    more = np.flatnonzero((tail >= 0) & ~plain)
    if len(more):
        raised = np.minimum(scenarios.tails[tail[more]] * factor[more, None], 1.0)
        np.add.at(curves, group[more], rate[more, None] * raised)
    poisson = tail < 0
    return curves + fn_curves(rate[poisson], (points.deaths_local[rows] * factor)[poisson], group[poisson], groups)
