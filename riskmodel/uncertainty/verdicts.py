"""Levels in the draws: the rules of streets and cells applied to every draw, and what that says of the colour shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.scenarios import FN_N, ScenarioSet, Scope
from riskmodel.societal import InstallationEvents
from riskmodel.targets import fences
from riskmodel.uncertainty.criteria import curve_draws, ir_multipliers
from riskmodel.uncertainty.draws import StreetDraws, cell_density, cell_shares
from riskmodel.uncertainty.subfields import ClassFields
from riskmodel.uncertainty.zoning import density_level

Array = NDArray[np.float64]

#: Targets, dwellings and installations this much below a limit are still drawn: a draw may lift them over it.
NEAR_A_LIMIT = 5.0


@dataclass(frozen=True)
class CriteriaLevels:
    """Levels by individual risk and by F-N curves, in every draw (4 where nothing fires).

    Attributes
    ----------
    street : (draws, streets) int8
    cell : (k,) int64
        Ascending cells with a target or dwellings near or above a limit.
    cell_level : (draws, k) int8

    Examples
    --------
    >>> drawn = CriteriaLevels(np.array([[1, 4], [2, 4]], np.int8), np.array([7]), np.array([[1], [2]], np.int8))
    >>> (drawn.street == 1).mean(axis=0).tolist()
    [0.5, 0.0]
    """

    street: NDArray[np.int8]
    cell: NDArray[np.int64]
    cell_level: NDArray[np.int8]


def criteria_levels(inputs: ModelInputs, scenarios: ScenarioSet, classes: ClassFields, found: StreetDraws, targets: pd.DataFrame,
                    dwellings: pd.DataFrame, curves: pd.DataFrame, events: InstallationEvents,
                    parameters: Parameters) -> CriteriaLevels:
    """Rules C-IR, S-IR and S-FN in every draw.

    Parameters
    ----------
    targets, dwellings : tables of :mod:`riskmodel.targets`
    curves, events : of :mod:`riskmodel.societal`

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.societal import event_table, installation_curves, installation_events
    >>> from riskmodel.uncertainty import class_fields, draw_streets
    >>> inputs, run, p = town(), scored(), parameters()
    >>> classes = class_fields(inputs, run.scenarios, run.fields, run.exposure, p)
    >>> events = installation_events(inputs, run.scenarios, event_table(inputs, run.scenarios, run.exposure))
    >>> curves = installation_curves(inputs, events, p)
    >>> draws = draw_streets(classes, p, draws=200)
    >>> found = criteria_levels(inputs, run.scenarios, classes, draws, run.targets, run.dwellings, curves, events, p)
    >>> (found.street <= 2).mean(axis=0).tolist()
    [0.95, 0.0]
    """
    rows = {code: row for row, code in enumerate(inputs.streets["code"])}
    street = np.full((found.factors.draws, len(inputs.streets)), 4, np.int8)
    fence = fences(scenarios.points, inputs, scenarios)
    tested = [*_targets(targets), *_dwellings(dwellings)]
    table = pd.concat(tested, ignore_index=True) if tested else pd.DataFrame()
    by_street = by_cell = np.empty((found.factors.draws, 0), np.int8)
    if len(table):
        by_street, by_cell = _ir_levels(table, scenarios, classes, found, parameters, fence)
        _lowest(street, table["area_code"].map(rows).fillna(-1).to_numpy(np.int64), by_street)
    near = curves[curves["within_decade"] | (curves["zone"] == 2) | _almost(curves, parameters)]
    if len(near):
        at = near["area_code"].map(rows).fillna(-1).to_numpy(np.int64)
        drawn = curve_draws(events, near.index.to_numpy(np.int64), at, classes.classes, found)
        ratio = (drawn / (parameters.number("levels.criteria.fn_upper") / np.asarray(FN_N, np.float64))).max(axis=2)
        _lowest(street, at, np.where(ratio > 1.0, 1, np.where(ratio > 0.1, 2, 4)).astype(np.int8))
    cell, place = np.unique(table["cell"].to_numpy(np.int64) if len(table) else np.empty(0, np.int64), return_inverse=True)
    level = np.full((found.factors.draws, len(cell)), 4, np.int8)
    _lowest(level, place, by_cell)
    return CriteriaLevels(street, cell, level)


def _almost(curves: pd.DataFrame, parameters: Parameters) -> NDArray[np.bool_]:
    """Curves within :data:`NEAR_A_LIMIT` of a decade below the upper line."""
    upper = parameters.number("levels.criteria.fn_upper") / np.asarray(FN_N, np.float64)
    return np.array([bool(np.any(np.asarray(f) > upper / 10 / NEAR_A_LIMIT)) for f in curves["f"]], np.bool_)


_TESTED = ["area_code", "cell", "hc_x", "hc_y", "an_x", "an_y", "in_service", "new"]


def _targets(targets: pd.DataFrame) -> list[pd.DataFrame]:
    """Targets near a limit; what is tested is the highest risk of their footprint."""
    near = targets[(targets["ir_hc"] > targets["new"] / NEAR_A_LIMIT) | (targets["ir_an"] > targets["new"] / NEAR_A_LIMIT)]
    if near.empty:
        return []
    return [near[_TESTED].assign(hc=near["ir_hc"], hc_most=near["ir_hc"], an=near["ir_an"], dwelling=False)]


def _dwellings(dwellings: pd.DataFrame) -> list[pd.DataFrame]:
    """Cells with houses: the lowest risk in the cell holds for all of them, the highest for some."""
    if dwellings.empty:
        return []
    known = dwellings[dwellings["area_code"].notna()]
    return [known[_TESTED].assign(hc=known["hc_low"], hc_most=known["hc_high"], an=known["an_low"], dwelling=True)]


def _ir_levels(table: pd.DataFrame, scenarios: ScenarioSet, classes: ClassFields, found: StreetDraws,
               parameters: Parameters, fence: Array) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Street level and cell level of every tested place in every draw."""
    drawn = {}
    for scope, name in ((Scope.HC, "hc"), (Scope.AN, "an")):
        x, y = (table[f"{name}_{axis}"].to_numpy(np.float64) for axis in "xy")
        drawn[name] = ir_multipliers(x, y, scope, scenarios, classes.classes, found, parameters, fence)
    hc, most, an, in_service, new = (table[name].to_numpy(np.float64) for name in ("hc", "hc_most", "an", "in_service", "new"))
    dwelling = table["dwelling"].to_numpy(np.bool_)
    risk, highest, other = drawn["hc"] * hc, drawn["hc"] * most, drawn["an"] * an
    red = risk > in_service
    orange = (risk > new) | (other > in_service) | (dwelling & (highest > in_service))
    yellow = (other > new) | (dwelling & (highest > new))
    street = np.where(red, 1, np.where(orange, 2, 4)).astype(np.int8)
    return street, np.where(yellow & (street == 4), 3, street).astype(np.int8)


