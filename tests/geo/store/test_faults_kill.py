"""kill -9 at ten random moments of a load: the store opens, holds the old state or the new, and the load can be done again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import shapely

from geo.store import Store, open_store

EnterpriseMaker = Callable[..., pd.DataFrame]

ROWS = 2_000

#: Imports once, then loads in a forked child for every line it reads: "STATE" → all rows get it as staff.
LAUNCHER = """
import os, sys
import pandas as pd
import alembic.command, psycopg
from geo.store import loading, open_store, writing
loading.CHUNK, writing.BULK = 170, 1_000
frame = pd.read_parquet(sys.argv[2])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        with open_store(sys.argv[1], patience=20) as store:
            store.load("enterprise", frame.assign(staff_at_place=int(line)), source="a", by=line.strip())
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture
def launcher(store_url: str, enterprises: EnterpriseMaker, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    frame = enterprises(ROWS)
    frame.assign(geometry=shapely.to_wkb(frame["geometry"].to_numpy())).to_parquet(tmp_path / "rows.parquet")
    with subprocess.Popen([sys.executable, "-c", LAUNCHER, store_url, str(tmp_path / "rows.parquet")], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def begin(launcher: subprocess.Popen[str], state: int) -> int:
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    launcher.stdin.write(f"{state}\n")
    launcher.stdin.flush()
    return int(launcher.stdout.readline())


def ended(launcher: subprocess.Popen[str]) -> int:
    assert launcher.stdout is not None
    return int(launcher.stdout.readline())


def state_of(store: Store) -> int:
    """The one state that every row has, seen by the table, the spatial index and the catalogue alike."""
    staff = store.read("enterprise", columns=["staff_at_place"])["staff_at_place"].unique().tolist()
    assert len(staff) == 1
    assert len(store.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == ROWS
    assert store.counts()["enterprise"] == ROWS
    assert store.loads(1)[0]["by"] == str(staff[0])
    return int(staff[0])


def test_ten_kills(store: Store, store_url: str, launcher: subprocess.Popen[str]) -> None:
    moments = random.Random(int(os.environ.get("RISKMAP_TEST_SEED", "7")))
    begin(launcher, 0)
    assert ended(launcher) == 0
    started = time.monotonic()
    begin(launcher, 1)
    assert ended(launcher) == 0
    length, state, outcomes = time.monotonic() - started, 1, []
    for kill in range(10):
        wanted = state + 1
        child = begin(launcher, wanted)
        time.sleep(moments.uniform(0.0, 1.05) * length)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        ended(launcher)
        with open_store(store_url, patience=20) as reopened:
            found = state_of(reopened)
        assert found in (state, wanted), f"kill {kill}"
        outcomes.append(found == wanted)
        state = found
    assert not all(outcomes), "no kill came in time"
    begin(launcher, state + 1)
    assert ended(launcher) == 0
    assert state_of(store) == state + 1
    # every state that was reached can be read again, the half ones never were
    reached = [int(load["by"]) for load in store.loads()[::-1]]
    assert reached == list(range(state + 2))
    assert len(store.history("enterprise", "E00077")) == len(reached)
    with store._reading() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("SELECT rtreecheck('enterprise_rtree')").scalar() == "ok"
