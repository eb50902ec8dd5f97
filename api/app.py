"""The application: tiles by hand, everything else by FastAPI, the edge around both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from zlib import crc32

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems, schedule
from api.answers import NotModified
from api.bodies import Unpacked
from api.compression import Compressed
from api.current import Snapshots
from api.edge import Edge
from api.explanations import keep_warm
from api.metrics import Metered
from api.ogc import collections, items, landing, queryables, tilelinks
from api.parameters import MAX_BODY
from api.routes import docs, health, manifest, quality, risk, runs, search, tilesets, viewer
from api.spool import Spool
from api.tiles import Tiles, is_tile
from geo.settings import Settings
from layers.formats.kept import KeptTexts
from layers.viewer import STATIC

_ADDED = (tilelinks,)  # importing it adds its links

#: Routes, in the order in which they are described.
ROUTERS = (
    landing.router, collections.router, items.router, queryables.router, manifest.router, risk.router, quality.router,
    search.router, runs.router, tilesets.router, health.router, docs.router, viewer.router,
)


def create_app(settings: Settings) -> ASGIApp:
    """The whole server as one ASGI callable.

    Parameters
    ----------
    settings : Settings
        Where home is, the schedule, limits, who may connect. Nothing reads the environment.

    Raises
    ------
    BadParameter
        If a setting is wrong.
    """
    snapshots = Snapshots(settings.snapshots)
    inner, tiles = _fastapi(settings, snapshots), Tiles(snapshots, settings.tile_cache_mb << 20)
    edge = Edge(Metered(Compressed(Unpacked(inner))), origins=settings.listed("cors_origins"), proxies=settings.listed("proxies"),
                seconds=settings.time_limit_s)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
        elif is_tile(scope["path"]):
            await tiles(scope, receive, send)
        else:
            await edge(scope, receive, send)

    return app


def _fastapi(settings: Settings, snapshots: Snapshots) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(keep_warm(snapshots, limit=risk.EXPLAINED))
        try:
            async with schedule.running(settings):
                yield
        finally:
            warming.cancel()
            with suppress(asyncio.CancelledError):
                await warming

    app = FastAPI(
        title="区域风险一张图 RiskMap", version=version("riskmap"), openapi_url=None, docs_url=None, redoc_url=None,
        lifespan=lifespan, max_body_size=MAX_BODY, redirect_slashes=False,
        description="Risk of a city as the last run published it. Errors: RFC 9457 problem details in the request's language.",
    )
    app.state.settings, app.state.snapshots, app.state.code = settings, snapshots, _code()
    app.state.spool = Spool(settings.cache / "spool", most_bytes=settings.spool_mb * 1_000_000)
    app.state.texts = KeptTexts(settings.cache / "texts", settings.texts_mb * 1_000_000)
    problems.register(app)
    app.add_exception_handler(NotModified, _not_modified)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")
    return app


def _code() -> str:
    """Changes when the program does: the same in all workers, and after a restart of the same program."""
    root = Path(__file__).resolve().parents[1]
    changed = [path.stat().st_mtime_ns for room in ("api", "layers", "riskmodel", "geo")
               for path in sorted((root / room).rglob("*.py"))]
    return f"{version('riskmap')}-{crc32(repr(changed).encode()):x}"


def _not_modified(_: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)  # noqa: S101  (registered for this class only)
    return Response(status_code=304, headers={"etag": error.etag, "cache-control": "no-cache"})
