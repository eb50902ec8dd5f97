"""Footprints of points and lines laid over the grid, against buffers joined to cells."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Result, best, once, peak_mb, run, say, version
from geo.grid import Grid
from riskmodel.fields import IR_UNIT, S_UNIT, lay
from riskmodel.scenarios import Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme

#: Footprint radii in metres like the city's: half are below 23 m, one in twenty is above 211 m.
_RADII = np.geomspace(4.0, 690.0, 64)
_MEDIAN_M, _SPREAD = 23.0, 1.35
_HALF_DIAGONAL = 0.7072  # of a cell

#: Vertices of a quarter circle of the peer's discs: their area is 0.04 % short.
_QUARTER = 32
_SUB = 4  # points per side of a cell at which the peer measures lines

Peer = Callable[["Sources", "Cells"], tuple[NDArray[np.float64], NDArray[np.float64]]]


@dataclass(frozen=True)
class Sources:
    """Generated points and straight lines: position, radius (index into the radii), events per year (and metre)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    point_radius: NDArray[np.int64]
    frequency: NDArray[np.float64]
    x1: NDArray[np.float64]
    y1: NDArray[np.float64]
    x2: NDArray[np.float64]
    y2: NDArray[np.float64]
    line_radius: NDArray[np.int64]
    rate: NDArray[np.float64]

    def sample(self, points: NDArray[np.int64], lines: NDArray[np.int64]) -> Sources:
        """Some of them."""
        return Sources(self.x[points], self.y[points], self.point_radius[points], self.frequency[points], self.x1[lines],
                       self.y1[lines], self.x2[lines], self.y2[lines], self.line_radius[lines], self.rate[lines])

    def scenarios(self) -> ScenarioSet:
        """The same as the model's table."""
        builder = ScenarioBuilder(("hazard_source", "pipeline"))
        for radius in _RADII:
            builder.kernel(Kernel.disc(float(radius), 1.0))
        builder.add_points("hazard_source", "点", Theme.HAZCHEM, Scope.HC, row=np.arange(len(self.x)), x=self.x, y=self.y,
                           frequency=self.frequency, kernel=self.point_radius)
        builder.add_lines("pipeline", "线", Theme.PIPELINE, Scope.AN, row=np.arange(len(self.x1)), x1=self.x1, y1=self.y1,
                          x2=self.x2, y2=self.y2, rate=self.rate, kernel=self.line_radius)
        return builder.finish()


@dataclass(frozen=True)
class People:
    """People of every cell, half of them outdoors."""

    everybody: NDArray[np.float64]

    @property
    def mean_outdoors(self) -> NDArray[np.float64]:
        """People outdoors."""
        return self.everybody / 2

    @property
    def mean_indoors(self) -> NDArray[np.float64]:
        """People indoors."""
        return self.everybody / 2

    @property
    def per_job(self) -> tuple[float, float]:
        """Nobody here works at a source."""
        return 0.0, 0.0


@dataclass(frozen=True)
class Cells:
    """The peer's grid: a frame of cell centres with its spatial index."""

    frame: Any
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    side: float


def generate(grid: Grid, points: int, lines: int, seed: int = 1) -> Sources:
    """Random sources at least 1.2 km inside the grid, so that no footprint is cut."""
    rng = np.random.default_rng(seed)
    margin = 1200.0 if grid.nx * grid.cell > 4000 else 0.2 * grid.nx * grid.cell

    def places(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return (grid.west + rng.uniform(margin, grid.nx * grid.cell - margin, count),
                grid.north - rng.uniform(margin, grid.ny * grid.cell - margin, count))

    def radii(count: int) -> NDArray[np.int64]:
        wanted = np.clip(_MEDIAN_M * np.exp(_SPREAD * rng.standard_normal(count)), _RADII[0], _RADII[-1])
        return np.searchsorted(_RADII, wanted * 0.999).astype(np.int64)

    x, y = places(points)
    x1, y1 = places(lines)
    angle, length = rng.uniform(0, 2 * np.pi, lines), rng.uniform(70.0, 800.0, lines)
    return Sources(x, y, radii(points), rng.uniform(1e-6, 1e-5, points), x1, y1, x1 + length * np.cos(angle),
                   y1 + length * np.sin(angle), radii(lines), rng.uniform(1e-9, 1e-8, lines))


def make_cells(grid: Grid) -> Cells:
    """The frame of all cell centres, indexed."""
    import geopandas

    x, y = grid.centre(np.arange(grid.size))
    frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y))
    frame.sindex  # noqa: B018  (built here and kept, so that it is not counted per source)
    return Cells(frame, x, y, float(grid.cell))


