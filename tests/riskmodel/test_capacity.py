"""Safety capacity: closed forms for what is linear, bisection for tonnes."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import BadParameter
from riskmodel.capacity import people, residents_by_class, tonnes, units
from riskmodel.parameters.load import Parameters

approx = pytest.approx


def test_adding_the_capacity_reaches_the_limit() -> None:
    risk, limit, one = np.array([0.0, 2e-3, 9e-3]), 1e-2, np.array([1e-7, 3e-6, 5e-5])
    assert risk + people(risk, limit, one) * one == approx(limit)
    assert people(2e-2, 1e-2, 1e-6) == 0
    assert people(1e-2, 1e-2, 0.0) == 0


def test_units_are_whole() -> None:
    assert units(0.0, 0.3, 0.1) == 3
    assert units(0.0, 0.2999, 0.1) == 2
    assert units(1.0, 0.3, 0.1) == 0


def test_people_cannot_lower_a_risk() -> None:
    with pytest.raises(BadParameter):
        people(0.0, 1.0, -1e-6)


@pytest.mark.parametrize(("ir", "in_service", "new"), [
    (3e-7, np.inf, np.inf), (3e-6, np.inf, 99), (1e-5, 99, 29), (1.01e-5, 29, 0), (3e-5, 29, 0), (3.1e-5, 0, 0),
])
def test_residents_by_class_gb36894(ir: float, in_service: float, new: float, parameters: Parameters) -> None:
    assert residents_by_class(ir, parameters) == in_service
    assert residents_by_class(ir, parameters, new=True) == new


def test_bounds_of_tonnes() -> None:
    assert tonnes(lambda t: t, 5.0, most=3.0) == 3.0
    assert tonnes(lambda t: t, 1e-9, most=3.0) == 0.0
    for bad in ((0.0, 1.0), (2.0, 1.0)):
        with pytest.raises(BadParameter):
            tonnes(lambda t: t, 1.0, least=bad[0], most=bad[1])
    with pytest.raises(BadParameter):
        tonnes(lambda t: 1 / t, 1.0, most=10.0)
