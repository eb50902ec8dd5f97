"""What a filter is evaluated over: named, typed columns and one geometry a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import UnknownIdentifier

PropertyType = Literal["text", "int", "float", "bool", "date", "texts", "json"]

#: Name of the geometry in filters, queryables and schemas.
GEOMETRY = "geometry"

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Property:
    """One property of a collection.

    Attributes
    ----------
    name, zh : str
        Code name and Chinese term.
    type : PropertyType
        ``texts`` is a list of texts, held as JSON text; ``json`` is any other structure and cannot be queried.
    unit : str
    choices : tuple of str
        Values that a text may have; empty for free text.
    minimum, maximum : float or None
        Inclusive bounds of a number.
    note : str
    """

    name: str
    zh: str = ""
    type: PropertyType = "text"
    unit: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    note: str = ""

    @property
    def queryable(self) -> bool:
        """Whether a filter may name it."""
        return self.type != "json"


class Shapes(Protocol):
    """The geometries of a collection, degrees: boxes (west, south, east, north) of all rows, shapes of some."""

    bounds: tuple[NDArray[np.float64], ...]
    shapes: Callable[[NDArray[np.int64]], NDArray[np.object_]]

    def in_box(self, box: Bounds) -> NDArray[np.int64]:
        """Rows whose bounding box meets a box (west, south, east, north), ascending."""

    def meeting(self, polygon: BaseGeometry, box: Bounds | None = None) -> NDArray[np.int64]:
        """Rows that meet a polygon, ascending."""

    def related(self, relation: Callable[[NDArray[np.object_]], NDArray[np.bool_]], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For which rows a relation of their shapes holds."""


class Subject(Protocol):
    """A collection as the evaluator sees it."""

    @property
    def properties(self) -> Mapping[str, Property]:
        """Its properties by name."""

    @property
    def geometry(self) -> Shapes:
        """Its geometries."""

    def column(self, name: str) -> pa.Array:
        """All values of a property."""

    def __len__(self) -> int: ...


def no_property(name: str, known: Mapping[str, Property]) -> UnknownIdentifier:
    """The error for a name that a collection does not have."""
    listed = [entry.name for entry in known.values() if entry.queryable]
    shown = name.encode("utf-8", "replace").decode()[:80]
    return UnknownIdentifier(
        f"没有属性“{shown}”", f"there is no property {shown!r}", remedy_zh=f"可用：{'、'.join(listed)}。",
        remedy_en=f"Known: {', '.join(listed)}.", property=shown,
    )
