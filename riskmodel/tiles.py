"""Tiles of the grid: which scenarios reach which tile, what a tile costs, and the one function that lays a tile.

A tile owns its output. The same function runs in the threads of one process (:mod:`riskmodel.fields`) and in the workers of a
cluster (:mod:`riskmodel.cluster`); as integers are added, neither the number of workers nor the order of the tiles changes a bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from dataclasses import fields as columns_of
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geo.errors import BadParameter
from geo.grid import Grid
from riskmodel.bank import KernelBank
from riskmodel.scenarios import LineScenarios, PointScenarios, Theme

#: Cells per side of a tile: its int64 field (512 KB) stays in a core's second-level cache.
TILE = 256

#: Columns that the tiles read, for individual risk alone and for societal risk too.
_FOR_IR = ("x", "y", "x1", "y1", "x2", "y2", "frequency", "rate", "theme", "scope", "kernel")
_FOR_S = ("own_cell", "own_staff", "mitigation")

#: The fixed point of individual risk holds ±9.2 per year.
_IR_MOST = 9.0

#: Cost of a line at one sub-cell, and of a cell beside it, in cells of a point's footprint (measured).
_LINE_POINT, _LINE_LOOK = 45.0, 20.0


class People(Protocol):
    """Time-averaged people per cell, outdoors and indoors.

    Examples
    --------
    >>> def crowd(people: People) -> float: return people.mean_outdoors.sum() + people.mean_indoors.sum()
    >>> crowd(StillPeople(np.array([3.0, 0.0]), np.array([27.0, 10.0]), (0.1, 0.4))).item()
    40.0
    """

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
class StillPeople:
    """People whose arrays are there: a property that makes them anew is asked only once, not for every tile.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> people = StillPeople.of(scored().exposure)
    >>> people.mean_outdoors.shape, [round(share, 3) for share in people.per_job]
    ((24,), [0.043, 1.485])
    """

    mean_outdoors: NDArray[np.float64]
    mean_indoors: NDArray[np.float64]
    per_job: tuple[float, float]

    @classmethod
    def of(cls, people: People) -> StillPeople:
        """The arrays of any people."""
        return cls(people.mean_outdoors, people.mean_indoors, people.per_job)


@dataclass(frozen=True)
class Work:
    """Everything that one tile needs, in arrays that can be sent to another machine.

    Attributes
    ----------
    grid : Grid
        The whole grid: cells keep their place in it.
    rows, cols : (first, past the last) of the tile
    points, lines : scenarios that reach the tile
    people_out, people_in : (rows, cols) float64
        People of the tile; empty where societal risk is not wanted.
    per_job : people outdoors and indoors that one job stands for
    scopes : scopes of individual risk that are wanted
    societal : whether societal risk is wanted

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> found = scored().scenarios
    >>> points = take_points(found.points, found.points.kernel >= 0)
    >>> plan = Plan.of(points, found.lines, KernelBank.of(found.kernels), GRID, side=4)
    >>> work = plan.work(0, scored().exposure, (0, 1, 2))
    >>> work.rows, work.cols, work.people_out.shape
    ((0, 4), (0, 4), (4, 4))
    """

    grid: Grid
    rows: tuple[int, int]
    cols: tuple[int, int]
    points: PointScenarios
    lines: LineScenarios
    people_out: NDArray[np.float64]
    people_in: NDArray[np.float64]
    per_job: tuple[float, float]
    scopes: tuple[int, ...]
    societal: bool


@dataclass(frozen=True)
class Laid:
    """What one tile found.

    Attributes
    ----------
    scopes, themes : rows of `ir` and `s`; others are zero in this tile
    ir : (scopes, rows, cols) int64, 1e-18 per year
    s : (themes, rows, cols) int64, 1e-15 deaths per year
    point_s, line_s : S in this tile of the tile's scenarios, in their order

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> found = scored().scenarios
    >>> bank = KernelBank.of(found.kernels)
    >>> plan = Plan.of(take_points(found.points, found.points.kernel >= 0), found.lines, bank, GRID)
    >>> laid = lay_tile(plan.work(0, None, (0, 1, 2)), bank)
    >>> laid.scopes, laid.themes, laid.ir.shape
    ((0, 1), (), (2, 4, 6))
    """

    scopes: tuple[int, ...]
    themes: tuple[int, ...]
    ir: NDArray[np.int64]
    s: NDArray[np.int64]
    point_s: NDArray[np.int64]
    line_s: NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """Which scenarios reach which tile.

    Attributes
    ----------
    grid : Grid
    side, down, across : cells per side of a tile, rows and columns of tiles
    points, lines : all scenarios with a footprint
    point_start, line_start : (tiles + 1,) int64
    point_index, line_index : numbers of the scenarios, tile after tile
    cost : (tiles,) float64
        Estimated cell updates.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> found = scored().scenarios
    >>> points = take_points(found.points, found.points.kernel >= 0)
    >>> plan = Plan.of(points, found.lines, KernelBank.of(found.kernels), GRID, side=2)
    >>> (plan.down, plan.across), plan.order().tolist(), plan.window(4)
    ((2, 3), [4, 3, 5, 0, 1], ((2, 4), (2, 4)))
    >>> len(plan.point_rows(0)), len(plan.line_rows(3)), plan.work(4, None, (0,)).rows
    (18, 2, (2, 4))
    """

    grid: Grid
    side: int
    down: int
    across: int
    points: PointScenarios
    lines: LineScenarios
    point_start: NDArray[np.int64]
    point_index: NDArray[np.int32]
    line_start: NDArray[np.int64]
    line_index: NDArray[np.int32]
    cost: NDArray[np.float64]

    @classmethod
    def of(cls, points: PointScenarios, lines: LineScenarios, bank: KernelBank, grid: Grid, side: int = TILE) -> Plan:
        """Find the tiles of every scenario by its box.

        Raises
        ------
        BadParameter
            If the frequencies that meet in one tile could overflow the fixed point (more than 9 per year).
        """
        down, across = -(-grid.ny // side), -(-grid.nx // side)
        r = bank.radius[points.kernel]
        boxes = (points.x - r, points.x + r, points.y - r, points.y + r)
        first = _Boxes.of(boxes, points.frequency, _point_work(r, grid), (grid, side, down, across))
        r = bank.radius[lines.kernel]
        boxes = (np.minimum(lines.x1, lines.x2) - r, np.maximum(lines.x1, lines.x2) + r,
                 np.minimum(lines.y1, lines.y2) - r, np.maximum(lines.y1, lines.y2) + r)
        second = _Boxes.of(boxes, lines.rate * 2 * r, _line_work(lines, r, grid), (grid, side, down, across))
        _check_range(first.total + second.total)
        return cls(grid, side, down, across, points, lines, first.start, first.index, second.start, second.index,
                   first.cost + second.cost)

    def order(self) -> NDArray[np.int64]:
        """Tiles that any scenario reaches, most expensive first."""
        busy = np.flatnonzero(np.diff(self.point_start) + np.diff(self.line_start))
        return busy[np.argsort(-self.cost[busy], kind="stable")].astype(np.int64)

    def window(self, tile: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows and columns of a tile: (first, past the last) each."""
        i, j = divmod(tile, self.across)
        return ((i * self.side, min((i + 1) * self.side, self.grid.ny)), (j * self.side, min((j + 1) * self.side, self.grid.nx)))

    def point_rows(self, tile: int) -> NDArray[np.int32]:
        """Numbers of the point scenarios that reach a tile."""
        return self.point_index[self.point_start[tile]:self.point_start[tile + 1]]

    def line_rows(self, tile: int) -> NDArray[np.int32]:
        """Numbers of the pieces of lines that reach a tile."""
        return self.line_index[self.line_start[tile]:self.line_start[tile + 1]]

    def lean(self, people: People | None) -> Plan:
        """The same without the columns that no tile reads, to be sent.

        Examples
        --------
        >>> from riskmodel.example import GRID, scored
        >>> from riskmodel.tiles import take_points
        >>> found = scored().scenarios
        >>> points = take_points(found.points, found.points.kernel >= 0)
        >>> plan = Plan.of(points, found.lines, KernelBank.of(found.kernels), GRID)
        >>> len(plan.points.label), len(plan.lean(None).points.label), len(plan.lean(None).points.x) == len(plan.points.x)
        (18, 0, True)
        """
        names = _read_by_tiles(people)
        return replace(self, points=PointScenarios(**_only(self.points, slice(None), names)),
                       lines=LineScenarios(**_only(self.lines, slice(None), names)))

    def work(self, tile: int, people: People | None, scopes: Iterable[int]) -> Work:
        """What a tile needs; without people only individual risk is wanted."""
        rows, cols = self.window(tile)
        if people is None:
            outside = inside = np.zeros((0, 0))
        else:
            outside, inside = (np.ascontiguousarray(whole.reshape(self.grid.ny, self.grid.nx)[slice(*rows), slice(*cols)])
                               for whole in (people.mean_outdoors, people.mean_indoors))
        names = _read_by_tiles(people)
        return Work(self.grid, rows, cols, PointScenarios(**_only(self.points, self.point_rows(tile), names)),
                    LineScenarios(**_only(self.lines, self.line_rows(tile), names)), outside, inside,
                    (0.0, 0.0) if people is None else people.per_job, tuple(scopes), people is not None)


