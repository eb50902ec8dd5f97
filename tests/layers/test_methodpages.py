"""The pages of the method are what the code says today; pictures are pictures, with their words as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure

from geo.errors import EnvironmentProblem
from layers import methodpages, pictures
from layers.methodplots import PLOTS
from riskmodel.parameters import load_parameters
from tests.support.drawings import same_drawing

FOLDER = Path(__file__).resolve().parents[2] / methodpages.TARGET


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return methodpages.files(FOLDER, load_parameters())


def test_the_pages_are_up_to_date(written: dict[str, str]) -> None:
    """Made by ``make docs``; so are their pictures."""
    for name, text in written.items():
        kept = (FOLDER / name).read_text(encoding="utf-8")
        assert same_drawing(kept, text) if name.endswith(".svg") else kept == text, f"{name}: run make docs"
    assert {path.name for path in (FOLDER / "plots").iterdir()} == {f"{plot}.svg" for plot in PLOTS}


def test_every_page_has_its_formulas_where_they_hold_and_what_happens_outside(written: dict[str, str]) -> None:
    for name in methodpages.PARTS:
        page = written[f"{name}.md"]
        assert page.count(methodpages.START) == page.count(methodpages.END) == 1
        for words in ("**适用范围**", "**不能用于**", "## 公式\n", "符号：", "**范围之外**", "![", "## 核对的外部数值\n",
                      "## 函数"):
            assert words in page, (name, words)
    shown = {plot for part in methodpages.PARTS.values() for plot in part.plots}
    assert shown == set(PLOTS)


def test_every_public_function_of_a_part_says_what_it_is() -> None:
    for part in methodpages.PARTS.values():
        for module in part.modules:
            assert all(said for _, said in methodpages.sentences(module)), module


def test_outside_numbers_are_listed_from_their_page() -> None:
    """One line per source, with the largest error of its rows; a bar within a cell divides nothing."""
    rows = [f"| {source} | 1 | {got} | {error} | `test_{name}` |" for source, got, error, name in (
        ("x", 1.002, "2.0e-03", "a"), ("x", 1, "< 1e-9", "b"), ("P\\|y", 1.9, "≈ 9.0e-01", "c"))]
    text = "\n".join(["## 爆炸", "", "| 出处与条件 | 期望 | 得到 | 误差 | 测试 |", *rows, "", "## 其他", "", rows[0]])
    said, *listed = methodpages.checked("爆炸", text)
    assert "3 项，其中 2 项按原文位数核对，最大相对误差 2.0e-03" in said
    assert listed[-3:] == ["| x | 1；1 | 1.002；1 | 2.0e-03 |", "| P\\|y | 1 | 1.9 | ≈ 9.0e-01 |", ""]


def test_all_outside_numbers_of_the_parts_stand_on_their_pages(written: dict[str, str]) -> None:
    oracles = (FOLDER / "oracles.md").read_text(encoding="utf-8")
    for name, part in methodpages.PARTS.items():
        for section in part.oracles:
            found = methodpages.checks(section, oracles)
            assert found
            assert all(check.source in written[f"{name}.md"] for check in found)


@pytest.mark.parametrize("name", PLOTS)
def test_pictures_say_in_words_what_they_show(name: str, written: dict[str, str]) -> None:
    root = ET.fromstring(written[f"plots/{name}.svg"])  # our own text
    words = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert sum(bool(re.search(r"[\u4e00-\u9fff]", text)) for text in words) >= 2  # the title and an axis
    assert not any("\N{REPLACEMENT CHARACTER}" in text for text in words)
    assert not re.search(r"NaN|nan|inf[^o]", written[f"plots/{name}.svg"])


def test_pictures_are_the_same_whatever_the_readers_settings(written: dict[str, str]) -> None:
    with matplotlib.rc_context({"font.size": 30.0, "svg.fonttype": "path", "axes.grid": False}):
        assert PLOTS["levels"][1](load_parameters()) == written["plots/levels.svg"]


def test_only_places_are_shortened_not_words() -> None:
    """Ticks at 0.025 and hundredths of a point in the same picture."""
    @pictures.picture
    def ticks() -> Figure:
        figure, (panel,) = pictures.sheet()
        panel.set_xticks([0.025])
        return figure

    drawn = ticks()
    assert ">0.025<" in drawn
    assert not re.search(r'="[^"]*\d\.\d{3}', drawn)


def test_the_products_font_measures_before_the_machines(written: dict[str, str]) -> None:
    assert written
    assert font_manager.findfont(pictures.FONT) == str(pictures.fonts_folder() / "NotoSansSC-Regular.ttf")
    assert font_manager.fontManager.ttflist[0].name == pictures.FONT


def test_without_the_font_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pictures, "fonts_folder", lambda: tmp_path)
    with pytest.raises(EnvironmentProblem, match="没有找到字体"):
        PLOTS["levels"][1](load_parameters())


def test_a_picture_is_the_same_to_a_fiftieth_of_a_point(written: dict[str, str]) -> None:
    drawn = written["plots/levels.svg"]
    number = re.search(r"d=\"M (\d+\.\d+) ", drawn)
    assert number
    value = float(number[1])
    for other, same in ((f"{value + 0.01:.2f}", True), (f"{value + 0.5:.2f}", False), ("x", False)):
        assert same_drawing(drawn, drawn.replace(number[1], other, 1)) is same
