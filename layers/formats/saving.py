"""A selection in any of the formats: what has to be true of it, as a stream, as a file that appears when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from geo.errors import BadParameter, TooLarge
from layers.collections.crs import CRS84, STORAGE
from layers.formats.files import write_file
from layers.formats.geoparquet import geoparquet
from layers.formats.kinds import FORMATS, Format
from layers.formats.selection import Selection
from layers.formats.streams import csv, geojson, geojsonseq

#: A file of millions of rows may take so long, s.
_LONGEST_S = 3600.0


def fitted(selection: Selection, form: Format) -> Selection:
    """The selection as a format takes it: files carry the reference system in which the data are.

    Raises
    ------
    TooLarge
        If the format cannot hold so much.
    """
    if form.most is not None and len(selection) > form.most:
        raise TooLarge(f"{form.zh} 至多 {form.most} 行，这里有 {len(selection)} 行",
                       f"{form.name} holds {form.most} rows, these are {len(selection)}",
                       remedy_zh="请缩小范围，或改用 CSV、GeoPackage。", remedy_en="Ask for less, or use CSV or GeoPackage.",
                       rows=len(selection))
    return replace(selection, crs=STORAGE) if form.made != "text" and selection.crs is CRS84 else selection


def streamed(selection: Selection, form: Format, *, mark: bool = False) -> Iterator[bytes]:
    """The bytes of a format that is made as it leaves (any but those made as ``file``); `mark`: CSV with a byte-order mark."""
    if form.name == "json":
        return geojson(selection)
    if form.name == "geojsonseq":
        return geojsonseq(selection)
    return csv(selection, mark=mark) if form.name == "csv" else geoparquet(selection)


def format_of(path: Path) -> Format:
    """The format that the ending of a file's name stands for.

    Raises
    ------
    BadParameter
        If it stands for none.
    """
    ending = path.suffix.lower().lstrip(".")
    found = next((form for form in FORMATS.values() if ending in (form.ending, form.name)), None)
    if found is None:
        known = [f".{form.ending}" for form in FORMATS.values()]
        raise BadParameter(f"不能写成“{path.suffix}”文件", f"cannot write a {path.suffix!r} file",
                           remedy_zh=f"文件名请用 {'、'.join(known)} 结尾。", remedy_en=f"End its name in {', '.join(known)}.")
    return found


def save(selection: Selection, form: Format, path: Path) -> int:
    """Write a selection to a file, in place of one that is there, once it is whole; gives its bytes.

    Raises
    ------
    TooLarge
        If the format cannot hold so much.
    EnvironmentProblem
        If it cannot be written.
    """
    selection, half = fitted(selection, form), path.with_name(f".{path.stem}-{os.getpid()}.{form.ending}")
    try:
        if form.made == "file":
            write_file(selection, form, half.absolute(), seconds=_LONGEST_S)
        else:
            with half.open("wb") as file:
                file.writelines(streamed(selection, form, mark=True))
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path.stat().st_size
