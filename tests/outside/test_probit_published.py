"""Probits against numbers that others published."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import UnknownIdentifier
from riskmodel.consequence import probit

approx = pytest.approx


@pytest.mark.parametrize(("constants", "expected"), [
    ("eisenberg", 2.7823249), ("tsao_perry", 4.8823249), ("tno", 4.0323249), ("lees", 1.6756475),
])
def test_thermal_probits_hyram(constants: str, expected: float) -> None:
    """HyRAM+ tests: dose 1e7 (W/m2)^(4/3) s."""
    assert float(probit.thermal(1e7, constants)) == approx(expected, abs=5e-8)


def test_thermal_dose_hyram() -> None:
    """HyRAM+ tests: 5 W/m2 for 30 s."""
    assert float(probit.thermal_dose(5.0, 30.0)) == approx(256.4963920, abs=5e-8)


def test_half_of_eisenberg_hyram() -> None:
    """HyRAM+ tests: P = 0.5 at 15 796.170691 W/m2 for 60 s, and at 144 542.867547 Pa."""
    dose = probit.thermal_dose(15_796.170691, 60.0)
    assert float(probit.probability(probit.thermal(dose, "eisenberg"))) == approx(0.5, abs=1e-8)
    assert float(probit.probability(probit.lung_eisenberg(144_542.867547))) == approx(0.5, abs=1e-8)


def test_overpressure_probits_hyram() -> None:
    """HyRAM+ tests: 1e5 Pa, 1e4 Pa s."""
    found = [float(probit.lung_eisenberg(1e5)), float(probit.lung_hse(1e5)), float(probit.head_impact(1e5, 1e4)),
             float(probit.collapse(1e5, 1e4))]
    assert found == approx([2.4543150, 5.13, 12.2786003, 6.4917213], abs=5e-8)


@pytest.mark.parametrize(("flux", "seconds", "expected"), [
    (12_500.0, 30.0, (0.0050366, 0.3179962, 0.0928662, 0.00015862)),
    (37_500.0, 20.0, (0.5551286, 0.9874100, 0.9175273, 0.0677587)),
    (4_000.0, 60.0, (1.379e-6, 0.004825, 2.929e-4, 7.8e-8)),
])
def test_spread_of_thermal_probits(flux: float, seconds: float, expected: tuple[float, ...]) -> None:
    """HyRAM+ 6.1, run: fatality of Eisenberg, Tsao and Perry, TNO, Lees; as many digits as printed."""
    dose = probit.thermal_dose(flux, seconds)
    found = [float(probit.probability(probit.thermal(dose, name))) for name in ("eisenberg", "tsao_perry", "tno", "lees")]
    assert found == approx(expected, rel=5e-3)


def test_spread_of_overpressure_probits() -> None:
    """HyRAM+ 6.1, run: 30 kPa, 2 kPa s and 100 kPa, 10 kPa s (lung Eisenberg, lung HSE, head, collapse)."""
    low, high = (8e-28, 0.0643255, 2e-59, 0.3197684), (0.0054532, 0.5517168, 1.0, 0.9321139)
    for p, i, expected in ((30e3, 2e3, low), (100e3, 10e3, high)):
        values = (probit.lung_eisenberg(p), probit.lung_hse(p), probit.head_impact(p, i), probit.collapse(p, i))
        assert [float(probit.probability(v)) for v in values] == approx(expected, rel=1e-4, abs=1e-20)


def test_probit_table() -> None:
    """Finney's table: 2.67, 3.72, 5, 6.28, 7.33 are 1, 10, 50, 90, 99 %."""
    assert probit.probability([2.67, 3.72, 5.0, 6.28, 7.33]) == approx([0.01, 0.10, 0.50, 0.90, 0.99], abs=5e-4)


@pytest.mark.parametrize(("kw", "value", "chance"), [
    (9.8, 2.658, 0.0096), (12.5, 3.489, 0.0654), (25, 5.855, 0.8036), (37.5, 7.239, 0.9874),
])
def test_tsao_perry_twenty_seconds(kw: float, value: float, chance: float) -> None:
    """Tsao and Perry 1979 at 20 s."""
    Pr = probit.thermal(probit.thermal_dose(kw * 1e3, 20.0))
    assert float(Pr) == approx(value, abs=6e-4)
    assert float(probit.probability(Pr)) == approx(chance, abs=6e-5)


