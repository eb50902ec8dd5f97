"""Grades of whole frames: units by key, residents outward of the fence."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from geo.errors import BadGeometry, UnknownIdentifier
from geo.grid import to_degrees
from riskmodel.identification import boundaries, grade_units, identify, residents_around
from riskmodel.identification.units import contents
from riskmodel.parameters.load import Parameters
from tests.riskmodel.conftest import GRID, MakeInputs

TANK = {"unit_type": "ammonia_cold_store", "substance": "ammonia", "quantity_t": 15.0, "fence_m": 60.0}


def test_inventories_of_the_usual_units(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """40 t ammonia, 10 t chlorine, 360 t LPG, 13,300 t petrol in a town: R 16, 16, 22, 133."""
    rows = [
        {"substance": s, "quantity_t": q}
        for s, q in (("ammonia", 40), ("chlorine", 10), ("lpg", 360), ("gasoline", 13_300), ("gasoline", 63))
    ]
    found = grade_units(make_inputs(hazard_source=rows), parameters)
    assert found["r"].tolist() == pytest.approx([16, 16, 21.6, 133, 0])
    assert found["grade"].tolist() == [3, 3, 3, 1, 0]


def test_rows_with_one_key_are_one_unit(make_inputs: MakeInputs, parameters: Parameters) -> None:
    rows = [
        {"substance": "gasoline", "quantity_t": 150, "hazard_key": "farm"},
        {"substance": "diesel", "quantity_t": 1500, "hazard_key": "farm"},
        {"substance": "gasoline", "quantity_t": 150},
        {"substance": "gasoline", "quantity_t": 150},
    ]
    found = grade_units(make_inputs(hazard_source=rows, residents=0.0), parameters)
    assert found["s"].tolist() == pytest.approx([1.05, 1.05, 0.75, 0.75])
    assert found["grade"].tolist() == [4, 4, 0, 0]


def test_residents_are_counted_outward_of_the_fence(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(hazard_source=[TANK])
    found = residents_around(inputs, boundaries(inputs, parameters), 500.0)[0]
    assert found == pytest.approx(np.pi * 560**2 * 10 / 1e4, rel=0.01)
    far = np.zeros(GRID.size)
    far[GRID.index(GRID.west + 2000.0 + 650.0, GRID.north - 2000.0)] = 500.0
    assert grade_units(make_inputs(hazard_source=[TANK], residents=far), parameters)["alpha"].tolist() == [0.5]


def test_residents_at_the_edge_of_the_grid(make_inputs: MakeInputs, parameters: Parameters) -> None:
    inputs = make_inputs(hazard_source=[{**TANK, "x": GRID.west, "y": GRID.north, "fence_m": 0.0}])
    found = residents_around(inputs, boundaries(inputs, parameters), 500.0)[0]
    assert found == pytest.approx(np.pi * 500**2 / 4 * 10 / 1e4, rel=0.01)
    away = make_inputs(hazard_source=[{**TANK, "x": GRID.west - 5000.0}])
    assert residents_around(away, boundaries(away, parameters), 500.0)[0] == 0.0


@pytest.mark.parametrize(("right", "down"), [(2010.0, 2010.0), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1950.0, -450.0)])
def test_residents_are_those_of_all_sub_cells_within_reach(
    make_inputs: MakeInputs, parameters: Parameters, right: float, down: float,
) -> None:
    """Against every one of the grid's 25 sub-cells a cell, at its corners and beyond its rim; one on the circle counts."""
    x = GRID.west + (right if right != 1.0 else GRID.nx * GRID.cell)
    y = GRID.north - (down if down != 1.0 else GRID.ny * GRID.cell)
    people = np.random.default_rng(5).integers(0, 60, GRID.size).astype(np.float64)
    inputs = make_inputs(hazard_source=[{**TANK, "x": x, "y": y}, {**TANK, "x": x, "y": y, "fence": ring(300.0, x=x, y=y)}],
                         residents=people)
    steps = (np.arange(GRID.nx * 5) + 0.5) * GRID.cell / 5, (np.arange(GRID.ny * 5) + 0.5) * GRID.cell / 5
    px, py = np.meshgrid(GRID.west + steps[0], GRID.north - steps[1])
    each = np.repeat(np.repeat(people.reshape(GRID.ny, GRID.nx), 5, axis=0), 5, axis=1) / 25
    found = boundaries(inputs, parameters)
    round_the_fence = shapely.contains_xy(shapely.buffer(found.outline[1], 500.0, quad_segs=16), px, py)
    circle = (px - x) ** 2 + (py - y) ** 2 <= 560.0**2
    assert residents_around(inputs, found, 500.0) == pytest.approx([each[circle].sum(), each[round_the_fence].sum()], rel=1e-12)


def test_an_unknown_substance_is_an_error(parameters: Parameters) -> None:
    with pytest.raises(UnknownIdentifier, match="明矾"):
        identify({"明矾": 1.0}, 0, parameters)


def test_no_hazards_no_rows(make_inputs: MakeInputs, parameters: Parameters) -> None:
    assert len(grade_units(make_inputs(), parameters)) == 0


