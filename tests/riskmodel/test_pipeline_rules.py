"""Class location, high-consequence areas and encroachments on lines drawn by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import BadParameter, UnknownIdentifier
from riskmodel import pipelines
from riskmodel.parameters.load import Parameters
from riskmodel.pipelines import Households, class_location, encroachments, high_consequence_areas

LINE = shapely.LineString([(0, 0), (10_000, 0)])
NOBODY = Households.of([], [], [])
GAS = {"id": "G", "medium": "gas", "service": "transmission", "diameter_mm": 711.0, "pressure_mpa": 6.3,
       "position_accuracy_m": 2.0, "geometry": LINE}


def classes(households: Households, parameters: Parameters, line: shapely.LineString = LINE) -> list[tuple[float, float, str]]:
    table = class_location(line, households, parameters)
    return [(s.start_m, s.end_m, s.class_location) for s in table.itertuples()]


def places(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"position_accuracy_m": 2.0, "name": "某处"} | row for row in rows],
                        columns=["kind", "geometry", "name", "position_accuracy_m"])


@pytest.mark.parametrize(("count", "storeys", "expected"), [
    (0, 1, "一级一类"), (1, 1, "一级二类"), (15, 1, "一级二类"), (16, 1, "二级"), (99, 1, "二级"), (100, 1, "三级"),
    (100, 4, "四级"), (99, 6, "二级"),
])
def test_bounds_of_the_classes_gb50251(count: int, storeys: int, expected: str, parameters: Parameters) -> None:
    """GB 50251-2015 4.2.2: up to 15 households 一级二类, from 100 三级; 四级 where buildings of four storeys prevail."""
    village = Households.of([5000.0], [100.0], [count], [storeys])
    found = {c for _, _, c in classes(village, parameters)}
    assert expected in found
    assert len(found) <= 2


def test_only_the_strip_counts(parameters: Parameters) -> None:
    beside = Households.of([5000.0, 5000.0], [200.0, 200.1], [50, 500])
    assert {c for _, _, c in classes(beside, parameters)} == {"一级一类", "二级"}


def test_the_worst_two_kilometres_count(parameters: Parameters) -> None:
    """60 and 60 households 1,990 m apart are 120 in one window; 2,010 m apart they never are."""
    near = class_location(LINE, Households.of([4000.0, 5990.0], [0, 0], [60, 60]), parameters)
    assert near["households"].max() == 120
    assert near["class_location"].tolist() == ["一级一类", "三级", "一级一类"]
    far = class_location(LINE, Households.of([4000.0, 6010.0], [0, 0], [60, 60]), parameters)
    assert far["households"].max() == 60
    assert "三级" not in set(far["class_location"])


def test_a_class_reaches_a_margin_past_its_last_building(parameters: Parameters) -> None:
    found = classes(Households.of([5000.0, 5300.0], [0, 0], [60, 60]), parameters)
    assert found == [(0.0, 4800.0, "一级一类"), (4800.0, 5500.0, "三级"), (5500.0, 10_000.0, "一级一类")]


def test_classes_cover_the_line_and_turn_with_it(parameters: Parameters) -> None:
    rng = np.random.default_rng(5)
    bent = shapely.LineString([(0, 0), (3000, 0), (3000, 4000), (6000, 6000)])
    x, y = rng.uniform(-300, 6300, (2, 400))
    houses = Households.of(x, y, rng.integers(1, 30, 400), rng.integers(1, 9, 400))
    table = class_location(bent, houses, parameters)
    assert table["start_m"].iloc[0] == 0
    assert table["end_m"].iloc[-1] == pytest.approx(bent.length)
    assert np.array_equal(table["start_m"].to_numpy()[1:], table["end_m"].to_numpy()[:-1])
    turned = shapely.transform(bent, lambda xy: xy[:, ::-1] * [1, -1])
    again = class_location(turned, Households(houses.y, -houses.x, houses.count, houses.tall), parameters)
    pd.testing.assert_frame_equal(table, again)


def test_more_houses_never_lower_the_class(parameters: Parameters) -> None:
    rng = np.random.default_rng(6)
    x, y, n = rng.uniform(0, 10_000, 60), rng.uniform(-250, 250, 60), rng.integers(1, 20, 60)
    order = {name: i for i, name in enumerate(("一级一类", "一级二类", "二级", "三级", "四级"))}

    def at(table: pd.DataFrame, station: float) -> int:
        row = table[(table["start_m"] <= station) & (table["end_m"] >= station)].iloc[0]
        return order[str(row["class_location"])]

    few, many = (class_location(LINE, Households.of(x[:k], y[:k], n[:k]), parameters) for k in (30, 60))
    assert all(at(many, s) >= at(few, s) for s in np.linspace(1, 9999, 300))


def test_bad_households_are_refused() -> None:
    for x, count in ((float("nan"), 1), (0.0, -1)):
        with pytest.raises(BadParameter):
            Households.of([x], [0.0], [count])


def test_high_consequence_areas_of_gas_gb32167(parameters: Parameters) -> None:
    """GB 32167-2015 table 1: 三级地区 Ⅱ, special places within 200 m Ⅰ, flammable places Ⅱ; the higher grade holds."""
    town = Households.of([5000.0], [50.0], [150])
    found = high_consequence_areas(pd.Series(GAS), town, places(
        {"kind": "special", "geometry": shapely.Point(2000, 100), "name": "小学"},
        {"kind": "flammable", "geometry": shapely.Point(8000, 0), "name": "油库"},
        {"kind": "special", "geometry": shapely.Point(2000, 250)}, {"kind": "water", "geometry": shapely.Point(9500, 0)},
    ), parameters)
    assert found["grade"].tolist() == ["Ⅰ", "Ⅱ", "Ⅱ"]
    assert "小学" in found["reasons"][0]
    school = np.sqrt(200**2 - 100**2)
    assert found[["start_m", "end_m"]].to_numpy()[0] == pytest.approx([2000 - school, 2000 + school], rel=2e-3)
    assert found[["start_m", "end_m"]].to_numpy()[1] == pytest.approx([4800.0, 5200.0])


def test_large_and_small_lines_use_the_impact_radius(parameters: Parameters) -> None:
    """d > 762 mm and p > 6.9 MPa: 0.099 √(d² p) = 318 m instead of 200 m; d < 273 and p < 1.6: 22 m."""
    hall = places({"kind": "special", "geometry": shapely.Point(5000, 300)})
    wide = pd.Series(GAS | {"diameter_mm": 1016.0, "pressure_mpa": 10.0})
    assert len(high_consequence_areas(wide, NOBODY, hall, parameters)) == 1
    assert high_consequence_areas(pd.Series(GAS), NOBODY, hall, parameters).empty
    small = pd.Series(GAS | {"diameter_mm": 219.0, "pressure_mpa": 1.0})
    close = places({"kind": "special", "geometry": shapely.Point(5000, 40)})
    assert high_consequence_areas(small, NOBODY, close, parameters).empty


@pytest.mark.parametrize(("kind", "offset", "grade"), [
    ("water", 199, "Ⅲ"), ("reserve", 199, "Ⅱ"), ("village", 199, "Ⅱ"), ("transport", 49, "Ⅰ"), ("flammable", 49, "Ⅰ"),
    ("transport", 51, None), ("water", 201, None), ("special", 10, None),
])
def test_high_consequence_areas_of_oil_gb32167(kind: str, offset: float, grade: str | None, parameters: Parameters) -> None:
    """GB 32167-2015 table 2."""
    line = pd.Series(GAS | {"medium": "crude"})
    found = high_consequence_areas(line, NOBODY, places({"kind": kind, "geometry": shapely.Point(5000, offset)}), parameters)
    assert found["grade"].tolist() == ([grade] if grade else [])
    by_rule = pipelines.oil_grade(**({f"{kind}_m": [offset]} if kind in ("water", "reserve", "transport", "flammable") else {}))
    if kind in ("water", "reserve", "transport", "flammable"):
        assert np.atleast_1d(by_rule).tolist() == [grade]


def test_four_storey_town_is_grade_three_for_gas_and_oil(parameters: Parameters) -> None:
    town = Households.of([5000.0], [50.0], [150], [6])
    for medium in ("gas", "oil"):
        assert high_consequence_areas(pd.Series(GAS | {"medium": medium}), town, places(), parameters)["grade"].tolist() == ["Ⅲ"]


def test_unknown_media_and_places_are_errors(parameters: Parameters) -> None:
    with pytest.raises(UnknownIdentifier):
        high_consequence_areas(pd.Series(GAS | {"medium": "heat"}), NOBODY, places(), parameters)
    with pytest.raises(UnknownIdentifier):
        high_consequence_areas(pd.Series(GAS), NOBODY, places({"kind": "castle", "geometry": shapely.Point(0, 0)}), parameters)


def test_encroachments_by_zone(parameters: Parameters) -> None:
    """管道保护法 第三十条, 第三十五条: 5, 50, 200 m; nothing beyond, no town lines, no schematic ones, no heat."""
    rows = pd.DataFrame([GAS, GAS | {"id": "H", "medium": "heat"}, GAS | {"id": "S", "service": "schematic"}])
    houses = np.array([shapely.box(1000, d, 1010, d + 8) for d in (3, 5, 30, 180, 201)] + [shapely.Point(11_000, 0)], object)
    found = encroachments(rows, houses, 0.5, parameters, names=np.array(list("abcdef"), object))
    assert found["target"].tolist() == ["a", "b", "c", "d"]
    assert found["zone_m"].tolist() == [5, 5, 50, 200]
    assert set(found["line"]) == {"G"}
    assert found["distance_m"].tolist() == pytest.approx([3, 5, 30, 180])


def test_town_gas_has_clearances_not_zones(parameters: Parameters) -> None:
    """GB 50028 table 6.3.3-1: 次高压A 13.5 m, 中压A 1.5 m."""
    rows = pd.DataFrame([GAS | {"service": "town", "pressure_mpa": p, "id": str(p)} for p in (1.2, 0.3)])
    houses = np.array([shapely.Point(1000, 1.0), shapely.Point(1000, 10.0), shapely.Point(1000, 14.0)], object)
    found = encroachments(rows, houses, 0.1, parameters)
    assert sorted(zip(found["line"], found["target"], strict=True)) == [("0.3", 0), ("1.2", 0), ("1.2", 1)]


def test_no_lines_no_targets(parameters: Parameters) -> None:
    assert encroachments(pd.DataFrame([GAS]), np.empty(0, object), 1.0, parameters).empty
    assert class_location(LINE, NOBODY, parameters)["class_location"].tolist() == ["一级一类"]
