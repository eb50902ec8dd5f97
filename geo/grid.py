"""The calculation grid: equal-area cells whose ids mean the same place in every run and region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

from geo.errors import BadParameter, NotFound

#: Storage and exchange: CGCS2000 geographic (within centimetres of WGS 84 here).
STORAGE_SRID = 4490

#: Calculation: Albers equal-area on CGCS2000. The parallels stand at 1/6 and 5/6 of the latitude span of 京津冀
#: (36.0°–42.7°), and every region of this product uses the same projection, so that one id is one cell everywhere.
ALBERS = (
    "+proj=aea +lat_1=37.11666667 +lat_2=41.58333333 +lat_0=0 +lon_0=116.5 +x_0=500000 +y_0=0 "
    "+ellps=GRS80 +units=m +no_defs +type=crs"
)

_CELL_ID = re.compile(r"^(\d+)mN(\d+)E(\d+)$")


@lru_cache(maxsize=4)
def _transformer(inverse: bool) -> Transformer:
    ends = (ALBERS, f"EPSG:{STORAGE_SRID}") if inverse else (f"EPSG:{STORAGE_SRID}", ALBERS)
    return Transformer.from_crs(*ends, always_xy=True)


def to_metres(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project longitudes and latitudes (degrees, CGCS2000) to Albers metres."""
    x, y = _transformer(False).transform(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    return np.asarray(x), np.asarray(y)


def to_degrees(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn Albers metres back into longitudes and latitudes (degrees, CGCS2000)."""
    lon, lat = _transformer(True).transform(np.asarray(x, np.float64), np.asarray(y, np.float64))
    return np.asarray(lon), np.asarray(lat)


@dataclass(frozen=True)
class Grid:
    """A window of the global equal-area grid, north up, row 0 at the top.

    Attributes
    ----------
    west, north : float
        Albers metres of the outer corner at the top left; multiples of `cell`.
    nx, ny : int
        Columns and rows.
    cell : int
        Side of a cell in metres (25 to 1000).
    """

    west: float
    north: float
    nx: int
    ny: int
    cell: int = 100

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float], *, cell: int = 100, halo: float = 3000.0) -> Grid:
        """Grid over ``(min x, min y, max x, max y)`` in Albers metres, widened by `halo` and snapped to whole cells."""
        if not 25 <= cell <= 1000:
            raise BadParameter(f"网格边长 {cell} 米不在 25–1000 米之间", f"cell size {cell} m is outside 25–1000 m", cell=cell)
        west = np.floor((bounds[0] - halo) / cell) * cell
        south = np.floor((bounds[1] - halo) / cell) * cell
        nx = int(np.ceil((bounds[2] + halo - west) / cell))
        ny = int(np.ceil((bounds[3] + halo - south) / cell))
        return cls(float(west), float(south + ny * cell), nx, ny, cell)

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.nx * self.ny

    @property
    def cell_km2(self) -> float:
        """Area of one cell in km²."""
        return self.cell * self.cell / 1e6

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine coefficients ``(a, b, c, d, e, f)`` as rasterio wants them."""
        return (float(self.cell), 0.0, self.west, 0.0, -float(self.cell), self.north)

    def index(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
        """Flat cell index (row · nx + column) of points in Albers metres; −1 outside the grid.

        A point on an edge belongs to the cell to its east and north.
        """
        # Counted from the south in whole global cells, so that the rule at an edge is the same in every window.
        col = np.floor(np.asarray(x, np.float64) / self.cell) - round(self.west / self.cell)
        row = round(self.north / self.cell) - 1 - np.floor(np.asarray(y, np.float64) / self.cell)
        inside = (col >= 0) & (col < self.nx) & (row >= 0) & (row < self.ny)
        flat = np.where(inside, row * self.nx + col, -1.0)
        return np.asarray(flat, np.int64)

    def centre(self, index: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Albers metres of the centres of cells given by flat index."""
        row, col = np.divmod(np.asarray(index, np.int64), self.nx)
        return self.west + (col + 0.5) * self.cell, self.north - (row + 0.5) * self.cell

    def ids(self, index: ArrayLike) -> list[str]:
        """Global names of cells, like ``100mN44213E4977`` (counts of cells north and east of the origin)."""
        row, col = np.divmod(np.atleast_1d(np.asarray(index, np.int64)), self.nx)
        east = round(self.west / self.cell) + col
        north = round(self.north / self.cell) - 1 - row
        return [f"{self.cell}mN{n}E{e}" for n, e in zip(north.tolist(), east.tolist(), strict=True)]

    def find(self, cell_id: str) -> int:
        """Flat index of a cell by its global name.

        Raises
        ------
        BadParameter
            If the name has another form or another cell size.
        NotFound
            If the cell lies outside this grid.
        """
        match = _CELL_ID.match(cell_id)
        if match is None or int(match[1]) != self.cell:
            raise BadParameter(
                f"网格编号“{cell_id}”不合格式", f"cell id {cell_id!r} has the wrong form",
                remedy_zh=f"应形如 {self.cell}mN44213E4977。", remedy_en=f"It should look like {self.cell}mN44213E4977.",
                cell=cell_id,
            )
        row = round(self.north / self.cell) - 1 - int(match[2])
        col = int(match[3]) - round(self.west / self.cell)
        if not (0 <= row < self.ny and 0 <= col < self.nx):
            raise NotFound(f"网格 {cell_id} 不在本图范围内", f"cell {cell_id} lies outside this map", cell=cell_id)
        return row * self.nx + col
