"""Scenarios: the one currency of the model, as columns.

Every source of risk, however it was assessed, becomes rows of the same table: an annual frequency, deaths among those
involved at the place, and, where it reaches the public, a footprint (kernel) of lethality. Lines and the background
(what no feature reports) have tables of their own; everything downstream reads these three.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier

#: Deaths at which survival functions P(N ≥ n) are kept.
FN_N: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000)

#: Knots of a kernel's table, equidistant in (r / R)².
KERNEL_KNOTS = 257


class Theme(IntEnum):
    """Disjoint themes; every death of the model belongs to exactly one.

    Examples
    --------
    >>> Theme.HAZCHEM.value, THEME_ZH[Theme.HAZCHEM]
    (7, '危险化学品')
    """

    BUILDING = 0
    CONFINED = 1
    EQUIPMENT = 2
    WORK_OTHER = 3
    FIRE_DWELLING = 4
    FIRE_VENUE = 5
    GAS_USE = 6
    HAZCHEM = 7
    PIPELINE = 8
    CROWD = 9


THEME_ZH: dict[Theme, str] = {
    Theme.BUILDING: "建筑施工", Theme.CONFINED: "有限空间", Theme.EQUIPMENT: "特种设备", Theme.WORK_OTHER: "其他生产经营",
    Theme.FIRE_DWELLING: "住宅火灾", Theme.FIRE_VENUE: "场所火灾", Theme.GAS_USE: "燃气使用", Theme.HAZCHEM: "危险化学品",
    Theme.PIPELINE: "地下管线", Theme.CROWD: "人员聚集",
}


class Scope(IntEnum):
    """Which individual-risk field a footprint feeds; the three are never added.

    Examples
    --------
    >>> [scope.name for scope in Scope if scope >= 0]
    ['HC', 'AN', 'SEMI']
    """

    NONE = -1
    HC = 0  #: hazardous-chemical production and storage: the scope of GB 36894
    AN = 1  #: by analogy: filling stations, town gas, long-distance lines, fireworks
    SEMI = 2  #: semi-quantitative: no location criterion exists


@dataclass(frozen=True)
class Kernel:
    """Probability of death against distance, outdoors and indoors.

    Attributes
    ----------
    radius : float
        Distance in metres beyond which both are zero.
    outdoors, indoors : (KERNEL_KNOTS,) float64
        P(death) at r = radius · √(i / (KERNEL_KNOTS − 1)).
    rose : (16,) float64 or None
        Relative probability of the wind blowing *towards* each of 16 sectors (clockwise from north, mean 1); None: isotropic.
        The tables then hold the mean over all directions.

    Examples
    --------
    >>> fireball = Kernel.of(200.0, lambda r: np.where(r < 100.0, 1.0, 0.1), lambda r: np.where(r < 100.0, 0.2, 0.0))
    >>> fireball.outdoors[[0, 64, 128, 256]].tolist(), fireball.indoors.max().item()
    ([1.0, 0.1, 0.1, 0.1], 0.2)
    """

    radius: float
    outdoors: NDArray[np.float64]
    indoors: NDArray[np.float64]
    rose: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls, radius: float, outdoors: Callable[[NDArray[np.float64]], ArrayLike],
        indoors: Callable[[NDArray[np.float64]], ArrayLike], rose: NDArray[np.float64] | None = None,
    ) -> Kernel:
        """Sample two functions of distance (m) on the knots."""
        r = kernel_distances(radius)
        return cls(float(radius), np.clip(np.asarray(outdoors(r), np.float64), 0, 1),
                   np.clip(np.asarray(indoors(r), np.float64), 0, 1), rose)

    @classmethod
    def disc(cls, radius: float, probability: float, indoors: float | None = None) -> Kernel:
        """The same probability everywhere inside `radius`.

        Examples
        --------
        >>> Kernel.disc(50.0, 0.3, indoors=0.1).indoors[0].item()
        0.1
        """
        inside = probability if indoors is None else indoors
        return cls(float(radius), np.full(KERNEL_KNOTS, float(probability)), np.full(KERNEL_KNOTS, float(inside)))


def kernel_distances(radius: float) -> NDArray[np.float64]:
    """Distances in metres of a kernel's knots.

    Examples
    --------
    >>> kernel_distances(200.0)[[0, 64, 128, 256]].round(1).tolist()
    [0.0, 100.0, 141.4, 200.0]
    """
    return radius * np.sqrt(np.linspace(0.0, 1.0, KERNEL_KNOTS))


@dataclass(frozen=True)
class PointScenarios:
    """Point scenarios as columns of equal length n.

    Attributes
    ----------
    kind : (n,) int8
        Index into :attr:`ScenarioSet.kinds` of the source's feature kind.
    row : (n,) int32
        Row of the source in that kind's frame.
    label : (n,) int16
        Index into :attr:`ScenarioSet.labels`.
    theme, scope : (n,) int8
    x, y : (n,) float64
        Place of the event, Albers metres.
    frequency : (n,) float64
        Events per year, all factors applied.
    deaths_local : (n,) float64
        Mean deaths per event among those involved at the place; they lie in the cell of the place.
    kernel : (n,) int32
        Index into :attr:`ScenarioSet.kernels`, −1 for none.
    tail : (n,) int32
        Index into :attr:`ScenarioSet.tails` for the distribution of the local deaths, −1 for Poisson of the mean.
    own_cell : (n,) int64
        Cell where the source's own staff work, −1 for none.
    own_staff : (n,) float64
        That staff: they belong to the installation, not to the public that its footprint reaches.
    mitigation : (n,) float64
        Factor of the emergency response on the deaths of the event; never on its frequency, never on individual risk.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> points = scored().scenarios.points
    >>> points.frequency.sum().round(4).item(), np.unique(points.theme).tolist()
    (0.0095, [0, 2, 3, 5, 7])
    """

    kind: NDArray[np.int8]
    row: NDArray[np.int32]
    label: NDArray[np.int16]
    theme: NDArray[np.int8]
    scope: NDArray[np.int8]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    frequency: NDArray[np.float64]
    deaths_local: NDArray[np.float64]
    kernel: NDArray[np.int32]
    tail: NDArray[np.int32]
    own_cell: NDArray[np.int64]
    own_staff: NDArray[np.float64]
    mitigation: NDArray[np.float64]


@dataclass(frozen=True)
class LineScenarios:
    """Straight pieces of line sources; `rate` is events per metre and year of the scenario of `kernel`.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> lines = scored().scenarios.lines
    >>> np.hypot(lines.x2 - lines.x1, lines.y2 - lines.y1).tolist(), np.unique(lines.scope).tolist()
    ([2000.0, 2000.0], [1])
    """

    kind: NDArray[np.int8]
    row: NDArray[np.int32]
    label: NDArray[np.int16]
    theme: NDArray[np.int8]
    scope: NDArray[np.int8]
    x1: NDArray[np.float64]
    y1: NDArray[np.float64]
    x2: NDArray[np.float64]
    y2: NDArray[np.float64]
    rate: NDArray[np.float64]
    kernel: NDArray[np.int32]


@dataclass(frozen=True)
class Background:
    """Risk of what no feature reports, in the cells that have any: few of the grid's.

    Attributes
    ----------
    label : str
        What it is, in Chinese.
    theme : Theme
    cells : int
        Cells of the grid.
    cell : (n,) int64
        Ascending cells with events; the next and the last follow it.
    frequency : (n,) float64
        Events per year in the cell.
    deaths : float
        Mean deaths per event.
    tail : int
        Index into :attr:`ScenarioSet.tails`, −1 for Poisson.
    mitigation : (n,) float64 or None
        Factor of the emergency response on the deaths in the cell; None: 1 everywhere.

    Examples
    --------
    >>> rare = Background("加油站外的火灾", Theme.FIRE_VENUE, 4, np.array([1, 3]), np.array([0.02, 0.01]), 1.5, -1)
    >>> rare.everywhere(rare.mitigated * rare.deaths).tolist()
    [0.0, 0.03, 0.0, 0.015]
    """

    label: str
    theme: Theme
    cells: int
    cell: NDArray[np.int64]
    frequency: NDArray[np.float64]
    deaths: float
    tail: int
    mitigation: NDArray[np.float64] | None = None

    @property
    def mitigated(self) -> NDArray[np.float64]:
        """Frequency times mitigation: deaths per year in the cell are this times :attr:`deaths`."""
        return self.frequency if self.mitigation is None else self.frequency * self.mitigation

    def everywhere(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of the cells with events on all cells of the grid, 0 in the others."""
        whole = np.zeros(self.cells, values.dtype)
        whole[self.cell] = values
        return whole


