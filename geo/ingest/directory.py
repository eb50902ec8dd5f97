"""A directory with a manifest: files of any known format for the kinds, and the rasters, loaded as one whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from geo.errors import EnvironmentProblem
from geo.ingest.assignment import Streets, assign_area_codes
from geo.ingest.files import Ingested, ingest_file
from geo.ingest.manifest import Entry, bad_entry, check_entry, read_manifest
from geo.ingest.readers import open_file
from geo.settings import Settings
from geo.store import LoadReport, Progress, Store
from geo.store.loading import silent

#: Stage of the progress in which checksums are compared.
CHECKING = "核对文件校验和"


def load_directory(store: Store, directory: Path, settings: Settings, progress: Progress | None = None, *,
                   by: str = "") -> list[LoadReport]:
    """Load everything that the directory's ``manifest.json`` names, in one transaction.

    An entry of a kind is ``{"file", "sha256", "rows"}`` or a list of them. A Parquet file without more is taken to hold declared
    fields, as this program writes them. An entry with ``crs``, ``encoding``, ``layer``, ``mapping`` (a TOML file beside it),
    ``identifier`` or ``source``, or any other format, goes the way of :func:`geo.ingest.ingest_file`. Checksum and rows are
    compared where they are given; they must be given for rasters.

    Areas come first, so that the other kinds can be given the street they lie in where they do not say it. All files are checked
    against their checksums before the store is touched. Each file is the whole of what this directory says about its kind: rows
    that an earlier load of it wrote and that are gone from it are removed. Rasters are copied below the home folder and
    registered. An interrupt at any moment, kill included, leaves the store as it was.

    Parameters
    ----------
    store : Store
        An initialised store.
    directory : Path
        Folder with ``manifest.json``, the files and rasters.
    settings : Settings
        Says where rasters are kept.
    progress : callable, optional
        Called with stage, done, total.
    by : str
        Who loads, for the history.

    Returns
    -------
    list of LoadReport
        One per file, in the order loaded.

    Raises
    ------
    BadFile
        If the manifest or a file is missing, broken, truncated or not the one the manifest means.
    UnknownIdentifier
        If the manifest names a kind that does not exist.
    StoreError
        If the store cannot be written.
    """
    tell = progress or silent
    kinds, rasters = read_manifest(directory)
    entries = [*kinds, *rasters]
    for done, entry in enumerate(entries):
        tell(CHECKING, done, len(entries))
        check_entry(entry)
    tell(CHECKING, len(entries), len(entries))
    with store.transaction():
        loading = Entries(store, directory, tell, by)
        reports = [loading.load(entry).report for entry in kinds]
        for entry in rasters:
            store.put_raster(entry.name, _keep(entry, settings), entry.sha256)
    return reports


@dataclass(frozen=True)
class Loaded:
    """What came of one file of a directory.

    Attributes
    ----------
    entry : Entry
        The file.
    source : str
        Data set that its rows belong to.
    report : LoadReport
        Rows new, changed, the same, retired, refused.
    ingested : Ingested or None
        What was found out about the file; None of a Parquet file of declared fields, where there is nothing to find out.
    """

    entry: Entry
    source: str
    report: LoadReport
    ingested: Ingested | None = None


class Entries:
    """Loads the entries of one directory one after the other, areas before all that is to be placed in them.

    Parameters
    ----------
    store : Store
        In its write transaction.
    directory : Path
        Its name begins the names of the sources.
    tell : callable
        Progress.
    by : str
        Who loads.
    """

    def __init__(self, store: Store, directory: Path, tell: Progress, by: str = "") -> None:
        self._store, self._tell, self._by = store, tell, by
        self._folder = directory.resolve().name
        self._streets: Streets | None = None

    def load(self, entry: Entry) -> Loaded:
        """Load one.

        Raises
        ------
        BadFile
            If the file is not what the manifest or its format says.
        """
        source = f"{self._folder}/{entry.path.name}"
        if entry.declared is not None:
            declared = replace(entry.declared, source=entry.declared.source or source, complete=True, by=self._by)
            ingested = ingest_file(self._store, entry.name, entry.path, declared, self._tell)
            _compare(entry, ingested.report)
            return Loaded(entry, ingested.source, ingested.report, ingested)
        frames = _frames(entry, None if entry.name == "area" else self._known_streets())
        return Loaded(entry, source, self._store.load(entry.name, frames, source=source, complete=True, progress=self._tell,
                                                      by=self._by, total=max(entry.rows, 0)))

    def _known_streets(self) -> Streets:
        if self._streets is None:
            areas = self._store.read("area", columns=["code", "level", "geometry"])
            self._streets = Streets.of(areas[areas["level"] == "street"])
        return self._streets


def _compare(entry: Entry, report: LoadReport) -> None:
    found = report.inserted + report.updated + report.unchanged + report.quarantined
    if entry.rows not in (-1, found):
        raise bad_entry(entry.path, f"有 {found} 行，清单为 {entry.rows} 行", f"has {found} rows, the manifest says {entry.rows}")


def _frames(entry: Entry, streets: Streets | None) -> Iterator[pd.DataFrame]:
    """Chunks of a Parquet file of declared fields, with the streets filled in."""
    with open_file(entry.path) as reading:
        if reading.format != "GeoParquet":
            raise bad_entry(entry.path, "不是 Parquet 文件", "is no Parquet file")
        if entry.rows not in (-1, reading.total):
            raise bad_entry(entry.path, f"有 {reading.total} 行，清单为 {entry.rows} 行",
                       f"has {reading.total} rows, the manifest says {entry.rows}")
        for frame in reading.chunks:
            yield assign_area_codes(frame, streets) if streets is not None else frame


def _keep(entry: Entry, settings: Settings) -> Path:
    """Copy of a raster below the home folder, under a name of its own: what the store names before the commit stays whole."""
    kept = settings.rasters / f"{entry.name}-{entry.sha256[:12]}{entry.path.suffix}"
    part = kept.with_name(f"{kept.name}.{os.getpid()}.part")
    try:
        settings.rasters.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(entry.path, part)
        part.replace(kept)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EnvironmentProblem(
            f"栅格无法写入 {kept}：{error.strerror}", f"the raster cannot be written to {kept}: {error.strerror}",
            remedy_zh="请检查磁盘空间与目录权限。", remedy_en="Check disk space and the folder's permissions.",
            path=str(kept)) from error
    return kept
