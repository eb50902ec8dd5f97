"""Coordinate reference systems in which features are asked for and given, in their own axis order.

Stored coordinates are CGCS2000 degrees. WGS 84 and CGCS2000 differ by less than the accuracy of any position here, so
CRS84, EPSG:4326 and EPSG:4490 are the same numbers in two axis orders, as is usual for this pair.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from geo.errors import BadParameter

CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/{}"
_STORAGE = 4490

#: First central meridian and code of the 3° Gauss–Krüger zones of CGCS2000 (EPSG:4534 is 75° E, EPSG:4554 is 135° E).
_FIRST_MERIDIAN, _FIRST_ZONE, _ZONES = 75, 4534, 21

_local = threading.local()


@dataclass(frozen=True)
class Crs:
    """One reference system.

    Attributes
    ----------
    uri : str
        Its name in requests and in ``Content-Crs``.
    epsg : int
    zh : str
    swapped : bool
        Northing (or latitude) comes first.
    projected : bool
        Metres, not degrees.
    """

    uri: str
    epsg: int
    zh: str
    swapped: bool
    projected: bool

    def from_degrees(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) longitudes and latitudes as coordinates of this system, metres to the millimetre."""
        if self.projected:
            x, y = _transformer(self.epsg, inverse=False).transform(points[:, 0], points[:, 1])
            points = np.round(np.column_stack([x, y]), 3)
        return points[:, ::-1] if self.swapped else points

    def to_degrees(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) coordinates of this system as longitudes and latitudes."""
        points = points[:, ::-1] if self.swapped else points
        if self.projected:
            lon, lat = _transformer(self.epsg, inverse=True).transform(points[:, 0], points[:, 1])
            points = np.column_stack([lon, lat])
        return points

    def box(self, corners: tuple[float, float, float, float]) -> BaseGeometry:
        """A box of this system (its axis order) as a polygon in degrees; a projected one keeps its bent edges."""
        if not self.projected:
            (a, b), (c, d) = self.to_degrees(np.array([corners[:2], corners[2:]]))
            plain: BaseGeometry = shapely.box(a, b, c, d)
            return plain
        side = max(corners[2] - corners[0], corners[3] - corners[1])
        bent: BaseGeometry = shapely.transform(shapely.segmentize(shapely.box(*corners), side / 16 or 1), self.to_degrees)
        return bent


CRS84 = Crs(CRS84_URI, 4326, "WGS 84（经度、纬度）", False, False)
STORAGE = Crs(_EPSG_URI.format(_STORAGE), _STORAGE, "CGCS2000（纬度、经度）", True, False)
_WORLD = (
    CRS84, Crs(_EPSG_URI.format(4326), 4326, "WGS 84（纬度、经度）", True, False), STORAGE,
    Crs(_EPSG_URI.format(3857), 3857, "Web 墨卡托（米）", False, True),
)


def offered(bounds: tuple[float, float, float, float]) -> Mapping[str, Crs]:
    """Systems in which a map of these bounds (degrees) is given: by URI, CRS84 first, its own Gauss–Krüger zone last.

    Examples
    --------
    >>> [crs.epsg for crs in offered((115.4, 39.4, 117.5, 41.1)).values()]
    [4326, 4326, 4490, 3857, 4548]
    """
    zone = round(((bounds[0] + bounds[2]) / 2 - _FIRST_MERIDIAN) / 3)
    systems = list(_WORLD)
    if 0 <= zone < _ZONES:
        code, meridian = _FIRST_ZONE + zone, _FIRST_MERIDIAN + 3 * zone
        systems.append(Crs(_EPSG_URI.format(code), code, f"CGCS2000 3° 带，中央经线 {meridian}°（北、东，米）", True, True))
    return {crs.uri: crs for crs in systems}


def chosen(systems: Mapping[str, Crs], uri: str | None, parameter: str) -> Crs:
    """The system that a client names; CRS84 if it names none.

    Raises
    ------
    BadParameter
        If it is not offered.
    """
    if uri is None:
        return CRS84
    short = uri.upper().removeprefix("EPSG:")
    uri = _EPSG_URI.format(short) if short.isdigit() else uri.strip("[]<>")
    if uri not in systems:
        raise BadParameter(f"{parameter}={uri[:120]} 不支持", f"{parameter}={uri[:120]} is not supported",
                           remedy_zh=f"可用：{'、'.join(systems)}。", remedy_en=f"Supported: {', '.join(systems)}.",
                           parameter=parameter)
    return systems[uri]


def _transformer(epsg: int, *, inverse: bool) -> Transformer:
    """Transformers are not for several threads at once: each thread has its own."""
    kept: dict[tuple[int, bool], Transformer] = _local.__dict__.setdefault("transformers", {})
    if (epsg, inverse) not in kept:
        # Web Mercator by definition takes the degrees as they are; CGCS2000 zones share the datum of what is stored.
        ends = (4326 if epsg == 3857 else _STORAGE, epsg)
        source, target = ends[::-1] if inverse else ends
        kept[epsg, inverse] = Transformer.from_crs(source, target, always_xy=True)
    return kept[epsg, inverse]
