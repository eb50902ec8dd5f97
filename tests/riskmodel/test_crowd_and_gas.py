"""Crowds and gas at the user's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskmodel import crowd, gas_use
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure
from riskmodel.precedence import resolve
from riskmodel.scenarios import ScenarioBuilder, ScenarioSet, Theme
from tests.riskmodel.conftest import SOURCE_KINDS, MakeInputs


def run(module: object, inputs: ModelInputs, parameters: Parameters) -> ScenarioSet:
    builder = ScenarioBuilder(SOURCE_KINDS)
    counted = resolve(builder, inputs, parameters)
    module.add(builder, inputs, parameters, pd.Series(dtype=np.float64), exposure(inputs, parameters), counted)  # type: ignore[attr-defined]
    return builder.finish()


def test_crowds_of_the_city(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """3,700 events (2015), 333 fairs and park peaks, 50,000 metered metro peaks: one accident in 40–50 years."""
    rows = [{"venue_type": "metro_station", "crowd_peaks": 50_000 / 300}] * 300
    rows += [{"venue_type": "stadium", "crowd_peaks": 3_700 / 30, "capacity": 15_000}] * 30
    rows += [{"venue_type": "park", "crowd_peaks": 333 / 60, "capacity": 20_000}] * 60
    points = run(crowd, make_inputs(venue=rows), parameters).points
    assert points.frequency.sum() == pytest.approx(0.02, rel=0.3)
    assert 0.4 < (points.frequency * points.deaths_local).sum() < 0.6


def test_conditions_of_a_peak(make_inputs: MakeInputs, parameters: Parameters) -> None:
    venues = make_inputs(venue=[
        {"venue_type": "metro_station"}, {"venue_type": "park"}, {"venue_type": "sight", "peak_density": 5.5},
        {"venue_type": "sight", "peak_density": 2.0, "metered": True},
        {"venue_type": "bar", "peak_density": 6.0, "extra": {"ungated": True}, "metered": True},
    ]).frames["venue"]
    found = crowd.per_occasion(venues, parameters)
    assert found[0] == pytest.approx(3e-7)
    mix = parameters.table("crowd.peaks.mix")["park"]
    assert found[1] == pytest.approx(np.dot(mix, [3e-8, 3e-6, 3e-5, 3e-4, 3e-3]) * (1 + 2 * 0.333))
    assert found[2:] == pytest.approx([3e-4 * (1 + 2 * 0.333), 3e-6 * (0.1 + 2 * 0.333), 3e-3 * (0.1 + 2.0)])


def test_mixes_are_whole(parameters: Parameters) -> None:
    assert all(sum(mix) == pytest.approx(1) for mix in parameters.table("crowd.peaks.mix").values())


def test_a_quiet_venue_adds_no_crowd(make_inputs: MakeInputs, parameters: Parameters) -> None:
    assert (
        len(
            run(
                crowd, make_inputs(venue=[{"venue_type": "park"}, {"venue_type": "park", "crowd_peaks": 0}]), parameters
            ).points.row
        )
        == 0
    )


def test_bottles_and_households(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Anchor 2.5 (1–6): 30,000 restaurants at 4e-4 × .1 and 8.23 M households at the nation's rate."""
    result = run(
        gas_use,
        make_inputs(residents=8.23e6 * 2.66 / 1600, enterprise=[{"industry": "H", "lpg_cylinders": True}] * 3),
        parameters,
    )
    points = result.points
    assert points.frequency * points.deaths_local == pytest.approx(np.full(3, 4e-5))
    household = result.background[0].frequency.sum() * result.background[0].deaths
    assert 30_000 * 4e-5 + household == pytest.approx(2.5, rel=0.05)
    assert result.background[0].theme == Theme.GAS_USE
