"""Items of a collection: pages as GeoJSON, HTML or a table, one feature, and the export of everything found."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from starlette.responses import Response, StreamingResponse

from api.answers import Map, Paged, answer, dumps
from api.cursors import Cursor, read_cursor
from api.downloads import download
from api.ogc import ask, html
from api.ogc.ask import MAX_LIMIT, Asked
from api.ogc.links import Link, here, link, self_links
from api.ogc.negotiate import chosen
from api.parameters import refuse_unknown
from geo.errors import BadParameter
from layers.collections import CRS84, Collection, Crs, Query, offered, rows_of
from layers.collections.crs import chosen as chosen_crs
from layers.formats import FORMATS, Part, Selection, format_named
from layers.formats.jsontext import feature_texts, text_bytes
from layers.formats.kept import KeptTexts
from layers.formats.kinds import ALIASES

router = APIRouter(prefix="/api", tags=["features"])

#: Forms of a page and of one feature: name → media type.
_PAGE = {"json": FORMATS["json"].media, "html": "text/html", **{name: form.media for name, form in FORMATS.items()
                                                                if name != "json"}}
_ONE = {"json": FORMATS["json"].media, "html": "text/html"}
_ALSO = {"application/json": "json", "application/vnd.geo+json": "json"}
_TITLES = {"html": "网页"} | {name: form.zh for name, form in FORMATS.items()}


@router.get("/collections/{collectionId}/items", summary="图层要素 · items of a collection")
def items(
    request: Request, snapshot: Paged, collectionId: str,
    bbox: ask.Bbox = None, bbox_crs: ask.BboxCrs = None, datetime: ask.Datetime = None, given: ask.FilterText = None,
    lang: ask.FilterLang = None, filter_crs: ask.FilterCrs = None, sortby: ask.SortBy = None, properties: ask.Properties = None,
    crs: ask.OfCrs = None,
    limit: Annotated[int, Parameter(ge=1, description=f"features of a page, at most {MAX_LIMIT}")] = ask.DEFAULT_LIMIT,
    offset: ask.Offset = 0, bom: Annotated[bool, Parameter(description="CSV: begin with a byte-order mark")] = False,
    f: Annotated[str | None, Parameter(description="form of the answer")] = None,
) -> Response:
    """Features of a place, a time and with properties, one page; the link `next` leads on at constant cost.

    Besides the parameters here, every queryable of the collection is one: `?industry=C`.
    """
    collection = snapshot.collection(collectionId)
    asked = ask.question(request, collection, dict(offered(snapshot.bounds)), bbox=bbox, bbox_crs=bbox_crs, datetime=datetime,
                         given=given, lang=lang, filter_crs=filter_crs, sortby=sortby, properties=properties, crs=crs)
    form = chosen(request, f, _PAGE, ALIASES, _ALSO)
    rows, key = rows_of(collection, asked.query), asked.query.key()
    start = _start(request, key, offset)
    limit = min(limit, MAX_LIMIT)
    page = np.asarray(rows[start:start + limit], np.int64)
    following = Cursor(snapshot.run_id, start + limit, key).token() if start + limit < len(rows) else None
    links = self_links(request, form, _PAGE, _TITLES)
    if following:
        links.append({"href": here(request, cursor=following, offset=None, **{"as-of": None}), "rel": "next", "type": _PAGE[form],
                      "title": "下一页"})
    links.append(link(request, f"/api/collections/{collection.name}", "collection", title=collection.title))
    head = {"type": "FeatureCollection", "run_id": snapshot.run_id, "synthetic": snapshot.synthetic, "numberMatched": len(rows),
            "numberReturned": len(page), "links": links}
    if form == "html":
        return html.page(request, html.items(collection, page, asked, head), collection.title)
    if form == "json":
        return _geojson(request, collection, page, asked, head)
    selection = Selection(snapshot, (Part(collection, page, asked.names),), asked.crs)
    return download(request, selection, format_named(form), mark=bom, links=[entry for entry in links if entry["rel"] == "next"])


def _start(request: Request, key: bytes, offset: int) -> int:
    token = request.query_params.get("cursor")
    if token is None:
        return offset
    cursor = read_cursor(token)
    if cursor.question != key or {"offset", "as-of"} & set(request.query_params):
        raise BadParameter("cursor 与其他参数不符", "the cursor belongs to another question", parameter="cursor",
                           remedy_zh="翻页时请使用 rel=next 链接的完整地址。",
                           remedy_en="Use the whole address of the link rel=next.")
    return cursor.start


def _geojson(request: Request, collection: Collection, page: np.ndarray, asked: Asked, head: dict[str, Any]) -> Response:
    kept: KeptTexts = request.app.state.texts
    texts: bytes | memoryview | None = None
    if asked.names is None and asked.crs is CRS84:
        texts = kept.page(f"{head['run_id']}.{request.app.state.code}", collection, page)
    if texts is None:
        texts = text_bytes(feature_texts(collection, page, asked.names, asked.crs), b",")
    return _sent(b"".join((dumps(head)[:-1], b',"features":[', texts, b"]}")), asked.crs)


@router.get("/collections/{collectionId}/items/{featureId}", summary="一个要素 · one item")
def item(
    request: Request, snapshot: Map, collectionId: str, featureId: str,
    crs: ask.OfCrs = None, properties: ask.Properties = None,
    f: Annotated[str | None, Parameter(description="json or html")] = None,
) -> Response:
    """One feature by its id."""
    refuse_unknown(request, ())
    collection = snapshot.collection(collectionId)
    system = chosen_crs(offered(snapshot.bounds), crs, "crs")
    names = None if properties is None else collection.chosen(properties.split(","))
    form = chosen(request, f, _ONE, ALIASES, _ALSO)
    row = np.array([collection.row(featureId)])
    links: list[Link] = self_links(request, form, _ONE, _TITLES)
    links.append(link(request, f"/api/collections/{collection.name}", "collection", title=collection.title))
    if form == "html":
        asked = Asked(Query(), system, names)
        return html.page(request, html.item(collection, row, asked, links), f"{collection.title} {featureId}")
    text = str(feature_texts(collection, row, names, system)[0].as_py()).encode()
    body = text[:-1] + b',"links":' + dumps(links) + b"}"
    return _sent(body, system)


def _sent(body: bytes, crs: Crs) -> Response:
    return answer(body, media_type=FORMATS["json"].media,
                  headers={"content-crs": f"<{crs.uri}>", "vary": "accept, accept-language"})


@router.get("/collections/{collectionId}/export", summary="导出全部命中要素 · everything found as a file",
            response_class=StreamingResponse)
def export(
    request: Request, snapshot: Map, collectionId: str,
    bbox: ask.Bbox = None, bbox_crs: ask.BboxCrs = None, datetime: ask.Datetime = None, given: ask.FilterText = None,
    lang: ask.FilterLang = None, filter_crs: ask.FilterCrs = None, sortby: ask.SortBy = None, properties: ask.Properties = None,
    crs: ask.OfCrs = None, bom: Annotated[bool, Parameter(description="CSV: begin with a byte-order mark")] = False,
    f: Annotated[str | None, Parameter(description="json, geojsonseq, csv, xlsx, fgb, parquet or gpkg")] = None,
) -> Response:
    """Everything that a question finds, without pages, in any format; streamed, so that it may be of any size."""
    collection = snapshot.collection(collectionId)
    asked = ask.question(request, collection, dict(offered(snapshot.bounds)), bbox=bbox, bbox_crs=bbox_crs, datetime=datetime,
                         given=given, lang=lang, filter_crs=filter_crs, sortby=sortby, properties=properties, crs=crs)
    form = format_named(chosen(request, f, {name: entry.media for name, entry in FORMATS.items()}, ALIASES, _ALSO))
    selection = Selection(snapshot, (Part(collection, rows_of(collection, asked.query), asked.names),), asked.crs)
    return download(request, selection, form, mark=bom, attached=True)


def export_links(request: Request, collection: Collection) -> list[Link]:
    """Links to the whole collection in every format."""
    path = f"/api/collections/{quote(collection.name)}/export"
    return [{**link(request, path, "enclosure", form.media, f"全部要素（{form.zh}）", f=name)} for name, form in FORMATS.items()]

