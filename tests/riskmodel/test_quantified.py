"""Hazardous-chemical units as scenarios."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geo.errors import UnknownIdentifier
from riskmodel import quantified
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.quantified import ignition
from riskmodel.quantified.assembly import size_class
from riskmodel.quantified.footprints import Fuel, Physics, blast_kernel, flash_kernel, jet_kernel, pool_kernel
from riskmodel.quantified.toxic import Climate, ToxicCloud, Weather, effective_share, towards
from riskmodel.scenarios import ScenarioBuilder, ScenarioSet, Scope, Theme, kernel_distances

approx = pytest.approx
NO_FACTORS = pd.Series(dtype=np.float64)

STATION = {"unit_type": "filling_station", "scope": "an", "substance": "gasoline", "quantity_t": 63.0, "vessels": 4,
           "vessel_m3": 30.0, "buried": True, "unloading_h": 150.0, "enterprise_id": "e1"}
LPG = {"unit_type": "lpg_station", "scope": "an", "substance": "lpg", "quantity_t": 27.0, "vessels": 2, "vessel_m3": 30.0}
DEPOT = LPG | {"unit_type": "lpg_depot", "scope": "hc", "quantity_t": 360.0, "vessels": 8, "vessel_m3": 100.0}
STORE = {"unit_type": "ammonia_cold_store", "scope": "hc", "substance": "ammonia", "quantity_t": 15.0, "vessels": 1,
         "vessel_m3": 25.0}
OIL = {"unit_type": "oil_depot", "scope": "hc", "substance": "gasoline", "quantity_t": 15_000.0, "vessels": 4,
       "vessel_m3": 5_000.0, "bund_m2": 2_827.0}
CHLORINE = {"unit_type": "chlorine_works", "scope": "hc", "substance": "chlorine", "quantity_t": 10.0, "vessels": 10,
            "vessel_m3": 1.0}


@pytest.fixture
def score(make_inputs: Callable[..., ModelInputs], parameters: Parameters) -> Callable[..., ScenarioSet]:
    """Scenarios of some hazard sources."""
    def run(*rows: dict[str, Any], factors: pd.Series = NO_FACTORS, parameters: Parameters = parameters) -> ScenarioSet:
        builder = ScenarioBuilder(("hazard_source",))
        quantified.add(builder, make_inputs(hazard_source=list(rows)), parameters, factors)
        return builder.finish()

    return run


def areas(scenarios: ScenarioSet) -> np.ndarray:
    """Effective area in m² of every kernel, outdoors and indoors."""
    square = [np.square(kernel_distances(k.radius)) for k in scenarios.kernels]
    return np.array([[np.pi * np.trapezoid(table, s) for table in (k.outdoors, k.indoors)]
                     for k, s in zip(scenarios.kernels, square, strict=True)])


def pll(scenarios: ScenarioSet, density_km2: float = 3000.0, outdoors: float = 0.15) -> float:
    """Deaths per year with people spread evenly."""
    people = areas(scenarios)[scenarios.points.kernel] * density_km2 / 1e6 @ [outdoors, 1 - outdoors]
    return float((scenarios.points.frequency * people).sum())


def individual_risk(scenarios: ScenarioSet, distance: float) -> float:
    """IR outdoors at a distance from all units at one place."""
    at = np.array([np.interp(distance**2, kernel_distances(k.radius) ** 2, k.outdoors, right=0.0) for k in scenarios.kernels])
    return float((scenarios.points.frequency * at[scenarios.points.kernel]).sum())


def by_label(scenarios: ScenarioSet) -> dict[str, float]:
    """Frequency per label."""
    sums = np.bincount(scenarios.points.label, scenarios.points.frequency, len(scenarios.labels))
    return dict(zip(scenarios.labels, sums.tolist(), strict=True))


def test_filling_station(score: Callable[..., ScenarioSet]) -> None:
    found = score(STATION)
    frequency = by_label(found)
    assert set(found.points.theme) == {Theme.HAZCHEM}
    assert set(found.points.scope) == {Scope.AN}
    leak = frequency["卸油软管泄漏（及时切断）·池火"] + frequency["卸油软管泄漏（未切断）·池火"]
    rupture = frequency["卸油软管断裂（及时切断）·池火"] + frequency["卸油软管断裂（未切断）·池火"]
    assert 0.10 <= leak / (4e-5 * 150) <= 0.15
    assert 0.10 <= rupture / (4e-6 * 150) <= 0.15
    assert frequency["油罐车罐体破裂·池火"] == approx((0.4 + 0.6 * 0.08) * 1e-5 * 150 / 8760)
    assert not any("火球" in label for label in frequency)
    assert 2e-5 <= pll(found) <= 2e-4
    assert individual_risk(found, 25.0) > 3e-7 > individual_risk(found, 45.0)


def test_diesel_burns_less_than_gasoline(score: Callable[..., ScenarioSet]) -> None:
    assert pll(score(STATION | {"substance": "diesel"})) < 0.2 * pll(score(STATION))


def test_unloading_hours_default(score: Callable[..., ScenarioSet]) -> None:
    assert by_label(score(STATION | {"unloading_h": None})) == by_label(score(STATION))


def test_lpg_station_near_the_dutch_distances(score: Callable[..., ScenarioSet]) -> None:
    """Dutch LPG stations: 1e-6 at 45 to 110 m round the fill point; 120 m with tanks above ground."""
    buried, above = score(LPG | {"buried": True}), score(LPG)
    assert individual_risk(buried, 30.0) > 1e-6 > individual_risk(buried, 180.0)
    assert by_label(above)["储罐破裂·火球"] == approx(2 * 5e-7 * 0.7 * 0.7)
    assert "储罐破裂·火球" not in by_label(buried)
    assert by_label(buried)["槽车受火BLEVE·火球"] == approx(2e-9 * 150)
    assert set(buried.points.scope) == {Scope.AN}


def test_event_tree_of_a_burst_sums_to_ignition(score: Callable[..., ScenarioSet]) -> None:
    frequency = by_label(score(DEPOT))
    burst = sum(f for label, f in frequency.items() if label.startswith("储罐破裂"))
    assert burst == approx(8 * 5e-7 * (0.7 + 0.3 * 0.8))


def test_ammonia_follows_weather_and_wind(score: Callable[..., ScenarioSet], parameters: Parameters) -> None:
    found = score(STORE | {"isolation": "automatic"})
    frequency = by_label(found)
    assert frequency["储氨器破裂·氨气团"] == approx(5e-7)
    assert frequency["压缩机及管道泄漏（切断）·氨气云"] == approx(5e-4 * (1 - 1e-3))
    assert frequency["压缩机及管道泄漏（切断失效）·氨气云"] == approx(5e-4 * 1e-3)
    rose = Climate.of(parameters).rose
    assert all(k.rose is not None and np.array_equal(k.rose, rose) for k in found.kernels)
    assert all(np.allclose(k.indoors, 0.1 * k.outdoors) for k in found.kernels)
    assert set(found.points.scope) == {Scope.HC}


def test_isolation_lowers_ammonia_risk(score: Callable[..., ScenarioSet]) -> None:
    risks = [pll(score(STORE | {"isolation": name})) for name in ("automatic", "remote", "manual")]
    assert risks[0] < risks[1] < risks[2]


def test_oil_depot(score: Callable[..., ScenarioSet]) -> None:
    found = score(OIL)
    frequency = by_label(found)
    assert frequency["储罐冒顶·蒸气云爆炸"] == approx(4e-6)
    assert frequency["储罐大孔泄漏·池火"] == approx(4 * 5e-6 * (0.065 + 0.935 * 0.08))
    assert max(k.radius for k in found.kernels) < 250
    diesel = by_label(score(OIL | {"substance": "diesel"}))
    assert not any("爆炸" in label for label in diesel)


def test_unknown_substance_is_refused_by_name_not_zero(score: Callable[..., ScenarioSet]) -> None:
    found = score(CHLORINE | {"substance": "unobtainium"}, STATION | {"substance": "chlorine"}, STATION)
    assert [source for _, source, _ in found.refused] == ["hazard_source-0", "hazard_source-1"]
    assert "unobtainium" in found.refused[0][2]
    assert "filling_station" in found.refused[1][2]
    assert set(found.points.row) == {2}


def test_empty_unit_is_refused(score: Callable[..., ScenarioSet]) -> None:
    found = score(STATION | {"quantity_t": 0.0})
    assert len(found.refused) == 1
    assert len(found.points.row) == 0


@pytest.mark.parametrize("change", [{"unit_type": "nuclear"}, {"scope": "xx"}])
def test_unknown_names_are_errors(score: Callable[..., ScenarioSet], change: dict[str, str]) -> None:
    with pytest.raises(UnknownIdentifier):
        score(STATION | change)


def test_unknown_isolation_is_an_error(score: Callable[..., ScenarioSet]) -> None:
    with pytest.raises(UnknownIdentifier):
        score(STORE | {"isolation": "magic"})


def test_factor_of_the_enterprise(score: Callable[..., ScenarioSet]) -> None:
    plain, factored = score(STATION), score(STATION, factors=pd.Series({"e1": 1.3, "e2": 9.0}))
    assert factored.points.frequency == approx(1.3 * plain.points.frequency)
    assert score(STATION | {"enterprise_id": None}).points.frequency == approx(plain.points.frequency)


def test_splitting_a_unit_changes_nothing(score: Callable[..., ScenarioSet]) -> None:
    whole = score(OIL)
    half = OIL | {"quantity_t": OIL["quantity_t"] / 2, "vessels": 2}
    split = score(half, half)
    assert individual_risk(split, 40.0) == approx(individual_risk(whole, 40.0), rel=1e-12)
    assert pll(split) == approx(pll(whole), rel=1e-12)


def test_equal_units_share_kernels_and_order_does_not_matter(score: Callable[..., ScenarioSet]) -> None:
    one, many = score(STATION, DEPOT), score(*[STATION] * 50, *[DEPOT] * 5)
    assert len(many.kernels) == len(one.kernels)
    assert pll(score(DEPOT, STATION)) == approx(pll(one), rel=1e-12)


def test_nothing_to_score(make_inputs: Callable[..., ModelInputs], parameters: Parameters) -> None:
    builder = ScenarioBuilder(("hazard_source",))
    quantified.add(builder, make_inputs(), parameters, NO_FACTORS)
    assert len(builder.finish().points.row) == 0


def test_city_total_in_its_band(score: Callable[..., ScenarioSet]) -> None:
    """A city of 1,000 stations, 10 LPG stations, 10 depots, 75 cold stores and 8 oil depots: 0.1 to 3 deaths a year."""
    city = ((1000, STATION), (10, LPG), (10, DEPOT), (75, STORE), (8, OIL))
    total = sum(count * pll(score(unit), density_km2=4000.0) for count, unit in city)
    assert 0.1 <= total <= 3.0


def test_kernels_fall_and_stay_within_one(score: Callable[..., ScenarioSet]) -> None:
    for kernel in score(STATION, LPG, DEPOT, STORE, OIL).kernels:
        assert np.all((kernel.indoors >= 0) & (kernel.indoors <= kernel.outdoors + 0.025))
        assert np.all((kernel.outdoors >= 0) & (kernel.outdoors <= 1))
        assert np.all(np.diff(kernel.outdoors) <= 0.02)  # a jet's flame tip is a little wider than its root
        assert kernel.outdoors[-1] <= 1e-3 or kernel.outdoors[-1] == 1.0


def test_footprints_of_known_size(parameters: Parameters) -> None:
    lpg, gasoline, physics = Fuel.of(parameters, "lpg"), Fuel.of(parameters, "gasoline"), Physics.of(parameters)
    assert 60 <= flash_kernel(9_000.0, lpg, physics).radius <= 150
    blast = blast_kernel(10_000.0, lpg, physics)
    assert (blast.outdoors[0], blast.outdoors[-1]) == (1, 0)
    assert blast.indoors[-1] == 0.025
    pool = pool_kernel(5.0, gasoline, physics)  # 37.5 kW/m² at 8.98 m: nobody survives indoors inside, all beyond
    assert np.interp([8.8**2, 9.2**2], kernel_distances(pool.radius) ** 2, pool.indoors).tolist() == [1.0, 0.0]
    assert 20 < jet_kernel(1.3, lpg, physics).radius < 60


def test_uniform_rose_is_the_isotropic_mean(parameters: Parameters) -> None:
    """The ring sum of A·rose over the sectors is the sum over directions of one plume, and a uniform rose is 1 everywhere."""
    climate, cloud = Climate.of(parameters), ToxicCloud.of(parameters, "ammonia")
    assert climate.rose.mean() == approx(1.0)
    assert sum(w.share for w in climate.classes) == approx(1.0)
    assert towards(np.full(16, 0.25)).tolist() == [1.0] * 16
    weather = Weather("D", 4.0, 1.0)
    kernel = cloud.plume(5.0, 30.0, weather, climate).kernel
    angle = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    for r in (40.0, 60.0):
        ahead = np.cos(angle) > 0
        x, y = r * np.cos(angle[ahead]), r * np.sin(angle[ahead])
        exact = cloud.plume_lethality(5.0, 30.0, weather, climate.terrain, np.maximum(x, 1.0), y).sum() / angle.size
        assert np.interp(r**2, kernel_distances(kernel.radius) ** 2, kernel.outdoors) == approx(exact, rel=0.1)


def test_effective_share_of_a_top_hat() -> None:
    """P = 1 within ±5 m at 100 m: 10 m of the circle of 628 m; and everywhere near the source: never more than 1."""
    share = effective_share(lambda r, y: np.where(y <= 5.0, 1.0, 0.0) + 0 * r, np.array([4.0, 4.0]), np.array([100.0, 1.0]))
    assert share[0] == approx(10 / (2 * np.pi * 100), rel=0.06)
    assert share[1] == 1.0


def test_bad_rose_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        towards(np.ones(8))


def test_ignition_size_classes(parameters: Parameters) -> None:
    assert ignition.immediate(parameters, 0, mass=[999.0, 1000.0, 1001.0, 20_000.0]).tolist() == [0.2, 0.2, 0.5, 0.7]
    with pytest.raises(ValueError, match="either"):
        ignition.immediate(parameters, 0)


def test_nobody_is_indoors_on_the_forecourt(score: Callable[..., ScenarioSet]) -> None:
    for kernel in score(STATION).kernels:
        near = kernel_distances(kernel.radius) < 8.0
        assert kernel.indoors[near].max() == 0
        assert kernel.outdoors[0] == 1


def test_size_classes_move_distances_by_two_per_cent() -> None:
    mass = np.geomspace(100.0, 1e6, 997)
    assert np.cbrt(size_class(mass) / mass) == approx(1.0, abs=0.017)
