"""Tailings dams: who stands where the flow goes. The inundated ground is given, or estimated by runout."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.grid import to_metres
from riskmodel.consequence import tailings
from riskmodel.quantified.assembly import Array, Assembly
from riskmodel.quantified.footprints import Effect
from riskmodel.quantified.units import KIND, Units, filled
from riskmodel.scenarios import Kernel, Theme

#: Label of every row of one failure; rows of one dam are one event (their deaths add up before anything is counted).
LABEL = "尾矿库溃坝·淹没"


def add_dams(assembly: Assembly, units: Units, ids: NDArray[Any]) -> None:
    """Add the failures of tailings dams.

    A given footprint (``inundation``, GeoJSON polygon in degrees) is covered by discs of equal area, each a row of the same
    event. Without one the direction is unknown: circles around the dam, each with the share that a tongue of the estimated
    length and width covers of it (:mod:`riskmodel.consequence.tailings`).

    Parameters
    ----------
    ids : (rows,) object
        Ids of the whole frame ``hazard_source``, to name a dam whose footprint cannot be read.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> assembly, dam = unit(unit_type="tailings_pond", substance="tailings", quantity_t=1.6e6, vessels=1, height_m=25.0)
    >>> add_dams(assembly, dam, np.array(["h1"], object))
    >>> found = assembly.builder.finish()
    >>> found.points.frequency.tolist(), round(found.kernels[0].radius, -1), found.kernels[0].outdoors[0].item()
    ([0.0001], 5280.0, 0.3)
    """
    frequency, lethality, side = (assembly.number(f"tailings.{name}") for name in ("failure", "lethality", "tile"))
    for n in range(len(units)):
        dam = units[np.array([n])]
        if isinstance(dam.inundation[0], dict):
            try:
                x, y, radius = _tiles(dam.inundation[0], side)
            except (shapely.errors.GEOSException, shapely.errors.ShapelyError):
                assembly.builder.refuse(KIND, str(ids[dam.row[0]]), "淹没范围不是有效的 GeoJSON 多边形，不评分，不等于无风险")
                continue
            kernel = assembly.register(Effect(Kernel.disc(radius, lethality)))
            tiles = replace(dam[np.zeros(len(x), np.int64)], x=x, y=y)
            assembly.add(tiles, LABEL, frequency, kernel, Theme.WORK_OTHER)
        else:
            assembly.add(dam, LABEL, frequency, assembly.register(_tongue(assembly, dam, lethality)), Theme.WORK_OTHER)


def _tongue(assembly: Assembly, dam: Units, lethality: float) -> Effect:
    stored = float(dam.mass[0] * dam.vessels[0]) / 1000 / assembly.number("tailings.density")
    height = float(filled(dam.height, assembly.number("tailings.height"))[0])
    length, width = float(tailings.runout(stored, height)), float(tailings.width(stored, height))

    def reached(r: Array) -> Array:
        return lethality * tailings.share_of_circle(r, length, width)

    return Effect(Kernel.of(length, reached, reached))


def _tiles(geometry: dict[str, Any], side: float) -> tuple[Array, Array, float]:
    """Middles of the squares of `side` m that lie in a GeoJSON polygon in degrees, at least its own middle, and the radius of
    discs that have its area together.
    """
    shape = shapely.from_geojson(json.dumps(geometry.get("geometry", geometry)))
    ground = shapely.transform(shape, lambda lonlat: np.column_stack(to_metres(lonlat[:, 0], lonlat[:, 1])))
    west, south, east, north = shapely.bounds(ground)
    x, y = np.meshgrid(np.arange(west + side / 2, east + side, side), np.arange(south + side / 2, north + side, side))
    inside = shapely.contains_xy(ground, x.ravel(), y.ravel())
    if not inside.any():
        middle = shapely.point_on_surface(ground)
        x, y, inside = np.array([shapely.get_x(middle)]), np.array([shapely.get_y(middle)]), np.array([True])
    radius = float(np.sqrt(shapely.area(ground) / inside.sum() / np.pi))
    return x.ravel()[inside], y.ravel()[inside], radius
