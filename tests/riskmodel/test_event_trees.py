"""Event trees of every type of unit: complete, exclusive, sourced, and of the size that engineers expect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geo.kinds import HAZARD_SOURCE
from riskmodel import quantified
from riskmodel.consequence import explosion
from riskmodel.parameters import Parameters
from riskmodel.quantified.assembly import Assembly
from riskmodel.quantified.footprints import Fuel, Physics, fireball_effect, pool_effect
from riskmodel.quantified.toxic import ToxicCloud, Weather
from riskmodel.quantified.trees import CONTROLS, PER, TREES, Odds
from riskmodel.quantified.unit_types import UNIT_TYPES
from riskmodel.quantified.units import Units
from riskmodel.scenarios import ScenarioBuilder, ScenarioSet, Scope, Theme
from tests.riskmodel.conftest import SOURCE_KINDS, MakeInputs
from tests.riskmodel.units import UNITS, at, by_label, farthest, individual_risk, pll

approx = pytest.approx
NO_FACTORS = pd.Series(dtype=np.float64)
Score = Callable[..., ScenarioSet]


@pytest.fixture(scope="module")
def score(make_inputs: MakeInputs, parameters: Parameters) -> Score:
    """Scenarios of some hazardous units of an enterprise with 30 people."""
    def run(*rows: dict[str, Any], factors: pd.Series = NO_FACTORS, parameters: Parameters = parameters) -> ScenarioSet:
        builder = ScenarioBuilder(SOURCE_KINDS)
        inputs = make_inputs(hazard_source=list(rows), enterprise=[{"id": "e1", "staff_at_place": 30}])
        quantified.add(builder, inputs, parameters, factors)
        return builder.finish()

    return run


def all_events() -> list[Any]:
    return [event for kind in UNIT_TYPES.values() for events in kind.events.values() for event in events]


def test_every_declared_unit_type_has_trees_and_a_usual_unit() -> None:
    declared = HAZARD_SOURCE.field("unit_type").choices
    assert set(UNIT_TYPES) == set(declared) == set(UNITS)


@pytest.mark.parametrize("name", UNITS)
def test_every_type_is_scored(score: Score, name: str) -> None:
    found = score(UNITS[name])
    assert not found.refused
    assert (found.points.frequency > 0).all()
    assert np.isfinite(found.points.frequency).all()
    assert pll(found) > 0


def test_every_frequency_has_a_source_and_doubtful_ones_a_wide_factor(parameters: Parameters) -> None:
    for event in all_events():
        entry = parameters.entry(f"quantified.{event.frequency}")
        assert len(entry.source) > 20, event
        assert event.per in PER
        assert event.control in CONTROLS
        if event.per == "floor fire":  # a computed rate: what it is made of
            entry = parameters.entry("quantified.store.fire_factor")
        assert entry.error_factor is not None, event
        assert entry.error_factor >= (5 if entry.certainty == "own-unsure" else 3), event


def test_every_state_has_its_trees(parameters: Parameters) -> None:
    for state in set(parameters.table("quantified.substance.state").values()):
        assert f"{state} burst" in TREES


@pytest.mark.parametrize("tree", [name for name in TREES if TREES[name] and name.split()[0] in
                                  ("liquid", "liquefied", "cryogenic", "compressed")])
def test_leaves_exclude_each_other(tree: str) -> None:
    """Shares sum to the chance of ignition; of a bank that bursts, to one."""
    rng = np.random.default_rng(1)
    odds = Odds(*rng.random((4, 50)))
    total = sum(np.broadcast_to(leaf.share(odds), 50) for leaf in TREES[tree])
    assert total == approx(np.ones(50) if tree == "compressed burst" else odds.burns)
    assert all(np.all(np.asarray(leaf.share(odds)) >= 0) for leaf in TREES[tree])


def test_every_substance_works_in_every_type_that_takes_its_state(score: Score, parameters: Parameters) -> None:
    states = parameters.table("quantified.substance.state")
    pairs = [(unit_type, substance) for unit_type in UNIT_TYPES for substance in states]
    found = score(*[UNITS[kind] | {"substance": substance, "id": f"{kind} {substance}"} for kind, substance in pairs])
    refused, scored = {source for _, source, _ in found.refused}, set(found.points.row.tolist())
    for row, (unit_type, substance) in enumerate(pairs):
        known = states[substance] in UNIT_TYPES[unit_type].events
        assert (f"{unit_type} {substance}" in refused) == (not known), (unit_type, substance)
        assert (row in scored) == known, (unit_type, substance)


def test_names_and_cas_numbers_are_understood(score: Score) -> None:
    plain = by_label(score(UNITS["ammonia_cold_store"]))
    assert by_label(score(UNITS["ammonia_cold_store"] | {"substance": "液氨"})) == plain
    assert by_label(score(UNITS["ammonia_cold_store"] | {"substance": "R717", "cas": "7664-41-7"})) == plain


def test_theme_and_scope(score: Score) -> None:
    for name, unit in UNITS.items():
        found = score(unit).points
        if name in ("dust_workshop", "tailings_pond"):
            assert set(found.theme) == {Theme.WORK_OTHER}
            assert set(found.scope) <= {Scope.SEMI, Scope.NONE}
        else:
            assert set(found.theme) == {Theme.HAZCHEM}
            assert set(found.scope) <= {Scope.AN if unit["scope"] == "an" else Scope.HC, Scope.NONE}


@pytest.mark.parametrize("name", [name for name in UNITS if name not in ("tailings_pond",)])
def test_factor_of_the_enterprise_multiplies_everything(score: Score, name: str) -> None:
    plain, factored = score(UNITS[name]), score(UNITS[name], factors=pd.Series({"e1": 1.3}))
    assert factored.points.frequency == approx(1.3 * plain.points.frequency)


@pytest.mark.parametrize("name", ["oil_depot", "lpg_depot", "tank_farm", "pressure_vessels"])
def test_splitting_a_quantified_source_changes_nothing(score: Score, name: str) -> None:
    """Two halves of a farm are the farm; what counts per unit (a hose's hours) is split too."""
    unit = UNITS[name]
    half = unit | {"quantity_t": unit["quantity_t"] / 2, "vessels": unit["vessels"] // 2}
    if unit.get("unloading_h"):
        half["unloading_h"] = unit["unloading_h"] / 2
    whole, split = score(unit), score(half, half)
    for distance in (5.0, 40.0, 150.0):
        assert individual_risk(split, distance) == approx(individual_risk(whole, distance), rel=1e-9, abs=1e-18)


# --- sizes that engineers expect ----------------------------------------------------------------------------------------------


def test_filling_station_is_small(score: Score) -> None:
    """Deaths of 2e-5 to 2e-4 a year each; 3e-7 at 25 to 40 m; 12.5 kW/m² of a 5 m pool at 16 m; no BLEVE of buried tanks."""
    found = score(UNITS["filling_station"])
    assert 2e-5 <= pll(found) <= 2e-4
    assert 25 <= farthest(found, 3e-7) <= 40
    assert not any("火球" in label for label in found.labels)


def test_pool_fires_radiate_as_far_as_expected(parameters: Parameters) -> None:
    """12.5 kW/m² at 16 m from a pool of 5 m and at 93 m from one of 30 m (API RP 521 point source, gasoline)."""
    gasoline, physics = Fuel.of(parameters, "gasoline"), Physics.of(parameters)
    for radius, distance in ((5.0, 16.0), (30.0, 93.0)):
        effect = pool_effect(radius, gasoline, physics)
        assert effect.intensity is not None
        assert float(effect.intensity(np.array([distance]))[0]) == approx(12.5e3, rel=0.06)


@pytest.mark.parametrize(("substance", "tonnes", "half", "hundredth"), [
    ("lpg", 11.7, 148, 224), ("lpg", 45.0, 281, 415), ("lng", 23.0, 205, 306),
])
def test_fireballs_reach_as_far_as_expected(parameters: Parameters, substance: str, tonnes: float, half: float,
                                            hundredth: float) -> None:
    """Distances to 50 % and 1 % deaths outdoors."""
    kernel = fireball_effect(tonnes * 1000, Fuel.of(parameters, substance), Physics.of(parameters)).kernel
    assert at(kernel, half * 0.9) > 0.5 > at(kernel, half * 1.1)
    assert at(kernel, hundredth * 0.9) > 0.01 > at(kernel, hundredth * 1.1)


@pytest.mark.parametrize(("name", "low", "high"), [
    ("cng_station", 15, 40), ("hydrogen_station", 10, 30), ("chemical_store", 20, 60), ("lpg_bottle_shop", 5, 40),
])
def test_small_sources_reach_no_farther_than_expected(score: Score, name: str, low: float, high: float) -> None:
    """3e-7 a year: CNG 15–30 m (and its rare bursts), hydrogen 10–30 m, a chemical store 20–60 m."""
    assert low <= farthest(score(UNITS[name]), 3e-7) <= high


def test_flash_fires_of_an_lng_station(score: Score) -> None:
    found = score(UNITS["lng_station"])
    flash = [found.kernels[k].radius for k, label in zip(found.points.kernel, found.points.label, strict=True)
             if found.labels[label] == "储罐破裂·闪火"]
    assert 60 <= flash[0] <= 150


def test_lpg_station_near_the_dutch_distances(score: Score) -> None:
    """Dutch LPG stations: 1e-6 at 45 to 110 m round the fill point; buried tanks do not BLEVE."""
    buried, above = score(UNITS["lpg_station"]), score(UNITS["lpg_station"] | {"buried": False})
    assert 45 <= farthest(buried, 1e-6) <= 120
    assert farthest(above, 1e-6) >= farthest(buried, 1e-6)


def test_gate_station_burns_to_its_inlets_impact_radius(score: Score) -> None:
    """DN300 at 4 MPa: 0.099 √(d² p) = 59 m; the full-bore fire kills to 1.27 times that and no farther."""
    found = score(UNITS["gas_gate_station"])
    full = max(found.kernels, key=lambda k: k.radius)
    assert at(full, 0.65 * 59.4) == approx(1.0, abs=0.02)
    assert at(full, 59.4) == approx(0.24, abs=0.03)
    assert full.radius < 1.5 * 59.4
    wide = score(UNITS["gas_gate_station"] | {"extra": {"inlet_mm": 600}})
    assert max(k.radius for k in wide.kernels) == approx(2 * full.radius, rel=0.05)


def test_explosives_by_the_law_of_gb_6722(parameters: Parameters) -> None:
    """1 t TNT: 44 kPa at 54 m, 9 kPa at 159 m, 2 kPa at 589 m (GB 6722-2014 clause 13.3.2)."""
    for distance, kilopascal in ((54.0, 44.0), (159.0, 9.0), (589.0, 2.0)):
        assert float(explosion.gb6722(distance / 10.0)) == approx(kilopascal, rel=0.02)


def test_divisions_of_explosives(score: Score) -> None:
    """10 t gross of 1.3G act as 1 t TNT; 1.4G does not explode in mass; 1.1 counts in full."""
    third = max(k.radius for k in score(UNITS["fireworks_store"]).kernels)
    first = max(k.radius for k in score(UNITS["fireworks_store"] | {"hazard_class": "1.1G"}).kernels)
    assert first == approx(third * 10 ** (1 / 3), rel=0.02)
    assert len(score(UNITS["fireworks_store"] | {"hazard_class": "1.4G"}).points.row) == 0


def test_toxic_clouds_reach_as_far_as_expected(parameters: Parameters) -> None:
    """NH3 1 kg/s 30 min: 50 % at 25–50 m (D), 60–220 m (F); Cl2 0.5 kg/s: 1 % at 85–190 m (D), 230–900 m (F)."""
    r = np.geomspace(1, 3000, 3000)
    reach: dict[tuple[str, str], float] = {}
    for substance, rate, least in (("ammonia", 1.0, 0.5), ("chlorine", 0.5, 0.01)):
        cloud = ToxicCloud.of(parameters, substance)
        for stability, wind in (("D", 4.0), ("F", 1.5)):
            lethal = cloud.plume_lethality(rate, 30.0, Weather(stability, wind, 1.0), "urban", r, 0 * r)
            reach[substance, stability] = float(r[lethal >= least].max())
    assert 25 <= reach["ammonia", "D"] <= 50
    assert 60 <= reach["ammonia", "F"] <= 220
    assert 85 <= reach["chlorine", "D"] <= 190
    assert 230 <= reach["chlorine", "F"] <= 900


def test_chlorine_follows_weather_and_isolation(score: Score) -> None:
    found = by_label(score(UNITS["chlorine_works"]))
    assert found["氯瓶破裂·氯气团"] == approx(10 * 5e-7)
    assert found["氯瓶阀门或连接管泄漏（切断）·氯气云"] == approx(2 * 1e-4 * 0.999)
    slow = score(UNITS["chlorine_works"] | {"isolation": "manual"})
    assert pll(slow) > pll(score(UNITS["chlorine_works"]))


def test_a_chemical_store_burns_three_times_as_often_as_a_warehouse(score: Score) -> None:
    found = by_label(score(UNITS["chemical_store"]))
    warehouse = 2e-3 * 0.5**0.8
    assert found["库房火灾·作业人员"] == approx(3 * warehouse * 4e-3)
    assert found["库房火灾·池火"] == approx(3 * warehouse * 0.02)


def test_dust_kills_those_at_work(score: Score) -> None:
    found = score(UNITS["dust_workshop"])
    local = found.points.deaths_local > 0
    assert found.points.frequency[local].tolist() == approx([2e-4])
    assert 2.0 < found.points.deaths_local[local][0] < 4.0  # α = 1 to a cap of half of 30


def test_a_dam_covers_the_ground_that_was_given(score: Score) -> None:
    """A footprint of 0.01° × 0.005° near 40° N: 853 × 555 m, covered by discs of equal area that are one event."""
    ring = [[116.0, 40.0], [116.01, 40.0], [116.01, 40.005], [116.0, 40.005], [116.0, 40.0]]
    found = score(UNITS["tailings_pond"] | {"inundation": {"type": "Polygon", "coordinates": [ring]}})
    assert set(found.labels) == {"尾矿库溃坝·淹没"}
    assert set(found.points.row) == {0}
    discs = [found.kernels[k].radius for k in found.points.kernel]
    assert np.pi * np.square(discs).sum() == approx(853.9 * 555.2, rel=0.002)
    assert found.points.frequency == approx(np.full(len(discs), 1e-4))
    broken = score(UNITS["tailings_pond"] | {"inundation": {"type": "Polygon", "coordinates": "nonsense"}})
    assert len(broken.refused) == 1


def test_an_unknown_direction_is_the_mean_over_all(score: Score) -> None:
    found = score(UNITS["tailings_pond"])
    kernel = found.kernels[found.points.kernel[0]]
    assert kernel.radius > 3000
    assert at(kernel, 1000.0) < 0.05 < at(kernel, 5.0)


def test_watched_unloading_is_stopped_in_nine_of_ten(score: Score) -> None:
    found = by_label(score(UNITS["loading_rack"]))
    assert found["装卸臂断裂（未切断）·池火"] / found["装卸臂断裂（及时切断）·池火"] == approx(1 / 9)
    ignited = 0.065 + 0.935 * 0.05
    assert found["装卸臂断裂（及时切断）·池火"] == approx(3e-8 * 2000 * 0.9 * ignited, rel=0.3)


def test_own_staff_is_read_for_local_deaths_only(parameters: Parameters, make_inputs: MakeInputs) -> None:
    frame = make_inputs(hazard_source=[UNITS["dust_workshop"]]).frames["hazard_source"]
    assert Units.read(frame, NO_FACTORS, pd.Series({"e1": 30.0})).staff.tolist() == [30.0]
    assert Units.read(frame, NO_FACTORS).staff.tolist() == [0.0]


def test_kernels_are_shared_between_equal_units(score: Score) -> None:
    assert len(score(*[UNITS["lpg_depot"]] * 20).kernels) == len(score(UNITS["lpg_depot"]).kernels)


def test_effects_know_what_they_do_to_equipment(make_inputs: MakeInputs, parameters: Parameters) -> None:
    builder = ScenarioBuilder(SOURCE_KINDS)
    inputs = make_inputs(hazard_source=[UNITS["lpg_depot"], UNITS["ammonia_cold_store"]])
    assembly = quantified.add(builder, inputs, parameters, NO_FACTORS)
    assert isinstance(assembly, Assembly)
    kinds = {(branch.label.rpartition("·")[2], assembly.effects[int(k)].hazard)
             for branch in assembly.branches for k in branch.kernel}
    assert {("火球", "fireball"), ("喷射火", "heat"), ("蒸气云爆炸", "blast"), ("闪火", "none"), ("氨气云", "none")} <= kinds
