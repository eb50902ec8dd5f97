"""Which street a feature lies in, from its geometry, and whether that is the street that the row claims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.store.coerce import to_geometry

#: A claim counts as wrong only from this far (degrees, about 200 m) outside the claimed street: borders are drawn no better.
BORDER = 0.002


@dataclass(frozen=True)
class Streets:
    """The streets that rows are put into.

    Attributes
    ----------
    codes : (n,) object
        Codes, ascending.
    polygons : (n,) object
        Their polygons, CGCS2000 degrees.
    names : (n,) object
        Their names.
    """

    codes: NDArray[np.object_]
    polygons: NDArray[np.object_]
    names: NDArray[np.object_]

    @classmethod
    def of(cls, streets: pd.DataFrame) -> Streets:
        """From a frame with ``code``, ``geometry`` and perhaps ``name``."""
        ordered = streets.sort_values("code", kind="stable")
        names = ordered["name"] if "name" in ordered else ordered["code"]
        return cls(ordered["code"].to_numpy(object), ordered["geometry"].to_numpy(object), names.to_numpy(object))

    @property
    def known(self) -> frozenset[str]:
        """All codes."""
        return frozenset(self.codes)

    def at(self, points: NDArray[np.object_]) -> NDArray[np.int64]:
        """Position of the street of every point, the lowest code where several meet; -1 outside all."""
        # The tree holds the points and is asked with the polygons: GEOS prepares the geometry it is asked with, and it is the
        # polygons that have the vertices.
        street, point = shapely.STRtree(points).query(self.polygons, predicate="intersects")
        found = np.full(len(points), len(self.codes), np.int64)
        np.minimum.at(found, point, street)
        found[found == len(self.codes)] = -1
        return found

    def codes_at(self, points: NDArray[np.object_]) -> NDArray[np.object_]:
        """Code of the street of every point; None outside all."""
        return np.array([*self.codes, None], object)[self.at(points)]


def representative_points(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """A point on every line and polygon; points stay."""
    points = shapes.copy()
    spread = (shapely.get_dimensions(shapes) > 0) & shapely.is_valid(shapes)
    points[spread] = shapely.point_on_surface(shapes[spread])
    return points


def assign_area_codes(frame: pd.DataFrame, streets: pd.DataFrame | Streets) -> pd.DataFrame:
    """Fill the missing street codes of a frame from its geometries.

    Parameters
    ----------
    frame : DataFrame
        Rows with ``geometry`` (Shapely or WKB, CGCS2000 degrees) and perhaps ``area_code``; codes that are given stay.
    streets : DataFrame or Streets
        ``code`` and ``geometry`` of the streets.

    Returns
    -------
    DataFrame
        The frame with ``area_code`` filled (a copy, unless nothing is missing); None where a row lies in no street. A line or
        polygon counts where a point on it lies; a point on a common border goes to the street with the lowest code.
    """
    given = frame["area_code"].to_numpy(object) if "area_code" in frame else np.full(len(frame), None, object)
    missing = np.flatnonzero(pd.isna(given) | (given == ""))
    if not missing.size:
        return frame
    known = streets if isinstance(streets, Streets) else Streets.of(streets)
    shapes, _ = to_geometry(frame["geometry"].iloc[missing])
    codes = given.copy()
    codes[missing] = known.codes_at(representative_points(shapes))
    return frame.assign(area_code=pd.Series(codes, index=frame.index, dtype=object))


def claims_apart(claimed: NDArray[np.object_], shapes: NDArray[np.object_], streets: Streets) -> NDArray[np.int64]:
    """Rows whose geometry lies clearly outside the street that they claim: farther than :data:`BORDER`.

    Parameters
    ----------
    claimed : (n,) object
        Street codes of the rows; None where they claim none.
    shapes : (n,) object
        Geometries in CGCS2000 degrees.
    """
    place = {code: at for at, code in enumerate(streets.codes)}
    street = np.array([place.get(code, -1) if isinstance(code, str) else -1 for code in claimed], np.int64)
    rows = np.flatnonzero((street >= 0) & ~shapely.is_missing(shapes))
    if not rows.size:
        return rows
    points = representative_points(shapes[rows])
    rows, points = rows[~shapely.is_missing(points)], points[~shapely.is_missing(points)]
    apart = streets.at(points) != street[rows]
    rows, points = rows[apart], points[apart]
    far = shapely.distance(points, streets.polygons[street[rows]]) > BORDER
    return np.asarray(rows[far], np.int64)
