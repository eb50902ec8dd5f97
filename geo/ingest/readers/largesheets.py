"""Large XLSX sheets row by row, as ECMA-376 (Office Open XML) lays them down: what is in memory is a block, not the sheet.

A library that reads a whole sheet takes a hundred bytes per cell. Here the sheet's XML is parsed as it unfolds; only the table of
shared texts is kept, as one run of bytes.
"""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree
from xml.parsers import expat

from geo.ingest.readers.reading import MOST_COLUMNS, bad_file

Cell = str | float | bool | datetime | date | time | timedelta | None

_BLOCK = 1 << 20

#: Largest unpacked size in bytes of the parts that are read whole: the list of sheets, the styles.
_LARGEST_PART = 16 << 20

#: Formats of numbers that are dates, by ECMA-376 part 1, 18.8.30 (those for East Asia included), and that are durations.
_DATES = {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
_DURATIONS = {46}


class _Texts:
    """The table of shared texts."""

    def __init__(self) -> None:
        self._bytes, self._ends = bytearray(), array("Q", [0])

    def add(self, text: str) -> None:
        self._bytes += text.encode("utf-8", "replace")
        self._ends.append(len(self._bytes))

    def __getitem__(self, place: int) -> str:
        return self._bytes[self._ends[place]:self._ends[place + 1]].decode() if 0 <= place < len(self._ends) - 1 else ""


def sheets_of(archive: zipfile.ZipFile) -> list[tuple[str, str, bool]]:
    """Name, part and visibility of every work sheet, in order."""
    book = _parsed(archive, "xl/workbook.xml")
    targets = {one.get("Id", ""): one.get("Target", "") for one in _parsed(archive, "xl/_rels/workbook.xml.rels").iter()
               if (one.get("Type") or "").endswith("/worksheet")}
    found = []
    for one in book.iter():
        key = next((value for name, value in one.attrib.items() if name.endswith("}id")), "")
        if one.tag.endswith("}sheet") and key in targets:
            target = targets[key]
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            found.append((one.get("name", ""), part, one.get("state", "visible") == "visible"))
    return found


@dataclass(frozen=True)
class Book:
    """What the sheets of a workbook share: texts, what each format says of numbers, and day 0."""

    texts: _Texts
    styles: list[str]
    epoch: datetime


def book_of(path: Path, archive: zipfile.ZipFile) -> Book:
    """Read what all sheets share.

    Raises
    ------
    BadFile
        If its XML is broken.
    """
    return Book(_shared(path, archive), _styles(archive), datetime(1904, 1, 1) if _from_1904(archive) else datetime(1899, 12, 30))


def rows_of(path: Path, archive: zipfile.ZipFile, part: str, book: Book) -> Iterator[list[Cell]]:
    """Every row of a sheet from its first on, empty ones included; each as long as it is filled.

    Raises
    ------
    BadFile
        If its XML is broken, or a row is wider than a table can be.
    """
    reader = _Rows(path, book)
    with archive.open(part) as file:
        yield from _parse(path, file, reader.parser, reader.taken)


def _parse(path: Path, file: BinaryIO | Any, parser: Any, taken: Callable[[], list[Any]]) -> Iterator[Any]:
    try:
        while block := file.read(_BLOCK):
            parser.Parse(block, False)
            yield from taken()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise bad_file(path, f"不是有效的电子表格（{error}）", f"is no valid spreadsheet ({error})",
                       "请用电子表格软件打开后另存。", "Open it in a spreadsheet program and save it again.") from error
    yield from taken()


def _parser(path: Path) -> Any:
    """A parser that refuses declared entities, which can unfold without end."""
    def refuse(*_: Any) -> None:
        raise bad_file(path, "含有 XML 文档类型声明，不读取", "declares an XML document type and is not read",
                       "请用电子表格软件打开后另存。", "Open it in a spreadsheet program and save it again.")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


class _Rows:
    """Handlers of one sheet's XML: cells become values, values rows."""

    def __init__(self, path: Path, book: Book) -> None:
        self._path, self._texts, self._styles, self._epoch = path, book.texts, book.styles, book.epoch
        self._columns: dict[str, int] = {}
        self._done: list[list[Cell]] = []
        self._row: list[Cell] = []
        self._number = self._column = 0
        self._type = self._style = ""
        self._pieces: list[str] = []
        self._within = self._phonetic = False
        self.parser = _parser(path)
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._chars

    def taken(self) -> list[list[Cell]]:
        """The rows that are complete."""
        done, self._done = self._done, []
        return done

    def _start(self, name: str, said: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            place = said.get("r", "").rstrip("0123456789")
            self._column = self._columns.get(place) or self._place(place)
            self._type, self._style, self._pieces = said.get("t", "n"), said.get("s", ""), []
        elif name == "v" or name == "t":
            self._within = not self._phonetic
        elif name == "rPh":  # how a name is spoken, not part of it
            self._phonetic = True
        elif name == "row":
            text = said.get("r", "")
            number = int(text) if text.isdecimal() else 0
            self._done.extend([] for _ in range(max(min(number, 1 << 20) - self._number - 1, 0)))
            self._number, self._row = max(number, self._number + 1), []

    def _chars(self, text: str) -> None:
        if self._within:
            self._pieces.append(text)

    def _end(self, name: str) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            value = self._value("".join(self._pieces))
            if value is not None:
                row, column = self._row, self._column
                row.extend([None] * (column - len(row)))
                row[column - 1] = value
        elif name in ("v", "t"):
            self._within = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "row":
            self._done.append(self._row)

    def _place(self, letters: str) -> int:
        """Number of a column, from 1; without letters the next one."""
        if not letters:
            return len(self._row) + 1
        found = 0
        for letter in letters:
            found = found * 26 + ord(letter) - 64
        if not 0 < found <= 8 * MOST_COLUMNS:
            raise bad_file(self._path, f"的工作表有 {found} 列", f"has a sheet of {found} columns",
                           "请删除数据区之外的单元格后另存，或另存为 CSV。",
                           "Delete what lies outside the data and save again, or save it as CSV.")
        self._columns[letters] = found
        return found

    def _value(self, text: str) -> Cell:
        if self._type == "s":
            return (self._texts[int(text)] or None) if text.isdecimal() else None
        if self._type in ("str", "inlineStr", "d"):
            return text or None
        if self._type == "b":
            return text.strip() == "1"
        if self._type == "e" or not text.strip():
            return None
        try:
            number = float(text)
        except ValueError:
            return text
        form = self._styles[int(self._style)] if self._style.isdecimal() and int(self._style) < len(self._styles) else ""
        return self._moment(number, form) if form and abs(number) < 2_958_466 else number

    def _moment(self, number: float, form: str) -> Cell:
        """A day or a time out of the number of days since the epoch."""
        part = timedelta(milliseconds=round(number * 86_400_000))
        if form == "duration":
            return part
        if 0 <= number < 1:
            return (datetime.min + part).time()
        try:  # the calendar of 1900 has a 29 February that never was
            return self._epoch + part + timedelta(days=number < 60 and self._epoch.year == 1899)
        except OverflowError:
            return number


def _shared(path: Path, archive: zipfile.ZipFile) -> _Texts:
    """Texts that cells refer to by number; of texts with runs all runs, without how they are spoken."""
    texts = _Texts()
    if "xl/sharedStrings.xml" not in archive.namelist():
        return texts
    pieces: list[str] = []
    state = {"within": False, "phonetic": False}

    def start(name: str, _said: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "si":
            pieces.clear()
        elif name == "t":
            state["within"] = not state["phonetic"]
        elif name == "rPh":
            state["phonetic"] = True

    def end(name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "si":
            texts.add("".join(pieces))
        elif name == "t":
            state["within"] = False
        elif name == "rPh":
            state["phonetic"] = False

    parser = _parser(path)
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: pieces.append(text) if state["within"] else None
    with archive.open("xl/sharedStrings.xml") as file:
        list(_parse(path, file, parser, list))
    return texts


def _styles(archive: zipfile.ZipFile) -> list[str]:
    """Of every cell format whether its numbers are days (``date``), spans of time (``duration``) or just numbers (empty)."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    tree = _parsed(archive, "xl/styles.xml")
    known = dict.fromkeys(_DATES, "date") | dict.fromkeys(_DURATIONS, "duration")
    known |= {int(one.get("numFmtId", "0")): _kind_of(one.get("formatCode", ""))
              for one in tree.iter() if one.tag.endswith("}numFmt")}
    formats = next((one for one in tree if one.tag.endswith("}cellXfs")), ())
    return [known.get(int(one.get("numFmtId", "0")), "") for one in formats]


def _kind_of(code: str) -> str:
    """What a format says its numbers are, by its letters outside quotes, brackets and escapes."""
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.', "", code.split(";")[0].lower())
    if re.search(r"\[(h+|m+|s+)\]", bare):
        return "duration"
    bare = re.sub(r"\[[^\]]*\]|general", "", bare)
    return "date" if re.search(r"[ymdhs]", bare) else ""


def _from_1904(archive: zipfile.ZipFile) -> bool:
    return any(one.tag.endswith("}workbookPr") and one.get("date1904") in ("1", "true")
               for one in _parsed(archive, "xl/workbook.xml"))


def _parsed(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    """A small part as a tree."""
    with archive.open(part) as file:
        text = file.read(_LARGEST_PART + 1)
    if len(text) > _LARGEST_PART or b"<!DOCTYPE" in text:
        raise ValueError(f"{part} is too large or declares a document type")
    return ElementTree.fromstring(text)  # noqa: S314  (no document type, no entities)
