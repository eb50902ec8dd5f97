"""Mistakes that a model of this kind is prone to, each with a test that would catch it: sources, likelihood, mitigation.

The numbers are those of the project's list of 24; the others are tested beside the rooms that they concern.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geo.kinds import KINDS
from riskmodel import likelihood
from riskmodel.build import build_scenarios, gather
from riskmodel.emergency import city_means, fire_factor, injury_factor, mitigate, toxic_factor
from riskmodel.epoch import constants
from riskmodel.fields import S_UNIT, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.people import exposure
from riskmodel.precedence import resolve
from riskmodel.scenarios import ScenarioBuilder, ScenarioSet, Theme
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, STREETS, MakeInputs
from tests.riskmodel.units import UNITS

approx = pytest.approx
WEST, NORTH = GRID.west, GRID.north


def scenarios_of(inputs: ModelInputs, parameters: Parameters) -> ScenarioSet:
    return build_scenarios(inputs, parameters, exposure(inputs, parameters))[0]


@dataclass(frozen=True)
class Deaths:
    """What a region's scenarios come to, in deaths per year."""

    themes: dict[str, float]
    cells: np.ndarray
    frequency: float

    @property
    def total(self) -> float:
        return sum(self.themes.values())


def deaths(inputs: ModelInputs, parameters: Parameters) -> Deaths:
    people = exposure(inputs, parameters)
    scenarios, _ = build_scenarios(inputs, parameters, people)
    s = lay(scenarios, people, inputs.grid).s * S_UNIT
    lines = scenarios.lines
    rate = float((lines.rate * np.hypot(lines.x2 - lines.x1, lines.y2 - lines.y1)).sum())
    return Deaths({t.name.lower(): float(s[t].sum()) for t in Theme}, s, rate)


def reported(inputs: ModelInputs, parameters: Parameters) -> float:
    """Deaths per year that the reported rows carry."""
    points = scenarios_of(inputs, parameters).points
    mine = (points.kind == SOURCE_KINDS.index("risk_source")) & (points.kernel < 0)
    return float((points.frequency * points.deaths_local)[mine].sum())


# 3. Most deaths have no feature; what reports nothing looks blue --------------------------------------------------------------


