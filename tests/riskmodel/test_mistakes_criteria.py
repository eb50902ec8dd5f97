"""Mistakes that an earlier draft of the model made, each with the test that would catch it: criteria, curves, fields, levels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from riskmodel import semi
from riskmodel.build import build_scenarios
from riskmodel.fields import S_UNIT, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure
from riskmodel.run import RunResult, score
from riskmodel.scenarios import FN_N, Kernel, ScenarioBuilder, Scope, Theme
from riskmodel.societal import event_table, fn_curve
from riskmodel.targets import evaluate_targets
from riskmodel.uncertainty import lognormal, sigma
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, MakeInputs, make_frame
from tests.riskmodel.units import UNITS

WEST, NORTH = GRID.west, GRID.north
DEPOT = {"id": "H", "unit_type": "lpg_depot", "scope": "hc", "substance": "lpg", "quantity_t": 135.0, "vessels": 3,
         "pressure_mpa": 0.9, "unloading_h": 400.0, "fence_m": 40.0, "x": WEST + 1000.0, "y": NORTH - 2000.0}
N = np.asarray(FN_N, np.float64)


def place(i: int) -> dict[str, float]:
    return {"x": WEST + 250.0 + 95.0 * (i % 35), "y": NORTH - 600.0 - 150.0 * (i // 35)}


def firms(n: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": f"E{i}", "industry": "C", "staff_at_place": 200, "premises": "factory", "floor_area_m2": 9000.0,
             "reports": True, **place(i), **more} for i in range(n)]


def reports(n: int) -> list[dict[str, Any]]:
    return [{"id": f"R{i}", "enterprise_id": f"E{i}", "method": "LEC", "l": 6.0, "e": 10.0, "c": 40.0,
             "accident_type": "其他爆炸", **place(i)} for i in range(n)]


@pytest.fixture(scope="module")
def busy(make_inputs: MakeInputs, parameters: Parameters) -> RunResult:
    """Two streets full of work accidents, fires and reported explosions, schools everywhere, and one depot far from them."""
    school = {"venue_type": "school", "protection_class": "高敏感", "y": NORTH - 620.0}
    schools = [{**school, "id": f"V{i}", "x": WEST + 260.0 + 95.0 * i}
               for i in range(35)]
    inputs = make_inputs(residents=150.0, enterprise=firms(140), risk_source=reports(140), venue=schools,
                         hazard_source=[{**DEPOT, "y": NORTH - 3600.0, "x": WEST + 3400.0}],
                         work_site=[{"id": "W", "site_type": "building", "workers": 3000, "x": WEST + 600.0,
                                     "y": NORTH - 2500.0}])
    return score(inputs, parameters)


def codes_of(area: pd.Series) -> set[str]:
    return {rule["code"] for rule in json.loads(area["codes"])}


def test_mistake_01_gb36894_is_tested_on_hazardous_chemicals_only(busy: RunResult) -> None:
    """Fire alone is 1.5e-6 per person and year, work 5.3e-6: every inhabited cell would break 3e-7."""
    per_head = busy.totals["pll"] / busy.cells["residents"].sum()
    assert per_head > 3e-6  # above the limit, if it were tested on everything
    assert busy.cells["ir_semi"].max() * 1e-18 > 3e-7  # the discs of reported rows have a field, and no criterion
    assert (busy.targets["ir_hc"] == 0).all()
    assert not busy.targets[["breach", "near", "an_breach", "an_near"]].to_numpy().any()
    for _, street in busy.areas[busy.areas["level"] == "street"].iterrows():
        assert not codes_of(street) & {"S-IR-1", "S-FN-1"}


def test_mistake_02_lines_judge_an_installation_not_an_area(busy: RunResult) -> None:
    """A street's curve is far above 1e-3 at N = 1; it is drawn without lines and makes no level. Areas count installations."""
    curves = busy.fn.set_index(["level", "code"])
    areas = busy.fn[busy.fn["level"] != "installation"]
    assert areas["zone"].isna().all()
    assert areas.loc[areas["n"] == 1, "f"].max() > 1e-3
    assert set(areas["level"]) == {"street", "district", "city"}
    assert curves.loc["installation"]["zone"].notna().all()
    for _, area in busy.areas.iterrows():
        assert "S-FN-1" not in codes_of(area)
    city = busy.areas[busy.areas["level"] == "city"].iloc[0]
    zones = [city[name] for name in ("fn_acceptable", "fn_alarp", "fn_unacceptable")]
    assert sum(zones) == 1
    installation = busy.fn[busy.fn["level"] == "installation"]["zone"].iloc[0]
    assert zones[["可接受区", "尽可能降低区", "不可接受区"].index(installation)] == 1


def with_row(inputs: ModelInputs, kind: str, row: Mapping[str, Any]) -> ModelInputs:
    frame = pd.concat([inputs.frames[kind], make_frame(kind, [row])], ignore_index=True)
    return replace(inputs, frames={**inputs.frames, kind: frame})


