"""What happened to a row: every insert, update and removal with who, when, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow.compute as pc
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store import reading
from geo.store.reading import Condition
from geo.store.schema import LOAD


@dataclass(frozen=True)
class Change:
    """One thing that happened to a row.

    Attributes
    ----------
    operation : str
        ``insert``, ``update`` or ``remove``.
    load_id : int
        The load (or edit) that did it.
    at : datetime
        When it was committed (UTC).
    by, source : str
        Who, and from which file or feed.
    before, after : dict or None
        The row's declared fields and geometry (Shapely) before and after; None where there was no row.
    """

    operation: str
    load_id: int
    at: datetime
    by: str
    source: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def changes(connection: Connection, kind: Kind, id_: str) -> list[Change]:
    """Everything that happened to the row of an id, oldest first; empty if there never was one."""
    ended = _versions(connection, kind, id_, history=True)
    ended.sort(key=lambda version: version["ended_by"])
    versions = [*ended, *_versions(connection, kind, id_, history=False)]
    found: list[tuple[str, int, dict[str, Any] | None, dict[str, Any] | None]] = []
    before: dict[str, Any] | None = None
    for version in versions:
        row = {name: value for name, value in version.items() if name not in ("load_id", "ended_by", "operation")}
        found.append(("insert" if before is None else "update", version["load_id"], before, row))
        before = row
        if version.get("operation") == "remove":
            found.append(("remove", version["ended_by"], before, None))
            before = None
    return _with_loads(connection, found)


def _versions(connection: Connection, kind: Kind, id_: str, *, history: bool) -> list[dict[str, Any]]:
    own = ["load_id", *(["ended_by", "operation"] if history else [])]
    columns = [*(field.name for field in kind.all_fields), "geometry", *own]
    table = reading.fetch(connection, kind, columns, Condition("id = :id", {"id": id_}), ordered=False, history=history)
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        row["geometry"] = shapely.from_wkb(row["geometry"])
    return rows


def _with_loads(connection: Connection, found: list[tuple[str, int, Any, Any]]) -> list[Change]:
    numbers = {number for _, number, _, _ in found}
    rows = connection.execute(sa.select(LOAD).where(LOAD.c.id.in_(numbers))).mappings()
    loads = {row["id"]: row for row in rows}
    result = []
    for operation, number, before, after in found:
        load = loads[number]
        at = datetime.fromisoformat(load["committed"] or load["finished"])
        result.append(Change(operation, number, at, load["by"], load["source"], before, after))
    return result


def source_of(connection: Connection, kind: Kind, id_: str) -> str | None:
    """Source of the load that wrote the present row of an id; None if there is no such row."""
    table = reading.fetch(connection, kind, ["id", "load_id"], Condition("id = :id", {"id": id_}), ordered=False)
    if not len(table):
        return None
    number = pc.max(table["load_id"]).as_py()
    return str(connection.execute(sa.select(LOAD.c.source).where(LOAD.c.id == number)).scalar() or "")
