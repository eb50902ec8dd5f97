"""Mistakes of an earlier draft of the model, each with the test that would have caught it (identification, lines, clouds)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import NotModelled
from geo.settings import Settings
from riskmodel import pipelines
from riskmodel.capacity import tonnes
from riskmodel.consequence import dispersion
from riskmodel.consequence.dense_gas import Gas
from riskmodel.consequence.dense_plume import Plume
from riskmodel.identification import grade_units
from riskmodel.parameters.load import Parameters
from riskmodel.pipelines import Households, encroachments, high_consequence_areas
from riskmodel.quantified import toxic
from riskmodel.quantified.footprints import Fuel, Physics, fireball_kernel
from riskmodel.scenarios import ScenarioBuilder, kernel_distances
from tests.riskmodel.conftest import GRID, MakeInputs

approx = pytest.approx

CHLORINE = Gas.vapour(0.0709, 239.15)
X, Y = GRID.west + 2000.0, GRID.north - 2000.0
AXIS = shapely.LineString([(X - 900, Y), (X + 900, Y)])
GAS = {"id": "G", "medium": "gas", "service": "transmission", "diameter_mm": 711.0, "pressure_mpa": 6.3, "year": 2010,
       "depth_m": 1.2, "position_accuracy_m": 2.0, "geometry": AXIS, "class_location": "四级"}
UNIT = {"unit_type": "tank_farm", "substance": "液化石油气", "quantity_t": 500.0}


def line_scenarios(make_inputs: MakeInputs, parameters: Parameters, **changes: object) -> ScenarioBuilder:
    builder = ScenarioBuilder(("pipeline",))
    pipelines.add(builder, make_inputs(pipeline=[{**GAS, **changes}], as_of=date(2026, 6, 1)), parameters)
    return builder


def test_mistake_09_schematic_and_coarse_lines_prove_nothing(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A schematic line kilometres off must not find 占压, a class or a high-consequence area; it is drawn, not scored."""
    for change in ({"service": "schematic"}, {"position_accuracy_m": 3000.0}):
        assert len(line_scenarios(make_inputs, parameters, **change).finish().lines.row) == 0
        assert pipelines.hca_three(make_inputs(pipeline=[{**GAS, **change}])).empty
    house = np.array([shapely.Point(X, Y + 2)], object)
    assert encroachments(pd.DataFrame([{**GAS, "service": "schematic"}]), house, 1.0, parameters).empty
    town = Households.of([X], [Y], [500], [9])
    coarse = pd.Series({**GAS, "position_accuracy_m": 101.0})
    places = pd.DataFrame(columns=["kind", "geometry", "name", "position_accuracy_m"])
    assert high_consequence_areas(coarse, town, places, parameters).empty
    assert len(high_consequence_areas(pd.Series(GAS), town, places, parameters)) == 1


@pytest.mark.parametrize(("line", "target", "proven"), [
    (2.0, 1.0, 5), (2.5, 0.5, 50), (24.0, 6.0, 50), (24.0, 8.0, 200), (99.0, 20.0, None),
])
def test_mistake_09_each_finding_needs_half_its_distance(
    line: float, target: float, proven: float | None, parameters: Parameters,
) -> None:
    """5 m needs 2.5 m, 50 m needs 25 m, 200 m needs 100 m, of line and target together: not one limit of 100 m for all."""
    rows = pd.DataFrame([{**GAS, "position_accuracy_m": line}])
    found = encroachments(rows, np.array([shapely.Point(X, Y + 1)], object), target, parameters).iloc[0]
    assert found["zone_m"] == 5
    assert found["proven"] == (proven == 5)
    assert (np.isnan(found["proven_zone_m"]) if proven is None else found["proven_zone_m"] == proven)


def test_mistake_09_what_is_not_known_is_not_proven(parameters: Parameters) -> None:
    house = np.array([shapely.Point(X, Y + 1)], object)
    for row, target in ((GAS, np.nan), ({**GAS, "position_accuracy_m": None}, 0.1)):
        found = encroachments(pd.DataFrame([row]), house, target, parameters).iloc[0]
        assert not found["proven"]
        assert np.isnan(found["proven_zone_m"])
    school = {"kind": "special", "geometry": shapely.Point(X, Y + 50), "name": "小学", "position_accuracy_m": np.nan}
    place = pd.DataFrame([school])
    assert high_consequence_areas(pd.Series(GAS), Households.of([], [], []), place, parameters).empty


def test_mistake_10_the_impact_radius_is_no_disc_of_death(parameters: Parameters) -> None:
    """v = 1 up to 0.65 PIR, 0.24 at PIR, not 1 everywhere inside and 0 outside."""
    radius = float(pipelines.potential_impact_radius(1016, 10.0))
    kernel = pipelines.radiation_kernel(radius, flux_at_radius=15_800.0, physics=Physics.of(parameters))
    at = np.interp(np.array([0.6, 0.9, 1.0, 1.2]) * radius, kernel_distances(kernel.radius), kernel.outdoors)
    assert at[0] == approx(1.0)
    assert at[1] < 0.7
    assert at[2] == approx(0.24, abs=0.02)
    assert 0 < at[3] < 0.05


