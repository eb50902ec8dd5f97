"""What a request asks of a collection: every query parameter read, checked and turned into a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Query as Parameter
from fastapi import Request
from shapely.geometry.base import BaseGeometry

from api.parameters import declared_names, numbers, refuse_unknown
from geo.errors import BadParameter
from layers.collections import CRS84, Collection, Crs, Query, chosen
from layers.collections.query import FOREVER
from layers.filters import GEOMETRY, parse
from layers.filters.subject import Bounds
from layers.filters.values import read_instant

#: Features of one page: when nobody says, and at most.
DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000

_DAY_US = 86_400_000_000
_DURATION = re.compile(
    r"P(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?"
)

Bbox = Annotated[str | None, Parameter(description="west,south,east,north (6 numbers with heights); west > east: across 180°")]
BboxCrs = Annotated[str | None, Parameter(alias="bbox-crs", max_length=120, description="CRS of bbox; CRS84 when left out")]
OfCrs = Annotated[str | None, Parameter(alias="crs", max_length=120, description="CRS of the answer; CRS84 when left out")]
Datetime = Annotated[str | None, Parameter(max_length=100,
                                           description="date, date-time or interval (a/b, .. open): what exists then")]
FilterText = Annotated[str | None, Parameter(alias="filter", description="CQL2 condition over the queryables")]
FilterLang = Annotated[Literal["cql2-text", "cql2-json"] | None, Parameter(alias="filter-lang", description="language of filter")]
FilterCrs = Annotated[str | None, Parameter(alias="filter-crs", max_length=120, description="CRS of geometries in filter")]
SortBy = Annotated[str | None, Parameter(max_length=200,
                                         description="properties in order, - before a name: largest first; -pll,name")]
Properties = Annotated[str | None, Parameter(max_length=2000, description="properties to give, separated by commas")]
Limit = Annotated[int, Parameter(ge=1, le=MAX_LIMIT, description=f"features of a page, at most {MAX_LIMIT}")]
Offset = Annotated[int, Parameter(ge=0, le=2**31 - 1, description="features to pass over; pages go faster by cursor")]


@dataclass(frozen=True)
class Asked:
    """The question of a request, and in which reference system its answer goes out."""

    query: Query
    crs: Crs
    names: tuple[str, ...] | None


def question(
    request: Request, collection: Collection, systems: dict[str, Crs], *, bbox: str | None = None, bbox_crs: str | None = None,
    datetime: str | None = None, given: str | None = None, lang: Literal["cql2-text", "cql2-json"] | None = None,
    filter_crs: str | None = None, sortby: str | None = None, properties: str | None = None, crs: str | None = None,
) -> Asked:
    """The question of a request to a collection.

    Raises
    ------
    BadParameter, BadGeometry, UnknownIdentifier
        If a parameter is unknown or wrong.
    """
    known = {name for name, entry in collection.properties.items() if entry.queryable}
    refuse_unknown(request, known)
    declared = set(declared_names(request))
    equal = tuple((name, value) for name, value in request.query_params.multi_items() if name not in declared)
    for name, value in equal:
        collection.equal(name, value)
    boxes, polygon = _boxes(bbox, chosen(systems, bbox_crs, "bbox-crs"))
    query = Query(
        boxes=boxes, polygon=polygon, interval=None if datetime is None else interval(datetime), equal=equal,
        filter=None if given is None else parse(given, lang or "cql2-text"), filter_crs=chosen(systems, filter_crs, "filter-crs"),
        order=_order(collection, sortby),
    )
    names = None if properties is None else collection.chosen(name for name in properties.split(",") if name != GEOMETRY)
    return Asked(query, chosen(systems, crs, "crs"), names)


def _boxes(text: str | None, crs: Crs) -> tuple[tuple[Bounds, ...], BaseGeometry | None]:
    if text is None:
        return (), None
    given = numbers("bbox", text, (4, 6))
    half = len(given) // 2
    low, high = (given[0], given[1]), (given[half], given[half + 1])
    if crs.projected:
        if low[0] > high[0] or low[1] > high[1]:
            raise _bad_box(text)
        return (), crs.box((*low, *high))
    if crs.swapped:
        low, high = low[::-1], high[::-1]
    if abs(low[0]) > 180 or abs(high[0]) > 180 or abs(low[1]) > 90 or abs(high[1]) > 90 or low[1] > high[1]:
        raise _bad_box(text)
    if low[0] > high[0]:  # across the antimeridian: a box on either side of it
        return ((low[0], low[1], 180.0, high[1]), (-180.0, low[1], high[0], high[1])), None
    return ((*low, *high),), None


def _bad_box(text: str) -> BadParameter:
    return BadParameter(
        f"bbox“{text[:80]}”不正确", f"bbox {text[:80]!r} is wrong", parameter="bbox",
        remedy_zh="应为西,南,东,北（度，或 bbox-crs 的坐标），南不大于北，例如 116.3,39.8,116.5,40.0。",
        remedy_en="West,south,east,north are wanted (degrees, or coordinates of bbox-crs), south not above north.",
    )


def interval(text: str) -> tuple[int, int]:
    """First and last microsecond (since 1970) of an RFC 3339 instant or interval; an end may be a duration.

    Raises
    ------
    BadParameter
        If it is none.

    Examples
    --------
    >>> interval("1970-01-01"), interval("1970-01-01T00:00:01Z/PT1S")
    ((0, 86399999999), (1000000, 2000000))
    """
    try:
        first, slash, last = text.partition("/")
        if not slash:
            return _ends(first)
        if first in ("", "..") and last in ("", ".."):
            return -FOREVER, FOREVER
        if last.startswith("P"):
            begin, end = _ends(first)[0], _after(first, last)
        elif first.startswith("P"):
            end = _ends(last)[1]
            begin = _after(last, first, back=True)
        else:
            begin = -FOREVER if first in ("", "..") else _ends(first)[0]
            end = FOREVER if last in ("", "..") else _ends(last)[1]
        if begin > end:
            raise ValueError("the interval ends before it begins")
    except (ValueError, OverflowError) as error:
        examples = "2026-05-01, 2026-01-01/2026-12-31, 2026-05-01T08:00:00Z/.., 2026-05-01/P7D"
        raise BadParameter(f"datetime“{text[:60]}”不正确", f"datetime {text[:60]!r} is wrong", remedy_zh=f"例如：{examples}",
                           remedy_en=f"For example: {examples}", parameter="datetime") from error
    return begin, end


def _ends(text: str) -> tuple[int, int]:
    read = read_instant(text.replace(" ", "+"))  # the plus sign of a zone arrives as a space
    if read is None:
        raise ValueError("no date and no date-time")
    kind, number = read
    return (number * _DAY_US, number * _DAY_US + _DAY_US - 1) if kind == "date" else (number, number)


def _after(text: str, duration: str, *, back: bool = False) -> int:
    match = _DURATION.fullmatch(duration)
    if match is None or duration.endswith(("P", "T")):
        raise ValueError("no duration")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) * (-1 if back else 1) for part in match.groups())
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=_ends(text)[0])
    count = start.year * 12 + start.month - 1 + years * 12 + months
    year, month = divmod(count, 12)
    day = min(start.day, (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day)
    end = start.replace(year=year, month=month + 1, day=day)
    end += timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    passed = end - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def _order(collection: Collection, text: str | None) -> tuple[tuple[str, bool], ...]:
    if text is None:
        return ()
    order: list[tuple[str, bool]] = []
    for part in text.split(","):
        name = part.strip(" +").removeprefix("-")
        collection.chosen([name])
        if not name or not collection.properties[name].queryable or name in dict(order):
            raise BadParameter(f"sortby“{text[:80]}”不正确", f"sortby {text[:80]!r} is wrong", parameter="sortby",
                               remedy_zh="写属性名，逗号分隔，从大到小加减号，例如 -pll,name。",
                               remedy_en="Names of properties with commas, a minus for largest first, for example -pll,name.")
        order.append((name, part.strip().startswith("-")))
    return tuple(order)


def no_crs(crs: Crs) -> bool:
    """Whether an answer is in the default system."""
    return crs is CRS84
