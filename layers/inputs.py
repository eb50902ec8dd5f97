"""From the store's rows to what the model reads: projected, indexed to cells, JSON parsed, valid today."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.areas import clean, coverage
from geo.errors import StoreError
from geo.grid import ALBERS, Grid, to_metres
from geo.kinds import KINDS, Kind
from riskmodel.inputs import Coverage, ModelInputs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo.store import Store

    Progress = Callable[[str, int, int], None]

#: Columns of the kind with most rows that the model must not or need not read.
_UNREAD = {"enterprise": ("credit_code", "address", "registered_address")}

#: Sources outside the border count within this reach.
HALO_M = 3000.0


def read_inputs(store: Store, as_of: date, *, cell: int = 100, rasters: Path | None = None,
                progress: Progress | None = None, each: Callable[[str, pd.DataFrame], None] | None = None,
                before: Callable[[int, int], object] | None = None) -> ModelInputs:
    """Everything one run reads, from the store's state of one day.

    Parameters
    ----------
    cell : int
        Side of a cell in metres.
    rasters : Path, optional
        Folder of the home's rasters.
    each : callable, optional
        Given every kind's rows as they are in the store (degrees), so that nobody has to read them twice.
    before : callable, optional
        Told the cells of the grid and the rows of all kinds, from the store's catalogue, before any of them is read; may refuse.

    Raises
    ------
    StoreError
        If the store holds no streets, or no population raster.
    """
    areas = store.read("area", as_of=as_of)
    streets, districts, city = _areas(areas)
    polygons, _ = clean(list(_albers(streets["geometry"].to_numpy())))
    grid = Grid.around(tuple(shapely.total_bounds(polygons)), cell=cell, halo=HALO_M)
    if before:
        before(grid.size, sum(rows for name, rows in store.counts().items() if name != "area"))
    cells, street, fraction = coverage(list(polygons), grid)
    frames: dict[str, pd.DataFrame] = {}
    kinds = [kind for kind in KINDS.values() if kind.name != "area"]
    for done, kind in enumerate(kinds):
        if progress:
            progress(f"读取{kind.zh}", done, len(kinds))
        rows = store.read(kind.name, as_of=as_of)
        if each:
            each(kind.name, rows)
        frames[kind.name] = prepare(kind, rows, grid)
    streets = streets.assign(area_km2=shapely.area(polygons) / 1e6)
    return ModelInputs(
        grid=grid, streets=streets.drop(columns="geometry"), districts=districts.drop(columns="geometry"), city=city,
        coverage=Coverage(cells, street, fraction), residents=_residents(store, grid, rasters), frames=frames, as_of=as_of,
    )


def _areas(areas: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, str]]:
    columns = ["code", "name", "parent", "geometry"]
    streets = areas.loc[areas["level"] == "street", columns].sort_values("code").reset_index(drop=True)
    districts = areas.loc[areas["level"] == "district", columns].sort_values("code").reset_index(drop=True)
    cities = areas.loc[areas["level"] == "city", columns]
    if streets.empty or districts.empty or cities.empty:
        raise StoreError(
            "数据库中没有行政区（街道、区、市），无法计算", "the store holds no streets, districts and city: nothing to score",
            remedy_zh="请先载入行政区，例如 riskmap demo 或 riskmap ingest。",
            remedy_en="Load the areas first, for example by riskmap demo or riskmap ingest.",
        )
    return streets, districts, (str(cities.iloc[0]["code"]), str(cities.iloc[0]["name"]))


def prepare(kind: Kind, frame: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Rows of one kind as the model wants them: x, y, cell, geometry in Albers metres, JSON parsed, gaps uniform."""
    unread = _UNREAD.get(kind.name, ())
    table = frame.drop(columns=[name for name in unread if name in frame]).reset_index(drop=True)
    x, y, table["geometry"] = _placed(table["geometry"].to_numpy())
    table["x"], table["y"], table["cell"] = x, y, grid.index(x, y)
    for field in kind.all_fields:
        if field.name in unread:
            continue
        values = table[field.name]
        if field.type == "json":
            table[field.name] = [_parsed(v) for v in values]
        elif field.type == "bool":
            table[field.name] = values.fillna(False).astype(bool) if values.dtype != bool else values
        elif field.type in ("int", "float"):
            table[field.name] = pd.to_numeric(values, errors="coerce").astype(np.float64)
        elif field.type == "text":
            table[field.name] = values.astype(object).where(values.notna(), None)
    return table


def _placed(shapes: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.object_]]:
    """Representative point of each shape, and the shape where it is more than this point: objects of points are heavy."""
    x, y, kept = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan), np.full(len(shapes), None, object)
    point = shapely.get_type_id(shapes) == 0
    if point.any():
        x[point], y[point] = to_metres(shapely.get_x(shapes[point]), shapely.get_y(shapes[point]))
    kept[~point] = _albers(shapes[~point])
    x[~point], y[~point] = _representative(kept[~point])
    return x, y, kept


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else (value if isinstance(value, list | dict) else None)


def _albers(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    if len(shapes) == 0:
        return shapes

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_metres(points[:, 0], points[:, 1]))

    return np.asarray(shapely.transform(shapes, project), object)


def _representative(shapes: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(shapes) == 0:
        return np.empty(0), np.empty(0)
    inside = np.array(shapes, object)
    kind = shapely.get_type_id(shapes)
    lines = np.isin(kind, (1, 5))
    if lines.any():
        inside[lines] = shapely.line_interpolate_point(shapely.line_merge(shapes[lines]), 0.5, normalized=True)
    areal = np.isin(kind, (3, 6))
    if areal.any():
        inside[areal] = shapely.point_on_surface(shapes[areal])
    return shapely.get_x(inside), shapely.get_y(inside)


def _residents(store: Store, grid: Grid, rasters: Path | None) -> NDArray[np.float64]:
    """Residents per cell of this grid, from the raster of the same global grid."""
    import rasterio

    path = store.raster("population", near=rasters)
    with rasterio.open(path) as raster:
        if raster.crs is None or not _same_grid(raster, grid):
            raise StoreError(
                f"人口栅格 {path.name} 与计算网格不一致（应为 {grid.cell} 米阿尔伯斯等积网格）",
                f"the population raster {path.name} is not on the {grid.cell} m Albers grid of this product",
                remedy_zh="请重新生成或重新投影人口栅格。", remedy_en="Make the raster again on that grid.", path=str(path),
            )
        values = raster.read(1)
        col = round((raster.transform.c - grid.west) / grid.cell)
        row = round((grid.north - raster.transform.f) / grid.cell)
    whole = np.zeros((grid.ny, grid.nx))
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + values.shape[0], grid.ny), min(col + values.shape[1], grid.nx)
    whole[top:bottom, left:right] = values[top - row:bottom - row, left - col:right - col]
    lost = int(values.sum()) - int(whole.sum())
    if lost:
        raise StoreError(f"人口栅格有 {lost} 人落在计算网格之外", f"{lost} people of the raster lie outside the grid", lost=lost)
    return whole.ravel()


def _same_grid(raster: Any, grid: Grid) -> bool:
    from rasterio.crs import CRS

    step = raster.transform.a == grid.cell and -raster.transform.e == grid.cell
    snapped = raster.transform.c % grid.cell == 0 and raster.transform.f % grid.cell == 0
    return bool(step and snapped and raster.crs == CRS.from_string(ALBERS))
