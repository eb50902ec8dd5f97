"""The collections of a snapshot described: what they hold, where, since when, in which systems, and where to go on."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import STRICT, Map, answer
from api.ogc import html
from api.ogc.extensions import EXTENSIONS
from api.ogc.items import export_links
from api.ogc.links import HTML, SCHEMA, Link, link, self_links
from api.ogc.negotiate import DESCRIPTIONS, F, chosen
from layers.collections import Collection, collection_names, offered
from layers.collections.crs import CRS84_URI, STORAGE
from layers.formats import FORMATS
from layers.reader import Snapshot

router = APIRouter(prefix="/api", tags=["ogc"], dependencies=STRICT)


@router.get("/collections", summary="全部图层 · collections")
def collections(request: Request, snapshot: Map, f: F = None) -> Response:
    """All collections of a snapshot."""
    form = chosen(request, f, DESCRIPTIONS)
    found = [describe(request, snapshot, snapshot.collection(name)) for name in collection_names(snapshot)]
    links = self_links(request, form, dict(DESCRIPTIONS))
    if form == "html":
        rows = [
            [f'<td><a href="/api/collections/{quote(entry["id"])}?f=html">{escape(entry["title"])}</a></td>',
             html.cell(entry["id"]), html.cell(entry["itemCount"]), html.cell(entry["description"])] for entry in found
        ]
        return html.page(request, html.table(["图层", "代码", "要素数", "说明"], rows) + html.anchors(links), "全部图层")
    return answer({"links": links, "collections": found, "crs": list(offered(snapshot.bounds)), "run_id": snapshot.run_id},
                  headers={"vary": "accept"})


@router.get("/collections/{collectionId}", summary="一个图层 · one collection")
def collection(request: Request, snapshot: Map, collectionId: str, f: F = None) -> Response:
    """One collection: title, extent, systems, links."""
    form = chosen(request, f, DESCRIPTIONS)
    found = snapshot.collection(collectionId)
    described = describe(request, snapshot, found)
    if form == "html":
        rows = [[html.cell(entry.zh), f"<td><code>{escape(entry.name)}</code></td>", html.cell(entry.type),
                 html.cell(entry.unit),
                 html.cell(entry.note)] for entry in found.properties.values()]
        body = f"<p>{found.description}；共 {len(found)} 个要素。</p>{html.anchors(described['links'])}<h2>属性</h2>"
        return html.page(request, body + html.table(["名称", "代码", "类型", "单位", "说明"], rows), found.title)
    return answer(described, headers={"vary": "accept"})


def describe(request: Request, snapshot: Snapshot, found: Collection) -> dict[str, Any]:
    """A collection as the standard describes it."""
    path = f"/api/collections/{quote(found.name)}"
    extent: dict[str, Any] = {"spatial": {"bbox": [list(found.extent() or snapshot.bounds)], "crs": CRS84_URI}}
    if found.span is not None:
        extent["temporal"] = {"interval": [list(found.interval())], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}
    links: list[Link] = [
        link(request, path, "self"), link(request, path, "alternate", HTML, f="html"),
        link(request, f"{path}/items", "items", FORMATS["json"].media, f"{found.title}（{FORMATS['json'].zh}）"),
        *(link(request, f"{path}/items", "items", form.media, f"{found.title}（{form.zh}）", f=name)
          for name, form in FORMATS.items() if name != "json"),
        link(request, f"{path}/items", "items", HTML, f"{found.title}（网页）", f="html"),
        link(request, f"{path}/queryables", "http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA, "可查询的属性"),
        link(request, f"{path}/sortables", "http://www.opengis.net/def/rel/ogc/1.0/sortables", SCHEMA, "可排序的属性"),
        link(request, f"{path}/schema", "http://www.opengis.net/def/rel/ogc/1.0/schema", SCHEMA, "结构"),
        *export_links(request, found), *(entry for make in EXTENSIONS.collection for entry in make(request, snapshot, found)),
    ]
    return {
        "id": found.name, "title": found.title, "description": found.description, "itemType": "feature", "itemCount": len(found),
        "extent": extent, "crs": list(offered(snapshot.bounds)), "storageCrs": STORAGE.uri, "links": links,
    }
