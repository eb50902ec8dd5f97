"""Which snapshot is served: the pointer on disk is looked at on every request, so a new night needs no restart."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog

from geo.errors import BadParameter, NotFound, RiskMapError, SnapshotError
from layers.integrity import damage
from layers.reader import Snapshot
from layers.snapshot import SnapshotInfo, current_run_id, list_snapshots

_log = structlog.get_logger(__name__)

#: Snapshots that stay open: the current one and those whose tiles an open page may still ask for.
_KEEP_OPEN = 3

#: A snapshot that could not be opened is tried again after this time.
_RETRY_S = 5.0


class Snapshots:
    """The open snapshots of one home.

    Parameters
    ----------
    directory : Path
        Folder of all snapshots.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._open: OrderedDict[str, Snapshot] = OrderedDict()
        self._last_good: str | None = None
        self._broken: tuple[str, float] = ("", 0.0)
        self._listed: tuple[tuple[int, str | None], list[SnapshotInfo]] | None = None
        self._lock = asyncio.Lock()

    def opened(self, run_id: str) -> Snapshot | None:
        """The snapshot of this id if it is open already; never waits."""
        return self._open.get(run_id)

    def current_id(self) -> str | None:
        """Id that the pointer on disk names now."""
        return current_run_id(self.directory)

    async def current(self) -> Snapshot:
        """The snapshot that the pointer names; the last good one when that cannot be opened.

        Raises
        ------
        SnapshotError
            If there is none.
        """
        run_id = self.current_id()
        found = self._open.get(run_id) if run_id else None
        if found is not None:
            self._last_good = run_id
            return found
        if run_id is None and self._last_good is None:
            raise SnapshotError("还没有发布过快照", "no snapshot has been published")
        return await self._switch(run_id)

    async def at(self, moment: str) -> Snapshot:
        """The snapshot of a past time: the newest one made until then.

        Parameters
        ----------
        moment : str
            A day (until its end, in the zone of the snapshots), a date-time with zone, or the id of a run.

        Raises
        ------
        BadParameter
            If it is none of them.
        NotFound
            If there is none as old, or of this id.
        """
        kept = await asyncio.to_thread(self.kept)
        found = next((info for info in kept if info.run_id == moment), None)
        if found is None:
            until = _moment(moment)
            found = next((info for info in kept if _before(info, until)), None)
        if found is None:
            oldest = f"{kept[-1].created:%Y-%m-%d}" if kept else "—"
            raise NotFound(f"{moment[:40]} 时没有快照", f"there is no snapshot as of {moment[:40]}",
                           remedy_zh=f"最早的快照是 {oldest}；全部快照见 /api/runs。",
                           remedy_en=f"The oldest is of {oldest}; see /api/runs.", parameter="as-of")
        return await self.open(found.run_id)

    def kept(self) -> list[SnapshotInfo]:
        """All complete snapshots, newest first; read again when the folder has changed."""
        try:
            state = (self.directory.stat().st_mtime_ns, self.current_id())
        except OSError:
            return []
        if self._listed is None or self._listed[0] != state:
            self._listed = (state, list_snapshots(self.directory))
        return self._listed[1]

    async def _switch(self, run_id: str | None) -> Snapshot:
        broken, since = self._broken
        if run_id is not None and (run_id != broken or time.monotonic() - since > _RETRY_S):
            try:
                snapshot = await self.open(run_id)
            except RiskMapError as error:
                self._broken = (run_id, time.monotonic())
                _log.error("snapshot cannot be opened, the last one stays", run=run_id, detail=error.en)
            else:
                self._last_good = run_id
                return snapshot
        last = self._open.get(self._last_good or "")
        if last is None:
            raise SnapshotError("快照无法打开", "the snapshot cannot be opened")
        return last

    async def open(self, run_id: str) -> Snapshot:
        """The snapshot of this id, opened in a thread when it is not yet.

        Raises
        ------
        NotFound
            If there is none of this id.
        SnapshotError
            If it cannot be read.
        """
        async with self._lock:
            found = self._open.get(run_id)
            if found is None:
                folder = self.directory / run_id
                if not run_id.replace("-", "").replace("_", "").isalnum() or not (folder / "manifest.json").is_file():
                    raise NotFound(f"没有快照 {run_id}", f"there is no snapshot {run_id}", run=run_id)
                found = await asyncio.to_thread(_load, folder)
                self._open[run_id] = found
                self._forget()
            self._open.move_to_end(run_id)
            return found

    def _forget(self) -> None:
        """Let go of the longest unused ones; whoever still answers from one keeps it alive until done."""
        for run_id in [run_id for run_id in self._open if run_id != self._last_good][:-_KEEP_OPEN]:
            del self._open[run_id]


def _load(folder: Path) -> Snapshot:
    """Open a snapshot, see that every byte is the published one, and read what pages ask for first; not in the event loop.

    Raises
    ------
    SnapshotError
        If it is damaged.
    """
    snapshot = Snapshot(folder)
    found = damage(snapshot)
    if found:
        raise SnapshotError(f"快照 {snapshot.run_id} 已损坏：{found[0].file} {found[0].zh}",
                            f"snapshot {snapshot.run_id} is damaged: {found[0].file}: {found[0].en}", run=snapshot.run_id)
    for table in (snapshot.kinds, snapshot.areas, snapshot.cells, snapshot.tiles, snapshot.bounds):
        if not len(table):
            _log.warning("snapshot has an empty part", run=snapshot.run_id)
    return snapshot


def _moment(text: str) -> datetime | date:
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign in an address is a space
        if moment.tzinfo is None:
            raise ValueError("without zone")
    except ValueError as error:
        raise BadParameter(f"as-of“{text[:40]}”不正确", f"as-of {text[:40]!r} is wrong", parameter="as-of",
                           remedy_zh="例如 2026-05-01、2026-05-01T08:00:00+08:00，或一次计算的编号。",
                           remedy_en="For example 2026-05-01, 2026-05-01T08:00:00+08:00, or the id of a run.") from error
    return moment


def _before(info: SnapshotInfo, until: datetime | date) -> bool:
    if isinstance(until, datetime):
        return info.created <= until
    return info.created.date() < until + timedelta(days=1) if until < date.max else True
