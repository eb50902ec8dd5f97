"""Grades of whole frames: units by key, residents outward of the fence."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import UnknownIdentifier
from riskmodel.identification import grade_units, identify, residents_around
from riskmodel.parameters.load import Parameters
from tests.riskmodel.conftest import GRID, MakeInputs

TANK = {"unit_type": "ammonia_cold_store", "substance": "ammonia", "quantity_t": 15.0, "fence_m": 60.0}


def test_inventories_of_the_usual_units(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """40 t ammonia, 10 t chlorine, 360 t LPG, 13,300 t petrol in a town: R 16, 16, 22, 133."""
    rows = [
        {"substance": s, "quantity_t": q}
        for s, q in (("ammonia", 40), ("chlorine", 10), ("lpg", 360), ("gasoline", 13_300), ("gasoline", 63))
    ]
    found = grade_units(make_inputs(hazard_source=rows), parameters)
    assert found["r"].tolist() == pytest.approx([16, 16, 21.6, 133, 0])
    assert found["grade"].tolist() == [3, 3, 3, 1, 0]


def test_rows_with_one_key_are_one_unit(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [
        {"substance": "gasoline", "quantity_t": 150, "hazard_key": "farm"},
        {"substance": "diesel", "quantity_t": 1500, "hazard_key": "farm"},
        {"substance": "gasoline", "quantity_t": 150},
        {"substance": "gasoline", "quantity_t": 150},
    ]
    found = grade_units(make_inputs(hazard_source=rows, residents=0.0), parameters)
    assert found["s"].tolist() == pytest.approx([1.05, 1.05, 0.75, 0.75])
    assert found["grade"].tolist() == [4, 4, 0, 0]


def test_residents_are_counted_outward_of_the_fence(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(hazard_source=[TANK])
    assert residents_around(inputs, np.array([560.0]))[0] == pytest.approx(np.pi * 560**2 * 10 / 1e4, rel=0.01)
    far = np.zeros(GRID.size)
    far[GRID.index(GRID.west + 2000.0 + 650.0, GRID.north - 2000.0)] = 500.0
    assert grade_units(make_inputs(hazard_source=[TANK], residents=far), parameters)["alpha"].tolist() == [0.5]


def test_residents_at_the_edge_of_the_grid(make_inputs: MakeInputs) -> None:
    corner = {**TANK, "x": GRID.west, "y": GRID.north}
    assert residents_around(make_inputs(hazard_source=[corner]), np.array([500.0]))[0] == pytest.approx(
        np.pi * 500**2 / 4 * 10 / 1e4, rel=0.01
    )


def test_an_unknown_substance_is_an_error(parameters: Parameters) -> None:
    with pytest.raises(UnknownIdentifier, match="明矾"):
        identify({"明矾": 1.0}, 0, parameters)


def test_no_hazards_no_rows(make_inputs: MakeInputs, parameters: Parameters) -> None:
    assert len(grade_units(make_inputs(), parameters)) == 0
