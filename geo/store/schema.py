"""The tables, derived from the declared kinds: one description for SQLite and for PostGIS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import shapely
import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
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


#: Text that sorts bytewise on both engines, whatever the language of the database: what pages and lists are ordered by.
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _fields(kind: Kind, *, current: bool) -> list[sa.Column[Any]]:
    return [
        sa.Column(field.name, BYTEWISE if field.name == "id" else column_type(field.type),
                  nullable=not (field.name == "id" or (current and field.required)),
                  unique=(current and field.name == "id") or None)
        for field in kind.all_fields
    ]


def _kind_table(kind: Kind) -> sa.Table:
    return sa.Table(
        kind.name, METADATA,
        sa.Column("rowid", sa.Integer(), primary_key=True),
        *_fields(kind, current=True),
        *(sa.Column(side, sa.Double(), nullable=False) for side in BOX),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("geometry", StoredGeometry(), nullable=False),
        sa.Index(f"{kind.name}_gist", "geometry", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )


def _history_table(kind: Kind) -> sa.Table:
    """Rows that are no longer: as they were, which load wrote them, which one ended them and whether by update or removal."""
    return sa.Table(
        f"{kind.name}_history", METADATA,
        sa.Column("rowid", sa.Integer(), primary_key=True),
        *_fields(kind, current=False),
        *(sa.Column(side, sa.Double(), nullable=False) for side in BOX),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("geometry", StoredGeometry(), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Index(f"{kind.name}_history_id", "id"),
        sa.Index(f"{kind.name}_history_ended", "ended_by"),
    )


TABLES = {name: _kind_table(kind) for name, kind in KINDS.items()}

HISTORY = {name: _history_table(kind) for name, kind in KINDS.items()}

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
    sa.Column("by", sa.Text(), nullable=False, server_default=""),
    sa.Column("operation", sa.Text(), nullable=False, server_default="load"),
    sa.Column("committed", sa.Text()),
    sa.Column("findings", sa.Text(), nullable=False, server_default="[]"),
)

#: What a kind holds, kept by every load so that nobody has to count: rows, extent in degrees, the last load that changed it, the
#: columns that hold any value (JSON list), and by which formula its content was hashed.
CATALOGUE = sa.Table(
    "catalogue", METADATA,
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("rows", sa.BigInteger(), nullable=False),
    *(sa.Column(side, sa.Double()) for side in BOX),
    sa.Column("load_id", sa.Integer()),
    sa.Column("filled", sa.Text(), nullable=False),
    sa.Column("hashed", sa.Integer(), nullable=False),
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
