"""Features of a kind as vector tiles: single ones from zoom 13, below it counts, worst level and sum of PLL per square."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geo.kinds import Field, Kind
from layers.features import FeatureTable
from layers.mercator import mercator
from layers.vector.attributes import TextProperty, measured, whole, yes
from layers.vector.encoder import EXTENT, Attribute, Shapes, encode_layer
from layers.vector.shapes import BUFFER, Address, clipped, points

#: From this zoom on a tile shows single features.
FEATURE_ZOOM = 13

#: Side of the squares that features are counted in, in tile units: 16 screen pixels of a tile of 256.
SQUARE = 256

#: A tile with more features than this counts them at any zoom.
MOST = 20_000

#: Zoom from which lines and polygons keep their shape; below, they are points.
SHAPE_ZOOM = 8

_AROUND = BUFFER / EXTENT


class FeatureTiles:
    """Vector tiles of one kind.

    Parameters
    ----------
    table : FeatureTable
    level : (n,) int8
        Own risk level of each feature, 0 for none.
    pll : (n,) float64
        Deaths per year, NaN for a feature that is no source.
    """

    def __init__(self, table: FeatureTable, level: NDArray[np.int8], pll: NDArray[np.float64]) -> None:
        self.table, self._level, self._pll = table, level, pll
        self.name = table.kind.name

    def tile(self, z: int, x: int, y: int) -> bytes:
        """One layer named as the kind; empty where nothing is. No feature is ever left out without being counted."""
        if self.table.kind.geometry == "line" and z >= SHAPE_ZOOM:
            return self._shaped((z, x, y), self._meeting((z, x, y)))
        if z >= FEATURE_ZOOM:
            rows = self._meeting((z, x, y))
            if len(rows) <= MOST:
                return self._shaped((z, x, y), rows)
        return self._counted((z, x, y))

    # ------------------------------------------------------------------ single features

    def _shaped(self, address: Address, rows: NDArray[np.int64]) -> bytes:
        west, south, east, north = (bound[rows] for bound in self.table.bounds)
        extended = (west != east) | (south != north)
        dots, wide = rows[~extended], rows[extended]
        x, y = (axis[dots] for axis in self._mercator)
        shapes = points(*_in_tile(address, x, y))
        if len(wide):
            met, drawn = clipped(address, self.table.shapes(wide))
            dots, shapes = np.concatenate([dots, wide[met]]), _joined(shapes, drawn)
        return encode_layer(self.name, shapes, self._properties(dots), dots.astype(np.uint64))

    def _meeting(self, address: Address) -> NDArray[np.int64]:
        """Rows whose bounding box meets a tile with its buffer, ascending."""
        z, x, y = address
        left, top, right, bottom = self._boxes
        scale = 2.0**-z
        west, east = (x - _AROUND) * scale, (x + 1 + _AROUND) * scale
        high, low = (y - _AROUND) * scale, (y + 1 + _AROUND) * scale
        return np.flatnonzero((left <= east) & (right >= west) & (top <= low) & (bottom >= high))

    def _properties(self, rows: NDArray[np.int64]) -> list[Attribute]:
        level = self._level[rows].astype(np.int64)
        return [*(text.of(rows) for text in self._texts), whole("risk_level", np.where(level == 0, -1, level)),
                measured("pll", self._pll[rows]), yes("synthetic", self._synthetic[rows])]

    # ------------------------------------------------------------------ counted in squares

    def _counted(self, address: Address) -> bytes:
        px, py = _in_tile(address, *self._mercator)
        here = np.flatnonzero((px >= 0) & (px < EXTENT) & (py >= 0) & (py < EXTENT))
        if not len(here):
            return b""
        side = EXTENT // SQUARE
        square = (py[here] // SQUARE).astype(np.int64) * side + (px[here] // SQUARE).astype(np.int64)
        n = side * side
        count = np.bincount(square, minlength=n)
        used = np.flatnonzero(count)
        middle_x, middle_y = (np.bincount(square, weights=axis[here], minlength=n)[used] / count[used] for axis in (px, py))
        pll = np.bincount(square, weights=np.nan_to_num(self._pll[here]), minlength=n)[used]
        worst = np.full(n, 127, np.int64)
        known = self._level[here] > 0
        np.minimum.at(worst, square[known], self._level[here][known])
        level = np.where(worst[used] == 127, -1, worst[used])
        attributes = [whole("count", count[used]), whole("risk_level", level), measured("pll", np.where(level < 0, np.nan, pll)),
                      yes("synthetic", np.bincount(square, weights=self._synthetic[here], minlength=n)[used] > 0)]
        return encode_layer(self.name, points(middle_x, middle_y), attributes, used.astype(np.uint64))

    # ------------------------------------------------------------------ kept

    @cached_property
    def _mercator(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A point on each feature in the unit square of Web Mercator."""
        return mercator(self.table.lon, self.table.lat, 0)

    @cached_property
    def _boxes(self) -> tuple[NDArray[np.float64], ...]:
        west, south, east, north = self.table.bounds
        left, bottom = mercator(west, south, 0)
        right, top = mercator(east, north, 0)
        return left, top, right, bottom

    @cached_property
    def _texts(self) -> list[TextProperty]:
        sorting = (field.name for field in sorting_fields(self.table.kind))
        return [TextProperty(name, self.table.columns.texts(name)) for name in ("id", "name", *sorting)]

    @cached_property
    def _synthetic(self) -> NDArray[np.bool_]:
        return np.asarray(self.table.columns.numbers("synthetic"), bool)


def sorting_fields(kind: Kind) -> list[Field]:
    """What tells features of a kind apart on a map: its required fields with few values."""
    return [field for field in kind.fields if field.type == "text" and field.choices and field.required]


def _in_tile(address: Address, x: NDArray[np.float64], y: NDArray[np.float64],
             ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of the unit square in units of a tile."""
    z, left, top = address
    return (x * 2.0**z - left) * EXTENT, (y * 2.0**z - top) * EXTENT


def _joined(first: Shapes, second: Shapes) -> Shapes:
    return Shapes(np.concatenate([first.type, second.type]), np.concatenate([first.count, second.count]),
                  np.concatenate([first.commands, second.commands]))
