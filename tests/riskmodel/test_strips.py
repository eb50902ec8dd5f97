"""Strips of eight cells against the plain definition of one cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.grid import Grid
from riskmodel.bank import KernelBank
from riskmodel.fields import individual_risk
from riskmodel.kernels.cell import at_knot, point_on_cell
from riskmodel.kernels.footprint import IR_SCALE
from riskmodel.kernels.strips import LANES, add_disc, add_strip, whole_strips
from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme


def with_rise(values: np.ndarray) -> np.ndarray:
    """Values side by side with the rise to the next; the knot after the last is zero."""
    return np.stack([np.append(values, 0.0), np.append(np.diff(values), [0.0, 0.0])], axis=1).ravel()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 40), st.integers(0, 9), st.floats(-1e14, 1e14))
def test_a_strip_is_eight_columns_of_the_plain_cell(seed: int, knots: int, count: int, units: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, knots)
    across, down = rng.uniform(0, 2, 20), rng.uniform(0, 2, 12)
    across[5], down[2] = 0.0, 0.0
    last, scale = float(knots - 1), (knots - 1) / 1.7
    sums = rng.integers(-1000, 1000, (11, 24))
    wanted = sums.copy()
    for a in range(count):
        for b in range(LANES):
            wanted[1 + a, 9 + b] += np.int64(units * at_knot(values, (across[3 + b] + down[2 + a]) * scale))
    add_strip(sums, 24 + 9, 24, across, 3, down, 2, count, scale, last, units, with_rise(values), 0, 2)
    np.testing.assert_array_equal(sums, wanted)


def test_rows_of_a_strip_may_lie_on_one_another() -> None:
    values = np.array([1.0, 0.5, 0.25])
    across, down, sums = np.arange(8.0) / 8, np.arange(6.0) / 6, np.zeros(8, np.int64)
    add_strip(sums, 0, 0, across, 0, down, 0, 6, 1.0, 2.0, 1e9, with_rise(values), 0, 2)
    assert sums.tolist() == [sum(int(1e9 * at_knot(values, a + d)) for d in down) for a in across]


def test_whole_strips() -> None:
    assert [whole_strips(n) for n in (1, 7, 8, 9, 16, 250)] == [8, 8, 8, 16, 16, 256]


@pytest.mark.parametrize(("nx", "ny"), [(1, 1), (3, 40), (40, 3), (9, 9), (259, 2)])
def test_grids_that_no_strip_fits(nx: int, ny: int) -> None:
    """A footprint wider than the grid, and one whose middle bends: every cell is what the definition says."""
    grid = Grid(400_000.0, 4_460_000.0, nx, ny)
    builder = ScenarioBuilder(("hazard_source",))
    kernels = [Kernel.of(2200.0, lambda d: np.exp(-((d / 900.0) ** 2)), lambda d: 0.0 * d),
               Kernel.of(700.0, lambda d: np.exp(-((d / 200.0) ** 2)), lambda d: 0.0 * d)]
    x, y = np.array([430.0, 80.0]) + grid.west, grid.north - np.array([270.0, 55.0])
    builder.add_points("hazard_source", "试验", Theme.HAZCHEM, Scope.HC, row=[0, 1], x=x, y=y, frequency=[3e-5, 7e-6],
                       kernel=[builder.kernel(kernel) for kernel in kernels])
    scenarios = builder.finish()
    bank, wanted = KernelBank.of(scenarios.kernels), np.zeros((ny, nx), np.int64)
    points = scenarios.points
    for k, q in enumerate(points.kernel):
        for a, b in np.ndindex(ny, nx):
            value, _ = point_on_cell(grid.west + 100.0 * b + 50.0, grid.north - 100.0 * a - 50.0, 100.0, points.x[k], points.y[k],
                                     bank.radius[q], bank.out[q], bank.inside[q], bank.rose[q], False)
            wanted[a, b] += np.int64(points.frequency[k] * IR_SCALE * value)
    assert wanted.any()
    np.testing.assert_array_equal(individual_risk(scenarios, grid)[0].reshape(ny, nx), wanted)


def test_a_tile_that_is_not_whole_strips_is_refused() -> None:
    room = np.empty(8), np.empty(8)
    with pytest.raises(ValueError, match="whole strips"):
        add_disc(0.0, 400.0, 100.0, 0, 0, 0, 4, 0, 4, 200.0, 200.0, 600.0, 1, 1.0, with_rise(np.ones(2))[None, :],
                 0, np.zeros((1, 4, 4), np.int64), 0, *room)
