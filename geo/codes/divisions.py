"""Administrative divisions (GB/T 2260) of 京津冀, and the codes that are no longer in force but still stand in ledgers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from geo.codes.tables import table
from geo.errors import UnknownIdentifier


@dataclass(frozen=True)
class Division:
    """One division of GB/T 2260.

    Attributes
    ----------
    code, name : str
        Six digits, official name.
    parent : str
        Code of the province or prefecture above; empty for a province.
    """

    code: str
    name: str
    parent: str


@dataclass(frozen=True)
class FormerDivision:
    """A division whose code is no longer in force.

    Attributes
    ----------
    code, name : str
        As they were.
    now : str
        Code that took its place; empty where it was shared out among several.
    year : int
        When.
    """

    code: str
    name: str
    now: str
    year: int


@cache
def _now() -> dict[str, Division]:
    return {row["code"]: Division(row["code"], row["name"], row["parent"]) for row in table("divisions")}


@cache
def _former() -> dict[str, FormerDivision]:
    return {row["code"]: FormerDivision(row["code"], row["name"], row["now"], int(row["year"]))
            for row in table("former_divisions")}


def division(code: str) -> Division:
    """The division that a code of 6, 9 or 12 digits belongs to, codes that were in force before led on to today's.

    Raises
    ------
    UnknownIdentifier
        If the table has none, or the former division was shared out among several.

    Examples
    --------
    >>> division("110104003000").name, division("110228").code
    ('西城区', '110118')
    """
    six = code[:6]
    before = _former().get(six)
    found = _now().get(before.now if before else six)
    if found is None:
        zh = f"{before.name}（{six}）{before.year} 年拆分，没有唯一的现行代码" if before else f"没有代码为“{code}”的行政区"
        en = f"{six} was shared out in {before.year}" if before else f"there is no division {code!r}"
        raise UnknownIdentifier(zh, en, code=code)
    return found


def former_division(code: str) -> FormerDivision | None:
    """What the first six digits stood for, if they are no longer in force; else None.

    Examples
    --------
    >>> former_division("110103").name, former_division("110101")
    ('崇文区', None)
    """
    return _former().get(code[:6])
