from __future__ import annotations

import gzip

import mapbox_vector_tile
import numpy as np
import pytest
from rasterio.io import MemoryFile

from api.routes.tilesets import CONFORMS
from geo.settings import Settings
from layers.mercator import mercator
from layers.palette import palette
from layers.snapshot import open_current
from layers.style import STYLES, THEMES
from tests.api.clients import LocalClient
from tests.api.conftest import FIRST

Z = 12


def place(settings: Settings) -> tuple[int, int]:
    west, south, east, north = open_current(settings.snapshots).bounds
    x, y = mercator(np.array([(west + east) / 2]), np.array([(south + north) / 2]), Z)
    return int(x[0]), int(y[0])


def test_ogc_path_and_run_path_give_the_same_vector_tile(client: LocalClient, settings: Settings) -> None:
    x, y = place(settings)
    ogc = client.get(f"/api/collections/cells/tiles/WebMercatorQuad/{Z}/{y}/{x}", headers={"accept-encoding": "gzip"})
    run = client.get(f"/api/map/tiles/{FIRST}/cells/{Z}/{x}/{y}.mvt", headers={"accept-encoding": "gzip"})
    assert ogc.status_code == run.status_code == 200
    assert ogc.headers["content-type"] == run.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert ogc.headers["content-encoding"] == "gzip"
    assert ogc.content == run.content
    assert "immutable" in run.headers["cache-control"]
    assert ogc.headers["cache-control"] == "no-cache"
    assert client.get(f"/api/collections/cells/tiles/WebMercatorQuad/{Z}/{y}/{x}?f=mvt").status_code == 200


def test_a_client_without_gzip_gets_the_tile_unpacked(client: LocalClient, settings: Settings) -> None:
    x, y = place(settings)
    path = f"/api/collections/venue/tiles/WebMercatorQuad/{Z}/{y}/{x}"
    packed = client.get(path, headers={"accept-encoding": "gzip"})
    plain = client.get(path, headers={"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    raw = packed.content if not packed.content.startswith(b"\x1f\x8b") else gzip.decompress(packed.content)
    assert mapbox_vector_tile.decode(plain.content)["venue"]["features"]
    assert plain.content == raw
    assert plain.headers["etag"] != packed.headers["etag"]
    assert "accept-encoding" in plain.headers["vary"]


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # a tile knows its place by its address
def test_every_theme_in_both_colour_styles(client: LocalClient, settings: Settings) -> None:
    x, y = place(settings)
    for theme in ("all", *(code for code, _ in THEMES)):
        pixels = {}
        for style in STYLES:
            answer = client.get(f"/api/map/tiles/{FIRST}/{theme}/{style}/{Z}/{x}/{y}.png")
            assert answer.status_code == 200, theme
            with MemoryFile(answer.content) as memory, memory.open(driver="PNG") as image:
                pixels[style] = image.read(1)
                assert tuple(image.colormap(1)[1]) == palette(style)[1]
        first, second = pixels.values()
        assert np.array_equal(first, second)


def test_ogc_rendered_tile_is_the_one_of_the_run(client: LocalClient, settings: Settings) -> None:
    x, y = place(settings)
    expected = client.get(f"/api/map/tiles/{FIRST}/{Z}/{x}/{y}.png").content
    for path in (f"/api/map/tiles/WebMercatorQuad/{Z}/{y}/{x}", f"/api/collections/cells/map/tiles/WebMercatorQuad/{Z}/{y}/{x}"):
        assert client.get(path).content == expected


@pytest.mark.parametrize("path", [
    "/api/collections/nothing/tiles/WebMercatorQuad/5/12/26", "/api/collections/cells/tiles/WebMercatorQuad/5/12/32",
    "/api/collections/cells/tiles/WebMercatorQuad/99/0/0", "/api/map/tiles/current/nothing/standard/5/26/12.png",
    "/api/map/tiles/current/all/nothing/5/26/12.png", "/api/collections/cells/tiles/Other", "/api/tileMatrixSets/Other",
    "/api/styles/nothing", "/api/collections/nothing/tiles",
])
def test_what_is_not_there_is_a_problem(client: LocalClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_parameter_is_an_error(client: LocalClient) -> None:
    assert client.get("/api/collections/cells/tiles/WebMercatorQuad/5/12/26?f=png").status_code == 400
    assert client.get("/api/collections/cells/tiles?x=1").status_code == 400


def test_a_place_without_anything_is_204(client: LocalClient) -> None:
    assert client.get("/api/collections/cells/tiles/WebMercatorQuad/5/0/0").status_code == 204
    assert client.get("/api/collections/cells/tiles/WebMercatorQuad/0/0/0").status_code == 204


def test_metadata_leads_to_tiles(client: LocalClient, settings: Settings) -> None:
    """From the list of tilesets to a tile, by links alone."""
    x, y = place(settings)
    listed = client.get("/api/collections/cells/tiles").json()["tilesets"][0]
    own = next(link["href"] for link in listed["links"] if link["rel"] == "self")
    tileset = client.get(own.split("//", 1)[1].split("/", 1)[1].join(("/", ""))).json()
    assert tileset["dataType"] == "vector"
    assert {limit["tileMatrix"] for limit in tileset["tileMatrixSetLimits"]} >= {"5", "12"}
    limit = next(limit for limit in tileset["tileMatrixSetLimits"] if limit["tileMatrix"] == str(Z))
    assert limit["minTileCol"] <= x <= limit["maxTileCol"]
    assert limit["minTileRow"] <= y <= limit["maxTileRow"]
    item = next(link for link in tileset["links"] if link["rel"] == "item")
    assert item["templated"] is True
    path = item["href"].split("/api/", 1)[1].format(tileMatrix=Z, tileRow=y, tileCol=x)
    assert client.get(f"/api/{path}").status_code == 200


def test_tilejson_and_style_name_the_run(client: LocalClient, settings: Settings) -> None:
    x, y = place(settings)
    told = client.get("/api/collections/enterprise/tiles/WebMercatorQuad/tilejson.json").json()
    assert told["tilejson"] == "3.0.0"
    assert f"/{FIRST}/" in told["tiles"][0]
    path = told["tiles"][0].split("/api/", 1)[1].format(z=Z, x=x, y=y)
    assert client.get(f"/api/{path}").status_code in (200, 204)
    for style in STYLES:
        answer = client.get(f"/api/styles/{style}")
        assert answer.headers["content-type"].startswith("application/vnd.mapbox.style+json")
        sources = answer.json()["sources"]
        assert {layer["source"] for layer in answer.json()["layers"]} == set(sources)
        assert all(f"/{FIRST}/" in source["tiles"][0] for source in sources.values())


def test_matrix_set_is_the_registered_one(client: LocalClient) -> None:
    """OGC 17-083r4, annex D.1: WebMercatorQuad, zoom 0 has scale 1 : 559 082 264.0287178 and one tile of 256 pixels."""
    first = client.get("/api/tileMatrixSets/WebMercatorQuad").json()["tileMatrices"][0]
    assert first["scaleDenominator"] == pytest.approx(559082264.0287178)
    assert (first["tileWidth"], first["matrixWidth"], first["id"]) == (256, 1, "0")


def test_conformance_classes_are_named_once() -> None:
    assert len(CONFORMS) == len(set(CONFORMS))
