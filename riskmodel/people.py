"""Where people are in each slot of the week: one budget per slot, outdoors and indoors, per cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.columns import looked_up, numbers
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.scenarios import ScenarioSet

#: Groups of people, each with its own weights over the cells.
GROUPS: tuple[str, ...] = ("home", "work", "school", "visit", "transit")

_NIGHT = "night"


@dataclass(frozen=True)
class Exposure:
    """People per cell and slot.

    Attributes
    ----------
    slots : tuple of str
        Weekday day, weekday evening, night, weekend day.
    probability : (4,) float64
        Share of the week, h/168; sums to 1.
    place : (n,) int64
        Ascending cells where anybody is in any slot.
    people_out, people_in : (4, n) float32
        People at these places. Their sum is the slot's budget: all residents, by day with visitors.
    mean_outdoors, mean_indoors : (cells,) float64
        Mean over the week.
    workers : (cells,) float64
        Jobs at the place.
    job_outdoors, job_indoors : (4,) float64
        People at work outdoors and indoors in each slot that one job stands for.
    households : (cells,) float64
        Dwellings in use.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> people = scored().exposure
    >>> dict(zip(people.slots, (people.people_out.sum(axis=1) + people.people_in.sum(axis=1)).round().tolist(), strict=True))
    {'weekday_day': 5064.0, 'weekday_evening': 4800.0, 'night': 4800.0, 'weekend_day': 5064.0}
    """

    slots: tuple[str, ...]
    probability: NDArray[np.float64]
    place: NDArray[np.int64]
    people_out: NDArray[np.float32]
    people_in: NDArray[np.float32]
    mean_outdoors: NDArray[np.float64]
    mean_indoors: NDArray[np.float64]
    workers: NDArray[np.float64]
    job_outdoors: NDArray[np.float64]
    job_indoors: NDArray[np.float64]
    households: NDArray[np.float64]

    @property
    def outdoors(self) -> NDArray[np.float32]:
        """People outdoors on all cells, (4, cells) float32, made anew each time."""
        return self._everywhere(self.people_out)

    @property
    def indoors(self) -> NDArray[np.float32]:
        """People indoors on all cells, (4, cells) float32, made anew each time."""
        return self._everywhere(self.people_in)

    def _everywhere(self, people: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = np.zeros((len(people), len(self.mean_outdoors)), np.float32)
        whole[:, self.place] = people
        return whole

    @property
    def per_job(self) -> tuple[float, float]:
        """Mean people at work outdoors and indoors that one job stands for."""
        return float(self.probability @ self.job_outdoors), float(self.probability @ self.job_indoors)


def exposure(inputs: ModelInputs, parameters: Parameters) -> Exposure:
    """Spread everybody over the cells in every slot.

    ``pop_k(x) = share_k,slot · T · w_k(x) / Σ w_k`` with T the residents; visitors come on top by day, in the group "visit".
    A group without any place (a region without schools) stays at home, so that the budget holds.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> people = exposure(town(), parameters())
    >>> people.probability.round(3).tolist(), people.mean_outdoors.sum().round().item()
    ([0.312, 0.134, 0.375, 0.179], 369.0)
    """
    jobs = workers(inputs)
    weights = _weights(inputs, parameters, jobs)
    total = float(inputs.residents.sum())
    hours = parameters.array("people.slots.hours")
    probability = hours / hours.sum()
    slots = tuple(parameters.entry("people.slots.names").value)
    visitors = parameters.number("people.visitors.per_resident") * parameters.array("people.visitors.slots")
    place = _union([cells for cells, _ in weights.values()], inputs.grid.size)
    at = {group: np.searchsorted(place, cells) for group, (cells, _) in weights.items()}
    outdoors = np.zeros((len(slots), len(place)), np.float32)
    indoors = np.zeros_like(outdoors)
    job = np.zeros((2, len(slots)))
    for t, slot in enumerate(slots):
        for group in GROUPS:
            share = parameters.array(f"people.shares.{group}")[t] + (visitors[t] if group == "visit" else 0.0)
            outside = _outdoors(group, slot, parameters)
            weight = weights[group][1]
            outdoors[t, at[group]] += (total * share * outside) * weight
            indoors[t, at[group]] += (total * share * (1.0 - outside)) * weight
            if group == "work" and jobs.sum() > 0:
                job[:, t] = np.array([outside, 1.0 - outside]) * total * share / jobs.sum()
    means = np.zeros((2, inputs.grid.size))
    means[0, place], means[1, place] = _mean(probability, outdoors), _mean(probability, indoors)
    return Exposure(slots, probability, place, outdoors, indoors, means[0], means[1], jobs, job[0], job[1],
                    households(inputs, parameters))


def leave_out_own_staff(scenarios: ScenarioSet, inputs: ModelInputs) -> ScenarioSet:
    """Mark, for every scenario with a footprint, the staff of its own enterprise and where they work.

    They belong to the installation: societal risk counts the people outside it (GB 36894-2018, own knowledge), and their own
    deaths are in the work accidents of their industry.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> points = leave_out_own_staff(scored().scenarios, town()).points
    >>> np.unique(points.own_staff[points.own_cell >= 0]).tolist()
    [80.0]
    """
    enterprises = inputs.frames["enterprise"]
    cell = enterprises["cell"].to_numpy(np.int64)
    staff = numbers(enterprises["staff_at_place"])
    points = scenarios.points
    own_cell, own_staff = points.own_cell.copy(), points.own_staff.copy()
    for number, kind in enumerate(scenarios.kinds):
        frame = inputs.frames[kind]
        if kind != "enterprise" and "enterprise_id" not in frame:
            continue
        owner = np.arange(len(frame)) if kind == "enterprise" else inputs.owners(kind)
        mine = np.flatnonzero((points.kind == number) & (points.kernel >= 0))
        owned = mine[owner[points.row[mine]] >= 0]
        at = owner[points.row[owned]]
        own_cell[owned], own_staff[owned] = cell[at], np.nan_to_num(staff[at])
    return replace(scenarios, points=replace(points, own_cell=own_cell, own_staff=own_staff))


def workers(inputs: ModelInputs) -> NDArray[np.float64]:
    """Jobs per cell: staff at their enterprise, builders on their site, the rest of the street's staff among its residents.

    Building (section E) has no rest: its people are in the firms' offices and on the sites.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> workers(town()).reshape(4, 6)[1].round().tolist()
    [12.0, 92.0, 32.0, 18.0, 18.0, 18.0]
    """
    enterprises, sites = inputs.frames["enterprise"], inputs.frames["work_site"]
    jobs = at_cells(inputs, enterprises["cell"], enterprises["staff_at_place"])
    jobs += at_cells(inputs, sites["cell"], sites["workers"])
    listed = staff_by_street(inputs, np.ones(len(enterprises), bool))
    rest = {code: {g: n for g, n in staff.items() if g != "E"} for code, staff in background_staff(inputs).items()}
    missing = pd.Series({
        code: sum(max(0.0, n - listed.get((code, section), 0.0)) for section, n in staff.items()) for code, staff in rest.items()
    }, dtype=np.float64)
    return jobs + over_streets(inputs, missing, inputs.residents)


def households(inputs: ModelInputs, parameters: Parameters) -> NDArray[np.float64]:
    """Households per cell: residents over the household size of the cell's street, or of the city where none is known.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> households(town(), parameters())[[0, 5]].round(1).tolist()
    [40.0, 116.7]
    """
    general = 1.0 / parameters.number("people.households.size")
    frame = inputs.frames["background"]
    people = numbers(frame["residents"])
    known = people > 0
    per_head = numbers(frame["households"])[known] / people[known]
    ratio = pd.Series(per_head, index=frame["area_code"].to_numpy(object)[known]).groupby(level=0).mean()
    by_street = ratio.reindex(inputs.streets["code"]).fillna(general).to_numpy(np.float64) - general
    cover = inputs.coverage
    own = np.bincount(cover.cell, cover.fraction * by_street[cover.street], inputs.grid.size)
    return np.asarray(inputs.residents * (general + own))


def at_cells(inputs: ModelInputs, cell: pd.Series, amount: pd.Series | NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of an amount per cell; rows outside the grid are left out.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> inputs = town()
    >>> people = at_cells(inputs, inputs.frames["venue"]["cell"], inputs.frames["venue"]["capacity"])
    >>> np.flatnonzero(people).tolist(), people.sum().item()
    ([8], 600.0)
    """
    index = cell.to_numpy(np.int64)
    inside = index >= 0
    return _summed(index[inside], np.asarray(amount, np.float64)[inside], inputs.grid.size)


