"""Bodies of requests: limited, and unpacked under the same limit, so that a small one cannot become a large one."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.parameters import MAX_BODY

_PIECE = 65_536


class TooLong(Exception):
    """A body is longer than it may be."""


def _by_zlib(data: bytes, most: int, bits: int) -> bytes:
    stream = zlib.decompressobj(bits)
    found = stream.decompress(data, most + 1)
    if len(found) > most:
        raise TooLong
    if not stream.eof:
        raise ValueError("the body is cut off")
    return found


def _by_zstd(data: bytes, most: int) -> bytes:
    with zstandard.ZstdDecompressor(max_window_size=1 << 23).stream_reader(data, read_across_frames=True) as stream:
        found = stream.read(most + 1)
    if len(found) > most:
        raise TooLong
    return found


def _by_brotli(data: bytes, most: int) -> bytes:
    stream, found, pending = brotli.Decompressor(), bytearray(), data
    while True:
        found += stream.process(pending, output_buffer_limit=_PIECE)
        pending = b""
        if len(found) > most:
            raise TooLong
        if stream.is_finished():
            return bytes(found)
        if stream.can_accept_more_data():
            raise ValueError("the body is cut off")


#: Encoding → how it is undone, with the most bytes that may come out.
_UNPACK: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": lambda data, most: _by_zlib(data, most, 31), "x-gzip": lambda data, most: _by_zlib(data, most, 31),
    "deflate": lambda data, most: _by_zlib(data, most, 15), "zstd": _by_zstd, "br": _by_brotli,
}


def unpacked(data: bytes, name: str, most: int = MAX_BODY) -> bytes:
    """A body without its encoding.

    Raises
    ------
    HTTPException
        415 for an encoding that is not known, 413 if more comes out than `most`, 400 if it is broken.
    """
    undo = _UNPACK.get(name.strip().lower())
    if undo is None:
        raise HTTPException(415)
    try:
        return undo(data, most)
    except TooLong:
        raise HTTPException(413) from None
    except (zlib.error, zstandard.ZstdError, brotli.error, ValueError):
        raise HTTPException(400) from None


class Unpacked:
    """Unpacks the bodies that an application is sent; one without encoding passes through."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        name = Headers(scope=scope).get("content-encoding", "identity") if scope["type"] == "http" else "identity"
        if name.strip().lower() in ("", "identity"):
            await self._inner(scope, receive, send)
            return
        try:
            body = unpacked(await _read(receive), name)
        except HTTPException as error:
            await send({"type": "http.response.start", "status": error.status_code, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        headers = [(key, value) for key, value in scope["headers"] if key not in (b"content-encoding", b"content-length")]
        headers.append((b"content-length", str(len(body)).encode()))
        given = False

        async def once() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._inner({**scope, "headers": headers}, once, send)


async def _read(receive: Receive) -> bytes:
    data = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise HTTPException(400)
        data += message.get("body", b"")
        if len(data) > MAX_BODY:
            raise HTTPException(413)
        if not message.get("more_body", False):
            return bytes(data)
