"""The numbers of the full city that docs/method.md prints are those of the full city.

Wider than rounding: ages of pipelines and equipment count to the day of the run.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.city.conftest import City

pytestmark = pytest.mark.city

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "method.md").read_text(encoding="utf-8")

ROWS = {
    "生产安全（工矿商贸）": ("building", "confined", "equipment", "work_other"),
    "其中 建筑施工": ("building",),
    "其中 有限空间": ("confined",),
    "其中 特种设备": ("equipment",),
    "火灾": ("fire_dwelling", "fire_venue"),
    "其中 住宅": ("fire_dwelling",),
    "燃气使用": ("gas_use",),
    "危险化学品": ("hazchem",),
    "地下管线": ("pipeline",),
    "人员聚集": ("crowd",),
    "**合计**": ("pll",),
}


@pytest.mark.parametrize("row", ROWS)
def test_deaths_per_theme(city: City, row: str) -> None:
    printed = re.search(rf"^\| {re.escape(row)} \| \**([\d.]+)\** \|", PAGE, re.MULTILINE)
    assert printed is not None
    digits = len(printed[1].partition(".")[2])
    total = sum(city.night.totals[theme] for theme in ROWS[row])
    assert float(printed[1]) == pytest.approx(total, rel=0.02, abs=0.6 * 10**-digits)


def test_levels(city: City) -> None:
    for name, levels, allowed in (("街道", city.night.streets, 2), ("网格", city.night.cells, 200)):
        printed = re.search(rf"^\| {name}，本次（([\d,/]+)，共 ([\d,]+)）", PAGE, re.MULTILINE)
        assert printed is not None
        numbers = [int(number.replace(",", "")) for number in printed[1].split("/")]
        assert numbers == pytest.approx([levels[f"level_{n}"] for n in range(1, 5)], abs=allowed)
        assert sum(numbers) == int(printed[2].replace(",", ""))


def test_index_percentiles(city: City) -> None:
    printed = re.search(r"街道指数的 5/50/95 百分位：(\d+)/(\d+)/(\d+)（", PAGE)
    assert printed is not None
    index = city.snapshot.areas.numbers("index")[city.snapshot.area_rows("street")]
    assert [int(number) for number in printed.groups()] == pytest.approx(np.percentile(index, [5, 50, 95]), abs=1.0)
