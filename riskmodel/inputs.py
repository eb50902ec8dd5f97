"""What the model is given: arrays and frames on the calculation grid, nothing that knows of a store or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Coverage:
    """Which share of which cell belongs to which street.

    Attributes
    ----------
    cell : (n,) int64
        Flat cell index, ascending.
    street : (n,) int32
        Row of the street in :attr:`ModelInputs.streets`.
    fraction : (n,) float64
        Share of the cell's area that lies in the street (0 < fraction ≤ 1); sums to at most 1 per cell.

    Examples
    --------
    >>> cover = Coverage(np.array([0, 0, 1]), np.array([0, 1, 1], np.int32), np.array([0.25, 0.75, 1.0]))
    >>> main_street(cover, np.array([0, 1])).tolist()
    [1, 1]
    """

    cell: NDArray[np.int64]
    street: NDArray[np.int32]
    fraction: NDArray[np.float64]


@dataclass(frozen=True)
class ModelInputs:
    """Everything one run reads.

    Attributes
    ----------
    grid : Grid
        The calculation grid with its halo.
    streets : DataFrame
        One row per street: code, name, parent (district code), area_km2.
    districts : DataFrame
        One row per district: code, name, parent (city code).
    city : tuple of str
        Code and name of the city.
    coverage : Coverage
        Area fractions of cells in streets.
    residents : (ny * nx,) float64
        Residents per cell.
    frames : mapping of kind name to DataFrame
        Rows of every kind valid at `as_of`; columns as declared in :mod:`geo.kinds` plus ``x``, ``y`` (Albers metres of a
        representative point), ``cell`` (flat index, −1 outside the grid) and ``geometry`` (Shapely, Albers metres; may be None
        where it is the point x, y). Missing text is None, missing numbers NaN, missing booleans False.
    as_of : date
        The day that the run describes.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> inputs = town()
    >>> inputs.streets["name"].tolist(), inputs.residents.sum().item(), inputs.owners("hazard_source").tolist()
    (['西街道', '东街道'], 4800.0, [0])
    """

    grid: Grid
    streets: pd.DataFrame
    districts: pd.DataFrame
    city: tuple[str, str]
    coverage: Coverage
    residents: NDArray[np.float64]
    frames: Mapping[str, pd.DataFrame]
    as_of: date

    @cached_property
    def enterprise_ids(self) -> pd.Index:
        """Ids of the enterprise frame as an index whose hash table is built once."""
        import pandas as pd  # the serving process reads this module without pandas

        return pd.Index(self.frames["enterprise"]["id"])

    def owners(self, kind: str) -> NDArray[np.int64]:
        """Row in the enterprise frame of every row's enterprise, −1 where it has none or an unknown one."""
        if kind not in self._owners:
            ids = self.frames[kind].get("enterprise_id")
            rows = np.full(len(self.frames[kind]), -1, np.int64) if ids is None else self.enterprise_ids.get_indexer(ids)
            self._owners[kind] = np.asarray(rows, np.int64)
        return self._owners[kind]

    @cached_property
    def _owners(self) -> dict[str, NDArray[np.int64]]:
        return {}


def main_street(coverage: Coverage, cells: NDArray[np.int64]) -> NDArray[np.int32]:
    """Street with the largest share of each cell, the first of equal shares; −1 where none has any.

    Examples
    --------
    >>> cover = Coverage(np.array([0, 0]), np.array([0, 1], np.int32), np.array([0.6, 0.4]))
    >>> main_street(cover, np.array([0, 1])).tolist()
    [0, -1]
    """
    owner = np.full(len(cells), -1, np.int32)
    begin, end = np.searchsorted(coverage.cell, cells, "left"), np.searchsorted(coverage.cell, cells, "right")
    some = np.flatnonzero(end > begin)
    if not len(some):
        return owner
    number = (end - begin)[some]
    first = np.concatenate([[0], np.cumsum(number)[:-1]])
    rows = np.repeat(begin[some] - first, number) + np.arange(number.sum())
    share = coverage.fraction[rows]
    best = np.flatnonzero(share == np.repeat(np.maximum.reduceat(share, first), number))
    group = np.repeat(np.arange(len(some)), number)[best]
    owner[some] = coverage.street[rows[best[np.concatenate([[True], np.diff(group) > 0])]]]
    return owner
