"""The application: tiles by hand, everything else by FastAPI, problems and security headers around both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from fastapi import FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems, schedule
from api.answers import NotModified
from api.current import Snapshots
from api.explanations import keep_warm
from api.parameters import MAX_BODY
from api.routes import collections, docs, health, manifest, risk, runs, search, tilesets, viewer
from api.tiles import Tiles, is_tile
from geo.settings import Settings
from layers.viewer import STATIC

_log = structlog.get_logger(__name__)

#: On every answer of FastAPI's part, where the route has not set its own.
_SECURITY = (
    (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"), (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-opener-policy", b"same-origin"), (b"content-security-policy", b"default-src 'none'; frame-ancestors 'self'"),
)


def create_app(settings: Settings) -> ASGIApp:
    """The whole server as one ASGI callable.

    Parameters
    ----------
    settings : Settings
        Where home is, and the schedule. Nothing reads the environment.
    """
    snapshots = Snapshots(settings.snapshots)
    inner, tiles = _fastapi(settings, snapshots), Tiles(snapshots, settings.tile_cache_mb << 20)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
        elif is_tile(scope["path"]):
            await tiles(scope, receive, send)
        else:
            await _guarded(inner, scope, receive, send)

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
        title="区域风险一张图 RiskMap", version="0.1.0", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None,
        lifespan=lifespan, max_body_size=MAX_BODY, redirect_slashes=False,
        description="Risk of a city as the last run published it. Errors: RFC 9457 problem details in the request's language.",
    )
    app.state.settings, app.state.snapshots, app.state.started = settings, snapshots, f"{time.time_ns():x}"
    problems.register(app)
    app.add_exception_handler(NotModified, _not_modified)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)
    for room in (health, manifest, risk, search, runs, collections, tilesets, docs, viewer):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")
    return app


def _not_modified(_: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)  # noqa: S101  (registered for this class only)
    return Response(status_code=304, headers={"etag": error.etag, "cache-control": "no-cache"})


async def _guarded(inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer HEAD as GET without a body, add security headers, and turn errors that are no problems yet into problems."""
    head, started, replaced = scope["method"] == "HEAD", False, False
    state: dict[str, object] = dict(scope.get("state") or {})

    async def sender(message: Message) -> None:
        nonlocal started, replaced
        if replaced:
            return
        if message["type"] == "http.response.start":
            started, headers = True, dict(message["headers"])
            if message["status"] >= 400 and headers.get(b"content-type") != problems.PROBLEM_JSON.encode():
                replaced = True  # the body limit and Starlette's last resort answer by themselves, in plain text
                await _problem(message["status"], scope, receive, send)
                return
            added = [(name, value) for name, value in _SECURITY if name not in headers]
            if message["status"] == 200 and "etag" in state and b"etag" not in headers:
                added.append((b"etag", str(state["etag"]).encode()))
            message = {**message, "headers": [*message["headers"], *added]}
        elif head:
            message = {**message, "body": b""}
        await send(message)

    try:
        await inner({**scope, "state": state, "method": "GET" if head else scope["method"]}, receive, sender)
    except Exception:
        _log.exception("unexpected error", path=scope["path"])
        if not started:
            await _problem(500, scope, receive, send)
        elif not replaced:
            raise  # in the middle of an answer: the connection must break, or the client takes a part for the whole


async def _problem(status: int, scope: Scope, receive: Receive, send: Send) -> None:
    languages = [value for name, value in scope["headers"] if name == b"accept-language"]
    tongue = problems.language(languages[0].decode("latin-1") if languages else "")
    await problems.response(status, problems.of_status(status, tongue, scope["path"]), tongue)(scope, receive, send)
