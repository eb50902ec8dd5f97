"""Criteria at the target: individual risk exactly where protected people are, never on a cell's mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskmodel.fields import KernelBank, take_lines, take_points
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.protection import limits, target_classes
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
