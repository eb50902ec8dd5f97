"""One load in one transaction, part by part: what differs is written, what is refused is set aside, and both are recorded."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store import catalogue
from geo.store.behind import settle
from geo.store.catalogue import CatalogueEntry, Extent
from geo.store.coerce import to_text
from geo.store.content import FORMULA
from geo.store.known import Known
from geo.store.quarantine import Rejected, quarantine_rows, release
from geo.store.records import count_change, moment, next_load, record_load
from geo.store.rehash import rehash
from geo.store.schema import BOX, LOAD, QUARANTINE
from geo.store.validate import Checked, validate
from geo.store.writing import Writer

#: Called with the stage (Chinese), how much is done, and how much there is in all (0: not known).
Progress = Callable[[str, int, int], None]

#: Rows of one kind: a frame, an Arrow table or record batch, or any number of them one after the other.
Part: TypeAlias = "pd.DataFrame | pa.Table | pa.RecordBatch"
Parts: TypeAlias = "Part | Iterable[Part]"

#: Rows that are checked and written at once; bounds the memory of a load.
CHUNK = 50_000

#: A load of at most so many rows looks up its own ids instead of reading all.
FEW = 1_000

#: Quarantined rows that are written at once.
_REFUSED = 5_000


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
    load_id : int
        Number of the load.
    """

    kind: str
    inserted: int
    updated: int
    unchanged: int
    removed: int
    quarantined: int
    seconds: float
    load_id: int = 0

    @property
    def changed(self) -> bool:
        """Whether the store is another one than before."""
        return bool(self.inserted or self.updated or self.removed)


@dataclass(frozen=True)
class Origin:
    """Where the rows of a load come from.

    Attributes
    ----------
    source : str
        File or feed.
    by : str
        Who loads them.
    operation : str
        ``load``, ``edit`` or ``retire``.
    complete : bool
        Whether rows of the same source that it lacks are to be removed.
    mends : collection of (str, int) or None
        Quarantined rows (file, row) that its rows take the place of; None if it takes that of all of its source.
    """

    source: str
    by: str = ""
    operation: str = "load"
    complete: bool = False
    mends: Collection[tuple[str, int]] | None = None


