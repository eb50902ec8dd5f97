from __future__ import annotations

import pytest

from layers.style import LEVELS, THEMES, index_of, legend, legend_entries, level
from riskmodel.parameters.load import load_parameters
from riskmodel.scenarios import Theme


def test_levels_carry_the_official_terms_and_colours() -> None:
    assert [(entry.code, entry.zh, entry.colour_zh, entry.colour) for entry in LEVELS] == [
        (1, "重大", "红", "#E03131"), (2, "较大", "橙", "#F08C00"), (3, "一般", "黄", "#FFD43B"), (4, "低", "蓝", "#4C6EF5")]
    assert len({entry.pattern for entry in LEVELS}) == 4
    assert level(3).rgb == (0xFF, 0xD4, 0x3B)


def test_themes_follow_the_model() -> None:
    assert [code for code, _ in THEMES] == [theme.name.lower() for theme in Theme]


def test_legend_states_the_thresholds_of_the_parameters() -> None:
    entries = legend_entries(load_parameters(), "cell")
    assert [(entry.density_from, entry.density_upto) for entry in entries] == [(3.0, None), (0.3, 3.0), (0.03, 0.3), (0.0, 0.03)]
    assert [entry.text for entry in entries] == ["≥ 3", "0.3 – 3", "0.03 – 0.3", "< 0.03"]


@pytest.mark.parametrize(("density", "index"), [
    (3, 91.3), (0.3, 74.6), (1, 83.3), (0.1, 66.7), (0.01, 50.0), (0, 0.0), (99, 100.0)])
def test_index_at_the_thresholds_of_the_rule_tables(density: float, index: float) -> None:
    assert index_of(density, load_parameters()) == pytest.approx(index, abs=0.05)


def test_a_changed_threshold_changes_the_legend() -> None:
    changed = load_parameters().replace(levels__street__density=[2.0, 0.2, 0.02])
    assert legend(changed)["street"][0]["text"] == "≥ 2"
