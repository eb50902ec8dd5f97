"""GB 18218-2018 危险化学品重大危险源辨识: published thresholds, coefficients and bounds."""

from __future__ import annotations

import pytest

from geo.codes import substances
from geo.errors import BadParameter
from riskmodel.identification import alpha, beta, category, grade, identify, is_major, key_of, threshold
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
    """Two tanks of 100 m³, 0.58 t/m³, nine tenths full: 104.4 t over 50 t, S = 2.088."""
    unit = identify({"液化石油气": 2 * 100 * 0.58 * 0.9}, 0, parameters)
    assert unit.s == pytest.approx(2.088)
    assert unit.grade == 4


def test_petrol_below_the_threshold_is_not_graded(parameters: Parameters) -> None:
    """150 t of petrol under the 200 t of table 1: S = 0.75, R and grade 0."""
    unit = identify({"汽油": 150.0}, 1000, parameters)
    assert (unit.s, unit.r, unit.grade) == pytest.approx((0.75, 0.0, 0))


@pytest.mark.parametrize(("r", "expected"), [(100.0, 1), (99.999, 2), (50.0, 2), (49.999, 3), (10.0, 3), (9.999, 4)])
def test_table_6_bounds_are_inclusive_below(r: float, expected: int, parameters: Parameters) -> None:
    """Table 6, lower bounds inclusive: R = 100, 50, 10."""
    assert float(grade(1.0, r, parameters)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("people", "expected"), [(0, 0.5), (1, 1.0), (29, 1.0), (30, 1.2), (49, 1.2), (50, 1.5), (99, 1.5), (100, 2.0)]
)
def test_table_5_alpha(people: int, expected: float, parameters: Parameters) -> None:
    """Table 5: residents within 500 m, 0, 1, 30, 50, 100."""
    assert float(alpha(people, parameters)) == pytest.approx(expected)


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
    """Q of tables 1 and 2 in t, β of tables 3 and 4."""
    assert (threshold(name), beta(name, parameters)) == pytest.approx((tonnes, coefficient))


def test_table_1_is_complete_and_its_cas_numbers_hold(parameters: Parameters) -> None:
    """85 rows, each with Q and β; the last digit of a CAS number is the weighted sum of the others modulo 10."""
    rows = [row for row in substances() if row.number]
    assert [row.number for row in rows] == list(range(1, 86))
    assert all(threshold(row.name) == row.quantity_t > 0 and 1 <= beta(row.name, parameters) <= 20 for row in rows)
    assert len(parameters.table("identification.beta.category")) == 24
    numbers = [number for row in rows for number in row.cas]
    assert len(numbers) >= 79
    for number in numbers:
        digits = number.replace("-", "")
        assert sum(i * int(d) for i, d in enumerate(reversed(digits[:-1]), 1)) % 10 == int(digits[-1]), number


def test_s_of_exactly_one_is_a_major_hazard(parameters: Parameters) -> None:
    assert is_major(sum([0.1] * 10))
    assert identify({"汽油": 200.0}, 0, parameters).grade == 4


@pytest.mark.parametrize(("name", "expected"), [
    ("一氧化碳", 2), ("二氧化硫", 2), ("氨", 2), ("环氧乙烷", 2), ("氯化氢", 3), ("溴甲烷", 3), ("氯", 4), ("硫化氢", 5),
    ("氟化氢", 5), ("二氧化氮", 10), ("氰化氢", 10), ("光气", 20), ("磷化氢", 20), ("异氰酸甲酯", 20),
])
def test_table_3_beta_of_toxic_gases(name: str, expected: float, parameters: Parameters) -> None:
    """Table 3: β of toxic gases."""
    gases = parameters.table("identification.beta.named")
    assert (gases[name] if name == "一氧化碳" else beta(name, parameters)) == pytest.approx(expected)


@pytest.mark.parametrize(("symbol", "quantity", "coefficient"), [
    ("J1", 5, 4), ("J2", 50, 1), ("J3", 50, 2), ("J4", 50, 2), ("J5", 500, 1), ("W1.1", 1, 2), ("W1.2", 10, 2), ("W1.3", 50, 2),
    ("W2", 10, 1.5), ("W3", 150, 1), ("W4", 50, 1), ("W5.1", 10, 1.5), ("W5.2", 50, 1), ("W5.3", 1000, 1), ("W5.4", 5000, 1),
    ("W6.1", 10, 1.5), ("W6.2", 50, 1), ("W7.1", 10, 1.5), ("W7.2", 50, 1), ("W8", 50, 1), ("W9.1", 50, 1), ("W9.2", 200, 1),
    ("W10", 200, 1), ("W11", 200, 1),
])
def test_tables_2_and_4_by_category(symbol: str, quantity: float, coefficient: float, parameters: Parameters) -> None:
    """Tables 2 and 4: Q in t and β of a category."""
    assert (threshold(symbol), beta(symbol, parameters)) == pytest.approx((quantity, coefficient))


def test_names_of_one_substance_are_one(parameters: Parameters) -> None:
    """CAS number, alias and name of table 1; diesel, which it does not name, counts as W5.4."""
    assert key_of("7664-41-7") == key_of("液氨") == key_of("ammonia") == "氨"
    assert key_of("柴油") == "W5.4"
    assert category("汽油", parameters) == "W5.3"
    assert identify({"7782-50-5": 10.0}, 75, parameters).r == pytest.approx(12.0)


def test_chlorine_of_order_40(parameters: Parameters) -> None:
    """国家安监总局令第40号 附件1, R = α Σ β q/Q: chlorine 10 t, 50 to 99 people: 1.5 · 4 · 10/5 = 12, 三级."""
    unit = identify({"氯": 10.0}, 75, parameters)
    assert (unit.r, unit.grade) == (pytest.approx(12.0), 3)


@pytest.mark.parametrize("tonnes", [-1.0, float("nan"), float("inf")])
def test_impossible_quantities_are_refused_by_name(tonnes: float, parameters: Parameters) -> None:
    with pytest.raises(BadParameter, match="氯"):
        identify({"氯": tonnes}, 0, parameters)


def test_a_little_and_a_part_of_a_person(parameters: Parameters) -> None:
    """Nothing and half a tonne are quantities; a share of a resident counts to the nearest whole: 29.5 are 30."""
    assert identify({"氯": 0.5, "氨": 0.0}, 0, parameters).s == pytest.approx(0.1)
    assert [float(alpha(people, parameters)) for people in (29.497, 29.5)] == pytest.approx([1.0, 1.2])
