"""How many features a query finds: counted up to a cap, estimated above it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy.engine import Connection

from geo.store import catalogue, reading
from geo.store.reading import Condition, both
from geo.store.selection import Query, box, condition, hits, in_area

#: Up to so many are counted exactly.
CAP = 10_000

#: Rows that an estimate on SQLite looks at.
_SAMPLE = 2_000


def matched(connection: Connection, query: Query) -> tuple[int, bool]:
    """Number of features and whether it is exact.

    Notes
    -----
    Without any condition the catalogue knows it exactly. Otherwise rows are counted up to :data:`CAP`; above it PostgreSQL's
    planner estimates from its statistics, on SQLite the share among 2,000 rows drawn at random is taken (of a past moment all
    are counted).
    """
    total = catalogue.entries(connection, query.kind.name)[query.kind.name].rows
    plain = condition(query, connection.dialect.name)
    if plain is None and query.polygon is None and query.at_load is None:
        return total, True
    if connection.dialect.name == "postgresql":
        return _postgis(connection, query, plain, total)
    return _sqlite(connection, query, plain, total)


def in_box(connection: Connection, query: Query, cap: int) -> int:
    """SQLite: number of rows whose box meets the polygon's, of those there are and of the history each counted up to `cap`."""
    where = box(query)
    raw: Any = connection.connection.driver_connection
    text = f'SELECT count(*) FROM (SELECT 1 FROM "{query.kind.name}_rtree" WHERE {where.sql} LIMIT {int(cap)})'  # noqa: S608
    found = int(raw.execute(text, where.values).fetchone()[0])
    if query.at_load is None:
        return found
    text = (f'SELECT count(*) FROM (SELECT 1 FROM "{query.kind.name}_history" WHERE load_id <= :at AND ended_by > :at '  # noqa: S608
            f"AND {where.sql} LIMIT {int(cap)})")
    return found + int(raw.execute(text, {**where.values, "at": query.at_load}).fetchone()[0])


def _rows(query: Query, now: Condition | None, then: Condition | None) -> Condition:
    """``FROM`` and what follows, for the rows there are or those that stood after a load."""
    if query.at_load is not None:
        stood = reading.stood(query.kind, ["id"], query.at_load, now, then)
        return Condition(f"FROM {stood.sql}", stood.values)
    where = now or Condition("1 = 1")
    return Condition(f'FROM "{query.kind.name}" WHERE {where.sql}', where.values)


def _postgis(connection: Connection, query: Query, plain: Condition | None, total: int) -> tuple[int, bool]:
    rows = _rows(query, *in_area(query, plain, "postgresql"))
    raw: Any = connection.connection.driver_connection
    values = dict(rows.values) or None
    capped = f"SELECT count(*) FROM (SELECT 1 {rows.sql} LIMIT {CAP + 1}) AS found"  # noqa: S608
    found = int(raw.execute(reading.copy_parameters(capped, rows.values), values).fetchone()[0])
    if found <= CAP:
        return found, True
    explain = reading.copy_parameters(f"EXPLAIN (FORMAT JSON) SELECT 1 {rows.sql}", rows.values)
    plan = raw.execute(explain, values).fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    estimate = max(int(plan[0]["Plan"]["Plan Rows"]), found)
    return (min(estimate, total) if query.at_load is None else estimate), False


def _sqlite(connection: Connection, query: Query, plain: Condition | None, total: int) -> tuple[int, bool]:
    raw: Any = connection.connection.driver_connection
    if query.polygon is not None and (query.at_load is not None or in_box(connection, query, CAP + 1) <= CAP):
        # of a past moment whatever it costs: no rows are drawn at random from two tables
        now, then = in_area(query, plain, "sqlite")
        table = reading.fetch(connection, query.kind, ["geometry"], now, ended=then, at_load=query.at_load, ordered=False)
        return int(hits(query.polygon, table["geometry"]).sum()), True
    if query.polygon is None:
        rows = _rows(query, plain, plain)
        most = -1 if query.at_load is not None else CAP + 1
        found = int(raw.execute(f"SELECT count(*) FROM (SELECT 1 {rows.sql} LIMIT {most})", rows.values).fetchone()[0])  # noqa: S608
        if found <= CAP or most == -1:
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