def background_staff(inputs: ModelInputs) -> dict[str, dict[str, float]]:
    """Staff of all units by street code and industry section.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> background_staff(town())
    {'110101001000': {'C': 200.0, 'H': 40.0}, '110101002000': {'H': 150.0, 'P': 60.0}}
    """
    frame = inputs.frames["background"]
    return {
        str(code): {str(section): float(n) for section, n in (staff or {}).items()}
        for code, staff in zip(frame["area_code"], frame["staff"], strict=True)
    }


def staff_by_street(inputs: ModelInputs, mask: NDArray[np.bool_]) -> dict[tuple[str, str], float]:
    """Staff of the enterprises in `mask` by (street code, industry section).

    Examples
    --------
    >>> from riskmodel.example import town
    >>> staff_by_street(town(), np.array([True, False]))
    {('110101001000', 'C'): 80.0}
    """
    frame = inputs.frames["enterprise"].loc[mask, ["area_code", "industry", "staff_at_place"]]
    sums = frame.groupby(["area_code", "industry"], observed=True)["staff_at_place"].sum()
    table = sums.reset_index()
    columns = (table[name].to_list() for name in ("area_code", "industry", "staff_at_place"))
    return {(str(code), str(section)): float(n) for code, section, n in zip(*columns, strict=True)}


