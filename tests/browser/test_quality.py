"""The layer of data quality on the page, in a real browser against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import Complaints, opened, ready, until
from tests.browser.test_scenario import click_at, move, settled, text


@pytest.fixture(scope="module")
def window(browser: Browser, city: str) -> Iterator[tuple[Page, Complaints]]:
    with opened(browser, city, accept_downloads=True) as pair:
        ready(pair[0], city)
        yield pair


@pytest.fixture
def page(window: tuple[Page, Complaints]) -> Iterator[Page]:
    """The page with the layer switched on; whatever it did wrong during the test fails it."""
    page, complaints = window
    page.locator("#quality").uncheck()
    page.locator("#quality").check()
    shown(page, "")
    yield page
    settled(page)
    assert complaints.all() == []


def shown(page: Page, area: str) -> None:
    """Wait for the panel of an area; empty for the city."""
    panel = page.locator(f"article.quality[data-area='{area}']")
    until(lambda: panel.count() == 1, describe=f"data quality of {area or 'the city'}")


def fills(page: Page) -> dict[str, str]:
    """Fill colour of every street on the map."""
    found: dict[str, str] = page.evaluate(
        "(() => { const found = {}; map_riskmap.eachLayer((layer) => { const area = layer.feature?.properties; "
        "if (area?.level === 'street' && layer.options.fill) found[area.code] = String(layer.options.fillColor); }); "
        "return found; })()")
    return found


def test_streets_are_coloured_by_score_with_a_legend_of_their_own(page: Page, api: httpx.Client) -> None:
    body = api.get("api/quality", params={"level": "street"}).json()
    colour = {entry["class"]: entry["colour"] for entry in body["classes"]}
    wanted = {area["code"]: colour.get(area["class"], "#ffffff") for area in body["areas"]}
    assert fills(page) == wanted
    assert not set(wanted.values()) & {"#E03131", "#F08C00", "#FFD43B", "#4C6EF5"}
    assert page.locator(".legend").is_hidden()
    legend = text(page.locator("#quality-legend"))
    for entry in body["classes"]:
        assert entry["zh"] in legend
    assert "不是风险等级" in legend


def test_the_city_shows_its_completeness_and_the_lowest_streets(page: Page, api: httpx.Client) -> None:
    body = api.get("api/quality").json()
    panel = page.locator("article.quality")
    assert f"{100 * body['total']['completeness']:.1f}%" in text(panel)
    until(lambda: panel.locator("tr[data-kind]").count() == len(body["kinds"]), describe="the table of kinds")
    until(lambda: panel.locator(".found li").count() == 8, describe="the lowest streets")
    assert "得分 = 100" in text(panel)


def test_a_click_shows_the_street_with_its_findings_and_they_lead_to_features(page: Page, api: httpx.Client) -> None:
    finding = api.get("api/quality/findings", params={"kind": "venue", "group": "validity", "limit": 1}).json()["items"][0]
    area = api.get(f"api/risk/areas/{finding['area_code']}").json()
    move(page, area["lat"], area["lon"], 13)
    click_at(page, area["lon"], area["lat"])
    shown(page, area["code"])
    panel = page.locator("article.quality")
    assert area["name"] in text(panel.locator("header"))
    own: dict[str, Any] = api.get("api/quality/findings", params={"area": area["code"], "limit": 20}).json()
    until(lambda: panel.locator(".findings li").count() == len(own["items"]), describe="the findings")
    assert own["items"][0]["zh"] in text(panel.locator(".findings li").first)
    panel.locator(".findings button").first.click()
    until(lambda: page.locator("#pane-place .fields").count() == 1, describe="the feature of the finding")
    settled(page)
    move(page, area["lat"], area["lon"], 13)
    click_at(page, area["lon"], area["lat"])
    shown(page, area["code"])


def test_one_kind_alone(page: Page, api: httpx.Client) -> None:
    page.locator("#quality-kind").select_option("venue")
    body = api.get("api/quality", params={"level": "street", "kind": "venue"}).json()
    colour = {entry["class"]: entry["colour"] for entry in body["classes"]}
    wanted = {area["code"]: colour.get(area["class"], "#ffffff") for area in body["areas"]}
    until(lambda: fills(page) == wanted, describe="the colours")
    until(lambda: page.locator("article.quality tr[data-kind]").count() == 1, describe="the panel of one kind")
    assert "人员密集场所" in text(page.locator("#quality-legend"))
    page.locator("#quality-kind").select_option("")
    until(lambda: page.locator("article.quality tr[data-kind]").count() > 5, describe="all kinds")


def test_findings_can_be_taken_away(page: Page) -> None:
    with page.expect_download() as download:
        page.locator("article.quality a", has_text="下载问题清单").click()
    assert download.value.suggested_filename.startswith("quality-")
    assert download.value.path().read_bytes().startswith(b"\xef\xbb\xbfkind,")


def test_choosing_a_colouring_of_risk_switches_it_off(page: Page) -> None:
    page.locator("label", has_text="街道四色").click()
    until(lambda: not page.locator("#quality").is_checked(), describe="the switch to go off")
    assert page.locator(".legend").is_visible()
    assert page.locator("#quality-legend").is_hidden()
    assert set(fills(page).values()) & {"#E03131", "#F08C00", "#FFD43B", "#4C6EF5"}
    page.locator("label", has_text="自动").click()


def test_a_name_is_never_markup(browser: Browser, hostile: str) -> None:
    with opened(browser, hostile) as (page, complaints):
        ready(page, hostile)
        page.locator("#quality").check()
        until(lambda: page.locator("article.quality .found button").count() > 0, describe="the list of streets")
        page.locator("article.quality .found button").first.click()
        until(lambda: page.locator("article.quality .findings li").count() > 0, describe="findings")
        assert page.evaluate("window.hacked === undefined")
        assert complaints.all() == []
