"""Sample directories: loaded as one whole, refused as one whole, and never half loaded."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import shapely

from geo.errors import BadFile, UnknownIdentifier
from geo.ingest import Rehearsed, load_directory, rehearse_directory
from geo.kinds import KINDS
from geo.settings import Settings
from geo.store import Store, open_store

EnterpriseMaker = Callable[..., pd.DataFrame]


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _area(code: str, level: str, shape: shapely.Polygon) -> dict[str, object]:
    return {"id": code, "name": code, "code": code, "level": level, "source": "test", "synthetic": True, "geometry": shape.wkb}


def write_directory(folder: Path, frames: dict[str, pd.DataFrame]) -> Path:
    folder.mkdir(exist_ok=True)
    kinds = {}
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        frame.to_parquet(path)
        kinds[name] = {"file": path.name, "rows": len(frame), "sha256": _sha(path)}
    raster = folder / "population.tif"
    raster.write_bytes(b"not looked at by ingest")
    rasters = {"population": {"file": raster.name, "sha256": _sha(raster), "sum": 1}}
    (folder / "manifest.json").write_text(json.dumps({"kinds": kinds, "rasters": rasters, "seed": 1}), encoding="utf-8")
    return folder


@pytest.fixture
def directory(tmp_path: Path, enterprises: EnterpriseMaker) -> Path:
    areas = pd.DataFrame([
        _area("110000", "city", shapely.box(115, 39, 118, 41)),
        _area("110101001000", "street", shapely.box(115, 39, 116.5, 41)),
        _area("110101002000", "street", shapely.box(116.5, 39, 118, 41)),
    ])
    units = enterprises(3000)
    units["geometry"] = shapely.to_wkb(units["geometry"].to_numpy())
    sources = pd.DataFrame({
        "id": units["id"].str.replace("E", "R"), "enterprise_id": units["id"], "source": "test", "synthetic": True,
        "accident_type": "火灾", "method": "LEC", "l": 3.0, "e": 6.0, "c": 7.0, "geometry": units["geometry"]})
    return write_directory(tmp_path / "sample", {"risk_source": sources, "enterprise": units, "area": areas})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_everything_is_loaded_areas_first(store: Store, directory: Path, settings: Settings) -> None:
    told: list[str] = []
    reports = load_directory(store, directory, settings, lambda stage, done, total: told.append(stage))
    assert [(report.kind, report.inserted) for report in reports] == [("area", 3), ("enterprise", 3000), ("risk_source", 3000)]
    units = store.read("enterprise")
    west = shapely.get_x(units["geometry"].to_numpy()) < 116.5
    assert set(units["area_code"][west]) == {"110101001000"}
    assert set(units["area_code"][~west]) == {"110101002000"}
    assert store.raster("population").read_bytes() == (directory / "population.tif").read_bytes()
    assert store.raster("population").parent == settings.rasters.absolute()
    assert "核对文件校验和" in told
    assert "载入安全风险源" in told


def test_the_same_directory_again_changes_nothing(store: Store, directory: Path, settings: Settings) -> None:
    load_directory(store, directory, settings)
    version = store.version()
    assert not any(report.changed for report in load_directory(store, directory, settings))
    assert store.version() == version


def test_a_smaller_directory_takes_the_place_of_the_larger(
        store: Store, directory: Path, settings: Settings, enterprises: EnterpriseMaker) -> None:
    load_directory(store, directory, settings)
    store.load("enterprise", enterprises(1).assign(id="real"), source="feed")
    smaller = pd.read_parquet(directory / "enterprise.parquet").iloc[:10]
    write_directory(directory, {"enterprise": smaller})
    (report,) = load_directory(store, directory, settings)
    assert (report.removed, report.unchanged) == (2990, 10)
    assert store.counts()["enterprise"] == 11
    assert store.counts()["risk_source"] == 3000


def _cut(directory: Path) -> None:
    file = directory / "enterprise.parquet"
    file.write_bytes(file.read_bytes()[:-100])


def _edit(directory: Path, change: Callable[[dict[str, dict[str, dict[str, object]]]], object]) -> None:
    manifest = json.loads((directory / "manifest.json").read_text())
    change(manifest)
    (directory / "manifest.json").write_text(json.dumps(manifest))


def _broken_but_listed(directory: Path) -> None:
    file = directory / "enterprise.parquet"
    file.write_bytes(b"PAR1 nonsense PAR1")
    _edit(directory, lambda manifest: manifest["kinds"]["enterprise"].update(sha256=_sha(file)))


DAMAGES: dict[str, tuple[Callable[[Path], object], type[Exception], str]] = {
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), BadFile, "manifest.json 不存在"),
    "manifest cut": (lambda folder: (folder / "manifest.json").write_text('{"kinds": {'), BadFile, "无法解析"),
    "manifest of another shape": (lambda folder: (folder / "manifest.json").write_text("[]"), BadFile, "无法解析"),
    "file missing": (lambda folder: (folder / "risk_source.parquet").unlink(), BadFile, "risk_source.parquet 不存在"),
    "file cut": (_cut, BadFile, "校验和"),
    "file broken": (_broken_but_listed, BadFile, "已损坏"),
    "raster missing": (lambda folder: (folder / "population.tif").unlink(), BadFile, "population.tif 不存在"),
    "rows differ": (lambda folder: _edit(folder, lambda m: m["kinds"]["risk_source"].update(rows=5)), BadFile, "清单为 5 行"),
    "outside": (lambda folder: _edit(folder, lambda m: m["kinds"]["area"].update(file="../area.parquet")), BadFile, "无法解析"),
    "unknown kind": (
        lambda folder: _edit(folder, lambda m: m["kinds"].update(dragon=m["kinds"]["area"])), UnknownIdentifier, "dragon"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_damaged_directories_load_nothing(store: Store, directory: Path, settings: Settings, damage: str) -> None:
    spoil, error, words = DAMAGES[damage]
    spoil(directory)
    with pytest.raises(error, match=words) as caught:
        load_directory(store, directory, settings)
    assert caught.value.en  # type: ignore[attr-defined]
    assert not any(store.counts().values())
    assert store.loads() == []


KILLED = """
import sys, time
from pathlib import Path
from geo.ingest import load_directory
from geo.settings import Settings
from geo.store import open_store
def step(stage, done, total):
    if stage == "载入安全风险源":
        print("in the middle", flush=True)
        time.sleep(60)
