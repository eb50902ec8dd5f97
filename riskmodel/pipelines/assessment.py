"""Every line of a run against the rules: class location, high-consequence areas, impact radius, what stands too close.

Class location and high-consequence areas are asked of long-distance oil and gas lines (GB 50251, GB 32167), and the zones of 5,
50 and 200 m; town gas has its clearances (GB 50028); the potential impact radius is told for natural gas. A line that is
schematic, or known less exactly than half the distance of a rule, gets no answer from that rule.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.pipelines.areas import KIND, OIL, high_consequence_areas
from riskmodel.pipelines.location import CLASSES, NOBODY, Households, class_location
from riskmodel.pipelines.routes import Piece, routes
from riskmodel.pipelines.rules import GRADES, STRIP_M, potential_impact_radius
from riskmodel.pipelines.zones import encroachments, reach_of

Array = NDArray[np.float64]

#: Columns of :func:`assess` that the table of sources shows.
COLUMNS: tuple[str, ...] = ("class_location", "hca", "pir_m", "encroachments", "evidence")

_READ = ("medium", "position_accuracy_m", "geometry", "diameter_mm", "pressure_mpa", "class_location")

#: Kinds whose features may stand too close to a line.
TARGETS: tuple[str, ...] = ("venue", "hazard_source", "work_site", "enterprise")

#: The nearest targets that the evidence of a line names.
NAMED = 5

#: Places that GB 32167 asks for and no kind of feature describes.
_NOT_CHECKED = {"gas": (), "oil": ("village", "transport", "reserve", "water")}


@dataclass(frozen=True)
class _Around:
    """What lies around the lines: households by cell, places of GB 32167, targets."""

    households: Households
    accuracy_m: float
    tree: shapely.STRtree
    places: pd.DataFrame
    place_tree: shapely.STRtree


def assess(inputs: ModelInputs, households: Array, parameters: Parameters) -> pd.DataFrame:
    """What the rules say of every buried line.

    Parameters
    ----------
    inputs : ModelInputs
        Frames ``pipeline``, ``venue``, ``hazard_source``, ``work_site`` and ``enterprise`` are read.
    households : (cells,) float64
        Dwellings in use per cell. A cell is known to its size over √6 (the root mean square distance from its centre).
    parameters : Parameters
        Tables ``pipelines.location`` and ``pipelines.zones``.

    Returns
    -------
    DataFrame
        One row per row of the frame: class_location (highest along the line, 一级 … 四级, computed), hca (highest grade Ⅰ, Ⅱ, Ⅲ,
        of the class recorded or computed and of the places), pir_m (m, natural gas only), encroachments (targets proven to stand
        within a zone or clearance; NaN where no rule applies), evidence (JSON: what was found, where, how sure), areas (list of
        stretches: start_m, end_m, grade, reasons). None, or NaN, where a rule does not apply or the position proves nothing.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> found = assess(town(), scored().exposure.households, parameters())
    >>> found["pir_m"].round(1).tolist(), found["class_location"].tolist()
    ([37.6], [None])
    """
    frame = inputs.frames[KIND]
    told: dict[int, dict[str, Any]] = {}
    chosen = _regulated(frame)
    if chosen.size:
        near = _cells_near(inputs, frame["geometry"].to_numpy(object)[chosen], STRIP_M)
        around = _around(inputs, np.where(near, households, 0.0), parameters)
        lines = frame.iloc[chosen][list(_READ)].to_dict("records")
        classes = _classes(chosen, lines, around, parameters)
        told = {int(row): _stretches(line, classes[int(row)], around, parameters)
                for row, line in zip(chosen, lines, strict=True)}
    counts = np.full(len(frame), np.nan)
    for row, (count, found) in _too_close(inputs, parameters):
        counts[row] = count
        if found:
            told.setdefault(row, {})["encroachments"] = found
    text = {name: np.full(len(frame), None, object) for name in ("class_location", "hca", "evidence", "areas")}
    for row, entry in told.items():
        for name in ("class_location", "hca", "areas"):
            text[name][row] = entry.get(name)
        text["evidence"][row] = json.dumps(entry, ensure_ascii=False)
    columns = text | {"pir_m": _radius(frame), "encroachments": counts}
    return pd.DataFrame({name: columns[name] for name in (*COLUMNS, "areas")})


def _number(frame: pd.DataFrame, name: str) -> Array:
    return np.asarray(pd.to_numeric(frame[name]).to_numpy(np.float64, na_value=np.nan))


def _radius(frame: pd.DataFrame) -> Array:
    gas = ((frame["medium"] == "gas") & (frame["service"] != "schematic")).to_numpy(bool)
    return np.where(gas, potential_impact_radius(_number(frame, "diameter_mm"), _number(frame, "pressure_mpa")), np.nan)


def _regulated(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Rows of long-distance oil and gas lines whose position is known to half the strip."""
    exact = _number(frame, "position_accuracy_m") <= STRIP_M / 2
    kind = (frame["service"] == "transmission") & frame["medium"].isin(("gas", *OIL))
    return np.flatnonzero(exact & kind.to_numpy(bool))


