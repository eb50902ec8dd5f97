from __future__ import annotations

import pytest

from layers.exports import neutral


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-cmd", "@sum", " =1", "\t=1", "\r=1"])
def test_formulas_are_neutralised(text: str) -> None:
    assert neutral(text) == "'" + text


def test_numbers_and_plain_text_stay() -> None:
    assert [neutral(value) for value in (-1.5, 0, None, True, "a=b", "")] == [-1.5, 0, None, True, "a=b", ""]
    assert neutral(["=1"]) == '["=1"]'
