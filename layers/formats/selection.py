"""What is written: rows of collections of one origin, some of their properties, in one reference system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from layers import arrow
from layers.collections.collection import Collection
from layers.collections.crs import CRS84, Crs
from layers.filters.subject import Property

#: Rows that are turned into bytes at a time, so that memory does not grow with the answer.
BLOCK = 8192

#: Columns of a table over several collections.
COMMON = (
    Property("kind", "要素类型"), Property("id", "编号"), Property("name", "名称"), Property("area_code", "街道代码"),
    Property("risk_level", "风险等级", "int"), Property("risk_pll", "潜在生命损失", "float"),
    Property("synthetic", "合成数据", "bool"),
    Property("source", "来源"),
)


class Origin(Protocol):
    """Where rows come from, as files say it: a snapshot, or the store as of a moment."""

    @property
    def run_id(self) -> str:
        """Of the run that made them; empty where no run did."""

    @property
    def synthetic(self) -> bool:
        """Whether any of them is generated."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """With ``created``, the moment that they are of."""


@dataclass(frozen=True)
class Part:
    """Rows of one collection; all its properties when `names` is None."""

    collection: Collection
    rows: NDArray[Any]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Selection:
    """Rows of one or several collections.

    Attributes
    ----------
    snapshot : Snapshot or other Origin
    parts : tuple of Part
    crs : Crs
        Of the coordinates.
    """

    snapshot: Origin
    parts: tuple[Part, ...]
    crs: Crs = CRS84

    def __len__(self) -> int:
        return sum(len(part.rows) for part in self.parts)

    @property
    def title(self) -> str:
        """Short name for files and layers."""
        return self.parts[0].collection.name if len(self.parts) == 1 else "features"

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[Part, NDArray[np.int64]]]:
        """Rows in pieces, with the part that they belong to."""
        for part in self.parts:
            for start in range(0, len(part.rows), size):
                yield part, np.asarray(part.rows[start:start + size], np.int64)

    def columns(self) -> tuple[Property, ...]:
        """Columns of a table of it: those of the one collection, or the common ones of several."""
        if len(self.parts) != 1:
            return COMMON
        part = self.parts[0]
        known = part.collection.properties
        return tuple(known[name] for name in (part.names if part.names is not None else known))

    def values(self, part: Part, rows: NDArray[np.int64]) -> dict[str, pa.Array]:
        """Those columns of rows."""
        if len(self.parts) == 1:
            return part.collection.take(rows, part.names)
        own = part.collection.properties
        taken = part.collection.take(rows, [entry.name for entry in COMMON if entry.name in own])
        return {entry.name: taken[entry.name] if entry.name in taken else pa.nulls(len(rows), arrow_type(entry))
                for entry in COMMON}

    def places(self, part: Part, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of a point on each row, 7 decimals."""
        lon, lat = part.collection.geometry.inner
        return np.round(lon[rows], 7), np.round(lat[rows], 7)

    def wkb(self, part: Part, rows: NDArray[np.int64]) -> pa.Array:
        """Geometries as WKB, x before y whatever the axis order of the system."""
        geometry = part.collection.geometry
        if not self.crs.projected:
            return geometry.wkb(rows)
        shapes = shapely.transform(geometry.shapes(rows), self._plane)
        return arrow.binaries(shapely.to_wkb(shapes).tolist())

    def _plane(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        placed = self.crs.from_degrees(points)
        return placed[:, ::-1] if self.crs.swapped else placed


def arrow_type(declared: Property) -> pa.DataType:
    """Arrow type of a property in files."""
    return {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "date": pa.date32()}.get(declared.type, pa.string())


def record_batches(selection: Selection, geometry_name: str = "geometry") -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The selection as Arrow batches of one schema with a WKB geometry, last."""
    columns = selection.columns()
    schema = pa.schema([pa.field(entry.name, arrow_type(entry)) for entry in columns] + [pa.field(geometry_name, pa.binary())])

    def batches() -> Iterator[pa.RecordBatch]:
        for part, rows in selection.blocks():
            values = selection.values(part, rows)
            arrays = [values[entry.name].cast(arrow_type(entry)) for entry in columns]
            yield pa.RecordBatch.from_arrays([*arrays, selection.wkb(part, rows)], schema=schema)

    return schema, batches()
