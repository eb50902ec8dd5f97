"""The tables, derived from the declared kinds: one description for SQLite and for PostGIS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import shapely
import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from geo.grid import STORAGE_SRID
from geo.kinds import KINDS, Kind

#: Columns that every kind's table has beside the declared fields: the key of the spatial index, the bounding box in degrees,
#: a hash of the row's content (what makes a load idempotent), and the load that wrote the row.
BOX = ("minx", "miny", "maxx", "maxy")

METADATA = sa.MetaData()


class StoredGeometry(TypeDecorator[Any]):
    """A Shapely geometry in CGCS2000 degrees: a PostGIS geometry there, plain WKB in SQLite."""

    impl = sa.LargeBinary
    cache_ok = True
    # GeoAlchemy2's listeners look these up on every column type that wraps its own.
    spatial_index = use_N_D_index = False  # noqa: N815

    def load_dialect_impl(self, dialect: Dialect | None) -> TypeEngine[Any]:
        """Column type of the engine; GeoAlchemy2 asks with None as well."""
        if dialect is not None and dialect.name == "postgresql":
            return dialect.type_descriptor(Geometry("GEOMETRY", srid=STORAGE_SRID, spatial_index=False))
        return sa.LargeBinary()

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Shapely to hexadecimal EWKB (PostGIS) or WKB (SQLite)."""
        if dialect.name == "postgresql":
            return ewkb
        return lambda geometry: None if geometry is None else shapely.to_wkb(geometry)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Either form back to Shapely."""
        del dialect, coltype
        return lambda value: None if value is None else shapely.from_wkb(value)


def ewkb(geometry: Any) -> Any:
    """Hexadecimal EWKB of a geometry, or of an array of them, with the storage SRID inside."""
    return None if geometry is None else shapely.to_wkb(shapely.set_srid(geometry, STORAGE_SRID), hex=True, include_srid=True)


def column_type(field_type: str) -> Any:
    """Column type of a declared field type. JSON stays text in SQLite, where a JSON column would turn ``"5"`` into a number."""
    return {
        "text": sa.Text(), "int": sa.BigInteger(), "float": sa.Double(), "bool": sa.Boolean(), "date": sa.Date(),
        "json": sa.Text().with_variant(postgresql.JSON(), "postgresql"),
    }[field_type]


def _kind_table(kind: Kind) -> sa.Table:
    fields = [
        sa.Column(field.name, column_type(field.type), nullable=not field.required, unique=field.name == "id" or None)
        for field in kind.all_fields
    ]
    return sa.Table(
        kind.name, METADATA,
        sa.Column("rowid", sa.Integer(), primary_key=True),
        *fields,
        *(sa.Column(side, sa.Double(), nullable=False) for side in BOX),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("geometry", StoredGeometry(), nullable=False),
        sa.Index(f"{kind.name}_gist", "geometry", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )


TABLES = {name: _kind_table(kind) for name, kind in KINDS.items()}

META = sa.Table(
    "meta", METADATA,
    sa.Column("key", sa.Text(), primary_key=True),
    sa.Column("value", sa.Text(), nullable=False),
)

LOAD = sa.Table(
    "load", METADATA,
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("started", sa.Text(), nullable=False),
    sa.Column("finished", sa.Text(), nullable=False),
    sa.Column("inserted", sa.BigInteger(), nullable=False),
    sa.Column("updated", sa.BigInteger(), nullable=False),
    sa.Column("unchanged", sa.BigInteger(), nullable=False),
    sa.Column("removed", sa.BigInteger(), nullable=False),
    sa.Column("quarantined", sa.BigInteger(), nullable=False),
    sa.Column("sha", sa.Text(), nullable=False),
)

QUARANTINE = sa.Table(
    "quarantine", METADATA,
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("load_id", sa.Integer(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("file", sa.Text(), nullable=False),
    sa.Column("row", sa.BigInteger(), nullable=False),
    sa.Column("field", sa.Text(), nullable=False),
    sa.Column("value", sa.Text()),
    sa.Column("reason_zh", sa.Text(), nullable=False),
    sa.Column("reason_en", sa.Text(), nullable=False),
    sa.Column("payload", sa.Text(), nullable=False),
)

RUN = sa.Table(
    "run", METADATA,
    sa.Column("id", sa.Text(), primary_key=True),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("started", sa.Text()),
    sa.Column("finished", sa.Text()),
    sa.Column("record", sa.Text(), nullable=False),
)

RASTER = sa.Table(
    "raster", METADATA,
    sa.Column("name", sa.Text(), primary_key=True),
    sa.Column("path", sa.Text(), nullable=False),
    sa.Column("sha256", sa.Text(), nullable=False),
)

_RTREE_TRIGGERS = (
    'CREATE TRIGGER "{t}_rtree_insert" AFTER INSERT ON "{t}" BEGIN '
    'INSERT INTO "{t}_rtree" VALUES (new.rowid, new.minx, new.maxx, new.miny, new.maxy); END',
    'CREATE TRIGGER "{t}_rtree_update" AFTER UPDATE OF rowid, minx, maxx, miny, maxy ON "{t}" BEGIN '
    'DELETE FROM "{t}_rtree" WHERE rowid = old.rowid; '
    'INSERT INTO "{t}_rtree" VALUES (new.rowid, new.minx, new.maxx, new.miny, new.maxy); END',
    'CREATE TRIGGER "{t}_rtree_delete" AFTER DELETE ON "{t}" BEGIN DELETE FROM "{t}_rtree" WHERE rowid = old.rowid; END',
)


def create_triggers(connection: Connection, table: str) -> None:
    """Let SQLite keep the R*Tree of a table by itself (triggers roll back with the rest, and no writer can forget them)."""
    for statement in _RTREE_TRIGGERS:
        connection.exec_driver_sql(statement.format(t=table))


def drop_triggers(connection: Connection, table: str) -> None:
    """Take the triggers away, for a bulk load inside one transaction or before a migration rebuilds the table."""
    for event in ("insert", "update", "delete"):
        connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS "{table}_rtree_{event}"')


def rebuild_rtree(connection: Connection, table: str) -> None:
    """Make or remake R*Tree and triggers of a table; does nothing on other engines.

    Every migration that alters a kind's table must end with this: SQLite alters a table by copying it, which silently drops
    its triggers and may renumber its rows.
    """
    if connection.dialect.name != "sqlite":
        return
    drop_triggers(connection, table)
    connection.exec_driver_sql(f'CREATE VIRTUAL TABLE IF NOT EXISTS "{table}_rtree" USING rtree(rowid, minx, maxx, miny, maxy)')
    connection.exec_driver_sql(f'DELETE FROM "{table}_rtree"')  # noqa: S608  (names are the declared kinds)
    connection.exec_driver_sql(f'INSERT INTO "{table}_rtree" SELECT rowid, minx, maxx, miny, maxy FROM "{table}"')  # noqa: S608
    create_triggers(connection, table)
