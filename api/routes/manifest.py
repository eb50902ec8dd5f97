"""What the map shows now: run, dates, counts, totals, legend."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api import subjects
from api.answers import STRICT, Map, answer
from geo.kinds import KINDS
from layers.reader import Snapshot
from layers.style import LEVELS

router = APIRouter(prefix="/api", tags=["manifest"], dependencies=STRICT)

_SHOWN = ("run_id", "created", "as_of", "city", "counts", "cells", "streets", "totals", "times", "parent", "store_version",
          "parameters_sha256", "code_version", "grid", "counts_synthetic", "synthetic_note", "attribution")


@router.get("/manifest", summary="当前风险图 · the current map")
def manifest(snapshot: Map) -> Response:
    """Run, dates, counts, totals and legend of the snapshot that is served."""
    return answer(manifest_of(snapshot))


def manifest_of(snapshot: Snapshot) -> dict[str, Any]:
    """What the page is told of a snapshot."""
    shown = {name: snapshot.manifest[name] for name in _SHOWN if name in snapshot.manifest}
    city = snapshot.area_records(snapshot.area_rows("city"))
    totals = dict(shown.get("totals", {}))
    if city:
        totals.setdefault("residents", city[0]["residents"])
        totals.setdefault("workers", city[0]["workers"])
    kinds = [
        {"name": name, "zh": KINDS[name].zh, "geometry": KINDS[name].geometry, "count": shown.get("counts", {}).get(name)}
        for name in snapshot.kinds
    ]
    return shown | {
        "bounds": list(snapshot.bounds), "synthetic": snapshot.synthetic, "totals": totals, "kinds": kinds, "legend": legend(),
    }


@lru_cache(maxsize=1)
def legend() -> dict[str, Any]:
    """Thresholds and colours behind the map, from the model's parameters."""
    parameters = subjects.parameters()
    cell, street = (
        [*(float(value) for value in parameters.array(f"levels.{unit}.density")), None] for unit in ("cell", "street")
    )
    return {
        "levels": [
            {"level": level.code, "zh": level.zh, "en": level.en, "colour": level.colour, "pattern": level.pattern,
             "cell_density": low_cell, "street_density": low_street}
            for level, low_cell, low_street in zip(LEVELS, cell, street, strict=True)
        ],
        "index": {"zero": parameters.number("levels.index.zero"), "hundred": parameters.number("levels.index.hundred")},
        "criteria": {name: parameters.table(f"levels.criteria.{name}") for name in ("in_service", "new")},
        "kappa": parameters.number("levels.street.kappa"), "kappa_norm": parameters.number("levels.street.kappa_norm"),
    }
