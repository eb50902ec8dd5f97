"""The landing page, the conformance declaration and the description of the interface."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import STRICT, answer
from api.ogc import html
from api.ogc.extensions import EXTENSIONS
from api.ogc.links import HTML, OPENAPI, Link, link, self_links
from api.ogc.negotiate import DESCRIPTIONS, F, chosen
from api.openapi import document

router = APIRouter(prefix="/api", tags=["ogc"], dependencies=STRICT)

_TITLE = "区域风险一张图"
_DESCRIPTION = ("安全生产区域风险：当前运行的要素、行政区、网格与评分 · "
                "Regional work-safety risk: features, areas, cells and scores of the current run")

_FEATURES_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_FEATURES_2 = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf"
_FEATURES_3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
_FEATURES_5 = "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"

#: Classes that this part of the program conforms to; others are added by :mod:`api.ogc.extensions`.
CONFORMANCE = (
    *(f"{_FEATURES_1}/{name}" for name in ("core", "oas30", "html", "geojson")), f"{_FEATURES_2}/crs",
    *(f"{_FEATURES_3}/{name}" for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")),
    *(f"{_FEATURES_5}/{name}" for name in ("schemas", "queryables", "sortables")),
    "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sorting",
    *(f"{_CQL2}/{name}" for name in (
        "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
        "accent-insensitive-comparison", "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions",
        "temporal-functions", "array-functions", "arithmetic", "property-property", "functions",
    )),
)


@router.get("/", include_in_schema=False)  # some clients put a slash behind the address that they are given
@router.get("", summary="入口 · landing page")
def landing(request: Request, f: F = None) -> Response:
    """Where everything is."""
    form = chosen(request, f, DESCRIPTIONS)
    links: list[Link] = [
        *self_links(request, form, dict(DESCRIPTIONS)),
        link(request, "/api/openapi.json", "service-desc", OPENAPI, "OpenAPI 3.0"),
        link(request, "/docs", "service-doc", HTML, "接口说明"),
        link(request, "/api/conformance", "conformance", title="符合性"),
        link(request, "/api/collections", "data", title="全部图层"),
        link(request, "/api/functions", "http://www.opengis.net/def/rel/ogc/1.0/functions", title="过滤函数"),
        *(entry for make in EXTENSIONS.landing for entry in make(request)),
    ]
    if form == "html":
        return html.page(request, f"<p>{_DESCRIPTION}</p>{html.anchors(links)}", _TITLE)
    return answer({"title": _TITLE, "description": _DESCRIPTION, "links": links}, headers={"vary": "accept"})


@router.get("/conformance", summary="符合性 · conformance")
def conformance(request: Request, f: F = None) -> Response:
    """OGC conformance classes."""
    form = chosen(request, f, DESCRIPTIONS)
    classes = [*CONFORMANCE, *EXTENSIONS.conformance]
    links = self_links(request, form, dict(DESCRIPTIONS))
    if form == "html":
        listed = "".join(f"<li><code>{uri}</code></li>" for uri in classes)
        return html.page(request, f"<ul>{listed}</ul>{html.anchors(links)}", "符合性")
    return answer({"conformsTo": classes, "links": links}, headers={"vary": "accept"})


@router.get("/openapi.json", include_in_schema=False)
def description(request: Request) -> Response:
    """The interface in OpenAPI 3.0."""
    return answer(document(request), media_type=OPENAPI)
