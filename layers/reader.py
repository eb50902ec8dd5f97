"""A published snapshot, read: areas, cells, rankings, features, polygons, curves, tiles.

Nothing here needs pandas, numba or a database. Every file is read when it is first asked for and then kept; objects
are safe to share between threads because what they keep is never changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.errors import BadParameter, NotFound, SnapshotError, UnknownIdentifier
from geo.grid import Grid, to_degrees, to_metres
from geo.kinds import KINDS
from layers.archive import TileArchive
from layers.columns import Columns
from layers.features import FeatureTable, mapping
from layers.overlay import cell_fractions, to_albers
from layers.style import THEMES
from layers.tables import S_UNIT
from riskmodel.levels import CELL_CODES, CODE_ZH

if TYPE_CHECKING:
    from layers.collections import Collection
    from layers.collections.risk import SourceRisk

AreaLevel = Literal["street", "district", "city"]
AREA_LEVELS: tuple[AreaLevel, ...] = ("street", "district", "city")

#: Columns by which areas can be ranked, beside the themes.
RANKING_COLUMNS = ("density", "pll", "index", "kappa", "residents", "workers", "area_km2", "risk_level")


class Snapshot:
    """One snapshot directory.

    Parameters
    ----------
    path : Path
        Folder of the snapshot; a symbolic link is resolved once, so a later switch does not mix two snapshots.

    Raises
    ------
    SnapshotError
        If the folder holds no readable manifest.

    Attributes
    ----------
    path : Path
    manifest : dict
    run_id : str
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path).resolve()
        try:
            self.manifest: dict[str, Any] = orjson.loads((self.path / "manifest.json").read_bytes())
            self.run_id = str(self.manifest["run_id"])
        except (OSError, ValueError, KeyError) as error:
            raise SnapshotError(
                f"{self.path} 不是完整的快照", f"{self.path} is not a complete snapshot: {error}",
                remedy_zh="请运行 riskmap check，或回退到上一份快照。", remedy_en="Run riskmap check, or roll back.",
                path=str(self.path),
            ) from error
        self._features: dict[str, FeatureTable] = {}
        self._collections: dict[str, Collection] = {}
        self._source_risk: dict[str, SourceRisk] = {}
        self._making = threading.RLock()
        self._themes: dict[str, TileArchive] = {}

    # ------------------------------------------------------------------ what is in it

    @property
    def synthetic(self) -> bool:
        """Whether any of the data are generated."""
        return bool(self.manifest.get("synthetic", True))

    @cached_property
    def grid(self) -> Grid:
        """The calculation grid."""
        grid = self.manifest["grid"]
        return Grid(float(grid["west"]), float(grid["north"]), int(grid["nx"]), int(grid["ny"]), int(grid["cell"]))

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds that have a feature file, in the order of their declaration."""
        return tuple(name for name in KINDS if (self.path / "features" / f"{name}.parquet").is_file())

    @cached_property
    def cell_codes(self) -> tuple[dict[str, str], ...]:
        """Meaning of each bit of a cell's codes: those that the manifest names, else today's."""
        return tuple(self.manifest.get("cell_codes") or ({"code": code, "zh": CODE_ZH[code]} for code in CELL_CODES))

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all areas, degrees."""
        return tuple(float(value) for value in shapely.total_bounds(self.area_shapes))  # type: ignore[return-value]

    @cached_property
    def areas(self) -> Columns:
        """Table of areas."""
        return Columns(self.path / "areas.parquet")

    @cached_property
    def cells(self) -> Columns:
        """Table of occupied cells, ascending by flat index."""
        return Columns(self.path / "cells.parquet")

    @cached_property
    def sources(self) -> Columns:
        """Table of risk sources as the model saw them."""
        return Columns(self.path / "sources.parquet")

    @cached_property
    def tiles(self) -> TileArchive:
        """Rendered tiles of the cell levels."""
        return TileArchive(self.path / "risk.pmtiles")

    def theme_tiles(self, theme: str) -> TileArchive:
        """Rendered tiles of one theme's density levels.

        Raises
        ------
        NotFound
            If there is no such theme.
        SnapshotError
            If the snapshot was published without them.
        """
        if theme not in self._themes:
            if theme not in dict(THEMES):
                known = tuple(dict(THEMES))
                raise NotFound(f"没有专题“{theme}”", f"there is no theme {theme!r}", theme=theme,
                               remedy_zh=f"可用：{'、'.join(known)}。", remedy_en=f"Known: {', '.join(known)}.")
            self._themes[theme] = TileArchive(self.path / "themes" / f"{theme}.pmtiles")
        return self._themes[theme]

    def features(self, kind: str) -> FeatureTable:
        """Features of a kind.

        Raises
        ------
        UnknownIdentifier
            If the snapshot holds no such kind.
        """
        if kind not in self._features:
            if kind not in self.kinds:
                raise UnknownIdentifier(
                    f"快照中没有要素类型“{kind}”", f"the snapshot has no features of kind {kind!r}",
                    remedy_zh=f"可用：{'、'.join(self.kinds)}", remedy_en=f"Known: {', '.join(self.kinds)}", kind=kind,
                )
            self._features[kind] = FeatureTable(kind, self.path / "features" / f"{kind}.parquet")
        return self._features[kind]

    def collection(self, name: str) -> Collection:
        """A collection (a kind, areas, cells, sources, warnings), made on first use and kept. Raises NotFound."""
        from layers.collections import make_collection

        with self._making:  # whoever asks for it at the same time waits for one making instead of doing it twice
            if name not in self._collections:
                self._collections[name] = make_collection(self, name)
            return self._collections[name]

    def source_risk(self, kind: str) -> SourceRisk:
        """Level and PLL of a kind's features, made on first use and kept."""
        from layers.collections.risk import SourceRisk

        with self._making:
            if kind not in self._source_risk:
                self._source_risk[kind] = SourceRisk(self, kind)
            return self._source_risk[kind]

    # ------------------------------------------------------------------ areas

    @cached_property
    def area_shapes(self) -> NDArray[np.object_]:
        """Polygons of all areas for display, degrees, in table order."""
        return np.asarray(shapely.from_wkb(self.areas.table["geometry"].to_pylist()), object)

    @cached_property
    def _area_rows(self) -> dict[str | None, int]:
        return {code: row for row, code in enumerate(self.areas.texts("code"))}

    @cached_property
    def _rows_of_level(self) -> dict[str, NDArray[np.int64]]:
        levels = np.asarray(self.areas.texts("level"))
        return {level: np.flatnonzero(levels == level) for level in AREA_LEVELS}

    @cached_property
    def _street_tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.area_shapes[self.area_rows("street")])

    def area_rows(self, level: str) -> NDArray[np.int64]:
        """Rows of all areas of a level, in table order."""
        if level not in AREA_LEVELS:
            raise BadParameter(f"层级“{level}”无效", f"unknown level {level!r}", remedy_zh="可用：street、district、city。",
                               remedy_en="Known: street, district, city.", level=level)
        return self._rows_of_level[level]

    def area(self, code: str) -> dict[str, Any]:
        """All columns of an area but its geometry; `codes` parsed. Raises NotFound."""
        if code not in self._area_rows:
            raise NotFound(f"没有代码为 {code} 的行政区", f"there is no area {code!r}", code=code)
        return self.area_records([self._area_rows[code]])[0]

    def area_records(self, rows: NDArray[np.int64] | Sequence[int]) -> list[dict[str, Any]]:
        """Areas of given rows as dictionaries without geometry."""
        records = self.areas.rows(rows, [name for name in self.areas.names if name != "geometry"])
        for record in records:
            record["codes"] = orjson.loads(record["codes"] or "[]")
        return records

    def area_shape(self, code: str) -> BaseGeometry:
        """Polygon of an area for display, degrees. Raises NotFound."""
        self.area(code)
        shape: BaseGeometry = self.area_shapes[self._area_rows[code]]
        return shape

    def area_geojson(self, level: AreaLevel, fields: Iterable[str] | None = None) -> dict[str, Any]:
        """All areas of a level as a feature collection; `fields` limits the properties."""
        rows = self.area_rows(level)
        records = self.area_records(rows)
        keep = None if fields is None else set(fields)
        return {"type": "FeatureCollection", "features": [
            {"type": "Feature", "id": record["code"], "geometry": mapping(self.area_shapes[row]),
             "properties": record if keep is None else {name: value for name, value in record.items() if name in keep}}
            for row, record in zip(rows.tolist(), records, strict=True)
        ]}

    def street_at(self, lon: float, lat: float) -> dict[str, Any] | None:
        """The street that contains a point (degrees), None outside the city."""
        found = np.sort(self._street_tree.query(shapely.Point(lon, lat), predicate="intersects"))
        return None if not len(found) else self.area_records(self.area_rows("street")[found[:1]])[0]

    def ranking(self, level: AreaLevel = "street", *, by: str = "density", ascending: bool = False, limit: int | None = None,
                parent: str | None = None) -> list[dict[str, Any]]:
        """Areas of a level in order.

        Parameters
        ----------
        level : str
        by : str
            ``severity`` (worst level first, in a level the highest index, whether its colour is stable or not), one of
            :data:`RANKING_COLUMNS`, or a theme, optionally with ``_density`` for deaths per km² and year.
        ascending : bool
            Smallest first.
        limit : int or None
        parent : str or None
            Only areas below this code (a district's streets).

        Returns
        -------
        list of dict
            Area records with ``position`` (1 = first) and ``value``, what they are ordered by; ties in order of code.
        """
        rows = self.area_rows(level)
        if parent is not None:
            parents = np.asarray(self.areas.texts("parent"), object)
            rows = rows[(parents[rows] == parent) | (parent == self._city_code)]
        values = self._ranking_values(by)[rows]
        codes = np.asarray(self.areas.texts("code"), object)[rows].astype(str)
        order = np.lexsort((codes, values if ascending else -values))[:limit]
        records = self.area_records(rows[order])
        return [{**record, "position": position, "value": value}
                for position, (record, value) in enumerate(zip(records, values[order].tolist(), strict=True), start=1)]

    @cached_property
    def _city_code(self) -> str:
        return str(self.manifest.get("city", {}).get("code", ""))

    def _ranking_values(self, by: str) -> NDArray[np.float64]:
        if by == "severity":
            return np.asarray(1000.0 * (4 - self.areas.numbers("risk_level")) + self.areas.numbers("index"), np.float64)
        if by in RANKING_COLUMNS:
            return np.asarray(self.areas.numbers(by), np.float64)
        theme = by.removesuffix("_density")
        if theme not in dict(THEMES):
            known = ["severity", *RANKING_COLUMNS, *dict(THEMES)]
            raise BadParameter(f"不能按“{by}”排名", f"cannot rank by {by!r}", remedy_zh=f"可用：{'、'.join(known)}",
                               remedy_en=f"Known: {', '.join(known)}", by=by)
        values = np.asarray(self.areas.numbers(f"pll_{theme}"), np.float64)
        return values / self.areas.numbers("area_km2") if by != theme else values

    # ------------------------------------------------------------------ cells

    def cell_at(self, lon: float, lat: float) -> dict[str, Any] | None:
        """The cell that contains a point (degrees); None where nobody is and nothing stands, or outside the grid."""
        x, y = to_metres([lon], [lat])
        return self._cell(int(self.grid.index(x, y)[0]))

    def cell(self, cell_id: str) -> dict[str, Any]:
        """A cell by its global name. Raises BadParameter, NotFound."""
        found = self._cell(self.grid.find(cell_id))
        if found is None:
            raise NotFound(f"网格 {cell_id} 内无人口也无风险源", f"cell {cell_id} is empty", cell=cell_id)
        return found

    def cell_records(self, rows: NDArray[np.int64] | Sequence[int]) -> list[dict[str, Any]]:
        """Cells of given rows as dictionaries.

        Beside the columns: ``codes`` as a list of {code, zh}, the bitmap itself as ``code_bits``, ``pll`` in deaths per
        year, ``street_code`` instead of the row number.
        """
        records = self.cells.rows(rows)
        streets = self.area_rows("street")
        codes = self.areas.texts("code")
        for record in records:
            bits = record["code_bits"] = record.pop("codes")
            record["codes"] = [entry for bit, entry in enumerate(self.cell_codes) if bits >> bit & 1]
            record["pll"] = record["s"] * S_UNIT
            street = record.pop("street")
            record["street_code"] = codes[streets[street]] if street >= 0 else None
        return records

    def cell_polygon(self, cell: int) -> dict[str, Any]:
        """Outline of a cell by flat index as a GeoJSON polygon, degrees."""
        x, y = self.grid.centre([cell])
        half = self.grid.cell / 2
        lon, lat = to_degrees(x + half * np.array([-1, 1, 1, -1, -1]), y + half * np.array([-1, -1, 1, 1, -1]))
        return {"type": "Polygon", "coordinates": [list(zip(lon.tolist(), lat.tolist(), strict=True))]}

    def _cell(self, cell: int) -> dict[str, Any] | None:
        index = self.cells.numbers("cell")
        row = int(np.searchsorted(index, cell))
        return self.cell_records([row])[0] if cell >= 0 and row < len(index) and index[row] == cell else None

    # ------------------------------------------------------------------ polygons

    def search(self, polygon: BaseGeometry, kinds: Iterable[str] | None = None) -> dict[str, NDArray[np.int64]]:
        """Rows of the features that meet a polygon (degrees), for each kind."""
        return {kind: self.features(kind).in_polygon(polygon) for kind in (self.kinds if kinds is None else kinds)}

    def polygon_summary(self, polygon: BaseGeometry) -> dict[str, Any]:
        """Area, people, risk and shares of levels inside a polygon.

        Cells on its edge count by the share of their area inside; risk and people are spread evenly in a cell.

        Parameters
        ----------
        polygon : Polygon or MultiPolygon
            Valid, in degrees.

        Returns
        -------
        dict
            ``area_km2``, ``residents``, ``workers``, ``pll`` (deaths/yr), ``density`` (deaths/km²·yr), ``themes``
            (code → deaths/yr), ``cells`` (occupied cells touched), ``share_area`` and ``share_people`` (level → share).
        """
        flat = to_albers(polygon)
        cell, fraction = cell_fractions(flat, self.grid)
        index = self.cells.numbers("cell")
        row = np.searchsorted(index, cell)
        known = (row < len(index)) & (index[np.minimum(row, len(index) - 1)] == cell) if len(index) else np.zeros(len(cell), bool)
        row, weight = row[known], fraction[known]
        area_km2 = float(flat.area) / 1e6
        pll = self._weighted("s", row, weight) * S_UNIT
        level = self.cells.numbers("level")[row]
        people = weight * self.cells.numbers("residents")[row]
        return {
            "area_km2": area_km2, "cells": len(row), "residents": float(people.sum()),
            "workers": self._weighted("workers", row, weight), "pll": pll, "density": pll / area_km2 if area_km2 else 0.0,
            "themes": {code: self._weighted(f"s_{code}", row, weight) * S_UNIT for code, _ in THEMES},
            "share_area": _shares(level, weight * self.grid.cell_km2, area_km2),
            "share_people": _shares(level, people, float(people.sum())),
        }

    def _weighted(self, name: str, row: NDArray[np.int64], weight: NDArray[np.float64]) -> float:
        return float(np.dot(self.cells.numbers(name)[row].astype(np.float64), weight))

    # ------------------------------------------------------------------ curves

    def fn(self, level: str, code: str) -> list[dict[str, Any]]:
        """F-N curve of an installation (level ``installation``, its id) or an area: rows n, f, zone by ascending n."""
        key = list(zip(self._fn.texts("level"), self._fn.texts("code"), strict=True))
        rows = [row for row, entry in enumerate(key) if entry == (level, code)]
        if not rows:
            raise NotFound(f"{code} 没有 F-N 曲线", f"{code} has no F-N curve", level=level, code=code)
        return sorted(self._fn.rows(rows), key=lambda entry: entry["n"])

    @cached_property
    def _fn(self) -> Columns:
        return Columns(self.path / "fn.parquet")


def _shares(level: NDArray[Any], weight: NDArray[np.float64], total: float) -> dict[str, float]:
    return {str(code): float(weight[level == code].sum() / total) if total else 0.0 for code in range(1, 5)}
