"""OGC API – Tiles: what tiles there are. The tiles themselves are answered by :mod:`api.tiles`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import STRICT, Map, answer
from api.parameters import choice
from api.tilestore import ALL, vector_tiles
from geo.errors import NotFound
from layers.mapstyle import map_style
from layers.mercator import mercator
from layers.reader import Snapshot
from layers.style import ATTRIBUTION, LEVELS, STYLES, THEMES
from layers.vector import MAX_ZOOM, MIN_ZOOM

router = APIRouter(prefix="/api", tags=["tiles"], dependencies=STRICT)

#: The tile matrix set that all tiles are in.
MATRIX_SET = "WebMercatorQuad"

_MVT = "application/vnd.mapbox-vector-tile"
_MATRIX_SET_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_REL = "http://www.opengis.net/def/rel/ogc/1.0/"
_RASTER_ZOOMS = {ALL: (5, 13)} | {theme: (5, 12) for theme, _ in THEMES}

CONFORMS: tuple[str, ...] = (
    *(f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}" for name in (
        "core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "mvt", "png", "oas30")),
    *(f"http://www.opengis.net/spec/tms/2.0/conf/{name}" for name in (
        "tilematrixset", "json-tilematrixset", "json-tilesetmetadata", "tilematrixsetlimits", "json-tilematrixsetlimits")),
)


@router.get("/tileMatrixSets", summary="瓦片矩阵集 · tile matrix sets")
def matrix_sets(request: Request) -> Response:
    """The tile matrix sets that tiles come in."""
    return answer({"tileMatrixSets": [{
        "id": MATRIX_SET, "title": "Google Maps Compatible for the World", "uri": _MATRIX_SET_URI,
        "links": [_link(request, f"/api/tileMatrixSets/{MATRIX_SET}", "self")],
    }]})


@router.get("/tileMatrixSets/{matrix_set}", summary="一个瓦片矩阵集 · one tile matrix set")
def matrix_set(matrix_set: str) -> Response:
    """Definition of a tile matrix set (OGC 17-083r4)."""
    _known_matrix_set(matrix_set)
    return answer(_definition())


@router.get("/collections/{name}/tiles", summary="图层的瓦片集 · tilesets of a collection")
def tilesets(request: Request, snapshot: Map, name: str) -> Response:
    """The vector tilesets of a collection."""
    return answer({"links": [_link(request, f"/api/collections/{name}/tiles", "self")],
                   "tilesets": [_vector_tileset(request, snapshot, name)]})


@router.get("/collections/{name}/tiles/{matrix_set}", summary="瓦片集说明 · one tileset")
def tileset(request: Request, snapshot: Map, name: str, matrix_set: str, f: str = "json") -> Response:
    """Metadata of a tileset: layers, limits, bounds; as TileJSON with ``f=tilejson``."""
    _known_matrix_set(matrix_set)
    if choice("f", f, ("json", "tilejson")) == "tilejson":
        return tilejson(request, snapshot, name, matrix_set)
    return answer(_vector_tileset(request, snapshot, name) | {"boundingBox": _box(snapshot)} | _layers(snapshot, name))


@router.get("/collections/{name}/tiles/{matrix_set}/tilejson.json", summary="TileJSON")
def tilejson(request: Request, snapshot: Map, name: str, matrix_set: str) -> Response:
    """TileJSON 3.0.0 of a collection's vector tiles; its tile address names the run, so a cache never mixes two nights."""
    _known_matrix_set(matrix_set)
    url = f"{_base(request)}/api/map/tiles/{snapshot.run_id}/{name}/{{z}}/{{x}}/{{y}}.mvt"
    return answer(vector_tiles(snapshot).tilejson(name, url) | {"attribution": ATTRIBUTION})


@router.get("/collections/cells/map/tiles", summary="网格的渲染瓦片 · rendered cells")
@router.get("/map/tiles", summary="渲染瓦片集 · rendered tilesets")
def map_tilesets(request: Request, snapshot: Map) -> Response:
    """The rendered tilesets: every theme in every colour style."""
    own = _link(request, request.url.path, "self")
    return answer({"links": [own], "tilesets": [
        _map_tileset(request, snapshot, theme, style) for theme in _RASTER_ZOOMS for style in STYLES
    ]})


@router.get("/collections/cells/map/tiles/{matrix_set}", summary="渲染瓦片集说明 · one rendered tileset")
@router.get("/map/tiles/{matrix_set}", summary="渲染瓦片集说明 · one rendered tileset")
def map_tileset(request: Request, snapshot: Map, matrix_set: str) -> Response:
    """Metadata of the rendered tiles of all risk in the standard colours."""
    _known_matrix_set(matrix_set)
    return answer(_map_tileset(request, snapshot, ALL, "standard", path=request.url.path) | {"boundingBox": _box(snapshot)})


@router.get("/styles", summary="样式 · styles")
def styles(request: Request) -> Response:
    """The colour styles as MapLibre styles."""
    return answer({"default": "standard", "styles": [
        {"id": style.name, "title": style.zh, "links": [
            _link(request, f"/api/styles/{style.name}", "stylesheet", "application/vnd.mapbox.style+json")]}
        for style in STYLES.values()
    ]})


