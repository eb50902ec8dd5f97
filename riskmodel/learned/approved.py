"""Learned models in use: approved, frozen on a local calibration set, and each for the rows that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import BadParameter
from riskmodel.inputs import ModelInputs
from riskmodel.learned.model import LearnedModel

#: Kinds whose frequencies a learned factor can multiply.
KINDS: tuple[str, ...] = ("enterprise", "pipeline")

#: Fact of a model that says which rows it is for: ``kind`` and, optionally, columns with the value that they must have.
APPLIES_TO = "applies_to"

#: Fact of a model that says on which local calibration set its scaling was frozen (:meth:`LearnedModel.frozen`).
FROZEN_ON = "frozen_on"


def factors_by_kind(models: Sequence[LearnedModel], inputs: ModelInputs) -> dict[str, pd.Series]:
    """F_learned by id for every kind that a model is for.

    A model's factors keep the expected events of its rows: ``Σ w·F = Σ w`` on the set on which it was frozen. They replace what
    they stand for and never multiply it: the management factor of an enterprise; age, diameter and cover of a line.

    Raises
    ------
    BadParameter
        If a model is not approved, no rate, not frozen on local data, for no known kind or column, or if two are for one row.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> from riskmodel.learned.features import Feature
    >>> year = Feature("year", "建成年份", edges=(1980.0,))
    >>> facts = {APPLIES_TO: {"kind": "pipeline", "medium": "gas"}, FROZEN_ON: "2015–2025 本市燃气管线"}
    >>> model = LearnedModel("town-gas", "rate", "1/(1000 km yr)", (year,), np.array([0.4, 0.2, 0.3]), 0.25, facts=facts,
    ...                      approved="某局 2026-05")
    >>> factors_by_kind([model], town())["pipeline"].to_dict()
    {'p1': 0.8}
    """
    found: dict[str, list[pd.Series]] = {}
    for model in models:
        kind, chosen = _chosen(model, inputs)
        found.setdefault(kind, []).append(model.factors(inputs.frames[kind][chosen]))
    joined = {kind: pd.concat(parts) for kind, parts in found.items()}
    for kind, factors in joined.items():
        if factors.index.has_duplicates:
            twice = str(factors.index[factors.index.duplicated()][0])
            raise BadParameter(f"两个学习模型都用于同一行（{kind} {twice}），同一事实会算两次",
                               f"two learned models are for one row ({kind} {twice})",
                               remedy_zh="请缩小其中一个模型的 applies_to。", remedy_en="Narrow applies_to of one of them.")
    return joined


def _chosen(model: LearnedModel, inputs: ModelInputs) -> tuple[str, NDArray[np.bool_]]:
    """Kind and rows that a model is for."""
    rows = model.facts.get(APPLIES_TO)
    kind = str(rows.get("kind", "")) if isinstance(rows, Mapping) else ""
    if model.kind != "rate" or kind not in KINDS or not isinstance(rows, Mapping):
        raise BadParameter(f"学习模型“{model.name}”没有说明用于哪些对象，或预测的不是频率",
                           f"learned model {model.name!r} does not say which rows it is for, or predicts no rate",
                           remedy_zh=f"在 facts.{APPLIES_TO} 中写明 kind（{'、'.join(KINDS)}）和限定的字段。",
                           remedy_en=f"Give kind ({', '.join(KINDS)}) and the columns that narrow it in facts.{APPLIES_TO}.")
    if not model.facts.get(FROZEN_ON):
        raise BadParameter(f"学习模型“{model.name}”的总量常数没有在本地标定集上冻结",
                           f"the scaling of learned model {model.name!r} was not frozen on a local calibration set",
                           remedy_zh=f"用 LearnedModel.frozen 在本地数据上定标，并在 facts.{FROZEN_ON} 中写明标定集。",
                           remedy_en=f"Scale it by LearnedModel.frozen on local data and name them in facts.{FROZEN_ON}.")
    frame = inputs.frames[kind]
    chosen = np.ones(len(frame), np.bool_)
    for name, value in rows.items():
        if name == "kind":
            continue
        if name not in frame:
            raise BadParameter(f"学习模型“{model.name}”限定的字段“{name}”不存在",
                               f"learned model {model.name!r}: no column {name!r}")
        chosen &= (frame[name] == value).to_numpy(bool)
    return kind, chosen
