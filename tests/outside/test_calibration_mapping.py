"""The mapping of LEC, LS and grades against counted deaths.

北京市 2024 (172 days): 40 dead in 38 work accidents; 2015: 9 较大 accidents among about 900 fatal; 162,699 reported sources
of 9,911 units; work deaths 50–95 a year.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskmodel.parameters.load import Parameters, load_parameters
from riskmodel.scenarios import FN_N
from riskmodel.semi import assess, outcomes

ROWS = 162_699
C_SHARE = {100: 0.001, 40: 0.012, 15: 0.30, 7: 0.40, 3: 0.22, 1: 0.067}
E_SHARE = {10: 0.06, 6: 0.52, 3: 0.22, 2: 0.12, 1: 0.06, 0.5: 0.02}
L_CLASSES = (10, 6, 3, 1, 0.5, 0.2, 0.1)
L_SHARE = {
    100: (0, 0, 0.02, 0.25, 0.43, 0.22, 0.08),
    40: (0, 0.003, 0.06, 0.37, 0.40, 0.13, 0.037),
    15: (0, 0.004, 0.16, 0.50, 0.26, 0.06, 0.016),
    7: (0.001, 0.012, 0.26, 0.46, 0.20, 0.055, 0.012),
    3: (0.003, 0.03, 0.35, 0.42, 0.15, 0.04, 0.007),
    1: (0.01, 0.06, 0.40, 0.38, 0.12, 0.025, 0.005),
}


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters()


@pytest.fixture(scope="module")
def population() -> tuple[pd.DataFrame, np.ndarray]:
    """Every combination of classes once, with the number of the city's reported sources that have it."""
    table = [
        ("LEC", l, e, c, None, None, pc * pe * pl)
        for c, pc in C_SHARE.items()
        for e, pe in E_SHARE.items()
        for l, pl in zip(L_CLASSES, L_SHARE[c], strict=True)
    ]
    frame = pd.DataFrame(table, columns=["method", "l", "e", "c", "s", "grade", "share"])
    return frame, frame["share"].to_numpy() * ROWS


@pytest.mark.parametrize(
    ("l", "e", "c", "pll", "level"),
    [
        (3, 6, 15, 1.09e-3, 2),
        (1, 6, 15, 3.7e-4, 3),
        (6, 6, 15, 3.7e-3, 1),
        (3, 6, 7, 1.3e-4, 3),
        (1, 6, 7, 4.3e-5, 4),
        (3, 6, 40, 2.5e-3, 1),
        (6, 10, 3, 5.7e-5, 4),
    ],
)
def test_own_level_of_a_source(l: float, e: float, c: float, pll: float, level: int, parameters: Parameters) -> None:
    found = assess(pd.DataFrame([("LEC", l, e, c, None, None)], columns=["method", "l", "e", "c", "s", "grade"]), parameters)
    assert found.pll[0] == pytest.approx(pll, rel=0.03)
    assert found.level[0] == level
    assert found.mismatch[0] == ((l, e, c) == (6, 10, 3))


def test_mean_deaths_of_the_classes(parameters: Parameters) -> None:
    table = outcomes(parameters)
    mean = dict(zip(table.names, table.mean, strict=True))
    expected = {
        "C100": 1.58,
        "C40": 0.51,
        "C15": 0.218,
        "C7": 0.0255,
        "C3": 0.002,
        "C1": 0.0002,
        "S5": 0.294,
        "S4": 0.0255,
        "S1": 0.0,
        "红": 0.181,
        "橙": 0.126,
        "黄": 0.0885,
        "蓝": 0.0247,
    }
    assert {name: mean[name] for name in expected} == pytest.approx(expected, rel=0.01)
    assert table.deaths.sum(axis=1) == pytest.approx(np.ones(len(table.names)))


def test_grades_are_the_mean_of_their_rows(parameters: Parameters) -> None:
    frame = pd.DataFrame(
        [("GRADE", None, None, None, None, g) for g in "红橙黄蓝"], columns=["method", "l", "e", "c", "s", "grade"]
    )
    found = assess(frame, parameters)
    assert found.pll == pytest.approx([2.2e-3, 8.7e-4, 2.9e-4, 3.4e-5], rel=0.03)
    assert found.level.tolist() == [1, 2, 3, 4] == found.familiar.tolist()


def test_the_city_adds_up_to_twenty_deaths(population: tuple[pd.DataFrame, np.ndarray], parameters: Parameters) -> None:
    frame, number = population
    found = assess(frame, parameters)
    survival = found.outcomes.survival(parameters)[found.outcome]
    rate = number * found.frequency
    fatal = (rate * survival[:, 0]).sum()
    deaths = (number * found.pll).sum()
    assert number.sum() == pytest.approx(ROWS)
    assert deaths == pytest.approx(20.0, rel=0.03)
    assert fatal == pytest.approx(18, rel=0.03)
    assert deaths / fatal == pytest.approx(1.10, abs=0.02)
    assert (rate * survival[:, FN_N.index(3)]).sum() / fatal == pytest.approx(0.011, rel=0.15)
    assert 1 / (rate * survival[:, FN_N.index(10)]).sum() == pytest.approx(130, rel=0.15)


def test_shares_of_the_familiar_colours(population: tuple[pd.DataFrame, np.ndarray], parameters: Parameters) -> None:
    frame, number = population
    familiar = assess(frame, parameters).familiar
    shares = [number[familiar == level].sum() / ROWS for level in (1, 2, 3, 4)]
    assert shares == pytest.approx([0.005, 0.038, 0.177, 0.78], abs=0.002)
