"""Rows out, past the ORM: the drivers' own bulk paths of SQLite and PostGIS, as Arrow with geometry as WKB."""

from __future__ import annotations

import binascii
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store import bulkreads, catalogue, sqlitelarge, sqliterows

ARROW = {
    "text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "date": pa.date32(), "json": pa.string(),
}

#: Columns that a table has beside the declared fields and that may be asked for.
OWN = {"content": pa.int64(), "load_id": pa.int64(), "rowid": pa.int64(), "ended_by": pa.int64(), "operation": pa.string(),
       "minx": pa.float64(), "maxx": pa.float64(), "miny": pa.float64(), "maxy": pa.float64(), "geometry": pa.binary()}


@dataclass(frozen=True)
class Condition:
    """A piece of SQL with its parameters, written ``:name``."""

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)


def both(*conditions: Condition | None) -> Condition | None:
    """All of some conditions; None is none."""
    kept = [one for one in conditions if one is not None]
    if not kept:
        return None
    values = {name: value for one in kept for name, value in one.values.items()}
    return Condition(" AND ".join(f"({one.sql})" for one in kept), values)


def types_of(kind: Kind, columns: Sequence[str]) -> dict[str, pa.DataType]:
    """Arrow types of declared fields, own columns and ``geometry``."""
    declared = {one.name: ARROW[one.type] for one in kind.all_fields} | OWN
    return {column: declared[column] for column in columns}


def fetch(connection: Connection, kind: Kind, columns: Sequence[str], where: Condition | None = None, *, ordered: bool = True,
          limit: int | None = None, at_load: int | None = None, ended: Condition | None = None,
          history: bool = False) -> pa.Table:
    """Rows of a kind as Arrow.

    Parameters
    ----------
    columns : sequence of str
        Declared fields, own columns, ``geometry`` (WKB).
    where : Condition, optional
        Which rows.
    ordered : bool
        In bytewise order of id, else as they come.
    limit : int, optional
        At most so many.
    at_load : int, optional
        The rows as they stood after this load, out of the kind's table and its history.
    ended : Condition, optional
        Which rows of the history, where `where` cannot be asked of them.
    history : bool
        From the history alone.
    """
    types, sort = types_of(kind, columns), ordered and limit is None
    # A column without any value in the whole kind is not asked for (nothing comes back faster than nothing).
    entry = catalogue.entries(connection, kind.name)[kind.name]
    asked = [name for name in columns if name in OWN or name in entry.filled or name == "id"]
    asked = list(dict.fromkeys(["id", *asked])) if sort or not asked else asked
    if at_load is None:
        text = f' FROM "{kind.name}_history"' if history else f' FROM "{kind.name}"'
        text += "" if where is None else f" WHERE {where.sql}"
    else:
        where = stood(kind, asked, at_load, where, ended)
        text = f" FROM {where.sql}"
    if limit is not None:
        text += (' ORDER BY "id"' if ordered else "") + f" LIMIT {int(limit)}"
    values = {} if where is None else where.values
    table = _way(connection, min(entry.rows, limit or entry.rows))(connection, text, values, types_of(kind, asked))
    table = _in_order(table) if sort else table
    arrays = [table[name] if name in asked else pa.nulls(len(table), type_) for name, type_ in types.items()]
    return pa.table(arrays, names=list(types))


_Way = Callable[[Connection, str, Mapping[str, Any], Mapping[str, pa.DataType]], pa.Table]


