"""A run says beforehand what it will need, and refuses with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geo.errors import RunError
from geo.grid import Grid
from riskmodel.budget import Coefficients, Estimate, estimate, estimate_size, refuse_over, updates_of
from riskmodel.fields import take_points
from tests.riskmodel.test_tiles import GRID, scenario_set

REGION = 4670 * 4670


def test_it_grows_linearly_with_sources_and_cells() -> None:
    none, one, ten = (estimate_size(REGION, n) for n in (0, 1_000_000, 10_000_000))
    assert ten.seconds - none.seconds == pytest.approx(10 * (one.seconds - none.seconds))
    assert ten.memory_mb - none.memory_mb == pytest.approx(10 * (one.memory_mb - none.memory_mb))
    small, large = estimate_size(REGION, 0), estimate_size(2 * REGION, 0)
    assert large.memory_mb - small.memory_mb == pytest.approx(REGION * (8 * 13 + Coefficients().cell_bytes) / 2**20)


@pytest.mark.parametrize(("rows", "measured_mb"), [(27_779, 1389), (74_028, 1397), (536_768, 1966)])
def test_it_is_never_below_what_a_night_needed(rows: int, measured_mb: float) -> None:
    """Largest memory of a night of the sample city with 1, 10 and 100 % of its enterprises."""
    assert measured_mb < estimate_size(3_418_720, rows).memory_mb < 1.1 * measured_mb


def test_more_threads_take_less_time_and_no_less_memory() -> None:
    one, two = (estimate_size(REGION, 1_000_000, threads=n) for n in (1, 2))
    assert two.seconds < one.seconds
    assert two.memory_mb == one.memory_mb


def test_footprints_count_by_the_cells_that_they_cover() -> None:
    scenarios = scenario_set(200, 0)
    wide = take_points(scenarios.points, scenarios.points.kernel == 6)  # 4.1 km
    around = Grid(GRID.west - 10_000, GRID.north + 10_000, GRID.nx + 200, GRID.ny + 200)
    found = updates_of(replace(scenarios, points=wide), around)
    assert found == pytest.approx(len(wide.x) * 3.1416 * 41**2, rel=0.1)
    whole = estimate(scenarios, GRID, 1000)
    assert whole.scenarios == 200
    assert whole.updates == updates_of(scenarios, GRID)
    assert "预计内存" in whole.zh
    assert "estimated memory" in whole.en


def test_over_the_limit_it_is_refused_with_the_reason() -> None:
    found = Estimate(REGION, 1_000_000, 1e9, 4000.0, 60.0, 2)
    refuse_over(found, 0.0)
    refuse_over(found, 4000.0, 60.0)
    with pytest.raises(RunError, match="超过内存上限 3,999 MB") as memory:
        refuse_over(found, 3999.0)
    assert "RISKMAP_MEMORY_LIMIT_MB" in memory.value.remedy_zh
    assert memory.value.context == {"memory_mb": 4000, "limit_mb": 3999}
    with pytest.raises(RunError, match="超过时限 59 秒"):
        refuse_over(found, 0.0, 59.0)
