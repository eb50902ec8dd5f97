"""What if: the same engine on an edited copy of the inputs, laid as a difference; publishes nothing.

People stay where they are. An edit therefore moves only the sources that it names and what depends on them (escalation to
neighbours, help), and the fields are those of a full run of the copy, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import BadParameter, NotFound
from riskmodel.build import build_scenarios
from riskmodel.fields import S_UNIT, Fields, Way
from riskmodel.incremental import update
from riskmodel.inputs import ModelInputs, main_street
from riskmodel.parameters import Parameters
from riskmodel.people import Exposure
from riskmodel.scenarios import ScenarioSet


@dataclass(frozen=True)
class Answer:
    """What an edit would change.

    Attributes
    ----------
    scenarios, fields : of the edited copy
    streets : DataFrame
        code, name, pll_before, pll_after (deaths per year), of the streets whose risk changes, the largest change first.
    pll_before, pll_after : float
        Deaths per year over the whole grid.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run = scored()
    >>> edited = moved(town(), "hazard_source", "h1", 502_800.0, 4_401_200.0)
    >>> answer = what_if(edited, run.scenarios, run.fields, run.exposure, parameters())
    >>> answer.streets["name"].tolist(), answer.pll_after > answer.pll_before
    (['东街道', '西街道'], True)
    """

    scenarios: ScenarioSet
    fields: Fields
    streets: pd.DataFrame
    pll_before: float
    pll_after: float


def what_if(edited: ModelInputs, scenarios: ScenarioSet, fields: Fields, people: Exposure, parameters: Parameters, *,
            way: Way | None = None) -> Answer:
    """Fields and streets of an edited copy, from those of the run that it was copied from.

    Parameters
    ----------
    edited : ModelInputs
        The copy, for example of :func:`moved`; same grid, streets and residents.
    scenarios, fields, people : of the run (:class:`riskmodel.run.RunResult` has all three)

    Raises
    ------
    UnknownIdentifier, BadParameter
        As :func:`riskmodel.run.score`.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run = scored()
    >>> without = town(hazard_source=[])
    >>> answer = what_if(without, run.scenarios, run.fields, run.exposure, parameters())
    >>> answer.streets[["name", "pll_before", "pll_after"]].round(5).values.tolist()
    [['西街道', 0.00443, 0.00394]]
    """
    after, _ = build_scenarios(edited, parameters, people)
    laid = update(fields, scenarios, after, people, edited.grid, way=way)
    was, now = _by_street(edited, fields), _by_street(edited, laid)
    table = edited.streets[["code", "name"]].assign(pll_before=was, pll_after=now)[was != now]
    order = np.argsort(-np.abs(table["pll_after"] - table["pll_before"]).to_numpy(), kind="stable")
    return Answer(after, laid, table.iloc[order].reset_index(drop=True), int(fields.total.sum()) * S_UNIT,
                  int(laid.total.sum()) * S_UNIT)


def moved(inputs: ModelInputs, kind: str, identity: str, x: float, y: float) -> ModelInputs:
    """A copy in which one feature stands elsewhere.

    Parameters
    ----------
    x, y : float
        New place of its representative point, Albers metres; its shape moves along.

    Raises
    ------
    NotFound
        If there is no such feature.
    BadParameter
        If the place lies outside the grid.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> edited = moved(town(), "hazard_source", "h1", 502_800.0, 4_401_200.0)
    >>> edited.frames["hazard_source"][["cell", "area_code"]].values.tolist()
    [[11, '110101002000']]
    """
    frame = inputs.frames[kind]
    at = np.flatnonzero((frame["id"] == identity).to_numpy(bool))
    if not at.size:
        raise NotFound(f"没有编号为“{identity}”的{kind}", f"there is no {kind} {identity!r}", kind=kind, id=identity)
    cell = int(inputs.grid.index(np.array([x]), np.array([y]))[0])
    if cell < 0:
        raise BadParameter("新位置在计算范围之外", "the new place lies outside the grid", x=x, y=y)
    copy, row = frame.copy(), at[0]
    by = x - float(copy["x"].iloc[row]), y - float(copy["y"].iloc[row])
    street = int(main_street(inputs.coverage, np.array([cell]))[0])
    changed = {"x": x, "y": y, "cell": cell, "geometry": shapely.transform(copy["geometry"].iloc[row], lambda xy: xy + by),
               "area_code": str(inputs.streets["code"].iloc[street]) if street >= 0 else None}
    for name, value in changed.items():
        column = copy[name].to_numpy(copy=True)
        column[row] = value
        copy[name] = column
    return replace(inputs, frames={**inputs.frames, kind: copy})


def _by_street(inputs: ModelInputs, fields: Fields) -> NDArray[np.float64]:
    cover = inputs.coverage
    share = cover.fraction * fields.total[cover.cell] * S_UNIT
    return np.asarray(np.bincount(cover.street, share, minlength=len(inputs.streets)), np.float64)
