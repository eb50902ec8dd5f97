"""GB 36894-2018 危险化学品生产装置和储存设施风险基准, clause 4: general targets by size, every row, both sides of every bound."""

from __future__ import annotations

import pytest

from geo.errors import UnknownIdentifier
from riskmodel.parameters.load import Parameters, load_parameters
from riskmodel.protection import dwelling_class, general_class


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters()


@pytest.mark.parametrize(("row", "measure", "sizes", "expected"), [
    ("住宅", "households", [30, 29, 10, 9], ["一类", "二类", "二类", "三类"]),
    ("住宅", "people", [100, 99, 30, 29], ["一类", "二类", "二类", "三类"]),
    ("行政办公", "people", [100, 99], ["一类", "二类"]),
    ("体育场馆", "area", [5000, 4999], ["一类", "二类"]),
    ("商业餐饮", "area", [5000, 4999, 1500, 1499], ["一类", "二类", "二类", "三类"]),
    ("商业餐饮", "open_air", [300, 299, 100, 99], ["一类", "二类", "二类", "三类"]),
    ("旅馆", "people", [100, 99], ["一类", "二类"]),
    ("综合办公", "area", [5000, 4999, 1500, 1499], ["一类", "二类", "二类", "三类"]),
    ("娱乐康体", "area", [3000, 2999], ["一类", "二类"]),
    ("娱乐康体", "open_air", [100, 99], ["一类", "二类"]),
    ("公用设施网点", "area", [10, 1e5], ["二类", "二类"]),
    ("加油加气站网点", "area", [10, 1e5], ["三类", "三类"]),
    ("工业企业", "people", [1000, 100, 99], ["二类", "二类", "三类"]),
    ("交通枢纽", "people", [100, 99], ["一类", "二类"]),
    ("公园广场", "site", [5000, 4999, 1500, 1499], ["一类", "二类", "二类", "三类"]),
])
def test_every_row_and_bound(row: str, measure: str, sizes: list[float], expected: list[str], parameters: Parameters) -> None:
    assert general_class(row, parameters, **{measure: sizes}).tolist() == expected


def test_of_two_measures_the_higher_class_counts(parameters: Parameters) -> None:
    """30 households or 100 people: either is enough."""
    assert dwelling_class([20, 120, 20], parameters, households=[30, 5, 5]).tolist() == ["一类", "一类", "三类"]


def test_unknown_sizes(parameters: Parameters) -> None:
    """Without a size 二类; a row that has one class whatever its size has that."""
    assert general_class("商业餐饮", parameters).tolist() == ["二类"]
    assert general_class("加油加气站网点", parameters).tolist() == ["三类"]
    assert general_class("商业餐饮", parameters, people=500).tolist() == ["二类"]
    with pytest.raises(UnknownIdentifier):
        general_class("城堡", parameters)
