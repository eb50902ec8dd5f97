"""Features of one kind in memory: by bounding box, by polygon, by id, as GeoJSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import NotFound
from geo.kinds import kind
from layers.columns import Columns

Bounds = tuple[float, float, float, float]


class FeatureTable:
    """One ``features/<kind>.parquet``; row numbers are the handles that its methods take and give.

    Parameters
    ----------
    kind_name : str
    path : Path
    """

    def __init__(self, kind_name: str, path: Path) -> None:
        self.kind = kind(kind_name)
        self.columns = Columns(path)
        present = set(self.columns.names)  # a snapshot of an earlier version may lack a field that was declared since
        self._fields = tuple(field.name for field in self.kind.all_fields if field.name in present)
        self._json = tuple(field.name for field in self.kind.all_fields if field.type == "json" and field.name in present)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def lon(self) -> NDArray[np.float64]:
        """Longitude of a point on each feature, degrees."""
        return self.columns.numbers("lon")

    @property
    def lat(self) -> NDArray[np.float64]:
        """Latitude of a point on each feature, degrees."""
        return self.columns.numbers("lat")

    @cached_property
    def bounds(self) -> tuple[NDArray[np.float64], ...]:
        """West, south, east and north of every feature."""
        return tuple(self.columns.numbers(name) for name in ("minx", "miny", "maxx", "maxy"))

    @cached_property
    def _rows_of_ids(self) -> dict[str | None, int]:
        return {name: row for row, name in enumerate(self.columns.texts("id"))}

    def row(self, feature_id: str) -> int:
        """Row of the feature with this id; raises NotFound."""
        try:
            return self._rows_of_ids[feature_id]
        except KeyError:
            raise NotFound(f"没有编号为 {feature_id} 的{self.kind.zh}", f"there is no {self.kind.name} {feature_id!r}",
                           kind=self.kind.name, id=feature_id) from None

    def in_box(self, box: Bounds) -> NDArray[np.int64]:
        """Rows whose bounding box meets `box` (west, south, east, north; edges count), ascending."""
        west, south, east, north = self.bounds
        return np.flatnonzero((west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1]))

    def meeting_box(self, box: Bounds) -> NDArray[np.int64]:
        """Rows whose geometry meets `box`; exact, unlike :meth:`in_box`."""
        return self.in_polygon(shapely.box(*box), box)

    def in_polygon(self, polygon: BaseGeometry, box: Bounds | None = None) -> NDArray[np.int64]:
        """Rows whose geometry meets a polygon (degrees); its edge counts."""
        rows = self.in_box(box or polygon.bounds)
        if not len(rows):
            return rows
        shapely.prepare(polygon)
        west, south, east, north = (bound[rows] for bound in self.bounds)
        point = (west == east) & (south == north)
        hit = np.zeros(len(rows), bool)
        hit[point] = shapely.intersects_xy(polygon, west[point], south[point])
        hit[~point] = shapely.intersects(polygon, self.shapes(rows[~point]))
        return rows[hit]

    def shapes(self, rows: NDArray[np.int64] | Sequence[int]) -> NDArray[np.object_]:
        """Shapely geometries of rows, degrees."""
        return np.asarray(shapely.from_wkb([entry["geometry"] for entry in self.columns.rows(rows, ["geometry"])]), object)

    def properties(self, rows: NDArray[np.int64] | Sequence[int], fields: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Declared fields of rows; JSON fields parsed."""
        names = self._fields if fields is None else tuple(fields)
        entries = self.columns.rows(rows, names)
        for name in (name for name in self._json if name in names):
            for entry in entries:
                if entry[name] is not None:
                    entry[name] = orjson.loads(entry[name])
        return entries

    def geojson(self, rows: NDArray[np.int64] | Sequence[int], fields: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """GeoJSON features of rows, in the order given, as plain values that orjson can write."""
        rows = np.asarray(rows, np.int64)
        names = None if fields is None else tuple(fields)
        entries = self.properties(rows, names if names is None or "id" in names else ("id", *names))
        drop_id = names is not None and "id" not in names
        features = []
        for entry, geometry in zip(entries, self._geometries(rows), strict=True):
            name = entry.pop("id") if drop_id else entry["id"]
            features.append({"type": "Feature", "id": name, "geometry": geometry, "properties": entry})
        return features

    def _geometries(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        west, south, east, north = (bound[rows] for bound in self.bounds)
        extended = np.flatnonzero((west != east) | (south != north))
        result: list[dict[str, Any]] = [
            {"type": "Point", "coordinates": pair} for pair in zip(west.tolist(), south.tolist(), strict=True)
        ]
        for position, shape in zip(extended.tolist(), self.shapes(rows[extended]), strict=True):
            result[position] = mapping(shape)
        return result


def mapping(shape: BaseGeometry) -> dict[str, Any]:
    """A geometry as a GeoJSON dictionary of lists and tuples."""
    return dict(shape.__geo_interface__)
