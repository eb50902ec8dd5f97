"""Nothing overlaps or runs out of the window, on a small laptop and on a tablet."""

from __future__ import annotations

from itertools import combinations

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import opened, ready

CARDS = (".bar", ".tools", ".switch", ".legend", ".panel")


@pytest.mark.parametrize(("width", "height", "touch"), [
    (1366, 768, False), (1920, 1080, False), (1180, 820, True), (1024, 768, True),
])
def test_cards_do_not_overlap(browser: Browser, city: str, width: int, height: int, touch: bool):
    with opened(browser, city, width=width, height=height, has_touch=touch) as (page, complaints):
        ready(page, city)
        boxes = {card: page.locator(card).bounding_box() for card in CARDS}
        for card, box in boxes.items():
            assert box is not None, card
            assert box["x"] >= 0, card
            assert box["y"] >= 0, card
            assert box["x"] + box["width"] <= width, card
            assert box["y"] + box["height"] <= height, card
        for (one, a), (two, b) in combinations(boxes.items(), 2):
            assert a is not None
            assert b is not None
            apart = (a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
                     or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"])
            assert apart, f"{one} and {two} overlap"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        clipped = page.evaluate(
            "[...document.querySelectorAll('.bar *, .tabs *, .legend th, .legend td')]"
            ".filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map((e) => e.textContent)")
        assert clipped == []
        assert complaints.all() == []


def test_every_control_has_a_name(browser: Browser, city: str):
    with opened(browser, city) as (page, _):
        ready(page, city)
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, input, select')].filter((e) => !(e.getAttribute('aria-label') || "
            "e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML)")
        assert unnamed == []
