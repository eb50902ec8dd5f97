"""XLSX and XLS sheets. What the file claims is checked before anything is read into memory."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import python_calamine as calamine

from geo.ingest.readers.archives import LARGEST_SPREADSHEET, check_claims, opened_zip, real_size
from geo.ingest.readers.reading import CHUNK, MOST_COLUMNS, Reading, bad_file, check_heading
from geo.store import Rejected

#: Cells (rows × columns of the used area) that a sheet may span: more would not fit in memory.
MOST_CELLS = 40_000_000

#: Largest file in bytes of the old binary format, which is not packed.
LARGEST_XLS = 256 << 20

_ROW = re.compile(rb'<(?:\w+:)?row[^>]*?\br="(\d{1,9})"')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,4})(\d{1,9})"')

#: Sheets of explanation in our own templates and exports.
_EXPLANATIONS = ("说明", "填写说明", "字段说明")


def read_spreadsheet(path: Path, *, form: str, sheet: str = "") -> Reading:
    """One sheet of a spreadsheet: the named one, else the first with a heading. Values become text as a CSV would hold them.

    Raises
    ------
    BadFile
        If it is broken, locked by a password, claims more than it may, has no such sheet, or no heading.
    """
    (_check_xlsx if form == "XLSX" else _check_xls)(path)
    try:
        book = calamine.load_workbook(str(path))
        name, others = _choose(path, book, sheet)
        opened = book.get_sheet_by_name(name)
        rows = opened.iter_rows()
        heading, above = _heading(path, rows)
    except calamine.PasswordError as error:
        raise bad_file(path, "有密码", "is locked by a password", "请先去掉密码。", "Remove the password first.") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise bad_file(path, f"不是有效的电子表格（{error}）", f"is no valid spreadsheet ({error})",
                       "请用电子表格软件打开后另存。", "Open it in a spreadsheet program and save it again.") from error
    while heading and not heading[-1]:
        heading.pop()
    names = check_heading(path, heading)
    reading = Reading(path, form, tuple(names), iter(()), total=max(opened.height - above - 1, 0))
    if others:
        reading.findings.note("other-sheets", "warning", f"只读取工作表“{name}”，未读取：{'、'.join(others)}",
                              f"only sheet {name!r} is read, not: {', '.join(others)}", sheets=others)
    if above:
        reading.findings.note("title", "info", f"表头之上有 {above} 行标题，已跳过",
                              f"{above} title lines above the heading are passed over")
    reading.chunks = _chunks(reading, rows)
    return reading


def _check_xls(path: Path) -> None:
    if path.stat().st_size > LARGEST_XLS:
        raise bad_file(path, "过大，不能按 XLS 读取", "is too large for XLS", "请另存为 XLSX 或 CSV。", "Save it as XLSX or CSV.")


def _check_xlsx(path: Path) -> None:
    """Sizes as claimed, sizes as they are, and the area that the cells of every sheet span."""
    with opened_zip(path) as archive:
        check_claims(path, archive, LARGEST_SPREADSHEET)
        left = LARGEST_SPREADSHEET
        for name in archive.namelist():
            left -= real_size(path, archive, name, left)
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                _check_area(path, archive, name)


def _check_area(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    last_row = last_column = 0
    with archive.open(name) as file:
        tail = b""
        while block := file.read(1 << 20):
            text = tail + block
            for match in _CELL.finditer(text):
                last_column = max(last_column, _column(match[1]))
                last_row = max(last_row, int(match[2]))
            last_row = max(last_row, max((int(number) for number in _ROW.findall(text)), default=0))
            tail = text[-256:]
    if last_row * last_column > MOST_CELLS or last_column > 8 * MOST_COLUMNS:
        raise bad_file(
            path, f"的工作表声称有 {last_row} 行 × {last_column} 列，超过 {MOST_CELLS // 1_000_000} 百万个单元格",
            f"has a sheet that claims {last_row} rows × {last_column} columns, more than {MOST_CELLS // 1_000_000} million cells",
            "请删除数据区之外的空单元格后另存，或另存为 CSV。",
            "Delete what lies outside the data and save again, or save it as CSV.")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _choose(path: Path, book: Any, wanted: str) -> tuple[str, list[str]]:
    sheets = [one.name for one in book.sheets_metadata if one.typ == calamine.SheetTypeEnum.WorkSheet]
    if wanted:
        if wanted not in sheets:
            raise bad_file(path, f"没有工作表“{wanted}”，有：{'、'.join(sheets)}",
                           f"has no sheet {wanted!r} but: {', '.join(sheets)}",
                           "用 --layer 给出工作表名。", "Name the sheet by --layer.")
        return wanted, []
    hidden = {one.name for one in book.sheets_metadata if one.visible != calamine.SheetVisibleEnum.Visible}
    filled = [name for name in sheets if name not in hidden and name not in _EXPLANATIONS
              and book.get_sheet_by_name(name).end is not None]
    if not filled:
        raise bad_file(path, "的工作表都是空的", "has only empty sheets", "请检查文件。", "Check the file.")
    return filled[0], filled[1:]


def _heading(path: Path, rows: Iterator[list[Any]]) -> tuple[list[str], int]:
    for above, cells in enumerate(rows):
        texts = [re.sub(r"\s*\n\s*", "", _text(cell) or "") for cell in cells]
        filled = sum(bool(text) for text in texts)
        if filled > 1 or (filled == 1 and (len(texts) == 1 or above >= 10)):
            return texts, above
    raise bad_file(path, "没有表头", "has no heading", "第一行应当是列名。", "The first row must hold the column names.")


def _chunks(reading: Reading, rows: Iterator[list[Any]]) -> Iterator[pd.DataFrame]:
    width = len(reading.columns)
    kept: list[list[str | None]] = []
    labels: list[int] = []
    for label, cells in enumerate(rows):
        texts = [_text(cell) for cell in cells]
        if any(texts[width:]):
            record = {name: text for name, text in zip(reading.columns, texts, strict=False) if text}
            reading.rejected.append(Rejected(
                label + 1, "", None, "最后一列之后还有内容", "has something behind the last column",
                json.dumps({**record, "…": [text for text in texts[width:] if text]}, ensure_ascii=False)))
        elif any(texts):
            kept.append(texts[:width] + [None] * (width - len(texts)))
            labels.append(label)
        if len(kept) == CHUNK:
            yield _frame(reading, kept, labels)
            kept, labels = [], []
    if kept:
        yield _frame(reading, kept, labels)


def _frame(reading: Reading, kept: list[list[str | None]], labels: list[int]) -> pd.DataFrame:
    columns = dict(zip(reading.columns, zip(*kept, strict=True), strict=True))
    return pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()}).set_axis(
        pd.Index(np.array(labels, np.int64)))


def _text(cell: Any) -> str | None:
    """A cell as a CSV would hold it."""
    if isinstance(cell, str):
        return cell.strip() or None
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, int | timedelta) else repr(cell)
