"""How often: management facts, observed counts and learned models as factors on frequency.

``f = f0 · F · s_g · F_environment(t)``. F comes from management facts, or, where a learned model is approved, from that instead:
both read the same facts, so they never multiply. Both are bounded, explained and budget-neutral by constants frozen per
calibration epoch. s_g is what the counted accidents of an industry say, shrunk, and frozen too.
:mod:`riskmodel.environment` has F_environment: what holds for hours or days, never for the yearly map.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter
from riskmodel.columns import flags, looked_up, numbers
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters

#: Columns of :func:`management_items` that multiply.
ITEMS: tuple[str, ...] = ("standardisation", "dangers_ordinary", "dangers_major", "inspection", "credit", "insured")


def management_factors(inputs: ModelInputs, parameters: Parameters, learned: pd.Series | None = None) -> pd.Series:
    """Factor F · s_g on the frequencies of every enterprise, indexed by enterprise id.

    ``m' = clip(Π items, 0.5, 2) / m̄_g`` with the industry's mean m̄_g frozen in the parameters, so that the city's total
    stays and an edit moves only its own unit. No clipping after the division.

    Parameters
    ----------
    learned : Series, optional
        F_learned by enterprise id, from an approved model whose scaling is frozen and budget-neutral. It replaces m' of the
        enterprises that it names, bounded to ``likelihood.learned.bounds``; the others keep m'.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> management_factors(town(), parameters()).round(3).to_dict()
    {'e1': 1.42, 'e2': 1.053}
    >>> management_factors(town(hidden_danger=[]), parameters()).round(3).to_dict()
    {'e1': 0.887, 'e2': 1.053}
    """
    return management_items(inputs, parameters, learned)["factor"]


def of_enterprises(factors: pd.Series, inputs: ModelInputs) -> NDArray[np.float64]:
    """The factor of every row of the enterprise frame; 1 where an enterprise has none.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> of_enterprises(pd.Series({"e2": 0.8}), town()).tolist()
    [1.0, 0.8]
    """
    ids = inputs.enterprise_ids
    if len(factors) == len(ids) and factors.index.is_(ids):
        return np.asarray(factors, np.float64)
    return np.asarray(factors.reindex(ids).fillna(1.0), np.float64)


def management_items(inputs: ModelInputs, parameters: Parameters, learned: pd.Series | None = None) -> pd.DataFrame:
    """The factor of every item for every enterprise, for the explanation.

    Returns
    -------
    DataFrame
        Indexed by enterprise id: the columns of :data:`ITEMS`, ``clipped`` (their bounded product m), ``mean`` (m̄_g),
        ``learned`` (F_learned within its bounds, NaN where there is none), ``observed`` (s_g) and ``factor`` (F · s_g).

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> management_items(town(), parameters()).loc["e1", ["standardisation", "dangers_major", "clipped"]].to_dict()
    {'standardisation': 0.85, 'dangers_major': 1.6, 'clipped': 1.36}
    """
    frame = inputs.frames["enterprise"]
    ordinary, major = _danger_factors(inputs, parameters)
    means = parameters.table("likelihood.mean.industry")
    items: dict[str, NDArray[np.float64]] = {
        "standardisation": _by_value(frame["standardisation"], parameters.table("likelihood.items.standardisation")),
        "dangers_ordinary": ordinary,
        "dangers_major": major,
        "inspection": _by_value(frame["inspection"], parameters.table("likelihood.items.inspection")),
        "credit": _by_value(frame["credit_list"], parameters.table("likelihood.items.credit")),
        "insured": np.where(flags(frame["insured"]), parameters.number("likelihood.items.insured"), 1.0),
    }
    product = np.prod(np.stack([items[name] for name in ITEMS]), axis=0)
    low, high = parameters.array("likelihood.bounds.clip")
    items["clipped"] = np.clip(product, low, high)
    items["mean"] = looked_up(frame["industry"], means, means["rest"])
    items["learned"] = _learned(frame["id"], learned, parameters)
    observed = parameters.table("likelihood.observed.industry")
    items["observed"] = looked_up(frame["industry"], observed, observed["rest"])
    known = ~np.isnan(items["learned"])
    items["factor"] = np.where(known, items["learned"], normalise(items["clipped"], items["mean"])) * items["observed"]
    return pd.DataFrame(items, index=inputs.enterprise_ids)


def _learned(enterprise_id: pd.Series, learned: pd.Series | None, parameters: Parameters) -> NDArray[np.float64]:
    if learned is None:
        return np.full(len(enterprise_id), np.nan)
    if not np.isfinite(learned.to_numpy(np.float64)).all() or (learned <= 0).any():
        raise BadParameter("学习得到的系数必须是正的有限数", "learned factors must be positive and finite",
                           remedy_zh="请检查模型输出后重新批准。", remedy_en="Check the model's output and approve it again.")
    low, high = parameters.array("likelihood.learned.bounds")
    values = learned.reindex(enterprise_id).to_numpy(np.float64)
    return np.asarray(np.clip(values, low, high))


def normalise(m: ArrayLike, mean: ArrayLike) -> NDArray[np.float64]:
    """``m' = m / m̄_g``.

    Examples
    --------
    >>> normalise([0.8, 1.6], [1.0, 1.25]).tolist()
    [0.8, 1.28]
    """
    return np.asarray(np.asarray(m, np.float64) / np.asarray(mean, np.float64))


def group_means(base: ArrayLike, m: ArrayLike, group: ArrayLike) -> dict[str, float]:
    """``m̄_g = Σ b·m / Σ b`` over the units of a group, to be frozen as ``likelihood.mean.industry``.

    Parameters
    ----------
    base : array_like
        PLL of the units before management (deaths/yr).
    m : array_like
        Their clipped products.
    group : array_like of str
        Their groups (industry sections).

    Examples
    --------
    >>> group_means([1.0, 3.0, 1.0], [1.0, 2.0, 0.9], ["C", "C", "H"])
    {'C': 1.75, 'H': 0.9}
    """
    table = pd.DataFrame({"b": np.asarray(base, np.float64), "m": np.asarray(m, np.float64), "g": np.asarray(group)})
    table["bm"] = table["b"] * table["m"]
    sums = table.groupby("g")[["b", "bm"]].sum()
    kept = sums[sums["b"] > 0]
    return {str(name): float(value) for name, value in (kept["bm"] / kept["b"]).items()}


def shrunk_ratio(observed: ArrayLike, expected: ArrayLike, parameters: Parameters) -> NDArray[np.float64]:
    """Observed over expected accidents, shrunk: ``s = (n + k)/(Ê + k)``, and 1 where too few are expected.

    Gamma–Poisson: the prior has mean 1 and weight k. Rare hazards are never scaled to an observed zero.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> shrunk_ratio([0, 12, 40], [0.2, 10.0, 20.0], parameters()).round(3).tolist()
    [1.0, 1.169, 1.917]
    """
    k = parameters.number("likelihood.observed.prior")
    n, e = np.asarray(observed, np.float64), np.asarray(expected, np.float64)
    return np.where(e >= parameters.number("likelihood.observed.expected"), (n + k) / (e + k), 1.0)


def observed_factors(incidents: pd.DataFrame, expected: pd.Series, as_of: date, parameters: Parameters) -> dict[str, float]:
    """s_g of every industry from its fatal accidents of the last five years, to be frozen as ``likelihood.observed.industry``.

    Parameters
    ----------
    incidents : DataFrame
        Columns ``occurred``, ``deaths`` and ``industry``; rows without an industry or without deaths are left out.
    expected : Series
        Fatal accidents in five years by industry section, as the model has them.
    as_of : date
        The end of the five years.

    Returns
    -------
    dict
        By section; 1 where fewer than ``likelihood.observed.expected`` are expected, so that rare hazards are never scaled to an
        observed zero. Has ``rest`` = 1.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> found = pd.DataFrame({"occurred": ["2025-03-01", "2024-07-01", "2015-01-01"], "deaths": [1, 2, 9], "industry": "C"})
    >>> factors = observed_factors(found, pd.Series({"C": 20.0, "B": 0.1}), date(2026, 6, 1), parameters())
    >>> {industry: round(factor, 3) for industry, factor in factors.items()}
    {'C': 0.174, 'B': 1.0, 'rest': 1.0}
    """
    years = int(parameters.number("likelihood.observed.years"))
    occurred, today = pd.to_datetime(incidents["occurred"]), pd.Timestamp(as_of)
    recent = (occurred > today - pd.DateOffset(years=years)) & (occurred <= today) & (numbers(incidents["deaths"]) > 0)
    count = incidents.loc[recent, "industry"].value_counts().reindex(expected.index).fillna(0.0)
    ratio = shrunk_ratio(count, expected, parameters)
    return {str(g): float(s) for g, s in zip(expected.index, ratio, strict=True)} | {"rest": 1.0}


def danger_states(inputs: ModelInputs) -> pd.DataFrame:
    """Every hidden danger's state on the day of the run: columns ``open``, ``overdue`` (bool) and ``days`` overdue (float).

    Examples
    --------
    >>> from riskmodel.example import town
    >>> danger_states(town()).values.tolist()
    [[True, True, 31.0]]
    """
    frame = inputs.frames["hidden_danger"]
    today = pd.Timestamp(inputs.as_of)
    found, due, closed = (pd.to_datetime(frame[name]) for name in ("found", "due", "closed"))
    is_open = (found <= today) & ~(closed <= today)
    days = (today - due).dt.days.astype(np.float64)
    overdue = is_open & (days > 0)
    return pd.DataFrame({"open": is_open, "overdue": overdue, "days": days.where(overdue, 0.0)}, index=frame.index)


def major_danger_factors(inputs: ModelInputs, parameters: Parameters) -> NDArray[np.float64]:
    """Factor of major hidden dangers of every enterprise row: 1.6 with one overdue, 1.2 with one open, else 1.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> major_danger_factors(town(), parameters()).tolist()
    [1.6, 1.0]
    """
    return _danger_factors(inputs, parameters)[1]


def _danger_factors(inputs: ModelInputs, parameters: Parameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factors of ordinary and of major dangers, one per enterprise row. An ordinary danger closed in time counts 1."""
    frame, units = inputs.frames["hidden_danger"], len(inputs.frames["enterprise"])
    place = inputs.owners("hidden_danger")
    state = danger_states(inputs)
    known, major = place >= 0, flags(frame["major"])
    is_open, overdue = state["open"].to_numpy(bool), state["overdue"].to_numpy(bool)

    def count(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(place[mask & known], minlength=units)

    each, cap = parameters.number("likelihood.items.overdue_each"), parameters.number("likelihood.items.overdue_cap")
    ordinary = np.minimum(each ** count(overdue & ~major), cap)
    worst = np.where(count(is_open & major) > 0, parameters.number("likelihood.items.major_open"), 1.0)
    worst = np.where(count(overdue & major) > 0, parameters.number("likelihood.items.major_overdue"), worst)
    return ordinary, worst


def _by_value(column: pd.Series, table: Mapping[str, float]) -> NDArray[np.float64]:
    """Factor of a text column; a missing value counts as “无”."""
    return looked_up(column, table, table["无"])

