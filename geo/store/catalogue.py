"""What each kind holds, kept up to date by every load, so that nobody has to count or scan at start.

Only the store writes its tables: rows that other programs write are neither in the catalogue nor in the history.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from geo.kinds import Kind
from geo.store.content import FORMULA
from geo.store.schema import BOX, CATALOGUE, LOAD, TABLES

#: West, south, east, north in CGCS2000 degrees.
Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class CatalogueEntry:
    """One kind.

    Attributes
    ----------
    kind : str
        Its name.
    rows : int
        How many there are.
    extent : tuple of float or None
        West, south, east, north of all of them, degrees; None if there is none.
    load_id : int
        The last load that changed it; 0 if none did.
    changed_at : datetime or None
        When that was committed.
    filled : frozenset of str
        Declared fields that hold a value in some row, or once did.
    """

    kind: str
    rows: int
    extent: Extent | None
    load_id: int
    changed_at: datetime | None
    filled: frozenset[str]


def entries(connection: Connection, *names: str) -> dict[str, CatalogueEntry]:
    """Entries of some kinds, or of all."""
    query = sa.select(CATALOGUE, LOAD.c.committed).outerjoin(LOAD, LOAD.c.id == CATALOGUE.c.load_id)
    if names:
        query = query.where(CATALOGUE.c.kind.in_(names))
    found = {row.kind: row for row in connection.execute(query)}
    result = {}
    for name in names or TABLES:
        row = found.get(name)
        if row is None:
            result[name] = CatalogueEntry(name, 0, None, 0, None, frozenset())
            continue
        changed = None if row.committed is None else datetime.fromisoformat(row.committed)
        extent = None if row.minx is None else (row.minx, row.miny, row.maxx, row.maxy)
        result[name] = CatalogueEntry(name, row.rows, extent, row.load_id or 0, changed, frozenset(json.loads(row.filled)))
    return result


def formula(connection: Connection, kind: Kind) -> int:
    """By which formula the stored rows were hashed."""
    found = connection.execute(sa.select(CATALOGUE.c.hashed).where(CATALOGUE.c.kind == kind.name, CATALOGUE.c.rows > 0)).scalar()
    return FORMULA if found is None else int(found)


def write(connection: Connection, entry: CatalogueEntry) -> None:
    """Put an entry in the place of the one before."""
    connection.execute(sa.delete(CATALOGUE).where(CATALOGUE.c.kind == entry.kind))
    sides = dict(zip(("minx", "miny", "maxx", "maxy"), entry.extent or (None,) * 4, strict=True))
    connection.execute(sa.insert(CATALOGUE).values(
        kind=entry.kind, rows=entry.rows, load_id=entry.load_id or None, filled=json.dumps(sorted(entry.filled)),
        hashed=FORMULA, **sides))


def extent_of(connection: Connection, kind: Kind) -> Extent | None:
    """Extent of a kind by looking at every row: for when rows at the edge of the known one are gone."""
    table = TABLES[kind.name]
    west, east, south, north = (table.c[side] for side in ("minx", "maxx", "miny", "maxy"))
    found = connection.execute(sa.select(sa.func.min(west), sa.func.min(south), sa.func.max(east), sa.func.max(north))).one()
    return None if found[0] is None else (found[0], found[1], found[2], found[3])


def joined(extent: Extent | None, boxes: NDArray[np.float64]) -> Extent | None:
    """An extent with some boxes (columns as :data:`geo.store.schema.BOX`) added."""
    if not len(boxes):
        return extent
    columns = [boxes[:, BOX.index(side)] for side in ("minx", "miny", "maxx", "maxy")]
    west, south, east, north = (float(part) for part in (columns[0].min(), columns[1].min(), columns[2].max(), columns[3].max()))
    if extent is None:
        return west, south, east, north
    return min(extent[0], west), min(extent[1], south), max(extent[2], east), max(extent[3], north)
