"""MapLibre GL, a client that others made, draws our vector tiles by our style."""

from __future__ import annotations

from pathlib import Path

import httpx
import mapbox_vector_tile
from playwright.sync_api import Browser, Route

from tests.browser.chromium import opened, shot, until

MODULES = Path(__file__).parents[2] / "node_modules" / "maplibre-gl" / "dist"

PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><link rel="stylesheet" href="/peer/maplibre-gl.css">
<style>#map { position: absolute; inset: 0; }</style></head><body><div id="map"></div><script type="module">
import * as maplibregl from "/peer/maplibre-gl.mjs";
maplibregl.setWorkerUrl("/peer/maplibre-gl-worker.mjs");
const style = await (await fetch("/api/styles/standard")).json();
window.problems = [];
window.map = new maplibregl.Map({ container: "map", style, center: [116.41, 39.915], zoom: 13, fadeDuration: 0 });
map.on("error", ({ error }) => problems.push(String(error)));
map.on("idle", () => { window.idle = true; });
</script></body></html>"""

BOUNDS = "(() => { const b = map.getBounds(); return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]; })()"

SHOW = """idle = false;
for (const id of ["venue", "venue-area", "enterprise"]) map.setLayoutProperty(id, "visibility", "visible")"""

#: JavaScript: distinct drawn features of a layer, by id.
DRAWN = "(layer) => new Set(map.queryRenderedFeatures({ layers: [layer] }).map((feature) => feature.id)).size"

#: JavaScript: distinct points of a source within a box, by id. A symbol reaches over the box, its place does not.
PLACED = """([source, box]) => new Set(map.querySourceFeatures(source, { sourceLayer: source }).filter(({ geometry }) =>
  geometry.type === "Point" && geometry.coordinates[0] >= box[0] && geometry.coordinates[0] <= box[2]
  && geometry.coordinates[1] >= box[1] && geometry.coordinates[1] <= box[3]).map(({ id }) => id)).size"""

#: Degrees by which a tile's whole units may move a point: two units at zoom 13.
UNIT = 2 * 360 / 2**13 / 4096


def files(route: Route) -> None:
    """The page and MapLibre's own files, as if they lay on the server: its policy admits no other origin."""
    name = route.request.url.rsplit("/", 1)[1]
    if name == "maplibre.html":
        route.fulfill(body=PAGE, content_type="text/html")
    else:
        media = "text/css" if name.endswith(".css") else "text/javascript"
        route.fulfill(body=(MODULES / name).read_bytes(), content_type=media)


def test_maplibre_draws_what_the_api_counts(browser: Browser, city: str, api: httpx.Client, tmp_path: Path) -> None:
    with opened(browser, city, width=900, height=700) as (page, complaints):
        page.context.route("**/peer/*", files)
        page.goto(city + "peer/maplibre.html")
        until(lambda: page.evaluate("window.idle === true"), seconds=60, describe="MapLibre to draw")
        west, south, east, north = page.evaluate(BOUNDS)
        dx, dy = (east - west) / 10, (north - south) / 10
        box = [west + dx, south + dy, east - dx, north - dy]
        page.evaluate(SHOW)
        until(lambda: page.evaluate("window.idle === true && map.areTilesLoaded()"), seconds=60, describe="features")
        shot(page, tmp_path / "maplibre.png")
        assert page.evaluate(DRAWN, "cells") > 100
        fewest, most = (
            page.evaluate(PLACED, ["enterprise", [box[0] + by, box[1] + by, box[2] - by, box[3] - by]]) for by in (UNIT, -UNIT)
        )
        query = {"bbox": ",".join(map(str, box)), "limit": 1}
        counted = api.get("api/collections/enterprise/items", params=query).json()["numberMatched"]
        assert 10 < fewest <= counted <= most <= 1.01 * fewest
        assert page.evaluate("problems") == []
        assert complaints.all() == []


def test_the_style_s_tiles_are_those_that_another_decoder_reads(api: httpx.Client) -> None:
    style = api.get("api/styles/standard").json()
    url = style["sources"]["areas-street"]["tiles"][0].format(z=10, x=843, y=388)
    layers = mapbox_vector_tile.decode(api.get(url, headers={"accept-encoding": "identity"}).content)
    assert len(layers["areas-street"]["features"]) > 50
