"""The rules of data quality, read from a table and checked against the declared kinds."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geo.errors import BadParameter
from geo.kinds import KINDS
from geo.quality.scoring import SCORE_PARTS


@dataclass(frozen=True)
class KindRules:
    """What is asked of one kind.

    Attributes
    ----------
    core : tuple of tuple of str
        Fields of which a complete row has all; each entry lists alternatives of which one is enough. Required fields of the
        kind's declaration come first.
    weights : mapping
        The same entries and the further fields with their weight in the fill rate.
    fresh_days : int
        Age of ``updated_at`` up to which a row is fresh.
    by_code, by_name : bool
        Whether duplicates are looked for by credit code, by name and address.
    same : tuple of str
        Fields that together describe one thing; equal rows are duplicates. Empty: not tested.
    type_field, other_field : str
        Field in which two duplicates by name must agree, and one in which they must not; empty for none.
    pile : int
        Most units at exactly one point; 0: not tested.
    parent_m : float
        Farthest from its own unit, metres; 0: not tested.
    """

    core: tuple[tuple[str, ...], ...]
    weights: Mapping[tuple[str, ...], float]
    fresh_days: int
    by_code: bool = False
    by_name: bool = False
    same: tuple[str, ...] = ()
    type_field: str = ""
    other_field: str = ""
    pile: int = 0
    parent_m: float = 0.0


@dataclass(frozen=True)
class Names:
    """How names are compared; see ``rules.toml``."""

    prefixes: tuple[str, ...]
    endings: tuple[str, ...]
    placeholders: frozenset[str]
    compass: str
    distinguishing: str
    tested: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """All rules of data quality.

    Attributes
    ----------
    kinds : mapping of str to KindRules
        Kinds that are assessed; areas and background are not.
    weights : mapping
        Part of the score (:data:`SCORE_PARTS`) → weight; they sum to 1.
    classes : tuple of float
        Lowest score of each class, best class first; the last is 0.
    thresholds : mapping of str to float
    names : Names
    densities : mapping
        Substance → kg/m³.
    venue_names : mapping
        Expression that a venue's name matches → types that then fit.
    venue_sites : mapping
        Venue type → least and most ground, m².
    digest : str
        SHA-256 of the file; part of what a snapshot says about its quality tables.
    """

    kinds: Mapping[str, KindRules]
    weights: Mapping[str, float]
    classes: tuple[float, ...]
    thresholds: Mapping[str, float]
    names: Names
    densities: Mapping[str, float]
    venue_names: Mapping[str, tuple[str, ...]]
    venue_sites: Mapping[str, tuple[float, float]]
    digest: str


def load_rules(path: Path | None = None) -> Rules:
    """The rules of a file; without one those that come with the product.

    Raises
    ------
    BadParameter
        If the file is missing or no TOML, names a kind or field that is not declared, or its weights do not sum to 1.

    Examples
    --------
    >>> load_rules().kinds["work_site"].fresh_days
    90
    """
    if path is None:
        return _shipped()
    try:
        return _rules(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadParameter(
            f"数据质量规则文件 {path} 不正确：{error}", f"the data-quality rules {path} are wrong: {error}",
            remedy_zh="请以 geo/quality/rules.toml 为样本修改，或去掉 RISKMAP_QUALITY_RULES。",
            remedy_en="Follow geo/quality/rules.toml, or leave RISKMAP_QUALITY_RULES out.", path=str(path),
        ) from error


@cache
def _shipped() -> Rules:
    return _rules(resources.files("geo.quality").joinpath("rules.toml").read_bytes())


def _rules(content: bytes) -> Rules:
    raw = tomllib.loads(content.decode())
    weights = {part: float(raw["score"][part]) for part in SCORE_PARTS}
    if abs(sum(weights.values()) - 1.0) > 1e-9 or min(weights.values()) < 0:
        raise ValueError("[score] 各项权重应不小于零且和为 1 / weights must not be negative and must sum to 1")
    classes = tuple(float(value) for value in raw["classes"]["from"])
    if list(classes) != sorted(classes, reverse=True) or classes[-1] != 0:
        raise ValueError("[classes] 应从高到低并以 0 结尾 / must fall and end with 0")
    names = raw["names"]
    return Rules(
        kinds=MappingProxyType({name: _kind(name, entry) for name, entry in raw["kinds"].items()}),
        weights=MappingProxyType(weights), classes=classes,
        thresholds=MappingProxyType({name: float(entry["value"]) for name, entry in raw["thresholds"].items()}),
        names=Names(tuple(names["prefixes"]), tuple(names["endings"]), frozenset(names["placeholders"]),
                    str(names["compass"]), str(names["distinguishing"]), tuple(names["tested"])),
        densities=MappingProxyType({name: float(value) for name, value in raw["densities"].items()}),
        venue_names=MappingProxyType({pattern: tuple(types) for pattern, types in raw["venue_names"].items()}),
        venue_sites=MappingProxyType({name: (float(low), float(high)) for name, (low, high) in raw["venue_sites_m2"].items()}),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _kind(name: str, entry: Mapping[str, Any]) -> KindRules:
    if name not in KINDS:
        raise ValueError(f"[kinds.{name}] 没有这种要素 / there is no such kind")
    declared = KINDS[name]
    fields = {field.name for field in declared.all_fields}
    duplicates = entry.get("duplicates", {})
    core = [(field.name,) for field in declared.fields if field.required]
    core += [tuple(text.split("|")) for text in entry["core"]]
    weights = dict.fromkeys(core, 1.0) | {(field,): float(weight) for field, weight in entry.get("other", {}).items()}
    same = tuple(duplicates.get("same", ()))
    used = {field for entry in weights for field in entry} | set(same) | {duplicates.get(key, "id") for key in ("type", "other")}
    if unknown := sorted(used - fields):
        raise ValueError(f"[kinds.{name}] 没有字段 {unknown} / no such fields")
    return KindRules(
        core=tuple(core), weights=MappingProxyType(weights), fresh_days=int(entry["fresh_days"]),
        by_code=bool(duplicates.get("code", False)), by_name=bool(duplicates.get("name", False)), same=same,
        type_field=str(duplicates.get("type", "")), other_field=str(duplicates.get("other", "")),
        pile=int(entry.get("pile", 0)), parent_m=float(entry.get("parent_m", 0.0)),
    )
