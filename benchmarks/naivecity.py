"""The city's footprints as an analyst would lay them with geopandas: buffers joined to cells, grouped by cell and by street.

The peer is given what the model had to work out first: the scenarios with their frequencies, the tables of P(death), the people
of every cell, the shares of cells in streets. Footprints of at least two cells' radius take P(death) at the centres that they
contain. Narrower ones contain few centres or none; they are joined to the cells that they intersect and spread over the overlap
with their mean P(death), and so are pieces of lines. Deaths at the place itself are added to its cell.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from benchmarks.report import once
from riskmodel.fields import S_UNIT, take_lines, take_points
from riskmodel.inputs import ModelInputs
from riskmodel.run import RunResult
from riskmodel.scenarios import KERNEL_KNOTS, LineScenarios, PointScenarios, ScenarioSet
from riskmodel.tiles import People

#: Radius, in cells, from which on the centres inside a footprint stand for its cells.
WIDE = 2.0

_COLUMNS = ["cell", "scope", "theme", "risk", "deaths"]


@dataclass(frozen=True)
class Ground:
    """What does not depend on the scenarios: cells with their spatial indexes, people, streets."""

    centres: Any
    squares: Any
    outdoors: NDArray[np.float64]
    indoors: NDArray[np.float64]
    per_job: tuple[float, float]
    streets: pd.DataFrame
    cell: float

    @classmethod
    def of(cls, inputs: ModelInputs, people: People) -> Ground:
        """Index all cells of the grid."""
        grid = inputs.grid
        x, y = grid.centre(np.arange(grid.size))
        half = grid.cell / 2
        centres = geopandas.GeoDataFrame(geometry=shapely.points(x, y))
        squares = geopandas.GeoDataFrame(geometry=shapely.box(x - half, y - half, x + half, y + half))
        for frame in (centres, squares):
            frame.sindex  # noqa: B018 - made on first use
        covered = inputs.coverage
        streets = pd.DataFrame({"cell": covered.cell, "street": covered.street, "fraction": covered.fraction})
        return cls(centres, squares, people.mean_outdoors, people.mean_indoors, people.per_job, streets, float(grid.cell))


@dataclass(frozen=True)
class Tables:
    """P(death) over (r / R)² of every kernel, outdoors and indoors, and its mean over the footprint."""

    radius: NDArray[np.float64]
    out: NDArray[np.float64]
    inside: NDArray[np.float64]

    @classmethod
    def of(cls, scenarios: ScenarioSet) -> Tables:
        """As arrays."""
        kernels = scenarios.kernels
        return cls(np.array([k.radius for k in kernels]), np.array([k.outdoors for k in kernels]).reshape(-1, KERNEL_KNOTS),
                   np.array([k.indoors for k in kernels]).reshape(-1, KERNEL_KNOTS))

    def mean(self, table: NDArray[np.float64], kernel: NDArray[np.int32]) -> NDArray[np.float64]:
        """Mean over the disc: knots are equidistant in area."""
        means = np.asarray(np.trapezoid(table, dx=1 / (KERNEL_KNOTS - 1), axis=1))
        return np.asarray(means[kernel], np.float64)


def wide_points(points: PointScenarios, tables: Tables, ground: Ground) -> pd.DataFrame:
    """P(death) at every centre within a disc."""
    radius = tables.radius[points.kernel]
    discs = geopandas.GeoDataFrame(geometry=shapely.buffer(shapely.points(points.x, points.y), radius))
    pairs = geopandas.sjoin(discs, ground.centres, predicate="contains")
    source, cell = pairs.index.to_numpy(), pairs["index_right"].to_numpy()
    centre = ground.centres.geometry.to_numpy()[cell]
    u = ((shapely.get_x(centre) - points.x[source]) ** 2 + (shapely.get_y(centre) - points.y[source]) ** 2) / radius[source] ** 2
    knot = np.rint(np.minimum(u, 1.0) * (KERNEL_KNOTS - 1)).astype(int)
    kernel = points.kernel[source]
    return _effects(points, source, cell, points.frequency, tables.out[kernel, knot], tables.inside[kernel, knot], ground)


def narrow_points(points: PointScenarios, tables: Tables, ground: Ground) -> pd.DataFrame:
    """Discs spread over the cells that they overlap."""
    radius = tables.radius[points.kernel]
    discs = geopandas.GeoDataFrame(geometry=shapely.buffer(shapely.points(points.x, points.y), radius))
    source, cell, share = _overlaps(discs, ground)
    kernel = points.kernel[source]
    return _effects(points, source, cell, points.frequency, share * tables.mean(tables.out, kernel),
                    share * tables.mean(tables.inside, kernel), ground)


def lines(pieces: LineScenarios, tables: Tables, ground: Ground) -> pd.DataFrame:
    """Buffers of pieces; a piece's events times the area that one of them reaches, spread over the buffer."""
    radius = tables.radius[pieces.kernel]
    ends = np.stack([np.stack([pieces.x1, pieces.y1], 1), np.stack([pieces.x2, pieces.y2], 1)], axis=1)
    buffers = geopandas.GeoDataFrame(geometry=shapely.buffer(shapely.linestrings(ends), radius))
    source, cell, share = _overlaps(buffers, ground)
    events = pieces.rate * np.hypot(pieces.x2 - pieces.x1, pieces.y2 - pieces.y1)
    part = share * (np.pi * radius**2 / buffers.area.to_numpy())[source]
    kernel = pieces.kernel[source]
    return _effects(pieces, source, cell, events, part * tables.mean(tables.out, kernel),
                    part * tables.mean(tables.inside, kernel), ground)