def over_streets(inputs: ModelInputs, amount: pd.Series, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread an amount per street (index: street code) on its cells by `weight`, by area where the street has none.

    Each cell counts for a street with the fraction of its area that lies in it, so the sum of every street is kept.

    Examples
    --------
    >>> from riskmodel.example import STREETS, town
    >>> inputs = town()
    >>> spread = over_streets(inputs, pd.Series({STREETS[0]: 12.0}), inputs.residents)
    >>> spread.reshape(4, 6)[0].tolist()
    [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """
    cover, n = inputs.coverage, len(inputs.streets)
    per_street = amount.reindex(inputs.streets["code"]).fillna(0.0).to_numpy(np.float64)
    part = cover.fraction * weight[cover.cell]
    sums = np.bincount(cover.street, part, n)
    area = np.bincount(cover.street, cover.fraction, n)
    by_weight = np.divide(per_street, sums, out=np.zeros(n), where=sums > 0)
    by_area = np.divide(per_street, area, out=np.zeros(n), where=(sums <= 0) & (area > 0))
    density = by_weight[cover.street] * part + by_area[cover.street] * cover.fraction
    return _summed(cover.cell, density, inputs.grid.size)


def venue_people(inputs: ModelInputs, table: Mapping[str, float]) -> NDArray[np.float64]:
    """Capacity of the venues of the table's types per cell; the table's value where a row has none.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> people = venue_people(town(), {"school": 800.0})
    >>> {int(cell): float(people[cell]) for cell in np.flatnonzero(people)}
    {8: 600.0}
    """
    frame = inputs.frames["venue"]
    usual, capacity = looked_up(frame["venue_type"], table), numbers(frame["capacity"])
    people = np.where(np.isnan(capacity), usual, capacity)
    return at_cells(inputs, frame["cell"], np.where(np.isnan(usual), 0.0, people))


def _weights(inputs: ModelInputs, parameters: Parameters,
             jobs: NDArray[np.float64]) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Cells and normalised weights of every group; home where a group has no place."""
    raw = {
        "home": inputs.residents, "work": jobs,
        "school": venue_people(inputs, parameters.table("people.venues.school")),
        "visit": venue_people(inputs, parameters.table("people.venues.visit")),
    }
    mix = parameters.table("people.transit.mix")
    stations = venue_people(inputs, parameters.table("people.venues.stations"))
    parts = {"residents": inputs.residents, "workers": jobs, "stations": stations}
    sums = {name: float(values.sum()) for name, values in parts.items()}
    raw["transit"] = np.zeros(inputs.grid.size)
    for name, values in parts.items():
        cells = np.flatnonzero(values)
        if sums[name] > 0:
            raw["transit"][cells] += mix[name] / sums[name] * values[cells]
    return {group: _normalised(values if values.sum() > 0 else inputs.residents) for group, values in raw.items()}


def _summed(index: NDArray[np.int64], amount: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.bincount(index, amount, size).astype(np.float64, copy=False)  # bincount of nothing would be integer


def _normalised(weight: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    cells = np.flatnonzero(weight > 0)
    values = weight[cells]
    return cells, values / values.sum() if len(cells) else values


def _outdoors(group: str, slot: str, parameters: Parameters) -> float:
    day = parameters.table("people.outdoors.day")[group]
    if slot == _NIGHT and group != "transit":
        return parameters.number("people.outdoors.night")
    return float(day)


def _union(cells: list[NDArray[np.int64]], size: int) -> NDArray[np.int64]:
    found = np.zeros(size, np.bool_)
    for some in cells:
        found[some] = True
    return np.flatnonzero(found)


def _mean(probability: NDArray[np.float64], people: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(sum(p * people[t].astype(np.float64) for t, p in enumerate(probability)))
