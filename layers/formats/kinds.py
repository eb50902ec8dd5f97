"""The formats in which features leave: name in ``f=``, media type, file ending, and how each is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from geo.errors import BadParameter


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    name : str
        Value of ``f=``.
    media : str
        Media type of answers, and in ``Accept``.
    ending : str
        Of downloaded files.
    zh : str
        For people.
    made : {'text', 'parquet', 'file'}
        ``text`` and ``parquet`` are streamed as they are made; ``file`` is written whole by a process of its own first.
    most : int or None
        Rows that the format, or the time it takes, allows.
    """

    name: str
    media: str
    ending: str
    zh: str
    made: Literal["text", "parquet", "file"]
    most: int | None = None


GEOJSON = Format("json", "application/geo+json", "geojson", "GeoJSON", "text")
GEOJSONSEQ = Format("geojsonseq", "application/geo+json-seq", "geojsonl", "GeoJSON 逐行", "text")
CSV = Format("csv", "text/csv", "csv", "CSV", "text")
XLSX = Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", "Excel", "file", 200_000)
FLATGEOBUF = Format("fgb", "application/flatgeobuf", "fgb", "FlatGeobuf", "file")
GEOPARQUET = Format("parquet", "application/vnd.apache.parquet", "parquet", "GeoParquet", "parquet")
GEOPACKAGE = Format("gpkg", "application/geopackage+sqlite3", "gpkg", "GeoPackage", "file")

#: By name; other names for the same in :data:`ALIASES`.
FORMATS: Mapping[str, Format] = {entry.name: entry for entry in
                                 (GEOJSON, GEOJSONSEQ, CSV, XLSX, FLATGEOBUF, GEOPARQUET, GEOPACKAGE)}
ALIASES: Mapping[str, str] = {"geojson": "json", "geojsonl": "geojsonseq", "ndjson": "geojsonseq", "flatgeobuf": "fgb",
                              "geoparquet": "parquet", "geopackage": "gpkg", "excel": "xlsx"}


def format_named(name: str) -> Format:
    """The format of a name.

    Raises
    ------
    BadParameter
        If there is none.
    """
    found = FORMATS.get(ALIASES.get(name.lower(), name.lower()))
    if found is None:
        raise BadParameter(f"没有格式“{name[:40]}”", f"there is no format {name[:40]!r}",
                           remedy_zh=f"可用：{'、'.join(FORMATS)}。",
                           remedy_en=f"Known: {', '.join(FORMATS)}.", parameter="f")
    return found