@dataclass(frozen=True)
class ScenarioSet:
    """All scenarios of a run.

    Examples
    --------
    >>> from riskmodel.example import scored
    >>> found = scored().scenarios
    >>> found.labels[:2], len(found.points.x), [item.label for item in found.background][:2]
    (('氯瓶破裂·氯气团', '氯瓶阀门或连接管泄漏（切断）·氯气云'), 24, ['住宅火灾', '居民燃气爆炸'])
    """

    kinds: tuple[str, ...]
    labels: tuple[str, ...]
    kernels: tuple[Kernel, ...]
    tails: NDArray[np.float64]  #: (n, len(FN_N)): P(N ≥ FN_N[j] | event)
    points: PointScenarios
    lines: LineScenarios
    background: tuple[Background, ...]
    refused: tuple[tuple[str, str, str], ...]  #: (kind, source id, reason in Chinese) of sources that no valid method covers
    superseded: frozenset[tuple[str, int]]  #: (kind, row) shown but not counted: another description of the same hazard counts


_POINT_TYPES: dict[str, Any] = {
    "kind": np.int8, "row": np.int32, "label": np.int16, "theme": np.int8, "scope": np.int8, "x": np.float64,
    "y": np.float64, "frequency": np.float64, "deaths_local": np.float64, "kernel": np.int32, "tail": np.int32,
    "own_cell": np.int64, "own_staff": np.float64, "mitigation": np.float64,
}
_LINE_TYPES: dict[str, Any] = {
    "kind": np.int8, "row": np.int32, "label": np.int16, "theme": np.int8, "scope": np.int8, "x1": np.float64,
    "y1": np.float64, "x2": np.float64, "y2": np.float64, "rate": np.float64, "kernel": np.int32,
}