load_directory(open_store(sys.argv[1]), Path(sys.argv[2]), Settings(home=Path(sys.argv[3])), step)
"""


def test_kill_9_and_a_second_load_as_if_nothing_had_happened(
        store: Store, store_url: str, directory: Path, settings: Settings) -> None:
    version = store.version()
    command = [sys.executable, "-c", KILLED, store_url, str(directory), str(settings.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "in the middle\n"
        child.send_signal(signal.SIGKILL)
    assert not any(store.counts().values())
    assert store.version() == version
    with open_store(store_url) as reopened:
        reports = load_directory(reopened, directory, settings)
        assert [report.inserted for report in reports] == [3, 3000, 3000]
        assert reopened.raster("population").is_file()


def write_town(folder: Path) -> Path:
    """A directory of several formats: one street, and two files of resources of which one row is wrong."""
    folder.mkdir()
    (folder / "streets.csv").write_text(
        '代码,名称,级别,geometry\n110101001000,甲,街道,"POLYGON((116 39,117 39,117 40,116 40,116 39))"\n', encoding="gb18030")
    (folder / "one.csv").write_text("编号,资源类型,东坐标,北坐标\n1,消防站,447924.483,4419380.448\n", encoding="utf-8")
    (folder / "two.csv").write_text("号,类别,lon,lat\n2,消防站,116.5,39.5\n3,城堡,116.5,39.5\n", encoding="utf-8")
    (folder / "m.toml").write_text('[columns]\n"号" = "id"\n', encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"kinds": {
        "emergency_resource": [{"file": "one.csv", "crs": "4548"}, {"file": "two.csv", "mapping": "m.toml", "rows": 2}],
        "area": {"file": "streets.csv", "identifier": ["代码"]}}}, ensure_ascii=False), encoding="utf-8")
    return folder


def test_directory_of_other_formats(store: Store, tmp_path: Path) -> None:
    folder = write_town(tmp_path / "town")
    settings = Settings(home=tmp_path / "home")
    reports = load_directory(store, folder, settings)
    assert [(report.kind, report.inserted, report.quarantined) for report in reports] == [
        ("area", 1, 0), ("emergency_resource", 1, 0), ("emergency_resource", 1, 1)]
    rows = store.read("emergency_resource")
    assert rows["area_code"].tolist() == ["110101001000"] * 2
    assert rows["source"].tolist() == ["town/one.csv", "town/two.csv"]
    assert not any(report.changed for report in load_directory(store, folder, settings))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["kinds"]["emergency_resource"][1]["rows"] = 5
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(BadFile, match="清单为 5 行"):
        load_directory(store, folder, settings)


def _told(rehearsed: list[Rehearsed]) -> list[tuple[object, ...]]:
    return [(one.entry.path.name, one.loaded and (one.loaded.report.inserted, one.loaded.report.quarantined),
             one.error and one.error.zh.rsplit("（")[0].split(" ", 2)[2]) for one in rehearsed]


def test_a_rehearsal_says_of_every_file_what_the_load_will_do(store: Store, tmp_path: Path) -> None:
    folder, version = write_town(tmp_path / "town"), store.version()
    rehearsed = rehearse_directory(store, folder)
    assert _told(rehearsed) == [("streets.csv", (1, 0), None), ("one.csv", (1, 0), None), ("two.csv", (1, 1), None)]
    assert (store.version(), store.loads(), len(store.quarantine())) == (version, [], 0)
    bad = rehearsed[2]
    assert bad.refused["value"].tolist() == ["城堡"]
    assert bad.loaded is not None
    assert bad.loaded.ingested is not None
    assert bad.loaded.ingested.mapping.of("id") == "号"
    loaded = load_directory(store, folder, Settings(home=tmp_path / "home"), by="甲")
    assert [(one.inserted, one.quarantined) for one in loaded] == [(1, 0), (1, 0), (1, 1)]
    assert {one["by"] for one in store.loads()} == {"甲"}
    assert not any(one.loaded and one.loaded.report.changed for one in rehearse_directory(store, folder))


def test_a_rehearsal_tells_the_faults_of_all_files_and_undoes_each(
        store: Store, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.store.writing.BULK", 1_000)  # SQLite's R*Tree is dropped and packed before the fault is found
    _edit(directory, lambda manifest: manifest["kinds"]["enterprise"].update(rows=5))
    (directory / "population.tif").write_bytes(b"another one")
    some = pd.read_parquet(directory / "enterprise.parquet").iloc[:7]
    before = store.load("enterprise", some, source="sample/enterprise.parquet")
    assert _told(rehearse_directory(store, directory)) == [
        ("area.parquet", (3, 0), None), ("enterprise.parquet", None, "有 3000 行，清单为 5 行"),
        ("risk_source.parquet", (3000, 0), None), ("population.tif", None, "的校验和与清单不符")]
    assert store.counts() == {**dict.fromkeys(KINDS, 0), "enterprise": 7}
    assert store.loads()[0]["id"] == before.load_id
    assert len(store.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 7
