"""Polygons that cross themselves: mended where they stay polygons, with what changed; all else is left to the quarantine."""

from __future__ import annotations

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geo.ingest.findings import EXAMPLES, Finding, Findings

_ELLIPSOID = pyproj.Geod(ellps="GRS80")


def mend(shapes: NDArray[np.object_], labels: NDArray[np.int64], findings: Findings) -> NDArray[np.object_]:
    """Polygons made valid (GEOS make_valid, structure method: keeps what is inside); lines and points are never touched.

    A polygon whose mending leaves a line, a point or nothing stays as it was, and the store refuses it. Areas before and after
    (m² on the GRS 80 ellipsoid) stand in the finding.
    """
    given = shapely.is_geometry(shapes)
    kinds = np.full(len(shapes), -1)
    kinds[given] = shapely.get_type_id(shapes[given])
    polygon = np.isin(kinds, (3, 6))
    broken = np.flatnonzero(polygon)[~shapely.is_valid(shapes[polygon])]
    if not broken.size:
        return shapes
    mended = np.asarray(shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False), dtype=object)
    good = np.isin(shapely.get_type_id(mended), (3, 6)) & ~shapely.is_empty(mended)
    result = shapes.copy()
    result[broken[good]] = mended[good]
    _say(findings, shapes[broken[good]], mended[good], labels[broken[good]])
    return result


def _say(findings: Findings, before: NDArray[np.object_], after: NDArray[np.object_], labels: NDArray[np.int64]) -> None:
    if not len(before):
        return
    old, new = area_m2(before), area_m2(after)
    examples = tuple(
        (int(label) + 1, f"{was:.0f} m² → {now:.0f} m²") for label, was, now in zip(labels, old, new, strict=False))
    findings.add(Finding(
        "polygon-mended", "warning", "多边形自相交，已按 make_valid 修复，修复前后面积见证据",
        "polygons that crossed themselves were made valid; see the areas before and after", len(before),
        {"area_before_m2": round(float(old.sum()), 1), "area_after_m2": round(float(new.sum()), 1)}, examples[:EXAMPLES]))


def area_m2(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Area on the ellipsoid, rings taken as drawn (a crossing ring counts its parts against each other)."""
    return np.array([_area(shape) for shape in shapes], np.float64)


def _area(shape: shapely.Geometry) -> float:
    total = 0.0
    for part in shapely.get_parts(shape):
        outer = abs(_ELLIPSOID.polygon_area_perimeter(*np.asarray(part.exterior.coords).T[:2])[0])
        total += outer - sum(abs(_ELLIPSOID.polygon_area_perimeter(*np.asarray(ring.coords).T[:2])[0]) for ring in part.interiors)
    return total
