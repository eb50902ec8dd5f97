"""Escalation: a unit inside another's contour of heat or pressure fails too, with deaths of its own.

Primary events are the leaves of the event trees; for every target the frequencies of all that reach it are summed,
``f = Σ f_primary · P(escalation)``, and its worst release (one vessel, with a fire burning) is added once with that
frequency. One level: what escalation causes causes nothing further, so there are no loops. Vessels of one unit are no targets
of each other: the generic frequencies of their bursts hold that already. Buried vessels do not escalate.

Thresholds and probabilities after Cozzani and others (2004, 2005, 2006); see the table ``domino``. People whom the first event
killed already are not taken off the second's count; at the thresholds for equipment most of them are indoors and alive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import ndtr

from riskmodel.parameters.load import Parameters
from riskmodel.quantified.assembly import Array, Assembly, Branch
from riskmodel.quantified.failures import stock, whole
from riskmodel.quantified.footprints import Effect
from riskmodel.quantified.releases import at_once, state
from riskmodel.quantified.substances import state_of
from riskmodel.quantified.trees import Odds, leaves
from riskmodel.quantified.units import Units

#: Begins the label of every scenario that escalation adds.
PREFIX = "多米诺·"


def add(assembly: Assembly, units: Units, cooling: Array) -> NDArray[np.float64]:
    """Add the escalation scenarios of all units.

    Parameters
    ----------
    assembly : Assembly
        Its branches are the primary events.
    units : Units
        All scored units.
    cooling : (n,) float64
        Factor of the fire brigade's cooling on escalation by heat at each unit (:func:`riskmodel.emergency.cooling_factor`).

    Returns
    -------
    (n,) float64
        Escalations per year of every unit.

    Examples
    --------
    >>> from riskmodel.example import vessels
    >>> assembly = vessels()
    >>> [f"{f:.1e}" for f in add(assembly, assembly.units, np.ones(2))], assembly.branches[-1].label
    (['1.6e-07', '1.6e-07'], '多米诺·闪火')
    """
    frequency = escalations(assembly, units, cooling)
    hit = frequency >= assembly.parameters.number("domino.unit.least")
    for substance in np.unique(units.substance[hit].astype(str)):
        mine = hit & (units.substance == substance)
        some = units[mine]
        for label, share, kernel in _worst(assembly, some):
            # the primary's frequency carries its own unit's management factor: the target's is not applied again
            assembly.add(some, f"{PREFIX}{label}", frequency[mine] / some.factor * share, kernel)
    return np.where(hit, frequency, 0.0)


def escalations(assembly: Assembly, units: Units, cooling: Array) -> Array:
    """Escalations per year that other units' events cause at every unit.

    Examples
    --------
    >>> from riskmodel.example import vessels
    >>> assembly = vessels()
    >>> [f"{f:.1e}" for f in escalations(assembly, assembly.units, np.ones(2))]
    ['1.6e-07', '1.6e-07']
    >>> [f"{f:.1e}" for f in escalations(assembly, assembly.units, np.full(2, 0.5))]
    ['1.4e-07', '1.4e-07']
    """
    parameters = assembly.parameters
    category = categories(units, parameters)
    result = np.zeros(len(units))
    targets = np.flatnonzero((category != "") & ~units.buried)
    if not targets.size:
        return result
    tree, gap = cKDTree(np.column_stack([units.x[targets], units.y[targets]])), parameters.number("domino.unit.gap")
    for branch in assembly.branches:
        for effect, source, target, distance in _pairs(assembly, branch, tree, gap):
            mine = targets[target]
            other = units.row[mine] != branch.row[source]
            mine, at, source = mine[other], distance[other], source[other]
            chance = probability(effect, at, units.volume[mine], category[mine], parameters, branch.lasting[source])
            factor = np.where(effect.hazard == "heat", cooling[mine], 1.0)
            np.add.at(result, mine, branch.frequency[source] * chance * factor)
    return result


def categories(units: Units, parameters: Parameters) -> NDArray[np.object_]:
    """Category of equipment of every unit: atmospheric, pressurised, store; empty: no escalation.

    Examples
    --------
    >>> from riskmodel.example import unit, vessels
    >>> assembly, tank = unit(unit_type="tank_farm", substance="methanol")
    >>> [categories(units, assembly.parameters)[0] for units in (tank, vessels().units)]
    ['atmospheric', 'pressurised']
    """
    table = parameters.table("domino.unit.category")
    return np.array([str(table.get(state_of(str(name), parameters), "")) for name in units.substance], object)


def probability(effect: Effect, distance: Array, volume: Array, category: NDArray[np.object_], parameters: Parameters,
                lasting: Array) -> Array:
    """P(escalation) of targets at a distance from an effect; 0 below the threshold of their category.

    Parameters
    ----------
    distance, volume : (n,) float64
        m, and m³ of the target (100 where it is unknown).
    category : (n,) object
        atmospheric, pressurised or store.
    lasting : (n,) float64
        How long the fire burns, s; what fails later than that does not fail. A ball of fire has its own seconds, and the share of
        them in the time to failure counts.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> from riskmodel.quantified.footprints import charge_effect
    >>> tank, metres = np.array(["atmospheric"] * 3, object), np.array([20.0, 60.0, 200.0])
    >>> probability(charge_effect(1000.0), metres, np.full(3, 100.0), tank, parameters(), np.full(3, np.inf)).round(2).tolist()
    [1.0, 0.95, 0.0]
    """
    assert effect.intensity is not None  # noqa: S101
    level = np.atleast_2d(effect.intensity(distance))
    result = np.zeros(level.shape)
    for name in np.unique(category.astype(str)):
        of = category == name
        if effect.hazard == "blast":
            result[:, of] = _by_pressure(level[:, of], name, parameters)
            continue
        seconds = 60 * time_to_failure(level[:, of], volume[of], name, parameters)
        if effect.hazard == "fireball":
            enough, share = "fireball", np.minimum(1.0, effect.seconds / seconds)
        else:
            enough, share = "threshold", (seconds <= lasting[of]).astype(np.float64)
        hot = level[:, of] >= float(parameters.table(f"domino.heat.{enough}")[name])
        a, b = parameters.array("domino.heat.probit")
        result[:, of] = np.where(hot, ndtr(a + b * np.log(seconds / 60) - 5) * share, 0.0)
    return np.asarray(result.mean(axis=0))


def _by_pressure(pressure: Array, category: str, parameters: Parameters) -> Array:
    a, b = parameters.table("domino.blast.probit")[category]
    chance = ndtr(a + b * np.log(np.maximum(pressure, 1.0)) - 5)
    return np.where(pressure >= float(parameters.table("domino.blast.threshold")[category]), chance, 0.0)


def time_to_failure(flux: Array, volume: Array, category: str, parameters: Parameters) -> Array:
    """Time to failure, min, of an unprotected vessel of `volume` m³ under `flux` W/m² (Cozzani and others 2005).

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> time_to_failure(np.array([15e3, 30e3]), np.array([1000.0, 1000.0]), "atmospheric", load_parameters()).round(1).tolist()
    [14.9, 6.8]
    """
    a, b, power, d = parameters.table("domino.heat.time")[category]
    size = np.where(volume > 0, volume, 100.0)
    return np.asarray(np.exp(a * np.log(np.maximum(flux, 1.0) / 1e3) + b * size**power + d) / 60)


def _pairs(assembly: Assembly, branch: Branch, tree: cKDTree,
           gap: float) -> Iterator[tuple[Effect, NDArray[np.intp], NDArray[np.intp], Array]]:
    """Effect, rows of the branch, rows of the tree and distances, for everything in reach, one effect at a time."""
    for kernel in np.unique(branch.kernel):
        effect = assembly.effects[int(kernel)]
        if effect.intensity is None:
            continue
        rows = np.flatnonzero(branch.kernel == kernel)
        places = np.column_stack([branch.x[rows], branch.y[rows]])
        near = cast("list[list[int]]", tree.query_ball_point(places, _reach(effect, assembly.parameters)))
        source = np.repeat(rows, [len(some) for some in near])
        target = np.concatenate([np.asarray(some, np.intp) for some in near]) if source.size else np.empty(0, np.intp)
        if source.size:
            apart = np.hypot(branch.x[source] - tree.data[target, 0], branch.y[source] - tree.data[target, 1])
            yield effect, source, target, np.maximum(apart, gap)


def _reach(effect: Effect, parameters: Parameters) -> float:
    """Distance, m, beyond which the effect stays below every threshold."""
    assert effect.intensity is not None  # noqa: S101
    table = {"blast": "blast.threshold", "fireball": "heat.fireball"}.get(effect.hazard, "heat.threshold")
    least = min(float(value) for value in parameters.table(f"domino.{table}").values())
    r = np.geomspace(1.0, 3000.0, 200)
    above = np.flatnonzero(np.atleast_2d(effect.intensity(r)).max(axis=0) >= least)
    return float(r[min(above[-1] + 1, len(r) - 1)]) if len(above) else 0.0


def _worst(assembly: Assembly, units: Units) -> Iterator[tuple[str, Array, NDArray[np.int32]]]:
    """Leaves of what a target does when it fails while something burns beside it: one vessel, ignited at once."""
    n = len(units)
    kind = state(assembly, units)
    out = stock(assembly, units) if kind == "explosive" else whole(assembly, units)
    if kind == "compressed":
        out = at_once(units, units.mass, vessel=True)
    explodes = np.full(n, assembly.number("outcome.explosion"))
    odds = Odds(np.ones(n), np.zeros(n), np.full(n, assembly.number("outcome.bleve")), explodes)
    yield from leaves(assembly, units, out, odds=odds)
