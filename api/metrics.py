"""Numbers about the server for whoever watches it (Prometheus text): requests by route, time, bytes, the run that is served.

Labels are route templates and never addresses, so their number is bounded by the program. With several worker processes
the library shares counts through files in ``PROMETHEUS_MULTIPROC_DIR``, which :mod:`api.serving` sets before it is loaded.
"""

from __future__ import annotations

import os
import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REGISTRY = CollectorRegistry()
_REQUESTS = Counter("riskmap_requests_total", "requests", ["route", "method", "status"], registry=_REGISTRY)
_SECONDS = Histogram("riskmap_request_seconds", "time until the answer is sent", ["route"], registry=_REGISTRY,
                     buckets=(0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30))
_BYTES = Counter("riskmap_sent_bytes_total", "bytes of answers as they leave", ["route"], registry=_REGISTRY)
_RUNNING = Gauge("riskmap_requests_running", "requests that are being answered", registry=_REGISTRY, multiprocess_mode="livesum")
_OPENED = Gauge("riskmap_snapshot_created_seconds", "time at which the snapshot that is served was made, since 1970",
                registry=_REGISTRY, multiprocess_mode="mostrecent")

#: Requests for rendered tiles by status; bound here so that the hot path does not look labels up.
TILES = {status: _REQUESTS.labels("tiles", "GET", str(status)) for status in (200, 204, 304, 400, 404)}

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metered:
    """Counts and times the requests that pass through to an application."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started, status, sent = time.perf_counter(), 0, 0

        async def sender(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        _RUNNING.inc()
        try:
            await self._inner(scope, receive, sender)
        finally:
            _RUNNING.dec()
            route = getattr(scope.get("route"), "path", None) or "other"
            method = scope["method"] if scope["method"] in _METHODS else "other"
            _REQUESTS.labels(route, method, str(status or 499)).inc()
            _SECONDS.labels(route).observe(time.perf_counter() - started)
            _BYTES.labels(route).inc(sent)


def serves(created: float) -> None:
    """Note the snapshot that is served."""
    _OPENED.set(created)


def exposition() -> tuple[bytes, str]:
    """All numbers as text, and its media type; of all workers together."""
    registry = _REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
