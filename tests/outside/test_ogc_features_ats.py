"""The abstract tests of OGC API – Features (17-069r4 Annex A, 18-058r1 Annex A), each named by its id.

They ask what the conformance suite ``ets-ogcapi-features10`` asks, of every collection; ``tools/ogc_suite.py`` runs that
suite itself where Java and its jar are at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from shapely.geometry import shape

from tests.api.clients import LocalClient

ROOT = "/api"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
PART_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
GEOJSON = "application/geo+json"


@pytest.fixture
def collections(client: LocalClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{ROOT}/collections").json()["collections"]
    return found


def linked(links: list[dict[str, str]], rel: str, media: str | None = None) -> dict[str, str]:
    return next(link for link in links if link["rel"] == rel and (media is None or link["type"] == media))


def items(client: LocalClient, collection: dict[str, Any], **parameters: object) -> dict[str, Any]:
    answer = client.get(f"{ROOT}/collections/{collection['id']}/items", params=parameters, headers={"accept": GEOJSON})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == GEOJSON
    body: dict[str, Any] = answer.json()
    return body


def check_response(client: LocalClient, body: dict[str, Any], *, all_pages: bool = False) -> None:
    """/ats/core/fc-response with fc-links, fc-timeStamp, fc-numberMatched, fc-numberReturned."""
    assert body["type"] == "FeatureCollection"
    assert isinstance(body["features"], list)
    relations = {link["rel"] for link in body["links"]}
    assert "self" in relations
    assert "alternate" in relations
    for link in body["links"]:
        assert link["rel"]
        assert link["type"]
    assert body["numberReturned"] == len(body["features"])
    if all_pages:
        count, page = body["numberReturned"], body
        while (following := [link for link in page["links"] if link["rel"] == "next"]):
            page = client.get(following[0]["href"]).json()
            count += page["numberReturned"]
        assert count == body["numberMatched"]


def check_crs84(body: dict[str, Any]) -> None:
    """/ats/core/crs84: every coordinate is longitude and latitude of this part of the world."""
    for feature in body["features"]:
        west, south, east, north = shape(feature["geometry"]).bounds
        assert 116 <= west <= east <= 117
        assert 39 <= south <= north <= 41


# ---------------------------------------------------------------------- Part 1: Core

def test_ats_core_http(client: LocalClient) -> None:
    assert client.get(ROOT).http_version.startswith("HTTP/1.1")
    assert client.request("HEAD", ROOT).status_code == 200


def test_ats_core_root_op_and_root_success(client: LocalClient) -> None:
    answer = client.get(ROOT)
    assert answer.status_code == 200
    links = answer.json()["links"]
    for relation in ("service-desc", "conformance", "data"):
        assert client.get(linked(links, relation)["href"]).status_code == 200
    assert {link["rel"] for link in links} & {"service-doc", "service-desc"}


def test_ats_core_api_definition_op_and_api_definition_success(client: LocalClient) -> None:
    described = linked(client.get(ROOT).json()["links"], "service-desc")
    answer = client.get(described["href"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == described["type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    assert re.fullmatch(r"3\.0\.\d", document["openapi"])
    assert document["servers"] == [{"url": "http://map.test"}]
    for path in (ROOT, f"{ROOT}/conformance", f"{ROOT}/collections", f"{ROOT}/collections/{{collectionId}}",
                 f"{ROOT}/collections/{{collectionId}}/items", f"{ROOT}/collections/{{collectionId}}/items/{{featureId}}"):
        assert "get" in document["paths"][path]


def test_ats_core_conformance_op_and_conformance_success(client: LocalClient) -> None:
    classes = client.get(f"{ROOT}/conformance").json()["conformsTo"]
    assert {f"{PART_1}/{name}" for name in ("core", "oas30", "html", "geojson")} <= set(classes)
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in classes
    assert len(set(classes)) == len(classes)


def test_ats_core_fc_md_op_and_fc_md_success(client: LocalClient) -> None:
    body = client.get(f"{ROOT}/collections").json()
    relations = {link["rel"] for link in body["links"]}
    assert {"self", "alternate"} <= relations
    assert all(link["type"] for link in body["links"])
    for collection in body["collections"]:
        for link in collection["links"]:
            assert link["rel"]
            assert link["type"]
        assert linked(collection["links"], "items", GEOJSON)["href"].startswith("http://map.test/api/collections/")
        assert linked(collection["links"], "items", "text/html")
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        assert -180 <= west <= east <= 180
        assert -90 <= south <= north <= 90
        assert collection["extent"]["spatial"]["crs"] == CRS84
        for interval in collection["extent"].get("temporal", {}).get("interval", []):
            assert len(interval) == 2
            assert all(end is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", end) for end in interval)


def test_ats_core_sfc_md_op_and_sfc_md_success(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        assert client.get(f"{ROOT}/collections/{collection['id']}").json() == collection


def test_ats_core_fc_op_and_fc_response(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        body = items(client, collection)
        check_response(client, body, all_pages=collection["itemCount"] < 1000)
        check_crs84(body)


def parameter(client: LocalClient, name: str) -> dict[str, Any]:
    document = client.get(f"{ROOT}/openapi.json").json()
    listed = document["paths"][f"{ROOT}/collections/{{collectionId}}/items"]["get"]["parameters"]
    found: dict[str, Any] = next(entry for entry in listed if entry["name"] == name)
    assert found["in"] == "query"
    assert found.get("required", False) is False
    assert found["style"] == "form"
    assert found["explode"] is False
    return found


def test_ats_core_fc_bbox_definition(client: LocalClient) -> None:
    schema = parameter(client, "bbox")["schema"]
    assert schema["type"] == "array"
    assert schema["items"]["type"] == "number"
    assert (schema["minItems"], schema["maxItems"]) == (4, 6)


def test_ats_core_fc_bbox_response(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        middle = (west + east) / 2
        for box in ((west, south, east, north), (west, south, middle, north), (middle, south, east, north), (-10, 10, -9, 11)):
            body = items(client, collection, bbox=",".join(map(str, box)), limit=1000)
            check_response(client, body)
            assert all(shape(feature["geometry"]).intersects(shapely.box(*box)) for feature in body["features"])
        high = items(client, collection, bbox=f"{west},{south},-100,{east},{north},9000", limit=1)
        assert high["numberMatched"] == collection["itemCount"]


@pytest.mark.parametrize("box", ["1,2,3", "1,2,3,4,5", "1,2,3,4,5,6,7", "a,b,c,d", "", "1,50,2,40", "1,2,3,NaN", "181,0,182,1",
                                 "0,-91,1,0"])
def test_ats_core_query_param_invalid(client: LocalClient, box: str) -> None:
    assert client.get(f"{ROOT}/collections/venue/items", params={"bbox": box}).status_code == 400


def test_ats_core_query_param_invalid_others(client: LocalClient) -> None:
    for query in ("limit=0", "limit=-1", "limit=x", "datetime=x", "datetime=2026-05-01/2026-04-01", "crs=x", "bbox-crs=x",
                  "offset=-1"):
        assert client.get(f"{ROOT}/collections/venue/items?{query}").status_code == 400, query


def test_ats_core_query_param_unknown(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    paths = [ROOT, f"{ROOT}/conformance", f"{ROOT}/collections"]
    for collection in collections:
        paths += [f"{ROOT}/collections/{collection['id']}", f"{ROOT}/collections/{collection['id']}/items"]
    for path in paths:
        assert client.get(f"{path}?unknownQueryParameter=1").status_code == 400, path


def test_ats_core_fc_limit_definition(client: LocalClient) -> None:
    schema = parameter(client, "limit")["schema"]
    assert schema["type"] == "integer"
    assert (schema["minimum"], schema["maximum"], schema["default"]) == (1, 10_000, 100)


def test_ats_core_fc_limit_response(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        for limit in (1, 7, 100):
            body = items(client, collection, limit=limit)
            check_response(client, body)
            assert len(body["features"]) == min(limit, collection["itemCount"])
        assert len(items(client, collection, limit=10**9)["features"]) == min(collection["itemCount"],
                                                                              10_000), "too large is no error"


def test_ats_core_fc_time_definition(client: LocalClient) -> None:
    assert parameter(client, "datetime")["schema"]["type"] == "string"


@pytest.mark.parametrize(("span", "everything"), [
    ("2020-01-01T00:00:00Z", True), ("2019-12-31T23:59:59Z", False), ("2020-01-01", True), ("2019-01-01/2019-12-31", False),
    ("2019-06-01/P7M", True), ("2019-06-01/P2D", False), ("../2019-12-31", False), ("/2019-12-31", False),
    ("2020-01-01/..", True),
    ("2020-01-01T08:00:00+08:00", True), ("2020-01-01T07:59:59+08:00", False), ("../..", True), ("P1Y/2020-06-01", True),
    ("2019-12-31T23:59:59Z/PT1S", True), ("2019-12-31T23:59:58Z/PT1S", False),
])
def test_ats_core_fc_time_response(client: LocalClient, span: str, everything: bool) -> None:
    body = items(client, {"id": "venue"}, datetime=span)
    check_response(client, body)
    assert body["numberMatched"] == (24 if everything else 0)
    assert items(client, {"id": "cells"}, datetime=span, limit=1)["numberMatched"] > 1000, "what has no time is always there"


def test_ats_core_f_op_and_f_success_and_f_links(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        for feature in items(client, collection, limit=2)["features"]:
            answer = client.get(f"{ROOT}/collections/{collection['id']}/items/{feature['id']}", headers={"accept": GEOJSON})
            assert answer.status_code == 200
            assert answer.headers["content-type"] == GEOJSON
            body = answer.json()
            assert {name: body[name] for name in ("type", "id", "geometry", "properties")} == feature
            assert {"self", "alternate", "collection"} <= {link["rel"] for link in body["links"]}
            assert client.get(linked(body["links"], "collection")["href"]).json()["id"] == collection["id"]


# ---------------------------------------------------------------------- Part 1: GeoJSON, HTML, OpenAPI

def test_ats_geojson_definition_and_content(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        for feature in items(client, collection, limit=50)["features"]:
            assert feature["type"] == "Feature"
            assert isinstance(feature["properties"], dict)
            geometry = shape(feature["geometry"])
            assert geometry.is_valid
            rings = [geometry] if geometry.geom_type == "Polygon" else getattr(geometry, "geoms", [])
            assert all(part.exterior.is_ring for part in rings if part.geom_type == "Polygon")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.hrefs += [value or "" for name, value in attrs if name == "href" and tag == "a"]


def test_ats_html_definition_and_content(client: LocalClient) -> None:
    for path in ("", "/conformance", "/collections", "/collections/venue", "/collections/venue/items",
                 "/collections/venue/items/venue-003",
                 "/collections/cells/items", "/collections/venue/queryables", "/collections/venue/schema"):
        answer = client.get(ROOT + path, headers={"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
        assert answer.headers["content-type"].startswith("text/html")
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        page = _Page()
        page.feed(answer.text)
        assert "h1" in page.tags
        assert "script" not in page.tags
        assert page.hrefs
    items_page = client.get(f"{ROOT}/collections/venue/items?f=html").text
    assert all(f"venue-{number:03d}" in items_page for number in range(24))


def test_ats_oas30_completeness_and_exceptions_codes(client: LocalClient) -> None:
    document = client.get(f"{ROOT}/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in ("get", "post")
            assert "200" in operation["responses"], path
            assert "application/problem+json" in operation["responses"]["default"]["content"], path
            for entry in operation.get("parameters", []):
                assert "schema" in entry
    assert not re.search(r'"type": ?"null"|"const"|"prefixItems"', client.get(f"{ROOT}/openapi.json").text), "words of 3.1"


# ---------------------------------------------------------------------- Part 2: CRS

def systems_of(collection: dict[str, Any]) -> Iterator[str]:
    yield from collection["crs"]


def test_ats_crs_fc_md_crs_list_and_crs_uri(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        assert CRS84 in collection["crs"]
        for uri in systems_of(collection):
            assert re.fullmatch(r"http://www\.opengis\.net/def/crs/(OGC/1\.3/CRS84|EPSG/0/\d+)", uri)
    assert set(client.get(f"{ROOT}/collections").json()["crs"]) == set(collections[0]["crs"])


def test_ats_crs_fc_md_storage_crs_valid_value(collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        assert collection["storageCrs"] in collection["crs"]


def test_ats_crs_fc_bbox_crs_definition_and_crs_definition(client: LocalClient) -> None:
    for name in ("bbox-crs", "crs"):
        assert parameter(client, name)["schema"]["type"] == "string"


def own_order(uri: str, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Coordinates in the axis order of the authority, by PROJ."""
    if uri == CRS84:
        return np.column_stack([lon, lat])
    code = int(uri.rpartition("/")[2])
    source = 4326 if code in (4326, 3857) else 4490
    return np.column_stack(pyproj.Transformer.from_crs(source, code).transform(lat, lon))