def _overlaps(shapes: Any, ground: Ground) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Shape, cell, and the share of the cell that the shape covers."""
    pairs = geopandas.sjoin(shapes, ground.squares, predicate="intersects")
    source, cell = pairs.index.to_numpy(), pairs["index_right"].to_numpy()
    both = shapely.intersection(pairs.geometry.to_numpy(), ground.squares.geometry.to_numpy()[cell])
    return source, cell, np.asarray(shapely.area(both)) / ground.cell**2


def _effects(table: PointScenarios | LineScenarios, source: NDArray[np.int64], cell: NDArray[np.int64],
             events: NDArray[np.float64], out: NDArray[np.float64], inside: NDArray[np.float64], ground: Ground) -> pd.DataFrame:
    outdoors, indoors = ground.outdoors[cell], ground.indoors[cell]
    if isinstance(table, PointScenarios):  # a source's own staff are not its public
        staff = np.where(table.own_cell[source] == cell, table.own_staff[source], 0.0)
        outdoors, indoors = (np.maximum(people - staff * job, 0.0)
                             for people, job in zip((outdoors, indoors), ground.per_job, strict=True))
    dead = events[source] * (out * outdoors + inside * indoors)
    if isinstance(table, PointScenarios):
        dead *= table.mitigation[source]
    return pd.DataFrame({"cell": cell, "scope": table.scope[source], "theme": table.theme[source],
                         "risk": events[source] * out, "deaths": dead})


def at_the_place(points: PointScenarios, inputs: ModelInputs) -> pd.DataFrame:
    """Deaths of those involved, in the cell of the place."""
    found = pd.DataFrame({"cell": inputs.grid.index(points.x, points.y), "scope": points.scope, "theme": points.theme,
                          "risk": 0.0, "deaths": points.frequency * points.mitigation * points.deaths_local})
    return found[found["cell"] >= 0]


def lay(points: PointScenarios, pieces: LineScenarios, tables: Tables, ground: Ground,
        inputs: ModelInputs) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Individual risk by cell and scope, deaths by cell and theme, deaths by street and theme."""
    wide = np.where(points.kernel >= 0, tables.radius[points.kernel], -1.0) >= WIDE * ground.cell
    effects = pd.concat([
        wide_points(take_points(points, wide), tables, ground),
        narrow_points(take_points(points, ~wide & (points.kernel >= 0)), tables, ground),
        lines(pieces, tables, ground), at_the_place(points, inputs),
    ], ignore_index=True)[_COLUMNS]
    risk = effects.groupby(["cell", "scope"])["risk"].sum()
    deaths = effects.groupby(["cell", "theme"])["deaths"].sum()
    parts = deaths.reset_index().merge(ground.streets, on="cell")
    parts["deaths"] *= parts["fraction"]
    return risk, deaths, parts.groupby(["street", "theme"])["deaths"].sum()


def naive_city(inputs: ModelInputs, result: RunResult, own_s: float, share: float) -> dict[str, float]:
    """Seconds of the peer for a share of the scenarios of every kind, scaled to all, over ours for the whole model."""
    scenarios, fields = result.scenarios, result.fields
    rng = np.random.default_rng(7)
    rows, pieces = _sample(scenarios.points.kind, share, rng), _sample(scenarios.lines.kind, share, rng)
    few, few_lines = take_points(scenarios.points, rows), take_lines(scenarios.lines, pieces)
    tables = Tables.of(scenarios)
    fixed, ground = once(lambda: Ground.of(inputs, result.exposure))
    lay(take_points(few, np.arange(len(rows)) < 20), take_lines(few_lines, np.arange(len(pieces)) < 20), tables, ground, inputs)
    start = time.perf_counter()
    _, deaths, streets = lay(few, few_lines, tables, ground, inputs)
    taken = time.perf_counter() - start
    whole = len(scenarios.points.x) + len(scenarios.lines.rate)
    scaled = fixed + taken * whole / (len(rows) + len(pieces))
    same = float(fields.point_s[rows].sum() + fields.line_s[pieces].sum()) * S_UNIT
    return {"naive_city_ratio": scaled / own_s, "naive_city_scaled_s": scaled, "naive_city_fixed_s": fixed,
            "naive_city_sample_s": taken, "naive_city_sample": len(rows) + len(pieces), "naive_city_streets": len(streets),
            "naive_city_pll_rel_error": float(deaths.sum()) / same - 1}


def _sample(kind: NDArray[np.int8], share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """A share of the rows of every kind, at least one of each."""
    chosen = [rng.choice(np.flatnonzero(kind == k), max(1, round(share * np.count_nonzero(kind == k))), replace=False)
              for k in np.unique(kind)]
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)
