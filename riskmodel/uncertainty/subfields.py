"""Class sub-fields: the societal risk of every class per street and per cell, so that a draw is a weighted sum.

Deaths at a place and the background are known by class exactly. What footprints make is known by theme in every cell; it is
shared among the theme's classes as the street's own sources make it. Sums over classes are the fields' own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.fields import S_UNIT, Fields, local_s
from riskmodel.inputs import ModelInputs, main_street
from riskmodel.parameters import Parameters
from riskmodel.people import Exposure
from riskmodel.scenarios import ScenarioSet, Theme
from riskmodel.uncertainty.classes import Classes, classify
from riskmodel.uncertainty.own import OwnRisk, own_risk
from riskmodel.uncertainty.response import heat_response, tail_response

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ClassFields:
    """S by class, with what is needed to draw from it.

    Attributes
    ----------
    classes : Classes
    codes : (streets,) object
        Street codes; they name the random numbers of a street's own factors.
    street : (streets, classes) float64
        Deaths per year.
    cell : (n,) int64
        Ascending cells with risk inside the city; the next three follow it.
    cells : (n, classes) float32
        Deaths per year.
    cell_street : (n,) int32
        Street with the largest share of the cell.
    cell_variance : (n,) float32
        Own variance of the cell's deaths, in squared deaths per year.
    own : OwnRisk
        Own variance by street and class, and the sources that are drawn one by one.
    heat : (classes, probits) float64
    tail : (classes,) float64

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run = scored()
    >>> found = class_fields(town(), run.scenarios, run.fields, run.exposure, parameters())
    >>> toxic = found.names.index("toxic")
    >>> found.street[:, toxic].round(5).tolist(), found.cell[found.cells[:, toxic] > 0].tolist()
    ([0.00066, 0.0], [0, 1, 2, 6, 7, 8, 12, 13, 14])
    """

    classes: Classes
    codes: NDArray[np.object_]
    street: Array
    cell: NDArray[np.int64]
    cells: NDArray[np.float32]
    cell_street: NDArray[np.int32]
    cell_variance: NDArray[np.float32]
    own: OwnRisk
    heat: Array
    tail: Array

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.classes.names


def class_fields(inputs: ModelInputs, scenarios: ScenarioSet, fields: Fields, exposure: Exposure,
                 parameters: Parameters) -> ClassFields:
    """Sub-fields of a run: S by class per street and per cell of the city.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run = scored()
    >>> found = class_fields(town(), run.scenarios, run.fields, run.exposure, parameters())
    >>> found.street.sum(axis=1).round(4).tolist(), found.names[found.street[1].argmax()]
    ([0.0044, 0.0076], 'building')
    """
    classes = classify(inputs, scenarios, parameters)
    coverage, streets = inputs.coverage, len(inputs.streets)
    total = fields.total
    covered = np.zeros(inputs.grid.size, np.bool_)
    covered[coverage.cell] = True
    cell = np.flatnonzero((total > 0) & covered)
    at = np.full(inputs.grid.size, -1, np.int32)
    at[cell] = np.arange(len(cell), dtype=np.int32)
    owner = main_street(coverage, cell)
    point_at = _cells_of(inputs, scenarios, at)
    cells = _local(scenarios, fields, classes, point_at, cell)
    lines = scenarios.lines
    middle = inputs.grid.index((lines.x1 + lines.x2) / 2, (lines.y1 + lines.y2) / 2)
    line_at = np.where(middle >= 0, at[middle], -1).astype(np.int32)
    _add_footprints(cells, fields, scenarios, classes, cell, owner, point_at, streets, line_at)
    pairs = np.flatnonzero(at[coverage.cell] >= 0)
    where, share, which = at[coverage.cell[pairs]], coverage.fraction[pairs], coverage.street[pairs]
    parts = [np.bincount(which, cells[:, c][where] * share, streets) for c in range(len(classes.names))]
    street = np.asarray(np.stack(parts, axis=1), np.float64)
    own, cell_variance = own_risk(inputs, scenarios, fields, classes, street, point_at, owner, parameters)
    people = (float(exposure.mean_outdoors.sum()), float(exposure.mean_indoors.sum()))
    return ClassFields(classes, inputs.streets["code"].to_numpy(object), street, cell, cells.astype(np.float32), owner,
                       cell_variance, own, heat_response(scenarios, fields, classes, people, parameters),
                       tail_response(scenarios, classes))


def _cells_of(inputs: ModelInputs, scenarios: ScenarioSet, at: NDArray[np.int32]) -> NDArray[np.int32]:
    """Row of each point scenario's cell among the cells with risk; −1 outside the city."""
    index = inputs.grid.index(scenarios.points.x, scenarios.points.y)
    return np.asarray(np.where(index >= 0, at[index], -1), np.int32)


