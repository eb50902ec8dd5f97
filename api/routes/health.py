"""Health for whoever watches the server."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import STRICT, Map, answer

router = APIRouter(tags=["health"], dependencies=STRICT)


@router.get("/healthz", summary="存活 · alive")
async def healthz() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@router.get("/readyz", summary="就绪 · ready")
async def readyz(snapshot: Map) -> Response:
    """A map can be served; 503 before the first run."""
    return answer({"status": "ready", "run_id": snapshot.run_id})
