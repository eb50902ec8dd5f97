"""Alembic's entry: runs the migrations on the connection that :mod:`geo.store.migrate` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from geo.store.migrate import has_gist, render_item, wanted
from geo.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    include_name=wanted,
    include_object=has_gist(context.config.attributes["connection"].dialect.name),
    render_item=render_item,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
