"""The pages of the method are what the code says today; pictures are pictures, with their words as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from layers import methodpages
from layers.curves import Axis, plot
from layers.methodplots import PLOTS
from riskmodel.parameters import load_parameters

FOLDER = Path(__file__).resolve().parents[2] / methodpages.TARGET


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return methodpages.files(FOLDER, load_parameters())


def test_the_pages_are_up_to_date(written: dict[str, str]) -> None:
    """Made by ``make docs``; so are their pictures."""
    for name, text in written.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run make docs"
    assert {path.name for path in (FOLDER / "plots").iterdir()} == {f"{plot}.svg" for plot in PLOTS}


def test_every_page_says_where_it_holds_and_what_it_is_not_for(written: dict[str, str]) -> None:
    for name in methodpages.PARTS:
        page = written[f"{name}.md"]
        assert page.count(methodpages.START) == page.count(methodpages.END) == 1
        for words in ("**适用范围**", "**不能用于**", "![", "## 函数"):
            assert words in page, (name, words)
    shown = {plot for part in methodpages.PARTS.values() for plot in part.plots}
    assert shown == set(PLOTS)


def test_every_public_function_of_a_part_says_what_it_is() -> None:
    for part in methodpages.PARTS.values():
        for module in part.modules:
            assert all(said for _, said in methodpages.sentences(module)), module


def test_outside_numbers_are_counted_from_their_page() -> None:
    rows = [f"| x | 1 | 1 | {error} | `test_{name}` |" for name, error in (("a", "2.0e-03"), ("b", "< 1e-9"), ("c", "≈ 9.0e-01"))]
    text = "\n".join(["## 爆炸", "", *rows, "", "## 其他", "", rows[0]])
    part = methodpages.Part((), (), ("爆炸",))
    assert methodpages.checked(part, text) == [
        "- [爆炸](oracles.md#爆炸)：3 项，其中 2 项按原文位数核对，最大相对误差 2.0e-03"]


@pytest.mark.parametrize("name", PLOTS)
def test_pictures_hold_curves_within_their_frame(name: str, written: dict[str, str]) -> None:
    picture = written[f"plots/{name}.svg"]
    root = ET.fromstring(picture)  # our own text
    words = " ".join(node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text"))
    assert re.search(r"[\u4e00-\u9fff]", words)
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        places = np.array([p.split(",") for p in line.get("points", "").split()], float)
        assert len(places) > 1
        assert (places >= 0).all()
        assert (places <= [width, height]).all()


def test_axes() -> None:
    assert Axis(1.0, 1000.0, 0.0, 300.0, log=True).at([1.0, 10.0, 1e6]).tolist() == pytest.approx([0.0, 100.0, 300.0])
    assert Axis(0.0, 10.0, 0.0, 100.0).at(2.5) == pytest.approx(25.0)
    assert "<script" not in plot("<script>", "x", "y", {"a<b": ([1, 2], [1, 2])}, (0, 3), (0, 3))
