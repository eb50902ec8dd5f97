"""Values of data on their way into a spreadsheet."""

from __future__ import annotations

from typing import Any

import orjson

#: Rows turned into text at a time, so that memory does not grow with the answer.
BLOCK = 2000

#: Leading characters by which a spreadsheet takes text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutral(value: Any) -> Any:
    """A cell value that no spreadsheet executes: text that looks like a formula gets a leading apostrophe.

    Examples
    --------
    >>> neutral("=1+1"), neutral("东风标准件厂"), neutral(-3.5)
    ("'=1+1", '东风标准件厂', -3.5)
    """
    if isinstance(value, list | dict):
        value = orjson.dumps(value).decode()
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return "'" + value
    return value
