"""What would change the level: the line that the colour shown really hangs on."""

from __future__ import annotations

import pytest

from layers.explain import _next_step, cell_rules
from riskmodel.levels import CELL_CODES
from riskmodel.parameters import load_parameters

P = load_parameters()


@pytest.mark.parametrize(("level", "density", "code", "limit", "cut", "colour"), [
    (1, 4.0, "C-D-1", "3", "25%", "较大"),
    (2, 3.2, "C-D-1", "0.3", "91%", "一般"),  # a red without even odds is drawn as hatched orange: below 3 it stays orange
    (2, 0.4, "C-D-2", "0.3", "25%", "一般"),
    (3, 0.06, "C-D-3", "0.03", "50%", "低"),
])
def test_the_density_that_lowers_a_cell(level: int, density: float, code: str, limit: str, cut: str, colour: str) -> None:
    rules = cell_rules(1 << CELL_CODES.index(code), density)
    [step] = _next_step(level, density, rules, P, "cell")
    assert f"降到 {limit} 以下" in step
    assert f"降低 {cut}" in step
    assert f"可降为{colour}风险" in step
