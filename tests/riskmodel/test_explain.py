"""Explanations: shares sum to the whole, exactly for cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from geo.grid import Grid
from riskmodel.aggregate import street_sums
from riskmodel.explain import BACKGROUND, Evidence, explain_cell, explain_streets, gather
from riskmodel.fields import Fields, lay
from riskmodel.inputs import Coverage
from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme

GRID = Grid(500_000.0, 4_200_000.0, 30, 30)


@dataclass(frozen=True)
class Crowd:
    mean_outdoors: np.ndarray
    mean_indoors: np.ndarray
    per_job: tuple[float, float] = (0.0, 0.0)


@pytest.fixture(scope="module")
def explained() -> tuple[Evidence, Fields, Coverage]:
    rng = np.random.default_rng(7)
    n = 120
    x, y = GRID.west + rng.uniform(100, 2900, n), GRID.north - rng.uniform(100, 2900, n)
    b = ScenarioBuilder(("hazard_source", "pipeline", "risk_source"))
    kernels = [b.kernel(Kernel.disc(12.0, 0.3)), b.kernel(Kernel.of(420.0, lambda r: 1 - r / 420, lambda r: 0.1 * (r < 200)))]
    b.add_points("hazard_source", "火球", Theme.HAZCHEM, Scope.HC, row=np.arange(n), x=x, y=y,
                 frequency=rng.uniform(1e-7, 1e-4, n), kernel=np.array(kernels)[np.arange(n) % 2])
    b.add_points("risk_source", "作业事故", Theme.WORK_OTHER, Scope.NONE, row=np.arange(n), x=x, y=y,
                 frequency=rng.uniform(1e-5, 1e-3, n), deaths_local=0.2)
    b.add_lines("pipeline", "管道射流", Theme.PIPELINE, Scope.AN, row=np.zeros(5), x1=x[:5], y1=y[:5], x2=x[5:10], y2=y[5:10],
                rate=1e-8, kernel=kernels[1])
    b.add_background("住宅火灾", Theme.FIRE_DWELLING, frequency=rng.uniform(0, 1e-4, GRID.size), deaths=0.01)
    scenarios = b.finish()
    crowd = Crowd(rng.uniform(0, 20, GRID.size), rng.uniform(0, 200, GRID.size))
    fields = lay(scenarios, crowd, GRID)
    split = rng.uniform(0.05, 0.95, GRID.size)
    cells = np.repeat(np.arange(GRID.size), 2)
    coverage = Coverage(cells, np.tile(np.array([0, 1], np.int32), GRID.size), np.column_stack([split, 1 - split]).ravel())
    return gather(GRID, coverage, scenarios, fields, crowd), fields, coverage


def test_every_cell_is_explained_to_the_last_bit(explained: tuple[Evidence, Fields, Coverage]) -> None:
    evidence, fields, _ = explained
    for cell in range(0, GRID.size, 7):
        found = explain_cell(evidence, cell)
        assert found.by_theme().astype(np.int64).tolist() == fields.s[:, cell].tolist()
        assert found.ir is not None
        assert found.ir.sum(axis=0).tolist() == fields.ir[:, cell].tolist()
        assert (np.diff(found.s) <= 0).all()


def test_streets_are_explained_to_the_whole(explained: tuple[Evidence, Fields, Coverage]) -> None:
    evidence, fields, coverage = explained
    for theme in Theme:
        whole = street_sums(fields.s[theme].astype(np.float64), coverage, 2)
        for street in (0, 1):
            part = explain_streets(evidence, np.array([street])).by_theme()[theme]
            assert part == pytest.approx(whole[street], rel=1e-12)


def test_streets_add_up_to_their_district(explained: tuple[Evidence, Fields, Coverage]) -> None:
    evidence, fields, _ = explained
    both = explain_streets(evidence, np.array([0, 1]))
    assert both.s.sum() == pytest.approx(fields.s.sum(), rel=1e-12)


def test_background_is_named_as_such(explained: tuple[Evidence, Fields, Coverage]) -> None:
    found = explain_cell(explained[0], 450)
    assert (found.row[found.kind == BACKGROUND] == -1).all()
    assert (found.kind == BACKGROUND).sum() == 1
