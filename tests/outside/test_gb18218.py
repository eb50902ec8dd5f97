"""GB 18218-2018 危险化学品重大危险源辨识: published thresholds, coefficients and bounds."""

from __future__ import annotations

import pytest

from riskmodel.identification import alpha, beta, grade, identify, is_major, threshold
from riskmodel.parameters.load import Parameters, load_parameters


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters()


def test_ammonia_and_lpg_of_clause_4(parameters: Parameters) -> None:
    """30 t ammonia and 80 t LPG, 60 residents: S = 30/10 + 80/50, R = 1.5 (2·3 + 1.5·1.6)."""
    unit = identify({"氨": 30.0, "液化石油气": 80.0}, 60, parameters)
    assert unit.s == pytest.approx(4.6)
    assert unit.r == pytest.approx(12.6)
    assert unit.grade == 3


def test_two_lpg_tanks(parameters: Parameters) -> None:
    unit = identify({"液化石油气": 2 * 100 * 0.58 * 0.9}, 0, parameters)
    assert unit.s == pytest.approx(2.088)
    assert unit.grade == 4


def test_petrol_below_the_threshold_is_not_graded(parameters: Parameters) -> None:
    unit = identify({"汽油": 150.0}, 1000, parameters)
    assert (unit.s, unit.r, unit.grade) == (0.75, 0.0, 0)


@pytest.mark.parametrize(("r", "expected"), [(100.0, 1), (99.999, 2), (50.0, 2), (49.999, 3), (10.0, 3), (9.999, 4)])
def test_table_6_bounds_are_inclusive_below(r: float, expected: int, parameters: Parameters) -> None:
    assert grade(1.0, r, parameters) == expected


@pytest.mark.parametrize(
    ("people", "expected"), [(0, 0.5), (1, 1.0), (29, 1.0), (30, 1.2), (49, 1.2), (50, 1.5), (99, 1.5), (100, 2.0)]
)
def test_table_5_alpha(people: int, expected: float, parameters: Parameters) -> None:
    assert alpha(people, parameters) == expected


@pytest.mark.parametrize(
    ("name", "tonnes", "coefficient"),
    [
        ("氨", 10, 2),
        ("氯", 5, 4),
        ("液化石油气", 50, 1.5),
        ("天然气", 50, 1.5),
        ("汽油", 200, 1),
        ("碳酰氯", 0.3, 20),
        ("氢", 5, 1.5),
        ("W5.4", 5000, 1),
        ("J1", 5, 4),
        ("W1.3", 50, 2),
    ],
)
def test_tables_1_to_4(name: str, tonnes: float, coefficient: float, parameters: Parameters) -> None:
    assert threshold(name, parameters) == tonnes
    assert beta(name, parameters) == coefficient


def test_table_1_is_complete_and_its_cas_numbers_hold(parameters: Parameters) -> None:
    """85 rows; the last digit of a CAS number is the weighted sum of the others modulo 10."""
    assert len(parameters.table("identification.table1.quantity")) == 85
    assert len(parameters.table("identification.table2.quantity")) == 24
    numbers = [number for row in parameters.table("identification.table1.cas").values() for number in row]
    assert len(numbers) >= 79
    for number in numbers:
        digits = number.replace("-", "")
        assert sum(i * int(d) for i, d in enumerate(reversed(digits[:-1]), 1)) % 10 == int(digits[-1]), number


def test_s_of_exactly_one_is_a_major_hazard(parameters: Parameters) -> None:
    assert is_major(sum([0.1] * 10))
    assert identify({"汽油": 200.0}, 0, parameters).grade == 4
