"""The event table: scenario × slot × weather × sector × street, from which every curve is made.

Weather classes are scenarios of their own. Footprints of points and pieces of lines become rows; deaths that all lie at one place
(fires, work, crowds) need none, their curves follow from frequency and tail (:mod:`riskmodel.societal.areas`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskmodel.fields import KernelBank
from riskmodel.inputs import Coverage, ModelInputs
from riskmodel.people import Exposure
from riskmodel.scenarios import ScenarioSet

Array = NDArray[np.float64]

#: Rows of fewer deaths per year than this are dropped; the loss is reported.
LEAST = 1e-12

#: A line is cut into parts of at most this; an event happens in the middle of a part.
LINE_STEP_M = 200.0

#: Scenarios whose rows of equal source and label are one event that reaches several places.
ONE_EVENT: tuple[str, ...] = ("尾矿库溃坝·淹没",)


@dataclass(frozen=True)
class EventTable:
    """Rows of the event table, ordered by event.

    Attributes
    ----------
    event : (n,) int64
        Number of the event; rows of one event, slot and sector are the streets that it reaches.
    scenario : (n,) int32
        Row of the scenario: points first, then lines (counted on from the number of points).
    slot, sector : (n,) int8
        Slot of the week, wind sector (−1: any).
    street : (n,) int32
        Row of the street; −1 outside the city.
    several : (n,) bool
        Whether the event reaches several streets of the city, or is made of several scenarios.
    rate : (n,) float64
        Events per year in this slot and sector.
    deaths : (n,) float64
        Mean deaths in this street, given the event.
    lost : float
        Deaths per year in dropped rows.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> table = event_table(town(), scored().scenarios, scored().exposure)
    >>> part, rate, deaths = table.summed(np.zeros(len(table.rate), np.int64))
    >>> np.unique(table.slot).tolist(), f"{(rate * deaths).sum():.2e}"
    ([0, 1, 2, 3], '4.38e-04')
    """

    event: NDArray[np.int64]
    scenario: NDArray[np.int32]
    slot: NDArray[np.int8]
    sector: NDArray[np.int8]
    street: NDArray[np.int32]
    several: NDArray[np.bool_]
    rate: Array
    deaths: Array
    lost: float

    def summed(self, part: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array, Array]:
        """Events within parts of the city: part, rate and mean deaths of each event, slot and sector in each part.

        Parameters
        ----------
        part : (n,) int64
            Part of each row; negative: left out.
        """
        rows = np.flatnonzero(part >= 0)
        rows = rows[np.lexsort((part[rows], self.sector[rows], self.slot[rows], self.event[rows]))]
        if not len(rows):
            return np.empty(0, np.int64), np.empty(0), np.empty(0)
        new = np.zeros(len(rows), np.bool_)
        new[0] = True
        for key in (self.event, self.slot, self.sector, part):
            new[1:] |= key[rows[1:]] != key[rows[:-1]]
        first = np.flatnonzero(new)
        return part[rows[first]], self.rate[rows[first]], np.add.reduceat(self.deaths[rows], first)

    def take(self, rows: NDArray[Any]) -> EventTable:
        """Some of the rows.

        Examples
        --------
        >>> from riskmodel.example import scored, town
        >>> table = event_table(town(), scored().scenarios, scored().exposure)
        >>> np.unique(table.take(table.street == 0).street).tolist()
        [0]
        """
        return EventTable(self.event[rows], self.scenario[rows], self.slot[rows], self.sector[rows], self.street[rows],
                          self.several[rows], self.rate[rows], self.deaths[rows], self.lost)


@dataclass(frozen=True)
class _Places:
    """Point events: of point scenarios, or of the parts of lines."""

    scenario: NDArray[np.int32]
    x: Array
    y: Array
    frequency: Array
    mitigation: Array
    kernel: NDArray[np.int32]
    own_cell: NDArray[np.int64]
    own_staff: Array

    def part(self, rows: slice) -> tuple[NDArray[Any], ...]:
        """Columns for the compiled code."""
        return (self.x[rows], self.y[rows], self.frequency[rows], self.mitigation[rows], self.kernel[rows], self.own_cell[rows],
                self.own_staff[rows])


def event_table(inputs: ModelInputs, scenarios: ScenarioSet, exposure: Exposure, *, least: float = LEAST,
                threads: int = 2) -> EventTable:
    """All events with a footprint, by slot, sector and street.

    A source's own staff do not count; the emergency response acts on deaths. Deaths among those involved at the place of a
    scenario with a footprint are in no row.

    Parameters
    ----------
    least : float
        Rows of fewer deaths per year are dropped.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> table = event_table(town(), scored().scenarios, scored().exposure)
    >>> f"{(table.rate * table.deaths).sum():.2e}", table.lost < 1e-9
    ('4.38e-04', True)
    """
    from riskmodel.kernels import reach

    deaths_by_street: Any = reach.deaths_by_street  # compiled: types are decided when it is called
    places = _places(scenarios)
    bank, grid, streets = KernelBank.of(scenarios.kernels), inputs.grid, len(inputs.streets)
    coverage, outdoors, indoors = inputs.coverage, exposure.outdoors, exposure.indoors
    start = coverage_start(coverage, grid.size)

    def some(rows: slice) -> tuple[Any, ...]:
        return tuple(deaths_by_street(
            grid.west, grid.north, float(grid.cell), grid.nx, grid.ny, *places.part(rows), exposure.job_outdoors,
            exposure.job_indoors, bank.radius, bank.out, bank.inside, bank.rose, bank.has_rose, outdoors,
            indoors, exposure.probability, start, coverage.street, coverage.fraction, streets, least))

    cuts = np.linspace(0, len(places.x), 8 * threads + 1).astype(int).tolist()
    pieces = [slice(*pair) for pair in pairwise(cuts)]
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(some, pieces))
    place = np.concatenate([part[0] + rows.start for part, rows in zip(found, pieces, strict=True)]).astype(np.int64)
    slot, sector, street, several, rate, deaths = (np.concatenate([part[i] for part in found]) for i in range(1, 7))
    event, joint = _events(places, scenarios)
    where = np.where(street == streets, -1, street).astype(np.int32)
    return EventTable(event[place], places.scenario[place], slot, sector, where, several | joint[place], rate,
                      deaths, float(sum(part[7] for part in found)))


def coverage_start(coverage: Coverage, cells: int) -> NDArray[np.int32]:
    """Where each cell's rows begin in the coverage, with one more at the end.

    Examples
    --------
    >>> cover = Coverage(np.array([0, 0, 2]), np.array([0, 1, 1], np.int32), np.array([0.4, 0.6, 1.0]))
    >>> coverage_start(cover, 3).tolist()
    [0, 2, 2, 3]
    """
    start = np.zeros(cells + 1, np.int32)
    np.cumsum(np.bincount(coverage.cell, minlength=cells), out=start[1:])
    return start


def _places(scenarios: ScenarioSet) -> _Places:
    from riskmodel.kernels import reach

    points, lines = scenarios.points, scenarios.lines
    rows = np.flatnonzero(points.kernel >= 0)
    ends = (lines.x1, lines.y1, lines.x2, lines.y2)
    count = np.zeros(len(lines.rate), np.int64)
    reach.parts_needed(*ends, LINE_STEP_M, count)
    x, y = np.empty(int(count.sum())), np.empty(int(count.sum()))
    reach.parts_of_lines(*ends, count, x, y)
    piece = np.repeat(np.arange(len(count)), count)
    length = np.hypot(lines.x2 - lines.x1, lines.y2 - lines.y1)
    each = np.divide(lines.rate * length, count, out=np.zeros(len(count)), where=count > 0)
    plain = np.ones(len(x))
    return _Places(
        scenario=np.concatenate([rows, len(points.x) + piece]).astype(np.int32), x=np.concatenate([points.x[rows], x]),
        y=np.concatenate([points.y[rows], y]), frequency=np.concatenate([points.frequency[rows], each[piece]]),
        mitigation=np.concatenate([points.mitigation[rows], plain]),
        kernel=np.concatenate([points.kernel[rows], lines.kernel[piece]]),
        own_cell=np.concatenate([points.own_cell[rows], np.full(len(x), -1)]),
        own_staff=np.concatenate([points.own_staff[rows], np.zeros(len(x))]),
    )


def _events(places: _Places, scenarios: ScenarioSet) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number of each place's event, its own or that of the first place of the same event; and whether it is made of several."""
    number, joint = np.arange(len(places.x), dtype=np.int64), np.zeros(len(places.x), np.bool_)
    labels = [i for i, label in enumerate(scenarios.labels) if label in ONE_EVENT]
    points = scenarios.points
    at = np.flatnonzero(places.scenario < len(points.x))
    at = at[np.isin(points.label[places.scenario[at]], labels)] if labels else at[:0]
    if len(at):
        row = places.scenario[at]
        key = np.stack([points.kind[row], points.row[row], points.label[row]]).astype(np.int64)
        _, first, inverse = np.unique(key, axis=1, return_index=True, return_inverse=True)
        number[at], joint[at] = number[at][first][inverse.ravel()], True
    return number, joint