@dataclass
class ScenarioBuilder:
    """Collects scenarios from the source modules; :meth:`finish` gives the immutable set.

    Examples
    --------
    >>> builder = ScenarioBuilder(("hazard_source", "pipeline"))
    >>> cloud = builder.kernel(Kernel.disc(300.0, 0.1))
    >>> builder.add_points("hazard_source", "泄漏·中毒", Theme.HAZCHEM, Scope.HC, row=[0, 1], x=[150.0, 450.0], y=150.0,
    ...                    frequency=[1e-5, 2e-5], kernel=cloud)
    >>> builder.add_lines("pipeline", "断裂·喷射火", Theme.PIPELINE, Scope.AN, row=0, x1=0.0, y1=50.0, x2=900.0, y2=50.0,
    ...                   rate=1e-9, kernel=cloud)
    >>> one_death = builder.tail([1.0] + [0.0] * 12)
    >>> builder.add_background("住宅火灾", Theme.FIRE_DWELLING, frequency=np.array([0.0, 0.02]), deaths=1.0, tail=one_death)
    >>> builder.refuse("hazard_source", "h3", "设计最大量缺失")
    >>> found = builder.finish()
    >>> found.points.frequency.tolist(), found.lines.rate.tolist(), found.background[0].cell.tolist(), found.refused
    ([1e-05, 2e-05], [1e-09], [1], (('hazard_source', 'h3', '设计最大量缺失'),))
    """

    kinds: tuple[str, ...]
    _labels: dict[str, int] = field(default_factory=dict)
    _kernels: list[Kernel] = field(default_factory=list)
    _tails: list[NDArray[np.float64]] = field(default_factory=list)
    _points: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    _lines: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    _background: list[Background] = field(default_factory=list)
    _refused: list[tuple[str, str, str]] = field(default_factory=list)
    superseded: set[tuple[str, int]] = field(default_factory=set)

    def kernel(self, kernel: Kernel) -> int:
        """Register a footprint; returns its index."""
        self._kernels.append(kernel)
        return len(self._kernels) - 1

    def tail(self, survival: Sequence[float] | NDArray[np.float64]) -> int:
        """Register P(N ≥ n | event) at the values of FN_N; returns its index."""
        values = np.asarray(survival, np.float64)
        if values.shape != (len(FN_N),) or np.any(np.diff(values) > 1e-15) or np.any((values < 0) | (values > 1)):
            raise ValueError("a survival function has one value per FN_N, non-increasing, between 0 and 1")
        self._tails.append(values)
        return len(self._tails) - 1

    def add_points(self, kind: str, label: str, theme: Theme | ArrayLike, scope: Scope, *, row: ArrayLike, x: ArrayLike,
                   y: ArrayLike, frequency: ArrayLike, deaths_local: ArrayLike = 0.0, kernel: ArrayLike = -1,
                   tail: ArrayLike = -1) -> None:
        """Add point scenarios; every argument may be one value or one per row of `row`."""
        self._points.append(self._block(_POINT_TYPES, {
            "kind": self._kind(kind), "row": row, "label": self._label(label), "theme": theme, "scope": scope, "x": x,
            "y": y, "frequency": frequency, "deaths_local": deaths_local, "kernel": kernel, "tail": tail,
            "own_cell": -1, "own_staff": 0.0, "mitigation": 1.0,
        }))

    def add_lines(self, kind: str, label: str, theme: Theme, scope: Scope, *, row: ArrayLike, x1: ArrayLike, y1: ArrayLike,
                  x2: ArrayLike, y2: ArrayLike, rate: ArrayLike, kernel: ArrayLike) -> None:
        """Add straight pieces of lines; `rate` in events per metre and year."""
        self._lines.append(self._block(_LINE_TYPES, {
            "kind": self._kind(kind), "row": row, "label": self._label(label), "theme": theme, "scope": scope, "x1": x1,
            "y1": y1, "x2": x2, "y2": y2, "rate": rate, "kernel": kernel,
        }))

    def add_background(self, label: str, theme: Theme, *, frequency: NDArray[np.float64], deaths: float, tail: int = -1) -> None:
        """Add a background: events per year in every cell of the grid, mean deaths per event."""
        cell = np.flatnonzero(frequency)
        self._background.append(Background(label, theme, len(frequency), cell, np.asarray(frequency[cell], np.float64),
                                           float(deaths), tail))

    def refuse(self, kind: str, source_id: str, reason: str) -> None:
        """Record a source that no valid method covers; it is shown as not modelled, never as zero risk."""
        self._refused.append((kind, source_id, reason))

    def finish(self) -> ScenarioSet:
        """The immutable set of everything collected."""
        return ScenarioSet(
            self.kinds, tuple(self._labels), tuple(self._kernels),
            np.array(self._tails).reshape(-1, len(FN_N)),
            PointScenarios(**_join(_POINT_TYPES, self._points)), LineScenarios(**_join(_LINE_TYPES, self._lines)),
            tuple(self._background), tuple(self._refused), frozenset(self.superseded),
        )

    def _kind(self, kind: str) -> int:
        if kind not in self.kinds:
            raise UnknownIdentifier(f"没有要素类型“{kind}”", f"unknown kind {kind!r}", kind=kind)
        return self.kinds.index(kind)

    def _label(self, label: str) -> int:
        return self._labels.setdefault(label, len(self._labels))

    @staticmethod
    def _block(types: dict[str, Any], values: dict[str, Any]) -> dict[str, NDArray[Any]]:
        n = np.atleast_1d(np.asarray(values["row"])).shape[0]
        return {name: np.broadcast_to(np.asarray(values[name], dtype), (n,)) for name, dtype in types.items()}


def _join(types: dict[str, Any], blocks: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {
        name: np.concatenate([block[name] for block in blocks]) if blocks else np.empty(0, dtype)
        for name, dtype in types.items()
    }
