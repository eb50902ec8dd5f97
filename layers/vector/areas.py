"""Areas of one level as vector tiles."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.mercator import inverse_mercator
from layers.reader import AreaLevel, Snapshot
from layers.vector.attributes import TextProperty, measured, whole, yes
from layers.vector.encoder import EXTENT, encode_layer
from layers.vector.shapes import BUFFER, clipped

_TEXTS = ("code", "name", "level", "parent")
_MEASURED = ("index", "pll", "density", "kappa", "residents", "workers", "area_km2")


class AreaTiles:
    """Vector tiles of streets, districts or the city, all of them whole at every zoom.

    Parameters
    ----------
    snapshot : Snapshot
    level : AreaLevel
    """

    def __init__(self, snapshot: Snapshot, level: AreaLevel) -> None:
        self._snapshot, self.name = snapshot, f"areas-{level}"
        self._rows = snapshot.area_rows(level)

    def tile(self, z: int, x: int, y: int) -> bytes:
        """One layer; empty where nothing is."""
        around = BUFFER / EXTENT
        lon, lat = inverse_mercator(np.array([x - around, x + 1 + around]), np.array([y + 1 + around, y - around]), z)
        near = np.sort(self._tree.query(shapely.box(lon[0], lat[0], lon[1], lat[1])))
        if not len(near):
            return b""
        met, shapes = clipped((z, x, y), self._shapes[near], tolerance=1.0)
        rows = self._rows[near[met]]
        columns = self._snapshot.areas
        attributes = [
            *(text.of(rows) for text in self._texts), whole("risk_level", columns.numbers("risk_level")[rows]),
            yes("hatched", columns.numbers("hatched")[rows]), whole("rank", columns.numbers("rank")[rows]),
            *(measured(name, columns.numbers(name)[rows], 4) for name in _MEASURED),
        ]
        return encode_layer(self.name, shapes, attributes, rows.astype(np.uint64))

    @cached_property
    def _shapes(self) -> NDArray[np.object_]:
        return self._snapshot.area_shapes[self._rows]

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._shapes)

    @cached_property
    def _texts(self) -> list[TextProperty]:
        return [TextProperty(name, self._snapshot.areas.texts(name)) for name in _TEXTS]
