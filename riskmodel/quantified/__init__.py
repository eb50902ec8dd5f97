"""Hazardous units: leak sizes × ignition × outcome, each leaf a scenario with a footprint of lethality.

:data:`riskmodel.quantified.unit_types.UNIT_TYPES` says which equipment every unit type has, :mod:`riskmodel.quantified.trees`
what its failures lead to. A substance or a state that a unit type has no tree for is refused by name: shown as not modelled,
never zero risk. Poisons that are heavier than air spread by a dense-gas model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.columns import known, numbers
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.quantified.assembly import Assembly
from riskmodel.quantified.local import add_local
from riskmodel.quantified.substances import code_names, state_of
from riskmodel.quantified.tailings import add_dams
from riskmodel.quantified.trees import grow
from riskmodel.quantified.unit_types import UNIT_TYPES
from riskmodel.quantified.units import KIND, Units
from riskmodel.scenarios import ScenarioBuilder

EMPTY_REASON = "设计最大量为零或缺失，无法计算后果，不评分，不等于无风险"


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, factors: pd.Series) -> Assembly | None:
    """Turn every hazardous unit into scenarios.

    Parameters
    ----------
    builder : ScenarioBuilder
        Receives the scenarios, and the units that no method covers.
    inputs : ModelInputs
        Its frames ``hazard_source`` and ``enterprise`` are read.
    parameters : Parameters
        Tables ``quantified``, ``consequence``, ``substances``, ``fire`` and ``weather``.
    factors : Series
        Management factor of an enterprise by its id; 1 where an enterprise has none.

    Returns
    -------
    Assembly or None
        The branches and footprints that were made, for domino effects; None where there are no units.

    Raises
    ------
    UnknownIdentifier
        If a unit type, a scope or an isolation class is none that the model knows. A substance that it does not know refuses
        the unit alone: it is shown as not modelled, never counted as zero risk.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> builder = ScenarioBuilder(("hazard_source",))
    >>> made = add(builder, town(), parameters(), pd.Series({"e1": 1.4}))
    >>> builder.finish().labels, len(made.branches)
    (('氯瓶破裂·氯气团', '氯瓶阀门或连接管泄漏（切断）·氯气云', '氯瓶阀门或连接管泄漏（切断失效）·氯气云'), 18)
    """
    frame = inputs.frames.get(KIND)
    if frame is None or frame.empty:
        return None
    known(frame["unit_type"], UNIT_TYPES, "单元类型", "unit type")
    codes, reasons = judge(frame, parameters)
    ids = frame["id"].to_numpy(object)
    for row in np.flatnonzero(reasons != ""):
        builder.refuse(KIND, str(ids[row]), str(reasons[row]))
    chosen = reasons == ""
    units = Units.read(frame.assign(substance=codes)[chosen], factors, _staff(inputs))
    assembly = Assembly(builder, parameters, units)
    for unit_type, kind in UNIT_TYPES.items():
        of_type = units[units.unit_type == unit_type]
        for substance in np.unique(of_type.substance.astype(str)):
            some = of_type[of_type.substance == substance]
            grow(assembly, some, kind.events[state_of(substance, parameters)], kind.theme)
            if kind.local:
                add_local(assembly, some, kind.local, kind.theme)
    add_dams(assembly, units[units.unit_type == "tailings_pond"], ids)
    return assembly


def judge(frame: pd.DataFrame, parameters: Parameters) -> tuple[NDArray[Any], NDArray[Any]]:
    """Code name of the substance and reason of refusal (empty: it is scored) of every row of ``hazard_source``.

    Examples
    --------
    >>> from riskmodel.example import frame, parameters
    >>> store = {"unit_type": "chlorine_works", "substance": "液氯", "quantity_t": 5.0}
    >>> codes, reasons = judge(frame("hazard_source", [store, store | {"quantity_t": 0.0}]), parameters())
    >>> codes.tolist(), reasons.tolist()
    (['chlorine', 'chlorine'], ['', '设计最大量为零或缺失，无法计算后果，不评分，不等于无风险'])
    """
    codes = code_names(frame, parameters)
    reasons = np.full(len(frame), "", object)
    reasons[~(numbers(frame["quantity_t"]) > 0)] = EMPTY_REASON
    types, names = (frame[column].to_numpy(object) for column in ("unit_type", "substance"))
    pairs = pd.DataFrame({"type": types, "code": codes, "name": names})
    for (unit_type, name), group in pairs.groupby(["type", "name"], dropna=False, sort=False):
        code = group["code"].iloc[0]
        if group["code"].isna().any():
            rows = group.index[group["code"].isna()]
            reasons[rows] = f"物质“{name}”不在计算方法的物质表中，不评分，不等于无风险；请更正名称或 CAS 号"
        elif unit_type not in UNIT_TYPES or state_of(code, parameters) not in UNIT_TYPES[str(unit_type)].events:
            reasons[group.index] = f"“{name}”在这类单元（{unit_type}）中没有计算方法，不评分，不等于无风险；请核对单元类型与物质"
    return codes, reasons


def scored(frame: pd.DataFrame, parameters: Parameters) -> NDArray[np.bool_]:
    """Which rows of ``hazard_source`` become scenarios; all others are refused and give way to no other description.

    Examples
    --------
    >>> from riskmodel.example import frame, parameters
    >>> store = {"unit_type": "chlorine_works", "substance": "液氯", "quantity_t": 5.0}
    >>> scored(frame("hazard_source", [store, store | {"substance": "gasoline"}]), parameters()).tolist()
    [True, False]
    """
    return np.asarray(judge(frame, parameters)[1] == "", np.bool_) if len(frame) else np.zeros(0, np.bool_)


def _staff(inputs: ModelInputs) -> pd.Series:
    enterprises = inputs.frames.get("enterprise")
    if enterprises is None:
        return pd.Series(dtype=np.float64)
    owners = inputs.frames[KIND]["enterprise_id"]
    mine = enterprises[enterprises["id"].isin(set(owners.dropna()))]
    return pd.Series(numbers(mine["staff_at_place"]), index=mine["id"].to_numpy(object))
