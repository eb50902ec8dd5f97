"""When something fails the page says what, and what to do, in words."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.chromium import opened, ready, until


def test_no_map_yet(browser: Browser, empty: str):
    with opened(browser, empty) as (page, complaints):
        page.goto(empty)
        until(lambda: page.evaluate("document.body.dataset.ready") == "failed", describe="the page to give up")
        shown = page.locator("#pane-city .failure").inner_text()
        assert "处理办法" in shown
        assert "riskmap" in shown
        assert page.locator("#pane-city button", has_text="重试").is_visible()
        assert complaints.errors == []
        assert complaints.outside == []


def test_server_gone(browser: Browser, city: str):
    with opened(browser, city) as (page, complaints):
        ready(page, city)
        page.context.set_offline(True)
        page.mouse.click(500, 400)
        until(lambda: page.locator("#pane-place .failure").count() > 0, describe="the failure")
        assert "无法连接服务器" in page.locator("#pane-place .failure").inner_text()
        page.context.set_offline(False)
        page.locator("#pane-place button", has_text="重试").click()
        until(lambda: page.locator("#pane-place article").count() > 0, describe="the answer after trying again")
        assert complaints.errors == []


def test_policy_is_sent_and_strict(browser: Browser, empty: str):
    with opened(browser, empty) as (page, _):
        answer = page.goto(empty)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        page.evaluate("void document.body.setAttribute('onclick', 'window.ran = 1')")
        page.mouse.click(500, 20)
        assert page.evaluate("window.ran") is None
