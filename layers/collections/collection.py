"""A collection: typed columns and geometries of one table of a snapshot, as filters, pages and exports read it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.errors import BadParameter, NotFound
from layers import arrow
from layers.collections.geometry import Geometry
from layers.columns import arrow_indices
from layers.filters.subject import Bounds, Property, no_property

#: Bytes of row numbers of past questions that a collection keeps.
_KEPT_BYTES = 24_000_000


@dataclass(frozen=True)
class Column:
    """Values of one property: an Arrow array as it is stored, or made from some where and when it is asked for."""

    parts: tuple[pa.Array, ...]
    made: Callable[..., pa.Array] | None = None

    def all(self) -> pa.Array:
        """The value of every row."""
        return self.parts[0] if self.made is None else self.made(*self.parts)

    def at(self, rows: pa.Array) -> pa.Array:
        """Values of rows."""
        taken = [part.take(rows) for part in self.parts]
        return taken[0] if self.made is None else self.made(*taken)


class Collection:
    """One collection of one snapshot; its rows never change.

    Parameters
    ----------
    name : str
        Its id in addresses.
    title, description : str
        Chinese title; a phrase in Chinese and in English.
    declared : iterable of Property
        In the order in which they are shown.
    columns : mapping
        Name → values, for each of them.
    identity : Column
        Text that names a row, unique.
    geometry : callable
        Makes the geometries on first use.
    geometry_kind : str
        ``point``, ``line``, ``polygon`` or ``point_or_polygon``.
    span : tuple of str or None
        Names of the dates from and to which a row is valid.
    extent : Bounds or None
        Where it costs much to find out from the geometries.
    """

    def __init__(self, name: str, title: str, description: str, declared: Iterable[Property], columns: Mapping[str, Column],
                 identity: Column, geometry: Callable[[], Geometry], *, geometry_kind: str,
                 span: tuple[str, str] | None = None, extent: Bounds | None = None) -> None:
        self.name = name
        self.title = title
        self.description = description
        self.properties: Mapping[str, Property] = {entry.name: entry for entry in declared}
        self.geometry_kind = geometry_kind
        self.identity = identity
        self.span = span
        self._columns = columns
        self._geometry = geometry
        self._extent = extent
        self._found: OrderedDict[bytes, NDArray[np.int32]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.identity.parts[0])

    @cached_property
    def geometry(self) -> Geometry:
        """Where its rows are."""
        return self._geometry()

    def extent(self) -> Bounds | None:
        """Box around everything (degrees), None without any row."""
        return self._extent or self.geometry.extent()

    def interval(self) -> tuple[str | None, str | None]:
        """First and last day (RFC 3339, UTC) of validity of all rows; None where it is open or unknown."""
        if self.span is None:
            return None, None
        first, last = (self.column(name) for name in self.span)
        begin, end = pc.min(first).as_py() if first.null_count < len(first) else None, None
        if len(last) and not last.null_count:
            end = pc.max(last).as_py()
        return begin and f"{begin.isoformat()}T00:00:00Z", end and f"{end.isoformat()}T23:59:59Z"

    def column(self, name: str) -> pa.Array:
        """All values of a property."""
        return self._columns[name].all()

    def take(self, rows: NDArray[np.int64], names: Iterable[str] | None = None) -> dict[str, pa.Array]:
        """Values of rows, by property in the order asked for."""
        wanted = arrow_indices(rows)
        return {name: self._columns[name].at(wanted) for name in (self.properties if names is None else names)}

    def ids(self, rows: NDArray[np.int64]) -> pa.Array:
        """Identities of rows."""
        return self.identity.at(arrow_indices(rows))

    def row(self, identity: str) -> int:
        """Row of an identity.

        Raises
        ------
        NotFound
            If there is none.
        """
        found = pc.index(self.identity.all(), arrow.text(identity)).as_py() if len(self) else -1
        if found < 0:
            shown = identity.encode("utf-8", "replace").decode()[:80]
            raise NotFound(f"{self.title}中没有编号“{shown}”", f"there is no {shown!r} in {self.name}", collection=self.name,
                           id=shown)
        return int(found)

    def chosen(self, names: Iterable[str] | None) -> tuple[str, ...]:
        """Names of properties to give, in the order of the collection.

        Raises
        ------
        UnknownIdentifier
            If one is none of its properties.
        """
        if names is None:
            return tuple(self.properties)
        wanted = [name for name in names if name]
        for name in wanted:
            if name not in self.properties:
                raise no_property(name, self.properties)
        return tuple(name for name in self.properties if name in wanted)

    def equal(self, name: str, written: str) -> pa.Array:
        """Where a property has the value that a client wrote.

        Raises
        ------
        BadParameter
            If the text is no value of the property.
        """
        declared = self.properties[name]
        if declared.choices and written not in declared.choices:
            raise BadParameter(f"{name}={written[:80]} 不可用", f"{name}={written[:80]} is not allowed", parameter=name,
                               remedy_zh=f"可用：{'、'.join(declared.choices)}。",
                               remedy_en=f"Allowed: {', '.join(declared.choices)}.")
        return pc.equal(self.column(name), _scalar(declared, written))

    def remembered(self, key: bytes, find: Callable[[], NDArray[np.int64]]) -> NDArray[np.int32]:
        """Rows of a question: those of the last time it was asked, or what `find` finds."""
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
                return found
        rows = find().astype(np.int32)
        rows.flags.writeable = False
        with self._lock:
            self._found[key] = rows
            while len(self._found) > 1 and sum(kept.nbytes for kept in self._found.values()) > _KEPT_BYTES:
                self._found.popitem(last=False)
        return rows


def _scalar(declared: Property, written: str) -> pa.Scalar:
    try:
        if declared.type == "bool":
            return arrow.truth({"true": True, "false": False}[written.lower()], 1)[0]
        if declared.type in ("int", "float"):
            number = float(written)
            if not np.isfinite(number):
                raise ValueError("not finite")
            return arrow.number(number)
        if declared.type == "date":
            return arrow.days(np.array([np.datetime64(written, "D").astype(int)], np.int32))[0]
    except (KeyError, ValueError) as error:
        wanted = {"bool": "true, false", "int": "42", "float": "4.2", "date": "2026-05-01"}[declared.type]
        raise BadParameter(f"{declared.name}={written[:40]} 不正确", f"{declared.name}={written[:40]} is wrong",
                           parameter=declared.name,
                           remedy_zh=f"例如：{wanted}", remedy_en=f"For example: {wanted}") from error
    return arrow.text(written)


def plain(array: pa.Array | pa.ChunkedArray) -> Column:
    """A stored column; texts and lists become the plain kind of text."""
    single = arrow.single(array)
    if pa.types.is_large_string(single.type) or pa.types.is_null(single.type):
        single = single.cast(pa.string())
    return Column((single,))


def scaled(array: pa.Array | pa.ChunkedArray, unit: float) -> Column:
    """A fixed-point column in its natural unit."""
    def made(whole: pa.Array) -> pa.Array:
        return pc.multiply(whole.cast(pa.float64()), arrow.number(unit))

    return Column((arrow.single(array),), made)


def constant(value: str, like: pa.Array) -> Column:
    """One text for every row."""
    def made(other: pa.Array) -> pa.Array:
        return pa.DictionaryArray.from_arrays(arrow.numbers(np.zeros(len(other), np.int32)),
                                              arrow.texts([value])).dictionary_decode()

    return Column((like,), made)


def looked_up(places: NDArray[Any], among: pa.Array) -> Column:
    """A value of `among` for every row, by place; none where the place is negative."""
    where = np.ascontiguousarray(places, np.int32)
    missing = where < 0
    indices = arrow.numbers(np.where(missing, 0, where).astype(np.int32), missing if missing.any() else None)
    return Column((indices,), lambda rows: among.take(rows))