@pytest.mark.parametrize(("substance", "concentration", "value", "chance"), [
    ("chlorine", 1000.0, 4.849, 0.440), ("ammonia", 6000.0, 5.200, 0.579), ("hydrogen_sulphide", 1000.0, 5.026, 0.510),
])
def test_toxic_probits_purple_book(substance: str, concentration: float, value: float, chance: float) -> None:
    """Purple Book table 5.2 for 30 min."""
    constants = probit.toxic_constants(substance)
    Pr = probit.toxic(probit.toxic_load(concentration, 30.0, constants.n), constants)
    assert float(Pr) == approx(value, abs=6e-4)
    assert float(probit.probability(Pr)) == approx(chance, abs=6e-4)


def test_chlorine_withers_lees() -> None:
    """Withers and Lees 1985: 433 ppm for 10 min and 250 ppm for 30 min kill half; the paper rounds to whole ppm."""
    constants = probit.Toxic(-8.29, 0.92, 2)
    for ppm, minutes in ((433.0, 10.0), (250.0, 30.0)):
        assert float(probit.toxic(ppm**2 * minutes, constants)) == approx(5.0, abs=2e-3)


def test_caps() -> None:
    """AQ/T 3046-2013, Purple Book 5.2.3: exposure ends at 20 s; from 37.5 kW/m2 death is certain, indoors too."""
    flux = np.array([12.5e3, 37.5e3])
    assert probit.heat_outdoors(flux, 1e4) == approx(probit.heat_outdoors(flux, 20.0))
    assert probit.heat_outdoors(flux, 1.0)[1] == 1.0
    assert probit.heat_indoors(flux).tolist() == [0.0, 1.0]


def test_chlorine_withers_lees_in_milligrams() -> None:
    """Withers and Lees 1985 through mg/m3 = ppm · 70.9 / 24.45: the same half."""
    constants = probit.toxic_constants("chlorine", "withers_lees")
    for ppm, minutes in ((433.0, 10.0), (250.0, 30.0)):
        load = (ppm * 70.9 / 24.45) ** 2 * minutes
        assert float(probit.toxic(load, constants)) == approx(5.0, abs=2e-3)


@pytest.mark.parametrize(("substance", "n", "slot", "slod"), [
    ("ammonia", 2, 3.78e8, 1.03e9), ("chlorine", 2, 1.08e5, 4.84e5), ("hydrogen_sulphide", 4, 2.0e12, 1.5e13),
    ("carbon_monoxide", 1, 40_125, 57_000),
])
def test_hse_dangerous_loads(substance: str, n: float, slot: float, slod: float) -> None:
    """HSE: SLOD kills half, SLOT a few per cent (3 % taken)."""
    constants = probit.toxic_constants(substance, "hse")
    molar = probit.HSE_LOADS[substance][3]
    for load, chance in ((slot, 0.03), (slod, 0.5)):
        in_milligrams = load * (molar / 24.45) ** n
        assert float(probit.probability(probit.toxic(in_milligrams, constants))) == approx(chance, abs=1e-6)


def test_toxic_choice_spreads_results() -> None:
    """Three publications for 1,000 mg/m3 of chlorine over 30 min: from a third to four fifths dead, one reason for wide bands."""
    chance = [float(probit.probability(probit.toxic(probit.toxic_load(1000.0, 30.0, c.n), c)))
              for c in (probit.toxic_constants("chlorine", s) for s in ("purple_book", "withers_lees", "hse"))]
    assert min(chance) < 0.5 < max(chance)
    assert max(chance) - min(chance) > 0.2


def test_blast_by_the_name_of_its_rule() -> None:
    """HyRAM+ 6.1, run: 30 kPa, 2 kPa s; the Purple Book rule beside it."""
    found = [float(probit.blast_probability(30e3, 2e3, name)) for name in ("lung_eisenberg", "lung_hse", "head", "collapse")]
    assert found == approx([8e-28, 0.0643255, 2e-59, 0.3197684], rel=1e-4, abs=1e-20)
    assert probit.blast_probability([9e3, 2e4, 3e4]).tolist() == [0.0, 0.0, 1.0]
    assert probit.blast_probability([9e3, 2e4, 3e4], indoors=True).tolist() == [0.0, 0.025, 1.0]
    for call in (lambda: probit.blast_probability(1e5, 1e4, "guess"), lambda: probit.toxic_constants("chlorine", "guess")):
        with pytest.raises(UnknownIdentifier, match="guess"):
            call()
