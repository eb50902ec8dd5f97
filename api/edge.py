"""The outermost layer: what every request passes, whatever answers it.

Refuses addresses that are too long, believes a proxy only if it is a known one, answers ``HEAD`` as ``GET`` without a body,
allows other origins only if they are set, adds security headers, gives up on work that takes too long and on clients that
do not read, and turns every error that is no problem yet into one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from geo.errors import BadParameter
from layers import deadline

_log = structlog.get_logger(__name__)

#: Longest path and query, bytes.
MAX_ADDRESS = 16_384

#: On every answer, where the route has not set its own.
_SECURITY = (
    (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"), (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-opener-policy", b"same-origin"), (b"content-security-policy", b"default-src 'none'; frame-ancestors 'self'"),
)
_EXPOSED = b"Content-Crs, ETag, Link, Content-Disposition"


class Edge:
    """Wraps an application.

    Parameters
    ----------
    inner : ASGIApp
    origins : iterable of str
        Origins whose pages may read answers; ``*`` for all, none by default.
    proxies : iterable of str
        Addresses or networks of proxies whose ``X-Forwarded-…`` headers are believed.
    seconds : float
        That an answer may take to begin; and that a client may take to read a piece of it.
    """

    def __init__(self, inner: ASGIApp, *, origins: Iterable[str] = (), proxies: Iterable[str] = (),
                 seconds: float = 30.0) -> None:
        self._inner = inner
        self._origins = frozenset(origins)
        self._proxies = networks(proxies)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request over HTTP."""
        scope = self._forwarded(scope)
        allowed = self._allowed(scope)
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_ADDRESS:
            await problem(414, scope, receive, send)
        elif scope["method"] == "OPTIONS" and allowed:
            await _preflight(send, allowed)
        else:
            await self._answer(scope, receive, send, allowed)

    def _forwarded(self, scope: Scope) -> Scope:
        """The scope as the client of a known proxy sees it."""
        client = (scope.get("client") or ("", 0))[0]
        if not self._proxies or not _within(client, self._proxies):
            return scope
        headers = dict(scope["headers"])
        changed: dict[str, object] = {}
        if headers.get(b"x-forwarded-proto") in (b"http", b"https"):
            changed["scheme"] = headers[b"x-forwarded-proto"].decode()
        if b"x-forwarded-host" in headers:
            headers[b"host"] = headers[b"x-forwarded-host"].split(b",")[0].strip()
            changed["headers"] = list(headers.items())
        if headers.get(b"x-forwarded-prefix", b"").startswith(b"/"):
            # What the client puts before our paths; links begin with it, routes do not.
            prefix = headers[b"x-forwarded-prefix"].decode("latin-1").rstrip("/")
            changed |= {"root_path": prefix, "path": prefix + scope["path"]}
        return {**scope, **changed}

    def _allowed(self, scope: Scope) -> bytes:
        origin: bytes = dict(scope["headers"]).get(b"origin", b"")
        if not origin or not self._origins:
            return b""
        if "*" in self._origins:
            return b"*"
        return origin if origin.decode("latin-1") in self._origins else b""

    async def _answer(self, scope: Scope, receive: Receive, send: Send, allowed: bytes) -> None:
        answer = _Answer(scope, receive, send, allowed, self._seconds)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        # Files are sent as bytes and not as paths: only bytes can be packed, counted, or left out for HEAD.
        extensions = {name: value for name, value in (scope.get("extensions") or {}).items() if name != "http.response.pathsend"}
        inner = {**scope, "state": answer.state, "method": method, "extensions": extensions}
        try:
            with deadline.within(self._seconds):
                async with asyncio.timeout(self._seconds) as limit:
                    answer.limit = limit
                    await self._inner(inner, receive, answer)
        except TimeoutError:
            _log.warning("gave up", path=scope["path"][:200], started=answer.started)
            if answer.started:
                raise  # in the middle of an answer: the connection must break, or the client takes a part for the whole
            await problem(503, scope, receive, send)
        except Exception:
            _log.exception("unexpected error", path=scope["path"][:200])
            if answer.started and not answer.replaced:
                raise
            if not answer.started:
                await problem(500, scope, receive, send)


class _Answer:
    """Passes an answer on and changes what every answer needs."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, allowed: bytes, seconds: float) -> None:
        self.state: dict[str, object] = dict(scope.get("state") or {})
        self.started = self.replaced = False
        self.limit: asyncio.Timeout | None = None
        self._scope, self._receive, self._send = scope, receive, send
        self._allowed, self._seconds = allowed, seconds

    async def __call__(self, message: Message) -> None:
        if self.replaced:
            return
        if message["type"] == "http.response.start":
            self.started, headers = True, dict(message["headers"])
            if message["status"] >= 400 and headers.get(b"content-type") != problems.PROBLEM_JSON.encode():
                self.replaced = True  # the body limit and Starlette's last resort answer by themselves, in plain text
                extra = {"allow": headers[b"allow"].decode()} if b"allow" in headers else {}
                await problem(message["status"], self._scope, self._receive, self._send, extra)
                return
            message = {**message, "headers": [*message["headers"], *self._added(message["status"], headers)]}
        elif self._scope["method"] == "HEAD":
            message = {**message, "body": b""}
        if self.limit is not None:  # each piece has its own time: a client that reads slowly but steadily is served
            self.limit.reschedule(asyncio.get_running_loop().time() + self._seconds)
        await self._send(message)

    def _added(self, status: int, headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        added = [(name, value) for name, value in _SECURITY if name not in headers]
        if status == 200 and "etag" in self.state and b"etag" not in headers:
            added.append((b"etag", str(self.state["etag"]).encode()))
        if self._allowed:
            added += [(b"access-control-allow-origin", self._allowed), (b"access-control-expose-headers", _EXPOSED)]
            added += [] if self._allowed == b"*" else [(b"vary", b"Origin")]
        return added


async def problem(status: int, scope: Scope, receive: Receive, send: Send, headers: dict[str, str] | None = None) -> None:
    """Answer with a problem body in the request's language."""
    languages = [value for name, value in scope["headers"] if name == b"accept-language"]
    tongue = problems.language(languages[0].decode("latin-1") if languages else "")
    payload = problems.of_status(status, tongue, scope["path"][:500])
    await problems.response(status, payload, tongue, headers)(scope, receive, send)


async def _preflight(send: Send, allowed: bytes) -> None:
    headers = [(b"access-control-allow-origin", allowed), (b"access-control-allow-methods", b"GET, HEAD, POST"),
               (b"vary", b"Origin"),
               (b"access-control-allow-headers", b"Accept, Accept-Language, Content-Type, If-None-Match"),
               (b"access-control-max-age", b"86400")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def networks(addresses: Iterable[str]) -> tuple[object, ...]:
    """Addresses and networks read.

    Raises
    ------
    BadParameter
        If one is none.
    """
    try:
        return tuple(ip_network(part, strict=False) for part in addresses)
    except ValueError as error:
        raise BadParameter(f"代理地址不正确：{error}", f"a proxy address is wrong: {error}",
                           remedy_zh="RISKMAP_PROXIES 应为逗号分隔的地址或网段，例如 127.0.0.1,10.0.0.0/8。",
                           remedy_en="RISKMAP_PROXIES wants addresses with commas, such as 127.0.0.1,10.0.0.0/8.") from error


def _within(client: str, known: tuple[object, ...]) -> bool:
    try:
        address = ip_address(client)
    except ValueError:
        return False
    return any(address in network for network in known)  # type: ignore[operator]
