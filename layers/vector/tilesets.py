"""All vector tilesets of a snapshot: what there is, what is in it, and one tile of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geo.errors import NotFound
from geo.kinds import KINDS
from layers.reader import AREA_LEVELS, Snapshot
from layers.vector.areas import AreaTiles
from layers.vector.cells import CELL_ZOOM, CellTiles
from layers.vector.encoder import compress
from layers.vector.features import FEATURE_ZOOM, FeatureTiles, sorting_fields

#: Zooms that are offered; clients magnify the last.
MIN_ZOOM, MAX_ZOOM = 5, 16

_AREA_ZH = {"street": "街道风险", "district": "区风险", "city": "全市风险"}

Risk = Callable[[Snapshot, str], tuple[NDArray[np.int8], NDArray[np.float64]]]


class Tiles(Protocol):
    """One tileset."""

    name: str

    def tile(self, z: int, x: int, y: int) -> bytes:
        """A tile with one layer, empty where nothing is."""


@dataclass(frozen=True)
class TileSet:
    """What a tileset is called and what its features carry."""

    name: str
    zh: str
    geometry: str
    fields: dict[str, str]
    max_zoom: int = MAX_ZOOM
    note: str = ""


class VectorTiles:
    """The vector tiles of one snapshot.

    Parameters
    ----------
    snapshot : Snapshot
    risk : callable
        Own level (0 for none) and PLL (NaN for none) of the features of a kind.
    """

    def __init__(self, snapshot: Snapshot, risk: Risk) -> None:
        self._snapshot, self._risk = snapshot, risk
        self._sets: dict[str, Tiles] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all tilesets, those of collections."""
        kinds = (name for name in self._snapshot.kinds if name not in ("area", "background"))
        return ("cells", *(f"areas-{level}" for level in AREA_LEVELS), *kinds)

    def tile(self, name: str, z: int, x: int, y: int) -> bytes:
        """A gzipped tile of a tileset, empty where nothing is; the same bytes whenever and wherever it is made.

        Raises
        ------
        NotFound
            If there is no such tileset.
        """
        made = self._set(name).tile(z, x, y) if z >= MIN_ZOOM else b""
        return compress(made) if made else b""

    def describe(self, name: str) -> TileSet:
        """What a tileset holds. Raises NotFound."""
        self._set(name)
        if name == "cells":
            return TileSet(name, "风险网格", "polygon", _CELL_FIELDS, CELL_ZOOM + 2,
                           f"{CELL_ZOOM} 级以下为网格合并，取最严等级，人数与潜在生命损失求和")
        if name.startswith("areas-"):
            return TileSet(name, _AREA_ZH[name.removeprefix("areas-")], "polygon", _AREA_FIELDS, 14)
        kind = KINDS[name]
        fields = _FEATURE_FIELDS | {field.name: field.zh for field in sorting_fields(kind)}
        geometry = "line" if kind.geometry == "line" else "point"
        return TileSet(name, kind.zh, geometry, fields, MAX_ZOOM,
                       f"{FEATURE_ZOOM} 级以下按方格计数（count），取最严等级，潜在生命损失求和")

    def tilejson(self, name: str, url: str) -> dict[str, Any]:
        """TileJSON 3.0.0 of a tileset whose tiles lie at `url` (with {z}, {x}, {y})."""
        told, bounds = self.describe(name), self._snapshot.bounds
        return {
            "tilejson": "3.0.0", "name": told.zh, "description": told.note, "scheme": "xyz", "tiles": [url],
            "minzoom": MIN_ZOOM, "maxzoom": told.max_zoom, "bounds": list(bounds),
            "center": [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, 9], "version": "1.0.0",
            "vector_layers": [{"id": name, "description": told.zh, "fields": told.fields, "minzoom": MIN_ZOOM,
                               "maxzoom": told.max_zoom}],
        }

    def _set(self, name: str) -> Tiles:
        if name not in self._sets:
            if name not in self.names:
                known = self.names
                raise NotFound(f"没有名为“{name}”的瓦片集", f"there is no tileset {name!r}",
                               remedy_zh=f"可用：{'、'.join(known)}。", remedy_en=f"Known: {', '.join(known)}.", tileset=name)
            self._sets[name] = self._made(name)
        return self._sets[name]

    def _made(self, name: str) -> Tiles:
        if name == "cells":
            return CellTiles(self._snapshot)
        for level in AREA_LEVELS:
            if name == f"areas-{level}":
                return AreaTiles(self._snapshot, level)
        return FeatureTiles(self._snapshot.features(name), *self._risk(self._snapshot, name))


_CELL_FIELDS = {
    "level": "风险等级 1–4", "hatched": "颜色不稳定", "density": "潜在生命损失密度 死亡/(km²·年)", "pll": "潜在生命损失 死亡/年",
    "residents": "常住人口", "cells": "合并的网格数", "side_m": "边长 m", "north": "网格编号之北向序号",
    "east": "网格编号之东向序号",
}
_AREA_FIELDS = {
    "code": "代码", "name": "名称", "level": "层级", "parent": "上级代码", "risk_level": "风险等级 1–4", "hatched": "颜色不稳定",
    "rank": "名次", "index": "指数", "pll": "潜在生命损失 死亡/年", "density": "密度 死亡/(km²·年)", "kappa": "人均风险比",
    "residents": "常住人口", "workers": "从业人员", "area_km2": "面积 km²",
}
_FEATURE_FIELDS = {
    "id": "编号", "name": "名称", "risk_level": "风险等级 1–4", "pll": "潜在生命损失 死亡/年", "synthetic": "合成数据",
    "count": "要素数（合并时）",
}
