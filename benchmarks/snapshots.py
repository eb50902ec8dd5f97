"""Which snapshot the reading benchmarks read: the one given, the current one of home, or a small generated one."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layers.reader import Snapshot


def declare_snapshot(parser: argparse.ArgumentParser) -> None:
    """The argument ``--snapshot``."""
    parser.add_argument("--snapshot", type=Path, help="folder, or `small`; default: the current snapshot of RISKMAP_HOME")


@contextmanager
def opened(wanted: Path | None) -> Iterator[Snapshot]:
    """The snapshot to read; a generated one is removed afterwards."""
    from geo.settings import Settings
    from layers.reader import Snapshot
    from layers.snapshot import current_run_id

    snapshots = Settings().snapshots
    if wanted is None and current_run_id(snapshots) is not None:
        wanted = snapshots / "current"
    if wanted is not None and wanted.name != "small":
        yield Snapshot(wanted)
        return
    from tests.support.snapshots import make_small_snapshot

    with TemporaryDirectory(prefix="riskmap-bench-") as folder:
        yield Snapshot(make_small_snapshot(Path(folder)))
