"""Who lives within 500 m of a plant: outward from its boundary, residents only, never day people, never a bare point.

GB 18218-2018 table 5 counts 常住人口 in the plant's outline extended by 500 m. The outline is, in this order: the unit's own
fence polygon, its geometry where that is a polygon, the polygon of its enterprise, a circle of the fence's equivalent radius.
Only where none of these is known a circle of an assumed radius stands in, and says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

from geo.errors import BadGeometry
from geo.grid import Grid, to_metres
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters

#: Cells partly inside are counted by this many sub-cells a side.
_SUB_CELLS = 5

_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True)
class Boundaries:
    """Outlines of plants.

    Attributes
    ----------
    outline : (n,) object
        Polygon in Albers metres, or None for a circle.
    radius : (n,) float64
        Radius of the circle, m; 0 where there is an outline.
    origin : (n,) object
        fence, site, enterprise, fence_m or assumed.

    Examples
    --------
    >>> found = Boundaries(np.array([None], object), np.array([50.0]), np.array(["fence_m"], object))
    >>> found.radius.tolist(), found.origin.tolist()
    ([50.0], ['fence_m'])
    """

    outline: NDArray[np.object_]
    radius: NDArray[np.float64]
    origin: NDArray[np.object_]


def boundaries(inputs: ModelInputs, parameters: Parameters) -> Boundaries:
    """Outline of every hazard_source row.

    Raises
    ------
    BadGeometry
        If a fence is no valid GeoJSON polygon; the message names the unit.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> found = boundaries(town(), parameters())
    >>> found.origin.tolist(), found.radius.tolist()
    (['fence_m'], [50.0])
    """
    frame = inputs.frames["hazard_source"]
    count = len(frame)
    outline = np.full(count, None, object)
    origin = np.full(count, "assumed", object)
    radius = frame["fence_m"].astype(np.float64).to_numpy(copy=True)
    origin[~np.isnan(radius)] = "fence_m"
    radius[np.isnan(radius)] = parameters.number("identification.alpha.fence")
    sites = _enterprise_sites(inputs)
    geometry = frame["geometry"].to_numpy(object)
    owner = frame["enterprise_id"].to_numpy(object)
    fences = frame["fence"].to_numpy(object) if "fence" in frame else np.full(count, None, object)
    area = np.isin(shapely.get_type_id(geometry), _POLYGONS)
    for i in range(count):
        name, found = _outline(fences[i], geometry[i] if area[i] else None, sites.get(owner[i]), str(frame["id"].iloc[i]))
        if found is not None:
            outline[i], origin[i], radius[i] = found, name, 0.0
    return Boundaries(outline, radius, origin)


def _outline(fence: Any, site: Any, enterprise: Any, unit: str) -> tuple[str, Any]:
    drawn = fence_polygon(fence, unit)
    if drawn is not None:
        return "fence", drawn
    return ("site", site) if site is not None else ("enterprise", enterprise)


def fence_polygon(fence: Any, unit: str) -> Any:
    """Polygon in Albers metres of a GeoJSON polygon in degrees (text or mapping); None where there is none.

    Raises
    ------
    BadGeometry
        If it is something else or crosses itself.

    Examples
    --------
    >>> fence = {"type": "Polygon", "coordinates": [[[116.50, 39.9], [116.51, 39.9], [116.51, 39.91], [116.50, 39.9]]]}
    >>> round(fence_polygon(fence, "h1").area, -3)
    475000.0
    """
    if fence is None or (isinstance(fence, float) and np.isnan(fence)):
        return None
    try:
        polygon = shape(json.loads(fence) if isinstance(fence, str) else fence)
        polygon = shapely.transform(polygon, lambda xy: np.column_stack(to_metres(xy[:, 0], xy[:, 1])))
        sound = shapely.get_type_id(polygon) in _POLYGONS and polygon.is_valid and not polygon.is_empty
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError):
        sound = False
    if not sound:
        raise BadGeometry(
            f"单元 {unit} 的厂界 fence 不是有效的 GeoJSON 多边形", f"the fence of unit {unit} is no valid GeoJSON polygon",
            remedy_zh="请填写经纬度（CGCS2000）多边形，边不自交。",
            remedy_en="Give a polygon in degrees (CGCS2000) that does not cross itself.", unit=unit,
        )
    return polygon


def _enterprise_sites(inputs: ModelInputs) -> dict[Any, Any]:
    frame = inputs.frames["enterprise"]
    geometry = frame["geometry"].to_numpy(object)
    area = np.isin(shapely.get_type_id(geometry), _POLYGONS)
    return dict(zip(frame["id"].to_numpy(object)[area], geometry[area], strict=True))


def residents_around(inputs: ModelInputs, found: Boundaries, distance: float) -> NDArray[np.float64]:
    """Residents within `distance` m outward of every hazard_source's boundary, cells by their share inside.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> inputs = town()
    >>> residents_around(inputs, boundaries(inputs, parameters()), 500.0).round().tolist()
    [352.0]
    """
    frame, grid = inputs.frames["hazard_source"], inputs.grid
    people = inputs.residents.reshape(grid.ny, grid.nx)
    total = np.zeros(len(frame))
    x, y = frame["x"].to_numpy(np.float64), frame["y"].to_numpy(np.float64)
    for i, outline in enumerate(found.outline):
        if outline is None:
            total[i] = _in_circle(grid, people, x[i], y[i], found.radius[i] + distance)
        else:
            total[i] = _in_polygon(grid, people, shapely.buffer(outline, distance, quad_segs=16))
    return total


def _in_circle(grid: Grid, people: NDArray[np.float64], x: float, y: float, limit: float) -> float:
    def inside(px: NDArray[np.float64], py: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray((px - x) ** 2 + (py - y) ** 2 <= limit * limit)

    return _sum(grid, people, (x - limit, y - limit, x + limit, y + limit), inside)


def _in_polygon(grid: Grid, people: NDArray[np.float64], area: Any) -> float:
    shapely.prepare(area)
    return _sum(grid, people, shapely.bounds(area), lambda px, py: np.asarray(shapely.contains_xy(area, px, py)))


def _sum(grid: Grid, people: NDArray[np.float64], box: Any, inside: Any) -> float:
    """People in the cells that the box touches, by the share of their sub-cells that `inside` takes."""
    col = np.clip(np.floor((np.array([box[0], box[2]]) - grid.west) / grid.cell).astype(int), -1, grid.nx)
    row = np.clip(np.floor((grid.north - np.array([box[3], box[1]])) / grid.cell).astype(int), -1, grid.ny)
    cols = np.arange(max(col[0], 0), min(col[1] + 1, grid.nx))
    rows = np.arange(max(row[0], 0), min(row[1] + 1, grid.ny))
    if not cols.size or not rows.size:
        return 0.0
    steps = (np.arange(_SUB_CELLS) + 0.5) / _SUB_CELLS
    px = grid.west + (cols[:, None] + steps).ravel() * grid.cell
    py = grid.north - (rows[:, None] + steps).ravel() * grid.cell
    taken = inside(*np.meshgrid(px, py))
    share = taken.reshape(len(rows), _SUB_CELLS, len(cols), _SUB_CELLS).mean(axis=(1, 3))
    return float((people[np.ix_(rows, cols)] * share).sum())