def test_ats_crs_crs_action_and_ogc_crs_header(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        plain = items(client, collection, limit=5)["features"]
        for uri in systems_of(collection):
            answer = client.get(f"{ROOT}/collections/{collection['id']}/items", params={"crs": uri, "limit": 5})
            assert answer.headers["content-crs"] == f"<{uri}>"
            for one, other in zip(plain, answer.json()["features"], strict=True):
                lon, lat = shapely.get_coordinates(shape(one["geometry"])).T
                found = shapely.get_coordinates(shape(other["geometry"]))
                assert np.abs(found - own_order(uri, lon, lat)).max() < 0.02
                single = client.get(f"{ROOT}/collections/{collection['id']}/items/{one['id']}", params={"crs": uri})
                assert single.headers["content-crs"] == f"<{uri}>"
                assert single.json()["geometry"] == other["geometry"]


def test_ats_crs_default_value(client: LocalClient) -> None:
    answer = client.get(f"{ROOT}/collections/venue/items")
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    assert client.get(f"{ROOT}/collections/venue/items", params={"crs": CRS84}).json()["features"] == answer.json()["features"]


def test_ats_crs_crs_valid_value_and_bbox_crs_valid_value(client: LocalClient) -> None:
    for name in ("crs", "bbox-crs"):
        for uri in ("http://www.opengis.net/def/crs/EPSG/0/2193", "http://www.opengis.net/def/crs/0/unknown/crs", "x"):
            answer = client.get(f"{ROOT}/collections/venue/items", params={name: uri, "bbox": "1,2,3,4"})
            assert answer.status_code == 400
            assert name in answer.json()["detail"]


def test_ats_crs_bbox_crs_action(client: LocalClient) -> None:
    west, south, east, north = client.get(f"{ROOT}/collections/venue").json()["extent"]["spatial"]["bbox"][0]
    box = (west, south, (west + east) / 2, (south + north) / 2)
    for uri in client.get(f"{ROOT}/collections/venue").json()["crs"]:
        corners = own_order(uri, np.array([box[0], box[2]]), np.array([box[1], box[3]]))
        bbox = ",".join(repr(float(value)) for value in [*corners.min(axis=0), *corners.max(axis=0)])
        found = {feature["id"] for feature in items(client, {"id": "venue"}, bbox=bbox, **{"bbox-crs": uri})["features"]}
        if uri.endswith(("CRS84", "4326", "4490", "3857")):
            expected = {feature["id"] for feature in items(client, {"id": "venue"}, bbox=",".join(map(str, box)))["features"]}
            assert found == expected
        else:
            assert 0 < len(found) < 24


# ---------------------------------------------------------------------- Part 3: filtering; Part 5: schemas

def test_ats_queryables_definition_and_response(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        link = linked(collection["links"], "http://www.opengis.net/def/rel/ogc/1.0/queryables")
        answer = client.get(link["href"])
        assert answer.headers["content-type"] == "application/schema+json"
        body = answer.json()
        assert body["type"] == "object"
        assert body["$schema"] in ("https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema")
        assert body["$id"].endswith(f"/collections/{collection['id']}/queryables")
        assert body["properties"]["geometry"]["x-ogc-role"] == "primary-geometry"


def test_ats_queryables_query_parameters_and_filter(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        features = items(client, collection, limit=40)["features"]
        known = client.get(f"{ROOT}/collections/{collection['id']}/queryables").json()["properties"]
        for name, schema in known.items():
            values = [feature["properties"].get(name) for feature in features]
            value = next((value for value in values if value is not None), None)
            if value is None or schema.get("type") not in ("string", "integer", "boolean"):
                continue
            written = str(value).lower() if isinstance(value, bool) else str(value)
            quoted = f"DATE('{value}')" if schema.get("format") == "date" else f"'{value}'" if isinstance(value, str) else written
            by_filter = items(client, collection, filter=f'"{name}" = {quoted}', limit=1)["numberMatched"]
            assert by_filter >= values.count(value)
            own = {"limit", "offset", "crs", "bbox", "datetime", "filter", "properties", "sortby", "f", "bom", "cursor"}
            if name not in own:
                assert items(client, collection, **{name: written})["numberMatched"] == by_filter


@pytest.mark.parametrize("lang", ["cql2-text", "cql2-json"])
def test_ats_filter_lang_and_filter_crs(client: LocalClient, lang: str) -> None:
    text = "S_INTERSECTS(geometry, BBOX(39.92, 116.40, 41, 117))"
    tree = '{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[39.92,116.40,41,117]}]}'
    swapped = {"filter": text if lang == "cql2-text" else tree, "filter-lang": lang, "filter-crs": "http://www.opengis.net/def/crs/EPSG/0/4326"}
    found = items(client, {"id": "venue"}, **swapped)
    assert found["numberMatched"] == items(client, {"id": "venue"}, bbox="116.40,39.92,117,41")["numberMatched"] > 0
    assert client.get(f"{ROOT}/collections/venue/items", params=swapped | {"filter-lang": "sql"}).status_code == 400
    assert client.get(f"{ROOT}/collections/venue/items", params=swapped | {"filter-crs": "x"}).status_code == 400


def test_ats_schemas_returnables(client: LocalClient, collections: list[dict[str, Any]]) -> None:
    for collection in collections:
        body = client.get(linked(collection["links"], "http://www.opengis.net/def/rel/ogc/1.0/schema")["href"]).json()
        for feature in items(client, collection, limit=3)["features"]:
            assert set(feature["properties"]) | {"geometry"} == set(body["properties"])


def test_ats_sortables_and_sorting(client: LocalClient) -> None:
    known = client.get(f"{ROOT}/collections/venue/sortables").json()["properties"]
    assert "pll" in known
    assert "geometry" not in known
    pll = [feature["properties"]["pll"] for feature in items(client, {"id": "venue"}, sortby="-pll")["features"]]
    assert pll == sorted(pll, reverse=True)
    again = [feature["properties"]["pll"] for feature in items(client, {"id": "venue"}, sortby="+pll")["features"]]
    assert again == sorted(pll)
    assert client.get(f"{ROOT}/collections/venue/items?sortby=colour").status_code == 400


def test_functions_are_listed_and_work(client: LocalClient) -> None:
    listed = {entry["name"] for entry in client.get(f"{ROOT}/functions").json()["functions"]}
    assert {"casei", "accenti", "abs", "upper"} <= listed
    assert items(client, {"id": "venue"}, filter="length(upper(name)) > abs(-3)")["numberMatched"] == 24


def test_property_selection(client: LocalClient) -> None:
    body = items(client, {"id": "venue"}, properties="name,pll", limit=1)
    assert set(body["features"][0]["properties"]) == {"name", "pll"}
    assert body["features"][0]["geometry"]
    assert client.get(f"{ROOT}/collections/venue/items?properties=colour").status_code == 400
