"""Rows in and out, past the ORM: the drivers' own bulk paths of SQLite and PostGIS, with Arrow on our side of both."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import shapely
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store.schema import BOX, drop_triggers, ewkb, rebuild_rtree

#: Rows that are written at once; bounds the memory of a load.
CHUNK = 20_000

#: Rows that are read at once; small, so that their tuples die young and the garbage collector has little to look through.
READ_CHUNK = 2_000

#: From this many changed rows on, SQLite's R*Tree is rebuilt afterwards instead of kept by triggers.
BULK = 5_000

_ARROW = {
    "text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "date": pa.date32(), "json": pa.string(),
}

Step = Callable[[int], None]


def replace(connection: Connection, kind: Kind, gone: Sequence[str], table: pa.Table, shapes: NDArray[np.object_], load_id: int,
            step: Step) -> None:
    """Take the rows with the ids `gone` away and write the rows of `table`; both in the caller's transaction.

    Parameters
    ----------
    gone : sequence of str
        Ids of rows that end or are written anew.
    table : Table
        Rows as :class:`geo.store.validate.Checked` has them.
    shapes : (n,) object
        Their geometries.
    load_id : int
        The load that writes them.
    step : callable
        Called with the number of rows written so far.
    """
    names = [*(field.name for field in kind.all_fields), *BOX, "content"]
    write = _write_sqlite if connection.dialect.name == "sqlite" else _write_postgis
    write(connection, kind.name, names, gone, table.select(names), shapes, load_id, step)


def _chunks(table: pa.Table, shapes: NDArray[np.object_]) -> Iterator[tuple[pa.Table, NDArray[np.object_]]]:
    for start in range(0, len(table), CHUNK):
        yield table.slice(start, CHUNK), shapes[start:start + CHUNK]


def _write_sqlite(connection: Connection, name: str, names: list[str], gone: Sequence[str], table: pa.Table,
                  shapes: NDArray[np.object_], load_id: int, step: Step) -> None:
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101  (the connection is open)
    bulk = len(gone) + len(table) >= BULK
    if bulk:
        drop_triggers(connection, name)
    raw.executemany(f'DELETE FROM "{name}" WHERE id = ?', ((one,) for one in gone))  # noqa: S608
    columns = ", ".join(f'"{column}"' for column in (*names, "load_id", "geometry"))
    marks = ", ".join("?" * (len(names) + 2))
    insert = f'INSERT INTO "{name}" ({columns}) VALUES ({marks})'  # noqa: S608  (declared names)
    done = 0
    for rows, part in _chunks(table, shapes):
        values = [_sqlite_values(rows[column]) for column in names]
        raw.executemany(insert, zip(*values, [load_id] * len(rows), shapely.to_wkb(part).tolist(), strict=True))
        done += len(rows)
        step(done)
    if bulk:
        rebuild_rtree(connection, name)


def _sqlite_values(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_date(column.type):
        column = column.cast(pa.string())
    return list(column.to_pylist())


def _write_postgis(connection: Connection, name: str, names: list[str], gone: Sequence[str], table: pa.Table,
                   shapes: NDArray[np.object_], load_id: int, step: Step) -> None:
    raw: Any = connection.connection.driver_connection
    columns = ", ".join(f'"{column}"' for column in (*names, "load_id", "geometry"))
    done = 0
    with raw.cursor() as cursor:
        for start in range(0, len(gone), CHUNK):
            cursor.execute(f'DELETE FROM "{name}" WHERE id = ANY(%s)', (list(gone[start:start + CHUNK]),))  # noqa: S608
        with cursor.copy(f'COPY "{name}" ({columns}) FROM STDIN (FORMAT csv)') as copy:
            for rows, part in _chunks(table, shapes):
                rows = rows.append_column("load_id", pa.array(np.full(len(rows), load_id)))
                rows = rows.append_column("geometry", pa.array(ewkb(part), type=pa.string()))
                buffer = io.BytesIO()
                pa_csv.write_csv(rows, buffer, pa_csv.WriteOptions(include_header=False))
                copy.write(buffer.getbuffer())
                done += len(rows)
                step(done)
        if len(table) >= BULK:
            cursor.execute(f'ANALYZE "{name}"')


def fetch(connection: Connection, kind: Kind, columns: Sequence[str], *, as_of: date | None = None,
          polygon: Any = None) -> tuple[pa.Table, NDArray[np.object_]]:
    """Rows of a kind in order of id: the asked columns as Arrow, and the geometries (if ``geometry`` is among the columns).

    Parameters
    ----------
    columns : sequence of str
        Declared fields, ``content``, ``load_id`` or ``geometry``.
    as_of : date, optional
        Only rows valid on that day (``valid_from`` ≤ day < ``valid_to``; a missing end is open).
    polygon : Shapely polygon, optional
        Only rows whose geometry meets it (spatial index, then the exact predicate).
    """
    types = {field.name: _ARROW[field.type] for field in kind.all_fields} | {"content": pa.int64(), "load_id": pa.int64()}
    wanted = {column: types[column] for column in columns if column != "geometry"}
    if connection.dialect.name == "sqlite":
        return _fetch_sqlite(connection, kind.name, wanted, "geometry" in columns, as_of, polygon)
    return _fetch_postgis(connection, kind.name, wanted, "geometry" in columns, as_of, polygon)


def _fetch_sqlite(connection: Connection, name: str, wanted: Mapping[str, pa.DataType], shaped: bool, as_of: date | None,
                  polygon: Any) -> tuple[pa.Table, NDArray[np.object_]]:
    conditions: list[str] = []
    values: dict[str, str | float] = {}
    if as_of is not None:
        conditions.append("(valid_from IS NULL OR valid_from <= :day) AND (valid_to IS NULL OR valid_to > :day)")
        values["day"] = as_of.isoformat()
    if polygon is not None:
        box = "minx <= :x1 AND maxx >= :x0 AND miny <= :y1 AND maxy >= :y0"
        conditions.append(f'rowid IN (SELECT rowid FROM "{name}_rtree" WHERE {box})')  # noqa: S608
        values.update(zip(("x0", "y0", "x1", "y1"), polygon.bounds, strict=True))
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    with_shape = shaped or polygon is not None
    selected = ", ".join([*(f'"{column}"' for column in wanted), *(["geometry"] if with_shape else [])])
    raw: Any = connection.connection.driver_connection
    cursor = raw.execute(f'SELECT {selected} FROM "{name}" {where} ORDER BY id', values)  # noqa: S608
    parts, shapes = [], []
    while rows := cursor.fetchmany(READ_CHUNK):
        fields = list(zip(*rows, strict=True))
        if with_shape:
            shapes.append(shapely.from_wkb(fields.pop()))
        parts.append(pa.table({column: _from_sqlite(part, type_)
                               for part, (column, type_) in zip(fields, wanted.items(), strict=True)}))
    table = pa.concat_tables(parts) if parts else pa.table({column: pa.array([], type_) for column, type_ in wanted.items()})
    found = np.concatenate(shapes) if shapes else np.empty(0, object)
    if polygon is None:
        return table, found
    shapely.prepare(polygon)
    hit = shapely.intersects(polygon, found)
    return table.filter(pa.array(hit)), found[hit]


def _from_sqlite(values: tuple[Any, ...], type_: pa.DataType) -> pa.Array:
    if pa.types.is_date(type_):
        return pa.array(values, pa.string()).cast(type_)
    return pc.cast(pa.array(values, pa.int8()), type_) if pa.types.is_boolean(type_) else pa.array(values, type_)


def _fetch_postgis(connection: Connection, name: str, wanted: Mapping[str, pa.DataType], shaped: bool, as_of: date | None,
                   polygon: Any) -> tuple[pa.Table, NDArray[np.object_]]:
    conditions, values = ["true"], {"day": "", "shape": ""}
    if as_of is not None:
        conditions.append("(valid_from IS NULL OR valid_from <= %(day)s) AND (valid_to IS NULL OR valid_to > %(day)s)")
        values["day"] = as_of.isoformat()
    if polygon is not None:
        conditions.append("ST_Intersects(geometry, %(shape)s::geometry)")
        values["shape"] = ewkb(polygon)
    selected = [f'"{column}"' for column in wanted] + (["encode(ST_AsBinary(geometry), 'hex') AS geometry"] if shaped else [])
    query = f'SELECT {", ".join(selected)} FROM "{name}" WHERE {" AND ".join(conditions)} ORDER BY id COLLATE "C"'  # noqa: S608
    raw: Any = connection.connection.driver_connection
    buffer = io.BytesIO()
    with raw.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", values) as copy:
        for part in copy:
            buffer.write(part)
    names = [*wanted, *(["geometry"] if shaped else [])]
    types = dict(wanted) | ({"geometry": pa.string()} if shaped else {})
    if not buffer.tell():
        table = pa.table({column: pa.array([], types[column]) for column in names})
    else:
        table = pa_csv.read_csv(
            pa.py_buffer(buffer.getbuffer()), pa_csv.ReadOptions(column_names=names),
            pa_csv.ParseOptions(newlines_in_values=True),
            pa_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True,
                                  quoted_strings_can_be_null=False, true_values=["t"], false_values=["f"]))
    if not shaped:
        return table, np.empty(0, object)
    shapes = shapely.from_wkb(table["geometry"].to_numpy())
    return table.select(list(wanted)), np.asarray(shapes, object)