@pytest.mark.parametrize("medium", ["oil", "crude", "products", "lpg", "heat", "steam"])
def test_mistake_10_no_impact_radius_but_for_natural_gas(medium: str, make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Four times the pressure doubles the impact radius of gas; it must not change what oil, LPG, heat and steam reach."""
    def reach(name: str, pressure: float) -> float:
        found = line_scenarios(make_inputs, parameters, medium=name, pressure_mpa=pressure).finish()
        return max(k.radius for k in found.kernels)

    assert reach("gas", 10.0) > 1.8 * reach("gas", 2.5)
    assert reach(medium, 10.0) == reach(medium, 2.5)


def test_mistake_11_the_demo_is_the_whole_city() -> None:
    """One tenth of the enterprises beside all of the people distorts every theme: the default is the full register."""
    assert Settings.model_fields["sample_enterprises"].default >= 260_000


def test_mistake_14_tonnes_by_bisection_not_in_closed_form(parameters: Parameters) -> None:
    """The reach of a fireball grows with its mass: what a closed form allows (risk over mass, scaled) would exceed the limit."""
    fuel, physics, frequency, target = Fuel.of(parameters, "lpg"), Physics.of(parameters), 5e-7, 250.0

    def risk(mass: float) -> float:
        kernel = fireball_kernel(1000 * mass, fuel, physics)
        return frequency * float(np.interp(target, kernel_distances(kernel.radius), kernel.outdoors, right=0.0))

    limit = 3e-7
    most = tonnes(risk, limit, most=2000.0)
    assert risk(most) == approx(limit, rel=1e-2)
    assert risk(1.02 * most) > limit
    small = 0.8 * most
    closed = small * limit / risk(small)
    assert risk(closed) > 1.2 * limit


def test_mistake_17_alpha_counts_residents_not_day_people(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Offices and schools around a plant change nothing: only 常住人口 within 500 m of the boundary."""
    crowd = {"enterprise": [{"id": "E", "industry": "I", "staff_at_place": 50_000, "x": X, "y": Y}],
             "venue": [{"venue_type": "school", "capacity": 5_000, "x": X + 50, "y": Y}]}
    alone = grade_units(make_inputs(hazard_source=[UNIT], residents=0.0), parameters)
    among = grade_units(make_inputs(hazard_source=[UNIT], residents=0.0, **crowd), parameters)
    assert alone["alpha"].tolist() == among["alpha"].tolist() == [0.5]


def test_mistake_17_alpha_counts_from_the_boundary_never_from_a_point(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """People 700 m from the middle of a plant 600 m wide live 400 m from its boundary: they count. A point is assumed."""
    far = np.zeros(GRID.size)
    far[GRID.index(X + 700.0, Y)] = 500.0
    site = shapely.box(X - 300, Y - 300, X + 300, Y + 300)
    plant = grade_units(make_inputs(hazard_source=[{**UNIT, "x": X, "y": Y, "geometry": site}], residents=far), parameters)
    assert (plant["alpha"][0], plant["boundary"][0]) == (2.0, "site")
    point = grade_units(make_inputs(hazard_source=[{**UNIT, "x": X, "y": Y}], residents=far), parameters)
    assert (point["alpha"][0], point["boundary"][0]) == (0.5, "assumed")


def test_mistake_18_chlorine_near_the_source_is_no_gaussian_plume(parameters: Parameters) -> None:
    """50 m from 1 kg/s in a still night a Gaussian plume is narrow; the dense cloud slumps to several times its width."""
    chlorine = toxic.dense_cloud(parameters, "chlorine")
    assert chlorine is not None
    assert chlorine.density > 1.5
    plume = Plume.of(1.0, 1.5, "F", "urban", chlorine)
    assert bool(plume.handover.dense)
    assert float(plume.half_width(50.0)) > 4 * float(dispersion.briggs(50.0, "F", "urban")[0])


def test_mistake_18_what_the_dense_model_does_not_cover_is_refused() -> None:
    for rate, wind, gas in ((1.0, 2.0, Gas.vapour(0.016, 293.15)), (1.0, 0.1, CHLORINE), (1e6, 1.0, CHLORINE)):
        with pytest.raises(NotModelled):
            Plume.of(rate, wind, "D", "urban", gas)


def test_mistake_20_no_rate_by_gdp_or_from_before_the_break_of_2017(parameters: Parameters) -> None:
    """0.045 per 亿元 GDP is nine tenths road traffic; 0.435, 1.64 and 0.03 are 2015 targets: none of them may be a parameter."""
    for name, entry in parameters.values.items():
        text = f"{entry.unit} {entry.source}"
        assert "GDP" not in text, name
        assert "亿元" not in text, name
        assert "十三五" not in text, name
        assert "万车" not in text, name
