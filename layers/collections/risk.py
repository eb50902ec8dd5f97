"""What the model knows of the features of a kind: level and PLL of those that are sources, by feature row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from layers import arrow
from layers.columns import arrow_indices

if TYPE_CHECKING:
    from layers.reader import Snapshot


class SourceRisk:
    """PLL and level of the features of one kind, by feature row.

    Attributes
    ----------
    pll : (n,) float64
        Deaths per year; NaN for a feature that is no source, or of which nothing was computed, or under another name:
        no risk known is not no risk.
    level : (n,) int8
        Own level of the source, 0 for none.
    source : (n,) int64
        One row of the source table, −1 for none.
    """

    def __init__(self, snapshot: Snapshot, kind_name: str) -> None:
        table = snapshot.sources.table
        ids = arrow.single(snapshot.features(kind_name).columns.table["id"])
        kinds = arrow.single(table["kind"])
        rows, _ = arrow.positions(kinds, arrow.texts([kind_name]).cast(kinds.type))
        here, place = arrow.positions(arrow.single(table["id"]).take(arrow_indices(rows)), ids)
        rows = rows[here]
        self.pll: NDArray[np.float64] = np.full(len(ids), np.nan)
        self.pll[place] = 0.0
        np.add.at(self.pll, place, snapshot.sources.numbers("pll")[rows])
        level = np.full(len(ids), 127, np.int8)
        np.minimum.at(level, place, snapshot.sources.numbers("level")[rows].astype(np.int8))
        self.level: NDArray[np.int8] = np.where((level == 127) | (level < 1), 0, level).astype(np.int8)
        elsewhere = np.zeros(len(ids), np.bool_)
        elsewhere[place] = snapshot.sources.numbers("counted")[rows] == 0
        self.pll[(self.level == 0) | (elsewhere & (self.pll == 0))] = np.nan
        self.source: NDArray[np.int64] = np.full(len(ids), -1, np.int64)
        self.source[place] = rows

    @property
    def known(self) -> bool:
        """Whether any feature of the kind is a source."""
        return bool((self.source >= 0).any())

    def columns(self) -> tuple[pa.Array, pa.Array]:
        """Level and PLL as Arrow arrays, null where there is none."""
        none = self.level == 0
        return arrow.numbers(self.level, none), arrow.numbers(np.nan_to_num(self.pll), np.isnan(self.pll))
