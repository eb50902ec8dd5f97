"""Buried lines: generated gas, heat and oil networks along streets, and the schematic trunk lines that are only drawn."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from geo.grid import to_degrees
from geo.sample.ground import Floats, Ground, Ints, random_for, to_albers
from geo.sample.places import shapely_wkb
from geo.sample.shipped import Shipped
from geo.sample.write import SampleWriter

_OPERATORS = {"heat": "热力集团（样例）", "oil": "输油公司（样例）", "transmission": "管道公司（样例）"}
_MEDIUM = {"heat": "heat", "oil": "oil"}
_NAMES = {"high_a": "高压A燃气管线", "high_b": "高压B燃气管线", "sub_high": "次高压燃气管线",
          "medium_a": "中压A燃气管线", "medium_b": "中压B燃气管线", "heat": "热力管线",
          "oil": "成品油管线", "transmission": "天然气长输管线"}
_PIECE_M = 4_000.0


def write_pipelines(writer: SampleWriter, ground: Ground, shipped: Shipped, residents: Ints, *, seed: int) -> dict[str, float]:
    """Write the kind `pipeline`; returns the kilometres of every network."""
    rng = random_for(seed, "pipes")
    density = residents / ground.streets["area_km2"].to_numpy()
    inner = _roads(shipped)
    links, busy = _links(ground, density)
    parts, km = [], {}
    for name, plan in shipped.marginals["pipes"].items():
        lines = _network(rng, plan, inner, links, busy, rural=name in ("transmission", "oil", "high_a"))
        parts.append(_rows(rng, name, plan, lines, density, ground))
        km[name] = float(shapely.length(lines).sum() / 1000.0)
    table = pd.concat(parts, ignore_index=True)
    count, drawn = len(table), shipped.pipelines
    made = shapely.transform(table["line"].to_numpy(), _degrees)
    schematic = shapely.from_wkb(drawn["geometry"].to_numpy())
    nothing = [None] * len(drawn)
    writer.kind("pipeline", shapely_wkb([*made, *schematic]), {
        "id": [f"P{n:05d}" for n in range(1, count + 1)] + [f"G{n:04d}" for n in range(1, len(drawn) + 1)],
        "name": [*table["name"], *drawn["project"]], "medium": [*table["medium"], *drawn["medium"]],
        "service": [*table["service"], *["schematic"] * len(drawn)],
        "source": [writer.origin] * count + [f"Global Energy Monitor {url}" for url in drawn["url"]],
        "synthetic": [True] * count + [False] * len(drawn), "position_accuracy_m": [5.0] * count + [5000.0] * len(drawn),
        **{field: np.concatenate([table[field].to_numpy(np.float64), np.full(len(drawn), np.nan)])
           for field in ("diameter_mm", "pressure_mpa", "wall_mm", "year", "depth_m")},
        "class_location": [*table["class_location"], *nothing], "operator": [*table["operator"], *drawn["owner"]],
        "extra": [None] * count + [json.dumps({"status": status}, ensure_ascii=False) for status in drawn["status"]],
    })
    return km


def _degrees(metres: Floats) -> Floats:
    """Albers metres to degrees, rounded to 1e-7 (1 cm)."""
    return np.asarray(np.round(np.column_stack(to_degrees(metres[:, 0], metres[:, 1])), 7), np.float64)


def _roads(shipped: Shipped) -> NDArray[np.object_]:
    """Main roads of the core in Albers metres, the larger first."""
    order = {"trunk": 0, "primary": 1, "secondary": 2, "tertiary": 3}
    table = shipped.roads.iloc[np.argsort(shipped.roads["highway"].map(order).to_numpy(), kind="stable")]
    lines = shapely.from_wkb(table["geometry"].to_numpy())
    return to_albers(lines)


def _links(ground: Ground, density: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Neighbouring label points (Gabriel graph) with their coordinates, and how dense the streets at both ends are."""
    place = np.column_stack([ground.streets["x"], ground.streets["y"]])
    edges = np.unique(np.sort(Delaunay(place).simplices[:, [0, 1, 1, 2, 0, 2]].reshape(-1, 2), axis=1), axis=0)
    middle, radius = place[edges].mean(axis=1), 0.5 * np.linalg.norm(np.diff(place[edges], axis=1)[:, 0], axis=1)
    gap = np.linalg.norm(place[None, :, :] - middle[:, None, :], axis=2)
    gap[np.arange(len(edges)), edges[:, 0]] = np.inf
    gap[np.arange(len(edges)), edges[:, 1]] = np.inf
    edges = edges[gap.min(axis=1) >= radius]
    return place[edges], np.sqrt(density[edges[:, 0]] * density[edges[:, 1]])


