from __future__ import annotations

import pytest

from geo.settings import Settings
from layers.snapshot import open_current
from layers.style import THEMES
from tests.api.clients import LocalClient
from tests.api.conftest import FIRST, SECOND


def worst_cell(settings: Settings) -> dict:  # type: ignore[type-arg]
    snapshot = open_current(settings.snapshots)
    return snapshot.cell_records([int(snapshot.cells.numbers("s").argmax())])[0]


def test_manifest_has_what_the_viewer_reads(client: LocalClient) -> None:
    body = client.get("/api/manifest").json()
    assert body["run_id"] == FIRST
    assert body["synthetic"] is True
    assert body["city"] == {"code": "110000", "name": "北京市"}
    west, south, east, north = body["bounds"]
    assert 116 < west < east < 117
    assert 39 < south < north < 41
    assert [level["colour"] for level in body["legend"]["levels"]] == ["#E03131", "#F08C00", "#FFD43B", "#4C6EF5"]
    assert body["legend"]["levels"][0]["cell_density"] > body["legend"]["levels"][1]["cell_density"] > 0
    assert body["legend"]["levels"][3]["street_density"] is None
    assert body["totals"]["pll"] > 0
    assert body["totals"]["residents"] > 0
    assert {kind["name"]: kind["count"] for kind in body["kinds"]}["venue"] == 24


def test_point_gives_its_cell_and_street(client: LocalClient, settings: Settings) -> None:
    worst = worst_cell(settings)
    body = client.get(f"/api/risk/at?lon={worst['lon']}&lat={worst['lat']}").json()
    cell, street = body["cell"], body["street"]
    assert cell["id"] == worst["id"]
    west, south, east, north = cell["bounds"]
    assert west < worst["lon"] < east
    assert south < worst["lat"] < north
    assert cell["street"]["code"] == street["code"] == worst["street_code"]
    assert cell["pll"] == pytest.approx(worst["s"] * 1e-15, rel=1e-12)
    assert sum(theme["pll"] for theme in cell["themes"]) == pytest.approx(cell["pll"], rel=1e-12)
    assert sum(theme["share"] for theme in cell["themes"]) == pytest.approx(1, abs=1e-12)
    assert [theme["pll"] for theme in cell["themes"]] == sorted((theme["pll"] for theme in cell["themes"]), reverse=True)
    assert cell["ir"]["hc"] == pytest.approx(worst["ir_hc"] * 1e-18)
    assert cell["rules"][0]["level"] == cell["level"]
    assert cell["rules"][0]["zh"]


def test_nowhere_is_null_not_an_error(client: LocalClient) -> None:
    body = client.get("/api/risk/at?lon=100&lat=30").json()
    assert body["cell"] is None
    assert body["street"] is None


def test_cell_by_id_is_the_cell_at_its_centre(client: LocalClient, settings: Settings) -> None:
    worst = worst_cell(settings)
    assert client.get(f"/api/risk/cells/{worst['id']}").json() == client.get(
        f"/api/risk/at?lon={worst['lon']}&lat={worst['lat']}").json()["cell"]


def test_area_names_its_parent_rank_and_counts(client: LocalClient) -> None:
    street = client.get("/api/risk/areas/110112106000").json()
    assert (street["name"], street["parent"], street["parent_name"]) == ("漷县镇", "110112", "通州区")
    assert 1 <= street["rank"] <= street["of"] == 4
    assert street["hatched"] is True
    assert street["counts"]["venue"] == 6
    assert sum(street["share_area"]) <= 1 + 1e-9
    assert sum(street["share_people"]) == pytest.approx(1)
    assert street["bbox"][0] < street["lon"] < street["bbox"][2]
    city = client.get("/api/risk/areas/110000").json()
    assert city["parent_name"] is None
    assert city["hazard_grades"] == [0, 1, 2, 3]


def test_streets_sum_to_the_city(client: LocalClient) -> None:
    streets = client.get("/api/risk/ranking?level=street").json()["items"]
    city = client.get("/api/risk/areas/110000").json()
    assert sum(item["pll"] for item in streets) == pytest.approx(city["pll"], rel=1e-9)


@pytest.mark.parametrize("order", ["density", "pll", "index", "kappa", "residents", "workers", "area_km2"])
def test_ranking_is_in_order_both_ways(client: LocalClient, order: str) -> None:
    down = client.get(f"/api/risk/ranking?order={order}").json()
    up = client.get(f"/api/risk/ranking?order={order}&direction=asc").json()
    values = [item[order] for item in down["items"]]
    assert values == sorted(values, reverse=True)
    assert [item["rank"] for item in down["items"]] == [1, 2, 3, 4]
    assert [item["code"] for item in up["items"]] == [item["code"] for item in reversed(down["items"])]


@pytest.mark.parametrize("theme", [code for code, _ in THEMES])
def test_ranking_by_theme_is_of_that_theme(client: LocalClient, theme: str) -> None:
    body = client.get(f"/api/risk/ranking?theme={theme}&level=district").json()
    values = [item["density"] for item in body["items"]]
    assert values == sorted(values, reverse=True)
    for item in body["items"]:
        assert item["density"] == pytest.approx(item["pll"] / item["area_km2"])
        whole = client.get(f"/api/risk/areas/{item['code']}").json()
        assert item["index"] == whole["index"]
        assert item["theme_share"] == pytest.approx(item["pll"] / whole["pll"])
        assert item["pll"] == pytest.approx({entry["theme"]: entry["pll"] for entry in whole["themes"]}[theme])


def test_ranking_below_a_district_and_cut(client: LocalClient) -> None:
    body = client.get("/api/risk/ranking?parent=110101&limit=1").json()
    assert len(body["items"]) == 1
    assert body["items"][0]["district"] == "东城区"
    assert body["of"] == 4


def test_a_new_night_is_read_without_a_restart(client: LocalClient, settings: Settings) -> None:
    from layers.snapshot import make_current

    before = client.get("/api/risk/areas/110000").json()["pll"]
    make_current(settings.snapshots, SECOND)
    assert client.get("/api/manifest").json()["run_id"] == SECOND
    assert client.get("/api/risk/areas/110000").json()["pll"] == pytest.approx(3 * before, rel=1e-6)
    make_current(settings.snapshots, FIRST)
    assert client.get("/api/risk/areas/110000").json()["pll"] == before


def test_a_broken_night_leaves_the_last_one(client: LocalClient, settings: Settings) -> None:
    from layers.snapshot import make_current

    assert client.get("/readyz").json()["run_id"] == FIRST
    (settings.snapshots / SECOND / "cells.parquet").write_bytes(b"torn")
    make_current(settings.snapshots, SECOND)
    assert client.get("/readyz").json()["run_id"] == FIRST
    assert client.get("/api/risk/areas/110000").status_code == 200
    (settings.snapshots / "current").unlink()
    assert client.get("/readyz").json()["run_id"] == FIRST


def test_an_answer_is_asked_for_again_only_after_a_new_night(client: LocalClient, settings: Settings) -> None:
    from layers.snapshot import make_current

    first = client.get("/api/risk/ranking")
    etag = first.headers["etag"]
    again = client.get("/api/risk/ranking", headers={"if-none-match": etag})
    assert again.status_code == 304
    assert again.content == b""
    assert client.get("/api/risk/ranking?limit=0", headers={"if-none-match": "x"}).headers.get("etag") is None
    make_current(settings.snapshots, SECOND)
    changed = client.get("/api/risk/ranking", headers={"if-none-match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
