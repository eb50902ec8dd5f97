"""Generated regions of the engine's benchmark: a million clustered sources on a grid of 100 m cells, and people on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from riskmodel.fields import take_points
from riskmodel.scenarios import KERNEL_KNOTS, Kernel, ScenarioBuilder, ScenarioSet, Scope, Theme

SHAPES = 20

#: Scenarios at one place: enterprises have about sixteen.
EACH = 16


@dataclass(frozen=True)
class Crowd:
    """People of every cell, all outdoors: CLIMADA knows no indoors."""

    everybody: NDArray[np.float64]

    @property
    def mean_outdoors(self) -> NDArray[np.float64]:
        """People outdoors."""
        return self.everybody

    @property
    def mean_indoors(self) -> NDArray[np.float64]:
        """Nobody."""
        return np.zeros_like(self.everybody)

    @property
    def per_job(self) -> tuple[float, float]:
        """Nobody works at a source."""
        return 0.0, 0.0


@dataclass(frozen=True)
class Region:
    """Sources on a square of `side` × `side` cells; `place` numbers the place of each, `table` and `radius` say its kernel."""

    grid: Grid
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    place: NDArray[np.int64]
    frequency: NDArray[np.float64]
    radius: NDArray[np.float64]
    table: NDArray[np.int64]
    tables: NDArray[np.float64]

    @property
    def updates(self) -> float:
        """Cells that the footprints cover, each counted as often as it is covered."""
        return float((np.pi * (self.radius / self.grid.cell) ** 2).sum())

    def scenarios(self, indoors: float = 0.0) -> ScenarioSet:
        """The same as the model's table; P(death) indoors is this share of that outdoors."""
        builder = ScenarioBuilder(("hazard_source",))
        radii, at = np.unique(self.radius, return_inverse=True)
        for table in self.tables:
            for radius in radii:
                builder.kernel(Kernel(float(radius), table, indoors * table))
        builder.add_points("hazard_source", "点", Theme.HAZCHEM, Scope.HC, row=np.arange(len(self.x)), x=self.x, y=self.y,
                           frequency=self.frequency, kernel=self.table * len(radii) + at)
        return builder.finish()


def generate(sources: int, side: int, *, places: int | None = None, least: float = 100.0, most: float = 3000.0,
             steep: float = 8.0, seed: int = 1) -> Region:
    """Seven in ten sources lie in clusters of 8 km; radii uniform between `least` and `most` metres, in steps of 20 m.

    Parameters
    ----------
    places : how many different places; as many as sources without it
    steep : P(death) falls as exp(−a·(r/R)²) with a between 1 and this
    """
    rng = np.random.default_rng(seed)
    n = places or sources
    metres = side * 100.0
    centres = rng.uniform(0.06 * metres, 0.94 * metres, (400, 2))
    spread = centres[rng.integers(0, 400, n)] + rng.normal(0, min(8000.0, metres / 10), (n, 2))
    where = np.clip(np.where(rng.random(n)[:, None] < 0.7, spread, rng.uniform(0, metres, (n, 2))), 0.0, metres - 1)
    grid = Grid(200_000.0, 4_000_000.0 + metres, side, side)
    place = np.sort(np.arange(sources) % n)
    tables = np.exp(-rng.uniform(1, steep, SHAPES)[:, None] * np.linspace(0, 1, KERNEL_KNOTS)[None, :])
    return Region(grid, grid.west + where[place, 0], grid.north - where[place, 1], place, 10 ** rng.uniform(-7, -4, sources),
                  rng.choice(np.arange(least, most + 1, 20.0), sources), rng.integers(0, SHAPES, sources), tables)


def people(grid: Grid, seed: int = 3) -> Crowd:
    """Few cells with many people, many with few."""
    return Crowd(np.random.default_rng(seed).gamma(0.3, 20.0, grid.size))


def part(scenarios: ScenarioSet, rows: NDArray[np.int64]) -> ScenarioSet:
    """Some of the scenarios."""
    return replace(scenarios, points=take_points(scenarios.points, rows))
