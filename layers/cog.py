"""Cloud-optimised GeoTIFFs of the fields and of the levels, for QGIS and anything that speaks GDAL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from geo.grid import ALBERS, Grid
from layers.style import LEVELS


def write_fields(path: Path, grid: Grid, bands: Mapping[str, NDArray[np.float32]], *,
                 tags: Mapping[str, str] | None = None) -> None:
    """Write float32 bands as one COG with overviews (mean), ZSTD with predictor; 0 is no data.

    Parameters
    ----------
    path : Path
    grid : Grid
    bands : mapping of name to (ny, nx) float32
        In the order of the bands; the names become band descriptions.
    tags : mapping or None
        More metadata (run id, licence).
    """
    profile = {**_profile(grid), "count": len(bands), "dtype": "float32", "nodata": 0.0, "interleave": "pixel"}
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            for number, (name, values) in enumerate(bands.items(), start=1):
                target.write(values, number)
                target.set_band_description(number, name)
            target.update_tags(**(tags or {}))
        _copy(memory, path, predictor="YES", overview_resampling="AVERAGE")


def write_levels(path: Path, grid: Grid, codes: NDArray[np.uint8], *, tags: Mapping[str, str] | None = None) -> None:
    """Write levels 1–4 (0: nothing there) as a COG with the four colours as its colour table; overviews keep the mode.

    Parameters
    ----------
    codes : (ny, nx) uint8
        From :func:`layers.raster.level_codes`; hatching is not kept here.
    """
    levels = ((codes + np.uint8(1)) // 2).astype(np.uint8)
    colours = {0: (0, 0, 0, 0), **{entry.code: (*entry.rgb, 255) for entry in LEVELS}}
    with MemoryFile() as memory:
        with memory.open(**_profile(grid), count=1, dtype="uint8", nodata=0) as target:
            target.write(levels, 1)
            target.colorinterp = [ColorInterp.palette]
            target.write_colormap(1, colours)
            target.set_band_description(1, "level")
            target.update_tags(**(tags or {}))
        _copy(memory, path, overview_resampling="MODE")


def _profile(grid: Grid) -> dict[str, Any]:
    return {"driver": "GTiff", "width": grid.nx, "height": grid.ny, "crs": ALBERS, "transform": Affine(*grid.transform)}


def _copy(memory: MemoryFile, path: Path, **options: str) -> None:
    with rasterio.Env(GDAL_NUM_THREADS="2"), memory.open() as source:
        rasterio.shutil.copy(source, str(path), driver="COG", compress="ZSTD", blocksize="512", **options)
