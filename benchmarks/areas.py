"""Exact shares of grid cells in the shipped streets, against exactextract; Shapely judges where the two differ most."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.report import Result, best, once, run, say, version
from geo.areas import clean, coverage
from geo.grid import ALBERS, Grid, to_metres

Pairs = tuple[NDArray[np.int64], NDArray[np.float64]]  #: street · cells + cell, ascending, and the share


def streets_in_metres(limit: int) -> list[shapely.Polygon]:
    """The shipped streets in Albers metres (the first `limit` of them) as one clean partition."""
    from geo.sample.shipped import read_shipped

    shapes = shapely.from_wkb(read_shipped().streets["geometry"].to_numpy()[:limit])
    flat = shapely.transform(shapes, lambda points: np.column_stack(to_metres(points[:, 0], points[:, 1])))
    return list(clean(list(flat))[0])


def ours(polygons: list[shapely.Polygon], grid: Grid) -> Pairs:
    """Our shares."""
    cell, street, fraction = coverage(polygons, grid)
    return _sorted(street.astype(np.int64) * grid.size + cell, fraction)


class Peer:
    """exactextract on the same grid; its inputs are made beforehand and not counted."""

    def __init__(self, polygons: list[shapely.Polygon], grid: Grid) -> None:
        import geopandas
        from exactextract.raster import NumPyRasterSource
        from pyproj import CRS

        crs = CRS.from_user_input(ALBERS)
        self.grid = grid
        self.frame = geopandas.GeoDataFrame({"street": np.arange(len(polygons))}, geometry=polygons, crs=crs)
        south, east = grid.north - grid.ny * grid.cell, grid.west + grid.nx * grid.cell
        values = np.zeros((grid.ny, grid.nx), np.uint8)
        self.raster = NumPyRasterSource(values, grid.west, south, east, grid.north, srs_wkt=crs.to_wkt())

    def shares(self) -> Pairs:
        """Its shares (float32 as it gives them)."""
        from exactextract import exact_extract

        found = exact_extract(self.raster, self.frame, ["cell_id", "coverage"], include_cols=["street"], output="pandas")
        lengths = [len(cells) for cells in found["cell_id"]]
        key = np.repeat(found["street"].to_numpy(np.int64), lengths) * self.grid.size
        return _sorted(key + np.concatenate(found["cell_id"].to_numpy()).astype(np.int64),
                       np.concatenate(found["coverage"].to_numpy()).astype(np.float64))


def _sorted(key: NDArray[np.int64], share: NDArray[np.float64]) -> Pairs:
    order = np.argsort(key, kind="stable")
    return key[order], share[order]


def declare(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--streets", type=int, default=343, help="how many of the 343 shipped streets")


def measure(options: argparse.Namespace) -> Result:
    """Both on the same cleaned streets and the same grid."""
    clean_s, polygons = once(lambda: streets_in_metres(options.streets))
    grid = Grid.around(tuple(shapely.total_bounds(polygons).tolist()))
    say("own")
    first_s, _ = once(lambda: coverage(polygons[:1], grid))
    own_s, _ = best(lambda: coverage(polygons, grid), 5)
    say("exactextract")
    peer = Peer(polygons, grid)
    peer_s, (their_key, their_share) = best(peer.shares, 3)
    key, share = ours(polygons, grid)
    area = shapely.area(polygons)
    return Result(
        {"streets": len(polygons), "vertices": int(shapely.get_num_coordinates(polygons).sum()), "cells": grid.size,
         "pairs": len(key), "partial_pairs": int((share < 1).sum())},
        "warm: best of 5 (own) and best of 3 (peer) after a first call; first_s is that call on one street (compiled code loaded "
        "or made); prepare_s reads, projects and cleans the streets, used by both. Our time contains sorting the pairs by cell.",
        {"prepare_s": clean_s, "first_s": first_s, "coverage_s": own_s},
        f"{version('exactextract')} exact_extract, cell_id and coverage (float32), from a GeoDataFrame",
        {"coverage_s": peer_s}, {"coverage_ratio": peer_s / own_s},
        {**_worst(polygons, grid, (key, share), (their_key, their_share)),
         "own_worst_street_area_error_ratio": _area_error(key, share, area, grid),
         "peer_worst_street_area_error_ratio": _area_error(their_key, their_share, area, grid)},
    )


def _worst(polygons: list[shapely.Polygon], grid: Grid, own: Pairs, peer: Pairs) -> dict[str, float]:
    """Largest difference, and how far each is from Shapely's intersection there."""
    key = np.union1d(own[0], peer[0])
    a, b = _spread(key, own), _spread(key, peer)
    worst = int(np.argmax(np.abs(a - b)))
    street, cell = divmod(int(key[worst]), grid.size)
    x, y = grid.centre(cell)
    half = grid.cell / 2
    box = shapely.box(float(x) - half, float(y) - half, float(x) + half, float(y) + half)
    exact = shapely.intersection(polygons[street], box).area / grid.cell**2
    return {"largest_difference_ratio": float(abs(a - b)[worst]),
            "second_difference_ratio": float(np.partition(abs(a - b), -2)[-2]),
            "own_error_there_ratio": abs(float(a[worst]) - exact), "peer_error_there_ratio": abs(float(b[worst]) - exact)}


def _spread(key: NDArray[np.int64], pairs: Pairs) -> NDArray[np.float64]:
    values = np.zeros(len(key))
    values[np.searchsorted(key, pairs[0])] = pairs[1]
    return values


def _area_error(key: NDArray[np.int64], share: NDArray[np.float64], area: NDArray[np.float64], grid: Grid) -> float:
    sums = np.bincount(key // grid.size, share, len(area)) * grid.cell**2
    return float(np.abs(sums / area - 1).max())


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    run("areas", __doc__ or "", declare, measure, argv)


if __name__ == "__main__":
    main()