def test_mistake_05_an_edit_changes_its_own_unit_only(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """m̄_g, M_ref and the means of the emergency response are frozen: another unit's report moves nobody else."""
    before = make_inputs(residents=20.0, enterprise=firms(20), risk_source=reports(12))
    after = with_row(before, "risk_source", {**reports(13)[12]})
    first, second = (score(inputs, parameters).sources for inputs in (before, after))
    old = first[first["kind"].isin(["risk_source", "enterprise"])].set_index("id")["pll"]
    new = second.set_index("id")["pll"]
    moved = old.index[~np.isclose(old, new.loc[old.index], rtol=1e-12, atol=0)]
    assert set(moved) <= {"E12"}
    assert new["R12"] > 0


def test_mistake_05_adding_a_source_never_lowers_individual_risk(make_inputs: MakeInputs, parameters: Parameters) -> None:
    before = make_inputs(residents=20.0, hazard_source=[DEPOT])
    after = with_row(before, "hazard_source", {**DEPOT, "id": "H2", "x": WEST + 1400.0})
    first, second = (score(inputs, parameters) for inputs in (before, after))
    assert (second.fields.ir >= first.fields.ir).all()
    assert (second.fields.s >= first.fields.s).all()  # at frozen people


def test_mistake_06_two_risks_are_not_one(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A blast of .1 to .3 bar kills indoors only: no individual risk there, and deaths all the same; Σ S = Σ f·N."""
    inputs = make_inputs(residents=25.0, hazard_source=[DEPOT])
    people = exposure(inputs, parameters)
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_points("hazard_source", "试验·蒸气云爆炸", Theme.HAZCHEM, Scope.HC, row=[0], x=DEPOT["x"], y=DEPOT["y"], frequency=1e-4,
                 kernel=b.kernel(Kernel.of(400.0, lambda r: 0 * r, lambda r: 0.025 + 0 * r)))
    scenarios = b.finish()
    fields = lay(scenarios, people, GRID)
    assert fields.ir.max() == 0
    assert fields.s.sum() > 0
    table = event_table(inputs, scenarios, people, least=0.0)
    assert (table.rate * table.deaths).sum() == pytest.approx(fields.s.sum() * S_UNIT, rel=1e-6)


def test_mistake_08_limits_are_tested_at_the_target_not_on_the_cell(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A disc of 15 m: the mean over the cell of 100 m is 14 times lower than the risk at the school inside the disc."""
    x, y = WEST + 1050.0, NORTH - 2050.0
    school = {"venue_type": "school", "protection_class": "高敏感", "x": x + 10.0, "y": y}
    inputs = make_inputs(residents=10.0, hazard_source=[{**DEPOT, "x": x, "y": y, "fence_m": 0.0}], venue=[school])
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_points("hazard_source", "试验·池火", Theme.HAZCHEM, Scope.HC, row=[0], x=x, y=y, frequency=5e-6,
                 kernel=b.kernel(Kernel.disc(15.0, 1.0)))
    scenarios = b.finish()
    target = evaluate_targets(inputs, scenarios, parameters).iloc[0]
    mean = lay(scenarios, exposure(inputs, parameters), GRID).ir[Scope.HC].max() * 1e-18
    assert mean < 3e-6 < target["ir_hc"]
    assert target["breach"]
    assert target["ir_hc"] / mean == pytest.approx(1e4 / (np.pi * 15.0**2), rel=0.02)


def test_mistake_15_deaths_are_counted_by_slot_and_wind_sector(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Averaging N over the wind cuts the tail: a crowd stands in one sector only."""
    crowd = np.zeros(GRID.size)
    crowd[GRID.index(DEPOT["x"], DEPOT["y"] + 450.0)] = 2000.0
    inputs = make_inputs(residents=crowd, hazard_source=[DEPOT])
    people = exposure(inputs, parameters)
    b = ScenarioBuilder(SOURCE_KINDS)
    cloud = Kernel.of(700.0, lambda r: 0.04 + 0 * r, lambda r: 0.04 + 0 * r, np.ones(16))
    b.add_points("hazard_source", "试验·氨气云", Theme.HAZCHEM, Scope.HC, row=[0], x=DEPOT["x"], y=DEPOT["y"], frequency=1e-4,
                 kernel=b.kernel(cloud))
    table = event_table(inputs, b.finish(), people)
    assert set(table.sector) <= {15, 0, 1}  # due north, nowhere else
    assert set(table.slot) == {0, 1, 2, 3}
    curve = fn_curve(table.rate, table.deaths)
    averaged = sum(1e-4 * p * poisson.sf(N - 1, (table.rate * table.deaths)[table.slot == t].sum() / (1e-4 * p))
                   for t, p in enumerate(people.probability))
    n = FN_N.index(300)
    assert curve[n] > 1e-6
    assert averaged[n] < 1e-3 * curve[n]
    there = people.outdoors.sum(axis=1) + people.indoors.sum(axis=1)
    assert max(there) > 1.05 * min(there)
    for t, p in enumerate(people.probability):  # who is there in that slot, not the week's mean
        rows = table.slot == t
        assert (table.rate * table.deaths)[rows].sum() == pytest.approx(1e-4 * 0.04 * p * there[t], rel=1e-3)


def test_mistake_15_each_weather_is_an_event_of_its_own(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Chlorine in a still night kills many times the mean over the weather, which is what one averaged class would show."""
    inputs = make_inputs(residents=40.0, hazard_source=[UNITS["chlorine_works"]])
    people = exposure(inputs, parameters)
    scenarios = build_scenarios(inputs, parameters, people)[0]
    points, table = scenarios.points, event_table(inputs, scenarios, people)
    cloud = np.flatnonzero(points.label == scenarios.labels.index("氯瓶阀门或连接管泄漏（切断）·氯气云"))
    share = points.frequency[cloud] / points.frequency[cloud].sum()
    assert share == pytest.approx(parameters.array("weather.stability.share"))
    deaths = np.bincount(table.scenario, table.rate * table.deaths, len(points.x))[cloud] / points.frequency[cloud]
    still_night, windy_day = deaths[5], deaths[3]
    assert still_night > 2 * (share * deaths).sum() > 20 * windy_day
    by_row = table.rate[:, None] * poisson.sf(N - 1, table.deaths[:, None])  # every row with its own N
    assert fn_curve(table.rate, table.deaths) == pytest.approx(by_row.sum(axis=0), rel=1e-6, abs=1e-15)


def test_mistake_15_small_rows_are_dropped_and_the_loss_is_told(make_inputs: MakeInputs, parameters: Parameters) -> None:
    result = score(make_inputs(residents=20.0, hazard_source=[DEPOT]), parameters)
    assert 0.0 <= result.uncertainty["dropped_pll"] < 1e-9
    assert result.uncertainty["dropped_pll"] < 1e-6 * result.totals["hazchem"]
    inputs = make_inputs(residents=20.0, hazard_source=[DEPOT])
    whole, cut = (event_table(inputs, result.scenarios, result.exposure, least=least) for least in (0.0, 1e-6))
    missing = float((whole.rate * whole.deaths).sum() - (cut.rate * cut.deaths).sum())
    assert missing > 0
    assert cut.lost == pytest.approx(missing, rel=1e-6)


@pytest.mark.parametrize(("error_factor", "inflated"), [(10.0, 2.66), (3.0, 1.25)])
def test_mistake_19_published_rates_are_means(error_factor: float, inflated: float) -> None:
    """Taken for medians, rates with EF 10 would grow 2.7-fold; exp(σZ − σ²/2) keeps them."""
    z = np.random.default_rng(1).standard_normal(2_000_000)
    spread = float(sigma(error_factor))
    assert np.exp(spread * z).mean() == pytest.approx(inflated, rel=0.02)
    assert lognormal(z, spread).mean() == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize(("l", "e", "c", "d", "familiar", "own"), [(6, 10, 3, 180, 2, 4), (3, 6, 15, 270, 2, 2),
                                                                   (3, 6, 7, 126, 3, 3)])
def test_mistake_21_a_grade_is_compared_with_the_sources_own_level(l: int, e: int, c: int, d: float, familiar: int, own: int,
                                                                   parameters: Parameters) -> None:
    """LEC of a task against the level of that source by PLL, never against the level of an area."""
    row = {"method": "LEC", "l": float(l), "e": float(e), "c": float(c), "s": np.nan, "grade": None, "profile": None}
    found = semi.assess(pd.DataFrame([row]), parameters)
    assert found.d.tolist() == [d]
    assert (int(found.familiar[0]), int(found.level[0])) == (familiar, own)
    assert bool(found.mismatch[0]) == (abs(familiar - own) >= 2)


def test_mistake_23_index_follows_people_and_kappa_does_not(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Ten times the people at the same risk per head: 16.7 points more on the index, the same κ, and the themes beside both."""
    column = np.arange(GRID.size) % GRID.nx
    inputs = make_inputs(residents=np.where(column < GRID.nx // 2, 10.0, 100.0))
    streets = score(inputs, parameters).areas.head(2)
    assert np.diff(streets["index"])[0] == pytest.approx(100 / 6, abs=0.1)
    assert streets["kappa"].iloc[1] == pytest.approx(streets["kappa"].iloc[0], rel=0.02)
    themes: Sequence[str] = [f"pll_{t.name.lower()}" for t in Theme]
    assert streets[list(themes)].sum(axis=1).to_numpy() == pytest.approx(streets["pll"].to_numpy())
