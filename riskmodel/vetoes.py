"""Vetoes (一票否决): facts that colour a street whatever the model says, each with the day on which it ends.

A veto rests on a record, and a record ages. A diagnosis holds for as long as the table says from the day it was recorded, an
overdue danger from the day it fell due; at the latest until the record's own end. After that day the record must be confirmed:
it counts as rule S-V-2 and says so, it no longer makes the street red.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from riskmodel.identification import diagnosis_level
from riskmodel.inputs import ModelInputs
from riskmodel.likelihood import danger_states
from riskmodel.parameters import Parameters


@dataclass(frozen=True)
class Veto:
    """One fact of rules S-V-1 and S-V-2.

    Attributes
    ----------
    street : str
        Street code.
    code : str
        S-V-1 or S-V-2.
    name : str
        Who and what.
    cell : int
        Cell of the place.
    until : date
        Last day of the veto; of an S-V-2 too, the record's own review.

    Examples
    --------
    >>> Veto("110101001000", "S-V-2", "甲化工厂：通风失效（重大隐患未销案）", 7, date(2026, 10, 28)).until.isoformat()
    '2026-10-28'
    """

    street: str
    code: str
    name: str
    cell: int
    until: date


def vetoes(inputs: ModelInputs, grades: pd.DataFrame, enterprise_pll: pd.Series, parameters: Parameters) -> list[Veto]:
    """All facts of rules S-V-1 and S-V-2.

    Parameters
    ----------
    grades : DataFrame indexed like the hazard_source frame with column grade (0 none, 1–4)
    enterprise_pll : Series by enterprise id, deaths per year

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> found = vetoes(town(), pd.DataFrame({"grade": [2]}), pd.Series({"e1": 2e-3}), parameters())
    >>> [(fact.code, fact.name) for fact in found]
    [('S-V-1', '甲化工厂：通风失效（重大隐患逾期31天）')]
    """
    return [*_diagnosed(inputs, grades, parameters), *_dangers(inputs, enterprise_pll, parameters)]


def named(name: object, identity: object) -> str:
    """The name, or the identifier where there is none.

    Examples
    --------
    >>> named("液氯库", "h1"), named(None, "h1")
    ('液氯库', 'h1')
    """
    return str(name) if isinstance(name, str) and name else str(identity)


def _until(start: object, end: object, days: float) -> date | None:
    """The earlier of `days` after the start and the record's end; None where neither is known."""
    known = [day for day in (_day(start, days), _day(end, 0.0)) if day is not None]
    return min(known, default=None)


def _day(value: object, later: float) -> date | None:
    stamp = pd.to_datetime(value, errors="coerce")
    return None if stamp is pd.NaT or pd.isna(stamp) else stamp.date() + timedelta(days=int(later))


def _diagnosed(inputs: ModelInputs, grades: pd.DataFrame, parameters: Parameters) -> list[Veto]:
    """Units that the diagnosis of 应急〔2018〕19号 makes red; S-V-1 where the unit is a major hazard too."""
    units = inputs.frames["hazard_source"]
    veto = units["diagnosis_veto"].fillna(False).astype(bool)
    red = pd.Series(diagnosis_level(units["diagnosis_score"], veto, parameters) == 1, index=units.index)
    major = grades["grade"].to_numpy() > 0
    days = parameters.number("levels.street.veto_diagnosis_days")
    result = []
    for unit, is_major in zip(units[red].itertuples(), major[red.to_numpy()], strict=True):
        start = _first(unit.updated_at, unit.valid_from, inputs.as_of)
        until = _until(start, unit.valid_to, days)
        text = f"{named(unit.name, unit.id)}（诊断红色）"
        result.append(_veto(unit, bool(is_major), text, until or inputs.as_of, inputs.as_of))
    return result


def _dangers(inputs: ModelInputs, enterprise_pll: pd.Series, parameters: Parameters) -> list[Veto]:
    """Open major dangers; S-V-1 where long overdue at a unit of high risk."""
    dangers = inputs.frames["hidden_danger"]
    as_of = pd.Timestamp(inputs.as_of)
    open_now = dangers[dangers["major"].fillna(False).astype(bool) & danger_states(inputs)["open"]]
    late = (as_of - pd.to_datetime(open_now["due"], errors="coerce")).dt.days
    heavy = open_now["enterprise_id"].map(enterprise_pll).fillna(0.0) >= parameters.number("levels.street.veto_pll")
    red = ((late > parameters.number("levels.street.veto_overdue_days")) & heavy).to_numpy(np.bool_)
    owners = inputs.frames["enterprise"]
    owners = owners[owners["id"].isin(set(open_now["enterprise_id"]))]
    owner_name = dict(zip(owners["id"], owners["name"], strict=True))
    days = parameters.number("levels.street.veto_danger_days")
    result = []
    for danger, is_red, overdue in zip(open_now.itertuples(), red, late, strict=True):
        text = f"{owner_name.get(danger.enterprise_id) or danger.enterprise_id}：{named(danger.name, danger.id)}"
        note = f"（重大隐患逾期{int(overdue)}天）" if is_red else "（重大隐患未销案）"
        until = _until(_first(danger.due, danger.found, inputs.as_of), danger.valid_to, days)
        result.append(_veto(danger, bool(is_red), text + note, until or inputs.as_of, inputs.as_of))
    return result


def _veto(row: object, red: bool, text: str, until: date, as_of: date) -> Veto:
    lapsed = as_of > until
    code = "S-V-1" if red and not lapsed else "S-V-2"
    note = f"（否决已于{until.isoformat()}到期，须复核）" if red and lapsed else ""
    return Veto(str(row.area_code), code, text + note, int(row.cell), until)  # type: ignore[attr-defined]


def _first(*values: object) -> object:
    return next((value for value in values if not pd.isna(value)), None)
