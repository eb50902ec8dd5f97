"""Draws: multipliers that keep the mean, common random numbers, sums tied to the counts, bands and odds that follow from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from geo.errors import UnknownIdentifier
from riskmodel.build import build_scenarios
from riskmodel.fields import S_UNIT, Fields, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure
from riskmodel.quantified.footprints import Fuel, Physics, fireball_kernel
from riskmodel.quantified.toxic import Climate, ToxicCloud
from riskmodel.scenarios import ScenarioBuilder, ScenarioSet, Scope, Theme
from riskmodel.uncertainty import (
    ClassFields,
    bands,
    cell_shares,
    class_fields,
    classify,
    draw_factors,
    draw_streets,
    level_shares,
    lognormal,
    ranks,
    sigma,
)
from riskmodel.uncertainty.classes import factors_of
from riskmodel.uncertainty.draws import cell_density
from riskmodel.uncertainty.factors import anchored, gamma_shape, normal
from riskmodel.uncertainty.own import variance_of
from riskmodel.uncertainty.response import shifted
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, STREETS, MakeInputs

WEST, NORTH = GRID.west, GRID.north


@pytest.fixture(scope="module")
def city(make_inputs: MakeInputs, parameters: Parameters) -> tuple[ModelInputs, ScenarioSet, Fields, ClassFields]:
    """Work, fires, a depot and a station in two streets."""
    site = {"site_type": "building", "workers": 300}
    inputs = make_inputs(
        residents=np.random.default_rng(3).uniform(0, 60, GRID.size),
        enterprise=[{"id": f"E{i}", "industry": "C", "staff_at_place": 90, "premises": "factory", "floor_area_m2": 4000.0,
                     "x": WEST + 300 + 90 * i, "y": NORTH - 700} for i in range(30)],
        risk_source=[{"id": f"R{i}", "enterprise_id": f"E{i % 30}", "method": "LEC", "l": 3.0, "e": 6.0, "c": 15.0,
                      "accident_type": "机械伤害", "x": WEST + 300 + 90 * (i % 30), "y": NORTH - 700} for i in range(60)],
        work_site=[{**site, "x": WEST + 900, "y": NORTH - 3000, "assumed": ["workers"]},
                   {**site, "x": WEST + 3000, "y": NORTH - 3000}],
        hazard_source=[{"unit_type": "lpg_depot", "scope": "hc", "substance": "lpg", "quantity_t": 135.0, "vessels": 3,
                        "pressure_mpa": 0.9, "unloading_h": 400.0, "fence_m": 50.0, "x": WEST + 2000, "y": NORTH - 2000}],
    )
    people = exposure(inputs, parameters)
    scenarios, _ = build_scenarios(inputs, parameters, people)
    fields = lay(scenarios, people, GRID)
    return inputs, scenarios, fields, class_fields(inputs, scenarios, fields, people, parameters)


@pytest.mark.parametrize("error_factor", [1.2, 3.0, 10.0])
def test_the_multiplier_keeps_the_mean_and_has_its_error_factor(error_factor: float) -> None:
    """exp(σZ − σ²/2), σ = ln EF / 1.645: mean 1, 95th over 50th percentile EF."""
    draws = lognormal(normal(1, "x", 20_000), sigma(error_factor))
    assert draws.mean() == pytest.approx(1.0, rel=0.01)
    assert np.quantile(draws, 0.95) / np.quantile(draws, 0.5) == pytest.approx(error_factor, rel=0.01)


def test_a_name_has_its_own_numbers_whatever_else_is_drawn() -> None:
    assert np.array_equal(normal(7, "foreign", 200), normal(7, "foreign", 200))
    assert not np.array_equal(normal(7, "foreign", 200), normal(8, "foreign", 200))
    assert abs(np.corrcoef(normal(7, "foreign", 2000), normal(7, "crowd", 2000))[0, 1]) < 0.08


def test_strata_are_filled_once_each() -> None:
    place = np.floor(norm.cdf(normal(5, "any", 200)) * 200).astype(int)
    assert sorted(place.tolist()) == list(range(200))


def test_a_class_with_an_unknown_factor_is_refused(parameters: Parameters) -> None:
    table = parameters.table("uncertainty.class.factors")
    with pytest.raises(UnknownIdentifier):
        factors_of(parameters.replace(uncertainty__class__factors={**table, "toxic": ["no_such_factor"]}))


@pytest.mark.parametrize(("theme", "label", "name"), [
    (Theme.HAZCHEM, "储罐破裂·火球", "vessel_fire"), (Theme.HAZCHEM, "卸液软管泄漏·闪火", "transfer_cloud"),
    (Theme.HAZCHEM, "油罐车罐体破裂·池火", "transfer_fire"), (Theme.HAZCHEM, "储罐大孔泄漏·防火堤池火", "tank_fire"),
    (Theme.HAZCHEM, "储罐冒顶·蒸气云爆炸", "tank_cloud"), (Theme.HAZCHEM, "储氨器破裂·氨气团", "toxic"),
    (Theme.HAZCHEM, "氯瓶管路泄漏·氯气云", "toxic"), (Theme.HAZCHEM, "多米诺·储罐·火球", "domino"),
    (Theme.HAZCHEM, "除尘器·粉尘爆炸", "explosive"), (Theme.HAZCHEM, "新的单元", "hazchem_other"),
    (Theme.WORK_OTHER, "上报风险源", "reported"), (Theme.CROWD, "人群踩踏", "crowd"),
    (Theme.BUILDING, "建筑施工事故", "building"),
])
def test_classes_by_theme_and_label(theme: Theme, label: str, name: str, make_inputs: MakeInputs, parameters: Parameters) -> None:
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_points("equipment", label, theme, Scope.NONE, row=[0], x=WEST + 1, y=NORTH - 1, frequency=1e-3, deaths_local=1.0)
    classes = classify(make_inputs(), b.finish(), parameters)
    assert classes.names[int(classes.points[0])] == name


def test_fires_go_by_premises(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(venue=[{"venue_type": "hospital"}, {"venue_type": "mall"}], enterprise=[{"premises": "office"}])
    b = ScenarioBuilder(SOURCE_KINDS)
    for kind, rows in (("venue", [0, 1]), ("enterprise", [0])):
        b.add_points(kind, "场所火灾", Theme.FIRE_VENUE, Scope.NONE, row=rows, x=WEST + 1, y=NORTH - 1, frequency=1e-3,
                     deaths_local=1.0)
    classes = classify(inputs, b.finish(), parameters)
    assert [classes.names[int(c)] for c in classes.points] == ["fire_care", "fire_public", "fire_work"]


def test_sub_fields_add_up_to_the_fields(city: tuple[ModelInputs, ScenarioSet, Fields, ClassFields]) -> None:
    _, _, fields, classes = city
    cell_pll = fields.s.sum(axis=0)[classes.cell] * S_UNIT
    assert classes.cells.sum(axis=1) == pytest.approx(cell_pll, rel=1e-5)
    assert classes.street.sum() == pytest.approx(fields.s.sum() * S_UNIT, rel=1e-12)
    chemicals = [classes.names.index(n) for n in ("vessel_fire", "vessel_cloud", "transfer_fire", "transfer_cloud", "tank_fire",
                                                  "tank_cloud", "toxic", "explosive", "domino", "hazchem_other")]
    assert classes.street[:, chemicals].sum() == pytest.approx(fields.s[Theme.HAZCHEM].sum() * S_UNIT, rel=1e-12)


def test_equal_seeds_give_equal_bits_and_the_seed_is_told(city: Any, parameters: Parameters) -> None:
    classes = city[3]
    first, again = draw_streets(classes, parameters), draw_streets(classes, parameters)
    assert np.array_equal(first.pll, again.pll)
    assert first.seed == int(parameters.number("uncertainty.draws.seed"))
    assert first.pll.shape == (200, len(STREETS))
    assert not np.array_equal(draw_streets(classes, parameters, seed=1).pll, first.pll)


def test_draws_keep_the_mean(city: Any, parameters: Parameters) -> None:
    """All factors but the heat probit have mean one; the probit's alternatives kill fewer."""
    classes = city[3]
    draws = draw_streets(classes, parameters, draws=20_000)
    assert draws.pll.mean(axis=0) == pytest.approx(classes.street.sum(axis=1), rel=0.03)


