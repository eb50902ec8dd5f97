"""A home with two nights of the small snapshot, and clients for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from geo.logs import close_logs, configure_logs
from geo.settings import Settings
from layers.snapshot import make_current
from tests.api.clients import LocalClient
from tests.support.snapshots import make_small_snapshot

FIRST, SECOND = "20260101T020000-aaaaaa", "20260102T020000-bbbbbb"


@pytest.fixture(scope="session")
def _nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nights") / "snapshots"
    make_small_snapshot(folder, run_id=FIRST, created="2026-01-01T02:00:00+08:00")
    make_small_snapshot(folder, run_id=SECOND, parent=FIRST, created="2026-01-02T02:00:00+08:00", factor=3.0)
    return folder


@pytest.fixture
def home(tmp_path: Path, _nights: Path) -> Path:
    """A home of its own with both nights, the first one current."""
    shutil.copytree(_nights, tmp_path / "snapshots", symlinks=True)
    make_current(tmp_path / "snapshots", FIRST)
    return tmp_path


@pytest.fixture
def settings(home: Path) -> Settings:
    made = Settings(home=home)
    made.prepare_home()
    return made


@pytest.fixture
def client(settings: Settings) -> Iterator[LocalClient]:
    """The whole application in this process; what it logs goes to the home's logs."""
    configure_logs(settings.logs, "test")
    found = LocalClient(create_app(settings))
    yield found
    found.close()
    close_logs()
