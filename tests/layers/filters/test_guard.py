"""Caps before the parser: it hangs and crashes where these refuse."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadParameter
from layers.filters.guard import MAX_DEPTH, MAX_JSON_DEPTH, MAX_NOT, MAX_TEXT, guard_text, guard_tree
from layers.filters.tree import parse_json, parse_text


@pytest.mark.parametrize("text", [
    "(" * 25 + "a", "(" * 5000 + "a = 1" + ")" * 5000, "(" * 100_000, "NOT " * 5000 + "a = 1", "NOT " * 100_000,
    " AND ".join(["a = 1"] * 100_000), "a IN (" + ",".join(["1"] * 100_000) + ")", "a = " + "-" * 50_000 + "1",
    "a = " + "1+" * 2000 + "1",
    "a = 1)", "((a = 1)", "a = 'x", 'a = "x', "a" * (MAX_TEXT + 1), "CASEI(" * 50 + "a" + ")" * 50, "a LIKE " + "'" * 4001,
])
def test_what_would_hang_or_crash_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(BadParameter) as caught:
        guard_text(text)
    assert time.perf_counter() - started < 0.1
    assert caught.value.context["parameter"] == "filter"
    assert caught.value.remedy_zh
    assert caught.value.remedy_en


def test_position_of_the_fault_is_named() -> None:
    with pytest.raises(BadParameter) as caught:
        guard_text("a = 1 AND (b = 2")
    assert caught.value.context["position"] == 11
    assert "第 11 个字符" in caught.value.zh
    with pytest.raises(BadParameter) as caught:
        parse_text("a = 1 ANT b = 2")
    assert caught.value.context["position"] == 7


@pytest.mark.parametrize("text", [
    "name = '((((((((((((((((((((' AND \"(((((((((((((((((((((\" = 1", "(" * MAX_DEPTH + "a = 1" + ")" * MAX_DEPTH,
    "NOT " * MAX_NOT + "a = 1", "S_INTERSECTS(geometry, MULTIPOLYGON(((" + ",".join(f"{n} -{n}" for n in range(300)) + ",0 0))))",
    "name LIKE 'it''s (' OR a NOT IN (1, 2, 3)", "a.b = 1 AND -a < 2.5e-3",
])
def test_what_is_within_the_caps_passes(text: str) -> None:
    guard_text(text)
    parse_text(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="()'\"ANDOT abc=1,<>.-+*%^/[]{}:;_é中\n", max_size=120))
def test_no_text_that_passes_hangs_the_parser(text: str) -> None:
    started = time.perf_counter()
    with suppress(BadParameter):
        parse_text(text)
    assert time.perf_counter() - started < 0.5


def test_the_deepest_faulty_text_that_passes_is_quick_and_leaves_the_process_alive() -> None:
    code = f"""
from geo.errors import BadParameter
from layers.filters import parse_text
for inside in ("a", "a =", "a = 1 x", "a IN", "NOT", "'", "CASEI(a", "1 +"):
    for opening in ("(", "NOT (", "CASEI(", "a = ("):
        try:
            parse_text(opening * {MAX_DEPTH} + inside + ")" * {MAX_DEPTH})
        except BadParameter:
            pass
print("alive")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.strip() == "alive", done.stderr


@pytest.mark.parametrize("text", ["[" * 100_000, '{"op":"not","args":[' * 2000 + "true" + "]}" * 2000, "nan", "{", "\ud800"])
def test_hostile_json_is_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        parse_json(text)


def test_nodes_and_levels_of_a_tree_are_counted() -> None:
    deep: object = True
    for _ in range(MAX_JSON_DEPTH + 1):
        deep = [deep]
    with pytest.raises(BadParameter):
        guard_tree(deep)
    with pytest.raises(BadParameter):
        guard_tree({"op": "in", "args": [{"property": "a"}, list(range(10_000))]})
    guard_tree({"type": "Polygon", "coordinates": [[[0, 0]] * 9000]})
