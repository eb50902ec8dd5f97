"""What stands too close to a line: the protection zones of 5, 50 and 200 m, and the clearances of town gas.

石油天然气管道保护法 (2010) 第三十条: nothing may be built within 5 m of a long-distance oil or gas line; 第三十五条: works within
50 m and blasting within 200 m need leave. Town gas lines are outside that law: GB 50028 sets their clearance from buildings. A
finding needs evidence: line and target must together be known to half the distance, or it is listed as not proven.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from riskmodel.parameters import Parameters
from riskmodel.pipelines.rules import pressure_class

#: Media of the pipeline protection law.
_LAW = ("gas", "oil", "crude", "products", "lpg")


def encroachments(
    lines: pd.DataFrame, targets: NDArray[np.object_], accuracy: ArrayLike, parameters: Parameters, *,
    names: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Targets within the protection zones of long-distance lines and within the clearance of town gas lines.

    Parameters
    ----------
    lines : DataFrame
        Rows of `pipeline`: id, medium, service, pressure_mpa, position_accuracy_m, geometry (Albers metres).
    targets : (n,) object
        Buildings or sites, Shapely, Albers metres; footprints rather than points where they are known.
    accuracy : array_like
        Position accuracy of each target, m; NaN where unknown: then nothing about it is proven.
    parameters : Parameters
        Table ``pipelines.zones``.
    names : (n,) or None
        What to call the targets; their place in the list if None.

    Returns
    -------
    DataFrame
        One row per line and target: line (id), target, distance_m, zone_m (innermost zone that holds it), accuracy_m (of both
        together), proven (that zone), proven_zone_m (innermost zone that the accuracy proves, NaN for none), rule. Ordered by
        zone, then distance. Schematic lines never appear.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> line = {"id": "p1", "medium": "gas", "service": "transmission", "pressure_mpa": 6.3, "position_accuracy_m": 1.0,
    ...         "geometry": shapely.LineString([(0, 0), (1000, 0)])}
    >>> sheds = np.array([shapely.Point(500, 3), shapely.Point(200, 40)], object)
    >>> table = encroachments(pd.DataFrame([line]), sheds, [1.0, 60.0], parameters())
    >>> table[["target", "distance_m", "zone_m", "proven"]].values.tolist()
    [[0, 3.0, 5.0, True], [1, 40.0, 50.0, False]]
    """
    zones = parameters.array("pipelines.zones.distance")
    reach, rule = reach_of(lines, parameters)
    rows = np.flatnonzero(reach > 0)
    geometry = lines["geometry"].to_numpy(object)
    tree = shapely.STRtree(targets)
    at, target = tree.query(geometry[rows], predicate="dwithin", distance=reach[rows])
    line = rows[at]
    distance = shapely.distance(geometry[line], np.asarray(targets, object)[target])
    law = np.array([kind == "law" for kind in rule], bool)[line] if len(line) else np.empty(0, bool)
    zone = np.where(law, zones[np.minimum(np.searchsorted(zones, distance), len(zones) - 1)], reach[line])
    known = np.broadcast_to(np.asarray(accuracy, np.float64), (len(targets),))[target]
    own = pd.to_numeric(lines["position_accuracy_m"]).to_numpy(np.float64, na_value=np.nan)[line]
    together = np.hypot(own, known)
    needed = together / parameters.number("pipelines.zones.accuracy_share")
    wide = np.append(zones, np.nan)[np.searchsorted(zones, np.where(np.isnan(needed), np.inf, np.maximum(needed, zone)))]
    table = pd.DataFrame({
        "line": lines["id"].to_numpy(object)[line],
        "target": (np.arange(len(targets)) if names is None else np.asarray(names, object))[target],
        "distance_m": distance, "zone_m": zone, "accuracy_m": together,
        "proven": needed <= zone, "proven_zone_m": np.where(law, wide, np.where(needed <= zone, zone, np.nan)),
        "rule": np.where(law, [_text(z) for z in zone], "GB 50028 建筑物净距"),
    })
    return table.sort_values(["zone_m", "distance_m"], kind="stable").reset_index(drop=True)


def reach_of(lines: pd.DataFrame, parameters: Parameters) -> tuple[NDArray[np.float64], list[str]]:
    """How far from each line to look, m (0: no rule), and which rule.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> reach, rule = reach_of(town().frames["pipeline"], parameters())
    >>> reach.tolist(), rule
    ([13.5], ['clearance'])
    """
    clearance = parameters.table("pipelines.zones.clearance")
    pressure = pressure_class(pd.to_numeric(lines["pressure_mpa"]).to_numpy(np.float64, na_value=np.nan))
    reach, rule = np.zeros(len(lines)), [""] * len(lines)
    for i, (medium, service) in enumerate(zip(lines["medium"], lines["service"], strict=True)):
        if service == "transmission" and medium in _LAW:
            reach[i], rule[i] = parameters.array("pipelines.zones.distance")[-1], "law"
        elif service == "town" and medium == "gas":
            reach[i], rule[i] = float(clearance.get(pressure[i], 0.0)), "clearance"
    return reach, rule


def _text(zone: float) -> str:
    return "管道保护法第三十条" if zone <= 5 else "管道保护法第三十五条"
