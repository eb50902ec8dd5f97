"""A learned model as a table: predicts by looking up, is written as JSON, never as a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter
from riskmodel.learned.features import Feature, bins_of, shape_of
from riskmodel.learned.scaling import BOUNDS, neutral_constant

Array = NDArray[np.float64]

#: What a model predicts: events per exposure, or the probability of an outcome given the event.
KINDS: tuple[str, ...] = ("rate", "probability")

#: Version of the written form.
FORMAT = 1


@dataclass(frozen=True)
class LearnedModel:
    """Rates or probabilities by bins.

    Attributes
    ----------
    name : str
        Of the model, e.g. ``gas-transmission-failure``.
    kind : str
        One of :data:`KINDS`.
    unit : str
        Of the values, e.g. 1/(1000 km yr); ``1`` for a probability.
    features : tuple of Feature
        What it looks at, in the order of the table's axes.
    values : ndarray
        Predictions by bin, shape ``shape_of(features)``: the last bin of every axis is for values that are not known, the mean
        of the others weighted by the calibration exposure.
    base : float
        Mean of the calibration set, same unit.
    neutral : float
        Frozen constant that keeps the total, see :func:`riskmodel.learned.scaling.neutral_constant`.
    bounds : tuple of float
        Of the multiplier.
    approved : str
        Who approved it for use, for what and when; empty: not approved, and :meth:`factors` refuses.
    facts : mapping
        How it was trained: method, years, events, exposure. Text and numbers.

    Examples
    --------
    >>> year = Feature("year", "建成年份", edges=(1980.0,))
    >>> rates = np.array([0.4, 0.2, 0.3])
    >>> model = LearnedModel("town-gas", "rate", "1/(1000 km yr)", (year,), rates, 0.25, approved="某局 2026-05")
    >>> lines = pd.DataFrame({"id": ["p1", "p2", "p3"], "year": [1975, 2004, None]})
    >>> model.predict(lines).tolist(), model.frozen(lines, [1.0, 2.0, 1.0]).factors(lines).round(3).to_dict()
    ([0.4, 0.2, 0.3], {'p1': 1.455, 'p2': 0.727, 'p3': 1.091})
    """

    name: str
    kind: str
    unit: str
    features: tuple[Feature, ...]
    values: Array
    base: float
    neutral: float = 1.0
    bounds: tuple[float, float] = BOUNDS
    approved: str = ""
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        values = np.asarray(self.values, np.float64)
        most = 1.0 if self.kind == "probability" else np.inf
        whole = self.kind in KINDS and values.shape == shape_of(self.features)
        if not whole or not ((values > 0) & (values < most)).all() or not self.base > 0 or not self.neutral > 0:
            raise BadParameter(f"学习模型“{self.name}”的表不完整或不合理",
                               f"the table of learned model {self.name!r} is incomplete or absurd",
                               remedy_zh="请重新训练。", remedy_en="Train it again.")

    def predict(self, frame: pd.DataFrame) -> Array:
        """Rate or probability of every row, in :attr:`unit`."""
        return np.asarray(self.values[tuple(bins_of(frame, self.features).T)])

    def multiplier(self, frame: pd.DataFrame) -> Array:
        """``clip(prediction / (base · c), low, high)`` of every row; keeps the total of the set for which c was frozen.

        Examples
        --------
        >>> year = Feature("year", "建成年份", edges=(1980.0,))
        >>> model = LearnedModel("town-gas", "rate", "1/(1000 km yr)", (year,), np.array([0.9, 0.2, 0.3]), 0.25)
        >>> model.multiplier(pd.DataFrame({"year": [1975, 2004]})).tolist()
        [3.0, 0.8]
        """
        return np.clip(self.predict(frame) / (self.base * self.neutral), *self.bounds)

    def frozen(self, frame: pd.DataFrame, weight: ArrayLike) -> LearnedModel:
        """The same model with c frozen so that ``Σ w·m = Σ w`` over the rows of a calibration set.

        Parameters
        ----------
        frame : DataFrame
            The units of the calibration epoch.
        weight : array_like
            Their exposure times base rate.
        """
        return replace(self, neutral=neutral_constant(self.predict(frame) / self.base, weight, self.bounds))

    def factors(self, frame: pd.DataFrame, identifier: str = "id") -> pd.Series:
        """F_learned by id, as :func:`riskmodel.likelihood.management_factors` takes it; it replaces F_management, never joins it.

        Raises
        ------
        BadParameter
            If the model is not approved.
        """
        if not self.approved:
            raise BadParameter(f"学习模型“{self.name}”没有批准，不能用于评分",
                               f"learned model {self.name!r} is not approved for scoring",
                               remedy_zh="先在本地数据上验证，再在模型中写明批准人与用途。",
                               remedy_en="Validate it on local data first, then record who approved it for what.")
        return pd.Series(self.multiplier(frame), index=pd.Index(frame[identifier].to_numpy(object), name=identifier))

    def to_json(self) -> str:
        """As JSON text; the same model gives the same bytes.

        Examples
        --------
        >>> year = Feature("year", "建成年份", edges=(1980.0,))
        >>> model = LearnedModel("town-gas", "rate", "1/(1000 km yr)", (year,), np.array([0.4, 0.2, 0.3]), 0.25)
        >>> json.loads(model.to_json())["values"]
        [0.4, 0.2, 0.3]
        """
        entry = {
            "format": FORMAT, "name": self.name, "kind": self.kind, "unit": self.unit, "base": self.base, "neutral": self.neutral,
            "bounds": list(self.bounds), "approved": self.approved, "facts": dict(self.facts),
            "features": [feature.as_dict() for feature in self.features], "values": self.values.ravel().tolist(),
        }
        return json.dumps(entry, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> LearnedModel:
        """The reverse of :meth:`to_json`.

        Raises
        ------
        BadParameter
            If the text is no model, or of another format.

        Examples
        --------
        >>> year = Feature("year", "建成年份", edges=(1980.0,))
        >>> model = LearnedModel("town-gas", "rate", "1/(1000 km yr)", (year,), np.array([0.4, 0.2, 0.3]), 0.25)
        >>> LearnedModel.from_json(model.to_json()).to_json() == model.to_json()
        True
        """
        try:
            entry = json.loads(text)
            if entry["format"] != FORMAT:
                raise ValueError(entry["format"])
            features = tuple(Feature.of(one) for one in entry["features"])
            values = np.array(entry["values"], np.float64).reshape(shape_of(features))
            low, high = entry["bounds"]
            return cls(entry["name"], entry["kind"], entry["unit"], features, values, float(entry["base"]),
                       float(entry["neutral"]), (float(low), float(high)), entry["approved"], MappingProxyType(entry["facts"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BadParameter("这不是本产品写出的学习模型", "this is no learned model of this product") from error


def rounded(values: ArrayLike, digits: int = 5) -> Array:
    """Values to significant digits: a table that does not change with the last bit of a linear algebra library.

    >>> rounded([0.000123456789, 12.3456789]).tolist()
    [0.00012346, 12.346]
    """
    x = np.asarray(values, np.float64)
    return np.array([float(f"{value:.{digits}g}") for value in x.ravel()]).reshape(x.shape)


def with_unknown(known: Array, weights: Sequence[Array]) -> Array:
    """Append to every axis the bin for values that are not known: the mean over the axis with the given weights.

    Examples
    --------
    >>> with_unknown(np.array([[0.4, 0.2], [0.2, 0.1]]), [np.array([1.0, 3.0]), np.array([1.0, 1.0])]).round(4).tolist()
    [[0.4, 0.2, 0.3], [0.2, 0.1, 0.15], [0.25, 0.125, 0.1875]]
    """
    table = known
    for axis, weight in enumerate(weights):
        total = weight.sum()
        share = weight / total if total > 0 else np.full(weight.size, 1 / weight.size)
        mean = np.tensordot(table, share, axes=(axis, 0))
        table = np.concatenate([table, np.expand_dims(mean, axis)], axis=axis)
    return table
