"""F-N curves of installations: the only curves that the criterion lines of GB 36894 judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.scenarios import FN_N, ScenarioSet, Scope
from riskmodel.societal.curves import fn_curves, zone
from riskmodel.societal.events import EventTable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class InstallationEvents:
    """Events of the installations, deaths summed over everywhere.

    Attributes
    ----------
    ids : (m,) object
        Enterprise of each installation, or the unit where it has none.
    unit : (m,) int64
        Row of one of its units in the hazard_source frame.
    installation : (n,) int64
        Whose event.
    scenario : (n,) int64
        Row of the point scenario.
    rate, deaths : (n,) float64

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> from riskmodel.societal import event_table
    >>> run = scored()
    >>> found = installation_events(town(), run.scenarios, event_table(town(), run.scenarios, run.exposure))
    >>> found.ids.tolist(), found.unit.tolist(), f"{(found.rate * found.deaths).sum():.1e}"
    (['e1'], [0], '4.3e-04')
    """

    ids: NDArray[np.object_]
    unit: NDArray[np.int64]
    installation: NDArray[np.int64]
    scenario: NDArray[np.int64]
    rate: Array
    deaths: Array


def installation_events(inputs: ModelInputs, scenarios: ScenarioSet, table: EventTable) -> InstallationEvents:
    """Events of every hazardous-chemical installation of the scope of GB 36894.

    All units of one enterprise are one installation (GB/T 37243-2019 clause 4: once one of them needs a quantitative
    assessment, all of them go into it).

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> from riskmodel.societal import event_table
    >>> run = scored()
    >>> found = installation_events(town(), run.scenarios, event_table(town(), run.scenarios, run.exposure))
    >>> found.ids.tolist(), found.deaths.max().round(1).item()
    (['e1'], 30.1)
    """
    points = scenarios.points
    chosen = (points.scope == Scope.HC) & (points.kernel >= 0) & (points.kind == scenarios.kinds.index("hazard_source"))
    units = inputs.frames["hazard_source"]
    owner = units["enterprise_id"].where(units["enterprise_id"].notna(), units["id"]).to_numpy(object)
    rows = np.flatnonzero(chosen)
    codes, ids = pd.factorize(owner[points.row[rows]])
    of_point = np.full(len(points.x) + len(scenarios.lines.rate), -1, np.int64)
    of_point[rows] = codes
    mine = of_point[table.scenario] >= 0
    # one part per scenario: a sum over the streets of each event, slot and sector
    scenario, rate, deaths = table.summed(np.where(mine, table.scenario, -1).astype(np.int64))
    _, first = np.unique(codes, return_index=True)
    unit = points.row[rows][first].astype(np.int64)
    return InstallationEvents(np.asarray(ids, object), unit, of_point[scenario], scenario, rate, deaths)


def installation_curves(inputs: ModelInputs, events: InstallationEvents, parameters: Parameters) -> pd.DataFrame:
    """F-N of every installation and its zone.

    Returns
    -------
    DataFrame
        id, name, area_code, zone (0–2 of :data:`riskmodel.societal.ZONES`), within_decade (within a decade below the upper
        line), f (list: per year at the values of FN_N).

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.societal import event_table
    >>> run = scored()
    >>> events = installation_events(town(), run.scenarios, event_table(town(), run.scenarios, run.exposure))
    >>> installation_curves(town(), events, parameters())[["id", "name", "zone", "within_decade"]].values.tolist()
    [['e1', '甲化工厂', 1, True]]
    """
    units, enterprises = inputs.frames["hazard_source"], inputs.frames["enterprise"]
    curves = fn_curves(events.rate, events.deaths, events.installation, len(events.ids))
    owners = enterprises[enterprises["id"].isin(events.ids)]
    names = dict(zip(owners["id"], owners["name"], strict=True))
    upper = parameters.number("levels.criteria.fn_upper") / np.asarray(FN_N, np.float64)
    result = []
    for identity, row, curve in zip(events.ids, events.unit, curves, strict=True):
        unit = units.iloc[int(row)]
        result.append({
            "id": identity, "name": names.get(identity) or unit["name"], "area_code": unit["area_code"],
            "zone": zone(curve, parameters), "within_decade": bool(np.any(curve > upper / 10)), "f": curve.tolist(),
        })
    table = pd.DataFrame(result, columns=["id", "name", "area_code", "zone", "within_decade", "f"])
    return table.astype({"zone": np.int64, "within_decade": bool})
