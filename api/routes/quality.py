"""Data quality of the current map: scores by street, kind and data set, findings row by row, and the layer of the map."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Query, Request
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from api.answers import GEOJSON, STRICT, Map, answer
from api.parameters import choice, within
from geo.kinds import KINDS
from layers.exports import BLOCK, neutral
from layers.quality import QualityTables, quality_of
from layers.reader import AREA_LEVELS, AreaLevel, Snapshot

router = APIRouter(prefix="/api/quality", tags=["quality"], dependencies=STRICT)

#: Columns of a downloaded list of findings.
_COLUMNS = ("kind", "id", "name", "area_code", "source", "check", "check_zh", "group", "counts", "zh", "en", "lon", "lat")

_AREA = Query(description="only within the area of this code")
_KIND = Query(description="only this kind of features")
_CHECK = Query(description="only this check, like V-CREDIT")
_GROUP = Query(description="only these checks: completeness, validity, freshness, duplicates or position")


class Figures(BaseModel):
    """Counts that add up, their shares of all rows handed in, and the score."""

    rows: int = Field(description="rows in the store")
    quarantined: int = Field(description="refused rows")
    complete: int = Field(description="rows with every required and core field (完整)")
    observed: int = Field(description="complete rows none of whose core values is an assumption")
    fill: float = Field(description="sum over rows of the weighted share of filled fields (填报率)")
    valid: int = Field(description="rows that contradict nothing")
    dated: int = Field(description="rows that say when they were updated")
    fresh: int = Field(description="rows no older than their kind may be")
    duplicated: int = Field(description="rows that are there a second time")
    misplaced: int = Field(description="rows in a wrong place")
    assumed: int = Field(description="rows with an assumed value")
    synthetic: int = Field(description="generated rows")
    shares: dict[str, float | None] = Field(description="the counts over rows + quarantined; null without rows")
    completeness: float | None = Field(description="complete / (rows + quarantined): the completeness that is reported (完整率)")
    score: float | None = Field(description="0–100; null without rows")
    class_: int | None = Field(alias="class", description="class of the score, 1 for the best")


class OfKind(Figures):
    """Figures of one kind."""

    kind: str
    kind_zh: str


class OfSource(OfKind):
    """Figures of one data set of a kind."""

    source: str


class OfArea(Figures):
    """Figures of one area."""

    code: str
    name: str | None


class OfCheck(BaseModel):
    """How often a check found something."""

    check: str
    group: str
    group_zh: str
    zh: str
    en: str
    counts: bool = Field(description="whether it costs the row anything; otherwise it is a note")
    n: int


class Summary(BaseModel):
    """Data quality of an area and a kind."""

    run_id: str
    as_of: str
    area: str | None
    kind: str | None
    total: Figures
    kinds: list[OfKind]
    sources: list[OfSource]
    areas: list[OfArea]
    checks: list[OfCheck]
    classes: list[dict[str, Any]] = Field(description="legend: class, zh, colour, from")
    weights: dict[str, float] = Field(description="weights of the score: fill, valid, fresh, single, placed")


class Finding(BaseModel):
    """What one check found in one row."""

    kind: str
    kind_zh: str
    id: str
    name: str | None
    area_code: str = Field(description="street; empty for none")
    source: str
    check: str
    group: str
    check_zh: str
    check_en: str
    counts: bool
    zh: str = Field(description="the finding as a sentence")
    en: str
    lon: float | None
    lat: float | None
    href: str = Field(description="the feature")


class Findings(BaseModel):
    """One page of findings."""

    run_id: str
    numberMatched: int  # noqa: N815  (as in OGC API – Features)
    numberReturned: int  # noqa: N815
    items: list[Finding]
    links: list[dict[str, str]]


@router.get("", summary="数据质量汇总 · data quality", responses={200: {"model": Summary}})
def summary(
    snapshot: Map, area: Annotated[str | None, _AREA] = None, kind: Annotated[str | None, _KIND] = None,
    level: Annotated[AreaLevel | None, Query(description="also by area of this level")] = None,
) -> Response:
    """Completeness, validity, freshness, duplicates, positions and score: in all, by kind, by data set, by area on request."""
    quality = _tables(snapshot, kind)
    found = quality.found(area=area, kind=kind)
    return answer({
        "run_id": snapshot.run_id, "as_of": snapshot.manifest.get("as_of"), "area": area, "kind": kind,
        "total": quality.total(area, kind), "kinds": [_named(entry) for entry in quality.by_kind(area, kind)],
        "sources": [_named(entry) for entry in quality.by_source(area, kind)],
        "areas": quality.by_area(level, kind, area) if level else [], "checks": quality.found_by_check(found),
        "classes": quality.classes(), "weights": quality.about["weights"],
    })


@router.get("/findings", summary="数据质量问题清单 · findings", responses={200: {"model": Findings}})
def findings(
    request: Request, snapshot: Map, area: Annotated[str | None, _AREA] = None, kind: Annotated[str | None, _KIND] = None,
    check: Annotated[str | None, _CHECK] = None, group: Annotated[str | None, _GROUP] = None,
    limit: Annotated[int, Query(description="1–1000")] = 100,
    offset: Annotated[int, Query(description="findings to pass over")] = 0,
    f: Annotated[Literal["json", "csv"], Query(description="csv: all of them as a download")] = "json",
) -> Response:
    """What the checks found, row by row: contradictions first, then duplicates, positions, age; missing fields last."""
    within("limit", limit, 1, 1000)
    within("offset", offset, 0, 2**31 - 1)
    quality = _tables(snapshot, kind)
    rows = quality.found(area=area, kind=kind, check=check, group=group)
    if f == "csv":
        return StreamingResponse(_csv(quality, rows), media_type="text/csv; charset=utf-8", headers={
            "content-disposition": f'attachment; filename="quality-{snapshot.run_id}.csv"', "cache-control": "no-store"})
    page = rows[offset:offset + limit]
    links = [{"rel": "self", "href": _page(request, offset, limit)}]
    if offset + limit < len(rows):
        links.append({"rel": "next", "href": _page(request, offset + limit, limit)})
    return answer({
        "run_id": snapshot.run_id, "numberMatched": len(rows), "numberReturned": len(page),
        "items": [_finding(record) for record in quality.finding_records(page)], "links": links,
    })


@router.get("/areas", summary="数据质量图层 · the map layer")
def areas(
    snapshot: Map, level: Annotated[str, Query(description="street, district or city")] = "street",
    kind: Annotated[str | None, _KIND] = None,
) -> Response:
    """Areas with completeness, shares, score and class as GeoJSON, and the legend of the classes."""
    choice("level", level, AREA_LEVELS)
    quality = _tables(snapshot, kind)
    return answer(quality.layer(level, kind) | {"run_id": snapshot.run_id, "classes": quality.classes()}, media_type=GEOJSON)


def _tables(snapshot: Snapshot, kind: str | None) -> QualityTables:
    if kind is not None:
        choice("kind", kind, tuple(KINDS))
    return quality_of(snapshot)


def _named(entry: dict[str, Any]) -> dict[str, Any]:
    return {"kind": entry["kind"], "kind_zh": KINDS[entry["kind"]].zh} | entry


def _finding(record: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in record.items() if name not in ("value", "number", "other")}
    href = f"/api/collections/{record['kind']}/items/{quote(record['id'], safe='')}"
    return shown | {"kind_zh": KINDS[record["kind"]].zh, "href": href}


def _page(request: Request, offset: int, limit: int) -> str:
    url = request.url.include_query_params(offset=offset, limit=limit)
    return f"{url.path}?{url.query}"


def _csv(quality: QualityTables, rows: NDArray[np.int64]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf" + _lines([_COLUMNS])
    for start in range(0, len(rows), BLOCK):
        records = quality.finding_records(rows[start:start + BLOCK])
        yield _lines([[neutral(record[name]) for name in _COLUMNS] for record in records])


def _lines(lines: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode()
