"""Writing the sample directory: one Parquet file per kind, the population raster, the manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from geo.grid import ALBERS, Grid, to_degrees
from geo.kinds import Field, kind
from geo.sample.ground import random_for

_TYPES: Mapping[str, pa.DataType] = {
    "text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "date": pa.date32(), "json": pa.string(),
}
#: Day of the OpenStreetMap extract that the real rows come from.
_EXTRACT = np.datetime64("2026-06-07")
_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])


def coded(codes: ArrayLike, labels: Sequence[str | None]) -> pa.Array:
    """Text column from small integers; `None` among the labels gives nulls."""
    return pa.array(labels, pa.string()).take(pa.array(np.asarray(codes, np.int64)))


def numbered(prefix: str, count: int, *, digits: int = 7, start: int = 1) -> pa.Array:
    """Identifiers like ``E0000001``."""
    number = pc.utf8_lpad(pa.array(np.arange(start, start + count)).cast(pa.string()), digits, "0")
    return joined(prefix, number) if count else pa.array([], pa.string())


def joined(*parts: pa.Array | str) -> pa.Array:
    """Texts put together row by row."""
    return pc.binary_join_element_wise(*parts, "")


def points(x: NDArray[np.float64], y: NDArray[np.float64]) -> pa.Array:
    """WKB points in EPSG:4490 degrees from Albers metres, rounded to 1e-7 degrees (1 cm)."""
    lon, lat = to_degrees(x, y)
    records = np.zeros(len(lon), _POINT)
    records["order"], records["type"] = 1, 1
    records["x"], records["y"] = np.round(lon, 7), np.round(lat, 7)
    offsets = np.arange(len(lon) + 1, dtype=np.int32) * _POINT.itemsize
    return pa.Array.from_buffers(pa.binary(), len(lon), [None, pa.py_buffer(offsets), pa.py_buffer(records.tobytes())])


def _column(declared: Field, values: Any, rows: int) -> pa.Array:
    wanted = _TYPES[declared.type]
    if values is None:
        return pa.nulls(rows, wanted)
    if isinstance(values, str | bool | int | float):
        return pa.repeat(pa.scalar(values, wanted), rows)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(wanted)
    array = np.asarray(values)
    if declared.type in ("int", "float") and array.dtype.kind == "f":
        return pa.array(array, pa.float64(), from_pandas=True).cast(wanted)
    return pa.array(array, from_pandas=True).cast(wanted)


@dataclass
class SampleWriter:
    """Writes kinds into a folder and keeps the manifest."""

    folder: Path
    seed: int
    as_of: date
    kinds: dict[str, dict[str, Any]] = field(default_factory=dict)
    rasters: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The `source` of every generated row."""
        return f"riskmap sample seed {self.seed}"

    def kind(self, name: str, geometry: pa.Array, columns: Mapping[str, Any]) -> None:
        """Write all rows of one kind.

        Parameters
        ----------
        name : str
            Kind name.
        geometry : binary array
            WKB in EPSG:4490 degrees; its length is the number of rows.
        columns : mapping
            Declared field → array or one value for all rows; what is left out stays null. `source` and `synthetic`
            default to generated, `updated_at` to the extract's day for real rows and to a drawn age for generated ones.
        """
        declared = kind(name)
        rows = len(geometry)
        values = {"source": self.origin, "synthetic": True, **columns}
        if "updated_at" not in values:
            values["updated_at"] = self._updated(name, np.broadcast_to(np.asarray(values["synthetic"], np.bool_), rows))
        unknown = set(values) - {entry.name for entry in declared.all_fields}
        if unknown:
            raise AssertionError(f"{name} has no field {sorted(unknown)}")
        arrays = {entry.name: _column(entry, values.get(entry.name), rows) for entry in declared.all_fields}
        table = pa.table({**arrays, "geometry": geometry})
        path = self.folder / f"{name}.parquet"
        pq.write_table(table, path, compression="zstd", compression_level=1)
        self.kinds[name] = {"file": path.name, "rows": rows, "sha256": _sha256(path)}

    def _updated(self, name: str, generated: NDArray[np.bool_]) -> NDArray[np.datetime64]:
        """Day of the last change of every row: most within a year, a few per cent older."""
        age = random_for(self.seed, f"updated {name}").exponential(110.0, len(generated)).astype(np.int64)
        today = np.datetime64(self.as_of)
        return np.where(generated, today - np.minimum(age, 900), min(today, _EXTRACT))

    def population(self, grid: Grid, residents: NDArray[np.int32]) -> None:
        """Write residents per cell as a GeoTIFF on the Albers grid."""
        import rasterio  # heavy, and wanted nowhere else here

        path = self.folder / "population.tif"
        with rasterio.open(
            path, "w", driver="GTiff", width=grid.nx, height=grid.ny, count=1, dtype="int32",
            crs=rasterio.CRS.from_string(ALBERS), transform=rasterio.Affine(*grid.transform),
            compress="deflate", predictor=2, tiled=True,
        ) as target:
            target.write(residents.reshape(grid.ny, grid.nx), 1)
        self.rasters["population"] = {"file": path.name, "sha256": _sha256(path), "sum": int(residents.sum())}

    def manifest(self, **facts: Any) -> None:
        """Write the manifest last, so that a folder without one is known to be unfinished."""
        content = {
            "kinds": self.kinds, "rasters": self.rasters, "seed": self.seed,
            "note_zh": "样例数据：除行政区划、普查、地点和地铁站外，全部由程序按公开的边际分布生成"
                       "（synthetic = true），不是真实单位。",
            "note_en": "Sample data: apart from areas, census, places and subway stations everything is generated from stated "
                       "marginal distributions (synthetic = true); these are no real units.", **facts,
        }
        (self.folder / "manifest.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
