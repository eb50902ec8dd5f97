"""The parameters page: ``python -m layers.parameterpage [FILE]`` writes ``docs/parameters.md`` from the model's tables."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

from riskmodel.parameters import Parameters, load_parameters
from riskmodel.parameters.load import CERTAINTIES, Value

#: Chinese title of each table; a table without one is shown by its code.
TITLES: Mapping[str, str] = MappingProxyType({
    "consequence": "后果计算的方法选择", "crowd": "人群踩踏", "diagnosis": "诊断分级（应急〔2018〕19号）",
    "domino": "多米诺", "emergency": "应急救援", "fire": "火灾", "gas_use": "燃气使用",
    "identification": "重大危险源辨识与分级", "levels": "指数与等级", "likelihood": "可能性的修正",
    "people": "人口时空分布", "pipelines": "地下管线", "profiles": "LEC 与 LS 取值标准", "protection": "防护目标",
    "quantified": "危险化学品单元", "semi": "半定量风险源（LEC、LS、四色）", "substances": "物质性质",
    "uncertainty": "不确定性", "warnings": "预警", "weather": "气象", "work": "生产安全事故",
})

#: How sure a value is, as the page says it.
CERTAINTY_ZH: Mapping[str, str] = MappingProxyType({
    "read": "原文查得", "computed": "由本模型或所列数据算出", "own-sure": "据专业知识，把握较大",
    "own-unsure": "据专业知识，**把握不大，待核实**", "product": "本产品的取值决定",
})

_INTRODUCTION = """\
# 模型参数 Model parameters

本页由 `python -m layers.parameterpage` 根据 `riskmodel/parameters/*.toml` 生成，请勿手工修改。
*Generated from the tables in `riskmodel/parameters`; edit those, not this page.*

改参数：改 TOML 中的值与来源，运行 `riskmap check`（检查单位、来源、确定度与范围），再运行 `riskmap score`。
全部参数文件的校验和（SHA-256）写入每次计算的 `manifest.json`（`parameters_sha256`）。
表中“EF”为误差因子（95 分位与 50 分位之比）；所有表列频率均为均值。
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "；".join(f"{key}：{_plain(child)}" for key, child in value.items()) or "无"
    if isinstance(value, list):
        return "、".join(map(_plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _row(name: str, entry: Value) -> str:
    bounds = "" if entry.range is None else f"{entry.range[0]:g} – {entry.range[1]:g}"
    factor = "" if entry.error_factor is None else f"{entry.error_factor:g}"
    cells = (f"`{name}`", _plain(entry.value), entry.unit, bounds, factor, entry.certainty, entry.source)
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _summary(entries: Iterable[Value]) -> list[str]:
    number = Counter(entry.certainty for entry in entries)
    lines = ["", "## 确定度 Certainty", "", "| 标记 | 含义 | 项数 |", "| --- | --- | --- |"]
    return lines + [f"| {mark} | {CERTAINTY_ZH[mark]} | {number[mark]} |" for mark in CERTAINTIES]


def _unsure(values: Mapping[str, Value]) -> list[str]:
    names = [name for name, entry in values.items() if entry.certainty == "own-unsure"]
    lines = ["", "### 待核实的参数 To be verified", ""]
    for table, members in groupby(names, key=lambda name: name.split(".")[0]):
        lines.append(f"- {TITLES.get(table, table)}：" + "、".join(f"`{name}`" for name in members))
    return lines


def page(parameters: Parameters) -> str:
    """The page as Markdown.

    Parameters
    ----------
    parameters : Parameters
        All tables; every entry becomes one row with value, unit, range, error factor, certainty and source.
    """
    lines = [_INTRODUCTION.rstrip("\n"), *_summary(parameters.values.values()), *_unsure(parameters.values)]
    for table, names in groupby(parameters.values, key=lambda name: name.split(".")[0]):
        lines += ["", f"## {TITLES.get(table, table)} `{table}.toml`", "",
                  "| 参数 | 值 | 单位 | 允许范围 | EF | 确定度 | 来源 |", "| --- | --- | --- | --- | --- | --- | --- |"]
        lines += [_row(name, parameters.values[name]) for name in names]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page to the given file, by default ``docs/parameters.md``."""
    target = Path(arguments[0] if arguments else "docs/parameters.md")
    parameters = load_parameters()
    target.write_text(page(parameters), encoding="utf-8")
    print(f"{target}: {len(parameters.values)} parameters")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
