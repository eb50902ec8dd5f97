"""F_environment(t): weather and events that raise frequencies for hours or days, each with the moment at which it ends.

Never part of the yearly map: the base rates contain the year's weather. A condition multiplies the frequencies of its themes
within its ground while it holds; after its end it has no effect, whoever forgot to take it back. For what-if, for the situation
of the hour, and for warnings (factor 1.5, 2, 3: blue, yellow, orange).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import BadParameter
from geo.grid import Grid
from riskmodel.parameters.load import Parameters
from riskmodel.scenarios import ScenarioSet, Theme


@dataclass(frozen=True)
class Condition:
    """A multiplier of frequencies with a beginning and an end.

    Attributes
    ----------
    name : str
        What holds, e.g. 大风蓝色预警.
    factor : float
        On the frequencies; within ``likelihood.environment.bounds``.
    themes : tuple of Theme
        What it acts on.
    start, end : datetime
        With time zone; it holds from start up to, not including, end.
    ground : shapely geometry or None
        Where, in Albers metres; None: everywhere.

    Examples
    --------
    >>> from datetime import timezone
    >>> noon = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
    >>> gale = Condition("大风蓝色预警", 1.5, (Theme.BUILDING,), noon, noon.replace(hour=18))
    >>> gale.holds(noon), gale.holds(noon.replace(hour=18))
    (True, False)
    """

    name: str
    factor: float
    themes: tuple[Theme, ...]
    start: datetime
    end: datetime
    ground: shapely.Geometry | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.start <= at < self.end


def holding(conditions: Sequence[Condition], at: datetime, parameters: Parameters) -> tuple[Condition, ...]:
    """The conditions that hold at a moment.

    Raises
    ------
    BadParameter
        If one ends before it begins, has no theme, no time zone, or a factor out of bounds.

    Examples
    --------
    >>> from datetime import timezone
    >>> from riskmodel.example import parameters
    >>> noon = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
    >>> gale = Condition("大风蓝色预警", 1.5, (Theme.BUILDING,), noon, noon.replace(hour=18))
    >>> [len(holding([gale], noon.replace(hour=hour), parameters())) for hour in (13, 20)]
    [1, 0]
    """
    low, high = parameters.array("likelihood.environment.bounds")
    for one in conditions:
        bad = one.start.tzinfo is None or one.end.tzinfo is None or one.end <= one.start or not one.themes
        if bad or not low <= one.factor <= high:
            raise BadParameter(
                f"环境条件“{one.name}”无效：须有主题、带时区的起止时间（止晚于起），系数在 {low:g}–{high:g} 之间",
                f"condition {one.name!r} needs themes, a start before its end with time zones, and a factor of {low:g}–{high:g}",
                remedy_zh="请更正后重新提交。", remedy_en="Correct it and submit it again.", name=one.name,
            )
    return tuple(one for one in conditions if one.holds(at))


def apply(scenarios: ScenarioSet, conditions: Sequence[Condition], at: datetime, grid: Grid,
          parameters: Parameters) -> ScenarioSet:
    """The scenarios as they are at a moment: frequencies times every condition that holds there, their product bounded.

    Points go by their place, lines by the middle of their pieces, backgrounds by the middle of the cell.

    Examples
    --------
    >>> from datetime import timezone
    >>> from riskmodel.example import GRID, parameters, scored
    >>> noon, calm = datetime(2026, 6, 1, 12, tzinfo=timezone.utc), scored().scenarios
    >>> gale = Condition("大风蓝色预警", 1.5, (Theme.BUILDING,), noon, noon.replace(hour=18))
    >>> raised = apply(calm, [gale], noon, GRID, parameters()).points.frequency / calm.points.frequency
    >>> {Theme(theme).name: raised[calm.points.theme == theme].max().round(2).item() for theme in (0, 2)}
    {'BUILDING': 1.5, 'EQUIPMENT': 1.0}
    """
    now = holding(conditions, at, parameters)
    if not now:
        return scenarios
    points, lines = scenarios.points, scenarios.lines
    at_points = factors(now, points.theme, points.x, points.y, parameters)
    at_lines = factors(now, lines.theme, (lines.x1 + lines.x2) / 2, (lines.y1 + lines.y2) / 2, parameters)
    background = []
    for item in scenarios.background:
        factor = factors(now, np.full(len(item.cell), int(item.theme)), *grid.centre(item.cell), parameters)
        background.append(replace(item, frequency=item.frequency * factor))
    return replace(
        scenarios, points=replace(points, frequency=points.frequency * at_points),
        lines=replace(lines, rate=lines.rate * at_lines), background=tuple(background),
    )


def factors(now: Sequence[Condition], theme: NDArray[np.integer], x: NDArray[np.float64], y: NDArray[np.float64],
            parameters: Parameters) -> NDArray[np.float64]:
    """Product of the conditions at each place for each theme, bounded.

    Examples
    --------
    >>> from datetime import timezone
    >>> from riskmodel.example import parameters
    >>> noon = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
    >>> gale = Condition("大风蓝色预警", 1.5, (Theme.BUILDING,), noon, noon.replace(hour=18), shapely.box(0, 0, 1000, 1000))
    >>> factors([gale], np.full(2, int(Theme.BUILDING)), np.array([500.0, 2000.0]), np.full(2, 500.0), parameters()).tolist()
    [1.5, 1.0]
    """
    product = np.ones(len(theme))
    for one in now:
        of = np.flatnonzero(np.isin(theme, [int(t) for t in one.themes]))
        inside = of if one.ground is None else of[shapely.contains_xy(one.ground, x[of], y[of])]
        product[inside] *= one.factor
    return np.clip(product, *parameters.array("likelihood.environment.bounds"))
