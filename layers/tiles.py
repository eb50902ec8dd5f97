"""The rendered pyramid: level codes of cells as PNG tiles in one PMTiles archive, the same bytes from the same run."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from geo.grid import Grid, to_degrees
from layers.palette import palette
from layers.png import encode
from layers.raster import TILE, halve, occupied_tiles, striped, warp_tiles

#: Zooms of the pyramid of all themes together; cells are sampled at the last, every other halves the one after it.
MIN_ZOOM, MAX_ZOOM = 5, 13

#: Last zoom of a single theme's pyramid: a cell is three pixels wide there, and clients magnify.
THEME_ZOOM = 12

#: Hatched cells are striped from this zoom on; below it a cell is smaller than a stripe.
PATTERN_ZOOM = 12

_GROUP = 3  # zooms between the tiles that are made together and their common ancestor: at most 64 tiles in memory at once

Address = tuple[int, int, int]


def write_pyramid(path: Path, grid: Grid, codes: NDArray[np.uint8], *, max_zoom: int = MAX_ZOOM,
                  metadata: dict[str, Any] | None = None, threads: int = 2,
                  progress: Callable[[float], None] | None = None) -> int:
    """Render level codes and write the archive.

    Parameters
    ----------
    path : Path
        Written aside and renamed, so it is never half there.
    grid : Grid
    codes : (ny, nx) uint8
        From :func:`layers.raster.level_codes`.
    max_zoom : int
        Zoom at which cells are sampled; every other halves the one after it.
    metadata : dict or None
        More entries of the archive's JSON metadata (attribution, run id).
    threads : int
        Workers; the bytes do not depend on it.
    progress : callable or None
        Told the share done, 0 to 1.

    Returns
    -------
    int
        Number of tiles.
    """
    tiles = render(grid, codes, max_zoom=max_zoom, threads=threads, progress=progress)
    if not tiles:
        x, y = occupied_tiles(grid, np.ones_like(codes), MIN_ZOOM)[0]
        tiles = {(MIN_ZOOM, x, y): encode(np.zeros((TILE, TILE), np.uint8), palette())}
    aside = path.with_name(path.name + ".part")
    with aside.open("wb") as file:
        writer = Writer(file)  # type: ignore[no-untyped-call]
        for tile_id, data in sorted((zxy_to_tileid(*address), data) for address, data in tiles.items()):
            writer.write_tile(tile_id, data)  # type: ignore[no-untyped-call]
        facts = {"name": "risk", "format": "png", "type": "overlay", **(metadata or {})}
        writer.finalize(_header(grid), facts)  # type: ignore[no-untyped-call]
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    return len(tiles)


def render(grid: Grid, codes: NDArray[np.uint8], *, max_zoom: int = MAX_ZOOM, threads: int = 2,
           progress: Callable[[float], None] | None = None) -> dict[Address, bytes]:
    """All tiles of the pyramid that show anything, by (z, x, y)."""
    groups: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for x, y in occupied_tiles(grid, codes, max_zoom):
        groups[x >> _GROUP, y >> _GROUP].append((x, y))
    done: dict[Address, bytes] = {}
    tops: dict[tuple[int, int], NDArray[np.uint8]] = {}

    def make(group: tuple[int, int]) -> tuple[tuple[int, int], dict[Address, bytes], NDArray[np.uint8] | None]:
        bottom = groups[group]
        pixels = dict(zip(bottom, warp_tiles(grid, codes, max_zoom, bottom), strict=True))
        encoded, top = _climb(pixels, max_zoom, max_zoom - _GROUP)
        return group, encoded, top.get(group)

    with ThreadPoolExecutor(threads) as pool:
        for count, (group, encoded, top) in enumerate(pool.map(make, sorted(groups)), start=1):
            done |= encoded
            if top is not None:
                tops[group] = top
            if progress is not None:
                progress(count / len(groups))
    encoded, last = _climb(tops, max_zoom - _GROUP, MIN_ZOOM)
    done |= encoded
    done |= {(MIN_ZOOM, x, y): _png(MIN_ZOOM, pixels) for (x, y), pixels in last.items()}
    return done


def _climb(tiles: dict[tuple[int, int], NDArray[np.uint8]], zoom: int, end: int,
           ) -> tuple[dict[Address, bytes], dict[tuple[int, int], NDArray[np.uint8]]]:
    """Encode tiles from `zoom` up to, but not with, `end`; gives also the pixels at `end`."""
    encoded: dict[Address, bytes] = {}
    tiles = {place: pixels for place, pixels in tiles.items() if pixels.any()}
    while zoom > end:
        encoded |= {(zoom, x, y): _png(zoom, pixels) for (x, y), pixels in tiles.items()}
        parents: dict[tuple[int, int], NDArray[np.uint8]] = {}
        half = TILE // 2
        for (x, y), pixels in tiles.items():
            parent = parents.setdefault((x >> 1, y >> 1), np.zeros((TILE, TILE), np.uint8))
            parent[(y & 1) * half:(y & 1) * half + half, (x & 1) * half:(x & 1) * half + half] = halve(pixels)
        tiles, zoom = parents, zoom - 1
    return encoded, tiles


def _png(zoom: int, codes: NDArray[np.uint8]) -> bytes:
    return encode(striped(codes) if zoom >= PATTERN_ZOOM else codes, palette())


def _header(grid: Grid) -> dict[str, Any]:
    x = grid.west + np.array([0, 0.5, 1, 0, 1]) * grid.nx * grid.cell
    y = grid.north - np.array([0, 0.5, 1, 1, 0]) * grid.ny * grid.cell
    lon, lat = (np.round(values * 1e7).astype(int) for values in to_degrees(x, y))
    return {
        "tile_type": TileType.PNG, "tile_compression": Compression.NONE,
        "min_lon_e7": int(lon.min()), "min_lat_e7": int(lat.min()), "max_lon_e7": int(lon.max()), "max_lat_e7": int(lat.max()),
        "center_zoom": 9, "center_lon_e7": int(lon[1]), "center_lat_e7": int(lat[1]),
    }