def _lowest(levels: NDArray[np.int8], place: NDArray[np.int64], found: NDArray[np.int8]) -> None:
    """Lower the levels (draws, places) to those found at them; a negative place is nowhere."""
    for column in np.flatnonzero(place >= 0):
        np.minimum(levels[:, place[column]], found[:, column], out=levels[:, place[column]])


def cell_level_shares(cell: NDArray[np.int64], fixed: NDArray[np.int8], classes: ClassFields, found: StreetDraws,
                      criteria: CriteriaLevels, parameters: Parameters, cell_km2: float) -> NDArray[np.float32]:
    """P(level) of cells, shape (cells, 4).

    Parameters
    ----------
    cell : (n,) int64
        Ascending flat indices.
    fixed : (n,) int8
        Level by what is not drawn (vetoes, rules on the field), 4 for none.

    Examples
    --------
    >>> from riskmodel.example import GRID, parameters, scored, town
    >>> from riskmodel.uncertainty import class_fields, draw_streets
    >>> run, p = scored(), parameters()
    >>> classes = class_fields(town(), run.scenarios, run.fields, run.exposure, p)
    >>> draws, none = draw_streets(classes, p, draws=200), np.empty((200, 0), np.int8)
    >>> quiet, cells = CriteriaLevels(np.full((200, 2), 4, np.int8), np.empty(0, np.int64), none), np.arange(24)
    >>> fixed = np.where(cells == 7, 1, 4).astype(np.int8)  # a veto in cell 7
    >>> found = cell_level_shares(cells, fixed, classes, draws, quiet, p, GRID.cell_km2)
    >>> [[f"{share:.1f}" for share in shares] for shares in found[[4, 7]]]
    [['0.0', '0.0', '0.0', '1.0'], ['1.0', '0.0', '0.0', '0.0']]
    """
    thresholds = parameters.array("levels.cell.density")
    at = np.searchsorted(cell, classes.cell)
    reached = np.zeros((len(cell), 3), np.float32)
    reached[at] = cell_shares(classes, found, thresholds, cell_km2)
    _with_criteria(reached, cell, classes, found, criteria, thresholds, cell_km2)
    for level in range(1, 4):
        reached[fixed <= level, level - 1] = 1.0
    edges = np.concatenate([np.zeros((len(cell), 1), np.float32), reached, np.ones((len(cell), 1), np.float32)], axis=1)
    return np.diff(edges, axis=1)


def _with_criteria(reached: NDArray[np.float32], cell: NDArray[np.int64], classes: ClassFields, found: StreetDraws,
                   criteria: CriteriaLevels, thresholds: Array, cell_km2: float) -> None:
    """Cells with a tested place: density and criteria together, draw by draw."""
    here = np.searchsorted(cell, criteria.cell)
    known = here < len(cell)
    known[known] = cell[here[known]] == criteria.cell[known]
    level = criteria.cell_level[:, known].T.copy()
    rows = np.searchsorted(classes.cell, criteria.cell[known])
    drawn = rows < len(classes.cell)
    drawn[drawn] = classes.cell[rows[drawn]] == criteria.cell[known][drawn]
    density = cell_density(classes, found, rows[drawn], cell_km2)
    by_density = density_level(density.ravel(), thresholds).reshape(density.shape)
    level[drawn] = np.minimum(level[drawn], by_density)
    for k in range(3):
        reached[here[known], k] = (level <= k + 1).mean(axis=1)
