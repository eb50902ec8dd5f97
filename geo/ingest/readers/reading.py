"""What every reader gives: a heading, what the file says of itself, and its rows in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from geo.coordinates import Reference, find_reference
from geo.errors import BadFile, BadParameter
from geo.ingest.findings import Findings
from geo.store import Rejected

#: Rows of a chunk: what is held in memory at once.
CHUNK = 50_000

#: More columns than this are no table of features.
MOST_COLUMNS = 2_000


@dataclass
class Reading:
    """A file that is being read; its chunks can be taken once.

    Attributes
    ----------
    path : Path
        The file as the user named it.
    format : str
        What it is, by its content.
    columns : tuple of str
        Heading, without the geometry that the file itself carries.
    chunks : iterator of DataFrame
        Rows with these columns, and ``geometry`` where `has_geometry`; the index is the row of data, from 0.
    has_geometry : bool
        Whether the format itself carries geometry (WKB, Shapely, or text where it could not be read).
    reference : Reference or None
        Coordinate system that the file names.
    encoding : str
        How its text is encoded, with the way it was found out; empty where the format fixes it.
    total : int
        Rows, where the file says so; else 0.
    byte_limit : int
        Longest heading in bytes where the format cuts them (shapefiles: 10); 0 for none.
    rejected : list of Rejected
        Rows that could not even be split into fields; grows while the chunks are taken.
    findings : Findings
        What the reader noticed; grows likewise.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    chunks: Iterator[pd.DataFrame]
    has_geometry: bool = False
    reference: Reference | None = None
    encoding: str = ""
    total: int = 0
    byte_limit: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)


def bad_file(path: Path, zh: str, en: str, remedy_zh: str = "", remedy_en: str = "") -> BadFile:
    """The error for a file, with its name in both sentences."""
    return BadFile(f"文件 {path.name} {zh}", f"the file {path.name} {en}",
                   remedy_zh=remedy_zh, remedy_en=remedy_en, file=str(path))


def known_reference(reading: Reading, named: str) -> Reference | None:
    """The coordinate system that a file names; None, with a note, where nobody knows it: it must be declared then."""
    try:
        return find_reference(named)
    except BadParameter:
        reading.findings.note("crs-unknown", "warning", f"文件写明的坐标系不认识：{named[:80]}",
                              f"the file names an unknown system: {named[:80]}")
        return None


def check_heading(path: Path, heading: list[str]) -> list[str]:
    """The heading with empty names numbered.

    Raises
    ------
    BadFile
        If there is none, a name stands twice, or there are too many columns.
    """
    if not any(heading):
        raise bad_file(path, "是空文件", "is empty", "文件里没有表头，也没有数据。", "It has no heading and no rows.")
    if len(heading) > MOST_COLUMNS:
        raise bad_file(path, f"有 {len(heading)} 列，超过 {MOST_COLUMNS} 列",
                       f"has {len(heading)} columns, more than {MOST_COLUMNS}",
                       "请确认分隔符，或只保留需要的列。", "Check the delimiter, or keep only the columns needed.")
    named = [name or f"第{place}列" for place, name in enumerate(heading, 1)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise bad_file(path, f"的表头有重复的列名：{'、'.join(twice[:5])}", f"has doubled column names: {', '.join(twice[:5])}",
                       "请给每一列不同的名称。", "Give every column its own name.")
    return named
