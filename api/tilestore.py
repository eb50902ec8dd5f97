"""Tiles that are made when asked: each made once however many ask, kept up to a number of bytes, longest unused first out."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from layers.palette import palette
from layers.png import recoloured
from layers.reader import Snapshot
from layers.style import STANDARD, STYLES
from layers.vector import VectorTiles

#: Run, tileset, zoom, column, row.
Key = tuple[str, str, int, int, int]

#: The rendered theme that shows all risk together.
ALL = "all"

#: What a kept tile costs beside its own bytes.
_OVERHEAD = 400

_tilesets: WeakKeyDictionary[Snapshot, VectorTiles] = WeakKeyDictionary()


class TileStore:
    """Made tiles of all open snapshots.

    Parameters
    ----------
    limit : int
        Bytes that are kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self._bytes = limit, 0
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._pending: dict[Key, asyncio.Task[bytes]] = {}
        self._workers = ThreadPoolExecutor(1, thread_name_prefix="tiles")

    def kept(self, key: Key) -> bytes | None:
        """A tile that is there already."""
        data = self._kept.get(key)
        if data is not None:
            self._kept.move_to_end(key)
        return data

    async def made(self, key: Key, make: Callable[[], bytes]) -> bytes:
        """A tile, made in a thread; those who ask for it meanwhile wait for the same one."""
        task = self._pending.get(key)
        if task is None:
            task = asyncio.ensure_future(self._make(key, make))
            self._pending[key] = task
            task.add_done_callback(lambda _: self._pending.pop(key, None))
        return await asyncio.shield(task)  # whoever goes away does not take it from the others

    async def _make(self, key: Key, make: Callable[[], bytes]) -> bytes:
        data = await asyncio.get_running_loop().run_in_executor(self._workers, make)
        self._kept[key] = data
        self._bytes += len(data) + _OVERHEAD
        while self._bytes > self._limit and self._kept:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped) + _OVERHEAD
        return data


def vector_tiles(snapshot: Snapshot) -> VectorTiles:
    """The vector tiles of a snapshot, kept as long as it is open."""
    if snapshot not in _tilesets:
        _tilesets[snapshot] = VectorTiles(snapshot, _risk)
    return _tilesets[snapshot]


def rendered(snapshot: Snapshot, theme: str, style: str, z: int, x: int, y: int) -> bytes | None:
    """A rendered tile of a theme (or :data:`ALL`) in a colour style, None where the map is empty.

    Raises
    ------
    NotFound
        If there is no such theme.
    """
    data = (snapshot.tiles if theme == ALL else snapshot.theme_tiles(theme)).tile(z, x, y)
    return data if data is None or style == STANDARD else recoloured(data, palette(style))


def is_style(name: str) -> bool:
    """Whether a colour style of this name exists."""
    return name in STYLES


def _risk(snapshot: Snapshot, kind: str) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    risk = snapshot.source_risk(kind)
    return risk.level, risk.pll
