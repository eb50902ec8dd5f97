"""Every source with its own risk: what it adds, how it was judged, and whether it counted."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.grid import to_degrees
from riskmodel.fields import S_UNIT, Fields
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.pipelines import COLUMNS
from riskmodel.scenarios import ScenarioSet, Scope, Theme
from riskmodel.semi import assess, source_level


def sources_table(inputs: ModelInputs, scenarios: ScenarioSet, fields: Fields, factors: pd.Series,
                  parameters: Parameters, lines: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per feature that can be a source, in the order of :attr:`ScenarioSet.kinds` and of each kind's frame.

    Parameters
    ----------
    lines : DataFrame, optional
        What the rules say of every buried line (:func:`riskmodel.pipelines.assess`).

    Returns
    -------
    DataFrame
        id, kind, name, enterprise_id, enterprise_name, area_code, lon, lat, theme (of its largest share), scope, frequency
        (events per year), pll (deaths per year), level (own level by PLL; of a reported row by what it describes; 0 where
        nothing of its own was computed), mismatch (own level and familiar grade two apart), grade (familiar grade), factor
        (management), counted, synthetic, assumed (JSON), refused (reason or None); of pipelines with `lines` also
        class_location, hca, pir_m (m), encroachments (how many are proven) and evidence (JSON), None or NaN for all others.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run = scored()
    >>> table = sources_table(town(), run.scenarios, run.fields, pd.Series({"e1": 1.42}), parameters())
    >>> table[["id", "theme", "level", "counted"]].values.tolist()[:3]
    [['h1', 'hazchem', 2, True], ['p1', 'pipeline', 4, True], ['v1', 'fire_venue', 4, True]]
    """
    enterprises = inputs.frames["enterprise"]
    place = pd.Index(enterprises["id"])
    owners = [_owner(inputs.frames[kind], kind, place) for kind in scenarios.kinds]
    names = enterprises["name"].to_numpy(object)
    parts = [_identity(inputs, kind, row, names) for kind, row in zip(scenarios.kinds, owners, strict=True)]
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
    computed = (np.bincount(point_row, minlength=n) + np.bincount(line_row, minlength=n)) > 0
    table["level"] = np.where(computed, source_level(table["pll"].to_numpy(), parameters), 0).astype(np.int8)
    table["mismatch"] = False
    if "risk_source" in scenarios.kinds:
        _as_reported(table, int(starts[scenarios.kinds.index("risk_source")]), inputs, parameters)
    owner = np.concatenate(owners)
    known = np.append(factors.reindex(place).fillna(1.0).to_numpy(np.float32), np.float32(1.0))  # the last is for none
    table["factor"] = known[owner]
    counted = np.ones(n, np.bool_)
    for kind, row in scenarios.superseded:
        counted[starts[scenarios.kinds.index(kind)] + row] = False
    table["counted"] = counted
    refused = {(kind, identity): reason for kind, identity, reason in scenarios.refused}
    table["refused"] = [refused.get(key) for key in zip(table["kind"], table["id"], strict=True)] if refused else None
    if lines is not None:
        _add_lines(table, int(starts[scenarios.kinds.index("pipeline")]), lines)
    return table


def _add_lines(table: pd.DataFrame, start: int, lines: pd.DataFrame) -> None:
    rows = slice(start, start + len(lines))
    for name in COLUMNS:
        values = lines[name].to_numpy()
        whole = np.full(len(table), np.nan if values.dtype.kind == "f" else None, values.dtype)
        whole[rows] = values
        table[name] = whole


def _owner(frame: pd.DataFrame, kind: str, enterprises: pd.Index) -> NDArray[np.int64]:
    """Row of each feature's enterprise, −1 for none."""
    if kind == "enterprise":
        return np.arange(len(frame), dtype=np.int64)
    if "enterprise_id" not in frame:
        return np.full(len(frame), -1, np.int64)
    return np.asarray(enterprises.get_indexer(pd.Index(frame["enterprise_id"])), np.int64)


def _identity(inputs: ModelInputs, kind: str, owner: NDArray[np.int64], names: NDArray[np.object_]) -> pd.DataFrame:
    frame = inputs.frames[kind]
    lon, lat = to_degrees(frame["x"].to_numpy(np.float64), frame["y"].to_numpy(np.float64))
    nobody, kinds = np.full(len(frame), None, object), np.empty(len(frame), object)
    kinds[:] = kind  # one text for all rows; np.full would make one for each
    title = names[owner] if len(names) else nobody.copy()
    title[owner < 0] = None
    texts = {
        "id": frame["id"].to_numpy(object), "kind": kinds, "name": frame["name"].to_numpy(object),
        "enterprise_id": frame["id" if kind == "enterprise" else "enterprise_id"].to_numpy(object)
        if kind == "enterprise" or "enterprise_id" in frame else nobody,
        "enterprise_name": title, "area_code": frame["area_code"].to_numpy(object),
    }
    return pd.DataFrame({
        **{name: pd.Series(values, dtype=object) for name, values in texts.items()}, "lon": lon, "lat": lat,
        "grade": pd.Series(frame["grade"].to_numpy(object) if "grade" in frame else nobody, dtype=object),
        "synthetic": frame["synthetic"].to_numpy(np.bool_, na_value=False),
        "assumed": pd.Series(_listed(frame["assumed"]), dtype=object),
    }, copy=False)


def _listed(column: pd.Series) -> NDArray[np.object_]:
    """Lists as JSON, equal lists written once; None where there is none."""
    known: dict[tuple[str, ...], str] = {}
    result = np.full(len(column), None, object)
    for i, value in enumerate(column.to_numpy(object)):
        if isinstance(value, list) and value:
            key = tuple(map(str, value))
            if key not in known:
                known[key] = json.dumps(value, ensure_ascii=False)
            result[i] = known[key]
    return result


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
