"""The role that may only read: enough for serving and for looking, on PostgreSQL."""

from __future__ import annotations

import re
from typing import Any

from psycopg import sql
from sqlalchemy.engine import Connection

from geo.errors import BadParameter
from geo.store.schema import METADATA

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def grant_reader(connection: Connection, role: str, password: str | None) -> bool:
    """Let a role read the store's tables and write none; make it, able to log in, if it is missing.

    Parameters
    ----------
    role : str
        Lower-case letters, digits and underscores.
    password : str or None
        Set if given; without one a new role logs in only where the server asks for none.

    Returns
    -------
    bool
        Whether it was made.

    Raises
    ------
    BadParameter
        If the store is a SQLite file, or it is no name of a role.
    """
    if connection.dialect.name != "postgresql":
        raise BadParameter("SQLite 没有角色", "SQLite has no roles",
                           remedy_zh="请用文件权限限制写入；服务进程本身只读取已发布的快照。",
                           remedy_en="Restrict writing by the file's permissions; serving reads only published snapshots.")
    if not _NAME.fullmatch(role):
        raise BadParameter(f"“{role}”不能作为角色名", f"{role!r} cannot be the name of a role",
                           remedy_zh="用小写字母、数字与下划线。", remedy_en="Use lower-case letters, digits and underscores.")
    raw: Any = connection.connection.driver_connection
    name, schema = sql.Identifier(role), sql.Identifier(raw.execute("SELECT current_schema()").fetchone()[0])
    database = sql.Identifier(raw.execute("SELECT current_database()").fetchone()[0])
    made = raw.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None
    if made:
        raw.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    if password is not None:
        raw.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))
    raw.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(name))
    names = (*METADATA.tables, "alembic_version")
    tables = sql.SQL(", ").join(sql.SQL("{}.{}").format(schema, sql.Identifier(table)) for table in names)
    raw.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
    raw.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, name))
    raw.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(tables, name))
    raw.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(tables, name))
    # tables that a later migration makes are readable too
    raw.execute(sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT SELECT ON TABLES TO {}").format(schema, name))
    return made
