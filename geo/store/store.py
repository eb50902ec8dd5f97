"""The store: system of record of every feature, raster, load and run, on one SQLite file or on PostGIS."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from geo.errors import BadParameter
from geo.kinds import kind as find_kind
from geo.store import backup, editing, migrate, records, roles
from geo.store.archive import Manifest
from geo.store.engine import Waits, parse_url
from geo.store.loading import Loading, LoadReport, Origin, Parts, Progress, few_ids, silent
from geo.store.quarantine import Rejected
from geo.store.reader import Reader
from geo.store.schema import META

if TYPE_CHECKING:
    from geo.settings import Settings


def open_store(where: str | Settings, *, read_only: bool = False, patience: float = 10.0) -> Store:
    """Open the store at a URL, or the one that the settings name.

    Parameters
    ----------
    where : str or Settings
        Settings, whose pool and waits are then used; or an SQLAlchemy URL: ``sqlite:///path`` (the file is made if it is
        missing) or ``postgresql://user:password@host/database``.
    read_only : bool
        Refuse every write; a missing SQLite file is then an error.
    patience : float
        Seconds that a writer waits for another one before it gives up.

    Raises
    ------
    BadParameter
        If the URL is not understood.
    StoreError
        If the server cannot be reached, the file is corrupt or locked, or the store was written by a newer version.
    """
    if isinstance(where, str):
        return Store(parse_url(where), read_only=read_only, waits=Waits(patience=patience))
    waits = Waits(patience, where.store_pool, where.store_wait_s, where.store_statement_s)
    return Store(parse_url(where.store_url), read_only=read_only, waits=waits)


class Store(Reader):
    """The system of record; made by :func:`open_store`, closed by :meth:`close` or as a context manager.

    One instance may be used from several threads; write transactions of different threads wait for each other.
    """

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Let everything inside happen as a whole or not at all, whatever interrupts it.

        Parameters
        ----------
        keep : bool
            False for a rehearsal: everything happens, can be read inside, and is undone at the end.

        Raises
        ------
        StoreError
            If another writer does not finish in time, or the store is read-only.
        """
        with self._writing(keep=keep):
            yield

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Inside a transaction: undo what is done in here if it fails, and let the transaction go on."""
        with self._writing() as connection, connection.begin_nested():
            yield

    def init(self) -> None:
        """Make the tables, or bring them to the newest revision; nothing if they are there.

        Raises
        ------
        StoreError
            If the store cannot be written or lacks the PostGIS extension.
        """
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
            migrate.upgrade(connection)
            for key, value in (("uuid", uuid.uuid4().hex), ("changes", "0"), ("cursor_key", secrets.token_hex(16))):
                if records.meta(connection, key) is None:
                    connection.execute(sa.insert(META).values(key=key, value=value))

    def write_revision(self, message: str) -> Path | None:
        """Write the migration script that brings these tables to the declared kinds (for developers); None if they are there."""
        if not self.structure_differences():
            return None
        with self._writing() as connection:
            return migrate.write_revision(connection, message)

    def grant_reader(self, role: str, password: str | None = None) -> bool:
        """Let a PostgreSQL role read everything here and write nothing; the role is made if there is none.

        Returns
        -------
        bool
            Whether the role was made.

        Raises
        ------
        BadParameter
            If the store is a SQLite file, or it is no name of a role.
        StoreError
            If this user may not make roles or grant.
        """
        with self._writing() as connection:
            return roles.grant_reader(connection, role, password)

    def load(self, kind: str, parts: Parts, *, source: str, complete: bool = False, progress: Progress | None = None,
             rejected: Iterable[Rejected] = (), by: str = "", total: int = 0, findings: Iterable[Mapping[str, Any]] = (),
             mends: Collection[tuple[str, int]] | None = None) -> LoadReport:
        """Write rows of one kind: new ids are inserted, changed rows replaced, equal rows left alone; all of it or nothing.

        Rows that break the declaration go to quarantine, which shows the last load of each source; the rest is loaded. What a
        row was before stays in its history.

        Parameters
        ----------
        kind : str
            Kind of the rows.
        parts : DataFrame, Arrow table or record batch, or iterable of them
            Declared fields by code name and ``geometry`` (Shapely or WKB in CGCS2000 degrees). An iterable is consumed inside
            the transaction and never held as a whole; what it raises undoes the load.
        source : str
            File or feed that the rows come from; names the load and the quarantine's entries.
        complete : bool
            The rows are everything that this source has to say of the kind: rows that an earlier load of the same source
            wrote and that are not among these are removed (but never a row that stands refused among them).
        progress : callable, optional
            Called with stage, rows done, rows in all (0: not known).
        rejected : iterable of Rejected
            Rows that the reader of the file refused; looked at after the last part.
        by : str
            Who loads, for the history.
        total : int
            How many rows there will be, if that is known; for `progress` alone.
        findings : iterable of mapping
            What the reader found out about the file as a whole; kept with the load, looked at after the last part.
        mends : collection of (str, int), optional
            The rows take the place of these quarantined ones (file, row) and leave the others of the source there.

        Raises
        ------
        UnknownIdentifier
            If there is no such kind.
        BadFile
            If a required column is missing or one is not declared.
        StoreError
            If the store cannot be written; nothing has changed then.
        """
        declared = find_kind(kind)
        origin, only = Origin(source, by, "load", complete, mends), few_ids(parts, complete)
        if isinstance(parts, pd.DataFrame | pa.Table | pa.RecordBatch):
            parts, total = [parts], len(parts)
        with self._writing() as connection:
            loading = Loading(connection, declared, origin, progress or silent, total, only)
            for part in parts:
                loading.add(part)
            return loading.finish(rejected, findings)

    def edit(self, kind: str, id: str, changes: Mapping[str, Any], *, by: str) -> LoadReport:
        """Change some fields (or the geometry) of one row.

        Parameters
        ----------
        changes : mapping
            New values by field; None takes a value away.
        by : str
            Who does it.

        Raises
        ------
        NotFound
            If there is no row of this id.
        BadRow
            If the row would break its declaration.
        """
        declared = find_kind(kind)
        with self._writing() as connection:
            return editing.edit(connection, declared, id, changes, by)

    def retire(self, kind: str, ids: Sequence[str], *, by: str) -> LoadReport:
        """Take rows out of the ledger; they stay in its history.

        Raises
        ------
        NotFound
            If one of the ids is not there.
        """
        declared = find_kind(kind)
        with self._writing() as connection:
            return editing.retire(connection, declared, ids, by)

    def restore(self, path: Path, *, rasters: Path | None = None, replace: bool = False,
                progress: Progress | None = None) -> Manifest:
        """Put a backup, of this engine or the other, in the place of what the store holds; all of it or nothing.

        Parameters
        ----------
        path : Path
            The backup.
        rasters : Path, optional
            Folder that its rasters are written to.
        replace : bool
            Needed if the store holds anything.
        progress : callable, optional
            Called with stage, done, total.

        Raises
        ------
        BadFile
            If the backup is damaged or newer than this program; the store is as before.
        BadParameter
            If the store holds something and `replace` is not said.
        StoreError
            If the store cannot be written; it is as before.
        """
        with self._writing() as connection:
            if not replace and records.loads(connection, 1):
                raise BadParameter("数据存储不是空的", "the store is not empty", remedy_zh="确认要替换全部内容时加上 --replace。",
                                   remedy_en="Add --replace if everything in it is to go.")
            return backup.read_backup(connection, path, rasters, progress or silent)

    def put_raster(self, name: str, path: Path, sha256: str) -> None:
        """Register a raster file under a name; it takes the place of the one before."""
        with self._writing() as connection:
            records.put_raster(connection, name, path, sha256)

    def record_run(self, record: Mapping[str, Any]) -> None:
        """Write down a run, or what is new of it: ``run_id`` names it, ``state``, ``started`` and ``finished`` are looked at.

        Raises
        ------
        BadParameter
            If the record has no ``run_id`` or is not JSON.
        """
        row = records.run_row(record)
        with self._writing() as connection:
            records.record_run(connection, row)
