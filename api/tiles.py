"""The hot path: tiles as plain ASGI. A dictionary look-up, no routing, no middleware, no JSON; a thread only to make a new one.

Paths (``run`` is a run id or ``current``):

- ``/api/map/tiles/{run}/{z}/{x}/{y}.png`` all risk in the standard colours
- ``/api/map/tiles/{run}/{theme}/{style}/{z}/{x}/{y}.png`` a theme (or ``all``) in a colour style
- ``/api/map/tiles/{run}/{collection}/{z}/{x}/{y}.mvt`` a collection as vector tiles
- OGC API – Tiles: ``/api/collections/{collection}/tiles/WebMercatorQuad/{z}/{y}/{x}`` (vector),
  ``/api/collections/cells/map/tiles/WebMercatorQuad/{z}/{y}/{x}`` and ``/api/map/tiles/WebMercatorQuad/{z}/{y}/{x}``
  (rendered), all of the current run; ``f`` may name the format that the path has anyway

Rendered tiles are PNG; with ``f=webp`` they are lossless WebP.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, replace

from starlette.types import Receive, Scope, Send

from api import problems, tilestore
from api.current import Snapshots
from api.tilestore import ALL, TileStore, is_style, rendered
from geo.errors import RiskMapError
from layers.reader import Snapshot
from layers.style import STANDARD
from layers.webp import webp

#: Everything below this path is answered here, …
PREFIX = "/api/map/tiles/"

#: … except these, which describe the tiles.
_DESCRIBED = ("/api/map/tiles/WebMercatorQuad", "/api/map/tiles/WebMercatorQuad/")

_PLACE = r"(?P<z>\d{1,2})/(?P<x>\d{1,8})/(?P<y>\d{1,8})"
_OGC_PLACE = r"(?P<z>\d{1,2})/(?P<y>\d{1,8})/(?P<x>\d{1,8})"
_NAME = r"[0-9A-Za-z_-]{1,64}"
_ADDRESSES = tuple(re.compile(pattern) for pattern in (
    rf"/api/map/tiles/(?P<run>{_NAME})/{_PLACE}\.png",
    rf"/api/map/tiles/(?P<run>{_NAME})/(?P<theme>{_NAME})/(?P<style>{_NAME})/{_PLACE}\.png",
    rf"/api/map/tiles/(?P<run>{_NAME})/(?P<collection>{_NAME})/{_PLACE}\.mvt",
    rf"/api/collections/(?P<collection>{_NAME})/tiles/WebMercatorQuad/{_OGC_PLACE}",
    rf"/api/collections/cells/map/tiles/WebMercatorQuad/{_OGC_PLACE}",
    rf"/api/map/tiles/WebMercatorQuad/{_OGC_PLACE}",
))

#: Where an OGC tile path lies; what is longer than this and below it describes tiles.
_OGC = re.compile(rf"/api/collections/{_NAME}/(?:map/)?tiles/WebMercatorQuad/\d")

#: The bytes under a run's id never change.
_FOR_EVER = b"public, max-age=31536000, immutable"
#: ``current`` in place of a run id: always ask whether it is still the same.
_ASK = b"no-cache"

_MVT, _PNG = b"application/vnd.mapbox-vector-tile", b"image/png"
#: Queries that a tile may have.
_FORMATS = {_MVT: (b"", b"f=mvt"), _PNG: (b"", b"f=png", b"f=webp")}
_WEBP = b"image/webp"


@dataclass(frozen=True)
class Asked:
    """One tile that somebody asks for."""

    run: str
    collection: str
    theme: str
    style: str
    z: int
    x: int
    y: int
    webp: bool = False

    @property
    def media(self) -> bytes:
        """Media type of the answer."""
        return _MVT if self.collection else _WEBP if self.webp else _PNG

    @property
    def name(self) -> str:
        """Name within a run."""
        return self.collection or f"{self.theme}.{self.style}{'.webp' if self.webp else ''}"


def is_tile(path: str) -> bool:
    """Whether :class:`Tiles` answers this path."""
    if path.startswith(PREFIX):
        return path not in _DESCRIBED
    return path.startswith("/api/collections/") and _OGC.match(path) is not None


def asked(path: str) -> Asked | None:
    """What a path asks for; None if it names no tile."""
    for address in _ADDRESSES:
        match = address.fullmatch(path)
        if match is not None:
            parts = match.groupdict()
            z, x, y = int(parts["z"]), int(parts["x"]), int(parts["y"])
            if z > 24 or x >= 1 << z or y >= 1 << z or not is_style(parts.get("style") or STANDARD):
                return None
            return Asked(parts.get("run") or "current", parts.get("collection") or "", parts.get("theme") or ALL,
                         parts.get("style") or STANDARD, z, x, y)
    return None


class Tiles:
    """Answers every path of this module's list.

    Parameters
    ----------
    snapshots : Snapshots
    limit : int
        Bytes of made tiles that are kept.
    """

    def __init__(self, snapshots: Snapshots, limit: int) -> None:
        self._snapshots, self._store = snapshots, TileStore(limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI)
        """Answer one request."""
        if scope["method"] not in ("GET", "HEAD"):
            await self._refuse(scope, send, 405)
            return
        tile = asked(scope["path"])
        if tile is None:
            await self._refuse(scope, send, 404)
        elif scope["query_string"] not in _FORMATS[tile.media]:
            await self._refuse(scope, send, 400)
        else:
            if scope["query_string"] == b"f=webp":
                tile = replace(tile, webp=True)
            try:
                await self._answer(scope, send, tile)
            except RiskMapError as error:
                tongue = problems.language(_header(scope, b"accept-language").decode("latin-1"))
                status, payload = problems.of_error(error, tongue, scope["path"])
                headers = {b"content-type": problems.PROBLEM_JSON.encode()}
                await _send(send, scope["method"], status, payload, headers, b"no-store")

    async def _answer(self, scope: Scope, send: Send, tile: Asked) -> None:
        snapshot = self._snapshots.opened(tile.run)
        if snapshot is None:
            snapshot = await (self._snapshots.current() if tile.run == "current" else self._snapshots.open(tile.run))
        plain = bool(tile.collection) and not _takes_gzip(_header(scope, b"accept-encoding"))
        etag = f'"{snapshot.run_id}/{tile.name}/{tile.z}/{tile.x}/{tile.y}{"/plain" if plain else ""}"'.encode()
        headers = {b"etag": etag}
        if tile.collection:
            headers[b"vary"] = b"accept-encoding"
        cache = _ASK if tile.run == "current" else _FOR_EVER
        if _matches(_header(scope, b"if-none-match"), etag):
            await _send(send, scope["method"], 304, b"", headers, cache)
            return
        data = await self._bytes(snapshot, tile)
        if not data:
            await _send(send, scope["method"], 204, b"", headers, cache)
            return
        headers[b"content-type"] = tile.media
        if plain:
            data = gzip.decompress(data)
        elif tile.collection:
            headers[b"content-encoding"] = b"gzip"
        await _send(send, scope["method"], 200, data, headers, cache)

    async def _bytes(self, snapshot: Snapshot, tile: Asked) -> bytes | None:
        if not tile.collection and not tile.webp:
            return rendered(snapshot, tile.theme, tile.style, tile.z, tile.x, tile.y)
        key = (snapshot.run_id, tile.name, tile.z, tile.x, tile.y)
        data = self._store.kept(key)
        if data is not None:
            return data
        if tile.webp:
            data = rendered(snapshot, tile.theme, tile.style, tile.z, tile.x, tile.y)
            return data and await self._store.made(key, lambda: webp(data))
        tileset = tilestore.vector_tiles(snapshot)
        return await self._store.made(key, lambda: tileset.tile(tile.collection, tile.z, tile.x, tile.y))

    async def _refuse(self, scope: Scope, send: Send, status: int) -> None:
        tongue = problems.language(_header(scope, b"accept-language").decode("latin-1"))
        payload = problems.of_status(status, tongue, scope["path"])
        headers = {b"content-type": problems.PROBLEM_JSON.encode()}
        if status == 405:
            headers[b"allow"] = b"GET, HEAD"
        await _send(send, scope["method"], status, payload, headers, b"no-store")


def _header(scope: Scope, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def _takes_gzip(accepted: bytes) -> bool:
    """RFC 9110 §12.5.3 for gzip alone; a client that says nothing gets it unpacked."""
    for part in accepted.lower().split(b","):
        coding, _, weight = part.strip().partition(b";")
        if coding.strip() in (b"gzip", b"x-gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def _matches(wanted: bytes, etag: bytes) -> bool:
    """RFC 9110 §13.1.2: weak comparison against a list of tags, or ``*``."""
    if not wanted:
        return False
    tags = [tag.strip().removeprefix(b"W/") for tag in wanted.split(b",")]
    return etag in tags or tags == [b"*"]


async def _send(send: Send, method: str, status: int, payload: bytes, headers: dict[bytes, bytes], cache: bytes) -> None:
    sent = [(b"cache-control", cache), (b"x-content-type-options", b"nosniff"), *headers.items()]
    if status not in (204, 304):
        sent.append((b"content-length", str(len(payload)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else payload})
