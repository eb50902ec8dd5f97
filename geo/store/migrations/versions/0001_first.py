"""First revision: a table per kind, and the store's own tables.

Written out and frozen: it does not follow :mod:`geo.kinds`, later revisions do. A field is ``name:type``, with ``!`` if required.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from geo.store.rtree import rebuild_rtree
from geo.store.schema import StoredGeometry

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COMMON = (
    "id!:text name:text area_code:text source!:text valid_from:date valid_to:date position_accuracy_m:float "
    "assumed:json synthetic!:bool updated_at:date extra:json"
)

_KINDS = {
    "enterprise":
        "credit_code:text industry!:text staff_at_place!:int premises:text floor_area_m2:float sprinklers:bool "
        "alarm:bool lpg_cylinders:bool standardisation:text insured:bool credit_list:text inspection:text reports:bool "
        "address:text",
    "risk_source":
        "enterprise_id!:text source_kind:text accident_type!:text method!:text l:float e:float c:float s:float "
        "grade:text workers_exposed:int public_exposed:int hazard_key:text control:text post:text",
    "hazard_source":
        "enterprise_id:text unit_type!:text scope!:text substance!:text cas:text quantity_t!:float temperature_c:float "
        "pressure_mpa:float vessels!:int vessel_m3!:float buried:bool bund_m2:float unloading_h:float isolation:text "
        "fence_m:float diagnosis_score:float diagnosis_veto:bool hazard_key:text",
    "pipeline":
        "medium!:text service!:text diameter_mm:float pressure_mpa:float wall_mm:float year:int depth_m:float "
        "operator:text class_location:text",
    "venue":
        "venue_type!:text protection_class:text floor_area_m2:float site_area_m2:float capacity:int sprinklers:bool "
        "alarm:bool basement:bool sleeping:bool year_built:int crowd_peaks:float hazard_key:text",
    "work_site":
        "site_type!:text stage:text workers!:int",
    "equipment":
        "equipment_type!:text count!:int age_yr:float last_inspection:date",
    "hidden_danger":
        "enterprise_id!:text danger_kind:text major!:bool found!:date due:date closed:date",
    "incident":
        "occurred!:date accident_type:text deaths!:int injuries:int industry:text",
    "emergency_resource":
        "resource_type!:text capability:text staff:int",
    "area":
        "code!:text level!:text parent:text kind_zh:text",
    "background":
        "residents!:int households!:float staff!:json",
}

_TYPES: dict[str, Any] = {
    "text": sa.Text(), "int": sa.BigInteger(), "float": sa.Double(), "bool": sa.Boolean(), "date": sa.Date(),
    "json": sa.Text().with_variant(postgresql.JSON(), "postgresql"),
}


def upgrade() -> None:
    """Make all tables."""
    for name, fields in _KINDS.items():
        _kind_table(name, f"{_COMMON} {fields}".split())
    _text_table("meta", "key", "value!")
    _text_table("raster", "name", "path! sha256!")
    _text_table("run", "id", "state! started finished record!")
    counts = [_column(f"{name}!:int") for name in ("inserted", "updated", "unchanged", "removed", "quarantined")]
    op.create_table(
        "load", sa.Column("id", sa.Integer(), primary_key=True),
        *(_column(f"{name}!:text") for name in ("kind", "source", "started", "finished")), *counts, _column("sha!:text"))
    op.create_table(
        "quarantine", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("load_id", sa.Integer(), nullable=False),
        _column("kind!:text"), _column("file!:text"), _column("row!:int"), _column("field!:text"), _column("value:text"),
        *(_column(f"{name}!:text") for name in ("reason_zh", "reason_en", "payload")))


def downgrade() -> None:
    """Take all tables away."""
    for name in _KINDS:
        op.drop_table(name)
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f'DROP TABLE "{name}_rtree"')
    for name in ("meta", "raster", "run", "load", "quarantine"):
        op.drop_table(name)


def _column(field: str) -> sa.Column[Any]:
    name, _, type_ = field.partition(":")
    return sa.Column(name.rstrip("!"), _TYPES[type_], nullable=not name.endswith("!"))


def _kind_table(name: str, fields: list[str]) -> None:
    op.create_table(
        name, sa.Column("rowid", sa.Integer(), primary_key=True),
        *map(_column, fields),
        *(_column(f"{side}!:float") for side in ("minx", "miny", "maxx", "maxy")),
        _column("content!:int"), sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("geometry", StoredGeometry(), nullable=False),
        sa.UniqueConstraint("id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(f"{name}_gist", name, ["geometry"], postgresql_using="gist")
    rebuild_rtree(op.get_bind(), name)


def _text_table(name: str, key: str, columns: str) -> None:
    op.create_table(name, sa.Column(key, sa.Text(), primary_key=True), *(_column(f"{one}:text") for one in columns.split()))
