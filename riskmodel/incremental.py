"""An edit's fields: what changed is taken away and added, nothing else is touched, and the bits are those of the full run.

Possible because the fields are integers: taking away runs the same code on negative frequencies and leaves exactly nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.grid import Grid
from riskmodel.bank import KernelBank
from riskmodel.fields import BackgroundS, Fields, background_units, check_finite, local_s
from riskmodel.scenarios import Kernel, LineScenarios, PointScenarios, ScenarioSet, Scope, Theme
from riskmodel.sweep import Way, sweep
from riskmodel.tiles import People, Plan, take_lines, take_points

Table = TypeVar("Table", PointScenarios, LineScenarios)

_SCOPES = (Scope.HC, Scope.AN, Scope.SEMI)
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ / golden ratio: spreads neighbouring numbers


def update(fields: Fields, before: ScenarioSet, after: ScenarioSet, people: People, grid: Grid, *,
           way: Way | None = None) -> Fields:
    """The fields of `after`, from those of `before` and what differs between the two.

    People must be the same in both: if they moved, every footprint's deaths did, and only a full run is right.

    Parameters
    ----------
    fields : Fields
        What :func:`riskmodel.fields.lay` gave for `before`; left as it is.

    Returns
    -------
    Fields
        Bit for bit what :func:`riskmodel.fields.lay` would give for `after`.

    Raises
    ------
    BadParameter, RunError
        As :func:`riskmodel.fields.lay`.

    Examples
    --------
    >>> from riskmodel.build import build_scenarios
    >>> from riskmodel.example import GRID, parameters, scored, town
    >>> run = scored()
    >>> after, _ = build_scenarios(town(hazard_source=[]), parameters(), run.exposure)
    >>> found = update(run.fields, run.scenarios, after, run.exposure, GRID)
    >>> (run.fields.total.sum() * 1e-15).round(4).item(), (found.total.sum() * 1e-15).round(4).item()
    (0.012, 0.0115)
    """
    check_finite(after)
    point, line = difference(_point_keys(before), _point_keys(after)), difference(_line_keys(before), _line_keys(after))
    ir, s = fields.ir.copy(), fields.s.copy()
    gone = replace(before, points=take_points(before.points, point.gone), lines=take_lines(before.lines, line.gone))
    fresh = replace(after, points=take_points(after.points, point.fresh), lines=take_lines(after.lines, line.fresh))
    fresh_point_s, fresh_line_s = change(ir, s, gone, fresh, people, grid, way=way)
    _local(s, gone.points, grid, -1)
    fresh_point_s += _local(s, fresh.points, grid, 1)
    for item in before.background:
        s[item.theme, item.cell] -= background_units(item)
    for item in after.background:
        s[item.theme, item.cell] += background_units(item)
    outside = int(np.count_nonzero(grid.index(after.points.x, after.points.y) < 0))
    point_s, line_s = point.joined(fields.point_s, fresh_point_s), line.joined(fields.line_s, fresh_line_s)
    return Fields(ir, s, point_s, line_s, tuple(map(BackgroundS, after.background)), outside)


def change(ir: NDArray[np.int64], s: NDArray[np.int64] | None, removed: ScenarioSet, added: ScenarioSet, people: People | None,
           grid: Grid, *, scopes: Sequence[Scope] = _SCOPES,
           way: Way | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Take the footprints of some scenarios out of the fields and put those of others in, in place.

    Parameters
    ----------
    ir : (scopes, cells) int64
    s : (themes, cells) int64 or None
        None where only individual risk is kept; then `people` is not needed.

    Returns
    -------
    point_s, line_s : int64 arrays
        S that the added points and lines reach with their footprints (zero without people).

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> run = scored()
    >>> ir = run.fields.ir.copy()
    >>> nobody, nothing = np.zeros(0, np.int64), run.scenarios
    >>> nothing = replace(nothing, points=take_points(nothing.points, nobody), lines=take_lines(nothing.lines, nobody))
    >>> _ = change(ir, None, run.scenarios, nothing, None, GRID)
    >>> bool(run.fields.ir.any()), bool(ir.any())
    (True, False)
    """
    kernels, points, lines, reach = _together(removed, added)
    bank = KernelBank.of(kernels)
    plan = Plan.of(points, lines, bank, grid)
    row = {int(scope): i for i, scope in enumerate(scopes)}
    point_s, line_s = np.zeros(len(points.x), np.int64), np.zeros(len(lines.rate), np.int64)
    for tile, laid in sweep(plan, bank, None if s is None else people, tuple(row), way or Way()):
        _add_part(plan, tile, [row[scope] for scope in laid.scopes], laid.ir, ir)
        if s is not None:
            _add_part(plan, tile, laid.themes, laid.s, s)
        point_s[plan.point_rows(tile)] += laid.point_s
        line_s[plan.line_rows(tile)] += laid.line_s
    reached = np.zeros(len(added.points.x), np.int64)
    reached[reach] = point_s[len(points.x) - len(reach):]
    return reached, line_s[len(removed.lines.rate):]


def _together(removed: ScenarioSet, added: ScenarioSet,
              ) -> tuple[tuple[Kernel, ...], PointScenarios, LineScenarios, NDArray[np.intp]]:
    """Both as one set with footprints, the removed with negative frequencies; and the rows of the added that have one."""
    first, reach = (np.flatnonzero(part.points.kernel >= 0) for part in (removed, added))
    old, new = take_points(removed.points, first), take_points(added.points, reach)
    points = _stacked(replace(old, frequency=-old.frequency), new, len(removed.kernels))
    lines = _stacked(replace(removed.lines, rate=-removed.lines.rate), added.lines, len(removed.kernels))
    return (*removed.kernels, *added.kernels), points, lines, reach


