"""Class location of a line (地区等级): households within 200 m, counted in the worst 2 km (GB 50251-2015 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter
from riskmodel.parameters import Parameters

Array = NDArray[np.float64]

#: Names of the classes from the lowest; 一级 is 一类 where nobody lives, 二类 up to 15 households.
CLASSES: tuple[str, ...] = ("一级一类", "一级二类", "二级", "三级", "四级")


@dataclass(frozen=True)
class Households:
    """Buildings or groups of dwellings.

    Attributes
    ----------
    x, y : (n,) float64
        Albers metres (of the nearest outer wall where it is known).
    count : (n,) float64
        Households in each.
    tall : (n,) bool
        Buildings of four storeys and more above ground.

    Examples
    --------
    >>> homes = Households.of([0.0, 80.0], [50.0, 50.0], [1.0, 24.0], storeys=[1, 6])
    >>> homes.count.sum().item(), homes.tall.tolist()
    (25.0, [False, True])
    """

    x: Array
    y: Array
    count: Array
    tall: NDArray[np.bool_]

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike, count: ArrayLike = 1.0, storeys: ArrayLike = 1.0) -> Households:
        """Columns of equal length, counts and storeys may be one for all.

        Raises
        ------
        BadParameter
            If a count is negative or a coordinate is no number.
        """
        X, Y, n, floors = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (x, y, count, storeys)))
        if np.any(~np.isfinite(X) | ~np.isfinite(Y)) or np.any(~(n >= 0)):
            raise BadParameter("住户点的坐标或户数无效（缺失或为负）", "a household has no place, or a count below zero",
                               remedy_zh="请检查 x、y、count。", remedy_en="Check x, y and count.")
        return cls(X.ravel(), Y.ravel(), n.ravel(), floors.ravel() >= 4)

    def take(self, rows: NDArray[np.int64]) -> Households:
        """Some of them.

        Examples
        --------
        >>> Households.of([0.0, 80.0], [50.0, 50.0], [1.0, 24.0]).take(np.array([1])).count.tolist()
        [24.0]
        """
        return Households(self.x[rows], self.y[rows], self.count[rows], self.tall[rows])


#: Where nobody lives, or where nobody is asked for.
NOBODY = Households(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))


def class_location(line: shapely.LineString, households: Households, parameters: Parameters) -> pd.DataFrame:
    """Classes along a line, from the households within the strip of every 2 km.

    A place on the line has the highest class of all windows that hold it; of a window only the part around its buildings counts,
    with a margin of 200 m past the outermost ones.

    Parameters
    ----------
    line : LineString
        Centre line, Albers metres.
    households : Households
    parameters : Parameters
        Table ``pipelines.location``.

    Returns
    -------
    DataFrame
        Consecutive segments: start_m, end_m (stations along the line), class_location, households (most of any window that
        makes the class).

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> line = shapely.LineString([(0, 0), (10_000, 0)])
    >>> village = Households.of([5000, 5100], [50, -50], [60, 50])
    >>> class_location(line, village, load_parameters())["class_location"].tolist()
    ['一级一类', '三级', '一级一类']
    """
    number = parameters.number
    near, station = _near(line, households, number("pipelines.location.strip"))
    count, tall = households.count[near], households.tall[near]
    windows = _windows(station, count, tall, number("pipelines.location.window"))
    level = _level(windows, parameters)
    margin = number("pipelines.location.margin")
    start = np.clip(windows["first"] - margin, 0, line.length)
    end = np.clip(windows["last"] + margin, 0, line.length)
    cuts = np.unique(np.concatenate([[0.0, line.length], start, end]))
    best, most = np.zeros(len(cuts) - 1, np.int64), np.zeros(len(cuts) - 1)
    begins, ends = np.searchsorted(cuts, start), np.searchsorted(cuts, end)
    for i in np.lexsort((windows["count"], level)):  # the highest class, and in it the most households, are written last
        best[begins[i]:ends[i]] = level[i]
        most[begins[i]:ends[i]] = windows["count"][i]
    return _merged(cuts, best, most)


def _near(line: shapely.LineString, households: Households, strip: float) -> tuple[NDArray[np.int64], Array]:
    """Households within the strip and their stations along the line, ascending."""
    points = np.asarray(shapely.points(households.x, households.y), object)
    near = np.flatnonzero((shapely.distance(points, line) <= strip) & (households.count > 0))
    station = shapely.line_locate_point(line, points[near])
    order = np.argsort(station, kind="stable")
    return near[order], station[order]


def _windows(station: Array, count: Array, tall: NDArray[np.bool_], length: float) -> dict[str, Array]:
    """For every window that begins at a building: its first and last building, households, share in tall buildings."""
    total, high = np.concatenate([[0.0], np.cumsum(count)]), np.concatenate([[0.0], np.cumsum(count * tall)])
    last = np.searchsorted(station, station + length, side="right")
    first = np.arange(len(station))
    number = total[last] - total[first]
    share = np.divide(high[last] - high[first], number, out=np.zeros_like(number), where=number > 0)
    return {"first": station, "last": station[last - 1] if len(station) else station, "count": number, "tall": share}


def _level(windows: dict[str, Array], parameters: Parameters) -> NDArray[np.int64]:
    many, some = parameters.array("pipelines.location.households")
    count = windows["count"]
    dense = (count >= many) & (windows["tall"] > parameters.number("pipelines.location.tall_share"))
    return np.select([dense, count >= many, count > some, count > 0], [4, 3, 2, 1], default=0)


def _merged(cuts: Array, level: NDArray[np.int64], most: Array) -> pd.DataFrame:
    step = np.concatenate([[True], level[1:] != level[:-1]])
    first = np.flatnonzero(step)
    group = np.cumsum(step) - 1
    biggest = np.zeros(len(first))
    np.maximum.at(biggest, group, most)
    return pd.DataFrame({
        "start_m": cuts[:-1][first], "end_m": cuts[np.concatenate([first[1:], [len(level)]])],
        "class_location": np.array(CLASSES, object)[level[first]], "households": biggest,
    })