def _sqlite(connection: Connection, rest: str, values: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    return sqliterows.fetch(connection.connection.driver_connection, rest, values, types)


def _sqlite_large(connection: Connection, rest: str, values: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    raw: Any = connection.connection.driver_connection
    return sqlitelarge.fetch(raw, rest, values, types)


def _way(connection: Connection, most: int) -> _Way:
    """How at most so many rows are read."""
    if connection.dialect.name == "sqlite":
        return _sqlite_large if sqlitelarge.worth(most) else _sqlite
    # the driver for large reads does not see what this transaction has written
    large = most >= bulkreads.LARGE and not connection.get_execution_options().get("write")
    return _large if large else _postgis


def _in_order(table: pa.Table) -> pa.Table:
    """Rows in bytewise order of id. They mostly come so, because they were loaded so: to look is cheaper than to sort."""
    ids = table["id"].combine_chunks()
    if len(ids) < 2 or pc.all(pc.less_equal(ids.slice(0, len(ids) - 1), ids.slice(1))).as_py():
        return table
    return table.take(pc.sort_indices(ids))


def stood(kind: Kind, columns: Sequence[str], at_load: int, where: Condition | None = None,
          ended: Condition | None = None) -> Condition:
    """The rows that stood after a load, as a subquery with its parameters: those still there, and those that a later load ended.

    Parameters
    ----------
    columns : sequence of str
        Its columns.
    where : Condition, optional
        Which of them.
    ended : Condition, optional
        Which of those that ended, where it is another condition.
    """
    ended = where if ended is None else ended
    listed, name = ", ".join(f'"{column}"' for column in dict.fromkeys([*columns, "id"])), kind.name
    now, then = ("" if one is None else f" AND ({one.sql})" for one in (where, ended))
    values = {name: value for one in (where, ended) if one is not None for name, value in one.values.items()}
    return Condition(
        f'(SELECT {listed} FROM "{name}" WHERE load_id <= :at_load{now} '  # noqa: S608  (declared names)
        f'UNION ALL SELECT {listed} FROM "{name}_history" WHERE load_id <= :at_load AND ended_by > :at_load{then}) AS stood',
        {**values, "at_load": at_load})


def existing(connection: Connection, kind: Kind, ids: Sequence[str]) -> set[str]:
    """Which of these ids the store holds."""
    raw: Any = connection.connection.driver_connection
    query = f'SELECT id FROM "{kind.name}" WHERE id'  # noqa: S608  (a declared kind)
    if connection.dialect.name == "sqlite":
        return {one for one in ids if raw.execute(f"{query} = ?", (one,)).fetchone()}
    return {row[0] for row in raw.execute(f"{query} = ANY(%s)", (list(ids),))}


# -- PostGIS ----------------------------------------------------------------------------------------------------------

def copy_parameters(sql: str, values: Mapping[str, Any]) -> str:
    """``:name`` as the driver writes it, with every other percent sign kept."""
    if not values:
        return sql
    return re.sub(r"(?<![:\w]):(\w+)", lambda found: f"%({found[1]})s", sql.replace("%", "%%"))


def _large(connection: Connection, rest: str, values: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    wanted = ["ST_AsBinary(geometry, 'NDR') AS geometry" if column == "geometry" else f'"{column}"' for column in types]
    query = copy_parameters(f"SELECT {', '.join(wanted)}{rest}", values)
    table = bulkreads.fetch(connection, query, values)
    return pa.table([table[column].cast(type_) for column, type_ in types.items()], names=list(types))


def _postgis(connection: Connection, rest: str, values: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    columns = list(types)
    wanted = ["encode(ST_AsBinary(geometry, 'NDR'), 'hex') AS geometry" if column == "geometry" else f'"{column}"'
              for column in columns]
    query = copy_parameters(f"SELECT {', '.join(wanted)}{rest}", values)
    raw: Any = connection.connection.driver_connection
    buffer = io.BytesIO()
    with raw.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", dict(values) or None) as copy:
        for part in copy:
            buffer.write(part)
    text = {column: pa.string() if column == "geometry" else types[column] for column in columns}
    if not buffer.tell():
        return pa.table({column: pa.array([], types[column]) for column in columns})
    table = pa_csv.read_csv(
        pa.py_buffer(buffer.getbuffer()), pa_csv.ReadOptions(column_names=columns),
        pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        pa_csv.ConvertOptions(column_types=text, null_values=[""], strings_can_be_null=True,
                              quoted_strings_can_be_null=False, true_values=["t"], false_values=["f"]))
    if "geometry" in columns:
        at = columns.index("geometry")
        shapes = pa.chunked_array([_unhexed(part) for part in table["geometry"].chunks], pa.binary())
        table = table.set_column(at, "geometry", shapes)
    return table


def _unhexed(column: pa.Array) -> pa.Array:
    """Binary values out of their hexadecimal text, all in one call: half the bytes at half the offsets."""
    _, offsets, data = column.buffers()
    edges = pa.Array.from_buffers(pa.int32(), len(column) + 1, [None, offsets], offset=column.offset)
    first, last = edges[0].as_py(), edges[len(column)].as_py()
    halved = pc.divide(pc.subtract(edges, first), 2).cast(pa.int32())
    raw = binascii.unhexlify(memoryview(data)[first:last])
    return pa.Array.from_buffers(pa.binary(), len(column), [None, halved.buffers()[1], pa.py_buffer(raw)])
