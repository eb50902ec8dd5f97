"""The properties of a collection as JSON Schema: all (schema), those that filters may name (queryables), those to sort by."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import STRICT, Map, answer
from api.ogc import html
from api.ogc.links import SCHEMA, base, self_links
from api.ogc.negotiate import DESCRIPTIONS, F, chosen
from layers.collections import Collection
from layers.filters import GEOMETRY, Property
from layers.filters.values import FUNCTIONS

router = APIRouter(prefix="/api", tags=["ogc"], dependencies=STRICT)

_FORMS = {"json": SCHEMA, "html": "text/html"}
_ALSO = {"application/json": "json"}
_FUNCTION_TYPES = {"text": "string", "number": "number", "bool": "boolean", "date": "date", "timestamp": "datetime"}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_GEOMETRY_FORMAT = {"point": "geometry-point", "line": "geometry-linestring", "polygon": "geometry-polygon-or-multipolygon",
                    "point_or_polygon": "geometry-any"}


@router.get("/collections/{collectionId}/queryables", summary="可查询的属性 · queryables")
def queryables(request: Request, snapshot: Map, collectionId: str, f: F = None) -> Response:
    """Properties that `filter` and query parameters may name."""
    found = snapshot.collection(collectionId)
    named = {entry.name: as_schema(entry) for entry in found.properties.values() if entry.queryable}
    return _schema(request, f, found, "queryables", named | {GEOMETRY: _geometry(found)})


@router.get("/collections/{collectionId}/sortables", summary="可排序的属性 · sortables")
def sortables(request: Request, snapshot: Map, collectionId: str, f: F = None) -> Response:
    """Properties that `sortby` may name."""
    found = snapshot.collection(collectionId)
    return _schema(request, f, found, "sortables",
                   {entry.name: as_schema(entry) for entry in found.properties.values() if entry.queryable})


@router.get("/collections/{collectionId}/schema", summary="结构 · schema of the features")
def schema(request: Request, snapshot: Map, collectionId: str, f: F = None) -> Response:
    """All properties of the features with types, units and values."""
    found = snapshot.collection(collectionId)
    return _schema(request, f, found, "schema", {entry.name: as_schema(entry) for entry in found.properties.values()}
                   | {GEOMETRY: _geometry(found)})


@router.get("/functions", summary="过滤函数 · functions of filters")
def functions(request: Request, f: F = None) -> Response:
    """Functions and arithmetic that a filter may use besides the operators of CQL2."""
    form = chosen(request, f, DESCRIPTIONS)
    listed = [(name, [_FUNCTION_TYPES[kind] for kind in wanted], _FUNCTION_TYPES[given])
              for name, (wanted, given, _) in FUNCTIONS.items() if name.isalpha()]
    if form == "html":
        rows = [[html.cell(name), html.cell("、".join(wanted)), html.cell(given)] for name, wanted, given in listed]
        return html.page(request, html.table(["函数", "参数", "结果"], rows), "过滤函数")
    described = [{"name": name, "arguments": [{"type": [kind]} for kind in wanted], "returns": [given]}
                 for name, wanted, given in listed]
    return answer({"functions": described, "links": self_links(request, form, dict(DESCRIPTIONS))}, headers={"vary": "accept"})


def as_schema(declared: Property) -> dict[str, Any]:
    """A property in JSON Schema, with the roles and units of OGC 23-058."""
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string"}, "int": {"type": "integer"}, "float": {"type": "number"}, "bool": {"type": "boolean"},
        "date": {"type": "string", "format": "date"}, "texts": {"type": "array", "items": {"type": "string"}}, "json": {},
    }
    made = {"title": declared.zh or declared.name} | kinds[declared.type]
    if declared.note:
        made["description"] = declared.note
    if declared.choices:
        made["enum"] = list(declared.choices)
    if declared.minimum is not None:
        made["minimum"] = declared.minimum
    if declared.maximum is not None:
        made["maximum"] = declared.maximum
    if declared.unit:
        made["x-ogc-unit"] = declared.unit
    return made


def _geometry(found: Collection) -> dict[str, Any]:
    return {"title": "几何图形", "x-ogc-role": "primary-geometry", "format": _GEOMETRY_FORMAT[found.geometry_kind]}


def _schema(request: Request, f: str | None, found: Collection, kind: str, named: dict[str, Any]) -> Response:
    form = chosen(request, f, _FORMS, also=_ALSO)
    if form == "html":
        rows = [[html.cell(name), html.cell(entry.get("title")), html.cell(entry.get("type", "")),
                 html.cell(entry.get("x-ogc-unit", "")),
                 html.cell("、".join(map(str, entry.get("enum", []))))] for name, entry in named.items()]
        links = html.anchors(self_links(request, form, _FORMS))
        return html.page(request, html.table(["代码", "名称", "类型", "单位", "取值"], rows) + links, f"{found.title}：{kind}")
    return answer({
        "$schema": _DRAFT, "$id": f"{base(request)}/api/collections/{found.name}/{kind}", "type": "object", "title": found.title,
        "description": found.description, "properties": named, "additionalProperties": False,
    }, media_type=SCHEMA, headers={"vary": "accept"})
