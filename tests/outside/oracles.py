"""The table of outside numbers: ``python -m tests.outside.oracles`` runs the tests of this folder and writes what they compared.

Every comparison with :func:`pytest.approx` is recorded as it happens, so the page holds the tests' own numbers; each test then
checks that its row still stands in the page.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

#: What one number is compared with.
_Scalar: Any = type(pytest.approx(1.0))

#: Set in the environment while the page is made.
WRITING = "RISKMAP_TEST_ORACLES"

PAGE = Path(__file__).parents[2] / "docs" / "method" / "oracles.md"

#: Parts of the method in the order of the page, and the names in a test by which it belongs to one (the first that fits).
PARTS = {
    "辨识与分级": ("test_gb18218.py", "test_diagnosis.py", "test_lec.py", "test_gb36894.py"),
    "致死概率": ("probit", "test_probit_published.py"),
    "火灾与热辐射": ("fireball", "poolfire", "jetfire", "flame", "atmosphere", "fireball_kernel", "pool_kernel"),
    "爆炸": ("explosion", "bst", "explosives", "dust", "test_explosions_published.py"),
    "泄漏、蒸发与尾矿外泄": ("release", "blowdown", "evaporation", "tailings"),
    "扩散与重气": ("dispersion", "dense_gas", "Plume", "Puff", "Gas", "ToxicCloud", "test_dense_gas_published.py"),
    "管线": ("test_pipelines_published.py",),
    "可能性": ("test_learned.py", "test_calibration_mapping.py"),
    "社会风险与风险量": ("measures", "test_societal.py", "test_measures_published.py", "at_least"),
    "坐标与面积": ("test_coordinates.py", "test_area_fractions.py"),
}

_HEAD = """\
# 外部数值核对表 Outside numbers

由 `make docs` 运行 `tests/outside/` 生成，请勿手工修改：期望值与得到的值都取自测试运行时的比较，不是抄写的。
每个测试运行后都核对自己的行还在本页。期望值出自所列文献、标准、他人程序的测试或试验；容许差在测试里逐项写明理由。
误差为相对误差的最大值（期望为零时为绝对误差）；带“≈”的是数量级核对（容许差超过 5 %）。

*English: made by running the tests; expected, got and error are what the tests compared. ≈ marks checks of magnitude only.*
"""


class Recorder:
    """Comparisons of one test."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float, float]] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record while the test runs."""
        plain = _Scalar.__eq__

        def compare(approx: Any, actual: Any) -> bool:
            if isinstance(actual, int | float | np.number) and isinstance(approx.expected, int | float | np.number):
                self.seen.append((float(approx.expected), float(actual), float(approx.tolerance)))
            return bool(plain(approx, actual))

        _Scalar.__eq__ = compare
        try:
            yield
        finally:
            _Scalar.__eq__ = plain


def part_of(item: Any) -> str | None:
    """Part of the method that a test belongs to, by the modules that it or its parameters name."""
    names = {*item.function.__code__.co_names, item.path.name}
    for value in getattr(getattr(item, "callspec", None), "params", {}).values():
        names |= {getattr(value, "__module__", "").rsplit(".", 1)[-1]}
    return next((part for part, words in PARTS.items() if names & set(words)), None)


def row(item: Any, seen: list[tuple[float, float, float]]) -> str | None:
    """Line of the page; None for a test that names no source or compares no number."""
    source = (item.function.__doc__ or "").split("\n\n")[0]
    if not source or not seen or part_of(item) is None:
        return None
    source = re.sub(r"\s+", " ", source).strip().rstrip(".").replace("|", "\\|")
    error = max(abs(got - want) / (abs(want) or 1.0) for want, got, _ in seen)
    coarse = any(allowed > 0.05 * abs(want) for want, _, allowed in seen if want)
    shown = "< 1e-9" if error < 1e-9 else f"{'≈ ' if coarse else ''}{error:.1e}"
    name = item.name if len(item.name) < 60 else item.originalname
    return f"| {source} | {_list(w for w, _, _ in seen)} | {_list(g for _, g, _ in seen)} | {shown} | `{name}` |"


def _list(values: Any) -> str:
    words = [f"{v:.6g}" for v in values]
    return "、".join(words[:6]) + (f" …（共 {len(words)} 个）" if len(words) > 6 else "")


def page(rows: dict[str, list[str]]) -> str:
    """The whole page from its rows by part."""
    counted = sum(len(found) for found in rows.values())
    text = [_HEAD, f"共 {counted} 项核对。\n"]
    for part in PARTS:
        text += [f"## {part}\n", "| 出处与条件 | 期望 | 得到 | 误差 | 测试 |", "| --- | --- | --- | --- | --- |"]
        text += [*rows.get(part, []), ""]
    return "\n".join(text)


class Writer:
    """Pytest plugin that collects the rows."""

    def __init__(self) -> None:
        self.rows: dict[str, list[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: Any) -> Iterator[Any]:
        """Record one test."""
        recorder = Recorder()
        with recorder.listening():
            result = yield
        if isinstance(item, pytest.Function) and (line := row(item, recorder.seen)):
            self.rows.setdefault(str(part_of(item)), []).append(line)
        return result


def being_written() -> bool:
    """Whether the page is being made, and is not yet to be compared with."""
    return bool(os.environ.get(WRITING))


def main() -> int:
    """Write the page; the status of the tests."""
    os.environ[WRITING] = "1"
    writer = Writer()
    files = sorted({word for words in PARTS.values() for word in words if word.startswith("test_")})
    published = sorted({*files, *(p.name for p in Path(__file__).parent.glob("test_*_published.py"))})
    status = pytest.main(["-q", "-p", "no:cacheprovider", "-o", "addopts=",
                          *(str(Path(__file__).parent / name) for name in published)], plugins=[writer])
    if status == 0:
        PAGE.write_text(page(writer.rows), encoding="utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
