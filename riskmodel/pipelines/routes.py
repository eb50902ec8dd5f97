"""Routes: lines that continue one another, whatever the rows they were delivered in.

A register cuts a pipeline where the owner, the year or the map sheet changes. A rule that counts within 2 km of line must not
begin again at every cut.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

#: Ends nearer than this are one place (m): coordinates in decimal degrees are often written to five places.
TOUCH_M = 2.0


@dataclass(frozen=True)
class Piece:
    """An unbroken part of one row's line.

    Attributes
    ----------
    row : int
    start : float
        Station at which it begins on the row's whole line, m.
    line : LineString
    kind : Hashable
        Only pieces of one kind continue one another.

    Examples
    --------
    >>> Piece(row=3, start=0.0, line=shapely.LineString([(0, 0), (0, 800)]), kind="gas").line.length
    800.0
    """

    row: int
    start: float
    line: Any
    kind: Hashable


@dataclass(frozen=True)
class Route:
    """Pieces end to end.

    Attributes
    ----------
    line : LineString
    pieces : tuple of Piece
    first : tuple of float
        Station on the route at which each piece begins (its end, where it runs backwards), m.
    backwards : tuple of bool

    Examples
    --------
    >>> west, east = shapely.LineString([(0, 0), (900, 0)]), shapely.LineString([(2000, 0), (900, 0)])
    >>> route, = routes([Piece(0, 0.0, west, "gas"), Piece(1, 0.0, east, "gas")])
    >>> village = pd.DataFrame({"start_m": [800.0], "end_m": [1200.0], "class_location": ["三级"]})
    >>> [route.of_piece(at, village)[["start_m", "end_m"]].to_numpy().tolist() for at in (0, 1)]
    [[[800.0, 900.0]], [[800.0, 1100.0]]]
    """

    line: Any
    pieces: tuple[Piece, ...]
    first: tuple[float, ...]
    backwards: tuple[bool, ...]

    def of_piece(self, at: int, table: pd.DataFrame) -> pd.DataFrame:
        """The stretches (start_m, end_m, …) of a table over the route that lie on one piece, in the piece's own stations."""
        length = self.pieces[at].line.length
        start = np.clip(table["start_m"].to_numpy(np.float64) - self.first[at], 0.0, length)
        end = np.clip(table["end_m"].to_numpy(np.float64) - self.first[at], 0.0, length)
        if self.backwards[at]:
            start, end = length - end, length - start
        found = table.assign(start_m=start, end_m=end)[end > start]
        return found.sort_values("start_m", ignore_index=True)


def routes(pieces: Sequence[Piece]) -> list[Route]:
    """Join pieces where two ends of one kind meet; where more meet, those that run straight on.

    Parameters
    ----------
    pieces : sequence of Piece
        Lines in metres.

    Returns
    -------
    list of Route
        Every piece is on one of them.

    Examples
    --------
    >>> west, east = shapely.LineString([(0, 0), (1500, 0)]), shapely.LineString([(4000, 0), (1501, 0)])
    >>> found, = routes([Piece(0, 0.0, west, "gas"), Piece(1, 0.0, east, "gas")])
    >>> found.line.length, found.first, found.backwards
    (4000.0, (0.0, 1501.0), (False, True))
    """
    after = _meetings(pieces)
    seen: set[int] = set()
    ends = [end for end in range(2 * len(pieces)) if end not in after]
    found = []
    for end in [*ends, *range(2 * len(pieces))]:  # rings have no end: they begin anywhere
        if end // 2 not in seen:
            found.append(_joined(pieces, list(_walk(end, after, seen))))
    return found


def _meetings(pieces: Sequence[Piece]) -> dict[int, int]:
    """Which end meets which; piece i has the ends 2 i (its first point) and 2 i + 1."""
    if not pieces:
        return {}
    places = np.array([piece.line.coords[i][:2] for piece in pieces for i in (0, -1)], np.float64)
    close = cKDTree(places).query_pairs(TOUCH_M, output_type="ndarray")
    alike = np.array([pieces[a // 2].kind == pieces[b // 2].kind for a, b in close.tolist()], np.bool_)
    a, b = close[alike].T if len(close) else np.zeros((2, 0), np.int64)
    graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(len(places), len(places)))
    label: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(label[order]) > 0, [True]]))
    groups = (order[i:i + n].tolist() for i, n in zip(starts[:-1], np.diff(starts), strict=True) if n > 1)
    pairs = [pair for ends in groups for pair in ([ends] if len(ends) == 2 else _straight_on(pieces, ends))]
    return {one: other for pair in pairs for one, other in (pair, pair[::-1]) if one // 2 != other // 2}


def _straight_on(pieces: Sequence[Piece], ends: list[int]) -> list[list[int]]:
    """Of more than two ends those that continue one another most nearly straight, while any turn by less than 45°."""
    ways = []
    for end in ends:
        coords = np.asarray(pieces[end // 2].line.coords)[:: -1 if end % 2 else 1, :2]
        away = coords[np.argmax(np.any(coords != coords[0], axis=1))] - coords[0]
        ways.append(away / max(float(np.hypot(*away)), 1e-9))  # a piece of no length runs nowhere
    found: list[list[int]] = []
    for _, i, j in sorted((float(ways[i] @ ways[j]), i, j) for i, j in combinations(range(len(ends)), 2)):
        if ways[i] @ ways[j] < -np.sqrt(0.5) and not any(end in pair for pair in found for end in (ends[i], ends[j])):
            found.append([ends[i], ends[j]])
    return found


def _walk(end: int, after: dict[int, int], seen: set[int]) -> Iterator[tuple[int, bool]]:
    """Pieces from the one that begins at an end, with the direction in which each is passed."""
    while end // 2 not in seen:
        seen.add(end // 2)
        yield end // 2, bool(end % 2)
        other = end ^ 1
        if other not in after:
            return
        end = after[other]


def _joined(pieces: Sequence[Piece], way: list[tuple[int, bool]]) -> Route:
    points: list[tuple[float, ...]] = []
    first, length = [], 0.0
    for number, backwards in way:
        coords = [point[:2] for point in pieces[number].line.coords][:: -1 if backwards else 1]
        if points:
            length += float(np.hypot(coords[0][0] - points[-1][0], coords[0][1] - points[-1][1]))
        first.append(length)
        length += pieces[number].line.length
        points += coords
    line = pieces[way[0][0]].line if len(way) == 1 else shapely.LineString(points)
    if len(way) == 1:
        return Route(line, (pieces[way[0][0]],), (0.0,), (False,))
    return Route(line, tuple(pieces[number] for number, _ in way), tuple(first), tuple(backwards for _, backwards in way))
