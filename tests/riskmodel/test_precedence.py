"""One hazard counts once."""

from __future__ import annotations

import pytest

from riskmodel.parameters import Parameters
from riskmodel.precedence import resolve
from riskmodel.scenarios import ScenarioBuilder
from tests.riskmodel.conftest import MakeInputs

HAZARD = {"enterprise_id": "a", "unit_type": "filling_station", "substance": "gasoline", "quantity_t": 63.0, "hazard_key": "tank"}


def source(method: str = "LEC", key: str | None = None, accident: str = "触电", enterprise: str = "a") -> dict[str, object]:
    return {"enterprise_id": enterprise, "method": method, "accident_type": accident, "hazard_key": key}


def test_quantified_beats_everything_with_its_key(builder: ScenarioBuilder, make_inputs: MakeInputs,
                                                  parameters: Parameters) -> None:
    inputs = make_inputs(
        hazard_source=[HAZARD],
        venue=[{"hazard_key": "tank"}, {"hazard_key": "hall"}],
        risk_source=[source(key="tank"), source("GRADE", "tank"), source(key="other")],
    )
    counted = resolve(builder, inputs, parameters).counted
    assert counted["hazard_source"].tolist() == [True]
    assert counted["venue"].tolist() == [False, True]
    assert counted["risk_source"].tolist() == [False, False, True]
    assert builder.superseded == {("venue", 0), ("risk_source", 0), ("risk_source", 1)}


def test_scores_beat_bare_grades_and_equals_all_count(builder: ScenarioBuilder, make_inputs: MakeInputs,
                                                      parameters: Parameters) -> None:
    rows = [source("GRADE", "k"), source("LEC", "k"), source("LS", "k"), source("GRADE", "alone"), source("GRADE")]
    counted = resolve(builder, make_inputs(risk_source=rows), parameters).counted["risk_source"]
    assert counted.tolist() == [False, True, True, True, True]


def test_tanks_of_one_farm_all_count(builder: ScenarioBuilder, make_inputs: MakeInputs, parameters: Parameters) -> None:
    assert resolve(builder, make_inputs(hazard_source=[HAZARD, HAZARD]), parameters).counted["hazard_source"].all()


def test_a_dust_explosion_is_not_the_premises_fire(builder: ScenarioBuilder, make_inputs: MakeInputs,
                                                   parameters: Parameters) -> None:
    unit = HAZARD | {"unit_type": "dust_workshop", "substance": "dust"}
    inputs = make_inputs(hazard_source=[unit], enterprise=[{"id": "a", "premises": "factory"}])
    assert resolve(builder, inputs, parameters).counted["enterprise"].tolist() == [True]


def test_a_filling_station_has_no_second_fire(builder: ScenarioBuilder, make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(hazard_source=[HAZARD], enterprise=[{"id": "a", "premises": "shop"}, {"id": "b", "premises": "shop"}])
    assert resolve(builder, inputs, parameters).counted["enterprise"].tolist() == [False, True]


def test_an_unnamed_fire_describes_the_premises(builder: ScenarioBuilder, make_inputs: MakeInputs,
                                                parameters: Parameters) -> None:
    inputs = make_inputs(
        enterprise=[{"id": "a", "premises": "shop"}, {"id": "b"}],
        risk_source=[source(accident="火灾"), source(accident="火灾", enterprise="b"), source(accident="火灾", key="oven")],
    )
    assert resolve(builder, inputs, parameters).counted["risk_source"].tolist() == [False, True, True]


def test_a_superseded_score_does_not_silence_a_grade(builder: ScenarioBuilder, make_inputs: MakeInputs,
                                                     parameters: Parameters) -> None:
    """Both lose to the quantified unit, for that reason and no other."""
    inputs = make_inputs(hazard_source=[HAZARD], risk_source=[source(key="tank"), source("GRADE", "own")])
    assert resolve(builder, inputs, parameters).counted["risk_source"].tolist() == [False, True]


@pytest.mark.parametrize("change", [
    {"substance": "unobtainium"}, {"unit_type": "chlorine_works"}, {"quantity_t": 0.0}, {"quantity_t": None},
])
def test_a_unit_that_no_method_covers_silences_nothing(change: dict[str, object], builder: ScenarioBuilder,
                                                       make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(
        hazard_source=[HAZARD | change], enterprise=[{"id": "a", "premises": "factory"}],
        venue=[{"hazard_key": "tank"}], risk_source=[source(key="tank", accident="中毒和窒息", enterprise="b")],
    )
    counted = resolve(builder, inputs, parameters).counted
    assert counted["enterprise"].tolist() == [True]
    assert counted["venue"].tolist() == [True]
    inputs = make_inputs(hazard_source=[HAZARD | change], risk_source=[source(key="tank", accident="中毒和窒息")])
    assert resolve(builder, inputs, parameters).counted["risk_source"].tolist() == [True]


def test_nothing_at_all(builder: ScenarioBuilder, make_inputs: MakeInputs, parameters: Parameters) -> None:
    assert all(len(mask) == 0 for mask in resolve(builder, make_inputs(), parameters).counted.values())
