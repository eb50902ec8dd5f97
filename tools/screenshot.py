"""Take the README's pictures of a running map.

    python tools/screenshot.py [http://127.0.0.1:8000/] [docs/images]

Opens the page in Chromium at 1366 × 768: ``city.png`` is what one sees first; ``map.png`` is the grid around the street
with the highest density, with its explanation. Any error, warning or request to another host fails the call: no pictures
of a broken page.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page  # noqa: E402

from tests.browser.chromium import chromium, opened, ready, shot, tiles, until  # noqa: E402


def main() -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="README 截图 / the README's pictures")
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:8000/", help="address of the running map")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs/images", help="where to write the PNG files")
    given = parser.parse_args()
    with chromium() as browser, opened(browser, given.address) as (page, complaints):
        ready(page, given.address)
        shot(page, given.folder / "city.png")
        worst_street(page)
        shot(page, given.folder / "map.png")
        if complaints.all():
            (given.folder / "city.png").unlink()
            (given.folder / "map.png").unlink()
            print("\n".join(complaints.all()), file=sys.stderr)
            return 1
    print(given.folder)
    return 0


def worst_street(page: Page) -> None:
    """The grid around the street with the highest density, beside why it is so."""
    page.locator("table.ranking .link").first.click()
    until(lambda: page.locator("#pane-place .sources, #pane-place .failure").count() > 0, describe="the explanation")
    page.locator("input[name=shade][value=cell]").check(force=True)
    page.evaluate("void map_riskmap.setZoom(12, {animate: false})")
    page.mouse.move(500, 20)
    page.evaluate("document.activeElement.blur()")
    tiles(page)


if __name__ == "__main__":
    sys.exit(main())
