"""Every source with its own risk: what it adds, how it was judged, and whether it counted."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from geo.grid import to_degrees
from riskmodel.fields import S_UNIT, Fields
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.scenarios import ScenarioSet, Scope, Theme
from riskmodel.semi import assess, source_level


def sources_table(inputs: ModelInputs, scenarios: ScenarioSet, fields: Fields, factors: pd.Series,
                  parameters: Parameters) -> pd.DataFrame:
    """One row per feature that can be a source, in the order of :attr:`ScenarioSet.kinds` and of each kind's frame.

    Returns
    -------
    DataFrame
        id, kind, name, enterprise_id, enterprise_name, area_code, lon, lat, theme (of its largest share), scope, frequency
        (events per year), pll (deaths per year), level (own level by PLL; of a reported row by what it describes), mismatch
        (own level and familiar grade two apart), grade (familiar grade), factor (management), counted, synthetic, assumed
        (JSON), refused (reason or None).
    """
    parts = [_identity(inputs, kind) for kind in scenarios.kinds]
    table = pd.concat(parts, ignore_index=True)
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    point_row = starts[scenarios.points.kind] + scenarios.points.row
    line_row = starts[scenarios.lines.kind] + scenarios.lines.row
    n = len(table)
    by_theme = np.zeros((n, len(Theme)))
    np.add.at(by_theme, (point_row, scenarios.points.theme), fields.point_s * S_UNIT)
    np.add.at(by_theme, (line_row, scenarios.lines.theme), fields.line_s * S_UNIT)
    table["pll"] = by_theme.sum(axis=1)
    names = np.array([theme.name.lower() for theme in Theme], dtype=object)
    table["theme"] = np.where(table["pll"] > 0, names[by_theme.argmax(axis=1)], None)
    lengths = np.hypot(scenarios.lines.x2 - scenarios.lines.x1, scenarios.lines.y2 - scenarios.lines.y1)
    table["frequency"] = (np.bincount(point_row, scenarios.points.frequency, minlength=n)
                          + np.bincount(line_row, scenarios.lines.rate * lengths, minlength=n))
    table["scope"] = _scopes(scenarios, point_row, line_row, n)
    table["level"] = source_level(table["pll"].to_numpy(), parameters)
    table["mismatch"] = False
    if "risk_source" in scenarios.kinds:
        _as_reported(table, int(starts[scenarios.kinds.index("risk_source")]), inputs, parameters)
    table["factor"] = table["enterprise_id"].map(factors).fillna(1.0).astype(np.float32)
    counted = np.ones(n, np.bool_)
    for kind, row in scenarios.superseded:
        counted[starts[scenarios.kinds.index(kind)] + row] = False
    table["counted"] = counted
    refused = {(kind, identity): reason for kind, identity, reason in scenarios.refused}
    table["refused"] = [refused.get(key) for key in zip(table["kind"], table["id"], strict=True)] if refused else None
    return table


def _identity(inputs: ModelInputs, kind: str) -> pd.DataFrame:
    frame = inputs.frames[kind]
    lon, lat = to_degrees(frame["x"].to_numpy(np.float64), frame["y"].to_numpy(np.float64))
    owner = frame["id"] if kind == "enterprise" else frame.get("enterprise_id")
    names = pd.Series(inputs.frames["enterprise"]["name"].to_numpy(), index=inputs.frames["enterprise"]["id"].to_numpy())
    return pd.DataFrame({
        "id": frame["id"], "kind": kind, "name": frame["name"],
        "enterprise_id": owner if owner is not None else None,
        "enterprise_name": owner.map(names) if owner is not None else None,
        "area_code": frame["area_code"], "lon": lon, "lat": lat,
        "grade": frame.get("grade"),
        "synthetic": frame["synthetic"].fillna(False).astype(bool),
        "assumed": [json.dumps(v, ensure_ascii=False) if isinstance(v, list) and v else None for v in frame["assumed"]],
    })


def _scopes(scenarios: ScenarioSet, point_row: np.ndarray, line_row: np.ndarray, n: int) -> np.ndarray:
    best = np.full(n, 9, np.int64)
    for row, scope in ((point_row, scenarios.points.scope), (line_row, scenarios.lines.scope)):
        reach = scope >= 0
        np.minimum.at(best, row[reach], scope[reach])
    names = {int(scope): scope.name.lower() for scope in Scope if scope >= 0}
    lookup = np.array([names.get(i) for i in range(10)], dtype=object)
    return np.asarray(lookup[best])


def _as_reported(table: pd.DataFrame, start: int, inputs: ModelInputs, parameters: Parameters) -> None:
    """A reported row is judged by what it describes, before its unit's total is shared out."""
    assessment = assess(inputs.frames["risk_source"], parameters)
    rows = slice(start, start + len(assessment.level) - 1)  # .loc includes the last
    if len(assessment.level):
        table.loc[rows, "level"] = assessment.level
        table.loc[rows, "mismatch"] = assessment.mismatch
