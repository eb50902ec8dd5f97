"""What an officer does on the page, in a real browser against a real server; nothing may be complained about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.chromium import Complaints, opened, ready, tiles, until


@pytest.fixture(scope="module")
def window(browser: Browser, city: str) -> Iterator[tuple[Page, Complaints]]:
    with opened(browser, city, accept_downloads=True) as pair:
        ready(pair[0], city)
        yield pair


@pytest.fixture
def page(window: tuple[Page, Complaints]) -> Iterator[Page]:
    """The open page; whatever it did wrong during the test fails it."""
    page, complaints = window
    yield page
    settled(page)
    assert complaints.all() == []


def settled(page: Page) -> None:
    """Wait until the map no longer moves: an answer on its way may still take it to the place that was asked for."""
    seen: list[str] = []

    def still() -> bool:
        seen.append(page.evaluate("JSON.stringify([map_riskmap.getCenter(), map_riskmap.getZoom()])"))
        page.wait_for_timeout(300)
        return len(seen) > 4 and len(set(seen[-4:])) == 1

    until(still, describe="the map to come to rest")


def text(locator: Locator) -> str:
    return locator.inner_text().strip()


def move(page: Page, lat: float, lon: float, zoom: float) -> None:
    page.evaluate(f"void map_riskmap.setView([{lat}, {lon}], {zoom}, {{animate: false}})")


def click_at(page: Page, lon: float, lat: float) -> None:
    """Click the map at a position."""
    x, y = page.evaluate(
        f"(() => {{ const p = map_riskmap.latLngToContainerPoint([{lat}, {lon}]); "
        "const box = map_riskmap.getContainer().getBoundingClientRect(); return [p.x + box.x, p.y + box.y]; })()")
    page.mouse.click(x, y)


def explained(page: Page, about: str) -> None:
    """Wait for the panel of this place (its code or cell id) with its explanation; it may replace another place's."""
    pane = page.locator("#pane-place")
    until(lambda: about in " ".join(pane.locator("header").all_inner_texts())
          and pane.locator(".sources, .failure").count() > 0, describe=f"the explanation of {about}")
    assert pane.locator(".failure").count() == 0, text(pane)


def top(api: httpx.Client, order: str = "severity") -> dict[str, Any]:
    """The street that the page lists first; by density it is one whose middle is not an empty cell."""
    params = {"level": "street", "limit": 1, "order": order}
    item: dict[str, Any] = api.get("api/risk/ranking", params=params).json()["items"][0]
    return item


def test_opens_with_run_levels_and_ranking(page, api):
    manifest = api.get("api/manifest").json()
    assert page.title() == "区域风险一张图"
    assert text(page.locator("#run-id")) == manifest["run_id"]
    assert text(page.locator("#city")) == manifest["city"]["name"]
    assert page.locator("table.ranking tbody tr").count() == 20
    shown = [int(n.replace(",", "")) for n in page.locator("#pane-city .level-counts").first.locator("b").all_inner_texts()]
    assert shown == [manifest["streets"][f"level_{level}"] for level in (1, 2, 3, 4)]


def test_says_that_data_are_synthetic(page):
    badge = page.locator("#synthetic")
    assert text(badge) == "含合成数据"
    badge.click()
    assert "合成" in text(page.locator("#synthetic-note"))
    badge.click()
    assert not page.locator("#synthetic-note").is_visible()


def test_chinese_comes_from_our_own_font(page):
    found = page.evaluate("document.fonts.load('16px \"Noto Sans SC Variable\"', '漷县镇').then((fonts) => fonts.length)")
    assert found >= 1
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Noto Sans SC Variable"')


def test_grid_is_painted(page):
    page.locator("input[name=shade][value=cell]").check(force=True)
    assert tiles(page)
    assert page.evaluate("document.body.dataset.shade") == "cell"
    page.locator("input[name=shade][value=auto]").check(force=True)


def test_clicked_street_shows_its_numbers_and_why(page, api):
    street = top(api)
    move(page, street["lat"], street["lon"], 11)
    click_at(page, street["lon"], street["lat"])
    explained(page, street["code"])
    pane = page.locator("#pane-place")
    assert text(pane.locator("h2")) == street["name"]
    assert pane.locator("article").get_attribute("data-level") == str(street["level"])
    assert text(pane.locator(".index-number")) == f"{street['index']:.1f}"
    answer = api.get("api/risk/explain", params={"area": street["code"], "limit": 12}).json()
    shares = [float(number.strip("%<")) for number in pane.locator(".sources .share-number b").all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=0.05 * len(shares) + 0.01)
    first = text(pane.locator(".sources .share-name").first)
    assert first.startswith(answer["contributors"][0]["name"])
    themes = [float(number.strip("%<")) for number in pane.locator(".shares.compact b").all_inner_texts()]
    assert sum(themes) == pytest.approx(100, abs=0.05 * len(themes) + 0.01)
    odds = pane.locator(".odds")
    assert all(f"{100 * p:.1f}%" in text(odds) for p in answer["band"]["level"].values() if 0.001 <= p < 0.999)
    assert odds.locator(".stacked i").count() == sum(p > 0 for p in answer["band"]["level"].values())
    assert re.search(rf"#area={street['code']}$", page.url)


def test_rules_that_fired_are_named(page, api):
    street = top(api)
    page.locator("table.ranking .link").first.evaluate("(button) => button.click()")
    explained(page, street["code"])
    fired = api.get(f"api/risk/areas/{street['code']}").json()["rules"]
    assert page.locator("#pane-place .rules .chip").all_inner_texts() == [rule["code"] for rule in fired]


