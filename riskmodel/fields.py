"""The fields: individual risk in three scopes and societal risk by theme, exact int64 on cells."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import BadParameter
from geo.grid import Grid
from riskmodel.bank import KernelBank
from riskmodel.scenarios import Background, PointScenarios, ScenarioSet, Scope, Theme
from riskmodel.sweep import Way, sweep
from riskmodel.tiles import People, Plan, take_lines, take_points

__all__ = ["IR_UNIT", "S_UNIT", "BackgroundS", "Fields", "KernelBank", "People", "Way", "background_units", "check_finite",
           "individual_risk", "lay", "local_s", "take_lines", "take_points"]

_SCOPES = (Scope.HC, Scope.AN, Scope.SEMI)

IR_UNIT = 1e-18  #: one unit of the individual-risk fields, per year
S_UNIT = 1e-15  #: one unit of the societal-risk fields, deaths per year


@dataclass(frozen=True)
class BackgroundS:
    """S of one background, computed when somebody asks for it.

    Examples
    --------
    >>> rare = Background("住宅火灾", Theme.FIRE_DWELLING, 4, np.array([1, 3]), np.array([0.02, 0.01]), 1.5, -1)
    >>> (BackgroundS(rare)[np.array([0, 1])] * S_UNIT).round(4).tolist(), round(BackgroundS(rare).sum() * S_UNIT, 4)
    ([0.0, 0.03], 0.045)
    """

    item: Background

    def __getitem__(self, cells: NDArray[np.integer]) -> NDArray[np.int64]:
        """S of some cells, in 1e-15 deaths per year."""
        at = np.searchsorted(self.item.cell, cells)
        known = at < len(self.item.cell)
        known[known] = self.item.cell[at[known]] == cells[known]
        found = np.zeros(len(cells), np.int64)
        found[known] = background_units(self.item)[at[known]]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.int64]:
        """S of all cells."""
        return self.item.everywhere(background_units(self.item))

    def sum(self) -> int:
        """S of all cells together."""
        return int(background_units(self.item).sum())


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
    background_s : tuple of BackgroundS
        S of each background: index it with cells, or make an array of it.
    outside : int
        Scenarios whose place lies outside the grid (counted nowhere).

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> fields = scored().fields
    >>> fields.ir.shape, fields.s.shape, (fields.total.sum() * S_UNIT).round(4).item()
    ((3, 24), (10, 24), 0.012)
    """

    ir: NDArray[np.int64]
    s: NDArray[np.int64]
    point_s: NDArray[np.int64]
    line_s: NDArray[np.int64]
    background_s: tuple[BackgroundS, ...]
    outside: int

    @cached_property
    def total(self) -> NDArray[np.int64]:
        """Societal risk of all themes, (cells,) in 1e-15 deaths per year."""
        return np.asarray(self.s.sum(axis=0), np.int64)


def local_s(points: PointScenarios) -> NDArray[np.int64]:
    """Deaths among those involved, per scenario, in 1e-15 per year.

    Examples
    --------
    >>> from riskmodel.scenarios import ScenarioBuilder
    >>> builder = ScenarioBuilder(("equipment",))
    >>> builder.add_points("equipment", "塔吊", Theme.EQUIPMENT, Scope.NONE, row=0, x=150.0, y=150.0, frequency=2e-4,
    ...                    deaths_local=1.5)
    >>> (local_s(builder.finish().points) * S_UNIT).round(6).tolist()
    [0.0003]
    """
    return (points.frequency * points.mitigation * points.deaths_local * 1e15).astype(np.int64)


def lay(scenarios: ScenarioSet, people: People, grid: Grid, *, threads: int = 2,
        progress: Callable[[int, int], None] | None = None, way: Way | None = None) -> Fields:
    """Lay all scenarios over the grid.

    Addition is of integers, so any number of threads or machines and any order of sources give the same bits. Tiles own their
    part of the fields, so threads never meet.

    Parameters
    ----------
    way : Way, optional
        Cancellation, checkpoints, a cluster; without it `threads` and `progress`.

    Raises
    ------
    BadParameter
        If the frequencies could overflow the fixed point (more than 9 per year in one place), or a scenario is not a number.
    RunError
        If the work was cancelled.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> run = scored()
    >>> laid = lay(run.scenarios, run.exposure, GRID, threads=1)
    >>> laid.s[Theme.HAZCHEM].reshape(4, 6)[1].argmax().item(), (laid.point_s.max() * S_UNIT).round(5).item(), laid.outside
    (1, 0.00354, 0)
    """
    check_finite(scenarios)
    bank = KernelBank.of(scenarios.kernels)
    reach = np.flatnonzero(scenarios.points.kernel >= 0)
    plan = Plan.of(take_points(scenarios.points, reach), scenarios.lines, bank, grid)
    ir, s = _layers(3, grid.size), _layers(len(Theme), grid.size)
    reached, line_s = np.zeros(len(reach), np.int64), np.zeros(len(scenarios.lines.rate), np.int64)
    for tile, laid in sweep(plan, bank, people, tuple(_SCOPES), way or Way(threads, progress)):
        _place(plan, tile, laid.scopes, laid.ir, ir)
        _place(plan, tile, laid.themes, laid.s, s)
        reached[plan.point_rows(tile)] += laid.point_s
        line_s[plan.line_rows(tile)] += laid.line_s
    point_s, outside = _add_local(scenarios.points, grid, s)
    point_s[reach] += reached
    for item in scenarios.background:
        s[item.theme, item.cell] += background_units(item)
    return Fields(ir, s, point_s, line_s, tuple(map(BackgroundS, scenarios.background)), outside)