def by_centres(sources: Sources, cells: Cells) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The usual way: buffer the sources, take the cells whose centre lies inside, sum by cell.

    A cell gets a point's frequency, or a line's rate times the metres of it within the radius of the cell's centre.
    """
    import shapely

    point, cell = _join(_discs(sources), cells)
    by_point = _grouped(cell, sources.frequency[point], cells)
    shapes, line, cell = _line_pairs(sources, cells, 0.0)
    discs = shapely.buffer(shapely.points(cells.x[cell], cells.y[cell]), _RADII[sources.line_radius[line]], quad_segs=_QUARTER)
    metres = shapely.length(shapely.intersection(shapes[line], discs))
    return by_point, _grouped(cell, sources.rate[line] * metres, cells)


def by_areas(sources: Sources, cells: Cells) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same at our resolution: exact shares of area for points, 16 places in each cell for lines."""
    import shapely

    discs = _discs(sources)
    reach = shapely.buffer(shapely.points(sources.x, sources.y), _RADII[sources.point_radius] + _HALF_DIAGONAL * cells.side)
    point, cell = _join(reach, cells)
    half = cells.side / 2
    boxes = shapely.box(cells.x[cell] - half, cells.y[cell] - half, cells.x[cell] + half, cells.y[cell] + half)
    share = shapely.area(shapely.intersection(discs[point], boxes)) / cells.side**2
    by_point = _grouped(cell, sources.frequency[point] * share, cells)
    shapes, line, cell = _line_pairs(sources, cells, _HALF_DIAGONAL * cells.side)
    steps = ((np.arange(_SUB) + 0.5) / _SUB - 0.5) * cells.side
    metres = np.zeros(len(cell))
    for dx in steps:
        for dy in steps:
            places = shapely.points(cells.x[cell] + dx, cells.y[cell] + dy)
            around = shapely.buffer(places, _RADII[sources.line_radius[line]], quad_segs=_QUARTER)
            metres += shapely.length(shapely.intersection(shapes[line], around)) / _SUB**2
    return by_point, _grouped(cell, sources.rate[line] * metres, cells)


def _discs(sources: Sources) -> NDArray[np.object_]:
    import shapely

    return np.asarray(shapely.buffer(shapely.points(sources.x, sources.y), _RADII[sources.point_radius], quad_segs=_QUARTER))


def _line_pairs(sources: Sources, cells: Cells, more: float,
                ) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.int64]]:
    import shapely

    ends = np.stack([np.column_stack([sources.x1, sources.y1]), np.column_stack([sources.x2, sources.y2])], axis=1)
    shapes = np.asarray(shapely.linestrings(ends))
    line, cell = _join(shapely.buffer(shapes, _RADII[sources.line_radius] + more, quad_segs=_QUARTER), cells)
    return shapes, line, cell


