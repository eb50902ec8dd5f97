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
from riskmodel.parameters.load import Parameters
from riskmodel.quantified import scored
from riskmodel.quantified.unit_types import UNIT_TYPES
from riskmodel.scenarios import ScenarioBuilder

#: Accident type whose rows, where they name no key, describe the fire of their enterprise's premises.
FIRE = "火灾"

#: End of the hazard key of a fire in an enterprise's premises.
FIRE_SUFFIX = ":fire"


@dataclass(frozen=True)
class Precedence:
    """Which rows count.

    Attributes
    ----------
    counted : mapping of kind to (rows,) bool
        For ``hazard_source``, ``venue``, ``enterprise`` (its premises fire) and ``risk_source``; False: shown only.

    Examples
    --------
    >>> counted = Precedence({"venue": np.array([True, False])})
    >>> counted.of("venue", 2).tolist(), counted.of("pipeline", 1).tolist()
    ([True, False], [True])
    """

    counted: Mapping[str, NDArray[np.bool_]]

    def of(self, kind: str, rows: int) -> NDArray[np.bool_]:
        """The mask of a kind; all True for a kind without competition."""
        return self.counted.get(kind, np.ones(rows, bool))


def premises_key(enterprise_id: pd.Series) -> pd.Series:
    """The hazard key of the fire in an enterprise's premises: its id and ``:fire``.

    Examples
    --------
    >>> premises_key(pd.Series(["e1", "e2"])).tolist()
    ['e1:fire', 'e2:fire']
    """
    return enterprise_id.astype(object) + FIRE_SUFFIX


def resolve(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters) -> Precedence:
    """Decide for every row of the competing kinds whether it counts; losers enter ``builder.superseded``.

    A filling station's or another hazard unit's enterprise does not count a premises fire beside its quantified scenarios, save
    where the unit is no fire of the premises (dust explosion, tailings, gas gate station).
    A `risk_source` row of type 火灾 without a key describes its enterprise's premises fire. A hazard unit that no method covers
    (refused, or without a quantity) beats nothing: its other descriptions count.

    Examples
    --------
    >>> from riskmodel.build import SOURCE_KINDS
    >>> from riskmodel.example import parameters, town
    >>> fire = {"id": "r2", "enterprise_id": "e2", "accident_type": "火灾", "method": "LEC", "l": 1.0, "e": 6.0, "c": 15.0}
    >>> builder = ScenarioBuilder(SOURCE_KINDS)
    >>> resolve(builder, town(risk_source=[fire]), parameters()).of("risk_source", 1).tolist(), sorted(builder.superseded)
    ([False], [('enterprise', 0), ('risk_source', 0)])
    """
    hazards, venues = inputs.frames["hazard_source"], inputs.frames["venue"]
    enterprises, sources = inputs.frames["enterprise"], inputs.frames["risk_source"]
    chosen = scored(hazards, parameters)
    burning = chosen & np.array([kind in UNIT_TYPES and UNIT_TYPES[kind].premises for kind in hazards["unit_type"]], bool)
    quantified, venue_keys = _keys(hazards["hazard_key"][chosen]), _keys(venues["hazard_key"])
    premises = enterprises["premises"].notna().to_numpy(bool)
    lost = np.zeros(len(enterprises), bool)
    described = _named(quantified | venue_keys, inputs, FIRE_SUFFIX), _named(venue_keys, inputs)
    for owner in (inputs.owners("hazard_source")[burning], *described):
        lost[owner[owner >= 0]] = True
    counted = {
        "hazard_source": np.ones(len(hazards), bool), "venue": ~_has(venues["hazard_key"], quantified),
        "enterprise": ~(lost & premises), "risk_source": _semi(sources, quantified | venue_keys, premises, inputs),
    }
    for kind, mask in counted.items():
        builder.superseded.update((kind, int(row)) for row in np.flatnonzero(~mask))
    return Precedence(counted)


def _semi(sources: pd.DataFrame, higher: set[str], premises: NDArray[np.bool_], inputs: ModelInputs) -> NDArray[np.bool_]:
    """LEC and LS rows lose to `higher` and to fires of premises; bare grades lose to those and to LEC or LS with the same key."""
    key = sources["hazard_key"].to_numpy(object)
    unnamed = np.flatnonzero(sources["hazard_key"].isna().to_numpy(bool) & (sources["accident_type"] == FIRE).to_numpy(bool))
    end = len(FIRE_SUFFIX)
    fire = np.array([one[-end:] == FIRE_SUFFIX for one in np.where(sources["hazard_key"].isna(), "", key).tolist()], bool)
    owner = np.full(len(key), -1, np.int64)
    owner[fire] = inputs.enterprise_ids.get_indexer(pd.Index([one[:-end] for one in key[fire]], dtype=object))
    key = key.copy()
    key[unnamed] = premises_key(sources["enterprise_id"].iloc[unnamed]).to_numpy(object)
    owner[unnamed] = inputs.owners("risk_source")[unnamed]
    named = pd.Series(key, index=sources.index)
    beaten = _has(named, higher).copy()
    of_premises = np.flatnonzero(owner >= 0)
    beaten[of_premises] |= premises[owner[of_premises]]
    graded = (sources["method"] == "GRADE").to_numpy(bool)
    contested = _keys(named[graded & ~beaten])
    better = _has(named, contested) & ~graded & ~beaten if contested else np.zeros(len(key), bool)
    return np.asarray(~(beaten | (graded & _has(named, _keys(named[better])))))


def _named(keys: set[str], inputs: ModelInputs, suffix: str = "") -> NDArray[np.int64]:
    """Rows of the enterprises whose id, with `suffix`, is one of the keys; −1 for the others."""
    ids = [key.removesuffix(suffix) for key in keys if key.endswith(suffix)]
    return np.asarray(inputs.enterprise_ids.get_indexer(pd.Index(ids, dtype=object)), np.int64)


def _keys(column: pd.Series) -> set[str]:
    return set(column.dropna())


def _has(column: pd.Series, keys: set[str]) -> NDArray[np.bool_]:
    return np.asarray(column.isin(keys), bool) if keys else np.zeros(len(column), bool)
