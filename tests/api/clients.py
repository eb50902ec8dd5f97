"""A client that talks to the application in this process, and a server in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp


class LocalClient:
    """Requests to an ASGI application without a network; every answer is read whole.

    The loop runs in a thread of its own: where a browser is open, the main thread has one already.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://map.test")

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._thread.submit(lambda: self._runner.run(self._client.request(method, path, **options))).result()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def close(self) -> None:
        self._thread.submit(lambda: self._runner.run(self._client.aclose())).result()
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()


def environment(home: Path, **settings: object) -> dict[str, str]:
    """Environment of a child that works in `home`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RISKMAP_")}
    return inherited | {"RISKMAP_HOME": str(home), **{f"RISKMAP_{name.upper()}": str(value) for name, value in settings.items()}}


def riskmap(home: Path, *arguments: str, timeout: float = 120, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run([sys.executable, "-m", "api.cli", *arguments], env=environment(home, **settings), capture_output=True,
                          text=True, timeout=timeout, check=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(home: Path, *arguments: str, **settings: object) -> Iterator[httpx.Client]:
    """A real server below `home`, with a client for it; stopped by SIGINT at the end."""
    port = free_port()
    log = home / "server.out"
    with log.open("w") as output:
        process = subprocess.Popen([sys.executable, "-m", "api.cli", "serve", "--port", str(port), *arguments],
                                   env=environment(home, **settings), stdout=output, stderr=output)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_for(lambda: _answers(client, process), 90, what=f"the server ({log.read_text()})")
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _answers(client: httpx.Client, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the server ended"
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def wait_for(condition: Any, seconds: float, *, what: str) -> None:
    """Ask again and again until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)
