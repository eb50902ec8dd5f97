"""The whole model on a tiny region: everything adds up, and a colour has its reasons."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from geo.errors import BadParameter, NotFound, RunError
from riskmodel.budget import Estimate, refuse_over
from riskmodel.fields import S_UNIT, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.run import RunResult, score
from riskmodel.scenarios import Theme
from riskmodel.whatif import moved, what_if
from tests.riskmodel.conftest import GRID, STREETS, MakeInputs


@pytest.fixture(scope="module")
def inputs(make_inputs: MakeInputs) -> ModelInputs:
    west, north = GRID.west, GRID.north
    return make_inputs(
        enterprise=[
            {"id": "E1", "industry": "C", "staff_at_place": 120, "premises": "factory", "floor_area_m2": 5000.0, "reports": True,
             "x": west + 900, "y": north - 900},
            {"id": "E2", "industry": "F", "staff_at_place": 8, "premises": "shop", "floor_area_m2": 300.0, "x": west + 3100,
             "y": north - 2100},
            {"id": "E3", "industry": "F", "staff_at_place": 12, "premises": "shop", "floor_area_m2": 150.0, "x": west + 1500,
             "y": north - 2000},
        ],
        risk_source=[
            {"id": "R1", "enterprise_id": "E1", "method": "LEC", "l": 3.0, "e": 6.0, "c": 15.0, "accident_type": "火灾",
             "x": west + 900, "y": north - 900},
            {"id": "R2", "enterprise_id": "E1", "method": "LEC", "l": 1.0, "e": 6.0, "c": 7.0, "accident_type": "机械伤害",
             "x": west + 900, "y": north - 900},
        ],
        hazard_source=[
            {"id": "H1", "enterprise_id": "E3", "unit_type": "lpg_depot", "scope": "hc", "substance": "lpg", "cas": "68476-85-7",
             "quantity_t": 360.0, "temperature_c": 20.0, "pressure_mpa": 0.8, "vessels": 8, "vessel_m3": 100.0, "bund_m2": 800.0,
             "unloading_h": 300.0, "isolation": "remote", "fence_m": 60.0, "x": west + 1500, "y": north - 2000},
            {"id": "H2", "enterprise_id": None, "unit_type": "chlorine_works", "scope": "hc", "substance": "chlorine",
             "quantity_t": 10.0, "vessels": 10, "vessel_m3": 0.8, "fence_m": 50.0, "x": west + 3000, "y": north - 3000},
        ],
        venue=[{"id": "V1", "venue_type": "school", "protection_class": "高敏感", "floor_area_m2": 8000.0, "capacity": 900,
                "x": west + 1600, "y": north - 2000}],
        work_site=[{"id": "W1", "site_type": "building", "workers": 400, "x": west + 3300, "y": north - 700}],
        hidden_danger=[{"id": "D1", "enterprise_id": "E2", "major": True, "found": pd.Timestamp("2026-05-01"),
                        "due": pd.Timestamp("2026-07-01"), "x": west + 3100, "y": north - 2100}],
    )


@pytest.fixture(scope="module")
def result(inputs: ModelInputs, parameters: Parameters) -> RunResult:
    assert inputs.as_of == date(2026, 6, 1)
    return score(inputs, parameters)


def test_a_run_can_be_refused_once_its_scenarios_are_known(inputs: ModelInputs, parameters: Parameters,
                                                           result: RunResult) -> None:
    asked: list[Estimate] = []
    stages: list[str] = []

    def refuse(found: Estimate) -> None:
        asked.append(found)
        refuse_over(found, 1.0)

    with pytest.raises(RunError, match="超过内存上限 1 MB"):
        score(inputs, parameters, allow=refuse, progress=lambda name, _done, _of: stages.append(name))
    assert stages == ["人口暴露", "情景"]
    assert asked[0].scenarios == len(result.scenarios.points.x) + len(result.scenarios.lines.rate)
    assert asked[0].cells == inputs.grid.size


def test_themes_sum_to_the_whole_everywhere(result: RunResult) -> None:
    for table, prefix in ((result.areas, "pll"), (result.cells, "s")):
        parts = table[[f"{prefix}_{t.name.lower()}" for t in Theme]].sum(axis=1)
        assert parts.to_numpy() == pytest.approx(table[prefix].to_numpy(np.float64), rel=1e-12)


def test_streets_sum_to_the_district_and_the_city(result: RunResult) -> None:
    sums = result.areas.groupby("level")[["pll", "residents", "area_km2"]].sum()
    assert sums.loc["street"].to_numpy() == pytest.approx(sums.loc["district"].to_numpy(), rel=1e-12)
    assert sums.loc["district"].to_numpy() == pytest.approx(sums.loc["city"].to_numpy(), rel=1e-12)


def test_sources_and_background_make_all_of_it(result: RunResult) -> None:
    """Σ S = Σ f·N: what lies on cells is what the sources and the background make."""
    made = result.sources["pll"].sum() + sum(layer.sum() for layer in result.fields.background_s) * S_UNIT
    assert made == pytest.approx(result.fields.s.sum() * S_UNIT, rel=1e-12)
    assert result.totals["pll"] == pytest.approx(made, rel=1e-9)


def test_chlorine_counts(result: RunResult) -> None:
    """A dense gas with a dense-gas model: scored, not refused."""
    row = result.sources.set_index("id").loc["H2"]
    assert row["pll"] > 0
    assert row["refused"] is None


def test_a_school_beside_an_lpg_depot_breaks_the_criterion(result: RunResult) -> None:
    target = result.targets.set_index("id").loc["V1"]
    assert target["ir_hc"] > target["in_service"]
    street = result.areas.set_index("code").loc["110101001000"]
    codes = {rule["code"]: rule for rule in json.loads(street["codes"])}
    assert "S-IR-1" in codes
    assert "V" in codes["S-IR-1"]["detail"] or "场所" in codes["S-IR-1"]["detail"]
    assert street["risk_level"] <= 2
    assert {"S-H-2", "S-H-3"} & set(codes)


def test_an_open_major_danger_makes_orange(result: RunResult) -> None:
    street = result.areas.set_index("code").loc["110101002000"]
    assert "S-V-2" in {rule["code"] for rule in json.loads(street["codes"])}
    assert street["risk_level"] == 2


def test_one_hazard_counts_once(result: RunResult) -> None:
    """The depot's own premises fire gives way to the quantified unit."""
    sources = result.sources.set_index("id")
    assert not sources.loc["E3", "counted"]
    assert (sources.loc["E3", "pll"], sources.loc["E3", "level"]) == (0.0, 0)  # no colour: its risk is that of its unit
    assert sources.loc["H1", "level"] in (1, 2, 3, 4)
    assert sources.loc["E2", "counted"]


