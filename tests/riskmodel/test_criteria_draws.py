"""Criteria in the draws, other zonings, targets that hold a source: what makes a colour sure, and what hatches it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.build import build_scenarios
from riskmodel.fields import Fields, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure
from riskmodel.run import score
from riskmodel.scenarios import Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme
from riskmodel.targets import evaluate_targets, fences
from riskmodel.uncertainty import class_fields, draw_streets
from riskmodel.uncertainty.criteria import ir_multipliers
from riskmodel.uncertainty.zoning import density_level, rezoned_density, shifted_density
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, STREETS, MakeInputs

X, Y = GRID.west + 1030.0, GRID.north - 1970.0
DEPOT = {"id": "H", "unit_type": "lpg_depot", "scope": "hc", "substance": "lpg", "quantity_t": 135.0, "vessels": 3,
         "pressure_mpa": 0.9, "unloading_h": 400.0, "fence_m": 40.0, "x": X, "y": Y}
PARK = {"venue_type": "park", "protection_class": "一类", "x": X, "y": Y}
SCHOOL = {"venue_type": "school", "protection_class": "高敏感", "y": Y}


def drawn(inputs: ModelInputs, scenarios: ScenarioSet, parameters: Parameters, x: Any, y: Any) -> np.ndarray:
    people = exposure(inputs, parameters)
    fields = lay(scenarios, people, GRID)
    classes = class_fields(inputs, scenarios, fields, people, parameters)
    found = draw_streets(classes, parameters, draws=4000)
    fence = fences(scenarios.points, inputs, scenarios)
    return ir_multipliers(np.atleast_1d(x), np.atleast_1d(y), Scope.HC, scenarios, classes.classes, found, parameters, fence)


def test_individual_risk_in_the_draws_keeps_its_mean_near_the_source(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Inside every footprint only frequencies are uncertain: mean 1, and the spread of leak, ignition and foreign rates."""
    inputs = make_inputs(hazard_source=[DEPOT])
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_points("hazard_source", "储罐破裂·蒸气云爆炸", Theme.HAZCHEM, Scope.HC, row=[0], x=X, y=Y, frequency=1e-6,
                 kernel=b.kernel(Kernel.disc(500.0, 1.0)))
    ratio = drawn(inputs, b.finish(), parameters, X + 60.0, Y)[:, 0]
    assert ratio.mean() == pytest.approx(1.0, rel=0.1)
    spread = np.sqrt(sum((np.log(ef) / 1.645) ** 2 for ef in (5.0, 3.0, 3.0)))  # vessel leak, delayed ignition, foreign rates
    assert np.log(ratio).std() == pytest.approx(spread, rel=0.03)


