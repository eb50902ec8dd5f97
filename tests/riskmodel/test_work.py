"""Work accidents: sites, equipment, and the staff that nobody reports."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.errors import UnknownIdentifier
from riskmodel import semi, work
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure
from riskmodel.precedence import resolve
from riskmodel.scenarios import ScenarioBuilder, ScenarioSet, Theme
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, STREETS, MakeInputs

LEC = {"enterprise_id": "u", "method": "LEC", "accident_type": "机械伤害", "l": 3, "e": 6, "c": 15}
WEST = GRID.west + 250.0


def run(inputs: ModelInputs, parameters: Parameters) -> ScenarioSet:
    builder = ScenarioBuilder(SOURCE_KINDS)
    counted = resolve(builder, inputs, parameters)
    work.add(builder, inputs, parameters, pd.Series(dtype=np.float64), exposure(inputs, parameters), counted)
    return builder.finish()


def background(result: ScenarioSet) -> float:
    return float(sum(part.frequency.sum() * part.deaths for part in result.background))


def test_builders_of_the_city(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """0.70 M builders at 6 per 100,000: 42 deaths a year (北京 2009 63, 2020 H1 12 of 18)."""
    points = run(make_inputs(work_site=[{"site_type": "building", "workers": 7e5}]), parameters).points
    assert Theme(points.theme[0]) == Theme.BUILDING
    assert points.frequency[0] * points.deaths_local[0] == pytest.approx(42)


def test_equipment_of_the_city(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """市场监管局 2023: 301,492 lifts, 38,324 cranes, 22,996 forklifts, 9,986 boilers: 1.2 + .4 + .5 + .1 deaths."""
    counts = {"lift": 301_492, "crane": 38_324, "forklift": 22_996, "boiler": 9_986}
    points = run(make_inputs(equipment=[{"equipment_type": t, "count": n} for t, n in counts.items()]), parameters).points
    assert (points.theme == Theme.EQUIPMENT).all()
    assert points.frequency * points.deaths_local == pytest.approx([1.21, 0.38, 0.46, 0.10], abs=0.01)


def test_an_unknown_type_of_equipment_is_an_error(make_inputs: MakeInputs, parameters: Parameters) -> None:
    with pytest.raises(UnknownIdentifier, match="缆车"):
        run(make_inputs(equipment=[{"equipment_type": "缆车", "count": 1}]), parameters)


def test_uncovered_staff_by_street_and_section(make_inputs: MakeInputs, parameters: Parameters) -> None:
    units = [
        {"id": "u", "industry": "C", "staff_at_place": 400, "x": WEST},
        {"id": "v", "industry": "C", "staff_at_place": 100, "x": WEST},
    ]
    inputs = make_inputs(
        enterprise=units,
        risk_source=[LEC],
        background=[{"area_code": STREETS[0], "residents": 1, "households": 1, "staff": {"C": 1000, "I": 100, "E": 50}}],
    )
    deaths = work.uncovered_deaths(inputs, parameters, np.array([True, False]))
    assert deaths[STREETS[0]] == pytest.approx((600 * 1.1 + 150 * 0.03) * 1e-5)
    share = parameters.number("work.background.equipment_share")
    result = run(inputs, parameters)
    assert background(result) == pytest.approx(deaths.sum() * (1 - share))
    cell = GRID.index(WEST, GRID.north - 2000.0)
    assert result.background[0].cell.tolist() == [cell]


def test_covered_staff_can_not_go_below_zero(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(
        enterprise=[{"id": "u", "industry": "C", "staff_at_place": 400, "x": WEST}],
        risk_source=[LEC],
        background=[{"area_code": STREETS[0], "residents": 1, "households": 1, "staff": {"C": 10}}],
    )
    assert background(run(inputs, parameters)) == 0.0


def test_staff_is_in_the_reports_or_in_the_background(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A unit whose rows all lose to a quantified source keeps its work accidents, in the background."""
    unit = {"id": "u", "industry": "C", "staff_at_place": 400, "x": WEST}
    beaten = make_inputs(
        enterprise=[unit], risk_source=[{**LEC, "hazard_key": "k"}],
        hazard_source=[{"enterprise_id": "u", "hazard_key": "k", "quantity_t": 1.0,
                        "unit_type": "filling_station", "substance": "gasoline"}],
    )
    share = parameters.number("work.background.equipment_share")
    assert background(run(beaten, parameters)) == pytest.approx(400 * 1.1e-5 * (1 - share))
    assert background(run(make_inputs(enterprise=[unit], risk_source=[LEC]), parameters)) == 0.0


def test_a_street_without_units_spreads_on_its_residents(make_inputs: MakeInputs, parameters: Parameters) -> None:
    residents = np.zeros(GRID.size)
    residents[45] = 7.0
    street = STREETS[1] if 45 % 40 >= 20 else STREETS[0]
    inputs = make_inputs(
        residents=residents, background=[{"area_code": street, "residents": 7, "households": 3, "staff": {"N": 100}}]
    )
    assert run(inputs, parameters).background[0].cell.tolist() == [45]


def test_themes_of_the_background(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(background=[{"area_code": STREETS[0], "residents": 1, "households": 1, "staff": {"C": 1e6}}])
    share = parameters.number("work.background.equipment_share")
    parts = {part.theme: part.frequency.sum() * part.deaths for part in run(inputs, parameters).background}
    assert parts == pytest.approx({Theme.WORK_OTHER: 11 * (0.84 - share), Theme.CONFINED: 11 * 0.16})


def test_means_agree_with_their_tails(parameters: Parameters) -> None:
    """E[N] of a survival function lies between its steps summed from the right and from the left."""
    from riskmodel.scenarios import FN_N

    steps = np.diff([0, *FN_N])
    for name in ("", "confined_"):
        survival = parameters.array(f"work.accident.{name}survival")
        low = float(steps @ survival)
        high = float(np.diff(FN_N) @ survival[:-1]) + 1.0
        assert low <= parameters.number(f"work.accident.{name}deaths") + 1e-9 <= high + 1e-9


def test_rates_over_the_city_give_the_anchor(parameters: Parameters) -> None:
    """五经普 2023: 13.1 M employed; with 0.70 M builders the rates sum to 71 deaths a year (50–95)."""
    staff = {
        "B": 1e4,
        "C": 7.2e5,
        "D": 1e5,
        "E": 2.5e5,
        "F": 1.55e6,
        "G": 6.2e5,
        "H": 5.2e5,
        "K": 7e5,
        "L": 1.95e6,
        "N": 1.2e5,
        "O": 2.7e5,
        "I": 1.79e6,
        "J": 7.5e5,
        "M": 1.26e6,
        "P": 7.1e5,
        "Q": 4.6e5,
        "R": 2.55e5,
        "S": 3.45e5,
    }
    rates = semi.staff_rates(pd.Series(list(staff)), parameters)
    assert rates @ np.array(list(staff.values())) + 7e5 * 6e-5 == pytest.approx(71, abs=2)
