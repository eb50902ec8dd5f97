"""Own factors: what is uncertain of one unit or one row alone.

Raters, assumed sizes. Their variances add; the largest sources of a street are drawn one by one, the others together as one
lognormal with the mean and variance of their sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.fields import S_UNIT, Fields
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.scenarios import ScenarioSet
from riskmodel.uncertainty.classes import Classes
from riskmodel.uncertainty.factors import sigma

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OwnRisk:
    """Own variance of the streets' deaths.

    Attributes
    ----------
    variance : (streets, classes) float64
        Of all sources but the named ones, in squared deaths per year.
    named_street, named_class : (m,) int64
    named_s, named_spread : (m,) float64
        Deaths per year of the sources that are drawn one by one, and the σ of their own factor.
    named_id : (m,) object
        What names their random numbers.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.uncertainty import class_fields
    >>> run = scored()
    >>> own = class_fields(town(), run.scenarios, run.fields, run.exposure, parameters()).own
    >>> own.named_id.tolist(), own.named_spread.round(2).tolist()
    (['e1'], [1.4])
    """

    variance: Array
    named_street: NDArray[np.int64]
    named_class: NDArray[np.int64]
    named_s: Array
    named_spread: Array
    named_id: NDArray[np.object_]

    def rest(self, street: Array) -> Array:
        """Deaths per year of the sources that are not named, (streets, classes).

        Examples
        --------
        >>> one = np.array([0]), np.array([1]), np.array([0.4]), np.array([1.2]), np.array(["e1"], object)
        >>> OwnRisk(np.zeros((1, 2)), *one).rest(np.array([[0.1, 0.5]])).round(3).tolist()
        [[0.1, 0.1]]
        """
        result = street.copy()
        np.subtract.at(result, (self.named_street, self.named_class), self.named_s)
        return np.maximum(result, 0.0)


def variance_of(s: Array, spread: Array, unit: NDArray[np.int64], rho: float) -> Array:
    """Each row's part of the variance of its unit's sum, in squared units of `s`.

    Rows of a unit are lognormal about their mean with σ = `spread`; their logarithms correlate by `rho`:
    ``Var Σ = (e^{ρσ²} − 1)(Σ s)² + (e^{σ²} − e^{ρσ²}) Σ s²``, shared in proportion to s.

    Examples
    --------
    >>> one = variance_of(np.array([2.0]), np.array([1.0]), np.array([0]), 0.5)
    >>> bool(np.isclose(one[0], 4 * (np.e - 1)))  # a single row: its own lognormal
    True
    """
    n = int(unit.max(initial=-1)) + 1
    total = np.bincount(unit, s, n)
    within, between = np.expm1(spread**2), np.expm1(rho * spread**2)
    one = np.bincount(unit, s * s * (within - between), n)
    common = np.bincount(unit, s * np.sqrt(between), n) ** 2
    share = np.divide(s, total[unit], out=np.zeros_like(s), where=total[unit] > 0)
    return np.asarray(share * (one + common)[unit])


def own_risk(inputs: ModelInputs, scenarios: ScenarioSet, fields: Fields, classes: Classes, street: Array,
             point_at: NDArray[np.int32], owner: NDArray[np.int32],
             parameters: Parameters) -> tuple[OwnRisk, NDArray[np.float32]]:
    """Own variance of every street and class, and of every cell.

    Parameters
    ----------
    street : (streets, classes) deaths per year
    point_at : (points,) row of each scenario's cell, −1 outside
    owner : (cells,) street of each cell

    Returns
    -------
    OwnRisk, (cells,) float32

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.uncertainty import class_fields
    >>> run = scored()
    >>> fields = class_fields(town(), run.scenarios, run.fields, run.exposure, parameters())
    >>> at, street = town().grid.index(run.scenarios.points.x, run.scenarios.points.y), town().coverage.street
    >>> own, cells = own_risk(town(), run.scenarios, run.fields, fields.classes, fields.street, at, street, parameters())
    >>> own.named_id.tolist(), np.flatnonzero(cells).tolist()
    (['e1'], [7])
    """
    spread = _spreads(inputs, scenarios, parameters)
    rows = np.flatnonzero((spread > 0) & (point_at >= 0) & (fields.point_s > 0))
    s = np.asarray(fields.point_s[rows] * S_UNIT, np.float64)
    unit, first = _units(inputs, scenarios, rows)
    rho = parameters.number("uncertainty.own.rater_correlation")
    part = variance_of(s, spread[rows], unit, rho)
    at, kind = owner[point_at[rows]].astype(np.int64), classes.points[rows].astype(np.int64)
    own = _named(at, kind, s, part, unit, _names(inputs, scenarios, rows[first]), street,
                 parameters.number("uncertainty.own.named"))
    cell = np.bincount(point_at[rows], part, len(owner))
    return own, cell.astype(np.float32)


def _named(at: NDArray[np.int64], kind: NDArray[np.int64], s: Array, part: Array, unit: NDArray[np.int64],
           names: NDArray[np.object_], street: Array, least: float) -> OwnRisk:
    """Split units into the large ones of their street, drawn one by one, and the rest."""
    streets, n = street.shape
    key = (unit * streets + at) * n + kind  # a unit may have rows in two streets or classes
    place, inverse = np.unique(key, return_inverse=True)
    total, variance = np.bincount(inverse, s, len(place)), np.bincount(inverse, part, len(place))
    where, which = place // n % streets, place % n
    large = total >= least * street.sum(axis=1)[where]
    rest = np.asarray(np.bincount((where * n + which)[~large], variance[~large], streets * n), np.float64).reshape(streets, n)
    spread = np.sqrt(np.log1p(variance[large] / total[large] ** 2))
    return OwnRisk(rest, where[large], which[large], total[large], spread, names[place[large] // (n * streets)])


def _units(inputs: ModelInputs, scenarios: ScenarioSet, rows: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """A number per unit: reported rows by enterprise, everything else by feature; and one row of each."""
    points = scenarios.points
    key = points.kind[rows].astype(np.int64) << 32 | points.row[rows]
    if "risk_source" in scenarios.kinds:
        number = scenarios.kinds.index("risk_source")
        mine = points.kind[rows] == number
        codes, _ = pd.factorize(inputs.frames["risk_source"]["enterprise_id"])
        key[mine] = number << 32 | codes[points.row[rows][mine]]
    _, first, unit = np.unique(key, return_index=True, return_inverse=True)
    return unit.astype(np.int64), first


def _names(inputs: ModelInputs, scenarios: ScenarioSet, rows: NDArray[np.intp]) -> NDArray[np.object_]:
    """Kind and id of each row's feature (of a reported row: of its unit)."""
    points = scenarios.points
    names = np.empty(len(rows), object)
    for number, kind in enumerate(scenarios.kinds):
        mine = points.kind[rows] == number
        column = inputs.frames[kind]["enterprise_id" if kind == "risk_source" else "id"]
        names[mine] = column.to_numpy(object)[points.row[rows[mine]]]
    return names


def _spreads(inputs: ModelInputs, scenarios: ScenarioSet, parameters: Parameters) -> Array:
    """σ of every point scenario's own factor: the rater's of reported rows, and a factor for a size that is assumed."""
    points = scenarios.points
    spread2 = np.zeros(len(points.kind))
    assumed = float(sigma(parameters.number("uncertainty.own.assumed")))
    for number, kind in enumerate(scenarios.kinds):
        mine = points.kind == number
        frame = inputs.frames[kind]
        if not mine.any() or frame.empty:
            continue
        size = _has_assumption(frame["assumed"]) * assumed
        if kind == "hazard_source":
            size = size * parameters.number("uncertainty.response.inventory")
        rows = size**2
        if kind == "risk_source":
            blue = ((frame["method"] == "GRADE") & (frame["grade"] == "蓝")).to_numpy(bool)
            usual, wide = (float(sigma(parameters.number(f"uncertainty.own.{name}"))) for name in ("rater", "rater_blue"))
            rows = rows + np.where(blue, wide, usual) ** 2
        spread2[mine] = rows[points.row[mine]]
    return np.sqrt(spread2)


def _has_assumption(column: pd.Series) -> Array:
    return np.array([bool(value) if isinstance(value, list) else False for value in column], np.float64)
