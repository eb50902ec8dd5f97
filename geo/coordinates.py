"""Coordinate systems of Chinese data and the way from each to CGCS2000 degrees (EPSG:4490), for a million positions at a time.

National systems go through PROJ. GCJ-02 (高德, 腾讯) and BD-09 (百度) are not projections but published formulas without an
inverse; theirs is found by iteration of the formula itself, exact to 1e-9 degrees. Xian 1980 and Beijing 1954 have no public
transformation parameters here: their degrees are taken over as they are, and the accuracy says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geo.errors import BadParameter

Array = NDArray[np.float64]
Pair = tuple[Array, Array]

#: Half axis (m) and squared eccentricity that the formula of GCJ-02 uses (Krassowsky 1940), not those of WGS 84.
_AXIS, _ECCENTRICITY = 6378245.0, 0.00669342162296594323

#: West, east, south and north of what GCJ-02 shifts, degrees.
_SHIFTED = (72.004, 137.8347, 0.8293, 55.8271)

#: Metres by which a position can be off where a datum's degrees are taken over unchanged. Beijing 1954 and Xian 1980 differ from
#: CGCS2000 by up to about 120 m in China (自然资源部 2000 国家大地坐标系推广使用指南; own-unsure, rounded up).
DATUM_UNKNOWN_M = 150.0


def wgs_to_gcj(lon: Array, lat: Array) -> Pair:
    """GCJ-02 of WGS 84 positions (degrees); positions outside China stay.

    The published formula (eviltransform, coordtransform): sines of longitude − 105° and latitude − 35°, scaled by the radii of
    curvature of the Krassowsky ellipsoid.
    """
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    x, y = lon - 105.0, lat - 35.0
    xpi, ypi = x * np.pi, y * np.pi
    common = (20.0 * np.sin(6.0 * xpi) + 20.0 * np.sin(2.0 * xpi)) * 2.0 / 3.0 + 0.1 * x * y
    root = np.sqrt(np.abs(x))
    north = (-100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.2 * root + common
             + (20.0 * np.sin(ypi) + 40.0 * np.sin(ypi / 3.0)) * 2.0 / 3.0
             + (160.0 * np.sin(ypi / 12.0) + 320.0 * np.sin(ypi / 30.0)) * 2.0 / 3.0)
    east = (300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * root + common
            + (20.0 * np.sin(xpi) + 40.0 * np.sin(xpi / 3.0)) * 2.0 / 3.0
            + (150.0 * np.sin(xpi / 12.0) + 300.0 * np.sin(xpi / 30.0)) * 2.0 / 3.0)
    sine = np.sin(np.radians(lat))
    m = 1.0 - _ECCENTRICITY * sine * sine
    d_lat = np.degrees(north * m * np.sqrt(m) / (_AXIS * (1.0 - _ECCENTRICITY)))
    d_lon = np.degrees(east * np.sqrt(m) / (_AXIS * np.cos(np.radians(lat))))
    inside = _inside(lon, lat)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def _inside(lon: Array, lat: Array) -> NDArray[np.bool_]:
    west, east, south, north = _SHIFTED
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north), bool)


def gcj_to_bd(lon: Array, lat: Array) -> Pair:
    """BD-09 of GCJ-02 positions (degrees)."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    factor = np.pi * 3000.0 / 180.0
    z = np.hypot(lon, lat) + 2e-5 * np.sin(lat * factor)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * factor)
    return z * np.cos(angle) + 0.0065, z * np.sin(angle) + 0.006


def wgs_to_bd(lon: Array, lat: Array) -> Pair:
    """BD-09 of WGS 84 positions (degrees)."""
    return gcj_to_bd(*wgs_to_gcj(lon, lat))


def gcj_to_wgs(lon: Array, lat: Array) -> Pair:
    """WGS 84 of GCJ-02 positions (degrees), the inverse of :func:`wgs_to_gcj` to 1e-9 degrees (0.1 mm).

    Examples
    --------
    >>> lon, lat = gcj_to_wgs(*wgs_to_gcj(np.array([116.404]), np.array([39.915])))
    >>> bool(abs(lon[0] - 116.404) < 1e-9 and abs(lat[0] - 39.915) < 1e-9)
    True
    """
    return _inverse(wgs_to_gcj, lon, lat)


def bd_to_gcj(lon: Array, lat: Array) -> Pair:
    """GCJ-02 of BD-09 positions (degrees), the inverse of :func:`gcj_to_bd` to 1e-9 degrees."""
    return _inverse(gcj_to_bd, lon, lat)


def bd_to_wgs(lon: Array, lat: Array) -> Pair:
    """WGS 84 of BD-09 positions (degrees), the inverse of :func:`wgs_to_bd` to 1e-9 degrees."""
    return _inverse(wgs_to_bd, lon, lat)


