"""Changes of single rows by hand, checked and recorded like any load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection

from geo.errors import BadRow, NotFound
from geo.kinds import Kind
from geo.store import history, reading
from geo.store.frames import to_frame
from geo.store.loading import Loading, LoadReport, Origin, silent
from geo.store.reading import Condition
from geo.store.validate import Fault, validate


def edit(connection: Connection, kind: Kind, id_: str, changes: Mapping[str, Any], by: str) -> LoadReport:
    """Change some fields of one row; the row goes on belonging to the source that brought it.

    Raises
    ------
    NotFound
        If there is no row of this id.
    UnknownIdentifier
        If a field is not declared.
    BadRow
        If the row would break its declaration, or the id itself is to change.
    """
    for name in changes:
        if name != "geometry":
            kind.field(name)
    source = _source(connection, kind, id_)
    columns = [*(field.name for field in kind.all_fields), "geometry"]
    table = reading.fetch(connection, kind, columns, Condition("id = :id", {"id": id_}), ordered=False)
    frame = to_frame(kind, table, columns).astype(object)
    for name, value in changes.items():
        frame[name] = pd.Series([value], dtype=object)
    faults = validate(kind, frame).faults
    if faults or changes.get("id", id_) != id_:
        fault = faults[0] if faults else Fault(np.zeros(1, np.int64), "id", "编号不能修改", "an id cannot be changed")
        raise BadRow(f"{kind.zh}“{id_}”：{fault.zh}", f"{kind.name} {id_!r}: {fault.en}", kind=kind.name, id=id_,
                     field=fault.field)
    loading = Loading(connection, kind, Origin(source, by, "edit"), silent, 1, [id_])
    loading.add(frame)
    return loading.finish()


def retire(connection: Connection, kind: Kind, ids: Sequence[str], by: str) -> LoadReport:
    """End rows.

    Raises
    ------
    NotFound
        If one of the ids is not there.
    """
    gone = list(dict.fromkeys(ids))
    there = reading.existing(connection, kind, gone)
    for one in gone:
        if one not in there:
            raise _missing(kind, one)
    source = _source(connection, kind, gone[0]) if gone else ""
    loading = Loading(connection, kind, Origin(source, by, "retire"), silent, only=())
    loading.remove(gone)
    return loading.finish()


def _source(connection: Connection, kind: Kind, id_: str) -> str:
    source = history.source_of(connection, kind, id_)
    if source is None:
        raise _missing(kind, id_)
    return source


def _missing(kind: Kind, id_: str) -> NotFound:
    return NotFound(f"没有编号为“{id_}”的{kind.zh}", f"there is no {kind.name} {id_!r}", kind=kind.name, id=id_)