def _network(
    rng: np.random.Generator, plan: dict[str, float], inner: NDArray[np.object_], links: Any, busy: Floats, *, rural: bool,
) -> NDArray[np.object_]:
    """Lines of one network: roads of the core up to the stated share of the length, then links between streets.

    Town networks take the densest links first and come back with parallel lines; high pressure prefers sparse ones.
    """
    core = _up_to(inner[rng.permutation(len(inner))], plan["km"] * plan["share_inner"])
    weight = (1.0 / (busy + 150.0)) if rural else np.sqrt(busy)
    made: list[Any] = []
    length, wanted = 0.0, 1000.0 * plan["km"] - float(shapely.length(core).sum())
    while length < wanted:
        order = np.argsort(-np.log(np.maximum(weight, 1e-9)) + rng.gumbel(size=len(weight)), kind="stable")
        for row in order.tolist():
            if length >= wanted:
                break
            made.append(_jittered(rng, links[row]))
            length += made[-1].length
    pieces = np.array(made, dtype=object) if made else np.empty(0, object)
    return np.concatenate([core, _cut(pieces)])


def _up_to(lines: NDArray[np.object_], km: float) -> NDArray[np.object_]:
    return lines[:int(np.searchsorted(np.cumsum(shapely.length(lines)), 1000.0 * km))]


def _jittered(rng: np.random.Generator, ends: Floats) -> shapely.LineString:
    """A line between two places that wanders sideways, as roads do; one vertex about every 400 m."""
    span = float(np.linalg.norm(ends[1] - ends[0]))
    steps = max(2, round(span / 400.0))
    t = np.linspace(0.0, 1.0, steps + 1)
    walk = np.cumsum(rng.normal(0.0, 60.0, steps + 1))
    bridge = walk - walk[0] - t * (walk[-1] - walk[0]) + rng.normal(0.0, 120.0) * np.sin(np.pi * t)
    normal = np.array([ends[0][1] - ends[1][1], ends[1][0] - ends[0][0]]) / span
    start = ends + rng.normal(0.0, 150.0, (2, 2))
    return shapely.LineString(start[0] + t[:, None] * (start[1] - start[0]) + bridge[:, None] * normal)


def _cut(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Cut lines into pieces of about 4 km, so that one row is one stretch."""
    pieces: list[Any] = []
    for line in lines.tolist():
        points = shapely.get_coordinates(line)
        every = max(2, round(_PIECE_M / (line.length / (len(points) - 1))))
        for begin in range(0, len(points) - 1, every):
            pieces.append(shapely.LineString(points[begin:begin + every + 1]))
    return np.array(pieces, dtype=object) if pieces else np.empty(0, object)


def _rows(
    rng: np.random.Generator, name: str, plan: dict[str, float], lines: NDArray[np.object_], density: Floats, ground: Ground,
) -> pd.DataFrame:
    """Fields of the lines of one network; the class of location follows the density of the nearest street."""
    count = len(lines)
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    at = shapely.STRtree(ground.polygons).nearest(middle)
    there = density[np.asarray(at, np.int64)]
    klass = np.select([there > 8000, there > 1200, there > 250], ["四级", "三级", "二级"], "一级")
    old = 1995 if name in ("medium_b", "heat") else 2000
    return pd.DataFrame({
        "line": lines, "operator": _OPERATORS.get(name, "燃气集团（样例）"),
        "name": [f"{_NAMES[name]}{n:04d}（样例）" for n in range(1, count + 1)],
        "medium": _MEDIUM.get(name, "gas"), "class_location": klass,
        "service": "transmission" if name in ("transmission", "oil") else "town", "diameter_mm": float(plan["diameter"]),
        "pressure_mpa": float(plan["pressure"]), "wall_mm": float(plan["wall"]),
        "year": np.clip(np.round(rng.normal(old + 9, 7, count)), 1985, 2024),
        "depth_m": np.round(rng.uniform(0.9, 2.0, count), 1),
    })
