"""A tiny region for the model's tests: 40 × 40 cells of 100 m, two streets side by side, every kind declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geo.grid import Grid
from geo.kinds import KINDS
from riskmodel.example import STREETS, frame
from riskmodel.inputs import Coverage, ModelInputs
from riskmodel.parameters.load import Parameters, load_parameters
from riskmodel.scenarios import ScenarioBuilder

SOURCE_KINDS = ("hazard_source", "pipeline", "venue", "risk_source", "work_site", "equipment", "enterprise")
AS_OF = date(2026, 6, 1)
GRID = Grid(500_000.0, 4_404_000.0, 40, 40)

Rows = Sequence[Mapping[str, Any]]
MakeInputs = Callable[..., ModelInputs]


def make_frame(kind: str, rows: Rows, grid: Grid = GRID) -> pd.DataFrame:
    """Rows of a kind as the model gets them; x and y default to the middle of the grid, fields to missing."""
    middle = {"x": grid.west + grid.nx * grid.cell / 2 + 10.0, "y": grid.north - grid.ny * grid.cell / 2 + 10.0}
    usual = middle | {"source": "test"}
    return frame(kind, [usual | {"id": f"{kind}-{i}", "name": f"{KINDS[kind].zh}{i}"} | dict(row) for i, row in enumerate(rows)],
                 grid)


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
