"""The ground on which the sample stands: streets, grid, shares of cells, and where inside a street things are likely."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.areas import coverage
from geo.grid import Grid, to_metres
from geo.sample.shipped import Shipped

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def largest_remainder(weights: Floats, total: int) -> Ints:
    """Whole numbers in proportion to `weights` that sum to `total` exactly (Hamilton's method; ties by position)."""
    share = weights / weights.sum() * total
    floor = np.floor(share).astype(np.int64)
    rest = int(total - floor.sum())
    floor[np.argsort(floor - share, kind="stable")[:rest]] += 1
    return np.asarray(floor, np.int64)


def random_for(seed: int, subject: str) -> np.random.Generator:
    """The random numbers of one subject: adding a subject never changes another."""
    return np.random.default_rng([seed, zlib.crc32(subject.encode())])


@dataclass(frozen=True)
class Ground:
    """Streets on the grid. Pairs are (cell, street) with their area share, grouped by street.

    Attributes
    ----------
    streets : DataFrame
        code, name, kind_zh, district_code, district, x, y (label point), area_km2.
    polygons : (n,) object array
        Streets in Albers metres.
    grid : Grid
    cell, street, fraction : arrays over pairs
        Sorted by street, then cell.
    start : (n + 1,) int64
        Where each street's pairs begin.
    built : over pairs
        Area share that is neither water, park nor graveyard.
    home, work, land : over pairs
        Relative weight of living, of working, and of open land on the outskirts of a street.
    """

    streets: pd.DataFrame
    polygons: NDArray[np.object_]
    grid: Grid
    cell: Ints
    street: NDArray[np.int32]
    fraction: Floats
    start: Ints
    built: Floats
    home: Floats
    work: Floats
    land: Floats

    def scatter(self, rng: np.random.Generator, street: NDArray[Any], weight: Floats) -> tuple[Floats, Floats]:
        """Random places in given streets, dense where `weight` (over pairs) is large.

        Returns
        -------
        x, y : (n,) float64
            Albers metres, every point inside its street.
        """
        cumulative = np.concatenate([[0.0], np.cumsum(weight)])
        low, high = cumulative[self.start[:-1]][street], cumulative[self.start[1:]][street]
        pair = np.searchsorted(cumulative, low + rng.random(len(street)) * (high - low), side="right") - 1
        pair = np.clip(pair, self.start[:-1][street], self.start[1:][street] - 1)
        return self.inside(rng, pair)

    def inside(self, rng: np.random.Generator, pair: Ints) -> tuple[Floats, Floats]:
        """Random places inside given pairs: in the cell and in the street."""
        cx, cy = self.grid.centre(self.cell[pair])
        x, y = (cx + rng.uniform(-49.9, 49.9, len(pair)), cy + rng.uniform(-49.9, 49.9, len(pair)))
        open_ = np.flatnonzero(self.fraction[pair] < 1.0)
        for _ in range(40):
            out = ~shapely.contains_xy(self.polygons[self.street[pair[open_]]], x[open_], y[open_])
            open_ = open_[out]
            if not open_.size:
                break
            x[open_] = cx[open_] + rng.uniform(-49.9, 49.9, open_.size)
            y[open_] = cy[open_] + rng.uniform(-49.9, 49.9, open_.size)
        else:  # slivers that random points keep missing: the street's label point always lies inside
            x[open_] = self.streets["x"].to_numpy()[self.street[pair[open_]]]
            y[open_] = self.streets["y"].to_numpy()[self.street[pair[open_]]]
        return x, y

    def per_street(self, values: Floats) -> Floats:
        """Sums over the pairs of each street."""
        return np.bincount(self.street, values, len(self.streets)).astype(np.float64)

    def codes_at(self, street: NDArray[Any]) -> NDArray[np.object_]:
        """Street codes of rows."""
        return np.asarray(self.streets["code"].to_numpy(object)[street])


def lay_ground(shipped: Shipped, residents: NDArray[Any]) -> Ground:
    """Put the streets on the grid and weigh their cells.

    Parameters
    ----------
    shipped : Shipped
    residents : (streets,) array
        Residents per street, which tell dense streets from mountain ones.
    """
    polygons = to_albers(shapely.from_wkb(shipped.streets["geometry"].to_numpy()))
    shapely.prepare(polygons)
    grid = Grid.around(tuple(shapely.total_bounds(polygons).tolist()))
    cell, street, fraction = coverage(polygons.tolist(), grid)
    order = np.argsort(street, kind="stable")
    cell, street, fraction = cell[order], street[order], fraction[order]
    start = np.searchsorted(street, np.arange(len(polygons) + 1)).astype(np.int64)
    streets = _streets(shipped, polygons)
    built = fraction * (1.0 - _open_share(shipped, grid)[cell])
    density = residents / streets["area_km2"].to_numpy()
    weigh = _Weights(shipped, grid, cell, street, built, density, streets)
    home, work = weigh.homes(), weigh.of("work")
    land = weigh.land(home)
    return Ground(streets, polygons, grid, cell, street, fraction, start, built, home, work, land)


def to_albers(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """Shapes from EPSG:4490 degrees to Albers metres."""
    return np.asarray(shapely.transform(geometry, lambda c: np.column_stack(to_metres(c[:, 0], c[:, 1]))))


def _streets(shipped: Shipped, polygons: NDArray[np.object_]) -> pd.DataFrame:
    """The street table with a label point that lies inside."""
    table = shipped.streets
    x, y = to_metres(table["label_lon"].to_numpy(), table["label_lat"].to_numpy())
    out = ~shapely.contains_xy(polygons, x, y)
    inner = shapely.point_on_surface(polygons[out])
    x[out], y[out] = shapely.get_x(inner), shapely.get_y(inner)
    keep = table[["code", "name", "kind_zh", "district_code", "district"]].reset_index(drop=True)
    return keep.assign(x=x, y=y, area_km2=shapely.area(polygons) / 1e6)


def _open_share(shipped: Shipped, grid: Grid) -> Floats:
    """Share of every cell under water, parks and graveyards."""
    land = shipped.open_land
    column = land["east"].to_numpy() - round(grid.west / grid.cell)
    row = round(grid.north / grid.cell) - 1 - land["north"].to_numpy()
    inside = (column >= 0) & (column < grid.nx) & (row >= 0) & (row < grid.ny)
    share = np.zeros(grid.size)
    share[row[inside].astype(np.int64) * grid.nx + column[inside]] = land["percent"].to_numpy()[inside] / 100.0
    return np.minimum(share, 1.0)


class _Weights:
    """Weights of cells inside their street: an even part where the street is dense, the rest around anchors."""

    def __init__(
        self, shipped: Shipped, grid: Grid, cell: Ints, street: NDArray[np.int32], built: Floats, density: Floats,
        streets: pd.DataFrame,
    ) -> None:
        self.grid, self.cell, self.street, self.built, self.streets = grid, cell, street, built, streets
        self.marginals = shipped.marginals["anchors"]
        x, y = to_metres(shipped.anchors["lon"].to_numpy(np.float64), shipped.anchors["lat"].to_numpy(np.float64))
        self.at = grid.index(x, y)
        self.group = shipped.anchors["group"].to_numpy(str)
        #: Even part of a street: none below 1,000 people per km², half from 10,000.
        self.even = np.clip(0.5 * (np.log10(np.maximum(density, 1.0)) - 3.0), 0.0, 0.5)
        #: Residents per inhabited hectare: 33 in mountain villages, 122 in the dense city.
        dense = np.interp(np.log10(np.maximum(density, 1.0)), [2.0, 4.0], [0.0, 1.0])
        self.inhabited_km2 = density * streets["area_km2"].to_numpy() / (100.0 * 33.0 * (122.0 / 33.0) ** dense)

    def _sums(self, values: Floats) -> Floats:
        return np.bincount(self.street, values, len(self.streets)).astype(np.float64)

    def _kernel(self, purpose: str) -> Floats:
        """Smoothed density of anchors over cells, and one anchor at every label point."""
        table = self.marginals[purpose]
        field = np.zeros(self.grid.size, np.float32)
        for reach in sorted({entry["reach"] for entry in table.values()}):
            hits = np.zeros(self.grid.size, np.float32)
            for group, entry in table.items():
                if entry["reach"] == reach:
                    at = self.at[(self.group == group) & (self.at >= 0)]
                    hits += entry["weight"] * np.bincount(at, minlength=self.grid.size).astype(np.float32)
            if reach == 250:
                np.add.at(hits, self.grid.index(self.streets["x"], self.streets["y"]), 4.0)
            sigma = 0.5 * reach / self.grid.cell
            flat = ndimage.gaussian_filter(hits.reshape(self.grid.ny, self.grid.nx), sigma, mode="constant", truncate=2.0)
            field += flat.ravel()
        return field.astype(np.float64)

    def of(self, purpose: str) -> Floats:
        """Weight over pairs; every street sums to 1."""
        kernel = self.built * np.sqrt(self._kernel(purpose)[self.cell])
        around = kernel / np.maximum(self._sums(kernel), 1e-300)[self.street]
        flat = self.built + 1e-6 * (self.built == 0)
        evenly = flat / self._sums(flat)[self.street]
        even = np.where(self._sums(kernel) > 0, self.even, 1.0)[self.street]
        return np.asarray((1.0 - even) * around + even * evenly)

    def homes(self) -> Floats:
        """Weight of living: only the densest cells of each street, as many hectares as its residents usually fill."""
        weight = self.of("home")
        per_area = weight / np.maximum(self.built, 0.05)
        order = np.lexsort((-per_area, self.street))
        filled = np.cumsum(self.built[order]) * self.grid.cell_km2
        begin = np.searchsorted(self.street[order], np.arange(len(self.streets)))
        before = np.concatenate([[0.0], filled])[begin]
        keep = np.zeros(len(weight), bool)
        keep[order] = filled - before[self.street[order]] <= np.maximum(self.inhabited_km2, 0.03)[self.street[order]]
        weight = np.where(keep, weight + 0.3 * self.built / np.maximum(self._sums(self.built * keep), 1e-9)[self.street], 0.0)
        return weight / self._sums(weight)[self.street]

    def land(self, home: Floats) -> Floats:
        """Weight of land near settlements but with few homes: where depots and factories stand."""
        settled = np.zeros(self.grid.size)
        np.add.at(settled, self.cell, home)
        near = ndimage.uniform_filter(settled.reshape(self.grid.ny, self.grid.nx), 13).ravel()[self.cell]
        score = self.built * np.sqrt(np.maximum(near, 0.0)) / (1e-9 + home + 0.2 * near)
        score = np.where(score > 0, score, 1e-12 * self.built + 1e-15)
        return score / self._sums(score)[self.street]
