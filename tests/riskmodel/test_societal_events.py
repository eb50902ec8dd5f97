"""The event table and the curves of areas: deaths in the area, events first, against plain arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from riskmodel.fields import S_UNIT, lay, local_s
from riskmodel.parameters.load import Parameters
from riskmodel.people import Exposure, exposure
from riskmodel.scenarios import FN_N, Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme
from riskmodel.societal import (
    ZONES,
    area_curves,
    event_table,
    fn_curve,
    fn_curves,
    installation_curves,
    installation_events,
    upper_ratio,
    zone,
)
from riskmodel.societal.events import ONE_EVENT
from tests.riskmodel.conftest import GRID, SOURCE_KINDS, MakeInputs

MIDDLE = GRID.west + 2000.0  # the border between the two streets
Y = GRID.north - 2000.0
N = np.asarray(FN_N, np.float64)


def disc(x: float, *, radius: float = 300.0, frequency: float = 1e-4, kind: str = "hazard_source", **more: Any) -> ScenarioSet:
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_points(kind, "试验·火球", Theme.HAZCHEM, Scope.HC, row=[0], x=x, y=Y, frequency=frequency,
                 kernel=b.kernel(Kernel.disc(radius, 0.5)), **more)
    return b.finish()


@pytest.fixture(scope="module")
def region(make_inputs: MakeInputs, parameters: Parameters) -> tuple[Any, Exposure]:
    inputs = make_inputs(residents=30.0, hazard_source=[{"id": "H", "unit_type": "lpg_depot", "enterprise_id": "e"}],
                         enterprise=[{"id": "e", "name": "站", "industry": "D", "staff_at_place": 0}])
    return inputs, exposure(inputs, parameters)


def test_an_event_on_the_border_counts_once_in_the_district(region: tuple[Any, Exposure]) -> None:
    """Half of the deaths lie in each street; their district has one event with the sum, not two events with a half."""
    inputs, people = region
    table = event_table(inputs, disc(MIDDLE), people)
    curves = area_curves(inputs, disc(MIDDLE), table)
    whole = [float(table.deaths[(table.slot == t)].sum()) for t in range(4)]
    expected = sum(1e-4 * p * poisson.sf(N - 1, n) for p, n in zip(people.probability, whole, strict=True))
    half = sum(1e-4 * p * poisson.sf(N - 1, n / 2) for p, n in zip(people.probability, whole, strict=True))
    assert curves.districts[0] == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert curves.city == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert curves.streets == pytest.approx(np.stack([half, half]), rel=1e-9, abs=1e-15)
    assert curves.streets.sum(axis=0)[0] > 1.9 * curves.city[0]  # adding curves would count one accident twice


def test_a_street_counts_deaths_in_the_street_only(region: tuple[Any, Exposure]) -> None:
    inputs, people = region
    scenarios = disc(MIDDLE - 600.0)
    curves = area_curves(inputs, scenarios, event_table(inputs, scenarios, people))
    assert curves.streets[0] == pytest.approx(curves.city, rel=1e-12)
    assert (curves.streets[1] == 0).all()


def test_frequency_times_deaths_is_the_field(region: tuple[Any, Exposure]) -> None:
    """Σ f·N of the table and Σ S of the field are the same deaths."""
    inputs, people = region
    scenarios = disc(MIDDLE + 130.0, radius=417.0)
    table = event_table(inputs, scenarios, people, least=0.0)
    assert (table.rate * table.deaths).sum() == pytest.approx(lay(scenarios, people, GRID).s.sum() * S_UNIT, rel=1e-6)


def test_what_is_dropped_is_told(region: tuple[Any, Exposure]) -> None:
    inputs, people = region
    scenarios = disc(MIDDLE, frequency=1e-9)
    kept, cut = (event_table(inputs, scenarios, people, least=least) for least in (0.0, 4e-8))
    assert len(cut.rate) < len(kept.rate)
    assert cut.lost + (cut.rate * cut.deaths).sum() == pytest.approx((kept.rate * kept.deaths).sum(), rel=1e-12)
    assert kept.lost == 0.0


def test_lines_are_events_along_their_length(region: tuple[Any, Exposure]) -> None:
    inputs, people = region
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_lines("pipeline", "燃气管线断裂·喷射火", Theme.PIPELINE, Scope.AN, row=[0], x1=[MIDDLE - 1500.0], y1=[Y],
                x2=[MIDDLE + 1500.0], y2=[Y + 100.0], rate=1e-8, kernel=b.kernel(Kernel.disc(90.0, 0.4)))
    scenarios = b.finish()
    table = event_table(inputs, scenarios, people, least=0.0)
    rate = {slot: table.rate[table.slot == slot].sum() for slot in range(4)}
    length = np.hypot(3000.0, 100.0)
    # the rate of every slot is λ · L · p; where a part reaches both streets it has two rows
    assert rate[0] == pytest.approx(1e-8 * length * people.probability[0], rel=0.08)
    assert (table.rate * table.deaths).sum() == pytest.approx(lay(scenarios, people, GRID).line_s.sum() * S_UNIT, rel=0.02)
    curves = area_curves(inputs, scenarios, table)
    assert curves.city[0] > 0


def test_emergency_response_scales_the_deaths(region: tuple[Any, Exposure]) -> None:
    from dataclasses import replace

    inputs, people = region
    scenarios = disc(MIDDLE - 600.0)
    helped = replace(scenarios, points=replace(scenarios.points, mitigation=np.array([0.5])))
    plain, less = (event_table(inputs, s, people) for s in (scenarios, helped))
    assert less.deaths == pytest.approx(plain.deaths / 2)
    assert less.rate == pytest.approx(plain.rate)


def test_a_dam_that_floods_many_places_is_one_event(region: tuple[Any, Exposure]) -> None:
    inputs, people = region
    b = ScenarioBuilder(SOURCE_KINDS)
    places = MIDDLE + np.array([-900.0, -600.0, -300.0])
    b.add_points("hazard_source", ONE_EVENT[0], Theme.HAZCHEM, Scope.AN, row=[0, 0, 0], x=places, y=Y, frequency=1e-4,
                 kernel=b.kernel(Kernel.disc(100.0, 1.0)))
    scenarios = b.finish()
    table = event_table(inputs, scenarios, people)
    assert len(np.unique(table.event)) == 1
    whole = [float(table.deaths[table.slot == t].sum()) for t in range(4)]
    expected = sum(1e-4 * p * poisson.sf(N - 1, n) for p, n in zip(people.probability, whole, strict=True))
    assert area_curves(inputs, scenarios, table).city == pytest.approx(expected, rel=1e-9, abs=1e-15)


@settings(max_examples=20, deadline=None)
@given(parts=st.integers(1, 6), frequency=st.floats(1e-7, 1e-3))
def test_splitting_a_source_changes_no_curve(parts: int, frequency: float, region: tuple[Any, Exposure],
                                             parameters: Parameters) -> None:
    """k sources of f / k: same F-N, same zone."""
    inputs, people = region
    b = ScenarioBuilder(SOURCE_KINDS)
    b.add_points("hazard_source", "试验·火球", Theme.HAZCHEM, Scope.HC, row=np.zeros(parts), x=MIDDLE, y=Y,
                 frequency=frequency / parts, kernel=b.kernel(Kernel.disc(300.0, 0.5)))
    split, one = b.finish(), disc(MIDDLE, frequency=frequency)
    curves = []
    for scenarios in (split, one):
        table = event_table(inputs, scenarios, people, least=0.0)
        curves.append(installation_curves(inputs, installation_events(inputs, scenarios, table), parameters))
    assert curves[0]["f"][0] == pytest.approx(curves[1]["f"][0], rel=1e-9, abs=1e-18)
    assert curves[0]["zone"][0] == curves[1]["zone"][0]


@settings(max_examples=60, deadline=None)
@given(rates=st.lists(st.floats(1e-9, 1e-2), min_size=1, max_size=8), data=st.data())
def test_curves_fall_and_start_below_the_sum_of_rates(rates: list[float], data: st.DataObject) -> None:
    mean = data.draw(st.lists(st.floats(1e-6, 900.0), min_size=len(rates), max_size=len(rates)))
    curve = fn_curve(rates, mean)
    assert (np.diff(curve) <= 1e-18).all()
    assert curve[0] <= sum(rates) * (1 + 1e-12)
    assert curve == pytest.approx(np.asarray(rates) @ poisson.sf(N - 1, np.asarray(mean)[:, None]), rel=1e-7, abs=1e-16)


def test_groups_are_their_own_curves() -> None:
    both = fn_curves([1e-4, 2e-4, 3e-4], [3.0, 0.2, 50.0], np.array([0, 1, 0]), 3)
    assert both[0] == pytest.approx(fn_curve([1e-4, 3e-4], [3.0, 50.0]))
    assert both[1] == pytest.approx(fn_curve([2e-4], [0.2]))
    assert (both[2] == 0).all()


def test_how_far_above_the_line(parameters: Parameters) -> None:
    """2e-3 at N = 1 against the upper line 1e-3 / N of GB 36894-2018."""
    curve = np.where(N <= 3, 2e-3, 0.0)
    assert upper_ratio(curve, parameters) == pytest.approx(6.0)
    assert ZONES[zone(curve, parameters)] == "不可接受区"


def test_deaths_at_a_place_need_no_row(region: tuple[Any, Exposure]) -> None:
    """A power-law tail at one place: F(n) is f times the tail, in its street, its district and the city."""
    inputs, people = region
    b = ScenarioBuilder(SOURCE_KINDS)
    tail = b.tail(np.where(N <= 10, N**-1.2, 0.0))
    b.add_points("venue", "场所火灾", Theme.FIRE_VENUE, Scope.NONE, row=[0], x=MIDDLE + 500.0, y=Y, frequency=2e-3,
                 deaths_local=1.9, tail=tail)
    scenarios = b.finish()
    table = event_table(inputs, scenarios, people)
    curves = area_curves(inputs, scenarios, table)
    assert len(table.rate) == 0
    for curve in (curves.streets[1], curves.districts[0], curves.city):
        assert curve == pytest.approx(2e-3 * scenarios.tails[0], rel=1e-12)
    assert (curves.streets[0] == 0).all()
    assert local_s(scenarios.points)[0] > 0
