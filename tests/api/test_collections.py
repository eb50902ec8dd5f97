from __future__ import annotations

import pytest
import shapely
from shapely.geometry import shape

from geo.kinds import KINDS
from tests.api.clients import LocalClient


def test_landing_page_leads_everywhere(client: LocalClient) -> None:
    links = client.get("/api").json()["links"]
    assert {link["rel"] for link in links} >= {"self", "conformance", "data", "service-doc", "service-desc"}
    for link in links:
        assert client.get(link["href"]).status_code == 200, link
    assert client.get("/api/conformance").json()["conformsTo"]


def test_every_collection_is_described_and_readable(client: LocalClient) -> None:
    found = client.get("/api/collections").json()["collections"]
    areas = {"areas", "areas-street", "areas-district", "areas-city"}
    assert {entry["id"] for entry in found} == {*areas, "cells", "sources", "warnings", *KINDS}
    for entry in found:
        assert client.get(f"/api/collections/{entry['id']}").json() == entry
        assert entry["extent"]["spatial"]["bbox"][0][0] < entry["extent"]["spatial"]["bbox"][0][2]
        answer = client.get(f"/api/collections/{entry['id']}/items?limit=2")
        assert answer.headers["content-type"] == "application/geo+json"
        body = answer.json()
        assert body["numberMatched"] == entry["itemCount"]
        assert body["numberReturned"] == len(body["features"]) == min(2, entry["itemCount"])


def test_pages_follow_each_other_without_gap_or_repeat(client: LocalClient) -> None:
    seen: list[str] = []
    path: str | None = "/api/collections/venue/items?limit=7&datetime=2026-01-01"
    while path:
        body = client.get(path).json()
        seen += [feature["id"] for feature in body["features"]]
        path = next((link["href"] for link in body["links"] if link["rel"] == "next"), None)
    assert len(seen) == len(set(seen)) == body["numberMatched"] == 24


def test_offset_beyond_the_end_is_empty(client: LocalClient) -> None:
    body = client.get("/api/collections/venue/items?offset=1000").json()
    assert body["features"] == []
    assert body["numberMatched"] == 24


@pytest.mark.parametrize("name", ["venue", "pipeline", "areas"])
def test_box_gives_exactly_what_meets_it(client: LocalClient, name: str) -> None:
    everything = client.get(f"/api/collections/{name}/items?limit=1000").json()["features"]
    corners = shapely.total_bounds([shape(feature["geometry"]) for feature in everything])
    box = (corners[0], corners[1], (corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2)
    body = client.get(f"/api/collections/{name}/items?limit=1000&bbox={','.join(map(str, box))}").json()
    expected = {feature["id"] for feature in everything if shape(feature["geometry"]).intersects(shapely.box(*box))}
    assert {feature["id"] for feature in body["features"]} == expected
    assert 0 < len(expected) < len(everything)


def test_areas_by_level(client: LocalClient) -> None:
    body = client.get("/api/collections/areas/items?level=district").json()
    assert {feature["properties"]["name"] for feature in body["features"]} == {"东城区", "通州区"}
    properties = body["features"][0]["properties"]
    assert properties["parent_name"] == "北京市"
    assert properties["risk_level"] in (1, 2, 3, 4)


def test_features_carry_what_the_model_knows(client: LocalClient) -> None:
    venue = client.get("/api/collections/venue/items?limit=1").json()["features"][0]["properties"]
    assert set(venue) >= {field.name for field in KINDS["venue"].all_fields}
    assert venue["kind"] == "venue"
    assert venue["risk_pll"] == venue["pll"] > 0
    assert venue["risk_level"] in (1, 2, 3, 4)
    assert venue["synthetic"] is True
    shelter = client.get("/api/collections/emergency_resource/items?limit=1").json()["features"][0]["properties"]
    assert "risk_pll" not in shelter
    unscored = client.get("/api/collections/venue/items?filter=risk_pll IS NULL").json()
    assert unscored["numberMatched"] == 0


@pytest.mark.parametrize(("span", "count"), [
    ("2019-12-31", 0), ("2020-01-01", 24), ("2026-05-01T10:00:00Z", 24), ("../2019-01-01", 0), ("2019-01-01/..", 24),
    ("2019-01-01/2020-06-01", 24),
])
def test_what_exists_at_a_time(client: LocalClient, span: str, count: int) -> None:
    assert client.get(f"/api/collections/work_site/items?datetime={span}").json()["numberMatched"] == count


def test_one_item(client: LocalClient) -> None:
    feature = client.get("/api/collections/venue/items/venue-003").json()
    assert feature["id"] == "venue-003"
    assert feature["properties"]["name"]
    assert client.get("/api/collections/areas/items/110101").json()["properties"]["name"] == "东城区"
