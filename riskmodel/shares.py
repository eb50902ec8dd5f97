"""Which sources make how much of every street, district and the city: sums made once, so that any area explains itself at once.

What a street is made of is exact: local deaths and the background by the cells' area fractions, footprints by the cells that they
reach, the same integers as in the fields. A footprint that lies in one street is not laid again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from riskmodel.fields import Fields, KernelBank, People, background_units, local_s, take_points
from riskmodel.inputs import Coverage, ModelInputs
from riskmodel.scenarios import ScenarioSet, Theme
from riskmodel.societal import coverage_start

Array = NDArray[np.float64]

#: Kind of a contribution that no feature makes.
BACKGROUND = -1

#: Sources that are kept by name of a district or the city; all of a street's are kept.
KEPT = 1000


@dataclass(frozen=True)
class Shares:
    """Sources of every area, largest first; areas in the order streets, districts, city.

    Attributes
    ----------
    start : (areas + 1,) int64
        Where each area's sources begin.
    sources : (areas,) int64
        How many sources make anything there, also those that are not kept.
    themes : (areas, themes) float64
        S by theme, 1e-15 deaths per year.
    kind, row : (n,) int8, int32
        Source; kind BACKGROUND and row −1 for what no feature reports.
    label, theme : (n,) int16, int8
        Of the scenario that makes most of the source's share.
    s : (n,) float64
        Share of the area's S, 1e-15 deaths per year.

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> from riskmodel.explain import labels
    >>> run = scored()
    >>> found = shares(town(), run.scenarios, run.fields, run.exposure, labels(run.scenarios))
    >>> found.sources.tolist(), np.diff(found.start).tolist()
    ([9, 7, 11, 11], [9, 7, 11, 11])
    """

    start: NDArray[np.int64]
    sources: NDArray[np.int64]
    themes: Array
    kind: NDArray[np.int8]
    row: NDArray[np.int32]
    label: NDArray[np.int16]
    theme: NDArray[np.int8]
    s: Array


@dataclass(frozen=True)
class _Entries:
    """Parts of areas: one row per area, source, label and theme, not yet added up."""

    area: NDArray[np.int64]
    kind: NDArray[np.int8]
    row: NDArray[np.int32]
    label: NDArray[np.int16]
    theme: NDArray[np.int8]
    s: Array

    @classmethod
    def joined(cls, parts: list[_Entries]) -> _Entries:
        """All parts one after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    def take(self, rows: NDArray[np.intp]) -> _Entries:
        """Some of the rows."""
        return _Entries(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def added(self) -> _Entries:
        """One row per area and source, largest first within an area; label and theme of its largest part."""
        if not len(self.s):
            return self
        own = np.where(self.kind == BACKGROUND, self.label, 0).astype(np.int64)
        key = self.area << 50 | (self.kind.astype(np.int64) + 1) << 45 | (self.row.astype(np.int64) + 1) << 12 | own
        order = np.argsort(key)
        key, s = key[order], self.s[order]
        first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        total, most = np.add.reduceat(s, first), np.maximum.reduceat(s, first)
        number = np.diff(np.concatenate([first, [len(s)]]))
        largest = np.flatnonzero(s == np.repeat(most, number))
        group = np.repeat(np.arange(len(first)), number)[largest]
        one = self.take(order[largest[np.concatenate([[True], group[1:] != group[:-1]])]])
        place = np.argsort(-total)
        place = place[np.argsort(one.area[place].astype(np.int16), kind="stable")]
        return _Entries(one.area, one.kind, one.row, one.label, one.theme, total).take(place)


def shares(inputs: ModelInputs, scenarios: ScenarioSet, fields: Fields, people: People, labels: list[str],
           threads: int = 2) -> Shares:
    """Sources of every street, district and the city.

    Parameters
    ----------
    labels : list of str
        Names that `label` refers to (:func:`riskmodel.explain.labels`).

    Examples
    --------
    >>> from riskmodel.example import scored, town
    >>> from riskmodel.explain import labels
    >>> run = scored()
    >>> found = shares(town(), run.scenarios, run.fields, run.exposure, labels(run.scenarios))
    >>> [labels(run.scenarios)[found.label[first]] for first in found.start[:2]]
    ['上报风险源', '建筑施工事故']
    """
    parents = {code: row for row, code in enumerate(inputs.districts["code"])}
    district = np.array([parents.get(code, -1) for code in inputs.streets["parent"]], np.int64)
    return area_shares(inputs.grid, inputs.coverage, district, len(inputs.districts), scenarios, fields, people, labels,
                       threads)


def area_shares(grid: Grid, coverage: Coverage, district: NDArray[np.int64], districts: int, scenarios: ScenarioSet,
                fields: Fields, people: People, labels: list[str], threads: int = 2) -> Shares:
    """The same from plain arrays; `district` is the row of each street's district, −1 for none.

    Examples
    --------
    >>> from riskmodel.example import GRID, scored, town
    >>> from riskmodel.explain import labels
    >>> run, district = scored(), np.array([0, 0])
    >>> found = area_shares(GRID, town().coverage, district, 1, run.scenarios, run.fields, run.exposure, labels(run.scenarios))
    >>> (found.themes[:, Theme.HAZCHEM] * 1e-15).round(5).tolist()
    [0.00066, 0.0, 0.00066, 0.00066]
    """
    streets = len(district)
    start = coverage_start(coverage, grid.size)
    entries = _Entries.joined([
        _local(grid, coverage, start, scenarios),
        *_footprints(grid, coverage, start, streets, scenarios, fields, people, threads),
        _background(coverage, streets, scenarios, labels),
    ])
    entries = entries.take(np.flatnonzero(entries.s > 0))
    themes_of = entries.area * len(Theme) + entries.theme
    by_street = np.bincount(themes_of, entries.s, streets * len(Theme)).reshape(streets, len(Theme))
    street = entries.added()
    known = np.flatnonzero(district[street.area] >= 0)
    within = _moved(street.take(known), streets + district[street.area[known]]).added()
    city = _moved(street, np.full(len(street.s), streets + districts, np.int64)).added()
    by_district = np.zeros((districts, len(Theme)))
    np.add.at(by_district, district[district >= 0], by_street[district >= 0])
    themes = np.concatenate([by_street, by_district, by_street.sum(axis=0, keepdims=True)])
    areas = streets + districts + 1
    sources = np.bincount(np.concatenate([street.area, within.area, city.area]), minlength=areas)
    kept = _Entries.joined([street, _largest(within), _largest(city)])
    begin = np.concatenate([[0], np.cumsum(np.bincount(kept.area, minlength=areas))]).astype(np.int64)
    return Shares(begin, sources.astype(np.int64), themes, kept.kind, kept.row, kept.label, kept.theme, kept.s)


def _moved(entries: _Entries, area: NDArray[np.int64]) -> _Entries:
    return _Entries(area, entries.kind, entries.row, entries.label, entries.theme, entries.s)


def _largest(entries: _Entries) -> _Entries:
    """The first :data:`KEPT` of every area."""
    first = np.searchsorted(entries.area, entries.area)
    return entries.take(np.flatnonzero(np.arange(len(entries.area)) - first < KEPT))


def _local(grid: Grid, coverage: Coverage, start: NDArray[np.int32], scenarios: ScenarioSet) -> _Entries:
    """Deaths at the place, by the area fractions of its cell."""
    points = scenarios.points
    amount = local_s(points)
    cell = grid.index(points.x, points.y)
    rows = np.flatnonzero((amount > 0) & (cell >= 0))
    first, number = start[cell[rows]].astype(np.int64), np.diff(start)[cell[rows]].astype(np.int64)
    pairs = np.repeat(first - np.concatenate([[0], np.cumsum(number)[:-1]]), number) + np.arange(number.sum())
    rows = np.repeat(rows, number)
    return _Entries(coverage.street[pairs].astype(np.int64), points.kind[rows], points.row[rows], points.label[rows],
                    points.theme[rows], amount[rows] * coverage.fraction[pairs])


def _footprints(grid: Grid, coverage: Coverage, start: NDArray[np.int32], streets: int, scenarios: ScenarioSet, fields: Fields,
                people: People, threads: int) -> list[_Entries]:
    from riskmodel.kernels import reach

    bank, lines = KernelBank.of(scenarios.kernels), scenarios.lines
    where = (grid.west, grid.north, float(grid.cell), grid.nx, grid.ny)
    cover = (start, coverage.street, coverage.fraction, streets)
    around = (people.mean_outdoors, people.mean_indoors)
    rows = np.flatnonzero(scenarios.points.kernel >= 0)
    points = take_points(scenarios.points, rows)
    at, street, s = reach.points_by_street(
        *where, points.x, points.y, points.frequency * points.mitigation, points.kernel, points.own_cell, points.own_staff,
        *people.per_job, bank.radius, bank.out, bank.inside, bank.rose, bank.has_rose, *around,
        (fields.point_s[rows] - local_s(points)).astype(np.float64), *cover)
    first = _Entries(street.astype(np.int64), points.kind[at], points.row[at], points.label[at], points.theme[at], s)

    def some(part: slice) -> tuple[NDArray[np.int32], NDArray[np.int32], Array]:
        row, place, amount = reach.lines_by_street(
            *where, lines.x1[part], lines.y1[part], lines.x2[part], lines.y2[part], lines.rate[part], lines.kernel[part],
            bank.radius, bank.steps_out, bank.steps_in, bank.radii2, *around, fields.line_s[part].astype(np.float64), *cover)
        return row + np.int32(part.start), place, amount

    cuts = np.linspace(0, len(lines.rate), 17).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(some, [slice(*pair) for pair in pairwise(cuts)]))
    at, street, s = (np.concatenate([part[i] for part in found]) for i in range(3))
    return [first, _Entries(street.astype(np.int64), lines.kind[at], lines.row[at], lines.label[at], lines.theme[at], s)]


def _background(coverage: Coverage, streets: int, scenarios: ScenarioSet, labels: list[str]) -> _Entries:
    """What no feature reports, one source per label."""
    parts = []
    for item in scenarios.background:
        amount = item.everywhere(background_units(item))[coverage.cell] * coverage.fraction
        s = np.asarray(np.bincount(coverage.street, amount, streets), np.float64)
        label, theme = np.full(streets, labels.index(item.label), np.int16), np.full(streets, int(item.theme), np.int8)
        parts.append(_Entries(np.arange(streets), np.full(streets, BACKGROUND, np.int8), np.full(streets, -1, np.int32), label,
                              theme, s))
    empty = _Entries(np.empty(0, np.int64), np.empty(0, np.int8), np.empty(0, np.int32), np.empty(0, np.int16),
                     np.empty(0, np.int8), np.empty(0))
    return _Entries.joined([empty, *parts])
