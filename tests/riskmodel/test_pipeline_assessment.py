"""Every line of a run against the rules, on a line whose answers were worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from riskmodel import pipelines
from riskmodel.parameters.load import Parameters
from tests.riskmodel.conftest import GRID, STREETS, MakeInputs

#: Along the middle of row 20, from station 0 at west + 100 m to station 3,800.
X, Y = GRID.west + 100.0, GRID.north - 2050.0
GAS = {"medium": "gas", "service": "transmission", "diameter_mm": 711.0, "pressure_mpa": 6.3, "position_accuracy_m": 5.0,
       "class_location": "二级", "geometry": shapely.LineString([(X, Y), (X + 3800, Y)])}
SCHOOL = {"venue_type": "school", "name": "小学", "position_accuracy_m": 10.0, "x": X + 2900, "y": Y + 100}
SITE = {"site_type": "building", "name": "工地", "workers": 10, "position_accuracy_m": 20.0, "x": X + 1000, "y": Y - 3}


def homes(**cells: int) -> np.ndarray:
    """Households by cell; ``r20c5=60`` puts 60 into row 20, column 5."""
    field = np.zeros(GRID.size)
    for place, count in cells.items():
        row, col = (int(part) for part in place[1:].split("c"))
        field[row * GRID.nx + col] = count
    return field


#: 60 + 60 households 1,800 m apart beside the line, and 500 at 300 m.
VILLAGES = homes(r20c5=60, r22c23=60, r23c5=500)


def assessed(make_inputs: MakeInputs, parameters: Parameters, households: np.ndarray, **change: Any) -> pd.Series:
    inputs = make_inputs(pipeline=[GAS | change], venue=[SCHOOL], work_site=[SITE])
    return pipelines.assess(inputs, households, parameters).iloc[0]


def test_a_line_worked_out_by_hand(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Stations 450 and 2,250 are in one window of 2 km: 120 households, 三级 from 200 m before to 200 m past them, so HCA Ⅱ.

    The school, 100 m aside at 2,900: HCA Ⅰ over ±√(200² − 100²) = 173 m. Impact radius 0.099·√(711²·6.3) = 176.7 m.
    """
    line = assessed(make_inputs, parameters, VILLAGES)
    evidence = json.loads(line["evidence"])
    assert (line["class_location"], line["hca"]) == ("三级", "Ⅱ")
    assert line["pir_m"] == pytest.approx(176.7, abs=0.05)
    assert evidence["households"] == 120
    assert [(c["start_m"], c["end_m"], c["class"]) for c in evidence["classes"]] == [
        (0, 250, "一级一类"), (250, 2450, "三级"), (2450, 3800, "一级一类")]
    assert [(a["start_m"], a["end_m"], a["grade"]) for a in evidence["areas"]] == [
        (250, 2450, "Ⅱ"), (pytest.approx(2727, abs=2), pytest.approx(3073, abs=2), "Ⅰ")]
    assert "小学" in evidence["areas"][1]["reasons"]
    assert (evidence["recorded"], evidence["raised"]) == ("二级", True)


