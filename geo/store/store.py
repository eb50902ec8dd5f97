"""The store: system of record of every feature, raster, load and run, on one SQLite file or on PostGIS."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from geo.errors import BadGeometry, BadParameter, NotFound, StoreError
from geo.kinds import KINDS, Kind
from geo.kinds import kind as find_kind
from geo.store import migrate, rows
from geo.store.engine import make_engine, parse_url, translated
from geo.store.frames import to_frame
from geo.store.loading import Load, LoadReport, Progress, apply, count_change
from geo.store.quarantine import QUARANTINE_COLUMNS, Rejected, quarantine_rows
from geo.store.schema import LOAD, META, QUARANTINE, RASTER, RUN, TABLES
from geo.store.validate import validate

#: Key of PostgreSQL's advisory lock: one writer at a time, as in SQLite.
_WRITER_LOCK = 0x7269736B6D6170


def open_store(url: str, *, read_only: bool = False, patience: float = 10.0) -> Store:
    """Open the store at a URL.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: ``sqlite:///path`` (the file is made if it is missing) or ``postgresql://user:password@host/database``.
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
    return Store(parse_url(url), read_only=read_only, patience=patience)


class Store:
    """The system of record; made by :func:`open_store`, closed by :meth:`close` or as a context manager.

    One instance may be used from several threads; transactions of different threads wait for each other.
    """

    def __init__(self, url: URL, *, read_only: bool = False, patience: float = 10.0) -> None:
        self.url = url
        self.patience = patience
        self.read_only = read_only
        self._open = threading.local()
        self._writer = threading.RLock()
        with translated(url):
            self._engine = make_engine(url, read_only=read_only, patience=patience)
        try:
            self._refuse_newer()
        except BaseException:
            self._engine.dispose()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # -- transactions -------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let everything inside happen as a whole or not at all, whatever interrupts it.

        Raises
        ------
        StoreError
            If another writer does not finish in time, or the store is read-only.
        """
        with self._writing():
            yield

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        held: Connection | None = getattr(self._open, "connection", None)
        if held is not None:
            yield held
            return
        if self.read_only:
            raise StoreError("数据存储以只读方式打开，不能写入", "the store is open for reading only")
        with self._writer, translated(self.url), self._engine.connect().execution_options(write=True) as connection, \
                connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(self.patience * 1000)}")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
            self._open.connection = connection
            try:
                yield connection
            finally:
                self._open.connection = None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        held: Connection | None = getattr(self._open, "connection", None)
        if held is not None:
            yield held
            return
        with translated(self.url), self._engine.connect() as connection, connection.begin():
            yield connection

    # -- structure ----------------------------------------------------------------------------------------------------

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
            if connection.execute(sa.select(META.c.value).where(META.c.key == "uuid")).scalar() is None:
                first = {"uuid": uuid.uuid4().hex, "changes": "0"}
                connection.execute(sa.insert(META), [{"key": key, "value": value} for key, value in first.items()])

    def revision(self) -> str | None:
        """Revision of the tables; None if the store is empty."""
        with self._reading() as connection:
            return migrate.current(connection)

    def structure_differences(self) -> list[Any]:
        """What the tables lack against the declared kinds (Alembic's operations); empty if all is well."""
        with self._reading() as connection:
            return migrate.differences(connection)

    def write_revision(self, message: str) -> Path | None:
        """Write the migration script that brings these tables to the declared kinds (for developers); None if they are there."""
        if not self.structure_differences():
            return None
        with self._writing() as connection:
            return migrate.write_revision(connection, message)

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

    def load(self, kind: str, frame: pd.DataFrame, *, source: str, complete: bool = False, progress: Progress | None = None,
             rejected: Iterable[Rejected] = ()) -> LoadReport:
        """Write the rows of one kind: new ids are inserted, changed rows replaced, equal rows left alone.

        Rows that break the declaration go to quarantine, which shows the last load of each source; the rest is loaded.

        Parameters
        ----------
        kind : str
            Kind of the rows.
        frame : DataFrame
            Declared fields by code name and ``geometry`` (Shapely or WKB in CGCS2000 degrees).
        source : str
            File or feed that the rows come from; names the load and the quarantine's entries.
        complete : bool
            The frame holds everything that this source has to say of the kind: rows that an earlier load of the same source
            wrote and that the frame does not hold are removed (but never a row that stands refused in the frame).
        progress : callable, optional
            Called with stage, rows done, rows in all.
        rejected : iterable of Rejected
            Rows that the reader of the file refused already; they are quarantined with the rest.

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
        started, clock = datetime.now(UTC), time.perf_counter()
        tell = progress or _silent
        tell(f"校验{declared.zh}", 0, len(frame))
        checked = validate(declared, frame)
        refused = [*rejected, *quarantine_rows(frame, checked)]
        with self._writing() as connection:
            report = apply(connection, Load(declared, source, checked, refused, complete, started, clock), tell)
        tell(f"载入{declared.zh}", len(frame), len(frame))
        return report

    def read(self, kind: str, *, as_of: date | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Rows of a kind in order of id.

        Parameters
        ----------
        kind : str
            Kind to read.
        as_of : date, optional
            Only rows valid on that day: ``valid_from`` ≤ day < ``valid_to``; a missing end is open.
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
        StoreError
            If the store cannot be read.
        """
        declared = find_kind(kind)
        with self._reading() as connection:
            return _read(connection, declared, _columns(declared, columns), as_of=as_of)

    def search(self, polygon: shapely.Polygon | shapely.MultiPolygon, kinds: Sequence[str], *,
               as_of: date | None = None) -> dict[str, pd.DataFrame]:
        """Rows of some kinds whose geometry meets a polygon (its border included), each as :meth:`read` gives them.

        Raises
        ------
        BadGeometry
            If it is no valid polygon.
        UnknownIdentifier
            If there is no such kind.
        """
        if not isinstance(polygon, shapely.Polygon | shapely.MultiPolygon) or polygon.is_empty or not polygon.is_valid:
            raise BadGeometry(
                "查询范围不是有效的多边形", "the search area is not a valid polygon",
                remedy_zh="请检查多边形是否闭合、是否自相交。", remedy_en="Check that it is closed and does not cross itself.")
        with self._reading() as connection:
            return {
                declared.name: _read(connection, declared, _columns(declared, None), as_of=as_of, polygon=polygon)
                for declared in map(find_kind, kinds)
            }

    def counts(self) -> dict[str, int]:
        """Number of rows of every kind."""
        with self._reading() as connection:
            return {name: int(connection.execute(sa.select(sa.func.count()).select_from(TABLES[name])).scalar_one())
                    for name in KINDS}

    def quarantine(self) -> pd.DataFrame:
        """Refused rows: kind, file, row (from 1), field, value, reason_zh, reason_en, payload (the whole row as JSON)."""
        with self._reading() as connection:
            query = sa.select(*(QUARANTINE.c[name] for name in QUARANTINE_COLUMNS)).order_by(QUARANTINE.c.id)
            return pd.DataFrame(connection.execute(query).all(), columns=list(QUARANTINE_COLUMNS), dtype=object)

    def loads(self, limit: int = 100) -> list[dict[str, Any]]:
        """The last loads, newest first: id, kind, source, started, finished, the counts of the report, and sha."""
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(sa.select(LOAD).order_by(LOAD.c.id.desc()).limit(limit)).mappings()]

    # -- rasters and runs ---------------------------------------------------------------------------------------------

    def put_raster(self, name: str, path: Path, sha256: str) -> None:
        """Register a raster file under a name; it takes the place of the one before."""
        with self._writing() as connection:
            before = connection.execute(sa.select(RASTER.c.path, RASTER.c.sha256).where(RASTER.c.name == name)).one_or_none()
            if before is not None and tuple(before) == (str(path.absolute()), sha256):
                return
            connection.execute(sa.delete(RASTER).where(RASTER.c.name == name))
            connection.execute(sa.insert(RASTER).values(name=name, path=str(path.absolute()), sha256=sha256))
            if before is None or before.sha256 != sha256:
                count_change(connection)

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
            path = connection.execute(sa.select(RASTER.c.path).where(RASTER.c.name == name)).scalar()
        places = [] if path is None else [folder / Path(path).name for folder in (near,) if folder] + [Path(path)]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise NotFound(
                f"没有名为“{name}”的栅格" if path is None else f"栅格“{name}”的文件 {path} 不存在",
                f"there is no raster {name!r}" if path is None else f"the file {path} of raster {name!r} is gone",
                remedy_zh="请重新导入数据目录。", remedy_en="Load the data directory again.", raster=name)
        return found

    def record_run(self, record: Mapping[str, Any]) -> None:
        """Write down a run, or what is new of it: ``run_id`` names it, ``state``, ``started`` and ``finished`` are looked at.

        Raises
        ------
        BadParameter
            If the record has no ``run_id`` or is not JSON.
        """
        try:
            run_id, text = str(record["run_id"]), json.dumps(dict(record), ensure_ascii=False, default=str)
        except (KeyError, ValueError, TypeError) as error:
            raise BadParameter("运行记录缺少 run_id 或不能写成 JSON", "the run record lacks run_id or is not JSON") from error
        times = {name: None if record.get(name) is None else str(record[name]) for name in ("started", "finished")}
        with self._writing() as connection:
            connection.execute(sa.delete(RUN).where(RUN.c.id == run_id))
            connection.execute(sa.insert(RUN).values(id=run_id, state=str(record.get("state", "")), record=text, **times))

    def runs(self, limit: int = 50) -> list[dict[str, Any]]:
        """Records of the last runs, newest (by start, then by id) first."""
        with self._reading() as connection:
            query = sa.select(RUN.c.record).order_by(sa.func.coalesce(RUN.c.started, "").desc(), RUN.c.id.desc()).limit(limit)
            return [json.loads(text) for text in connection.execute(query).scalars()]


def _silent(_stage: str, _done: int, _total: int) -> None:
    pass


def _columns(kind: Kind, columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return [*(field.name for field in kind.all_fields), "geometry"]
    for name in columns:
        if name != "geometry":
            kind.field(name)
    return list(columns)


def _read(connection: Connection, kind: Kind, columns: list[str], *, as_of: date | None = None,
          polygon: Any = None) -> pd.DataFrame:
    table, shapes = rows.fetch(connection, kind, list(dict.fromkeys(["id", *columns])), as_of=as_of, polygon=polygon)
    return to_frame(kind, table, shapes, columns)
