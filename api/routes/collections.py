"""OGC API – Features: collections of the current snapshot and their items, as GeoJSON in CRS84."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import numpy as np
import shapely
from fastapi import APIRouter, Query, Request
from numpy.typing import NDArray
from starlette.responses import Response

from api import features, subjects
from api.answers import GEOJSON, STRICT, Map, answer
from api.parameters import MAX_FEATURES, box, choice, within
from geo.errors import BadParameter, NotFound
from geo.kinds import KINDS
from layers.features import mapping
from layers.reader import AREA_LEVELS, Snapshot

router = APIRouter(prefix="/api", tags=["collections"], dependencies=STRICT)

_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_CONFORMS = tuple(f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson"))
_AREA_FIELDS = ("code", "name", "level", "parent", "risk_level", "hatched", "index", "pll", "density", "kappa", "rank",
                "residents", "workers", "area_km2", "lon", "lat")


def _link(request: Request, path: str, rel: str, media: str = "application/json", title: str = "") -> dict[str, str]:
    link = {"href": str(request.base_url).rstrip("/") + path, "rel": rel, "type": media}
    return link | {"title": title} if title else link


@router.get("", summary="入口 · landing page")
def landing(request: Request) -> Response:
    """Where everything is."""
    return answer({
        "title": "区域风险一张图", "description": "Regional work-safety risk: features and risk of the current run",
        "links": [
            _link(request, "/api", "self"), _link(request, "/api/conformance", "conformance"),
            _link(request, "/api/collections", "data"), _link(request, "/docs", "service-doc", "text/html"),
            _link(request, "/api/openapi.json", "service-desc", "application/vnd.oai.openapi+json;version=3.0"),
        ],
    })


@router.get("/conformance", summary="符合性 · conformance")
def conformance() -> Response:
    """OGC conformance classes."""
    return answer({"conformsTo": list(_CONFORMS)})


@router.get("/collections", summary="全部图层 · collections")
def collections(request: Request, snapshot: Map) -> Response:
    """All collections of the current snapshot."""
    names = ["areas", *snapshot.kinds]
    return answer({"links": [_link(request, "/api/collections", "self")],
                   "collections": [_collection(request, snapshot, name) for name in names], "crs": [_CRS84]})


@router.get("/collections/{name}", summary="一个图层 · one collection")
def collection(request: Request, snapshot: Map, name: str) -> Response:
    """One collection: title, extent, links."""
    return answer(_collection(request, snapshot, _known(snapshot, name)))


def _known(snapshot: Snapshot, name: str) -> str:
    if name != "areas" and name not in snapshot.kinds:
        known = ["areas", *snapshot.kinds]
        raise NotFound(f"没有名为“{name}”的图层", f"there is no collection {name!r}", remedy_zh=f"可用：{'、'.join(known)}。",
                       remedy_en=f"Known: {', '.join(known)}.", collection=name)
    return name


def _collection(request: Request, snapshot: Snapshot, name: str) -> dict[str, Any]:
    path = f"/api/collections/{name}"
    count = len(snapshot.areas) if name == "areas" else len(snapshot.features(name))
    return {
        "id": name, "title": "行政区风险" if name == "areas" else KINDS[name].zh, "itemType": "feature", "itemCount": count,
        "extent": {"spatial": {"bbox": [list(snapshot.bounds)], "crs": _CRS84}}, "crs": [_CRS84],
        "links": [_link(request, path, "self"), _link(request, f"{path}/items", "items", GEOJSON)],
    }


@router.get("/collections/{name}/items", summary="图层要素 · items of a collection")
def items(
    request: Request, snapshot: Map, name: str,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees")] = None,
    limit: Annotated[int, Query(description="1–10000")] = 100,
    offset: Annotated[int, Query(description="features to pass over")] = 0,
    level: Annotated[str | None, Query(description="areas only: city, district or street")] = None,
    datetime: Annotated[str | None, Query(description="date or interval (a/b, .. open): features that exist then")] = None,
) -> Response:
    """Features in a box, one page; `links` has the next one."""
    _known(snapshot, name)
    within("limit", limit, 1, MAX_FEATURES)
    within("offset", offset, 0, 2**31 - 1)
    corners, span = box(bbox), _interval(datetime)
    if name == "areas":
        rows = _area_rows(snapshot, corners, level)
    elif level is not None:
        raise BadParameter("只有 areas 图层有 level 参数", "only the collection areas has the parameter level",
                           remedy_zh="请去掉 level。", remedy_en="Leave level out.", parameter="level")
    else:
        table = snapshot.features(name)
        rows = table.meeting_box(corners) if corners else np.arange(len(table))
        rows = rows if span is None else rows[_exists(snapshot, name, rows, *span)]
    page = rows[offset:offset + limit]
    found = subjects.area_features(snapshot, page) if name == "areas" else features.geojson(snapshot, name, page)
    links = [_link(request, _page(request, offset, limit), "self", GEOJSON)]
    if offset + limit < len(rows):
        links.append(_link(request, _page(request, offset + limit, limit), "next", GEOJSON))
    return answer({
        "type": "FeatureCollection", "run_id": snapshot.run_id, "numberMatched": len(rows), "numberReturned": len(page),
        "links": links, "features": found,
    }, media_type=GEOJSON)


@router.get("/collections/{name}/items/{feature_id}", summary="一个要素 · one item")
def item(request: Request, snapshot: Map, name: str, feature_id: str) -> Response:
    """One feature by its id."""
    _known(snapshot, name)
    if name == "areas":
        snapshot.area(feature_id)
        found = subjects.area_features(snapshot, np.array([snapshot.areas.texts("code").index(feature_id)]))
    else:
        found = features.geojson(snapshot, name, [snapshot.features(name).row(feature_id)])
    links = [_link(request, request.url.path, "self", GEOJSON), _link(request, f"/api/collections/{name}", "collection")]
    return answer(found[0] | {"links": links}, media_type=GEOJSON)


def _page(request: Request, offset: int, limit: int) -> str:
    url = request.url.include_query_params(offset=offset, limit=limit)
    return f"{url.path}?{url.query}"


def _area_rows(snapshot: Snapshot, corners: tuple[float, float, float, float] | None, level: str | None) -> NDArray[np.int64]:
    rows = np.arange(len(snapshot.areas)) if level is None else snapshot.area_rows(choice("level", level, AREA_LEVELS))
    if corners is None:
        return rows
    return rows[shapely.intersects(snapshot.area_shapes[rows], shapely.box(*corners))]


def _interval(text: str | None) -> tuple[date, date] | None:
    """Both ends of an RFC 3339 instant or interval, as days."""
    if text is None:
        return None
    try:
        first, slash, last = text.partition("/")
        begin = date.min if slash and first in ("", "..") else date.fromisoformat(first[:10])
        end = begin if not slash else date.max if last in ("", "..") else date.fromisoformat(last[:10])
        if begin > end:
            raise ValueError("the interval ends before it begins")
    except ValueError as error:
        examples = "2026-05-01, 2026-01-01/2026-12-31, 2026-05-01/.."
        raise BadParameter(f"datetime“{text[:60]}”不正确", f"datetime {text[:60]!r} is wrong", remedy_zh=f"例如：{examples}",
                           remedy_en=f"For example: {examples}", parameter="datetime") from error
    return begin, end


def _exists(snapshot: Snapshot, name: str, rows: NDArray[np.int64], begin: date, end: date) -> NDArray[np.bool_]:
    entries = snapshot.features(name).columns.rows(rows, ["valid_from", "valid_to"])
    spans = [(entry["valid_from"] or date.min, entry["valid_to"] or date.max) for entry in entries]
    return np.array([first <= end and last >= begin for first, last in spans], bool)


