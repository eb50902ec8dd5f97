"""Mistakes that an earlier draft of the model made in its fields, and the rule that replaces each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.fields import IR_UNIT, S_UNIT, lay, take_points
from riskmodel.incremental import update
from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme
from tests.riskmodel.test_tiles import GRID, Crowd, crowd, same, scenario_set


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 159), st.floats(0.1, 3.0))
def test_mistake_05_an_edit_moves_only_its_own_source(edited: int, factor: float) -> None:
    """Rescaling everything to a budget on every edit made “adding never lowers risk” and exact increments false.

    Here nothing is rescaled: an edit leaves every other scenario's S as it is, adding never lowers IR, nor deaths at the same
    people, and the increment has the full run's bits.
    """
    before, people = scenario_set(), crowd()
    fields = lay(before, people, GRID)
    frequency = before.points.frequency.copy()
    frequency[edited] *= factor
    after = replace(before, points=replace(before.points, frequency=frequency))
    quick = update(fields, before, after, people, GRID)
    assert same(quick, lay(after, people, GRID))
    others = np.arange(len(frequency)) != edited
    assert np.array_equal(quick.point_s[others], fields.point_s[others])
    assert np.array_equal(quick.line_s, fields.line_s)
    less = lay(replace(before, points=take_points(before.points, others)), people, GRID)
    assert (fields.ir >= less.ir).all()
    assert (fields.s >= less.s).all()


@pytest.mark.parametrize("indoors", [0.1, 1.0])
def test_mistake_06_people_times_individual_risk_is_not_the_deaths(indoors: float) -> None:
    """Σ IR · people is Σ f · N only where everybody is outdoors: IR is for who always stands unprotected in the open.

    The field of its own, S, satisfies Σ S = Σ f · N exactly, indoors and outdoors; IR · people does in the special case.
    """
    b = ScenarioBuilder(("hazard_source",))
    blast = Kernel.of(900.0, lambda r: 0.02 * np.exp(-r / 300), lambda r: np.minimum(1.0, indoors * np.exp(-r / 300)))
    b.add_points("hazard_source", "爆炸", Theme.HAZCHEM, Scope.HC, row=[0], x=GRID.west + 25_630.0, y=GRID.north - 25_570.0,
                 frequency=1e-3, kernel=b.kernel(blast))
    scenarios = b.finish()
    people = crowd()
    fields = lay(scenarios, people, GRID)
    deaths = fields.point_s.sum()
    assert fields.s.sum() == deaths
    everybody = people.mean_outdoors + people.mean_indoors
    naive = (fields.ir[Scope.HC] * IR_UNIT) @ everybody
    assert not np.isclose(naive, deaths * S_UNIT, rtol=0.2)
    open_air = Crowd(everybody, np.zeros(GRID.size))
    fields = lay(scenarios, open_air, GRID)
    assert (fields.ir[Scope.HC] * IR_UNIT) @ everybody == pytest.approx(fields.s.sum() * S_UNIT, rel=1e-9)
