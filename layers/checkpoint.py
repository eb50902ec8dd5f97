"""Finished tiles of a run on disk, so that a crash costs at most the tiles in hand."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from dataclasses import fields as columns_of
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from riskmodel.tiles import Laid

if TYPE_CHECKING:
    from pathlib import Path

_BROKEN = (OSError, ValueError, KeyError, EOFError, BadZipFile)


@dataclass(frozen=True)
class TileFolder:
    """Keeps tiles below a folder, one subfolder per piece of work: ``Way(checkpoints=TileFolder(path).of)``.

    Attributes
    ----------
    path : Path
        Scratch folder; everything in it can be thrown away at any time.
    """

    path: Path

    def of(self, name: str) -> KeptTiles:
        """Tiles of the work of this fingerprint; those of any other work are thrown away."""
        mine = self.path / name
        if self.path.exists():
            for other in self.path.iterdir():
                if other != mine:
                    shutil.rmtree(other, ignore_errors=True)
        mine.mkdir(parents=True, exist_ok=True)
        return KeptTiles(mine)

    def clear(self) -> None:
        """Throw all away, once the run has been published."""
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass(frozen=True)
class KeptTiles:
    """Tiles of one piece of work: one ``.npz`` each, written beside and renamed, so that none is ever half there."""

    folder: Path

    def load(self, tile: int) -> Laid | None:
        """A finished tile, or None; one that cannot be read counts as not there."""
        try:
            with self._file(tile).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                arrays = {f.name: kept[f.name] for f in columns_of(Laid)}
        except FileNotFoundError:
            return None
        except _BROKEN:
            return None
        scopes, themes = (tuple(arrays.pop(name).tolist()) for name in ("scopes", "themes"))
        return Laid(scopes=scopes, themes=themes, **arrays)

    def save(self, tile: int, laid: Laid) -> None:
        """Keep a tile.

        Raises
        ------
        OSError
            If the disk is full.
        """
        path = self._file(tile)
        draft = path.with_suffix(f".{os.getpid()}")
        with draft.open("wb") as file:
            columns: dict[str, Any] = {f.name: np.asarray(getattr(laid, f.name), np.int64) for f in columns_of(Laid)}
            np.savez(file, **columns)
        draft.replace(path)

    def _file(self, tile: int) -> Path:
        return self.folder / f"{tile}.npz"
