from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from rasterio.crs import CRS
from rio_cogeo import cog_validate

from geo.grid import ALBERS, to_metres
from layers.reader import Snapshot


@pytest.mark.parametrize("name", ["risk.tif", "level.tif"])
def test_rio_cogeo_finds_them_valid(snapshot_path: Path, name: str) -> None:
    valid, errors, warnings = cog_validate(snapshot_path / name, strict=True)
    assert (valid, errors, warnings) == (True, [], [])


def test_bands_hold_the_table_at_its_places(snapshot_path: Path, snapshot: Snapshot) -> None:
    cells = pq.read_table(snapshot_path / "cells.parquet").to_pandas()
    x, y = to_metres(cells["lon"], cells["lat"])
    with rasterio.open(snapshot_path / "risk.tif") as raster:
        assert raster.descriptions == ("density", "ir_hc", "ir_an", "ir_semi")
        assert raster.crs == CRS.from_string(ALBERS)
        assert raster.tags()["SYNTHETIC"]
        values = np.array(list(raster.sample(zip(x, y, strict=True))))
        whole = raster.read(1).sum(dtype=np.float64)
    np.testing.assert_allclose(values[:, 0], cells["density"], rtol=1e-6)
    np.testing.assert_allclose(values[:, 1], cells["ir_hc"] * 1e-18, rtol=1e-6)
    assert whole * snapshot.grid.cell_km2 == pytest.approx(cells["s"].sum() * 1e-15, rel=1e-5)


def test_levels_carry_their_colours(snapshot_path: Path) -> None:
    cells = pq.read_table(snapshot_path / "cells.parquet").to_pandas()
    with rasterio.open(snapshot_path / "level.tif") as raster:
        levels, colours = raster.read(1), raster.colormap(1)
    assert colours[1] == (0xE0, 0x31, 0x31, 255)
    assert colours[4] == (0x4C, 0x6E, 0xF5, 255)
    assert [(levels == k).sum() for k in range(1, 5)] == [(cells["level"] == k).sum() for k in range(1, 5)]
