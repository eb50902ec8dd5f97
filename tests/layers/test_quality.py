"""Data quality of a snapshot: written beside the scoring, read back, and the same in every sum."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import BadParameter, NotFound
from geo.quality import COUNTS, load_rules
from geo.settings import Settings
from geo.store import Store, open_store
from layers.columns import Columns
from layers.integrity import problems
from layers.quality import CLASS_COLOURS, CLASS_ZH, QualityTables, beside, quality_of, quality_report
from layers.reader import Snapshot
from layers.snapshot import SnapshotWriter
from tests.geo.quality.conftest import AS_OF, EAST, WEST, rows
from tests.support.snapshots import CITY, STREETS, make_small_snapshot


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Snapshot(make_small_snapshot(tmp_path_factory.mktemp("quality"), rasters=False))


@pytest.fixture(scope="module")
def tables(snapshot: Snapshot) -> QualityTables:
    return quality_of(snapshot)


def test_streets_sum_to_districts_and_to_the_city(tables: QualityTables) -> None:
    whole = tables.total()
    assert whole == tables.total(CITY[0])
    for level in ("street", "district", "city"):
        areas = tables.by_area(level)
        for name in COUNTS:
            assert sum(area[name] for area in areas) == pytest.approx(whole[name], abs=1e-2 if name == "fill" else 0)
    for parts in (tables.by_kind(), tables.by_source()):
        assert sum(part["rows"] for part in parts) == whole["rows"] == 240
    district = tables.total("110101")
    assert district["rows"] == sum(tables.total(code)["rows"] for code, _, parent in STREETS if parent == "110101")
    assert [area["code"] for area in tables.by_area("street", area="110101")] == ["110101001000", "110101002000"]


def test_the_layer_has_every_street_with_its_class(tables: QualityTables) -> None:
    layer = tables.layer("street", "venue")
    assert [feature["id"] for feature in layer["features"]] == sorted(code for code, *_ in STREETS)
    for feature in layer["features"]:
        assert feature["geometry"]["type"] == "Polygon"
        assert feature["properties"]["rows"] == 6
        assert feature["properties"]["class"] == tables.class_of(feature["properties"]["score"])


def test_classes(tables: QualityTables) -> None:
    assert [entry["zh"] for entry in tables.classes()] == list(CLASS_ZH)
    assert [entry["colour"] for entry in tables.classes()] == list(CLASS_COLOURS)
    assert [tables.class_of(value) for value in (100.0, 95.0, 94.9, 70.0, 0.0, None)] == [1, 1, 2, 5, 6, None]


def test_findings_are_filtered_and_listed_worst_first(tables: QualityTables) -> None:
    everything = tables.found()
    checks = [record["check"] for record in tables.finding_records(everything)]
    assert checks[-1] == "C-MISSING"
    assert checks[0].startswith("V-")
    assert sum(entry["n"] for entry in tables.found_by_check(everything)) == len(everything)
    missing = tables.found(check="C-MISSING", kind="enterprise", area="110112")
    records = tables.finding_records(missing)
    assert len(records) == 12
    assert {record["area_code"][:6] for record in records} == {"110112"}
    assert all(record["zh"].startswith("缺少：") for record in records)
    assert len(tables.found(group="completeness")) == len(tables.found(check="C-MISSING"))
    assert len(tables.found(kind="background")) == 0
    with pytest.raises(BadParameter):
        tables.found(check="X-NONE")
    with pytest.raises(BadParameter):
        tables.found(check="V-CAS", group="position")
    with pytest.raises(NotFound):
        tables.total("999999")


def test_types_of_places_are_said_in_chinese(tables: QualityTables) -> None:
    record = tables.finding_records(tables.found(check="V-SITE"))[0]
    assert not any("a" <= sign <= "z" for sign in record["zh"].replace("m²", ""))
    assert record["value"] in record["en"]


def test_the_report_comes_back_as_it_was(snapshot: Snapshot, tables: QualityTables) -> None:
    report = quality_report(snapshot)
    assert report.rolled().iloc[0]["score"] == pytest.approx(tables.total()["score"])
    assert len(report.findings) == len(tables.findings)


def test_a_snapshot_without_an_assessment_says_so(tmp_path: Path) -> None:
    path = make_small_snapshot(tmp_path, rasters=False)
    snapshot = Snapshot(path)
    del snapshot.manifest["quality"]
    with pytest.raises(NotFound) as raised:
        QualityTables(snapshot)
    assert "RISKMAP_QUALITY" in raised.value.remedy_zh


def test_a_table_that_does_not_fit_the_counts_is_a_problem(snapshot: Snapshot) -> None:
    assert problems(snapshot.path) == []
    import orjson

    manifest = snapshot.path / "manifest.json"
    before = manifest.read_bytes()
    changed = orjson.loads(before)
    changed["counts"]["venue"] += 1
    manifest.write_bytes(orjson.dumps(changed))
    try:
        assert {problem.file for problem in problems(snapshot.path)} == {"features/venue.parquet", "quality.parquet"}
    finally:
        manifest.write_bytes(before)


@pytest.fixture
def small(tmp_path: Path) -> Store:
    area = {"name": "街道", "level": "street", "source": "x", "synthetic": True}
    store = open_store(f"sqlite:///{tmp_path / 'riskmap.sqlite'}")
    store.init()
    store.load("area", pd.DataFrame([
        {**area, "id": code, "code": code, "geometry": shapely.box(west, 39.8, west + 0.1, 39.9)}
        for code, west in ((WEST, 116.3), (EAST, 116.4))]), source="areas")
    store.load("enterprise", rows("enterprise", {}, {"name": "西山机床厂", "credit_code": "x" * 18,
                                                     "geometry": shapely.Point(116.331234, 39.851234)}), source="ledger")
    store.load("risk_source", rows("risk_source", {}, {"name": "b"}), source="ledger")
    store.load("venue", rows("venue", {"capacity": -1}), source="bad.csv")
    return store


def test_beside_the_scoring(small: Store, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    sources = pd.DataFrame({"kind": ["risk_source"] * 2, "id": ["R1", "R2"], "mismatch": [False, True]})
    with SnapshotWriter(tmp_path / "snapshots", "20260601T000000-abcdef") as writer, beside(small, settings, AS_OF) as quality:
        assert quality is not None
        for kind in ("enterprise", "risk_source", "venue", "background"):
            quality.take(kind, small.read(kind, as_of=AS_OF))
        entry = quality.write(writer, sources)
        summary, findings = Columns(writer.path("quality.parquet")), Columns(writer.path("quality_findings.parquet"))
    assert entry["completeness"] == pytest.approx(4 / 5)
    assert entry["findings"] == 2
    assert entry["rules_sha256"] == load_rules().digest
    assert entry["seconds"] > 0
    assert set(zip(findings.texts("id"), findings.texts("check"), strict=True)) == {("E2", "V-CREDIT"), ("R2", "V-LEVEL")}
    assert int(summary.numbers("quarantined").sum()) == 1
    assert int(summary.numbers("rows").sum()) == 4


def test_an_operator_can_switch_it_off(small: Store, tmp_path: Path) -> None:
    with beside(small, Settings(home=tmp_path, quality=False), AS_OF) as quality:
        assert quality is None


def test_wrong_rules_stop_the_night_before_it_begins(small: Store, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("nonsense = [", "utf-8")
    with pytest.raises(BadParameter), beside(small, Settings(home=tmp_path, quality_rules=tmp_path / "rules.toml"), AS_OF):
        pytest.fail("the body must not run")


def test_a_fault_in_the_thread_is_not_swallowed(small: Store, tmp_path: Path) -> None:
    broken = pd.DataFrame({"id": ["E1"]})  # no geometry: no frame of the store
    with SnapshotWriter(tmp_path / "snapshots", "20260601T000000-abcdef") as writer, \
            beside(small, Settings(home=tmp_path), date(2026, 6, 1)) as quality:
        assert quality is not None
        quality.take("enterprise", broken)
        with pytest.raises(KeyError):
            quality.write(writer, pd.DataFrame({"kind": [], "id": [], "mismatch": np.empty(0, bool)}))
