"""Training, the only place that needs scikit-learn, which is imported when a model is trained and never to score.

A rate model is a Poisson regression of counts with an exposure offset: target count/exposure, weight exposure (the same
likelihood). A probability model is a logistic regression. Both in two forms: ``glm``, additive in the bins with a normal prior on
the coefficients, and ``gbm``, a few shallow trees. Either way the result is one table over the bins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter
from riskmodel.learned.features import Feature, all_bins, bins_of, shape_of
from riskmodel.learned.model import LearnedModel, rounded, with_unknown

Array = NDArray[np.float64]
Bins = NDArray[np.int64]

#: Fewer events than this teach nothing that the mean does not say.
LEAST_EVENTS = 30


@dataclass(frozen=True)
class Method:
    """How to fit.

    Attributes
    ----------
    form : str
        ``glm`` or ``gbm``.
    prior_sd : float
        glm: standard deviation of the normal prior of every coefficient (log rate ratio or log odds ratio).
    trees, leaves : int
        gbm: number of trees and leaves of each.
    rate : float
        gbm: learning rate.
    seed : int
        gbm: of the random generator.

    Examples
    --------
    >>> Method().text, Method("gbm", trees=40).text
    ('glm, prior sd 0.5', 'gbm, 40 trees of 4 leaves')
    """

    form: str = "glm"
    prior_sd: float = 0.5
    trees: int = 60
    leaves: int = 4
    rate: float = 0.05
    seed: int = 20240501

    @property
    def text(self) -> str:
        """In one line, for the model card."""
        return f"glm, prior sd {self.prior_sd:g}" if self.form == "glm" else f"gbm, {self.trees} trees of {self.leaves} leaves"


def train(events: ArrayLike, exposure: ArrayLike, frame: pd.DataFrame, features: Sequence[Feature], *, name: str, unit: str,
          method: Method | None = None, facts: Mapping[str, Any] | None = None) -> LearnedModel:
    """Train a rate model: events per exposure by bins.

    Parameters
    ----------
    events : array_like
        Counts of every row, not negative.
    exposure : array_like
        Of every row, e.g. km·yr; rows without exposure are left out.
    frame : DataFrame
        The features of every row. Rows with an unknown value are left out: give complete rows.
    features : sequence of Feature
        What to look at.
    name, unit : str
        Of the model and of events per exposure.
    method : Method, optional
        How to fit; a glm by default.
    facts : mapping, optional
        More about the training, kept with the model.

    Returns
    -------
    LearnedModel
        Its total over the rows equals the number of events; the constant c is frozen on the same rows.

    Raises
    ------
    BadParameter
        If lengths differ, a count or exposure is negative, or there are fewer than :data:`LEAST_EVENTS` events.

    Examples
    --------
    >>> lines = pd.DataFrame({"year": [1970.0, 1975.0, 1990.0, 2005.0]})
    >>> year = Feature("year", "建成年份", edges=(1980.0,))
    >>> model = train([30, 26, 12, 10], [100.0, 100.0, 100.0, 100.0], lines, [year], name="town-gas", unit="1/(1000 km yr)")
    >>> model.predict(lines).round(2).tolist(), model.base, model.facts["events"]
    ([0.27, 0.27, 0.12, 0.12], 0.195, 78)
    """
    n, e = np.asarray(events, np.float64), np.asarray(exposure, np.float64)
    bins, keep = _complete(n, e, frame, features)
    keep &= e > 0
    n, e, bins = n[keep], e[keep], bins[keep]
    _enough(n.sum(), name)
    how = method or Method()
    known = _fitted(how, bins, n / e, e, features, "rate")
    weights = _weights(bins, e, features)
    known *= n.sum() / (e * known[tuple(bins.T)]).sum()
    known_facts = {"method": how.text, "events": int(n.sum()), "exposure": round(float(e.sum()), 3)} | dict(facts or {})
    table, base = rounded(with_unknown(known, weights)), float(n.sum() / e.sum())
    model = LearnedModel(name, "rate", unit, tuple(features), table, float(rounded(base)), facts=MappingProxyType(known_facts))
    return model.frozen(frame[keep], e)


def train_probability(outcome: ArrayLike, frame: pd.DataFrame, features: Sequence[Feature], *, name: str,
                      method: Method | None = None, facts: Mapping[str, Any] | None = None) -> LearnedModel:
    """Train a probability model: whether the outcome follows, given the event.

    Parameters
    ----------
    outcome : array_like of bool
        Of every event.
    frame, features, name, method, facts
        As in :func:`train`.

    Raises
    ------
    BadParameter
        As :func:`train`; events with the outcome and events without are each counted.

    Examples
    --------
    >>> leaks = pd.DataFrame({"material": ["steel"] * 100 + ["plastic"] * 100})
    >>> burned = [True] * 40 + [False] * 60 + [True] * 10 + [False] * 90
    >>> material = Feature("material", "材料", levels=("steel", "plastic"))
    >>> train_probability(burned, leaks, [material], name="ignition").predict(leaks.iloc[[0, 150]]).round(2).tolist()
    [0.37, 0.13]
    """
    y = np.asarray(outcome, np.float64)
    bins, keep = _complete(y, np.ones_like(y), frame, features)
    y, bins = y[keep], bins[keep]
    _enough(min(y.sum(), (1 - y).sum()), name)
    how = method or Method()
    known = _fitted(how, bins, y, np.ones_like(y), features, "probability")
    weights = _weights(bins, np.ones_like(y), features)
    known_facts = {"method": how.text, "events": len(y), "outcomes": int(y.sum())} | dict(facts or {})
    return LearnedModel(name, "probability", "1", tuple(features), rounded(with_unknown(known, weights)),
                        float(rounded(y.mean())), facts=MappingProxyType(known_facts))


def _complete(values: Array, exposure: Array, frame: pd.DataFrame, features: Sequence[Feature]) -> tuple[Bins, NDArray[np.bool_]]:
    shape_of(features)
    if not len(values) == len(exposure) == len(frame):
        raise BadParameter("事件数、暴露量与特征的行数不同", "events, exposure and features differ in length")
    if not (np.isfinite(values).all() and np.isfinite(exposure).all() and (values >= 0).all() and (exposure >= 0).all()):
        raise BadParameter("事件数与暴露量必须是非负的有限数", "events and exposure must be finite and not negative")
    bins = bins_of(frame, features)
    return bins, np.all(bins < [feature.bins for feature in features], axis=1)


def _enough(events: float, name: str) -> None:
    if events < LEAST_EVENTS:
        raise BadParameter(f"“{name}”只有 {events:g} 次事件，少于 {LEAST_EVENTS} 次，不训练",
                           f"{name!r} has {events:g} events, fewer than {LEAST_EVENTS}: not trained",
                           remedy_zh="使用表列频率，或积累更多年份的数据。",
                           remedy_en="Use the tabulated rate, or collect more years.")


def _weights(bins: Bins, exposure: Array, features: Sequence[Feature]) -> list[Array]:
    return [np.bincount(bins[:, axis], exposure, feature.bins).astype(np.float64) for axis, feature in enumerate(features)]


def _one_hot(bins: Bins, features: Sequence[Feature]) -> Array:
    return np.concatenate([np.eye(feature.bins)[bins[:, axis]] for axis, feature in enumerate(features)], axis=1)


def _fitted(how: Method, bins: Bins, target: Array, weight: Array, features: Sequence[Feature], kind: str) -> Array:
    """Prediction of every combination of known bins, shape of the table without unknowns."""
    fit = {"glm": _glm, "gbm": _gbm}.get(how.form)
    if fit is None:
        raise BadParameter(f"没有训练方法“{how.form}”", f"there is no method {how.form!r}",
                           remedy_zh="用 glm 或 gbm。", remedy_en="Use glm or gbm.")
    cells = fit(how, bins, target, weight, features, kind)
    return np.asarray(cells, np.float64).reshape(shape_of(features, unknown=False))


def _glm(how: Method, bins: Bins, target: Array, weight: Array, features: Sequence[Feature], kind: str) -> Array:
    from sklearn.linear_model import LogisticRegression, PoissonRegressor

    rows, cells = _one_hot(bins, features), _one_hot(all_bins(features), features)
    if kind == "rate":
        # the penalised mean deviance of scikit-learn against a normal prior on the summed log-likelihood
        fitted = PoissonRegressor(alpha=1 / (how.prior_sd**2 * weight.sum()), solver="newton-cholesky", tol=1e-9, max_iter=200)
        return np.asarray(fitted.fit(rows, target, sample_weight=weight).predict(cells))
    logistic = LogisticRegression(C=how.prior_sd**2, solver="newton-cholesky", tol=1e-9, max_iter=200).fit(rows, target)
    return np.asarray(logistic.predict_proba(cells)[:, 1])


def _gbm(how: Method, bins: Bins, target: Array, weight: Array, features: Sequence[Feature], kind: str) -> Array:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    shared: dict[str, Any] = {"max_iter": how.trees, "max_leaf_nodes": how.leaves, "learning_rate": how.rate,
                              "random_state": how.seed, "early_stopping": False}
    rows, cells = bins.astype(np.float64), all_bins(features).astype(np.float64)
    if kind == "rate":
        trees = HistGradientBoostingRegressor(loss="poisson", **shared).fit(rows, target, sample_weight=weight)
        return np.asarray(trees.predict(cells))
    return np.asarray(HistGradientBoostingClassifier(**shared).fit(rows, target).predict_proba(cells)[:, 1])
