"""The application over the small snapshot, for tests that only read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from geo.settings import Settings
from layers.snapshot import make_current
from tests.api.clients import LocalClient
from tests.support.snapshots import make_small_snapshot

RUN_ID = "20260101T020000-aaaaaa"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one published night."""
    made = tmp_path_factory.mktemp("outside")
    make_small_snapshot(made / "snapshots", run_id=RUN_ID, created="2026-01-01T02:00:00+08:00")
    make_current(made / "snapshots", RUN_ID)
    return made


@pytest.fixture(scope="session")
def client(home: Path) -> Iterator[LocalClient]:
    """The whole application in this process."""
    settings = Settings(home=home)
    settings.prepare_home()
    found = LocalClient(create_app(settings))
    yield found
    found.close()
    shutil.rmtree(home / "cache", ignore_errors=True)
