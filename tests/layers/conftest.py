from __future__ import annotations

from pathlib import Path

import pytest

from layers.reader import Snapshot
from tests.support.snapshots import make_small_snapshot


@pytest.fixture(scope="session")
def snapshot_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_snapshot(tmp_path_factory.mktemp("snapshots"))


@pytest.fixture(scope="session")
def snapshot(snapshot_path: Path) -> Snapshot:
    return Snapshot(snapshot_path)
