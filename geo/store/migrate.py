"""Revisions of the store: upgrade, compare with the declaration, and write the next migration."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy.engine import Connection

from geo.store.schema import METADATA, StoredGeometry

_FOLDER = Path(__file__).parent / "migrations"


def wanted(name: str | None, type_: str, parents: MutableMapping[Any, Any]) -> bool:
    """Whether Alembic may look at a table or index: only at our own (not PostGIS's, not the R*Tree's)."""
    if type_ == "table":
        return name in METADATA.tables
    return bool(type_ == "schema" or parents.get("table_name") in METADATA.tables)


def has_gist(dialect: str) -> Callable[..., bool]:
    """Alembic's ``include_object``: the GiST indexes of the declaration exist on PostGIS only."""

    def include(item: object, name: str | None, type_: str, reflected: bool, compare_to: object) -> bool:
        del item, reflected, compare_to
        return dialect == "postgresql" or type_ != "index" or not str(name).endswith("_gist")

    return include


def render_item(kind: str, item: object, autogen: Any) -> str | Literal[False]:
    """How an own type is written into a generated migration."""
    del autogen
    return "StoredGeometry()" if kind == "type" and isinstance(item, StoredGeometry) else False


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))


def head() -> str:
    """Newest revision that this version of the program knows."""
    revision = _script().get_current_head()
    assert revision is not None, "the package ships at least one migration"  # noqa: S101
    return revision


def known() -> set[str]:
    """All revisions that this version of the program knows."""
    return {script.revision for script in _script().walk_revisions()}


def current(connection: Connection) -> str | None:
    """Revision of a store; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection) -> None:
    """Bring a store to the newest revision, inside the caller's transaction."""
    command.upgrade(_config(connection), "head")


def differences(connection: Connection) -> list[Any]:
    """What the tables of a store lack against the declaration; empty when the migrations say the same as the kinds."""
    options = {"include_name": wanted, "include_object": has_gist(connection.dialect.name), "compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, METADATA))


def write_revision(connection: Connection, message: str) -> Path:
    """Write the migration that leads from the store at `connection` to the declaration (for developers)."""
    script = command.revision(_config(connection), message, autogenerate=True)
    assert isinstance(script, Script)  # noqa: S101  (one script was asked for)
    return Path(script.path)
