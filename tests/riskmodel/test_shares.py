"""Sums by area made once: they are what the explanation of each area would find scenario by scenario."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.aggregate import street_sums
from riskmodel.explain import explain_streets, labels
from riskmodel.fields import Fields, lay
from riskmodel.inputs import Coverage
from riskmodel.scenarios import Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme
from riskmodel.shares import BACKGROUND, KEPT, Shares, area_shares
from tests.riskmodel.test_explain import GRID, Crowd, gather

STREETS = 3


def made(rng: np.random.Generator, sources: int) -> ScenarioSet:
    x, y = GRID.west + rng.uniform(100, 2900, sources), GRID.north - rng.uniform(100, 2900, sources)
    b = ScenarioBuilder(("hazard_source", "pipeline", "risk_source"))
    wide = Kernel.of(420.0, lambda r: 1 - r / 420, lambda r: 0.1 * (r < 200))
    kernels = np.array([b.kernel(Kernel.disc(12.0, 0.3)), b.kernel(wide)])
    for label in ("火球", "喷射火"):
        b.add_points("hazard_source", label, Theme.HAZCHEM, Scope.HC, row=np.arange(90), x=x[:90], y=y[:90],
                     frequency=rng.uniform(1e-7, 1e-4, 90), kernel=kernels[np.arange(90) % 2])
    b.add_points("risk_source", "作业事故", Theme.WORK_OTHER, Scope.NONE, row=np.arange(sources), x=x, y=y,
                 frequency=rng.uniform(1e-5, 1e-3, sources), deaths_local=0.2)
    b.add_lines("pipeline", "管道射流", Theme.PIPELINE, Scope.AN, row=np.zeros(5), x1=x[:5], y1=y[:5], x2=x[5:10], y2=y[5:10],
                rate=1e-8, kernel=kernels[1])
    b.add_background("住宅火灾", Theme.FIRE_DWELLING, frequency=rng.uniform(0, 1e-4, GRID.size), deaths=0.01)
    b.add_background("未上报", Theme.WORK_OTHER, frequency=rng.uniform(0, 1e-4, GRID.size), deaths=1.0)
    return b.finish()


@pytest.fixture(scope="module")
def shared() -> tuple[Shares, ScenarioSet, Fields, Coverage, Crowd]:
    rng = np.random.default_rng(11)
    scenarios = made(rng, 3000)
    people = Crowd(rng.uniform(0, 20, GRID.size), rng.uniform(0, 200, GRID.size))
    fields = lay(scenarios, people, GRID)
    column = np.arange(GRID.size) % GRID.nx
    whole = np.where(column < 12, 0, np.where(column < 20, 1, 2)).astype(np.int32)
    border = column == 12  # split between the first two
    cell = np.concatenate([np.arange(GRID.size), np.flatnonzero(border)])
    street = np.concatenate([whole, np.zeros(border.sum(), np.int32)])
    fraction = np.concatenate([np.where(border, 0.7, 1.0), np.full(border.sum(), 0.3)])
    order = np.lexsort((street, cell))
    coverage = Coverage(cell[order], street[order], fraction[order])
    found = area_shares(GRID, coverage, np.array([0, 0, 1]), 2, scenarios, fields, people, labels(scenarios))
    return found, scenarios, fields, coverage, people


def test_themes_of_every_area_are_the_fields(shared: tuple[Shares, ScenarioSet, Fields, Coverage, Crowd]) -> None:
    found, _, fields, coverage, _ = shared
    for theme in Theme:
        streets = street_sums(fields.s[theme].astype(np.float64), coverage, STREETS)
        expected = [*streets, streets[0] + streets[1], streets[2], streets.sum()]
        assert found.themes[:, theme] == pytest.approx(expected, rel=1e-12)


def test_a_street_lists_all_of_it(shared: tuple[Shares, ScenarioSet, Fields, Coverage, Crowd]) -> None:
    found, scenarios, fields, coverage, people = shared
    evidence = gather(GRID, coverage, scenarios, fields, people)
    for street in range(STREETS):
        mine = slice(found.start[street], found.start[street + 1])
        assert found.s[mine].sum() == pytest.approx(found.themes[street].sum(), rel=1e-12)
        assert (np.diff(found.s[mine]) <= 0).all()
        one = explain_streets(evidence, np.array([street]))
        by_source: dict[tuple[int, int, int], float] = {}
        for kind, row, label, s in zip(one.kind, one.row, one.label, one.s, strict=True):
            key = (int(kind), int(row), int(label) if kind == BACKGROUND else -1)
            by_source[key] = by_source.get(key, 0.0) + float(s)
        listed = {(int(k), int(r), int(t) if k == BACKGROUND else -1): float(s)
                  for k, r, t, s in zip(found.kind[mine], found.row[mine], found.label[mine], found.s[mine], strict=True)}
        assert listed.keys() == by_source.keys()
        assert [listed[key] for key in by_source] == pytest.approx(list(by_source.values()), rel=1e-9)
        assert found.sources[street] == len(by_source)


def test_a_district_and_the_city_keep_the_largest(shared: tuple[Shares, ScenarioSet, Fields, Coverage, Crowd]) -> None:
    found = shared[0]
    sizes = np.diff(found.start)
    assert (sizes[STREETS:] <= KEPT).all()
    assert found.sources[-1] > KEPT
    for area in (3, 5):
        mine = slice(found.start[area], found.start[area + 1])
        assert found.s[mine].sum() < found.themes[area].sum()
        assert (np.diff(found.s[mine]) <= 0).all()
    both = {(int(k), int(r)) for k, r in zip(found.kind, found.row, strict=True)}
    assert (BACKGROUND, -1) in both


def test_backgrounds_are_sources_of_their_own(shared: tuple[Shares, ScenarioSet, Fields, Coverage, Crowd]) -> None:
    found = shared[0]
    first = slice(found.start[0], found.start[1])
    background = found.kind[first] == BACKGROUND
    assert background.sum() == 2
    assert len(set(found.theme[first][background])) == 2
