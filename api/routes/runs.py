"""Runs: what was computed when, by whom, and how it ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api import runs
from api.answers import STRICT, answer, snapshots
from api.parameters import within

router = APIRouter(prefix="/api/runs", tags=["runs"], dependencies=STRICT)


@router.get("", summary="计算记录 · runs")
def listing(request: Request, limit: Annotated[int, Query(description="1–500")] = 50) -> Response:
    """The newest runs, newest first, and which snapshot is served."""
    within("limit", limit, 1, 500)
    found = runs.recent(request.app.state.settings, limit)
    return answer({"current": snapshots(request).current_id(), "runs": [_public(run) for run in found]})


@router.get("/{run_id}", summary="一次计算 · one run")
def one(request: Request, run_id: str) -> Response:
    """One run by its id."""
    return answer(_public(runs.read(request.app.state.settings, run_id)))


def _public(run: runs.Run) -> dict[str, Any]:
    """A record without what is only the operator's: sentences of faults may name files."""
    shown = asdict(run)
    if run.error is not None:
        shown["error"] = {"name": run.error["name"]}
    return shown
