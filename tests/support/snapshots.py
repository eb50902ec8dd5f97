"""A small, complete snapshot: 60 × 50 cells east of Beijing's centre, four streets, two districts, every kind of feature."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.grid import ALBERS, Grid, to_degrees, to_metres
from geo.kinds import KINDS, Field, Kind
from geo.quality import QualityReport, assess, load_rules
from layers.overlay import cell_fractions
from layers.publish import write_rasters
from layers.quality import write_quality
from layers.snapshot import SnapshotWriter
from layers.style import THEMES
from riskmodel.levels import CELL_CODES, CODE_ZH
from riskmodel.parameters.load import load_parameters

RUN_ID = "20260102T030405-abc123"

STREETS = (("110101001000", "东华门街道", "110101"), ("110101002000", "景山街道", "110101"),
           ("110112005000", "永顺镇", "110112"), ("110112106000", "漷县镇", "110112"))
DISTRICTS = (("110101", "东城区"), ("110112", "通州区"))
CITY = ("110000", "北京市")


#: A source of which nothing was computed, and one that is counted under another name.
NOTHING_COMPUTED, COUNTED_ELSEWHERE = "equipment-002", "equipment-003"

def small_grid(cell: int = 100) -> Grid:
    """60 × 50 cells of 100 m around 116.40° E, 39.92° N (or as many larger ones)."""
    x, y = to_metres([116.40], [39.92])
    west, north = round(float(x[0]) / cell - 30) * cell, round(float(y[0]) / cell + 25) * cell
    return Grid(float(west), float(north), 60, 50, cell)


def street_polygons(grid: Grid) -> list[shapely.Polygon]:
    """Four quarters of the grid's inside that meet at a jagged cross, Albers metres."""
    def at(col: float, row: float) -> tuple[float, float]:
        return grid.west + col * grid.cell, grid.north - row * grid.cell

    middle = [at(30, 2), at(31.5, 9), at(28.7, 17), at(30.2, 25)]
    lower = [at(30.2, 25), at(31.1, 33), at(29.3, 41), at(30, 48)]
    left = [at(2, 25), at(12, 24.2), at(22, 26.3), at(30.2, 25)]
    right = [at(30.2, 25), at(41, 23.6), at(50, 25.9), at(58, 25)]
    return [
        shapely.Polygon([at(2, 2), *middle, *left[::-1][1:]]), shapely.Polygon([at(58, 2), *right[::-1], *middle[::-1][1:]]),
        shapely.Polygon([at(2, 48), *left, *lower[1:]]), shapely.Polygon([at(58, 48), *lower[::-1], *right[1:]]),
    ]


def to_lonlat(shape: Any) -> Any:
    """Albers metres to degrees."""
    return shapely.transform(shape, lambda points: np.column_stack(to_degrees(points[:, 0], points[:, 1])))


def make_small_snapshot(directory: Path, *, run_id: str = RUN_ID, parent: str | None = None,
                        created: str = "2026-01-02T03:04:05+08:00", factor: float = 1.0, rasters: bool = True) -> Path:
    """Write and publish the snapshot below `directory` (the folder of all snapshots); returns its folder.

    Parameters
    ----------
    factor : float
        Multiplies all risk, for a second night.
    rasters : bool
        Also tiles and GeoTIFFs.
    """
    grid, rng = small_grid(), np.random.default_rng(20260102)
    polygons = street_polygons(grid)
    cells, fields, coverage = _cells(grid, polygons, rng, factor)
    frames = {name: _features(kind, polygons, rng) for name, kind in KINDS.items() if name not in ("area", "background")}
    frames["background"] = _background(polygons)
    areas = _areas(grid, polygons, cells, coverage, frames)
    frames["area"] = _area_features(areas)
    with SnapshotWriter(directory, run_id) as writer:
        writer.write_table("cells", cells)
        writer.write_table("fields", fields)
        writer.write_table("areas", areas)
        writer.write_table("sources", _sources(frames, rng))
        writer.write_table("fn", _curves(frames, areas))
        for name, frame in frames.items():
            writer.write_features(name, frame)
        if rasters:
            write_rasters(writer, grid, fields, cells, synthetic=True)
        manifest = _manifest(grid, cells, areas, frames, created, parent)
        return writer.publish(manifest | {"quality": write_quality(writer, _quality(frames, areas, created), load_rules())})


