"""A server with a small snapshot for programs that others made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.clients import server
from tests.support.snapshots import make_small_snapshot


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    make_small_snapshot(folder / "snapshots")
    return folder


@pytest.fixture(scope="session")
def api(home: Path) -> Iterator[httpx.Client]:
    """The API of a server in a process of its own; ``str(api.base_url)`` is its address."""
    with server(home) as client:
        yield client
