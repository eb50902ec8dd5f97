"""Risk of a place, a cell, an area; why; and the ranking."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api import history, subjects
from api.answers import STRICT, Map, answer, snapshots
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
    _one_of(cell=cell, area=area)
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


@router.get("/history", summary="历史 · a place over the kept snapshots")
def past(
    request: Request, snapshot: Map, area: Annotated[str | None, Query(description="area code")] = None,
    cell: Annotated[str | None, Query(description="cell id")] = None,
    limit: Annotated[int, Query(description="1–400 nights")] = 90,
) -> Response:
    """Level, index, PLL and density of an area or cell in every kept snapshot up to the one that is asked, oldest first."""
    within("limit", limit, 1, 400)
    _one_of(area=area, cell=cell)
    found = [info for info in snapshots(request).kept() if info.created <= _created(snapshot)]
    if area is not None:
        record = snapshot.area(area)
        subject = {"type": record["level"], "id": area, "name": record["name"]}
        return answer({"subject": subject, "items": history.of_area(found[:limit], area)})
    name = str(cell)
    nights = history.of_cell(found[:limit], name, snapshot.grid.find(name))
    return answer({"subject": {"type": "cell", "id": name, "name": name}, "items": nights})


@router.get("/fn", summary="F-N 曲线 · F-N curve")
def curve(
    snapshot: Map, installation: Annotated[str | None, Query(description="id of a hazardous unit or its enterprise")] = None,
    area: Annotated[str | None, Query(description="area code")] = None,
) -> Response:
    """Yearly frequency of n deaths or more. Only a single installation has criterion lines: those of GB 36894 are for one."""
    _one_of(installation=installation, area=area)
    if area is not None:
        record = snapshot.area(area)
        points, subject = snapshot.fn(record["level"], area), {"type": record["level"], "id": area, "name": record["name"]}
    else:
        points = snapshot.fn("installation", str(installation))
        subject = {"type": "installation", "id": str(installation), "name": points[0]["name"] or str(installation)}
    lines = [] if area is not None else subjects.criterion_lines()
    return answer({"subject": subject, "points": [{"n": point["n"], "f": point["f"]} for point in points],
                   "zone": None if area is not None else points[0]["zone"], "criterion": lines})


def _one_of(**given: str | None) -> None:
    if sum(value is not None for value in given.values()) != 1:
        names = list(given)
        raise BadParameter(f"请给出 {' 或 '.join(names)} 之一", f"give either {' or '.join(names)}",
                           remedy_zh="只写其中一个参数。", remedy_en="Give one of them and not both.")


def _created(snapshot: Snapshot) -> datetime:
    made = datetime.fromisoformat(snapshot.manifest["created"])
    return made.astimezone() if made.tzinfo is None else made
