"""A mirror of the abstract tests of OGC API – Tiles – Part 1 (OGC 20-057, annex A); each test names the requirement it checks.

This is our reading of the abstract tests, not the OGC's executable suite, which is not in any package registry.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import mapbox_vector_tile
import pytest

TMS = "WebMercatorQuad"
TILING_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"


def path(href: str) -> str:
    return "/" + href.split("://", 1)[1].split("/", 1)[1]


def link(links: list[dict[str, Any]], rel: str) -> dict[str, Any]:
    return next(entry for entry in links if entry["rel"] == rel)


@pytest.fixture(scope="module")
def tileset(api: httpx.Client) -> dict[str, Any]:
    return api.get(f"/api/collections/cells/tiles/{TMS}").json()


@pytest.fixture(scope="module")
def template(tileset: dict[str, Any]) -> str:
    return path(link(tileset["links"], "item")["href"])


@pytest.fixture(scope="module")
def limits(tileset: dict[str, Any]) -> dict[str, Any]:
    return next(limit for limit in tileset["tileMatrixSetLimits"] if limit["tileMatrix"] == "12")


def address(limits: dict[str, Any], **change: object) -> dict[str, object]:
    middle = {"tileMatrix": 12, "tileRow": (limits["minTileRow"] + limits["maxTileRow"]) // 2,
              "tileCol": (limits["minTileCol"] + limits["maxTileCol"]) // 2}
    return middle | change


def test_req_core_tc_op_and_tc_success(api: httpx.Client, template: str, limits: dict[str, Any]) -> None:
    """/req/core/tc-op, /req/core/tc-success: GET on the template with values answers 200 with the tile in a declared format."""
    answer = api.get(template.format(**address(limits)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert mapbox_vector_tile.decode(answer.content)["cells"]["features"]


@pytest.mark.parametrize("change", [{"tileMatrix": "nothing"}, {"tileRow": -1}, {"tileCol": "x"}, {"tileRow": 1 << 12},
                                    {"tileCol": 1 << 12}, {"tileMatrix": 99}])
def test_req_core_tc_error(api: httpx.Client, template: str, limits: dict[str, Any], change: dict[str, object]) -> None:
    """/req/core/tc-error: outside the tile matrix set or malformed is 400 or 404."""
    assert api.get(template.format(**address(limits, **change))).status_code in (400, 404)


def test_req_core_tc_error_no_content(api: httpx.Client, template: str) -> None:
    """/req/core/tc-error, /rec/core/tc-emptytile: a tile within the matrix but without data is 204 or 404."""
    assert api.get(template.format(tileMatrix=12, tileRow=0, tileCol=0)).status_code in (204, 404)


def test_req_tileset_description(tileset: dict[str, Any]) -> None:
    """/req/tileset/description: dataType, crs, tileMatrixSetURI or a tiling-scheme link, and a templated item link."""
    assert tileset["dataType"] == "vector"
    assert tileset["crs"]
    assert tileset["tileMatrixSetURI"].endswith(TMS)
    item = link(tileset["links"], "item")
    assert item["templated"] is True
    assert all(name in item["href"] for name in ("{tileMatrix}", "{tileRow}", "{tileCol}"))
    assert [layer["id"] for layer in tileset["layers"]] == ["cells"]


def test_req_tileset_tilematrixset(api: httpx.Client, tileset: dict[str, Any]) -> None:
    """/req/tileset/tms-definition: the tiling-scheme link leads to the definition of the tile matrix set."""
    definition = api.get(path(link(tileset["links"], TILING_SCHEME)["href"])).json()
    assert definition["id"] == TMS
    zooms = {matrix["id"] for matrix in definition["tileMatrices"]}
    assert zooms >= {limit["tileMatrix"] for limit in tileset["tileMatrixSetLimits"]}


def test_req_tileset_limits(api: httpx.Client, template: str, tileset: dict[str, Any]) -> None:
    """TMS 2.0 /req/tilematrixsetlimits: no tile outside the limits has content, within every zoom some tile has."""
    for limit in tileset["tileMatrixSetLimits"][:8]:
        rows, cols = (range(limit[f"min{axis}"], limit[f"max{axis}"] + 1) for axis in ("TileRow", "TileCol"))
        if len(rows) * len(cols) <= 16:
            answers = {api.get(template.format(tileMatrix=limit["tileMatrix"], tileRow=row, tileCol=col)).status_code
                       for row in rows for col in cols}
            assert 200 in answers
        outside = template.format(tileMatrix=limit["tileMatrix"], tileRow=limit["maxTileRow"] + 2, tileCol=limit["minTileCol"])
        assert api.get(outside).status_code in (204, 404)


def test_req_tilesets_list(api: httpx.Client) -> None:
    """/req/tilesets-list/tileset-links: every listed tileset has a self link, a dataType and a crs."""
    for listed in ("/api/collections/cells/tiles", "/api/map/tiles", "/api/collections/cells/map/tiles"):
        tilesets = api.get(listed).json()["tilesets"]
        assert tilesets
        for one in tilesets:
            assert {"dataType", "crs", "links"} <= set(one)
            assert api.get(path(link(one["links"], "self")["href"])).status_code == 200


def test_req_geodata_tilesets(api: httpx.Client) -> None:
    """/req/geodata-tilesets/desc-links: every collection with tiles links to its tilesets, and they can be read."""
    linked = 0
    for collection in api.get("/api/collections").json()["collections"]:
        for entry in collection["links"]:
            if entry["rel"].endswith("tilesets-vector"):
                assert api.get(path(entry["href"])).json()["tilesets"][0]["dataType"] == "vector"
                linked += 1
    assert linked > 5


def test_req_dataset_tilesets(api: httpx.Client) -> None:
    """/req/dataset-tilesets/landingpage: the landing page links to the rendered tilesets and to the tile matrix sets."""
    links = api.get("/api").json()["links"]
    for rel, content in (("tilesets-map", "tilesets"), ("tiling-schemes", "tileMatrixSets")):
        href = next(entry["href"] for entry in links if entry["rel"].endswith(rel))
        assert api.get(path(href)).json()[content]


def test_req_mvt_and_png(api: httpx.Client, limits: dict[str, Any]) -> None:
    """/req/mvt/tc-mvt, /req/png/tc-png: the encodings that conformance names are the ones that are sent."""
    classes = api.get("/api/conformance").json()["conformsTo"]
    place = address(limits)
    for encoding, media, where in (("mvt", "application/vnd.mapbox-vector-tile", f"/api/collections/cells/tiles/{TMS}"),
                                   ("png", "image/png", f"/api/map/tiles/{TMS}")):
        assert f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{encoding}" in classes
        answer = api.get(f"{where}/{place['tileMatrix']}/{place['tileRow']}/{place['tileCol']}")
        assert answer.headers["content-type"] == media


def test_req_oas30(api: httpx.Client) -> None:
    """/req/oas30/oas-definition: the API definition is OpenAPI 3 and describes the tilesets."""
    definition = json.loads(api.get("/api/openapi.json").content)
    assert definition["openapi"].startswith("3.")
    assert any(route.endswith("/tiles") for route in definition["paths"])
