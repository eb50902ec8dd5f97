"""Criteria at the target: which scope is tested against which limit, where, and by whom it is caused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from riskmodel import quantified, semi
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure
from riskmodel.precedence import resolve
from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme, kernel_distances
from riskmodel.targets import evaluate_dwellings, evaluate_targets
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, MakeInputs

X, Y = GRID.west + 2030.0, GRID.north - 1970.0
UNIT = {"id": "H", "unit_type": "lpg_depot", "x": X, "y": Y, "synthetic": False}
SCHOOL = {"venue_type": "school", "protection_class": "高敏感", "y": Y}


def evaluated(inputs: ModelInputs, parameters: Parameters, *, frequency: float, scope: Scope = Scope.HC,
              lethality: float = 1.0) -> pd.DataFrame:
    """Targets under one disc of 200 m around each unit."""
    builder = ScenarioBuilder(SOURCE_KINDS)
    units = inputs.frames["hazard_source"]
    builder.add_points("hazard_source", "试验", Theme.HAZCHEM, scope, row=units.index, x=units["x"], y=units["y"],
                       frequency=frequency, kernel=builder.kernel(Kernel.disc(200.0, lethality)))
    return evaluate_targets(inputs, builder.finish(), parameters)


def flags(table: pd.DataFrame) -> list[str]:
    names = ("breach", "near", "an_breach", "an_near")
    return [" ".join(name for name in names if row[name]) for _, row in table.iterrows()]


@pytest.mark.parametrize(("scope", "frequency", "expected"), [
    (Scope.HC, 3.1e-6, "breach near"), (Scope.HC, 2.9e-6, "near"), (Scope.HC, 3.1e-7, "near"), (Scope.HC, 2.9e-7, ""),
    (Scope.AN, 1e-3, "an_breach an_near"), (Scope.AN, 2.9e-6, "an_near"), (Scope.AN, 2.9e-7, ""),
])
def test_each_scope_has_its_own_flags(scope: Scope, frequency: float, expected: str, make_inputs: MakeInputs,
                                      parameters: Parameters) -> None:
    """High-sensitivity: 3e-6 in service, 3e-7 new; filling stations and gas never break the criterion of GB 36894 itself."""
    inputs = make_inputs(hazard_source=[UNIT], venue=[{**SCHOOL, "x": X + 150.0}])
    assert flags(evaluated(inputs, parameters, frequency=frequency, scope=scope)) == [expected]


def test_limits_follow_the_class(make_inputs: MakeInputs, parameters: Parameters) -> None:
    classes = ("高敏感", "重要", "一类", "二类", "三类")
    venues = [{**SCHOOL, "x": X + 100.0, "protection_class": name} for name in classes]
    table = evaluated(make_inputs(hazard_source=[UNIT], venue=venues), parameters, frequency=5e-6)
    assert flags(table) == ["breach near"] * 3 + ["near", ""]


def test_reports_have_no_criterion(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """The disc of a reported row stays in ir_semi, however frequent."""
    row: dict[str, Any] = {"enterprise_id": "u", "method": "LEC", "accident_type": "其他爆炸", "l": 10, "e": 10, "c": 100}
    inputs = make_inputs(enterprise=[{"id": "u", "industry": "B", "staff_at_place": 6000}],
                         risk_source=[{**row, "x": X, "y": Y}] * 20, venue=[{**SCHOOL, "x": X + 5.0}])
    builder = ScenarioBuilder(SOURCE_KINDS)
    counted = resolve(builder, inputs, parameters)
    semi.add(builder, inputs, parameters, pd.Series(dtype=float), exposure(inputs, parameters), counted)
    found = builder.finish()
    assert (found.points.scope == Scope.SEMI).sum() == 20
    table = evaluate_targets(inputs, found, parameters)
    assert table[["ir_hc", "ir_an"]].to_numpy().max() == 0.0


def test_the_risk_is_that_of_the_point_not_of_its_cell(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """199 and 201 m from the source, in one cell: 2e-6 and nothing."""
    inputs = make_inputs(hazard_source=[UNIT], venue=[{**SCHOOL, "x": X + 199.0}, {**SCHOOL, "x": X + 201.0}])
    table = evaluated(inputs, parameters, frequency=4e-6, lethality=0.5)
    assert table["cell"].nunique() == 1
    assert table["ir_hc"].tolist() == pytest.approx([2e-6, 0.0])


def test_inside_the_fence_the_people_belong_to_the_plant(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(hazard_source=[{**UNIT, "fence_m": 60.0}], venue=[{**SCHOOL, "x": X + 59.0}, {**SCHOOL, "x": X + 61.0}])
    assert evaluated(inputs, parameters, frequency=4e-6)["ir_hc"].tolist() == pytest.approx([0.0, 4e-6])


def test_a_footprint_takes_the_highest_risk_along_its_edge(make_inputs: MakeInputs, parameters: Parameters) -> None:
    long = shapely.box(X + 190.0, Y - 20.0, X + 900.0, Y + 20.0)
    inputs = make_inputs(hazard_source=[UNIT], venue=[{**SCHOOL, "x": X + 545.0, "geometry": long}])
    assert evaluated(inputs, parameters, frequency=4e-6)["ir_hc"].tolist() == pytest.approx([4e-6])


def test_two_sources_add_and_a_generated_one_is_named(make_inputs: MakeInputs, parameters: Parameters) -> None:
    units = [UNIT, {**UNIT, "id": "G", "synthetic": True}]
    inputs = make_inputs(hazard_source=units, venue=[{**SCHOOL, "x": X + 100.0}])
    table = evaluated(inputs, parameters, frequency=2e-6)
    assert table["ir_hc"].tolist() == pytest.approx([4e-6])
    assert table["synthetic"].tolist() == [True]  # alone, the real one keeps the limit
    assert evaluated(inputs, parameters, frequency=4e-6)["synthetic"].tolist() == [False]


def test_a_depot_by_the_sum_of_its_scenarios(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Σ f · v(r) over the kernels, read without the compiled code."""
    depot = {**UNIT, "scope": "hc", "substance": "lpg", "quantity_t": 135.0, "vessels": 3, "pressure_mpa": 0.9,
             "unloading_h": 400.0}
    inputs = make_inputs(hazard_source=[depot], venue=[{**SCHOOL, "x": X + d} for d in (50.0, 100.0, 200.0)])
    builder = ScenarioBuilder(SOURCE_KINDS)
    quantified.add(builder, inputs, parameters, pd.Series(dtype=float))
    found = builder.finish()
    expected = [
        sum(f * np.interp(d * d, kernel_distances(found.kernels[k].radius) ** 2, found.kernels[k].outdoors, right=0.0)
            for f, k in zip(found.points.frequency, found.points.kernel, strict=True)) for d in (50.0, 100.0, 200.0)
    ]
    assert evaluate_targets(inputs, found, parameters)["ir_hc"].to_numpy() == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx([9.2e-6, 2.3e-6, 7.6e-7], rel=0.06)  # event tree worked by hand


