"""Features of a kind in a polygon, by conditions, page by page: PostGIS by its GiST index, SQLite by its R*Tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.engine import Connection

from geo.errors import BadParameter
from geo.kinds import Kind
from geo.store import counting, cursors, reading
from geo.store.frames import to_frame
from geo.store.reading import Condition, both
from geo.store.records import meta
from geo.store.selection import Query, box, condition, hits, in_area

#: Most rows of one page.
LARGEST_PAGE = 100_000

#: SQLite: a box with more rows than this is not looked up in the R*Tree, the rows are walked in order of id instead.
_WALK = 20_000

@dataclass(frozen=True)
class Page:
    """Some of the features that a query finds, in bytewise order of id.

    Attributes
    ----------
    kind : Kind
        Their kind.
    table : Table
        The wanted columns; ``geometry`` as WKB.
    cursor : str or None
        Gives the next page; None if this is the last one.
    matched : int or None
        How many the query finds in all, if that was asked.
    exact : bool
        Whether `matched` is counted; otherwise it is estimated.
    """

    kind: Kind
    table: pa.Table
    cursor: str | None = None
    matched: int | None = None
    exact: bool = True
    columns: Sequence[str] = field(default=())

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The same as a frame, as :meth:`geo.store.Store.read` gives it (geometry as Shapely)."""
        return to_frame(self.kind, self.table, self.columns)


def everything(connection: Connection, query: Query) -> pa.Table:
    """All features that a query finds, in order of id."""
    wanted = list(dict.fromkeys(["id", *query.columns]))
    plain = condition(query, connection.dialect.name)
    if query.polygon is None or connection.dialect.name == "postgresql":
        return _fetch(connection, query, wanted, plain)
    return _hits(connection, query, _with_geometry(wanted), plain).select(wanted)


def _fetch(connection: Connection, query: Query, columns: Sequence[str], plain: Condition | None, **how: Any) -> pa.Table:
    """Rows that fulfil the query's conditions; on SQLite those that come near its polygon."""
    now, then = in_area(query, plain, connection.dialect.name)
    return reading.fetch(connection, query.kind, columns, now, ended=then, at_load=query.at_load, **how)


def page(connection: Connection, query: Query, *, limit: int, cursor: str | None, count: bool) -> Page:
    """One page of what a query finds.

    Raises
    ------
    BadParameter
        If the limit is none, or the cursor is not of this query.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise BadParameter(f"每页行数应为 1–{LARGEST_PAGE}", f"a page has 1 to {LARGEST_PAGE} rows", limit=limit)
    key, mark = meta(connection, "cursor_key") or "", query.fingerprint()
    last = None if cursor is None else cursors.decode(key, mark, cursor)
    wanted = list(dict.fromkeys(["id", *query.columns]))
    rows = _rows(connection, replace(query, columns=tuple(wanted)), last, limit + 1)
    following = None
    if len(rows) > limit:
        rows = rows.slice(0, limit)
        following = cursors.encode(key, mark, rows["id"][limit - 1].as_py())
    matched, exact = counting.matched(connection, query) if count else (None, True)
    return Page(query.kind, rows.select(list(query.columns)), following, matched, exact, query.columns)


def _rows(connection: Connection, query: Query, last: str | None, limit: int) -> pa.Table:
    after = None if last is None else Condition("id > :last", {"last": last})
    plain = both(condition(query, connection.dialect.name), after)
    if query.polygon is None or connection.dialect.name == "postgresql":
        return _fetch(connection, query, query.columns, plain, limit=limit)
    candidates = counting.in_box(connection, query, _WALK)
    if candidates >= _WALK:
        return _walk(connection, query, last, limit)
    return _looked_up(connection, query, plain, limit, narrow=candidates > 2 * limit and query.at_load is None)


def _looked_up(connection: Connection, query: Query, plain: Condition | None, limit: int, *, narrow: bool) -> pa.Table:
    """SQLite: rows by the R*Tree. If there are many more than are wanted, their ids first and the wanted rows then."""
    table = _hits(connection, query, ["id", "rowid", "geometry"] if narrow else _with_geometry(query.columns), plain)
    table = table.slice(0, limit)
    if narrow:
        rows = ", ".join(map(str, table["rowid"].to_pylist()))
        table = reading.fetch(connection, query.kind, query.columns, Condition(f"rowid IN ({rows})"))
    return table.select(query.columns)


def _hits(connection: Connection, query: Query, columns: Sequence[str], plain: Condition | None) -> pa.Table:
    """SQLite: the rows that meet the polygon, in order of id; sorted here, where wide rows need not be moved for it."""
    table = _fetch(connection, query, columns, plain, ordered=False)
    found = pa.array(np.flatnonzero(hits(query.polygon, table["geometry"])))
    return table.take(found.take(pc.sort_indices(table["id"].combine_chunks().take(found))))


def _walk(connection: Connection, query: Query, last: str | None, limit: int) -> pa.Table:
    """SQLite: rows in order of id, those in the box tested, until there are enough."""
    plain = both(condition(query, "sqlite"), box(query))
    found: list[pa.Table] = []
    while True:
        step = Condition("id > :last", {"last": last or ""})
        part = reading.fetch(connection, query.kind, _with_geometry(query.columns), both(plain, step), limit=limit,
                             at_load=query.at_load)
        if len(part):
            last = part["id"][-1].as_py()
            found.append(part.filter(pa.array(hits(query.polygon, part["geometry"]))).select(query.columns))
        if len(part) < limit or sum(map(len, found)) >= limit:
            break
    types = reading.types_of(query.kind, query.columns)
    return pa.concat_tables([pa.schema(types.items()).empty_table(), *found]).slice(0, limit)


def _with_geometry(columns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*columns, "geometry"]))


