"""The map without our server: files alone, by nginx, in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.api.clients import riskmap
from tests.browser.chromium import opened, ready, shot, tiles, until
from tests.support.nginx import nginx
from tests.support.snapshots import make_small_snapshot


def test_the_page_works_from_files_alone(browser: Browser, tmp_path: Path) -> None:
    home, site, own = tmp_path / "home", tmp_path / "site", tmp_path / "nginx"
    own.mkdir()
    make_small_snapshot(home / "snapshots")
    done = riskmap(home, "publish", "--static", str(site))
    assert done.returncode == 0, done.stderr
    with nginx(site, own) as base, opened(browser, base) as (page, complaints):
        ready(page, base)
        page.locator("input[name=shade][value=cell]").check(force=True)
        assert tiles(page)
        assert page.locator("#tab-search").is_hidden()
        row = page.locator("table.ranking tbody tr").first
        name = row.locator("button.link").inner_text()
        row.click()
        until(lambda: name in page.locator("#pane-place h2").inner_text(), describe="the street's panel")
        assert page.locator("#pane-place article[data-level]").is_visible()
        box = page.locator(".map").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2 - 90, box["y"] + box["height"] / 2)
        until(lambda: "PLL" in page.locator("#pane-place").inner_text(), describe="the clicked street")
        # this small snapshot cannot be explained
        until(lambda: "静态站点中没有这项内容" in page.locator("#pane-place").inner_text(), describe="the missing explanation")
        shot(page, tmp_path / "static.png")
        wrong = [what for what in complaints.all() if "explain" not in what and "404" not in what]
        assert wrong == []
