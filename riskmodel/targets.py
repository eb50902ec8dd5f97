"""Criteria at the target: individual risk exactly where protected people are, never on a cell's mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskmodel.fields import KernelBank, take_lines, take_points
from riskmodel.inputs import ModelInputs, main_street
from riskmodel.parameters import Parameters
from riskmodel.protection import dwelling_class, limits, target_classes
from riskmodel.scenarios import PointScenarios, ScenarioSet, Scope

_EDGE_STEP_M = 25.0  # a footprint's boundary is tested at least this often


def evaluate_targets(inputs: ModelInputs, scenarios: ScenarioSet, parameters: Parameters) -> pd.DataFrame:
    """Individual risk at every protected target (venue), and which limits it exceeds.

    A target with a footprint takes the highest risk along its boundary. A source whose fence encloses the point does not
    count there: inside the fence the people belong to the installation. Limits of GB 36894-2018 by protection class.

    Returns
    -------
    DataFrame
        One row per target: row (in the venue frame), id, name, area_code, protection_class, x, y, cell, ir_hc, ir_an (per
        year), in_service, new (limits), breach (in-service limit by ir_hc), near (new limit by ir_hc), an_breach, an_near,
        synthetic (what it exceeds, it exceeds only because of generated sources).
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
    owner, px, py = _test_points(targets)
    ir = _ir_at(px, py, inputs, scenarios, generated=True)
    real = _ir_at(px, py, inputs, scenarios, generated=False)
    for scope, name in ((Scope.HC, "ir_hc"), (Scope.AN, "ir_an")):
        table[name] = _highest(ir[scope], owner, len(table))
    table["in_service"], table["new"] = in_service, new
    table["breach"] = table["ir_hc"] > table["in_service"]
    table["near"] = table["ir_hc"] > table["new"]
    table["an_breach"] = table["ir_an"] > table["in_service"]
    table["an_near"] = table["ir_an"] > table["new"]
    real_hc, real_an = (_highest(real[scope], owner, len(table)) for scope in (Scope.HC, Scope.AN))
    strictest = np.where(table["breach"] | table["an_breach"], table["in_service"], table["new"])
    table["synthetic"] = (table[["near", "an_near"]].any(axis=1)) & (np.maximum(real_hc, real_an) <= strictest)
    return table


def evaluate_dwellings(inputs: ModelInputs, scenarios: ScenarioSet, parameters: Parameters) -> pd.DataFrame:
    """Individual risk where people live, for cells with residents whose houses are not mapped.

    IR is evaluated exactly at 25 m steps inside the cell. What holds at the lowest of these points holds wherever in the cell
    the houses stand; what holds at the highest only may hold. Limits of GB 36894-2018 for dwellings by the cell's residents.

    Returns
    -------
    DataFrame
        One row per populated cell that any source of scope hc or an reaches: cell, residents, area_code, hc_low, hc_high,
        an_low (per year), in_service, new, breach (in service, everywhere), near (new everywhere, or in service somewhere),
        an_breach (everywhere), watch (hc above new somewhere, or an above new everywhere), synthetic.
    """
    grid = inputs.grid
    cells = _reached(inputs, scenarios)
    classes = dwelling_class(inputs.residents[cells], parameters)
    in_service, new = limits(classes, parameters)
    cx, cy = grid.centre(cells)
    steps = (np.arange(max(1, round(grid.cell / _EDGE_STEP_M))) + 0.5) * _EDGE_STEP_M - grid.cell / 2
    dx, dy = (axis.ravel() for axis in np.meshgrid(steps, steps))
    at = ((cx[:, None] + dx).ravel(), (cy[:, None] + dy).ravel())
    ir = _ir_at(*at, inputs, scenarios, generated=True).reshape(3, len(cells), -1)
    real = _ir_at(*at, inputs, scenarios, generated=False).reshape(3, len(cells), -1)
    low, high = ir.min(axis=2, initial=np.inf), ir.max(axis=2, initial=0.0)
    table = pd.DataFrame({
        "cell": cells, "residents": inputs.residents[cells], "protection_class": classes,
        "area_code": _street_of(inputs, cells), "hc_low": low[Scope.HC], "hc_high": high[Scope.HC], "an_low": low[Scope.AN],
        "in_service": in_service, "new": new,
    })
    table["breach"] = table["hc_low"] > in_service
    table["near"] = (table["hc_low"] > new) | (table["hc_high"] > in_service)
    table["an_breach"] = table["an_low"] > in_service
    table["watch"] = (table["hc_high"] > new) | (table["an_low"] > new)
    table["synthetic"] = real.max(axis=2, initial=0.0)[[Scope.HC, Scope.AN]].max(axis=0) <= new
    return table[table[["breach", "near", "an_breach", "watch"]].any(axis=1)].reset_index(drop=True)


