"""Buried lines as scenarios."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
import shapely

from geo.errors import UnknownIdentifier
from geo.kinds import kind
from riskmodel import pipelines
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.scenarios import Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme, kernel_distances

approx = pytest.approx
X, Y = 502_000.0, 4_402_000.0
AXIS = shapely.LineString([(X, Y), (X + 600, Y), (X + 1000, Y + 300)])  # 1,100 m

HIGH = {"medium": "gas", "service": "town", "diameter_mm": 1000.0, "pressure_mpa": 4.0, "year": 2005, "depth_m": 1.2,
        "position_accuracy_m": 5.0, "geometry": AXIS}
MEDIUM = HIGH | {"diameter_mm": 300.0, "pressure_mpa": 0.4}
HEAT = HIGH | {"medium": "heat", "diameter_mm": 800.0, "pressure_mpa": 1.6}
OIL = HIGH | {"medium": "oil", "service": "transmission", "diameter_mm": 400.0, "pressure_mpa": 8.0}


@pytest.fixture
def lay(make_inputs: Callable[..., ModelInputs], parameters: Parameters) -> Callable[..., ScenarioSet]:
    """Scenarios of some lines; the number drawn only is kept in `lay.drawn`."""
    def run(*rows: dict[str, Any]) -> ScenarioSet:
        builder = ScenarioBuilder(("pipeline",))
        run.drawn = pipelines.add(  # type: ignore[attr-defined]
            builder, make_inputs(pipeline=list(rows), as_of=date(2026, 6, 1)), parameters)
        return builder.finish()

    return run


def length(found: ScenarioSet) -> np.ndarray:
    """Length of every piece, m."""
    return np.hypot(found.lines.x2 - found.lines.x1, found.lines.y2 - found.lines.y1)


def on_axis(kernel: Kernel) -> float:
    """Twice the integral of lethality along an infinite line, m."""
    return 2 * float(np.trapezoid(kernel.outdoors, kernel_distances(kernel.radius)))


def pll_per_km(found: ScenarioSet, density_km2: float, outdoors: float = 0.15) -> float:
    """Deaths per km and year with people spread evenly."""
    square = [np.square(kernel_distances(k.radius)) for k in found.kernels]
    people = np.array([[np.pi * np.trapezoid(t, s) for t in (k.outdoors, k.indoors)]
                       for k, s in zip(found.kernels, square, strict=True)])
    deaths = people * density_km2 / 1e6 @ [outdoors, 1 - outdoors]
    return float((found.lines.rate * length(found) * deaths[found.lines.kernel]).sum()) / 1.1


def test_high_pressure_axis_risk(lay: Callable[..., ScenarioSet]) -> None:
    """A 4 MPa DN1000 line: individual risk on its axis about 1.5e-6, as 2 λ ∫ v dr."""
    found = lay(HIGH)
    at = np.array([on_axis(k) for k in found.kernels])[found.lines.kernel]
    one = np.unique(np.stack([found.lines.label, found.lines.rate * at]), axis=1)[1]
    assert one.sum() == approx(1.5e-6, rel=0.15)
    assert set(found.lines.theme) == {Theme.PIPELINE}
    assert set(found.lines.scope) == {Scope.AN}


def test_pieces_cover_the_line_once_per_scenario(lay: Callable[..., ScenarioSet]) -> None:
    found = lay(HIGH)
    assert length(found).sum() == approx(2 * 1100.0)
    both = lay(HIGH | {"geometry": shapely.MultiLineString([AXIS, shapely.LineString([(X, Y), (X, Y), (X, Y + 50)])])})
    assert length(both).sum() == approx(2 * 1150.0)
    assert np.all(length(both) > 0)


def test_rate_of_a_class(lay: Callable[..., ScenarioSet]) -> None:
    found = lay(HIGH)
    rates = {found.labels[i]: r for i, r in zip(found.lines.label.tolist(), found.lines.rate.tolist(), strict=True)}
    assert rates["燃气管线断裂·喷射火"] == approx(1.16e-7 / 6 * 0.22)
    assert rates["燃气管线穿孔·喷射火"] == approx(1.16e-7 * (0.5 * 0.04 + 0.02 / 3))


def test_age_size_and_cover(lay: Callable[..., ScenarioSet]) -> None:
    base = lay(MEDIUM).lines.rate[0]
    assert lay(MEDIUM | {"year": 2020}).lines.rate[0] == approx(0.8 * base)
    assert lay(MEDIUM | {"year": 1985}).lines.rate[0] == approx(1.5 * base)
    assert lay(MEDIUM | {"diameter_mm": 200.0, "depth_m": 0.5}).lines.rate[0] == approx(1.3 * 1.3 * base)
    assert lay(MEDIUM | {"year": None, "depth_m": None}).lines.rate[0] == approx(base)


def test_medium_pressure_fatal_rate(lay: Callable[..., ScenarioSet]) -> None:
    """Medium pressure: 2e-6 to 1e-5 deaths per km and year at town densities, one scenario."""
    found = lay(MEDIUM)
    assert found.labels == ("中低压燃气泄漏窜入建筑·爆炸",)
    assert 2e-6 <= pll_per_km(found, 8000.0) <= 1e-5


def test_heat_scalds_outdoors_only(lay: Callable[..., ScenarioSet]) -> None:
    found = lay(HEAT)
    kernel = found.kernels[int(found.lines.kernel[0])]
    assert 3 <= kernel.radius <= 5
    assert kernel.indoors.max() == 0
    assert found.lines.rate[0] * 1000 == approx(1e-4)


def test_oil_is_a_pool_not_an_impact_radius(lay: Callable[..., ScenarioSet]) -> None:
    found = lay(OIL)
    assert max(k.radius for k in found.kernels) < 0.75 * float(pipelines.potential_impact_radius(400.0, 8.0))
    assert sum(np.unique(found.lines.rate)) * 1000 == approx(4e-4 * 0.04)


def test_schematic_and_coarse_lines_are_drawn_only(lay: Callable[..., ScenarioSet]) -> None:
    found = lay(HIGH | {"service": "schematic"}, HIGH | {"position_accuracy_m": 2000.0}, HIGH | {"position_accuracy_m": None})
    assert lay.drawn == 2  # type: ignore[attr-defined]
    assert set(found.lines.row) == {2}
    assert not found.refused


def test_gas_without_pressure_is_refused(lay: Callable[..., ScenarioSet]) -> None:
    found = lay(HIGH | {"pressure_mpa": None})
    assert len(found.refused) == 1
    assert len(found.lines.row) == 0


def test_unknown_medium_is_an_error(lay: Callable[..., ScenarioSet]) -> None:
    with pytest.raises(UnknownIdentifier):
        lay(HIGH | {"medium": "milk"})


def test_equal_lines_share_kernels(lay: Callable[..., ScenarioSet]) -> None:
    assert len(lay(*[HIGH] * 20, *[MEDIUM] * 5).kernels) == len(lay(HIGH, MEDIUM).kernels)


def test_city_total_in_its_band(lay: Callable[..., ScenarioSet]) -> None:
    """1,000 km of high pressure at 2,000 people per km², 1,500 km sub-high, 4,000 km medium, 1,400 km heat, 200 km oil."""
    total = (1000 * pll_per_km(lay(HIGH | {"diameter_mm": 700.0}), 2000) + 200 * pll_per_km(lay(OIL), 1000)
             + 1500 * pll_per_km(lay(HIGH | {"diameter_mm": 500.0, "pressure_mpa": 1.0}), 4000)
             + 4000 * pll_per_km(lay(MEDIUM), 6000) + 1400 * pll_per_km(lay(HEAT), 8000))
    assert 0.1 <= total <= 1.5


def test_pressure_classes() -> None:
    names = pipelines.pressure_class([0.009, 0.01, 0.3, 0.6, 1.6, 2.5, 4.0, 4.1]).tolist()
    assert names == ["低压", "中压B", "中压A", "次高压B", "次高压A", "高压B", "高压A", "长输"]


def test_hca_near_places() -> None:
    assert pipelines.hca_grade(["二级"] * 2, 1016, 10.0, special_site_m=[300, 330]).tolist() == ["Ⅰ", None]
    assert pipelines.hca_grade(["二级"] * 2, 219, 1.0, special_site_m=[20, 30]).tolist() == ["Ⅰ", None]
    assert pipelines.hca_grade(["一级", "四级"], 500, 4.0, flammable_site_m=[150, 150]).tolist() == ["Ⅱ", "Ⅲ"]


def test_no_lines(make_inputs: Callable[..., ModelInputs], parameters: Parameters, builder: ScenarioBuilder) -> None:
    assert pipelines.add(builder, make_inputs(), parameters) == 0


def test_grade_three_names_every_street_it_crosses(make_inputs: Callable[..., ModelInputs]) -> None:
    gas = HIGH | {"service": "transmission", "class_location": "四级", "name": "陕京线"}
    found = pipelines.hca_three(make_inputs(pipeline=[
        gas | {"geometry": shapely.LineString([(X - 900, Y), (X + 900, Y)])}, OIL | {"class_location": "四级", "name": None},
        gas | {"class_location": "三级"}, gas | {"service": "town"}, gas | {"service": "schematic"},
        gas | {"position_accuracy_m": 101.0},
    ]))
    named = sorted(zip(found["area_code"], found["name"], strict=True))
    assert named == [("110101001000", "陕京线"), ("110101002000", "pipeline-1"), ("110101002000", "陕京线")]


def test_no_grade_three(make_inputs: Callable[..., ModelInputs]) -> None:
    assert list(pipelines.hca_three(make_inputs()).columns) == ["area_code", "name"]
    assert pipelines.hca_three(make_inputs(pipeline=[HIGH])).empty


def test_every_declared_medium_has_a_method(lay: Callable[..., ScenarioSet]) -> None:
    for medium in kind("pipeline").field("medium").choices:
        assert len(lay(HIGH | {"medium": medium}).lines.row) > 0, medium


def test_crude_burns_less_far_than_products(lay: Callable[..., ScenarioSet]) -> None:
    crude, products = (max(k.radius for k in lay(OIL | {"medium": m}).kernels) for m in ("crude", "products"))
    assert crude < products


def test_liquefied_gas_is_no_impact_radius(lay: Callable[..., ScenarioSet]) -> None:
    """Two outcomes of two sizes; the reach does not follow d² p."""
    found = lay(OIL | {"medium": "lpg"})
    assert len(found.labels) == 4
    assert len(lay(OIL | {"medium": "lpg"}, OIL | {"medium": "lpg", "diameter_mm": 800.0}).kernels) == len(found.kernels)


def test_steam_scalds_outdoors_only(lay: Callable[..., ScenarioSet]) -> None:
    kernel = lay(HEAT | {"medium": "steam"}).kernels[0]
    assert kernel.indoors.max() == 0
    assert kernel.outdoors.max() == approx(0.5)