def _around(inputs: ModelInputs, households: Array, parameters: Parameters) -> _Around:
    grid = inputs.grid
    cell = np.flatnonzero(households > 0)
    row, col = np.divmod(cell, grid.nx)
    x, y = grid.west + (col + 0.5) * grid.cell, grid.north - (row + 0.5) * grid.cell
    per_ha = households[cell] / (grid.cell_km2 * 100)
    tall = per_ha >= parameters.number("pipelines.location.tall_density")
    homes = Households(x, y, households[cell], tall)
    places = _places(inputs, parameters)
    return _Around(homes, grid.cell / np.sqrt(6.0), shapely.STRtree(np.asarray(shapely.points(x, y), object)), places,
                   shapely.STRtree(places["geometry"].to_numpy(object)))


def _places(inputs: ModelInputs, parameters: Parameters) -> pd.DataFrame:
    """Special places (特定场所) and flammable ones of GB 32167 among the venues and hazard sources."""
    special, flammable = (list(parameters.entry(f"pipelines.places.{name}").value) for name in ("special", "flammable"))
    parts = []
    asked = (("venue", "venue_type", special, "special"), ("hazard_source", "unit_type", flammable, "flammable"))
    for kind, column, wanted, place in asked:
        rows = inputs.frames[kind]
        rows = rows[rows[column].isin(wanted)]
        parts.append(pd.DataFrame({
            "kind": place, "geometry": rows["geometry"].to_numpy(object), "name": _titles(rows),
            "position_accuracy_m": _number(rows, "position_accuracy_m"),
        }))
    return pd.concat(parts, ignore_index=True)


def _titles(rows: pd.DataFrame) -> NDArray[np.object_]:
    return np.asarray(rows["name"].where(rows["name"].notna(), rows["id"]).to_numpy(object), object)


def _exact(line: dict[Hashable, Any], around: _Around) -> bool:
    """Whether households beside the line are known to half of the strip."""
    return bool(np.hypot(float(line["position_accuracy_m"]), around.accuracy_m) <= STRIP_M / 2)


def _classes(chosen: NDArray[np.int64], lines: list[dict[Hashable, Any]], around: _Around,
             parameters: Parameters) -> dict[int, list[tuple[Piece, pd.DataFrame]]]:
    """Of every row its unbroken parts and their classes, counted along the whole route that they belong to."""
    pieces = [Piece(int(row), start, part, (line["medium"], _exact(line, around)))
              for row, line in zip(chosen, lines, strict=True) for start, part in _parts(line["geometry"])]
    found: dict[int, list[tuple[Piece, pd.DataFrame]]] = {int(row): [] for row in chosen}
    for route in routes(pieces):
        exact = route.pieces[0].kind[1]  # type: ignore[index]
        near = np.sort(around.tree.query(route.line, predicate="dwithin", distance=STRIP_M)) if exact else np.zeros(0, np.int64)
        segments = class_location(route.line, around.households.take(near), parameters)
        for at, piece in enumerate(route.pieces):
            found[piece.row].append((piece, route.of_piece(at, segments)))
    return {row: sorted(parts, key=lambda part: part[0].start) for row, parts in found.items()}


def _stretches(line: dict[Hashable, Any], parts: list[tuple[Piece, pd.DataFrame]], around: _Around,
               parameters: Parameters) -> dict[str, Any]:
    """Class location and high-consequence areas of one line, with the evidence."""
    own = float(line["position_accuracy_m"])
    oil = line["medium"] != "gas"
    found: dict[str, Any] = {"position_accuracy_m": round(own, 1),
                             "households_accuracy_m": round(float(np.hypot(own, around.accuracy_m)), 1)}
    if not_checked := _NOT_CHECKED["oil" if oil else "gas"]:
        found["not_checked"] = list(not_checked)
    recorded = line["class_location"]
    grade = {"四级": 3, "三级": 2}.get(recorded, 0)
    classes, areas = [], []
    for piece, segments in parts:
        beside = around.places.iloc[np.sort(around.place_tree.query(piece.line, predicate="dwithin", distance=2 * STRIP_M))]
        classes += _at(piece.start, segments, "class_location", "households")
        marked = high_consequence_areas(line | {"geometry": piece.line}, NOBODY, beside, parameters, segments=segments)
        areas += _at(piece.start, marked, "grade", "reasons")
    grade = max([grade, *(GRADES.index(area[2]) for area in areas)])
    if _exact(line, around):
        best = max(classes, key=lambda c: CLASSES.index(c[2]))
        found["class_location"] = best[2][:2]
        found["households"] = round(max(c[3] for c in classes))
        found["classes"] = [{"start_m": round(a), "end_m": round(b), "class": name} for a, b, name, _ in classes]
        found["raised"] = bool(recorded) and _order(best[2]) > _order(recorded)
    found["recorded"] = recorded
    found["hca"] = GRADES[grade]
    found["areas"] = [{"start_m": round(a), "end_m": round(b), "grade": g, "reasons": why} for a, b, g, why in areas]
    return found


