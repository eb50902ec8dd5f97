"""The words of ledgers: headings that mean a field, and values that mean one of the allowed values."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

from geo.kinds import SECTIONS, Field, Kind

_BRACKETS = re.compile(r"[（(\[【][^（()）\]】]*[)）\]】]\s*$")


def plain(heading: str) -> str:
    r"""A heading as it is compared: without blanks, line ends, asterisks, colons, case and full-width forms.

    Examples
    --------
    >>> plain(" *Ｎａｍｅ： ")
    'name'
    """
    return re.sub(r"[\s*★:_]", "", unicodedata.normalize("NFKC", heading)).lower()


def without_unit(heading: str) -> tuple[str, str]:
    """A heading without the bracket at its end, and what stands in the bracket.

    Examples
    --------
    >>> without_unit("建筑面积（万m²）")
    ('建筑面积', '万m²')
    """
    found = _BRACKETS.search(heading.strip())
    if found is None:
        return heading.strip(), ""
    return heading.strip()[:found.start()].strip(), found[0].strip()[1:-1].strip()


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("geo.ingest").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def headings(kind: Kind) -> dict[str, str]:
    """Field by compared heading: code names and terms first, then the kind's synonyms, then the common ones."""
    found: dict[str, str] = {}
    for field in kind.all_fields:
        for heading in (field.name, field.zh):
            found.setdefault(plain(heading), field.name)
    declared = {field.name for field in kind.all_fields}
    for section in (kind.name, "common"):
        for name, words in _toml("synonyms").get(section, {}).items():
            for word in words if name in declared else ():
                found.setdefault(plain(word), name)
    return found


@cache
def positions(rank: int) -> dict[str, str]:
    """Role (lon, lat, lonlat, wkt) by compared heading."""
    return {plain(word): role for role, words in _toml("synonyms")["position" if rank == 1 else "position2"].items()
            for word in words}


@cache
def values(kind: Kind, field: Field) -> dict[str, Any]:
    """Allowed value by word; empty for free text."""
    if field.type == "bool":
        words = _toml("words")["*"]
        return {**dict.fromkeys(words["yes"], True), **dict.fromkeys(words["no"], False)}
    if not field.choices:
        return {}
    found: dict[str, Any] = {choice: choice for choice in field.choices}
    found |= {choice.lower(): choice for choice in field.choices if choice.lower() not in found}
    if field.name == "industry":
        for letter, name in SECTIONS.items():
            found |= dict.fromkeys((name, f"{letter}{name}", f"{letter} {name}", name.removesuffix("业")), letter)
    for section in (f"{kind.name}.{field.name}", f"*.{field.name}"):
        for value, words in _toml("words").get(section, {}).items():
            for word in words if value in field.choices else ():
                found.setdefault(word, value)
                found.setdefault(word.lower(), value)
    return found
