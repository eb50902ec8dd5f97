"""How many features a query finds: counted up to a cap, estimated above it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy.engine import Connection

from geo.store import catalogue, reading
from geo.store.reading import Condition, both
from geo.store.selection import Query, box, condition, hits, in_rtree, inside

#: Up to so many are counted exactly.
CAP = 10_000

#: Rows that an estimate on SQLite looks at.
_SAMPLE = 2_000


def matched(connection: Connection, query: Query) -> tuple[int, bool]:
    """Number of features and whether it is exact.

    Notes
    -----
    Without any condition the catalogue knows it exactly. Otherwise rows are counted up to :data:`CAP`; above it PostgreSQL's
    planner estimates from its statistics, on SQLite the share among 2,000 rows drawn at random is taken.
    """
    total = catalogue.entries(connection, query.kind.name)[query.kind.name].rows
    plain = condition(query, connection.dialect.name)
    if plain is None and query.polygon is None:
        return total, True
    if connection.dialect.name == "postgresql":
        return _postgis(connection, query, plain, total)
    return _sqlite(connection, query, plain, total)


def in_box(connection: Connection, query: Query, cap: int) -> int:
    """SQLite: number of rows whose box meets the polygon's, counted up to `cap`."""
    where = box(query)
    raw: Any = connection.connection.driver_connection
    text = f'SELECT count(*) FROM (SELECT 1 FROM "{query.kind.name}_rtree" WHERE {where.sql} LIMIT {int(cap)})'  # noqa: S608
    return int(raw.execute(text, where.values).fetchone()[0])


def _postgis(connection: Connection, query: Query, plain: Condition | None, total: int) -> tuple[int, bool]:
    where = both(plain, None if query.polygon is None else inside(query.polygon)) or Condition("true")
    rows = f'FROM "{query.kind.name}" WHERE {where.sql}'
    raw: Any = connection.connection.driver_connection
    values = dict(where.values) or None
    capped = f"SELECT count(*) FROM (SELECT 1 {rows} LIMIT {CAP + 1}) AS found"  # noqa: S608
    found = int(raw.execute(reading.copy_parameters(capped, where.values), values).fetchone()[0])
    if found <= CAP:
        return found, True
    explain = reading.copy_parameters(f"EXPLAIN (FORMAT JSON) SELECT 1 {rows}", where.values)
    plan = raw.execute(explain, values).fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return min(max(int(plan[0]["Plan"]["Plan Rows"]), found), total), False


def _sqlite(connection: Connection, query: Query, plain: Condition | None, total: int) -> tuple[int, bool]:
    raw: Any = connection.connection.driver_connection
    if query.polygon is not None and in_box(connection, query, CAP + 1) <= CAP:
        table = reading.fetch(connection, query.kind, ["geometry"], both(plain, in_rtree(query)), ordered=False)
        return int(hits(query.polygon, table["geometry"]).sum()), True
    if query.polygon is None and plain is not None:
        capped = f'SELECT count(*) FROM (SELECT 1 FROM "{query.kind.name}" WHERE {plain.sql} LIMIT {CAP + 1})'  # noqa: S608
        found = int(raw.execute(capped, plain.values).fetchone()[0])
        if found <= CAP:
            return found, True
    return _estimate(connection, query, plain, total), False


def _estimate(connection: Connection, query: Query, plain: Condition | None, total: int) -> int:
    raw: Any = connection.connection.driver_connection
    low, high = raw.execute(f'SELECT min(rowid), max(rowid) FROM "{query.kind.name}"').fetchone()  # noqa: S608
    drawn = np.random.default_rng(total).integers(low, high + 1, _SAMPLE)
    among = Condition(f"rowid IN ({', '.join(map(str, drawn.tolist()))})")
    looked = len(reading.fetch(connection, query.kind, ["rowid"], among, ordered=False))
    table = reading.fetch(connection, query.kind, ["geometry"], both(plain, among), ordered=False)
    found = len(table) if query.polygon is None else int(hits(query.polygon, pa.chunked_array(table["geometry"].chunks)).sum())
    estimate = round(total * found / max(looked, 1))
    return min(max(estimate, CAP + 1 if query.polygon is None else 1), total)
