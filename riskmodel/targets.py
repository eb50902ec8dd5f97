"""Criteria at the target: individual risk exactly where protected people are, never on a cell's mean."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskmodel.fields import KernelBank, take_lines, take_points
from riskmodel.inputs import ModelInputs, main_street
from riskmodel.parameters import Parameters
from riskmodel.protection import dwelling_class, limits, target_classes
from riskmodel.scenarios import LineScenarios, PointScenarios, ScenarioSet, Scope

_EDGE_STEP_M = 25.0  # a footprint's boundary is tested at least this often
_SQUARE_M = 500.0  # test points are looked up by squares of this side
_AROUND = 16  # directions in which a source inside a target is left


def evaluate_targets(inputs: ModelInputs, scenarios: ScenarioSet, parameters: Parameters) -> pd.DataFrame:
    """Individual risk at every protected target (venue), and which limits it exceeds.

    A target with a footprint takes the highest risk along its boundary and, where a source stands or a line runs inside it, just
    outside that source's fence and along that line. A source whose fence encloses the point does not count there: inside the
    fence the people belong to the installation. Limits of GB 36894-2018 by protection class.

    Returns
    -------
    DataFrame
        One row per target: row (in the venue frame), id, name, area_code, protection_class, x, y, cell, ir_hc, ir_an (per
        year), hc_x, hc_y, an_x, an_y (where they are highest), in_service, new (limits), breach (in-service limit by ir_hc),
        near (new limit by ir_hc), an_breach, an_near, synthetic (what it exceeds, it exceeds only because of generated sources).

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> table = evaluate_targets(town(), scored().scenarios, parameters())
    >>> f"{table['ir_hc'].item():.1e}", table[["protection_class", "in_service", "breach", "near"]].values.tolist()
    ('6.5e-06', [['高敏感', 3e-06, True, True]])
    """
    targets = inputs.frames["venue"]
    classes = target_classes(inputs, parameters)
    in_service, new = limits(classes, parameters)
    table = pd.DataFrame({
        "row": targets.index.to_numpy(), "id": targets["id"].to_numpy(), "name": targets["name"].to_numpy(),
        "area_code": targets["area_code"].to_numpy(), "protection_class": classes.to_numpy(),
        "x": targets["x"].to_numpy(np.float64), "y": targets["y"].to_numpy(np.float64),
        "cell": targets["cell"].to_numpy(np.int64),
    })
    owner, px, py = _test_points(targets, inputs, scenarios)
    ir, real = _ir_at(px, py, inputs, scenarios)
    highest = {}
    for scope, name in ((Scope.HC, "hc"), (Scope.AN, "an")):
        where = _worst(ir[scope], owner, len(table))
        table[f"ir_{name}"] = ir[scope][where]
        table[f"{name}_x"], table[f"{name}_y"] = px[where], py[where]
        highest[scope] = _highest(real[scope], owner, len(table))
    table["in_service"], table["new"] = in_service, new
    table["breach"] = table["ir_hc"] > table["in_service"]
    table["near"] = table["ir_hc"] > table["new"]
    table["an_breach"] = table["ir_an"] > table["in_service"]
    table["an_near"] = table["ir_an"] > table["new"]
    strictest = np.where(table["breach"] | table["an_breach"], table["in_service"], table["new"])
    generated = np.maximum(highest[Scope.HC], highest[Scope.AN]) <= strictest
    table["synthetic"] = (table[["near", "an_near"]].any(axis=1)) & generated
    return table


def evaluate_dwellings(inputs: ModelInputs, scenarios: ScenarioSet, parameters: Parameters, *,
                       mean_an: NDArray[np.int64] | None = None, below: float = 1.0) -> pd.DataFrame:
    """Individual risk where people live, for cells with residents whose houses are not mapped.

    IR is evaluated exactly at 25 m steps inside the cell. What holds at the lowest of these points holds wherever in the cell
    the houses stand; what holds at the highest only may hold. Limits of GB 36894-2018 for dwellings by the cell's residents.

    Parameters
    ----------
    mean_an : (cells,) int64, optional
        The field ir_an in 1e-18 per year. The lowest risk in a cell is at most its mean: where even that is far below the limit,
        nothing has to be evaluated for that scope.
    below : float
        Cells are kept from this many times below a limit.

    Returns
    -------
    DataFrame
        One row per populated cell that any source of scope hc or an reaches near a limit: cell, residents, area_code, hc_low,
        hc_high, an_low (per year), hc_x, hc_y, an_x, an_y (where the lowest are), in_service, new, breach (in service,
        everywhere), near (new everywhere, or in service somewhere), an_breach (everywhere), watch (hc above new somewhere, or an
        above new everywhere), synthetic.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> table = evaluate_dwellings(town(), scored().scenarios, parameters())
    >>> table["breach"].sum().item(), table.loc[table["near"], "cell"].tolist(), f"{table['hc_high'].max():.1e}"
    (0, [1, 6, 7, 8, 13, 14], '5.0e-05')
    """
    grid = inputs.grid
    cells = _reached(inputs, scenarios, parameters, mean_an, below)
    classes = dwelling_class(inputs.residents[cells], parameters)
    in_service, new = limits(classes, parameters)
    cx, cy = grid.centre(cells)
    steps = (np.arange(max(1, round(grid.cell / _EDGE_STEP_M))) + 0.5) * _EDGE_STEP_M - grid.cell / 2
    dx, dy = (axis.ravel() for axis in np.meshgrid(steps, steps))
    px, py = cx[:, None] + dx, cy[:, None] + dy
    ir, real = (part.reshape(3, *px.shape) for part in _ir_at(px.ravel(), py.ravel(), inputs, scenarios))
    low, high = ir.min(axis=2, initial=np.inf), ir.max(axis=2, initial=0.0)
    table = pd.DataFrame({
        "cell": cells, "residents": inputs.residents[cells], "protection_class": classes,
        "area_code": _street_of(inputs, cells), "hc_low": low[Scope.HC], "hc_high": high[Scope.HC], "an_low": low[Scope.AN],
        "in_service": in_service, "new": new,
    })
    row = np.arange(len(cells))
    for scope, name in ((Scope.HC, "hc"), (Scope.AN, "an")):
        lowest = ir[scope].argmin(axis=1)
        best = np.where(low[scope] > 0, lowest, ir[scope].argmax(axis=1))
        table[f"{name}_x"], table[f"{name}_y"] = px[row, best], py[row, best]
    table["breach"] = table["hc_low"] > in_service
    table["near"] = (table["hc_low"] > new) | (table["hc_high"] > in_service)
    table["an_breach"] = table["an_low"] > in_service
    table["watch"] = (table["hc_high"] > new) | (table["an_low"] > new)
    table["synthetic"] = real.max(axis=2, initial=0.0)[[Scope.HC, Scope.AN]].max(axis=0) <= new
    close = (table["hc_high"] > new / below) | (table["an_low"] > new / below)
    return table[close].reset_index(drop=True)


def _reached(inputs: ModelInputs, scenarios: ScenarioSet, parameters: Parameters, mean_an: NDArray[np.int64] | None,
             below: float) -> NDArray[np.int64]:
    """Populated cells within reach of a footprint of scope hc, or of scope an where the mean allows a limit to be near."""
    populated = inputs.residents > 0
    near = _boxes(inputs, scenarios, (Scope.HC,) if mean_an is not None else (Scope.HC, Scope.AN))
    if mean_an is not None:
        strictest = min(parameters.table("levels.criteria.new").values())
        near |= mean_an * 1e-18 > strictest / (2 * below)  # twice: a mean of few samples may lie below the lowest of many
    return np.flatnonzero(near & populated)


def _boxes(inputs: ModelInputs, scenarios: ScenarioSet, scopes: tuple[Scope, ...]) -> NDArray[np.bool_]:
    """Cells in the box of any footprint of these scopes."""
    grid, bank = inputs.grid, KernelBank.of(scenarios.kernels)
    near = np.zeros((grid.ny, grid.nx), np.bool_)
    points, lines = scenarios.points, take_lines(scenarios.lines, np.flatnonzero(np.isin(scenarios.lines.scope, scopes)))
    chosen = (points.kernel >= 0) & np.isin(points.scope, scopes)
    x, y, r = points.x[chosen], points.y[chosen], bank.radius[points.kernel[chosen]]
    reach = bank.radius[lines.kernel] if len(lines.x1) else np.empty(0)
    left = np.concatenate([x - r, np.minimum(lines.x1, lines.x2) - reach])
    right = np.concatenate([x + r, np.maximum(lines.x1, lines.x2) + reach])
    low = np.concatenate([y - r, np.minimum(lines.y1, lines.y2) - reach])
    top = np.concatenate([y + r, np.maximum(lines.y1, lines.y2) + reach])
    b0, b1 = (np.floor((edge - grid.west) / grid.cell).astype(int) for edge in (left, right))
    a0, a1 = (np.floor((grid.north - edge) / grid.cell).astype(int) for edge in (top, low))
    for i in range(len(left)):
        near[max(a0[i], 0):max(a1[i] + 1, 0), max(b0[i], 0):max(b1[i] + 1, 0)] = True
    return near.ravel()


def _street_of(inputs: ModelInputs, cells: NDArray[np.int64]) -> NDArray[np.object_]:
    owner = main_street(inputs.coverage, cells)
    codes = inputs.streets["code"].to_numpy(object)
    return np.asarray(np.where(owner >= 0, codes[owner], None), object)


def _highest(ir: NDArray[np.float64], owner: NDArray[np.int64], targets: int) -> NDArray[np.float64]:
    highest = np.zeros(targets)
    np.maximum.at(highest, owner, ir)
    return highest


def _worst(ir: NDArray[np.float64], owner: NDArray[np.int64], targets: int) -> NDArray[np.int64]:
    """The test point of each target where the risk is highest, the first of equal ones."""
    order = np.lexsort((np.arange(len(ir)), -ir, owner))
    _, first = np.unique(owner[order], return_index=True)
    worst: NDArray[np.int64] = order[first]
    if len(worst) != targets:
        raise ValueError("every target has at least one test point")
    return worst


def _test_points(targets: pd.DataFrame, inputs: ModelInputs,
                 scenarios: ScenarioSet) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    shapes = targets["geometry"].to_numpy(object).copy()
    bare = shapely.is_missing(shapes)
    shapes[bare] = shapely.points(targets["x"].to_numpy(np.float64)[bare], targets["y"].to_numpy(np.float64)[bare])
    points, owner = shapely.get_coordinates(shapely.segmentize(shapes, _EDGE_STEP_M), return_index=True)
    parts, owners = [points], [owner.astype(np.int64)]
    areal = np.flatnonzero(np.isin(shapely.get_type_id(shapes), (3, 6)))
    if len(areal):
        for inside, which in (_around_sources(shapes[areal], inputs, scenarios), _along_lines(shapes[areal], scenarios)):
            parts.append(inside)
            owners.append(areal[which])
    xy = np.concatenate(parts)
    return np.concatenate(owners), xy[:, 0].copy(), xy[:, 1].copy()


def _around_sources(shapes: NDArray[np.object_], inputs: ModelInputs,
                    scenarios: ScenarioSet) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points just outside the fence of every source that stands inside a target, where they are inside the target too."""
    points = scenarios.points
    rows = np.flatnonzero((points.kernel >= 0) & np.isin(points.scope, (Scope.HC, Scope.AN)))
    places, first = np.unique(np.stack([points.x[rows], points.y[rows]], axis=1), axis=0, return_index=True)
    fence = fences(points, inputs, scenarios)[rows][first]
    place, shape = shapely.STRtree(shapes).query(shapely.points(places), predicate="within")
    angle = np.arange(_AROUND) * (2 * np.pi / _AROUND)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (fence[place] + 1.0)[:, None, None]
    xy = (places[place][:, None, :] + ring).reshape(-1, 2)
    which = np.repeat(shape, _AROUND)
    kept = shapely.contains_xy(shapes[which], xy[:, 0], xy[:, 1]) if len(xy) else np.empty(0, np.bool_)
    return xy[kept], which[kept].astype(np.int64)


