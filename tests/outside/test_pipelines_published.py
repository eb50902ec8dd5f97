"""Pipelines against numbers that others published."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel import pipelines
from riskmodel.parameters import load_parameters
from riskmodel.quantified.footprints import Physics
from riskmodel.scenarios import kernel_distances

approx = pytest.approx


@pytest.mark.parametrize(("diameter", "pressure", "radius"), [(1016, 10.0, 318.1), (711, 6.3, 176.7), (323.9, 4.0, 64.1)])
def test_potential_impact_radius_gb32167(diameter: float, pressure: float, radius: float) -> None:
    """GB 32167-2015, r = 0.099 √(d² p)."""
    assert float(pipelines.potential_impact_radius(diameter, pressure)) == approx(radius, abs=0.05)


@pytest.mark.parametrize(("inches", "psi", "feet"), [(30, 1000, 654.6), (36, 1480, 955.6), (24, 800, 468.39), (16, 1440, 418.94)])
def test_potential_impact_radius_us(inches: float, psi: float, feet: float) -> None:
    """49 CFR 192.903, r = 0.69 √(p d²) ft (PennEast publishes 955 ft): 0.099 is 0.7 % below the exact 0.0997."""
    metres = float(pipelines.potential_impact_radius(inches * 25.4, psi * 0.00689476))
    assert metres / 0.3048 == approx(feet, rel=0.008)


@pytest.mark.parametrize(("share", "chance"), [(0.64, 1.0), (0.8, 0.79), (1.0, 0.24), (1.27, 0.01)])
def test_lethality_against_impact_radius(share: float, chance: float) -> None:
    """Tsao and Perry, 20 s, q = 15.8 (R/r)² kW/m2: 1 up to 0.65 R, 0.79 at 0.8 R, 0.24 at R, 0.01 at 1.27 R; two digits."""
    kernel = pipelines.radiation_kernel(201.0, flux_at_radius=15_800.0, physics=Physics.of(load_parameters()))
    found = np.interp((share * 201.0) ** 2, kernel_distances(kernel.radius) ** 2, kernel.outdoors)
    assert found == approx(chance, abs=0.006)


@pytest.mark.parametrize(("place", "grade"), [("四级", "Ⅲ"), ("三级", "Ⅱ"), ("二级", None), (None, None)])
def test_grade_of_class_location(place: str | None, grade: str | None) -> None:
    """GB 32167-2015 table 1: 四级地区 is Ⅲ, 三级地区 is Ⅱ."""
    assert pipelines.hca_grade([place], 711, 6.3).tolist() == [grade]
