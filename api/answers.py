"""How answers are written: JSON by orjson, nothing cached without asking, and where a route gets its snapshot from."""

from __future__ import annotations

from typing import Annotated, Any
from zlib import crc32

import orjson
from fastapi import Depends, Query, Request
from starlette.responses import Response

from api.current import Snapshots
from api.cursors import read_cursor
from api.parameters import only_known
from geo.errors import NotFound
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


def _tagged(request: Request, snapshot: Snapshot) -> Snapshot:
    """Give the answer its tag, or say that the client has it: same address, same snapshot, same code, same form."""
    if request.method == "GET":
        liked = "|".join(request.headers.get(name, "") for name in ("accept", "accept-language"))
        etag = f'W/"{snapshot.run_id}.{request.app.state.code}.{crc32(liked.encode()):x}"'
        if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
            raise NotModified(etag)
        request.state.etag = etag
    return snapshot


async def current_snapshot(request: Request) -> Snapshot:
    """The snapshot that the pointer names at this moment; one request sees one snapshot.

    Raises
    ------
    NotModified
        If the client has an answer that was made from it.
    """
    return _tagged(request, await snapshots(request).current())


AsOf = Annotated[str | None, Query(
    alias="as-of", max_length=64,
    description="the map of a past day (2026-05-01), date-time or run id; the current one when left out",
)]


async def asked_snapshot(request: Request, as_of: AsOf = None) -> Snapshot:
    """The snapshot of the time that the client asks for; the current one without."""
    found = snapshots(request)
    return _tagged(request, await (found.current() if as_of is None else found.at(as_of)))


async def paged_snapshot(
    request: Request, as_of: AsOf = None,
    cursor: Annotated[str | None, Query(max_length=200, description="where the next page begins, from the link rel=next")] = None,
) -> Snapshot:
    """The snapshot whose pages the client is walking through; a walk stays with the run that it began with.

    Raises
    ------
    BadParameter
        If the cursor is not ours.
    NotFound
        If its snapshot is gone.
    """
    if cursor is None:
        return await asked_snapshot(request, as_of)
    try:
        return _tagged(request, await snapshots(request).open(read_cursor(cursor).run_id))
    except NotFound as error:
        raise NotFound("这份快照已被清理，不能继续翻页", "the snapshot of these pages is gone",
                       remedy_zh="请从第一页重新开始。", remedy_en="Begin again with the first page.",
                       parameter="cursor") from error


#: What a route declares to read the map: the current one, that of a past time, or that of a walk through pages.
Current = Annotated[Snapshot, Depends(current_snapshot)]
Map = Annotated[Snapshot, Depends(asked_snapshot)]
Paged = Annotated[Snapshot, Depends(paged_snapshot)]
