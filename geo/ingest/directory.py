"""A directory with a manifest: files of any known format for the kinds, and the rasters, loaded as one whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import BadFile, EnvironmentProblem
from geo.ingest.assignment import Streets, assign_area_codes
from geo.ingest.files import Declared, ingest_file
from geo.ingest.mapping import Saved, read_mapping
from geo.ingest.readers import open_file
from geo.kinds import KINDS
from geo.kinds import kind as find_kind
from geo.settings import Settings
from geo.store import LoadReport, Progress, Store


@dataclass(frozen=True)
class _Entry:
    """One file that the manifest names; `rows` is -1 and `sha256` empty where it does not say."""

    name: str
    path: Path
    sha256: str
    rows: int
    declared: Declared | None = None


def load_directory(store: Store, directory: Path, settings: Settings, progress: Progress | None = None) -> list[LoadReport]:
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
    tell = progress or _silent
    kinds, rasters = _read_manifest(directory)
    entries = [*kinds, *rasters]
    for done, entry in enumerate(entries):
        tell("核对文件校验和", done, len(entries))
        _check(entry)
    tell("核对文件校验和", len(entries), len(entries))
    with store.transaction():
        reports = []
        streets: Streets | None = None
        for entry in kinds:
            source = f"{directory.resolve().name}/{entry.path.name}"
            if entry.declared is not None:
                reports.append(_ingest(store, entry, source, tell))
                continue
            if entry.name != "area" and streets is None:
                streets = _streets(store)
            reports.append(store.load(entry.name, _frames(entry, streets if entry.name != "area" else None), source=source,
                                      complete=True, progress=tell, total=max(entry.rows, 0)))
        for entry in rasters:
            store.put_raster(entry.name, _keep(entry, settings), entry.sha256)
    return reports


def _silent(_stage: str, _done: int, _total: int) -> None:
    pass


def _ingest(store: Store, entry: _Entry, source: str, tell: Progress) -> LoadReport:
    declared = entry.declared or Declared()
    declared = replace(declared, source=declared.source or source, complete=True)
    ingested = ingest_file(store, entry.name, entry.path, declared, tell)
    report = ingested.report
    found = report.inserted + report.updated + report.unchanged + report.quarantined
    if entry.rows not in (-1, found):
        raise _bad(entry.path, f"有 {found} 行，清单为 {entry.rows} 行", f"has {found} rows, the manifest says {entry.rows}")
    return report


def _streets(store: Store) -> Streets:
    areas = store.read("area", columns=["code", "level", "geometry"])
    return Streets.of(areas[areas["level"] == "street"])


def _read_manifest(directory: Path) -> tuple[list[_Entry], list[_Entry]]:
    path = directory / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        kinds = [_entry(directory, name, one, kind=True) for name, entry in manifest["kinds"].items()
                 for one in (entry if isinstance(entry, list) else [entry])]
        rasters = [_entry(directory, name, entry, kind=False) for name, entry in manifest.get("rasters", {}).items()]
    except FileNotFoundError:
        raise _bad(path, "不存在", "is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _bad(path, f"无法解析（{error}）", f"cannot be read ({error})") from error
    for entry in kinds:
        find_kind(entry.name)
    order = list(KINDS)
    return sorted(kinds, key=lambda entry: (entry.name != "area", order.index(entry.name))), rasters


#: What an entry of the manifest can say beside file, checksum and rows.
_SAID = ("crs", "encoding", "layer", "source")


def _entry(directory: Path, name: str, entry: dict[str, Any], *, kind: bool) -> _Entry:
    file = _plain_name(str(entry["file"]))
    declared: Declared | None = None
    special = any(entry.get(key) for key in (*_SAID, "mapping", "identifier"))
    if kind and (special or not file.endswith((".parquet", ".geoparquet"))):
        mapping = read_mapping(directory / _plain_name(str(entry["mapping"]))) if entry.get("mapping") else Saved()
        crs, encoding, layer, source = (str(entry.get(key, "")) for key in _SAID)
        declared = Declared(source, crs=crs, encoding=encoding, layer=layer, mapping=mapping,
                            identifier=tuple(map(str, entry.get("identifier", ()))))
    sha256 = str(entry.get("sha256", "")) if declared else str(entry["sha256"])
    return _Entry(name, directory / file, sha256, int(entry.get("rows", -1)), declared)


def _plain_name(file: str) -> str:
    if Path(file).name != file:
        raise ValueError(f"{file!r} is not a plain file name")
    return file


def _bad(path: Path, zh: str, en: str) -> BadFile:
    return BadFile(
        f"文件 {path} {zh}", f"the file {path} {en}",
        remedy_zh="请重新生成或重新获取该目录（riskmap demo 会重新生成示例数据）。",
        remedy_en="Make or fetch the directory again (riskmap demo makes the sample anew).", file=str(path))


def _check(entry: _Entry) -> None:
    try:
        with entry.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise _bad(entry.path, "不存在", "is missing") from None
    except OSError as error:
        raise _bad(entry.path, f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}") from error
    if entry.sha256 and found != entry.sha256:
        raise _bad(entry.path, "的校验和与清单不符（文件不完整或被改动）",
                   "does not have the manifest's checksum (cut short or changed)")


def _frames(entry: _Entry, streets: Streets | None) -> Iterator[pd.DataFrame]:
    """Chunks of a Parquet file of declared fields, with the streets filled in."""
    with open_file(entry.path) as reading:
        if reading.format != "GeoParquet":
            raise _bad(entry.path, "不是 Parquet 文件", "is no Parquet file")
        if entry.rows not in (-1, reading.total):
            raise _bad(entry.path, f"有 {reading.total} 行，清单为 {entry.rows} 行",
                       f"has {reading.total} rows, the manifest says {entry.rows}")
        for frame in reading.chunks:
            yield assign_area_codes(frame, streets) if streets is not None else frame


def _keep(entry: _Entry, settings: Settings) -> Path:
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
