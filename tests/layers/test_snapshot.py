from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from geo.errors import BadParameter, EnvironmentProblem, NotFound, SnapshotError
from layers.snapshot import SnapshotWriter, current_run_id, list_snapshots, make_current, open_current, thin, verify
from tests.support.snapshots import RUN_ID, make_small_snapshot

BEIJING = timezone(timedelta(hours=8))


def publish(directory: Path, run_id: str, created: datetime, **fields: object) -> Path:
    with SnapshotWriter(directory, run_id) as writer:
        writer.write_bytes("note.txt", run_id.encode())
        return writer.publish({"created": created.isoformat(), "as_of": created.date().isoformat(), **fields})


def test_the_published_snapshot_is_whole_and_current(snapshot_path: Path) -> None:
    assert verify(snapshot_path) == []
    assert open_current(snapshot_path.parent).run_id == RUN_ID
    assert sorted(path.name for path in snapshot_path.parent.iterdir()) == [".lock", RUN_ID, "current"]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, snapshot_path: Path) -> None:
    again = make_small_snapshot(tmp_path)
    first, second = (orjson.loads((path / "manifest.json").read_bytes())["files"] for path in (snapshot_path, again))
    assert first == second


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    publish(tmp_path, "a", datetime(2026, 1, 1, tzinfo=BEIJING))
    with pytest.raises(SnapshotError), SnapshotWriter(tmp_path, "b") as writer:
        writer.write_table("fields", pa.table({"cell": [1]}))
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "a", "current"}
    assert current_run_id(tmp_path) == "a"


def test_leftovers_of_a_killed_process_go_at_the_next_start_and_those_of_a_living_one_stay(tmp_path: Path) -> None:
    code = ("import os,sys;from pathlib import Path;from layers.snapshot import SnapshotWriter;"
            "w=SnapshotWriter(Path(sys.argv[1]),'dead').__enter__();w.write_bytes('x',b'y');os._exit(9)")
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    assert (tmp_path / ".dead.partial" / "x").is_file()
    with SnapshotWriter(tmp_path, "alive") as alive:
        assert not (tmp_path / ".dead.partial").exists()
        with SnapshotWriter(tmp_path, "second"):
            assert alive.folder.is_dir()


def test_readers_never_see_a_gap_while_the_pointer_moves(tmp_path: Path) -> None:
    for name in ("a", "b"):
        publish(tmp_path, name, datetime(2026, 1, 1, tzinfo=BEIJING))
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add((tmp_path / "current" / "note.txt").read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(200):
        make_current(tmp_path, "ab"[turn % 2])
    stop.set()
    reader.join()
    assert seen == {"a", "b"}


def test_roll_back_to_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, "a", datetime(2026, 1, 1, tzinfo=BEIJING))
    for name in ("b", "../a", "current"):
        with pytest.raises(NotFound):
            make_current(tmp_path, name)
    assert current_run_id(tmp_path) == "a"


def test_nothing_published_yet(tmp_path: Path) -> None:
    assert current_run_id(tmp_path) is None
    assert list_snapshots(tmp_path / "absent") == []
    with pytest.raises(SnapshotError, match="还没有"):
        open_current(tmp_path)


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", ".x", "current/", "current", "a\n"])
def test_run_ids_cannot_leave_the_folder(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(BadParameter):
        SnapshotWriter(tmp_path, run_id)


def test_file_names_cannot_leave_the_snapshot(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path, "a") as writer, pytest.raises(BadParameter):
        writer.write_bytes("../b", b"")


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path, "a") as writer, pytest.raises(SnapshotError) as caught:
        writer.write_table("fields", pa.table({"cell": [1], "s": [2]}))
    assert caught.value.context["columns"] == ["ir_hc", "ir_an", "ir_semi"]


def test_the_same_run_id_twice_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, "a", datetime(2026, 1, 1, tzinfo=BEIJING))
    with pytest.raises(SnapshotError, match="已存在"):
        publish(tmp_path, "a", datetime(2026, 1, 1, tzinfo=BEIJING))


def test_a_folder_that_cannot_be_made_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentProblem) as caught, SnapshotWriter(tmp_path / "file" / "snapshots", "a"):
        pass
    assert caught.value.remedy("zh")


@pytest.mark.parametrize("change", ["flip", "grow", "lose", "add", "manifest"])
def test_check_finds_every_kind_of_damage(tmp_path: Path, change: str) -> None:
    path = make_small_snapshot(tmp_path, rasters=False)
    target = path / "fields.parquet"
    if change == "flip":
        data = bytearray(target.read_bytes())
        data[100] ^= 1
        target.write_bytes(bytes(data))
    elif change == "grow":
        target.write_bytes(target.read_bytes() + b"\0")
    elif change == "lose":
        target.unlink()
    elif change == "add":
        (path / "extra.bin").write_bytes(b"")
    else:
        (path / "manifest.json").write_bytes(b"{")
    found = verify(path)
    damaged = {"add": "extra.bin", "manifest": "manifest.json"}.get(change, "fields.parquet")
    assert [problem.file for problem in found] == [damaged]


def test_check_finds_sums_that_do_not_agree(tmp_path: Path) -> None:
    import pandas as pd

    source = make_small_snapshot(tmp_path / "a", rasters=False)
    with SnapshotWriter(tmp_path / "b", "bad") as writer:
        for table in ("fields", "sources", "fn", "cells", "areas", "quality", "quality_findings"):
            frame = pd.read_parquet(source / f"{table}.parquet")
            if table == "cells":
                frame.loc[3, "s"] += 1
            if table == "areas":
                frame.loc[0, ["pll", "pll_building"]] += 1e-3
            writer.write_table(table, frame)
        path = writer.publish(orjson.loads((source / "manifest.json").read_bytes()))
    found = {(problem.file, problem.en.split()[0]) for problem in verify(path)}
    assert found == {("cells.parquet", "themes"), ("areas.parquet", "the")}


def test_retention_keeps_two_weeks_then_weeks_then_months_and_the_current(tmp_path: Path) -> None:
    now = datetime(2026, 6, 30, 4, tzinfo=BEIJING)
    for days in range(200):
        publish(tmp_path, f"run{days:03d}", now - timedelta(days=days), make="x")
    make_current(tmp_path, "run160")
    removed = thin(tmp_path, 14, now)
    kept = [info.run_id for info in list_snapshots(tmp_path)]
    ages = [int(name[3:]) for name in kept]
    assert ages[:15] == list(range(15))
    assert "run160" in kept
    assert current_run_id(tmp_path) == "run160"
    weekly = [age for age in ages if 14 < age <= 92]
    assert len(weekly) == 12
    assert len({(now - timedelta(days=age)).isocalendar()[:2] for age in weekly}) == 12
    monthly = [(now - timedelta(days=age)).month for age in ages if age > 92 and age != 160]
    assert len(monthly) == len(set(monthly)) == 4
    assert len(removed) + len(kept) == 200
    assert thin(tmp_path, 14, now) == []
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".removed")]
