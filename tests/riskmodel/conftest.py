"""A tiny region for the model's tests: 40 × 40 cells of 100 m, two streets side by side, every kind declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.grid import Grid
from geo.kinds import KINDS, Kind
from riskmodel.inputs import Coverage, ModelInputs
from riskmodel.parameters.load import Parameters, load_parameters
from riskmodel.scenarios import ScenarioBuilder

SOURCE_KINDS = ("hazard_source", "pipeline", "venue", "risk_source", "work_site", "equipment", "enterprise")
STREETS = ("110101001000", "110101002000")
AS_OF = date(2026, 6, 1)
GRID = Grid(500_000.0, 4_404_000.0, 40, 40)

Rows = Sequence[Mapping[str, Any]]
MakeInputs = Callable[..., ModelInputs]


def make_frame(kind: str, rows: Rows, grid: Grid = GRID) -> pd.DataFrame:
    """Rows of a kind as the model gets them; x and y default to the middle of the grid, fields to missing."""
    declared = KINDS[kind]
    full = [_row(declared, i, row, grid) for i, row in enumerate(rows)]
    columns = [field.name for field in declared.all_fields] + ["x", "y", "geometry"]
    frame = pd.DataFrame(full, columns=columns)
    for field in declared.all_fields:
        if field.type in ("int", "float"):
            frame[field.name] = frame[field.name].astype(np.float64)
        elif field.type == "bool":
            frame[field.name] = frame[field.name].astype(bool)
        elif field.type == "date":
            frame[field.name] = pd.to_datetime(frame[field.name])
        else:
            frame[field.name] = frame[field.name].astype(object)
    frame[["x", "y"]] = frame[["x", "y"]].astype(np.float64)
    frame["cell"] = grid.index(frame["x"], frame["y"])
    return frame


def _row(kind: Kind, i: int, given: Mapping[str, Any], grid: Grid) -> dict[str, Any]:
    x = given.get("x", grid.west + grid.nx * grid.cell / 2 + 10.0)
    y = given.get("y", grid.north - grid.ny * grid.cell / 2 + 10.0)
    row: dict[str, Any] = {field.name: False if field.type == "bool" else None for field in kind.all_fields}
    street = STREETS[0] if x < grid.west + grid.nx * grid.cell / 2 else STREETS[1]
    row |= {"id": f"{kind.name}-{i}", "name": f"{kind.zh}{i}", "source": "test", "synthetic": True, "area_code": street}
    return row | {"x": x, "y": y, "geometry": shapely.Point(x, y)} | dict(given)


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    """The tables that ship with the model."""
    return load_parameters()


@pytest.fixture
def builder() -> ScenarioBuilder:
    """An empty builder that knows all kinds of sources."""
    return ScenarioBuilder(SOURCE_KINDS)


@pytest.fixture(scope="session")
def make_inputs() -> MakeInputs:
    """Inputs of the tiny region; `make_inputs(enterprise=[…], residents=10.0)`; kinds not named are empty."""

    def make(*, residents: float | np.ndarray = 10.0, grid: Grid = GRID, as_of: date = AS_OF, **rows: Rows) -> ModelInputs:
        column = np.arange(grid.size) % grid.nx
        streets = pd.DataFrame(
            {"code": STREETS, "name": ["东街道", "西街道"], "parent": "110101", "area_km2": grid.size * grid.cell_km2 / 2}
        )
        coverage = Coverage(np.arange(grid.size, dtype=np.int64), (column >= grid.nx // 2).astype(np.int32), np.ones(grid.size))
        districts = pd.DataFrame({"code": ["110101"], "name": ["东城区"], "parent": ["110000"]})
        people = np.broadcast_to(np.asarray(residents, np.float64), (grid.size,)).copy()
        frames = {kind: make_frame(kind, rows.get(kind, ()), grid) for kind in KINDS}
        return ModelInputs(grid, streets, districts, ("110000", "北京市"), coverage, people, frames, as_of)

    return make
