"""Warnings (预警): what changed for the worse, or stands open too long, and since when.

Levels IV (blue) to I (red) as 4 to 1. Facts open and close with their record. A change of the map opens a warning only against
nights that were made with the same parameters and the same code: a new model is a revision, never a warning. What is open stays
until its cause has been gone for a number of nights, so nothing flickers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from geo.grid import to_degrees
from riskmodel.inputs import ModelInputs
from riskmodel.likelihood import danger_states
from riskmodel.parameters import Parameters
from riskmodel.vetoes import named

#: Columns of the table; dates are ISO text in `since`, `until` and `calm_since`.
COLUMNS: tuple[str, ...] = ("id", "name", "level", "kind", "area_code", "text", "since", "until", "calm_since", "lon", "lat")

#: Rules whose firing is a breach of a limit.
BREACHES: frozenset[str] = frozenset({"S-IR-1", "S-FN-1"})

_ROMAN = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}


@dataclass(frozen=True)
class Street:
    """A street in one night: deaths per year, level, probability of each level, rules that fired.

    Examples
    --------
    >>> Street("西街道", 0.004, 2, (0.1, 0.6, 0.2, 0.1), frozenset({"S-H-2", "S-IR-1"})).codes & BREACHES
    frozenset({'S-IR-1'})
    """

    name: str
    pll: float
    level: int
    probability: tuple[float, ...] = ()
    codes: frozenset[str] = frozenset()
    lon: float = float("nan")
    lat: float = float("nan")


@dataclass(frozen=True)
class Night:
    """The streets of one night.

    Attributes
    ----------
    as_of : date
    streets : mapping of code to Street
    comparable : bool
        Made with the parameters and the code of tonight.

    Examples
    --------
    >>> night = Night(date(2026, 6, 1), {"110101001000": Street("西街道", 0.004, 2)})
    >>> night.streets["110101001000"].level, night.comparable
    (2, True)
    """

    as_of: date
    streets: Mapping[str, Street] = field(default_factory=dict)
    comparable: bool = True


def night_of(areas: pd.DataFrame, as_of: date, *, comparable: bool = True) -> Night:
    """Streets of an areas table (code, name, level, pll, risk_level, codes; p_level_1 … 4, lon, lat where it has them).

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> night = night_of(scored().areas, date(2026, 6, 1))
    >>> {street.name: street.level for street in night.streets.values()}
    {'西街道': 1, '东街道': 4}
    """
    rows = areas[areas["level"] == "street"].to_dict("records")
    return Night(as_of, {row["code"]: _street(row) for row in rows}, comparable)


def _street(row: Mapping[Any, Any]) -> Street:
    told = row["codes"] if isinstance(row["codes"], list) else json.loads(row["codes"] or "[]")
    odds = tuple(float(row.get(f"p_level_{k}", 0.0)) for k in range(1, 5))
    return Street(str(row["name"]), float(row["pll"]), int(row["risk_level"]), odds, frozenset(r["code"] for r in told),
                  float(row.get("lon", np.nan)), float(row.get("lat", np.nan)))


def standing_warnings(inputs: ModelInputs, tonight: Night, earlier: Sequence[Night], before: Sequence[Mapping[str, Any]],
                      parameters: Parameters) -> pd.DataFrame:
    """Warnings that stand tonight.

    Parameters
    ----------
    inputs : ModelInputs
        Frames ``hidden_danger`` and ``enterprise`` are read.
    tonight : Night
    earlier : sequence of Night
        Newest first, before tonight's day.
    before : sequence of mapping
        Warnings that stood in the newest earlier night.
    parameters : Parameters
        Tables ``warnings``.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`, the gravest first. A warning of a street keeps its `since` as long as it stands.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> last = Night(date(2026, 6, 1), {"110101001000": Street("西街道", 0.004, 3)})
    >>> tonight = Night(date(2026, 6, 2), {"110101001000": Street("西街道", 0.005, 2)})
    >>> table = standing_warnings(town(), tonight, [last], [], parameters())
    >>> table[["level", "kind", "text"]].values.tolist()
    [[1, 'overdue', '重大隐患逾期 31 天未销案'], [3, 'level', 'Ⅲ级：风险等级由 3 级升为 2 级']]
    """
    found = list(_overdue(inputs, parameters))
    stood = {str(row["id"]): row for row in before}
    for code, street in tonight.streets.items():
        for kind, opened in (("level", _level(code, street, earlier)), ("breach", _breach(code, street, earlier)),
                             ("pll", _pll(code, street, tonight, earlier, parameters))):
            row = _kept(kind, code, street, opened, stood.get(f"{kind}.{code}"), tonight, earlier, parameters)
            if row is not None:
                found.append(row)
    table = pd.DataFrame(found, columns=list(COLUMNS))
    table["level"] = table["level"].astype(np.int64)
    return table.sort_values(["level", "kind", "id"], kind="stable").reset_index(drop=True)


def _overdue(inputs: ModelInputs, parameters: Parameters) -> Iterator[dict[str, Any]]:
    """Major dangers past their day, by how long."""
    frame, state = inputs.frames["hidden_danger"], danger_states(inputs)
    bounds = parameters.array("warnings.overdue.days")
    major = frame["major"].fillna(False).astype(bool) & (state["days"] >= bounds[0])
    owners = inputs.frames["enterprise"]
    owners = owners[owners["id"].isin(set(frame.loc[major, "enterprise_id"]))]
    title = dict(zip(owners["id"], owners["name"], strict=True))
    lon, lat = to_degrees(frame["x"].to_numpy(np.float64), frame["y"].to_numpy(np.float64))
    for at in np.flatnonzero(major.to_numpy(bool)):
        danger, days = frame.iloc[at], int(state["days"].iloc[at])
        who = title.get(danger["enterprise_id"]) or danger["enterprise_id"]
        yield {"id": f"overdue.{danger['id']}", "name": f"{who}：{named(danger['name'], danger['id'])}", "kind": "overdue",
               "level": 4 - int(np.searchsorted(bounds, days, side="right")), "area_code": danger["area_code"],
               "text": f"重大隐患逾期 {days} 天未销案", "until": None, "calm_since": None,
               "since": (inputs.as_of - timedelta(days=days - 1)).isoformat(), "lon": float(lon[at]), "lat": float(lat[at])}


def _last(code: str, earlier: Sequence[Night]) -> Street | None:
    """The street in the newest earlier night, if that can be compared."""
    return earlier[0].streets.get(code) if earlier and earlier[0].comparable else None


def _level(code: str, street: Street, earlier: Sequence[Night]) -> tuple[int, str] | None:
    last = _last(code, earlier)
    if last is None or street.level > 2 or street.level >= last.level:
        return None
    return street.level + 1, f"风险等级由 {last.level} 级升为 {street.level} 级"


def _breach(code: str, street: Street, earlier: Sequence[Night]) -> tuple[int, str] | None:
    last = _last(code, earlier)
    fresh = sorted((street.codes & BREACHES) - last.codes) if last is not None else []
    return (2, f"新出现超过限值：{'、'.join(fresh)}") if fresh else None


def _ratio(code: str, street: Street, tonight: Night, earlier: Sequence[Night], parameters: Parameters) -> float:
    """Tonight's deaths per year over the median of the nights before; NaN where too few can be compared."""
    first = tonight.as_of - timedelta(days=int(parameters.number("warnings.pll.window")))
    past = [night.streets[code].pll for night in earlier if night.comparable and night.as_of >= first and code in night.streets]
    median = float(np.median(past)) if len(past) >= parameters.number("warnings.pll.least") else 0.0
    return street.pll / median if median > 0 else float("nan")


def _pll(code: str, street: Street, tonight: Night, earlier: Sequence[Night], parameters: Parameters) -> tuple[int, str] | None:
    ratio = _ratio(code, street, tonight, earlier, parameters)
    steps = int(np.searchsorted(parameters.array("warnings.pll.ratio"), ratio, side="right")) if ratio == ratio else 0
    return (5 - steps, f"潜在生命损失为近期中位数的 {ratio:.2g} 倍") if steps else None


def _kept(kind: str, code: str, street: Street, opened: tuple[int, str] | None, stood: Mapping[str, Any] | None, tonight: Night,
          earlier: Sequence[Night], parameters: Parameters) -> dict[str, Any] | None:
    """The warning of a street that opens, stands on, grows graver, or None when it has been calm long enough."""
    today = tonight.as_of.isoformat()
    row: dict[str, Any] = {"id": f"{kind}.{code}", "name": street.name, "kind": kind, "area_code": code, "until": None,
                           "calm_since": None, "lon": street.lon, "lat": street.lat}
    if stood is None:
        return None if opened is None else row | {"level": opened[0], "text": _text(opened), "since": today}
    row |= {"level": int(stood["level"]), "text": stood["text"], "since": stood["since"]}
    if opened is not None and opened[0] < row["level"]:
        return row | {"level": opened[0], "text": _text(opened)}
    if not earlier or not earlier[0].comparable:  # a revision neither opens nor calms
        return row | {"calm_since": stood["calm_since"]}
    if not _calm(kind, row["level"], street, _ratio(code, street, tonight, earlier, parameters), parameters):
        return row
    since = stood["calm_since"] or today
    nights = (tonight.as_of - date.fromisoformat(since)).days + 1
    return None if nights >= parameters.number(f"warnings.{kind}.nights") else row | {"calm_since": since}


def _text(opened: tuple[int, str]) -> str:
    return f"{_ROMAN[opened[0]]}：{opened[1]}"


def _calm(kind: str, level: int, street: Street, ratio: float, parameters: Parameters) -> bool:
    """Whether the cause of a standing warning is gone tonight."""
    if kind == "breach":
        return not street.codes & BREACHES
    if kind == "level":
        odds = sum(street.probability[:level - 1])
        return street.level > level - 1 and odds < parameters.number("warnings.level.probability")
    limit = parameters.array("warnings.pll.ratio")[4 - level]
    return bool(ratio < parameters.number("warnings.pll.close") * limit)
