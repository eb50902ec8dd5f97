"""The result: counts per street, kind and data set that add up, a score, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.quality.scoring import COUNTS, score


@dataclass(frozen=True)
class QualityReport:
    """Data quality of one state of the data.

    Attributes
    ----------
    summary : DataFrame
        One row per street, kind and source: ``area_code`` (empty: in no street), ``kind``, ``source``,
        :data:`~geo.quality.scoring.COUNTS`, ``score``.
    findings : DataFrame
        kind, id, name, area_code, source, check, value, number, other, lon, lat; :func:`geo.quality.checks.detail` gives the
        sentence.
    pairs : DataFrame
        kind, a, b, check, score, value, distance_m, group.
    weights : mapping
        Weights of the score.
    """

    summary: pd.DataFrame
    findings: pd.DataFrame
    pairs: pd.DataFrame
    weights: Mapping[str, float]

    def rolled(self, *by: str) -> pd.DataFrame:
        """The summary by other columns (``kind``, ``area_code``, ``source``; none: one row for everything), with scores."""
        if by:
            sums = self.summary.groupby(list(by), sort=True, as_index=False)[list(COUNTS)].sum()
        else:
            sums = self.summary[list(COUNTS)].sum().to_frame().T
        return sums.assign(score=scores(sums, self.weights))


def scores(sums: pd.DataFrame, weights: Mapping[str, float]) -> NDArray[np.float64]:
    """:func:`score` of every row of a frame of counts; NaN without rows."""
    found = [score(record, weights) for record in sums[list(COUNTS)].to_dict("records")]
    return np.array([np.nan if value is None else value for value in found], np.float64)
