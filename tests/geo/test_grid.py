"""The grid: one id is one cell everywhere, edges have one owner, distances are true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo.errors import BadParameter, NotFound
from geo.grid import Grid, to_degrees, to_metres

GRID = Grid(480_000.0, 4_180_000.0, 120, 90)


def test_corners_and_outside() -> None:
    eps = 1e-6
    x = np.array([GRID.west, GRID.west + 12_000 - eps, GRID.west, GRID.west + 12_000 - eps, GRID.west - eps, GRID.west + 12_000])
    y = np.array([GRID.north - eps, GRID.north - eps, GRID.north - 9_000, GRID.north - 9_000, GRID.north - 1, GRID.north - 1])
    assert GRID.index(x, y).tolist() == [0, 119, 89 * 120, 90 * 120 - 1, -1, -1]
    assert GRID.index([GRID.west + 5], [GRID.north]).tolist() == [-1]  # the upper edge belongs to the cell to its north


def test_an_edge_has_the_same_owner_in_every_window() -> None:
    window = Grid(GRID.west + 1_000, GRID.north - 1_000, 40, 40)
    x, y = np.array([GRID.west + 2_000.0]), np.array([GRID.north - 2_000.0])
    assert window.ids(window.index(x, y)) == GRID.ids(GRID.index(x, y))


@given(st.integers(0, GRID.size - 1))
def test_names_and_centres_round_trip(index: int) -> None:
    assert GRID.find(GRID.ids(index)[0]) == index
    assert GRID.index(*GRID.centre(index)) == index


@pytest.mark.parametrize("name", ["", "100mN1E", "250mN41800E4800", "<script>", "100mN41800E4800x"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(BadParameter):
        GRID.find(name)


def test_a_cell_elsewhere_is_not_found() -> None:
    with pytest.raises(NotFound):
        GRID.find("100mN1E1")


@given(st.floats(113.5, 119.8), st.floats(36.1, 42.6))
def test_projection_round_trip(lon: float, lat: float) -> None:
    back = to_degrees(*to_metres(lon, lat))
    assert back[0] == pytest.approx(lon, abs=1e-9)
    assert back[1] == pytest.approx(lat, abs=1e-9)


@given(st.floats(113.5, 119.8), st.floats(36.1, 42.6), st.floats(0, 360))
def test_distances_are_true_to_a_thousandth(lon: float, lat: float, azimuth: float) -> None:
    """Against the geodesic on GRS 80 (PROJ), 10 km in any direction anywhere in 京津冀."""
    lon2, lat2, _ = Geod(ellps="GRS80").fwd(lon, lat, azimuth, 10_000)
    x, y = to_metres([lon, lon2], [lat, lat2])
    assert np.hypot(*(np.diff(x)[0], np.diff(y)[0])) == pytest.approx(10_000, rel=1.2e-3)


def test_areas_are_equal() -> None:
    """A cell's four corners enclose 10,000 m² on the ellipsoid (PROJ geodesic area), north and south."""
    for corner in ((480_000.0, 4_180_000.0), (300_000.0, 3_900_000.0), (700_000.0, 4_380_000.0)):
        x = corner[0] + np.array([0, 1000, 1000, 0])
        y = corner[1] + np.array([0, 0, 1000, 1000])
        area, _ = Geod(ellps="GRS80").polygon_area_perimeter(*to_degrees(x, y))
        assert abs(area) == pytest.approx(1e6, rel=1e-5)


def test_cell_size_is_bounded() -> None:
    with pytest.raises(BadParameter, match="网格边长"):
        Grid.around((0, 0, 1000, 1000), cell=10)
