"""Rows that describe one thing twice: candidates by blocks, a score and a reason per pair, groups by union-find.

Rows are compared only inside blocks: one cell of a grid that is shifted four ways (so that two points nearer than half a
cell always share one), one signature of digits and directions, one of two rare pairs of characters. That makes the work
grow with the number of rows, not with its square.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.quality.names import rare_pairs, signatures, stems, told_apart, written
from geo.quality.rows import METRES_PER_DEGREE, Context, Floats, Found, Ints, Mask, Rows, apart, mask
from geo.quality.rules import KindRules

_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows that look like one thing.

    Attributes
    ----------
    code : str
        Check that found them.
    a, b : (n,) int64
        Rows, a < b.
    score : (n,) float64
        0–100.
    value : (n,) object
        What agrees.
    """

    code: str
    a: Ints
    b: Ints
    score: Floats
    value: NDArray[np.object_]


@dataclass(frozen=True)
class Duplicates:
    """Duplicates of one kind.

    Attributes
    ----------
    group : (n,) int64
        Lowest row of the group that each row belongs to; its own number when it has no twin.
    pairs : DataFrame
        a, b (ids), check, score, value, distance_m, group (id of the group's first row).
    found : tuple of Found
        One finding for every row but the first of a group.
    """

    group: Ints
    pairs: pd.DataFrame
    found: tuple[Found, ...]


def duplicates(rows: Rows, rules: KindRules, context: Context) -> Duplicates:
    """Look for rows that are there twice."""
    found: list[Pairs] = []
    if len(rows) > 1:
        compared = _Compared(rows, rules, context) if rules.by_name or rules.by_code else None
        if rules.by_code and compared is not None:
            found += _by_code(rows, compared, context)
        if rules.by_name and compared is not None:
            found += _by_name(rows, compared, context)
        if rules.same:
            found += _same(rows, rules.same)
    merged = [pairs for pairs in found if pairs.code != "D-PLACES"]
    group = groups(len(rows), merged)
    notes = [Found(pairs.code, pairs.b, value=pairs.value, number=pairs.score, other=rows.ids[pairs.a])
             for pairs in found if pairs.code == "D-PLACES"]
    return Duplicates(group, _table(rows, found, group), (*_findings(rows, merged), *notes))


def groups(count: int, pairs: list[Pairs]) -> Ints:
    """Union-find: the lowest row of every row's group."""
    root = list(range(count))

    def find(row: int) -> int:
        while root[row] != row:
            root[row] = root[root[row]]
            row = root[row]
        return row

    for one in pairs:
        for a, b in zip(one.a.tolist(), one.b.tolist(), strict=True):
            first, second = find(a), find(b)
            root[max(first, second)] = min(first, second)
    result = np.arange(count, dtype=np.int64)
    touched = sorted({row for one in pairs for side in (one.a, one.b) for row in side.tolist()})
    result[touched] = [find(row) for row in touched]
    return result


def _findings(rows: Rows, pairs: list[Pairs]) -> Iterator[Found]:
    """For every row its best pair with a lower row."""
    if not pairs:
        return
    a, b = (np.concatenate([getattr(one, name) for one in pairs]) for name in "ab")
    score = np.concatenate([one.score for one in pairs])
    value = np.concatenate([one.value for one in pairs])
    code = np.repeat(np.arange(len(pairs)), [len(one.a) for one in pairs])
    order = np.lexsort((a, code, -score, b))
    first = order[np.concatenate([[True], np.diff(b[order]) != 0])]
    for number, one in enumerate(pairs):
        chosen = first[code[first] == number]
        if chosen.size:
            yield Found(one.code, b[chosen], value=value[chosen], number=score[chosen], other=rows.ids[a[chosen]])


