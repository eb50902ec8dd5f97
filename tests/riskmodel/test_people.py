"""One budget of people per slot."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure, households, over_streets, workers
from tests.riskmodel.conftest import GRID, STREETS, MakeInputs

WEST, EAST = GRID.west + 250.0, GRID.west + 3750.0
Y = GRID.north - 2050.0


def city(make_inputs: MakeInputs):
    return make_inputs(
        enterprise=[
            {"industry": "C", "staff_at_place": 500, "x": WEST, "y": Y},
            {"industry": "E", "staff_at_place": 50, "x": EAST, "y": Y},
        ],
        work_site=[{"site_type": "building", "workers": 80, "x": EAST, "y": Y}],
        venue=[
            {"venue_type": "school", "capacity": 900, "x": WEST, "y": Y},
            {"venue_type": "mall", "x": EAST, "y": Y},
            {"venue_type": "metro_station", "capacity": 3000, "x": EAST, "y": Y},
        ],
        background=[{"area_code": STREETS[0], "residents": 8000, "households": 4000, "staff": {"C": 900, "F": 300, "E": 700}}],
    )


def test_every_slot_holds_everybody_and_the_visitors_by_day(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = city(make_inputs)
    found = exposure(inputs, parameters)
    total = inputs.residents.sum()
    sums = found.outdoors.sum(axis=1, dtype=np.float64) + found.indoors.sum(axis=1, dtype=np.float64)
    assert sums / total == pytest.approx([1.0549, 1.0, 1.0, 1.0549], rel=1e-5)
    assert found.probability == pytest.approx(np.array([52.5, 22.5, 63.0, 30.0]) / 168)
    assert found.outdoors.dtype == np.float32
    assert found.mean_indoors == pytest.approx(found.probability @ found.indoors.astype(np.float64))


def test_shares_of_the_slots_are_whole(parameters: Parameters) -> None:
    shares = sum(parameters.array(f"people.shares.{group}") for group in ("home", "work", "school", "visit", "transit"))
    assert shares == pytest.approx([1, 1, 1, 1])


def test_outdoors_by_day_and_by_night(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Night 1 % in every group and 0.5 % on the way, close to the 1 % of the Purple Book (CPR 18E, table 5.3)."""
    found = exposure(city(make_inputs), parameters)
    share = found.outdoors.sum(axis=1) / (found.outdoors + found.indoors).sum(axis=1)
    assert share[2] == pytest.approx(0.995 * 0.01 + 0.005, rel=1e-4)
    assert 0.09 < share[0] < 0.12


def test_pupils_are_at_school_on_weekdays_only(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = city(make_inputs)
    found = exposure(inputs, parameters)
    cell = GRID.index(WEST, Y)
    people = found.outdoors[:, cell] + found.indoors[:, cell]
    assert people[0] > 0.10 * inputs.residents.sum()
    assert people[2] < people[0] / 3


def test_jobs_are_staff_builders_and_the_rest_of_the_street(make_inputs: MakeInputs) -> None:
    """Street 1 knows 900 + 300 jobs besides building, 500 of them at its enterprise; its builders are not there twice."""
    jobs = workers(city(make_inputs))
    assert jobs.sum() == pytest.approx(500 + 50 + 80 + 400 + 300)
    assert jobs[GRID.index(EAST, Y)] == pytest.approx(130)


def test_households_follow_the_street_or_the_city(make_inputs: MakeInputs, parameters: Parameters) -> None:
    found = households(city(make_inputs), parameters)
    assert found[GRID.index(WEST, Y)] == pytest.approx(10 / 2)
    assert found[GRID.index(EAST, Y)] == pytest.approx(10 / 2.66)


def test_spreading_keeps_every_streets_sum(make_inputs: MakeInputs) -> None:
    import pandas as pd

    inputs = make_inputs()
    weight = np.zeros(GRID.size)
    weight[GRID.index(WEST, Y)] = 3.0
    found = over_streets(inputs, pd.Series({STREETS[0]: 5.0, STREETS[1]: 7.0}), weight)
    street = inputs.coverage.street
    assert [found[street == s].sum() for s in (0, 1)] == pytest.approx([5.0, 7.0])
    assert found[GRID.index(WEST, Y)] == pytest.approx(5.0)
    assert np.ptp(found[street == 1]) == 0.0


def test_an_empty_region_has_nobody(make_inputs: MakeInputs, parameters: Parameters) -> None:
    found = exposure(make_inputs(residents=0.0), parameters)
    assert found.indoors.sum() == 0
    assert found.outdoors.sum() == 0
