"""Servers and a browser for the page's tests.

The scenario runs on the server that ``RISKMAP_TEST_URL`` names, or on a small city made here by the same steps as the demo.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from layers.viewer import STATIC
from tests.api.clients import environment, server
from tests.browser.chromium import HOSTILE, chromium
from tests.support import snapshots
from tools import assets

#: Enterprises of the small city.
ENTERPRISES = 4000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package", autouse=True)
def built() -> None:
    """The page as its sources are now."""
    assert (STATIC / ".vendor").is_file(), "layers/static lacks the vendored assets: run python tools/assets.py (make setup)"
    assets.page()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a whole city with explanations."""
    given = os.environ.get("RISKMAP_TEST_URL")
    if given:
        yield given.rstrip("/") + "/"
        return
    home = tmp_path_factory.mktemp("city")
    made = subprocess.run([sys.executable, "-m", "api.cli", "demo", "--no-serve"], capture_output=True, text=True, check=False,
                          env=environment(home, sample_enterprises=ENTERPRISES))
    assert made.returncode == 0, made.stdout + made.stderr
    with server(home) as client:
        yield str(client.base_url) + "/"


@pytest.fixture(scope="package")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of four streets, one of which, with everything in it, has a hostile name."""
    home = tmp_path_factory.mktemp("hostile")
    streets = ((snapshots.STREETS[0][0], HOSTILE, snapshots.STREETS[0][2]), *snapshots.STREETS[1:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "STREETS", streets)
        snapshots.make_small_snapshot(home / "snapshots")
    with server(home) as client:
        yield str(client.base_url) + "/"


@pytest.fixture(scope="package")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that has no snapshot yet."""
    with server(tmp_path_factory.mktemp("empty")) as client:
        yield str(client.base_url) + "/"


@pytest.fixture(scope="package")
def api(city: str) -> Iterator[httpx.Client]:
    """The city's API, asked directly."""
    with httpx.Client(base_url=city, timeout=30) as client:
        yield client
