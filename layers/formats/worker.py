"""The process that writes GeoPackage, FlatGeobuf and XLSX: one line of JSON on standard input, then an Arrow stream per layer.

The libraries for these formats load pandas and GDAL; the server does without both, and a crash of theirs is not the
server's. Memory does not grow with the number of rows: batches are written as they come.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any

import pyarrow as pa

#: Rows of a sheet, header and note apart.
_DRIVERS = {"gpkg": "GPKG", "fgb": "FlatGeobuf"}

#: Leading characters by which a spreadsheet takes text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def main() -> None:
    """Write one file as the first line of standard input describes it."""
    source = sys.stdin.buffer
    job = json.loads(source.readline())
    if job["format"] == "xlsx":
        _workbook(job, source)
    else:
        _layers(job, source)


def _layers(job: dict[str, Any], source: IO[bytes]) -> None:
    os.environ["OGR_CURRENT_DATE"] = job["created"]  # same rows, same bytes
    for name in ("geopandas", "pandas", "shapely", "pyproj"):
        sys.modules[name] = None  # type: ignore[assignment]  # pyogrio loads whichever of them it can, 65 MB and not needed here
    import pyogrio

    options = {"SPATIAL_INDEX": "YES"}
    for place, layer in enumerate(job["layers"]):
        with pa.ipc.open_stream(source) as reader:
            pyogrio.write_arrow(
                reader, job["path"], driver=_DRIVERS[job["format"]], layer=layer["name"], append=place > 0,
                geometry_name="geometry",
                geometry_type=layer["geometry_type"], crs=f"EPSG:{job['epsg']}", **options,
            )


def _workbook(job: dict[str, Any], source: IO[bytes]) -> None:
    import xlsxwriter

    settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
                "default_date_format": "yyyy-mm-dd", "tmpdir": os.path.dirname(job["path"])}
    with xlsxwriter.Workbook(job["path"], settings) as book:
        bold = book.add_format({"bold": True})
        for layer in job["layers"]:
            sheet = book.add_worksheet(layer["title"][:31])
            line = 0
            if job["note"]:
                sheet.write_string(0, 0, job["note"])
                line = 1
            with pa.ipc.open_stream(source) as reader:
                sheet.write_row(line, 0, [name for name in reader.schema.names if name != "geometry"], bold)
                for batch in reader:
                    columns = [_cells(batch.column(name)) for name in reader.schema.names if name != "geometry"]
                    for values in zip(*columns, strict=True):
                        line += 1
                        _row(sheet, line, values)


def _row(sheet: Any, line: int, values: tuple[Any, ...]) -> None:
    for place, value in enumerate(values):
        if isinstance(value, str):
            sheet.write_string(line, place, value)
        elif value is not None:
            sheet.write(line, place, value)


def _cells(column: pa.Array) -> list[Any]:
    values: list[Any] = column.to_pylist()
    if pa.types.is_string(column.type):
        return [_neutral(value) for value in values]
    if pa.types.is_floating(column.type):
        return [value if value is not None and abs(value) != float("inf") and value == value else None for value in values]
    return list(values)


def _neutral(value: str | None) -> str | None:
    """Text is written as text and never as a formula; the apostrophe keeps it so when the sheet is saved as CSV."""
    if value is not None and value.lstrip(" ").startswith(_FORMULA):
        value = "'" + value
    return None if value is None else value[:32_767]


if __name__ == "__main__":
    main()
