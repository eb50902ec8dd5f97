"""What can be asked of the store: features, history, catalogue, quarantine, loads, rasters, runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from geo.errors import NotFound, StoreError
from geo.kinds import Kind
from geo.kinds import kind as find_kind
from geo.store import backup, catalogue, history, migrate, query, records
from geo.store.archive import Manifest
from geo.store.catalogue import CatalogueEntry
from geo.store.conditions import Where
from geo.store.connections import Connections
from geo.store.engine import Waits
from geo.store.frames import to_frame
from geo.store.history import Change
from geo.store.loading import Progress, silent
from geo.store.quarantine import QUARANTINE_COLUMNS
from geo.store.query import Page
from geo.store.schema import META, QUARANTINE
from geo.store.selection import Query, area


class Reader:
    """The reading half of a :class:`geo.store.Store`; every method sees committed states only, or the open transaction's."""

    def __init__(self, url: URL, *, read_only: bool = False, waits: Waits | None = None) -> None:
        self.url = url
        self.read_only = read_only
        self._connections = Connections(url, read_only=read_only, waits=waits or Waits())
        self._writing, self._reading = self._connections.writing, self._connections.reading
        try:
            self._refuse_newer()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every read inside see the same state of the store, whatever is loaded meanwhile."""
        with self._connections.snapshot():
            yield

    # -- structure ----------------------------------------------------------------------------------------------------

    def revision(self) -> str | None:
        """Revision of the tables; None if the store is empty."""
        with self._reading() as connection:
            return migrate.current(connection)

    def structure_differences(self) -> list[Any]:
        """What the tables lack against the declared kinds (Alembic's operations); empty if all is well."""
        with self._reading() as connection:
            return migrate.differences(connection)

    def _refuse_newer(self) -> None:
        revision = self.revision()
        if revision is not None and revision not in migrate.known():
            raise StoreError(
                f"数据存储的结构版本（{revision}）比本程序新", f"the store's structure ({revision}) is newer than this program",
                remedy_zh="请升级本程序，或打开与本程序版本一致的备份。",
                remedy_en="Upgrade this program, or open a backup that fits it.", revision=revision,
            )

    def version(self) -> str:
        """Name of the store's present state; another one after every committed load that changed something."""
        with self._reading() as connection:
            values = dict(connection.execute(sa.select(META.c.key, META.c.value)).all())
            return f"{values['uuid'][:12]}-{values['changes']}"

    # -- features -----------------------------------------------------------------------------------------------------

    def read(self, kind: str, *, as_of: date | None = None, at: datetime | None = None,
             columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Rows of a kind in order of id.

        Parameters
        ----------
        kind : str
            Kind to read.
        as_of : date, optional
            Only rows valid on that day: ``valid_from`` ≤ day < ``valid_to``; a missing end is open.
        at : datetime, optional
            The rows as they stood in the store at that moment (with its time zone), whatever was loaded since.
        columns : sequence of str, optional
            Declared fields and ``geometry``; all of them by default.

        Returns
        -------
        DataFrame
            Dtypes as :func:`geo.store.frames.to_frame` says; ``geometry`` holds Shapely geometries in EPSG:4490.

        Raises
        ------
        UnknownIdentifier
            If there is no such kind or field.
        BadParameter
            If the moment has no time zone, or lies before the history.
        StoreError
            If the store cannot be read.
        """
        declared = find_kind(kind)
        return to_frame(declared, self.read_table(kind, as_of=as_of, at=at, columns=columns), _columns(declared, columns))

    def read_table(self, kind: str, *, as_of: date | None = None, at: datetime | None = None,
                   columns: Sequence[str] | None = None, polygon: shapely.Geometry | None = None,
                   bbox: Sequence[float] | None = None) -> pa.Table:
        """The same as :meth:`read`, as an Arrow table whose ``geometry`` is WKB; in a place as :meth:`query` takes it."""
        declared = find_kind(kind)
        wanted = list(dict.fromkeys(_columns(declared, columns)))
        asked = Query(declared, tuple(wanted), area(polygon, bbox), as_of=as_of)
        with self._reading() as connection:
            asked = replace(asked, at_load=_last_load(connection, at))
            return query.everything(connection, asked).select(wanted)

    def query(self, kind: str, *, polygon: shapely.Geometry | None = None, bbox: Sequence[float] | None = None,
              where: Where | None = None, columns: Sequence[str] | None = None, as_of: date | None = None,
              at: datetime | None = None, limit: int = 100, cursor: str | None = None, count: bool = False) -> Page:
        """One page of the features that fulfil everything that is asked, in bytewise order of id.

        Parameters
        ----------
        kind : str
            Kind of the features.
        polygon : Polygon or MultiPolygon, optional
            They meet it (its border included), CGCS2000 degrees.
        bbox : sequence of float, optional
            They meet this box: west, south, east, north.
        where : Comparison, And, Or, Not, optional
            Conditions on their fields.
        columns : sequence of str, optional
            What is wanted of them; everything by default.
        as_of : date, optional
            They are valid on that day.
        at : datetime, optional
            As they stood in the store at that moment (with its time zone), whatever was loaded since.
        limit : int
            Rows of a page.
        cursor : str, optional
            The `cursor` of the page before, with the same question.
        count : bool
            Say how many there are: exactly up to 10,000, estimated above.

        Raises
        ------
        BadGeometry, BadParameter, UnknownIdentifier
            If polygon, condition, cursor, kind or field is not right.
        """
        declared = find_kind(kind)
        asked = Query(declared, tuple(_columns(declared, columns)), area(polygon, bbox), where, as_of)
        with self._reading() as connection:
            asked = replace(asked, at_load=_last_load(connection, at))
            return query.page(connection, asked, limit=limit, cursor=cursor, count=count)

    def search(self, polygon: shapely.Polygon | shapely.MultiPolygon, kinds: Sequence[str], *,
               as_of: date | None = None, at: datetime | None = None) -> dict[str, pd.DataFrame]:
        """Rows of some kinds whose geometry meets a polygon (its border included), each as :meth:`read` gives them.

        Parameters
        ----------
        as_of, at
            As for :meth:`read`.

        Raises
        ------
        BadGeometry
            If it is no valid polygon.
        UnknownIdentifier
            If there is no such kind.
        """
        asked = area(polygon if polygon is not None else shapely.Polygon(), None)
        declared = [find_kind(name) for name in kinds]
        with self._reading() as connection:
            stood, found = _last_load(connection, at), {}
            for one in declared:
                wanted = _columns(one, None)
                table = query.everything(connection, Query(one, tuple(wanted), asked, None, as_of, stood))
                found[one.name] = to_frame(one, table, wanted)
        return found

    def history(self, kind: str, id: str) -> list[Change]:
        """Everything that happened to the row of an id, oldest first.

        Raises
        ------
        NotFound
            If there never was one.
        """
        declared = find_kind(kind)
        with self._reading() as connection:
            found = history.changes(connection, declared, id)
        if not found:
            raise NotFound(f"没有编号为“{id}”的{declared.zh}", f"there is no {kind} {id!r}", kind=kind, id=id)
        return found

    def first_moment(self) -> datetime | None:
        """The first moment that the store can be read as of, if anything was ever loaded."""
        with self._reading() as connection:
            return records.first_moment(connection)

    def catalogue(self) -> dict[str, CatalogueEntry]:
        """Rows, extent and last change of every kind, as the loads keep them; nothing is scanned."""
        with self._reading() as connection:
            return catalogue.entries(connection)

    def counts(self) -> dict[str, int]:
        """Number of rows of every kind."""
        return {name: entry.rows for name, entry in self.catalogue().items()}

    def quarantine(self, kind: str | None = None, source: str | None = None, limit: int | None = None) -> pd.DataFrame:
        """Refused rows, of a kind or a source: kind, file, row (from 1), field, value, reasons, payload (the row as JSON)."""
        chosen = sa.select(*(QUARANTINE.c[name] for name in QUARANTINE_COLUMNS)).order_by(QUARANTINE.c.id).limit(limit)
        for column, value in ((QUARANTINE.c.kind, kind), (QUARANTINE.c.file, source)):
            chosen = chosen if value is None else chosen.where(column == value)
        with self._reading() as connection:
            return pd.DataFrame(connection.execute(chosen).all(), columns=list(QUARANTINE_COLUMNS), dtype=object)

    def loads(self, limit: int = 100, kind: str | None = None) -> list[dict[str, Any]]:
        """The last loads, newest first, of one kind if one is named.

        Each with id, kind, source, by, operation, started, finished, committed, counts, sha, findings.
        """
        with self._reading() as connection:
            return records.loads(connection, limit, None if kind is None else find_kind(kind).name)

    # -- rasters, runs, backup ----------------------------------------------------------------------------------------

    def raster(self, name: str, *, near: Path | None = None) -> Path:
        """File of a raster.

        Parameters
        ----------
        near : Path, optional
            Folder that is looked in first, by the file's name: a home that was moved or copied keeps its own rasters.

        Raises
        ------
        NotFound
            If none is registered under this name, or its file is gone.
        """
        with self._reading() as connection:
            return records.raster(connection, name, near)

    def runs(self, limit: int = 50) -> list[dict[str, Any]]:
        """Records of the last runs, newest (by start, then by id) first."""
        with self._reading() as connection:
            return records.runs(connection, limit)

    def backup(self, path: Path, *, rasters: Path | None = None, progress: Progress | None = None) -> Manifest:
        """Write everything the store holds, its history and its rasters into one checksummed file.

        Parameters
        ----------
        path : Path
            The file; it appears when it is complete and checked.
        rasters : Path, optional
            Folder that rasters are looked for in first.
        progress : callable, optional
            Called with stage, done, total.

        Raises
        ------
        EnvironmentProblem
            If the file cannot be written.
        StoreError
            If the store cannot be read, or a raster is gone.
        """
        with self._reading() as connection:
            return backup.write_backup(connection, path, rasters, progress or silent)


def _columns(kind: Kind, columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return [*(field.name for field in kind.all_fields), "geometry"]
    for name in columns:
        if name != "geometry":
            kind.field(name)
    return list(columns)


def _last_load(connection: Connection, at: datetime | None) -> int | None:
    return None if at is None else records.last_load(connection, at)
