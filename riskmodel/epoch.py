"""The constants that are frozen per calibration epoch, computed from a reference city.

They make management factors and reporting budget-neutral: m̄_g of :mod:`riskmodel.likelihood` and M_ref of :mod:`riskmodel.semi`.
A run never computes them; it reads the frozen ones, so that an edit moves only its own unit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.build import gather
from riskmodel.columns import numbers
from riskmodel.emergency import city_means
from riskmodel.fire import premises_deaths, protection_mean
from riskmodel.inputs import ModelInputs
from riskmodel.likelihood import group_means, management_items
from riskmodel.parameters.load import Parameters
from riskmodel.people import exposure
from riskmodel.precedence import Precedence
from riskmodel.semi import Assessment, assess, staff_rates, units
from riskmodel.work import equipment_deaths, uncovered_deaths


def constants(inputs: ModelInputs, parameters: Parameters, counted: Precedence) -> dict[str, Any]:
    """Constants of a new epoch by parameter name.

    Returns
    -------
    dict
        ``semi.stage2.rows``, ``semi.stage2.row_pll``, ``semi.stage2.row_pll_industry``, ``semi.stage2.correction``,
        ``fire.factor.mean``, ``work.background.equipment_share``, ``likelihood.mean.industry`` and ``emergency.mean.kind``.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> found = constants(town(), parameters(), Precedence({}))
    >>> sorted(found)[:3], round(found["fire.factor.mean"], 2)
    (['emergency.mean.kind', 'fire.factor.mean', 'likelihood.mean.industry'], 1.0)
    """
    assessment = assess(inputs.frames["risk_source"], parameters)
    found = reporting(inputs, parameters, counted, assessment)
    found["fire.factor.mean"] = protection_mean(inputs, parameters, counted)
    fresh = parameters.replace(**{name.replace(".", "__"): value for name, value in found.items()})
    found["likelihood.mean.industry"] = management_means(inputs, fresh, counted, assessment)
    found["work.background.equipment_share"] = equipment_share(inputs, fresh, counted, assessment)
    fresh = parameters.replace(**{name.replace(".", "__"): value for name, value in found.items()})
    scenarios, _, effects = gather(inputs, fresh, exposure(inputs, fresh))
    found["emergency.mean.kind"] = city_means(scenarios, inputs, effects, fresh)
    return found


def equipment_share(inputs: ModelInputs, parameters: Parameters, counted: Precedence, assessment: Assessment) -> float:
    """Deaths by special equipment over the background's, 0 to 0.8: taken off the background, so that Σ r_g · staff holds them.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> inputs = town()
    >>> rows = assess(inputs.frames["risk_source"], parameters())
    >>> round(equipment_share(inputs, parameters(), Precedence({}), rows), 4)
    0.0181
    """
    covered = units(inputs, parameters, counted, assessment).covered
    background = float(uncovered_deaths(inputs, parameters, covered).sum())
    return min(float(equipment_deaths(inputs, parameters).sum()) / background, 0.8) if background > 0 else 0.0


def reporting(inputs: ModelInputs, parameters: Parameters, counted: Precedence, assessment: Assessment) -> dict[str, Any]:
    """Constants of M_ref(g, size) = rows(size) · row PLL(g) · correction.

    The correction makes the mean of ``clip(√(Σm / M_ref), ½, 2)`` over the reporting units, weighted by r_g · staff, equal 1.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> inputs = town()
    >>> found = reporting(inputs, parameters(), Precedence({}), assess(inputs.frames["risk_source"], parameters()))
    >>> found["semi.stage2.rows"], round(found["semi.stage2.correction"], 3)
    ([7.0, 1.0, 11.91, 15.36, 19.34], 1.0)
    """
    enterprises = inputs.frames["enterprise"]
    place = inputs.owners("risk_source")
    kept = counted.of("risk_source", len(place)) & (place >= 0) & (assessment.outcome >= 0)
    n = np.bincount(place[kept], minlength=len(enterprises))
    raw = np.bincount(place[kept], assessment.pll[kept], len(enterprises))
    staff, sizes = numbers(enterprises["staff_at_place"]), parameters.array("semi.stage2.sizes")
    size = np.searchsorted(sizes, staff, side="right")
    units_of = np.bincount(size[n > 0], minlength=len(sizes) + 1)
    mean_rows = np.bincount(size, n, len(sizes) + 1) / np.maximum(units_of, 1)
    rows = np.where(units_of > 0, mean_rows, parameters.array("semi.stage2.rows"))
    table = pd.DataFrame({"g": enterprises["industry"], "n": n, "raw": raw}).groupby("g").sum()
    table = table[table["n"] > 0]
    general = float(raw.sum() / max(n.sum(), 1))
    per_row = {str(g): float(value) for g, value in (table["raw"] / table["n"]).items()}
    expected = rows[size] * enterprises["industry"].map(per_row).fillna(general).to_numpy(np.float64)
    covered = raw > 0
    weight = (staff_rates(enterprises["industry"], parameters) * staff)[covered]
    correction = _neutral(raw[covered] / expected[covered], weight, parameters.array("semi.stage2.clip"))
    return {"semi.stage2.rows": rows.tolist(), "semi.stage2.row_pll": general, "semi.stage2.row_pll_industry": per_row,
            "semi.stage2.correction": correction}


def management_means(inputs: ModelInputs, parameters: Parameters, counted: Precedence,
                     assessment: Assessment) -> dict[str, float]:
    """m̄_g by industry: the bounded products weighted by what each unit carries before management (reports and premises fire).

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> inputs = town()
    >>> means = management_means(inputs, parameters(), Precedence({}), assess(inputs.frames["risk_source"], parameters()))
    >>> {group: round(mean, 2) for group, mean in means.items()}
    {'C': 1.36, 'H': 1.05, 'rest': 1.36}
    """
    enterprises = inputs.frames["enterprise"]
    base = units(inputs, parameters, counted, assessment).total + premises_deaths(inputs, parameters, counted)
    clipped = management_items(inputs, parameters)["clipped"].to_numpy(np.float64)
    means = group_means(base, clipped, enterprises["industry"].to_numpy(object))
    return means | {"rest": float(base @ clipped / base.sum()) if base.sum() > 0 else 1.0}


def _neutral(ratio: NDArray[np.float64], weight: NDArray[np.float64], clip: NDArray[np.float64]) -> float:
    """Correction c with ``Σ w · clip(√(ratio / c)) = Σ w``, by bisection on log c; 1 where nobody reports."""
    if weight.sum() <= 0:
        return 1.0
    low, high = np.log(0.2), np.log(5.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        mean = weight @ np.clip(np.sqrt(ratio / np.exp(middle)), *clip) / weight.sum()
        low, high = (middle, high) if mean > 1.0 else (low, middle)
    return float(np.exp(0.5 * (low + high)))