def _quality(frames: dict[str, pd.DataFrame], areas: pd.DataFrame, created: str) -> QualityReport:
    return assess(frames, areas[areas["level"] == "street"], as_of=date.fromisoformat(created[:10]), rules=load_rules())


def _cells(grid: Grid, polygons: list[shapely.Polygon], rng: np.random.Generator, factor: float,
           ) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[NDArray[np.int64], NDArray[np.float64]]]]:
    coverage = [cell_fractions(polygon, grid) for polygon in polygons]
    share = np.zeros((len(polygons), grid.size))
    for street, (cell, fraction) in enumerate(coverage):
        share[street, cell] = fraction
    cell = np.flatnonzero((share.sum(0) > 0) & (rng.random(grid.size) < 0.8))
    x, y = grid.centre(cell)
    lon, lat = to_degrees(x, y)
    street = share[:, cell].argmax(0)
    residents = rng.gamma(1.5, 80.0, len(cell)).astype(np.float32)
    hot = np.exp(-((x - grid.west - 4000) ** 2 + (y - grid.north + 1500) ** 2) / 4e5)
    themes = {code: (rng.gamma(0.4, 2e-4, len(cell)) * (1 + 60 * hot) * (1 + street) * factor / 1e-15).astype(np.int64)
              for code, _ in THEMES}
    s = np.sum(list(themes.values()), axis=0)
    density = s * 1e-15 / grid.cell_km2
    parameters = load_parameters()
    zero, hundred = parameters.number("levels.index.zero"), parameters.number("levels.index.hundred")
    level = 4 - (density[:, None] >= parameters.array("levels.cell.density")[None, :]).sum(1)
    ir = {name: (hot * top / 1e-18).astype(np.int64) for name, top in (("ir_hc", 2e-5), ("ir_an", 4e-6), ("ir_semi", 1e-4))}
    frame = pd.DataFrame({
        "cell": cell, "id": grid.ids(cell), "lon": lon, "lat": lat, "street": street.astype(np.int32), "residents": residents,
        "workers": (residents * 0.6).astype(np.float32), "s": s, **{f"s_{code}": values for code, values in themes.items()},
        **ir, "density": density,
        "index": np.clip(100 * np.log10(density / zero) / np.log10(hundred / zero), 0, 100).astype(np.float32),
        "level": level.astype(np.int8), "hatched": rng.random(len(cell)) < 0.05, "p_level": np.full(len(cell), 0.8, np.float32),
        **{f"p_level_{k}": np.where(level == k, 0.8, 0.2 / 3).astype(np.float32) for k in range(1, 5)},
        "codes": np.where(level < 4, 1 << (level + 2), 0).astype(np.int32),
    })
    nonzero = frame[["cell", "ir_hc", "ir_an", "ir_semi", "s"]].copy()
    return frame, nonzero, coverage


def _areas(grid: Grid, polygons: list[shapely.Polygon], cells: pd.DataFrame, coverage: list[Any],
           frames: dict[str, Any]) -> pd.DataFrame:
    rows = []
    whole = np.zeros((len(polygons), grid.size))
    for street, (cell, fraction) in enumerate(coverage):
        whole[street, cell] = fraction
    weight = whole[:, cells["cell"]]
    groups = [("street", code, name, parent, [k]) for k, (code, name, parent) in enumerate(STREETS)]
    groups += [("district", code, name, CITY[0], [k for k, s in enumerate(STREETS) if s[2] == code]) for code, name in DISTRICTS]
    groups += [("city", *CITY, None, [0, 1, 2, 3])]
    for level, code, name, parent, members in groups:
        shape = shapely.union_all([polygons[k] for k in members])
        rows.append(_area(level, code, name, parent, shape, weight[members].sum(0), cells))
    frame = pd.DataFrame(rows)
    frame["rank"] = frame.groupby("level")["density"].rank(ascending=False, method="first").astype(np.int32)
    frame["rank_p05"], frame["rank_p95"] = np.maximum(frame["rank"] - 1, 1), frame["rank"] + 1
    for kind in frames:
        inside = {code: sum(str(a) == code for a in frames[kind]["area_code"]) for code, *_ in STREETS}
        frame[f"n_{kind}"] = [sum(n for code, n in inside.items() if area in (code, code[:6], CITY[0])) for area in frame["code"]]
    for grade in range(1, 5):
        frame[f"n_hazard_{grade}"] = np.where(frame["level"] == "city", grade - 1, 0).astype(np.int32)
    return frame


