"""Third revision: the history of every row, who loaded what when, a catalogue of rows and extents, ids that sort bytewise."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from geo.store.schema import StoredGeometry

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KINDS = ("enterprise", "risk_source", "hazard_source", "pipeline", "venue", "work_site", "equipment", "hidden_danger",
          "incident", "emergency_resource", "area", "background")

_REQUIRED = ("id", "minx", "maxx", "miny", "maxy", "content", "load_id", "geometry")

_SIDES = ("minx", "miny", "maxx", "maxy")


def upgrade() -> None:
    """Go up."""
    connection = op.get_bind()
    _load_columns()
    op.create_table(
        "catalogue", sa.Column("kind", sa.Text(), primary_key=True), sa.Column("rows", sa.BigInteger(), nullable=False),
        *(sa.Column(side, sa.Double()) for side in _SIDES), sa.Column("load_id", sa.Integer()),
        sa.Column("filled", sa.Text(), nullable=False), sa.Column("hashed", sa.Integer(), nullable=False))
    for kind in _KINDS:
        columns = sa.inspect(connection).get_columns(kind)
        _history_table(connection, kind, columns)
        if connection.dialect.name == "postgresql":
            op.execute(f'ALTER TABLE "{kind}" ALTER COLUMN id TYPE text COLLATE "C"')
        _catalogue(connection, kind, [column["name"] for column in columns])
    loaded = connection.execute(sa.text("SELECT count(*) FROM load")).scalar_one()
    if loaded:
        since = datetime.now(UTC).isoformat(timespec="microseconds")
        connection.execute(sa.text("INSERT INTO meta (key, value) VALUES ('history_since', :since)"), {"since": since})


def downgrade() -> None:
    """Go down; what the history holds is lost."""
    for kind in _KINDS:
        op.drop_table(f"{kind}_history")
    op.drop_table("catalogue")
    with op.batch_alter_table("load") as batch:
        for name in ("by", "operation", "committed", "findings"):
            batch.drop_column(name)
    op.execute("DELETE FROM meta WHERE key IN ('history_since', 'cursor_key')")


def _load_columns() -> None:
    op.add_column("load", sa.Column("by", sa.Text(), nullable=False, server_default=""))
    op.add_column("load", sa.Column("operation", sa.Text(), nullable=False, server_default="load"))
    op.add_column("load", sa.Column("committed", sa.Text(), nullable=True))
    op.add_column("load", sa.Column("findings", sa.Text(), nullable=False, server_default="[]"))
    op.execute("UPDATE load SET committed = finished")


def _history_table(connection: Connection, kind: str, columns: list[Any]) -> None:
    """A table like the kind's as it is now, with what ended each row beside it."""
    postgresql = connection.dialect.name == "postgresql"
    copies = []
    for column in columns:
        name = column["name"]
        if name == "rowid":
            continue
        type_ = StoredGeometry() if name == "geometry" else sa.Text(collation="C") if postgresql and name == "id" \
            else column["type"]
        copies.append(sa.Column(name, type_, nullable=name not in _REQUIRED))
    op.create_table(
        f"{kind}_history", sa.Column("rowid", sa.Integer(), primary_key=True), *copies,
        sa.Column("ended_by", sa.Integer(), nullable=False), sa.Column("operation", sa.Text(), nullable=False))
    op.create_index(f"{kind}_history_id", f"{kind}_history", ["id"])
    op.create_index(f"{kind}_history_ended", f"{kind}_history", ["ended_by"])


def _catalogue(connection: Connection, kind: str, columns: list[str]) -> None:
    fields = [name for name in columns if name not in ("rowid", "content", "load_id", "geometry", *_REQUIRED[1:5])]
    counted = ", ".join(f'count("{name}")' for name in fields)
    found = connection.execute(sa.text(
        f'SELECT count(*), min(minx), min(miny), max(maxx), max(maxy), max(load_id), {counted} FROM "{kind}"')).one()  # noqa: S608
    filled = [name for name, count in zip(fields, found[6:], strict=True) if count]
    connection.execute(
        sa.text("INSERT INTO catalogue (kind, rows, minx, miny, maxx, maxy, load_id, filled, hashed) "
                "VALUES (:kind, :rows, :minx, :miny, :maxx, :maxy, :load_id, :filled, 1)"),
        {"kind": kind, "rows": found[0], **dict(zip(_SIDES, found[1:5], strict=True)), "load_id": found[5],
         "filled": json.dumps(filled)})
