"""Fires in dwellings, venues, enterprise premises and on building sites.

``f = f1000 · (A/1000)^0.8`` with the gross floor area A; a fire is fatal with probability q; deaths of a fatal fire follow
``P(N ≥ n) = n^−α`` up to ``min(0.3 · people inside, 200)``. Deaths lie in the building: no footprint.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.columns import flags, known, looked_up, numbers
from riskmodel.inputs import ModelInputs
from riskmodel.likelihood import danger_states, major_danger_factors, of_enterprises
from riskmodel.parameters.load import Parameters
from riskmodel.people import Exposure
from riskmodel.precedence import Precedence
from riskmodel.scenarios import ScenarioBuilder, Scope, Theme
from riskmodel.tails import power_law_mean, power_law_survival, register_power_tails


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, factors: pd.Series, exposure: Exposure,
        counted: Precedence) -> None:
    """Add the fires of dwellings (background), venues, premises and building sites.

    Examples
    --------
    >>> from riskmodel.build import SOURCE_KINDS
    >>> from riskmodel.example import parameters, scored, town
    >>> builder = ScenarioBuilder(SOURCE_KINDS)
    >>> add(builder, town(), parameters(), pd.Series({"e1": 1.0}), scored().exposure, Precedence({}))
    >>> found = builder.finish()
    >>> found.labels, found.background[0].label
    (('工地火灾', '场所火灾', '单位火灾'), '住宅火灾')
    """
    _add_dwellings(builder, parameters, exposure)
    _add_sites(builder, inputs, parameters)
    _add_venues(builder, inputs, parameters, counted)
    _add_premises(builder, inputs, parameters, factors, counted)


def ignitions(premises: pd.Series, area: NDArray[np.float64], parameters: Parameters) -> NDArray[np.float64]:
    """Fires per year, ``f1000 · (A/1000)^0.8`` with A kept to 100–100,000 m²; NaN where the row of the table is missing.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> ignitions(pd.Series(["school", "mall"]), np.array([6000.0, 40_000.0]), parameters()).round(4).tolist()
    [0.0034, 0.0574]
    """
    rate = looked_up(premises, parameters.table("fire.ignition.rate"))
    low, high = parameters.array("fire.ignition.area")
    return np.asarray(rate * (np.clip(area, low, high) / 1000.0) ** parameters.number("fire.ignition.exponent"))


def protection(sprinklers: NDArray[np.bool_], alarm: NDArray[np.bool_], basement: NDArray[np.bool_],
               high_rise: NDArray[np.bool_], parameters: Parameters) -> NDArray[np.float64]:
    """Factor on P(fatal | fire): × 0.3 with sprinklers, × 0.7 with an alarm alone, × 2 in a basement, × 1.2 in a high-rise.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> yes, no = np.array([True]), np.array([False])
    >>> protection(yes, yes, no, yes, parameters()).round(2).item(), protection(no, yes, yes, no, parameters()).round(2).item()
    (0.36, 1.4)
    """
    alone = np.where(alarm, parameters.number("fire.factor.alarm"), 1.0)
    active = np.where(sprinklers, parameters.number("fire.factor.sprinklers"), alone)
    where = np.where(basement, parameters.number("fire.factor.basement"), 1.0)
    return np.asarray(active * where * np.where(high_rise, parameters.number("fire.factor.high_rise"), 1.0))


def slot_rates(parameters: Parameters) -> NDArray[np.float64]:
    """Fatal dwelling fires in each slot of the week relative to their mean rate; the mean over the hours of the week is 1.

    P(fatal | fire) is × 2.2 from 22 to 8 h, when 24 % of the fires happen, and × 0.6 else: 53 % of the deaths in 10 of 24 hours.

    Returns
    -------
    (slots,) float64
        In the order of ``people.slots.names``.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> slot_rates(load_parameters()).round(2).tolist()
    [0.79, 0.9, 1.29, 0.83]
    """
    share, by_night, by_day = (parameters.number(f"fire.dwelling.{name}") for name in ("night_fires", "night", "day"))
    hours, dark = parameters.array("people.slots.hours"), parameters.array("fire.dwelling.night_hours")
    night_rate, day_rate = share * by_night / (10 / 24), (1 - share) * by_day / (14 / 24)
    rate = (night_rate * dark + day_rate * (hours - dark)) / hours
    return np.asarray(rate / (rate @ hours / hours.sum()))


def fatal_share(premises: pd.Series, factor: NDArray[np.float64], parameters: Parameters) -> NDArray[np.float64]:
    """P(fatal | fire) by type, times the protection factor over its frozen mean.

    The table is a mean over protected and unprotected buildings, so the factors are relative to the city's mean factor.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> fatal_share(pd.Series(["school", "school"]), np.array([1.0, 0.3]), parameters()).round(5).tolist()
    [0.0007, 0.00021]
    """
    q = looked_up(premises, parameters.table("fire.fatal.probability"))
    return np.asarray(q * factor / parameters.number("fire.factor.mean"))


def protection_mean(inputs: ModelInputs, parameters: Parameters, counted: Precedence) -> float:
    """Mean of the protection factors over venues and premises, weighted by deaths: the frozen ``fire.factor.mean``.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> safe = {"id": "v1", "venue_type": "school", "capacity": 600, "sprinklers": True}
    >>> round(protection_mean(town(venue=[safe], enterprise=[]), parameters(), Precedence({})), 3)
    0.3
    """
    deaths = np.concatenate([_deaths(*_venue_fires(inputs, parameters, counted), parameters),
                             premises_deaths(inputs, parameters, counted)])
    factor = np.concatenate([_factor(inputs, "venue", parameters), _factor(inputs, "enterprise", parameters)])
    plain = float((deaths / factor).sum())
    return float(deaths.sum() / plain) if plain > 0 else 1.0


def venue_rows(inputs: ModelInputs, parameters: Parameters) -> pd.DataFrame:
    """Fire row, floor area (m²) and people inside of every venue; row None for open air.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> venue_rows(town(), parameters()).round(1).values.tolist()
    [['school', 6000.0, 420.0]]
    """
    venues = inputs.frames["venue"]
    known(venues["venue_type"], parameters.table("fire.venue.premises"), "场所类型", "venue type")
    premises = venues["venue_type"].map(parameters.table("fire.venue.premises")).astype(object).replace("", None)
    usual = looked_up(venues["venue_type"], parameters.table("fire.venue.area"))
    usual = np.where(np.isnan(usual), looked_up(premises, parameters.table("fire.area.default")), usual)
    area, capacity = numbers(venues["floor_area_m2"]), numbers(venues["capacity"])
    return _rows(premises, np.where(np.isnan(area), usual, area), capacity, np.zeros(len(venues)), parameters)


def premises_rows(inputs: ModelInputs, parameters: Parameters) -> pd.DataFrame:
    """Fire row, floor area (m²) and people inside of every enterprise; row None where it names no premises.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> premises_rows(town(), parameters()).round(1).values.tolist()
    [['factory', 4000.0, 56.0], ['restaurant', 200.0, 40.0]]
    """
    frame = inputs.frames["enterprise"]
    premises = frame["premises"].astype(object)
    usual, area = looked_up(premises, parameters.table("fire.area.default")), numbers(frame["floor_area_m2"])
    unknown = np.full(len(frame), np.nan)
    return _rows(premises, np.where(np.isnan(area), usual, area), unknown, numbers(frame["staff_at_place"]), parameters)


def _rows(premises: pd.Series, area: NDArray[np.float64], capacity: NDArray[np.float64], staff: NDArray[np.float64],
          parameters: Parameters) -> pd.DataFrame:
    """People inside at the time of a fire: a share of the capacity, else of density × area, at least of the staff."""
    by_area = area * looked_up(premises, parameters.table("fire.people.density"))
    most = np.maximum(np.where(np.isnan(capacity), by_area, capacity), staff)
    inside = most * looked_up(premises, parameters.table("fire.people.share"))
    return pd.DataFrame({"premises": premises, "area": area, "inside": inside})


def _add_power_law(builder: ScenarioBuilder, kind: str, label: str, source: pd.DataFrame, rows: pd.DataFrame,
                   frequency: NDArray[np.float64], parameters: Parameters) -> None:
    """Add fatal fires of a frame, type by type: every type has its own α. Rows of frequency 0 or NaN are left out."""
    x, y = numbers(source["x"]), numbers(source["y"])
    cap = _cap(numbers(rows["inside"]), parameters)
    codes, names = pd.factorize(rows["premises"])
    alphas = parameters.table("fire.fatal.alpha")
    for code, name in enumerate(names):
        row = np.flatnonzero((codes == code) & (frequency > 0))
        if len(row):
            alpha = float(alphas[name])
            builder.add_points(kind, label, Theme.FIRE_VENUE, Scope.NONE, row=row, x=x[row], y=y[row], frequency=frequency[row],
                               deaths_local=power_law_mean(alpha, cap[row]), tail=register_power_tails(builder, alpha, cap[row]))


def _cap(inside: NDArray[np.float64], parameters: Parameters) -> NDArray[np.float64]:
    """Nmax = min(0.3 · people inside, 200)."""
    return np.minimum(parameters.number("fire.fatal.inside_share") * inside, parameters.number("fire.fatal.most"))


def premises_deaths(inputs: ModelInputs, parameters: Parameters, counted: Precedence) -> NDArray[np.float64]:
    """Deaths per year by fire in every enterprise's premises before management factors.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> [f"{d:.1e}" for d in premises_deaths(town(), parameters(), Precedence({}))]
    ['1.3e-04', '8.3e-06']
    """
    return _deaths(*_premises_fires(inputs, parameters, counted), parameters)


def _deaths(rows: pd.DataFrame, fatal: NDArray[np.float64], parameters: Parameters) -> NDArray[np.float64]:
    """Deaths per year from fatal fires per year: times E[N | fatal]."""
    alpha = looked_up(rows["premises"], parameters.table("fire.fatal.alpha"))
    cap = _cap(numbers(rows["inside"]), parameters)
    deaths = np.zeros(len(rows))
    for value in np.unique(alpha[~np.isnan(alpha)]):
        row = alpha == value
        deaths[row] = fatal[row] * power_law_mean(float(value), cap[row])
    return deaths


def _factor(inputs: ModelInputs, kind: str, parameters: Parameters) -> NDArray[np.float64]:
    """Protection factor of every row; a venue without floors above ground, or marked so, lies in a basement."""
    frame = inputs.frames[kind]
    basement = high = np.zeros(len(frame), bool)
    if kind == "venue":
        above, below = numbers(frame["floors_above"]), numbers(frame["floors_below"])
        basement = flags(frame["basement"]) | ((above == 0) & (below > 0))
        high = above >= parameters.number("fire.factor.high_rise_floors")
    return protection(flags(frame["sprinklers"]), flags(frame["alarm"]), basement, high, parameters)


def _venue_fires(inputs: ModelInputs, parameters: Parameters, counted: Precedence) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Rows and fatal fires per year of all venues, 0 where they do not count."""
    return _fatal_fires(inputs, "venue", venue_rows(inputs, parameters), parameters, counted)