def _area(level: str, code: str, name: str, parent: str | None, shape: Any, weight: NDArray[np.float64],
          cells: pd.DataFrame) -> dict[str, Any]:
    themes = {theme: float(weight @ cells[f"s_{theme}"]) * 1e-15 for theme, _ in THEMES}
    pll, km2 = sum(themes.values()), shape.area / 1e6
    residents, density = float(weight @ cells["residents"]), pll / km2
    thresholds = load_parameters().array("levels.street.density")
    by_level = [cells["level"] == k for k in range(1, 5)]
    people = weight * cells["residents"]
    spot = to_lonlat(shape.representative_point())
    risk = int(4 - (density >= thresholds).sum())
    fired = [{"code": f"S-D-{risk}", "zh": "密度", "detail": f"{density:.3g}"}]
    return {
        "code": code, "name": name, "level": level, "parent": parent, "area_km2": km2, "residents": residents,
        "workers": float(weight @ cells["workers"]), "pll": pll, "density": density,
        "index": float(np.clip(100 * np.log10(density / 1e-5) / 6, 0, 100)), "risk_level": np.int8(risk),
        "hatched": code == "110112106000", "stable": code != "110112106000", "kappa": pll / residents / 5e-6, "p_top10": 1.0,
        "pll_p05": 0.6 * pll, "pll_p50": 0.95 * pll, "pll_p95": 1.6 * pll,
        **{f"p_level_{k}": 0.7 if k == risk else 0.1 for k in range(1, 5)},
        "fn_acceptable": 0, "fn_alarp": 1, "fn_unacceptable": 0,
        "codes": json.dumps(fired if risk < 4 else [], ensure_ascii=False),
        **{f"pll_{theme}": value for theme, value in themes.items()},
        **{f"share_area_{k}": float(weight[by_level[k - 1]].sum() * 0.01 / km2) for k in range(1, 5)},
        **{f"share_people_{k}": float(people[by_level[k - 1]].sum() / residents) for k in range(1, 5)},
        "lon": spot.x, "lat": spot.y, "geometry": to_lonlat(shape),
    }


def _value(field: Field, number: int, rng: np.random.Generator) -> Any:
    if field.choices:
        return field.choices[number % len(field.choices)]
    low, high = field.minimum or 0.0, field.maximum if field.maximum is not None else (field.minimum or 0.0) + 100.0
    return {
        "text": None, "int": int(low + (number * 7) % max(1, int(high - low))), "float": float(low + rng.random() * (high - low)),
        "bool": number % 2 == 0, "date": date(2025, 1 + number % 12, 1), "json": None,
    }[field.type]


def _features(kind: Kind, polygons: list[shapely.Polygon], rng: np.random.Generator, per_street: int = 6) -> pd.DataFrame:
    rows = []
    for street, (code, street_name, _) in enumerate(STREETS):
        spots = _spots(polygons[street], per_street, rng)
        for k, (x, y) in enumerate(spots):
            number = street * per_street + k
            row = {field.name: _value(field, number, rng) for field in kind.all_fields}
            row |= {
                "id": f"{kind.name}-{number:03d}", "name": f"{street_name}{kind.zh}{k + 1}", "area_code": code,
                "source": f"fixture:{number}", "valid_from": date(2020, 1, 1), "valid_to": None, "position_accuracy_m": 10.0,
                "synthetic": True, "assumed": json.dumps(["floor_area_m2"]) if number % 3 == 0 else None,
                "updated_at": date(2026, 1, 1), "extra": None, "geometry": to_lonlat(_shape(kind, x, y, number)),
            }
            if "enterprise_id" in row:
                row["enterprise_id"] = f"enterprise-{number:03d}"
            rows.append(row)
    return pd.DataFrame(rows)