def test_mistake_03_what_reports_nothing_is_not_blue(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Homes and staff without any feature carry dwelling fires, gas blasts and work accidents."""
    staff = {"C": 4000, "F": 500}
    empty = make_inputs(residents=20.0, background=[
        {"area_code": code, "residents": 16_000, "households": 6_000.0, "staff": staff} for code in STREETS])
    totals = deaths(empty, parameters).themes
    assert totals["fire_dwelling"] == approx(12_000 * 2.8e-4 * 8e-3 * 1.24, rel=0.05)
    assert totals["work_other"] + totals["confined"] > 0.5 * 2 * (4000 * 1.1 + 500 * 0.17) * 1e-5
    assert totals["gas_use"] > 0


def test_mistake_03_building_sites_and_equipment_are_kinds(make_inputs: MakeInputs, parameters: Parameters) -> None:
    assert {"work_site", "equipment", "background"} <= set(KINDS)
    inputs = make_inputs(work_site=[{"workers": 1000}], equipment=[{"equipment_type": "lift", "count": 1000}])
    totals = deaths(inputs, parameters).themes
    assert totals["building"] == approx(1000 * 6e-5, rel=1e-3)
    assert totals["equipment"] == approx(1000 * 4e-6, rel=1e-3)


# 4. Honest, fine-grained reporting is punished --------------------------------------------------------------------------------


def report(rows: int, **change: Any) -> list[dict[str, Any]]:
    return [{"enterprise_id": "a", "method": "LEC", "l": 1.0, "e": 6.0, "c": 7.0, "accident_type": "触电",
             "hazard_key": f"k{n}"} | change for n in range(rows)]


def test_mistake_04_splitting_a_report_leaves_the_units_total(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """The same hazards written as 3 rows of L = 3 or as ten of a third of the frequency: one total within a tenth."""
    unit = {"id": "a", "industry": "C", "staff_at_place": 200}
    coarse = reported(make_inputs(enterprise=[unit], risk_source=report(3, l=3.0)), parameters)
    fine = reported(make_inputs(enterprise=[unit], risk_source=report(9, l=1.0)), parameters)
    assert fine == approx(coarse, rel=0.02)


def test_mistake_04_a_unit_that_reports_nothing_is_no_safer(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A unit that reports four times as much as usual is at most doubled; one that hides half its rows gains at most half."""
    unit = {"id": "a", "industry": "C", "staff_at_place": 200}
    base = 200 * 1.1e-5
    for rows in (1, 10, 400):
        total = reported(make_inputs(enterprise=[unit], risk_source=report(rows, c=15.0)), parameters)
        factor = likelihood.management_factors(make_inputs(enterprise=[unit]), parameters)["a"]
        assert 0.5 - 1e-9 <= total / base / factor <= 2 + 1e-9


def test_mistake_04_one_hazard_counts_once(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A tank as a quantified unit and as an LEC row of the same key: the row is shown, not added."""
    unit = {"id": "a", "industry": "C", "staff_at_place": 200}
    tank = UNITS["lpg_depot"] | {"enterprise_id": "a", "hazard_key": "tank"}
    rows = [*report(2), *report(1, accident_type="容器爆炸", c=40.0, hazard_key="tank")]
    with_row = scenarios_of(make_inputs(enterprise=[unit], hazard_source=[tank], risk_source=rows), parameters)
    without = scenarios_of(make_inputs(enterprise=[unit], hazard_source=[tank], risk_source=rows[:2]), parameters)
    assert ("risk_source", 2) in with_row.superseded
    assert with_row.points.frequency.sum() == approx(without.points.frequency.sum())


def test_mistake_04_equipment_is_not_in_the_background_too(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Σ r_g · staff holds the deaths by lifts and boilers: with the constants of a region nothing is counted twice."""
    background = [{"area_code": STREETS[0], "residents": 1, "households": 1.0, "staff": {"C": 200_000}}]
    inputs = make_inputs(background=background, equipment=[{"equipment_type": "forklift", "count": 10_000}])
    counted = resolve(ScenarioBuilder(SOURCE_KINDS), inputs, parameters)
    share = constants(inputs, parameters, counted)["work.background.equipment_share"]
    totals = deaths(inputs, parameters.replace(work__background__equipment_share=share)).themes
    work = sum(totals[theme] for theme in ("work_other", "confined", "equipment"))
    assert work == approx(200_000 * 1.1e-5, rel=1e-6)


# 7. Rare hazards rescaled to observed counts become zero ----------------------------------------------------------------------


def test_mistake_07_a_rare_hazard_is_not_scaled_to_an_observed_zero(parameters: Parameters) -> None:
    """s = (n + k)/(Ê + k), k = 1.8, only where Ê ≥ 10: 350 of 350 → 1; none of 3.5 → 1, not 0."""
    assert likelihood.shrunk_ratio([350, 0, 1], [350.0, 3.5, 3.5], parameters).tolist() == [1.0, 1.0, 1.0]
    assert float(likelihood.shrunk_ratio(0, 10.0, parameters)) == approx(1.8 / 11.8)
    free = parameters.replace(likelihood__observed__expected=0.0)
    assert likelihood.shrunk_ratio([0, 1], [3.5, 3.5], free).tolist() == approx([0.34, 0.53], abs=0.005)


def test_mistake_07_counts_are_of_five_years_and_by_industry(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [{"occurred": pd.Timestamp("2025-03-01"), "deaths": 1, "industry": "C"}] * 30
    rows += [{"occurred": pd.Timestamp("2019-03-01"), "deaths": 1, "industry": "C"}] * 500
    rows += [{"occurred": pd.Timestamp("2025-03-01"), "deaths": 0, "industry": "C"}] * 500
    incidents = make_inputs(incident=rows).frames["incident"]
    found = likelihood.observed_factors(incidents, pd.Series({"C": 40.0, "B": 2.0}), date(2026, 6, 1), parameters)
    assert found == approx({"C": 31.8 / 41.8, "B": 1.0, "rest": 1.0})
    unit = {"id": "a", "industry": "C", "staff_at_place": 1}
    fresh = parameters.replace(likelihood__observed__industry=found)
    inputs = make_inputs(enterprise=[unit])
    ratio = likelihood.management_factors(inputs, fresh)["a"] / likelihood.management_factors(inputs, parameters)["a"]
    assert ratio == approx(31.8 / 41.8)


# 12. A registered address is not the place of the risk ------------------------------------------------------------------------


def test_mistake_12_builders_die_on_sites_not_in_the_tower_of_their_head_office(make_inputs: MakeInputs,
                                                                                parameters: Parameters) -> None:
    office, site = {"x": WEST + 500, "y": NORTH - 500}, {"x": WEST + 3500, "y": NORTH - 3500}
    firm = {"id": "a", "industry": "E", "staff_at_place": 5000, "registered_address": "东街道某大厦", **office}
    firm_rows = [row | office for row in report(20, accident_type="高处坠落", c=15.0)]
    result = deaths(make_inputs(enterprise=[firm], risk_source=firm_rows, work_site=[{"workers": 5000, **site}]), parameters)
    building, other = result.themes["building"], result.themes["work_other"]
    assert building == approx(5000 * 6e-5, rel=1e-3)
    assert other < 0.02 * building
    at_site = int(GRID.index(np.array([site["x"]]), np.array([site["y"]]))[0])
    assert result.cells[Theme.BUILDING, at_site] == approx(building, rel=1e-9)


def test_mistake_12_the_model_never_reads_the_registered_address(make_inputs: MakeInputs, parameters: Parameters) -> None:
    unit = {"id": "a", "industry": "C", "staff_at_place": 200, "premises": "factory"}
    one, two = (deaths(make_inputs(enterprise=[unit | {"registered_address": place}], risk_source=report(3)), parameters)
                for place in ("甲地", "乙地"))
    assert np.array_equal(one.cells, two.cells)


# 13. Fields that the model cannot do without ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "fields"), [
    ("risk_source", ("accident_type", "workers_exposed", "public_exposed", "hazard_key", "indoor")),
    ("hazard_source", ("vessels", "vessel_m3", "buried", "bund_m2", "unloading_h", "detection", "isolation", "fence", "fence_m")),
    ("venue", ("floor_area_m2", "sprinklers", "alarm", "sleeping", "year_built", "floors_above", "peak_density", "metered")),
    *((kind, ("position_accuracy_m", "assumed")) for kind in KINDS),
])
def test_mistake_13_the_fields_are_declared(kind: str, fields: tuple[str, ...]) -> None:
    assert set(fields) <= {field.name for field in KINDS[kind].all_fields}


@pytest.mark.parametrize(("change", "name"), [
    ({"buried": True}, "lpg_depot"), ({"vessels": 4}, "lpg_depot"), ({"unloading_h": 4000.0}, "lpg_depot"),
    ({"bund_m2": 600.0}, "oil_depot"), ({"isolation": "manual"}, "ammonia_cold_store"), ({"pressure_mpa": 5.0}, "cng_station"),
    ({"vessel_m3": 9.0}, "cng_station"), ({"height_m": 50.0}, "tailings_pond"), ({"hazard_class": "1.1D"}, "fireworks_store"),
])
def test_mistake_13_and_every_one_of_them_moves_the_result(make_inputs: MakeInputs, parameters: Parameters,
                                                           change: dict[str, Any], name: str) -> None:
    def total(unit: dict[str, Any]) -> float:
        region = make_inputs(hazard_source=[unit], residents=30.0)
        return deaths(region, parameters).themes["work_other" if name == "tailings_pond" else "hazchem"]

    unit = UNITS[name] | {"enterprise_id": None}
    assert total(unit | change) != approx(total(unit), rel=1e-6)


def test_mistake_13_fire_reads_area_sprinklers_and_floors(make_inputs: MakeInputs, parameters: Parameters) -> None:
    base = {"venue_type": "hotel", "floor_area_m2": 6000.0, "capacity": 300, "floors_above": 5}
    changes = [{}, {"floor_area_m2": 20_000.0}, {"sprinklers": True}, {"alarm": True}, {"floors_above": 12},
               {"floors_above": 0, "floors_below": 1}]
    found = [scenarios_of(make_inputs(venue=[base | change]), parameters).points.frequency[0] for change in changes]
    assert np.array(found[2:]) / found[0] == approx([0.3, 0.7, 1.2, 2.0])
    assert found[1] / found[0] == approx((20 / 6) ** 0.8)


# 16. Two factors from the same facts ------------------------------------------------------------------------------------------


def test_mistake_16_a_learned_factor_replaces_the_management_factor(make_inputs: MakeInputs, parameters: Parameters) -> None:
    units = [{"id": i, "industry": "C", "staff_at_place": 10, "credit_list": "黑", "inspection": "停产"} for i in "abcd"]
    inputs = make_inputs(enterprise=units)
    plain = likelihood.management_factors(inputs, parameters)
    learned = pd.Series({"a": 1.4, "b": 50.0, "c": 0.01})
    found = likelihood.management_factors(inputs, parameters, learned)
    assert found[["a", "b", "c"]].tolist() == [1.4, 3.0, 0.3]
    assert found["d"] == plain["d"] > 1.4
    items = likelihood.management_items(inputs, parameters, learned)
    assert items["learned"].notna().tolist() == [True, True, True, False]


def test_mistake_16_and_reaches_the_scenarios(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(enterprise=[{"id": "e1", "industry": "C", "staff_at_place": 10}], hazard_source=[UNITS["oil_depot"]])
    people = exposure(inputs, parameters)
    plain, factors = build_scenarios(inputs, parameters, people)
    learned, _ = build_scenarios(inputs, parameters, people, {"enterprise": pd.Series({"e1": 2.5})})
    assert learned.points.frequency == approx(plain.points.frequency * 2.5 / factors["e1"])


def test_mistake_16_nonsense_from_a_model_is_refused(make_inputs: MakeInputs, parameters: Parameters) -> None:
    from geo.errors import BadParameter

    inputs = make_inputs(enterprise=[{"id": "a", "industry": "C", "staff_at_place": 1}])
    for bad in (np.nan, np.inf, 0.0, -1.0):
        with pytest.raises(BadParameter):
            likelihood.management_factors(inputs, parameters, pd.Series({"a": bad}))


# 22. Emergency response without a neutral point or an upper bound -------------------------------------------------------------


def helped(make_inputs: MakeInputs, *stations: tuple[float, float]) -> ModelInputs:
    shop = {"industry": "F", "premises": "shop", "floor_area_m2": 500.0, "staff_at_place": 30}
    shops = [{**shop, "id": f"s{n}", "x": WEST + 200 + 350 * n, "y": NORTH - 2000} for n in range(11)]
    resources = [{"resource_type": kind, "x": WEST + x, "y": NORTH - y}
                 for x, y in stations for kind in ("fire_station", "hospital")]
    return make_inputs(residents=5.0, enterprise=shops, emergency_resource=resources)


def test_mistake_22_response_is_relative_to_the_citys_mean(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """With its own mean a city neither gains nor loses on paper; a new fire station then saves lives near it and only there."""
    inputs = helped(make_inputs, (200.0, 2000.0))
    people = exposure(inputs, parameters)
    bare, _, effects = gather(inputs, parameters, people)
    frozen = parameters.replace(emergency__mean__kind=city_means(bare, inputs, effects, parameters))
    before = mitigate(bare, inputs, effects, frozen)

    def fires(scenarios: ScenarioSet) -> float:
        points = scenarios.points
        fire = points.theme == Theme.FIRE_VENUE
        local = (points.frequency * points.deaths_local * points.mitigation)[fire].sum()
        return float(local + sum((b.mitigated * b.deaths).sum() for b in scenarios.background if b.theme == Theme.FIRE_DWELLING))

    assert fires(before) == approx(fires(bare), rel=1e-9)
    more = replace(inputs, frames={**inputs.frames, "emergency_resource": helped(
        make_inputs, (200.0, 2000.0), (3700.0, 2000.0)).frames["emergency_resource"]})
    after = mitigate(bare, more, effects, frozen)
    assert fires(after) < fires(before)
    assert after.points.mitigation[0] == before.points.mitigation[0]


def test_mistake_22_each_kind_of_help_is_bounded(parameters: Parameters) -> None:
    """However near or far help is: fires 0.85 to 1.6, treatment 0.8 to 1.2, warning of a toxic cloud at most 0.55."""
    assert fire_factor([0.0, 1e4], parameters).tolist() == approx([0.85, 1.6])
    assert injury_factor([0.0, 1e4], 1.0, parameters).tolist() == approx([0.8, 1.2])
    assert float(toxic_factor(0.0, 1e9, 0.0, 0.5, parameters)) == approx(0.55)


def test_mistake_22_and_bounded(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = helped(make_inputs, (200.0, 2000.0))
    people = exposure(inputs, parameters)
    bare, _, effects = gather(inputs, parameters, people)
    absurd = parameters.replace(emergency__mean__kind=dict.fromkeys(parameters.table("emergency.mean.kind"), 100.0))
    factors = mitigate(bare, inputs, effects, absurd).points.mitigation
    assert factors.min() == 0.5
    assert mitigate(bare, inputs, effects, parameters).points.mitigation.max() <= 1.6
    fields = lay(mitigate(bare, inputs, effects, absurd), people, GRID)
    assert (fields.s.sum() * S_UNIT) >= 0.5 * (lay(bare, people, GRID).s.sum() * S_UNIT) * (1 - 1e-9)


# 24. Foreign deaths instead of local people -----------------------------------------------------------------------------------


@pytest.mark.parametrize("pipeline", [
    {"medium": "gas", "service": "transmission", "diameter_mm": 1016.0, "pressure_mpa": 10.0, "wall_mm": 17.5},
    {"medium": "gas", "service": "town", "diameter_mm": 508.0, "pressure_mpa": 2.5, "wall_mm": 9.5},
])
def test_mistake_24_failure_and_ignition_may_be_foreign_deaths_are_of_the_people_here(make_inputs: MakeInputs,
                                                                                       parameters: Parameters,
                                                                                       pipeline: dict[str, Any]) -> None:
    """Deaths along a line are proportional to who lives there, none where nobody is: no deaths per kilometre are taken over."""
    import shapely

    line = pipeline | {"position_accuracy_m": 5.0, "year": 2010, "depth_m": 1.2,
                       "geometry": shapely.LineString([(WEST + 100, NORTH - 2000), (WEST + 3900, NORTH - 2000)])}
    found = []
    for residents in (0.0, 10.0, 40.0):
        result = deaths(make_inputs(residents=residents, pipeline=[line]), parameters)
        found.append((result.themes["pipeline"], result.frequency))
    (nobody, f0), (few, f1), (many, f2) = found
    assert nobody == 0.0
    assert many == approx(4 * few, rel=1e-6)
    assert f0 == f1 == f2 > 0
