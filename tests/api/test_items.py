"""Pages, cursors, formats, past snapshots and exports of collections over HTTP."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import shapely

from api.cursors import Cursor, read_cursor
from api.spool import Spool
from geo.errors import BadParameter, Busy
from geo.kinds import SECTIONS
from geo.settings import Settings
from layers.formats import FORMATS
from layers.snapshot import make_current, thin
from tests.api.clients import LocalClient, wait_for
from tests.api.conftest import FIRST, SECOND

ITEMS = "/api/collections/venue/items"


def following(body: dict[str, Any]) -> str | None:
    return next((link["href"] for link in body["links"] if link["rel"] == "next"), None)


@pytest.mark.parametrize("query", ["limit=7", "limit=7&sortby=-pll", "limit=5&filter=capacity > 20&sortby=name",
                                   "limit=3&bbox=116,39,117,41",
                                   "limit=7&properties=name", "limit=4&synthetic=true", "limit=11&crs=EPSG:3857"])
def test_walks_visit_everything_once(client: LocalClient, query: str) -> None:
    body = client.get(f"{ITEMS}?{query}").json()
    whole = client.get(f"{ITEMS}?{query}&limit=1000".replace(query.split("&")[0] + "&", "").replace(query + "&", "")).json()
    walked = body["features"]
    while (path := following(body)) is not None:
        body = client.get(path).json()
        assert body["numberMatched"] == whole["numberMatched"]
        walked += body["features"]
    assert walked == whole["features"]
    assert len(walked) == whole["numberMatched"] > 0


def test_a_walk_stays_with_its_run(client: LocalClient, settings: Settings) -> None:
    first = client.get(f"{ITEMS}?limit=10&sortby=id").json()
    make_current(settings.snapshots, SECOND)
    second = client.get(following(first)).json()
    assert (first["run_id"], second["run_id"]) == (FIRST, FIRST)
    assert client.get(f"{ITEMS}?limit=10&sortby=id").json()["run_id"] == SECOND
    seen = [feature["id"] for feature in first["features"] + second["features"]]
    assert seen == [f"venue-{number:03d}" for number in range(20)]


def test_large_pages_are_the_same_once_their_text_is_kept(client: LocalClient, settings: Settings) -> None:
    path = "/api/collections/cells/items?limit=1500&offset=200"
    first = client.get(path)
    assert first.json()["numberReturned"] >= 1000
    wait_for(lambda: list(settings.cache.glob("texts/*/cells.texts")), 20, what="the file of the cells")
    for accept in ("identity", "gzip", "zstd", "br"):
        again = client.get(path, headers={"accept-encoding": accept})
        assert again.content == first.content
        assert again.headers.get("content-encoding", "identity") == accept
    for query in ("&properties=level", "&crs=EPSG:3857"):
        assert client.get(path + query).content != first.content


def test_a_cursor_is_for_its_own_question(client: LocalClient) -> None:
    path = following(client.get(f"{ITEMS}?limit=10").json())
    assert path is not None
    token = path.split("cursor=")[1]
    for query in (f"cursor={token}&filter=capacity > 1", f"cursor={token}&offset=3", f"cursor={token}&as-of=2026-01-01",
                  f"cursor={token[:-2]}aa", "cursor=%00", "cursor=" + "a" * 200, "cursor=", f"cursor={token}&sortby=name"):
        assert client.get(f"{ITEMS}?{query}").status_code == 400, query
    assert client.get(f"{ITEMS}?cursor={token}&limit=2").json()["numberReturned"] == 2
    cursor = Cursor("20260101T020000-aaaaaa", 900_000, bytes(range(12)))
    assert read_cursor(cursor.token()) == cursor
    with pytest.raises(BadParameter):
        read_cursor("x" + cursor.token())
    gone = client.get(f"{ITEMS}?cursor={Cursor('20250101T000000-dead', 10, bytes(12)).token()}")
    assert gone.status_code == 404
    assert "第一页" in gone.json()["remedy"]


def test_the_map_of_a_past_day(client: LocalClient, settings: Settings) -> None:
    make_current(settings.snapshots, SECOND)
    now = client.get("/api/risk/areas/110000").json()["pll"]
    for day in ("2026-01-01", "2026-01-01T02:00:00+08:00", "2026-01-02T01:59:59+08:00", FIRST):
        assert client.get(f"{ITEMS}?as-of={quote(day)}").json()["run_id"] == FIRST, day
        assert client.get(f"/api/risk/areas/110000?as-of={quote(day)}").json()["pll"] == pytest.approx(now / 3, rel=1e-6)
    for day in ("2026-01-02", "2030-01-01", "9999-12-31", SECOND):
        assert client.get(f"{ITEMS}?as-of={day}").json()["run_id"] == SECOND, day
    too_early = client.get(f"{ITEMS}?as-of=2025-12-31")
    assert too_early.status_code == 404
    assert "2026-01-01" in too_early.json()["remedy"]
    for nonsense in ("yesterday", "2026-13-01", "2026-01-01T00:00:00", "..%2f..%2fetc", ""):
        assert client.get(f"{ITEMS}?as-of={nonsense}").status_code == 400, nonsense
    body = client.post("/api/search?as-of=2026-01-01", json={"polygon": shapely.geometry.mapping(
        shapely.box(116, 39, 117, 41))}).json()
    assert body["run_id"] == FIRST


def test_a_place_over_time(client: LocalClient, settings: Settings) -> None:
    make_current(settings.snapshots, SECOND)
    area = client.get("/api/risk/history?area=110101001000").json()
    assert [point["run_id"] for point in area["items"]] == [FIRST, SECOND]
    assert area["items"][1]["pll"] == pytest.approx(3 * area["items"][0]["pll"], rel=1e-6)
    cell_id = client.get("/api/collections/cells/items?limit=1").json()["features"][0]["id"]
    cell = client.get(f"/api/risk/history?cell={cell_id}").json()["items"]
    assert [point["pll"] for point in cell] == pytest.approx(
        [client.get(f"/api/risk/cells/{cell_id}?as-of={run}").json()["pll"] for run in (FIRST, SECOND)])
    assert [point["run_id"] for point in client.get("/api/risk/history?area=110000&as-of=2026-01-01").json()["items"]] == [FIRST]
    for query in ("", "area=1&cell=2", "area=999", "cell=nonsense", "area=110000&limit=0"):
        assert client.get(f"/api/risk/history?{query}").status_code in (400, 404)


def test_curves_and_their_criterion(client: LocalClient) -> None:
    one = client.get("/api/risk/fn?installation=hazard_source-000").json()
    assert one["zone"] == "ALARP"
    assert {line["name"]: line["f"][0] for line in one["criterion"]} == {"fn_upper": 1e-3, "fn_lower": 1e-5}
    assert one["criterion"][0]["f"][1] == pytest.approx(1e-4), "slope −1"
    city = client.get("/api/risk/fn?area=110000").json()
    assert city["criterion"] == [], "the lines are for one installation, never for a sum"
    assert [point["n"] for point in city["points"]] == [1, 3, 10, 30]
    assert client.get("/api/risk/fn?installation=nobody").status_code == 404


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_by_name_and_by_accept(client: LocalClient, name: str) -> None:
    form = FORMATS[name]
    page = client.get(f"{ITEMS}?limit=5&f={name}")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith(form.media)
    accepted = client.get(f"{ITEMS}?limit=5", headers={"accept": f"{form.media}, */*;q=0.1"})
    assert accepted.headers["content-type"] == page.headers["content-type"]
    if name != "json":
        assert 'rel="next"' in page.headers["link"]
    export = client.get(f"/api/collections/venue/export?f={name}&filter=capacity > 10")
    assert export.status_code == 200
    assert f".{form.ending}" in export.headers["content-disposition"]
    assert len(export.content) > 500
    search = client.post("/api/search", json={"polygon": shapely.geometry.mapping(shapely.box(116, 39, 117, 41)),
                                              "kinds": ["venue"],
                                              "format": "geojson" if name == "json" else name})
    assert search.headers["content-type"].startswith(form.media)


def test_forms_that_nobody_has(client: LocalClient) -> None:
    assert client.get(ITEMS, headers={"accept": "application/pdf"}).status_code == 406
    assert client.get(f"{ITEMS}?f=pdf").status_code == 400
    assert client.get("/api", headers={"accept": "text/csv"}).status_code == 406
    assert client.get(ITEMS, headers={"accept": "application/json"}).headers["content-type"] == "application/geo+json"
    ranked = client.get(ITEMS, headers={"accept": "text/html;q=0.5, application/geo+json;q=0.9"})
    assert ranked.headers["content-type"] == "application/geo+json"


def test_csv_with_and_without_mark(client: LocalClient) -> None:
    plain = client.get(f"{ITEMS}?f=csv&limit=3&properties=name,capacity")
    assert plain.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(plain.content.decode("utf-8"), newline="")))
    assert list(rows[0]) == ["name", "capacity", "lon", "lat"]
    assert client.get(f"{ITEMS}?f=csv&limit=3&properties=name,capacity&bom=true").content == b"\xef\xbb\xbf" + plain.content
    empty = client.get("/api/collections/warnings/items?f=csv").text
    assert empty.startswith("id,name,level")
    assert empty.count("\r\n") == 1


def test_what_a_form_cannot_hold_is_refused(client: LocalClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from layers.formats import kinds

    monkeypatch.setattr(kinds, "FORMATS", {**FORMATS, "xlsx": replace(FORMATS["xlsx"], most=10)})
    answer = client.get("/api/collections/venue/export?f=xlsx")
    assert answer.status_code == 413
    assert answer.json()["rows"] == 24


def test_search_with_a_condition(client: LocalClient) -> None:
    polygon = shapely.geometry.mapping(shapely.box(116, 39, 117, 41))
    everything = client.post("/api/search", json={"polygon": polygon}).json()
    found = client.post("/api/search", json={"polygon": polygon, "filter": "risk_level = 1"}).json()
    assert 0 < found["counts"]["venue"] == everything["by_kind"]["venue"]["levels"]["1"] < 24
    assert found["counts"]["emergency_resource"] == 0, "what has no level has no level 1"
    tree = {"op": "=", "args": [{"property": "risk_level"}, 1]}
    assert client.post("/api/search", json={"polygon": polygon, "filter": tree}).json()["counts"] == found["counts"]
    for bad in ("colour = 1", "risk_level >", {"op": "sleep", "args": [1]}):
        assert client.post("/api/search", json={"polygon": polygon, "filter": bad}).status_code == 400, bad
    named = client.post("/api/search", json={"polygon": polygon, "filter": "capacity > 1", "kinds": ["venue", "pipeline"]})
    assert named.status_code == 400, "a kind that was asked for by name must have the property"
    best = everything["contributors"]
    assert [entry["pll"] for entry in best] == sorted((entry["pll"] for entry in best), reverse=True)
    assert sum(entry["share"] for entry in best) <= 1 + 1e-9
    assert best[0]["pll"] == max(feature["properties"].get("pll") or 0 for feature in everything["features"]["features"])


def test_a_polygon_the_other_way_round_the_earth_is_refused(client: LocalClient) -> None:
    ring = [[170, 10], [-170, 10], [-170, 20], [170, 20], [170, 10]]
    answer = client.post("/api/search", json={"polygon": {"type": "Polygon", "coordinates": [ring]}})
    assert answer.status_code == 400
    assert "MultiPolygon" in answer.json()["remedy"]


def test_the_whole_world_and_the_cap_of_a_pole(client: LocalClient) -> None:
    world = client.post("/api/search", json={"polygon": shapely.geometry.mapping(shapely.box(-180, -90, 180, 90)),
                                             "kinds": ["venue"]})
    assert world.json()["counts"] == {"venue": 24}
    cap = [[lon, 85] for lon in range(-180, 181, 10)] + [[180, 90], [-180, 90], [-180, 85]]
    pole = client.post("/api/search", json={"polygon": {"type": "Polygon", "coordinates": [cap]}, "kinds": ["venue"]})
    assert pole.json()["counts"] == {"venue": 0}


def test_a_polygon_in_two_parts_across_the_antimeridian_is_fine(client: LocalClient) -> None:
    parts = [shapely.box(170, 10, 180, 20), shapely.box(-180, 10, -170, 20)]
    answer = client.post("/api/search", json={"polygon": shapely.geometry.mapping(shapely.MultiPolygon(parts))})
    assert answer.status_code == 200
    assert answer.json()["counts"]["venue"] == 0


def test_hostile_filters_are_refused_quickly(client: LocalClient) -> None:
    for text in ("(" * 100_000, "NOT " * 100_000, "id IN (" + ",".join(f"'{n}'" for n in range(50_000)) + ")"):
        answer = client.post("/api/search", json=
                             {"polygon": shapely.geometry.mapping(shapely.box(116, 39, 117, 41)), "filter": text})
        assert answer.status_code == 400, text[:20]
        assert len(answer.content) < 2000
    deep = b'{"polygon":{},"filter":' + b'{"op":"not","args":[' * 20_000 + b"true" + b"]}" * 20_000 + b"}"
    assert client.post("/api/search", content=deep, headers={"content-type": "application/json"}).status_code in (400, 413, 422)


def test_answers_with_and_without_html_have_tags_of_their_own(client: LocalClient) -> None:
    page, data = (client.get(ITEMS, headers={"accept": kind}) for kind in ("text/html", "application/geo+json"))
    assert page.headers["etag"] != data.headers["etag"]
    again = client.get(ITEMS, headers={"accept": "application/geo+json", "if-none-match": data.headers["etag"]})
    assert again.status_code == 304
    wrong = client.get(ITEMS, headers={"accept": "application/geo+json", "if-none-match": page.headers["etag"]})
    assert wrong.status_code == 200


def test_a_spool_counts_and_limits(tmp_path) -> None:  # type: ignore[no-untyped-def]
    spool = Spool(tmp_path / "spool", most_bytes=1000, most_files=2)

    def write(size: int):  # type: ignore[no-untyped-def]
        return lambda path: path.write_bytes(b"x" * size)

    first = spool.file("bin", write(600))
    assert spool.held == 600
    assert list((tmp_path / "spool").iterdir()) == [], "the file has no name while it is sent"
    with pytest.raises(Busy):
        spool.file("bin", write(600))
    second = spool.file("bin", write(300))
    with pytest.raises(Busy):
        spool.file("bin", write(1))
    assert b"".join(first) == b"x" * 600
    assert spool.held == 300
    del second
    assert spool.held == 0
    with pytest.raises(ZeroDivisionError):
        spool.file("bin", lambda _: 1 // 0)
    assert b"".join(spool.file("bin", write(5))) == b"xxxxx"
    dead = tmp_path / "spool" / "999999-left"
    dead.mkdir()
    list(spool.file("bin", write(1)))
    assert not dead.exists()


def test_thinned_snapshots_are_gone_for_history_too(client: LocalClient, settings: Settings) -> None:
    from datetime import datetime

    make_current(settings.snapshots, SECOND)
    assert len(client.get("/api/risk/history?area=110000").json()["items"]) == 2
    thin(settings.snapshots, 1, datetime(2027, 1, 1, tzinfo=UTC))
    assert [point["run_id"] for point in client.get("/api/risk/history?area=110000").json()["items"]] == [SECOND]


def test_features_with_strange_names_have_addresses(client: LocalClient) -> None:
    for strange in ("..%2f..%2fetc%2fpasswd", "%2e%2e", "a%20b", "%00", "venue-003%2fitems"):
        assert client.get(f"{ITEMS}/{strange}").status_code in (400, 404), strange
    assert orjson.loads(client.get(f"{ITEMS}/venue-003").content)["id"] == "venue-003"


def test_pages_for_people_say_what_codes_mean(client: LocalClient) -> None:
    first = client.get("/api/collections/enterprise/items?limit=1").json()["features"][0]
    page = client.get(f"/api/collections/enterprise/items/{first['id']}?f=html").text
    assert f"<td>{first['properties']['industry']} {SECTIONS[first['properties']['industry']]}</td>" in page
    table = client.get("/api/collections/enterprise/items?f=html&limit=2").text
    assert table.count("<th>编号</th>") == 1
    listed = client.get("/api/collections?f=html").text
    assert "行政区及其风险 · areas with their risk" in listed
    assert ">self<" not in listed