def _join(areas: NDArray[np.object_], cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of area and cell whose centre it contains."""
    import geopandas

    joined = geopandas.sjoin(geopandas.GeoDataFrame(geometry=areas), cells.frame, predicate="contains")
    return joined.index.to_numpy(np.int64), joined["index_right"].to_numpy(np.int64)


def _grouped(cell: NDArray[np.int64], amount: NDArray[np.float64], cells: Cells) -> NDArray[np.float64]:
    import pandas as pd

    sums = pd.DataFrame({"cell": cell, "amount": amount}).groupby("cell")["amount"].sum()
    whole = np.zeros(len(cells.x))
    whole[sums.index.to_numpy()] = sums.to_numpy()
    return whole


def declare(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--points", type=int, default=14_000, help="point footprints (the city has about 14,000)")
    parser.add_argument("--lines", type=int, default=34_000, help="line pieces (the city has about 34,000)")
    parser.add_argument("--columns", type=int, default=1840, help="columns of 100 m cells")
    parser.add_argument("--rows", type=int, default=1858, help="rows of 100 m cells")
    parser.add_argument("--share", type=float, default=0.01, help="share of the sources that the peer is given")
    parser.add_argument("--threads", type=int, default=2)


def measure(options: argparse.Namespace) -> Result:
    """Ours on everything, the peer on a share of it; both on that share to compare what they find."""
    grid = Grid(400_000.0, 4_500_000.0, options.columns, options.rows)
    rng = np.random.default_rng(2)
    people = People(rng.gamma(0.3, 20.0, grid.size))
    sources = generate(grid, options.points, options.lines)
    say("own, all sources")
    scenarios = sources.scenarios()
    first, _ = once(lambda: lay(sources.sample(np.arange(1), np.arange(1)).scenarios(), people, grid, threads=1))
    seconds, _ = best(lambda: lay(scenarios, people, grid, threads=options.threads))
    mine_mb = peak_mb()
    part = sources.sample(*(np.sort(rng.choice(n, max(1, round(n * options.share)), replace=False))
                            for n in (options.points, options.lines)))
    found = lay(part.scenarios(), people, grid, threads=options.threads)
    points, lines = (found.ir[scope] * IR_UNIT for scope in (Scope.HC, Scope.AN))
    say("peer, a share of the sources")
    fixed, cells = once(lambda: make_cells(grid))
    scale = (options.points + options.lines) / (len(part.x) + len(part.x1))
    coarse_s, coarse = _peer(by_centres, part, cells, people)
    fine_s, fine = _peer(by_areas, part, cells, people)
    peer = {"fixed_s": fixed, "coarse_sample_s": coarse_s, "coarse_scaled_s": fixed + coarse_s * scale,
            "fine_sample_s": fine_s, "fine_scaled_s": fixed + fine_s * scale, "peak_mb": peak_mb()}
    return Result(
        {"points": options.points, "lines": options.lines, "cells": grid.size, "peer_points": len(part.x),
         "peer_lines": len(part.x1), "threads": options.threads},
        f"warm: best of 3 after a first small call (first_s: compiled code loaded or made). The peer works on "
        f"{options.share:.2%} of the sources once; its time per source is scaled linearly, its grid with index (fixed_s) counted "
        "once. Uniform discs, so that both can draw the same.",
        {"first_s": first, "fields_s": seconds, "sources_per_s": (options.points + options.lines) / seconds, "peak_mb": mine_mb},
        f"{version('geopandas', 'shapely', 'pandas')}: buffer, sjoin, groupby; coarse: cell centres (less exact than ours), "
        "fine: shares of area and 16 places per cell (as exact as ours)",
        peer,
        {"coarse_scaled_ratio": peer["coarse_scaled_s"] / seconds, "fine_scaled_ratio": peer["fine_scaled_s"] / seconds},
        {**_difference("points", points, fine[0]), **_difference("lines", lines, fine[1]),
         **_total("deaths", found.s.sum(axis=0) * S_UNIT, fine[2]), **_total("coarse_points", points, coarse[0]),
         **_total("coarse_lines", lines, coarse[1])},
    )


def _peer(way: Peer, part: Sources, cells: Cells, people: People) -> tuple[float, Sequence[NDArray[np.float64]]]:
    start = time.perf_counter()
    points, lines = way(part, cells)
    deaths = (points + lines) * people.everybody
    return time.perf_counter() - start, (points, lines, deaths)


def _difference(name: str, own: NDArray[np.float64], peer: NDArray[np.float64]) -> dict[str, float]:
    """Differences of the sum, and summed over cells without sign, over the peer's sum."""
    return {**_total(name, own, peer), f"{name}_by_cell_ratio": float(np.abs(own - peer).sum() / peer.sum())}


def _total(name: str, own: NDArray[np.float64], peer: NDArray[np.float64]) -> dict[str, float]:
    return {f"{name}_total_difference_ratio": float(own.sum() / peer.sum() - 1) if peer.sum() else 0.0}


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    run("fields", __doc__ or "", declare, measure, argv)


if __name__ == "__main__":
    main()
