"""Memory and time of a run, estimated before it starts: said, and refused with a reason when it is over the limit."""

from __future__ import annotations

from dataclasses import dataclass

from geo.errors import RunError
from geo.grid import Grid
from riskmodel.bank import KernelBank
from riskmodel.fields import take_points
from riskmodel.scenarios import ScenarioSet, Theme
from riskmodel.tiles import Plan

_MB = 2**20


@dataclass(frozen=True)
class Estimate:
    """What a run will need.

    Attributes
    ----------
    cells : int
        Cells of the grid.
    scenarios : int
        Point scenarios and pieces of lines.
    updates : float
        Cell evaluations of the footprints.
    memory_mb : float
        Largest memory (RSS) of the process, MB of 2²⁰ bytes.
    seconds : float
        Time of the model on `threads` cores.
    threads : int

    Examples
    --------
    >>> print(Estimate(3_400_000, 200_000, 8e7, 1500.0, 9.0, 2).zh)
    预计内存 1,500 MB、用时 9 秒（340 万个网格、20.0 万个情景、0.8 亿次叠加，2 线程）
    """

    cells: int
    scenarios: int
    updates: float
    memory_mb: float
    seconds: float
    threads: int

    @property
    def zh(self) -> str:
        """One sentence in Chinese."""
        return (f"预计内存 {self.memory_mb:,.0f} MB、用时 {self.seconds:,.0f} 秒（{self.cells / 1e4:,.0f} 万个网格、"
                f"{self.scenarios / 1e4:,.1f} 万个情景、{self.updates / 1e8:,.1f} 亿次叠加，{self.threads} 线程）")

    @property
    def en(self) -> str:
        """The same in English."""
        return (f"estimated memory {self.memory_mb:,.0f} MB, time {self.seconds:,.0f} s ({self.cells:,} cells, "
                f"{self.scenarios:,} scenarios, {self.updates:,.0f} evaluations, {self.threads} threads)")


@dataclass(frozen=True)
class Coefficients:
    """Cost of a run's parts, measured; another machine may give its own.

    The defaults are of 2 cores of an AMD EPYC (Zen 5, 2.6 GHz, shared), Python 3.11, numba 0.68: the generated city of 265,000
    enterprises (3.4 M cells) and regions of 1 M sources (21.8 M cells). They are no part of the model: no number of a map
    depends on them.

    Attributes
    ----------
    base_mb : interpreter, libraries, compiled code, and what earlier steps of a night leave behind; with it the estimate lies
        2–7 % above the largest memory of nights of that city with 1, 10 and 100 % of its enterprises
    cell_bytes : per cell beside the fields: people by slot, backgrounds, tables
    feature_bytes, scenario_bytes : per row of any kind, per point scenario or piece of line
    base_s, feature_s, cell_s : time of what is not footprints
    updates_per_s : cell evaluations per second and core
    scenarios_per_feature, updates_per_scenario : usual sizes, for an estimate before anything is read

    Examples
    --------
    >>> small = Coefficients(base_mb=200.0, updates_per_s=100e6)
    >>> round(estimate_size(3_400_000, 265_000, costs=small).seconds, 1)
    4.2
    """

    base_mb: float = 430.0
    cell_bytes: float = 190.0
    feature_bytes: float = 1100.0
    scenario_bytes: float = 260.0
    base_s: float = 0.5
    feature_s: float = 9.0e-6
    cell_s: float = 0.25e-6
    updates_per_s: float = 250e6
    scenarios_per_feature: float = 0.8
    updates_per_scenario: float = 400.0


def estimate_size(cells: int, features: int, *, threads: int = 2, costs: Coefficients | None = None) -> Estimate:
    """From the sizes alone, before anything is read.

    Parameters
    ----------
    cells : cells of the grid
    features : rows of all kinds

    Examples
    --------
    >>> found = estimate_size(3_400_000, 265_000, threads=2)
    >>> found.scenarios, round(found.memory_mb, -2), round(found.seconds, 1)
    (212000, 1700.0, 3.9)
    """
    known = costs or Coefficients()
    scenarios = features * known.scenarios_per_feature
    return _estimate(cells, features, int(scenarios), scenarios * known.updates_per_scenario, threads, known)


