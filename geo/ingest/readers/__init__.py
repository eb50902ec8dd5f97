"""Files as they are: what a file is, is told by its content; each reader gives a heading and chunks of rows.

:func:`open_file` is the door; :class:`~geo.ingest.readers.reading.Reading` is what comes out of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from geo.ingest.readers.archives import recognise, unpacked
from geo.ingest.readers.reading import CHUNK, Reading, bad_file

__all__ = ["CHUNK", "FORMATS", "Reading", "bad_file", "open_file"]

#: Endings that name a format; what a file is, is told by its content.
FORMATS = {
    ".csv": "CSV", ".txt": "CSV", ".tsv": "CSV", ".xlsx": "XLSX", ".xlsm": "XLSX", ".xls": "XLS", ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".geojsonl": "GeoJSONSeq", ".geojsons": "GeoJSONSeq", ".ndjson": "GeoJSONSeq", ".jsonl": "GeoJSONSeq", ".gpkg": "GeoPackage",
    ".shp": "Shapefile", ".fgb": "FlatGeobuf", ".parquet": "GeoParquet", ".geoparquet": "GeoParquet", ".gz": "gz", ".zip": "zip",
}


@contextmanager
def open_file(path: Path, *, layer: str = "", encoding: str = "", crs_declared: bool = False) -> Iterator[Reading]:
    """Open a file of any known format; packed ones are unfolded into a folder that is gone afterwards.

    Parameters
    ----------
    layer : str
        Sheet of a spreadsheet, or layer of a GeoPackage.
    encoding : str
        Encoding of its text, where it must not be guessed.
    crs_declared : bool
        The user names the coordinate system: what the file says of it is not needed.

    Raises
    ------
    BadFile
        If it is missing, empty, broken, too large, of an unknown format, or lacks something; each says what to do.
    """
    form = recognise(path)
    expected = FORMATS.get(path.suffix.lower(), "")
    if form == "CSV" and (not expected or not _tabular(path, expected)):
        raise bad_file(path, f"的格式（{path.suffix or '无扩展名'}）不支持，或内容不是这种格式",
                       f"has a format ({path.suffix or 'no extension'}) that is not supported",
                       "支持 CSV、XLSX、GeoJSON、GeoPackage、Shapefile、FlatGeobuf、GeoParquet，及其 gz、zip。",
                       "CSV, XLSX, GeoJSON, GeoPackage, Shapefile, FlatGeobuf and GeoParquet are, also as gz or zip.")
    with tempfile.TemporaryDirectory(prefix="riskmap-") as folder:
        inside = path
        if form in ("gz", "zip"):
            inside = unpacked(path, Path(folder))
            form = recognise(inside)
        reading = _read(inside, form, layer, encoding, crs_declared)
        if expected not in (form, "gz", "zip"):
            reading.findings.note("extension", "warning", f"扩展名是 {path.suffix}，内容是 {form}，按内容读取",
                                  f"the extension is {path.suffix} but the content is {form}; it is read as that")
        try:
            yield reading if inside is path else replace(reading, path=path)
        finally:
            close = getattr(reading.chunks, "close", None)
            if close is not None:
                close()


def _tabular(path: Path, expected: str) -> bool:
    """Whether a text file can be a table: under a name for text, or with delimiters; but never a web page."""
    with path.open("rb") as file:
        head = file.read(4096).replace(b"\x00", b"").lstrip()
    if head.startswith(b"<"):
        return False
    return expected in ("CSV", "GeoJSON", "GeoJSONSeq") or any(mark in head for mark in (b",", b"\t", b";", b"|"))


def _read(path: Path, form: str, layer: str, encoding: str, crs_declared: bool) -> Reading:
    if form == "CSV":
        from geo.ingest.readers.delimited import read_delimited

        return read_delimited(path, encoding=encoding)
    if form in ("XLSX", "XLS"):
        from geo.ingest.readers.spreadsheet import read_spreadsheet

        return read_spreadsheet(path, form=form, sheet=layer)
    if form in ("GeoJSON", "GeoJSONSeq"):
        from geo.ingest.readers.geojson import read_geojson

        return read_geojson(path, lines=form == "GeoJSONSeq", encoding=encoding, declared=crs_declared)
    if form == "GeoParquet":
        from geo.ingest.readers.parquet import read_parquet

        return read_parquet(path)
    if form in ("GeoPackage", "FlatGeobuf", "Shapefile"):
        from geo.ingest.readers.vector import read_vector

        return read_vector(path, form=form, layer=layer, encoding=encoding)
    raise bad_file(path, f"的内容（{form}）不能读取", f"holds {form}, which cannot be read", "请先解压。", "Unpack it first.")
