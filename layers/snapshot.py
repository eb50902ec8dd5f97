"""Writing, publishing, listing and thinning snapshots: immutable directories of which one is current.

A snapshot is built aside as ``.<run id>.partial``, checksummed, flushed to disk and then made visible by one rename;
``current`` is a symbolic link that is replaced in one step. A reader therefore sees the whole old state or the whole
new one, at any moment and after any crash.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import orjson

from geo.errors import BadParameter, EnvironmentProblem, NotFound, SnapshotError
from layers.tables import missing_columns

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from layers.integrity import Problem
    from layers.reader import Snapshot

MANIFEST = "manifest.json"
CURRENT = "current"
_RUN_ID = re.compile(r"^(?!current$)[0-9A-Za-z][0-9A-Za-z_-]{0,63}$")
_LOCK = ".lock"

#: Snapshots older than `keep_days` are kept once a week for this long, later once a month.
WEEKLY_DAYS = 92


@dataclass(frozen=True)
class SnapshotInfo:
    """What a list of snapshots shows of each."""

    run_id: str
    path: Path
    created: datetime
    as_of: str
    parent: str | None
    current: bool
    bytes: int


class SnapshotWriter:
    """Builds one snapshot; used as a context manager, which removes everything again unless :meth:`publish` was called.

    Parameters
    ----------
    directory : Path
        Folder of all snapshots (``Settings.snapshots``).
    run_id : str
        Letters, digits, ``-`` and ``_``.

    Raises
    ------
    BadParameter
        If the run id has another form.
    SnapshotError
        If a snapshot of this id exists or is being written.
    EnvironmentProblem
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile, pyarrow
    >>> home = Path(tempfile.mkdtemp())
    >>> with SnapshotWriter(home, "20260101T000000-abcdef") as writer:
    ...     writer.write_table("model/factors", pyarrow.table({"m": [1.0]}))
    ...     published = writer.publish({"created": "2026-01-01T00:00:00+08:00", "as_of": "2026-01-01"})
    >>> (home / "current").resolve() == published.resolve()
    True
    """

    def __init__(self, directory: Path, run_id: str) -> None:
        if not _RUN_ID.fullmatch(run_id):
            raise BadParameter(f"运行编号“{run_id}”不合格式", f"run id {run_id!r} has the wrong form", run_id=run_id)
        self.directory = Path(directory)
        self.run_id = run_id
        self.folder = self.directory / f".{run_id}.partial"
        self._lock: int | None = None

    def __enter__(self) -> SnapshotWriter:
        with _writing(self.directory), _locked(self.directory):
            _remove_leftovers(self.directory)
            if (self.directory / self.run_id).exists() or self.folder.exists():
                raise SnapshotError(f"快照 {self.run_id} 已存在", f"snapshot {self.run_id} exists already", run_id=self.run_id)
            self.folder.mkdir()
            self._lock = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._lock is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._release()

    def path(self, name: str) -> Path:
        """Path of a file of the snapshot under construction; its folder exists afterwards."""
        path = self.folder / name
        if self.folder.resolve() not in path.resolve().parents:
            raise BadParameter(f"文件名“{name}”越出快照目录", f"file name {name!r} leaves the snapshot", name=name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write one file."""
        with _writing(self.directory):
            self.path(name).write_bytes(data)

    def write_table(self, name: str, table: pa.Table | pd.DataFrame) -> None:
        """Write ``<name>.parquet``; a column ``geometry`` (WKB or Shapely, CGCS2000 degrees) makes it GeoParquet.

        Raises
        ------
        SnapshotError
            If a declared table (:data:`layers.tables.TABLES`) lacks a column.
        """
        from layers.parquet import as_table, write_parquet

        arrow = as_table(table)
        missing = missing_columns(name, arrow.column_names)
        if missing:
            raise SnapshotError(
                f"快照表 {name} 缺少列：{'、'.join(missing)}", f"snapshot table {name} lacks {', '.join(missing)}",
                table=name, columns=missing,
            )
        with _writing(self.directory):
            write_parquet(arrow, self.path(f"{name}.parquet"))

    def write_features(self, kind: str, frame: pd.DataFrame) -> None:
        """Write ``features/<kind>.parquet`` from store rows (declared fields and Shapely or WKB geometry in degrees)."""
        from layers.parquet import feature_table

        self.write_table(f"features/{kind}", feature_table(kind, frame))

    def publish(self, fields: Mapping[str, Any], *, make_current: bool = True) -> Path:
        """Checksum, flush and show the snapshot; returns its folder.

        Parameters
        ----------
        fields : mapping
            Manifest entries (``created``, ``as_of``, ``city``, ``grid`` …); ``run_id`` and ``files`` are added.
        make_current : bool
            Point ``current`` at it.
        """
        if self._lock is None:
            raise SnapshotError("快照尚未开始写入", "the snapshot was not opened for writing")
        with _writing(self.directory):
            files = {name: _checksum(self.folder / name) for name in files_of(self.folder)}
            manifest = {**fields, "run_id": self.run_id, "files": files}
            self.write_bytes(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))
            _flush(self.folder)
            final = self.directory / self.run_id
            with _locked(self.directory):  # between the two lines nobody may take the folder for a leftover
                (self.folder / _LOCK).unlink()
                self.folder.rename(final)
                _fsync(final)
                _fsync(self.directory)
                self._release()
                if make_current:
                    _point(self.directory, self.run_id)
        return final

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def open_current(directory: Path) -> Snapshot:
    """The snapshot that is served now.

    Raises
    ------
    SnapshotError
        If nothing was published yet, or the pointer leads nowhere.
    """
    from layers.reader import Snapshot

    return Snapshot(directory / (current_run_id(directory) or _none(directory)))


