"""Vector tiles: features, areas and grid cells of a snapshot as Mapbox Vector Tiles, made when they are asked for.

No library, no database and no compiled kernel: a tile is a few numpy operations on the arrays of the snapshot, so a serving
process needs no warm-up.
"""

from __future__ import annotations

from layers.vector.tilesets import MAX_ZOOM, MIN_ZOOM, TileSet, VectorTiles

__all__ = ["MAX_ZOOM", "MIN_ZOOM", "TileSet", "VectorTiles"]
