"""Individual risk and deaths of very many scenarios at few places: people are gathered once per place, ring by ring.

Sixteen scenarios to an enterprise point is usual. Their cells, the squared distances and the people in them are the same, so
they are looked up once; each scenario is then a dot product with its own lethality. Nothing is resampled: individual risk has
the bits of :func:`riskmodel.fields.lay`, deaths those of the exact sum over cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from riskmodel.bank import KernelBank
from riskmodel.fields import check_finite
from riskmodel.scenarios import ScenarioSet, Scope
from riskmodel.sweep import Way, stop_if
from riskmodel.tiles import People, Plan, StillPeople, layers_of, take_lines, take_points

_SCOPES = (Scope.HC, Scope.AN, Scope.SEMI)

Rings = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]


def risk_and_deaths(scenarios: ScenarioSet, people: People, grid: Grid, *, scopes: Sequence[Scope] = _SCOPES,
                    way: Way | None = None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Individual risk of all point scenarios and the mean public deaths of each.

    ``N = mitigation · Σ (P_out · people_out + P_in · people_in)`` over the cells in reach, with the source's own staff left out.

    Returns
    -------
    ir : (scopes, cells) int64
        In 1e-18 per year.
    deaths : (points,) float64
        Mean deaths per event, people averaged over the week; 0 for scenarios without a footprint.

    Raises
    ------
    BadParameter, RunError
        As :func:`riskmodel.fields.lay`.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored
    >>> run = scored()
    >>> ir, deaths = risk_and_deaths(run.scenarios, run.exposure, GRID, scopes=[Scope.HC])
    >>> bool((ir[0] == run.fields.ir[Scope.HC]).all()), deaths.max().round(1).item()
    (True, 12.7)
    """
    chosen, crowd = way or Way(), StillPeople.of(people)
    check_finite(scenarios)
    bank = KernelBank.of(scenarios.kernels)
    rows = by_place(scenarios)
    plan = Plan.of(take_points(scenarios.points, rows), take_lines(scenarios.lines, np.empty(0, np.int64)), bank, grid)
    bank.prepare(grid.cell)
    rings = rings_of(float(bank.radius.max(initial=0.0)), grid.cell)
    layers = tuple(int(scope) for scope in scopes)
    ir = np.zeros((len(scopes), grid.size), np.int64)
    square = ir.reshape(len(scopes), grid.ny, grid.nx)
    order = [int(tile) for tile in plan.order()]

    def one(tile: int) -> NDArray[np.float64]:
        window = plan.window(tile)
        part, deaths = _tile(plan, bank, crowd, tile, layers, rings)
        square[:, slice(*window[0]), slice(*window[1])] = part
        return deaths

    parts: dict[int, NDArray[np.float64]] = {}
    with ThreadPoolExecutor(chosen.threads) as pool:
        for done, (tile, part) in enumerate(zip(order, pool.map(one, order), strict=True), start=1):
            parts[tile] = part
            if chosen.progress:
                chosen.progress(done, len(order))
            stop_if(chosen.cancelled)
    deaths = np.zeros(len(rows))
    for tile in sorted(parts):  # in one order, whoever was first: the same bits for any number of threads
        deaths[plan.point_rows(tile)] += parts[tile]
    result = np.zeros(len(scenarios.points.x))
    result[rows] = deaths * scenarios.points.mitigation[rows]
    return ir, result


def by_place(scenarios: ScenarioSet) -> NDArray[np.intp]:
    """Rows of the point scenarios with a footprint, those of one place side by side.

    Examples
    --------
    >>> from riskmodel.scenarios import Kernel, ScenarioBuilder, Theme
    >>> builder = ScenarioBuilder(("hazard_source",))
    >>> builder.add_points("hazard_source", "泄漏", Theme.HAZCHEM, Scope.HC, row=[0, 1, 2], x=[150.0, 450.0, 150.0], y=150.0,
    ...                    frequency=1e-5, kernel=builder.kernel(Kernel.disc(300.0, 0.1)))
    >>> by_place(builder.finish()).tolist()
    [0, 2, 1]
    """
    points = scenarios.points
    rows = np.flatnonzero(points.kernel >= 0)
    x, y = points.x[rows], points.y[rows]
    first = np.concatenate([[True], (np.diff(x) != 0) | (np.diff(y) != 0)])[:len(x)]  # of each run of one place
    run = np.cumsum(first) - 1
    _, place = np.unique(x[first] + 1j * y[first], return_inverse=True)
    return rows[np.argsort(place[run], kind="stable")]


def rings_of(reach: float, cell: int) -> Rings:
    """Offsets of the cells around a cell (rows down, columns right), nearest first, and their distances in cells.

    Examples
    --------
    >>> down, right, distance = rings_of(100.0, 100)
    >>> len(down), (down[:5].tolist(), right[:5].tolist()), distance.max().item()
    (13, ([0, -1, 0, 0, 1], [0, 0, -1, 1, 0]), 2.0)
    """
    m = int(np.ceil(reach / cell)) + 2
    steps = np.arange(-m, m + 1, dtype=np.int32)
    a, b = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    distance = np.hypot(a, b)
    order = np.lexsort((b, a, distance))
    order = order[distance[order] <= reach / cell + 1.0]
    return a[order], b[order], distance[order]


def _tile(plan: Plan, bank: KernelBank, people: People, tile: int, layers: tuple[int, ...],
          rings: Rings) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    from riskmodel.kernels.rings import add_places

    work, grid = plan.work(tile, people, layers), plan.grid
    points = work.points
    ir = np.zeros((len(layers), work.rows[1] - work.rows[0], work.cols[1] - work.cols[0]), np.int64)
    deaths = np.zeros(len(points.x))
    add_places(
        grid.west, grid.north, float(grid.cell), grid.nx, *work.rows, *work.cols, points.x, points.y, points.frequency,
        layers_of(layers, 3)[points.scope], points.kernel, points.own_cell, points.own_staff, *work.per_job, bank.radius,
        bank.fine(grid.cell), bank.indoors, bank.out, bank.inside, bank.shapes[0], bank.quads, bank.rose, bank.has_rose, *rings,
        work.people_out, work.people_in, ir, deaths,
    )
    return ir, deaths
