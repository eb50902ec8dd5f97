"""What the store writes down about itself: loads, rasters, runs, its version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from geo.errors import BadParameter, NotFound
from geo.store.schema import LOAD, META, RASTER, RUN

#: Mark on a connection whose transaction holds loads that have no moment of commit yet.
_OPEN_LOADS = "riskmap_open_loads"


def meta(connection: Connection, key: str) -> str | None:
    """A value that the store keeps about itself."""
    value: str | None = connection.execute(sa.select(META.c.value).where(META.c.key == key)).scalar()
    return value


def count_change(connection: Connection) -> None:
    """Make the store's version another one."""
    changes = int(meta(connection, "changes") or 0)
    connection.execute(sa.update(META).where(META.c.key == "changes").values(value=str(changes + 1)))


# -- loads ------------------------------------------------------------------------------------------------------------

def next_load(connection: Connection) -> int:
    """Number of the load that begins; the writer's lock makes it unique."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(LOAD.c.id), 0) + 1)).scalar_one())


def record_load(connection: Connection, values: Mapping[str, Any]) -> None:
    """Write a load down; the moment at which it becomes visible is stamped at the end of the transaction."""
    connection.execute(sa.insert(LOAD).values(finished=moment(datetime.now(UTC)), **values))
    connection.info[_OPEN_LOADS] = True


def stamp(connection: Connection) -> None:
    """Give the loads of a transaction that is about to be committed one common moment, later than all before."""
    if not connection.info.pop(_OPEN_LOADS, False):
        return
    last = connection.execute(sa.select(sa.func.max(LOAD.c.committed))).scalar()
    now = datetime.now(UTC)
    if last is not None:
        now = max(now, datetime.fromisoformat(last) + timedelta(microseconds=1))
    connection.execute(sa.update(LOAD).where(LOAD.c.committed.is_(None)).values(committed=moment(now)))


def moment(time: datetime) -> str:
    """A moment as it is stored: UTC with microseconds, so that texts sort as times do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def last_load(connection: Connection, at: datetime) -> int:
    """The last load that was committed at a moment; 0 if none was.

    Raises
    ------
    BadParameter
        If the moment has no time zone, or lies before the history was kept.
    """
    if at.tzinfo is None:
        raise BadParameter("时刻缺少时区", "the moment has no time zone", remedy_zh="例如 2026-01-31T08:00:00+08:00。",
                           remedy_en="For example 2026-01-31T08:00:00+08:00.")
    since = meta(connection, "history_since")
    if since is not None and moment(at) < since:
        raise BadParameter(f"历史自 {since} 起保存，不能回看更早的时刻", f"the history is kept since {since}, not before",
                           since=since)
    found = connection.execute(sa.select(sa.func.max(LOAD.c.id)).where(LOAD.c.committed <= moment(at))).scalar()
    return int(found or 0)


def first_moment(connection: Connection) -> datetime | None:
    """When the first load was committed of which the history is kept; None before any load."""
    first = connection.execute(sa.select(sa.func.min(LOAD.c.committed))).scalar()
    return None if first is None else datetime.fromisoformat(max(first, meta(connection, "history_since") or first))


def loads(connection: Connection, limit: int, kind: str | None = None) -> list[dict[str, Any]]:
    """The last loads, newest first; of one kind if one is named."""
    chosen = sa.select(LOAD).order_by(LOAD.c.id.desc()).limit(limit)
    rows = connection.execute(chosen if kind is None else chosen.where(LOAD.c.kind == kind)).mappings()
    return [dict(row) | {"findings": json.loads(row["findings"])} for row in rows]


# -- rasters ----------------------------------------------------------------------------------------------------------

def put_raster(connection: Connection, name: str, path: Path, sha256: str) -> None:
    """Register a raster file under a name; it takes the place of the one before."""
    before = connection.execute(sa.select(RASTER.c.path, RASTER.c.sha256).where(RASTER.c.name == name)).one_or_none()
    if before is not None and tuple(before) == (str(path.absolute()), sha256):
        return
    connection.execute(sa.delete(RASTER).where(RASTER.c.name == name))
    connection.execute(sa.insert(RASTER).values(name=name, path=str(path.absolute()), sha256=sha256))
    if before is None or before.sha256 != sha256:
        count_change(connection)


def raster(connection: Connection, name: str, near: Path | None) -> Path:
    """File of a raster, looked for in the folder `near` first.

    Raises
    ------
    NotFound
        If none is registered under this name, or its file is gone.
    """
    path = connection.execute(sa.select(RASTER.c.path).where(RASTER.c.name == name)).scalar()
    places = [] if path is None else [folder / Path(path).name for folder in (near,) if folder] + [Path(path)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise NotFound(
            f"没有名为“{name}”的栅格" if path is None else f"栅格“{name}”的文件 {path} 不存在",
            f"there is no raster {name!r}" if path is None else f"the file {path} of raster {name!r} is gone",
            remedy_zh="请重新导入数据目录。", remedy_en="Load the data directory again.", raster=name)
    return found


# -- runs -------------------------------------------------------------------------------------------------------------

def run_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Row of a run's record.

    Raises
    ------
    BadParameter
        If the record has no ``run_id`` or is not JSON.
    """
    try:
        run_id, text = str(record["run_id"]), json.dumps(dict(record), ensure_ascii=False, default=str)
    except (KeyError, ValueError, TypeError) as error:
        raise BadParameter("运行记录缺少 run_id 或不能写成 JSON", "the run record lacks run_id or is not JSON") from error
    times = {name: None if record.get(name) is None else str(record[name]) for name in ("started", "finished")}
    return {"id": run_id, "state": str(record.get("state", "")), "record": text, **times}


def record_run(connection: Connection, row: Mapping[str, Any]) -> None:
    """Write a run down in place of what was known of it."""
    connection.execute(sa.delete(RUN).where(RUN.c.id == row["id"]))
    connection.execute(sa.insert(RUN).values(**row))


def runs(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """Records of the last runs, newest (by start, then by id) first."""
    query = sa.select(RUN.c.record).order_by(sa.func.coalesce(RUN.c.started, "").desc(), RUN.c.id.desc()).limit(limit)
    return [json.loads(text) for text in connection.execute(query).scalars()]
