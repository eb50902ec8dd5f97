"""Emergency response: travel times, and their factor on deaths relative to the city's mean.

Acts on the number of deaths only, never on frequency or individual risk. Instantaneous explosions, fireballs and flash fires get
nothing. The factors are divided by the frozen, PLL-weighted mean over the reference city, whose base rates contain usual help.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.quantified.footprints import Effect
from riskmodel.scenarios import ScenarioSet, Theme

Array = NDArray[np.float64]

#: Kinds of help that the factors are kept for.
KINDS: tuple[str, ...] = ("fire", "work", "crush", "blast", "burns", "toxic")


@dataclass(frozen=True)
class Arrival:
    """Response times of some places, min, one column per regime of traffic, and the share of time of each regime.

    Attributes
    ----------
    fire, hospital : (n, 3) float64
        From the nearest fire station, and from a hospital there and back with the work on the scene, by day, at peaks, by night.
    weight : (n, 3) float64
        Rows sum to 1.

    Examples
    --------
    >>> minutes = np.array([[6.0, 9.0, 5.0]])
    >>> Arrival(minutes, 4 * minutes, np.array([[0.5, 0.2, 0.3]])).mean(minutes).round(2).tolist()
    [6.3]
    """

    fire: Array
    hospital: Array
    weight: Array

    def mean(self, values: Array) -> Array:
        """Mean over the regimes."""
        return np.asarray((values * self.weight).sum(axis=1))


def travel_minutes(distance_m: ArrayLike, speed_kmh: ArrayLike, parameters: Parameters) -> Array:
    """``t = 1.5 + 60 · 1.4 · d / v`` in min with d in km.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> float(travel_minutes(2000.0, 30.0, load_parameters()))
    7.1
    """
    km = np.asarray(distance_m, np.float64) / 1000
    detour, turnout = parameters.number("emergency.travel.detour"), parameters.number("emergency.travel.turnout")
    return np.asarray(turnout + 60 * detour * km / np.asarray(speed_kmh, np.float64))


def fire_factor(minutes: ArrayLike, parameters: Parameters) -> Array:
    """Building fires: ``exp(0.03 (t − 8))``, 0.85 to 1.6.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> fire_factor([1.0, 8.0, 18.0, 60.0], load_parameters()).round(3).tolist()
    [0.85, 1.0, 1.35, 1.6]
    """
    t = np.asarray(minutes, np.float64)
    slope, usual = parameters.number("emergency.fire.slope"), parameters.number("emergency.fire.reference")
    low, high = parameters.array("emergency.fire.bounds")
    return np.clip(np.exp(slope * (t - usual)), low, high)


def injury_factor(minutes: ArrayLike, saved: float, parameters: Parameters) -> Array:
    """Treatment: ``1 − s (e^(−T/60) − e^(−30/60))``, 0.8 to 1.2; T min to hospital, s the share that treatment may save.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> injury_factor([0.0, 30.0, 60.0], 0.3, load_parameters()).round(3).tolist()
    [0.882, 1.0, 1.072]
    """
    decay, usual = parameters.number("emergency.injury.decay"), parameters.number("emergency.injury.reference")
    gain = np.exp(-np.asarray(minutes, np.float64) / decay) - np.exp(-usual / decay)
    low, high = parameters.array("emergency.injury.bounds")
    return np.asarray(np.clip(1 - saved * gain, low, high))


def toxic_factor(arrival: ArrayLike, duration: ArrayLike, warning: ArrayLike, most: ArrayLike, parameters: Parameters) -> Array:
    """Warning before a toxic cloud: ``1 − 0.9 g``, ``g = g_max (1 − e^(−max(0, t_arrival + ½ duration − t_warning)/10))``; min.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> toxic_factor(2.0, [4.0, 30.0], 10.0, 0.5, load_parameters()).round(3).tolist()
    [1.0, 0.773]
    """
    spare = np.asarray(arrival, np.float64) + np.asarray(duration, np.float64) / 2 - np.asarray(warning, np.float64)
    g = np.asarray(most, np.float64) * -np.expm1(-np.maximum(spare, 0.0) / parameters.number("emergency.toxic.decay"))
    return np.asarray(1 - parameters.number("emergency.toxic.effect") * g)


def cooling_factor(minutes: ArrayLike, parameters: Parameters) -> Array:
    """Factor on escalation by heat: 0.5 if the neighbours are cooled within 10 min, 1 from 20 min, straight between.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> cooling_factor([5.0, 15.0, 30.0], load_parameters()).tolist()
    [0.5, 0.75, 1.0]
    """
    factor = parameters.number("emergency.cooling.factor")
    return np.interp(np.asarray(minutes, np.float64), parameters.array("emergency.cooling.time"), [factor, 1.0])


def arrivals(inputs: ModelInputs, x: Array, y: Array, parameters: Parameters, density: Array | None = None) -> Arrival:
    """Response times of places (Albers metres) by the nearest fire station and hospital.

    Parameters
    ----------
    density : (cells,) float64, optional
        :func:`street_density`, where it is known already.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> found = arrivals(town(), np.array([500_800.0]), np.array([4_401_200.0]), parameters())
    >>> found.fire.round(1).tolist(), found.hospital.round(1).tolist(), found.weight.round(2).tolist()
    ([[7.4, 10.3, 5.4]], [[22.4, 27.8, 18.7]], [[0.0, 0.0, 1.0]])
    """
    speed = parameters.table("emergency.travel.speed")
    speeds = np.array([speed[name] for name in ("day", "peak", "night")], np.float64)
    weight = _regimes(inputs, x, y, parameters, street_density(inputs) if density is None else density)
    farthest = parameters.number("emergency.travel.farthest")
    fire = travel_minutes(_nearest(inputs, "fire_station", x, y)[:, None], speeds, parameters)
    way = travel_minutes(_nearest(inputs, "hospital", x, y)[:, None], speeds, parameters)
    turnout = parameters.number("emergency.travel.turnout")
    there_and_back = 2 * way - turnout + parameters.number("emergency.injury.scene")
    return Arrival(np.minimum(fire, farthest), np.minimum(there_and_back, farthest), weight)


def _nearest(inputs: ModelInputs, resource: str, x: Array, y: Array) -> Array:
    frame = inputs.frames["emergency_resource"]
    points = frame.loc[(frame["resource_type"] == resource).to_numpy(bool), ["x", "y"]].to_numpy(np.float64)
    if not len(points):
        return np.full(len(x), np.inf)
    return np.asarray(cKDTree(points).query(np.column_stack([x, y]))[0])


def _regimes(inputs: ModelInputs, x: Array, y: Array, parameters: Parameters, by_cell: Array) -> Array:
    """Share of time by day, at peaks and by night: peaks in the core only, free roads at all hours in the country."""
    cell = inputs.grid.index(x, y)
    density = np.where(cell >= 0, by_cell[np.maximum(cell, 0)], 0.0)
    share = parameters.table("emergency.travel.share")
    peak = np.where(density >= parameters.number("emergency.travel.core"), float(share["peak"]), 0.0)
    night = np.where(density < parameters.number("emergency.travel.rural"), 1.0 - peak, float(share["night"]))
    return np.stack([1.0 - peak - night, peak, night], axis=1)


def street_density(inputs: ModelInputs) -> Array:
    """Residents per km² of the street of every cell, by area fractions on borders; 0 outside.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> street_density(town())[[0, 5]].tolist()
    [400.0, 1200.0]
    """
    cover, n = inputs.coverage, len(inputs.streets)
    residents = np.bincount(cover.street, cover.fraction * inputs.residents[cover.cell], n)
    per_km2 = residents / np.maximum(inputs.streets["area_km2"].to_numpy(np.float64), 1e-9)
    return np.asarray(np.bincount(cover.cell, cover.fraction * per_km2[cover.street], inputs.grid.size), np.float64)


def factors(arrival: Arrival, parameters: Parameters) -> dict[str, Array]:
    """Factor of every kind of help at each place, before the division by the city's mean; ``toxic`` is its treatment only.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> at_works = arrivals(town(), np.array([500_800.0]), np.array([4_401_200.0]), parameters())
    >>> {kind: value.round(2).item() for kind, value in factors(at_works, parameters()).items()}
    {'work': 0.97, 'crush': 0.96, 'blast': 0.99, 'burns': 0.97, 'toxic': 0.96, 'fire': 0.93}
    """
    saved = parameters.table("emergency.injury.saved")
    by_kind = {kind: arrival.mean(injury_factor(arrival.hospital, float(saved[kind]), parameters))
               for kind in KINDS if kind != "fire"}
    return by_kind | {"fire": arrival.mean(fire_factor(arrival.fire, parameters))}


@dataclass(frozen=True)
class Help:
    """What every scenario and every cell gets, before the division by the city's mean.

    Attributes
    ----------
    kind : (points,) int8
        Index into :data:`KINDS`, −1 for none.
    factor : (points,) float64
    cells : (k,) int64
        Cells that a background has events in.
    background : mapping of kind to (k,) float64

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> found = help_of(scored().scenarios, town(), {}, parameters())
    >>> sorted({KINDS[kind] for kind in found.kind if kind >= 0}), len(found.cells)
    (['fire', 'toxic', 'work'], 24)
    """

    kind: NDArray[np.int8]
    factor: Array
    cells: NDArray[np.int64]
    background: Mapping[str, Array]


def help_of(scenarios: ScenarioSet, inputs: ModelInputs, effects: Mapping[int, Effect], parameters: Parameters,
            density: Array | None = None) -> Help:
    """The kind of help of every scenario and its factor, at the cell where the event is.

    Parameters
    ----------
    effects : mapping of kernel index to Effect
        Toxic clouds name there when they arrive and how long they last.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> found = help_of(scored().scenarios, town(), {}, parameters())
    >>> {kind: found.factor[found.kind == KINDS.index(kind)].mean().round(3).item() for kind in ("fire", "work")}
    {'fire': 0.911, 'work': 0.972}
    """
    points, grid = scenarios.points, inputs.grid
    kind = _kinds(scenarios, parameters)
    cell = grid.index(points.x, points.y)
    needed = np.zeros(grid.size, np.bool_)
    needed[cell[cell >= 0]] = True
    for item in scenarios.background:
        needed[item.cell] = True
    known = np.flatnonzero(needed)
    x, y = grid.centre(known)
    table = factors(arrivals(inputs, x, y, parameters, density), parameters)
    by_kind = np.stack([table[name] for name in KINDS])
    place = np.cumsum(needed) - 1
    helped = (kind >= 0) & (cell >= 0)
    factor = np.ones(len(cell))
    factor[helped] = by_kind[kind[helped], place[cell[helped]]]
    _warn(factor, scenarios, inputs, effects, np.flatnonzero(helped & (kind == KINDS.index("toxic"))), parameters)
    return Help(kind, factor, known, table)


def mitigate(scenarios: ScenarioSet, inputs: ModelInputs, effects: Mapping[int, Effect], parameters: Parameters,
             density: Array | None = None) -> ScenarioSet:
    """Fill the factor on deaths of every scenario and of the backgrounds, relative to the frozen mean of its kind.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> helped = mitigate(scored().scenarios, town(), {}, parameters())
    >>> np.unique(helped.points.mitigation.round(3)).tolist()
    [0.882, 0.895, 0.958, 0.985, 0.991]
    """
    if not len(inputs.frames["emergency_resource"]):
        return scenarios
    found = help_of(scenarios, inputs, effects, parameters, density)
    means, least = parameters.table("emergency.mean.kind"), parameters.number("emergency.bounds.least")
    mean = np.array([float(means[name]) for name in KINDS] + [1.0])
    factor = np.maximum(found.factor / mean[found.kind], least)
    points = replace(scenarios.points, mitigation=np.where(found.kind >= 0, factor, 1.0))
    by_theme = parameters.table("emergency.kind.theme")
    background = []
    for item in scenarios.background:
        kind = by_theme.get(item.theme.name)
        if kind is not None:
            here = found.background[kind][np.searchsorted(found.cells, item.cell)]
            item = replace(item, mitigation=np.maximum(here / float(means[kind]), least))
        background.append(item)
    return replace(scenarios, points=points, background=tuple(background))


def city_means(scenarios: ScenarioSet, inputs: ModelInputs, effects: Mapping[int, Effect],
               parameters: Parameters) -> dict[str, float]:
    """Mean factor of every kind of help over a reference city, to be frozen as ``emergency.mean.kind``.

    Weighted by deaths among those involved; scenarios that only reach the public by their frequency.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> {kind: round(mean, 2) for kind, mean in city_means(scored().scenarios, town(), {}, parameters()).items()}
    {'fire': 0.9, 'work': 0.97, 'crush': 1.0, 'blast': 0.98, 'burns': 1.0, 'toxic': 0.96}
    """
    found = help_of(scenarios, inputs, effects, parameters)
    points = scenarios.points
    weight = points.frequency * np.where(points.kernel >= 0, 1.0, points.deaths_local)
    total, part = np.zeros(len(KINDS)), np.zeros(len(KINDS))
    helped = found.kind >= 0
    np.add.at(total, found.kind[helped], weight[helped])
    np.add.at(part, found.kind[helped], (weight * found.factor)[helped])
    by_theme = parameters.table("emergency.kind.theme")
    for item in scenarios.background:
        kind = by_theme.get(item.theme.name)
        if kind is not None:
            deaths = item.everywhere(item.frequency)[found.cells] * item.deaths
            total[KINDS.index(kind)] += deaths.sum()
            part[KINDS.index(kind)] += deaths @ found.background[kind]
    return {kind: float(part[k] / total[k]) if total[k] > 0 else 1.0 for k, kind in enumerate(KINDS)}


def _kinds(scenarios: ScenarioSet, parameters: Parameters) -> NDArray[np.int8]:
    """Kind of help per scenario: by its outcome, else by its theme."""
    by_outcome, by_theme = parameters.table("emergency.kind.outcome"), parameters.table("emergency.kind.theme")
    theme = np.array([_number(by_theme.get(theme.name)) for theme in Theme], np.int8)
    label = np.full(len(scenarios.labels), -2, np.int8)
    for n, name in enumerate(scenarios.labels):
        outcome = name.rpartition("·")[2]
        for word, kind in by_outcome.items():
            if outcome == word or (len(word) == 1 and outcome.endswith(word) and "·" in name):
                label[n] = _number(kind)
    own = label[scenarios.points.label]
    return np.where(own > -2, own, theme[scenarios.points.theme]).astype(np.int8)


def _number(kind: str | None) -> int:
    return KINDS.index(kind) if kind in KINDS else -1


def _warn(factor: Array, scenarios: ScenarioSet, inputs: ModelInputs, effects: Mapping[int, Effect], rows: NDArray[np.intp],
          parameters: Parameters) -> None:
    """Multiply the factors of toxic clouds by what warning does."""
    if not len(rows):
        return
    points, frame = scenarios.points, inputs.frames["hazard_source"]
    arrival, duration = (np.array([getattr(effects[k], name) if k in effects else 0.0 for k in points.kernel[rows].tolist()])
                         for name in ("arrival", "minutes"))
    watched = (frame["isolation"] == "automatic") | (frame["detection"] == "A")
    automatic = watched.to_numpy(bool)[points.row[rows]]
    sirens = np.array([isinstance(extra, dict) and bool(extra.get("sirens")) for extra in frame["extra"]], bool)[points.row[rows]]
    number = parameters.number
    warning = np.where(automatic, number("emergency.toxic.automatic"), number("emergency.toxic.warning"))
    most = np.where(sirens, number("emergency.toxic.sirens"), number("emergency.toxic.most"))
    factor[rows] *= toxic_factor(arrival, duration, warning, most, parameters)
