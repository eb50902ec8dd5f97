from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from api import runs
from geo.errors import NotFound, RunInProgress
from geo.settings import Settings
from tests.api.clients import LocalClient

HOLDER = """
import sys, time
from pathlib import Path
from api import runs
from geo.settings import Settings
settings = Settings(home=Path(sys.argv[1]))
with runs.run_lock(settings):
    runs.begin(settings, "manual")
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(settings: Settings):  # type: ignore[no-untyped-def]
    """Another process that holds the lock with a run on record."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(settings.home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    yield process
    process.kill()
    process.wait(10)
    process.stdout.close()


def test_a_record_survives_and_is_listed_newest_first(settings: Settings) -> None:
    with runs.run_lock(settings):
        first = runs.begin(settings, "manual")
        ended = runs.ended(settings, first, "failed", name="X", zh="坏", en="bad")
    assert runs.read(settings, first.id) == ended
    assert ended.state == "failed"
    assert ended.finished is not None
    stored = json.loads((settings.home / "runs" / f"{first.id}.json").read_text(encoding="utf-8"))
    assert stored["error"]["zh"] == "坏"
    (settings.home / "runs" / "19990101T000000-aaaaaa.json").write_text(json.dumps(stored | {"id": "19990101T000000-aaaaaa"}))
    assert [run.id for run in runs.recent(settings)] == [first.id, "19990101T000000-aaaaaa"]
    assert len(runs.recent(settings, 1)) == 1


@pytest.mark.parametrize("name", ["none", "../run", "", "a/b", "x" * 100])
def test_no_such_run(settings: Settings, name: str) -> None:
    with pytest.raises(NotFound):
        runs.read(settings, name)


def test_two_runs_at_once_are_refused_with_the_process(settings: Settings, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(RunInProgress) as caught, runs.run_lock(settings):
        pass
    assert str(holder.pid) in caught.value.zh
    assert caught.value.context["pid"] == str(holder.pid)


def test_a_living_run_is_left_alone(settings: Settings, holder: subprocess.Popen[str]) -> None:
    assert [run.state for run in runs.recent(settings)] == ["running"]
    assert [run.state for run in runs.recent(settings)] == ["running"]


def test_a_killed_run_is_failed_at_the_next_look(settings: Settings, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait(10)
    (dead,) = runs.recent(settings)
    assert (dead.state, dead.pid) == ("failed", holder.pid)
    assert dead.error is not None
    assert dead.error["name"] == "Crashed"
    with runs.run_lock(settings):
        assert runs.begin(settings, "manual").pid == os.getpid()


def test_runs_over_http_hide_what_is_only_the_operators(client: LocalClient, settings: Settings) -> None:
    with runs.run_lock(settings):
        begun = runs.begin(settings, "manual")
        run = runs.ended(settings, begun, "failed", name="StoreError", zh=f"坏在 {settings.home}", en="x")
    body = client.get("/api/runs").json()
    assert body["current"]
    assert body["runs"][0]["id"] == run.id
    one = client.get(f"/api/runs/{run.id}")
    assert one.json()["state"] == "failed"
    assert one.json()["error"] == {"name": "StoreError"}
    assert str(settings.home) not in one.text


def test_a_request_to_cancel_reaches_the_living_run_only(settings: Settings, holder: subprocess.Popen[str]) -> None:
    run = runs.cancel(settings)
    assert run.pid == holder.pid
    assert runs.is_cancelled(settings, run.id)
    with pytest.raises(NotFound, match="不在进行中"):
        runs.cancel(settings, "20260101T000000-aaaaaa")
    holder.kill()
    holder.wait(10)
    with pytest.raises(NotFound, match="没有正在进行的计算"):
        runs.cancel(settings)
    assert not runs.is_cancelled(settings, run.id)


def test_half_written_records_are_not_listed(settings: Settings) -> None:
    (settings.home / "runs").mkdir()
    (settings.home / "runs" / ".x.1.part").write_text("{")
    assert runs.recent(settings) == []



def test_home_of_a_reader_may_not_exist(tmp_path: Path) -> None:
    assert runs.recent(Settings(home=tmp_path / "none")) == []