@pytest.mark.parametrize(("residents", "radius", "frequency", "expected"), [
    (120.0, 400.0, 4e-6, {"breach", "near", "watch"}),  # 一类: 3e-6 in service, wherever in the cell the house stands
    (120.0, 60.0, 4e-6, {"near", "watch"}),  # only a part of the cell is reached: may be broken
    (120.0, 400.0, 4e-7, {"near", "watch"}), (120.0, 60.0, 4e-7, {"watch"}), (120.0, 400.0, 2e-7, set()),
    (40.0, 400.0, 4e-6, {"near", "watch"}),  # 二类: 1e-5 and 3e-6
    (5.0, 400.0, 4e-6, set()),  # 三类: 3e-5 and 1e-5
])
def test_dwellings_are_tested_inside_their_cell(residents: float, radius: float, frequency: float, expected: set[str],
                                                make_inputs: MakeInputs, parameters: Parameters) -> None:
    cell = int(GRID.index(X, Y))
    inputs = make_inputs(residents=np.where(np.arange(GRID.size) == cell, residents, 0.0), hazard_source=[UNIT])
    builder = ScenarioBuilder(SOURCE_KINDS)
    builder.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=[0], x=X, y=Y, frequency=frequency,
                       kernel=builder.kernel(Kernel.disc(radius, 1.0)))
    table = evaluate_dwellings(inputs, builder.finish(), parameters)
    found = {name for name in ("breach", "near", "an_breach", "watch") if len(table) and table[name].iloc[0]}
    assert found == expected
    assert table["cell"].tolist() == ([cell] if expected else [])