def _table(rows: Rows, pairs: list[Pairs], group: Ints) -> pd.DataFrame:
    parts = [pd.DataFrame({
        "a": rows.ids[one.a], "b": rows.ids[one.b], "check": one.code, "score": one.score, "value": one.value,
        "distance_m": apart(rows.lon[one.a], rows.lat[one.a], rows.lon[one.b], rows.lat[one.b]), "group": rows.ids[group[one.a]],
    }) for one in pairs]
    columns = ["a", "b", "check", "score", "value", "distance_m", "group"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


class _Compared:
    """Names and addresses of rows, ready to be compared."""

    def __init__(self, rows: Rows, rules: KindRules, context: Context) -> None:
        names, texts = context.rules.names, rows.array("name")
        usable = mask(pc.greater(pc.binary_length(texts), 0))
        plain = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
        usable &= ~mask(pc.is_in(plain, value_set=pa.array(sorted(names.placeholders))))
        self.usable: Mask = usable
        self.distinguishing = names.distinguishing
        self.stem = stems(texts, names)
        self.signature = _hashed(signatures(self.stem, names.compass))
        self.common = _common(self.stem, context.limit("common_names"))
        self.other = _hashed(rows.array(rules.other_field)) if rules.other_field else None
        self.type = _hashed(rows.array(rules.type_field)) if rules.type_field else np.zeros(len(rows), np.uint64)
        self.address = written(rows.array("address")) if "address" in rows and rows.filled("address").any() else None

    def names_alike(self, a: Ints, b: Ints) -> Floats:
        """Similarity of names, 0–100."""
        return _alike(self.stem, a, b)

    def shortened(self, a: Ints, b: Ints, name: Floats) -> Mask:
        """Whether one name only leaves out signs of the other (福源小吃, 福源小吃店): its length is that of what they share."""
        lengths = [pc.utf8_length(self.stem.take(pa.array(rows))).to_numpy(zero_copy_only=False) for rows in (a, b)]
        shared = name * (lengths[0] + lengths[1]) / 200.0
        return np.asarray(shared >= np.minimum(*lengths) - 1e-6, bool)

    def could_be_one(self, a: Ints, b: Ints) -> list[bool]:
        """Whether the signs in which names differ leave it open that they are one."""
        ones, others = (self.stem.take(pa.array(rows)).to_pylist() for rows in (a, b))
        return [not told_apart(one, other, self.distinguishing) for one, other in zip(ones, others, strict=True)]

    def addresses_alike(self, a: Ints, b: Ints) -> Floats:
        """Similarity of addresses, 0–100; 0 where one is missing or their numbers differ, NaN where nobody has one."""
        if self.address is None:
            return np.full(len(a), np.nan)
        one, other = (self.address.take(pa.array(rows)) for rows in (a, b))
        numbers = [pc.replace_substring_regex(texts, pattern="[^0-9]", replacement="") for texts in (one, other)]
        same = mask(pc.equal(*numbers)) & mask(pc.greater(pc.binary_length(one), 0))
        return np.where(same, _alike(self.address, a, b), 0.0)


def _alike(texts: pa.Array, a: Ints, b: Ints) -> Floats:
    from rapidfuzz import fuzz, process

    if not len(a):
        return np.empty(0)
    one, other = (pc.fill_null(texts.take(pa.array(rows)), "").to_pylist() for rows in (a, b))
    return np.asarray(process.cpdist(one, other, scorer=fuzz.ratio), np.float64)


def _hashed(texts: pa.Array) -> NDArray[np.uint64]:
    """One number per text; missing ones are alike."""
    coded = texts.dictionary_encode()
    values = pd.util.hash_array(np.array([*coded.dictionary.to_pylist(), ""], object))
    return np.asarray(values[pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)], np.uint64)


def _by_name(rows: Rows, compared: _Compared, context: Context) -> list[Pairs]:
    """Same or similar names within reach."""
    a, b = _candidates(rows, compared, context.limit("near_m"), int(context.limit("block_most")))
    away = apart(rows.lon[a], rows.lat[a], rows.lon[b], rows.lat[b])
    near = np.where(compared.common[a] & compared.common[b], context.limit("common_near_m"), context.limit("near_m"))
    close = away <= near
    if compared.other is not None:
        close &= compared.other[a] != compared.other[b]
    a, b, away, near = a[close], b[close], away[close], near[close]
    name, address = compared.names_alike(a, b), compared.addresses_alike(a, b)
    exact = name >= 100.0
    placed = np.nan_to_num(address) >= context.limit("address_alike")
    placed &= (name >= context.limit("name_alike_with_address")) & compared.shortened(a, b, name)
    alike = ~exact & ((name >= context.limit("name_alike")) | placed)
    alike[alike] = compared.could_be_one(a[alike], b[alike])
    result = []
    for code, hit in (("D-NAME", exact), ("D-ALIKE", alike)):
        if hit.any():
            # at one point the names decide, the whole reach apart costs ten points
            score = np.maximum(name[hit] - 10.0 * away[hit] / near[hit], 0.0)
            value = np.array([f"{metres:.0f} m" for metres in away[hit].tolist()], object)
            result.append(Pairs(code, a[hit], b[hit], score, value))
    return result


def _common(texts: pa.Array, most: float) -> Mask:
    """Texts that more than so many rows share."""
    coded = texts.dictionary_encode()
    codes = pc.fill_null(coded.indices, len(coded.dictionary)).to_numpy(zero_copy_only=False)
    return np.asarray(np.bincount(codes, minlength=len(coded.dictionary) + 1)[codes] >= most, bool)


