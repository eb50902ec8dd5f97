"""Why is this red? Which sources make how much of a cell or an area; the shares sum to the whole.

The model is linear, so the answer is exact: the same compiled footprints that laid the fields are asked again for one place,
scenario by scenario. For a cell the integers add up to the field bit for bit; for an area, where cells are split by
area fraction, to floating-point accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from riskmodel.fields import BackgroundS, Fields, KernelBank, People, local_s, take_lines, take_points
from riskmodel.inputs import Coverage
from riskmodel.scenarios import LineScenarios, PointScenarios, ScenarioSet, Theme
from riskmodel.shares import BACKGROUND


@dataclass(frozen=True)
class Evidence:
    """What a snapshot keeps of a run so that any place can be explained later.

    Attributes
    ----------
    grid : Grid
    points : PointScenarios, ordered by cell; point_cell : (points,) int64
    lines : LineScenarios
    bank : KernelBank
    cells : (m,) int64
        Ascending cells that have people or risk; the three arrays below follow it.
    people_out, people_in : (m,) float64
    per_job : (2,) float64
        Mean people outdoors and indoors that one job stands for.
    background_s : (backgrounds, m) int64
    background_theme : (backgrounds,) int8, background_label : (backgrounds,) int16
    coverage_start : (streets + 1,) int64
        Where each street's cells begin.
    coverage_cell, coverage_fraction : (k,) int64, float64
        Cells of the streets and the share of their area, street after street.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored, town
    >>> run = scored()
    >>> kept = gather(GRID, town().coverage, run.scenarios, run.fields, run.exposure)
    >>> len(kept.cells), kept.coverage_start.tolist()
    (24, [0, 12, 24])
    """

    grid: Grid
    points: PointScenarios
    point_cell: NDArray[np.int64]
    lines: LineScenarios
    bank: KernelBank
    cells: NDArray[np.int64]
    people_out: NDArray[np.float64]
    people_in: NDArray[np.float64]
    per_job: NDArray[np.float64]
    background_s: NDArray[np.int64]
    background_theme: NDArray[np.int8]
    background_label: NDArray[np.int16]
    coverage_start: NDArray[np.int64]
    coverage_cell: NDArray[np.int64]
    coverage_fraction: NDArray[np.float64]


@dataclass(frozen=True)
class Contributions:
    """Contributions to one place, one entry per source, scenario label and theme.

    Attributes
    ----------
    kind, row, label, theme : int arrays
        Source (kind BACKGROUND and row −1 for what no feature reports), scenario label, theme.
    s : float64 array
        Share of the place's S in 1e-15 deaths per year (whole numbers for a cell).
    ir : (n, 3) int64 or None
        Individual risk ir_hc, ir_an, ir_semi in 1e-18 per year; cells only.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored, town
    >>> run = scored()
    >>> found = explain_streets(gather(GRID, town().coverage, run.scenarios, run.fields, run.exposure), np.array([0, 1]))
    >>> (found.by_theme()[[Theme.HAZCHEM, Theme.FIRE_DWELLING]] * 1e-15).round(5).tolist()
    [0.00066, 0.00457]
    """

    kind: NDArray[np.int64]
    row: NDArray[np.int64]
    label: NDArray[np.int64]
    theme: NDArray[np.int64]
    s: NDArray[np.float64]
    ir: NDArray[np.int64] | None

    def by_theme(self) -> NDArray[np.float64]:
        """S of each theme."""
        return np.asarray(np.bincount(self.theme, self.s, minlength=len(Theme)), np.float64)


def labels(scenarios: ScenarioSet) -> list[str]:
    """Names of all labels: those of the scenarios, then those of the backgrounds.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> labels(scored().scenarios)[-2:]
    ['未上报单位生产安全事故', '有限空间作业事故']
    """
    named = list(scenarios.labels)
    return named + [b.label for b in scenarios.background if b.label not in named]


def gather(grid: Grid, coverage: Coverage, scenarios: ScenarioSet, fields: Fields, people: People) -> Evidence:
    """The evidence of a run, reduced to the cells where somebody is or something happens.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored, town
    >>> run = scored()
    >>> gather(GRID, town().coverage, run.scenarios, run.fields, run.exposure).people_out.sum().round().item()
    369.0
    """
    where = grid.index(scenarios.points.x, scenarios.points.y)
    order = np.argsort(where, kind="stable")
    busy = np.flatnonzero((fields.total != 0) | (people.mean_outdoors > 0) | (people.mean_indoors > 0))
    is_busy = np.zeros(grid.size, np.bool_)
    is_busy[busy] = True
    cover = np.flatnonzero(is_busy[coverage.cell])
    cover = cover[np.argsort(coverage.street[cover], kind="stable")]
    streets = int(coverage.street.max(initial=-1)) + 1
    numbers = {label: i for i, label in enumerate(labels(scenarios))}
    background = scenarios.background
    return Evidence(
        grid=grid, points=take_points(scenarios.points, order), point_cell=where[order], lines=scenarios.lines,
        bank=KernelBank.of(scenarios.kernels), cells=busy.astype(np.int64), people_out=people.mean_outdoors[busy],
        people_in=people.mean_indoors[busy], per_job=np.array(people.per_job),
        background_s=np.array([BackgroundS(b)[busy] for b in background], np.int64).reshape(len(background), len(busy)),
        background_theme=np.array([int(b.theme) for b in background], np.int8),
        background_label=np.array([numbers[b.label] for b in background], np.int16),
        coverage_start=np.concatenate([[0], np.cumsum(np.bincount(coverage.street[cover], minlength=streets))]).astype(np.int64),
        coverage_cell=coverage.cell[cover], coverage_fraction=coverage.fraction[cover],
    )


def explain_cell(evidence: Evidence, cell: int) -> Contributions:
    """Who makes the risk of one cell.

    Parameters
    ----------
    cell : int
        Flat index of a cell of the grid.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored, town
    >>> run = scored()
    >>> found = explain_cell(gather(GRID, town().coverage, run.scenarios, run.fields, run.exposure), 7)
    >>> labels(run.scenarios)[found.label[0]], bool(found.s.sum() == run.fields.total[7])
    ('上报风险源', True)
    """
    from riskmodel.kernels import footprint

    grid = evidence.grid
    cx, cy = (float(v) for v in grid.centre(cell))
    po, pi = _people_of(evidence, cell)
    a, b = divmod(cell, grid.nx)
    points, lines, bank = _near(evidence, cx - grid.cell / 2, cx + grid.cell / 2, cy - grid.cell / 2, cy + grid.cell / 2)
    one = np.ones((1, 1))
    where = (grid.west, grid.north, float(grid.cell), grid.nx, a, a + 1, b, b + 1, one)
    people = (np.full((1, 1), po), np.full((1, 1), pi))
    point_s, line_s = np.zeros(len(points.x)), np.zeros(len(lines.x1))
    footprint.points_in_window(*where, points.x, points.y, points.frequency * points.mitigation, points.kernel, points.own_cell,
                               points.own_staff, float(evidence.per_job[0]), float(evidence.per_job[1]), bank.radius, bank.out,
                               bank.inside, bank.rose, bank.has_rose, *people, point_s)
    footprint.lines_in_window(*where, lines.x1, lines.y1, lines.x2, lines.y2, lines.rate, lines.kernel, bank.radius,
                              bank.steps_out, bank.steps_in, bank.radii2, *people, line_s)
    ir_p, ir_l = np.zeros(len(points.x), np.int64), np.zeros(len(lines.x1), np.int64)
    footprint.points_ir_on_cell(cx, cy, float(grid.cell), points.x, points.y, points.frequency, points.kernel, bank.radius,
                                bank.out, bank.inside, bank.rose, bank.has_rose, ir_p)
    footprint.lines_ir_on_cell(cx, cy, float(grid.cell), lines.x1, lines.y1, lines.x2, lines.y2, lines.rate, lines.kernel,
                               bank.radius, bank.steps_out, bank.steps_in, bank.radii2, ir_l)
    first, last = np.searchsorted(evidence.point_cell, [cell, cell + 1])
    local = take_points(evidence.points, np.arange(first, last))
    background, _ = _background(evidence, np.array([cell]), np.ones(1))
    return _joined(
        [(local, local_s(local).astype(np.float64)), (points, point_s)], (lines, line_s), evidence, background,
        ir=[np.zeros(len(local.x), np.int64), ir_p, ir_l],
    )


def explain_streets(evidence: Evidence, streets: NDArray[np.int64]) -> Contributions:
    """Who makes the risk of a set of streets (one street, a district, the city).

    Parameters
    ----------
    streets : rows of the streets

    Examples
    --------
    >>> from riskmodel.example import GRID, scored, town
    >>> run = scored()
    >>> found = explain_streets(gather(GRID, town().coverage, run.scenarios, run.fields, run.exposure), np.array([1]))
    >>> labels(run.scenarios)[found.label[0]], f"{found.s[0] / found.s.sum():.0%}"
    ('建筑施工事故', '47%')
    """
    from riskmodel.kernels import footprint

    grid = evidence.grid
    begin = evidence.coverage_start
    chosen = np.concatenate([np.arange(begin[i], begin[i + 1]) for i in streets])
    cell, inverse = np.unique(evidence.coverage_cell[chosen], return_inverse=True)
    weight = np.asarray(np.bincount(inverse, evidence.coverage_fraction[chosen], minlength=len(cell)), np.float64)
    row, col = np.divmod(cell, grid.nx)
    a0, a1, b0, b1 = int(row.min()), int(row.max()) + 1, int(col.min()), int(col.max()) + 1
    window = np.zeros((3, a1 - a0, b1 - b0))
    window[0, row - a0, col - b0] = weight
    at = np.searchsorted(evidence.cells, cell)
    known = at < len(evidence.cells)
    known[known] = evidence.cells[at[known]] == cell[known]
    window[1, row[known] - a0, col[known] - b0] = evidence.people_out[at[known]]
    window[2, row[known] - a0, col[known] - b0] = evidence.people_in[at[known]]
    points, lines, bank = _near(evidence, grid.west + b0 * grid.cell, grid.west + b1 * grid.cell,
                                grid.north - a1 * grid.cell, grid.north - a0 * grid.cell)
    where = (grid.west, grid.north, float(grid.cell), grid.nx, a0, a1, b0, b1, window[0])
    point_s, line_s = np.zeros(len(points.x)), np.zeros(len(lines.x1))
    footprint.points_in_window(*where, points.x, points.y, points.frequency * points.mitigation, points.kernel, points.own_cell,
                               points.own_staff, float(evidence.per_job[0]), float(evidence.per_job[1]), bank.radius, bank.out,
                               bank.inside, bank.rose, bank.has_rose, window[1], window[2], point_s)
    footprint.lines_in_window(*where, lines.x1, lines.y1, lines.x2, lines.y2, lines.rate, lines.kernel, bank.radius,
                              bank.steps_out, bank.steps_in, bank.radii2, window[1], window[2], line_s)
    first = np.searchsorted(evidence.point_cell, cell)
    last = np.searchsorted(evidence.point_cell, cell, side="right")
    number = last - first
    rows = np.repeat(first - np.concatenate([[0], np.cumsum(number)[:-1]]), number) + np.arange(number.sum())
    share = np.repeat(weight, number)
    local = take_points(evidence.points, rows)
    background, _ = _background(evidence, cell, weight)
    return _joined([(local, local_s(local) * share), (points, point_s)], (lines, line_s), evidence, background, ir=None)


def _people_of(evidence: Evidence, cell: int) -> tuple[float, float]:
    at = int(np.searchsorted(evidence.cells, cell))
    if at == len(evidence.cells) or evidence.cells[at] != cell:
        return 0.0, 0.0
    return float(evidence.people_out[at]), float(evidence.people_in[at])


def _near(evidence: Evidence, x0: float, x1: float, y0: float, y1: float) -> tuple[PointScenarios, LineScenarios, KernelBank]:
    """Scenarios whose footprint can touch a box of metres."""
    points, lines, bank = evidence.points, evidence.lines, evidence.bank
    reach = np.flatnonzero(points.kernel >= 0)
    r = bank.radius[points.kernel[reach]]
    x, y = points.x[reach], points.y[reach]
    touch = (x + r >= x0) & (x - r <= x1) & (y + r >= y0) & (y - r <= y1)
    if len(lines.x1) == 0:
        return take_points(points, reach[touch]), lines, bank
    r = bank.radius[lines.kernel]
    along = ((np.maximum(lines.x1, lines.x2) + r >= x0) & (np.minimum(lines.x1, lines.x2) - r <= x1)
             & (np.maximum(lines.y1, lines.y2) + r >= y0) & (np.minimum(lines.y1, lines.y2) - r <= y1))
    return take_points(points, reach[touch]), take_lines(lines, np.flatnonzero(along)), bank


def _background(evidence: Evidence, cell: NDArray[np.int64], weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    at = np.searchsorted(evidence.cells, cell)
    known = at < len(evidence.cells)
    known[known] = evidence.cells[at[known]] == cell[known]
    return evidence.background_s[:, at[known]] @ weight[known], int(known.sum())


def _joined(points: list[tuple[PointScenarios, NDArray[np.float64]]], lines: tuple[LineScenarios, NDArray[np.float64]],
            evidence: Evidence, background: NDArray[np.float64], ir: list[NDArray[np.int64]] | None) -> Contributions:
    tables: list[PointScenarios | LineScenarios] = [*(p for p, _ in points), lines[0]]
    b = len(background)
    columns = {
        name: np.concatenate([*(np.asarray(getattr(t, name), np.int64) for t in tables), last])
        for name, last in (("kind", np.full(b, BACKGROUND)), ("row", np.full(b, -1)),
                           ("label", evidence.background_label.astype(np.int64)),
                           ("theme", evidence.background_theme.astype(np.int64)))
    }
    s = np.concatenate([*(v for _, v in points), lines[1], background])
    wide = None
    if ir is not None:
        scope = np.concatenate([np.asarray(t.scope, np.int64) for t in tables] + [np.full(b, -1)])
        values = np.concatenate([*ir, np.zeros(b, np.int64)])
        wide = np.zeros((len(values), 3), np.int64)
        reach = scope >= 0
        wide[np.flatnonzero(reach), scope[reach]] = values[reach]
    return _merged(columns, s, wide)


def _merged(columns: dict[str, NDArray[np.int64]], s: NDArray[np.float64], ir: NDArray[np.int64] | None) -> Contributions:
    """Add up entries of the same source, label and theme, largest first; entries of nothing are dropped."""
    source = source_key(columns["kind"], columns["row"], columns["label"])
    unique, first, inverse = np.unique((source << 4) | columns["theme"], return_index=True, return_inverse=True)
    total = np.asarray(np.bincount(inverse, s, minlength=len(unique)), np.float64)
    wide = None
    if ir is not None:
        wide = np.zeros((len(unique), 3), np.int64)
        np.add.at(wide, inverse, ir)
    keep = total > 0
    if wide is not None:
        keep |= wide.sum(axis=1) > 0
    order = np.flatnonzero(keep)[np.argsort(-total[keep], kind="stable")]
    at = first[order]
    return Contributions(columns["kind"][at], columns["row"][at], columns["label"][at], columns["theme"][at], total[order],
                         None if wide is None else wide[order])


def source_key(kind: NDArray[np.int64], row: NDArray[np.int64], label: NDArray[np.int64]) -> NDArray[np.int64]:
    """One whole number per source and scenario label; ``key >> 10`` is the same for all labels of a source.

    Examples
    --------
    >>> key = source_key(np.array([0, 0]), np.array([5, 5]), np.array([1, 2]))
    >>> key.tolist(), (key >> 10).tolist()
    ([4398046517249, 4398046517250], [4294967302, 4294967302])
    """
    return ((kind + 1) << 42) | ((row + 1) << 10) | label