class Loading:
    """A load that is going on; :meth:`add` its parts, then :meth:`finish` it, all inside one write transaction.

    Parameters
    ----------
    only : sequence of str, optional
        All ids that it can bring, if they are few: the other rows of the kind are not looked at then.
    """

    def __init__(self, connection: Connection, kind: Kind, origin: Origin, tell: Progress, total: int = 0,
                 only: Sequence[str] | None = None) -> None:
        self._connection, self._kind, self._origin, self._tell, self._total = connection, kind, origin, tell, total
        self._started, self._clock = datetime.now(UTC), time.perf_counter()
        tell(f"校验{kind.zh}", 0, total)
        if catalogue.formula(connection, kind) != FORMULA:
            rehash(connection, kind)
        self._before = catalogue.entries(connection, kind.name)[kind.name]
        self._known = Known(connection, kind, only)
        self._load_id = next_load(connection)
        self._writer = Writer(connection, kind, self._load_id, self._before.rows)
        self._seen = self._done = self._inserted = self._updated = self._removed = self._quarantined = 0
        self._bad_ids: set[str] = set()
        self._filled = set(self._before.filled)
        self._reach, self._gone = self._before.extent, None  # type: tuple[Extent | None, Extent | None]
        self._sums = np.zeros(3, np.uint64)
        if origin.operation == "load":
            release(connection, kind, origin.source, origin.mends)

    def add(self, part: Part) -> None:
        """Check some rows and write those that differ from what is stored.

        Raises
        ------
        BadFile
            If a required column is missing or one is not declared.
        """
        frame = part if isinstance(part, pd.DataFrame) else part.to_pandas()
        for start in range(0, len(frame), CHUNK) or (0,):
            self._add(frame.iloc[start:start + CHUNK])

    def _add(self, frame: pd.DataFrame) -> None:
        numbers = self._row_numbers(frame)
        self._seen += len(frame)
        checked = validate(self._kind, frame, self._known.taken)
        self._set_aside(quarantine_rows(frame, checked, numbers))
        self._bad_ids |= checked.bad_ids
        self._write(checked)
        self._done += len(frame)
        self._tell(f"载入{self._kind.zh}", self._done, max(self._total, self._done))

    def _row_numbers(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        """Number of every row in its file, from 1: the index says it, else the order in which the rows come."""
        labels = frame.index
        if not pd.api.types.is_integer_dtype(labels.dtype):
            return np.arange(self._seen, self._seen + len(frame)) + 1
        if self._seen and len(labels) and labels[0] == 0:
            return np.asarray(labels.to_numpy(np.int64) + self._seen + 1)
        return np.asarray(labels.to_numpy(np.int64) + 1)

    def _write(self, checked: Checked) -> None:
        table, ids = checked.table, checked.table["id"].combine_chunks()
        content = table["content"].to_numpy()
        positions = self._known.positions(ids)
        new = positions < 0
        changed = ~new
        changed[changed] = self._known.content[positions[changed]] != content[changed]
        self._gone = _around(self._gone, self._writer.end(ids.filter(pa.array(changed)).to_pylist(), "update"))
        rows = np.flatnonzero(new | changed)
        written = table if len(rows) == len(table) else table.take(pa.array(rows))
        self._writer.insert(written, checked.geometry[rows])
        self._known.bring(ids, positions)
        self._inserted += int(new.sum())
        self._updated += int(changed.sum())
        boxes = np.column_stack([written[side].to_numpy() for side in BOX]) if len(rows) else np.empty((0, 4))
        self._reach = catalogue.joined(self._reach, boxes)
        self._filled |= {field.name for field in self._kind.all_fields if written[field.name].null_count < len(rows)}
        # sums, so that neither the order of the rows nor how they were cut matters
        hashes = content.view(np.uint64)
        self._sums += np.array([len(hashes), hashes.sum(), (hashes * hashes).sum()], np.uint64)

    def _set_aside(self, refused: Iterable[Rejected]) -> None:
        common = {"load_id": self._load_id, "kind": self._kind.name, "file": self._origin.source}
        last: int | None = None
        for some in _by(_REFUSED, refused):
            settle(self._connection)
            self._connection.execute(sa.insert(QUARANTINE), [{**common, **row.__dict__} for row in some])
            numbers = sorted({row.row for row in some})
            self._quarantined += len(numbers) - (numbers[0] == last)
            last = numbers[-1]

    def finish(self, rejected: Iterable[Rejected] = (), findings: Iterable[Mapping[str, Any]] = ()) -> LoadReport:
        """End the load: what a complete one lacks is removed, indexes are put in order, the load is recorded."""
        settle(self._connection)
        self._set_aside(rejected)
        if self._origin.complete:
            same = sa.select(LOAD.c.id).where(LOAD.c.kind == self._kind.name, LOAD.c.source == self._origin.source)
            mine = np.array(list(self._connection.execute(same).scalars()), np.int64)
            self.remove(self._known.absent(mine, self._bad_ids))
        self._writer.close()
        report = LoadReport(
            kind=self._kind.name, inserted=self._inserted, updated=self._updated, removed=self._removed,
            unchanged=int(self._sums[0]) - self._inserted - self._updated, quarantined=self._quarantined,
            seconds=round(time.perf_counter() - self._clock, 3), load_id=self._load_id)
        self._record(report, json.dumps([dict(one) for one in findings], ensure_ascii=False, default=str))
        return report

    def remove(self, ids: list[str]) -> None:
        """End rows."""
        self._gone = _around(self._gone, self._writer.end(ids, "remove"))
        self._removed += len(ids)

    def _record(self, report: LoadReport, findings: str) -> None:
        counts = {name: getattr(report, name) for name in ("inserted", "updated", "unchanged", "removed", "quarantined")}
        record_load(self._connection, {
            "id": self._load_id, "kind": report.kind, "source": self._origin.source, "by": self._origin.by,
            "operation": self._origin.operation, "started": moment(self._started),
            "sha": hashlib.sha256(self._sums.tobytes()).hexdigest(), "findings": findings, **counts})
        if not report.changed:
            return
        count_change(self._connection)
        extent = self._reach
        if _touches(self._gone, self._before.extent):
            extent = catalogue.extent_of(self._connection, self._kind)
        rows = self._before.rows + report.inserted - report.removed
        catalogue.write(self._connection, CatalogueEntry(
            report.kind, rows, extent, self._load_id, None, frozenset(self._filled)))


def few_ids(parts: Parts, complete: bool) -> list[str] | None:
    """All ids of a small load that ends no rows by their absence; None of any other."""
    if complete or not isinstance(parts, pd.DataFrame) or len(parts) > FEW or "id" not in parts or parts.columns.has_duplicates:
        return None
    return list(to_text(parts["id"])[0].drop_null().unique().to_pylist())


def silent(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody wants to hear."""


def _by(count: int, rows: Iterable[Rejected]) -> Iterator[list[Rejected]]:
    some: list[Rejected] = []
    for row in rows:
        some.append(row)
        if len(some) == count:
            yield some
            some = []
    if some:
        yield some


def _around(one: Extent | None, other: Extent | None) -> Extent | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _touches(gone: Extent | None, extent: Extent | None) -> bool:
    """Whether rows that are gone reached the edge of the kind's extent, so that it may be smaller now."""
    if gone is None or extent is None:
        return False
    return gone[0] <= extent[0] or gone[1] <= extent[1] or gone[2] >= extent[2] or gone[3] >= extent[3]
