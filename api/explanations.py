"""Explanations kept ready: the evidence of a snapshot is read and the kernels are loaded before somebody asks."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import structlog

from api.answers import dumps
from api.current import Snapshots
from api.metrics import serves
from geo.errors import RiskMapError
from layers.collections import collection_names
from layers.reader import Snapshot

_log = structlog.get_logger(__name__)

#: Explanations that are remembered per snapshot; the city's alone costs seconds.
_REMEMBERED = 512

#: How often the pointer is looked at for a new snapshot to prepare.
_LOOK_S = 1.0


class Explanations:
    """Explanations of one snapshot as JSON, each made once.

    Parameters
    ----------
    snapshot : Snapshot

    Raises
    ------
    SnapshotError
        If its evidence cannot be read.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        from layers.explain import Explainer  # compiles kernels: not for those who only read the map

        self._explainer = Explainer(snapshot)
        self.cell = lru_cache(maxsize=_REMEMBERED)(self._cell)
        self.area = lru_cache(maxsize=_REMEMBERED)(self._area)

    def _cell(self, cell_id: str, limit: int) -> bytes:
        return dumps(self._explainer.cell(cell_id, limit))

    def _area(self, code: str, limit: int) -> bytes:
        return dumps(self._explainer.area(code, limit))


@lru_cache(maxsize=2)
def explanations(snapshot: Snapshot) -> Explanations:
    """The explanations of a snapshot; those of the last two are kept."""
    return Explanations(snapshot)


async def keep_warm(snapshots: Snapshots, *, limit: int) -> None:
    """Open every new snapshot as soon as it is published and prepare its explanations, until cancelled."""
    warm: Any = None
    while True:
        try:
            snapshot = await snapshots.current()
            if snapshot.run_id != warm:
                warm = snapshot.run_id
                await asyncio.to_thread(_prepare, snapshot, limit)
        except RiskMapError as error:
            _log.info("nothing to prepare", reason=error.en)
        await asyncio.sleep(_LOOK_S)


def _prepare(snapshot: Snapshot, limit: int) -> None:
    serves(datetime.fromisoformat(snapshot.manifest["created"]).timestamp())
    ready = explanations(snapshot)
    worst = int(np.argmax(snapshot.cells.numbers("s"))) if len(snapshot.cells) else None
    if worst is not None:
        ready.cell(str(snapshot.cells.texts("id")[worst]), limit)
    for record in snapshot.area_records(snapshot.area_rows("city")):
        ready.area(record["code"], limit)
    for name in collection_names(snapshot):
        _ = snapshot.collection(name).geometry
