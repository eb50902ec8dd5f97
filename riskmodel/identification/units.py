"""Grades of all units of a run: rows with one key are one unit, a row's inventory goes before its leading substance."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd

from geo.errors import UnknownIdentifier
from riskmodel.identification.boundary import boundaries, residents_around
from riskmodel.identification.standard import alpha, beta, grade, is_major, key_of, threshold
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters

_DIVISION = re.compile(r"^(1\.[1-6])[A-Z]?$")


def grade_units(inputs: ModelInputs, parameters: Parameters) -> pd.DataFrame:
    """S, R and grade of every hazard_source row; rows with the same `hazard_key` are one unit and share them.

    A row whose substances stand in neither table of the standard counts nothing and says so in `reason`; unit types outside the
    standard's scope (``identification.outside.unit_type``) likewise.

    Returns
    -------
    DataFrame
        Index as the hazard_source frame; ``s``, ``r``, ``residents`` (within 500 m outward of the boundary), ``alpha``,
        ``grade`` (int8, 0: not a major hazard), ``boundary`` (fence, site, enterprise, fence_m, assumed) and ``reason`` (None
        where everything was counted).

    Raises
    ------
    BadGeometry
        If a fence is no valid polygon.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> grade_units(town(), parameters())[["s", "r", "residents", "grade", "boundary"]].round(1).values.tolist()
    [[1.0, 8.0, 352.0, 4, 'fence_m']]
    """
    frame = inputs.frames["hazard_source"]
    ratio, weighted, reason = _sums(frame, parameters)
    own = pd.Series([f"row {row}" for row in range(len(frame))], index=frame.index, dtype=object)
    unit, _ = pd.factorize(frame["hazard_key"].astype(object).where(frame["hazard_key"].notna(), own))
    found = boundaries(inputs, parameters)
    residents = np.zeros(unit.max(initial=-1) + 1)
    np.maximum.at(residents, unit, residents_around(inputs, found, parameters.number("identification.alpha.distance")))
    factor = alpha(residents, parameters)
    s = np.bincount(unit, ratio, len(residents))
    r = np.where(is_major(s), factor * np.bincount(unit, weighted, len(residents)), 0.0)
    result = {"s": s, "r": r, "residents": residents, "alpha": factor, "grade": grade(s, r, parameters)}
    table = pd.DataFrame({column: values[unit] for column, values in result.items()}, index=frame.index)
    table["boundary"] = pd.Series(found.origin, index=frame.index, dtype=object)
    table["reason"] = pd.Series(reason, index=frame.index, dtype=object)
    return table


def _sums(frame: pd.DataFrame, parameters: Parameters) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Σ q/Q and Σ β q/Q of every row, and why a row counts nothing."""
    outside = set(parameters.entry("identification.outside.unit_type").value)
    ratio, weighted = np.zeros(len(frame)), np.zeros(len(frame))
    reason = np.full(len(frame), None, object)
    known: dict[str, tuple[float, float]] = {}
    for i, row in enumerate(frame.to_dict("records")):
        if row["unit_type"] in outside:
            reason[i] = "不属于 GB 18218-2018 的适用范围"
            continue
        try:
            for key, tonnes in contents(row, parameters):
                if key not in known:
                    known[key] = (threshold(key), beta(key, parameters))
                ratio[i] += tonnes / known[key][0]
                weighted[i] += known[key][1] * tonnes / known[key][0]
        except UnknownIdentifier as unknown:
            ratio[i] = weighted[i] = 0.0
            reason[i] = unknown.zh
    return ratio, weighted, reason


def contents(row: dict[Any, Any], parameters: Parameters) -> list[tuple[str, float]]:
    """What a unit holds: keys of table 1 or symbols of table 2, and tonnes.

    The list `inventory` of {cas or substance, quantity_t, hazard_class} goes before `substance` (or `cas`) with `quantity_t`. A
    substance that table 1 does not name counts by its `hazard_class`: a symbol of table 2, or a division of explosives (1.3G).

    Raises
    ------
    UnknownIdentifier
        If an entry has neither; nothing is left out in silence.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> contents({"substance": "氨", "quantity_t": 12.0}, parameters())
    [('氨', 12.0)]
    >>> contents({"inventory": [{"cas": "7782-50-5", "quantity_t": 5}, {"hazard_class": "1.3G", "quantity_t": 2}]}, parameters())
    [('氯', 5.0), ('W1.2', 2.0)]
    """
    listed = row.get("inventory")
    if isinstance(listed, str):
        listed = json.loads(listed)
    entries = listed if isinstance(listed, list) and listed else [row]
    found = []
    for entry in entries:
        tonnes = float(entry.get("quantity_t") or 0.0)
        if not tonnes >= 0:
            tonnes = 0.0
        found.append((_key(entry, parameters), tonnes))
    return found


def _key(entry: dict[Any, Any], parameters: Parameters) -> str:
    names = [entry.get(name) for name in ("substance", "cas")]
    symbol = entry.get("hazard_class")
    problem: UnknownIdentifier | None = None
    for name in (*names, _symbol(symbol, parameters)):
        if isinstance(name, str) and name:
            try:
                return key_of(name)
            except UnknownIdentifier as unknown:
                problem = problem or unknown
    raise problem or UnknownIdentifier("物质清单中有一项没有物质名称、CAS 号或危险性类别",
                                       "an entry of the inventory names no substance")


def _symbol(hazard_class: Any, parameters: Parameters) -> str | None:
    if not isinstance(hazard_class, str):
        return None
    division = _DIVISION.match(hazard_class.strip())
    return str(parameters.table("identification.explosive.class")[division[1]]) if division else hazard_class