def _premises_fires(inputs: ModelInputs, parameters: Parameters, counted: Precedence) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Rows and fatal fires per year of all enterprises, 0 where they do not count."""
    return _fatal_fires(inputs, "enterprise", premises_rows(inputs, parameters), parameters, counted)


def _fatal_fires(inputs: ModelInputs, kind: str, rows: pd.DataFrame, parameters: Parameters,
                 counted: Precedence) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    fires = ignitions(rows["premises"], numbers(rows["area"]), parameters)
    fatal = fires * fatal_share(rows["premises"], _factor(inputs, kind, parameters), parameters)
    return rows, np.where(counted.of(kind, len(rows)), np.nan_to_num(fatal), 0.0)


def _add_venues(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, counted: Precedence) -> None:
    rows, fatal = _venue_fires(inputs, parameters, counted)
    _add_power_law(builder, "venue", "场所火灾", inputs.frames["venue"], rows, fatal, parameters)


def _add_premises(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, factors: pd.Series,
                  counted: Precedence) -> None:
    frame = inputs.frames["enterprise"]
    rows, fatal = _premises_fires(inputs, parameters, counted)
    fatal = fatal * of_enterprises(factors, inputs) * _major_dangers(inputs, parameters)
    _add_power_law(builder, "enterprise", "单位火灾", frame, rows, fatal, parameters)


def _major_dangers(inputs: ModelInputs, parameters: Parameters) -> NDArray[np.float64]:
    """Factor 2 for an open registered major fire danger, less what the management factor carries for the same danger."""
    dangers, factor = inputs.frames["hidden_danger"], np.ones(len(inputs.frames["enterprise"]))
    open_now = np.flatnonzero(flags(dangers["major"]) & danger_states(inputs)["open"].to_numpy(bool))
    words = tuple(parameters.entry("fire.factor.danger_kinds").value)
    kinds = dangers["danger_kind"].to_numpy(object)[open_now]
    named = open_now[[isinstance(kind, str) and any(word in kind for word in words) for kind in kinds]]
    owner = inputs.owners("hidden_danger")[named]
    owner = owner[owner >= 0]
    if len(owner):
        carried = major_danger_factors(inputs, parameters)[owner]
        factor[owner] = parameters.number("fire.factor.major_danger") / carried
    return factor


def _add_sites(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters) -> None:
    """Building sites: a rate per site, deaths among the workers."""
    sites = inputs.frames["work_site"]
    alpha = parameters.number("fire.site.alpha")
    cap = _cap(numbers(sites["workers"]), parameters)
    builder.add_points("work_site", "工地火灾", Theme.FIRE_VENUE, Scope.NONE, row=np.arange(len(sites)),
                       x=numbers(sites["x"]), y=numbers(sites["y"]),
                       frequency=parameters.number("fire.site.ignition") * parameters.number("fire.site.fatal"),
                       deaths_local=power_law_mean(alpha, cap), tail=register_power_tails(builder, alpha, cap))


def _add_dwellings(builder: ScenarioBuilder, parameters: Parameters, exposure: Exposure) -> None:
    """Dwellings: fatal fires per household and year in every cell."""
    alpha, most = parameters.number("fire.dwelling.alpha"), parameters.number("fire.dwelling.most")
    rate = parameters.number("fire.dwelling.ignition") * parameters.number("fire.dwelling.fatal")
    builder.add_background("住宅火灾", Theme.FIRE_DWELLING, frequency=exposure.households * rate,
                           deaths=float(power_law_mean(alpha, most)), tail=builder.tail(power_law_survival(alpha, most)))
