"""Completeness and freshness of rows, and what of them is an assumption."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo.quality.rows import Floats, Found, Mask, Rows
from geo.quality.rules import KindRules


@dataclass(frozen=True)
class Completeness:
    """What rows have.

    Attributes
    ----------
    complete : (n,) bool
        Every required and every core field is filled: the completeness that is reported (完整率) is the share of such rows.
    observed : (n,) bool
        The same, and none of those values is an assumption.
    fill : (n,) float64
        Weighted share of the declared fields that are filled (填报率), 0–1.
    assumed : (n,) bool
        At least one value is an assumption.
    found : tuple of Found
    """

    complete: Mask
    observed: Mask
    fill: Floats
    assumed: Mask
    found: tuple[Found, ...]


def completeness(rows: Rows, rules: KindRules) -> Completeness:
    """Which fields are filled, and which of them are assumptions."""
    assumed = _assumed(rows)
    total, filled = sum(rules.weights.values()), np.zeros(len(rows))
    missing: dict[str, Mask] = {}
    guessed = np.zeros(len(rows), bool)
    for fields, weight in rules.weights.items():
        there = np.logical_or.reduce([rows.filled(name) for name in fields])
        filled += weight * there
        if fields in rules.core:
            missing["|".join(fields)] = ~there
            for name in fields:
                guessed |= assumed.get(name, False)
    lacking = np.logical_or.reduce(list(missing.values())) if missing else np.zeros(len(rows), bool)
    any_assumed = np.logical_or.reduce(list(assumed.values())) if assumed else np.zeros(len(rows), bool)
    return Completeness(~lacking, ~lacking & ~guessed, filled / total, any_assumed, tuple(_missing(lacking, missing)))


def _missing(lacking: Mask, missing: dict[str, Mask]) -> Iterator[Found]:
    """One finding per incomplete row, with all that it lacks; rows that lack the same share one text."""
    places = np.flatnonzero(lacking)
    if not places.size:
        return
    names = np.array(list(missing))
    pattern = np.zeros(places.size, np.int64)
    for bit, mask in enumerate(missing.values()):
        pattern |= mask[places].astype(np.int64) << bit
    kinds, which = np.unique(pattern, return_inverse=True)
    texts = np.array([", ".join(names[bit] for bit in range(len(names)) if code >> bit & 1) for code in kinds.tolist()], object)
    yield Found("C-MISSING", places, value=texts[which])


def _assumed(rows: Rows) -> dict[str, Mask]:
    """Field → rows whose value of it is an assumption, from the JSON lists (of which there are few different ones)."""
    whole = rows.array("assumed").dictionary_encode()
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False)
    fields: dict[str, list[int]] = {}
    for number, text in enumerate(whole.dictionary.to_pylist()):
        for name in _names(text):
            fields.setdefault(name, []).append(number)
    return {name: np.isin(codes, numbers) for name, numbers in fields.items()}


def _names(text: str) -> set[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return set()
    return {str(name) for name in found} if isinstance(found, list) else set()


def freshness(rows: Rows, rules: KindRules, as_of: date) -> tuple[Mask, Mask, tuple[Found, ...]]:
    """Fresh rows, rows that say when they were updated, and the stale ones.

    A row is fresh when its ``updated_at`` is no older than the kind's allowed age; one without the date is not fresh, because
    nobody can say so.
    """
    updated = rows.array("updated_at")
    dated = np.asarray(pc.is_valid(updated).to_numpy(zero_copy_only=False), bool)
    if not dated.any():
        return np.zeros(len(rows), bool), dated, ()
    days = pc.fill_null(updated.cast(pa.int32()), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    age = np.datetime64(as_of, "D").astype(np.int64) - days
    stale = dated & (age > rules.fresh_days)
    places = np.flatnonzero(stale)
    found = (Found("F-STALE", places, number=age[places].astype(np.float64)),) if places.size else ()
    return dated & ~stale, dated, found
