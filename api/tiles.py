"""The hot path: rendered tiles as plain ASGI. A dictionary look-up, no routing, no middleware, no thread pool, no JSON."""

from __future__ import annotations

import re

from starlette.types import Receive, Scope, Send

from api import problems
from api.current import Snapshots
from geo.errors import RiskMapError

#: Everything below this path is answered here.
PREFIX = "/api/map/tiles/"

_ADDRESS = re.compile(r"([0-9A-Za-z_-]{1,64})/(\d{1,2})/(\d{1,8})/(\d{1,8})\.png")

#: The bytes under a run's id never change.
_FOR_EVER = b"public, max-age=31536000, immutable"
#: ``current`` in place of a run id: always ask whether it is still the same.
_ASK = b"no-cache"


class Tiles:
    """Answers ``/api/map/tiles/{run}/{z}/{x}/{y}.png``; `run` may be ``current``."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI)
        """Answer one request."""
        path: str = scope["path"]
        address = _ADDRESS.fullmatch(path, len(PREFIX))
        if scope["method"] not in ("GET", "HEAD"):
            await self._refuse(scope, send, 405)
        elif address is None:
            await self._refuse(scope, send, 404)
        elif scope["query_string"]:
            await self._refuse(scope, send, 400)
        else:
            await self._tile(scope, send, address[1], int(address[2]), int(address[3]), int(address[4]))

    async def _tile(self, scope: Scope, send: Send, run: str, z: int, x: int, y: int) -> None:
        if z > 30 or x >= 1 << z or y >= 1 << z:
            await self._refuse(scope, send, 404)
            return
        try:
            snapshot = self._snapshots.opened(run)
            if snapshot is None:
                snapshot = await (self._snapshots.current() if run == "current" else self._snapshots.open(run))
        except RiskMapError as error:
            tongue = problems.language(_header(scope, b"accept-language").decode("latin-1"))
            status, payload = problems.of_error(error, tongue, scope["path"])
            await _answer(send, status, payload, problems.PROBLEM_JSON.encode(), b"", b"no-store", scope["method"])
            return
        etag = f'"{snapshot.run_id}/{z}/{x}/{y}"'.encode()
        cache = _ASK if run == "current" else _FOR_EVER
        if _matches(_header(scope, b"if-none-match"), etag):
            await _answer(send, 304, b"", b"", etag, cache, scope["method"])
            return
        data = snapshot.tiles.tile(z, x, y)
        if data is None:
            await _answer(send, 204, b"", b"", etag, cache, scope["method"])
        else:
            await _answer(send, 200, data, b"image/png", etag, cache, scope["method"])

    async def _refuse(self, scope: Scope, send: Send, status: int) -> None:
        tongue = problems.language(_header(scope, b"accept-language").decode("latin-1"))
        payload = problems.of_status(status, tongue, scope["path"])
        await _answer(send, status, payload, problems.PROBLEM_JSON.encode(), b"", b"no-store", scope["method"])


def _header(scope: Scope, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def _matches(asked: bytes, etag: bytes) -> bool:
    """RFC 9110 §13.1.2: weak comparison against a list of tags, or ``*``."""
    if not asked:
        return False
    tags = [tag.strip().removeprefix(b"W/") for tag in asked.split(b",")]
    return etag in tags or tags == [b"*"]


async def _answer(send: Send, status: int, payload: bytes, media: bytes, etag: bytes, cache: bytes, method: str) -> None:
    headers = [(b"cache-control", cache), (b"x-content-type-options", b"nosniff")]
    if etag:
        headers.append((b"etag", etag))
    if media:
        headers.append((b"content-type", media))
    if status not in (204, 304):
        headers.append((b"content-length", str(len(payload)).encode()))
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else payload})
