"""The rows of one kind as the checks read them: Arrow columns made when first asked for, and a point for every feature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.kinds import Kind
from geo.quality.rules import Rules

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ARROW = {
    "text": pa.string(), "json": pa.string(), "int": pa.float64(), "float": pa.float64(), "bool": pa.bool_(),
    "date": pa.date32(),
}

#: Metres per degree of latitude; of longitude at the equator. Good to 0.5 % over a city, which is all that a check needs.
METRES_PER_DEGREE = 111_320.0

#: What stands behind the name of a data set in a row's ``source``: row, feature or page.
_ROW_PART = r"(\s+(way|node|relation|row|seed|行))?([\s:#]+[\w.-]*\d[\w.-]*|\s+https?://\S+)+$"


@dataclass(frozen=True)
class Rows:
    """Rows of one kind.

    Parameters
    ----------
    kind : Kind
    frame : DataFrame
        Declared fields, ``geometry`` (Shapely, CGCS2000 degrees); fields may be absent.
    """

    kind: Kind
    frame: pd.DataFrame
    _columns: dict[str, pa.Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)

    def __contains__(self, name: str) -> bool:
        return name in self.frame

    def array(self, name: str) -> pa.Array:
        """A column as Arrow: text and JSON as string, numbers as double, dates as date32; nulls where missing or absent."""
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> pa.Array:
        wanted = _ARROW[self.kind.field(name).type]
        if name not in self.frame:
            return pa.nulls(len(self), wanted)
        series = self.frame[name]
        try:
            found = pa.array(series, from_pandas=True)
            found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
            found = found.cast(wanted)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            found = pa.array([_plain(value) for value in series], pa.string()).cast(wanted)
        return found

    def numbers(self, name: str) -> Floats:
        """A numeric column; NaN where missing."""
        return np.asarray(pc.fill_null(self.array(name), float("nan")).to_numpy(zero_copy_only=False), np.float64)

    def days(self, name: str) -> NDArray[np.datetime64]:
        """A date column as datetime64[D]; NaT where missing."""
        return np.asarray(self.array(name).to_numpy(zero_copy_only=False), "M8[D]")

    def filled(self, name: str) -> Mask:
        """Where a field holds something; blanks are nothing."""
        column = self.array(name)
        there = pc.is_valid(column)
        if column.type == pa.string():
            there = pc.and_(there, pc.fill_null(pc.greater(pc.binary_length(column), 0), False))
        return mask(there)

    @cached_property
    def ids(self) -> NDArray[np.object_]:
        """Identifiers; a copy, for a column of a frame is a view that keeps all the others in memory."""
        return np.array(self.frame["id"].to_numpy(object), object)

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        """Geometries, degrees."""
        return np.asarray(self.frame["geometry"].to_numpy(object), object)

    @cached_property
    def _points(self) -> tuple[Floats, Floats]:
        shapes = self.shapes
        extended = shapely.get_type_id(shapes) > 0
        if extended.any():
            shapes = shapes.copy()
            shapes[extended] = shapely.point_on_surface(shapes[extended])
        return shapely.get_x(shapes), shapely.get_y(shapes)

    @property
    def lon(self) -> Floats:
        """Longitude of a point on each feature, degrees."""
        return self._points[0]

    @property
    def lat(self) -> Floats:
        """Latitude of a point on each feature, degrees."""
        return self._points[1]

    @cached_property
    def datasets(self) -> tuple[Ints, list[str]]:
        """Number of each row's data set, and the data sets: ``source`` without what names the single row."""
        whole = pc.fill_null(self.array("source"), "").dictionary_encode()
        names = pc.replace_substring_regex(whole.dictionary, pattern=_ROW_PART, replacement="")
        names = pc.if_else(pc.equal(pc.binary_length(names), 0), whole.dictionary, names).dictionary_encode()
        codes = names.indices.to_numpy(zero_copy_only=False)[whole.indices.to_numpy(zero_copy_only=False)]
        return codes.astype(np.int64), names.dictionary.to_pylist()

    def texts(self, name: str, rows: Ints | Sequence[int]) -> NDArray[np.object_]:
        """Values of a column in some rows as texts; None where missing."""
        taken = self.array(name).take(pa.array(np.asarray(rows, np.int64)))
        return np.asarray(taken.cast(pa.string()).to_numpy(zero_copy_only=False), object)


def apart(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Distance of points in degrees, m; good to 0.5 % over some kilometres.

    Examples
    --------
    >>> float(apart(np.array([116.0]), np.array([40.0]), np.array([116.0]), np.array([40.001]))[0].round(1))
    111.3
    """
    east = (lon1 - lon2) * np.cos(np.radians((lat1 + lat2) / 2))
    return np.hypot(east, lat1 - lat2) * METRES_PER_DEGREE


def mask(condition: pa.Array) -> Mask:
    """A condition as numpy; null is no."""
    return np.asarray(pc.fill_null(condition, False).to_numpy(zero_copy_only=False), bool)


def _plain(value: Any) -> str | None:
    missing = value is None or (not isinstance(value, list | dict) and bool(pd.isna(value)))
    return None if missing else str(value)


@dataclass(frozen=True)
class Found:
    """One thing that a check found in some rows.

    Attributes
    ----------
    code : str
        Key of :data:`geo.quality.checks.CHECKS`.
    rows : (n,) int64
        Positions of the rows.
    value, other : (n,) object, str or None
        Texts for the detail.
    number : (n,) float64 or None
    """

    code: str
    rows: Ints
    value: NDArray[np.object_] | str | None = None
    number: Floats | None = None
    other: NDArray[np.object_] | str | None = None


@dataclass(frozen=True)
class Units:
    """What other kinds are held against: id, staff and place (degrees) of every enterprise."""

    ids: pa.Array
    staff: Floats
    lon: Floats
    lat: Floats

    @classmethod
    def of(cls, rows: Rows) -> Units:
        """The units of rows of the kind enterprise."""
        return cls(rows.array("id"), rows.numbers("staff_at_place"), rows.lon, rows.lat)


@dataclass(frozen=True)
class Context:
    """What the checks of one row need to know of everything else.

    Attributes
    ----------
    rules : Rules
    as_of : date
    units : Units or None
        Enterprises, that other rows name as theirs.
    """

    rules: Rules
    as_of: date
    units: Units | None

    def limit(self, name: str) -> float:
        """A threshold of the rules."""
        return self.rules.thresholds[name]


def flagged(code: str, wrong: Mask, number: Floats | None = None) -> Iterator[Found]:
    """A finding with a number, if any row is wrong."""
    places = np.flatnonzero(wrong)
    if places.size:
        yield Found(code, places, number=None if number is None else number[places])


def with_value(code: str, wrong: Mask, rows: Rows, field_name: str, other: str | None = None, *,
               number: Floats | None = None) -> Iterator[Found]:
    """A finding with the value of a field, if any row is wrong; `other` is a second field, or the same for its own name."""
    places = np.flatnonzero(wrong)
    if places.size:
        second = other if other is None or other == field_name else rows.texts(other, places)
        yield Found(code, places, value=rows.texts(field_name, places), number=None if number is None else number[places],
                    other=second)


def judged(texts: pa.Array, verdict: Callable[[str], bool]) -> Mask:
    """A verdict about every text, asked once for each different one; missing texts are not judged."""
    coded = texts.dictionary_encode()
    verdicts = np.array([*(verdict(text) for text in coded.dictionary.to_pylist()), False])
    return np.asarray(verdicts[pc.fill_null(coded.indices, len(verdicts) - 1).to_numpy(zero_copy_only=False)], bool)
