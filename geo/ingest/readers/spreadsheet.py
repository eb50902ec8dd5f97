"""XLSX and XLS sheets. What the file claims is checked before anything is read into memory."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import python_calamine as calamine

from geo.ingest.readers import largesheets
from geo.ingest.readers.archives import LARGEST_SPREADSHEET, check_claims, opened_zip, real_size
from geo.ingest.readers.reading import CHUNK, MOST_COLUMNS, Reading, bad_file, check_heading
from geo.store import Rejected

#: Cells (rows × columns of the used area) that a sheet may span: more would not fit in memory.
MOST_CELLS = 40_000_000

#: Largest part in bytes of a workbook that is read whole; the cells of a larger one are taken as it unfolds.
LARGEST_IN_MEMORY = 48 << 20

#: Largest file in bytes of the old binary format, which is not packed.
LARGEST_XLS = 256 << 20

#: Rows of a large sheet that are looked at to see how wide it is.
_LOOK = 100

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
    opened: _Sheet | None = None
    try:
        if form == "XLSX" and _check_sizes(path) > LARGEST_IN_MEMORY:
            opened = _streamed(path, sheet)
        elif form == "XLSX":
            _check_areas(path)
        else:
            _check_xls(path)
        opened = opened or _whole(path, sheet)
        heading, above = _heading(path, opened.rows)
    except calamine.PasswordError as error:
        raise bad_file(path, "有密码", "is locked by a password", "请先去掉密码。", "Remove the password first.") from error
    except (calamine.CalamineError, ElementTree.ParseError, OSError, ValueError, KeyError) as error:
        raise bad_file(path, f"不是有效的电子表格（{error}）", f"is no valid spreadsheet ({error})",
                       "请用电子表格软件打开后另存。", "Open it in a spreadsheet program and save it again.") from error
    while heading and not heading[-1]:
        heading.pop()
    names = check_heading(path, heading)
    reading = Reading(path, form, tuple(names), iter(()), total=max(opened.height - above - 1, 0))
    if opened.others:
        reading.findings.note("other-sheets", "warning", f"只读取工作表“{opened.name}”，未读取：{'、'.join(opened.others)}",
                              f"only sheet {opened.name!r} is read, not: {', '.join(opened.others)}", sheets=opened.others)
    if above:
        reading.findings.note("title", "info", f"表头之上有 {above} 行标题，已跳过",
                              f"{above} title lines above the heading are passed over")
    reading.chunks = _chunks(reading, opened.rows)
    return reading


@dataclass(frozen=True)
class _Sheet:
    """The sheet that is read, the others that hold something, its rows, and how many there are (0: not known)."""

    name: str
    others: list[str]
    rows: Iterator[list[Any]]
    height: int = 0


def _whole(path: Path, wanted: str) -> _Sheet:
    book = calamine.load_workbook(str(path))
    name, others = _choose(path, book, wanted)
    opened = book.get_sheet_by_name(name)
    return _Sheet(name, others, opened.iter_rows(), opened.height)


def _streamed(path: Path, wanted: str) -> _Sheet:
    with opened_zip(path) as archive:
        book, sheets = largesheets.book_of(path, archive), largesheets.sheets_of(archive)
        filled = [] if wanted else [
            name for name, part, visible in sheets if visible and name not in _EXPLANATIONS
            and any(any(row) for row in largesheets.rows_of(path, archive, part, book))]
    name, others = _named(path, [name for name, _, _ in sheets], filled, wanted)
    return _Sheet(name, others, _rows_of(path, next(part for one, part, _ in sheets if one == name), book))


def _rows_of(path: Path, part: str, book: largesheets.Book) -> Iterator[list[Any]]:
    """Rows of a sheet; the first ones as wide as the widest of them, so that a title is not taken for a heading of one column."""
    with opened_zip(path) as archive:
        rows = largesheets.rows_of(path, archive, part, book)
        first = list(islice(rows, _LOOK))
        width = max(map(len, first), default=0)
        yield from ([*row, *[None] * (width - len(row))] for row in first)
        yield from rows


def _check_xls(path: Path) -> None:
    if path.stat().st_size > LARGEST_XLS:
        raise bad_file(path, "过大，不能按 XLS 读取", "is too large for XLS", "请另存为 XLSX 或 CSV。", "Save it as XLSX or CSV.")


def _check_sizes(path: Path) -> int:
    """Sizes as claimed, and as they are; the bytes of the largest part."""
    with opened_zip(path) as archive:
        check_claims(path, archive, LARGEST_SPREADSHEET)
        left, largest = LARGEST_SPREADSHEET, 0
        for name in archive.namelist():
            size = real_size(path, archive, name, left)
            left, largest = left - size, max(largest, size)
    return largest


def _check_areas(path: Path) -> None:
    """The area that the cells of every sheet span."""
    with opened_zip(path) as archive:
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
    hidden = {one.name for one in book.sheets_metadata if one.visible != calamine.SheetVisibleEnum.Visible}
    filled = [] if wanted in sheets else [name for name in sheets if name not in hidden and name not in _EXPLANATIONS
                                          and book.get_sheet_by_name(name).end is not None]
    return _named(path, sheets, filled, wanted)


def _named(path: Path, sheets: list[str], filled: list[str], wanted: str) -> tuple[str, list[str]]:
    """The sheet to read, and the others that hold something if none was named."""
    if wanted:
        if wanted not in sheets:
            raise bad_file(path, f"没有工作表“{wanted}”，有：{'、'.join(sheets)}",
                           f"has no sheet {wanted!r} but: {', '.join(sheets)}",
                           "用 --layer 给出工作表名。", "Name the sheet by --layer.")
        return wanted, []
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
