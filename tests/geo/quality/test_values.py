"""Every rule about values: a case that it must catch and one, as near as can be, that it must not."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from geo.quality import CHECKS, detail
from geo.quality.validity import is_placeholder
from tests.geo.quality.conftest import AS_OF, GOOD, Frames, found, judged, rows


def test_nothing_is_said_against_good_rows(everything: Frames) -> None:
    report = judged(everything)
    assert report.findings.to_dict("records") == []
    total = report.rolled().iloc[0]
    assert (total["rows"], total["complete"], total["observed"], total["valid"], total["fresh"]) == (10,) * 5
    assert total["fill"] == pytest.approx(10)
    assert total["score"] == 100


#: Kind, check, what it must catch, what it must not.
CASES = [
    ("enterprise", "C-MISSING", {"credit_code": None}, {"address": None}),
    ("enterprise", "C-MISSING", {"name": ""}, {"alarm": None}),
    ("hazard_source", "C-MISSING", {"fence_m": None}, {"fence_m": None, "fence": "{}"}),
    ("enterprise", "V-CREDIT", {"credit_code": "911100006000373411"}, {"credit_code": "91110000600037341L"}),
    ("enterprise", "V-CREDIT", {"credit_code": "110108001234567"}, {"credit_code": None}),
    ("enterprise", "V-INDUSTRY", {"industry_code": "6210"}, {"industry_code": "C3482"}),
    ("enterprise", "V-INDUSTRY", {"industry_code": "H3482"}, {"industry_code": "34"}),
    ("enterprise", "V-NAME", {"name": " 无 "}, {"name": "无忧便利店"}),
    ("enterprise", "V-NAME", {"address": "不详"}, {"address": "1号"}),
    ("enterprise", "V-CROWDED", {"staff_at_place": 500, "floor_area_m2": 100.0},
     {"staff_at_place": 500, "floor_area_m2": 2500.0}),
    ("enterprise", "V-CROWDED", {"staff_at_place": 50, "floor_area_m2": 20.0},
     {"staff_at_place": 50, "floor_area_m2": 20.0, "industry": "E", "industry_code": "4710"}),
    ("enterprise", "V-EMPTY", {"staff_at_place": 1, "floor_area_m2": 50_000.0},
     {"staff_at_place": 20, "floor_area_m2": 50_000.0}),
    ("enterprise", "V-STAFF", {"staff_at_place": 900_000, "floor_area_m2": 1e7},
     {"staff_at_place": 90_000, "floor_area_m2": 1e6}),
    ("risk_source", "V-FACTORS", {"e": None}, {"method": "LS", "l": 2.0, "s": 3.0, "e": None, "c": None}),
    ("risk_source", "V-FACTORS", {"method": "LS", "s": None}, {"method": "GRADE", "l": None, "e": None, "c": None}),
    ("risk_source", "V-EXPOSED", {"workers_exposed": 90}, {"workers_exposed": 80}),
    ("risk_source", "V-ORPHAN", {"enterprise_id": "E77"}, {"enterprise_id": "E1"}),
    ("equipment", "V-ORPHAN", {"enterprise_id": "E77"}, {"enterprise_id": None}),
    ("hazard_source", "V-CAS", {"cas": "86290-81-4"}, {"cas": "7664-41-7"}),
    ("hazard_source", "V-OVERFULL", {"quantity_t": 80.0}, {"quantity_t": 70.0}),
    ("hazard_source", "V-OVERFULL", {"quantity_t": 80.0, "phase": None}, {"quantity_t": 80.0, "phase": "气体"}),
    ("hazard_source", "V-UNDERFULL", {"quantity_t": 0.06}, {"quantity_t": 6.0}),
    ("pipeline", "V-WALL", {"diameter_mm": 16.0}, {"diameter_mm": 21.0}),
    ("pipeline", "V-STRESS", {"pressure_mpa": 20.0, "wall_mm": 4.0}, {"pressure_mpa": 10.0, "wall_mm": 4.0}),
    ("pipeline", "V-FUTURE", {"year": 2027}, {"year": 2026}),
    ("venue", "V-PACKED", {"capacity": 25_000}, {"capacity": 15_000}),
    ("venue", "V-FUTURE", {"year_built": 2030}, {"year_built": None}),
    ("venue", "V-TYPE", {"name": "第一幼儿园"}, {"name": "第一小学幼教部"}),
    ("venue", "V-TYPE", {"name": "区医院"}, {"name": "区法医院", "venue_type": "government"}),
    ("venue", "V-SITE", {"site_area_m2": 7e6}, {"site_area_m2": 9e5}),
    ("venue", "V-SITE", {"site_area_m2": 12.0}, {"site_area_m2": None}),
    ("equipment", "V-AGE", {"age_yr": 120.0}, {"age_yr": 60.0}),
    ("equipment", "V-FUTURE", {"last_inspection": AS_OF + timedelta(1)}, {"last_inspection": AS_OF}),
    ("incident", "V-ANCIENT", {"occurred": date(1890, 1, 1)}, {"occurred": date(1990, 1, 1)}),
    ("hidden_danger", "V-ORDER", {"due": date(2026, 4, 1)}, {"due": date(2026, 5, 1)}),
    ("hidden_danger", "V-ORDER", {"closed": date(2026, 4, 1)}, {"closed": None}),
    ("work_site", "V-ORDER", {"valid_from": date(2027, 2, 1)}, {"valid_from": date(2026, 12, 31)}),
    ("venue", "F-STALE", {"updated_at": AS_OF - timedelta(366)}, {"updated_at": AS_OF - timedelta(365)}),
    ("work_site", "F-STALE", {"updated_at": AS_OF - timedelta(91)}, {"updated_at": AS_OF - timedelta(90)}),
]


@pytest.mark.parametrize(("kind", "code", "wrong", "right"), CASES, ids=[f"{kind}-{code}" for kind, code, *_ in CASES])
def test_a_rule_catches_what_it_must_and_nothing_else(kind: str, code: str, wrong: dict, right: dict) -> None:
    report = judged({kind: rows(kind, wrong)})
    assert found(report, kind) == {(report.findings["id"].iloc[0], code)}
    kept = judged({kind: rows(kind, right)})
    assert code not in {check for _, check in found(kept, kind)}


def test_levels_that_disagree_come_from_the_model(everything: Frames) -> None:
    report = judged(everything, disagreeing={"risk_source": ["R1"]})
    assert found(report, "risk_source") == {("R1", "V-LEVEL")}
    assert report.rolled("kind").set_index("kind").loc["risk_source", "valid"] == 0


def test_an_invalid_row_counts_once_however_much_is_wrong_with_it() -> None:
    report = judged({"enterprise": rows("enterprise", {"name": "无", "credit_code": "1", "industry_code": "9999"}, {
        "geometry": GOOD["pipeline"]["geometry"].centroid, "name": "西山机床厂", "credit_code": None})})
    assert {check for row, check in found(report, "enterprise") if row == "E1"} == {"V-NAME", "V-CREDIT", "V-INDUSTRY"}
    assert report.rolled().iloc[0]["valid"] == 1


def test_assumed_values_are_no_observations() -> None:
    assumed = {"assumed": '["floor_area_m2", "alarm"]'}
    other = {"assumed": "no JSON", "name": "西山机床厂", "credit_code": None, "geometry": GOOD["pipeline"]["geometry"].centroid}
    total = judged({"enterprise": rows("enterprise", assumed, other)}).rolled().iloc[0]
    assert (total["complete"], total["observed"], total["assumed"]) == (1, 0, 1)


def test_rows_without_a_date_are_not_fresh_and_said_to_be_undated() -> None:
    report = judged({"venue": rows("venue", {"updated_at": None})})
    total = report.rolled("kind").set_index("kind").loc["venue"]
    assert (total["dated"], total["fresh"]) == (0, 0)
    assert found(report, "venue") == set()


def test_fields_that_a_frame_does_not_have_are_empty() -> None:
    report = judged({"venue": rows("venue", {}).drop(columns=["capacity", "name", "updated_at", "position_accuracy_m"])})
    assert found(report, "venue") == {("V1", "C-MISSING")}
    missing = report.findings.iloc[0]
    assert detail("C-MISSING", "venue", value=missing["value"], number=None, other=None) == (
        "缺少：名称、容纳人数", "missing: name, capacity")


def test_blanks_are_missing_and_placeholders_are_not_names() -> None:
    known = frozenset({"无", "不详"})
    assert not is_placeholder("   ", known)
    assert is_placeholder("——", known)
    assert not is_placeholder("7天", known)


def test_every_finding_has_a_sentence_in_both_languages() -> None:
    for code in CHECKS:
        zh, en = detail(code, "enterprise", value="name", number=3.0, other="E2")
        assert any(ord(sign) > 0x4E00 for sign in zh), code
        assert not any(ord(sign) > 0x2E00 for sign in en), code
        assert "{" not in zh + en


def test_empty_frames_give_an_empty_report() -> None:
    report = judged({"enterprise": rows("enterprise").reindex(columns=["id", "name", "geometry"])})
    assert report.summary.empty
    assert report.findings.empty
    assert pd.isna(report.rolled().iloc[0]["score"])
