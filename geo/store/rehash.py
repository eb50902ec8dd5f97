"""Rows of an older version hashed anew, once, before a load compares them."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store import reading
from geo.store.content import FORMULA, content_hash
from geo.store.reading import Condition
from geo.store.schema import CATALOGUE

#: Rows that are read and written at once.
_CHUNK = 50_000


def rehash(connection: Connection, kind: Kind) -> None:
    """Bring the content hashes of a kind's rows to the present formula, in the caller's transaction."""
    columns = ["rowid", *(field.name for field in kind.all_fields), "geometry"]
    last = -1
    while True:
        rows = reading.fetch(connection, kind, columns, Condition('rowid IN (SELECT rowid FROM "' + kind.name  # noqa: S608
                             + f'" WHERE rowid > :last ORDER BY rowid LIMIT {_CHUNK})', {"last": last}), ordered=False)
        if not len(rows):
            break
        numbers = rows["rowid"].to_numpy()
        last = int(numbers.max())
        shapes = np.asarray(shapely.from_wkb(rows["geometry"].to_numpy(zero_copy_only=False)), object)
        content = content_hash(rows.drop_columns(["rowid", "geometry"]), shapes)
        _update(connection, kind.name, list(zip(content.tolist(), numbers.tolist(), strict=True)))
    connection.execute(sa.update(CATALOGUE).where(CATALOGUE.c.kind == kind.name).values(hashed=FORMULA))


def _update(connection: Connection, name: str, pairs: list[tuple[int, int]]) -> None:
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        raw.executemany(f'UPDATE "{name}" SET content = ? WHERE rowid = ?', pairs)  # noqa: S608
        return
    contents, numbers = [list(part) for part in zip(*pairs, strict=True)]
    raw.execute(f'UPDATE "{name}" AS t SET content = n.content '  # noqa: S608
                "FROM unnest(%s::bigint[], %s::int[]) AS n(content, rowid) WHERE t.rowid = n.rowid", (contents, numbers))
