"""Answers packed as the client likes: zstd, Brotli or gzip, in pieces as they come; what is packed already passes through."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
import deflate
import zstandard
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Smaller answers are not worth it.
_LEAST = 1024

#: A piece as large as this is packed by a thread, so that others do not wait for it, and an answer quickly rather than small.
_LARGE = 131_072

_PACKED = ("text/", "application/json", "application/geo+json", "application/problem+json", "application/schema+json",
           "image/svg+xml",
           "application/javascript", "application/vnd.oai.openapi+json", "application/vnd.mapbox-vector-tile", "application/xml")
_NEVER = ("text/event-stream",)


class Packer(Protocol):
    """One stream being packed."""

    def add(self, data: bytes) -> bytes:
        """Pack a piece; what is ready."""

    def end(self) -> bytes:
        """What is left."""


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdCompressor(level=3).compressobj()

    def add(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def end(self) -> bytes:
        return self._stream.flush()


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Compressor(quality=4, lgwin=20)

    def add(self, data: bytes) -> bytes:
        return bytes(self._stream.process(data))

    def end(self) -> bytes:
        return bytes(self._stream.finish())


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(4, zlib.DEFLATED, 31)

    def add(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def end(self) -> bytes:
        return self._stream.flush()


#: Best first.
_PACKERS: dict[str, Callable[[], Packer]] = {"zstd": _Zstd, "br": _Brotli, "gzip": _Gzip}

#: Levels of an answer that is there whole, small and large; for gzip those of libdeflate, which is twice as fast as zlib.
_LEVELS = {"zstd": (3, 1), "br": (4, 1), "gzip": (6, 1)}


def packed(data: bytes, name: str) -> bytes:
    """A whole answer in an encoding of :func:`encoding`: small ones as small as can be, large ones as fast.

    Examples
    --------
    >>> zlib.decompress(packed(b"risk" * 1000, "gzip"), 31) == b"risk" * 1000
    True
    """
    level = _LEVELS[name][len(data) >= _LARGE]
    if name == "zstd":
        return zstandard.ZstdCompressor(level=level).compress(data)
    if name == "br":
        return bytes(brotli.compress(data, quality=level, lgwin=20))
    return bytes(deflate.gzip_compress(data, level))


def encoding(accept: str) -> str | None:
    """The best encoding that an ``Accept-Encoding`` header allows; None for none.

    Examples
    --------
    >>> encoding("gzip, deflate, br, zstd"), encoding("gzip;q=1, br;q=0.5"), encoding("identity"), encoding("zstd;q=0, *")
    ('zstd', 'gzip', None, 'br')
    """
    liked: dict[str, float] = {}
    for part in accept[:1000].split(","):
        name, _, weight = part.strip().partition(";")
        try:
            liked[name.strip().lower()] = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            liked[name.strip().lower()] = 0.0
    other = liked.get("*", 0.0)
    best = max(_PACKERS, key=lambda name: liked.get(name, other))
    return best if liked.get(best, other) > 0 else None


class Compressed:
    """Packs the answers of an application."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        name = encoding(Headers(scope=scope).get("accept-encoding", "")) if scope["type"] == "http" else None
        if name is None or scope["method"] == "HEAD":
            await self._inner(scope, receive, send)
        else:
            await self._inner(scope, receive, _Sender(name, send))


class _Sender:
    """Holds the start back until the first piece shows whether packing is worth it."""

    def __init__(self, name: str, send: Send) -> None:
        self._name = name
        self._send = send
        self._start: Message | None = None
        self._packer: Packer | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if _worth(Headers(raw=message["headers"]), message["status"]):
                self._start = message
            else:
                await self._send(message)
        elif message["type"] == "http.response.body" and self._start is not None:
            await self._first(message)
        elif message["type"] == "http.response.body" and self._packer is not None:
            await self._pass(message)
        else:
            await self._send(message)

    async def _first(self, message: Message) -> None:
        start, self._start = self._start, None
        assert start is not None  # noqa: S101  (asked before)
        headers = MutableHeaders(raw=start["headers"])
        headers.add_vary_header("Accept-Encoding")
        data = message.get("body", b"")
        if message.get("more_body", False):
            headers["content-encoding"] = self._name
            del headers["content-length"]
            self._packer = _PACKERS[self._name]()
            await self._send(start)
            await self._pass(message)
            return
        if len(data) >= _LEAST:
            data = await asyncio.to_thread(packed, data, self._name) if len(data) >= _LARGE else packed(data, self._name)
            headers["content-encoding"], headers["content-length"] = self._name, str(len(data))
        await self._send(start)
        await self._send({**message, "body": data})

    async def _pass(self, message: Message) -> None:
        assert self._packer is not None  # noqa: S101
        data, more = message.get("body", b""), message.get("more_body", False)
        packed = await asyncio.to_thread(self._packer.add, data) if len(data) >= _LARGE else self._packer.add(data)
        if not more:
            packed += self._packer.end()
        if packed or not more:
            await self._send({"type": "http.response.body", "body": packed, "more_body": more})


def _worth(headers: Headers, status: int) -> bool:
    kind = headers.get("content-type", "")
    if "content-encoding" in headers or status in (204, 206, 304) or "no-transform" in headers.get("cache-control", ""):
        return False
    return kind.startswith(_PACKED) and not kind.startswith(_NEVER)
