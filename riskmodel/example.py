"""A small town to try the model on: what the examples of this package read.

Six by four cells of 500 m, two streets side by side, one feature of every kind that is a source: a chlorine store of 5 t with a
school 250 m away, a gas line, a reported machine, a building site, cranes, an overdue danger, a fire station and a hospital.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.grid import Grid
from geo.kinds import KINDS, FieldType
from riskmodel import quantified
from riskmodel.inputs import Coverage, ModelInputs
from riskmodel.parameters import Parameters, load_parameters
from riskmodel.quantified.assembly import Assembly
from riskmodel.quantified.units import Units
from riskmodel.run import RunResult, score
from riskmodel.scenarios import ScenarioBuilder

#: 3 km × 2 km in Albers metres.
GRID = Grid(500_000.0, 4_402_000.0, 6, 4, 500)

#: The western and the eastern street.
STREETS: tuple[str, str] = ("110101001000", "110101002000")

_WORKS, _SCHOOL = {"x": 500_800.0, "y": 4_401_200.0}, {"x": 501_050.0, "y": 4_401_200.0}

_ROWS: dict[str, tuple[dict[str, Any], ...]] = {
    "enterprise": (_WORKS | {"id": "e1", "name": "甲化工厂", "industry": "C", "staff_at_place": 80, "premises": "factory",
                             "floor_area_m2": 4000.0, "standardisation": "二级"},
                   _SCHOOL | {"id": "e2", "name": "乙饭店", "industry": "H", "staff_at_place": 20, "premises": "restaurant"}),
    "hazard_source": (_WORKS | {"id": "h1", "name": "液氯库", "enterprise_id": "e1", "unit_type": "chlorine_works",
                                "scope": "hc", "substance": "chlorine", "quantity_t": 5.0, "vessels": 5, "vessel_m3": 0.8,
                                "isolation": "automatic", "fence_m": 50.0},),
    "venue": (_SCHOOL | {"id": "v1", "name": "第一小学", "venue_type": "school", "capacity": 600, "floor_area_m2": 6000.0},),
    "pipeline": ({"id": "p1", "name": "燃气次高压管线", "medium": "gas", "service": "town", "diameter_mm": 300.0,
                  "pressure_mpa": 1.6, "wall_mm": 7.0, "year": 2005, "depth_m": 1.2, "x": 501_500.0, "y": 4_400_700.0,
                  "geometry": shapely.LineString([(500_500.0, 4_400_700.0), (502_500.0, 4_400_700.0)])},),
    "risk_source": (_WORKS | {"id": "r1", "name": "冲压机", "enterprise_id": "e1", "accident_type": "机械伤害", "method": "LEC",
                              "l": 3.0, "e": 6.0, "c": 15.0},),
    "work_site": ({"id": "w1", "name": "在建住宅楼", "site_type": "building", "workers": 60, "x": 502_200.0, "y": 4_401_700.0},),
    "equipment": ({"id": "q1", "name": "塔吊", "equipment_type": "crane", "count": 3, "x": 502_200.0, "y": 4_401_700.0},),
    "hidden_danger": (_WORKS | {"id": "d1", "name": "通风失效", "enterprise_id": "e1", "major": True,
                                "found": "2026-03-01", "due": "2026-05-01"},),
    "emergency_resource": ({"id": "f1", "resource_type": "fire_station", "x": 502_700.0, "y": 4_400_300.0},
                           {"id": "m1", "resource_type": "hospital", "x": 502_700.0, "y": 4_400_800.0}),
    "background": ({"id": "b1", "residents": 1200, "households": 480.0, "staff": {"C": 200, "H": 40}, "x": 500_750.0},
                   {"id": "b2", "residents": 3600, "households": 1400.0, "staff": {"H": 150, "P": 60}, "x": 502_250.0}),
}


def frame(kind: str, rows: Sequence[Mapping[str, Any]], grid: Grid = GRID) -> pd.DataFrame:
    """Rows of a kind as :class:`riskmodel.inputs.ModelInputs` holds them; what a row does not say is missing.

    A row without x and y stands in the middle of the grid; without a street, x decides it.

    Examples
    --------
    >>> table = frame("venue", [{"id": "v1", "venue_type": "school", "capacity": 600, "x": 500_250.0}])
    >>> table[["id", "capacity", "cell", "sprinklers"]].values.tolist()
    [['v1', 600.0, 6, False]]
    """
    middle = {"x": grid.west + grid.nx * grid.cell / 2, "y": grid.north - grid.ny * grid.cell / 2}
    usual: dict[str, Any] = {"source": "example", "synthetic": True} | middle
    full = [usual | {"name": row.get("id")} | dict(row) for row in rows]
    for row in full:
        row.setdefault("area_code", STREETS[0] if row["x"] < middle["x"] else STREETS[1])
        row.setdefault("geometry", shapely.Point(row["x"], row["y"]))
    columns = {field.name: _column(field.type, [row.get(field.name) for row in full]) for field in KINDS[kind].all_fields}
    columns |= {name: _column("float", [row[name] for row in full]) for name in ("x", "y")}
    columns["geometry"] = _column("json", [row["geometry"] for row in full])
    return pd.DataFrame(columns | {"cell": grid.index(columns["x"], columns["y"])})


def _column(of: FieldType, values: list[Any]) -> Any:
    if of in ("int", "float"):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    if of == "bool":
        return np.array([bool(value) for value in values], np.bool_)
    return pd.to_datetime(pd.Series(values, dtype=object)) if of == "date" else pd.Series(values, dtype=object)


def town(**rows: Sequence[Mapping[str, Any]]) -> ModelInputs:
    """The town; rows that are given stand for the town's own of their kind.

    Examples
    --------
    >>> inputs = town(venue=[])
    >>> inputs.frames["hazard_source"][["id", "substance", "quantity_t"]].values.tolist(), len(inputs.frames["venue"])
    ([['h1', 'chlorine', 5.0]], 0)
    """
    inputs = _town()
    return replace(inputs, frames={**inputs.frames, **{kind: frame(kind, given) for kind, given in rows.items()}})


@cache
def _town() -> ModelInputs:
    east = (np.arange(GRID.size) % GRID.nx >= GRID.nx // 2).astype(np.int32)
    streets = pd.DataFrame({"code": STREETS, "name": ["西街道", "东街道"], "parent": "110101",
                            "area_km2": GRID.size * GRID.cell_km2 / 2})
    return ModelInputs(
        GRID, streets, pd.DataFrame({"code": ["110101"], "name": ["东城区"], "parent": ["110000"]}), ("110000", "北京市"),
        Coverage(np.arange(GRID.size, dtype=np.int64), east, np.ones(GRID.size)), np.where(east, 300.0, 100.0),
        {kind: frame(kind, _ROWS.get(kind, ())) for kind in KINDS}, date(2026, 6, 1),
    )


@cache
def parameters() -> Parameters:
    """The tables that ship with the model, read once.

    Examples
    --------
    >>> parameters().number("levels.street.kappa")
    3.0
    """
    return load_parameters()


@cache
def scored() -> RunResult:
    """The town, scored once.

    Examples
    --------
    >>> scored().areas[["name", "risk_level"]].values.tolist()
    [['西街道', 1], ['东街道', 4], ['东城区', 4], ['北京市', 4]]
    """
    return score(town(), parameters(), threads=1)


def unit(**row: Any) -> tuple[Assembly, Units]:
    """One hazardous unit and an assembly without branches: what the event trees begin with. The town's store, but for `row`.

    Examples
    --------
    >>> assembly, tank = unit(unit_type="tank_farm", substance="methanol", quantity_t=280.0, vessels=4, vessel_m3=100.0)
    >>> tank.mass.tolist(), assembly.fuel("methanol").ignition_class
    ([70000.0], 1)
    """
    units = Units.read(frame("hazard_source", [_ROWS["hazard_source"][0] | row]), pd.Series({"e1": 1.0}), pd.Series({"e1": 80.0}))
    return Assembly(ScenarioBuilder(("hazard_source",)), parameters(), units), units


def vessels() -> Assembly:
    """Two vessels of 40 t of propane, 40 m apart, with all branches of their event trees.

    Examples
    --------
    >>> sorted({branch.label for branch in vessels().branches})[:2]
    ['储罐大孔泄漏·喷射火', '储罐大孔泄漏·蒸气云爆炸']
    """
    one = {"scope": "hc", "unit_type": "pressure_vessels", "substance": "propane", "quantity_t": 40.0, "vessels": 1,
           "vessel_m3": 100.0, "y": _WORKS["y"]}
    rows = [one | {"id": "t1", "x": 500_800.0}, one | {"id": "t2", "x": 500_840.0}]
    builder = ScenarioBuilder(("hazard_source",))
    made = quantified.add(builder, town(hazard_source=rows), parameters(), pd.Series(dtype=np.float64))
    assert made is not None  # noqa: S101
    return made
