"""Query parameters, strictly: an unknown one is an error that names the known ones, numbers are finite, boxes are boxes."""

from __future__ import annotations

import math

from fastapi import Request
from fastapi.dependencies.models import Dependant

from geo.errors import BadParameter

#: Most features in one answer, most vertices in one polygon.
MAX_FEATURES, MAX_VERTICES = 10_000, 10_000

#: Most bytes of a request body.
MAX_BODY = 1_000_000


def only_known(request: Request) -> None:
    """Refuse query parameters that the route does not declare, and repeated ones.

    Raises
    ------
    BadParameter
        With the known names as remedy.
    """
    known = _declared(request.scope["route"].dependant)
    names = [name for name, _ in request.query_params.multi_items()]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise BadParameter(
            f"无法识别的查询参数：{'、'.join(unknown)}", f"unknown query parameter: {', '.join(unknown)}",
            remedy_zh=f"可用的参数：{'、'.join(known) or '无'}。", remedy_en=f"Known parameters: {', '.join(known) or 'none'}.",
            parameters=unknown,
        )
    if len(names) != len(set(names)):
        raise BadParameter("同一查询参数出现多次", "a query parameter is given more than once",
                           remedy_zh="每个参数只写一次。", remedy_en="Give each parameter once.")


def _declared(dependant: Dependant) -> list[str]:
    names = [parameter.alias for parameter in dependant.query_params]
    for inner in dependant.dependencies:
        names += [name for name in _declared(inner) if name not in names]
    return names


def position(lon: float, lat: float) -> tuple[float, float]:
    """A longitude and latitude in degrees.

    Raises
    ------
    BadParameter
        If one is not a finite number within ±180, ±90.
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadParameter(f"经纬度（{lon}, {lat}）不正确", f"({lon}, {lat}) is no position",
                           remedy_zh="经度在 ±180、纬度在 ±90 之间，先经度后纬度。",
                           remedy_en="Longitude within ±180, latitude within ±90, longitude first.")
    return lon, lat


def box(text: str | None) -> tuple[float, float, float, float] | None:
    """``west,south,east,north`` in degrees; None without a text.

    Raises
    ------
    BadParameter
        If it is not four finite numbers in this order.

    Examples
    --------
    >>> box("116,39.5,117,40")
    (116.0, 39.5, 117.0, 40.0)
    """
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        corners = position(west, south) + position(east, north)
        if west > east or south > north:
            raise ValueError("corners in the wrong order")
    except (ValueError, BadParameter) as error:
        raise BadParameter(
            f"bbox“{text[:80]}”不正确", f"bbox {text[:80]!r} is wrong",
            remedy_zh="应为四个数：西,南,东,北（度），例如 116.3,39.8,116.5,40.0。",
            remedy_en="Four numbers are wanted: west,south,east,north in degrees, for example 116.3,39.8,116.5,40.0.",
            bbox=text[:80],
        ) from error
    return corners


def within(name: str, value: int, low: int, high: int) -> int:
    """`value` if it lies in ``low … high``.

    Raises
    ------
    BadParameter
        Otherwise.
    """
    if not low <= value <= high:
        raise BadParameter(f"{name}={value} 不在 {low}–{high} 之间", f"{name}={value} is outside {low}–{high}",
                           remedy_zh=f"请取 {low} 到 {high}。", remedy_en=f"Use {low} to {high}.", parameter=name)
    return value


def choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """`value` if it is one of `allowed`.

    Raises
    ------
    BadParameter
        Otherwise, with the allowed values as remedy.
    """
    if value not in allowed:
        raise BadParameter(f"{name}={value[:80]} 不可用", f"{name}={value[:80]} is not allowed",
                           remedy_zh=f"可用：{'、'.join(allowed)}。", remedy_en=f"Allowed: {', '.join(allowed)}.", parameter=name)
    return value
