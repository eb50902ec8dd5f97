"""Rows in, past the ORM: the drivers' own bulk paths of SQLite and PostGIS, with Arrow on our side of both."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import shapely
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store.behind import settle, write_behind
from geo.store.catalogue import Extent
from geo.store.rtree import drop_triggers, rebuild_rtree
from geo.store.schema import BOX, TABLES, ewkb

#: From this many changed rows on, SQLite's R*Tree is packed afterwards instead of kept by triggers …
BULK = 5_000

#: … if they are at least this share of the kind: a row by triggers costs 16 µs, packing 2 µs for each that is there.
BULK_SHARE = 0.1

#: Ids that are named in one statement.
_IDS = 20_000


class Writer:
    """Writes the rows of one kind for one load, inside its transaction; :meth:`close` puts the indexes in order.

    Parameters
    ----------
    connection : Connection
        In the load's write transaction.
    kind : Kind
        What is written.
    load_id : int
        The load.
    rows : int
        Rows of the kind before.
    """

    def __init__(self, connection: Connection, kind: Kind, load_id: int, rows: int) -> None:
        self._connection, self._kind, self._load_id = connection, kind, load_id
        self._raw: Any = connection.connection.driver_connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._rows, self._changed, self._bulk = rows, 0, False

    def insert(self, table: pa.Table, shapes: NDArray[np.object_]) -> None:
        """Write rows whose ids are not there; PostgreSQL copies them while the next are checked."""
        self._count(len(table))
        if not len(table):
            return
        names = [*(field.name for field in self._kind.all_fields), *BOX, "content"]
        numbered = table.select(names).append_column("load_id", pa.array(np.full(len(table), self._load_id)))
        write = partial(write_rows, self._connection, self._kind.name, numbered, shapes)
        if self._sqlite:
            write()
        else:
            write_behind(self._connection, write)

    def end(self, ids: Sequence[str], operation: str) -> Extent | None:
        """Move rows to the history.

        Returns
        -------
        tuple of float or None
            Extent of the rows that are gone.
        """
        if not ids:
            return None
        settle(self._connection)
        self._count(len(ids))
        kept = ", ".join(f'"{column.name}"' for column in TABLES[self._kind.name].columns if column.name != "rowid")
        name, reach = self._kind.name, None
        for start in range(0, len(ids), _IDS):
            part = list(ids[start:start + _IDS])
            among = self._name(part)
            reach = _wider(reach, self._raw.execute(
                f'SELECT min(minx), min(miny), max(maxx), max(maxy) FROM "{name}" WHERE {among}').fetchone())  # noqa: S608
            self._raw.execute(
                f'INSERT INTO "{name}_history" ({kept}, ended_by, operation) '  # noqa: S608
                f"SELECT {kept}, {self._load_id}, '{operation}' FROM \"{name}\" WHERE {among} ORDER BY rowid")
            self._raw.execute(f'DELETE FROM "{name}" WHERE {among}')  # noqa: S608
        return reach

    def close(self) -> None:
        """Pack the R*Tree if the triggers were off; let PostgreSQL look at the new rows."""
        settle(self._connection)
        if self._bulk:
            rebuild_rtree(self._connection, self._kind.name)
        if not self._sqlite and self._changed >= BULK:
            self._raw.execute(f'ANALYZE "{self._kind.name}"')

    def _count(self, changed: int) -> None:
        self._changed += changed
        if self._sqlite and not self._bulk and self._changed >= max(BULK, BULK_SHARE * self._rows):
            drop_triggers(self._connection, self._kind.name)
            self._bulk = True

    def _name(self, ids: list[str]) -> str:
        """Put ids where one condition can name them all."""
        if self._sqlite:
            self._raw.execute("CREATE TEMP TABLE IF NOT EXISTS named_ids (id text PRIMARY KEY)")
            self._raw.execute("DELETE FROM temp.named_ids")
            self._raw.executemany("INSERT INTO temp.named_ids VALUES (?)", ((one,) for one in ids))
            return "id IN (SELECT id FROM temp.named_ids)"
        self._raw.execute("DROP TABLE IF EXISTS pg_temp.named_ids")
        self._raw.execute('CREATE TEMP TABLE named_ids (id text COLLATE "C" PRIMARY KEY) ON COMMIT DROP')
        self._raw.execute("INSERT INTO named_ids SELECT unnest(%s::text[])", (ids,))
        self._raw.execute("ANALYZE named_ids")
        return "id IN (SELECT id FROM named_ids)"


def write_rows(connection: Connection, name: str, table: pa.Table, shapes: NDArray[np.object_]) -> None:
    """Append rows to a kind's table or its history.

    Parameters
    ----------
    name : str
        Name of the table.
    table : Table
        Its columns but the geometry; those without any value may be missing.
    shapes : (n,) object
        The Shapely geometries.
    """
    raw: Any = connection.connection.driver_connection
    table = table.select([column for column in table.column_names if table[column].null_count < len(table)])
    columns = ", ".join(f'"{column}"' for column in (*table.column_names, "geometry"))
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * (len(table.column_names) + 1))
        raw.executemany(f'INSERT INTO "{name}" ({columns}) VALUES ({marks})',  # noqa: S608  (declared names)
                        zip(*map(_sqlite_values, table.columns), shapely.to_wkb(shapes).tolist(), strict=True))
        return
    rows = table.append_column("geometry", pa.array(ewkb(shapes), type=pa.string()))
    buffer = io.BytesIO()
    pa_csv.write_csv(rows, buffer, pa_csv.WriteOptions(include_header=False))
    with raw.cursor() as cursor, cursor.copy(f'COPY "{name}" ({columns}) FROM STDIN (FORMAT csv)') as copy:
        copy.write(buffer.getbuffer())


def _sqlite_values(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_date(column.type):
        column = column.cast(pa.string())
    if column.null_count == 0 and not pa.types.is_string(column.type):
        return list(column.to_numpy().tolist())
    return list(column.to_pylist())


def _wider(one: Extent | None, other: Any) -> Extent | None:
    if other is None or other[0] is None:
        return one
    if one is None:
        return other[0], other[1], other[2], other[3]
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
