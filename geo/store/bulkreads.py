"""Large reads from PostgreSQL as Arrow, by its ADBC driver: half the time of COPY through Python.

The driver has a connection of its own beside each of the pool's; it reads the same snapshot, so that a transaction sees one state
whichever of the two it reads by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
import pyarrow as pa
from sqlalchemy.engine import Connection

#: From so many rows on a read goes this way.
LARGE = 2_000

_KEPT = "riskmap_adbc"


def fetch(connection: Connection, query: str, values: Mapping[str, Any]) -> pa.Table:
    """What a query gives, in the snapshot of the caller's transaction (which must be REPEATABLE READ).

    Raises
    ------
    OperationalError
        Of psycopg, if the server breaks off.
    """
    import adbc_driver_manager as adbc

    raw: Any = connection.connection.driver_connection
    text = psycopg.ClientCursor(raw).mogrify(query, dict(values)) if values else query
    snapshot = raw.execute("SELECT pg_export_snapshot()").fetchone()[0]
    try:
        other = connection.info.get(_KEPT) or _connect(connection)
        with other.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            cursor.execute(text)
            table = cursor.fetch_arrow_table()
            cursor.execute("COMMIT")
    except adbc.Error as error:
        forget(connection.info)
        raise psycopg.OperationalError(str(error)) from error
    return table


def _connect(connection: Connection) -> Any:
    import adbc_driver_postgresql.dbapi as driver

    url = connection.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection.info[_KEPT] = driver.connect(url, autocommit=True)
    timeout = connection.exec_driver_sql("SHOW statement_timeout").scalar()
    with connection.info[_KEPT].cursor() as cursor:
        cursor.execute("SET jit = off")
        cursor.execute(f"SET statement_timeout = '{timeout}'")
    return connection.info[_KEPT]


def forget(info: Any) -> None:
    """Close the driver's connection that belongs to one of the pool's, when that one closes or something went wrong."""
    kept = info.pop(_KEPT, None)
    if kept is not None:
        kept.close()