def test_beyond_a_footprint_longer_distances_bring_risk(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """At .9 of the radius a shrunk footprint does not reach the point: some draws give none, others the whole."""
    inputs = make_inputs(hazard_source=[DEPOT])
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_points("hazard_source", "储罐破裂·蒸气云爆炸", Theme.HAZCHEM, Scope.HC, row=[0], x=X, y=Y, frequency=1e-6,
                 kernel=b.kernel(Kernel.disc(500.0, 1.0)))
    ratio = drawn(inputs, b.finish(), parameters, X + 450.0, Y)[:, 0]
    assert (ratio == 0).mean() > 0.02
    assert (ratio > 1).any()


def codes(areas: Any, street: str) -> dict[str, dict[str, Any]]:
    return {rule["code"]: rule for rule in json.loads(areas.set_index("code").loc[street, "codes"])}


@pytest.mark.parametrize(("distance", "level", "hatched"), [(60.0, 1, False), (110.0, 2, True), (900.0, 2, False)])
def test_a_model_made_red_needs_even_odds(distance: float, level: int, hatched: bool, make_inputs: MakeInputs,
                                          parameters: Parameters) -> None:
    """A school beside a depot: sure close by, likely not at the edge, nothing far away; the ratio says how much is too much."""
    depot = {**DEPOT, "unloading_h": 2000.0}
    result = score(make_inputs(residents=0.1, hazard_source=[depot], venue=[{**SCHOOL, "x": X + distance}]), parameters)
    street = result.areas.set_index("code").loc[STREETS[0]]
    target = result.targets.iloc[0]
    assert (street["p_level_1"] >= 0.5) == (level == 1)
    assert [street["risk_level"], street["hatched"]] == [level, hatched]
    assert street[[f"p_level_{k}" for k in range(1, 5)]].sum() == pytest.approx(1.0)
    if level == 1:
        rule = codes(result.areas, STREETS[0])["S-IR-1"]
        assert rule["ratio"] == pytest.approx(target["ir_hc"] / target["in_service"], rel=1e-3)
        cell = result.cells.set_index("cell").loc[target["cell"]]
        assert [cell["level"], cell["hatched"]] == [1, False]
        assert cell["p_level"] == pytest.approx(cell["p_level_1"])


def test_bands_lie_around_the_number_and_sum_upwards(make_inputs: MakeInputs, parameters: Parameters) -> None:
    site = {"site_type": "building", "workers": 200, "y": Y}
    areas = score(make_inputs(residents=40.0, work_site=[{**site, "x": X}, {**site, "x": X + 2000.0}]), parameters).areas
    assert (areas["pll_p05"] < areas["pll"]).all()
    assert (areas["pll"] < areas["pll_p95"]).all()
    city, street = areas[areas["level"] == "city"].iloc[0], areas.iloc[0]
    assert city["pll_p95"] / city["pll_p05"] < street["pll_p95"] / street["pll_p05"]  # own errors of two streets even out
    assert (areas["rank_p05"] <= areas["rank"]).all()
    assert (areas["rank"] <= areas["rank_p95"]).all()
    assert (areas.loc[areas["level"] == "city", "p_top10"] == 1).all()


def test_a_target_that_holds_a_source_is_tested_inside(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A park of 2 km around a depot: its edge lies beyond every footprint, its paths do not."""
    park = {**PARK, "geometry": shapely.box(X - 990, Y - 990, X + 990, Y + 990)}
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_points("hazard_source", "试验·火球", Theme.HAZCHEM, Scope.HC, row=[0], x=X, y=Y, frequency=4e-6,
                 kernel=b.kernel(Kernel.disc(200.0, 1.0)))
    target = evaluate_targets(make_inputs(hazard_source=[DEPOT], venue=[park]), b.finish(), parameters).iloc[0]
    assert target["ir_hc"] == pytest.approx(4e-6)
    assert target["breach"]
    away = np.hypot(target["hc_x"] - X, target["hc_y"] - Y)
    assert 40.0 < away < 42.0  # just outside the fence


def test_a_pipeline_through_a_park_is_tested_on_its_axis(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """On the axis of a long line 2 λ R: the edge of the park, 990 m away, has none."""
    park = {**PARK, "geometry": shapely.box(X - 990, Y - 990, X + 990, Y + 990)}
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_lines("pipeline", "燃气管线断裂·喷射火", Theme.PIPELINE, Scope.AN, row=[0], x1=[X - 300.0], y1=[Y],
                x2=[X + 300.0], y2=[Y], rate=1e-8, kernel=b.kernel(Kernel.disc(50.0, 1.0)))
    inputs = make_inputs(venue=[park], pipeline=[{"medium": "gas", "service": "town"}])
    target = evaluate_targets(inputs, b.finish(), parameters).iloc[0]
    assert target["ir_an"] == pytest.approx(2 * 1e-8 * 50.0, rel=0.02)
    assert target["an_near"]


def laid(inputs: ModelInputs, parameters: Parameters) -> tuple[ScenarioSet, Fields]:
    people = exposure(inputs, parameters)
    scenarios, _ = build_scenarios(inputs, parameters, people)
    return scenarios, lay(scenarios, people, GRID)


def test_one_site_survives_a_shift_and_four_halves_do_not(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A cell that is red by one site is red wherever the grid lies; one that only collects four corners is not."""
    left, top = GRID.west + 1000.0, GRID.north - 1000.0
    site = {"site_type": "building", "workers": 1000}
    corners = [{**site, "workers": 250, "x": left + 2000 + dx, "y": top - dy} for dx in (2.0, 98.0) for dy in (2.0, 98.0)]
    inputs = make_inputs(residents=0.0, work_site=[{**site, "x": left + 51.0, "y": top - 51.0}, *corners])
    scenarios, fields = laid(inputs, parameters)
    density = fields.s.sum(axis=0) * 1e-15 / GRID.cell_km2
    shifted = shifted_density(inputs, scenarios, fields)
    one, four = (int(GRID.index(x + 50.0, top - 50.0)) for x in (left, left + 2000.0))
    assert density[four] == pytest.approx(density[one], rel=0.05)
    assert shifted[one] == pytest.approx(density[one], rel=1e-4)
    assert shifted[four] == pytest.approx(density[four] / 4, rel=0.02)


def test_even_risk_does_not_depend_on_the_zones(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(residents=50.0)
    scenarios, fields = laid(inputs, parameters)
    density = fields.s.sum(axis=0).mean() * 1e-15 / GRID.cell_km2
    inner = np.ones((GRID.ny, GRID.nx), bool)
    inner[[0, -1], :] = inner[:, [0, -1]] = False
    assert shifted_density(inputs, scenarios, fields)[inner.ravel()] == pytest.approx(density, rel=1e-4)
    first, offset = rezoned_density(inputs, fields, parameters)
    assert first == pytest.approx(density, rel=1e-9)  # squares of 500 m fit the streets
    assert offset == pytest.approx(density, rel=0.15)  # at the other alignment they lose the outer edge


@settings(max_examples=40, deadline=None)
@given(density=st.lists(st.floats(1e-6, 100.0), min_size=1, max_size=6))
def test_more_density_is_never_a_milder_level(density: list[float]) -> None:
    ordered = np.sort(density)
    assert (np.diff(density_level(ordered, np.array([3.0, 0.3, 0.03]))) <= 0).all()
