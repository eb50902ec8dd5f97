"""Connections and transactions: one writer at a time, readers that see one state, whatever the engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL, Connection

from geo.errors import StoreError
from geo.store.behind import abandon, settle
from geo.store.engine import Waits, make_engine, translated
from geo.store.records import stamp

#: First half of the key of PostgreSQL's advisory lock (the second is the schema): one writer at a time, as in SQLite.
_WRITER_LOCK = 0x7269736B


class Connections:
    """The engine of one store with the transaction that each thread has open.

    Parameters
    ----------
    url : URL
        Where the store is.
    read_only : bool
        Refuse every write.
    waits : Waits
        Size of the pool, and how long to wait for what.
    """

    def __init__(self, url: URL, *, read_only: bool, waits: Waits) -> None:
        self.url = url
        self.read_only = read_only
        self.waits = waits
        self._held = threading.local()
        self._writer = threading.RLock()
        with translated(url):
            self._engine = make_engine(url, read_only=read_only, waits=waits)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return str(self._engine.dialect.name)

    @property
    def writing_now(self) -> bool:
        """Whether this thread has a write transaction open."""
        return getattr(self._held, "connection", None) is not None and self._held.write

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def writing(self, *, keep: bool = True) -> Iterator[Connection]:
        """The thread's write transaction, opened if there is none; committed as a whole at its end, unless `keep` is false.

        Raises
        ------
        StoreError
            If another writer does not finish in time, the store is read-only, or this thread is reading a snapshot.
        """
        held: Connection | None = getattr(self._held, "connection", None)
        if held is not None:
            if not (self._held.write and keep):
                raise StoreError("当前事务内不能再开始写入或试写", "no write or rehearsal can begin inside this transaction")
            settle(held)
            yield held
            return
        if self.read_only:
            raise StoreError("数据存储以只读方式打开，不能写入", "the store is open for reading only")
        with self._writer, translated(self.url), self._engine.connect().execution_options(write=True) as connection, \
                connection.begin() as transaction:
            self._take_lock(connection)
            with self._holding(connection, write=True):
                yield connection
                settle(connection)
                if keep:
                    stamp(connection)
                else:
                    transaction.rollback()

    def _take_lock(self, connection: Connection) -> None:
        if self.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(self.waits.patience * 1000)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK}, hashtext(current_schema()))")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The thread's open transaction, or one for reading that sees one state of the store from first to last statement."""
        held: Connection | None = getattr(self._held, "connection", None)
        if held is not None:
            settle(held)
            yield held
            return
        with translated(self.url), self._engine.connect() as connection:
            if self.dialect == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every read of this thread inside see the same state."""
        with self.reading() as connection:
            if getattr(self._held, "connection", None) is not None:
                yield
                return
            with self._holding(connection, write=False):
                yield

    @contextmanager
    def _holding(self, connection: Connection, *, write: bool) -> Iterator[None]:
        self._held.connection, self._held.write = connection, write
        try:
            yield
        finally:
            self._held.connection = None
            abandon(connection)
