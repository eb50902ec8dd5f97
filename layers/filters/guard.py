"""Caps that a filter has to pass before the parser sees it, or any work is done for it.

The parser takes exponential time in the depth of brackets when the text has an error, and ends the whole process when
something is nested thousands deep. So the text is scanned first, in one pass, literals and quoted names passed over.
"""

from __future__ import annotations

import re
from typing import Any

from geo.errors import BadParameter

#: Bytes of a filter written as text, and as JSON.
MAX_TEXT, MAX_JSON = 4096, 262_144

#: Brackets within brackets; words NOT; operators AND and OR; arithmetic signs; values in lists.
MAX_DEPTH, MAX_NOT, MAX_LOGICAL, MAX_SIGNS, MAX_VALUES = 10, 64, 256, 64, 1000

#: Operators within operators and nodes of a filter as a tree (coordinates of geometries do not count as nodes).
MAX_JSON_DEPTH, MAX_NODES = 80, 4000

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|[^\W\d][\w.]*|\d[\w.]*(?:[eE][+-]?\d+)?|[()]|,|[-+*/%^]|\s+|.""", re.DOTALL)
_GEOMETRIES = frozenset({"POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION",
                         "BBOX"})


def guard_text(text: str) -> None:
    """Refuse a text that is too long, nested too deeply or not balanced.

    Raises
    ------
    BadParameter
        With the position (counted from 1) of what breaks a cap.

    Examples
    --------
    >>> guard_text("name LIKE '((((((((((((%' AND pll > 1e-6")
    """
    if len(text.encode("utf-8", "replace")) > MAX_TEXT:
        raise fault(f"filter 超过 {MAX_TEXT} 字节", f"the filter has more than {MAX_TEXT} bytes",
                    remedy_zh="请缩短，或用 POST /api/search 以 CQL2 JSON 提交。",
                    remedy_en="Shorten it, or send it as CQL2 JSON by POST /api/search.")
    opened: list[tuple[int, bool]] = []  # position, and whether it holds coordinates
    counts = {"NOT": 0, "logical": 0, "sign": 0, "value": 0}
    word = ""
    for match in _TOKEN.finditer(text):
        part, place = match.group(), match.start() + 1
        if part.isspace():
            continue
        upper = part.upper()
        inside = bool(opened) and opened[-1][1]
        if part == "(":
            opened.append((place, word in _GEOMETRIES or inside))
            _cap("括号层数", "brackets", len(opened), MAX_DEPTH, place)
        elif part == ")":
            if not opened:
                raise fault("右括号多余", "a closing bracket too many", place)
            opened.pop()
        elif part in ("'", '"'):
            raise fault("引号没有闭合", "a quote is not closed", place)
        else:
            _count(counts, upper, inside, place)
        word = upper
    if opened:
        raise fault("括号没有闭合", "a bracket is not closed", opened[-1][0])


def _count(counts: dict[str, int], part: str, coordinates: bool, place: int) -> None:
    if part == "NOT":
        counts["NOT"] += 1
        _cap("NOT 的个数", "words NOT", counts["NOT"], MAX_NOT, place)
    elif part in ("AND", "OR"):
        counts["logical"] += 1
        _cap("AND、OR 的个数", "words AND and OR", counts["logical"], MAX_LOGICAL, place)
    elif (part in ("+", "-", "*", "/", "%", "^") or part == "DIV") and not coordinates:
        counts["sign"] += 1
        _cap("运算符的个数", "arithmetic signs", counts["sign"], MAX_SIGNS, place)
    elif part == "," and not coordinates:
        counts["value"] += 1
        _cap("列表中值的个数", "values in lists", counts["value"], MAX_VALUES, place)


def _cap(zh: str, en: str, value: int, limit: int, place: int) -> None:
    if value > limit:
        raise fault(f"{zh}超过 {limit}", f"more than {limit} {en}", place)


def guard_tree(tree: Any) -> None:
    """Refuse a tree that is nested too deeply or has too many nodes; walks without recursion.

    Raises
    ------
    BadParameter
    """
    pending: list[tuple[Any, int]] = [(tree, 1)]
    nodes = 0
    while pending:
        value, depth = pending.pop()
        if depth > MAX_JSON_DEPTH:
            raise fault(f"filter 嵌套超过 {MAX_JSON_DEPTH} 层", f"the filter is nested more than {MAX_JSON_DEPTH} levels deep")
        nodes += 1
        if nodes > MAX_NODES:
            raise fault(f"filter 的节点超过 {MAX_NODES} 个", f"the filter has more than {MAX_NODES} nodes")
        if isinstance(value, dict):
            pending += [(part, depth + 1) for name, part in value.items() if name != "coordinates"]
        elif isinstance(value, list):
            pending += [(part, depth + isinstance(part, list)) for part in value]


def fault(zh: str, en: str, position: int | None = None, *, remedy_zh: str = "", remedy_en: str = "",
          **context: Any) -> BadParameter:
    """A refusal of a filter, with the position in its text where known."""
    if position is not None:
        zh, en, context["position"] = f"{zh}（第 {position} 个字符）", f"{en} (at character {position})", position
    return BadParameter(
        f"filter 不正确：{zh}", f"the filter is wrong: {en}", parameter="filter",
        remedy_zh=remedy_zh or "写法见 CQL2；可用的属性见 /api/collections/{collectionId}/queryables。",
        remedy_en=remedy_en or "See CQL2; the properties are at /api/collections/{collectionId}/queryables.", **context,
    )