def individual_risk(scenarios: ScenarioSet, grid: Grid, *, scopes: Sequence[Scope] = _SCOPES,
                    way: Way | None = None) -> NDArray[np.int64]:
    """Individual risk alone, without people: for a whole region at once.

    Returns
    -------
    (scopes, cells) int64
        In 1e-18 per year; the same bits that :func:`lay` gives.

    Raises
    ------
    BadParameter, RunError
        As :func:`lay`.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> risk = individual_risk(scored().scenarios, GRID, scopes=[Scope.HC])
    >>> GRID.ids(risk[0].argmax())[0], f"{risk.max() * IR_UNIT:.1e}"
    ('500mN8802E1001', '1.6e-05')
    """
    check_finite(scenarios)
    bank = KernelBank.of(scenarios.kernels)
    points, lines = scenarios.points, scenarios.lines
    wanted = np.array(scopes)
    plan = Plan.of(take_points(points, (points.kernel >= 0) & np.isin(points.scope, wanted)),
                   take_lines(lines, np.isin(lines.scope, wanted)), bank, grid)
    way = way or Way()
    # beside workers that leave their tiles in small pages, the large ones of numpy must often be made first: up to 0.4 s
    ir = _layers(len(scopes), grid.size) if way.elsewhere else np.zeros((len(scopes), grid.size), np.int64)
    row = {int(scope): i for i, scope in enumerate(scopes)}
    for tile, laid in sweep(plan, bank, None, tuple(row), way):
        _place(plan, tile, [row[scope] for scope in laid.scopes], laid.ir, ir)
    return ir


def _layers(layers: int, cells: int) -> NDArray[np.int64]:
    """Zeros in small pages: where nothing is laid, half of a city's rectangle, they take no memory."""
    if not cells:
        return np.zeros((layers, 0), np.int64)
    pages = mmap.mmap(-1, layers * cells * 8, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, np.int64).reshape(layers, cells)


def _place(plan: Plan, tile: int, layers: Sequence[int], part: NDArray[np.int64], whole: NDArray[np.int64]) -> None:
    rows, cols = plan.window(tile)
    square = whole.reshape(len(whole), plan.grid.ny, plan.grid.nx)
    for layer, values in zip(layers, part, strict=True):
        square[layer, slice(*rows), slice(*cols)] = values


def background_units(item: Background) -> NDArray[np.int64]:
    """S of one background in the cells that it has events in, in 1e-15 deaths per year.

    Examples
    --------
    >>> rare = Background("住宅火灾", Theme.FIRE_DWELLING, 4, np.array([1, 3]), np.array([0.02, 0.01]), 1.5, -1)
    >>> (background_units(rare) * S_UNIT).round(4).tolist()
    [0.03, 0.015]
    """
    return (item.mitigated * (item.deaths * 1e15)).astype(np.int64)


def _add_local(points: PointScenarios, grid: Grid, s: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    cell = grid.index(points.x, points.y)
    amount = local_s(points)
    inside = cell >= 0
    amount[~inside] = 0
    np.add.at(s, (points.theme[inside], cell[inside]), amount[inside])
    return amount, int(np.count_nonzero(~inside))


def check_finite(scenarios: ScenarioSet) -> None:
    """Refuse scenarios whose frequency, deaths or place is not a number.

    Examples
    --------
    >>> from riskmodel.scenarios import ScenarioBuilder
    >>> builder = ScenarioBuilder(("equipment",))
    >>> builder.add_points("equipment", "塔吊", Theme.EQUIPMENT, Scope.NONE, row=0, x=150.0, y=150.0, frequency=float("nan"))
    >>> try: check_finite(builder.finish())
    ... except BadParameter as error: print(error.en)
    1 scenarios have a frequency, deaths or a place that is not finite
    """
    points = scenarios.points
    bad = np.count_nonzero(~np.isfinite(points.frequency * points.deaths_local + points.x + points.y))
    bad += sum(int(np.count_nonzero(~np.isfinite(item.frequency))) for item in scenarios.background)
    if bad:
        raise BadParameter(
            f"有 {bad} 个情景的频率、死亡人数或坐标不是有限数",
            f"{bad} scenarios have a frequency, deaths or a place that is not finite",
            remedy_zh="请检查源数据和参数表中的缺失值。", remedy_en="Look for missing values in the data and the tables.",
        )