def _local(scenarios: ScenarioSet, fields: Fields, classes: Classes, point_at: NDArray[np.int32],
           cell: NDArray[np.int64]) -> Array:
    """Deaths at the place and of the background, by cell and class."""
    n = len(classes.names)
    inside = point_at >= 0
    key = point_at[inside].astype(np.int64) * n + classes.points[inside]
    amount = local_s(scenarios.points)[inside] * S_UNIT
    cells = np.asarray(np.bincount(key, amount, len(cell) * n), np.float64).reshape(len(cell), n)
    for c, layer in zip(classes.background, fields.background_s, strict=True):
        cells[:, c] += np.asarray(layer[cell] * S_UNIT, np.float64)
    return cells


def _add_footprints(cells: Array, fields: Fields, scenarios: ScenarioSet, classes: Classes, cell: NDArray[np.int64],
                    owner: NDArray[np.int32], point_at: NDArray[np.int32], streets: int, line_at: NDArray[np.int32]) -> None:
    """What the theme fields hold beyond local deaths is the footprints'; the classes share it as the street's sources make it."""
    points, lines, n = scenarios.points, scenarios.lines, len(classes.names)
    reach = points.kernel >= 0
    row = np.concatenate([point_at[reach], line_at])
    near = np.where(row >= 0, owner[row], -1)
    made = np.concatenate([(fields.point_s - local_s(points))[reach], fields.line_s]) * S_UNIT
    theme = np.concatenate([points.theme[reach], lines.theme])
    kind = np.concatenate([classes.points[reach], classes.lines])
    for t in np.unique(theme):
        mine = theme == t
        mix = _mix(near[mine], kind[mine], made[mine], streets, n)
        rest = _rest(fields, scenarios, cell, point_at, Theme(int(t)))
        busy = np.flatnonzero(rest > 0)
        used = np.flatnonzero(mix[-1] > 0)
        cells[np.ix_(busy, used)] += rest[busy, None] * mix[owner[busy]][:, used]


def _mix(street: NDArray[np.int32], kind: NDArray[np.int8], made: Array, streets: int, n: int) -> Array:
    """Shares of the classes in every street; the last row, and a street without a source of its own: as in the city."""
    key = np.where(street >= 0, street, streets).astype(np.int64) * n + kind
    mix = np.bincount(key, made, (streets + 1) * n).reshape(streets + 1, n)
    mix[-1] = mix.sum(axis=0)
    mix[mix.sum(axis=1) <= 0] = mix[-1]
    whole = mix.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(mix, whole, out=np.zeros_like(mix), where=whole > 0))


def _rest(fields: Fields, scenarios: ScenarioSet, cell: NDArray[np.int64], point_at: NDArray[np.int32], theme: Theme) -> Array:
    """S of a theme less its local deaths and background, deaths per year: what footprints make."""
    mine = (scenarios.points.theme == theme) & (point_at >= 0)
    known = np.asarray(np.bincount(point_at[mine], local_s(scenarios.points)[mine], len(cell)), np.float64)
    for item, layer in zip(scenarios.background, fields.background_s, strict=True):
        if item.theme == theme:
            known += layer[cell]
    return np.asarray(np.maximum(fields.s[theme, cell] - known, 0.0) * S_UNIT, np.float64)
