"""The atlas's vector bundle: one GeoPackage with streets, districts and risk cells, styled for QGIS from the inside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.grid import ALBERS, STORAGE_SRID
from layers.atlas.qgis import level_style
from layers.reader import AreaLevel, Snapshot
from layers.style import SYNTHETIC_ZH
from layers.tables import IR_UNIT, TABLES

if TYPE_CHECKING:
    import geopandas

#: Cells of this level and worse are in the bundle.
WORST_LEVELS = 3

_CELL_COLUMNS = ("id", "street_code", "residents", "workers", "pll", "density", "index", "level", "hatched", "ir_hc", "ir_an",
                 "ir_semi", "codes")

_STYLES_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30), update_time DATETIME)
"""


def write_geopackage(snapshot: Snapshot, path: Path) -> None:
    """Write layers ``streets``, ``districts`` and ``cells`` (levels 1 to 3) with default styles.

    Parameters
    ----------
    path : Path
        Replaced if it exists; the same snapshot gives the same bytes.
    """
    import pyogrio

    aside = path.with_name(f".{path.stem}.part.gpkg")
    aside.unlink(missing_ok=True)
    layers = {"streets": _areas(snapshot, "street"), "districts": _areas(snapshot, "district"), "cells": _cells(snapshot)}
    stamp = datetime.fromisoformat(str(snapshot.manifest["created"])).astimezone(UTC)
    with _gdal_date(f"{stamp:%Y-%m-%dT%H:%M:%S.000Z}"):
        for number, (name, frame) in enumerate(layers.items()):
            pyogrio.write_dataframe(frame, aside, layer=name, driver="GPKG", append=number > 0, geometry_type=_type(frame),
                                    layer_options={"DESCRIPTION": SYNTHETIC_ZH if snapshot.synthetic else ""})
    _add_styles(aside, f"{stamp:%Y-%m-%dT%H:%M:%S.000Z}")
    aside.replace(path)


def _type(frame: geopandas.GeoDataFrame) -> str:
    return "MultiPolygon" if (frame.geom_type == "MultiPolygon").any() else "Polygon"


def _areas(snapshot: Snapshot, level: AreaLevel) -> geopandas.GeoDataFrame:
    import geopandas
    import pandas as pd

    rows = snapshot.area_rows(level)
    records = snapshot.area_records(rows)
    for record in records:
        record["codes"] = "、".join(entry if isinstance(entry, str) else str(entry["code"]) for entry in record["codes"])
    shapes = snapshot.area_shapes[rows]
    if (shapely.get_type_id(shapes) == 6).any():
        single = shapely.get_type_id(shapes) == 3
        shapes = shapes.copy()
        shapes[single] = [shapely.MultiPolygon([shape]) for shape in shapes[single]]
    frame = pd.DataFrame(records).assign(synthetic=snapshot.synthetic, run_id=snapshot.run_id)
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs=f"EPSG:{STORAGE_SRID}")


def _cells(snapshot: Snapshot) -> geopandas.GeoDataFrame:
    import geopandas
    import pandas as pd

    rows = np.flatnonzero(snapshot.cells.numbers("level") <= WORST_LEVELS)
    records = pd.DataFrame(snapshot.cell_records(rows), columns=list(_CELL_COLUMNS))
    records["codes"] = ["、".join(entry["code"] for entry in codes) for codes in records["codes"]]
    for name in ("ir_hc", "ir_an", "ir_semi"):
        records[name] = records[name] * IR_UNIT
    x, y = snapshot.grid.centre(snapshot.cells.numbers("cell")[rows])
    half = snapshot.grid.cell / 2
    squares = shapely.box(x - half, y - half, x + half, y + half)
    frame = records.assign(synthetic=snapshot.synthetic, run_id=snapshot.run_id)
    return geopandas.GeoDataFrame(frame, geometry=squares, crs=ALBERS)


def _add_styles(path: Path, stamp: str) -> None:
    """Store a default style per layer in the table that QGIS looks for."""
    area_names = {column.name: column.zh for column in TABLES["areas"] if column.zh}
    cell_names = {column.name: column.zh for column in TABLES["cells"] if column.zh}
    styles = {
        "streets": level_style("risk_level", outline="#FFFFFF", aliases=area_names),
        "districts": level_style("risk_level", outline="#212529", aliases=area_names, opacity=0.5),
        "cells": level_style("level", outline="", aliases=cell_names),
    }
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_STYLES_TABLE)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)", (stamp,))
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML,"
            " styleSLD, useAsDefault, description, owner, ui, update_time)"
            " VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', NULL, ?)",
            [(name, "风险等级", style, "四级四色", stamp) for name, style in styles.items()])


@contextmanager
def _gdal_date(stamp: str) -> Iterator[None]:
    """Let GDAL write a given time instead of the clock's, so that the same atlas has the same bytes."""
    import pyogrio

    before: dict[str, Any] = {"OGR_CURRENT_DATE": pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")}
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)
