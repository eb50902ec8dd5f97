"""A question to a collection and the rows that answer it: place, time, values, filter, order. Answers are remembered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers import arrow
from layers.collections.collection import Collection
from layers.collections.crs import CRS84, Crs
from layers.columns import arrow_indices
from layers.deadline import in_time
from layers.filters import Filter, matching
from layers.filters.subject import Bounds

_DAY_US = 86_400_000_000
#: Beyond any date that a day number of 32 bits can hold.
FOREVER = 2**62


@dataclass(frozen=True)
class Query:
    """What is asked.

    Attributes
    ----------
    boxes : tuple of Bounds
        Rows that meet any of them (degrees); two across the antimeridian.
    polygon : Geometry or None
        Rows that meet it (degrees).
    interval : tuple of int or None
        Microseconds since 1970: rows that are valid at any moment of it.
    equal : tuple of (name, text)
        Properties with these values.
    filter : Filter or None
        With `filter_crs` for its coordinates.
    order : tuple of (name, descending)
    """

    boxes: tuple[Bounds, ...] = ()
    polygon: BaseGeometry | None = None
    interval: tuple[int, int] | None = None
    equal: tuple[tuple[str, str], ...] = ()
    filter: Filter | None = None
    filter_crs: Crs = CRS84
    order: tuple[tuple[str, bool], ...] = ()

    @property
    def everything(self) -> bool:
        """Whether it asks for all rows as they stand."""
        return not (self.boxes or self.polygon is not None or self.interval or self.equal or self.filter or self.order)

    def key(self) -> bytes:
        """The same for the same question."""
        parts = (self.boxes, None if self.polygon is None else self.polygon.wkb, self.interval, self.equal,
                 self.filter.key if self.filter else None, self.filter_crs.uri, self.order)
        return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=12).digest()


def rows_of(collection: Collection, query: Query) -> NDArray[np.integer]:
    """Rows that answer a question, in its order; the same array when it is asked again.

    Raises
    ------
    BadParameter, BadGeometry, UnknownIdentifier
        If the filter is wrong.
    Busy
        If the time of the request is over.
    """
    if query.everything:
        return np.arange(len(collection))
    return collection.remembered(query.key(), lambda: _find(collection, query))


def _find(collection: Collection, query: Query) -> NDArray[np.int64]:
    in_time()
    rows: NDArray[np.int64] | None = None
    if query.boxes:
        found = [_meeting_box(collection, box) for box in query.boxes]
        rows = found[0] if len(found) == 1 else np.union1d(*found)
    if query.polygon is not None:
        rows = _both(rows, collection.geometry.meeting(query.polygon))
    if query.interval is not None and collection.span is not None:
        rows = _both(rows, _valid(collection, *query.interval))
    for name, written in query.equal:
        rows = _both(rows, arrow.rows_of(collection.equal(name, written)))
    if query.filter is not None:
        to_degrees = None if query.filter_crs is CRS84 else query.filter_crs.to_degrees
        rows = _both(rows, matching(collection, query.filter, to_degrees))
    rows = np.arange(len(collection)) if rows is None else rows
    return _ordered(collection, rows, query.order) if query.order else rows


def _meeting_box(collection: Collection, box: Bounds) -> NDArray[np.int64]:
    import shapely

    return collection.geometry.meeting(shapely.box(*box), box)


def _both(rows: NDArray[np.int64] | None, others: NDArray[np.int64]) -> NDArray[np.int64]:
    return others if rows is None else np.intersect1d(rows, others, assume_unique=True)


def _valid(collection: Collection, begin: int, end: int) -> NDArray[np.int64]:
    """Rows whose time of validity meets an interval; a missing end is open."""
    assert collection.span is not None  # noqa: S101  (asked before)
    first, last = (_days(collection.column(name)) for name in collection.span)
    starts = np.where(first[1], -FOREVER, first[0] * _DAY_US)
    ends = np.where(last[1], FOREVER, last[0] * _DAY_US + _DAY_US - 1)
    return np.flatnonzero((starts <= end) & (ends >= begin))


def _days(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    missing = np.zeros(len(column), bool)
    if column.null_count == len(column) or column.buffers()[1] is None:
        return np.zeros(len(column), np.int64), np.ones(len(column), bool)
    values = np.frombuffer(column.buffers()[1], np.int32, len(column), column.offset * 4).astype(np.int64)
    if column.null_count:
        missing[arrow.rows_of(column.is_null())] = True
    return values, missing


def _ordered(collection: Collection, rows: NDArray[np.int64], order: tuple[tuple[str, bool], ...]) -> NDArray[np.int64]:
    """Rows sorted by properties, missing values last, ties as they stand."""
    taken = collection.take(rows, [name for name, _ in order])
    table = pa.Table.from_arrays([*taken.values(), arrow_indices(rows)], [f"k{place}" for place in range(len(taken))] + ["row"])
    keys = [(f"k{place}", "descending" if down else "ascending", "at_end") for place, (_, down) in enumerate(order)]
    indices = pc.sort_indices(table, sort_keys=[*keys, ("row", "ascending", "at_end")])
    return rows[np.frombuffer(indices.buffers()[1], np.uint64, len(indices), indices.offset * 8).astype(np.int64)]
