"""Approved learned models in a run: the total of their group stays, nothing else moves, and nothing unapproved gets in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import BadParameter
from riskmodel.build import build_scenarios
from riskmodel.inputs import ModelInputs
from riskmodel.learned import Feature, LearnedModel, factors_by_kind
from riskmodel.parameters import Parameters
from riskmodel.people import exposure
from tests.riskmodel.conftest import GRID, MakeInputs

GRADE = Feature("standardisation", "标准化", levels=("一级", "三级", "无"))
YEAR = Feature("year", "建成年份", edges=(1989.0, 2009.0))
FACTORIES = {"kind": "enterprise", "industry": "C"}
GAS = {"kind": "pipeline", "medium": "gas", "service": "transmission"}


def model(feature: Feature, values: tuple[float, ...], rows: dict[str, str], **facts: Any) -> LearnedModel:
    told = {"applies_to": rows, "frozen_on": "2026 年度标定集"} | facts
    table = np.array([*values, 1.0])
    return LearnedModel(f"按{feature.label}", "rate", "1/yr", (feature,), table, 1.0, approved="张三，2026 年试点", facts=told)


@pytest.fixture(scope="module")
def inputs(make_inputs: MakeInputs) -> ModelInputs:
    """Forty units of two industries with one hazardous unit each, too far apart for escalation, and four gas lines."""
    rng = np.random.default_rng(3)
    units = [{"id": f"e{i}", "industry": "CF"[i % 2], "staff_at_place": 20,
              "standardisation": str(rng.choice(["一级", "三级", "无"]))} for i in range(40)]
    hazards = [{"id": f"h{i}", "enterprise_id": f"e{i}", "unit_type": "oil_depot", "scope": "hc", "substance": "汽油",
                "quantity_t": 500.0, "vessels": 1, "vessel_m3": 1000.0,
                "x": GRID.west + 200 + 500 * (i % 8), "y": GRID.north - 200 - 800 * (i // 8)} for i in range(40)]
    y = GRID.north - 2000.0
    lines = [{"id": f"p{i}", "medium": "gas", "service": "transmission", "diameter_mm": 711.0, "pressure_mpa": 6.3,
              "depth_m": 1.2, "position_accuracy_m": 5.0, "year": year,
              "geometry": shapely.LineString([(GRID.west + 100, y), (GRID.west + 600 * (i + 1), y)])}
             for i, year in enumerate((1985, 1995, 2015, 2020))]
    return make_inputs(enterprise=units, hazard_source=hazards, pipeline=lines)


def events(inputs: ModelInputs, parameters: Parameters, learned: dict[str, pd.Series], kind: str) -> pd.Series:
    """Expected events per year of every row of a kind."""
    scenarios, _ = build_scenarios(inputs, parameters, exposure(inputs, parameters), learned)
    number = scenarios.kinds.index(kind)
    points, lines = scenarios.points, scenarios.lines
    at, of = points.row[points.kind == number], points.frequency[points.kind == number]
    length = np.hypot(lines.x2 - lines.x1, lines.y2 - lines.y1)
    rows = np.concatenate([at, lines.row[lines.kind == number]])
    each = np.concatenate([of, (lines.rate * length)[lines.kind == number]])
    return pd.Series(np.bincount(rows, each, minlength=len(inputs.frames[kind])), index=inputs.frames[kind]["id"])


def plain(inputs: ModelInputs, kind: str) -> dict[str, pd.Series]:
    return {kind: pd.Series(1.0, index=inputs.frames[kind]["id"])}


def test_the_total_of_the_group_stays(inputs: ModelInputs, parameters: Parameters) -> None:
    """Frozen on the units' own expected events, the factors move them among the factories and leave the sum, and all shops."""
    without = events(inputs, parameters, plain(inputs, "enterprise"), "hazard_source")
    frame = inputs.frames["enterprise"]
    mine = (frame["industry"] == "C").to_numpy()
    frozen = model(GRADE, (0.5, 1.0, 2.0), FACTORIES).frozen(frame[mine], without.to_numpy()[mine])
    learned = factors_by_kind([frozen], inputs)
    assert set(learned["enterprise"].index) == set(frame["id"][mine])
    assert learned["enterprise"].nunique() == 3
    shops = plain(inputs, "enterprise")["enterprise"][~mine]
    after = events(inputs, parameters, {"enterprise": pd.concat([learned["enterprise"], shops])}, "hazard_source")
    assert after[mine].sum() == pytest.approx(without[mine].sum(), rel=1e-9)
    assert not np.allclose(after[mine], without[mine])
    assert after[~mine].tolist() == without[~mine].tolist()


def test_lines_too_in_place_of_age_and_cover(inputs: ModelInputs, parameters: Parameters) -> None:
    without = events(inputs, parameters, plain(inputs, "pipeline"), "pipeline")
    frozen = model(YEAR, (4.0, 1.0, 0.5), GAS).frozen(inputs.frames["pipeline"], without.to_numpy())
    learned = factors_by_kind([frozen], inputs)
    after = events(inputs, parameters, learned, "pipeline")
    assert after.sum() == pytest.approx(without.sum(), rel=1e-9)
    assert (after / without).to_numpy() == pytest.approx(learned["pipeline"].to_numpy())
    assert (after / without)["p0"] > 2.0


@pytest.mark.parametrize(("change", "said"), [
    ({"approved": ""}, "没有批准"), ({"kind": "probability", "values": np.full(4, 0.5)}, "预测的不是频率"),
    ({"facts": {"frozen_on": "x"}}, "没有说明用于哪些对象"), ({"facts": {"applies_to": FACTORIES}}, "没有在本地标定集上冻结"),
    ({"facts": {"applies_to": FACTORIES | {"castle": "1"}, "frozen_on": "x"}}, "字段“castle”不存在"),
    ({"facts": {"applies_to": {"kind": "venue"}, "frozen_on": "x"}}, "没有说明用于哪些对象"),
])
def test_what_is_refused(inputs: ModelInputs, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadParameter, match=said) as refused:
        factors_by_kind([replace(model(GRADE, (0.5, 1.0, 2.0), FACTORIES), **change)], inputs)
    assert refused.value.en


def test_two_models_for_one_row_are_refused(inputs: ModelInputs) -> None:
    one = model(GRADE, (0.5, 1.0, 2.0), FACTORIES)
    with pytest.raises(BadParameter, match="两个学习模型"):
        factors_by_kind([one, one], inputs)
    assert factors_by_kind([], inputs) == {}