def test_the_sums_of_work_and_fire_follow_their_anchors(city: Any, parameters: Parameters) -> None:
    """Relative spread of the city's work accidents: the band 50–95 around 70; of fires 20–60 around 32."""
    classes = city[3]
    only_work = replace(classes, street=np.where([n in ("building", "reported", "unreported", "equipment", "confined")
                                                  for n in classes.names], classes.street, 0.0))
    totals = draw_streets(only_work, parameters, draws=4000).pll.sum(axis=1)
    low, middle, high = bands(totals)
    assert high / low == pytest.approx(95 / 50, rel=0.05)
    assert totals.mean() == pytest.approx(only_work.street.sum(), rel=1e-3)
    assert middle < totals.mean()


def test_anchors_have_mean_one(parameters: Parameters) -> None:
    assert anchored(parameters, "fire", 5000, 1).mean() == pytest.approx(1.0, rel=0.01)
    with pytest.raises(ValueError, match="around its anchor"):
        gamma_shape(10.0, 20.0, 30.0)


def test_rows_of_a_unit_share_half_of_their_error(parameters: Parameters) -> None:
    """Closed form against plain sampling of four rows with ρ = .5."""
    s, spread = np.array([3.0, 1.0, 0.5, 2.0]), float(sigma(3.0))
    rng = np.random.default_rng(1)
    common, own = rng.standard_normal((400_000, 1)), rng.standard_normal((400_000, 4))
    total = (s * lognormal(np.sqrt(0.5) * common + np.sqrt(0.5) * own, spread)).sum(axis=1)
    assert variance_of(s, np.full(4, spread), np.zeros(4, np.int64), 0.5).sum() == pytest.approx(total.var(), rel=0.03)


