"""Which street a feature lies in, from its geometry."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.store.coerce import to_geometry


def assign_area_codes(frame: pd.DataFrame, streets: pd.DataFrame) -> pd.DataFrame:
    """Fill the missing street codes of a frame from its geometries.

    Parameters
    ----------
    frame : DataFrame
        Rows with ``geometry`` (Shapely or WKB, CGCS2000 degrees) and perhaps ``area_code``; codes that are given stay.
    streets : DataFrame
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
    shapes, _ = to_geometry(frame["geometry"].iloc[missing])
    codes = given.copy()
    codes[missing] = _streets_of(shapes, streets)
    return frame.assign(area_code=pd.Series(codes, index=frame.index, dtype=object))


def _streets_of(shapes: NDArray[np.object_], streets: pd.DataFrame) -> NDArray[np.object_]:
    ordered = streets.sort_values("code", kind="stable")
    polygons, names = ordered["geometry"].to_numpy(object), ordered["code"].to_numpy(object)
    points = shapes.copy()
    spread = (shapely.get_dimensions(shapes) > 0) & shapely.is_valid(shapes)
    points[spread] = shapely.point_on_surface(shapes[spread])
    # The tree holds the points and is asked with the polygons: GEOS prepares the geometry it is asked with, and it is the
    # polygons that have the vertices.
    street, point = shapely.STRtree(points).query(polygons, predicate="intersects")
    found = np.full(len(shapes), len(names), np.int64)
    np.minimum.at(found, point, street)
    return np.array([*names, None], object)[found]
