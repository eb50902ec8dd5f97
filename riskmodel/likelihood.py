"""Management facts as factors on frequency: bounded, explained, budget-neutral by frozen constants."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from riskmodel.columns import flags, looked_up
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters

#: Columns of :func:`management_items` that multiply.
ITEMS: tuple[str, ...] = ("standardisation", "dangers_ordinary", "dangers_major", "inspection", "credit", "insured")


def management_factors(inputs: ModelInputs, parameters: Parameters) -> pd.Series:
    """Factor m' on the frequencies of every enterprise, indexed by enterprise id.

    ``m' = clip(Π items, 0.5, 2) / m̄_g`` with the industry's mean m̄_g frozen in the parameters, so that the city's total
    stays and an edit moves only its own unit. No clipping after the division.
    """
    return management_items(inputs, parameters)["factor"]


def management_items(inputs: ModelInputs, parameters: Parameters) -> pd.DataFrame:
    """The factor of every item for every enterprise, for the explanation.

    Returns
    -------
    DataFrame
        Indexed by enterprise id: the columns of :data:`ITEMS`, ``clipped`` (their bounded product m), ``mean`` (m̄_g) and
        ``factor`` (m').
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
    items["factor"] = normalise(items["clipped"], items["mean"])
    return pd.DataFrame(items, index=pd.Index(frame["id"], name="enterprise_id"))


def normalise(m: ArrayLike, mean: ArrayLike) -> NDArray[np.float64]:
    """``m' = m / m̄_g``."""
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
    """
    table = pd.DataFrame({"b": np.asarray(base, np.float64), "m": np.asarray(m, np.float64), "g": np.asarray(group)})
    table["bm"] = table["b"] * table["m"]
    sums = table.groupby("g")[["b", "bm"]].sum()
    kept = sums[sums["b"] > 0]
    return {str(name): float(value) for name, value in (kept["bm"] / kept["b"]).items()}


def shrunk_ratio(observed: ArrayLike, expected: ArrayLike, parameters: Parameters) -> NDArray[np.float64]:
    """Observed over expected accidents, shrunk: ``s = (n + k)/(Ê + k)``, and 1 where too few are expected.

    Gamma–Poisson: the prior has mean 1 and weight k. Rare hazards are never scaled to an observed zero.
    """
    k = parameters.number("likelihood.learned.prior")
    n, e = np.asarray(observed, np.float64), np.asarray(expected, np.float64)
    return np.where(e >= parameters.number("likelihood.learned.expected"), (n + k) / (e + k), 1.0)


def danger_states(inputs: ModelInputs) -> pd.DataFrame:
    """Every hidden danger's state on the day of the run: columns ``open``, ``overdue`` (bool) and ``days`` overdue (float)."""
    frame = inputs.frames["hidden_danger"]
    today = pd.Timestamp(inputs.as_of)
    found, due, closed = (pd.to_datetime(frame[name]) for name in ("found", "due", "closed"))
    is_open = (found <= today) & ~(closed <= today)
    days = (today - due).dt.days.astype(np.float64)
    overdue = is_open & (days > 0)
    return pd.DataFrame({"open": is_open, "overdue": overdue, "days": days.where(overdue, 0.0)}, index=frame.index)


def _danger_factors(inputs: ModelInputs, parameters: Parameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factors of ordinary and of major dangers, one per enterprise row. An ordinary danger closed in time counts 1."""
    frame, enterprises = inputs.frames["hidden_danger"], inputs.frames["enterprise"]
    place = pd.Index(enterprises["id"]).get_indexer(pd.Index(frame["enterprise_id"]))
    state = danger_states(inputs)
    known, major = place >= 0, flags(frame["major"])
    is_open, overdue = state["open"].to_numpy(bool), state["overdue"].to_numpy(bool)

    def count(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(place[mask & known], minlength=len(enterprises))

    each, cap = parameters.number("likelihood.items.overdue_each"), parameters.number("likelihood.items.overdue_cap")
    ordinary = np.minimum(each ** count(overdue & ~major), cap)
    worst = np.where(count(is_open & major) > 0, parameters.number("likelihood.items.major_open"), 1.0)
    worst = np.where(count(overdue & major) > 0, parameters.number("likelihood.items.major_overdue"), worst)
    return ordinary, worst


def _by_value(column: pd.Series, table: Mapping[str, float]) -> NDArray[np.float64]:
    """Factor of a text column; a missing value counts as “无”."""
    return looked_up(column, table, table["无"])