def test_curves_fall(result: RunResult) -> None:
    for _, curve in result.fn.groupby(["level", "code"]):
        assert (np.diff(curve.sort_values("n")["f"]) <= 1e-18).all()
    assert "E3" in set(result.fn["code"])  # all units of an enterprise are one installation


def test_the_same_inputs_give_the_same_bits(result: RunResult, inputs: ModelInputs, parameters: Parameters) -> None:
    assert (result.fields.ir != 0).any()
    for threads in (1, 3):
        again = score(inputs, parameters, threads=threads)
        assert np.array_equal(again.fields.s, result.fields.s)
        assert np.array_equal(again.fields.ir, result.fields.ir)
        assert again.areas["codes"].tolist() == result.areas["codes"].tolist()


def test_a_depot_that_moves_away_takes_its_risk_along(result: RunResult, inputs: ModelInputs, parameters: Parameters) -> None:
    """What-if by difference: the bits of a full run of the edited copy, and the run itself untouched."""
    edited = moved(inputs, "hazard_source", "H1", GRID.west + 2600.0, GRID.north - 1200.0)
    before = result.fields.ir.copy()
    answer = what_if(edited, result.scenarios, result.fields, result.exposure, parameters)
    full = lay(answer.scenarios, result.exposure, inputs.grid)
    for name in ("ir", "s", "point_s", "line_s"):
        assert np.array_equal(getattr(answer.fields, name), getattr(full, name)), name
    assert np.array_equal(result.fields.ir, before)
    assert not np.array_equal(answer.fields.ir, before)
    assert edited.frames["hazard_source"].loc[0, "area_code"] == STREETS[1] != inputs.frames["hazard_source"].loc[0, "area_code"]
    west, east = (answer.streets.set_index("code").loc[code] for code in STREETS)
    assert west["pll_after"] < west["pll_before"]
    moved_pll = (answer.streets["pll_after"] - answer.streets["pll_before"]).sum()
    assert answer.pll_after == pytest.approx(answer.pll_before + moved_pll)
    assert east["pll_after"] != east["pll_before"]
    home = edited.frames["hazard_source"].loc[0]
    back = what_if(moved(edited, "hazard_source", "H1", home["x"] - 1100.0, home["y"] - 800.0), answer.scenarios, answer.fields,
                   result.exposure, parameters)
    assert np.array_equal(back.fields.ir, before)


def test_what_cannot_be_moved(inputs: ModelInputs) -> None:
    with pytest.raises(NotFound, match="没有编号"):
        moved(inputs, "hazard_source", "nobody", GRID.west + 10, GRID.north - 10)
    with pytest.raises(BadParameter, match="计算范围之外"):
        moved(inputs, "hazard_source", "H1", GRID.west - 10, GRID.north - 10)
