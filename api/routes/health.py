"""Health for whoever watches the server."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import STRICT, Current, answer
from api.metrics import exposition

router = APIRouter(tags=["health"], dependencies=STRICT)


@router.get("/healthz", summary="存活 · alive")
async def healthz() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@router.get("/readyz", summary="就绪 · ready")
async def readyz(snapshot: Current) -> Response:
    """A map can be served; 503 before the first run."""
    return answer({"status": "ready", "run_id": snapshot.run_id})


@router.get("/metrics", summary="指标 · numbers for Prometheus")
def metrics() -> Response:
    """Requests, times, bytes and the snapshot that is served, in Prometheus text."""
    text, media = exposition()
    return Response(text, headers={"content-type": media, "cache-control": "no-store"})
