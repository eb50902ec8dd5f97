"""GeoPackage, FlatGeobuf and Shapefile through GDAL, as Arrow batches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio

from geo.ingest.readers.dbase import dbase_encoding
from geo.ingest.readers.reading import CHUNK, MOST_COLUMNS, Reading, bad_file, known_reference

_ERRORS = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError, pyogrio.errors.FieldError,
           pyogrio.errors.GeometryError, pyogrio.errors.CRSError, pa.ArrowException, OSError, RuntimeError, UnicodeDecodeError)


def read_vector(path: Path, *, form: str, layer: str = "", encoding: str = "") -> Reading:
    """One layer of a file that GDAL reads: the named one, else the only one.

    Raises
    ------
    BadFile
        If it is broken, lacks a part, or has several layers and none is named.
    """
    name = _layer(path, layer)
    found = dbase_encoding(path, encoding) if form == "Shapefile" else None
    options: dict[str, Any] = {"encoding": found.codec} if found and found.codec else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL's remarks on what we check ourselves
            info = pyogrio.read_info(path, layer=name, **options)
    except _ERRORS as error:
        raise _broken(path, error) from error
    columns = tuple(str(field) for field in info["fields"])
    if len(columns) > MOST_COLUMNS:
        raise bad_file(path, f"有 {len(columns)} 列", f"has {len(columns)} columns", "请只保留需要的列。",
                       "Keep only the columns needed.")
    reading = Reading(path, form, columns, iter(()), has_geometry=info["geometry_type"] is not None,
                      total=max(int(info["features"]), 0))
    if info["crs"] is not None:
        reading.reference = known_reference(reading, info["crs"])
    if found is not None:
        reading.encoding, reading.byte_limit = found.shown, 10
        for finding in found.findings:
            reading.findings.add(finding)
    reading.chunks = _chunks(path, name, options, reading)
    return reading


def _layer(path: Path, wanted: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers = [str(row[0]) for row in pyogrio.list_layers(path)]
    except _ERRORS as error:
        raise _broken(path, error) from error
    if wanted and wanted not in layers:
        raise bad_file(path, f"没有图层“{wanted}”，有：{'、'.join(layers)}", f"has no layer {wanted!r} but: {', '.join(layers)}",
                       "用 --layer 给出图层名。", "Name the layer by --layer.")
    if not wanted and len(layers) != 1:
        raise bad_file(path, f"有 {len(layers)} 个图层：{'、'.join(layers)}", f"has {len(layers)} layers: {', '.join(layers)}",
                       "用 --layer 说明读取哪一个。", "Say which one by --layer.")
    return wanted or layers[0]


def _broken(path: Path, error: Exception) -> Exception:
    text = str(error).replace(str(path.parent), "")[:200]
    return bad_file(path, f"无法读取（{text}）", f"cannot be read ({text})",
                    "请检查文件是否完整（Shapefile 须有 .shp、.shx、.dbf）。",
                    "Check that it is whole (a shapefile needs .shp, .shx and .dbf).")


def _chunks(path: Path, layer: str, options: dict[str, Any], reading: Reading) -> Iterator[pd.DataFrame]:
    passed = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pyogrio.open_arrow(path, layer=layer, batch_size=CHUNK, use_pyarrow=True, **options) as (meta, batches):
                shape = meta["geometry_name"] or "wkb_geometry"
                for batch in batches:
                    frame: pd.DataFrame = batch.to_pandas(date_as_object=False)
                    frame = frame.set_axis(pd.Index(np.arange(passed, passed + len(frame), dtype=np.int64)))
                    passed += len(frame)
                    kept = [name for name in frame.columns if name in reading.columns or name == shape]
                    yield frame[kept].rename(columns={shape: "geometry"})
    except _ERRORS as error:
        raise _broken(path, error) from error
