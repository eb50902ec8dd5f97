"""One load in one transaction: what differs is written, what is refused is set aside, and both are recorded."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store import rows
from geo.store.quarantine import Rejected
from geo.store.schema import LOAD, META, QUARANTINE
from geo.store.validate import Checked

#: Called with the stage (Chinese), how much is done, and how much there is in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LoadReport:
    """What one load did.

    Attributes
    ----------
    kind : str
        Kind that was loaded.
    inserted, updated, unchanged, removed : int
        Rows that are new, replaced, the same as before, and ended (only a complete load ends rows).
    quarantined : int
        Rows that were refused and set aside.
    seconds : float
        Time it took.
    """

    kind: str
    inserted: int
    updated: int
    unchanged: int
    removed: int
    quarantined: int
    seconds: float

    @property
    def changed(self) -> bool:
        """Whether the store is another one than before."""
        return bool(self.inserted or self.updated or self.removed)


@dataclass(frozen=True)
class Load:
    """A validated load that waits to be written.

    Attributes
    ----------
    kind : Kind
        Declaration of its rows.
    source : str
        File or feed it comes from.
    checked : Checked
        Good rows.
    refused : list of Rejected
        Faults of the others.
    complete : bool
        Whether rows of the same source that it lacks are to be removed.
    started : datetime
        When it began.
    clock : float
        The same as a performance counter.
    """

    kind: Kind
    source: str
    checked: Checked
    refused: list[Rejected]
    complete: bool
    started: datetime
    clock: float


@dataclass(frozen=True)
class _Plan:
    """Which rows of a load are written (positions) and which ids go."""

    new: NDArray[np.int64]
    changed: NDArray[np.int64]
    removed: list[str]


def apply(connection: Connection, load: Load, tell: Progress) -> LoadReport:
    """Write a load inside the caller's transaction."""
    plan = _plan(connection, load)
    load_id = int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(LOAD.c.id), 0) + 1)).scalar_one())
    _write(connection, load, plan, load_id, tell)
    connection.execute(sa.delete(QUARANTINE).where(QUARANTINE.c.kind == load.kind.name, QUARANTINE.c.file == load.source))
    if load.refused:
        common = {"load_id": load_id, "kind": load.kind.name, "file": load.source}
        connection.execute(sa.insert(QUARANTINE), [{**common, **row.__dict__} for row in load.refused])
    report = LoadReport(
        kind=load.kind.name, inserted=len(plan.new), updated=len(plan.changed), removed=len(plan.removed),
        unchanged=len(load.checked.table) - len(plan.new) - len(plan.changed),
        quarantined=len({row.row for row in load.refused}), seconds=round(time.perf_counter() - load.clock, 3))
    _record(connection, load_id, load, report)
    if report.changed:
        count_change(connection)
    return report


def _plan(connection: Connection, load: Load) -> _Plan:
    stored, _ = rows.fetch(connection, load.kind, ["id", "content", "load_id"])
    ids, content = load.checked.table["id"], load.checked.table["content"].to_numpy()
    at = pc.fill_null(pc.index_in(ids, stored["id"]), -1).to_numpy()
    new = np.flatnonzero(at < 0)
    if not len(stored):
        return _Plan(new, np.empty(0, np.int64), [])
    changed = np.flatnonzero((at >= 0) & (stored["content"].to_numpy()[at] != content))
    return _Plan(new, changed, _absent(connection, load, stored) if load.complete else [])


def _absent(connection: Connection, load: Load, stored: pa.Table) -> list[str]:
    """Ids that earlier loads of this source wrote and this one does not hold, good or refused."""
    same_source = sa.select(LOAD.c.id).where(LOAD.c.kind == load.kind.name, LOAD.c.source == load.source)
    mine = pc.is_in(stored["load_id"], pa.array(list(connection.execute(same_source).scalars()), pa.int64()))
    absent = pc.and_(mine, pc.invert(pc.is_in(stored["id"], load.checked.table["id"].combine_chunks())))
    return [one for one in stored["id"].filter(absent).to_pylist() if one not in load.checked.bad_ids]


def _write(connection: Connection, load: Load, plan: _Plan, load_id: int, tell: Progress) -> None:
    table, written = load.checked.table, np.union1d(plan.new, plan.changed)
    gone = [*table["id"].take(pa.array(plan.changed)).to_pylist(), *plan.removed]
    if len(written) or gone:
        rows.replace(connection, load.kind, gone, table.take(pa.array(written)), load.checked.geometry[written], load_id,
                     lambda done: tell(f"载入{load.kind.zh}", done, len(written)))


def _record(connection: Connection, load_id: int, load: Load, report: LoadReport) -> None:
    counts = {name: getattr(report, name) for name in ("inserted", "updated", "unchanged", "removed", "quarantined")}
    sha = hashlib.sha256(load.checked.table["content"].to_numpy().tobytes()).hexdigest()
    connection.execute(sa.insert(LOAD).values(
        id=load_id, kind=report.kind, source=load.source, started=load.started.isoformat(),
        finished=datetime.now(UTC).isoformat(), sha=sha, **counts))


def count_change(connection: Connection) -> None:
    """Make the store's version another one."""
    changes = int(connection.execute(sa.select(META.c.value).where(META.c.key == "changes")).scalar_one())
    connection.execute(sa.update(META).where(META.c.key == "changes").values(value=str(changes + 1)))
