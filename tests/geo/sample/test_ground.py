"""Streets, people and random places on the grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.kinds import INDUSTRIES
from geo.sample import population
from geo.sample.ground import Ground, largest_remainder, random_for
from geo.sample.shipped import Shipped


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=50).filter(lambda w: sum(w) > 1e-3), st.integers(0, 100_000))
def test_largest_remainder_is_exact_and_fair(weights: list[float], total: int) -> None:
    given_weights = np.array(weights)
    parts = largest_remainder(given_weights, total)
    assert parts.sum() == total
    assert np.abs(parts - given_weights / given_weights.sum() * total).max() < 1.0 + 1e-6


def test_every_district_meets_the_census(shipped: Shipped, residents: np.ndarray) -> None:
    by_district = pd.Series(residents).groupby(shipped.streets["district_code"].to_numpy()).sum()
    census = shipped.census.set_index("district_code")["residents"]
    assert by_district.to_dict() == census.to_dict()
    assert residents.sum() == 21_893_095


def test_pairs_keep_every_street_and_the_raster_the_city(ground: Ground, residents: np.ndarray) -> None:
    pairs = population.residents_by_pair(ground, residents)
    assert np.array_equal(ground.per_street(pairs).astype(np.int64), residents)
    raster = population.raster(ground, pairs)
    assert raster.sum() == 21_893_095
    assert 235_000 < (raster > 0).sum() < 275_000
    assert raster.max() < 1_500


def test_mountain_streets_leave_most_cells_empty(ground: Ground, residents: np.ndarray) -> None:
    inhabited = ground.per_street((population.residents_by_pair(ground, residents) > 0).astype(float))
    share = inhabited / np.diff(ground.start)
    density = residents / ground.streets["area_km2"].to_numpy()
    assert np.median(share[density < 100]) < 0.05
    assert np.median(share[density > 20_000]) > 0.6


def test_weights_are_shares_of_each_street(ground: Ground) -> None:
    for weight in (ground.home, ground.work, ground.land):
        assert weight.min() >= 0
        np.testing.assert_allclose(ground.per_street(weight), 1.0, rtol=1e-9)


def test_random_places_lie_in_their_streets(ground: Ground) -> None:
    street = np.repeat(np.arange(len(ground.streets)), 20)
    for weight in (ground.home, ground.work, ground.land):
        x, y = ground.scatter(random_for(1, "test"), street, weight)
        assert shapely.contains_xy(ground.polygons[street], x, y).all()


def test_grid_is_the_one_around_the_city(ground: Ground) -> None:
    west, south, east, north = shapely.total_bounds(ground.polygons)
    assert ground.grid.west <= west - 3000
    assert ground.grid.north >= north + 3000
    assert ground.grid.west + ground.grid.nx * 100 >= east + 3000
    assert ground.grid.north - ground.grid.ny * 100 <= south - 3000
    assert (ground.grid.nx, ground.grid.ny) == (1840, 1858)


def test_staff_matrix_meets_both_margins(ground: Ground, shipped: Shipped, residents: np.ndarray) -> None:
    jobs = population.jobs_by_street(ground, shipped, residents, np.ones(len(residents)))
    matrix = population.staff_matrix(ground, shipped, jobs, residents)
    wanted = [1000.0 * shipped.marginals["industry"][section]["jobs"] for section in INDUSTRIES]
    np.testing.assert_allclose(matrix.sum(axis=0), wanted, rtol=1e-9)
    np.testing.assert_allclose(matrix.sum(axis=1), jobs, rtol=1e-6)
    assert jobs.sum() + 700_000 == pytest.approx(13_100_000)


def test_subjects_have_their_own_random_numbers() -> None:
    assert random_for(1, "a").random() == random_for(1, "a").random()
    assert random_for(1, "a").random() != random_for(1, "b").random()
    assert random_for(1, "a").random() != random_for(2, "a").random()
