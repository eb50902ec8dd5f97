"""Query parameters, strictly: an unknown one is an error that names the known ones, numbers are finite, boxes are boxes."""

from __future__ import annotations

import math
from collections.abc import Iterable

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
    refuse_unknown(request, ())


def declared_names(request: Request) -> list[str]:
    """Names of the query parameters that the route of a request declares."""
    return _declared(request.scope["route"].dependant)


def refuse_unknown(request: Request, further: Iterable[str]) -> None:
    """Refuse query parameters that the route neither declares nor has `further`, and repeated ones.

    Raises
    ------
    BadParameter
        With the known names as remedy.
    """
    known = declared_names(request)
    known += [name for name in further if name not in known]
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


def numbers(name: str, text: str, counts: tuple[int, ...]) -> list[float]:
    """A list of finite numbers separated by commas.

    Raises
    ------
    BadParameter
        If there are other than `counts` of them, or one is no finite number.
    """
    try:
        found = [float(part) for part in text[:400].split(",")]
        if len(found) not in counts or not all(map(math.isfinite, found)) or len(text) > 400:
            raise ValueError("another number of numbers")
    except ValueError as error:
        raise BadParameter(
            f"{name}“{text[:80]}”不正确", f"{name} {text[:80]!r} is wrong",
            remedy_zh="应为四个数：西,南,东,北（度），例如 116.3,39.8,116.5,40.0；有高程时为六个。",
            remedy_en="West,south,east,north are wanted in degrees, for example 116.3,39.8,116.5,40.0; six with heights.",
            parameter=name,
        ) from error
    return found


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
