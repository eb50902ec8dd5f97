"""Backup and restore: one checksummed file, from either engine into either, all or nothing."""

from __future__ import annotations

import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geo.errors import BadFile, BadParameter, EnvironmentProblem, StoreError
from geo.kinds import KINDS
from geo.store import Comparison, Store, backup, open_store

EnterpriseMaker = Callable[..., pd.DataFrame]


@pytest.fixture(params=["sqlite", "postgis"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A second, empty store of either engine."""
    if request.param == "sqlite":
        with open_store(f"sqlite:///{tmp_path / 'other' / 'riskmap.sqlite'}") as opened:
            opened.init()
            yield opened
        return
    import os

    server, schema = os.environ["RISKMAP_TEST_POSTGIS"], f"test_{uuid.uuid4().hex}"
    engine = sa.create_engine(server)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    with open_store(f"{server}?options=-csearch_path%3D{schema}%2Cpublic") as opened:
        opened.init()
        yield opened
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


@pytest.fixture
def full(store: Store, enterprises: EnterpriseMaker, tmp_path: Path) -> Store:
    """A store with rows, history, quarantine, a raster and a run."""
    frame = enterprises(700, name=['a,b"\n\\N%s'] * 700)
    frame.loc[::7, "geometry"] = shapely.buffer(frame.loc[::7, "geometry"].to_numpy(), 0.02)
    store.load("enterprise", frame, source="a.csv", by="甲")
    store.load("enterprise", frame.assign(staff_at_place=frame["staff_at_place"].where(frame.index != 3, -1)), source="b.csv")
    store.edit("enterprise", "E00005", {"name": "改"}, by="乙")
    store.retire("enterprise", ["E00009"], by="丙")
    (tmp_path / "population.tif").write_bytes(b"raster" * 1000)
    store.put_raster("population", tmp_path / "population.tif", backup._sha(tmp_path / "population.tif"))
    store.record_run({"run_id": "a", "state": "done"})
    return store


def same(one: Store, two: Store) -> None:
    for kind in KINDS:
        pd.testing.assert_frame_equal(one.read(kind), two.read(kind))
    moment = datetime.fromisoformat(one.loads()[-1]["committed"])
    pd.testing.assert_frame_equal(one.read("enterprise", at=moment), two.read("enterprise", at=moment))
    assert one.history("enterprise", "E00009") == two.history("enterprise", "E00009")
    pd.testing.assert_frame_equal(one.quarantine(), two.quarantine())
    assert (one.loads(), one.runs(), one.catalogue()) == (two.loads(), two.runs(), two.catalogue())
    where, box = Comparison("staff_at_place", ">", 100), shapely.box(116, 40, 116.5, 40.4)
    pd.testing.assert_frame_equal(one.query("enterprise", polygon=box, where=where, limit=1000).frame,
                                  two.query("enterprise", polygon=box, where=where, limit=1000).frame)


def test_what_is_restored_is_what_was_backed_up(full: Store, other: Store, enterprises: EnterpriseMaker, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "CHUNK", 150)
    file, told = tmp_path / "out" / "backup.zip", list[tuple[str, int, int]]()
    manifest = full.backup(file, progress=lambda *step: told.append(step))
    assert (manifest.rows["enterprise"], manifest.rows["enterprise_history"], manifest.rows["load"]) == (699, 2, 4)
    assert manifest.version == full.version()
    assert told[-1][1] == told[-1][2]
    other.restore(file, rasters=tmp_path / "rasters")
    same(full, other)
    assert other.version() != full.version()
    assert other.raster("population").read_bytes() == b"raster" * 1000
    assert other.raster("population").parent == tmp_path / "rasters"
    # and it goes on: numbers behind the restored ones, nothing changes where nothing differs, indexes follow
    frame = enterprises(3, id=["new1", "new2", "new3"], staff_at_place=[1, 2, -3])
    report = other.load("enterprise", frame, source="c.csv")
    assert (report.inserted, report.quarantined, report.load_id) == (2, 1, 5)
    assert len(other.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 701
    unchanged = other.load("enterprise", full.read("enterprise"), source="a.csv")
    assert (unchanged.unchanged, unchanged.changed) == (699, False)


def test_a_full_store_is_replaced_only_when_asked(full: Store, enterprises: EnterpriseMaker, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    full.backup(file)
    before = full.read("enterprise")
    full.load("enterprise", enterprises(50, seed=9), source="a.csv", complete=True)
    with pytest.raises(BadParameter, match="不是空的"):
        full.restore(file, rasters=tmp_path)
    full.restore(file, rasters=tmp_path, replace=True)
    pd.testing.assert_frame_equal(full.read("enterprise"), before)


def damage(file: Path, how: str) -> None:
    data = bytearray(file.read_bytes())
    if how == "cut":
        data = data[: len(data) // 2]
    elif how == "a bit":
        data[len(data) // 3] ^= 4
    elif how == "nothing in it":
        data = bytearray()
    elif how == "no zip":
        data = bytearray(b"hello" * 100)
    file.write_bytes(data)
    if how in ("a member less", "a member more", "other manifest", "no manifest", "newer"):
        with zipfile.ZipFile(file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        if how == "a member less":
            del members["enterprise.parquet"]
        elif how == "a member more":
            members["extra.txt"] = b"x"
        elif how == "no manifest":
            del members["manifest.json"]
        else:
            manifest = json.loads(members["manifest.json"])
            if how == "newer":
                manifest["revision"] = "9999"
            else:
                manifest["members"]["load.parquet"]["sha256"] = "0" * 64
            members["manifest.json"] = json.dumps(manifest).encode()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)


DAMAGES = ["cut", "a bit", "nothing in it", "no zip", "a member less", "a member more", "other manifest", "no manifest", "newer"]


def test_a_damaged_file_is_refused_and_nothing_changes(full: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    full.backup(file)
    whole, version = file.read_bytes(), full.version()
    for how in DAMAGES:
        file.write_bytes(whole)
        damage(file, how)
        with pytest.raises(BadFile, match="备份"):
            full.restore(file, rasters=tmp_path, replace=True)
        assert (full.version(), full.counts()["enterprise"]) == (version, 699), how
    with pytest.raises(BadFile, match="不存在"):
        full.restore(tmp_path / "none.zip", replace=True)


def test_a_failure_in_the_middle_leaves_the_store_as_it_was(full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "backup.zip"
    full.backup(file)
    version, state = full.version(), full.read("enterprise")

    def tell(stage: str, done: int, total: int) -> None:
        if stage == "恢复" and done > 700:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        full.restore(file, rasters=tmp_path, replace=True, progress=tell)
    assert full.version() == version
    pd.testing.assert_frame_equal(full.read("enterprise"), state)
    assert len(full.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 699


def test_a_backup_appears_only_when_it_is_complete(full: Store, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    file.write_bytes(b"the one before")

    def tell(stage: str, done: int, total: int) -> None:
        if stage == "备份栅格":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        full.backup(file, progress=tell)
    assert file.read_bytes() == b"the one before"
    assert [path.name for path in tmp_path.glob("*kept*")] + [path.name for path in tmp_path.glob(".*")] == ["kept.zip"]
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentProblem, match="无法写入"):
        full.backup(tmp_path / "file" / "x.zip")
    (tmp_path / "population.tif").unlink()
    with pytest.raises(StoreError, match="不存在"):
        full.backup(tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_rasters_need_a_folder(full: Store, tmp_path: Path) -> None:
    full.backup(tmp_path / "x.zip")
    with pytest.raises(StoreError, match="目录"):
        full.restore(tmp_path / "x.zip", replace=True)
    assert full.counts()["enterprise"] == 699
