"""Where rows stand, against what they claim."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.geo.quality.conftest import EAST, WEST, found, judged, rows


@pytest.mark.parametrize(("wrong", "code"), [
    ({"geometry": shapely.Point(117.123456, 39.851234)}, "P-REGION"),
    ({"geometry": shapely.Point(116.451234, 39.851234)}, "P-STREET"),
    ({"geometry": shapely.Point(116.400612, 39.851234)}, "P-SIDE"),  # 52 m across
    ({"geometry": shapely.Point(116.351, 39.852)}, "P-COARSE"),
])
def test_wrong_places(wrong: dict, code: str) -> None:
    report = judged({"emergency_resource": rows("emergency_resource", wrong)})
    assert found(report, "emergency_resource") == {("E1", code)}
    spoilt = report.rolled("kind").set_index("kind").loc["emergency_resource", "misplaced"]
    assert spoilt == (code != "P-SIDE")  # a few metres across a drawn line are a note, no fault


@pytest.mark.parametrize("right", [
    {"geometry": shapely.Point(116.4001, 39.851234)},  # 9 m: streets are drawn no better
    {"geometry": shapely.Point(116.400612, 39.851234), "position_accuracy_m": 80.0},  # says that it is no better
    {"geometry": shapely.Point(116.4, 39.851234)},  # on the border
    {"geometry": shapely.Point(116.351, 39.852), "position_accuracy_m": 100.0},
    {"geometry": shapely.Point(116.351, 39.8521)},
    {"geometry": shapely.Point(116.451234, 39.851234), "area_code": None},  # claims nothing
    {"geometry": shapely.box(116.350, 39.850, 116.352, 39.852)},
])
def test_right_places(right: dict) -> None:
    assert found(judged({"venue": rows("venue", right)}), "venue") == set()


def test_a_row_counts_for_the_street_it_claims_else_for_the_one_it_lies_in() -> None:
    east = shapely.Point(116.451234, 39.851234)
    report = judged({"venue": rows("venue", {"geometry": east}, {"geometry": east, "area_code": None, "name": "b"},
                                   {"geometry": shapely.Point(118.123456, 39.1), "area_code": "999", "name": "c"})})
    venues = report.summary[report.summary["kind"] == "venue"].set_index("area_code")["rows"]
    assert venues.to_dict() == {"": 1, WEST: 1, EAST: 1}


def test_lines_of_the_surroundings_are_where_they_are() -> None:
    away = shapely.LineString([(117.5, 39.1), (117.6, 39.2)])
    report = judged({"pipeline": rows("pipeline", {"geometry": away, "area_code": None}, {"geometry": away})})
    assert found(report, "pipeline") == {("P2", "P-REGION")}


def test_piles_at_one_point() -> None:
    spot = {"geometry": shapely.Point(116.3456781, 39.8456781)}
    names = [{"name": f"厂{chr(0x4E00 + 53 * n)}{chr(0x5E00 + 31 * n)}", "credit_code": None, **spot} for n in range(51)]
    report = judged({"enterprise": rows("enterprise", *names)})
    piled = report.findings[report.findings["check"] == "P-PILE"]
    assert len(piled) == 51
    assert set(piled["number"]) == {51}
    assert "P-PILE" not in set(judged({"enterprise": rows("enterprise", *names[:50])}).findings["check"])


def test_a_risk_source_stands_by_its_unit() -> None:
    away = shapely.Point(116.381234, 39.851234)  # 2,560 m from E1
    near = shapely.Point(116.371234, 39.851234)  # 1,708 m
    three = rows("risk_source", {"geometry": away}, {"geometry": near}, {"geometry": away, "enterprise_id": "E9"})
    report = judged({"risk_source": three})
    assert found(report, "risk_source") == {("R1", "P-PARENT"), ("R3", "V-ORPHAN")}
    assert report.findings.set_index("check").loc["P-PARENT", "number"] == pytest.approx(2562, rel=0.01)


def test_a_street_of_many_corners_holds_its_points() -> None:
    """Against a plain test of every point, one by one."""
    from geo.quality.position import Streets
    from tests.geo.quality.conftest import STREETS

    random = np.random.default_rng(4)
    lon, lat = random.uniform(116.25, 116.55, 2000), random.uniform(39.78, 39.92, 2000)
    streets = Streets(STREETS)
    expected = [next((n for n, shape in enumerate(streets.shapes) if shape.covers(point)), -1)
                for point in shapely.points(lon, lat)]
    assert streets.at(lon, lat).tolist() == expected
    claim = random.integers(-1, 2, 2000)
    assert streets.inside(claim, lon, lat).tolist() == [bool(c >= 0 and c == e) for c, e in zip(claim, expected, strict=True)]