def current_run_id(directory: Path) -> str | None:
    """Run id that ``current`` points at, or None; cheap enough to poll."""
    try:
        return os.readlink(Path(directory) / CURRENT)
    except OSError:
        return None


def make_current(directory: Path, run_id: str) -> None:
    """Serve another snapshot from now on (roll back or forward).

    Raises
    ------
    NotFound
        If there is no such snapshot.
    """
    snapshot_path(directory, run_id)
    with _writing(directory), _locked(directory):
        _point(directory, run_id)


def snapshot_path(directory: Path, run_id: str) -> Path:
    """Folder of a published snapshot.

    Raises
    ------
    NotFound
        If there is no such snapshot.
    """
    if not _RUN_ID.fullmatch(run_id) or not (directory / run_id / MANIFEST).is_file():
        raise NotFound(f"没有快照 {run_id}", f"there is no snapshot {run_id}", remedy_zh="用 riskmap runs 查看可用的快照。",
                       remedy_en="See riskmap runs for the snapshots that exist.", run_id=run_id)
    return directory / run_id


def list_snapshots(directory: Path) -> list[SnapshotInfo]:
    """All complete snapshots, newest first."""
    current = current_run_id(directory)
    folders = sorted(Path(directory).glob(f"[!.]*/{MANIFEST}")) if Path(directory).is_dir() else []
    found = [_info(path.parent, current) for path in folders if not path.parent.is_symlink()]
    return sorted(found, key=lambda info: (info.created, info.run_id), reverse=True)


def thin(directory: Path, keep_days: int, now: datetime) -> list[str]:
    """Remove old snapshots: all of `keep_days` stay, then the newest of each week, after a quarter of each month.

    The current snapshot and the newest one are never removed.

    Parameters
    ----------
    now : datetime
        With time zone.

    Returns
    -------
    list of str
        Run ids that were removed.
    """
    kept: set[tuple[int, ...]] = set()
    removed = []
    for position, info in enumerate(list_snapshots(directory)):
        age = now - info.created
        if age <= timedelta(days=keep_days):
            continue
        weekly = age <= timedelta(days=max(keep_days, WEEKLY_DAYS))
        period = info.created.isocalendar()[:2] if weekly else (info.created.year, info.created.month, 0)
        if period not in kept or info.current or position == 0:
            kept.add(tuple(period))
            continue
        doomed = info.path.with_name(f".{info.run_id}.removed")
        info.path.rename(doomed)
        shutil.rmtree(doomed)
        removed.append(info.run_id)
    return removed


def verify(path: Path) -> list[Problem]:
    """Everything that is wrong with a snapshot (see :func:`layers.integrity.problems`); empty if all is well."""
    from layers.integrity import problems

    return problems(path)


def files_of(folder: Path) -> list[str]:
    """Relative names of all files of a snapshot but its manifest, sorted."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name not in (MANIFEST, _LOCK))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checksum(path: Path) -> dict[str, int | str]:
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _info(folder: Path, current: str | None) -> SnapshotInfo:
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
        created = datetime.fromisoformat(manifest["created"])
        size = sum(entry["bytes"] for entry in manifest["files"].values())
    except (OSError, KeyError, ValueError) as error:
        raise SnapshotError(
            f"快照 {folder.name} 的清单无法读取", f"the manifest of snapshot {folder.name} cannot be read: {error}",
            run_id=folder.name,
        ) from error
    created = created.astimezone() if created.tzinfo is None else created
    return SnapshotInfo(folder.name, folder, created, str(manifest.get("as_of", "")), manifest.get("parent"),
                        folder.name == current, size)


def _none(directory: Path) -> str:
    raise SnapshotError(
        "还没有发布过快照", f"no snapshot has been published in {directory}",
        remedy_zh="请先运行 riskmap score 或 riskmap demo。", remedy_en="Run riskmap score or riskmap demo first.",
        directory=str(directory),
    )


def _point(directory: Path, run_id: str) -> None:
    pending = directory / f".{CURRENT}.{os.getpid()}"
    pending.unlink(missing_ok=True)
    pending.symlink_to(run_id, target_is_directory=True)
    pending.replace(directory / CURRENT)
    _fsync(directory)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    handle = os.open(directory / _LOCK, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remove_leftovers(directory: Path) -> None:
    """Remove what a process that died left behind; a living one holds the lock in its folder."""
    for folder in directory.glob(".*.removed"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in directory.glob(".*.partial"):
        handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)


def _flush(folder: Path) -> None:
    for name in [*files_of(folder), MANIFEST]:
        _fsync(folder / name)
    for path in [*(path for path in folder.rglob("*") if path.is_dir()), folder]:
        _fsync(path)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _writing(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentProblem(
            f"快照目录 {directory} 写入失败：{error.strerror}", f"writing to {directory} failed: {error.strerror}",
            remedy_zh="请检查磁盘空间和目录权限。", remedy_en="Check disk space and permissions of the folder.",
            directory=str(directory),
        ) from error
