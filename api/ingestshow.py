"""What ``riskmap ingest`` shows of a file or a directory: what was recognised, noticed and refused, and where columns went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from api.console import Console

if TYPE_CHECKING:
    import pandas as pd

    from geo.ingest import Ingested, Rehearsed
    from geo.kinds import Kind


def show_file(console: Console, ingested: Ingested, *, whole: bool) -> None:
    """What was found out and noticed; after a rehearsal all of it, after a load only what needs looking at."""
    if whole:
        console.table(("文件", "file"), (("项目", "item"), ("识别结果", "found")), _recognised(console, ingested))
        console.table(("列的对应", "columns"), _COLUMN_HEADS, list(_columns(console, ingested)))
    findings = list(_findings(console, ingested, whole=whole))
    if findings:
        console.table(("发现", "findings"), _FINDING_HEADS, findings)
    if whole and len(ingested.refused):
        console.table(_REFUSED, REFUSED_HEADS, list(refused_rows(console, ingested.mapping.kind, ingested.refused)))


def show_directory(console: Console, rehearsed: Sequence[Rehearsed]) -> None:
    """What a rehearsal of a directory found out: one line per file, then what needs looking at, with the file's name."""
    from geo.kinds import KINDS

    console.table(("演练", "rehearsal"), _FILE_HEADS, [_file(console, one) for one in rehearsed])
    ingested = [(one.entry.path.name, one.loaded.ingested) for one in rehearsed if one.loaded and one.loaded.ingested]
    file = ("文件", "file")
    for title, heads, rows in (
        (("列的对应（同名的不列）", "columns (but those of the same name)"), _COLUMN_HEADS,
         [(name, *row) for name, one in ingested for row in _columns(console, one, plain=False)]),
        (("发现", "findings"), _FINDING_HEADS,
         [(name, *row) for name, one in ingested for row in _findings(console, one, whole=True)]),
        (_REFUSED, REFUSED_HEADS, [(one.entry.path.name, *row) for one in rehearsed if len(one.refused)
                                    for row in refused_rows(console, KINDS[one.entry.name], one.refused)]),
        (("不能载入的文件", "files that cannot be loaded"), (("原因", "reason"), ("办法", "remedy")),
         [(one.entry.path.name, one.error.message(console.tongue), one.error.remedy(console.tongue))
          for one in rehearsed if one.error]),
    ):
        if rows:
            console.table(title, (file, *heads), rows)


_COLUMN_HEADS = (("列", "column"), ("字段", "field"), ("依据", "by"), ("备注", "remark"))
_FINDING_HEADS = (("程度", "severity"), ("行数", "rows"), ("内容", "what"), ("例（数据行: 值）", "examples (data row: value)"))
_REFUSED = ("隔离（前几行）", "refused (first rows)")
REFUSED_HEADS = (("数据行", "data row"), ("字段", "field"), ("值", "value"), ("原因", "reason"))
_FILE_HEADS = (("文件", "file"), ("类型", "kind"), ("格式、编码、坐标系", "format, encoding, coordinates"), ("新增", "new"),
               ("更新", "changed"), ("移除", "removed"), ("未变", "same"), ("隔离", "refused"), ("发现", "findings"),
               ("结果", "result"))


def _file(console: Console, one: Rehearsed) -> tuple[Any, ...]:
    """One line of the table of a directory."""
    from geo.kinds import KINDS

    kind = console.pick("栅格", "raster") if one.raster else console.pick(KINDS[one.entry.name].zh, one.entry.name)
    good = console.pick("可以载入", "can be loaded") if one.error is None else console.pick("不能载入", "cannot be loaded")
    if one.loaded is None:
        return (one.entry.path.name, kind, *[""] * 7, good)
    report, ingested = one.loaded.report, one.loaded.ingested
    what = "GeoParquet" if ingested is None else "；".join(str(value) for _, value in _recognised(console, ingested)[:3]
                                                          if value != "-")
    grave = [] if ingested is None else [finding for finding in ingested.findings if finding.severity != "info"]
    return (one.entry.path.name, kind, what, report.inserted, report.updated, report.removed, report.unchanged,
            report.quarantined, len(grave) or "", good)


def _recognised(console: Console, ingested: Ingested) -> list[tuple[str, str]]:
    said = {"declared": ("用户声明", "declared"), "file": ("文件写明", "named by the file"), "default": ("默认", "by default")}
    rows = ((("格式", "format"), ingested.format), (("编码", "encoding"), ingested.encoding or "-"),
            (("坐标系", "coordinates"), f"{ingested.reference.name}（{console.pick(*said[ingested.reference_from])}）"),
            (("来源名", "source"), ingested.source))
    return [(console.pick(*name), value) for name, value in rows]


_WAYS = {"saved": ("映射文件", "mapping"), "name": ("列名", "name"), "synonym": ("同义词", "synonym"),
         "cut": ("截断的列名", "cut heading"), "json": ("列名", "name"), "": ("未识别", "not recognised")}


def _columns(console: Console, ingested: Ingested, *, plain: bool = True) -> Iterator[tuple[str, ...]]:
    """Where every column goes; without `plain` only those that are not simply called as their field is."""
    for column in ingested.mapping.columns:
        if not plain and column.how == "name" and column.factor == 1.0 and not column.note:
            continue
        place = {"extra": ("保留在“其他”", "kept in extra"), "-": ("不载入", "left out")}.get(column.target)
        target = console.pick(*place) if place else _term(console, ingested.mapping.kind, column.target)
        remark = f"× {column.factor:g}" if column.factor != 1.0 else ""
        if column.note:
            remark = console.pick(f"或为 {column.note}？", f"{column.note}?") if not column.note.startswith("?") else column.note
        yield column.name, target, console.pick(*_WAYS[column.how]), remark


def _findings(console: Console, ingested: Ingested, *, whole: bool) -> Iterator[tuple[Any, ...]]:
    grave = {"serious": ("严重", "serious"), "warning": ("注意", "warning"), "info": ("说明", "info")}
    for finding in ingested.findings:
        if whole or finding.severity != "info":
            examples = "；".join(f"{row}: {value}" if value else str(row) for row, value in finding.examples[:3])
            yield console.pick(*grave[finding.severity]), finding.count or "", console.pick(finding.zh, finding.en), examples


def refused_rows(console: Console, kind: Kind, rows: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Data row, field, value and reason of refused rows of one kind."""
    for row in rows.itertuples():
        yield row.row, _term(console, kind, row.field), row.value, console.pick(row.reason_zh, row.reason_en)


#: What is no field and still a target of a column, or the place of a fault.
_PLACES = {"@lon": "经度", "@lat": "纬度", "@lonlat": "经纬度", "@wkt": "几何（WKT）", "geometry": "坐标"}


def _term(console: Console, kind: Kind, name: str) -> str:
    """A field as people call it and as the program does."""
    zh = _PLACES.get(name) or next((field.zh for field in kind.all_fields if field.name == name), "")
    return f"{zh}（{name}）" if zh and console.tongue == "zh" else name
