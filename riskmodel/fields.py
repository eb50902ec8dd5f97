"""The fields: individual risk in three scopes and societal risk by theme, exact int64 on cells."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from geo.errors import BadParameter
from geo.grid import Grid
from riskmodel.scenarios import KERNEL_KNOTS, Kernel, LineScenarios, PointScenarios, ScenarioSet, Theme

#: Steps of the staircase that stands for a kernel along a line.
LINE_STEPS = 64

IR_UNIT = 1e-18  #: one unit of the individual-risk fields, per year
S_UNIT = 1e-15  #: one unit of the societal-risk fields, deaths per year


class People(Protocol):
    """Time-averaged people per cell, outdoors and indoors."""

    @property
    def mean_outdoors(self) -> NDArray[np.float64]:
        """People outdoors, mean over the week."""

    @property
    def mean_indoors(self) -> NDArray[np.float64]:
        """People indoors, mean over the week."""

    @property
    def per_job(self) -> tuple[float, float]:
        """Mean people outdoors and indoors that one job stands for."""


@dataclass(frozen=True)
class KernelBank:
    """All kernels of a run as arrays for the compiled code.

    Attributes
    ----------
    radius : (k,) float64
    out, inside : (k, KERNEL_KNOTS) float64
        Tables over (r / R)².
    rose : (k, 16) float64, has_rose : (k,) bool
    steps_out, steps_in, radii2 : (k, LINE_STEPS) float64
        The same kernel as a staircase: drop of P(death) at each squared radius. The staircase keeps the kernel's integral
        over the plane, because it averages over equal steps of r².
    """

    radius: NDArray[np.float64]
    out: NDArray[np.float64]
    inside: NDArray[np.float64]
    rose: NDArray[np.float64]
    has_rose: NDArray[np.bool_]
    steps_out: NDArray[np.float64]
    steps_in: NDArray[np.float64]
    radii2: NDArray[np.float64]

    @classmethod
    def of(cls, kernels: tuple[Kernel, ...]) -> KernelBank:
        """Pack kernels into arrays."""
        k = len(kernels)
        radius = np.array([kernel.radius for kernel in kernels], np.float64)
        out = np.array([kernel.outdoors for kernel in kernels]).reshape(k, KERNEL_KNOTS)
        inside = np.array([kernel.indoors for kernel in kernels]).reshape(k, KERNEL_KNOTS)
        rose = np.array([np.ones(16) if kernel.rose is None else kernel.rose for kernel in kernels]).reshape(k, 16)
        edges = np.arange(1, LINE_STEPS + 1) / LINE_STEPS
        return cls(radius, out, inside, rose, np.array([kernel.rose is not None for kernel in kernels], np.bool_),
                   _staircase(out), _staircase(inside), radius[:, None] ** 2 * edges[None, :])


def _staircase(table: NDArray[np.float64]) -> NDArray[np.float64]:
    pieces = (table[:, :-1] + table[:, 1:]) / 2
    means = pieces.reshape(len(table), LINE_STEPS, -1).mean(axis=2)
    return np.asarray(means - np.concatenate([means[:, 1:], np.zeros((len(table), 1))], axis=1))


@dataclass(frozen=True)
class Fields:
    """What a run lays over the grid.

    Attributes
    ----------
    ir : (3, cells) int64
        Individual risk ir_hc, ir_an, ir_semi in 1e-18 per year.
    s : (themes, cells) int64
        Societal risk by theme in 1e-15 deaths per year.
    point_s : (points,) int64
        S of each point scenario over all cells (local and public), in 1e-15 deaths per year.
    line_s : (lines,) int64
    background_s : tuple of (cells,) int64
        S of each background per cell.
    outside : int
        Scenarios whose place lies outside the grid (counted nowhere).
    """

    ir: NDArray[np.int64]
    s: NDArray[np.int64]
    point_s: NDArray[np.int64]
    line_s: NDArray[np.int64]
    background_s: tuple[NDArray[np.int64], ...]
    outside: int


def local_s(points: PointScenarios) -> NDArray[np.int64]:
    """Deaths among those involved, per scenario, in 1e-15 per year."""
    return (points.frequency * points.deaths_local * 1e15).astype(np.int64)


def take_points(points: PointScenarios, rows: NDArray[np.intp]) -> PointScenarios:
    """The given rows of a point table."""
    return PointScenarios(**{f.name: getattr(points, f.name)[rows] for f in fields(PointScenarios)})


def take_lines(lines: LineScenarios, rows: NDArray[np.intp]) -> LineScenarios:
    """The given rows of a line table."""
    return LineScenarios(**{f.name: getattr(lines, f.name)[rows] for f in fields(LineScenarios)})


def lay(scenarios: ScenarioSet, people: People, grid: Grid, *, threads: int = 2,
        progress: Callable[[int, int], None] | None = None) -> Fields:
    """Lay all scenarios over the grid.

    Addition is of integers, so any number of threads and any order of sources give the same bits. Bands of rows own their
    part of the fields, so threads never meet.

    Raises
    ------
    BadParameter
        If the frequencies could overflow the fixed point (more than 9 per year in one field), or a scenario is not a number.
    """
    from riskmodel.kernels import footprint

    _check_finite(scenarios)
    bank = KernelBank.of(scenarios.kernels)
    reach = np.flatnonzero(scenarios.points.kernel >= 0)
    points = take_points(scenarios.points, reach)
    lines = scenarios.lines
    _check_range(points, lines, bank)
    ir = np.zeros((3, grid.size), np.int64)
    s = np.zeros((len(Theme), grid.size), np.int64)
    bands = np.linspace(0, grid.ny, min(grid.ny, 8 * threads) + 1).astype(np.int64)
    point_parts = np.zeros((len(bands) - 1, len(reach)), np.int64)
    line_parts = np.zeros((len(bands) - 1, len(lines.rate)), np.int64)

    def band(i: int) -> None:
        where = (grid.west, grid.north, float(grid.cell), grid.nx, bands[i], bands[i + 1])
        footprint.add_points(*where, points.x, points.y, points.frequency, points.scope, points.theme, points.kernel,
                             points.own_cell, points.own_staff, *people.per_job, bank.radius, bank.out, bank.inside,
                             bank.rose, bank.has_rose, people.mean_outdoors, people.mean_indoors, ir, s, point_parts[i])
        footprint.add_lines(*where, lines.x1, lines.y1, lines.x2, lines.y2, lines.rate, lines.scope, lines.theme,
                            lines.kernel, bank.radius, bank.steps_out, bank.steps_in, bank.radii2, people.mean_outdoors,
                            people.mean_indoors, ir, s, line_parts[i])

    with ThreadPoolExecutor(threads) as pool:
        for done, _ in enumerate(pool.map(band, range(len(bands) - 1)), start=1):
            if progress:
                progress(done, len(bands) - 1)
    point_s, outside = _add_local(scenarios.points, grid, s)
    point_s[reach] += point_parts.sum(axis=0)
    background = tuple((b.frequency * (b.deaths * 1e15)).astype(np.int64) for b in scenarios.background)
    for item, layer in zip(scenarios.background, background, strict=True):
        s[item.theme] += layer
    return Fields(ir, s, point_s, line_parts.sum(axis=0), background, outside)


def _add_local(points: PointScenarios, grid: Grid, s: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    cell = grid.index(points.x, points.y)
    amount = local_s(points)
    inside = cell >= 0
    amount[~inside] = 0
    np.add.at(s, (points.theme[inside], cell[inside]), amount[inside])
    return amount, int(np.count_nonzero(~inside))


def _check_finite(scenarios: ScenarioSet) -> None:
    points = scenarios.points
    bad = np.count_nonzero(~np.isfinite(points.frequency * points.deaths_local + points.x + points.y))
    bad += sum(int(np.count_nonzero(~np.isfinite(item.frequency))) for item in scenarios.background)
    if bad:
        raise BadParameter(
            f"有 {bad} 个情景的频率、死亡人数或坐标不是有限数",
            f"{bad} scenarios have a frequency, deaths or a place that is not finite",
            remedy_zh="请检查源数据和参数表中的缺失值。", remedy_en="Look for missing values in the data and the tables.",
        )


def _check_range(points: PointScenarios, lines: LineScenarios, bank: KernelBank) -> None:
    total = float(points.frequency.sum())
    if len(lines.rate):
        total += float((lines.rate * 2 * bank.radius[lines.kernel]).sum())
    if not np.isfinite(total) or total >= 9.0:
        raise BadParameter(
            f"有足迹情景的频率总和为 {total:.3g} 次/年，超出定点数范围（9 次/年）",
            f"scenarios with a footprint sum to {total:.3g} per year, beyond the fixed point's 9",
            remedy_zh="请检查频率的单位。", remedy_en="Check the units of the frequencies.",
        )
