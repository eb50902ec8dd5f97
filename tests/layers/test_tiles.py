from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

from geo.grid import ALBERS, Grid, to_degrees, to_metres
from layers.archive import TileArchive
from layers.mercator import inverse_mercator, mercator
from layers.palette import palette
from layers.png import encode
from layers.raster import TILE, halve, level_codes, occupied_tiles, striped, warp_tiles
from layers.tiles import MAX_ZOOM, MIN_ZOOM, write_pyramid
from tests.support.snapshots import small_grid

# A tile is a plain PNG: that it has no place of its own is no fault.
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

HALF = 20_037_508.342789244


def decode(data: bytes) -> NDArray[np.uint8]:
    """Palette indices by GDAL's PNG driver (libpng)."""
    with MemoryFile(data) as memory, memory.open() as image:
        return np.asarray(image.read(1))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_libpng_reads_back_every_pixel(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 13, (height, width), np.uint8)
    assert np.array_equal(decode(encode(pixels, palette())), pixels)


def test_libpng_reads_the_colours() -> None:
    with MemoryFile(encode(np.arange(13, dtype=np.uint8)[None, :], palette())) as memory, memory.open() as image:
        colours = image.colormap(1)
    assert colours[0][3] == 0
    assert colours[1] == colours[2] == (0xE0, 0x31, 0x31, 255)
    assert colours[7] == colours[8] == (0x4C, 0x6E, 0xF5, 255)


def city_codes(grid: Grid) -> NDArray[np.uint8]:
    rng = np.random.default_rng(5)
    cell = np.flatnonzero(rng.random(grid.size) < 0.6)
    return level_codes(grid, cell, rng.integers(1, 5, len(cell)).astype(np.int8), rng.random(len(cell)) < 0.1)


def test_tiles_equal_a_gdal_warp_of_the_same_raster() -> None:
    """Oracle: GDAL's nearest-neighbour warp (rasterio.warp), which shares no code with ours."""
    grid = Grid(small_grid().west, small_grid().north, 300, 280)
    codes = city_codes(grid)
    tiles = occupied_tiles(grid, codes, MAX_ZOOM)
    ours = warp_tiles(grid, codes, MAX_ZOOM, tiles)
    side = 2 * HALF / 2**MAX_ZOOM
    same = total = 0
    for (x, y), pixels in zip(tiles, ours, strict=True):
        target = np.zeros((TILE, TILE), np.uint8)
        reproject(codes, target, src_transform=Affine(*grid.transform), src_crs=ALBERS, dst_crs="EPSG:3857",
                  dst_transform=Affine(side / TILE, 0, -HALF + x * side, 0, -side / TILE, HALF - y * side),
                  resampling=Resampling.nearest)
        same += int((target == pixels).sum())
        total += target.size
    assert ours.any()
    assert same / total > 0.999  # GDAL itself approximates to an eighth of a pixel


def test_tiles_equal_the_projection_of_every_single_pixel() -> None:
    grid = Grid(small_grid().west, small_grid().north, 300, 280)
    codes = city_codes(grid)
    tiles = occupied_tiles(grid, codes, MAX_ZOOM)[10:14]
    step = (np.arange(TILE) + 0.5) / TILE
    for (x, y), pixels in zip(tiles, warp_tiles(grid, codes, MAX_ZOOM, tiles), strict=True):
        lon, lat = inverse_mercator(*np.meshgrid(x + step, y + step), MAX_ZOOM)
        cell = grid.index(*to_metres(lon, lat))
        expected = np.where(cell >= 0, codes.ravel()[cell], 0)
        assert (pixels != expected).sum() <= 10  # of 65,536: the lattice is off by at most 4 mm


