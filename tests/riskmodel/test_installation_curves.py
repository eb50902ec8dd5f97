"""F-N of one installation against plain loops over cells, slots and sectors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from riskmodel.fields import S_UNIT, lay
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import Exposure, exposure
from riskmodel.scenarios import FN_N, Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme
from riskmodel.societal import event_table, installation_curves, installation_events
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, MakeInputs

X, Y = GRID.west + 2010.0, GRID.north - 1980.0
RADIUS = 480.0  # under five cells: integrated over sub-cells
F_BALL, F_CLOUD = 2e-5, 7e-5
ROSE = 1.0 + 0.6 * np.cos(np.arange(16) * np.pi / 8)  # blows mostly to the north


def ball(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return 1.0 - d / RADIUS, 0.4 * (1.0 - d / RADIUS)


def cloud(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return 0.03 * np.exp(-d / 300.0), 0.003 * np.exp(-d / 300.0)


@pytest.fixture(scope="module")
def made(make_inputs: MakeInputs, parameters: Parameters) -> tuple[ModelInputs, Exposure, ScenarioSet]:
    """Two units of one enterprise (a fireball, a cloud with a rose), and a filling station that is in no criterion."""
    people = np.random.default_rng(5).uniform(0, 40, GRID.size)
    unit = {"enterprise_id": "e", "unit_type": "lpg_depot", "x": X, "y": Y}
    firm = {"id": "e", "name": "储配站", "industry": "D", "staff_at_place": 30, "x": X + 345.0, "y": Y + 120.0}
    inputs = make_inputs(residents=people, enterprise=[firm],
                         hazard_source=[unit, unit, {**unit, "enterprise_id": "f"}])
    b = ScenarioBuilder(SOURCE_KINDS)
    kernels = [b.kernel(Kernel.of(RADIUS, *(lambda r, i=i, law=law: law(r)[i] for i in (0, 1)), rose))
               for law, rose in ((ball, None), (cloud, ROSE))]
    for row, scope, f, kernel in ((0, Scope.HC, F_BALL, 0), (1, Scope.HC, F_CLOUD, 1), (2, Scope.AN, 1.0, 0)):
        b.add_points("hazard_source", "试验", Theme.HAZCHEM, scope, row=[row], x=X, y=Y, frequency=f, kernel=kernels[kernel])
    return inputs, exposure(inputs, parameters), b.finish()


def by_loops(people: Exposure, fine: int = 12) -> dict[int, float]:
    """Plain sums over small squares: fine × fine of them in every cell."""
    curve = dict.fromkeys(FN_N, 0.0)
    step = GRID.cell / fine
    col, row = np.meshgrid(np.arange(GRID.nx * fine), np.arange(GRID.ny * fine))
    dx, dy = GRID.west + step * (col + 0.5) - X, GRID.north - step * (row + 0.5) - Y
    d, cell = np.hypot(dx, dy), row // fine * GRID.nx + col // fine
    near = d < RADIUS
    d, cell = d[near], cell[near]
    sector = np.round(np.degrees(np.arctan2(dx[near], dy[near])) / 22.5).astype(int) % 16  # north is 0, east 4
    for slot, share in enumerate(people.probability):
        out, inside = people.outdoors[slot][cell] / fine**2, people.indoors[slot][cell] / fine**2
        v, w = ball(d), cloud(d)
        everywhere = float((v[0] * out + v[1] * inside).sum())
        downwind = np.bincount(sector, np.minimum(1, 16 * w[0]) * out + np.minimum(1, 16 * w[1]) * inside, 16)
        for n in FN_N:
            curve[n] += F_BALL * share * poisson.sf(n - 1, everywhere)
            curve[n] += sum(F_CLOUD * share * ROSE[s] / 16 * poisson.sf(n - 1, downwind[s]) for s in range(16))
    return curve


def test_the_curve_of_an_installation(made: tuple[ModelInputs, Exposure, ScenarioSet], parameters: Parameters) -> None:
    inputs, people, scenarios = made
    events = installation_events(inputs, scenarios, event_table(inputs, scenarios, people))
    curves = installation_curves(inputs, events, parameters)
    assert curves["id"].tolist() == ["e"]  # both units are one installation; the station has no criterion
    assert curves["name"].tolist() == ["储配站"]
    expected = list(by_loops(people).values())
    assert curves["f"][0][:9] == pytest.approx(expected[:9], rel=2e-2, abs=1e-15)
    assert expected[0] > 1e-5
    assert expected[4] > 1e-7


def test_the_curve_and_the_field_count_the_same_deaths(made: tuple[ModelInputs, Exposure, ScenarioSet]) -> None:
    """Σ over slots and sectors of f·p·N is the S of the scenario, where no probability is capped at one."""
    inputs, people, scenarios = made
    table = event_table(inputs, scenarios, people, least=0.0)
    fields = lay(scenarios, people, GRID)
    whole = np.bincount(table.scenario, table.rate * table.deaths, 3)
    assert whole == pytest.approx(fields.point_s * S_UNIT, rel=1e-5)
    assert table.lost == 0.0
