"""The data model page: ``python -m geo.datamodel [FILE]`` writes ``docs/data-model.md`` from the declared kinds."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from geo.kinds import COMMON, KINDS, Field, Kind

_TYPES = {"text": "文本", "int": "整数", "float": "数值", "bool": "是/否", "date": "日期", "json": "JSON"}
_GEOMETRIES = {"point": "点", "line": "线", "polygon": "面", "point_or_polygon": "点或面"}

_INTRODUCTION = """\
# 数据模型 Data model

本页由 `python -m geo.datamodel` 根据 `geo/kinds.py` 的声明生成，请勿手工修改。
*Generated from the declarations in `geo/kinds.py`; edit those, not this page.*

每类要素在存储中是一张同名的表，在数据目录中是一个 `<代码>.parquet` 文件。导入 CSV 时列名可用代码或中文名称，
可带括号注明的单位；点的位置用 `lon`、`lat`（经度、纬度）两列，其他几何用 WKT 格式的 `geometry` 列；未声明的列保存在 `extra` 中。
坐标系为 CGCS2000 经纬度（EPSG:4490）。不合声明的行进入隔离区（quarantine），注明文件、行、字段、取值与原因，不影响其余行。
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _allowed(field: Field) -> str:
    if field.choices:
        return "、".join(field.choices)
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        return f"{low:g} – {high:g}"
    if low is not None:
        return f"≥ {low:g}"
    return "" if high is None else f"≤ {high:g}"


def _table(fields: Iterable[Field]) -> list[str]:
    lines = ["| 代码 | 名称 | 类型 | 单位 | 必填 | 取值 | 说明 |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for field in fields:
        cells = (f"`{field.name}`", field.zh, _TYPES[field.type], field.unit, "是" if field.required else "", _allowed(field),
                 field.note)
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return lines


def _section(kind: Kind) -> list[str]:
    note = f"；{kind.note}" if kind.note else ""
    return ["", f"## {kind.zh} `{kind.name}`", "", f"几何：{_GEOMETRIES[kind.geometry]}{note}", "", *_table(kind.fields)]


def page() -> str:
    """The page as Markdown: the common fields, then every kind with its own."""
    lines = [_INTRODUCTION, "## 公共字段 Common fields", "", *_table(COMMON)]
    for kind in KINDS.values():
        lines += _section(kind)
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page to the given file, by default ``docs/data-model.md``."""
    target = Path(arguments[0] if arguments else "docs/data-model.md")
    target.write_text(page(), encoding="utf-8")
    print(f"{target}: {len(KINDS)} kinds")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
