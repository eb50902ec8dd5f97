from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from geo.grid import Grid
from layers.overlay import cell_fractions

GRID = Grid(0.0, 20_000.0, 200, 200)


def star(x: float, y: float, radii: list[float]) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return shapely.Polygon(np.column_stack([x + np.array(radii) * np.cos(angle), y + np.array(radii) * np.sin(angle)]))


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 20_000), st.floats(0, 20_000), st.lists(st.floats(50, 9_000), min_size=3, max_size=12))
def test_fractions_are_those_of_shapely_cell_by_cell(x: float, y: float, radii: list[float]) -> None:
    polygon = star(x, y, radii)
    cell, fraction = cell_fractions(polygon, GRID)
    inside = shapely.intersection(polygon, shapely.box(0, 0, 20_000, 20_000)).area
    assert fraction.sum() * 1e4 == pytest.approx(inside, rel=1e-9, abs=1e-3)
    assert np.all(np.diff(cell) > 0)
    some = np.linspace(0, len(cell) - 1, min(len(cell), 40)).astype(int)
    cx, cy = GRID.centre(cell[some])
    exact = shapely.area(shapely.intersection(shapely.box(cx - 50, cy - 50, cx + 50, cy + 50), polygon)) / 1e4
    np.testing.assert_allclose(fraction[some], exact, atol=1e-9)


def test_holes_and_parts_count() -> None:
    ring = shapely.box(1000, 1000, 9000, 9000).difference(shapely.box(2050, 2050, 7950, 7950))
    both = ring.union(shapely.box(12_000, 12_000, 12_150, 12_050))
    _, fraction = cell_fractions(both, GRID)
    assert fraction.sum() * 1e4 == pytest.approx(both.area, rel=1e-12)


def test_a_whole_cell_counts_once_and_outside_is_nothing() -> None:
    cell, fraction = cell_fractions(shapely.box(500, 500, 600, 600), GRID)
    assert cell.tolist() == [GRID.index([550], [550])[0]]
    assert fraction.tolist() == [1.0]
    assert len(cell_fractions(affinity.translate(shapely.box(0, 0, 5, 5), 50_000), GRID)[0]) == 0
    assert len(cell_fractions(shapely.Polygon(), GRID)[0]) == 0
