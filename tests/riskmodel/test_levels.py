"""Index and levels: the fixed scale and the rule tables."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.levels import CELL_CODES, cell_levels, index, street_level
from riskmodel.parameters import load_parameters

P = load_parameters()
SURE = 1.0


def judged(density: float, codes: int = 0, *, odds: float = SURE, fact: bool = False,
           elsewhere: float | None = None) -> tuple[int, bool, set[str]]:
    other = np.array([density if elsewhere is None else elsewhere])
    result = cell_levels(np.array([density]), np.array([odds]), np.array([codes], np.int32), np.array([fact]), other, P)
    fired = {code for bit, code in enumerate(CELL_CODES) if int(result.codes[0]) >> bit & 1}
    return int(result.level[0]), bool(result.hatched[0]), fired


@pytest.mark.parametrize(("density", "expected"), [
    (1e-5, 0.0), (10.0, 100.0), (6.5e-3, 46.88), (3.0, 91.28), (0.3, 74.62), (0.03, 57.95), (1.0, 83.33), (0.1, 66.67),
    (0.01, 50.0), (0.0, 0.0), (1e9, 100.0),
])
def test_index_scale(density: float, expected: float) -> None:
    assert index(density, P) == pytest.approx(expected, abs=0.01)


def test_a_doubling_is_five_points() -> None:
    assert index(0.02, P) - index(0.01, P) == pytest.approx(5.017, abs=1e-3)


@pytest.mark.parametrize(("density", "level", "code"), [
    (3.0, 1, "C-D-1"), (2.999, 2, "C-D-2"), (0.3, 2, "C-D-2"), (0.2999, 3, "C-D-3"), (0.03, 3, "C-D-3"), (0.0299, 4, None),
    (0.0, 4, None),
])
def test_cell_density_rules(density: float, level: int, code: str | None) -> None:
    found, hatched, codes = judged(density)
    assert found == level
    assert not hatched
    assert codes == ({code} if code else set())


def test_the_lowest_number_wins_and_all_codes_stay() -> None:
    assert judged(0.4, codes=0b100) == (2, False, {"C-IR-3", "C-D-2"})
    assert judged(0.001, codes=0b1) == (1, False, {"C-IR-1"})


def test_model_made_red_needs_even_odds() -> None:
    assert judged(3.5, odds=0.49) == (2, True, {"C-D-1"})
    assert judged(3.5, odds=0.5) == (1, False, {"C-D-1"})
    assert judged(0.01, codes=0b1, odds=0.3)[:2] == (2, True)
    assert judged(0.01, codes=1 << 6, odds=0.0, fact=True)[:2] == (1, False)  # a veto is a fact, not a model result


@pytest.mark.parametrize(("elsewhere", "hatched"), [(0.31, False), (0.3, False), (0.29, True), (5.0, False)])
def test_a_colour_that_no_shifted_cell_has_is_hatched(elsewhere: float, hatched: bool) -> None:
    assert judged(0.4, elsewhere=elsewhere) == (2, hatched, {"C-D-2"})
    assert judged(0.4, codes=0b10, elsewhere=0.0)[1] is False  # a criterion at a target does not hang on the grid


@pytest.mark.parametrize(("codes", "kappa", "expected"), [
    ({}, 1.0, (4, False, [])),
    ({}, 3.0, (3, False, ["S-K"])),
    ({"S-D-3": True}, 3.1, (2, False, ["S-D-3", "S-K"])),
    ({"S-D-2": True}, 9.0, (2, False, ["S-D-2", "S-K"])),
    ({"S-V-1": True}, 1.0, (1, False, ["S-V-1"])),
    ({"S-IR-1": False}, 1.0, (2, True, ["S-IR-1"])),
    ({"S-IR-1": False, "S-V-1": True}, 1.0, (1, False, ["S-IR-1", "S-V-1"])),
    ({"S-H-3": True, "S-V-2": True}, 1.0, (2, False, ["S-V-2", "S-H-3"])),
])
def test_street_rules(codes: dict[str, bool], kappa: float, expected: tuple[int, bool, list[str]]) -> None:
    assert street_level(codes, kappa, P) == expected
