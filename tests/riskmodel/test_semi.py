"""Stage 2: a unit's rows share a total; who is refused; what reaches the public."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel import semi
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters, load_parameters
from riskmodel.people import exposure
from riskmodel.precedence import resolve
from riskmodel.scenarios import FN_N, ScenarioBuilder, ScenarioSet, Scope, Theme
from tests.riskmodel.conftest import SOURCE_KINDS, MakeInputs

UNIT = {"id": "u", "industry": "C", "staff_at_place": 200}
LEC = {"enterprise_id": "u", "method": "LEC", "accident_type": "机械伤害", "l": 3, "e": 6, "c": 15}


def run(inputs: ModelInputs, parameters: Parameters, factors: pd.Series | None = None) -> ScenarioSet:
    builder = ScenarioBuilder(SOURCE_KINDS)
    counted = resolve(builder, inputs, parameters)
    none = pd.Series(dtype=np.float64)
    semi.add(builder, inputs, parameters, none if factors is None else factors, exposure(inputs, parameters), counted)
    return builder.finish()


def pll(result: ScenarioSet) -> float:
    return float((result.points.frequency * result.points.deaths_local).sum())


def test_total_of_a_unit_is_its_industry_and_staff_times_the_bounded_root(
    make_inputs: MakeInputs, parameters: Parameters
) -> None:
    inputs = make_inputs(enterprise=[UNIT], risk_source=[LEC, LEC])
    raw = 2 * 5e-3 * 0.2183
    expected = 1.1e-5 * 200 * np.clip(np.sqrt(raw / semi.reference(inputs.frames["enterprise"], parameters)[0]), 0.5, 2)
    assert pll(run(inputs, parameters)) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(st.integers(1, 40))
def test_splitting_a_report_leaves_the_units_total(make_inputs: MakeInputs, parts: int) -> None:
    """One row cut into rows of a part of its exposure each: the same Σ m, so the same total."""
    parameters = load_parameters()
    whole = make_inputs(enterprise=[UNIT], risk_source=[LEC])
    split = make_inputs(enterprise=[UNIT], risk_source=[{**LEC, "e": 6 / parts}] * parts)
    assert pll(run(split, parameters)) == pytest.approx(pll(run(whole, parameters)), rel=1e-12)
    assert len(run(split, parameters).points.row) == parts


@pytest.mark.parametrize("rows", [1, 400])
def test_no_report_moves_a_unit_beyond_the_bounds(rows: int, make_inputs: MakeInputs, parameters: Parameters) -> None:
    row = {**LEC, "l": 10} if rows > 1 else {**LEC, "c": 1}
    total = pll(run(make_inputs(enterprise=[UNIT], risk_source=[row] * rows), parameters))
    assert total == pytest.approx(1.1e-5 * 200 * (2.0 if rows > 1 else 0.5), rel=1e-12)


def test_rows_share_by_their_own_pll_and_keep_their_distribution(make_inputs: MakeInputs, parameters: Parameters) -> None:
    result = run(make_inputs(enterprise=[UNIT], risk_source=[LEC, {**LEC, "l": 1}]), parameters)
    first, second = result.points.frequency
    assert first / second == pytest.approx(5e-3 / 1.7e-3)
    tail = result.tails[result.points.tail[0]]
    assert tail[:3] == pytest.approx([0.2, 0.015, 0.0015])


def test_management_scales_the_unit(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(enterprise=[UNIT], risk_source=[LEC])
    assert pll(run(inputs, parameters, pd.Series({"u": 1.4}))) == pytest.approx(1.4 * pll(run(inputs, parameters)))


def test_falls_hurt_only_those_involved_and_explosions_reach_the_public(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [LEC, {**LEC, "accident_type": "其他爆炸"}, {**LEC, "accident_type": "其他爆炸", "c": 7}]
    points = run(make_inputs(enterprise=[UNIT], risk_source=rows), parameters).points
    public = points.scope == Scope.SEMI
    assert points.row[public].tolist() == [1]
    assert (points.deaths_local[public] == 0).all()
    assert (points.kernel[~public] == -1).all()
    assert points.frequency[public][0] == pytest.approx(points.frequency[1] * 0.0015)


def test_discs_by_class(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [{**LEC, "accident_type": "其他爆炸", "c": c} for c in (100, 40, 15)]
    rows += [{"enterprise_id": "u", "method": "GRADE", "accident_type": "其他爆炸", "grade": "橙"}]
    result = run(make_inputs(enterprise=[UNIT], risk_source=rows), parameters)
    public = result.points.scope == Scope.SEMI
    kernels = [result.kernels[k] for k in result.points.kernel[public]]
    assert [(k.radius, k.outdoors[0]) for k in kernels] == [(60, 0.3), (25, 0.2), (10, 0.1), (10, 0.1)]


def test_poisoning_is_confined_space_and_cranes_stay_with_work(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [{**LEC, "accident_type": name} for name in ("中毒和窒息", "起重伤害", "锅炉爆炸")]
    points = run(make_inputs(enterprise=[UNIT], risk_source=rows), parameters).points
    themes = [Theme(points.theme[(points.row == row) & (points.scope == Scope.NONE)][0]) for row in range(3)]
    assert themes == [Theme.CONFINED, Theme.WORK_OTHER, Theme.WORK_OTHER]


def test_values_outside_the_tables_are_refused_not_zero(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [
        {**LEC, "l": 2},
        {**LEC, "c": None},
        {"enterprise_id": "u", "method": "GRADE", "accident_type": "触电"},
        {**LEC, "enterprise_id": "?"},
    ]
    result = run(make_inputs(enterprise=[UNIT], risk_source=rows), parameters)
    assert [identity for _, identity, _ in result.refused] == [f"risk_source-{i}" for i in range(4)]
    assert len(result.points.row) == 0


def test_survival_functions_fall_and_carry_their_mean(parameters: Parameters) -> None:
    table = semi.outcomes(parameters)
    survival = table.survival(parameters)
    assert (np.diff(survival, axis=1) <= 0).all()
    assert survival[:, FN_N.index(3)] == pytest.approx(table.deaths[:, 3:].sum(axis=1))
    assert survival[:, FN_N.index(30)] == pytest.approx(table.deaths[:, 5])


def test_office_staff_of_builders_are_not_builders(parameters: Parameters) -> None:
    rates = semi.staff_rates(pd.Series(["E", "C", "I"]), parameters)
    assert rates == pytest.approx([0.03e-5, 1.1e-5, 0.03e-5])
