"""The rows of a kind as the store holds them, as a collection: the map's filters and formats work on the ledger too.

Not imported by the server, which reads snapshots only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.kinds import Kind
from layers.collections.catalog import described, property_of
from layers.collections.collection import Collection, constant, plain
from layers.collections.geometry import Geometry, points_on, stored
from layers.filters.subject import Property
from layers.formats.selection import BLOCK, Part, Selection


def ledger_collection(kind: Kind, table: pa.Table) -> Collection:
    """Rows of a kind as a collection.

    Parameters
    ----------
    kind : Kind
    table : Table
        All declared fields and ``geometry`` (WKB, degrees), as :meth:`geo.store.Reader.read_table` gives them.
    """
    columns = {field.name: plain(table[field.name]) for field in kind.all_fields}
    shown = [*map(property_of, kind.all_fields), Property("kind", "要素类型", choices=(kind.name,))]
    columns["kind"] = constant(kind.name, columns["id"].parts[0])

    def geometry() -> Geometry:
        shapes = np.asarray(shapely.from_wkb(table["geometry"].to_numpy()), object)
        bounds = tuple(np.ascontiguousarray(side) for side in shapely.bounds(shapes).reshape(-1, 4).T)
        return stored(kind.geometry, table["geometry"], bounds, points_on(shapes))

    return Collection(kind.name, kind.zh, described(kind), shown, columns, columns["id"], geometry,
                      geometry_kind=kind.geometry, span=("valid_from", "valid_to"))


@dataclass(frozen=True)
class State:
    """The state of the store that rows are of.

    Attributes
    ----------
    created : str
        The moment, ISO 8601 with its zone.
    synthetic : bool
        Whether any row is generated.
    run_id : str
        Empty: no run made it.
    """

    created: str
    synthetic: bool
    run_id: str = ""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What files say of it."""
        return {"created": self.created}


def _nobody(done: int, total: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class LedgerSelection(Selection):
    """A selection that says how far its writing has come.

    Attributes
    ----------
    wrote : callable
        Called with the rows that were written, and how many there are.
    """

    wrote: Callable[[int, int], object] = _nobody

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[Part, NDArray[np.int64]]]:
        """Rows in pieces, with the part that they belong to."""
        done = 0
        for part, rows in super().blocks(size):
            yield part, rows
            done += len(rows)
            self.wrote(done, len(self))


def ledger_selection(collection: Collection, rows: NDArray[np.integer], moment: str, names: tuple[str, ...] | None = None,
                     wrote: Callable[[int, int], object] = _nobody) -> LedgerSelection:
    """Rows of a ledger collection, to be written; `names`: only these properties.

    Parameters
    ----------
    moment : str
        That they are of, ISO 8601 with its zone.
    wrote : callable
        See :class:`LedgerSelection`.
    """
    synthetic = bool(pc.any(collection.column("synthetic").take(pa.array(rows, pa.int64()))).as_py())
    return LedgerSelection(State(moment, synthetic), (Part(collection, rows, names),), wrote=wrote)
