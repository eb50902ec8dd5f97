"""Industries of GB/T 4754-2017: what a code means, down to the class, and codes of the edition of 2011 that ledgers still carry.

The table is whole: 97 divisions (大类), 473 groups (中类) and the 1,382 classes (小类) of amendment 1 of 2019. Of the edition of
2011 it has the divisions: from 79 on they are one lower than in 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from geo.codes.tables import table
from geo.errors import UnknownIdentifier


@dataclass(frozen=True)
class Industry:
    """One entry of GB/T 4754-2017.

    Attributes
    ----------
    code : str
        As asked, without the section's letter: 2 to 4 digits.
    name : str
        Name of the most exact level that the table holds.
    section : str
        Letter A to T.
    known_to : int
        Digits of the code that the standard has (2 to 4); fewer than it was asked for if there is no such group or class.
    """

    code: str
    name: str
    section: str
    known_to: int


@cache
def _entries() -> dict[str, tuple[str, str]]:
    return {row["code"]: (row["name"], row["section"]) for row in table("industries")}


@cache
def _former() -> dict[str, str]:
    """Section by division of the edition of 2011; they differ from 79 on (all one lower than in 2017)."""
    same = {code: section for code, (_, section) in _entries().items() if len(code) == 2 and int(code) < 79}
    return same | {row["code"]: row["section"] for row in table("industries_2011") if len(row["code"]) == 2}


def _digits(code: str) -> str:
    return code[1:] if code[:1].isalpha() else code


def industry(code: str) -> Industry:
    """The industry of a code of GB/T 4754-2017: ``C2614``, ``2614``, ``261`` or ``26``; of what it belongs to if there is none.

    Raises
    ------
    UnknownIdentifier
        If it is no code of 2 to 4 digits, its division does not exist, or a letter in front names another section.

    Examples
    --------
    >>> industry("C2614").name, industry("2615").name, industry("83").section
    ('有机化学原料制造', '基础化学原料制造', 'P')
    """
    digits = _digits(code)
    if digits.isdigit() and 2 <= len(digits) <= 4:
        for length in range(len(digits), 1, -1):
            name, section = _entries().get(digits[:length], ("", ""))
            if name and (digits == code or code[0].upper() == section):
                return Industry(digits, name, section, length)
    raise UnknownIdentifier(f"GB/T 4754-2017 没有行业代码“{code}”", f"GB/T 4754-2017 has no industry {code!r}", code=code)


def sections(codes: Sequence[str | None] | NDArray[np.object_], *, edition: int = 2017) -> NDArray[np.object_]:
    """Section letter of every code by its first two digits; None where there is no such division.

    Parameters
    ----------
    codes : (n,) sequence of str or None
        With or without the section's letter.
    edition : {2017, 2011}

    Examples
    --------
    >>> sections(["2614", "C26", "8311", "xx", None]).tolist(), sections(["8311"], edition=2011).tolist()
    (['C', 'C', 'P', None, None], ['Q'])
    """
    of = _former() if edition == 2011 else {code: section for code, (_, section) in _entries().items() if len(code) == 2}
    digits = [_digits(code or "") for code in codes]
    found = [of.get(one[:2]) if one.isdigit() and len(one) <= 4 else None for one in digits]
    return np.array([*found, None], object)[:-1]


def exact(codes: Sequence[str | None] | NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which codes GB/T 4754-2017 has to their last digit, in the section of their letter if they have one.

    Zeros that fill a division or group up to four digits are no digits.

    Parameters
    ----------
    codes : (n,) sequence of str or None
        With or without the section's letter.

    Examples
    --------
    >>> exact(["2614", "C26", "2600", "2610", "2615", "B26", None]).tolist()
    [True, True, True, True, False, False, False]
    """
    return np.array([_held(code or "") for code in codes], bool)


def _held(code: str) -> bool:
    digits, entries = _digits(code), _entries()
    filled = [digits[:length] for length in range(2, len(digits)) if not digits[length:].strip("0")] if len(digits) <= 4 else []
    section = next((entries[one][1] for one in (digits, *filled) if one in entries), "")
    return bool(section) and (digits == code or code[0].upper() == section)


def meant_in_2011(code: str) -> str:
    """What the division of a code of the edition of 2011 is in 2017, as code and name; empty where the division is the same.

    Examples
    --------
    >>> meant_in_2011("Q8311"), meant_in_2011("2614")
    ('84 卫生', '')
    """
    now = next((row["now"] for row in table("industries_2011") if row["code"] == _digits(code)[:2]), "")
    return f"{now} {_entries()[now][0]}" if now else ""
