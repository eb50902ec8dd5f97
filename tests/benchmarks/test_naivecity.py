"""The peer of the city is a fair one: its deaths are the model's, scenario by scenario."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.naivecity import Ground, Tables, _sample, lay, naive_city
from geo.grid import Grid
from riskmodel.fields import IR_UNIT, S_UNIT
from riskmodel.fields import lay as lay_fields
from riskmodel.inputs import Coverage
from riskmodel.scenarios import KERNEL_KNOTS, Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme

GRID = Grid(500_000.0, 4_404_000.0, 60, 60)


class Crowd:
    """Three people a cell outdoors, seven indoors."""

    mean_outdoors = np.full(GRID.size, 3.0)
    mean_indoors = np.full(GRID.size, 7.0)
    per_job = (0.0, 0.0)


def scenario_set() -> ScenarioSet:
    builder = ScenarioBuilder(("hazard_source", "pipeline"))
    table = np.exp(-4 * np.linspace(0.0, 1.0, KERNEL_KNOTS))
    bell = [builder.kernel(Kernel(radius, table, 0.1 * table)) for radius in (20.0, 90.0, 450.0, 900.0)]
    rng = np.random.default_rng(1)
    x, y = GRID.west + rng.uniform(1500, 4500, 40), GRID.north - rng.uniform(1500, 4500, 40)
    builder.add_points("hazard_source", "点", Theme.HAZCHEM, Scope.HC, row=np.arange(40), x=x, y=y, frequency=1e-5,
                       deaths_local=0.5, kernel=np.resize(bell, 40))
    builder.add_lines("pipeline", "线", Theme.PIPELINE, Scope.AN, row=np.arange(4), x1=x[:4], y1=y[:4], x2=x[:4] + 400.0,
                      y2=y[:4] + 300.0, rate=1e-8, kernel=bell)
    return builder.finish()


@pytest.fixture(scope="module")
def city() -> tuple[Any, Any]:
    """Inputs and result as the benchmark reads them: one street everywhere."""
    coverage = Coverage(np.arange(GRID.size), np.zeros(GRID.size, np.int32), np.ones(GRID.size))
    scenarios = scenario_set()
    fields = lay_fields(scenarios, Crowd(), GRID)
    return SimpleNamespace(grid=GRID, coverage=coverage), SimpleNamespace(scenarios=scenarios, fields=fields, exposure=Crowd())


def test_its_deaths_are_ours(city: tuple[Any, Any]) -> None:
    inputs, result = city
    scenarios, fields = result.scenarios, result.fields
    risk, deaths, streets = lay(scenarios.points, scenarios.lines, Tables.of(scenarios), Ground.of(inputs, Crowd()), inputs)
    by_theme = deaths.groupby("theme").sum()
    assert by_theme[Theme.HAZCHEM] == pytest.approx(fields.point_s.sum() * S_UNIT, rel=0.01)
    assert by_theme[Theme.PIPELINE] == pytest.approx(fields.line_s.sum() * S_UNIT, rel=0.02)
    assert streets.groupby("theme").sum().to_numpy() == pytest.approx(by_theme.to_numpy())
    found = risk.unstack("scope").reindex(np.arange(GRID.size)).fillna(0.0)
    ours = pd.Series(fields.ir[Scope.HC] * IR_UNIT)
    assert found[Scope.HC].sum() == pytest.approx(ours.sum(), rel=0.02)
    assert np.corrcoef(found[Scope.HC], ours)[0, 1] > 0.98


def test_its_time_is_scaled_and_its_index_counted_once(city: tuple[Any, Any]) -> None:
    answer = naive_city(*city, own_s=0.5, share=0.25)
    assert answer["naive_city_sample"] == 11
    assert answer["naive_city_scaled_s"] == pytest.approx(answer["naive_city_fixed_s"] + 4 * answer["naive_city_sample_s"])
    assert answer["naive_city_ratio"] == pytest.approx(answer["naive_city_scaled_s"] / 0.5)
    assert abs(answer["naive_city_pll_rel_error"]) < 0.03


def test_every_kind_has_its_share() -> None:
    kind = np.repeat(np.arange(3, dtype=np.int8), (1000, 40, 2))
    rows = _sample(kind, 0.05, np.random.default_rng(1))
    assert np.bincount(kind[rows]).tolist() == [50, 2, 1]
    assert len(_sample(kind[:0], 0.05, np.random.default_rng(1))) == 0
