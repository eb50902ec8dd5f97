"""The worked case, trained to 2016 and tested on what came after; the numbers of the model card and of the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.learned import blocks
from riskmodel.learned import pipelines as case
from riskmodel.learned import validation as check
from riskmodel.learned.features import all_bins
from riskmodel.learned.model import LearnedModel
from riskmodel.learned.training import LEAST_EVENTS, Method, train, train_probability

Array = NDArray[np.float64]

#: Shares of the exposure for which the lift is told.
SHARES: tuple[float, ...] = (0.1, 0.2)

#: Fixed before the test years were looked at: coefficients within a factor of about e on a normal prior of 0.5.
METHOD = Method("glm", prior_sd=0.5)

#: For comparison only, see the model card.
OTHER = Method("gbm", trees=60, leaves=4)


@dataclass(frozen=True)
class Assessment:
    """A model and how it did on events that it had not seen.

    Attributes
    ----------
    model : LearnedModel
        Trained to 2016.
    skill : Skill
        After 2016, against the constant of the training years.
    slope : Slope
        Calibration slope after 2016.
    reliability : Reliability
        After 2016.
    lifts : mapping
        Share of exposure → lift, low, high.
    curve : tuple of ndarray
        Share of exposure and of events, from the highest prediction down.
    trained, tested : int
        Events of either.
    others : mapping
        Further comparisons by name: other methods, margins, blocks of ground, shuffled outcomes.

    Examples
    --------
    >>> from riskmodel.learned.features import Feature
    >>> year = Feature("year", "建成年份", edges=(1980.0,))
    >>> model = LearnedModel("town-gas", "rate", "1/(1000 km yr)", (year,), np.array([0.4, 0.1, 0.25]), 0.25)
    >>> n, e, rate = [40.0, 10.0], [100.0, 100.0], [0.4, 0.1]
    >>> skill, slope, groups = check.rate_skill(n, e, rate, 0.25), check.rate_slope(n, e, rate), check.reliability(n, e, rate, 2)
    >>> found = Assessment(model, skill, slope, groups, {}, check.gain_curve(n, e, rate), trained=78, tested=50, others={})
    >>> found.skill.better, found.reliability.observed.tolist()
    (True, [0.1, 0.4])
    """

    model: LearnedModel
    skill: check.Skill
    slope: check.Slope
    reliability: check.Reliability
    lifts: Mapping[float, tuple[float, float, float]]
    curve: tuple[Array, Array]
    trained: int
    tested: int
    others: Mapping[str, check.Skill]


def failure(incidents: pd.DataFrame, exposure: pd.DataFrame, method: Method = METHOD) -> Assessment:
    """Failure of onshore transmission lines per 1000 km·yr.

    Parameters
    ----------
    incidents : DataFrame
        From :func:`riskmodel.learned.pipelines.reports`.
    exposure : DataFrame
        As for :func:`riskmodel.learned.pipelines.failures_by_cell`.
    method : Method
        How to fit.

    Examples
    --------
    >>> names = {attribute: sum(levels, ()) for attribute, levels in case._LEVELS.items()}
    >>> km = [(year, attribute, level, 9000.0 / len(every)) for year in (2015, 2018) for attribute, every in names.items()
    ...       for level in every]
    >>> exposure = pd.DataFrame(km, columns=["year_of_failure", "attribute", "level", "km"])
    >>> rows = pd.DataFrame({"system": "transmission", "year_of_failure": np.tile([2015, 2018], 50), "class_location": "三级",
    ...                      "diameter_mm": 508.0, "year": np.repeat([1965.0, 2005.0], [70, 30])})
    >>> found = failure(rows, exposure)
    >>> found.model.base, found.skill.better
    (5.5556, True)
    """
    cells = case.failures_by_cell(incidents, exposure)
    past = (cells["year_of_failure"] <= case.TRAINED_TO).to_numpy(bool)
    before, after = cells[past].reset_index(drop=True), cells[~past].reset_index(drop=True)
    model = _failure_model(before, method)
    n, e = after["events"].to_numpy(np.float64), after["exposure"].to_numpy(np.float64)
    rate = model.predict(after)
    others = {"gbm": check.rate_skill(n, e, _failure_model(before, OTHER).predict(after), model.base)}
    others |= _by_margin(model, incidents, exposure, before)
    share = before["exposure"].to_numpy(np.float64) / before["exposure"].sum()
    shuffled = before.assign(events=np.random.default_rng(check.SEED).multinomial(int(before["events"].sum()), share))
    others["shuffled"] = check.rate_skill(n, e, _failure_model(shuffled, method).predict(after), model.base)
    return Assessment(
        model, check.rate_skill(n, e, rate, model.base), check.rate_slope(n, e, rate), check.reliability(n, e, rate),
        _lifts(n, e, rate), check.gain_curve(n, e, rate), int(before["events"].sum()), int(n.sum()), others)


def ignition(incidents: pd.DataFrame, system: str, method: Method = METHOD) -> Assessment:
    """Fire given a reported failure, of ``transmission`` or ``distribution`` lines.

    Examples
    --------
    >>> rows = pd.DataFrame({"system": "transmission", "year_of_failure": np.repeat([2015, 2018], 100), "diameter_mm": 508.0,
    ...                      "year": np.tile([1960.0, 2005.0], 100), "class_location": "三级", "latitude": 40.0,
    ...                      "longitude": np.tile(np.linspace(-120.0, -75.0, 20), 10), "subcause": "",
    ...                      "ignited": np.tile([True, False, True, False, False], 40)})
    >>> ignition(rows, "transmission").model.base
    0.4
    """
    rows = case.ignition_rows(incidents, system)
    past = (rows["year_of_failure"] <= case.TRAINED_TO).to_numpy(bool)
    before, after = rows[past].reset_index(drop=True), rows[~past].reset_index(drop=True)
    model = _ignition_model(before, system, method)
    y, one, p = after["ignited"].to_numpy(np.float64), np.ones(len(after)), model.predict(after)
    others = {"gbm": check.probability_skill(y, _ignition_model(before, system, OTHER).predict(after), model.base)}
    others["blocks"] = _in_blocks(rows, system, method)
    shuffled = before.assign(ignited=np.random.default_rng(check.SEED).permutation(before["ignited"]))
    others["shuffled"] = check.probability_skill(y, _ignition_model(shuffled, system, method).predict(after), model.base)
    return Assessment(
        model, check.probability_skill(y, p, model.base), check.probability_slope(y, p), check.reliability(y, one, p, 4),
        _lifts(y, one, p), check.gain_curve(y, one, p), len(before), len(after), others)


def relative_rates(model: LearnedModel) -> pd.DataFrame:
    """Rate of every bin of a failure model over its mean, the other attributes at their mean.

    Examples
    --------
    >>> from riskmodel.learned.features import Feature
    >>> year = Feature("year", "建成年份", edges=(1980.0,))
    >>> model = LearnedModel("town-gas", "rate", "1/(1000 km yr)", (year,), np.array([0.4, 0.2, 0.3]), 0.25)
    >>> relative_rates(model).values.tolist()
    [['建成年份', '≤ 1980', 1.6], ['建成年份', '> 1980', 0.8]]
    """
    parts = []
    unknown = [feature.bins for feature in model.features]
    for axis, feature in enumerate(model.features):
        at = [tuple(index if k == axis else last for k, last in enumerate(unknown)) for index in range(feature.bins)]
        values = np.array([model.values[place] for place in at]) / model.base
        parts.append(pd.DataFrame({"feature": feature.label, "bin": feature.bin_labels, "relative": values}))
    return pd.concat(parts, ignore_index=True)


def named_after_the_fire(incidents: pd.DataFrame) -> tuple[int, int]:
    """Reports whose sub-cause is a fire or explosion, and how many of them burned: why causes are no features of ignition.

    Examples
    --------
    >>> causes = ["fire/explosion as primary cause", "external corrosion", "fire/explosion as primary cause"]
    >>> named_after_the_fire(pd.DataFrame({"subcause": causes, "ignited": [True, False, True]}))
    (2, 2)
    """
    named = incidents[incidents["subcause"] == "fire/explosion as primary cause"]
    return len(named), int(named["ignited"].sum())


def _failure_model(cells: pd.DataFrame, method: Method) -> LearnedModel:
    years = f"{cells['year_of_failure'].min()}–{cells['year_of_failure'].max()}"
    return train(cells["events"], cells["exposure"], cells, case.FAILURE, name="gas-transmission-failure", unit="1/(1000 km yr)",
                 method=method, facts={"years": years, "data": "PHMSA gas transmission incidents and annual reports"})


def _ignition_model(rows: pd.DataFrame, system: str, method: Method) -> LearnedModel:
    years = f"{rows['year_of_failure'].min()}–{rows['year_of_failure'].max()}"
    return train_probability(rows["ignited"], rows, case.IGNITION[system], name=f"gas-{system}-ignition", method=method,
                             facts={"years": years, "data": f"PHMSA gas {system} incidents"})


def _lifts(n: Array, e: Array, prediction: Array) -> dict[float, tuple[float, float, float]]:
    return {s: (check.lift(n, e, prediction, s), *check.lift_interval(n, e, prediction, s)) for s in SHARES}


def _by_margin(model: LearnedModel, incidents: pd.DataFrame, exposure: pd.DataFrame,
               before: pd.DataFrame) -> dict[str, check.Skill]:
    """Skill after the training years one attribute at a time: needs no assumption on how the attributes go together.

    For failures of the pipe, on which the model was trained, and for those of every part, on which it was not.
    """
    last = int(exposure["year_of_failure"].max())
    bins = all_bins(case.FAILURE)
    weight = before.groupby(np.tile(np.arange(len(bins)), len(before) // len(bins)))["exposure"].sum().to_numpy(np.float64)
    expected = weight * model.predict(case.cell_values(bins))
    result = {}
    for every_part, ending in ((False, ""), (True, "，含阀门、管件")):
        seen = case.marginal_rates(incidents, exposure, case.TRAINED_TO + 1, last, every_part=every_part)
        for axis, feature in enumerate(case.FAILURE):
            rate = np.bincount(bins[:, axis], expected) / np.bincount(bins[:, axis], weight)
            rows = seen[seen["feature"] == feature.label]
            result[feature.label + ending] = check.rate_skill(rows["events"], rows["exposure"], rate, model.base)
    del result[case.DIAMETER.label + ending]  # where no pipe failed there is no diameter
    return result


def _in_blocks(rows: pd.DataFrame, system: str, method: Method) -> check.Skill:
    """Brier score of predictions for blocks of ground that the training left out, with the ground around them; all years."""
    predicted, flat = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for learned, left_out in blocks.folds(rows["longitude"], rows["latitude"]):
        if rows.loc[learned, "ignited"].sum() < LEAST_EVENTS:
            continue
        model = _ignition_model(rows[learned], system, method)
        predicted[left_out], flat[left_out] = model.predict(rows[left_out]), model.base
    known = ~np.isnan(predicted)
    return check.probability_skill(rows.loc[known, "ignited"], predicted[known], float(flat[known].mean()))
