"""What the store holds of a kind while a load runs: ids and content hashes as compact arrays, 45 bytes a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store import reading
from geo.store.behind import settle
from geo.store.coerce import Mask
from geo.store.content import text_hash
from geo.store.reading import Condition


class Known:
    """The rows of a kind as they stood when the load began, and which ids the load has brought so far.

    Ids are found by their hash and compared as text, so that two ids of one hash are never taken for each other.

    Parameters
    ----------
    only : sequence of str, optional
        All ids that the load can bring; of other rows nothing is read then.
    """

    def __init__(self, connection: Connection, kind: Kind, only: Sequence[str] | None = None) -> None:
        stored = reading.fetch(connection, kind, ["id", "content", "load_id"], _among(only), ordered=False)
        self.ids: pa.Array = stored["id"].combine_chunks()
        self.content: NDArray[np.int64] = stored["content"].to_numpy()
        self.load_ids: NDArray[np.int32] = stored["load_id"].to_numpy().astype(np.int32)
        self.brought = np.zeros(len(self.ids), bool)
        hashes = text_hash(self.ids)
        self._order: NDArray[np.int32] = np.argsort(hashes, kind="stable").astype(np.int32)
        self._hashes = hashes[self._order]
        self._new = np.empty(0, np.uint64)
        self._connection, self._kind = connection, kind

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, ids: pa.Array) -> NDArray[np.int64]:
        """Where these ids stand among the stored rows; −1 where they do not."""
        if not len(self) or not len(ids):
            return np.full(len(ids), -1, np.int64)
        hashes = text_hash(ids)
        at = np.searchsorted(self._hashes, hashes)
        hit = self._hashes[np.minimum(at, len(self) - 1)] == hashes
        found = np.where(hit, self._order[np.minimum(at, len(self) - 1)], -1).astype(np.int64)
        rows = np.flatnonzero(hit)
        same = pc.equal(self.ids.take(pa.array(found[rows])), ids.take(pa.array(rows))).to_numpy(zero_copy_only=False)
        for row in rows[~same]:
            found[row] = self._same_hash(hashes[row], int(at[row]), ids[int(row)].as_py())
        return found

    def _same_hash(self, value: np.uint64, at: int, text: str) -> int:
        """Position of a text among the stored ids of one hash."""
        while at < len(self) and self._hashes[at] == value:
            if self.ids[int(self._order[at])].as_py() == text:
                return int(self._order[at])
            at += 1
        return -1

    def taken(self, ids: pa.Array) -> Mask:
        """Whether an earlier part of this load brought these ids."""
        positions = self.positions(ids)
        taken = (positions >= 0) & self.brought[positions] if len(self) else np.zeros(len(ids), bool)
        if len(self._new):
            hashes = text_hash(ids)
            at = np.minimum(np.searchsorted(self._new, hashes), len(self._new) - 1)
            suspects = np.flatnonzero((self._new[at] == hashes) & (positions < 0))
            if len(suspects):
                asked = ids.take(pa.array(suspects))
                settle(self._connection)
                written = reading.existing(self._connection, self._kind, asked.to_pylist())
                taken[suspects] = [one in written for one in asked.to_pylist()]
        return np.asarray(taken, bool)

    def bring(self, ids: pa.Array, positions: NDArray[np.int64]) -> None:
        """Remember what a part of the load has brought; `positions` as :meth:`positions` gives them."""
        self.brought[positions[positions >= 0]] = True
        new = text_hash(ids.filter(pa.array(positions < 0)))
        if len(new):
            self._new = np.sort(np.concatenate([self._new, new]), kind="stable")

    def absent(self, load_ids: NDArray[np.int64], but: Collection[str]) -> list[str]:
        """Ids that some loads wrote and that this one has not brought, without those in `but`."""
        rows = np.flatnonzero(np.isin(self.load_ids, load_ids) & ~self.brought)
        return [one for one in self.ids.take(pa.array(rows)).to_pylist() if one not in but]


def _among(ids: Sequence[str] | None) -> Condition | None:
    if ids is None:
        return None
    values = {f"i{at}": one for at, one in enumerate(ids)}
    return Condition(f"id IN ({', '.join(f':{name}' for name in values)})" if values else "1 = 0", values)
