"""Every mistake on the list has a test, every test a mistake, and the page says so."""

from __future__ import annotations

from tests.riskmodel import mistakes


def test_every_mistake_is_caught_by_a_test() -> None:
    assert set(mistakes.tests_of()) == set(range(1, len(mistakes.MISTAKES) + 1))


def test_the_page_is_up_to_date() -> None:
    assert mistakes.PAGE.read_text(encoding="utf-8") == mistakes.page(), "run: make docs"
