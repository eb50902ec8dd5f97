"""Which snapshot is served: the pointer on disk is looked at on every request, so a new night needs no restart."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from pathlib import Path

import structlog

from geo.errors import NotFound, RiskMapError, SnapshotError
from layers.reader import Snapshot
from layers.snapshot import current_run_id

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
    """Open a snapshot and read what every page asks for first, away from the event loop."""
    snapshot = Snapshot(folder)
    for table in (snapshot.areas, snapshot.cells, snapshot.tiles, snapshot.bounds):
        if not len(table):
            _log.warning("snapshot has an empty part", run=snapshot.run_id)
    return snapshot
