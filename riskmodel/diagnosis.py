"""Diagnosis grades of 应急〔2018〕19号: a score from named findings, and four vetoes.

危险化学品生产储存企业安全风险评估诊断分级指南（试行）. 100 points; findings deduct within their item, down to 0; some give bonus
points (the text has no cap at 100). The findings, their points and the vetoes are the tables ``diagnosis.rules`` and
``diagnosis.veto``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter, UnknownIdentifier
from riskmodel.parameters.load import Parameters

#: Colours of the levels 1 to 4.
COLOURS: tuple[str, ...] = ("红", "橙", "黄", "蓝")


@dataclass(frozen=True)
class Rule:
    """One finding: code, item of the annex, what is found, points (negative: lost), whether each case counts.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> rule = rules(parameters())["no_sis"]
    >>> rule.points, rule.each
    (-10.0, False)
    """

    code: str
    item: str
    content: str
    points: float
    each: bool


@dataclass(frozen=True)
class ItemScore:
    """One item: points it can lose, points lost (at most that), bonus points.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> found = diagnose({"major_2": 1, "no_sis": 1}, [], parameters())
    >>> [(item.item, item.lost, item.cap) for item in found.items if item.lost]
    [('重大危险源', 8.0, 10.0), ('自控与安全设施', 10.0, 10.0)]
    """

    item: str
    cap: float
    lost: float
    bonus: float


@dataclass(frozen=True)
class Diagnosis:
    """Result for one enterprise.

    Attributes
    ----------
    score : float
    level : int
        1 红 … 4 蓝.
    items : tuple of ItemScore
    vetoes : tuple of str
        What makes it red whatever the score.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> veto = next(iter(parameters().table("diagnosis.veto")))
    >>> found = diagnose({"no_sis": 1}, [veto], parameters())
    >>> found.level, found.colour, found.vetoes
    (1, '红', ('新开发的危险化学品生产工艺未经小试、中试和工业化试验直接进行工业化生产',))
    """

    score: float
    level: int
    items: tuple[ItemScore, ...]
    vetoes: tuple[str, ...]

    @property
    def colour(self) -> str:
        """红, 橙, 黄 or 蓝."""
        return COLOURS[self.level - 1]


def rules(parameters: Parameters) -> dict[str, Rule]:
    """All findings by code, in the order of the annex.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> found = rules(parameters())
    >>> len(found), found["major_2"].content
    (42, '存在二级危险化学品重大危险源')
    """
    table = parameters.entry("diagnosis.rules").value
    return {row["code"]: Rule(row["code"], row["item"], row["content"], float(row["points"]), bool(row["each"])) for row in table}


def diagnose(findings: Mapping[str, float], vetoes: Iterable[str], parameters: Parameters) -> Diagnosis:
    """Score an enterprise.

    Parameters
    ----------
    findings : mapping
        Number of cases by code of ``diagnosis.rules``; a finding that counts once has 0 or 1 (True).
    vetoes : iterable of str
        Codes of ``diagnosis.veto`` that hold.
    parameters : Parameters

    Raises
    ------
    UnknownIdentifier
        If a code is not in the tables.
    BadParameter
        If a number of cases is negative or not a number.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> found = diagnose({"major_2": 1, "process": 3, "outside_park": 1, "no_sis": 1}, [], load_parameters())
    >>> found.score, found.colour
    (73.0, '橙')
    """
    table = rules(parameters)
    lost: dict[str, float] = {}
    bonus: dict[str, float] = {}
    for code, cases in findings.items():
        if code not in table:
            raise _unknown(code, table)
        if not cases >= 0 or not np.isfinite(cases):
            raise BadParameter(f"“{code}”的数量 {cases} 无效", f"number of {code!r} is {cases}", code=code)
        rule = table[code]
        points = rule.points * (cases if rule.each else min(cases, 1))
        side = lost if points < 0 else bonus
        side[rule.item] = side.get(rule.item, 0.0) + abs(points)
    caps = parameters.table("diagnosis.caps")
    items = tuple(ItemScore(item, float(cap), min(lost.get(item, 0.0), float(cap)), bonus.get(item, 0.0))
                  for item, cap in caps.items())
    named = parameters.table("diagnosis.veto")
    for code in (vetoes := tuple(vetoes)):
        if code not in named:
            raise _unknown(code, named)
    score = 100.0 - sum(item.lost for item in items) + sum(item.bonus for item in items)
    level = int(diagnosis_level(score, bool(vetoes), parameters))
    return Diagnosis(score, level, items, tuple(str(named[code]) for code in vetoes))


def diagnosis_score(deductions: Mapping[str, float], bonus: float, parameters: Parameters) -> float:
    """Score from deductions that are already added up per item; each item down to 0 only, plus bonus points.

    Raises
    ------
    UnknownIdentifier
        If an item is not one of the annex.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> item, cap = next(iter(parameters().table("diagnosis.caps").items()))
    >>> cap, diagnosis_score({item: 25.0}, 2.0, parameters())
    (10, 92.0)
    """
    caps = parameters.table("diagnosis.caps")
    for item in deductions:
        if item not in caps:
            raise _unknown(item, caps)
    return 100.0 - sum(min(points, float(caps[item])) for item, points in deductions.items()) + bonus


def diagnosis_level(score: ArrayLike, veto: ArrayLike, parameters: Parameters) -> NDArray[np.int8]:
    """Level: 1 红, 2 橙, 3 黄, 4 蓝 from the score, 1 under a veto, 0 where there is neither.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> diagnosis_level([95.0, 80.0, 65.0, 50.0, np.nan], [False, False, False, False, True], parameters()).tolist()
    [4, 3, 2, 1, 1]
    """
    points = np.asarray(score, np.float64)
    level = 4 - (points[..., None] < parameters.array("diagnosis.level.score")).sum(axis=-1)
    level = np.where(np.isnan(points), 0, level)
    return np.where(np.asarray(veto, bool), 1, level).astype(np.int8)


def _unknown(code: str, table: Iterable[str]) -> UnknownIdentifier:
    return UnknownIdentifier(
        f"“{code}”不在 应急〔2018〕19号附件中", f"{code!r} is not in the annex of 应急〔2018〕19号",
        remedy_zh=f"可用：{'、'.join(table)}", remedy_en=f"Known: {', '.join(table)}", name=code,
    )
