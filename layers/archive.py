"""Reading a PMTiles archive: directory parsed once into a dictionary, tiles as slices of mapped memory."""

from __future__ import annotations

import gzip
import json
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pmtiles.tile import MagicNumberNotFound, deserialize_directory, deserialize_header, tileid_to_zxy

from geo.errors import SnapshotError


class TileArchive:
    """All tiles of one PMTiles file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SnapshotError
        If the file is missing or broken.

    Attributes
    ----------
    header, metadata : dict
        As the archive states them.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.header: dict[str, Any] = dict(deserialize_header(self._data[0:127]))
            start = self.header["metadata_offset"]
            self.metadata: dict[str, Any] = json.loads(gzip.decompress(self._data[start:start + self.header["metadata_length"]]))
            self._places = _directory(self._data, self.header)
        except (OSError, ValueError, EOFError, MagicNumberNotFound, KeyError) as error:
            raise SnapshotError(f"瓦片文件 {path.name} 无法读取", f"the tile archive {path.name} cannot be read: {error}",
                                remedy_zh="请运行 riskmap check。", remedy_en="Run riskmap check.", file=str(path)) from error

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        return iter(self._places)

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Bytes of a tile, None where the map is empty."""
        place = self._places.get((z, x, y))
        return None if place is None else self._data[place[0]:place[1]]


def _directory(data: mmap.mmap, header: dict[str, Any]) -> dict[tuple[int, int, int], tuple[int, int]]:
    places: dict[tuple[int, int, int], tuple[int, int]] = {}
    pending = [(header["root_offset"], header["root_length"])]
    while pending:
        offset, length = pending.pop()
        for entry in deserialize_directory(data[offset:offset + length]):
            if entry.run_length == 0:
                pending.append((header["leaf_directory_offset"] + entry.offset, entry.length))
                continue
            start = header["tile_data_offset"] + entry.offset
            for tile_id in range(entry.tile_id, entry.tile_id + entry.run_length):
                places[tileid_to_zxy(tile_id)] = (start, start + entry.length)
    return places
