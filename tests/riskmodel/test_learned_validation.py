"""Measures of skill on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import BadParameter
from riskmodel.learned import blocks
from riskmodel.learned import validation as check

approx = pytest.approx


def counts(seed: int = 5, cells: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    rate, exposure = np.exp(random.normal(-1, 0.8, cells)), random.uniform(0.5, 2.0, cells)
    return random.poisson(rate * exposure).astype(float), exposure, rate


def test_the_true_rate_is_calibrated_and_beats_the_constant() -> None:
    n, e, rate = counts()
    slope, skill = check.rate_slope(n, e, rate), check.rate_skill(n, e, rate, float(n.sum() / e.sum()))
    assert slope.low < 1 < slope.high
    assert slope.value == approx(1, abs=0.1)
    assert skill.better
    assert skill.saved > 0.1


def test_a_bold_rate_has_half_the_slope_and_a_timid_one_twice() -> None:
    n, e, rate = counts()
    assert check.rate_slope(n, e, rate**2).value == approx(0.5, abs=0.05)
    assert check.rate_slope(n, e, rate**0.5).value == approx(2, abs=0.2)


def test_noise_does_not_beat_the_constant() -> None:
    n, e, rate = counts()
    noise = np.random.default_rng(1).permutation(rate)
    assert not check.rate_skill(n, e, noise, 1.0).better
    assert check.lift(n, e, noise, 0.1) == approx(1, abs=0.15)


def test_the_deviance_ignores_the_level() -> None:
    n, e, rate = counts()
    assert check.rate_skill(n, e, 7 * rate, 1.0).model == approx(check.rate_skill(n, e, rate, 1.0).model)


def test_probabilities_likewise() -> None:
    random = np.random.default_rng(2)
    p = random.uniform(0.05, 0.95, 4000)
    y = (random.random(4000) < p).astype(float)
    slope = check.probability_slope(y, p)
    assert slope.low < 1 < slope.high
    skill = check.probability_skill(y, p, float(y.mean()))
    assert skill.better
    assert skill.constant == approx(y.mean() * (1 - y.mean()))
    assert not check.probability_skill(y, random.permutation(p), float(y.mean())).better


def test_reliability_groups_hold_everything_once_and_lie_on_the_line() -> None:
    n, e, rate = counts()
    found = check.reliability(n, e, rate)
    assert found.events.sum() == n.sum()
    assert (np.diff(found.predicted) > 0).all()
    assert ((found.low <= found.predicted) & (found.predicted <= found.high)).mean() >= 0.6


def test_lift_of_ties_does_not_depend_on_their_order() -> None:
    assert check.lift([4.0, 0.0], [1.0, 1.0], [1.0, 1.0], 0.5) == approx(1)
    assert check.lift([0.0, 4.0], [1.0, 1.0], [1.0, 1.0], 0.5) == approx(1)
    low, high = check.lift_interval(*counts(), 0.1)
    assert low < check.lift(*counts(), 0.1) < high
    with pytest.raises(BadParameter):
        check.lift([1.0], [1.0], [1.0], 1.0)


def test_blocks_leave_no_neighbour_in_the_training() -> None:
    random = np.random.default_rng(4)
    lon, lat = random.uniform(-100, -80, 400), random.uniform(30, 45, 400)
    tested = np.zeros(400, int)
    for learned, left_out in blocks.folds(lon, lat):
        assert not (learned & left_out).any()
        assert blocks.nearest_km(lon[learned], lat[learned], lon[left_out], lat[left_out]).min() > 50
        tested += left_out
    assert (tested == 1).all()


def test_blocks_need_positions_and_ground() -> None:
    with pytest.raises(BadParameter):
        list(blocks.folds([np.nan, 1.0], [1.0, 1.0]))
    with pytest.raises(BadParameter):
        list(blocks.folds([1.0, 1.0], [1.0, 1.0]))
