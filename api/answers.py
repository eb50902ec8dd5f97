"""How answers are written: JSON by orjson, nothing cached without asking, and where a route gets its snapshot from."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from starlette.responses import Response

from api.current import Snapshots
from api.parameters import only_known
from layers.reader import Snapshot

GEOJSON = "application/geo+json"

#: Every router refuses query parameters that its routes do not declare.
STRICT = [Depends(only_known)]

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def dumps(content: Any) -> bytes:
    """JSON bytes; NaN and infinities become null."""
    return orjson.dumps(content, option=_OPTIONS)


class NotModified(Exception):
    """The client has this answer already."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def answer(content: Any, *, media_type: str = "application/json", headers: dict[str, str] | None = None) -> Response:
    """A JSON answer (bytes are JSON already) that a cache must ask about before it is used again."""
    payload = content if isinstance(content, bytes) else dumps(content)
    return Response(payload, media_type=media_type, headers={"cache-control": "no-cache"} | (headers or {}))


def snapshots(request: Request) -> Snapshots:
    """The open snapshots of this server."""
    found: Snapshots = request.app.state.snapshots
    return found


async def current_snapshot(request: Request) -> Snapshot:
    """The snapshot that the pointer names at this moment; one request sees one snapshot.

    Raises
    ------
    NotModified
        If the client has an answer that this server made from it: same address, same snapshot, same bytes.
    """
    snapshot = await snapshots(request).current()
    if request.method == "GET":
        etag = f'W/"{snapshot.run_id}.{request.app.state.started}"'
        if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
            raise NotModified(etag)
        request.state.etag = etag
    return snapshot


#: What a route declares to read the map.
Map = Annotated[Snapshot, Depends(current_snapshot)]
