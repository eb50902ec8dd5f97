"""Area shares: exact against Shapely on border cells, additive, blind to orientation, position and neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.areas import clean, coverage
from geo.errors import BadGeometry
from geo.grid import Grid

GRID = Grid(west=500_000.0, north=4_401_000.0, nx=12, ny=10, cell=100)
FRAME = shapely.box(GRID.west, GRID.north - 1000.0, GRID.west + 1200.0, GRID.north)


def by_shapely(polygon: shapely.Polygon) -> np.ndarray:
    """Share of every cell by clipping it: slow and independent."""
    x, y = GRID.centre(np.arange(GRID.size))
    cells = shapely.box(x - 50, y - 50, x + 50, y + 50)
    return shapely.area(shapely.intersection(cells, polygon)) / 1e4


def dense(polygons: list[shapely.Polygon], street: int = 0) -> np.ndarray:
    cell, which, fraction = coverage(polygons, GRID)
    return np.bincount(cell[which == street], fraction[which == street], GRID.size)


@st.composite
def stars(draw: st.DrawFn, reach: float = 480.0) -> shapely.Polygon:
    """A star-shaped polygon, sometimes with a hole, sometimes with vertices on grid lines."""
    count = draw(st.integers(3, 24))
    radius = np.array(draw(st.lists(st.floats(0.05, 1.0), min_size=count, max_size=count)))
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + draw(st.floats(0, 1))
    x = GRID.west + 600 + reach * radius * np.cos(angle)
    y = GRID.north - 500 + reach * radius * np.sin(angle)
    if draw(st.booleans()):
        x, y = np.round(x / 50) * 50, np.round(y / 50) * 50
    shell = shapely.make_valid(shapely.Polygon(np.column_stack([x, y])), method="structure")
    if draw(st.booleans()):
        shell = shapely.difference(shell, shapely.affinity.scale(shell, 0.5, 0.4))
    return shell


def has_area(polygon: shapely.Geometry) -> bool:
    return polygon.geom_type in ("Polygon", "MultiPolygon") and polygon.area > 1.0


@settings(max_examples=60, deadline=None)
@given(stars().filter(has_area))
def test_equals_clipping_every_cell(polygon: shapely.Polygon) -> None:
    np.testing.assert_allclose(dense([polygon]), by_shapely(polygon), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(stars().filter(has_area))
def test_area_is_kept_to_rounding(polygon: shapely.Polygon) -> None:
    assert dense([polygon]).sum() * 1e4 == pytest.approx(polygon.area, rel=1e-11, abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(stars().filter(has_area))
def test_a_polygon_and_its_complement_fill_every_cell(polygon: shapely.Polygon) -> None:
    rest = shapely.difference(FRAME, polygon)
    np.testing.assert_allclose(dense([polygon, rest]) + dense([polygon, rest], 1), 1.0, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(stars().filter(has_area), st.integers(-1, 1), st.integers(-1, 1))
def test_whole_cells_of_shift_move_the_shares(polygon: shapely.Polygon, right: int, down: int) -> None:
    moved = shapely.affinity.translate(polygon, right * 100.0, -down * 100.0)
    window = Grid(GRID.west + right * 100.0, GRID.north - down * 100.0, GRID.nx, GRID.ny)
    here, there = coverage([polygon], GRID), coverage([moved], window)
    dense_here = np.bincount(here[0], here[2], GRID.size)
    np.testing.assert_allclose(np.bincount(there[0], there[2], GRID.size), dense_here, atol=1e-9)


def test_orientation_does_not_matter() -> None:
    ring = shapely.box(GRID.west + 130, GRID.north - 770, GRID.west + 880, GRID.north - 220)
    np.testing.assert_array_equal(dense([ring]), dense([ring.reverse()]))


def test_multipolygon_is_the_sum_of_its_parts() -> None:
    a = shapely.box(GRID.west + 10, GRID.north - 90, GRID.west + 250, GRID.north - 20)
    b = shapely.box(GRID.west + 610, GRID.north - 990, GRID.west + 915, GRID.north - 420)
    np.testing.assert_allclose(dense([shapely.MultiPolygon([a, b])]), dense([a]) + dense([b]), atol=1e-15)


def test_parts_outside_the_grid_are_left_out() -> None:
    big = shapely.box(GRID.west - 5000, GRID.north - 650, GRID.west + 350, GRID.north + 5000)
    np.testing.assert_allclose(dense([big]), by_shapely(big), atol=1e-12)
    away = shapely.box(0.0, 0.0, 50.0, 50.0)
    assert coverage([away], GRID)[0].size == 0


def test_pairs_are_sorted_by_cell_then_street() -> None:
    left = shapely.box(GRID.west, GRID.north - 1000, GRID.west + 650, GRID.north)
    right = shapely.box(GRID.west + 650, GRID.north - 1000, GRID.west + 1200, GRID.north)
    cell, street, fraction = coverage([left, right], GRID)
    assert cell.dtype == np.int64
    assert street.dtype == np.int32
    assert fraction.dtype == np.float64
    assert np.array_equal(np.lexsort((street, cell)), np.arange(len(cell)))
    assert len(cell) == GRID.size + GRID.ny
    np.testing.assert_allclose(np.bincount(cell, fraction), 1.0, atol=1e-14)


def test_clean_settles_overlaps_and_gaps_and_says_how_much_moved() -> None:
    a = shapely.box(0, 0, 100, 100)
    b = shapely.box(99, 0, 200, 100)  # 100 m² of overlap
    c = shapely.box(200.4, 0, 300, 100)  # a gap of 40 m², hemmed in by d
    d = shapely.box(0, 100, 300, 200)
    e = shapely.box(0, -100, 300, 0)
    cleaned, moved = clean([a, b, c, d, e])
    assert shapely.coverage_is_valid(cleaned)
    assert shapely.area(cleaned).sum() == pytest.approx(90_000.0)
    assert moved.sum() == pytest.approx(140.0)
    assert moved[3:].max() == pytest.approx(0.0)


def test_clean_leaves_a_clean_coverage_alone() -> None:
    tiles = [shapely.box(x, y, x + 100, y + 100) for x in (0, 100) for y in (0, 100)]
    cleaned, moved = clean(tiles)
    assert moved.tolist() == [0.0] * 4
    assert all(shapely.equals(one, other) for one, other in zip(cleaned, tiles, strict=True))


def test_clean_keeps_wide_holes() -> None:
    ring = shapely.difference(shapely.box(0, 0, 900, 900), shapely.box(300, 300, 600, 600))
    cleaned, _ = clean([ring])
    assert cleaned[0].area == pytest.approx(720_000.0)


@pytest.mark.parametrize("broken", [shapely.Point(1, 2), shapely.Polygon(), shapely.LineString([(0, 0), (1, 1)])])
def test_what_is_no_area_is_refused(broken: shapely.Geometry) -> None:
    with pytest.raises(BadGeometry) as caught:
        coverage([FRAME, broken], GRID)
    assert "第 2 个行政区" in caught.value.zh
    assert caught.value.remedy_en
    with pytest.raises(BadGeometry):
        clean([broken])


def test_an_area_that_its_neighbours_swallow_is_refused() -> None:
    with pytest.raises(BadGeometry):
        clean([shapely.box(0, 0, 100, 100), shapely.box(0, 0, 100, 100)])
