"""Rows that are there twice, and neighbours that are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from geo.kinds import KINDS
from geo.quality import load_rules
from geo.quality.duplicates import Pairs, _candidates, _Compared, groups
from geo.quality.names import rare_pairs
from geo.quality.rows import Context, Rows, apart
from tests.geo.quality.conftest import AS_OF, found, judged, rows

LON, LAT = 116.351234, 39.851234


def at(metres: float) -> shapely.Point:
    """A point so many metres east."""
    return shapely.Point(LON + metres / (111_320 * np.cos(np.radians(LAT))), LAT)


def two(kind: str, first: dict[str, Any], second: dict[str, Any]) -> set[str]:
    """Checks that two rows 60 m apart give about duplicates."""
    frame = rows(kind, {"geometry": at(0), "credit_code": None, **first}, {"geometry": at(60), "credit_code": None, **second})
    kept = frame if kind == "enterprise" else frame.drop(columns="credit_code")
    return {check for _, check in found(judged({kind: kept}), kind) if check.startswith("D-")}


CODE = {"credit_code": "91110000600037341L"}


@pytest.mark.parametrize(("first", "second", "check"), [
    (CODE, {**CODE, "name": "东风标准件总厂第二车间"}, {"D-CODE", }),
    ({"name": "东风标准件厂"}, {"name": "北京市东风标准件厂（有限公司）"}, {"D-NAME"}),
    ({"name": "首钢第三分厂"}, {"name": "首钢第３分厂"}, {"D-NAME"}),
    ({"name": "北京西城经济科学培训中心学校"}, {"name": "北京西城区经济科学培训中心学校"}, {"D-ALIKE"}),
    ({"name": "福源小吃店", "address": "建国路17号院2单元"}, {"name": "福源小吃", "address": "建国路17号院2单元"}, {"D-ALIKE"}),
    ({"name": "福源小吃店", "address": "建国路17号院2单元"}, {"name": "福源小吃", "address": "建国路19号院2单元"}, set()),
    ({"name": "丽泽实验学校（初中部）有限公司"}, {"name": "丽泽实验学校（高中部）有限公司"}, set()),
    ({"name": "首钢第三分厂"}, {"name": "首钢第四分厂"}, set()),
    ({"name": "朝阳物流中心东区仓库甲"}, {"name": "朝阳物流中心西区仓库甲"}, set()),
    ({"name": "张记面馆"}, {"name": "王记面馆"}, set()),
    ({"name": "东风标准件厂"}, {"name": "东风标准件厂", "geometry": at(260)}, set()),
    ({"name": "无"}, {"name": "无"}, set()),
    ({"name": None}, {"name": None}, set()),
], ids=lambda value: value.get("name") if isinstance(value, dict) else None)
def test_pairs(first: dict, second: dict, check: set[str]) -> None:
    assert two("enterprise", first, second) == check


def test_one_code_at_two_places_is_a_note_unless_the_address_is_one() -> None:
    far = {"geometry": at(900), "name": "东风标准件厂"}
    assert two("enterprise", CODE, {**CODE, **far, "address": "八角路3号"}) == {"D-PLACES"}
    assert two("enterprise", CODE, {**CODE, **far}) == {"D-CODE"}
    report = judged({"enterprise": rows("enterprise", CODE, {**CODE, **far, "address": "八角路3号"})})
    assert report.rolled().iloc[0]["duplicated"] == 0


def test_kinds_of_places_differ_and_vessels_of_one_unit_share_a_name() -> None:
    assert two("venue", {"name": "实验中学", "venue_type": "school"}, {"name": "实验中学", "venue_type": "library"}) == set()
    assert two("hazard_source", {}, {}) == set()
    assert two("hazard_source", {}, {"enterprise_id": "E2"}) == {"D-NAME"}


def test_a_common_name_says_something_at_the_same_place_only() -> None:
    """Stations of one brand stand on both sides of a road: 60 m are two stations, 20 m are one."""
    spread = [{"name": "中国石化加油站", "geometry": shapely.Point(116.31 + 0.01 * n, 39.851234), "credit_code": None}
              for n in range(6)]
    apart = judged({"enterprise": rows("enterprise", *spread, {**spread[0], "geometry": shapely.Point(116.3107, 39.851234)})})
    assert not {check for _, check in found(apart, "enterprise") if check.startswith("D-")}
    close = judged({"enterprise": rows("enterprise", *spread, {**spread[0], "geometry": shapely.Point(116.3102, 39.851234)})})
    assert ("E7", "D-NAME") in found(close, "enterprise")


def test_equal_rows() -> None:
    dangers = rows("hidden_danger", {}, {}, {"danger_kind": "电气"}, {})
    report = judged({"hidden_danger": dangers})
    assert found(report, "hidden_danger") == {("H2", "D-SAME"), ("H4", "D-SAME")}
    assert set(report.findings["other"]) == {"H1"}
    assert report.rolled("kind").set_index("kind").loc["hidden_danger", "duplicated"] == 2


def test_a_chain_is_one_group_and_only_the_first_is_kept() -> None:
    chain = [{"name": "东风标准件厂", "geometry": at(150 * n), "credit_code": None} for n in range(4)]
    report = judged({"enterprise": rows("enterprise", *chain)})
    assert set(report.pairs["group"]) == {"E1"}
    assert len(report.pairs) == 3
    assert report.pairs["distance_m"].tolist() == pytest.approx([150] * 3, rel=0.01)
    assert report.rolled().iloc[0]["duplicated"] == 3


def test_union_find() -> None:
    empty = np.empty(2, object)
    pairs = Pairs("D-NAME", np.array([5, 1]), np.array([7, 5]), np.zeros(2), empty)
    other = Pairs("D-CODE", np.array([2, 0]), np.array([3, 4]), np.zeros(2), empty)
    assert groups(9, [pairs, other]).tolist() == [0, 1, 2, 2, 0, 1, 6, 1, 8]


def test_no_pair_in_reach_is_lost_to_the_grid() -> None:
    """Twins at every offset from the corners of blocks are found, wherever the grid lies."""
    random = np.random.default_rng(7)
    lon, lat = random.uniform(116.31, 116.39, 400), random.uniform(39.81, 39.89, 400)
    angle, reach = random.uniform(0, 2 * np.pi, 400), random.uniform(0, 199, 400)
    signs = [f"{chr(0x4E00 + 41 * n)}{chr(0x5E00 + 37 * n)}{chr(0x6E00 + 29 * n)}机械加工厂" for n in range(400)]
    east = lon + reach * np.cos(angle) / (111_320 * np.cos(np.radians(lat)))
    north = lat + reach * np.sin(angle) / 111_320
    frame = pd.concat([rows("enterprise", *[{"credit_code": None}] * 400)] * 2, ignore_index=True)
    frame["id"], frame["name"] = [f"E{n:03d}" for n in range(800)], [*signs, *signs]
    frame["geometry"] = [*shapely.points(lon, lat), *shapely.points(east, north)]
    report = judged({"enterprise": frame})
    twins = {(f"E{n:03d}", f"E{n + 400:03d}") for n in range(400)}
    assert twins <= set(zip(report.pairs["a"], report.pairs["b"], strict=True))


def test_rare_pairs_are_shared_by_two_spellings() -> None:
    names = pa.array(["西城经济科学大学", "西城区经济科学大学", "东城财经大学", "", None, "大", "大"])
    keys = rare_pairs(names)
    assert keys.shape == (7, 2)
    assert set(keys[0].tolist()) & set(keys[1].tolist()) - {-1}
    assert keys[3].tolist() == keys[4].tolist() == [-1, -1]
    assert rare_pairs(pa.array([], pa.string())).shape == (0, 2)


def test_a_crowd_of_like_names_stays_linear() -> None:
    """4,000 rows of one name within a kilometre: each meets at most 60 neighbours in each of the eight passes, not all others."""
    random, count = np.random.default_rng(3), 4000
    frame = pd.DataFrame({
        "id": [f"E{n:05d}" for n in range(count)], "name": "小吃店", "source": "x", "synthetic": False, "industry": "H",
        "staff_at_place": 3,
        "geometry": shapely.points(random.uniform(116.35, 116.36, count), random.uniform(39.85, 39.86, count)),
    })
    context = Context(load_rules(), AS_OF, None)
    kind = Rows(KINDS["enterprise"], frame)
    a, b = _candidates(kind, _Compared(kind, load_rules().kinds["enterprise"], context), 200.0, 60)
    assert len(a) <= 60 * 8 * count < count * (count - 1) / 2
    assert (a < b).all()
    near = apart(kind.lon[a], kind.lat[a], kind.lon[b], kind.lat[b]) <= 50
    assert len(np.unique(np.concatenate([a[near], b[near]]))) > 0.99 * count
