"""Weather and events: they multiply while they hold, where they hold, and never afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from geo.errors import BadParameter
from riskmodel import environment
from riskmodel.build import build_scenarios
from riskmodel.environment import Condition
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.people import exposure
from riskmodel.scenarios import Theme
from tests.riskmodel.conftest import GRID, MakeInputs

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MIDDLE = GRID.west + 2000
WIND = Condition("大风蓝色预警", 1.5, (Theme.BUILDING,), NOON, NOON + timedelta(hours=6))


@pytest.fixture
def inputs(make_inputs: MakeInputs) -> ModelInputs:
    sites = [{"workers": 100, "x": MIDDLE + dx, "y": GRID.north - 500} for dx in (-1500, 1500)]
    return make_inputs(work_site=sites, enterprise=[{"industry": "C", "staff_at_place": 50}])


def test_it_multiplies_its_themes_while_it_holds(inputs: ModelInputs, parameters: Parameters) -> None:
    base, _ = build_scenarios(inputs, parameters, exposure(inputs, parameters))
    now = environment.apply(base, [WIND], NOON + timedelta(hours=1), GRID, parameters)
    building = base.points.theme == Theme.BUILDING
    assert now.points.frequency[building] == pytest.approx(1.5 * base.points.frequency[building])
    assert np.array_equal(now.points.frequency[~building], base.points.frequency[~building])


@pytest.mark.parametrize("hours", [-1, 6, 600])
def test_it_ends_by_itself(inputs: ModelInputs, parameters: Parameters, hours: int) -> None:
    base, _ = build_scenarios(inputs, parameters, exposure(inputs, parameters))
    assert environment.apply(base, [WIND], NOON + timedelta(hours=hours), GRID, parameters) is base


def test_it_holds_on_its_ground_only_and_conditions_multiply(inputs: ModelInputs, parameters: Parameters) -> None:
    base, _ = build_scenarios(inputs, parameters, exposure(inputs, parameters))
    east = shapely.box(MIDDLE, GRID.north - 4000, MIDDLE + 2000, GRID.north)
    local = replace(WIND, ground=east, factor=2.0)
    now = environment.apply(base, [WIND, local], NOON, GRID, parameters)
    ratio = now.points.frequency / base.points.frequency
    building = base.points.theme == Theme.BUILDING
    assert ratio[building & (base.points.x < MIDDLE)] == pytest.approx(1.5)
    assert ratio[building & (base.points.x > MIDDLE)] == pytest.approx(3.0)


def test_backgrounds_follow_too(inputs: ModelInputs, parameters: Parameters) -> None:
    base, _ = build_scenarios(inputs, parameters, exposure(inputs, parameters))
    heat = replace(WIND, themes=(Theme.FIRE_DWELLING,), factor=2.0)
    now = environment.apply(base, [heat], NOON, GRID, parameters)
    for before, after in zip(base.background, now.background, strict=True):
        factor = 2.0 if before.theme == Theme.FIRE_DWELLING else 1.0
        assert after.frequency == pytest.approx(factor * before.frequency)


@pytest.mark.parametrize("change", [
    {"factor": 0.0}, {"factor": 1000.0}, {"factor": float("nan")}, {"end": NOON - timedelta(hours=1)}, {"themes": ()},
    {"start": datetime(2026, 6, 1)},
])
def test_nonsense_is_refused(parameters: Parameters, change: dict[str, object]) -> None:
    with pytest.raises(BadParameter, match="大风"):
        environment.holding([replace(WIND, **change)], NOON, parameters)  # type: ignore[arg-type]