def test_large_sources_are_drawn_by_name_and_small_ones_together(city: Any, parameters: Parameters) -> None:
    own = city[3].own
    assert "W" not in set(own.named_id)  # nothing else is uncertain of the second site but what all sites share
    assert "work_site-0" in set(own.named_id)  # its workers are an assumption, and it makes most of its street
    assert (own.rest(city[3].street) >= 0).all()


def test_a_site_with_assumed_workers_is_less_sure(city: Any, parameters: Parameters) -> None:
    own = city[3].own
    spread = np.where(own.named_id == "work_site-0", 0.0, own.named_spread)
    counted = replace(city[3], own=replace(own, named_spread=spread))
    widths = []
    for classes in (city[3], counted):
        low, _, high = bands(draw_streets(classes, parameters, draws=2000).pll)
        widths.append(high[0] / low[0])
    assert widths[0] > widths[1]


@pytest.mark.parametrize(("probability", "shift", "expected"), [(0.987410, -0.85, 0.917527), (0.317996, -2.1, 0.0050366)])
def test_a_shifted_probit_is_the_other_probit(probability: float, shift: float, expected: float) -> None:
    """HyRAM+ 6.1: 37.5 kW/m², 20 s: .9874 by Tsao–Perry, .9175 by TNO; 12.5 kW/m², 30 s: .3180 and by Eisenberg .0050."""
    assert shifted(np.array([probability]), shift)[0] == pytest.approx(expected, rel=2e-3)


def test_bands_ranks_and_shares() -> None:
    values = np.array([[3.0, 1.0, 2.0], [3.0, 2.0, 1.0]])
    assert ranks(values).tolist() == [[1, 3, 2], [1, 2, 3]]
    assert level_shares(np.array([[1, 4], [2, 4]], np.int8)).tolist() == [[0.5, 0.0], [0.5, 0.0], [0.0, 0.0], [0.0, 1.0]]
    low, middle, high = bands(np.arange(101.0)[:, None])
    assert [v[0] for v in (low, middle, high)] == [5.0, 50.0, 95.0]


