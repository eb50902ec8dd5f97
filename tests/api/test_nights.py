"""Real runs on a small generated city: first start, second start, interruption, crash, two at once, schedule."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from api import runs
from geo.settings import Settings
from tests.api.clients import environment, free_port, riskmap, server, wait_for

SMALL = {"sample_enterprises": 300}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first ``riskmap demo``."""
    home = tmp_path_factory.mktemp("city")
    done = riskmap(home, "demo", "--no-serve", timeout=300, **SMALL)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    return home


@pytest.fixture
def city(made: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    shutil.copytree(made, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def current(home: Path) -> str:
    return os.readlink(home / "snapshots" / "current")


def published(home: Path) -> dict[str, str]:
    """Checksums of the files of the current snapshot."""
    manifest = json.loads((home / "snapshots" / "current" / "manifest.json").read_bytes())
    return {name: entry["sha256"] for name, entry in manifest["files"].items()}


def start_score(home: Path) -> subprocess.Popen[str]:
    """A run that has begun its work."""
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "score"], env=environment(home, **SMALL), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any(run.state == "running" for run in runs.recent(Settings(home=home))), 60, what="the run to begin")
    return process


def leftovers(home: Path) -> list[str]:
    return [path.name for path in (home / "snapshots").iterdir() if path.name.endswith(".partial")]


def test_second_start_serves_at_once(city: Path) -> None:
    before = current(city)
    started = time.monotonic()
    done = riskmap(city, "demo", "--no-serve", **SMALL)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 10
    assert current(city) == before
    assert len(runs.recent(Settings(home=city))) == 1


def test_second_start_becomes_a_server(city: Path) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "demo", "--port", str(port)], env=environment(city, **SMALL),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert current(city) in process.stdout.readline()
    assert str(port) in process.stdout.readline()
    assert httpx.get(f"http://127.0.0.1:{port}/readyz").json()["run_id"] == current(city)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors


def test_bench_measures_every_way_of_reading(city: Path) -> None:
    done = riskmap(city, "bench")
    assert done.returncode == 0, done.stderr
    for what in ("tile", "street at a point", "polygon", "explanation of the worst cell"):
        assert what in done.stdout


