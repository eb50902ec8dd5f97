"""Debian's Chromium under Playwright: no outside host can be reached, and everything that went wrong is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, Route, sync_playwright

EXECUTABLE = "/usr/bin/chromium"

FLAGS = (
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)

#: A street's name that would run if anything treated names as HTML.
HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>\"'&街道"


@dataclass
class Complaints:
    """What a page must not do."""

    console: list[str] = field(default_factory=list)  #: errors and warnings, policy violations among them
    errors: list[str] = field(default_factory=list)  #: uncaught exceptions
    outside: list[str] = field(default_factory=list)  #: requests to any other host
    failed: list[str] = field(default_factory=list)  #: answers with a status of 400 and above

    def all(self) -> list[str]:
        """All of them."""
        return [*self.console, *self.errors, *self.outside, *self.failed]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, base: str, *, width: int = 1366, height: int = 768, **context: Any,
) -> Iterator[tuple[Page, Complaints]]:
    """A page in a fresh context of the given size, with what it does wrong."""
    host = urlsplit(base).netloc
    complaints = Complaints()
    fresh = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **context)

    def guard(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != host:
            complaints.outside.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.console.append(f"{message.type}: {message.text}")

    def answered(answer: Response) -> None:
        if answer.status >= 400:
            complaints.failed.append(f"{answer.status} {answer.url}")

    fresh.route("**/*", guard)
    page = fresh.new_page()
    page.on("console", said)
    page.on("pageerror", lambda error: complaints.errors.append(str(error)))
    page.on("response", answered)
    try:
        yield page, complaints
    finally:
        fresh.close()


def until(what: Callable[[], Any], *, seconds: float = 60.0, describe: str = "") -> Any:
    """Ask again until the answer is true; the page's policy forbids Playwright's own way of waiting for a function."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s for {describe or what}")
        time.sleep(0.05)


def ready(page: Page, base: str) -> None:
    """Open the map and wait until it has loaded."""
    page.goto(base)
    until(lambda: page.evaluate("document.body.dataset.ready"), describe="the page to load")
    page.evaluate("document.fonts.ready.then(() => true)")


#: JavaScript: the distinct pixels (32 bit) of each grid tile, read from copies so that the page's own canvases stay as they are.
_PIXELS = """[...document.querySelectorAll('.leaflet-grid-pane canvas')].map((tile) => {
  const copy = Object.assign(document.createElement('canvas'), { width: 256, height: 256 });
  const pen = copy.getContext('2d', { willReadFrequently: true });
  pen.drawImage(tile, 0, 0);
  return [...new Set(new Uint32Array(pen.getImageData(0, 0, 256, 256).data.buffer))];
})"""


def tiles(page: Page) -> list[set[int]]:
    """Distinct pixels of every grid tile that shows something, once none is still loading."""
    loaded = "document.querySelectorAll('.leaflet-grid-pane canvas.leaflet-tile-loaded').length"
    waiting = "document.querySelectorAll('.leaflet-grid-pane canvas:not(.leaflet-tile-loaded)').length"
    until(lambda: page.evaluate(f"{loaded} > 0 && {waiting} === 0"), seconds=60, describe="grid tiles")
    return [pixels for tile in page.evaluate(_PIXELS) if (pixels := set(tile)) != {0}]


def shot(page: Page, path: Path) -> None:
    """A picture of the page without motion."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(400)
    page.screenshot(path=str(path), animations="disabled")
