"""应急〔2018〕19号 危险化学品生产储存企业安全风险评估诊断分级指南（试行）: levels and vetoes."""

from __future__ import annotations

import pytest

from geo.errors import BadParameter, UnknownIdentifier
from riskmodel.diagnosis import diagnose, diagnosis_level, diagnosis_score, rules
from riskmodel.parameters.load import Parameters, load_parameters


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters()


def test_bonus_is_not_capped(parameters: Parameters) -> None:
    """Nothing deducted, 标准化三级 (+2): 102, 蓝; the text names no cap."""
    score = diagnosis_score({}, 2, parameters)
    assert score == pytest.approx(102)
    assert diagnosis_level(score, False, parameters) == 4


def test_deductions_of_four_items(parameters: Parameters) -> None:
    """二级重大危险源 −8, three processes −6, outside a park −3, no SIS −10: 73, 橙."""
    lost = {"重大危险源": 8, "危险化工工艺种类": 6, "周边环境": 3, "自控与安全设施": 10}
    assert diagnosis_score(lost, 0, parameters) == pytest.approx(73)
    assert int(diagnosis_level(73, False, parameters)) == pytest.approx(2)


def test_an_item_is_deducted_down_to_zero_only(parameters: Parameters) -> None:
    assert diagnosis_score({"物质危险性": 12}, 0, parameters) == 95


def test_a_veto_is_red_whatever_the_score(parameters: Parameters) -> None:
    """A score of 95 and one of the four vetoes: 红."""
    assert int(diagnosis_level(95, True, parameters)) == pytest.approx(1)


@pytest.mark.parametrize(("score", "level"), [(90, 4), (89.9, 3), (75, 3), (74.9, 2), (60, 2), (59.9, 1)])
def test_bounds(score: float, level: int, parameters: Parameters) -> None:
    """90, 75 and 60 belong to the milder side: 蓝, 黄, 橙."""
    assert int(diagnosis_level(score, False, parameters)) == pytest.approx(level)


def test_no_score_is_no_level(parameters: Parameters) -> None:
    assert diagnosis_level([float("nan")], [False], parameters).tolist() == [0]


def test_item_caps_sum_to_the_hundred_points(parameters: Parameters) -> None:
    assert sum(parameters.table("diagnosis.caps").values()) == 100


def test_unknown_items_are_errors(parameters: Parameters) -> None:
    with pytest.raises(UnknownIdentifier, match="其他"):
        diagnosis_score({"其他": 1}, 0, parameters)


def test_the_annex_rule_by_rule(parameters: Parameters) -> None:
    """The same case from its findings: 73, 橙; standardisation 三级 alone: 102, 蓝."""
    found = diagnose({"major_2": 1, "process": 3, "outside_park": 1, "no_sis": 1}, [], parameters)
    assert (found.score, found.level, found.colour) == (73, 2, "橙")
    assert {item.item: item.lost for item in found.items if item.lost} == {
        "重大危险源": 8, "危险化工工艺种类": 6, "周边环境": 3, "自控与安全设施": 10}
    assert diagnose({"standard_3": 1}, [], parameters).score == 102


def test_points_of_the_annex(parameters: Parameters) -> None:
    """Spot checks and totals: 42 findings, 7 of them a bonus; 十八种工艺 2 points each, at most 10."""
    table = rules(parameters)
    assert len(table) == 42
    assert sum(rule.points > 0 for rule in table.values()) == 7
    assert sum(rule.points for rule in table.values() if rule.points > 0) == 2 + 2 + 3 + 15 + 5 + 2 + 5
    assert diagnose({"process": 9}, [], parameters).score == 90
    assert diagnose({"key_chemical": 7}, [], parameters).score == pytest.approx(99.3)
    assert diagnose({"chemist_in_charge": 3, "own_brigade": True}, [], parameters).score == 109


def test_a_finding_that_counts_once_counts_once(parameters: Parameters) -> None:
    assert diagnose({"outside_park": 4}, [], parameters).score == 97


@pytest.mark.parametrize("veto", ["untested_process", "no_design", "unlicensed_workers", "accidents"])
def test_each_veto_makes_red(veto: str, parameters: Parameters) -> None:
    found = diagnose({"standard_1": 1}, [veto], parameters)
    assert (found.score, found.level, found.colour) == (115, 1, "红")
    assert len(found.vetoes) == 1


def test_wrong_findings_are_refused(parameters: Parameters) -> None:
    with pytest.raises(UnknownIdentifier, match="no_such"):
        diagnose({"no_such": 1}, [], parameters)
    with pytest.raises(UnknownIdentifier, match="no_such"):
        diagnose({}, ["no_such"], parameters)
    for cases in (-1, float("nan")):
        with pytest.raises(BadParameter, match="process"):
            diagnose({"process": cases}, [], parameters)