def test_cell_odds_are_those_of_their_draws(city: Any, parameters: Parameters) -> None:
    """Cells that no draw can lift over a line are skipped, to the same result as drawing them all."""
    classes = city[3]
    found = draw_streets(classes, parameters)
    thresholds = parameters.array("levels.cell.density")
    shares = cell_shares(classes, found, thresholds, GRID.cell_km2)
    density = cell_density(classes, found, np.arange(len(classes.cell)), GRID.cell_km2)
    for k, threshold in enumerate(thresholds):
        assert shares[:, k] == pytest.approx((density >= np.float32(threshold)).mean(axis=1))
    assert (np.diff(shares, axis=1) >= 0).all()


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(0.1, 10.0))
def test_draws_are_linear_in_the_fields(scale: float, city: Any, parameters: Parameters) -> None:
    classes = replace(city[3], own=replace(city[3].own, variance=0 * city[3].own.variance, named_s=city[3].own.named_s[:0],
                                           named_street=city[3].own.named_street[:0], named_class=city[3].own.named_class[:0],
                                           named_spread=city[3].own.named_spread[:0], named_id=city[3].own.named_id[:0]))
    more = replace(classes, street=classes.street * scale)
    assert draw_streets(more, parameters).pll == pytest.approx(draw_streets(classes, parameters).pll * scale, rel=1e-9)


def test_the_response_to_dose_is_that_of_the_models_own_clouds(parameters: Parameters) -> None:
    """d ln area / d ln dose of an ammonia plume; dose grows with the square of the rate (n = 2)."""
    climate, cloud = Climate.of(parameters), ToxicCloud.of(parameters, "ammonia")

    def area(rate: float) -> float:
        kernel = cloud.plume(rate, 20.0, climate.classes[2], climate).kernel
        return float(kernel.radius**2 * kernel.outdoors.mean())

    exponent = np.log(area(2.4) / area(2.0)) / (2 * np.log(1.2))
    assert parameters.number("uncertainty.response.dose") == pytest.approx(exponent, rel=0.05)


@pytest.mark.parametrize(("mass", "steeper"), [(2_000.0, 0.1), (50_000.0, 0.25)])
def test_the_response_to_mass_is_near_that_of_a_fireball(mass: float, steeper: float, parameters: Parameters) -> None:
    """Diameter 5.8 M^⅓: certain death covers an area of M^⅔; a large ball radiates longer, so its reach grows a little faster."""
    fuel, physics = Fuel.of(parameters, "lpg"), Physics.of(parameters)
    small, large = (fireball_kernel(m, fuel, physics) for m in (mass, 1.2 * mass))
    ratio = large.radius**2 * large.indoors.mean() / (small.radius**2 * small.indoors.mean())
    exponent = np.log(ratio) / np.log(1.2)
    assert -0.1 <= exponent - parameters.number("uncertainty.response.inventory") <= steeper


def test_fires_frequency_and_lethality_move_apart(parameters: Parameters) -> None:
    """ρ = −.3 makes the product less uncertain than independent factors would: ln EF² = ln 1.5² + ln 2² − .6 ln 1.5 ln 2."""
    n = len(factors_of(parameters))
    probits = len(parameters.array("uncertainty.heat.shift"))
    found = draw_factors(parameters, 40_000, 3, np.ones((n, probits)), np.zeros(n))
    logs = np.log(found.frequency[:, list(found.names).index("fire_dwelling")])
    a, b = float(sigma(1.5)), float(sigma(2.0))
    assert logs.std() == pytest.approx(np.sqrt(a * a + b * b - 0.6 * a * b), rel=0.02)


def test_the_heat_probits_have_their_weights(parameters: Parameters) -> None:
    n = len(factors_of(parameters))
    found = draw_factors(parameters, 1000, 3, np.ones((n, 3)), np.zeros(n))
    assert np.bincount(found.heat).tolist() == [400, 400, 200]


def test_frames_without_rows_have_no_draws_to_make(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Nobody and nothing: bands of zero, not an error."""
    inputs = make_inputs(residents=0.0)
    people = exposure(inputs, parameters)
    scenarios, _ = build_scenarios(inputs, parameters, people)
    fields = lay(scenarios, people, GRID)
    draws = draw_streets(class_fields(inputs, scenarios, fields, people, parameters), parameters)
    assert draws.pll.tolist() == np.zeros((200, 2)).tolist()
    assert isinstance(inputs.streets, pd.DataFrame)