def ring(side: float, *, x: float = GRID.west + 2000.0, y: float = GRID.north - 2000.0) -> str:
    """A square fence of `side` metres around a place, GeoJSON in degrees."""
    half = side / 2
    corners = np.array([(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)])
    lon, lat = to_degrees(x + corners[:, 0], y + corners[:, 1])
    return json.dumps({"type": "Polygon", "coordinates": [np.column_stack([lon, lat]).tolist()]})


def test_the_fence_goes_before_the_site_before_the_enterprise_before_a_circle(
    make_inputs: MakeInputs, parameters: Parameters,
) -> None:
    x, y = GRID.west + 2000.0, GRID.north - 2000.0
    site = shapely.box(x - 100, y - 100, x + 100, y + 100)
    plant = {"id": "E1", "geometry": shapely.box(x - 300, y - 300, x + 300, y + 300), "x": x, "y": y}
    unit = {**TANK, "x": x, "y": y, "fence_m": None}
    inputs = make_inputs(enterprise=[plant], hazard_source=[
        {**unit, "fence": ring(400.0), "geometry": site, "enterprise_id": "E1"},
        {**unit, "geometry": site, "enterprise_id": "E1"},
        {**unit, "enterprise_id": "E1"}, {**unit, "fence_m": 60.0}, unit,
    ])
    found = grade_units(inputs, parameters)
    assert found["boundary"].tolist() == ["fence", "site", "enterprise", "fence_m", "assumed"]

    def around(side: float) -> float:
        return (side**2 + 4 * side * 500 + np.pi * 500**2) * 10 / 1e4

    assert found["residents"].to_numpy()[:3] == pytest.approx([around(400.0), around(200.0), around(600.0)], rel=0.01)


def test_a_fence_that_is_none_is_refused_by_name(make_inputs: MakeInputs, parameters: Parameters) -> None:
    for fence in ("[1, 2]", '{"type": "Point", "coordinates": [116, 40]}', "nonsense",
                  '{"type": "Polygon", "coordinates": [[[116, 40], [116.01, 40.01], [116.01, 40], [116, 40.01], [116, 40]]]}'):
        with pytest.raises(BadGeometry, match="hazard_source-0"):
            grade_units(make_inputs(hazard_source=[{**TANK, "fence": fence}]), parameters)


def test_an_inventory_counts_everything_present(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """A mixed plant: 30 t ammonia by CAS number, 80 t LPG by name, 100 t of a W5.3 liquid: S = 3 + 1.6 + 0.1."""
    listed = [{"cas": "7664-41-7", "quantity_t": 30}, {"substance": "液化石油气", "quantity_t": 80},
              {"substance": "某溶剂", "hazard_class": "W5.3", "quantity_t": 100}]
    for inventory in (listed, json.dumps(listed)):
        found = grade_units(make_inputs(hazard_source=[{**TANK, "inventory": inventory}], residents=0.75), parameters)
        assert found["s"].tolist() == pytest.approx([4.7])
        assert found["alpha"].tolist() == [1.5]
        assert found["r"].tolist() == pytest.approx([1.5 * (2 * 3 + 1.5 * 1.6 + 0.1)])
        assert found["reason"].tolist() == [None]


def test_substances_that_nobody_knows_are_named_not_counted_as_safe(make_inputs: MakeInputs, parameters: Parameters) -> None:
    found = grade_units(make_inputs(hazard_source=[
        {**TANK, "substance": "明矾"}, {**TANK, "substance": "烟花", "hazard_class": "1.3G", "quantity_t": 20.0},
        {**TANK, "unit_type": "tailings_pond", "substance": "tailings"}, {**TANK, "substance": "x", "cas": "7782-50-5"},
        {**TANK, "inventory": [{"quantity_t": 5}]},
    ]), parameters)
    assert "明矾" in found["reason"][0]
    assert found["s"].tolist() == pytest.approx([0.0, 2.0, 0.0, 3.0, 0.0])
    assert found["reason"][1] is None
    assert "适用范围" in found["reason"][2]
    assert "物质清单" in found["reason"][4]


def test_entries_without_an_amount_or_a_class_of_their_own(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """No amount, or an impossible one, is nothing; half a tonne counts; an empty list leaves the row's own substance; an entry
    does not take the row's class.
    """
    inventories = [[{"substance": "氯"}], [{"substance": "氯", "quantity_t": -3.0}], [{"substance": "氯", "quantity_t": 0.5}], [],
                   [{"substance": "某溶剂", "quantity_t": 100.0}]]
    found = grade_units(make_inputs(hazard_source=[
        {**TANK, "hazard_class": "W5.3", "inventory": inventory} for inventory in inventories]), parameters)
    assert found["s"].tolist() == pytest.approx([0.0, 0.0, 0.1, 1.5, 0.0])
    assert "某溶剂" in found["reason"][4]


def test_missing_names_are_passed_over_in_any_form(parameters: Parameters) -> None:
    """A column without a value is None, NaN or empty text, according to who made the frame."""
    for missing in (None, float("nan"), ""):
        assert contents({"substance": missing, "cas": "7782-50-5", "quantity_t": 5.0}, parameters) == [("氯", 5.0)]
        with pytest.raises(UnknownIdentifier, match="没有物质名称"):
            contents({"substance": missing, "cas": missing, "quantity_t": 5.0}, parameters)
