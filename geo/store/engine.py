"""Engines: how SQLite and PostGIS are opened, and what their errors mean to the user."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from geo.errors import BadParameter, StoreError
from geo.store import bulkreads

_PRAGMAS = ("synchronous = normal", "temp_store = memory", "cache_size = -65536")


def parse_url(url: str) -> URL:
    """The URL of a store with its driver filled in.

    Raises
    ------
    BadParameter
        If it is no URL, or of an engine other than SQLite and PostgreSQL.
    """
    try:
        parsed = sa.make_url(url)
        name = parsed.get_backend_name()
        file_given = bool(parsed.database) and parsed.database != ":memory:"
    except (ArgumentError, NoSuchModuleError, ValueError):
        name, file_given = "", False
    if name == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if name == "sqlite" and file_given:
        return parsed.set(drivername="sqlite+pysqlite")
    raise BadParameter(
        "存储地址无法识别", "the store's URL is not understood",
        remedy_zh="环境变量 RISKMAP_STORE 应形如 sqlite:////数据/riskmap.sqlite 或 postgresql://用户:口令@主机/库。",
        remedy_en="RISKMAP_STORE should look like sqlite:////data/riskmap.sqlite or postgresql://user:password@host/database.",
    )


@dataclass(frozen=True)
class Waits:
    """How many connections there may be, and how long to wait for what.

    Attributes
    ----------
    patience : float
        Seconds that a writer waits for another one before it gives up.
    pool : int
        Connections that one process keeps open (PostgreSQL).
    free : float
        Seconds to wait for a free one of them.
    statement : float
        Seconds after which PostgreSQL breaks off a read; 0: never. Loads are not limited.
    """

    patience: float = 10.0
    pool: int = 5
    free: float = 10.0
    statement: float = 0.0


def make_engine(url: URL, *, read_only: bool, waits: Waits) -> Engine:
    """An engine whose transactions include DDL on both databases; SQLite writes ahead (WAL).

    Raises
    ------
    StoreError
        If the folder of the SQLite file cannot be made.
    """
    if url.get_backend_name() == "postgresql":
        return _postgresql(url, read_only=read_only, waits=waits)
    path = Path(str(url.database))
    if not read_only:
        _make_folder(path.parent)
    file_url = url.set(database=f"file:{quote(str(path.absolute()))}",
                       query={"mode": "ro" if read_only else "rwc", "uri": "true"})
    engine = sa.create_engine(file_url, connect_args={"timeout": waits.patience}, pool_size=waits.pool, pool_timeout=waits.free)
    sa.event.listen(engine, "connect", _on_connect_read_only if read_only else _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def _postgresql(url: URL, *, read_only: bool, waits: Waits) -> Engine:
    """A pool whose connections are tried before use, so that a server that was restarted is found again by itself."""
    engine = sa.create_engine(
        url, pool_size=waits.pool, max_overflow=2, pool_timeout=waits.free, pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3},
        execution_options={"postgresql_readonly": read_only})
    known: dict[str, Any] = engine.dialect.ischema_names  # type: ignore[attr-defined]
    engine.dialect.ischema_names = {**known, "geometry": ReflectedGeometry}  # type: ignore[attr-defined]

    def on_connect(connection: Any, _record: object) -> None:
        # compiling a plan costs more than it saves in statements of milliseconds
        connection.execute("SET jit = off")
        connection.execute(f"SET statement_timeout = {int(waits.statement * 1000)}")
        connection.commit()

    sa.event.listen(engine, "connect", on_connect)
    sa.event.listen(engine, "close", lambda _connection, record: bulkreads.forget(record.info))
    return engine


class ReflectedGeometry(sa.types.UserDefinedType[Any]):
    """A PostGIS column as the server describes it.

    GeoAlchemy2's own type asks, whenever a table is looked at, for its spatial indexes in every schema of the database, and fails
    if one of another program is dropped meanwhile.
    """

    cache_ok = True

    def __init__(self, shape: str = "GEOMETRY", srid: str = "0") -> None:
        self.shape, self.srid = shape, srid

    def get_col_spec(self, **_options: Any) -> str:
        """The type as SQL."""
        return f"geometry({self.shape.upper()},{self.srid})"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"数据存储的目录 {folder} 无法建立：{error.strerror}",
            f"the store's folder {folder} cannot be made: {error.strerror}",
            remedy_zh="请检查路径与权限，或用 RISKMAP_HOME 指定另一个目录。",
            remedy_en="Check path and permissions, or name another folder by RISKMAP_HOME.", folder=str(folder)) from error


def _on_connect_read_only(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # or the driver would end transactions around DDL
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _on_connect(connection: Any, record: object) -> None:
    _on_connect_read_only(connection, record)
    connection.execute("PRAGMA journal_mode = wal")


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn whatever a driver raises into a StoreError that says what to do; no SQL and no password leaves here.

    Raises
    ------
    StoreError
        Instead of every error of SQLAlchemy, SQLite or psycopg.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        raise _store_error(url, cause) from error


def _store_error(url: URL, cause: BaseException) -> StoreError:
    shown = url.render_as_string(hide_password=True)
    text = str(cause).lower()
    detail = str(cause).strip().split("\n")[0][:200]
    unknown = (f"出错：{detail}", f"failed: {detail}", "", "")
    zh, en, remedy_zh, remedy_en = next((said for words, *said in _CAUSES if any(word in text for word in words)), unknown)
    return StoreError(f"数据存储 {shown} {zh}", f"the store {shown} {en}", remedy_zh=remedy_zh, remedy_en=remedy_en, store=shown)


#: Words in a driver's message → what it means and what to do, in both languages; the first that fits is taken.
_CAUSES: tuple[tuple[tuple[str, ...], str, str, str, str], ...] = (
    (("locked", "lock timeout", "lock_timeout", "deadlock"),
     "正被另一个进程写入", "is being written by another process",
     "请等另一次导入或评估结束后再试。", "Wait until the other load or run has ended and try again."),
    (("queuepool",),
     "的连接都在使用中", "has no free connection",
     "请稍后再试，或增大 RISKMAP_STORE_POOL。", "Try again later, or raise RISKMAP_STORE_POOL."),
    (("statement timeout",),
     "的查询超时", "took too long to answer",
     "请缩小查询范围，或增大 RISKMAP_STORE_STATEMENT_S。", "Ask for less, or raise RISKMAP_STORE_STATEMENT_S."),
    (("not a database", "malformed", "disk image", "file is encrypted"),
     "的文件已损坏，或不是 SQLite 数据库", "is corrupt or is no SQLite database",
     "请从备份恢复该文件，或移开它后重新执行 riskmap init 与导入。",
     "Restore the file from a backup, or move it away, then run riskmap init and load again."),
    (("no such table", "undefinedtable", 'relation "'),
     "尚未初始化", "has not been initialised", "请先执行 riskmap init。", "Run riskmap init first."),
    (("no such column", "undefinedcolumn", 'column "'),
     "的结构较旧", "has an older structure", "请先执行 riskmap init 升级。", "Run riskmap init to upgrade it."),
    (("password authentication", "no password supplied", "role \"", "authentication failed", "permission denied"),
     "拒绝了登录或访问", "refused the login or the access",
     "请检查 RISKMAP_STORE 中的用户、口令与权限。", "Check user, password and privileges in RISKMAP_STORE."),
    (("readonly", "read-only"),
     "以只读方式打开，不能写入", "is open for reading only", "请以可写方式打开。", "Open it for writing."),
    (("unable to open database", "is a directory", "not a directory"),
     "的文件不存在或无法打开", "cannot be opened: the file is missing or not accessible",
     "请检查路径与权限，或执行 riskmap init。", "Check path and permissions, or run riskmap init."),
    (("disk is full", "no space left", "disk i/o"),
     "无法写入：磁盘已满或有故障", "cannot be written: the disk is full or failing",
     "请清理磁盘空间后重试；此前的数据未受影响。", "Free some space and try again; what was stored before is intact."),
    (("does not exist",),
     "不存在该数据库或缺少 PostGIS 扩展", "does not exist or lacks the PostGIS extension",
     "请建库并执行 CREATE EXTENSION postgis。", "Create the database and run CREATE EXTENSION postgis."),
    (("connection refused", "could not connect", "connection failed", "timeout expired", "connection timeout",
      "could not translate", "failed to resolve", "name or service", "server closed", "connection is lost", "is starting up",
      "terminating connection", "is shutting down", "connection is closed", "consuming input failed", "the connection"),
     "无法连接", "cannot be reached",
     "请检查 PostgreSQL 是否在运行、地址与端口是否正确。", "Check that PostgreSQL is running and that host and port are right."),
)
