"""What lies in a polygon: counts, people, risk, features, downloads."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api import subjects
from api.answers import STRICT, Map, answer, dumps
from api.downloads import download
from api.polygons import polygon_of
from geo.errors import UnknownIdentifier
from geo.kinds import KINDS
from layers.collections import Query, chosen, offered, rows_of
from layers.filters import parse
from layers.formats import Part, Selection, format_named
from layers.formats.jsontext import feature_texts
from layers.reader import Snapshot
from riskmodel.levels import index

router = APIRouter(prefix="/api", tags=["search"], dependencies=STRICT)

#: Features that a JSON answer lists, and sources that it names; downloads have all.
LISTED, CONTRIBUTORS = 500, 20

#: Kinds that are no things on the ground.
_NOT_SEARCHED = ("area", "background")

_Found = dict[str, NDArray[Any]]


class Search(BaseModel):
    """Body of a search."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    polygon: dict[str, Any] = Field(description="GeoJSON Polygon or MultiPolygon, degrees")
    kinds: list[str] | None = Field(default=None, max_length=len(KINDS), description="feature kinds; all when left out")
    filter: str | dict[str, Any] | None = Field(default=None, description="CQL2: a text, or JSON")
    filter_lang: Literal["cql2-text", "cql2-json"] | None = Field(default=None, alias="filter-lang")
    filter_crs: str | None = Field(default=None, alias="filter-crs", max_length=120)
    format: Literal["json", "geojson", "geojsonseq", "csv", "xlsx", "fgb", "parquet", "gpkg"] = "json"


@router.post("/search", summary="多边形内查询与导出 · search in a polygon")
def search(request: Request, snapshot: Map, asked: Search) -> Response:
    """Counts, people and risk in a polygon with the most hazardous features, or all features as a download."""
    polygon = polygon_of(asked.polygon)
    found = _found(snapshot, asked, polygon)
    if asked.format == "json":
        return answer(_summary(snapshot, snapshot.polygon_summary(polygon), found))
    parts = tuple(Part(snapshot.collection(name), rows) for name, rows in found.items())
    return download(request, Selection(snapshot, parts), format_named(asked.format), mark=True, attached=True)


def _found(snapshot: Snapshot, asked: Search, polygon: Any) -> _Found:
    """Rows of each kind; a kind that lacks a property of the filter has none, unless it was asked for by name."""
    named = asked.kinds is not None
    kinds = list(dict.fromkeys(asked.kinds or ())) if named else [name for name in snapshot.kinds if name not in _NOT_SEARCHED]
    given = None if asked.filter is None else parse(asked.filter, asked.filter_lang)
    crs = chosen(offered(snapshot.bounds), asked.filter_crs, "filter-crs")
    found: _Found = {}
    lacking: UnknownIdentifier | None = None
    for name in kinds:
        snapshot.features(name)  # an unknown kind is a fault of the request, not a missing page
        try:
            found[name] = rows_of(snapshot.collection(name), Query(polygon=polygon, filter=given, filter_crs=crs))
        except UnknownIdentifier as error:
            if named:
                raise
            lacking, found[name] = error, np.empty(0, np.int64)
    if lacking is not None and not any(len(rows) for rows in found.values()) and _all_lack(snapshot, asked, kinds):
        raise lacking
    return found


def _all_lack(snapshot: Snapshot, asked: Search, kinds: list[str]) -> bool:
    """Whether no kind has the properties of the filter: then it is misspelt and not merely without a match."""
    given = parse(asked.filter, asked.filter_lang)
    for name in kinds:
        try:
            rows_of(snapshot.collection(name), Query(filter=given))
        except UnknownIdentifier:
            continue
        return False
    return True


