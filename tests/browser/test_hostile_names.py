"""Names come from anywhere; on the page they are text, wherever they are shown."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.chromium import HOSTILE, opened, ready, until


def test_a_name_full_of_markup_is_only_text(browser: Browser, hostile: str):
    with opened(browser, hostile) as (page, complaints):
        ready(page, hostile)
        ranked = page.locator("table.ranking .link").all_inner_texts()
        assert HOSTILE in ranked
        assert HOSTILE in page.locator(".name").all_inner_texts()
        page.mouse.move(*_centre(page, HOSTILE))
        until(lambda: page.locator(".tip b").all_inner_texts() == [HOSTILE], describe="the tooltip")
        page.locator("#overlays input[value=venue]").check()
        page.locator("table.ranking .link").nth(ranked.index(HOSTILE)).click()
        until(lambda: page.locator("#pane-place h2").inner_text() == HOSTILE, describe="the street's panel")
        page.locator("#draw-rectangle").click()
        page.mouse.click(280, 120)
        page.mouse.move(700, 600)
        page.mouse.click(700, 600)
        found = page.locator("#pane-search .found .link")
        until(lambda: any(name.startswith(HOSTILE) for name in found.all_inner_texts()), describe="the list of features")
        found.filter(has_text=HOSTILE).first.click()
        until(lambda: page.locator("#pane-place .fields").count() > 0, describe="the feature's panel")
        assert page.locator("#pane-place h2").inner_text().startswith(HOSTILE)
        assert page.evaluate("window.hacked") is None
        assert page.locator("img[src=x], main script, aside script").count() == 0
        assert complaints.outside == []
        assert complaints.errors == []
        # This small snapshot keeps no evidence: only its explanation may be refused, and the page says so.
        assert all("/api/risk/explain" in failed for failed in complaints.failed), complaints.failed
        assert not [message for message in complaints.console if "Content Security Policy" in message]


def _centre(page, name: str) -> tuple[float, float]:
    box = page.locator(".name", has_text=name).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + 40
