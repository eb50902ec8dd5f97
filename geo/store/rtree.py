"""SQLite's R*Tree: kept by triggers row by row, packed in one go after a bulk load. PostGIS keeps its own index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

Boxes = NDArray[np.float32]

_TRIGGERS = (
    'CREATE TRIGGER "{t}_rtree_insert" AFTER INSERT ON "{t}" BEGIN '
    'INSERT INTO "{t}_rtree" VALUES (new.rowid, new.minx, new.maxx, new.miny, new.maxy); END',
    'CREATE TRIGGER "{t}_rtree_update" AFTER UPDATE OF rowid, minx, maxx, miny, maxy ON "{t}" BEGIN '
    'DELETE FROM "{t}_rtree" WHERE rowid = old.rowid; '
    'INSERT INTO "{t}_rtree" VALUES (new.rowid, new.minx, new.maxx, new.miny, new.maxy); END',
    'CREATE TRIGGER "{t}_rtree_delete" AFTER DELETE ON "{t}" BEGIN DELETE FROM "{t}_rtree" WHERE rowid = old.rowid; END',
)

#: Bytes of a cell of a node: the row (or child node), then west, east, south, north.
_CELL = np.dtype([("row", ">i8"), ("box", ">f4", 4)])

#: Rows that are read at once while the tree is packed.
_READ = 20_000


def create_triggers(connection: Connection, table: str) -> None:
    """Let SQLite keep the R*Tree of a table by itself (triggers roll back with the rest, and no writer can forget them)."""
    for statement in _TRIGGERS:
        connection.exec_driver_sql(statement.format(t=table))


def drop_triggers(connection: Connection, table: str) -> None:
    """Take the triggers away, for a bulk load inside one transaction or before a migration rebuilds the table."""
    for event in ("insert", "update", "delete"):
        connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS "{table}_rtree_{event}"')


def rebuild_rtree(connection: Connection, table: str) -> None:
    """Make or remake R*Tree and triggers of a table; does nothing on other engines.

    Every migration that alters a kind's table must end with this: SQLite alters a table by copying it, which silently drops
    its triggers and may renumber its rows.

    Notes
    -----
    A million rows one by one cost 16 s; packed by sorting and tiling (Leutenegger, Lopez and Edgington 1997, STR) and written
    as nodes they cost 3 s. The form of the nodes is documented ("The SQLite R*Tree Module", section 6, shadow tables).
    """
    if connection.dialect.name != "sqlite":
        return
    drop_triggers(connection, table)
    connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{table}_rtree"')
    connection.exec_driver_sql(f'CREATE VIRTUAL TABLE "{table}_rtree" USING rtree(rowid, minx, maxx, miny, maxy)')
    raw: Any = connection.connection.driver_connection
    rows, boxes = _boxes(raw, table)
    if len(rows):
        _pack(raw, table, rows, boxes)
    create_triggers(connection, table)


def _boxes(raw: Any, table: str) -> tuple[NDArray[np.int64], Boxes]:
    """Rows and their boxes (west, east, south, north), rounded outwards to single precision as the R*Tree does."""
    cursor = raw.execute(f'SELECT rowid, minx, maxx, miny, maxy FROM "{table}"')  # noqa: S608  (a declared kind)
    rows, boxes = [np.empty(0, np.int64)], [np.empty((0, 4), np.float32)]
    while part := cursor.fetchmany(_READ):
        values = np.array(part, np.float64)
        rows.append(values[:, 0].astype(np.int64))
        boxes.append(_outwards(values[:, 1:]))
    return np.concatenate(rows), np.concatenate(boxes)


def _outwards(exact: NDArray[np.float64]) -> Boxes:
    single = exact.astype(np.float32)
    low, high = [0, 2], [1, 3]
    down, up = (np.nextafter(single, np.float32(end)) for end in (-np.inf, np.inf))
    single[:, low] = np.where(single > exact, down, single)[:, low]
    single[:, high] = np.where(single < exact, up, single)[:, high]
    return single


def _pack(raw: Any, table: str, rows: NDArray[np.int64], boxes: Boxes) -> None:
    size = int(raw.execute(f'SELECT length(data) FROM "{table}_rtree_node" WHERE nodeno = 1').fetchone()[0])  # noqa: S608
    capacity = (size - 4) // _CELL.itemsize
    level, children, next_node = 0, rows, 2
    while True:
        order, edges = _tiles(boxes, capacity)
        children, boxes = children[order], boxes[order]
        count = len(edges) - 1
        numbers = np.array([1]) if count == 1 else np.arange(next_node, next_node + count)
        parents = np.repeat(numbers, np.diff(edges))
        _link(raw, table, level, children, parents)
        _write_nodes(raw, table, numbers, children, boxes, edges, size, depth=level if count == 1 else 0)
        if count == 1:
            return
        lows = np.minimum.reduceat(boxes[:, [0, 2]], edges[:-1], axis=0)
        highs = np.maximum.reduceat(boxes[:, [1, 3]], edges[:-1], axis=0)
        boxes = np.column_stack([lows[:, 0], highs[:, 0], lows[:, 1], highs[:, 1]])
        children, level, next_node = numbers, level + 1, next_node + count


def _tiles(boxes: Boxes, capacity: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order of the boxes in which runs of at most `capacity` lie close together, and the edges of the runs."""
    nodes = math.ceil(len(boxes) / capacity)
    x, y = boxes[:, 0] + boxes[:, 1], boxes[:, 2] + boxes[:, 3]
    by_x = np.argsort(x, kind="stable")
    strips = math.ceil(math.sqrt(nodes))
    strip = np.empty(len(boxes), np.int64)
    strip[by_x] = np.arange(len(boxes)) * strips // len(boxes)
    order = np.lexsort((y, strip))
    edges = np.arange(nodes + 1) * len(boxes) // nodes  # as equal as can be: no node is less than half full
    return order, edges


def _link(raw: Any, table: str, level: int, children: NDArray[np.int64], parents: NDArray[np.int64]) -> None:
    name, columns = ("rowid", "(rowid, nodeno)") if level == 0 else ("parent", "(nodeno, parentnode)")
    order = np.argsort(children)
    raw.executemany(f'INSERT INTO "{table}_rtree_{name}" {columns} VALUES (?, ?)',  # noqa: S608
                    zip(children[order].tolist(), parents[order].tolist(), strict=True))


def _write_nodes(raw: Any, table: str, numbers: NDArray[np.int64], children: NDArray[np.int64], boxes: Boxes,
                 edges: NDArray[np.int64], size: int, *, depth: int) -> None:
    cells = np.empty(len(children), _CELL)
    cells["row"], cells["box"] = children, boxes
    data = cells.tobytes()

    def nodes() -> Any:
        for number, start, end in zip(numbers.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            head = depth.to_bytes(2, "big") + (end - start).to_bytes(2, "big")
            yield number, (head + data[start * _CELL.itemsize:end * _CELL.itemsize]).ljust(size, b"\0")

    raw.executemany(f'INSERT OR REPLACE INTO "{table}_rtree_node" (nodeno, data) VALUES (?, ?)', nodes())  # noqa: S608
