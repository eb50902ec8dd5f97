"""Fires: area law, factors, caps and what stands in for missing fields."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.errors import UnknownIdentifier
from riskmodel import fire
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure
from riskmodel.precedence import resolve
from riskmodel.scenarios import FN_N, ScenarioBuilder, ScenarioSet, Theme
from riskmodel.tails import power_law_mean, power_law_survival
from tests.riskmodel.conftest import SOURCE_KINDS, MakeInputs


def run(inputs: ModelInputs, parameters: Parameters, factors: pd.Series | None = None) -> ScenarioSet:
    builder = ScenarioBuilder(SOURCE_KINDS)
    counted = resolve(builder, inputs, parameters)
    none = pd.Series(dtype=np.float64)
    fire.add(builder, inputs, parameters, none if factors is None else factors, exposure(inputs, parameters), counted)
    return builder.finish()


def test_area_law(parameters: Parameters) -> None:
    kinds = pd.Series(["office", "office", "office", "restaurant", None])
    found = fire.ignitions(kinds, np.array([1000.0, 2000.0, 10.0, 1000.0, 500.0]), parameters)
    assert found[:4] == pytest.approx([1e-3, 1e-3 * 2**0.8, 1e-3 * 0.1**0.8, 6e-3])
    assert np.isnan(found[4])


def test_dwellings_of_eight_million_households(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """2,300 fires and 23 dead a year (市消防 2025; census 2020: 8.23 M households)."""
    inputs = make_inputs(residents=8.23e6 * 2.66 / 1600)
    background = run(inputs, parameters).background[0]
    fatal = background.frequency.sum()
    assert background.theme == Theme.FIRE_DWELLING
    assert fatal / 8e-3 == pytest.approx(2304, rel=0.01)
    assert fatal * background.deaths == pytest.approx(23, rel=0.02)


def test_factors_on_lethality(make_inputs: MakeInputs, parameters: Parameters) -> None:
    hall = {"venue_type": "nightclub", "floor_area_m2": 1000.0, "capacity": 400}
    rows = [hall, {**hall, "sprinklers": True, "alarm": True}, {**hall, "alarm": True}, {**hall, "basement": True}]
    points = run(make_inputs(venue=rows), parameters).points
    assert points.frequency == pytest.approx(6e-3 * 5e-3 / parameters.number("fire.factor.mean") * np.array([1, 0.3, 0.7, 2]))
    assert points.deaths_local == pytest.approx(np.full(4, float(power_law_mean(1.1, 0.3 * 400 * 0.6))))


def test_no_fire_kills_more_than_the_people_inside(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [{"venue_type": "bar", "floor_area_m2": 100.0, "capacity": n} for n in (1, 50, 100_000)]
    result = run(make_inputs(venue=rows), parameters)
    most = [int(np.asarray(FN_N)[result.tails[t] > 0].max()) for t in result.points.tail]
    assert most == [1, 5, 200]
    assert result.points.deaths_local[0] == 1.0


def test_open_air_and_unknown_premises_have_no_building_fire(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(venue=[{"venue_type": "park", "capacity": 9000}], enterprise=[{"industry": "C", "staff_at_place": 10}])
    assert len(run(inputs, parameters).points.row) == 0


def test_an_unknown_type_of_venue_is_an_error(make_inputs: MakeInputs, parameters: Parameters) -> None:
    with pytest.raises(UnknownIdentifier, match="casino"):
        run(make_inputs(venue=[{"venue_type": "casino", "floor_area_m2": 500.0}]), parameters)


def test_missing_floor_areas_take_the_types(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [{"venue_type": "mall"}, {"venue_type": "kindergarten"}]
    inputs = make_inputs(venue=rows, enterprise=[{"premises": "restaurant", "industry": "H", "staff_at_place": 6}])
    assert fire.venue_rows(inputs, parameters)["area"].tolist() == [30_000, 3_000]
    assert fire.premises_rows(inputs, parameters)["area"].tolist() == [200]


def test_a_unit_counts_its_management_and_its_major_fire_danger_once(make_inputs: MakeInputs, parameters: Parameters) -> None:
    unit = {"id": "u", "premises": "factory", "floor_area_m2": 1000.0, "industry": "C", "staff_at_place": 100}
    danger = {"enterprise_id": "u", "danger_kind": "消防设施", "major": True, "found": "2026-05-01", "due": "2026-07-01"}
    plain = run(make_inputs(enterprise=[unit]), parameters).points.frequency[0]
    assert plain == pytest.approx(2.5e-3 * 5e-3 / parameters.number("fire.factor.mean"))
    factor = pd.Series({"u": 1.2})
    found = run(make_inputs(enterprise=[unit], hidden_danger=[danger]), parameters, factor).points.frequency[0]
    assert found == pytest.approx(plain * 2.0)


def test_a_closed_fire_danger_counts_no_more_beside_an_open_one_of_another_kind(
    make_inputs: MakeInputs, parameters: Parameters
) -> None:
    unit = {"id": "u", "premises": "factory", "floor_area_m2": 1000.0, "industry": "C", "staff_at_place": 100}
    mended = {"enterprise_id": "u", "danger_kind": "消防设施", "major": True, "found": "2026-04-01", "due": "2026-05-01",
              "closed": "2026-04-20"}
    other = {"enterprise_id": "u", "danger_kind": "设备防护", "major": True, "found": "2026-05-01", "due": "2026-07-01"}
    plain = run(make_inputs(enterprise=[unit]), parameters).points.frequency
    found = run(make_inputs(enterprise=[unit], hidden_danger=[mended, other]), parameters).points.frequency
    assert found == pytest.approx(plain)


def test_building_sites(make_inputs: MakeInputs, parameters: Parameters) -> None:
    points = run(make_inputs(work_site=[{"site_type": "building", "workers": 300}]), parameters).points
    assert points.frequency == pytest.approx([1e-4])
    assert points.deaths_local == pytest.approx([float(power_law_mean(1.5, 90))])


@pytest.mark.parametrize(("alpha", "cap"), [(1.2, 200), (2.8, 20), (0.5, 150)])
def test_power_law_mean_is_the_sum_of_its_survival(alpha: float, cap: int) -> None:
    assert float(power_law_mean(alpha, cap)) == pytest.approx(sum(n**-alpha for n in range(1, cap + 1)))
    assert power_law_survival(alpha, cap)[0] == 1.0


def test_tail_of_crowds_has_the_published_mean() -> None:
    """P(N ≥ n) = n^−0.5 to 150: mean not above 23."""
    assert float(power_law_mean(0.5, 150)) == pytest.approx(23, abs=0.5)
