"""The way in for people and programs: the command line, the server, runs and their schedule.

The server answers tiles by hand and everything else by FastAPI (:func:`create_app`); it reads published snapshots and
nothing else. The command line (:mod:`api.cli`) makes and publishes them. What an error means over HTTP is one table,
:mod:`api.problems`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from api.app import create_app

        return create_app
    raise AttributeError(f"module 'api' has no attribute {name!r}")
