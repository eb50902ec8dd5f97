"""FAR, individual risk, F-N of one event, event trees and the air against numbers that others published."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import BadParameter
from riskmodel import measures
from riskmodel.consequence import atmosphere

approx = pytest.approx


def test_far_and_air_hyram() -> None:
    """HyRAM+ tests: PLL 2.5e-5 among 9 → FAR 0.0317098; FAR 0.03 for 2,000 h → 6e-7."""
    assert float(measures.fatal_accident_rate(2.5e-5, 9)) == approx(0.0317098, abs=5e-8)
    assert float(measures.average_individual_risk(0.03, 2000.0)) == approx(6e-7)


def test_event_tree_hyram() -> None:
    """HyRAM+ tests: p 0.1, 0.2, 0.3 one after the other → 0.1, 0.18, 0.216, 0.504."""
    assert measures.in_sequence([0.1, 0.2, 0.3]) == approx([0.1, 0.18, 0.216, 0.504])


def test_pll_hyram() -> None:
    """HyRAM+ tests: f 1e-5 and 2e-5, N 0.1 and 0.2 → 1e-6, 4e-6, shares 0.2 and 0.8."""
    pll = np.array([1e-5, 2e-5]) * [0.1, 0.2]
    assert pll == approx([1e-6, 4e-6])
    assert pll / pll.sum() == approx([0.2, 0.8])


def test_goose_example() -> None:
    """Goose (HSE) 2010: 3e-5/yr, two operators, P 0.5, 8 h shifts 6 on 2 off: IR 3.75e-6; F(1) 2.25e-5, F(2) 0.75e-5."""
    assert measures.risk_of_a_job(3e-5, 0.5, 8760 * (6 / 8) * (8 / 24)) == approx(3.75e-6)
    assert measures.at_least(3e-5, 2, 0.5) == approx([2.25e-5, 0.75e-5])


@pytest.mark.parametrize(("kelvin", "expected"), [
    (253, (0.96, 0.86, 0.72)), (273, (0.91, 0.78, 0.61)), (293, (0.86, 0.71, 0.51)), (303, (0.84, 0.67, 0.47)),
])
def test_transmissivity_table(kelvin: float, expected: tuple[float, ...]) -> None:
    """Wayne 1991, published table in HyRAM+'s tests: 50 % humidity, 10, 100, 1,000 m; two digits, so 0.01 either way."""
    assert atmosphere.transmissivity([10, 100, 1000], kelvin, 0.5) == approx(expected, abs=0.0105)


def test_impossible_values() -> None:
    for call in (lambda: atmosphere.transmissivity(10.0, 20.0), lambda: atmosphere.transmissivity(10.0, 293.0, 50.0),
                 lambda: measures.fatal_accident_rate(1e-5, 0), lambda: measures.in_sequence([0.5, 1.5]),
                 lambda: measures.risk_of_a_job(1e-5, 0.5, 9000.0)):
        with pytest.raises(BadParameter):
            call()