def _inverse(forward: Callable[[Array, Array], Pair], lon: Array, lat: Array) -> Pair:
    """Fixed point of p ← p − (forward(p) − q): the shift changes by less than 1 % of a step, so each gains two digits."""
    lon, lat = (np.where(np.isfinite(part), part, np.nan) for part in (np.asarray(lon, float), np.asarray(lat, float)))
    x, y = lon.copy(), lat.copy()
    for _ in range(12):
        forward_x, forward_y = forward(x, y)
        step_x, step_y = forward_x - lon, forward_y - lat
        x, y = x - step_x, y - step_y
        if np.fmax(np.abs(step_x), np.abs(step_y)).max(initial=0.0, where=np.isfinite(step_x)) <= 1e-13:
            break
    return x, y


@dataclass(frozen=True)
class Reference:
    """A coordinate system that positions can be given in.

    Attributes
    ----------
    code : str
        ``EPSG:4548``, ``GCJ-02``, ``BD-09``, or a WKT text for a system that EPSG does not name.
    name : str
        What people call it.
    degrees : bool
        Whether its axes are degrees of longitude and latitude.
    accuracy_m : float
        How exact the way to CGCS2000 is, metres.
    """

    code: str
    name: str
    degrees: bool
    accuracy_m: float

    def to_cgcs2000(self, x: Array, y: Array) -> Pair:
        """Longitude and latitude (EPSG:4490, degrees); `x` is east or longitude. What cannot be placed is not finite."""
        if self.code == "GCJ-02":
            return gcj_to_wgs(x, y)
        if self.code == "BD-09":
            return bd_to_wgs(x, y)
        if self.same:
            return np.asarray(x, np.float64), np.asarray(y, np.float64)
        lon, lat = _transformer(self.code).transform(np.asarray(x, np.float64), np.asarray(y, np.float64), errcheck=False)
        return np.asarray(lon), np.asarray(lat)

    def from_cgcs2000(self, lon: Array, lat: Array) -> Pair:
        """The other way: positions in this system of CGCS2000 degrees."""
        if self.code == "GCJ-02":
            return wgs_to_gcj(lon, lat)
        if self.code == "BD-09":
            return wgs_to_bd(lon, lat)
        if self.same:
            return np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        x, y = _transformer(self.code).transform(lon, lat, direction="INVERSE", errcheck=False)
        return np.asarray(x), np.asarray(y)

    @property
    def same(self) -> bool:
        """Whether its degrees are CGCS2000's within millimetres (or are taken over for want of parameters)."""
        return self.degrees and self.code.startswith("EPSG:")

    def shapes_to_cgcs2000(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries in CGCS2000 degrees, two-dimensional."""
        if self.same or not len(shapes):
            return shapes
        moved = shapely.transform(shapes, self.to_cgcs2000, interleaved=False)  # type: ignore[arg-type]  # two arrays, not one
        return np.asarray(moved, dtype=object)


@cache
def _transformer(code: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(code, "EPSG:4490", always_xy=True)


CGCS2000 = Reference("EPSG:4490", "CGCS2000 经纬度", True, 0.0)
WGS84 = Reference("EPSG:4326", "WGS 84 经纬度", True, 0.0)
GCJ02 = Reference("GCJ-02", "GCJ-02（高德、腾讯）", True, 0.0)
BD09 = Reference("BD-09", "BD-09（百度）", True, 0.0)
XIAN80 = Reference("EPSG:4610", "西安80 经纬度", True, DATUM_UNKNOWN_M)
BEIJING54 = Reference("EPSG:4214", "北京54 经纬度", True, DATUM_UNKNOWN_M)

_NAMES = {
    **dict.fromkeys(("cgcs2000", "2000", "国家2000", "大地2000", "天地图", "epsg:4490", "4490", "epsg:4480",
                     "chinageodeticcoordinatesystem2000", "gcscgcs2000", "gcschinageodeticcoordinatesystem2000"), CGCS2000),
    **dict.fromkeys(("wgs84", "gps", "crs84", "ogc:crs84", "epsg:4326", "4326", "epsg:4979", "gcswgs1984", "wgs1984"), WGS84),
    **dict.fromkeys(("gcj02", "gcj", "火星", "火星坐标", "高德", "腾讯", "amap", "mars"), GCJ02),
    **dict.fromkeys(("bd09", "bd09ll", "bd", "百度", "baidu"), BD09),
    **dict.fromkeys(("xian80", "xian1980", "西安80", "西安1980", "epsg:4610", "4610", "gcsxian1980"), XIAN80),
    **dict.fromkeys(("beijing54", "beijing1954", "北京54", "北京1954", "epsg:4214", "4214", "gcsbeijing1954"), BEIJING54),
}

#: First code of each run of Gauss-Krüger systems in EPSG: 3° with central meridian 75, 3° zone 25, 6° CM 75, 6° zone 13.
_GAUSS = {"EPSG:4490": (4534, 4513, 4502, 4491), "EPSG:4610": (2370, 2349, 2338, 2327), "EPSG:4214": (2422, 2401, 21453, 21413)}

_REMEDY = {
    "remedy_zh": "可用：CGCS2000、WGS84、GCJ-02、BD-09、西安80、北京54、EPSG 代码（如 4548），或“CGCS2000 3度带 中央经线117”。",
    "remedy_en": "Use CGCS2000, WGS84, GCJ-02, BD-09, an EPSG code such as 4548, or 'CGCS2000 3度带 中央经线117'.",
}

_WIDTH = re.compile(r"([36])\s*(?:度带?|°|degree|deg)", re.IGNORECASE)
_MERIDIAN = re.compile(r"(?:中央(?:经|子午)线|cm)\D{0,3}(\d{2,3})", re.IGNORECASE)
_ZONE = re.compile(r"(\d{2})\s*(?:带|号带)|(?:zone|带号)\D{0,2}(\d{2})", re.IGNORECASE)


def find_reference(text: str) -> Reference:
    """The coordinate system that a name, an EPSG code or a WKT text means.

    Parameters
    ----------
    text : str
        ``CGCS2000``, ``WGS84``, ``GCJ-02``, ``BD-09``, ``西安80``, ``北京54``; ``4548`` or ``EPSG:4548``;
        ``CGCS2000 3度带 中央经线117`` (eastings without zone prefix), ``西安80 3度带 39带`` (with it); WKT as in a ``.prj`` file.

    Raises
    ------
    BadParameter
        If nothing matches, or the system is neither geographic nor projected.

    Examples
    --------
    >>> find_reference("CGCS2000 3度带 39带").code, find_reference("高德").code, find_reference("4548").code
    ('EPSG:4527', 'GCJ-02', 'EPSG:4548')
    """
    plain = re.sub(r"[\s_\-]", "", text).lower().removeprefix("urn:ogc:def:crs:").replace("::", ":").replace("ogc:1.3:", "ogc:")
    found = _NAMES.get(plain) or _gauss_krueger(text, plain)
    if found is not None:
        return found
    try:
        return reference_of(pyproj.CRS.from_user_input(int(plain) if plain.isdigit() else text))
    except (pyproj.exceptions.CRSError, ValueError) as error:
        raise BadParameter(
            f"不认识坐标系“{text[:80]}”", f"unknown coordinate system {text[:80]!r}",
            **_REMEDY) from error


def _gauss_krueger(text: str, plain: str) -> Reference | None:
    datum = next((known for name, known in _NAMES.items() if known.code in _GAUSS and not name.isdigit() and name in plain), None)
    width, meridian = _WIDTH.search(text), _MERIDIAN.search(text)
    zone = _ZONE.search(text)
    if datum is None or width is None or (meridian is None and zone is None):
        return None
    step = int(width[1])
    cm3, zone3, cm6, zone6 = _GAUSS[datum.code]
    if meridian is not None:
        place, rest = divmod(int(meridian[1]) - 75, step)
        code = (cm3 if step == 3 else cm6) + place
    elif zone is not None:
        place, rest = int(zone[1] or zone[2]) - (25 if step == 3 else 13), 0
        code = (zone3 if step == 3 else zone6) + place
    if rest or not 0 <= place <= (20 if step == 3 else 10):
        return None
    return reference_of(pyproj.CRS.from_epsg(code))


def reference_of(crs: pyproj.CRS) -> Reference:
    """The reference of a PROJ coordinate system, as files name them.

    Raises
    ------
    BadParameter
        If it is neither geographic nor projected.
    """
    flat = crs.to_2d() if len(crs.axis_info) > 2 else crs
    if flat.is_compound:
        flat = pyproj.CRS(flat.sub_crs_list[0])
    datum = (flat.geodetic_crs.name if flat.geodetic_crs else "").lower()
    unknown = any(word in datum for word in ("xian", "beijing", "new beijing"))
    accuracy = DATUM_UNKNOWN_M if unknown else 0.0
    epsg = flat.to_epsg(min_confidence=60)
    if flat.is_geographic:
        known = _NAMES.get(f"epsg:{epsg}") or _NAMES.get(re.sub(r"[\s_\-]", "", flat.name).lower())
        return known or Reference(f"EPSG:{epsg}" if epsg else "EPSG:4326", flat.name, True, accuracy or 1.0)
    if flat.is_projected:
        return Reference(f"EPSG:{epsg}" if epsg else flat.to_wkt(), flat.name, False, accuracy)
    raise BadParameter(f"坐标系“{flat.name}”既不是经纬度也不是投影坐标", f"{flat.name} is neither geographic nor projected",
                       **_REMEDY)