def _read_by_tiles(people: People | None) -> tuple[str, ...]:
    return _FOR_IR if people is None else _FOR_IR + _FOR_S


def _only(table: PointScenarios | LineScenarios, rows: NDArray[np.int32] | slice,
          names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """The columns that a tile reads, of some rows; the others empty, for they would be sent for nothing."""
    columns = {f.name: getattr(table, f.name) for f in columns_of(table)}
    return {name: values[rows] if name in names else values[:0] for name, values in columns.items()}


def take_points(points: PointScenarios, rows: NDArray[np.integer] | NDArray[np.bool_]) -> PointScenarios:
    """The given rows of a point table; the table itself if a mask gives them all.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> points = scored().scenarios.points
    >>> len(points.x), len(take_points(points, points.theme == Theme.HAZCHEM).x)
    (24, 18)
    """
    if rows.dtype == np.bool_ and rows.all():
        return points
    return PointScenarios(**{f.name: getattr(points, f.name)[rows] for f in columns_of(PointScenarios)})


def take_lines(lines: LineScenarios, rows: NDArray[np.integer] | NDArray[np.bool_]) -> LineScenarios:
    """The given rows of a line table; the table itself if a mask gives them all.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> len(take_lines(scored().scenarios.lines, np.array([0])).rate)
    1
    """
    if rows.dtype == np.bool_ and rows.all():
        return lines
    return LineScenarios(**{f.name: getattr(lines, f.name)[rows] for f in columns_of(LineScenarios)})


def lay_tile(work: Work, bank: KernelBank) -> Laid:
    """Lay everything that reaches one tile.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> found = scored().scenarios
    >>> bank = KernelBank.of(found.kernels)
    >>> plan = Plan.of(take_points(found.points, found.points.kernel >= 0), found.lines, bank, GRID)
    >>> f"{lay_tile(plan.work(0, None, (0,)), bank).ir.max() * 1e-18:.1e}"
    '1.6e-05'
    """
    shape = (work.rows[1] - work.rows[0], work.cols[1] - work.cols[0])
    scopes = tuple(scope for scope in work.scopes if np.any(work.points.scope == scope) or np.any(work.lines.scope == scope))
    themes = tuple(np.union1d(work.points.theme, work.lines.theme).tolist()) if work.societal else ()
    from riskmodel.kernels.strips import LANES

    ir = np.zeros((len(scopes), shape[0], -(-shape[1] // LANES) * LANES), np.int64)  # whole strips
    s = np.zeros((len(themes), *shape), np.int64)
    point_s, line_s = np.zeros(len(work.points.x), np.int64), np.zeros(len(work.lines.rate), np.int64)
    laid = Laid(scopes, themes, ir, s, point_s, line_s)
    _add(work, bank, laid)
    return laid if ir.shape[2] == shape[1] else replace(laid, ir=np.ascontiguousarray(ir[:, :, :shape[1]]))


def _add(work: Work, bank: KernelBank, laid: Laid) -> None:
    """Add a tile's scenarios to its part of the fields; negative frequencies take away."""
    from riskmodel.kernels import tiles

    grid, points, lines = work.grid, work.points, work.lines
    where = (grid.west, grid.north, float(grid.cell))
    layer, row = layers_of(laid.scopes, 3), layers_of(laid.themes, len(Theme))
    weight = points.frequency * points.mitigation if work.societal else points.frequency
    if len(points.x):
        tiles.add_points(
            *where, grid.nx, *work.rows, *work.cols, points.x, points.y, points.frequency, weight,
            layer[points.scope], row[points.theme], points.kernel, points.own_cell, points.own_staff, *work.per_job, bank.radius,
            bank.fine(grid.cell), bank.out, bank.inside, bank.shapes[0], bank.pairs, bank.quads, bank.rose, bank.has_rose,
            work.societal, work.people_out,
            work.people_in, laid.ir, laid.s, laid.point_s,
        )
    if len(lines.rate):
        tiles.add_lines(
            *where, *work.rows, *work.cols, lines.x1, lines.y1, lines.x2, lines.y2, lines.rate, layer[lines.scope],
            row[lines.theme], lines.kernel, bank.radius, bank.steps_out, bank.steps_in, bank.radii2, work.societal,
            work.people_out, work.people_in, laid.ir, laid.s, laid.line_s,
        )


def layers_of(chosen: tuple[int, ...], n: int) -> NDArray[np.int64]:
    """Position of each of n numbers among the chosen ones, −1 where it is not; the entry of number −1 (the last) is −1 too.

    Examples
    --------
    >>> layers_of((2, 0), 3).tolist()
    [1, -1, 0, -1]
    """
    place = np.full(n + 1, -1, np.int64)
    place[list(chosen)] = np.arange(len(chosen))
    return place


@dataclass(frozen=True)
class _Boxes:
    start: NDArray[np.int64]
    index: NDArray[np.int32]
    total: NDArray[np.float64]
    cost: NDArray[np.float64]

    @classmethod
    def of(cls, boxes: tuple[NDArray[np.float64], ...], frequency: NDArray[np.float64], work: NDArray[np.float64],
           tiling: tuple[Grid, int, int, int]) -> _Boxes:
        from riskmodel.kernels import boxes as compiled

        grid, side, down, across = tiling
        where = (grid.west, grid.north, float(grid.cell), side, down, across)
        count, total, cost = np.zeros(down * across, np.int64), np.zeros(down * across), np.zeros(down * across)
        xmin, xmax, ymin, ymax = boxes
        compiled.count_boxes(*where, xmin, xmax, ymin, ymax, np.abs(frequency), work, count, total, cost)
        start = np.concatenate([[0], np.cumsum(count)])
        index = np.empty(start[-1], np.int32)
        compiled.place_boxes(*where, xmin, xmax, ymin, ymax, start[:-1].copy(), index)
        return cls(start, index, total, cost)


def _point_work(radius: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Evaluations per cell of a footprint's box."""
    small = radius < 5 * grid.cell
    parts = np.clip(10.0 * grid.cell / np.maximum(radius, 1e-9), 5.0, 64.0) ** 2
    return np.pi / 4 * np.where(small, np.minimum(parts, 320.0), 1.0)


def _line_work(lines: LineScenarios, radius: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """The same for pieces of lines: the sub-cells near the line, each a sum over a staircase, and a look at every other cell."""
    dx, dy = np.abs(lines.x2 - lines.x1), np.abs(lines.y2 - lines.y1)
    parts = np.where(radius < 5 * grid.cell, np.clip(2.0 * grid.cell / np.maximum(radius, 1e-9), 4.0, 64.0) ** 2, 1.0)
    near = (np.hypot(dx, dy) * 2 * radius + np.pi * radius**2) / grid.cell**2 * parts
    box = (dx + 2 * radius + grid.cell) * (dy + 2 * radius + grid.cell) / grid.cell**2
    return _LINE_POINT * near / box + _LINE_LOOK


def _check_range(total: NDArray[np.float64]) -> None:
    most = float(total.max(initial=0.0))
    if not np.isfinite(most) or most >= _IR_MOST:
        raise BadParameter(
            f"有足迹情景的频率总和在一处达到 {most:.3g} 次/年，超出定点数范围（{_IR_MOST:g} 次/年）",
            f"scenarios with a footprint sum to {most:.3g} per year in one place, beyond the fixed point's {_IR_MOST:g}",
            remedy_zh="请检查频率的单位。", remedy_en="Check the units of the frequencies.",
        )
