"""Cells and areas as the viewer reads them (``docs/api-shapes.md``)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.kinds import KINDS
from layers.features import mapping
from layers.reader import Snapshot
from layers.style import THEMES
from layers.tables import IR_UNIT, S_UNIT
from riskmodel.levels import CELL_CODE_LEVEL, CODE_ZH, STREET_CODE_LEVEL
from riskmodel.parameters import Parameters, load_parameters

#: Properties of an area as a feature.
AREA_FIELDS = ("code", "name", "level", "parent", "risk_level", "hatched", "index", "pll", "density", "kappa", "rank",
               "residents", "workers", "area_km2", "lon", "lat")

_RULE_LEVEL = CELL_CODE_LEVEL | STREET_CODE_LEVEL


@lru_cache(maxsize=1)
def parameters() -> Parameters:
    """The parameters of the model as they were when this process first asked: reading them takes 25 ms."""
    return load_parameters()


def themes(pll_by_theme: dict[str, float]) -> list[dict[str, Any]]:
    """Themes with their PLL and share, largest first; themes without any are left out."""
    total = sum(pll_by_theme.values())
    listed = [
        {"theme": code, "zh": zh, "pll": pll_by_theme[code], "share": pll_by_theme[code] / total}
        for code, zh in THEMES if pll_by_theme[code] > 0
    ]
    return sorted(listed, key=lambda entry: (-float(entry["pll"]), entry["theme"]))


def rules(codes: list[Any]) -> list[dict[str, Any]]:
    """Rules that fired; a snapshot lists them as plain codes or with their detail."""
    found = []
    for entry in codes:
        code = entry if isinstance(entry, str) else entry["code"]
        extra = {} if isinstance(entry, str) else entry
        found.append({"code": code, "level": _RULE_LEVEL.get(code), "zh": extra.get("zh") or CODE_ZH.get(code, code),
                      "detail": extra.get("detail")})
    return found


def individual_risk(record: dict[str, Any]) -> dict[str, float]:
    """Individual risk per year of the three scopes, which are never added."""
    return {scope: record[f"ir_{scope}"] * IR_UNIT for scope in ("hc", "an", "semi")}


def cell(snapshot: Snapshot, record: dict[str, Any]) -> dict[str, Any]:
    """A cell for a client."""
    ring = shapely.Polygon(snapshot.cell_polygon(record["cell"])["coordinates"][0])
    code = record["street_code"]
    return {
        "id": record["id"], "lon": record["lon"], "lat": record["lat"], "level": record["level"], "hatched": record["hatched"],
        "index": record["index"], "pll": record["pll"], "density": record["density"], "residents": record["residents"],
        "workers": record["workers"], "street": None if code is None else {"code": code, "name": snapshot.area(code)["name"]},
        "ir": individual_risk(record), "rules": rules(record["codes"]),
        "themes": themes({theme: record[f"s_{theme}"] * S_UNIT for theme, _ in THEMES}),
        "bounds": list(ring.bounds), "outline": [list(point) for point in ring.exterior.coords],
    }


def area(snapshot: Snapshot, record: dict[str, Any]) -> dict[str, Any]:
    """An area for a client."""
    plain = ("code", "name", "level", "parent", "risk_level", "hatched", "index", "rank", "pll", "density", "kappa", "area_km2",
             "residents", "workers", "lon", "lat")
    return {name: record[name] for name in plain} | {
        "parent_name": parent_name(snapshot, record), "of": len(snapshot.area_rows(record["level"])),
        "rules": rules(record["codes"]), "themes": themes({theme: record[f"pll_{theme}"] for theme, _ in THEMES}),
        "share_area": [record[f"share_area_{level}"] for level in range(1, 5)],
        "share_people": [record[f"share_people_{level}"] for level in range(1, 5)],
        "counts": {name: record[f"n_{name}"] for name in KINDS if record.get(f"n_{name}") is not None},
        "hazard_grades": [record.get(f"n_hazard_{grade}") or 0 for grade in range(1, 5)],
        "bbox": list(snapshot.area_shape(record["code"]).bounds),
    }


def area_features(snapshot: Snapshot, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Areas as GeoJSON features with what a map shows of them."""
    found = []
    for row, record in zip(rows.tolist(), snapshot.area_records(rows), strict=True):
        properties = {name: record[name] for name in AREA_FIELDS} | {"parent_name": parent_name(snapshot, record)}
        shape = mapping(snapshot.area_shapes[row])
        found.append({"type": "Feature", "id": record["code"], "geometry": shape, "properties": properties})
    return found


def parent_name(snapshot: Snapshot, record: dict[str, Any]) -> str | None:
    """Name of the area above, None at the top of the snapshot."""
    rows = snapshot.areas.texts("code")
    return snapshot.areas.texts("name")[rows.index(record["parent"])] if record["parent"] in rows else None


def criterion_lines() -> list[dict[str, Any]]:
    """Upper and lower line of the societal risk criterion of GB 36894-2018, slope −1, as points to draw."""
    deaths = [1.0, 10.0, 100.0, 1000.0]
    return [
        {"name": name, "zh": zh, "n": deaths, "f": [parameters().number(f"levels.criteria.{name}") / count for count in deaths]}
        for name, zh in (("fn_upper", "不可接受线"), ("fn_lower", "可接受线"))
    ]