def _along_lines(shapes: NDArray[np.object_], scenarios: ScenarioSet) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points along the parts of line sources that run inside a target."""
    lines = scenarios.lines
    ends = np.stack([np.stack([lines.x1, lines.y1], axis=1), np.stack([lines.x2, lines.y2], axis=1)], axis=1)
    piece, shape = shapely.STRtree(shapes).query(shapely.linestrings(ends), predicate="intersects")
    if not len(piece):
        return np.empty((0, 2)), np.empty(0, np.int64)
    inside = shapely.intersection(shapely.linestrings(ends[piece]), shapes[shape])
    xy, which = shapely.get_coordinates(shapely.segmentize(inside, _EDGE_STEP_M), return_index=True)
    return xy, shape[which].astype(np.int64)


def _ir_at(px: NDArray[np.float64], py: NDArray[np.float64], inputs: ModelInputs,
           scenarios: ScenarioSet, threads: int = 2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """IR in three scopes at test points, of all sources and of the real ones."""
    from riskmodel.kernels import footprint

    bank = KernelBank.of(scenarios.kernels)
    points, lines = scenarios.points, scenarios.lines
    tested = (points.kernel >= 0) & np.isin(points.scope, (Scope.HC, Scope.AN))
    made_points = _is_generated(points.kind, points.row, inputs, scenarios)
    made_lines = _is_generated(lines.kind, lines.row, inputs, scenarios)
    result = np.zeros((2, 3, len(px)))
    for which, generated in enumerate((False, True)):
        some = take_points(points, np.flatnonzero(tested & (made_points == generated)))
        pieces, fence = take_lines(lines, np.flatnonzero(made_lines == generated)), fences(some, inputs, scenarios)

        def lay(rows: NDArray[np.intp], which: int = which, some: PointScenarios = some, pieces: LineScenarios = pieces,
                fence: NDArray[np.float64] = fence) -> None:
            found, x, y = np.zeros((3, len(rows))), px[rows], py[rows]
            footprint.points_at_targets(x, y, some.x, some.y, some.frequency, some.scope, fence, some.kernel, bank.radius,
                                        bank.out, bank.rose, bank.has_rose, found)
            add_lines(x, y, pieces, bank, found)
            result[which][:, rows] = found

        with ThreadPoolExecutor(threads) as pool:  # each point's sum keeps its order, so the parts change no bit
            list(pool.map(lay, np.array_split(np.argsort(py, kind="stable"), 2 * threads)))
    return result.sum(axis=0), result[0]


def add_lines(px: NDArray[np.float64], py: NDArray[np.float64], lines: LineScenarios, bank: KernelBank, ir: NDArray[np.float64],
              layer: NDArray[np.int8] | None = None) -> None:
    """Add the individual risk of line pieces at test points to `ir` (layers, points), by scope or by the layer given.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> found, ir = scored().scenarios, np.zeros((3, 2))
    >>> add_lines(np.full(2, 501_500.0), np.array([4_400_710.0, 4_401_700.0]), found.lines, KernelBank.of(found.kernels), ir)
    >>> [f"{risk:.1e}" for risk in ir[Scope.AN]]
    ['1.6e-07', '0.0e+00']
    """
    from riskmodel.kernels import targets as compiled

    if not len(px) or not len(lines.rate):
        return
    west, south = float(px.min()), float(py.min())
    column, row = (((v - edge) // _SQUARE_M).astype(np.int64) for v, edge in ((px, west), (py, south)))
    across, down = int(column.max()) + 1, int(row.max()) + 1
    square = row * across + column
    order = np.argsort(square, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(square, minlength=across * down))])
    found = np.zeros((len(ir), len(px)))
    compiled.lines_at_points(west, south, _SQUARE_M, across, down, start, px[order], py[order], lines.x1, lines.y1, lines.x2,
                             lines.y2, lines.rate, lines.scope if layer is None else layer, lines.kernel, bank.radius,
                             bank.steps_out, bank.radii2, found)
    ir[:, order] += found


def _is_generated(kind: NDArray[np.int8], row: NDArray[np.int32], inputs: ModelInputs,
                  scenarios: ScenarioSet) -> NDArray[np.bool_]:
    made = np.zeros(len(kind), np.bool_)
    for number, name in enumerate(scenarios.kinds):
        mine = kind == number
        made[mine] = inputs.frames[name]["synthetic"].to_numpy(np.bool_)[row[mine]]
    return made


def fences(points: PointScenarios, inputs: ModelInputs, scenarios: ScenarioSet) -> NDArray[np.float64]:
    """Radius of the fence around every point scenario's unit, m; 0 where it has none.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> found = scored().scenarios
    >>> np.unique(fences(found.points, town(), found)).tolist()
    [0.0, 50.0]
    """
    fence = np.zeros(len(points.kind))
    units = points.kind == scenarios.kinds.index("hazard_source")
    fence[units] = inputs.frames["hazard_source"]["fence_m"].fillna(0.0).to_numpy(np.float64)[points.row[units]]
    return fence
