"""An edit's fields are those of the full run, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.fields import Fields, individual_risk, lay, take_lines, take_points
from riskmodel.incremental import change, difference, update
from riskmodel.scenarios import Kernel, ScenarioSet, Scope
from tests.riskmodel.test_tiles import GRID, crowd, same, scenario_set


@pytest.fixture(scope="module")
def before() -> ScenarioSet:
    return scenario_set()


@pytest.fixture(scope="module")
def fields(before: ScenarioSet) -> Fields:
    return lay(before, crowd(), GRID)


def edited(before: ScenarioSet, seed: int) -> ScenarioSet:
    """Some sources gone, some moved, some new, one kernel widened, another background; everything in another order."""
    rng = np.random.default_rng(seed)
    points, lines = before.points, before.lines
    kept = np.sort(rng.choice(len(points.x), len(points.x) - 17, replace=False))
    moved = take_points(points, kept)
    x = moved.x.copy()
    x[:9] += 333.0
    new = scenario_set(14, 5, seed + 100)
    offset = len(before.kernels)
    moved = replace(moved, x=x)
    columns = {name: np.concatenate([getattr(moved, name), getattr(new.points, name)]) for name in points.__dataclass_fields__}
    columns["kernel"][len(kept):] += offset
    order = rng.permutation(len(columns["x"]))
    more = {name: np.concatenate([getattr(lines, name)[4:], getattr(new.lines, name)]) for name in lines.__dataclass_fields__}
    more["kernel"][len(lines.rate) - 4:] += offset
    wider = Kernel(before.kernels[3].radius + 40.0, before.kernels[3].outdoors, before.kernels[3].indoors)
    kernels = (*before.kernels[:3], wider, *before.kernels[4:], *new.kernels)
    background = (replace(before.background[0], frequency=before.background[0].frequency * 1.5),)
    return replace(before, kernels=kernels, points=take_points(type(points)(**columns), order), lines=type(lines)(**more),
                   background=background)


@pytest.mark.parametrize("seed", [1, 2])
def test_an_edit_gives_the_full_runs_bits(before: ScenarioSet, fields: Fields, seed: int) -> None:
    after = edited(before, seed)
    full, quick = lay(after, crowd(), GRID), update(fields, before, after, crowd(), GRID)
    assert same(full, quick)
    assert full.outside == quick.outside
    assert all(np.array_equal(a, b) for a, b in zip(full.background_s, quick.background_s, strict=True))
    assert not np.array_equal(full.ir, fields.ir)


def test_the_given_fields_stay_as_they_are(before: ScenarioSet, fields: Fields) -> None:
    copy = fields.s.copy()
    update(fields, before, edited(before, 3), crowd(), GRID)
    assert np.array_equal(copy, fields.s)


def test_there_and_back_leaves_nothing(before: ScenarioSet, fields: Fields) -> None:
    after = edited(before, 4)
    there = update(fields, before, after, crowd(), GRID)
    assert same(fields, update(there, after, before, crowd(), GRID))


def test_a_year_of_nights_leaves_no_drift(before: ScenarioSet) -> None:
    """In floating point, adding and taking away 365 times drifts; integers do not."""
    ir = individual_risk(before, GRID)
    start = ir.copy()
    part = replace(before, points=take_points(before.points, np.arange(0, 160, 13)), lines=take_lines(before.lines, np.arange(2)))
    nothing = replace(before, points=take_points(before.points, np.arange(0)), lines=take_lines(before.lines, np.arange(0)))
    for _ in range(60):
        change(ir, None, part, nothing, None, GRID)
        change(ir, None, nothing, part, None, GRID)
    assert np.array_equal(ir, start)


def test_taking_everything_away_leaves_nothing(before: ScenarioSet) -> None:
    ir = individual_risk(before, GRID, scopes=(Scope.AN,))
    nothing = replace(before, points=take_points(before.points, np.arange(0)), lines=take_lines(before.lines, np.arange(0)))
    change(ir, None, before, nothing, None, GRID, scopes=(Scope.AN,))
    assert not ir.any()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=30), st.lists(st.integers(0, 6), max_size=30))
def test_rows_are_matched_as_often_as_both_have_them(one: list[int], two: list[int]) -> None:
    a, b = np.array(one, np.uint64), np.array(two, np.uint64)
    found = difference(a, b)
    assert np.array_equal(a[found.kept_before], b[found.kept_after])
    for value in range(7):
        both = min(one.count(value), two.count(value))
        assert np.count_nonzero(a[found.kept_before] == value) == both
        assert np.count_nonzero(a[found.gone] == value) == one.count(value) - both
        assert np.count_nonzero(b[found.fresh] == value) == two.count(value) - both
