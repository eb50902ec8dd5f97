"""Rules of the standards for one place on a line: potential impact radius, pressure class, grade of a high-consequence area."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: Upper pressure bounds in MPa and names of the classes of town gas, GB 50028-2006 (2020) table 6.1.6; above: 长输.
PRESSURE_CLASSES: tuple[tuple[float, str], ...] = (
    (0.01, "低压"), (0.2, "中压B"), (0.4, "中压A"), (0.8, "次高压B"), (1.6, "次高压A"), (2.5, "高压B"), (4.0, "高压A"),
)

#: Width of the strip on each side of a line that the rules look at, m (GB 50251-2015 4.2, GB 32167-2015).
STRIP_M = 200.0

#: Grades of high-consequence areas, Ⅲ the most severe; index 0: none.
GRADES: tuple[str | None, ...] = (None, "Ⅰ", "Ⅱ", "Ⅲ")


def potential_impact_radius(diameter_mm: ArrayLike, pressure_mpa: ArrayLike) -> Array:
    """Potential impact radius, m, of a natural-gas line: ``0.099 √(d² p)`` (GB 32167-2015; ASME B31.8S).

    For natural gas only, and only as a measure for screening: it is not a disc of certain death.

    Parameters
    ----------
    diameter_mm : array_like
        Outside diameter, mm.
    pressure_mpa : array_like
        Maximum allowable operating pressure, MPa.

    Examples
    --------
    >>> round(float(potential_impact_radius(1016, 10.0)), 1)
    318.1
    """
    d, p = np.asarray(diameter_mm, np.float64), np.asarray(pressure_mpa, np.float64)
    return np.asarray(0.099 * np.sqrt(d**2 * p))


def pressure_class(pressure_mpa: ArrayLike) -> NDArray[np.object_]:
    """Name of the pressure class of gas lines; the upper bound belongs to the class (GB 50028-2006 (2020) table 6.1.6).

    Only 低压 excludes its bound: it is below 0.01 MPa.

    Examples
    --------
    >>> pressure_class([0.005, 0.01, 0.2, 0.4, 1.0, 4.0, 10.0]).tolist()
    ['低压', '中压B', '中压B', '中压A', '次高压A', '高压A', '长输']
    """
    p = np.asarray(pressure_mpa, np.float64)
    bounds = np.array([bound for bound, _ in PRESSURE_CLASSES])
    names = np.array([name for _, name in PRESSURE_CLASSES] + ["长输"], object)
    place = np.searchsorted(bounds, p, side="left")
    return np.asarray(names[np.where(p == bounds[0], 1, place)])


def hca_grade(
    class_location: ArrayLike, diameter_mm: ArrayLike, pressure_mpa: ArrayLike, *, special_site_m: ArrayLike = np.inf,
    flammable_site_m: ArrayLike = np.inf,
) -> NDArray[np.object_]:
    """Grade of the high-consequence area that a gas line runs through, Ⅲ the most severe (GB 32167-2015 table 1).

    四级地区 → Ⅲ; 三级地区 → Ⅱ; elsewhere Ⅱ with a flammable or explosive place within 200 m, Ⅰ with a special place (特定场所)
    within the potential impact radius of very large and very small lines or within 200 m of others.

    Parameters
    ----------
    class_location : array_like of str
        一级, 二级, 三级 or 四级; None for unknown.
    diameter_mm, pressure_mpa : array_like
        Outside diameter, mm, and maximum allowable operating pressure, MPa.
    special_site_m, flammable_site_m : array_like
        Distance to the nearest special place, and to the nearest filling station, oil depot or the like, m.

    Returns
    -------
    (n,) object
        Ⅰ, Ⅱ, Ⅲ, or None where the line is in no high-consequence area.

    Examples
    --------
    >>> hca_grade(["四级", "三级", "二级", "一级"], 711, 6.3, special_site_m=[0, 0, 150, 500]).tolist()
    ['Ⅲ', 'Ⅱ', 'Ⅰ', None]
    """
    d, p = np.asarray(diameter_mm, np.float64), np.asarray(pressure_mpa, np.float64)
    place = np.asarray(class_location, object)
    near = np.asarray(special_site_m, np.float64) <= impact_strip(d, p)
    flammable = np.asarray(flammable_site_m, np.float64) <= STRIP_M
    grade = np.select([place == "四级", (place == "三级") | flammable, near], [3, 2, 1], default=0)
    return np.asarray(np.array(GRADES, object)[grade])


def impact_strip(diameter_mm: ArrayLike, pressure_mpa: ArrayLike) -> Array:
    """Distance, m, at which a special place makes a gas line's surroundings a high-consequence area (GB 32167-2015 table 1).

    The potential impact radius for lines over 762 mm and 6.9 MPa and for those under 273 mm and 1.6 MPa, else 200 m.

    Examples
    --------
    >>> impact_strip([1016, 711, 219], [10.0, 6.3, 1.0]).round(1).tolist()
    [318.1, 200.0, 21.7]
    """
    d, p = np.asarray(diameter_mm, np.float64), np.asarray(pressure_mpa, np.float64)
    by_radius = ((d > 762) & (p > 6.9)) | ((d < 273) & (p < 1.6))
    return np.where(by_radius, potential_impact_radius(d, p), STRIP_M)


def oil_grade(
    dense_buildings: ArrayLike = False, households_2km: ArrayLike = 0.0, village_households: ArrayLike = 0.0, *,
    transport_m: ArrayLike = np.inf, flammable_m: ArrayLike = np.inf, reserve_m: ArrayLike = np.inf, water_m: ArrayLike = np.inf,
) -> NDArray[np.object_]:
    """Grade of the high-consequence area that an oil line runs through (GB 32167-2015 table 2).

    Parameters
    ----------
    dense_buildings : array_like of bool
        Buildings of four storeys and more stand together within 200 m (四级地区).
    households_2km : array_like
        Most households within 200 m of any 2 km.
    village_households : array_like
        Households of the largest village or town within 200 m.
    transport_m, flammable_m : array_like
        Distance to the nearest motorway, national or provincial road or railway, and to the nearest flammable place, m: 50 m.
    reserve_m, water_m : array_like
        Distance to the nearest wetland, forest or other national reserve, and to the nearest river, water source or reservoir,
        m: 200 m.

    Examples
    --------
    >>> oil_grade(households_2km=[0, 120, 0], water_m=[300.0, 300.0, 150.0], transport_m=[40.0, 40.0, 40.0]).tolist()
    ['Ⅰ', 'Ⅱ', 'Ⅲ']
    """
    many, village = np.asarray(households_2km, np.float64), np.asarray(village_households, np.float64)
    three = np.asarray(dense_buildings, bool) | (np.asarray(water_m, np.float64) <= STRIP_M)
    two = (many >= 100) | (village >= 50) | (np.asarray(reserve_m, np.float64) <= STRIP_M)
    one = (np.asarray(transport_m, np.float64) <= 50) | (np.asarray(flammable_m, np.float64) <= 50)
    level = np.select(np.broadcast_arrays(three, two, one), [3, 2, 1], default=0)
    return np.asarray(np.array(GRADES, object)[level])
