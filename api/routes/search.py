"""What lies in a polygon: counts, people, risk, features, downloads."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from fastapi import APIRouter
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from api import features, subjects
from api.answers import GEOJSON, STRICT, Map, answer
from api.polygons import polygon_of
from geo.kinds import KINDS
from layers.reader import Snapshot
from riskmodel.levels import index
from riskmodel.parameters import load_parameters

router = APIRouter(prefix="/api", tags=["search"], dependencies=STRICT)

#: Features that a JSON answer lists; downloads have all.
LISTED = 500

#: Kinds that are no things on the ground.
_NOT_SEARCHED = ("area", "background")


class Search(BaseModel):
    """Body of a search."""

    model_config = ConfigDict(extra="forbid")

    polygon: dict[str, Any] = Field(description="GeoJSON Polygon or MultiPolygon, degrees")
    kinds: list[str] | None = Field(default=None, max_length=len(KINDS), description="feature kinds; all when left out")
    format: Literal["json", "geojson", "csv"] = "json"


@router.post("/search", summary="多边形内查询与导出 · search in a polygon")
def search(snapshot: Map, asked: Search) -> Response:
    """Counts, people and risk in a polygon with the most hazardous features, or all features as a download."""
    polygon = polygon_of(asked.polygon)
    kinds = asked.kinds if asked.kinds is not None else [name for name in snapshot.kinds if name not in _NOT_SEARCHED]
    found = snapshot.search(polygon, list(dict.fromkeys(kinds)))
    if asked.format == "json":
        return answer(_summary(snapshot, snapshot.polygon_summary(polygon), found))
    as_csv = asked.format == "csv"
    for name in found:
        features.source_risk(snapshot, name)  # any fault before the first byte, not in the middle
    stream = (features.stream_csv if as_csv else features.stream_geojson)(snapshot, found)
    file = f"riskmap-{snapshot.run_id}.{asked.format}"
    return StreamingResponse(stream, media_type="text/csv; charset=utf-8" if as_csv else GEOJSON, headers={
        "content-disposition": f'attachment; filename="{file}"', "cache-control": "no-store",
    })


def _summary(snapshot: Snapshot, summary: dict[str, Any], found: dict[str, NDArray[np.int64]]) -> dict[str, Any]:
    area, people = summary["area_km2"], summary["residents"]
    listed = _most_hazardous(snapshot, found)
    return {
        "run_id": snapshot.run_id, "area_km2": area, "counts": {name: len(rows) for name, rows in found.items()},
        "people": {"residents": people, "workers": summary["workers"]}, "pll": summary["pll"], "density": summary["density"],
        "index": float(index(summary["density"], load_parameters())), "themes": subjects.themes(summary["themes"]),
        "levels": {
            level: {"km2": summary["share_area"][level] * area, "people": summary["share_people"][level] * people}
            for level in ("1", "2", "3", "4")
        },
        "features": {"type": "FeatureCollection", "features": listed},
        "truncated": sum(len(rows) for rows in found.values()) > len(listed),
    }


def _most_hazardous(snapshot: Snapshot, found: dict[str, NDArray[np.int64]]) -> list[dict[str, Any]]:
    """The first :data:`LISTED` features by PLL; what is no source comes last, kinds in their own order."""
    names = list(found)
    kind = np.concatenate([np.full(len(rows), place) for place, rows in enumerate(found.values())] or [np.empty(0, int)])
    row = np.concatenate([*found.values(), np.empty(0, np.int64)])
    pll = np.concatenate([features.source_risk(snapshot, name).pll[rows] for name, rows in found.items()] or [np.empty(0)])
    first = np.lexsort((row, kind, -np.nan_to_num(pll, nan=-1.0)))[:LISTED]
    listed: dict[tuple[int, int], dict[str, Any]] = {}
    for place, name in enumerate(names):
        chosen = row[first[kind[first] == place]]
        for number, feature in zip(chosen.tolist(), features.geojson(snapshot, name, chosen), strict=True):
            listed[place, number] = feature
    return [listed[int(kind[entry]), int(row[entry])] for entry in first]
