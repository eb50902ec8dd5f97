"""What the server process loads: settings from the environment, logs, the application."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal

import structlog
from starlette.types import ASGIApp

_PR_SET_PDEATHSIG = 1


def application() -> ASGIApp:
    """The application with the settings of the environment (factory for granian)."""
    # Until the server has handlers of its own, a worker that is told to stop while it still imports must stop.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    from api.app import create_app
    from geo.logs import configure_logs
    from geo.settings import Settings

    settings = Settings()
    settings.prepare_home()
    configure_logs(settings.logs, "server")
    structlog.get_logger(__name__).info("server started", home=str(settings.home), port=settings.port, schedule=settings.schedule)
    if multiprocessing.parent_process() is not None:
        # A worker whose parent was killed must not keep the port.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return create_app(settings)
