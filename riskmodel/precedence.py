"""One hazard counts once: which description of it is counted, which is only shown.

Order: quantified (hazard_source) > fire of a venue or of premises > LEC and LS > bare grade. Descriptions are of the same
hazard when their `hazard_key` is equal. Rows of equal rank with one key all count (the tanks of one farm; the rows of one
unit share a total anyway).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.inputs import ModelInputs
from riskmodel.quantified import scored
from riskmodel.scenarios import ScenarioBuilder

#: Accident type whose rows, where they name no key, describe the fire of their enterprise's premises.
FIRE = "火灾"


@dataclass(frozen=True)
class Precedence:
    """Which rows count.

    Attributes
    ----------
    counted : mapping of kind to (rows,) bool
        For ``hazard_source``, ``venue``, ``enterprise`` (its premises fire) and ``risk_source``; False: shown only.
    """

    counted: Mapping[str, NDArray[np.bool_]]

    def of(self, kind: str, rows: int) -> NDArray[np.bool_]:
        """The mask of a kind; all True for a kind without competition."""
        return self.counted.get(kind, np.ones(rows, bool))


def premises_key(enterprise_id: pd.Series) -> pd.Series:
    """The hazard key of the fire in an enterprise's premises: its id and ``:fire``."""
    return enterprise_id.astype(object) + ":fire"


def resolve(builder: ScenarioBuilder, inputs: ModelInputs) -> Precedence:
    """Decide for every row of the competing kinds whether it counts; losers enter ``builder.superseded``.

    A filling station's or another hazard unit's enterprise does not count a premises fire beside its quantified scenarios.
    A `risk_source` row of type 火灾 without a key describes its enterprise's premises fire. A hazard unit that no method covers
    (refused, or without a quantity) beats nothing: its other descriptions count.
    """
    hazards, venues = inputs.frames["hazard_source"], inputs.frames["venue"]
    enterprises, sources = inputs.frames["enterprise"], inputs.frames["risk_source"]
    known = hazards[scored(hazards)]
    quantified = _keys(known["hazard_key"])
    venue = ~_has(venues["hazard_key"], quantified)
    own_key = premises_key(enterprises["id"])
    venue_keys = _keys(venues["hazard_key"])
    premises = enterprises["premises"].notna().to_numpy(bool)
    lost = (_has(enterprises["id"], _keys(known["enterprise_id"])) | _has(own_key, quantified) | _has(own_key, venue_keys)
            | _has(enterprises["id"], venue_keys))
    fires = quantified | venue_keys | _keys(own_key[premises])
    counted = {
        "hazard_source": np.ones(len(hazards), bool), "venue": venue, "enterprise": ~(lost & premises),
        "risk_source": _semi(sources, fires),
    }
    for kind, mask in counted.items():
        builder.superseded.update((kind, int(row)) for row in np.flatnonzero(~mask))
    return Precedence(counted)


def _semi(sources: pd.DataFrame, higher: set[str]) -> NDArray[np.bool_]:
    """LEC and LS rows lose to `higher`; bare grades lose to those and to LEC or LS rows with the same key."""
    key = sources["hazard_key"].astype(object)
    unnamed = key.isna() & (sources["accident_type"] == FIRE)
    key = key.where(~unnamed, premises_key(sources["enterprise_id"]))
    beaten = _has(key, higher)
    graded = (sources["method"] == "GRADE").to_numpy(bool)
    scored = _keys(key[~graded & ~beaten])
    return np.asarray(~(beaten | (graded & _has(key, scored))))


def _keys(column: pd.Series) -> set[str]:
    return set(column.dropna())


def _has(column: pd.Series, keys: set[str]) -> NDArray[np.bool_]:
    return np.asarray(column.isin(keys), bool) if keys else np.zeros(len(column), bool)