def test_encroachments_count_as_far_as_they_are_proven(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """The site at 3 m is known to √(5² + 20²) = 20.6 m: proven within 50 m, not within 5; the school within 200 m."""
    line = assessed(make_inputs, parameters, VILLAGES)
    found = json.loads(line["evidence"])["encroachments"]
    assert line["encroachments"] == 2
    assert (found["proven"], found["unproven"]) == ({"200": 1}, {"5": 1})
    nearest = [(n["name"], n["distance_m"], n["accuracy_m"]) for n in found["nearest"]]
    assert nearest == [("工地", 3.0, 20.6), ("小学", 100.0, 11.2)]


@pytest.mark.parametrize("change", [{"service": "schematic"}, {"position_accuracy_m": 101.0}, {"position_accuracy_m": None}])
def test_no_answer_without_a_position(make_inputs: MakeInputs, parameters: Parameters, change: dict[str, Any]) -> None:
    line = assessed(make_inputs, parameters, VILLAGES, **change)
    assert line[["class_location", "hca", "evidence"]].isna().all()
    assert np.isnan(line["encroachments"])


def test_rules_keep_to_their_lines(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """Town gas has an impact radius and no class; heat has nothing; oil has a class, no radius, and says what was not asked."""
    town = assessed(make_inputs, parameters, VILLAGES, service="town")
    assert town["class_location"] is None
    assert town["pir_m"] > 0
    assert assessed(make_inputs, parameters, VILLAGES, service="town", medium="heat").isna().all()
    oil = assessed(make_inputs, parameters, VILLAGES, medium="crude")
    assert (oil["class_location"], oil["hca"]) == ("三级", "Ⅱ")
    assert np.isnan(oil["pir_m"])
    assert "water" in json.loads(oil["evidence"])["not_checked"]


def test_a_dense_town_is_class_four_and_a_missing_class_is_computed(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """200 households on a hectare live in tall buildings: 四级, HCA Ⅲ, which S-P-3 reads where no class is recorded."""
    town = homes(r20c5=200)
    for recorded, streets in ((None, [STREETS[0]]), ("三级", []), ("四级", list(STREETS))):
        inputs = make_inputs(pipeline=[GAS | {"class_location": recorded}])
        found = pipelines.assess(inputs, town, parameters)
        assert found["class_location"].tolist() == ["四级"]
        assert pipelines.hca_three(inputs, found)["area_code"].tolist() == streets


def test_broken_lines_and_none_at_all(make_inputs: MakeInputs, parameters: Parameters) -> None:
    whole, broken = (assessed(make_inputs, parameters, VILLAGES, geometry=shape) for shape in (
        GAS["geometry"], shapely.MultiLineString([[(X, Y), (X + 2600, Y)], [(X + 2600, Y), (X + 3800, Y)]])))
    assert whole["evidence"] == broken["evidence"]
    assert pipelines.assess(make_inputs(), VILLAGES, parameters).empty


def test_a_line_cut_into_rows_keeps_its_class(make_inputs: MakeInputs, parameters: Parameters) -> None:
    """The same line in three rows, the middle one drawn backwards, cut between two villages that share a window: same classes."""
    whole = json.loads(assessed(make_inputs, parameters, VILLAGES)["evidence"])["classes"]
    cuts = [(X, X + 1300), (X + 2000, X + 1300.8), (X + 2000, X + 3800)]
    rows = [GAS | {"id": f"p{i}", "geometry": shapely.LineString([(a, Y), (b, Y)])} for i, (a, b) in enumerate(cuts)]
    found = pipelines.assess(make_inputs(pipeline=rows, venue=[SCHOOL]), VILLAGES, parameters)
    assert found["class_location"].tolist() == ["三级"] * 3
    pieces = [json.loads(evidence)["classes"] for evidence in found["evidence"]]
    assert pieces[0] == [{"start_m": 0, "end_m": 250, "class": "一级一类"}, {"start_m": 250, "end_m": 1300, "class": "三级"}]
    assert pieces[1] == [{"start_m": 0, "end_m": 699, "class": "三级"}]
    assert pieces[2] == [{"start_m": 0, "end_m": 450, "class": "三级"}, {"start_m": 450, "end_m": 1800, "class": "一级一类"}]
    assert [c["end_m"] for c in whole] == [250, 2450, 3800]
    assert found["hca"].tolist() == ["Ⅱ"] * 3


@pytest.mark.parametrize("third", [{}, {"medium": "oil"}, {"position_accuracy_m": 99.0}, {"service": "town"}])
def test_a_branch_does_not_end_a_route(make_inputs: MakeInputs, parameters: Parameters, third: dict[str, Any]) -> None:
    """120 households on both sides of a cut from which a branch goes off: the line runs straight on."""
    rows = [GAS | {"id": f"p{i}", "geometry": shapely.LineString([(a, Y), (b, Y)])}
            for i, (a, b) in enumerate([(X, X + 1300), (X + 1300, X + 3800)])]
    branch = GAS | {"id": "b", "geometry": shapely.LineString([(X + 1300, Y), (X + 1300, Y + 30)])}
    found = pipelines.assess(make_inputs(pipeline=[*rows, branch | third]), VILLAGES, parameters)
    assert found["class_location"].tolist()[:2] == ["三级"] * 2
