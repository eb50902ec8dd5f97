"""Work accidents (工矿商贸): building sites, special equipment, and the staff that no report covers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.columns import known, looked_up, numbers
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import Exposure, at_cells, background_staff, over_streets, staff_by_street
from riskmodel.precedence import Precedence
from riskmodel.scenarios import ScenarioBuilder, Scope, Theme
from riskmodel.semi import assess, staff_rates, units


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, factors: pd.Series,  # noqa: ARG001
        exposure: Exposure, counted: Precedence, covered: NDArray[np.bool_] | None = None) -> None:  # noqa: ARG001
    """Add building sites, equipment and the background of work accidents.

    Parameters
    ----------
    covered : (enterprises,) bool, optional
        Units whose reports carry their work accidents, where :func:`riskmodel.semi.add` found them already.

    Examples
    --------
    >>> from riskmodel.build import SOURCE_KINDS
    >>> from riskmodel.example import parameters, scored, town
    >>> builder = ScenarioBuilder(SOURCE_KINDS)
    >>> add(builder, town(), parameters(), pd.Series({"e1": 1.0}), scored().exposure, Precedence({}))
    >>> found = builder.finish()
    >>> found.labels, (found.points.frequency * found.points.deaths_local).round(5).tolist()
    (('建筑施工事故', '特种设备事故'), [0.0036, 3e-05])
    """
    tail = builder.tail(parameters.array("work.accident.survival"))
    _add_sites(builder, inputs, parameters, tail)
    _add_equipment(builder, inputs, parameters)
    if covered is None:
        covered = units(inputs, parameters, counted, assess(inputs.frames["risk_source"], parameters)).covered
    _add_background(builder, inputs, parameters, covered, tail)


def uncovered_deaths(inputs: ModelInputs, parameters: Parameters, covered: NDArray[np.bool_]) -> pd.Series:
    """Work deaths per year and street of staff that no report covers, before the split into themes.

    ``Σ_g r_g · max(0, staff of all units − staff of covered units)``; a street without a background row takes the staff of its
    enterprises that are not covered. Building (E) counts at the office rate: builders die on work sites.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> uncovered_deaths(town(), parameters(), np.array([True, False])).round(5).to_dict()
    {'110101001000': 0.00139, '110101002000': 0.00027}
    """
    reported, unreported = staff_by_street(inputs, covered), staff_by_street(inputs, ~covered)
    known = background_staff(inputs)
    rest = [(code, g, max(0.0, n - reported.get((code, g), 0.0))) for code, staff in known.items() for g, n in staff.items()]
    rest += [(code, g, n) for (code, g), n in unreported.items() if code not in known]
    table = pd.DataFrame(rest, columns=["code", "industry", "staff"])
    table["deaths"] = staff_rates(table["industry"], parameters) * table["staff"].astype(np.float64)
    return table.groupby("code")["deaths"].sum()


def _add_sites(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, tail: int) -> None:
    """Fatal accidents of builders: r_E per worker and year, at the site."""
    sites = inputs.frames["work_site"]
    deaths = parameters.number("work.accident.deaths")
    rate = parameters.table("work.rates.deaths")["E"] * 1e-5
    frequency = rate * numbers(sites["workers"]) / deaths
    row = np.flatnonzero(frequency > 0)
    builder.add_points("work_site", "建筑施工事故", Theme.BUILDING, Scope.NONE, row=row, x=numbers(sites["x"])[row],
                       y=numbers(sites["y"])[row], frequency=frequency[row], deaths_local=deaths, tail=tail)


def _add_equipment(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters) -> None:
    """Accidents of special equipment: deaths per unit and year by type, at the place."""
    frame = inputs.frames["equipment"]
    deaths = equipment_deaths(inputs, parameters)
    per_event = looked_up(frame["equipment_type"], parameters.table("work.equipment.per_event"))
    builder.add_points("equipment", "特种设备事故", Theme.EQUIPMENT, Scope.NONE, row=np.arange(len(frame)),
                       x=numbers(frame["x"]), y=numbers(frame["y"]),
                       frequency=deaths / per_event, deaths_local=per_event)


def equipment_deaths(inputs: ModelInputs, parameters: Parameters) -> NDArray[np.float64]:
    """Deaths per year by the special equipment of every row: a rate per unit by type, times the count.

    Raises
    ------
    UnknownIdentifier
        If a type has no rate.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> [f"{d:.1e}" for d in equipment_deaths(town(), parameters())]
    ['3.0e-05']
    """
    frame, rates = inputs.frames["equipment"], parameters.table("work.equipment.deaths")
    known(frame["equipment_type"], rates, "设备类型", "equipment type")
    return np.asarray(looked_up(frame["equipment_type"], rates) * numbers(frame["count"]))


def _add_background(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, covered: NDArray[np.bool_],
                    tail: int) -> None:
    """What no report covers, spread on each street's cells by the risk of its uncovered enterprises, else by residents."""
    enterprises = inputs.frames["enterprise"]
    at_risk = staff_rates(enterprises["industry"], parameters) * numbers(enterprises["staff_at_place"]) * ~covered
    weight = at_cells(inputs, enterprises["cell"], at_risk)
    cover = inputs.coverage
    has = np.bincount(cover.street, cover.fraction * weight[cover.cell], len(inputs.streets)) > 0
    deaths_by_street = uncovered_deaths(inputs, parameters, covered)
    with_units = set(inputs.streets["code"][has])
    chosen = deaths_by_street.index.isin(with_units)
    deaths = over_streets(inputs, deaths_by_street[chosen], weight)
    deaths += over_streets(inputs, deaths_by_street[~chosen], inputs.residents)
    confined = parameters.number("work.background.confined_share")
    other = 1.0 - confined - parameters.number("work.background.equipment_share")
    per_event = parameters.number("work.accident.deaths")
    builder.add_background("未上报单位生产安全事故", Theme.WORK_OTHER, frequency=deaths * (other / per_event),
                           deaths=per_event, tail=tail)
    per_confined = parameters.number("work.accident.confined_deaths")
    rescue = builder.tail(parameters.array("work.accident.confined_survival"))
    builder.add_background("有限空间作业事故", Theme.CONFINED, frequency=deaths * (confined / per_confined),
                           deaths=per_confined, tail=rescue)
