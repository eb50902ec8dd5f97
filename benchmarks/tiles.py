"""The deepest zoom of the rendered map: own lattice warp and palette PNG, against GDAL's warp and GDAL's PNG."""

from __future__ import annotations

import argparse
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Result, best, once, peak_mb, run, say, version
from benchmarks.snapshots import declare_snapshot, opened
from geo.grid import ALBERS, Grid, to_metres
from layers.mercator import inverse_mercator
from layers.palette import palette
from layers.png import encode
from layers.raster import TILE, level_codes, occupied_tiles, striped, warp_tiles
from layers.reader import Snapshot
from layers.tiles import MAX_ZOOM, render

_EQUATOR = 20_037_508.342789244  #: half the side of the Web Mercator plane, m
_BLOCK = 8  #: tiles per side that are warped in one call, by both

Places = list[tuple[int, int]]
Pixels = dict[tuple[int, int], NDArray[np.uint8]]


def codes_of(snapshot: Snapshot) -> NDArray[np.uint8]:
    """Level codes of a snapshot's cells."""
    cells = snapshot.cells
    return level_codes(snapshot.grid, cells.numbers("cell"), cells.numbers("level"), cells.numbers("hatched").astype(bool))


def blocks(tiles: Places) -> list[Places]:
    """Tiles grouped into squares that are worked on together."""
    groups: dict[tuple[int, int], Places] = defaultdict(list)
    for x, y in tiles:
        groups[x // _BLOCK, y // _BLOCK].append((x, y))
    return [groups[place] for place in sorted(groups)]


def own_warp(grid: Grid, codes: NDArray[np.uint8], group: Places) -> Pixels:
    """Our warp."""
    return dict(zip(group, warp_tiles(grid, codes, MAX_ZOOM, group), strict=True))


def gdal_warp(grid: Grid, codes: NDArray[np.uint8], group: Places) -> Pixels:
    """GDAL's warp of the square around a group, cut into tiles (with its approximate transformer, as rasterio calls it)."""
    from rasterio.crs import CRS
    from rasterio.transform import Affine
    from rasterio.warp import Resampling, reproject

    left, top = (min(place[axis] for place in group) for axis in (0, 1))
    wide, high = (max(place[axis] for place in group) + 1 - low for axis, low in ((0, left), (1, top)))
    side = 2 * _EQUATOR / 2**MAX_ZOOM
    out = np.zeros((high * TILE, wide * TILE), np.uint8)
    reproject(
        codes, out, src_transform=Affine(*grid.transform), src_crs=CRS.from_string(ALBERS), dst_crs=CRS.from_epsg(3857),
        dst_transform=Affine(side / TILE, 0, left * side - _EQUATOR, 0, -side / TILE, _EQUATOR - top * side),
        resampling=Resampling.nearest, num_threads=1,
    )
    return {(x, y): out[(y - top) * TILE:(y - top + 1) * TILE, (x - left) * TILE:(x - left + 1) * TILE] for x, y in group}


def own_png(pixels: NDArray[np.uint8]) -> bytes:
    """Our palette PNG."""
    return encode(striped(pixels), palette())


def gdal_png(pixels: NDArray[np.uint8]) -> bytes:
    """GDAL's palette PNG (8 bits per pixel: it writes no others from a colour table in memory)."""
    from rasterio.io import MemoryFile

    with MemoryFile() as memory:
        with memory.open(driver="PNG", width=TILE, height=TILE, count=1, dtype="uint8") as target:
            target.write(striped(pixels), 1)
            target.write_colormap(1, dict(enumerate(palette())))
        return bytes(memory.read())


def deepest(warp: Callable[[Places], Pixels], png: Callable[[NDArray[np.uint8]], bytes], groups: list[Places], threads: int,
            ) -> dict[tuple[int, int], bytes]:
    """All tiles of the zoom that show anything, as PNG."""
    def one(group: Places) -> dict[tuple[int, int], bytes]:
        return {place: png(pixels) for place, pixels in warp(group).items() if pixels.any()}

    with ThreadPoolExecutor(threads) as pool:
        done: dict[tuple[int, int], bytes] = {}
        for part in pool.map(one, groups):
            done |= part
    return done


def declare(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    declare_snapshot(parser)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)


def measure(options: argparse.Namespace) -> Result:
    """Ours and GDAL's on the same tiles, in the same groups, on as many threads."""
    from rasterio.errors import NotGeoreferencedWarning

    with opened(options.snapshot) as snapshot, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # arrays and tiles in memory have no place of their own
        return _measure(snapshot, options.threads, options.repeats)


def _measure(snapshot: Snapshot, threads: int, repeats: int) -> Result:
    grid, codes = snapshot.grid, codes_of(snapshot)
    groups = blocks(occupied_tiles(grid, codes, MAX_ZOOM))
    say("own")
    first_s, _ = once(lambda: own_warp(grid, codes, groups[0][:1]))
    whole_s, whole = best(lambda: render(grid, codes, threads=threads), repeats)
    mine_s, mine = best(lambda: deepest(lambda group: own_warp(grid, codes, group), own_png, groups, threads), repeats)
    warp_s, _ = best(lambda: [own_warp(grid, codes, group) for group in groups], repeats)
    mine_mb = peak_mb()
    say("GDAL")
    theirs_s, theirs = best(lambda: deepest(lambda group: gdal_warp(grid, codes, group), gdal_png, groups, threads), repeats)
    their_warp_s, _ = best(lambda: [gdal_warp(grid, codes, group) for group in groups], repeats)
    return Result(
        {"cells": int((codes != 0).sum()), "grid": grid.size, "zoom": MAX_ZOOM, "tiles": len(mine), "peer_tiles": len(theirs),
         "pyramid_tiles": len(whole), "bytes": sum(map(len, mine.values())), "peer_bytes": sum(map(len, theirs.values())),
         "threads": threads, "snapshot": snapshot.run_id},
        f"warm: best of {repeats} after a first small call (first_s: compiled code loaded or made). deepest_s is warp and PNG "
        "of the deepest zoom, warp_s the warp alone on one thread, pyramid_s all zooms of ours.",
        {"first_s": first_s, "deepest_s": mine_s, "warp_s": warp_s, "pyramid_s": whole_s,
         "deepest_tiles_per_s": len(mine) / mine_s, "peak_mb": mine_mb},
        f"{version('rasterio')}: reproject (nearest) in groups of {_BLOCK} × {_BLOCK} tiles, PNG driver in memory",
        {"deepest_s": theirs_s, "warp_s": their_warp_s, "deepest_tiles_per_s": len(theirs) / theirs_s, "peak_mb": peak_mb()},
        {"deepest_ratio": theirs_s / mine_s, "warp_ratio": their_warp_s / warp_s,
         "bytes_ratio": sum(map(len, theirs.values())) / max(1, sum(map(len, mine.values())))},
        _agreement(grid, codes, groups),
    )


def _agreement(grid: Grid, codes: NDArray[np.uint8], groups: list[Places], sample: int = 12) -> dict[str, float]:
    """Shares of coloured pixels that are equal, and that each has right where every pixel is projected (in some groups)."""
    seen = same = 0
    for group in groups:
        own, peer = own_warp(grid, codes, group), gdal_warp(grid, codes, group)
        for place in group:
            either = (own[place] != 0) | (peer[place] != 0)
            seen += int(either.sum())
            same += int((either & (own[place] == peer[place])).sum())
    checked, mine, theirs = 0, 0, 0
    for group in groups[::max(1, len(groups) // sample)]:
        own, peer = own_warp(grid, codes, group), gdal_warp(grid, codes, group)
        for place in group:
            exact = _exact(grid, codes, place)
            coloured = (exact != 0) | (own[place] != 0) | (peer[place] != 0)
            checked += int(coloured.sum())
            mine += int((coloured & (own[place] == exact)).sum())
            theirs += int((coloured & (peer[place] == exact)).sum())
    return {"equal_pixels_ratio": same / max(1, seen), "own_exact_pixels_ratio": mine / max(1, checked),
            "peer_exact_pixels_ratio": theirs / max(1, checked)}


def _exact(grid: Grid, codes: NDArray[np.uint8], place: tuple[int, int]) -> NDArray[np.uint8]:
    """A tile whose every pixel centre is projected by itself."""
    step = (np.arange(TILE) + 0.5) / TILE
    x, y = np.meshgrid(place[0] + step, place[1] + step)
    cell = grid.index(*to_metres(*inverse_mercator(x, y, MAX_ZOOM)))
    return np.where(cell >= 0, codes.ravel()[cell], 0).astype(np.uint8)


def main(argv: Sequence[str] | None = None) -> None:
    """Run it."""
    run("tiles", __doc__ or "", declare, measure, argv)


if __name__ == "__main__":
    main()
