"""F-N of one installation against plain loops over cells, slots and sectors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import poisson

from riskmodel.fields import S_UNIT, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import Exposure, exposure
from riskmodel.scenarios import FN_N, Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme
from riskmodel.societal import _deaths, installation_curves
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, MakeInputs

X, Y = GRID.west + 2010.0, GRID.north - 1980.0
RADIUS = 640.0  # above five cells: one sample a cell, so that the loop below is the same sum
F_BALL, F_CLOUD = 2e-5, 7e-5
ROSE = np.array([2.0, 0.5] * 8) * np.where(np.arange(16) < 8, 1.2, 0.4)


def ball(d: float) -> tuple[float, float]:
    return 1.0 - d / RADIUS, 0.4 * (1.0 - d / RADIUS)


def cloud(d: float) -> tuple[float, float]:
    return 0.03 * math.exp(-d / 300.0), 0.003 * math.exp(-d / 300.0)


@pytest.fixture(scope="module")
def made(make_inputs: MakeInputs, parameters: Parameters) -> tuple[ModelInputs, Exposure, ScenarioSet]:
    """Two units of one enterprise (a fireball, a cloud with a rose), and a filling station that is in no criterion."""
    people = np.random.default_rng(5).uniform(0, 40, GRID.size)
    unit = {"enterprise_id": "e", "unit_type": "lpg_depot", "x": X, "y": Y}
    inputs = make_inputs(residents=people, enterprise=[{"id": "e", "name": "储配站", "industry": "D", "staff_at_place": 30}],
                         hazard_source=[unit, unit, {**unit, "enterprise_id": "f"}])
    b = ScenarioBuilder(SOURCE_KINDS)
    kernels = [b.kernel(Kernel.of(RADIUS, *(lambda r, i=i, law=law: [law(v)[i] for v in r] for i in (0, 1)), rose))
               for law, rose in ((ball, None), (cloud, ROSE))]
    for row, scope, f, kernel in ((0, Scope.HC, F_BALL, 0), (1, Scope.HC, F_CLOUD, 1), (2, Scope.AN, 1.0, 0)):
        b.add_points("hazard_source", "试验", Theme.HAZCHEM, scope, row=[row], x=X, y=Y, frequency=f, kernel=kernels[kernel])
    return inputs, exposure(inputs, parameters), b.finish()


def by_loops(people: Exposure) -> dict[int, float]:
    curve = dict.fromkeys(FN_N, 0.0)
    for slot, share in enumerate(people.probability):
        deaths = {0: 0.0, **{("wind", sector): 0.0 for sector in range(16)}}
        for row in range(GRID.ny):
            for col in range(GRID.nx):
                dx, dy = GRID.west + 100 * col + 50 - X, GRID.north - 100 * row - 50 - Y
                d, cell = math.hypot(dx, dy), row * GRID.nx + col
                if d >= RADIUS:
                    continue
                out, inside = float(people.outdoors[slot, cell]), float(people.indoors[slot, cell])
                v, w = ball(d), cloud(d)
                deaths[0] += v[0] * out + v[1] * inside
                sector = round(math.degrees(math.atan2(dx, dy)) / 22.5) % 16  # north is 0, east 4
                deaths["wind", sector] += min(1, 16 * w[0]) * out + min(1, 16 * w[1]) * inside
        for n in FN_N:
            curve[n] += F_BALL * share * poisson.sf(n - 1, deaths[0])
            curve[n] += sum(F_CLOUD * share * ROSE[s] / 16 * poisson.sf(n - 1, deaths["wind", s]) for s in range(16))
    return curve


def test_the_curve_of_an_installation(made: tuple[ModelInputs, Exposure, ScenarioSet], parameters: Parameters) -> None:
    inputs, people, scenarios = made
    curves = installation_curves(inputs, scenarios, people, parameters)
    assert curves["id"].tolist() == ["e"]  # both units are one installation; the station has no criterion
    assert curves["name"].tolist() == ["储配站"]
    expected = list(by_loops(people).values())
    assert curves["f"][0][:10] == pytest.approx(expected[:10], rel=2e-3, abs=1e-15)
    assert expected[0] > 1e-5
    assert expected[4] > 1e-7


def test_the_curve_and_the_field_count_the_same_deaths(made: tuple[ModelInputs, Exposure, ScenarioSet]) -> None:
    """Σ over slots and sectors of f·p·N is the S of the scenario, where no probability is capped at one."""
    _, people, scenarios = made
    deaths = _deaths(scenarios.points, scenarios, people, GRID)
    fields = lay(scenarios, people, GRID)
    mean = np.einsum("kts,t->ks", deaths, people.probability)
    assert F_BALL * mean[0, 0] == pytest.approx(fields.point_s[0] * S_UNIT, rel=1e-5)
    assert F_CLOUD * (mean[1] @ ROSE / 16) == pytest.approx(fields.point_s[1] * S_UNIT, rel=1e-5)