def _reached(inputs: ModelInputs, scenarios: ScenarioSet) -> NDArray[np.int64]:
    """Populated cells within reach of a footprint of scope hc or an, by boxes."""
    grid, bank = inputs.grid, KernelBank.of(scenarios.kernels)
    near = np.zeros((grid.ny, grid.nx), np.bool_)
    points, lines = scenarios.points, scenarios.lines
    chosen = (points.kernel >= 0) & np.isin(points.scope, (Scope.HC, Scope.AN))
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
    return np.flatnonzero(near.ravel() & (inputs.residents > 0))


def _street_of(inputs: ModelInputs, cells: NDArray[np.int64]) -> NDArray[np.object_]:
    owner = main_street(inputs.coverage, cells)
    codes = inputs.streets["code"].to_numpy(object)
    return np.asarray(np.where(owner >= 0, codes[owner], None), object)


def _highest(ir: NDArray[np.float64], owner: NDArray[np.int64], targets: int) -> NDArray[np.float64]:
    highest = np.zeros(targets)
    np.maximum.at(highest, owner, ir)
    return highest


def _test_points(targets: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    shapes = targets["geometry"].to_numpy()
    points, owner = shapely.get_coordinates(shapely.segmentize(shapes, _EDGE_STEP_M), return_index=True)
    return owner.astype(np.int64), points[:, 0].copy(), points[:, 1].copy()


def _ir_at(px: NDArray[np.float64], py: NDArray[np.float64], inputs: ModelInputs, scenarios: ScenarioSet, *,
           generated: bool) -> NDArray[np.float64]:
    """IR in three scopes at test points, with or without the generated sources."""
    from riskmodel.kernels import footprint

    order = np.argsort(py, kind="stable")
    tx, ty = px[order], py[order]
    found = np.zeros((3, len(tx)))
    bank = KernelBank.of(scenarios.kernels)
    tested = (scenarios.points.kernel >= 0) & np.isin(scenarios.points.scope, (Scope.HC, Scope.AN))
    tested &= generated | ~_is_generated(scenarios.points.kind, scenarios.points.row, inputs, scenarios)
    points = take_points(scenarios.points, np.flatnonzero(tested))
    footprint.points_at_targets(tx, ty, points.x, points.y, points.frequency, points.scope, _fences(points, inputs, scenarios),
                                points.kernel, bank.radius, bank.out, bank.rose, bank.has_rose, found)
    kept = generated | ~_is_generated(scenarios.lines.kind, scenarios.lines.row, inputs, scenarios)
    lines = take_lines(scenarios.lines, np.flatnonzero(kept))
    footprint.lines_at_targets(tx, ty, lines.x1, lines.y1, lines.x2, lines.y2, lines.rate, lines.scope, lines.kernel,
                               bank.radius, bank.steps_out, bank.radii2, found)
    result = np.empty_like(found)
    result[:, order] = found
    return result


def _is_generated(kind: NDArray[np.int8], row: NDArray[np.int32], inputs: ModelInputs,
                  scenarios: ScenarioSet) -> NDArray[np.bool_]:
    made = np.zeros(len(kind), np.bool_)
    for number, name in enumerate(scenarios.kinds):
        mine = kind == number
        made[mine] = inputs.frames[name]["synthetic"].to_numpy(np.bool_)[row[mine]]
    return made


def _fences(points: PointScenarios, inputs: ModelInputs, scenarios: ScenarioSet) -> NDArray[np.float64]:
    fence = np.zeros(len(points.kind))
    units = points.kind == scenarios.kinds.index("hazard_source")
    fence[units] = inputs.frames["hazard_source"]["fence_m"].fillna(0.0).to_numpy(np.float64)[points.row[units]]
    return fence
