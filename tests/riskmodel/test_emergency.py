"""Emergency response: times, factors, and what they must never touch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from riskmodel import emergency
from riskmodel.build import build_scenarios, gather
from riskmodel.fields import lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.people import exposure
from riskmodel.scenarios import Scope, Theme
from tests.riskmodel.conftest import GRID, MakeInputs
from tests.riskmodel.units import UNITS

approx = pytest.approx
WEST, NORTH = GRID.west, GRID.north
SHOP = {"industry": "F", "premises": "shop", "floor_area_m2": 500.0, "staff_at_place": 40}


def station(kind: str, x: float, y: float) -> dict[str, Any]:
    return {"resource_type": kind, "x": WEST + x, "y": NORTH - y}


@pytest.fixture
def inputs(make_inputs: MakeInputs) -> ModelInputs:
    """A shop, a site, a crowd and chemicals near the only fire station and hospital, and the same far away."""
    rows: dict[str, list[dict[str, Any]]] = {"enterprise": [], "work_site": [], "hazard_source": [], "venue": []}
    for name, x in (("near", 300.0), ("far", 3800.0)):
        place = {"x": WEST + x, "y": NORTH - 300.0}
        rows["enterprise"].append({**SHOP, "id": f"shop-{name}", **place})
        rows["work_site"].append({"workers": 100, **place})
        rows["venue"].append({"venue_type": "park", "crowd_peaks": 3.0, **place})
        rows["hazard_source"] += [UNITS[kind] | {"enterprise_id": None} | place for kind in ("lpg_depot", "ammonia_cold_store")]
    resources = [station("fire_station", 200.0, 300.0), station("hospital", 200.0, 300.0)]
    return make_inputs(residents=3.0, emergency_resource=resources, **rows)


def test_times() -> None:
    """1.5 min and 2.8 min per km at 30 km/h."""
    from riskmodel.parameters import load_parameters

    p = load_parameters()
    assert emergency.travel_minutes([0.0, 1000.0, 5000.0], 30.0, p).tolist() == approx([1.5, 4.3, 15.5])
    assert emergency.travel_minutes(1000.0, [20.0, 45.0], p).tolist() == approx([5.7, 3.3667], rel=1e-4)


def test_factors_are_bounded_and_monotone(parameters: Parameters) -> None:
    t = np.linspace(0, 120, 500)
    fire = emergency.fire_factor(t, parameters)
    assert (fire.min(), fire.max()) == (0.85, 1.6)
    assert np.all(np.diff(fire) >= 0)
    for saved in (0.1, 0.2, 0.3):
        help_ = emergency.injury_factor(t, saved, parameters)
        assert help_.min() >= 0.8
        assert help_.max() <= 1.2
        assert np.all(np.diff(help_) >= 0)
        assert emergency.injury_factor(30.0, saved, parameters) == approx(1.0)
    warned = emergency.toxic_factor(0.0, t, 5.0, 0.7, parameters)
    assert warned.min() >= 1 - 0.9 * 0.7
    assert np.all(np.diff(warned) <= 0)
    assert emergency.toxic_factor(0.0, 120.0, 5.0, 0.5, parameters) >= 0.5


def test_frequency_and_individual_risk_stay(inputs: ModelInputs, parameters: Parameters) -> None:
    people = exposure(inputs, parameters)
    before, _, _ = gather(inputs, parameters, people)
    after, _ = build_scenarios(inputs, parameters, people)
    assert np.array_equal(before.points.frequency, after.points.frequency)
    assert np.array_equal(before.points.deaths_local, after.points.deaths_local)
    assert [np.array_equal(a.frequency, b.frequency) for a, b in zip(before.background, after.background, strict=True)]
    plain, helped = lay(before, people, GRID), lay(after, people, GRID)
    assert np.array_equal(plain.ir, helped.ir)
    assert not np.array_equal(plain.s, helped.s)


def test_near_help_saves_and_explosions_get_none(inputs: ModelInputs, parameters: Parameters) -> None:
    scenarios, _ = build_scenarios(inputs, parameters, exposure(inputs, parameters))
    points = scenarios.points
    near = points.x < WEST + 2000
    outcome = np.array([label.rpartition("·")[2] for label in scenarios.labels])[points.label]

    def factors(word: str) -> tuple[float, float]:
        mine = np.array([word in text for text in outcome])
        return float(points.mitigation[mine & near].mean()), float(points.mitigation[mine & ~near].mean())

    for word in ("单位火灾", "建筑施工事故", "人群踩踏", "喷射火", "氨气云"):
        close, distant = factors(word)
        assert close < distant, word
    for word in ("火球", "蒸气云爆炸", "闪火"):
        assert factors(word) == (1.0, 1.0), word
    assert points.mitigation.min() >= 0.5


def test_dwellings_far_from_the_fire_station_lose_more(inputs: ModelInputs, parameters: Parameters) -> None:
    scenarios, _ = build_scenarios(inputs, parameters, exposure(inputs, parameters))
    fire = next(item for item in scenarios.background if item.label == "住宅火灾")
    assert fire.mitigation is not None
    row = fire.mitigation.reshape(GRID.ny, GRID.nx)[3]
    assert row[2] < row[20] < row[39]
    assert fire.mitigated.sum() != fire.frequency.sum()


def test_frozen_means_make_it_neutral(inputs: ModelInputs, parameters: Parameters) -> None:
    """With the means of this very region the deaths of every kind of help stay as they were."""
    people = exposure(inputs, parameters)
    before, _, effects = gather(inputs, parameters, people)
    means = emergency.city_means(before, inputs, effects, parameters)
    assert all(0.8 <= value <= 1.6 for value in means.values())
    fresh = parameters.replace(emergency__mean__kind=means)
    after = emergency.mitigate(before, inputs, effects, fresh)
    deaths = before.points.frequency * before.points.deaths_local
    fires = before.points.theme == Theme.FIRE_VENUE
    dwellings = next(item for item in after.background if item.theme == Theme.FIRE_DWELLING)
    total = (deaths * after.points.mitigation)[fires].sum() + dwellings.mitigated.sum() * dwellings.deaths
    assert total == approx(deaths[fires].sum() + dwellings.frequency.sum() * dwellings.deaths, rel=1e-9)


def test_without_resources_nothing_is_claimed(inputs: ModelInputs, parameters: Parameters) -> None:
    empty = replace(inputs, frames={**inputs.frames, "emergency_resource": inputs.frames["emergency_resource"].iloc[:0]})
    scenarios, _ = build_scenarios(empty, parameters, exposure(empty, parameters))
    assert (scenarios.points.mitigation == 1.0).all()
    assert all(item.mitigation is None for item in scenarios.background)


def test_automatic_detection_warns_sooner(make_inputs: MakeInputs, parameters: Parameters) -> None:
    place = {"x": WEST + 2000.0, "y": NORTH - 2000.0, "enterprise_id": None}
    cloud = UNITS["ammonia_cold_store"] | place | {"isolation": "manual"}
    found = []
    for change in ({}, {"extra": {"sirens": True}}, {"detection": "A"}):
        region = make_inputs(hazard_source=[cloud | change], emergency_resource=[station("fire_station", 0, 0)])
        scenarios, _ = build_scenarios(region, parameters, exposure(region, parameters))
        found.append(scenarios.points.mitigation[scenarios.points.scope == Scope.HC].min())
    assert found[1] < found[0] < 1.0
    assert found[2] < found[0]