def _spots(polygon: shapely.Polygon, count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    west, south, east, north = polygon.buffer(-400).bounds
    spots: list[tuple[float, float]] = []
    while len(spots) < count:
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        if polygon.buffer(-350).contains(shapely.Point(x, y)):
            spots.append((x, y))
    return spots


def _shape(kind: Kind, x: float, y: float, number: int) -> Any:
    if kind.geometry == "line":
        return shapely.LineString([(x - 200, y - 100), (x, y), (x + 150, y + 200)])
    if kind.geometry == "polygon" or (kind.geometry == "point_or_polygon" and number % 3 == 2):
        return shapely.box(x - 60, y - 40, x + 60, y + 40)
    return shapely.Point(x, y)


def _background(polygons: list[shapely.Polygon]) -> pd.DataFrame:
    return pd.DataFrame([{
        "id": code, "name": name, "area_code": code, "source": "fixture", "synthetic": True, "residents": 20_000 + 1000 * k,
        "households": 8000.0, "staff": json.dumps({"C": 500, "H": 900}),
        "geometry": to_lonlat(polygons[k].representative_point()),
    } for k, (code, name, _) in enumerate(STREETS)])


def _area_features(areas: pd.DataFrame) -> pd.DataFrame:
    frame = areas[["code", "name", "level", "parent", "geometry"]].copy()
    return frame.assign(id=frame["code"], area_code=frame["code"], source="fixture", synthetic=True, kind_zh=None)


def _sources(frames: dict[str, pd.DataFrame], rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    kinds = ("enterprise", "risk_source", "hazard_source", "pipeline", "venue", "work_site", "equipment")
    for position, kind in enumerate(kinds):
        frame, n = frames[kind], len(frames[kind])
        pll = rng.gamma(0.5, 1e-4, n)
        spots = shapely.point_on_surface(frame["geometry"].to_numpy())
        parts.append(pd.DataFrame({
            "id": frame["id"], "kind": kind, "name": frame["name"],
            "enterprise_id": frame.get("enterprise_id"),
            "enterprise_name": None, "area_code": frame["area_code"], "lon": shapely.get_x(spots), "lat": shapely.get_y(spots),
            "theme": THEMES[position][0], "scope": ("none", "semi", "hc", "an")[position % 4], "frequency": pll * 3, "pll": pll,
            "level": (1 + rng.integers(0, 4, n)).astype(np.int8), "grade": [None if k % 4 else "橙" for k in range(n)],
            "factor": np.float32(1.0), "counted": True, "synthetic": True, "assumed": "[]",
            "refused": [("无有效方法" if kind == "pipeline" and k == 0 else None) for k in range(n)],
        }))
    table = pd.concat([part.astype({"enterprise_id": object, "enterprise_name": object}) for part in parts], ignore_index=True)
    table.loc[table["id"] == NOTHING_COMPUTED, ["pll", "frequency", "level"]] = 0
    table.loc[table["id"] == COUNTED_ELSEWHERE, ["pll", "frequency", "level", "counted"]] = [0.0, 0.0, 2, False]
    return table.astype({"level": np.int8, "counted": bool})


def _curves(frames: dict[str, pd.DataFrame], areas: pd.DataFrame) -> pd.DataFrame:
    rows = []
    entries = [("installation", row.id, row.name, "ALARP") for row in frames["hazard_source"].iloc[:4].itertuples(index=False)]
    entries += [(row.level, row.code, row.name, None) for row in areas.itertuples(index=False)]
    for level, code, name, zone in entries:
        rows += [{"level": level, "code": code, "name": name, "n": n, "f": 1e-2 / n**1.5, "zone": zone} for n in (1, 3, 10, 30)]
    return pd.DataFrame(rows)


def _manifest(grid: Grid, cells: pd.DataFrame, areas: pd.DataFrame, frames: dict[str, pd.DataFrame], created: str,
              parent: str | None) -> dict[str, Any]:
    streets = areas[areas["level"] == "street"]
    city = areas[areas["level"] == "city"].iloc[0]
    return {
        "created": created, "as_of": created[:10], "city": {"code": CITY[0], "name": CITY[1]}, "store_version": "fixture-1",
        "parameters_sha256": load_parameters().digest, "code_version": "0.1.0",
        "grid": {"west": grid.west, "north": grid.north, "nx": grid.nx, "ny": grid.ny, "cell": grid.cell, "crs": ALBERS},
        "counts": {name: len(frame) for name, frame in frames.items()},
        "cells": {"occupied": len(cells), **{f"level_{k}": int((cells["level"] == k).sum()) for k in range(1, 5)}},
        "streets": {f"level_{k}": int((streets["risk_level"] == k).sum()) for k in range(1, 5)},
        "totals": {"pll": float(city["pll"]), **{code: float(city[f"pll_{code}"]) for code, _ in THEMES}},
        "times": {"score": 0.1, "publish": 0.1}, "synthetic": True, "parent": parent,
        "cell_codes": [{"code": code, "zh": CODE_ZH[code]} for code in CELL_CODES],
    }
