"""Substances of GB 18218-2018: critical quantities by name, alias or CAS number (table 1), and by hazard class (table 2)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from geo.codes.tables import table
from geo.errors import UnknownIdentifier

_CAS = re.compile(r"^(\d{2,7})-(\d{2})-(\d)$")


@dataclass(frozen=True)
class Substance:
    """One substance with a critical quantity.

    Attributes
    ----------
    number : int
        Row of GB 18218-2018 table 1; 0 for one that table 1 does not name and that counts by its class of table 2.
    name : str
        Short name; the key everywhere else.
    aliases : tuple of str
        Other names, English and code names.
    cas : tuple of str
        CAS numbers; empty for a group without one.
    quantity_t : float
        Critical quantity Q in t.
    symbol : str
        Class of table 2 where the substance counts by it, else empty.
    certainty : str
        ``read`` in the standard's table, or ``own-sure``.
    """

    number: int
    name: str
    aliases: tuple[str, ...]
    cas: tuple[str, ...]
    quantity_t: float
    symbol: str
    certainty: str


@dataclass(frozen=True)
class HazardClass:
    """One class of GB 18218-2018 table 2: symbol, hazard, what falls under it, critical quantity Q in t."""

    symbol: str
    hazard: str
    description: str
    quantity_t: float


@cache
def substances() -> tuple[Substance, ...]:
    """All substances in the order of GB 18218-2018 table 1 (rows 1 to 85), then those that count by class."""
    return tuple(
        Substance(int(row["number"] or 0), row["name"], _parts(row["aliases"]), _parts(row["cas"]), float(row["quantity_t"]),
                  row["symbol"], row["certainty"])
        for row in table("substances"))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace(" ", "").lower()


@cache
def _by_name() -> dict[str, tuple[Substance, ...]]:
    found: dict[str, tuple[Substance, ...]] = {}
    for one in substances():
        for key in dict.fromkeys(_plain(name) for name in (one.name, *one.aliases, *one.cas)):
            found[key] = (*found.get(key, ()), one)
    return found


def substance(name_or_cas: str) -> Substance:
    """The substance of a name, an alias or a CAS number.

    Raises
    ------
    UnknownIdentifier
        If there is none, or several rows share it (硝酸铵 and 硝化纤维素 count by their make-up).

    Examples
    --------
    >>> substance("液氨").quantity_t, substance("68476-85-7").name, substance("diesel").symbol
    (10.0, '液化石油气', 'W5.4')
    """
    found = _by_name().get(_plain(name_or_cas), ())
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownIdentifier(
            f"GB 18218-2018 表1 没有物质“{name_or_cas}”", f"GB 18218-2018 table 1 has no substance {name_or_cas!r}",
            remedy_zh="请填写表1 的名称或 CAS 号；表1 以外的物质按表2 填写危险性类别。",
            remedy_en="Give a name or CAS number of table 1; for others the class of table 2.", substance=name_or_cas)
    rows = "、".join(one.name for one in found)
    raise UnknownIdentifier(
        f"“{name_or_cas}”对应表1 的多行：{rows}", f"{name_or_cas!r} stands for several rows of table 1: {rows}",
        remedy_zh="请填写其中一行的名称。", remedy_en="Give the name of one of them.", substance=name_or_cas)


@cache
def _classes() -> dict[str, HazardClass]:
    return {row["symbol"]: HazardClass(row["symbol"], row["hazard"], row["description"], float(row["quantity_t"]))
            for row in table("hazard_classes")}


def hazard_class(symbol: str) -> HazardClass:
    """The class of GB 18218-2018 table 2 with this symbol (``J1`` … ``W11``).

    Raises
    ------
    UnknownIdentifier
        If there is none.

    Examples
    --------
    >>> hazard_class("W5.4").quantity_t
    5000.0
    """
    found = _classes().get(symbol.strip().upper())
    if found is None:
        raise UnknownIdentifier(f"GB 18218-2018 表2 没有类别“{symbol}”", f"GB 18218-2018 table 2 has no class {symbol!r}",
                                symbol=symbol)
    return found


def cas_is_valid(cas: str) -> bool:
    """Whether a CAS number has the right form and check digit: ``Σ i·dᵢ mod 10`` over the digits from the right.

    Examples
    --------
    >>> cas_is_valid("7664-41-7"), cas_is_valid("7664-41-8")
    (True, False)
    """
    match = _CAS.match(cas)
    if match is None:
        return False
    digits = (match[1] + match[2])[::-1]
    return sum(place * int(digit) for place, digit in enumerate(digits, 1)) % 10 == int(match[3])