def test_no_cell_is_lost_between_candidate_tiles() -> None:
    grid = small_grid()
    codes = np.zeros((grid.ny, grid.nx), np.uint8)
    codes[0, 0] = codes[-1, -1] = codes[20, 31] = 1
    pixels = warp_tiles(grid, codes, MAX_ZOOM, occupied_tiles(grid, codes, MAX_ZOOM))
    lon, lat = to_degrees(*grid.centre([0]))
    x, y = mercator(lon, lat, MAX_ZOOM)
    tile = occupied_tiles(grid, codes, MAX_ZOOM).index((int(x[0]), int(y[0])))
    assert pixels[tile, int(y[0] % 1 * TILE), int(x[0] % 1 * TILE)] == 1
    area = (pixels == 1).sum() * (40_075_016.7 * np.cos(np.radians(39.92)) / 2**MAX_ZOOM / TILE) ** 2
    assert area == pytest.approx(3 * 1e4, rel=0.05)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_halving_keeps_the_worst_of_four(seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 9, (8, 12), np.uint8)
    small = halve(codes)
    for row in range(4):
        for col in range(6):
            four = codes[2 * row:2 * row + 2, 2 * col:2 * col + 2]
            assert small[row, col] == (four[four > 0].min() if four.any() else 0)


def test_only_hatched_cells_are_striped() -> None:
    codes = np.repeat(np.array([[0, 1, 2, 7, 8]], np.uint8), 64, axis=0).repeat(64, axis=1)
    drawn = striped(codes)
    assert np.array_equal(drawn[np.isin(codes, (0, 1, 7))], codes[np.isin(codes, (0, 1, 7))])
    assert set(np.unique(drawn[codes == 2])) == {2, 9}
    assert set(np.unique(drawn[codes == 8])) == {8, 12}


def test_the_pyramid_is_complete_clustered_and_repeatable(tmp_path: Path) -> None:
    grid = Grid(small_grid().west, small_grid().north, 300, 280)
    codes = city_codes(grid)
    steps: list[float] = []
    count = write_pyramid(tmp_path / "a.pmtiles", grid, codes, threads=2, progress=steps.append)
    write_pyramid(tmp_path / "b.pmtiles", grid, codes, threads=1)
    assert (tmp_path / "a.pmtiles").read_bytes() == (tmp_path / "b.pmtiles").read_bytes()
    archive = TileArchive(tmp_path / "a.pmtiles")
    assert len(archive) == count
    assert archive.header["clustered"] is True
    assert (archive.header["min_zoom"], archive.header["max_zoom"]) == (MIN_ZOOM, MAX_ZOOM)
    assert steps[-1] == 1.0
    for z, x, y in archive:
        assert z == MIN_ZOOM or archive.tile(z - 1, x >> 1, y >> 1) is not None
    assert archive.tile(MIN_ZOOM, 0, 0) is None
    assert decode(archive.tile(*next(iter(archive))) or b"").shape == (TILE, TILE)


def test_worst_class_survives_to_the_top(tmp_path: Path) -> None:
    grid = small_grid()
    codes = np.full((grid.ny, grid.nx), 7, np.uint8)
    codes[25, 30] = 1
    write_pyramid(tmp_path / "a.pmtiles", grid, codes)
    archive = TileArchive(tmp_path / "a.pmtiles")
    for zoom in range(MIN_ZOOM, MAX_ZOOM + 1):
        assert any((decode(archive.tile(*place) or b"") == 1).any() for place in archive if place[0] == zoom)


def test_an_empty_map_is_one_clear_tile(tmp_path: Path) -> None:
    grid = small_grid()
    assert write_pyramid(tmp_path / "a.pmtiles", grid, np.zeros((grid.ny, grid.nx), np.uint8)) == 1
    archive = TileArchive(tmp_path / "a.pmtiles")
    assert [decode(archive.tile(*place) or b"").max() for place in archive] == [0]


def test_the_tiles_show_the_levels_of_the_raster(snapshot_path: Path) -> None:
    archive = TileArchive(snapshot_path / "risk.pmtiles")
    assert archive.metadata["synthetic"] is True
    assert archive.header["tile_type"].name == "PNG"
    with rasterio.open(snapshot_path / "level.tif") as levels:
        present = set(np.unique(levels.read(1)).tolist()) - {0}
    shown = {(code + 1) // 2 for place in archive if place[0] == MAX_ZOOM
             for code in np.unique(decode(archive.tile(*place) or b"")).tolist() if 0 < code <= 8}
    assert shown == present
