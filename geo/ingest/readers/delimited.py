"""CSV and its kin: encoding, delimiter and heading found out, rows streamed by Arrow, what does not fit set aside."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from geo.ingest.readers.reading import CHUNK, Reading, bad_file, check_heading
from geo.ingest.readers.text import Encoding, Utf8Stream, find_encoding, longest_line
from geo.store import Rejected

#: Longest row in bytes: a polygon as WKT fits, a file that is no CSV does not.
LONGEST_ROW = 16 << 20

#: Bytes that Arrow parses at once, at least; it needs thirty times as much memory. A row must fit in.
_BLOCK = 1 << 20

_DELIMITERS = (",", "\t", ";", "|")

#: A cell with this many line ends is no address but an open quotation mark that swallowed what follows.
_SWALLOWED = 3


def read_delimited(path: Path, *, encoding: str = "") -> Reading:
    """A delimited text file with a heading; all values are text, trimmed, empty ones missing.

    Lines above the heading that hold a single cell (a title) are passed over and said. A row with too many or too few fields is
    refused with its text; too many count only if the surplus holds something.

    Raises
    ------
    BadFile
        If it is missing, empty, of an unknown encoding, or its heading is doubled or has too many columns.
    """
    found = find_encoding(path, encoding)
    stream = Utf8Stream(path.open("rb"), found.codec, sound=not found.broken)
    head = _head(stream)
    if not head.strip():
        stream.close()
        raise bad_file(path, "是空文件", "is empty", "文件里没有表头，也没有数据。", "It has no heading and no rows.")
    delimiter = _delimiter(head)
    try:
        heading, used, above = _heading(path, head, delimiter)
        names = check_heading(path, _without_tail(heading))
    except Exception:
        stream.close()
        raise
    stream.push_back(head.encode()[used:])
    reading = Reading(path, "CSV", tuple(names), iter(()), encoding=found.shown)
    _say(reading, found, delimiter, above)
    longest = longest_line(path)
    if longest > LONGEST_ROW:
        stream.close()
        raise bad_file(path, f"有一行长达 {longest / 2**20:.0f} MB", f"has a line of {longest / 2**20:.0f} MB",
                       "请确认是表格，或改用 GeoPackage 存放大的几何。",
                       "Check that it is a table, or use GeoPackage for large geometries.")
    reading.chunks = _Rows(reading, stream, heading, delimiter, bool(found.broken), max(_BLOCK, 4 * longest)).chunks()
    return reading


def _head(stream: Utf8Stream) -> str:
    """The first part of the text, up to the end of a line, at least as long as a heading can be."""
    pieces = b""
    while len(pieces) < 1 << 18:
        piece = stream.read(1 << 16)
        if not piece:
            break
        pieces += piece
    end = pieces.rfind(b"\n") + 1 if len(pieces) >= 1 << 18 else len(pieces)
    stream.push_back(pieces[end:])
    text = pieces[:end].decode("utf-8", "replace")
    return text.removeprefix("\ufeff")


def _delimiter(head: str) -> str:
    """The mark that stands equally often in most of the first lines; a comma if none does."""
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    best, mark = (0.0, 0), ","
    for candidate in _DELIMITERS:
        counts = Counter(len(cells) for cells in csv.reader(lines, delimiter=candidate) if len(cells) > 1)
        if counts:
            width, agreeing = counts.most_common(1)[0]
            score = (agreeing / len(lines), width)
            if score > best:
                best, mark = score, candidate
    return mark


def _heading(path: Path, head: str, delimiter: str) -> tuple[list[str], int, int]:
    """Cells of the heading, bytes used up to its end, and rows above it."""
    csv.field_size_limit(LONGEST_ROW)
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(head, newline=""):
            taken.append(line)
            yield line

    try:
        for above, cells in enumerate(csv.reader(lines(), delimiter=delimiter)):
            cells = [cell.strip().lstrip("\ufeff") for cell in cells]
            filled = sum(bool(cell) for cell in cells)
            if filled > 1 or (filled == 1 and (above >= 10 or (len(cells) == 1 and delimiter not in head))):
                return cells, len("".join(taken).encode()), above
    except csv.Error as error:
        raise bad_file(path, f"不是有效的 CSV：{error}", f"is no valid CSV: {error}") from error
    raise bad_file(path, "没有表头", "has no heading", "第一行应当是列名。", "The first line must hold the column names.")


def _without_tail(heading: list[str]) -> list[str]:
    """The heading without empty cells at its end, which spreadsheets leave."""
    last = max((place for place, name in enumerate(heading) if name), default=-1)
    return heading[:last + 1]


def _say(reading: Reading, found: Encoding, delimiter: str, above: int) -> None:
    if found.broken:
        reading.findings.note(
            "undecodable", "warning", f"有 {found.broken} 行不能按 {found.codec} 解码，这些行进入隔离区",
            f"{found.broken} lines cannot be decoded as {found.codec}; their rows are refused", lines=found.broken)
    if delimiter != ",":
        shown = {"\t": "制表符"}.get(delimiter, delimiter)
        reading.findings.note("delimiter", "info", f"分隔符是“{shown}”", f"the delimiter is {delimiter!r}")
    if above:
        reading.findings.note("title", "info", f"表头之上有 {above} 行标题，已跳过",
                              f"{above} title lines above the heading are passed over")


class _Rows:
    """The rows below the heading."""

    def __init__(self, reading: Reading, stream: Utf8Stream, heading: list[str], delimiter: str, broken: bool,
                 block: int) -> None:
        self.reading, self.stream, self.delimiter, self.broken, self.block = reading, stream, delimiter, broken, block
        self.width = len(heading)
        self.names = list(reading.columns)
        self.misfits: dict[int, list[str]] = {}
        self.padded: dict[int, list[str]] = {}

    def chunks(self) -> Iterator[pd.DataFrame]:
        """Frames of text; then, as one more, the rows whose surplus cells were empty."""
        raw = [*self.names, *(f"\x00{place}" for place in range(self.width - len(self.names)))]
        passed = 0
        try:
            for table in _gathered(self._batches(raw)):
                labels, passed = self._labels(table.num_rows, passed)
                for start in range(0, table.num_rows, CHUNK):
                    yield self._frame(table.slice(start, CHUNK), labels[start:start + CHUNK])
        except pa.ArrowInvalid as error:
            raise bad_file(self.reading.path, f"无法按 CSV 读取：{str(error)[:200]}",
                           f"cannot be read as CSV: {str(error)[:200]}",
                           "请检查引号是否成对、是否有超长的行。",
                           "Check for unpaired quotation marks and overlong lines.") from error
        finally:
            self.stream.close()
        self._reject_misfits()
        if self.padded:
            columns = np.array([cells[:len(self.names)] for cells in self.padded.values()], object)
            table = pa.table({name: pa.array(columns[:, at], pa.string()) for at, name in enumerate(self.names)})
            yield self._frame(table, np.fromiter(self.padded, np.int64))

    def _batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        head = self.stream.read(1)
        if not head:
            return
        self.stream.push_back(head)
        yield from pcsv.open_csv(
            pa.PythonFile(self.stream, mode="r"),
            read_options=pcsv.ReadOptions(use_threads=False, block_size=self.block, column_names=names),
            parse_options=pcsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True,
                                            invalid_row_handler=self._set_aside),
            convert_options=pcsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True,
                                                null_values=[""], check_utf8=False))

    def _set_aside(self, row: pcsv.InvalidRow) -> str:
        cells = next(csv.reader(io.StringIO(row.text, newline=""), delimiter=self.delimiter), [])
        label = int(row.number) - 1
        surplus = len(cells) > self.width and not any(cell.strip() for cell in cells[self.width:])
        (self.padded if surplus else self.misfits)[label] = cells
        return "skip"

    def _labels(self, count: int, passed: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], int]:
        """Rows of data that a batch holds, when those set aside are left out; and the next row."""
        aside = self.misfits.keys() | self.padded.keys()
        labels = np.arange(passed, passed + count + len(aside), dtype=np.int64)
        labels = labels[~np.isin(labels, np.fromiter(aside, np.int64))][:count]
        return labels, int(labels[-1]) + 1 if count else passed

    def _frame(self, table: pa.Table, labels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pd.DataFrame:
        wrong = self._wrong(table)
        tail = [name for name in table.column_names if name.startswith("\x00")]
        columns = {}
        for name in self.names:
            text = pc.utf8_trim_whitespace(table[name])
            columns[name] = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        for place in np.flatnonzero(wrong):
            self._reject(int(labels[place]), [table[name][int(place)].as_py() for name in (*self.names, *tail)])
        frame: pd.DataFrame = pa.table(columns).to_pandas()
        frame.index = pd.Index(labels)
        return frame[~wrong] if wrong.any() else frame

    def _wrong(self, table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Rows with undecodable text, with an open quotation mark that swallowed rows, or with text behind the last column."""
        wrong = np.zeros(table.num_rows, bool)
        for name in table.column_names:
            column = table[name]
            if name.startswith("\x00"):
                wrong |= pc.is_valid(column).to_numpy()
            if self.broken:
                wrong |= _has(column, "\ufffd")
            many = _has(column, "\n")
            if many.any():
                wrong[many] |= pc.count_substring(column.filter(pa.array(many)), "\n").to_numpy() >= _SWALLOWED
        return wrong

    def _reject(self, label: int, cells: list[str | None]) -> None:
        text = "".join(cell or "" for cell in cells)
        lines = text.count("\n")
        if self.broken and "\ufffd" in text:
            self._refuse(label, "有不能解码的字节", "has bytes that cannot be decoded", cells)
        elif lines >= _SWALLOWED:
            self._refuse(label, f"引号没有成对，后面的 {lines} 行被并入这一行", f"an open quotation mark swallowed {lines} lines",
                         cells)
        else:
            self._refuse(label, "最后一列之后还有内容", "has something behind the last column", cells)

    def _reject_misfits(self) -> None:
        for label, cells in self.misfits.items():
            self._refuse(label, f"列数为 {len(cells)}，表头为 {self.width} 列",
                         f"{len(cells)} fields, the heading has {self.width}", cells)

    def _refuse(self, label: int, zh: str, en: str, cells: list[str | None] | list[str]) -> None:
        record: dict[str, object] = {name: cell for name, cell in zip(self.names, cells, strict=False) if cell}
        if len(cells) > len(self.names):
            record["\u2026"] = [cell for cell in cells[len(self.names):] if cell]
        self.reading.rejected.append(Rejected(label + 1, "", None, zh, en, json.dumps(record, ensure_ascii=False)))


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches put together until they are worth a chunk."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.num_rows for one in held) + batch.num_rows > CHUNK:
            yield pa.Table.from_batches(held).combine_chunks()
            held = []
    if held:
        yield pa.Table.from_batches(held).combine_chunks()


def _has(column: pa.ChunkedArray, mark: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array(pc.fill_null(pc.match_substring(column, mark), False).to_numpy(), bool)
