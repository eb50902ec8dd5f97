"""Starting the server: is the port free, are the settings understood, then granian with workers that are replaced if they die."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from api.edge import networks
from api.schedule import environment, trigger
from geo.errors import EnvironmentProblem
from geo.settings import Settings

#: How often the server is asked, every tenth of a second, whether it answers yet.
_START_TRIES = 600


def require_port(settings: Settings) -> None:
    """Make sure that the address can be listened on, before any long work is done.

    Raises
    ------
    EnvironmentProblem
        If somebody listens there already, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
            probe.listen(1)
        except OSError as error:
            raise EnvironmentProblem(
                f"端口 {settings.host}:{settings.port} 无法使用：{error.strerror}",
                f"port {settings.host}:{settings.port} cannot be used: {error.strerror}",
                remedy_zh=f"请关闭占用它的程序，或换一个端口：RISKMAP_PORT={settings.port % 65535 + 1} riskmap …",
                remedy_en=f"Stop the program that uses it, or take another: RISKMAP_PORT={settings.port % 65535 + 1} riskmap …",
                port=settings.port,
            ) from error


def address(settings: Settings) -> str:
    """Address of the page for a browser on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  (compared, not bound)
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{settings.port}/"


def serve(settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    ready : callable
        Called when the server answers.

    Raises
    ------
    BadParameter
        If the schedule or the addresses of proxies are not understood.
    EnvironmentProblem
        If home cannot be written or the port cannot be used.
    """
    settings.prepare_home()
    if settings.schedule:
        trigger(settings.schedule, settings.timezone)
    networks(settings.listed("proxies"))
    require_port(settings)

    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    # The worker makes its own settings from the environment: these and none other.
    os.environ.update(environment(settings))
    _share_metrics(settings)

    class Announced(Server):  # type: ignore[misc, valid-type]
        """Says when the first worker answers; from a thread that starts after the workers, which are forked."""

        def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
            super()._spawn_workers(spawn_target, target_loader)
            threading.Thread(target=_when_it_answers, args=(settings, ready), daemon=True).start()

    Announced(
        "api.main:application", address=settings.host, port=settings.port, interface=Interfaces.ASGI, factory=True,
        workers=settings.workers, respawn_failed_workers=True, workers_kill_timeout=5, websockets=False,
        log_level=LogLevels.warning,
    ).serve()


def _share_metrics(settings: Settings) -> None:
    """Give several workers a folder in which they count together; files of the last start are removed."""
    if settings.workers > 1:
        folder = (settings.cache / "metrics").resolve()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _when_it_answers(settings: Settings, ready: Callable[[], None]) -> None:
    host = urlsplit(address(settings)).hostname
    for _ in range(_START_TRIES):
        with suppress(OSError), socket.create_connection((host, settings.port), timeout=1) as probe:
            probe.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            if probe.recv(16):
                ready()
                return
        time.sleep(0.1)