def _stacked(old: Table, new: Table, kernels: int) -> Table:
    columns = {name: np.concatenate([getattr(old, name), getattr(new, name)]) for name in old.__dataclass_fields__}
    columns["kernel"] = np.concatenate([old.kernel, new.kernel + kernels])
    return type(old)(**columns)


def _add_part(plan: Plan, tile: int, layers: Sequence[int], part: NDArray[np.int64], whole: NDArray[np.int64]) -> None:
    rows, cols = plan.window(tile)
    square = whole.reshape(len(whole), plan.grid.ny, plan.grid.nx)
    for layer, values in zip(layers, part, strict=True):
        square[layer, slice(*rows), slice(*cols)] += values


def _local(s: NDArray[np.int64], points: PointScenarios, grid: Grid, sign: int) -> NDArray[np.int64]:
    cell, amount = grid.index(points.x, points.y), local_s(points)
    amount[cell < 0] = 0
    np.add.at(s, (points.theme[cell >= 0], cell[cell >= 0]), sign * amount[cell >= 0])
    return amount


@dataclass(frozen=True)
class Difference:
    """Rows of two tables matched by what they say.

    Attributes
    ----------
    gone, fresh : rows only before, rows only after
    kept_before, kept_after : rows that are in both, in the same order

    Examples
    --------
    >>> found = difference(np.array([5, 7, 9], np.uint64), np.array([7, 11], np.uint64))
    >>> found.joined(np.array([50, 70, 90]), fresh=np.array([110])).tolist()
    [70, 110]
    """

    gone: NDArray[np.intp]
    fresh: NDArray[np.intp]
    kept_before: NDArray[np.intp]
    kept_after: NDArray[np.intp]

    def joined(self, before: NDArray[np.int64], fresh: NDArray[np.int64]) -> NDArray[np.int64]:
        """Values of all rows after, from those of the rows before and of the fresh ones."""
        values = np.zeros(len(self.kept_after) + len(self.fresh), np.int64)
        values[self.kept_after] = before[self.kept_before]
        values[self.fresh] = fresh
        return values


def difference(before: NDArray[np.uint64], after: NDArray[np.uint64]) -> Difference:
    """Match rows of equal key, as many as both tables have.

    Examples
    --------
    >>> found = difference(np.array([5, 7, 9], np.uint64), np.array([7, 11], np.uint64))
    >>> found.gone.tolist(), found.fresh.tolist(), found.kept_before.tolist(), found.kept_after.tolist()
    ([0, 2], [1], [1], [0])
    """
    one, two = _numbered(before), _numbered(after)
    _, kept_before, kept_after = np.intersect1d(one, two, assume_unique=True, return_indices=True)
    gone, fresh = np.ones(len(one), bool), np.ones(len(two), bool)
    gone[kept_before], fresh[kept_after] = False, False
    return Difference(np.flatnonzero(gone), np.flatnonzero(fresh), kept_before, kept_after)


def _numbered(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Equal keys told apart by how many of them came before."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    first = np.concatenate([[True], ranked[1:] != ranked[:-1]])[:len(keys)]
    start = np.maximum.accumulate(np.where(first, np.arange(len(keys)), 0))
    number = np.empty(len(keys), np.uint64)
    number[order] = (np.arange(len(keys)) - start).astype(np.uint64)
    return keys ^ (number * _ODD)


def _point_keys(scenarios: ScenarioSet) -> NDArray[np.uint64]:
    p = scenarios.points
    return _keys(_kernel_keys(scenarios)[p.kernel], p.theme, p.scope, p.x, p.y, p.frequency, p.deaths_local, p.own_cell,
                 p.own_staff, p.mitigation)


def _line_keys(scenarios: ScenarioSet) -> NDArray[np.uint64]:
    p = scenarios.lines
    return _keys(_kernel_keys(scenarios)[p.kernel], p.theme, p.scope, p.x1, p.y1, p.x2, p.y2, p.rate)


def _kernel_keys(scenarios: ScenarioSet) -> NDArray[np.uint64]:
    """One number per kernel by its content; the last stands for none."""
    keys = [hash((k.radius, k.outdoors.tobytes(), k.indoors.tobytes(), None if k.rose is None else k.rose.tobytes()))
            for k in scenarios.kernels]
    return np.array([*keys, 0], np.int64).view(np.uint64)


def _keys(*columns: ArrayLike) -> NDArray[np.uint64]:
    """64-bit mix of the columns' bits, row by row."""
    key = np.zeros(len(np.asarray(columns[0])), np.uint64)
    for column in columns:
        values = np.asarray(column)
        bits = (values.astype(np.int64) if values.dtype.kind in "iu" and values.dtype != np.uint64 else values).view(np.uint64)
        key = (key ^ bits) * _ODD
        key ^= key >> np.uint64(29)
    return key


def layers_equal(one: Fields, two: Fields) -> bool:
    """Whether two runs found the same bits in every cell and theme.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> from riskmodel.fields import lay
    >>> run = scored()
    >>> layers_equal(run.fields, lay(run.scenarios, run.exposure, GRID, threads=2))
    True
    """
    return bool(np.array_equal(one.ir, two.ir) and np.array_equal(one.s, two.s)) and len(one.s) == len(Theme)