@router.get("/styles/{style}", summary="一个样式（MapLibre） · one style")
def style(request: Request, snapshot: Map, style: str) -> Response:
    """A MapLibre style of all vector tiles of the current run."""
    if style not in STYLES:
        raise NotFound(f"没有样式“{style}”", f"there is no style {style!r}", remedy_zh=f"可用：{'、'.join(STYLES)}。",
                       remedy_en=f"Known: {', '.join(STYLES)}.", style=style)
    template = f"{_base(request)}/api/map/tiles/{snapshot.run_id}/{{name}}/{{z}}/{{x}}/{{y}}.mvt"
    return answer(map_style(vector_tiles(snapshot), style, template, attribution=ATTRIBUTION),
                  media_type="application/vnd.mapbox.style+json")


@router.get("/styles/{style}/legend", summary="图例 · legend")
def legend(style: str) -> Response:
    """Colours and terms of the four levels in a colour style."""
    if style not in STYLES:
        raise NotFound(f"没有样式“{style}”", f"there is no style {style!r}", style=style)
    return answer({"style": style, "levels": [
        {"level": level.code, "zh": level.zh, "en": level.en, "colour": colour, "pattern": level.pattern}
        for level, colour in zip(LEVELS, STYLES[style].colours, strict=True)
    ]})


def _vector_tileset(request: Request, snapshot: Snapshot, name: str) -> dict[str, Any]:
    told, path = vector_tiles(snapshot).describe(name), f"/api/collections/{name}/tiles/{MATRIX_SET}"
    return {
        "title": told.zh, "description": told.note, "dataType": "vector", "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": _MATRIX_SET_URI, "tileMatrixSetLimits": _limits(snapshot, MIN_ZOOM, MAX_ZOOM),
        "links": [
            _link(request, path, "self"), _link(request, f"/api/tileMatrixSets/{MATRIX_SET}", _REL + "tiling-scheme"),
            _template(request, path + "/{tileMatrix}/{tileRow}/{tileCol}", _MVT),
            _link(request, path + "/tilejson.json", "describedby", title="TileJSON"),
        ],
    }


def _map_tileset(request: Request, snapshot: Snapshot, theme: str, style: str, *, path: str = "") -> dict[str, Any]:
    low, high = _RASTER_ZOOMS[theme]
    zh = dict(THEMES).get(theme, "综合风险")
    default = theme == ALL and style == "standard"
    template = (f"/api/map/tiles/{MATRIX_SET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}" if default else
                f"/api/map/tiles/{snapshot.run_id}/{theme}/{style}/{{tileMatrix}}/{{tileCol}}/{{tileRow}}.png")
    return {
        "title": f"{zh}（{STYLES[style].zh}）", "dataType": "map", "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": _MATRIX_SET_URI, "tileMatrixSetLimits": _limits(snapshot, low, high),
        "style": {"id": style, "title": STYLES[style].zh},
        "links": [
            _link(request, path or f"/api/map/tiles/{MATRIX_SET}", "self"),
            _link(request, f"/api/tileMatrixSets/{MATRIX_SET}", _REL + "tiling-scheme"),
            _template(request, template, "image/png"), _template(request, f"{template}?f=webp", "image/webp"),
        ],
    }


def _layers(snapshot: Snapshot, name: str) -> dict[str, Any]:
    told = vector_tiles(snapshot).describe(name)
    dimension = {"point": 0, "line": 1, "polygon": 2}[told.geometry]
    return {"layers": [{
        "id": name, "title": told.zh, "dataType": "vector", "geometryDimension": dimension, "minTileMatrix": str(MIN_ZOOM),
        "maxTileMatrix": str(MAX_ZOOM),
        "propertiesSchema": {"type": "object", "properties": {field: {"title": zh} for field, zh in told.fields.items()}},
    }]}


def _limits(snapshot: Snapshot, low: int, high: int) -> list[dict[str, Any]]:
    """Rows and columns of every zoom that the map's bounds reach."""
    west, south, east, north = snapshot.bounds
    limits = []
    for zoom in range(low, high + 1):
        x, y = mercator(np.array([west, east]), np.array([north, south]), zoom)
        limits.append({"tileMatrix": str(zoom), "minTileRow": int(y[0]), "maxTileRow": int(y[1]), "minTileCol": int(x[0]),
                       "maxTileCol": int(x[1])})
    return limits


def _box(snapshot: Snapshot) -> dict[str, Any]:
    west, south, east, north = snapshot.bounds
    return {"lowerLeft": [west, south], "upperRight": [east, north], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}


def _known_matrix_set(name: str) -> None:
    if name != MATRIX_SET:
        raise NotFound(f"没有瓦片矩阵集“{name}”", f"there is no tile matrix set {name!r}", remedy_zh=f"可用：{MATRIX_SET}。",
                       remedy_en=f"Known: {MATRIX_SET}.", tile_matrix_set=name)


@lru_cache(maxsize=1)
def _definition() -> dict[str, Any]:
    import morecantile

    found: dict[str, Any] = morecantile.tms.get(MATRIX_SET).model_dump(mode="json", exclude_none=True)
    return found


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _link(request: Request, path: str, rel: str, media: str = "application/json", title: str = "") -> dict[str, str]:
    link = {"href": _base(request) + path, "rel": rel, "type": media}
    return link | {"title": title} if title else link


def _template(request: Request, path: str, media: str) -> dict[str, Any]:
    return {"href": _base(request) + path, "rel": "item", "type": media, "templated": True}
