from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import shapely
from shapely.geometry import mapping

from api.app import create_app
from geo.kinds import KINDS
from geo.settings import Settings
from layers.snapshot import open_current
from tests.api.clients import LocalClient
from tests.api.conftest import FIRST
from tests.support.signing import sign

HOSTILE = "=HYPERLINK(\"http://evil.example\",\"点我\"),\n\"<script>alert(1)</script>"


def whole(settings: Settings) -> dict:  # type: ignore[type-arg]
    return mapping(shapely.box(*open_current(settings.snapshots).bounds))


def test_whole_map_has_everything(client: LocalClient, settings: Settings) -> None:
    body = client.post("/api/search", json={"polygon": whole(settings)}).json()
    city = client.get("/api/risk/areas/110000").json()
    assert body["counts"] == {name: 24 for name in KINDS if name not in ("area", "background")}
    assert body["pll"] == pytest.approx(city["pll"], rel=1e-3)
    assert body["people"]["residents"] == pytest.approx(city["residents"], rel=1e-3)
    assert sum(theme["share"] for theme in body["themes"]) == pytest.approx(1)
    assert sum(level["people"] for level in body["levels"].values()) == pytest.approx(body["people"]["residents"], rel=1e-6)
    assert body["density"] == pytest.approx(body["pll"] / body["area_km2"])
    assert len(body["features"]["features"]) == 240
    assert body["truncated"] is False


def test_most_hazardous_first(client: LocalClient, settings: Settings) -> None:
    features = client.post("/api/search", json={"polygon": whole(settings)}).json()["features"]["features"]
    pll = [-1.0 if (value := feature["properties"].get("pll")) is None else value for feature in features]
    assert pll == sorted(pll, reverse=True)
    assert pll[0] > 0 > pll[-1]


def test_a_list_is_cut_and_says_so(client: LocalClient, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.routes import search

    monkeypatch.setattr(search, "LISTED", 10)
    body = client.post("/api/search", json={"polygon": whole(settings)}).json()
    assert len(body["features"]["features"]) == 10
    assert body["truncated"] is True
    download = client.post("/api/search", json={"polygon": whole(settings), "format": "geojson"}).json()
    assert len(download["features"]) == 240


def test_a_street_of_its_own_polygon(client: LocalClient, settings: Settings) -> None:
    code = "110101002000"
    polygon = mapping(open_current(settings.snapshots).area_shape(code))
    body = client.post("/api/search", json={"polygon": polygon, "kinds": ["venue", "pipeline"]}).json()
    street = client.get(f"/api/risk/areas/{code}").json()
    assert set(body["counts"]) == {"venue", "pipeline"}
    assert body["counts"]["venue"] == 6
    assert body["area_km2"] == pytest.approx(street["area_km2"], rel=1e-3)
    assert body["pll"] == pytest.approx(street["pll"], rel=1e-3)


def test_nothing_in_the_sea(client: LocalClient) -> None:
    body = client.post("/api/search", json={"polygon": mapping(shapely.box(120, 30, 120.1, 30.1))}).json()
    assert body["pll"] == 0
    assert set(body["counts"].values()) == {0}
    assert body["themes"] == []


def test_geojson_download_is_a_file_that_says_synthetic(client: LocalClient, settings: Settings) -> None:
    answer = client.post("/api/search", json={"polygon": whole(settings), "kinds": ["venue"], "format": "geojson"})
    assert answer.headers["content-type"] == "application/geo+json"
    assert "attachment" in answer.headers["content-disposition"]
    body = answer.json()
    assert body["synthetic"] is True
    assert {feature["id"] for feature in body["features"]} == {f"venue-{number:03d}" for number in range(24)}


def rows(answer) -> list[dict[str, str]]:  # type: ignore[no-untyped-def]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_csv_of_one_kind_has_all_its_fields(client: LocalClient, settings: Settings) -> None:
    found = rows(client.post("/api/search", json={"polygon": whole(settings), "kinds": ["venue"], "format": "csv"}))
    assert len(found) == 24
    assert set(found[0]) >= {field.name for field in KINDS["venue"].all_fields} | {"lon", "lat", "risk_pll"}
    assert 116 < float(found[0]["lon"]) < 117


def test_empty_csv_has_its_header(client: LocalClient) -> None:
    answer = client.post("/api/search", json={"polygon": mapping(shapely.box(120, 30, 120.1, 30.1)), "format": "csv"})
    assert answer.content.decode("utf-8-sig").startswith("kind,id,name")
    assert rows(answer) == []


@pytest.fixture
def hostile(settings: Settings) -> Settings:
    """A venue whose name is a formula, a line break and a script."""
    path: Path = settings.snapshots / "current" / "features" / "venue.parquet"
    table = pq.read_table(path)
    names = [HOSTILE, *table["name"].to_pylist()[1:]]
    place = table.schema.get_field_index("name")
    pq.write_table(table.set_column(place, table.schema.field("name"), [names]), path)
    sign(settings.snapshots / FIRST)
    return settings


def test_hostile_names_stay_text(hostile: Settings) -> None:
    local = LocalClient(create_app(hostile))
    for kinds in (["venue"], ["venue", "equipment"]):
        found = rows(local.post("/api/search", json={"polygon": whole(hostile), "kinds": kinds, "format": "csv"}))
        assert len(found) == 24 * len(kinds)
        assert "'" + HOSTILE in [row["name"] for row in found]
    body = local.post("/api/search", json={"polygon": whole(hostile), "kinds": ["venue"], "format": "geojson"})
    assert HOSTILE in [feature["properties"]["name"] for feature in body.json()["features"]]
    assert body.headers["x-content-type-options"] == "nosniff"
    for path in ("/api/collections/venue/items?f=html", "/api/collections/venue/items?f=html&sortby=-name"):
        page = local.get(path)
        assert "<script" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text
        assert "script-src" not in page.headers["content-security-policy"]
    local.close()
