"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from geo.store.rtree import rebuild_rtree
from geo.store.schema import StoredGeometry
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up. End with ``rebuild_rtree(op.get_bind(), table)`` for every kind's table that is altered here."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Go down."""
    ${downgrades if downgrades else "pass"}