def _summary(snapshot: Snapshot, summary: dict[str, Any], found: _Found) -> bytes:
    area, people = summary["area_km2"], summary["residents"]
    kind, row, pll = _ranked(snapshot, found)
    texts, named = _listed(snapshot, list(found), kind[:LISTED], row[:LISTED]), int(np.count_nonzero(pll[:CONTRIBUTORS] > 0))
    by_kind = {name: _of_kind(snapshot, name, rows) for name, rows in found.items()}
    total = sum(entry["pll"] or 0.0 for entry in by_kind.values())
    head = {
        "run_id": snapshot.run_id, "area_km2": area, "counts": {name: len(rows) for name, rows in found.items()},
        "by_kind": by_kind,
        "people": {"residents": people, "workers": summary["workers"]}, "pll": summary["pll"], "density": summary["density"],
        "index": float(index(summary["density"], subjects.parameters())), "themes": subjects.themes(summary["themes"]),
        "levels": {
            level: {"km2": summary["share_area"][level] * area, "people": summary["share_people"][level] * people}
            for level in ("1", "2", "3", "4")
        },
        "contributors": _contributors(snapshot, list(found), kind[:named], row[:named], pll, total),
        "truncated": sum(len(rows) for rows in found.values()) > len(texts),
    }
    listed = b'{"type":"FeatureCollection","features":[' + ",".join(texts).encode() + b"]}"
    return dumps(head)[:-1] + b',"features":' + listed + b"}"


def _of_kind(snapshot: Snapshot, name: str, rows: NDArray[Any]) -> dict[str, Any]:
    risk = snapshot.source_risk(name)
    levels = np.bincount(risk.level[rows], minlength=5)
    known = ~np.isnan(risk.pll[rows])
    return {"count": len(rows), "levels": {str(level): int(levels[level]) for level in range(1, 5)},
            "pll": float(risk.pll[rows][known].sum()) if known.any() else None}


def _ranked(snapshot: Snapshot, found: _Found) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Kind, row and PLL of everything found, largest PLL first; what is no source comes last, kinds in their own order."""
    kind = np.concatenate([np.full(len(rows), place) for place, rows in enumerate(found.values())] or [np.empty(0, np.int64)])
    row = np.concatenate([*found.values(), np.empty(0, np.int64)]).astype(np.int64)
    pll = np.concatenate([snapshot.source_risk(name).pll[rows] for name, rows in found.items()] or [np.empty(0)])
    pll = np.nan_to_num(pll, nan=-1.0)
    if len(pll) > LISTED:  # only the front needs to be in order
        least = np.partition(pll, len(pll) - LISTED)[len(pll) - LISTED]
        front = np.flatnonzero(pll >= least)
        order = front[np.lexsort((row[front], kind[front], -pll[front]))][:LISTED]
    else:
        order = np.lexsort((row, kind, -pll))
    return kind[order], row[order], pll[order]


def _listed(snapshot: Snapshot, names: list[str], kind: NDArray[np.int64], row: NDArray[np.int64]) -> list[str]:
    texts = np.empty(len(row), object)
    for place, name in enumerate(names):
        mine = kind == place
        if mine.any():
            texts[mine] = feature_texts(snapshot.collection(name), row[mine]).to_pylist()
    return list(texts)


def _contributors(snapshot: Snapshot, names: list[str], kind: NDArray[np.int64], row: NDArray[np.int64],
                  pll: NDArray[np.float64], total: float) -> list[dict[str, Any]]:
    """The sources in the polygon that make most deaths, wherever these happen, with their share of all sources in it."""
    listed = []
    for place, (which, number) in enumerate(zip(kind.tolist(), row.tolist(), strict=True)):
        collection = snapshot.collection(names[which])
        taken = collection.take(np.array([number]), ("id", "name", "synthetic"))
        lon, lat = (float(axis[number]) for axis in collection.geometry.inner)
        own, level = float(pll[place]), int(snapshot.source_risk(names[which]).level[number]) or None
        listed.append({"kind": names[which], **{key: column[0].as_py() for key, column in taken.items()}, "pll": own,
                       "share": own / total if total else 0.0, "risk_level": level, "lon": lon, "lat": lat})
    return listed

