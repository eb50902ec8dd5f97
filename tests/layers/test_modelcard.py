"""The model card is what the code says today, and the charts hold their labels."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from layers import modelcard
from layers.charts import bar_chart, curve_chart, gain_chart, reliability_chart
from riskmodel.learned import Reliability
from riskmodel.parameters import load_parameters
from tests.support.drawings import same_drawing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def results() -> modelcard.Results:
    return modelcard.Results.of(ROOT / modelcard.DATA)


def test_the_card_is_up_to_date(results: modelcard.Results) -> None:
    """Made by ``make docs``; so are its pictures and the models."""
    written = modelcard.files(results, load_parameters())
    folder = ROOT / modelcard.TARGET
    assert {path.name for path in folder.iterdir()} == set(written)
    for name, text in written.items():
        kept = (folder / name).read_text(encoding="utf-8")
        assert same_drawing(kept, text) if name.endswith(".svg") else kept == text, name


def test_the_card_says_what_it_must(results: modelcard.Results) -> None:
    text = modelcard.page(results, load_parameters())
    for heading in ("用途", "数据", "泄漏检查", "验证：2016 年以后", "局限"):
        assert f"## {heading}\n" in text
    assert "不得用于" in text
    assert "不优于常数" in text  # what fails is said
    assert not re.search(r"20\d\d-\d\d-\d\d", text)


def test_the_picture_of_every_link_is_written(results: modelcard.Results) -> None:
    written = modelcard.files(results, load_parameters())
    assert set(re.findall(r"\]\((.+?)\)", written["pipeline-failure.md"])) == {name for name in written if name.endswith(".svg")}


def test_parameters_stand_beside_reports(results: modelcard.Results) -> None:
    """The rate used for long lines and the rate of the reports agree within the error factor that the parameter states."""
    parameters = load_parameters()
    first = modelcard.compared(results, parameters).iloc[0]
    factor = parameters.values["pipelines.gas.rate"].error_factor
    assert factor is not None
    assert 1 / factor < first["used"] / first["every_part"] < factor


def test_a_folder_is_made_and_filled(results: modelcard.Results, tmp_path: Path) -> None:
    number = modelcard.write(results, load_parameters(), tmp_path / "new" / "card")
    assert len(list((tmp_path / "new" / "card").iterdir())) == number == 8


def test_charts_hold_their_words_and_intervals() -> None:
    found = Reliability(*(np.array(v) for v in ([0.1, 0.2], [0.1, 0.3], [0.0, 0.1], [0.2, 0.9], [3.0, 4.0])))
    curve = curve_chart("甲", "距离 m", "概率", {"乙": ([1, 10], [1e-6, 1.0])}, (1, 10), (1e-6, 1.0), log="xy")
    bars = bar_chart(["甲", "乙"], {"现用": [1.0, 2.5], "报告": [1.5, 3.25]}, "比", "倍")
    assert {"甲", "现用", "报告", "2.5", "3.25"} <= set(ET.fromstring(bars).itertext())
    gain = gain_chart(([0, 1], [0, 1]), "提升", "里程", "失效")
    for text in (reliability_chart(found, "可靠性 <甲>", "概率"), gain, curve, bars):
        assert ET.fromstring(text).tag.endswith("svg")
    drawn = reliability_chart(found, "可靠性 <甲>", "概率")
    assert "可靠性 &lt;甲&gt;" in drawn
    path = r'd="M ([\d.]+) ([\d.]+)\nL ([\d.]+) ([\d.]+)\n" clip-path="[^"]+" style="fill: none; stroke: #0072b2"'
    bars = re.findall(path, drawn)
    assert len(bars) == 2
    assert all(x == still and float(low) > float(high) for x, low, still, high in bars)  # downwards is more
