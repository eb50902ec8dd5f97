"""Hazardous-chemical units: leak sizes × ignition × outcome, each leaf a scenario with a footprint of lethality.

What each unit type becomes
    filling_station: unloading hose and tanker → pool fire (buried tanks have no BLEVE);
    lpg_station, lpg_depot: vessels, hose, tanker → fireball, vapour-cloud explosion, flash fire, jet fire;
    ammonia_cold_store: vessels, compressor and pipes → Gaussian cloud, weather classes × wind rose;
    oil_depot: tanks → pool fire in the bund, vapour-cloud explosion of an overfilled gasoline tank;
    chlorine_works: refused, a dense gas needs a dense-gas model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import UnknownIdentifier
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.quantified import ammonia, filling, lpg, oil
from riskmodel.quantified.assembly import Assembly
from riskmodel.quantified.units import KIND, Units
from riskmodel.scenarios import ScenarioBuilder

#: Scenario maker of every unit type and the substances it has a method for.
METHODS: Mapping[str, tuple[Callable[[Assembly, Units], None], frozenset[str]]] = {
    "filling_station": (filling.add, frozenset({"gasoline", "diesel"})),
    "lpg_station": (lpg.add, frozenset({"lpg"})),
    "lpg_depot": (lpg.add, frozenset({"lpg"})),
    "ammonia_cold_store": (ammonia.add, frozenset({"ammonia"})),
    "oil_depot": (oil.add, frozenset({"gasoline", "diesel"})),
}

#: Unit types that are known but that no valid method covers, with the reason shown on the map.
REFUSED: Mapping[str, str] = {
    "chlorine_works": "氯气泄漏为重气扩散，须用重气扩散模型（高斯模型不适用）；本版模型未提供该方法，不评分，不等于无风险",
}

EMPTY_REASON = "设计最大量为零或缺失，无法计算后果"


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, factors: pd.Series) -> None:
    """Turn every hazardous-chemical unit into scenarios.

    Parameters
    ----------
    builder : ScenarioBuilder
        Receives the scenarios, and the units that no method covers.
    inputs : ModelInputs
        Its frame ``hazard_source`` is read.
    parameters : Parameters
        Tables ``quantified``, ``consequence``, ``substances`` and ``weather``.
    factors : Series
        Management factor of an enterprise by its id; 1 where an enterprise has none.

    Raises
    ------
    UnknownIdentifier
        If a unit type, or a substance in a unit type, has no method: an unmatched name is never zero risk.
    """
    frame = inputs.frames.get(KIND)
    if frame is None or frame.empty:
        return
    _check(frame)
    for unit_type, reason in REFUSED.items():
        for source in frame.loc[frame["unit_type"] == unit_type, "id"]:
            builder.refuse(KIND, str(source), reason)
    chosen = scored(frame)
    for source in frame.loc[~chosen & ~frame["unit_type"].isin(list(REFUSED)), "id"]:
        builder.refuse(KIND, str(source), EMPTY_REASON)
    units = Units.read(frame[chosen], factors)
    assembly = Assembly(builder, parameters)
    for unit_type, (method, _) in METHODS.items():
        some = units[units.unit_type == unit_type]
        if len(some):
            method(assembly, some)


def scored(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows of ``hazard_source`` become scenarios; all others are refused and give way to no other description."""
    return np.asarray(~frame["unit_type"].isin(list(REFUSED)) & (frame["quantity_t"] > 0), np.bool_)


def _check(frame: pd.DataFrame) -> None:
    for unit_type, substance in frame[["unit_type", "substance"]].drop_duplicates().itertuples(index=False):
        if unit_type in REFUSED:
            continue
        if unit_type not in METHODS or substance not in METHODS[unit_type][1]:
            raise UnknownIdentifier(
                f"危险化学品单元类型“{unit_type}”与物质“{substance}”没有对应的计算方法",
                f"there is no method for substance {substance!r} in a unit of type {unit_type!r}",
                remedy_zh="请更正单元类型或物质；未识别的名称不会按零风险处理。",
                remedy_en="Correct the unit type or the substance; an unknown name is never counted as zero risk.",
                unit_type=unit_type, substance=substance,
            )
