"""应急〔2018〕19号 危险化学品生产储存企业安全风险评估诊断分级指南（试行）: levels and vetoes."""

from __future__ import annotations

import pytest

from geo.errors import UnknownIdentifier
from riskmodel.identification import diagnosis_level, diagnosis_score
from riskmodel.parameters.load import Parameters, load_parameters


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters()


def test_bonus_is_not_capped(parameters: Parameters) -> None:
    score = diagnosis_score({}, 2, parameters)
    assert score == 102
    assert diagnosis_level(score, False, parameters) == 4


def test_deductions_of_four_items(parameters: Parameters) -> None:
    """二级重大危险源 −8, three processes −6, outside a park −3, no SIS −10: 73, 橙."""
    lost = {"重大危险源": 8, "危险化工工艺种类": 6, "周边环境": 3, "自控与安全设施": 10}
    assert diagnosis_score(lost, 0, parameters) == 73
    assert diagnosis_level(73, False, parameters) == 2


def test_an_item_is_deducted_down_to_zero_only(parameters: Parameters) -> None:
    assert diagnosis_score({"物质危险性": 12}, 0, parameters) == 95


def test_a_veto_is_red_whatever_the_score(parameters: Parameters) -> None:
    assert diagnosis_level(95, True, parameters) == 1


@pytest.mark.parametrize(("score", "level"), [(90, 4), (89.9, 3), (75, 3), (74.9, 2), (60, 2), (59.9, 1)])
def test_bounds(score: float, level: int, parameters: Parameters) -> None:
    assert diagnosis_level(score, False, parameters) == level


def test_no_score_is_no_level(parameters: Parameters) -> None:
    assert diagnosis_level([float("nan")], [False], parameters).tolist() == [0]


def test_item_caps_sum_to_the_hundred_points(parameters: Parameters) -> None:
    assert sum(parameters.table("identification.diagnosis.caps").values()) == 100


def test_unknown_items_are_errors(parameters: Parameters) -> None:
    with pytest.raises(UnknownIdentifier, match="其他"):
        diagnosis_score({"其他": 1}, 0, parameters)
