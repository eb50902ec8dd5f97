"""What a learned model looks at: fields cut into bins, so that a model is a table and scoring needs nothing but arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import BadParameter

Array = NDArray[np.float64]

#: A model is a table of all combinations of bins; more of them than this is a mistake in the bins.
MOST_CELLS = 100_000

#: What happened after the event: a model predicts how often, never how many die, and none of these may name a feature.
CONSEQUENCES: frozenset[str] = frozenset({
    "deaths", "fatal", "fatalities", "injured", "injure", "injuries", "explode", "exploded", "cost", "num_evac", "evacuated",
    "significant", "serious", "ignite", "ignited",
})


@dataclass(frozen=True)
class Feature:
    """One field in bins: numbers by `edges`, or names by `levels`.

    Attributes
    ----------
    name : str
        Column of the frame, e.g. ``diameter_mm``.
    label : str
        What people read, e.g. 外径 mm.
    edges : tuple of float
        Increasing inner edges of a number; bin i holds ``edges[i-1] < x <= edges[i]``. Empty for a name.
    levels : tuple of str
        The names. Empty for a number.
    words : tuple of str
        What people read for each bin; empty: made from the edges or levels.

    Raises
    ------
    BadParameter
        If it has both edges and levels or neither, or edges that do not increase, or a level twice, or words for other bins,
        or if it is one of :data:`CONSEQUENCES`.

    Examples
    --------
    >>> diameter = Feature("diameter_mm", "外径 mm", edges=(127, 279))
    >>> diameter.bin_labels, diameter.bin_of(pd.Series([100.0, 279.0, 600.0, None])).tolist()
    (('≤ 127', '127–279', '> 279'), [0, 1, 2, 3])
    """

    name: str
    label: str
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.name.lower() in CONSEQUENCES:
            raise BadParameter(f"特征不能是后果：{self.name}", f"a consequence is no feature: {self.name}",
                               remedy_zh="学习模型只给频率，死亡由当地人口算出。",
                               remedy_en="Learned models give frequencies; deaths come from local people.")
        sound = bool(self.edges) != bool(self.levels)
        sound = sound and bool((np.diff(self.edges) > 0).all()) and len(set(self.levels)) == len(self.levels)
        if not sound or len(self.words) not in (0, self.bins):
            raise BadParameter(f"特征“{self.name}”的分箱不对", f"the bins of feature {self.name!r} are wrong",
                               remedy_zh="给出递增的边界，或互不相同的类别。",
                               remedy_en="Give increasing edges, or distinct levels.")

    @property
    def bins(self) -> int:
        """Number of known bins; one more is kept for values that are not known."""
        return len(self.edges) + 1 if self.edges else len(self.levels)

    @property
    def bin_labels(self) -> tuple[str, ...]:
        """The bins as people read them.

        >>> Feature("diameter_mm", "外径 mm", edges=(127, 279)).bin_labels
        ('≤ 127', '127–279', '> 279')
        """
        if self.words or self.levels:
            return self.words or self.levels
        texts = [f"{edge:g}" for edge in self.edges]
        middle = [f"{low}–{high}" for low, high in pairwise(texts)]
        return (f"≤ {texts[0]}", *middle, f"> {texts[-1]}")

    def bin_of(self, column: pd.Series) -> NDArray[np.int64]:
        """Bin of every value; ``bins`` where the value is missing or a name that the model has never seen.

        Raises
        ------
        BadParameter
            If a number is infinite or no number at all.
        """
        if self.levels:
            place = {level: index for index, level in enumerate(self.levels)}
            return np.array([place.get(value, self.bins) for value in column.astype(object)], np.int64)
        try:
            values = pd.to_numeric(column).to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise BadParameter(f"特征“{self.name}”必须是数", f"feature {self.name!r} must be numbers", field=self.name) from error
        if np.isinf(values).any():
            raise BadParameter(f"特征“{self.name}”有无穷大的值", f"feature {self.name!r} has infinite values", field=self.name)
        return np.where(np.isnan(values), self.bins, np.searchsorted(self.edges, values, side="left")).astype(np.int64)

    def as_dict(self) -> dict[str, Any]:
        """As plain values, for JSON.

        Examples
        --------
        >>> Feature("material", "材料", levels=("steel", "plastic")).as_dict()
        {'name': 'material', 'label': '材料', 'edges': [], 'levels': ['steel', 'plastic'], 'words': []}
        """
        return {"name": self.name, "label": self.label, "edges": list(self.edges), "levels": list(self.levels),
                "words": list(self.words)}

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Feature:
        """The reverse of :meth:`as_dict`.

        Examples
        --------
        >>> diameter = Feature("diameter_mm", "外径 mm", edges=(127, 279))
        >>> Feature.of(diameter.as_dict()) == diameter
        True
        """
        levels, words = (tuple(str(v) for v in entry[name]) for name in ("levels", "words"))
        return cls(str(entry["name"]), str(entry["label"]), tuple(float(e) for e in entry["edges"]), levels, words)


def shape_of(features: Sequence[Feature], *, unknown: bool = True) -> tuple[int, ...]:
    """Shape of a model's table: bins per feature, with or without the bin for values that are not known.

    Raises
    ------
    BadParameter
        If there is no feature, or the table would have more than :data:`MOST_CELLS` cells.

    Examples
    --------
    >>> pair = Feature("year", "建成年份", edges=(1980.0,)), Feature("material", "材料", levels=("steel", "plastic", "iron"))
    >>> shape_of(pair), shape_of(pair, unknown=False)
    ((3, 4), (2, 3))
    """
    shape = tuple(feature.bins + int(unknown) for feature in features)
    if not shape or prod(shape) > MOST_CELLS:
        raise BadParameter(f"模型的单元数必须在 1 到 {MOST_CELLS} 之间", f"a model needs 1 to {MOST_CELLS} cells",
                           remedy_zh="减少特征或分箱。", remedy_en="Use fewer features or bins.")
    return shape


def bins_of(frame: pd.DataFrame, features: Sequence[Feature]) -> NDArray[np.int64]:
    """Bins of every row, shape (rows, features).

    Raises
    ------
    BadParameter
        If the frame lacks a feature's column.

    Examples
    --------
    >>> pair = Feature("year", "建成年份", edges=(1980.0,)), Feature("material", "材料", levels=("steel", "plastic"))
    >>> bins_of(pd.DataFrame({"year": [1975, 2004], "material": ["plastic", None]}), pair).tolist()
    [[0, 1], [1, 2]]
    """
    missing = [feature.name for feature in features if feature.name not in frame]
    if missing:
        raise BadParameter(f"缺少模型需要的列：{'、'.join(missing)}",
                           f"columns that the model needs are missing: {', '.join(missing)}")
    return np.stack([feature.bin_of(frame[feature.name]) for feature in features], axis=1)


def all_bins(features: Sequence[Feature]) -> NDArray[np.int64]:
    """Every combination of known bins in the order of the table, shape (cells, features).

    Examples
    --------
    >>> pair = Feature("year", "建成年份", edges=(1980.0,)), Feature("material", "材料", levels=("steel", "plastic"))
    >>> all_bins(pair).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    shape = shape_of(features, unknown=False)
    return np.stack([axis.ravel() for axis in np.indices(shape)], axis=1).astype(np.int64)
