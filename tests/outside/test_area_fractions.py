"""Area shares against exactextract (Baston, https://github.com/isciences/exactextract), which gives them as float32."""

from __future__ import annotations

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.feature import JSONFeatureSource
from exactextract.raster import NumPyRasterSource

from geo.areas import coverage
from geo.grid import Grid

GRID = Grid(west=400_000.0, north=4_500_000.0, nx=60, ny=50, cell=100)


def cells_of_voronoi(seed: int, count: int) -> list[shapely.Polygon]:
    """A random partition of the grid's frame."""
    random = np.random.default_rng(seed)
    frame = shapely.box(GRID.west, GRID.north - 5000.0, GRID.west + 6000.0, GRID.north)
    x, y = GRID.west + random.uniform(0, 6000, count), GRID.north - random.uniform(0, 5000, count)
    parts = shapely.voronoi_polygons(shapely.MultiPoint(np.column_stack([x, y]))).geoms
    return [shapely.intersection(part, frame) for part in parts]


def test_shares_equal_exactextract() -> None:
    polygons = cells_of_voronoi(7, 40)
    cell, street, fraction = coverage(polygons, GRID)
    raster = NumPyRasterSource(
        np.zeros((GRID.ny, GRID.nx)), GRID.west, GRID.north - GRID.ny * 100, GRID.west + GRID.nx * 100, GRID.north, srs_wkt=None,
    )
    features = JSONFeatureSource([
        {"type": "Feature", "id": k, "properties": {}, "geometry": shapely.geometry.mapping(polygon)}
        for k, polygon in enumerate(polygons)
    ])
    outside = exact_extract(raster, features, ["cell_id", "coverage"], include_cols=["id"])
    theirs = np.zeros((len(polygons), GRID.size))
    for feature in outside:
        properties = feature["properties"]
        theirs[feature["id"], np.asarray(properties["cell_id"], np.int64)] = properties["coverage"]
    ours = np.zeros_like(theirs)
    ours[street, cell] = fraction
    np.testing.assert_allclose(ours, theirs, atol=2e-6)
    np.testing.assert_allclose(ours.sum(axis=0), 1.0, atol=1e-9)
