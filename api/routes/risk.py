"""Risk of a place, a cell, an area; why; and the ranking."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api import subjects
from api.answers import STRICT, Map, answer
from api.explanations import explanations
from api.parameters import choice, position, within
from geo.errors import BadParameter
from layers.reader import AreaLevel, Snapshot
from layers.style import THEMES

router = APIRouter(prefix="/api/risk", tags=["risk"], dependencies=STRICT)

_THEME_CODES = tuple(code for code, _ in THEMES)
_ORDERS = ("severity", "density", "pll", "index", "kappa", "residents", "workers", "area_km2")
_OF_THEME = ("density", "pll")

#: Contributors that an explanation names when nobody asks for more or fewer.
EXPLAINED = 20


@router.get("/at", summary="某点的网格与街道 · cell and street of a point")
def at(snapshot: Map, lon: Annotated[float, Query(description="degrees, CGCS2000")], lat: Annotated[float, Query()]) -> Response:
    """The cell and the street that contain a point; null where there is none."""
    position(lon, lat)
    cell, street = snapshot.cell_at(lon, lat), snapshot.street_at(lon, lat)
    return answer({
        "lon": lon, "lat": lat, "cell": None if cell is None else subjects.cell(snapshot, cell),
        "street": None if street is None else subjects.area(snapshot, street),
    })


@router.get("/cells/{cell_id}", summary="一个网格 · one cell")
def cell(snapshot: Map, cell_id: str) -> Response:
    """A cell by its id, like 100mN44213E4977."""
    return answer(subjects.cell(snapshot, snapshot.cell(cell_id)))


@router.get("/areas/{code}", summary="一个街道、区或市 · one area")
def area(snapshot: Map, code: str) -> Response:
    """An area by its administrative code."""
    return answer(subjects.area(snapshot, snapshot.area(code)))


@router.get("/explain", summary="为什么是这个颜色 · why this colour")
def explain(
    snapshot: Map, cell: Annotated[str | None, Query(description="cell id")] = None,
    area: Annotated[str | None, Query(description="area code")] = None,
    limit: Annotated[int, Query(description="1–200")] = EXPLAINED,
) -> Response:
    """Which sources make how much of a cell's or an area's risk, which rules fired, what would lower the level."""
    within("limit", limit, 1, 200)
    if (cell is None) == (area is None):
        raise BadParameter("请给出 cell 或 area 之一", "give either cell or area",
                           remedy_zh="例如 ?cell=100mN44213E4977 或 ?area=110101001000。",
                           remedy_en="For example ?cell=100mN44213E4977 or ?area=110101001000.")
    ready = explanations(snapshot)
    return answer(ready.cell(cell, limit) if cell is not None else ready.area(str(area), limit))


@router.get("/ranking", summary="排名 · ranking of areas")
def ranking(
    snapshot: Map, level: AreaLevel = "street", theme: str | None = None, limit: int = 20, order: str = "density",
    direction: Literal["desc", "asc"] = "desc", parent: Annotated[str | None, Query(description="only below this code")] = None,
) -> Response:
    """Areas of a level in order; with a theme, `pll`, `density` and the order are of that theme."""
    within("limit", limit, 1, 1000)
    choice("order", order, _ORDERS)
    if theme:
        choice("theme", theme, _THEME_CODES)
        choice("order", order, _OF_THEME)
    return answer(ranking_of(snapshot, level, theme or None, limit, order, ascending=direction == "asc", parent=parent))


def ranking_of(snapshot: Snapshot, level: AreaLevel, theme: str | None, limit: int, order: str, *, ascending: bool = False,
               parent: str | None = None) -> dict[str, Any]:
    """A ranking as the page reads it."""
    by = order if theme is None else theme if order == "pll" else f"{theme}_density"
    records = snapshot.ranking(level, by=by, ascending=ascending, limit=limit, parent=parent)
    return {
        "level": level, "theme": theme, "order": order, "of": len(snapshot.area_rows(level)),
        "items": [_ranked(snapshot, record, theme) for record in records],
    }


def _ranked(snapshot: Snapshot, record: dict[str, Any], theme: str | None) -> dict[str, Any]:
    own = {code: record[f"pll_{code}"] for code in _THEME_CODES}
    main = max(own, key=lambda code: own[code])
    shown = theme or main
    pll = own[theme] if theme else record["pll"]
    return {
        "rank": record["position"], "code": record["code"], "name": record["name"],
        "district": subjects.parent_name(snapshot, record),
        "level": record["risk_level"], "hatched": record["hatched"], "index": record["index"], "pll": pll,
        "density": pll / record["area_km2"] if theme else record["density"], "kappa": record["kappa"],
        "residents": record["residents"], "workers": record["workers"], "area_km2": record["area_km2"],
        "main_theme": main, "main_theme_zh": dict(THEMES)[main],
        "theme_share": own[shown] / record["pll"] if record["pll"] > 0 else 0.0, "lon": record["lon"], "lat": record["lat"],
    }


