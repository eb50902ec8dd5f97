"""Second revision: more fields of units, risk sources, hazardous units, venues and equipment."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from geo.store.rtree import rebuild_rtree

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED = {
    "enterprise": "industry_code:text registered_address:text",
    "equipment": "enterprise_id:text",
    "hazard_source":
        "inventory:json phase:text vessel_kind:text detection:text fence:json hazard_class:text inundation:json height_m:float",
    "risk_source": "profile:text indoor:bool",
    "venue": "floors_above:int floors_below:int occupancy_profile:json peak_density:float metered:bool",
}


def _type(name: str) -> Any:
    return {
        "text": sa.Text(), "int": sa.BigInteger(), "float": sa.Double(), "bool": sa.Boolean(),
        "json": sa.Text().with_variant(postgresql.JSON(), "postgresql"),
    }[name]


def upgrade() -> None:
    """Go up."""
    for table, fields in _ADDED.items():
        for name, type_ in (field.split(":") for field in fields.split()):
            op.add_column(table, sa.Column(name, _type(type_), nullable=True))
        rebuild_rtree(op.get_bind(), table)


def downgrade() -> None:
    """Go down."""
    for table, fields in _ADDED.items():
        with op.batch_alter_table(table) as batch:
            for field in fields.split():
                batch.drop_column(field.split(":")[0])
        rebuild_rtree(op.get_bind(), table)
