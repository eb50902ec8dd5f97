"""A filter as a checked tree: text through the parser of cql2 behind :mod:`layers.filters.guard`, JSON as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import cql2
import orjson

from layers.filters.guard import MAX_JSON, fault, guard_text, guard_tree

FilterLang = Literal["cql2-text", "cql2-json"]

_SKIPPED = re.compile(r"'(?:[^']|'')*'")
_WHERE = re.compile(r"-->\s*(\d+):(\d+)")


@dataclass(frozen=True)
class Filter:
    """A parsed filter.

    Attributes
    ----------
    tree : JSON value
        CQL2 JSON.
    text : str
        The text that it was parsed from, empty for JSON; errors name positions in it.
    key : bytes
        The same for the same tree: names the result in caches.
    """

    tree: Any
    text: str
    key: bytes

    def place(self, name: str) -> int | None:
        """Position (from 1) of a name in the text, None if it is JSON."""
        hidden = _SKIPPED.sub(lambda match: " " * len(match.group()), self.text)
        found = re.search(rf'(?<![\w.])"?{re.escape(name)}"?(?![\w.])', hidden, re.IGNORECASE)
        return found.start() + 1 if found else None


def parse_text(text: str) -> Filter:
    """A filter from CQL2 text.

    Raises
    ------
    BadParameter
        If it breaks a cap or the grammar, with the position.

    Examples
    --------
    >>> parse_text("pll > 1e-6").tree
    {'op': '>', 'args': [{'property': 'pll'}, 1e-06]}
    """
    guard_text(text)
    return _parsed(text)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Filter:
    try:
        tree = cql2.parse_text(text).to_json()
    except (cql2.ParseError, cql2.ValidationError, ValueError) as error:
        raise fault("语法有误", "it cannot be parsed", _position(text, str(error))) from error
    guard_tree(tree)
    return Filter(tree, text, orjson.dumps(tree))


def parse_json(value: Any) -> Filter:
    """A filter from CQL2 JSON, as text, bytes or parsed.

    Raises
    ------
    BadParameter
        If it is no JSON or breaks a cap.
    """
    if isinstance(value, str | bytes):
        if len(value) > MAX_JSON:
            raise fault(f"filter 超过 {MAX_JSON} 字节", f"the filter has more than {MAX_JSON} bytes")
        try:
            value = orjson.loads(value)
        except (ValueError, RecursionError) as error:
            raise fault("不是 JSON", "it is no JSON") from error
    guard_tree(value)
    try:
        return Filter(value, "", orjson.dumps(value))
    except (TypeError, orjson.JSONEncodeError) as error:
        raise fault("含有无法处理的字符", "it holds characters that cannot be read") from error


def parse(value: Any, lang: FilterLang | None = None) -> Filter:
    """A filter as text or JSON; without `lang` what it is decides."""
    if lang == "cql2-json" or (lang is None and not isinstance(value, str)):
        return parse_json(value)
    if not isinstance(value, str):
        raise fault("cql2-text 应为文本", "cql2-text must be a text")
    return parse_text(value)


def _position(text: str, message: str) -> int | None:
    """Character at which the parser gave up."""
    found = _WHERE.search(message)
    if found is None:
        return None
    line, column = int(found[1]), int(found[2])
    before = text.split("\n")[:line - 1]
    return sum(len(part) + 1 for part in before) + column