def estimate(scenarios: ScenarioSet, grid: Grid, features: int, *, threads: int = 2,
             costs: Coefficients | None = None) -> Estimate:
    """From the scenarios of a run, before the fields are laid.

    ``memory = base + cells · (fields + cell_bytes) + features · feature_bytes + scenarios · scenario_bytes``;
    ``time = base + features · feature_s + cells · cell_s + updates / (threads · updates_per_s)``.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> found = estimate(scored().scenarios, GRID, features=11)
    >>> found.cells, round(found.memory_mb)
    (24, 430)
    """
    count = len(scenarios.points.x) + len(scenarios.lines.rate)
    return _estimate(grid.size, features, count, updates_of(scenarios, grid), threads, costs or Coefficients())


def updates_of(scenarios: ScenarioSet, grid: Grid) -> float:
    """Cell evaluations that the footprints cost, as the tiles' plan counts them.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> f"{updates_of(scored().scenarios, GRID):.0f}"
    '58664'
    """
    points, bank = scenarios.points, KernelBank.of(scenarios.kernels)
    return float(Plan.of(take_points(points, points.kernel >= 0), scenarios.lines, bank, grid).cost.sum())


def _estimate(cells: int, features: int, scenarios: int, updates: float, threads: int, costs: Coefficients) -> Estimate:
    memory = (costs.base_mb * _MB + cells * (8 * (3 + len(Theme)) + costs.cell_bytes) + features * costs.feature_bytes
              + scenarios * costs.scenario_bytes)
    seconds = costs.base_s + features * costs.feature_s + cells * costs.cell_s + updates / (threads * costs.updates_per_s)
    return Estimate(cells, scenarios, updates, memory / _MB, seconds, threads)


def refuse_over(found: Estimate, memory_limit_mb: float, time_limit_s: float = 0.0) -> None:
    """Refuse a run that would not fit.

    Parameters
    ----------
    memory_limit_mb, time_limit_s : float
        0: no limit.

    Raises
    ------
    RunError
        With the estimate, the limit, and what to do.

    Examples
    --------
    >>> try: refuse_over(estimate_size(22_000_000, 1_000_000), memory_limit_mb=4096)
    ... except RunError as error: print(error.remedy("en"))
    Use larger cells or a smaller region, or raise RISKMAP_MEMORY_LIMIT_MB on a machine that has the memory.
    """
    if memory_limit_mb and found.memory_mb > memory_limit_mb:
        raise RunError(
            f"{found.zh}，超过内存上限 {memory_limit_mb:,.0f} MB，未开始计算",
            f"{found.en}: over the memory limit of {memory_limit_mb:,.0f} MB, not started",
            remedy_zh="请加大网格边长、分区域计算，或在内存足够的机器上提高 RISKMAP_MEMORY_LIMIT_MB。",
            remedy_en="Use larger cells or a smaller region, or raise RISKMAP_MEMORY_LIMIT_MB on a machine that has the memory.",
            memory_mb=round(found.memory_mb), limit_mb=round(memory_limit_mb),
        )
    if time_limit_s and found.seconds > time_limit_s:
        raise RunError(
            f"{found.zh}，超过时限 {time_limit_s:,.0f} 秒，未开始计算",
            f"{found.en}: over the time limit of {time_limit_s:,.0f} s, not started",
            remedy_zh="请增加线程或用 --cluster 分到多台机器，或提高 RISKMAP_SCORE_LIMIT_S。",
            remedy_en="Use more threads or a cluster (--cluster), or raise RISKMAP_SCORE_LIMIT_S.",
            seconds=round(found.seconds), limit_s=round(time_limit_s),
        )