def _candidates(rows: Rows, compared: _Compared, near: float, most: int) -> tuple[Ints, Ints]:
    """Pairs of rows that share a block, each once, a < b."""
    usable = np.flatnonzero(compared.usable & np.isfinite(rows.lon) & np.isfinite(rows.lat))
    if usable.size < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    lon, lat = rows.lon[usable], rows.lat[usable]
    # blocks that differ in nothing else are found before the grid is laid over them
    kin = compared.signature[usable] * _ODD + compared.type[usable]
    keys = rare_pairs(compared.stem.take(pa.array(usable)))
    x = lon * METRES_PER_DEGREE * np.cos(np.radians(float(np.mean(lat)))) / (2 * near)
    y = lat * METRES_PER_DEGREE / (2 * near)
    found = []
    for column in range(keys.shape[1]):
        there = np.flatnonzero(keys[:, column] >= 0)
        base = (kin[there] * _ODD) ^ keys[there, column].astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
        there, base = _repeated(there, base)
        for east in (0.0, 0.5):
            for north in (0.0, 0.5):
                cell = np.floor(x[there] + east).astype(np.int64) * 1_000_003 + np.floor(y[there] + north).astype(np.int64)
                found.append(_in_blocks(there, base ^ cell.astype(np.uint64) * _ODD, most))
    one, other = (np.concatenate([part[side] for part in found]) for side in (0, 1))
    code = np.unique(np.minimum(one, other) * usable.size + np.maximum(one, other))
    return usable[code // usable.size], usable[code % usable.size]


def _repeated(rows: Ints, keys: NDArray[np.uint64]) -> tuple[Ints, NDArray[np.uint64]]:
    """Rows whose key some other row has as well."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    like_next = np.concatenate([ordered[1:] == ordered[:-1], [False]])
    chosen = order[like_next | np.concatenate([[False], like_next[:-1]])] if len(keys) else order
    return rows[chosen], keys[chosen]


def _in_blocks(rows: Ints, keys: NDArray[np.uint64], most: int) -> tuple[Ints, Ints]:
    """Pairs of rows of equal key; in a block a row meets at most `most` neighbours (sorted neighbourhood)."""
    rows, keys = _repeated(rows, keys)
    order = np.lexsort((rows, keys))
    rows, keys = rows[order], keys[order]
    one, other = [], []
    left = np.arange(len(rows))
    for step in range(1, most + 1):
        left = left[left + step < len(rows)]
        left = left[keys[left] == keys[left + step]]
        if not left.size:
            break
        one.append(rows[left])
        other.append(rows[left + step])
    return (np.concatenate(one), np.concatenate(other)) if one else (np.empty(0, np.int64), np.empty(0, np.int64))


def _by_code(rows: Rows, compared: _Compared, context: Context) -> list[Pairs]:
    """Same credit code: one unit twice, unless name or place say that it is another one."""
    codes = rows.array("credit_code")
    there = np.flatnonzero(rows.filled("credit_code"))
    a, b = _in_blocks(there, _hashed(codes)[there], int(context.limit("block_most")))
    a, b = np.minimum(a, b), np.maximum(a, b)
    if not len(a):
        return []
    away = apart(rows.lon[a], rows.lat[a], rows.lon[b], rows.lat[b])
    name, address = compared.names_alike(a, b), compared.addresses_alike(a, b)
    elsewhere = (away > context.limit("near_m")) & ~(np.nan_to_num(address) >= context.limit("address_alike"))
    value = rows.texts("credit_code", a)
    parts = []
    for code, hit in (("D-CODE", ~elsewhere), ("D-PLACES", elsewhere)):
        if hit.any():
            # the code alone is worth 70, the rest comes from the name
            parts.append(Pairs(code, a[hit], b[hit], 70.0 + 0.3 * name[hit], value[hit]))
    return parts


def _same(rows: Rows, fields: tuple[str, ...]) -> list[Pairs]:
    """Rows that agree in every field that describes them, and in their place."""
    mixed = np.zeros(len(rows), np.uint64)
    place = [np.round(side, 7).view(np.uint64) for side in (rows.lon, rows.lat)]
    for values in (*(_bits(rows, name) for name in fields), *place):
        mixed = (mixed ^ values) * _ODD
        mixed ^= mixed >> np.uint64(29)
    there, keys = _repeated(np.arange(len(rows)), mixed)
    if not len(there):
        return []
    order = np.lexsort((there, keys))
    there, keys = there[order], keys[order]
    begins = np.concatenate([[True], keys[1:] != keys[:-1]])
    first = there[np.flatnonzero(begins)][np.cumsum(begins) - 1]
    a, b = first[~begins], there[~begins]
    return [Pairs("D-SAME", a, b, np.full(len(a), 100.0), np.full(len(a), "", object))]


def _bits(rows: Rows, name: str) -> NDArray[np.uint64]:
    """A number for every different value of a column."""
    column = rows.array(name)
    if column.type == pa.string():
        return _hashed(column)
    if column.type == pa.bool_():
        column = column.cast(pa.int8())
    values = column.cast(pa.int32()) if column.type == pa.date32() else column
    filled = pc.fill_null(values.cast(pa.float64()), -1e308).to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(filled).view(np.uint64)
