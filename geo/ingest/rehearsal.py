"""A directory rehearsed: every file is loaded in turn, what would come of each is said, and nothing stays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geo.errors import RiskMapError, StoreError
from geo.ingest.directory import CHECKING, Entries, Loaded
from geo.ingest.files import SHOWN
from geo.ingest.manifest import Entry, check_entry, read_manifest
from geo.store import Progress, Store
from geo.store.loading import silent


@dataclass(frozen=True)
class Rehearsed:
    """What would come of one file.

    Attributes
    ----------
    entry : Entry
        The file.
    raster : bool
        It is a raster: only its checksum is looked at.
    loaded : Loaded or None
        What the load would do; None of a raster, and of a file that stops the directory from being loaded.
    refused : DataFrame
        The first refused rows.
    error : RiskMapError or None
        Why the file cannot be loaded; the directory as a whole is refused then.
    """

    entry: Entry
    raster: bool
    loaded: Loaded | None
    refused: pd.DataFrame
    error: RiskMapError | None = None


def rehearse_directory(store: Store, directory: Path, progress: Progress | None = None) -> list[Rehearsed]:
    """Do all that :func:`geo.ingest.load_directory` would do, file by file, and undo it.

    A file that cannot be loaded does not stop the others: what is wrong with each is said at once. Rows are placed in the areas
    of this directory, as in a load.

    Parameters
    ----------
    store : Store
        Initialised.
    directory : Path
        Folder with ``manifest.json``.
    progress : callable, optional
        Called with stage, done, total.

    Returns
    -------
    list of Rehearsed
        One per file, in the order they would be loaded.

    Raises
    ------
    BadFile
        If the manifest is missing or cannot be understood.
    UnknownIdentifier
        If it names a kind that does not exist.
    StoreError
        If the store cannot be written.
    """
    tell = progress or silent
    kinds, rasters = read_manifest(directory)
    with store.transaction(keep=False):
        loading = Entries(store, directory, tell)
        return [*(_one(store, loading, entry, tell) for entry in kinds), *(_raster(entry, tell) for entry in rasters)]


def _one(store: Store, loading: Entries, entry: Entry, tell: Progress) -> Rehearsed:
    try:
        tell(CHECKING, 0, 0)
        check_entry(entry)
        with store.attempt():
            loaded = loading.load(entry)
    except StoreError:
        raise
    except RiskMapError as error:
        return Rehearsed(entry, False, None, pd.DataFrame(), error)
    return Rehearsed(entry, False, loaded, store.quarantine(entry.name, loaded.source, SHOWN))


def _raster(entry: Entry, tell: Progress) -> Rehearsed:
    try:
        tell(CHECKING, 0, 0)
        check_entry(entry)
    except RiskMapError as error:
        return Rehearsed(entry, True, None, pd.DataFrame(), error)
    return Rehearsed(entry, True, None, pd.DataFrame())
