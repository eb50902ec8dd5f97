from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.clients import environment, riskmap
from tests.api.conftest import FIRST, SECOND

COMMANDS = ("demo", "sample", "init", "ingest", "score", "publish", "serve", "atlas", "check", "runs", "bench")


def test_help_is_a_manual_in_both_languages() -> None:
    text = subprocess.run([sys.executable, "-m", "api.cli", "--help"], capture_output=True, text=True, check=True,
                          env=os.environ | {"COLUMNS": "120"}).stdout
    for command in COMMANDS:
        assert command in text
    assert text.index("区域风险一张图") < text.index("One map of regional risk")
    assert "RISKMAP_HOME" in text


def test_help_imports_nothing_heavy() -> None:
    heavy = ("pandas", "numba", "fastapi", "sqlalchemy", "pyarrow", "shapely", "rasterio")
    probe = f"import sys, api.cli; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = riskmap(tmp_path, command, "--help")
    assert done.returncode == 0
    assert any(ord(letter) > 0x4E00 for letter in done.stdout)


def test_unknown_command_is_a_usage_error(tmp_path: Path) -> None:
    done = riskmap(tmp_path, "dance")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "错误：" in done.stderr
    assert "办法：" in done.stderr
    for word in words:
        assert word in done.stderr


def test_bad_setting(tmp_path: Path) -> None:
    refused(riskmap(tmp_path, "serve", port="many"), "RISKMAP_PORT", "many")


def test_bad_schedule_is_said_at_the_start(tmp_path: Path) -> None:
    refused(riskmap(tmp_path, "serve", "--schedule", "every night"), "every night", "0 2 * * *")


@pytest.mark.parametrize("command", [("serve",), ("demo",)])
def test_port_in_use_is_said_before_any_work(tmp_path: Path, command: tuple[str, ...]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(riskmap(tmp_path, *command, "--port", str(port)), str(port), "RISKMAP_PORT")
    assert not (tmp_path / "sample").exists()


@pytest.mark.parametrize("command", [("demo", "--no-serve"), ("init",), ("score",), ("serve",)])
def test_home_that_cannot_be_written(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")
    refused(riskmap(tmp_path / "file" / "home", *command), "RISKMAP_HOME", str(tmp_path / "file"))


def test_score_without_data(tmp_path: Path) -> None:
    done = riskmap(tmp_path, "score")
    refused(done)
    listed = riskmap(tmp_path, "runs")
    assert "失败" in listed.stdout
    assert not (tmp_path / "snapshots" / "current").exists()


def test_english_on_request(tmp_path: Path) -> None:
    done = riskmap(tmp_path, "publish", "--run", "none", language="en")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert "Remedy: " in done.stderr


def test_publish_rolls_back_and_forward(home: Path) -> None:
    for run in (SECOND, FIRST):
        done = riskmap(home, "publish", "--run", run)
        assert done.returncode == 0
        assert os.readlink(home / "snapshots" / "current") == run
        assert len(done.stdout.splitlines()) == 1
    refused(riskmap(home, "publish", "--run", "../etc"))
    assert os.readlink(home / "snapshots" / "current") == FIRST


def test_check_finds_a_changed_byte(home: Path) -> None:
    assert riskmap(home, "check").returncode == 0
    path = home / "snapshots" / FIRST / "cells.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(riskmap(home, "check"), "cells.parquet")
    assert riskmap(home, "check", str(home / "snapshots" / SECOND)).returncode == 0


def test_check_of_an_empty_home_checks_the_parameters(tmp_path: Path) -> None:
    done = riskmap(tmp_path, "check")
    assert done.returncode == 0
    assert "参数" in done.stdout


def test_ingest_of_one_file_wants_its_kind(tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text("id,name\n1,x\n")
    refused(riskmap(tmp_path / "home", "ingest", str(file)), "--kind", "venue")


def test_ingest_one_file_twice(tmp_path: Path) -> None:
    file = tmp_path / "stations.csv"
    rows = ("编号,名称,资源类型,lon,lat", "F1,东城消防站,fire_station,116.4,39.9", "F2,坏行,castle,116.4,39.9")
    file.write_text("\n".join(rows), encoding="gb18030")
    first = riskmap(tmp_path / "home", "ingest", str(file), "--kind", "emergency_resource")
    assert first.returncode == 0, first.stderr
    assert "新增 1" in first.stdout
    assert "隔离 1" in first.stdout
    again = riskmap(tmp_path / "home", "ingest", str(file), "--kind", "emergency_resource")
    assert "新增 0" in again.stdout
    assert "未变 1" in again.stdout
    listed = riskmap(tmp_path / "home", "quarantine", "--out", str(tmp_path / "refused.csv"))
    assert "隔离区共 1 行" in listed.stdout
    assert "castle" in (tmp_path / "refused.csv").read_text(encoding="utf-8-sig")
    shown = riskmap(tmp_path / "home", "quarantine")
    assert "资源类型（resource_type）" in shown.stdout
    assert "castle" in shown.stdout


def test_sample_does_not_write_over_anything(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    refused(riskmap(tmp_path, "sample", "--out", str(tmp_path / "out"), "--enterprises", "100"))
    assert (tmp_path / "out" / "mine.txt").read_text() == "keep"


def test_plain_lines_without_a_terminal(tmp_path: Path) -> None:
    done = riskmap(tmp_path, "init")
    assert "\x1b" not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_work_ends_with_a_sentence(tmp_path: Path, number: int, code: int) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "sample", "--out", str(out), "--enterprises", "100000"],
                               env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert "已中断" in errors
    assert "Traceback" not in errors


def test_interrupted_while_it_starts(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-X", "importtime", "-m", "api.cli", "sample", "--out", str(tmp_path / "out")],
                               env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while "typer" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
