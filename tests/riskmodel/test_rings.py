"""Many scenarios at one place: the same risk, and each one's deaths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geo.grid import Grid
from riskmodel.fields import individual_risk, lay
from riskmodel.rings import by_place, rings_of, risk_and_deaths
from riskmodel.scenarios import Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme, kernel_distances
from riskmodel.sweep import Way
from tests.riskmodel.test_tiles import GRID, Crowd, crowd, kernels


def at_places(places: int = 12, each: int = 14, seed: int = 2) -> ScenarioSet:
    """Scenarios of every kind of footprint at a few places, in a mixed order."""
    rng = np.random.default_rng(seed)
    b = ScenarioBuilder(("hazard_source",))
    numbers = np.array([b.kernel(kernel) for kernel in kernels()])
    x = GRID.west + rng.uniform(500, GRID.nx * 100 - 500, places)
    y = GRID.north - rng.uniform(500, GRID.ny * 100 - 500, places)
    x[0], y[0] = GRID.west + 25_600.0, GRID.north - 25_600.0  # four tiles meet here
    x[1], y[1] = GRID.west + 40.0, GRID.north - 40.0
    at = rng.permutation(np.repeat(np.arange(places), each))
    b.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=at, x=x[at], y=y[at],
                 frequency=10 ** rng.uniform(-8, -3, len(at)), kernel=numbers[rng.integers(0, len(numbers), len(at))])
    return b.finish()


@pytest.fixture(scope="module")
def scenarios() -> ScenarioSet:
    return at_places()


def test_individual_risk_has_the_bits_of_the_fields(scenarios: ScenarioSet) -> None:
    ir, _ = risk_and_deaths(scenarios, crowd(), GRID)
    assert np.array_equal(ir, individual_risk(scenarios, GRID))


def test_deaths_times_frequency_is_the_societal_risk(scenarios: ScenarioSet) -> None:
    cells = GRID.index(scenarios.points.x, scenarios.points.y)
    points = replace(scenarios.points, own_cell=cells, own_staff=np.full(len(cells), 3.0),
                     mitigation=np.full(len(cells), 0.75))
    marked = replace(scenarios, points=points)
    _, deaths = risk_and_deaths(marked, crowd(), GRID)
    fields = lay(marked, crowd(), GRID)
    expected = fields.point_s * 1e-15
    assert deaths.min() >= 0
    assert np.mean(deaths > 0) > 0.8
    assert np.abs(deaths * points.frequency - expected).max() < 6000 * 1e-15  # one unit is cut off per cell
    often = points.frequency > 1e-4
    assert deaths[often] == pytest.approx(expected[often] / points.frequency[often], rel=1e-8)


def test_deaths_are_the_plain_sum_over_cells() -> None:
    """Against NumPy: one value per cell, read from the kernel's table by its own rule."""
    b = ScenarioBuilder(("hazard_source",))
    made = [Kernel.of(r, lambda d, r=r: np.exp(-2 * (d / r) ** 2), lambda d, r=r: 0.2 * np.exp(-(d / r) ** 2))
            for r in (900.0, 2300.0)]
    x, y = GRID.west + 25_643.0, GRID.north - 25_511.0
    b.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=[0, 1], x=x, y=y, frequency=1e-6,
                 kernel=[b.kernel(k) for k in made])
    people = crowd()
    _, deaths = risk_and_deaths(b.finish(), people, GRID)
    cx, cy = GRID.centre(np.arange(GRID.size))
    d2 = (cx - x) ** 2 + (cy - y) ** 2
    for kernel, found in zip(made, deaths, strict=True):
        knots = kernel_distances(kernel.radius) ** 2
        out, inside = (np.where(d2 < knots[-1], np.interp(d2, knots, table), 0.0) for table in (kernel.outdoors, kernel.indoors))
        assert found == pytest.approx((out * people.mean_outdoors + inside * people.mean_indoors).sum(), rel=1e-12)


@pytest.mark.parametrize("threads", [1, 5])
def test_any_number_of_threads_and_any_order(scenarios: ScenarioSet, threads: int) -> None:
    ir, deaths = risk_and_deaths(scenarios, crowd(), GRID)
    again = risk_and_deaths(scenarios, crowd(), GRID, way=Way(threads))
    assert np.array_equal(ir, again[0])
    assert np.array_equal(deaths, again[1])


def test_people_nowhere_and_grid_of_one_cell() -> None:
    scenarios = at_places(3, 4)
    empty = Crowd(np.zeros(GRID.size), np.zeros(GRID.size))
    assert not risk_and_deaths(scenarios, empty, GRID)[1].any()
    x, y = scenarios.points.x[0], scenarios.points.y[0]
    tiny = Grid(np.floor(x / 100) * 100, np.ceil(y / 100) * 100, 1, 1)
    ir, _ = risk_and_deaths(scenarios, Crowd(np.ones(1), np.ones(1)), tiny)
    assert np.array_equal(ir, individual_risk(scenarios, tiny))


def test_scenarios_of_one_place_stand_together(scenarios: ScenarioSet) -> None:
    rows = by_place(scenarios)
    place = scenarios.points.x[rows] + 1j * scenarios.points.y[rows]
    assert np.count_nonzero(np.diff(place)) == 11
    assert np.array_equal(np.sort(rows), np.arange(len(rows)))


def test_rings_run_outwards_and_leave_nothing_out() -> None:
    a, b, distance = rings_of(1234.0, 100)
    assert np.all(np.diff(distance) >= 0)
    assert (a[0], b[0], distance[0]) == (0, 0, 0.0)
    inside = sum(i * i + j * j <= 13.0**2 for i in range(-20, 21) for j in range(-20, 21))
    assert len(distance) >= inside