def _at(start: float, table: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """Rows of a table of stretches, their stations counted from the start of the whole line."""
    first, last = (start + table[name].to_numpy(np.float64) for name in ("start_m", "end_m"))
    return list(zip(first.tolist(), last.tolist(), *(table[name].tolist() for name in names), strict=True))


def _order(name: str) -> int:
    return ("一级", "二级", "三级", "四级").index(name[:2])


def _parts(geometry: Any) -> Iterator[tuple[float, Any]]:
    """Unbroken parts of a line with the station at which each begins."""
    start = 0.0
    for part in shapely.get_parts(shapely.line_merge(geometry)):
        yield start, part
        start += part.length


def _too_close(inputs: ModelInputs, parameters: Parameters) -> Iterator[tuple[int, tuple[int, dict[str, Any]]]]:
    """Per row of a line with a rule: how many targets are proven within its zones, and which are near."""
    frame = inputs.frames[KIND]
    reach, _ = reach_of(frame, parameters)
    share = parameters.number("pipelines.zones.accuracy_share")
    rows = np.flatnonzero((reach > 0) & (_number(frame, "position_accuracy_m") <= share * reach))
    lines = frame.iloc[rows].assign(id=np.arange(len(rows)))
    per_line: dict[int, tuple[int, dict[str, Any]]] = {int(row): (0, {}) for row in rows}
    for wide in np.unique(reach[rows]):
        chosen = reach[rows] == wide
        geometry, accuracy, names = _near_targets(inputs, lines.loc[chosen, "geometry"].to_numpy(object), float(wide))
        found = encroachments(lines[chosen], geometry, accuracy, parameters, names=names)
        by_line: dict[int, list[dict[Hashable, Any]]] = {}
        for one in found.to_dict("records"):
            by_line.setdefault(one["line"], []).append(one)
        for at, near in by_line.items():
            per_line[int(rows[at])] = (sum(one["proven_zone_m"] > 0 for one in near), _told(near))
    yield from per_line.items()


def _near_targets(inputs: ModelInputs, lines: NDArray[np.object_],
                  reach: float) -> tuple[NDArray[np.object_], Array, NDArray[np.object_]]:
    """Geometry, accuracy and names of what may lie within `reach` of any of the lines: points by their cell, all others."""
    near = _cells_near(inputs, lines, reach)
    geometry, accuracy, names = [], [], []
    for kind in TARGETS:
        frame = inputs.frames[kind]
        shapes, cell = frame["geometry"].to_numpy(object), frame["cell"].to_numpy(np.int64)
        keep = np.flatnonzero((shapely.get_type_id(shapes) != shapely.GeometryType.POINT) | ((cell >= 0) & near[cell]))
        geometry.append(shapes[keep])
        accuracy.append(_number(frame, "position_accuracy_m")[keep])
        names.append(_titles(frame.iloc[keep]))
    return np.concatenate(geometry), np.concatenate(accuracy), np.concatenate(names)


def _cells_near(inputs: ModelInputs, lines: NDArray[np.object_], reach: float) -> NDArray[np.bool_]:
    """Cells that hold, or may hold, a point within `reach` of a line."""
    grid, step = inputs.grid, inputs.grid.cell / 2
    xy = shapely.get_coordinates(shapely.segmentize(lines, step))
    crossed = grid.index(xy[:, 0], xy[:, 1])
    field = np.zeros((grid.ny, grid.nx), np.bool_)
    field.ravel()[crossed[crossed >= 0]] = True
    wide = int(np.ceil((reach + step / 2) / grid.cell))
    for axis in (0, 1):
        grown = field.copy()
        for shift in range(1, wide + 1):
            here, there = [slice(None)] * 2, [slice(None)] * 2
            here[axis], there[axis] = slice(shift, None), slice(None, -shift)
            grown[tuple(here)] |= field[tuple(there)]
            grown[tuple(there)] |= field[tuple(here)]
        field = grown
    return field.ravel()


def _told(near: list[dict[Hashable, Any]]) -> dict[str, Any]:
    """How many targets in each zone, proven and not, and the nearest of the innermost zones."""
    counts: dict[str, dict[str, int]] = {"proven": {}, "unproven": {}}
    for one in near:
        of = counts["proven" if one["proven"] else "unproven"]
        of[f"{one['zone_m']:g}"] = of.get(f"{one['zone_m']:g}", 0) + 1
    nearest = [{"name": one["target"], "distance_m": round(one["distance_m"], 1), "zone_m": one["zone_m"],
                "proven": bool(one["proven"]), "rule": one["rule"],
                "accuracy_m": None if np.isnan(one["accuracy_m"]) else round(one["accuracy_m"], 1)} for one in near[:NAMED]]
    return {**counts, "nearest": nearest}
