"""Empty tables to fill in: Chinese headings with units, and what every column means."""

from __future__ import annotations

import csv
from pathlib import Path

from geo.errors import BadParameter
from geo.ingest.words import values
from geo.kinds import Field, Kind
from geo.kinds import kind as find_kind

#: Filled in by the program.
_OWN = ("area_code", "source", "assumed", "synthetic", "extra", "updated_at", "position_accuracy_m")

_TYPES = {"text": "文本", "int": "整数", "float": "数值", "bool": "是/否", "date": "日期，如 2024-01-31", "json": "JSON"}

_POSITION = {
    "point": "经度、纬度，CGCS2000 度；其他坐标系导入时用 --crs 声明",
    "line": "WKT，如 LINESTRING(116.1 39.9, 116.2 39.9)", "polygon": "WKT，如 POLYGON((116 39, 117 39, 117 40, 116 39))",
    "point_or_polygon": "经度、纬度，CGCS2000 度；面用 WKT 格式的“几何”一列代替",
}


def heading(field: Field) -> str:
    """Chinese term with its unit.

    Examples
    --------
    >>> heading(Field("floor_area_m2", "建筑面积", "float", "m²"))
    '建筑面积（m²）'
    """
    return f"{field.zh}（{field.unit}）" if field.unit else field.zh


def columns(kind: Kind) -> list[tuple[str, str, str, str]]:
    """Heading, required or not, type and allowed values, and note of every column of the template."""
    told = []
    for field in sorted(kind.all_fields, key=lambda one: (not one.required, one.name not in ("id", "name"))):
        if field.name not in _OWN:
            told.append((heading(field), "必填" if field.required else "", _meaning(kind, field), field.note))
    places = ["几何"] if kind.geometry in ("line", "polygon") else ["经度", "纬度"]
    return [*told[:2], *((place, "必填", _POSITION[kind.geometry], "") for place in places), *told[2:]]


def _meaning(kind: Kind, field: Field) -> str:
    if not field.choices:
        bounds = "".join((f"，不小于 {field.minimum:g}" if field.minimum is not None else "",
                          f"，不大于 {field.maximum:g}" if field.maximum is not None else ""))
        return _TYPES[field.type] + bounds
    words: dict[str, str] = {}
    for word, choice in values(kind, field).items():
        if word != choice and any("\u4e00" <= letter <= "\u9fff" for letter in word):
            words.setdefault(choice, word)
    return "取值：" + "、".join(f"{choice}（{words[choice]}）" if choice in words else choice for choice in field.choices)


def write_template(kind: str, path: Path) -> int:
    """Write an empty table of a kind: XLSX with a sheet of explanations, or CSV; the number of columns is handed back.

    Raises
    ------
    UnknownIdentifier
        If there is no such kind.
    BadParameter
        If the file's ending is neither ``.xlsx`` nor ``.csv``, or it exists already.
    """
    declared = find_kind(kind)
    told = columns(declared)
    if path.exists():
        raise BadParameter(f"文件 {path} 已存在", f"the file {path} exists already", remedy_zh="请换一个文件名。",
                           remedy_en="Use another name.")
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow([column[0] for column in told])
    elif path.suffix.lower() == ".xlsx":
        _write_xlsx(declared, told, path)
    else:
        raise BadParameter(f"模板只能写成 .xlsx 或 .csv，不是“{path.suffix}”",
                           f"a template is .xlsx or .csv, not {path.suffix!r}",
                           remedy_zh="请改扩展名。", remedy_en="Change the ending.")
    return len(told)


def _write_xlsx(kind: Kind, told: list[tuple[str, str, str, str]], path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        sheet, explained = book.add_worksheet(kind.zh), book.add_worksheet("说明")
        must = book.add_format({"bold": True, "bg_color": "#FCE4D6", "text_wrap": True, "border": 1})
        may = book.add_format({"bold": True, "bg_color": "#E2EFDA", "text_wrap": True, "border": 1})
        text = book.add_format({"num_format": "@"})
        sheet.freeze_panes(1, 0)
        for at, (name, required, _, _) in enumerate(told):
            sheet.write_string(0, at, name, must if required else may)
            sheet.set_column(at, at, max(10, 2 * len(name)), text)
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        for at, name in enumerate(("列", "必填", "类型与取值", "说明")):
            explained.write_string(0, at, name, may)
        for row, cells in enumerate(told, 1):
            for at, cell in enumerate(cells):
                explained.write_string(row, at, cell, wrap)
        for at, width in enumerate((24, 8, 70, 60)):
            explained.set_column(at, at, width)