def test_atlas_of_the_current_map(city: Path, tmp_path: Path) -> None:
    done = riskmap(city, "atlas", "--out", str(tmp_path / "atlas"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "atlas" / "atlas.pdf").read_bytes().startswith(b"%PDF")
    assert len(done.stdout.splitlines()) == 1


def test_a_torn_snapshot_is_made_again(city: Path) -> None:
    before = current(city)
    with (city / "snapshots" / before / "cells.parquet").open("r+b") as file:
        file.truncate(1000)
    done = riskmap(city, "demo", "--no-serve", **SMALL)
    assert done.returncode == 0, done.stderr
    assert current(city) != before
    assert riskmap(city, "check").returncode == 0


def test_interrupted_run_leaves_the_last_map(city: Path) -> None:
    before = current(city)
    process = start_score(city)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "已中断" in errors
    assert "Traceback" not in errors
    assert current(city) == before
    assert leftovers(city) == []
    newest = runs.recent(Settings(home=city))[0]
    assert newest.state == "cancelled"
    assert newest.error is not None
    assert newest.error["name"] == "Interrupted"


def test_cancelled_run_leaves_the_last_map(city: Path) -> None:
    before = current(city)
    process = start_score(city)
    stopped = riskmap(city, "cancel")
    _, errors = process.communicate(timeout=60)
    assert stopped.returncode == 0, stopped.stderr
    assert "已停止" in stopped.stdout
    assert process.returncode == 2
    assert "计算已取消" in errors
    assert (current(city), leftovers(city)) == (before, [])
    newest = runs.recent(Settings(home=city))[0]
    assert newest.state == "cancelled"
    assert not list((city / "runs").glob(".*"))
    assert riskmap(city, "cancel", newest.id).returncode == 2


def test_too_large_a_run_is_refused_before_it_reads(city: Path) -> None:
    before = current(city)
    refused = riskmap(city, "score", **SMALL, memory_limit_mb=200)
    assert refused.returncode == 2
    assert "超过内存上限 200 MB，未开始计算" in refused.stderr
    assert "读取" not in refused.stderr
    assert (current(city), leftovers(city)) == (before, [])
    assert runs.recent(Settings(home=city))[0].state == "failed"


def test_killed_run_then_two_at_once_then_a_good_one(city: Path) -> None:
    before = current(city)
    process = start_score(city)
    process.kill()
    process.communicate(timeout=60)
    assert current(city) == before
    assert [run.state for run in runs.recent(Settings(home=city))] == ["failed", "succeeded"]

    running = start_score(city)
    refused = riskmap(city, "score", **SMALL)
    assert refused.returncode == 2
    assert str(running.pid) in refused.stderr
    output, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    assert current(city) != before
    assert current(city) in output
    assert leftovers(city) == []
    assert [run.state for run in runs.recent(Settings(home=city))] == ["succeeded", "failed", "succeeded"]


def test_demo_goes_on_after_an_interruption_at_any_step(tmp_path: Path) -> None:
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-m", "api.cli", "demo", "--no-serve"], env=environment(tmp_path, **SMALL),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        wanted = "载入" if (tmp_path / "sample").exists() else "清单"
        while wanted not in process.stderr.readline():
            assert process.poll() is None, "the demo ended before it was killed"
        process.kill()
        process.communicate(timeout=30)
    done = riskmap(tmp_path, "demo", "--no-serve", timeout=300, **SMALL)
    assert done.returncode == 0, done.stderr
    assert riskmap(tmp_path, "check").returncode == 0
    assert riskmap(tmp_path, "demo", "--no-serve", **SMALL).returncode == 0
    assert len(runs.recent(Settings(home=tmp_path))) == 1


def test_two_demos_do_not_disturb_each_other(tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, "-m", "api.cli", "demo", "--no-serve"], env=environment(tmp_path, **SMALL),
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert first.stderr is not None
    first.stderr.readline()
    second = riskmap(tmp_path, "demo", "--no-serve", **SMALL)
    assert second.returncode == 2
    assert str(first.pid) in second.stderr
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert first.returncode == 143


def test_same_store_same_numbers_on_a_cluster(city: Path) -> None:
    """A second night, its tiles laid by another process: every table has the bytes of the first."""
    before = published(city)
    done = riskmap(city, "score", "--cluster", "local:1", **SMALL)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "风险场" in done.stderr
    after = published(city)
    tables = {name for name in before if name.endswith((".parquet", ".npz"))}
    assert {"fields.parquet", "cells.parquet", "areas.parquet", "fn.parquet", "model/evidence.npz"} <= tables
    assert {name for name in tables if before[name] != after[name]} == set()
    second, first = runs.recent(Settings(home=city))
    assert second.totals == first.totals
    assert second.streets == first.streets
    assert (second.hashes["store"], second.hashes["parameters"]) == (first.hashes["store"], first.hashes["parameters"])


def test_schedule_scores_and_the_server_shows_it(city: Path) -> None:
    before = current(city)
    with server(city, "--schedule", "*/2 * * * * *", **SMALL) as client:
        street = client.get("/api/risk/ranking?limit=1").json()["items"][0]["code"]
        explained = client.get(f"/api/risk/explain?area={street}").json()
        assert sum(entry["share"] for entry in explained["contributors"]) + explained["rest"]["share"] == pytest.approx(1)
        wait_for(lambda: current(city) != before or "scheduled run ended" in (city / "server.out").read_text(), 240,
                 what="a scheduled night")
        assert current(city) != before, (city / "server.out").read_text()
        wait_for(lambda: client.get("/api/manifest").json()["run_id"] != before, 10, what="the server to show it")
        listed = client.get("/api/runs").json()
        assert sum(run["state"] == "running" for run in listed["runs"]) <= 1
        done = [run for run in listed["runs"] if run["trigger"] == "schedule" and run["state"] == "succeeded"]
        assert done
        assert listed["current"] in {run["snapshot"] for run in done}
    wait_for(lambda: all(run.state != "running" for run in runs.recent(Settings(home=city))), 120, what="the last run to end")
