"""The application over the small snapshot, for tests that only read; and the table of outside numbers, kept true by all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from geo.settings import Settings
from layers.snapshot import make_current
from tests.api.clients import LocalClient
from tests.outside import oracles
from tests.support.snapshots import make_small_snapshot

RUN_ID = "20260101T020000-aaaaaa"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test whose numbers no longer stand in docs/method/oracles.md fails; ``make docs`` writes it anew."""
    if not isinstance(item, pytest.Function):
        return (yield)
    recorder = oracles.Recorder()
    with recorder.listening():
        result = yield
    line = oracles.row(item, recorder.seen)
    assert line is None or oracles.being_written() or line in oracles.PAGE.read_text(encoding="utf-8"), f"run: make docs ({line})"
    return result


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