def test_clicked_cell_shows_its_own_panel(page, api):
    street = top(api, "density")
    move(page, street["lat"], street["lon"], 14)
    click_at(page, street["lon"], street["lat"])
    at = api.get("api/risk/at", params={"lon": street["lon"], "lat": street["lat"]}).json()
    assert at["cell"]
    explained(page, at["cell"]["id"])
    pane = page.locator("#pane-place")
    pane.get_by_role("tab", name="街道").click()
    until(lambda: text(pane.locator("h2")) == street["name"], describe="the street's panel")


def test_ranking_by_theme(page, api):
    page.locator("#tab-city").click()
    page.locator("#ranking-theme").select_option("fire_dwelling")
    wanted = api.get("api/risk/ranking", params={"level": "street", "limit": 20, "theme": "fire_dwelling"}).json()["items"]
    names = [row["name"] for row in wanted]
    until(lambda: page.locator("table.ranking .link").all_inner_texts() == names, describe="the ranking")
    page.locator("#ranking-theme").select_option("")


def test_features_come_when_near_and_say_what_was_cut(page, api):
    street = top(api)
    row = page.locator("#overlays li", has=page.locator("input[value=venue]"))
    move(page, street["lat"], street["lon"], 9)
    row.locator("input").check()
    until(lambda: text(row.locator(".cut")) == "放大地图后显示", describe="the hint to zoom in")
    move(page, street["lat"], street["lon"], 14)
    until(lambda: text(row.locator(".cut")).startswith("视野内"), describe="venues")
    box = page.evaluate("map_riskmap.getBounds().toBBoxString()")
    matched = api.get("api/collections/venue/items", params={"bbox": box, "limit": 1}).json()["numberMatched"]
    assert text(row.locator(".cut")).split()[1].replace(",", "") == str(matched)
    row.locator("input").uncheck()


def test_what_was_not_computed_is_not_shown_as_a_low_risk(page, api):
    """A filling station's enterprise: its risk is that of its tanks."""
    query = {"filter": "risk_level IS NULL", "limit": 1}
    station, = api.get("api/collections/enterprise/items", params=query).json()["features"]
    row = page.locator("#overlays li", has=page.locator("input[value=enterprise]"))
    lon, lat = station["geometry"]["coordinates"]
    move(page, lat, lon, 18)
    row.locator("input").check()
    until(lambda: text(row.locator(".cut")).startswith("视野内"), describe="enterprises")
    pane = page.locator("#pane-place")
    click_at(page, lon, lat)
    until(lambda: "没有单独计算风险" in text(pane), describe="the feature's panel")
    assert pane.locator("header .chip, header [class*=level-]").count() == 0
    assert "潜在生命损失 PLL" not in text(pane)
    row.locator("input").uncheck()


def test_drawn_polygon_is_counted_and_exported(page, api):
    street = top(api)
    move(page, street["lat"], street["lon"], 14)
    asked: list[dict[str, Any]] = []
    page.on("request", lambda request: asked.append(json.loads(request.post_data)) if "api/search" in request.url else None)
    page.locator("#draw-polygon").click()
    corners = [(330, 240), (650, 220), (690, 470), (380, 520)]
    for x, y in [*corners, corners[0]]:
        page.mouse.move(x, y)
        page.mouse.click(x, y)
        page.wait_for_timeout(60)
    pane = page.locator("#pane-search")
    until(lambda: pane.locator("article").count() > 0, describe="the answer of the search")
    answer = api.post("api/search", json={"polygon": asked[0]["polygon"]}).json()
    shown = {item.get_attribute("data-kind"): int(text(item.locator("b")).replace(",", ""))
             for item in pane.locator(".counts li").all()}
    assert shown == {kind: n for kind, n in answer["counts"].items() if n > 0}
    assert shown
    with page.expect_download() as waiting:
        pane.locator("[data-export=geojson]").click()
    saved = json.loads(waiting.value.path().read_text())
    assert len(saved["features"]) == sum(shown.values())
    assert waiting.value.suggested_filename == "区域查询.geojson"
    assert not page.locator("#pane-place").is_visible(), "the last click of a polygon must not ask about the place"
    page.locator("#draw-clear").click()
    assert pane.locator("article").count() == 0


def test_keyboard_alone_is_enough(page, api):
    street = top(api)
    move(page, street["lat"], street["lon"], 11)
    page.locator("#map_riskmap").focus()
    page.keyboard.press("Enter")
    until(lambda: text(page.locator("#pane-place h2")) == street["name"], describe="the panel of the map's centre")
    page.locator("#tab-place").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-search"
    assert page.locator("#pane-search").is_visible()


def test_outside_the_city_is_said_plainly(page):
    move(page, 39.0, 114.5, 11)
    click_at(page, 114.5, 39.0)
    until(lambda: "不在评估范围" in text(page.locator("#pane-place")), describe="the note")


def test_street_is_found_by_name(page, api):
    street = top(api)
    page.locator("#finder-input").fill(street["name"])
    page.keyboard.press("Enter")
    explained(page, street["code"])
    assert street["name"] in text(page.locator("#pane-place h2"))


def test_patterns_can_be_laid_over_the_colours(page, api):
    street = top(api)
    move(page, street["lat"], street["lon"], 12)
    page.locator("input[name=shade][value=cell]").check(force=True)
    plain = set.union(*tiles(page))
    page.locator("#patterns").check()
    marked = set.union(*tiles(page))
    assert len(marked) > len(plain)
    page.locator("#patterns").uncheck()
    page.locator("input[name=shade][value=auto]").check(force=True)
