"""Backup into one checksummed file, and restore from it into either engine, as a whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from geo.errors import BadFile, EnvironmentProblem, StoreError
from geo.kinds import KINDS, Kind
from geo.store import migrate, reading
from geo.store.archive import ArchiveWriter, Manifest, member, open_archive, verified
from geo.store.loading import Progress
from geo.store.reading import Condition
from geo.store.rtree import drop_triggers, rebuild_rtree
from geo.store.schema import CATALOGUE, HISTORY, LOAD, META, QUARANTINE, RASTER, RUN, TABLES
from geo.store.writing import write_rows

#: Rows that are held at once.
CHUNK = 50_000

_PLAIN = (META, LOAD, QUARANTINE, RUN, CATALOGUE)

_OF_PYTHON = {int: pa.int64(), float: pa.float64(), str: pa.string()}


# -- backup -----------------------------------------------------------------------------------------------------------

def write_backup(connection: Connection, path: Path, rasters: Path | None, tell: Progress) -> Manifest:
    """Write everything that a connection's transaction sees into one file, which appears only when it is complete.

    Raises
    ------
    EnvironmentProblem
        If the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                _write_all(connection, ArchiveWriter(archive), rasters, tell)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise EnvironmentProblem(
            f"备份无法写入 {path}：{error.strerror or error}",
            f"the backup cannot be written to {path}: {error.strerror or error}",
            remedy_zh="请检查磁盘空间与目录权限。", remedy_en="Check disk space and the folder's permissions.",
            path=str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    with open_archive(path) as archive:
        return verified(path, archive, lambda done, total: tell("核对备份", done, total))


def _write_all(connection: Connection, writer: ArchiveWriter, rasters: Path | None, tell: Progress) -> None:
    rows: dict[str, int] = {}
    known = {row.kind: row.rows for row in connection.execute(sa.select(CATALOGUE.c.kind, CATALOGUE.c.rows))}
    total = sum(known.values())
    for kind in KINDS.values():
        for history in (False, True):
            name = f"{kind.name}_history" if history else kind.name
            done = sum(rows.get(one, 0) for one in KINDS)
            tell(f"备份{kind.zh}", done, total)
            rows[name] = _write_parquet(writer, name, _kind_parts(connection, kind, history=history))
    for table in _PLAIN:
        rows[table.name] = _write_parquet(writer, table.name, _plain_parts(connection, table))
    tell("备份栅格", total, total)
    rows[RASTER.name] = _write_rasters(connection, writer, rasters)
    values = dict(connection.execute(sa.select(META.c.key, META.c.value)).all())
    writer.finish(migrate.current(connection) or "", datetime.now(UTC).isoformat(timespec="seconds"),
                  f"{values['uuid'][:12]}-{values['changes']}", rows)


def _write_parquet(writer: ArchiveWriter, name: str, parts: Iterator[pa.Table]) -> int:
    rows = 0
    with writer.member(f"{name}.parquet") as file:
        first = next(parts)
        with pq.ParquetWriter(pa.PythonFile(file, mode="w"), first.schema, compression="zstd") as parquet:
            for table in itertools.chain([first], parts):
                parquet.write_table(table)
                rows += len(table)
    return rows


def _columns(kind: Kind, *, history: bool) -> list[str]:
    table = (HISTORY if history else TABLES)[kind.name]
    return [column.name for column in table.columns]


def _kind_parts(connection: Connection, kind: Kind, *, history: bool) -> Iterator[pa.Table]:
    """A kind's table in order of row number, at least one part."""
    name, last = f"{kind.name}_history" if history else kind.name, -1
    while True:
        step = Condition(f'rowid IN (SELECT rowid FROM "{name}" WHERE rowid > :last ORDER BY rowid LIMIT {CHUNK})',  # noqa: S608
                         {"last": last})
        table = reading.fetch(connection, kind, _columns(kind, history=history), step, ordered=False, history=history)
        if len(table) or last == -1:
            yield table.sort_by("rowid")
        if len(table) < CHUNK:
            return
        last = int(table["rowid"].to_numpy().max())


def _plain_parts(connection: Connection, table: sa.Table) -> Iterator[pa.Table]:
    types = {column.name: _OF_PYTHON[column.type.python_type] for column in table.columns}
    result = connection.execute(sa.select(table).order_by(*table.primary_key.columns))
    yield pa.table({name: pa.array([], type_) for name, type_ in types.items()})
    for rows in result.partitions(CHUNK):
        yield pa.table({name: pa.array([row[at] for row in rows], type_) for at, (name, type_) in enumerate(types.items())})


def _write_rasters(connection: Connection, writer: ArchiveWriter, near: Path | None) -> int:
    rows = connection.execute(sa.select(RASTER).order_by(RASTER.c.name)).all()
    listed = []
    for row in rows:
        places = [near / Path(row.path).name] if near else []
        file = next((place for place in (*places, Path(row.path)) if place.is_file()), None)
        if file is None:
            raise StoreError(f"栅格“{row.name}”的文件 {row.path} 不存在，不能备份",
                             f"the file {row.path} of raster {row.name!r} is gone",
                             remedy_zh="请重新导入数据目录后再备份。", remedy_en="Load the data directory again, then back up.")
        with file.open("rb") as source, writer.member(f"rasters/{file.name}") as copy:
            while block := source.read(1 << 20):
                copy.write(block)
        listed.append({"name": row.name, "file": file.name, "sha256": row.sha256})
    with writer.member("raster.json") as text:
        text.write(json.dumps(listed, ensure_ascii=False).encode())
    return len(listed)


# -- restore ----------------------------------------------------------------------------------------------------------

def read_backup(connection: Connection, path: Path, rasters: Path | None, tell: Progress) -> Manifest:
    """Put a backup in the place of everything that the store holds, inside the caller's write transaction.

    Raises
    ------
    BadFile
        If the backup is damaged, or of a newer structure than this program's.
    EnvironmentProblem
        If a raster cannot be written.
    """
    with open_archive(path) as archive:
        manifest = verified(path, archive, lambda done, total: tell("核对备份", done, total))
        if manifest.revision not in migrate.known():
            raise BadFile(
                f"备份的结构版本（{manifest.revision}）比本程序新",
                f"the backup's structure ({manifest.revision}) is newer than this program",
                remedy_zh="请升级本程序。", remedy_en="Upgrade this program.", file=str(path))
        done, total = 0, sum(manifest.rows.values())
        for table in (*TABLES.values(), *HISTORY.values(), *_PLAIN):
            tell("恢复", done, total)
            name = f"{table.name}.parquet"
            if name in manifest.members:
                done += _restore_table(connection, member(path, archive, name), table)
        _restore_rasters(connection, archive, rasters)
        # the store goes its own way from here: no state of it may bear the name of one of the store that was backed up
        connection.execute(sa.update(META).where(META.c.key == "uuid").values(value=uuid.uuid4().hex))
        tell("恢复", total, total)
    return manifest


def _restore_table(connection: Connection, data: pa.Buffer, table: sa.Table) -> int:
    sqlite, rows = connection.dialect.name == "sqlite", 0
    if sqlite and table.name in TABLES:
        drop_triggers(connection, table.name)
    connection.execute(sa.delete(table))
    with pq.ParquetFile(pa.BufferReader(data)) as parquet:
        for batch in parquet.iter_batches(CHUNK):
            part = pa.Table.from_batches([batch])
            if len(part):
                _insert(connection, table, part)
            rows += len(part)
    if table.name in TABLES:
        rebuild_rtree(connection, table.name)
    if not sqlite:
        _after_restore(connection, table)
    return rows


def _insert(connection: Connection, table: sa.Table, part: pa.Table) -> None:
    if table in _PLAIN:
        connection.execute(sa.insert(table), part.select([name for name in part.column_names if name in table.c]).to_pylist())
        return
    shapes = np.asarray(shapely.from_wkb(part["geometry"].to_numpy()), object)
    names = [name for name in part.column_names if name in table.c and name != "geometry"]
    write_rows(connection, table.name, part.select(names), shapes)


def _after_restore(connection: Connection, table: sa.Table) -> None:
    """Let the numbering go on behind the restored rows, and the planner know them."""
    key = next(iter(table.primary_key.columns))
    if table.name in TABLES or table in HISTORY.values() or table is QUARANTINE or table is LOAD:
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', '{key.name}'), "  # noqa: S608
            f'coalesce((SELECT max({key.name}) FROM "{table.name}"), 0) + 1, false)')
    if table.name in TABLES:
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')


def _restore_rasters(connection: Connection, archive: zipfile.ZipFile, folder: Path | None) -> None:
    connection.execute(sa.delete(RASTER))
    for entry in json.loads(archive.read("raster.json")):
        if folder is None or Path(entry["file"]).name != entry["file"]:
            raise StoreError("备份含有栅格，但没有给出存放目录", "the backup holds rasters but there is no folder for them")
        kept = folder / entry["file"]
        if not kept.is_file() or _sha(kept) != entry["sha256"]:
            _write_raster(archive, entry, kept)
        connection.execute(sa.insert(RASTER).values(name=entry["name"], path=str(kept.absolute()), sha256=entry["sha256"]))


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_raster(archive: zipfile.ZipFile, entry: dict[str, Any], kept: Path) -> None:
    part = kept.with_name(f".{kept.name}.{os.getpid()}.part")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(archive.read(f"rasters/{entry['file']}"))
        part.replace(kept)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EnvironmentProblem(
            f"栅格无法写入 {kept}：{error.strerror}", f"the raster cannot be written to {kept}: {error.strerror}",
            remedy_zh="请检查磁盘空间与目录权限。", remedy_en="Check disk space and the folder's permissions.",
            path=str(kept)) from error
